"""A round of supervision from planning to the closed finding; a meeting to the fulfilled resolution; a leader's visit."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, ViewportSize, expect

from bihuan.accounts.tests.world import World
from bihuan.hazards.models import Hazard
from bihuan.oversight import actions
from bihuan.oversight.models import (
    DistrictVisit,
    Meeting,
    OversightFinding,
    OversightRound,
    OversightVisit,
    Resolution,
)
from bihuan.oversight.rhythm import period_of
from bihuan.oversight.tests.factories import make_district, make_series

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import attach, sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


def named(person: Person, label: str) -> Locator:
    """The field of that name, whether it must be filled in or not."""
    return person.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}\s*(必填)?\s*$"))


def choose(person: Person, label: str, words: str) -> None:
    """The option that holds the words."""
    field = named(person, label)
    value = field.locator("option", has_text=words).first.get_attribute("value")
    field.select_option(value)


@SIZES
def test_a_round_from_planning_to_the_closed_finding(world: World, enter: Enter, size: ViewportSize) -> None:
    month, today = period_of("month", timezone.localdate()), timezone.localdate()
    office = enter("office", size)
    office.go("/oversight/")
    office.heading("督导检查")
    fits(office)
    office.follow("编排轮次")
    office.page.get_by_label("开始日期").fill(month.first.isoformat())
    office.page.get_by_label("结束日期").fill(month.last.isoformat())
    office.page.get_by_label("每个属地抽查点位").fill("1")
    office.page.get_by_label("每组每天属地数").fill("2")
    office.press("保存，去组建督导组")
    office.heading("组建督导组")
    choose(office, "组长", "李建明")
    fits(office)
    office.press("保存督导组")
    office.press("一键排期")
    office.is_told("已排出 3 个属地")
    fits(office)
    office.press("下达日程")
    office.reads("督导中")
    fits(office)

    row = OversightRound.objects.get()
    visit = OversightVisit.objects.select_related("round__organization", "team", "organization").get(
        round=row, organization=world.organizations.qingshi
    )
    actions.arrange(visit, team=row.teams.get(), planned_on=today, reason="先去", by=world.people.office)
    leader = enter("housing", size)
    leader.go(visit.get_absolute_url())
    leader.press("抽取 1 个点位")
    leader.reads("云溪区好味来面馆")
    fits(leader)
    leader.page.get_by_text("登记问题", exact=True).click()
    choose(leader, "层面", "企业层面")
    choose(leader, "问题类型", "现场状况")
    choose(leader, "点位（企业层面必选）", "好味来")
    named(leader, "问题").fill("连接软管长 2.6 米")
    attach(leader.page.locator("#do-finding"), "照片", "软管")
    leader.press("登记", inside=leader.page.locator("#do-finding"))
    leader.is_told("录入隐患台账")
    assert Hazard.objects.get().source == "oversight"
    for field in leader.page.locator("#points select").all():
        field.select_option("yes")
    leader.page.get_by_label("信息、报表按时报送，零报告也报：结论").select_option("no")
    leader.page.get_by_label("信息、报表按时报送，零报告也报：情况").fill("十月报表晚报两天")
    leader.press("保存职责检查")
    leader.is_told("已保存 12 项")
    leader.page.get_by_label("总体评价").fill("总体较好，信息报送要加强")
    sign(leader, "督导人签名")
    leader.press("签名提交")
    leader.reads("已督导")
    fits(leader)

    finding = OversightFinding.objects.get(level="locality")
    street = enter("qingshi_officer", size)
    street.go("/duties/")
    street.follow("督导问题整改", exact=False)
    street.reads("十月报表晚报两天")
    street.page.get_by_label("整改情况").fill("已指定专人，设两级提醒")
    attach(street.page.locator("#do-reply"), "照片", "制度")
    fits(street)
    street.press("报整改")
    street.reads("待核验")

    office.go(finding.get_absolute_url())
    choose(office, "结论", "整改到位")
    office.page.get_by_label("核验意见").fill("制度已建立，本月按时报送")
    fits(office)
    office.press("提交核验")
    office.reads("已销号")
    office.go(f"{row.get_absolute_url()}feedback/")
    office.reads("乡镇街道层面1项、企业层面1项")
    fits(office)
    office.go("/oversight/coverage/")
    office.reads("已督导")
    fits(office)


@SIZES
def test_a_meeting_to_the_fulfilled_resolution(world: World, enter: Enter, size: ViewportSize) -> None:
    series = make_series(world)
    office = enter("office", size)
    office.go("/oversight/meetings/")
    office.reads("安委会全体会议")
    fits(office)
    office.follow("筹备一次")
    office.page.get_by_label("名称").fill("四季度全体会议")
    office.page.get_by_label("地点").fill("第一会议室")
    office.page.get_by_label("议题 1").fill("燃气整治进展")
    fits(office)
    office.press("保存")
    office.press("发会议通知")
    office.reads("已通知")
    meeting = Meeting.objects.get(series=series)

    lead = enter("housing", size)
    lead.go(meeting.get_absolute_url())
    lead.page.get_by_label("委托谁参会").fill("李建明")
    named(lead, "事由").fill("局长出差")
    lead.press("报送")
    lead.reads("委托参会")

    office.go(meeting.get_absolute_url())
    office.page.get_by_label("青石街道到会情况").select_option("absent")
    office.press("会议已召开，登记到会")
    office.reads("未到会")
    office.page.get_by_text("加一项议定事项", exact=True).click()
    named(office, "议定事项").fill("月底前完成报警器安装")
    choose(office, "牵头单位", "住房")
    office.press("加入")
    office.reads("月底前完成报警器安装")
    office.press("保存纪要")
    fits(office)
    office.press("纪要送审")
    office.reads("纪要待审定")

    leader = enter("office_leader", size)
    leader.go(meeting.get_absolute_url())
    leader.press("审定纪要")
    leader.reads("纪要已审定")
    office.go(meeting.get_absolute_url())
    office.press("印发纪要")
    office.reads("纪要已印发")
    fits(office)

    row = Resolution.objects.get()
    lead.go("/duties/")
    lead.follow("月底前完成报警器安装", exact=False)
    lead.page.get_by_text("已办完，报办结", exact=True).click()
    lead.page.get_by_label("办结情况").fill("一百二十户全部装好")
    fits(lead)
    lead.press("报办结")
    lead.reads("待确认")
    office.go(row.get_absolute_url())
    office.press("确认办结")
    office.reads("已办结")
    office.go("/oversight/resolutions/?state=done")
    office.reads("月底前完成报警器安装")
    fits(office)


@SIZES
def test_a_leader_walks_the_district(world: World, enter: Enter, size: ViewportSize) -> None:
    district = make_district(world)
    make_district(world, led=False, region=world.regions.baita)
    leader = enter("office_leader", size)
    leader.go("/oversight/districts/mine/")
    leader.reads("青石街道")
    fits(leader)
    leader.follow("登记走访")
    leader.page.get_by_label("地点").fill("幸福路餐饮街")
    leader.page.get_by_label("看到的情况").fill("四家餐馆都装了报警器")
    attach(leader.page.get_by_role("main"), "现场照片", "街面")
    leader.page.get_by_text("发现的问题 1", exact=True).click()
    leader.page.locator("#id_f1-level").select_option("locality")
    leader.page.locator("#id_f1-description").fill("占道堆放，消防通道变窄")
    leader.page.locator("#id_f1-organization").select_option(str(world.organizations.qingshi.pk))
    fits(leader)
    leader.press("提交走访")
    leader.reads("幸福路餐饮街")
    leader.reads("占道堆放")
    fits(leader)
    visit = DistrictVisit.objects.get(district=district)
    assert visit.findings.get().status == "rectifying"

    office = enter("office", size)
    office.go("/oversight/districts/")
    expect(office.page.get_by_text("无人包干：")).to_be_visible()
    office.reads("本期已走访")
    fits(office)
