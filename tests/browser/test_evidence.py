"""A draw promised and revealed before everybody's eyes, and what a reviewer is told of a visit."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize, expect

from bihuan.accounts.tests.world import World
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.tests.factories import make_campaign, visit
from bihuan.inspections.weighing import weigh
from bihuan.planning.models import Draw
from bihuan.rules.draws import commitment

from .conftest import Enter, Hall
from .people import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]


# The same file with another weight: the pool does not fit its digest, and the result is another one or none.
TAMPERED = """async (address) => {
  const { verify } = await import("/static/js/draw-verify.mjs");
  const file = await (await fetch(address)).json();
  file.inputs.objects[0].weight += 1;
  file.result[0].inspectors = ["0"];
  return verify(file).map((each) => each.fits);
}"""


def fits(person: Person) -> None:
    assert person.overflow() <= 0, f"{person.page.url} 宽出 {person.overflow()} 像素"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_draw_is_promised_then_revealed(world: World, enter: Enter, hall: Hall, size: ViewportSize) -> None:
    street, anybody = enter("qingshi_officer", size), hall.enter("nobody", size)
    street.go("/planning/draws/")
    street.follow("组织抽取")
    street.heading("组织双随机抽取")
    page = street.page
    page.get_by_label("名称").fill("青石街道餐饮双随机")
    page.get_by_label("抽取家数").fill("1")
    page.get_by_label("每家检查人员数").fill("1")
    page.get_by_role("group", name="检查人员名录").get_by_role("checkbox").first.check()
    page.get_by_label("公开数来源").fill("12月1日上证指数收盘点位")
    fits(street)
    street.press("固定名录，公布承诺值")
    street.heading("青石街道餐饮双随机")
    draw = Draw.objects.get()

    anybody.page.goto(f"/planning/public/{draw.pk}/")
    expect(anybody.page.get_by_text(draw.commitment)).to_be_visible()
    expect(anybody.page.get_by_text(draw.seed)).to_have_count(0)
    expect(anybody.page.get_by_text("好味来面馆")).to_have_count(0)
    fits(anybody)

    page.get_by_label("公开数").fill("3402.15")
    street.press("公布种子，抽取")
    street.agree("确认")
    street.reads("好味来面馆")
    fits(street)

    anybody.page.reload()
    seed = anybody.page.get_by_text(draw.seed)
    expect(seed).to_be_visible()
    assert commitment(seed.inner_text()) == draw.commitment
    expect(anybody.page.get_by_text("好味来面馆").first).to_be_visible()
    anybody.page.get_by_role("button", name="在这台设备上复算").click()
    said = anybody.page.get_by_role("status", name="复算结果").get_by_role("listitem")
    expect(said).to_have_text(
        [
            "相符：种子与事先公布的承诺值",
            "相符：名录与事先公布的摘要",
            "相符：从 1 家中抽 1 家的结果与公示的结果",
        ]
    )
    assert anybody.page.evaluate(TAMPERED, f"/planning/public/{draw.pk}/file/") == [True, False, False]
    fits(anybody)

    street.go("/planning/")
    street.follow("云溪区好味来面馆")
    street.reads("今年还没有人去检查过")
    fits(street)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_reviewer_sees_signals_with_their_reasons(world: World, enter: Enter, size: ViewportSize) -> None:
    people = world.people
    inspection = submit_inspection(
        visit(world, make_campaign(world), people.inspector, clock_skew=7200), by=people.inspector
    )
    weigh(inspection)
    bureau = enter("housing", size)
    bureau.go("/inspections/signals/")
    fits(bureau)
    bureau.follow("时钟偏差 1")
    bureau.heading("佐证提示明细")
    fits(bureau)
    bureau.go(inspection.get_absolute_url())
    bureau.reads("手机时钟比服务器快 2 小时")
    bureau.page.get_by_text("说明或认定").click()
    bureau.page.get_by_label("性质").select_option("dismissed")
    bureau.page.get_by_label("理由").fill("手机维修单已看")
    bureau.press("记下")
    bureau.reads("不成立：手机维修单已看")
    fits(bureau)
