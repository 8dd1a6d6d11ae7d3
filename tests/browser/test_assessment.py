"""A year's assessment: judged on the spot with a phone, frozen, adopted, published, appealed, answered; a letter signed.
On a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize, expect

from bihuan.accounts.tests.world import World
from bihuan.assessment.models import Appeal, Assessment, Judgement, Letter
from bihuan.assessment.tests.factories import begin, make_letters, unit_of
from bihuan.assessment.tests.test_story import late_hazard

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


def told(person: Person, words: str) -> None:
    """The answer that heads the next page after a form went through."""
    expect(person.page.locator("#messages").get_by_text(words)).to_be_visible()


@SIZES
def test_from_judging_to_an_appeal_answered(world: World, enter: Enter, size: ViewportSize) -> None:
    late_hazard(world)
    made = begin(world)
    for name in ("housing", "market"):
        person = enter(name, size)
        person.go("/assessment/")
        person.follow("去评分")
        person.reads("还有 2 项没有评")
        fits(person)
        for unit in ("青石街道", "白塔镇"):
            person.follow(unit)
            person.page.get_by_label("得分（满分 40）").fill("36")
            person.page.get_by_role("radio", name="看现场").check()
            person.page.get_by_label("评分依据").fill("抽查三家，记录和现场相符")
            fits(person)
            person.press("提交评分")
            person.reads("已评")
            person.go(f"/assessment/seats/{made.assessors.get(user=getattr(world.people, name)).pk}/")
        person.reads("都评完了")
    assert Judgement.objects.count() == 4

    office = enter("office", size)
    office.go(made.get_absolute_url())
    fits(office)
    office.press("定格计分")
    office.agree("定格")
    office.reads("计分已定格，等负责人审定")

    leader = enter("office_leader", size)
    leader.go(made.get_absolute_url())
    leader.press("审定结果")
    leader.agree("审定")
    told(leader, "已审定结果")

    office.go(made.get_absolute_url())
    office.press("公布结果")
    office.agree("公布")
    office.reads("申辩期到")

    street = enter("qingshi_leader", size)
    street.go(unit_of(made, "青石街道").get_absolute_url())
    street.reads("失分最多")
    fits(street)
    street.page.get_by_role("link", name="−60").click()
    street.reads("没有提交")
    fits(street)
    street.page.go_back()
    street.follow("提出申辩")
    street.page.get_by_label("对哪一项申辩").select_option(label="隐患按期整改率")
    street.page.get_by_label("请求改为（分）").fill("60")
    street.page.get_by_label("申辩理由").fill("该企业已停业，属地登记在先")
    fits(street)
    street.press("提交申辩")
    told(street, "申辩已提交")

    leader.go(Appeal.objects.get().get_absolute_url())
    leader.page.get_by_role("radio", name="采纳申辩").check()
    leader.page.get_by_label("改为（分）", exact=True).fill("60")
    leader.page.get_by_label("答复").last.fill("停业登记属实")
    fits(leader)
    leader.press("答复")
    leader.agree("答复")
    leader.reads("由 0 改为 60")
    street.go(unit_of(made, "青石街道").get_absolute_url())
    street.reads("申辩后改为 95.50 分")
    assert Assessment.objects.get(pk=made.pk).revision == 1


@SIZES
def test_a_letter_is_signed_by_both_sides(world: World, enter: Enter, size: ViewportSize) -> None:
    (letter,) = make_letters(world)
    street = enter("qingshi_leader", size)
    street.go("/assessment/letters/")
    street.follow("青石街道")
    street.reads("不超过 2 人")
    fits(street)
    sign(street, "代表乙方签字")
    street.press("签订")
    told(street, "已签订")
    leader = enter("office_leader", size)
    leader.go(letter.get_absolute_url())
    sign(leader, "代表甲方签字")
    leader.press("签订")
    signed = Letter.objects.get(pk=letter.pk)
    told(leader, "已签订")
    signed.refresh_from_db()
    assert signed.paper is not None
    expect(leader.page.get_by_role("link", name=signed.paper.number)).to_be_visible()
    fits(leader)
