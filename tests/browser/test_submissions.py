"""A bureau asks the office above it; a department says its opinion; the leader decides with a condition, which is kept.

On a desk and on a phone.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.hazards.tests.factories import make_major
from bihuan.submissions.models import Condition, Submission

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


@SIZES
def test_from_a_suggestion_to_a_condition_kept(world: World, enter: Enter, size: ViewportSize) -> None:
    make_major(world, description="彩钢棚压在燃气管道上")
    housing = enter("housing", size)
    housing.go("/submissions/suggestions/")
    housing.reads("彩钢棚压在燃气管道上")
    fits(housing)
    housing.follow("起草请示")
    housing.reads("一文一事")
    page = housing.page
    page.get_by_label("联系人和电话").fill("李建明，办公电话 0871-1234567")
    page.get_by_label("本单位意见").fill("建议由市安委会挂牌督办。")
    fits(housing)
    housing.press("保存草稿")
    housing.reads("已保存")
    fits(housing)
    housing.press("送审签")
    housing.reads("已送审签")
    address = page.url

    chief = enter("housing_leader", size)
    chief.go("/submissions/")
    chief.reads("等您审签或者决定")
    chief.page.goto(address)
    sign(chief, "签发人签名")
    fits(chief)
    chief.press("签发报出")
    chief.agree("签发报出")
    chief.reads("已签发报出")
    fits(chief)

    office = enter("office", size)
    office.go("/submissions/here/")
    fits(office)
    office.page.goto(address)
    office.press("签收")
    office.reads("已签收")
    office.press("交办")
    office.reads("承办")
    office.page.locator("summary", has_text="征求会签意见").click()
    office.page.get_by_label("云溪市市场监督管理局").check()
    office.page.get_by_label("征求什么意见").fill("是否同意挂牌督办")
    fits(office)
    office.press("发出征求意见")
    office.reads("已向 1 个单位征求意见")

    market = enter("market", size)
    market.go("/submissions/here/")
    market.reads("等我们回复会签意见")
    fits(market)
    market.page.goto(address)
    market.page.get_by_label("意见", exact=True).fill("同意挂牌督办。")
    market.press("提交意见")
    market.reads("已回复会签意见")

    office.page.goto(address)
    office.reads("同意挂牌督办。")
    office.page.get_by_label("建议").select_option("conditional")
    office.page.get_by_label("拟办意见").fill("情况属实，建议同意，限期整改。")
    fits(office)
    office.press("送领导决定")
    office.reads("拟办意见已送领导决定")

    leader = enter("office_leader", size)
    leader.page.goto(address)
    leader.reads("作出决定，签发批复")
    leader.page.get_by_label("要求", exact=True).first.fill("一个月内拆除占压，恢复安全条件")
    sign(leader, "签发人签名")
    fits(leader)
    leader.press("签发批复")
    leader.agree("签发批复")
    leader.reads("已批复，文号")
    fits(leader)

    housing.go("/submissions/above/")
    housing.reads("一个月内拆除占压")
    fits(housing)
    housing.page.goto(address)
    housing.page.get_by_label("落实情况").fill("占压棚房已拆除")
    housing.press("提交")
    housing.reads("已报告落实情况")
    office.page.goto(address)
    office.press("核实")
    office.reads("已核实")
    fits(office)
    assert Submission.objects.get().outcome == "conditional"
    assert Condition.objects.get().status == "kept"


@SIZES
def test_a_report_is_warned_when_it_asks_and_two_addressees_are_refused(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    office = enter("office", size)
    office.go("/submissions/new/")
    fits(office)
    office.press("写报告：其他重要事项")
    page = office.page
    page.get_by_label("标题").fill("关于专项整治进展情况的报告")
    page.get_by_label("主送机关名称").fill("省安委办、省应急厅")
    page.get_by_label("基本情况").fill("各项任务按方案推进。")
    page.get_by_label("下一步打算").fill("拟延长一个月，妥否，请批示。")
    office.press("保存草稿")
    office.reads("只能有一个主送机关")
    fits(office)
    page.get_by_label("主送机关名称").fill("云岭省安全生产委员会办公室")
    office.press("保存草稿")
    office.reads("夹带请示事项")
    fits(office)
    office.follow("重要事项清单") if page.get_by_role("link", name="重要事项清单").count() else office.go(
        "/submissions/matters/"
    )
    office.reads("待核对原文")
    fits(office)
    office.follow("增加事项")
    fits(office)
