"""A trigger is tried and switched on; its draft is signed, received, answered, returned, answered, closed; a talk binds.

On a desk and on a phone.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.instruments import actions
from bihuan.instruments.models import Commitment, Instrument, Trigger
from bihuan.instruments.tests.factories import late_duty

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import attach, sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


@SIZES
def test_from_a_trigger_tried_on_history_to_a_paper_closed(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    with time_machine.travel(MONDAY, tick=True) as clock:
        late_duty(world, due_on=dt.date(2026, 11, 20))
        office = enter("office", size)
        office.go("/instruments/triggers/")
        office.reads("还没有触发条件")
        office.press("引入出厂条件")
        office.reads("已引入")
        fits(office)
        office.follow("待办逾期 15 天未办结")
        office.press("试算")
        office.heading("试算：待办逾期 15 天未办结")
        fits(office)
        office.press("启用这一版")
        office.agree("启用")
        office.reads("已启用")
        fits(office)
        assert Trigger.objects.get(key="duty_overdue").status == "on"

        clock.move_to(MONDAY + dt.timedelta(days=20))
        assert actions.supervise(timezone.now()) == 1
        office = enter("office", size)
        office.go("/instruments/")
        office.reads("等您核对的草稿")
        fits(office)
        office.follow("提醒函：关于青石街道待办逾期 15 天未办结的提醒函", exact=False)
        office.reads("印发后的样子")
        fits(office)
        office.press("送核")
        office.reads("已送核")
        leader = enter("office_leader", size)
        leader.go("/instruments/")
        leader.follow("关于青石街道待办逾期 15 天未办结的提醒函", inside=leader.page.locator("main table"))
        leader.press("核稿通过")
        leader.reads("核稿通过")
        sign(leader, "签发人签名")
        fits(leader)
        leader.press("签发印发")
        leader.agree("签发印发")
        leader.reads("已签发印发")
        fits(leader)

        street = enter("qingshi_officer", size)
        street.go("/instruments/mine/")
        fits(street)
        street.follow("关于青石街道待办逾期 15 天未办结的提醒函")
        street.press("签收")
        street.reads("已签收")
        street.page.get_by_label("办理情况").fill("已排查 40 家，还差 3 家")
        attach(street.page.locator("main"), "照片", "排查现场")
        fits(street)
        street.press("提交回复")
        street.reads("已回复")
        address = street.page.url

        office.page.goto(address)
        office.page.locator("summary", has_text="退回重报").click()
        office.page.locator(
            "form", has=office.page.get_by_role("button", name="退回", exact=True)
        ).get_by_label("理由").fill("把剩下 3 家也写明时间")
        office.press("退回")
        office.reads("已退回重报")
        fits(office)
        street.page.goto(address)
        street.reads("把剩下 3 家也写明时间")
        street.page.get_by_label("办理情况").fill("剩下 3 家本周五前查完")
        street.press("提交回复")
        office.page.goto(address)
        office.press("认可")
        office.reads("已认可回复")
        fits(office)
        assert Instrument.objects.get().status == "closed"


@SIZES
def test_a_talk_and_its_promise(world: World, enter: Enter, size: ViewportSize) -> None:
    with time_machine.travel(MONDAY, tick=True) as clock:
        office = enter("office", size)
        office.go("/instruments/new/")
        fits(office)
        office.press("约谈通知书")
        page = office.page
        page.get_by_label("标题").fill("关于约谈青石街道的通知")
        page.get_by_label("青石街道办事处").check()
        page.get_by_label("情况", exact=True).fill("排查覆盖率连续两周垫底。")
        page.get_by_label("约谈（到会）时间").fill("2026-11-24T09:30")
        page.get_by_label("约谈（到会）地点").fill("三楼会议室")
        fits(office)
        office.press("保存草稿")
        office.reads("已保存")
        office.press("送核")
        leader = enter("office_leader", size)
        leader.page.goto(office.page.url)
        leader.press("核稿通过")
        leader.press("签发印发")
        leader.agree("签发印发")
        leader.reads("已签发印发")
        clock.move_to(dt.datetime(2026, 11, 24, 11, 0, tzinfo=ZoneInfo("Asia/Shanghai")))
        office = enter("office", size)
        office.page.goto(leader.page.url)
        office.follow("记录约谈")
        page = office.page
        page.get_by_label("主持人").fill("钱立行")
        page.get_by_label("参加人员").fill("王同心、郑守一")
        page.get_by_label("约谈内容").fill("分析了原因，作出承诺。")
        first = page.get_by_role("group", name="第 1 项")
        first.get_by_label("承诺单位").select_option(label="青石街道办事处")
        first.get_by_label("承诺事项").fill("月底前全部排查完")
        first.get_by_label("完成期限").fill("2026-11-30")
        fits(office)
        office.press("保存并印发纪要")
        office.reads("已记录约谈")
        fits(office)
        street = enter("qingshi_officer", size)
        street.page.goto(office.page.url)
        street.page.get_by_label("办理情况").fill("131 家全部排查完")
        street.press("提交")
        street.reads("已报告履行情况")
        fits(street)
        office.page.goto(street.page.url)
        office.press("核实履行")
        office.reads("已核实履行")
        assert Commitment.objects.get().status == "kept"
        assert Instrument.objects.get().status == "closed"
