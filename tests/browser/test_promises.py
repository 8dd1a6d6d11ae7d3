"""An enterprise checks itself, promises, and is checked; a batch is accepted by a joint team. On a desk and on a phone."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize, expect

from bihuan.accounts.tests.world import World
from bihuan.batches import actions as batches
from bihuan.batches.models import BatchObject
from bihuan.hazards.actions import record_hazard
from bihuan.hazards.models import Hazard
from bihuan.inspections.models import Inspection
from bihuan.inspections.tests.factories import make_campaign
from bihuan.pledges.models import Pledge
from bihuan.pledges.tests.factories import ID_NUMBERS, PHONES, fire_form, make_draft, make_signed

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import answer, attach, sign, submit_rectification
from .things import photo

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
        group = shop.page.get_by_role("group", name=re.compile(f"^{label}"))
        group.get_by_label("姓名").fill(f"蒋某{no}")
        group.get_by_label("联系电话").fill(PHONES[no])
        group.get_by_label("身份证号").fill(ID_NUMBERS[no])
    table = shop.page.locator("#table-corrected")
    table.get_by_label("部位").fill("疏散楼梯")
    table.get_by_label("隐患情况").fill("楼梯口堆放杂物")
    table.get_by_label("整改措施落实情况").fill("已清理")
    open_table = shop.page.locator("#table-uncorrected")
    open_table.get_by_label("部位").first.fill("后厨灶台")
    open_table.get_by_label("未整改原因").first.fill("新管在途")
    open_table.get_by_label("责任人").first.fill("蒋好味")
    fits(shop)
    shop.press("保存，去签署")
    shop.heading("签署")
    shop.follow("打印出来盖章")
    expect(shop.page.get_by_text("草稿，签署并报送后生效")).to_be_visible()
    expect(shop.page.get_by_text("☑10、饭店、餐厅")).to_be_visible()
    fits(shop)
    shop.page.go_back()
    shop.heading("签署")
    sign(shop, "蒋某0签名")
    attach(shop.page.get_by_role("main"), "单位印章照片", "印章")
    shop.press("签署并报送")
    shop.reads("待核查")
    fits(shop)
    assert Pledge.objects.get().status == "signed"


@SIZES
def test_an_enterprise_works_from_its_one_page(world: World, enter: Enter, size: ViewportSize) -> None:
    """Everything it owes stands at the top; from there a hazard is put right, a batch finished, a certificate kept."""
    gas, today = make_campaign(world), timezone.localdate()
    record_hazard(
        enterprise=world.enterprises.shop, task=gas.task, check_item=gas.items[1], source="inspection",
        description="连接软管长 2.6 米", found_on=today - dt.timedelta(days=9), due_on=today - dt.timedelta(days=1),
        by=world.people.inspector, found_organization=world.organizations.qingshi,
    )  # fmt: skip
    gas.items[1].guidance, gas.items[1].proof = "换成不超过 2 米的金属软管", "量尺照片一张"
    gas.items[1].save()
    batch = batches.create_batch(
        gas.campaign,
        name="第一批",
        demand="换装金属软管",
        due_on=today + dt.timedelta(days=3),
        by=world.people.housing,
    )
    batches.add_objects(batch, [world.enterprises.shop], by=world.people.housing, content="金属软管 2 根")
    batches.issue_notices(batch, by=world.people.housing)
    shop = enter("shop", size)
    first = shop.page.get_by_role("region", name="今天先做")
    expect(first.get_by_role("listitem").nth(0)).to_contain_text("连接软管长 2.6 米")
    expect(first.get_by_role("listitem").nth(1)).to_contain_text("金属软管 2 根")
    expect(first).to_contain_text("签收限期整改（治理）通知书")
    rectify = shop.page.get_by_role("region", name="现在要整改的")
    for words in ("逾期 1 天", "换成不超过 2 米的金属软管", "量尺照片一张", "青石街道"):
        expect(rectify).to_contain_text(words)
    fits(shop)

    shop.follow("连接软管长 2.6 米", inside=rectify)
    shop.reads("您要知道的四件事")
    shop.reads("换成不超过 2 米的金属软管")
    submit_rectification(shop, "已换成 1.8 米金属软管", "换后")
    shop.go("/")
    expect(shop.page.get_by_role("region", name="已提交，等监管单位处理")).to_contain_text(
        "连接软管长 2.6 米"
    )

    shop.follow("燃气专项整治 第一批", inside=shop.page.get_by_role("region", name="分批整治"))
    shop.reads("金属软管 2 根")
    fits(shop)
    told = shop.page.locator("form[action$='/progress/']")
    told.get_by_label("进度（%）").fill("50")
    told.get_by_label("进展").fill("软管已到货")
    shop.press("保存", inside=told)
    shop.reads("软管已到货")
    done = shop.page.locator("form[action$='/apply/']")
    done.get_by_label("完成情况").fill("两根都已换好，检漏合格")
    attach(done, "照片", "软管")
    shop.press("申请验收", inside=done)
    shop.reads("待联合验收")
    assert BatchObject.objects.get().status == "applied"

    shop.go("/")
    shop.follow("人员证件", inside=shop.page.get_by_role("main"))
    shop.follow("登记证件")
    shop.page.get_by_label("持证人").fill("罗守电")
    shop.page.get_by_label("证件种类").select_option(label="安全生产管理人员考核合格证")
    shop.page.get_by_label("有效期止").fill((today - dt.timedelta(days=2)).isoformat())
    fits(shop)
    shop.press("保存")
    shop.heading("人员证件")
    shop.reads("罗守电")
    fits(shop)
    shop.go("/")
    expect(shop.page.get_by_role("region", name="证照、设备到期")).to_contain_text("不得上岗作业")
    fits(shop)


@SIZES
def test_the_late_of_a_batch_are_handed_over_at_once(world: World, enter: Enter, size: ViewportSize) -> None:
    campaign, office = make_campaign(world).campaign, world.people.office
    batch = batches.create_batch(
        campaign,
        name="第一批",
        demand="换装金属软管",
        due_on=timezone.localdate() + dt.timedelta(days=9),
        by=office,
    )
    zhao = enter("office", size)
    zhao.go(f"/batches/{batch.pk}/objects/")
    fits(zhao)
    zhao.press("编入全部 2 家")
    zhao.press("下发通知书")
    zhao.agree("下发")
    zhao.reads("办成 2 家")
    BatchObject.objects.update(due_on=timezone.localdate() - dt.timedelta(days=1))
    zhao.go(f"/batches/{batch.pk}/")
    zhao.reads("2 家逾期未完成")
    fits(zhao)
    zhao.page.get_by_label("移送给").select_option(label=str(world.organizations.market))
    zhao.press("全部移送")
    zhao.agree("移送")
    zhao.reads("办成 2 家")
    assert set(BatchObject.objects.values_list("status", flat=True)) == {"transferred"}


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


def test_a_photo_chosen_before_the_scripts_arrived_is_sent(world: World, enter: Enter) -> None:
    draft, held = make_draft(world), []
    shop = enter("shop", PHONE)
    shop.page.route("**/js/photos.mjs", lambda route: held.append(route))
    with shop.page.expect_request("**/js/photos.mjs"):
        shop.page.goto(f"/pledges/{draft.pk}/signature/", wait_until="commit")
    seal = shop.page.get_by_role("group", name="单位印章照片")
    seal.locator("input[type=file]").set_input_files(photo("印章"))
    held.pop().continue_()
    expect(seal.get_by_text("✓ 已上传")).to_be_visible()
