"""A project from the pool to the gas: registered, paid for in shares, built, handed over; a household visited; a fund."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.projects import actions
from bihuan.projects.models import CareHousehold, FundPurpose, GasCheck, Project
from bihuan.projects.tests import factories as made

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_oversight import choose, fits, named
from .test_story import attach, sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@SIZES
def test_a_project_from_the_pool_to_the_approval(world: World, enter: Enter, size: ViewportSize) -> None:
    bureau = enter("housing", size)
    bureau.go("/projects/")
    bureau.heading("工程项目")
    fits(bureau)
    bureau.follow("登记项目")
    named(bureau, "项目名称").fill("幸福路中压管道更新")
    choose(bureau, "项目种类", "管道更新改造")
    choose(bureau, "地区", "青石街道")
    named(bureau, "建设单位").fill("云溪区好味来面馆")
    named(bureau, "建设理由和消除的隐患").fill("灰口铸铁管运行二十年")
    named(bureau, "管道长度（公里）").fill("2.5")
    named(bureau, "估算投资（元）").fill("1000000")
    fits(bureau)
    bureau.press("登记储备")
    bureau.heading("各方分担")
    named(bureau, "市县财政（元）").fill("400000")
    bureau.press("保存分担")
    bureau.is_told("还差 600,000.00 元")
    fits(bureau)
    leader = enter("office_leader", size)
    project = Project.objects.get()
    leader.go(project.get_absolute_url())
    named(leader, "审定文号或者会议纪要").fill("云安办〔2026〕31号")
    leader.press("审定入库")
    leader.reads("还差 600,000.00 元")
    bureau.go(f"/projects/{project.pk}/shares/")
    named(bureau, "企业自筹（元）").fill("600000")
    bureau.press("保存分担")
    bureau.is_told("各方分担合计等于估算投资")
    leader.go(project.get_absolute_url())
    named(leader, "审定文号或者会议纪要").fill("云安办〔2026〕31号")
    leader.press("审定入库")
    leader.is_told("项目现为“审定入库”")
    bureau.go(f"/projects/{project.pk}/money/")
    fits(bureau)
    bureau.page.locator("#id_source").select_option(label="市县财政")
    choose(bureau, "登记什么", "支出")
    named(bureau, "金额（元）").fill("1")
    named(bureau, "文号或者凭证号").fill("凭1")
    named(bureau, "收款单位").fill("某某公司")
    bureau.press("登记")
    bureau.reads("确认资金落实以后才能登记支出")
    bureau.go("/projects/figures/")
    bureau.heading("工程进度和资金")
    fits(bureau)


@SIZES
def test_works_are_accepted_handed_over_and_gas_waits_for_every_condition(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    project = made.completed(world)
    bureau = enter("housing", size)
    bureau.go(project.get_absolute_url())
    fits(bureau)
    bureau.follow("联合验收")
    choose(bureau, "结论", "验收合格")
    named(bureau, "验收意见").fill("符合设计")
    main = bureau.page.get_by_role("main")
    main.locator("#team2-organization").select_option(label="市市场监管局")
    main.locator("#team2-name").fill("吴正规")
    first = main.get_by_role("group", name="成员 1")
    first.get_by_label("经办人以登录身份确认").check()
    sign_in_group(bureau, "成员 2")
    fits(bureau)
    bureau.press("提交验收")
    bureau.is_told("验收合格")
    bureau.follow("办理移交")
    named(bureau, "移交的设施").fill("DN200 管道 2.4 公里")
    named(bureau, "移交的资料").fill("竣工图 1 套")
    sign(bureau, "移交方签字")
    fits(bureau)
    bureau.press("签字送达")
    bureau.is_told("等接收单位签收")
    shop = enter("shop", size)
    shop.go("/projects/")
    shop.follow("幸福路中压管道更新")
    fits(shop)
    shop.follow("签收移交书")
    sign(shop, "接收方签字")
    shop.press("签收")
    shop.is_told("已签收，移交书")
    bureau.go(project.get_absolute_url())
    bureau.press("登记投用")
    bureau.reads("还有 10 项通气条件没有确认")
    shop.go(f"/projects/checks/{GasCheck.objects.get(key='leak').pk}/")
    named(shop, "怎么确认的").fill("置换后检漏，无泄漏")
    attach(shop.page.get_by_role("main"), "记录、现场照片", "检漏")
    sign(shop, "确认人签字")
    fits(shop)
    shop.press("确认满足")
    shop.is_told("已确认")
    made.meet_all(world, project)
    bureau.go(project.get_absolute_url())
    bureau.press("登记投用")
    bureau.is_told("项目现为“已投用”")


def sign_in_group(person: Person, name: str) -> None:
    """Draw in the pad of one member of the team."""
    group = person.page.get_by_role("group", name=name, exact=True)
    pad = group.get_by_role("img", name="签名区")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    mouse = person.page.mouse
    mouse.move(box["x"] + 30, box["y"] + box["height"] / 2)
    mouse.down()
    for step in range(1, 8):
        mouse.move(box["x"] + 30 + step * 20, box["y"] + box["height"] / 2 + (-1) ** step * 12)
    mouse.up()


@SIZES
def test_a_household_is_marked_and_visited_before_the_works(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    project = made.funded(world)
    street = enter("qingshi_officer", size)
    street.go(project.get_absolute_url())
    street.follow("登记照顾对象")
    choose(street, "乡镇（街道）", "青石街道")
    named(street, "姓名或者商户名称").fill("潘某某")
    named(street, "住址").fill("幸福路 8 号")
    street.page.get_by_label("高龄、独居老人").check()
    fits(street)
    street.press("登记")
    street.is_told("已登记，走访期限")
    assert "潘某某" not in street.page.get_by_role("main").inner_text()
    fits(street)
    bureau = enter("housing", size)
    bureau.go(project.get_absolute_url())
    bureau.press("登记开工")
    bureau.reads("还有 1 户需要照顾的没有走访")
    street.go("/projects/care/")
    fits(street)
    street.go(CareHousehold.objects.get().get_absolute_url())
    named(street, "走访情况").fill("停气三天，已安排送餐")
    street.press("登记走访")
    street.is_told("登记走访")
    bureau.go(project.get_absolute_url())
    bureau.press("登记开工")
    bureau.is_told("项目现为“在建”")


@SIZES
def test_a_fund_is_opened_and_refuses_what_it_has_not(world: World, enter: Enter, size: ViewportSize) -> None:
    office = enter("office", size)
    office.go("/projects/funds/")
    office.heading("专项资金")
    fits(office)
    named(office, "名称").fill("燃气整治资金")
    named(office, "设立文件").fill("云财〔2026〕18号")
    office.press("设立")
    office.heading("燃气整治资金")
    office.page.locator("#id_grant_purpose").select_option(label="教育培训")
    named(office, "下达金额（元）").fill("1000")
    named(office, "下达文件").fill("云财〔2026〕19号")
    office.press("登记")
    office.is_told("已登记下达 1000.00 元")
    fits(office)
    fund = FundPurpose.objects.get()
    held = actions.set_aside(
        fund, "training", fund.granted, what="经营者培训", payee="某某学校", happened_on=timezone.localdate(),
        document="安排一", by=world.people.office,
    )  # fmt: skip
    office.go(f"/projects/commitments/{held.pk}/payment/")
    named(office, "拨付金额（元）").fill("1000.01")
    named(office, "凭证号").fill("凭1")
    office.press("登记拨付")
    office.reads("未拨付的只有 1,000.00 元")
    named(office, "拨付金额（元）").fill("600")
    office.press("登记拨付")
    office.is_told("已登记拨付")
    fits(office)
