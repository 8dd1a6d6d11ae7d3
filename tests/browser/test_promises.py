"""An enterprise checks itself, promises, and is checked; a batch is accepted by a joint team. On a desk and on a phone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize, expect

from bihuan.accounts.tests.world import World
from bihuan.batches import actions as batches
from bihuan.batches.models import BatchObject
from bihuan.hazards.models import Hazard
from bihuan.inspections.models import Inspection
from bihuan.inspections.tests.factories import make_campaign
from bihuan.pledges.models import Pledge
from bihuan.pledges.tests.factories import ID_NUMBERS, PHONES, fire_form, make_signed

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import answer, attach, sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


@SIZES
def test_an_enterprise_checks_itself_and_promises(world: World, enter: Enter, size: ViewportSize) -> None:
    make_campaign(world)
    fire_form()
    shop = enter("shop", size)
    shop.reads("今天先做")
    fits(shop)
    shop.go("/pledges/self-check/")
    shop.follow("餐饮场所燃气", exact=False)
    answer(shop, 1, "合格")
    hose = answer(shop, 2, "不合格")
    attach(hose, "现场照片", "软管过长")
    hose.get_by_role("radio", name="限期改正").check()
    hose.get_by_label("问题").fill("软管长 2.6 米")
    hose.get_by_label("整改责任人").fill("蒋好味")
    hose.get_by_label("整改措施").fill("换短管")
    hose.get_by_label("临时管控措施").fill("停用燃气")
    hose.get_by_label("整改资金（元）").fill("60")
    hose.get_by_label("应急预案").fill("关阀、开窗、撤人")
    answer(shop, 3, "合格")
    answer(shop, 4, "合格")
    sign(shop, "自查人签名")
    fits(shop)
    shop.press("提交自查")
    shop.heading("自查已提交")
    assert Inspection.objects.get().kind == "self_check"
    assert Hazard.objects.get().source == "self_check"

    shop.follow("填承诺书")
    shop.press("开始填写")
    shop.heading("单位火灾隐患自查整改承诺书")
    for no, label in enumerate(("消防安全责任人", "消防安全管理人", "联系人")):
        group = shop.page.get_by_role("group", name=label, exact=True)
        group.get_by_label("姓名").fill(f"蒋某{no}")
        group.get_by_label("联系电话").fill(PHONES[no])
        group.get_by_label("身份证号").fill(ID_NUMBERS[no])
    table = shop.page.locator("#table-corrected")
    table.get_by_label("部位").fill("疏散楼梯")
    table.get_by_label("隐患情况").fill("楼梯口堆放杂物")
    table.get_by_label("整改措施落实情况").fill("已清理")
    open_table = shop.page.locator("#table-uncorrected")
    open_table.get_by_label("未整改原因").first.fill("新管在途")
    open_table.get_by_label("责任人").first.fill("蒋好味")
    fits(shop)
    shop.press("保存，去签署")
    shop.heading("签署")
    sign(shop, "蒋某0签名")
    attach(shop.page.get_by_role("main"), "单位印章照片", "印章")
    shop.press("签署并报送")
    shop.reads("待核查")
    fits(shop)
    assert Pledge.objects.get().status == "signed"


@SIZES
def test_the_line_department_checks_every_line(world: World, enter: Enter, size: ViewportSize) -> None:
    pledge = make_signed(world)
    housing = enter("housing", size)
    housing.go("/duties/")
    housing.follow("核查承诺书", exact=False)
    housing.reads("请逐项到现场核查")
    fits(housing)
    first, second = pledge.lines.order_by("table")
    claim = housing.page.locator(f"#line-{first.pk}")
    claim.get_by_label("弄虚作假").check()
    claim.get_by_label("核查说明").fill("楼梯口仍堆满")
    attach(claim, "现场照片", "楼梯口")
    housing.press("记下结论", inside=claim)
    claim = housing.page.locator(f"#line-{second.pk}")
    claim.get_by_label("属实").check()
    housing.press("记下结论", inside=claim)
    housing.press("办结")
    housing.reads("核查有异议")
    housing.go("/pledges/false-claims/")
    housing.reads("楼梯口仍堆满")
    fits(housing)
    housing.page.get_by_label("移送给").select_option(label="市市场监管局")
    housing.press("移送")
    expect(housing.page.get_by_role("heading", level=2, name="移送查处函")).to_be_visible()
    housing.go(f"/pledges/{pledge.pk}/print/")
    housing.reads("☑10、饭店、餐厅")
    fits(housing)


@SIZES
def test_a_batch_is_accepted_by_a_joint_team(world: World, enter: Enter, size: ViewportSize) -> None:
    campaign = make_campaign(world).campaign
    office = world.people.housing
    batch = batches.create_batch(
        campaign,
        name="第一批",
        demand="换装金属软管",
        due_on=timezone.localdate() + dt.timedelta(days=9),
        by=office,
    )
    batches.add_objects(batch, [world.enterprises.shop], by=office)
    housing = enter("housing", size)
    housing.go(f"/batches/{batch.pk}/")
    fits(housing)
    housing.press("下发通知书")
    housing.agree("下发")
    housing.reads("限期整改中")
    member = BatchObject.objects.get()
    batches.apply_for_acceptance(member, finished_on=timezone.localdate(), text="已换", by=world.people.shop)
    housing.go(f"/batches/{batch.pk}/acceptance/")
    fits(housing)
    housing.page.locator(f"#v{member.pk}-verdict").select_option(label="验收合格")
    second = housing.page.get_by_role("group", name="成员 2", exact=True)
    second.get_by_label("单位").select_option(label="市市场监管局")
    second.get_by_label("姓名").fill("吴正规")
    housing.press("提交验收")
    housing.reads("吴正规没有签名")
    second = housing.page.get_by_role("group", name="成员 2", exact=True)
    pad = second.get_by_role("img", name="签名区")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    housing.page.mouse.move(box["x"] + 20, box["y"] + 20)
    housing.page.mouse.down()
    housing.page.mouse.move(box["x"] + 90, box["y"] + 50)
    housing.page.mouse.move(box["x"] + 140, box["y"] + 25)
    housing.page.mouse.up()
    housing.press("提交验收")
    housing.reads("验收合格")
    assert BatchObject.objects.get().status == "accepted"
