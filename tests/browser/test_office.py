"""A month of a street office, a caller handed on, a promise made in public, conduct looked into. On a desk and on a phone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.office import actions
from bihuan.office.calendar import last_day, month_of, previous_month
from bihuan.office.models import (
    AskedMatter,
    ConductMatter,
    OfficerCommitment,
    WorkCircular,
    WorkItem,
    WorkPlan,
)

from .conftest import Enter
from .people import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


@SIZES
def test_a_month_is_planned_done_and_checked(world: World, enter: Enter, size: ViewportSize) -> None:
    today = timezone.localdate()
    month = previous_month(month_of(today))
    plan = actions.ensure_plan(world.organizations.qingshi, month, by=world.people.qingshi_officer)
    officer = enter("qingshi_officer", size)
    officer.go(plan.get_absolute_url())
    officer.heading("工作计划")
    form = officer.page.locator("#do-add")
    form.get_by_label("事项").first.fill("逐户核查报警器")
    form.get_by_label("完成标志").fill("逐户登记")
    officer.press("列入计划", inside=form)
    officer.is_told("已列入计划")
    form = officer.page.locator("#do-add")
    form.get_by_label("事项").first.fill("复查到期隐患")
    form.get_by_label("完成标志").fill("都有复查照片")
    officer.press("列入计划", inside=form)
    officer.reads("复查到期隐患")
    fits(officer)

    leader = enter("qingshi_leader", size)
    leader.go(plan.get_absolute_url())
    leader.press("签字，确认计划")
    leader.agree("确认计划")
    leader.is_told("计划已确认")
    assert WorkPlan.objects.get(pk=plan.pk).status == "confirmed"

    officer.go(plan.get_absolute_url())
    officer.follow("逐户核查报警器")
    done = officer.page.locator("#do-done")
    done.get_by_label("完成情况").fill("登记一百二十户")
    officer.press("报完成", inside=done)
    officer.is_told("已报完成")
    fits(officer)
    officer.go(plan.get_absolute_url())
    officer.follow("复查到期隐患")
    left = officer.page.locator("#do-unfinished")
    left.locator("summary").click()
    left.get_by_label("原因类别").select_option("staff")
    left.get_by_label("原因分析").fill("两人借调")
    left.get_by_label("补救措施").fill("抽网格员")
    officer.press("报未完成", inside=left)
    officer.is_told("已报未完成和原因")
    fits(officer)

    for words in ("逐户核查报警器", "复查到期隐患"):
        leader.go(plan.get_absolute_url())
        leader.follow(words)
        leader.press("认可", inside=leader.page.locator("#do-accept"))
        leader.is_told("已认可")
    close = leader.page.locator("#do-check")
    close.locator("summary").click()
    leader.press("签字，完成核查", inside=close)
    leader.is_told("本月核查已完成")
    fits(leader)
    assert WorkItem.objects.get(carries=1).text == "复查到期隐患"

    watch = enter("inspectorate", size)
    watch.go("/office/circulars/")
    watch.page.get_by_label("月份").select_option(f"{month:%Y-%m}")
    watch.press("取数，起草通报")
    watch.reads("核校通过")
    fits(watch)
    watch.press("编号印发")
    watch.is_told("已编号印发")
    assert WorkCircular.objects.get().paper is not None
    watch.page.get_by_role("link", name="未完成").first.click()
    watch.reads("复查到期隐患")
    fits(watch)


@SIZES
def test_a_caller_is_handed_on_and_told_back(world: World, enter: Enter, size: ViewportSize) -> None:
    first = enter("qingshi_officer", size)
    first.go("/office/asked/")
    first.follow("登记首问")
    first.page.get_by_label("方式").select_option("call")
    first.page.get_by_label("事由").fill("咨询报警器补贴")
    first.page.get_by_label("问什么、办什么").fill("补贴怎么申请")
    first.page.get_by_label("来访人").fill("胡某来")
    first.page.get_by_role("radio", name="转给别的单位").check()
    first.page.get_by_label("转给哪个单位").select_option(label=str(world.organizations.housing))
    first.page.get_by_label("为什么转").fill("燃气补贴归住建")
    fits(first)
    first.press("登记")
    first.is_told("已登记")
    first.reads("接收以前仍由青石街道")
    fits(first)
    row = AskedMatter.objects.get()

    second = enter("housing", size)
    second.go(row.get_absolute_url())
    second.reads("胡**")
    second.press("接收", inside=second.page.locator("#do-accept"))
    second.is_told("已接收")
    answer = second.page.locator("#do-answer")
    answer.get_by_label("办理结果").fill("已把申请表发给来电人")
    second.press("报结果", inside=answer)
    second.is_told("结果已报")
    fits(second)

    first.go(row.get_absolute_url())
    tell = first.page.locator("#do-tell")
    tell.get_by_label("怎么告知的").fill("电话告知，满意")
    first.press("已告知", inside=tell)
    first.is_told("已告知，办结")
    assert AskedMatter.objects.get().status == "closed"


@SIZES
def test_a_promise_in_public_and_conduct_in_confidence(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    officer = enter("qingshi_officer", size)
    officer.go("/office/commitments/")
    officer.follow("写公开承诺")
    line = officer.page.get_by_role("group", name="第 1 条")
    line.get_by_label("承诺事项").fill("每周带队检查一次")
    line.get_by_label("衡量标准").fill("检查记录不少于四份")
    fits(officer)
    officer.press("保存")
    officer.press("公开")
    officer.is_told("已公开")
    row = OfficerCommitment.objects.get()
    officer.follow("公开页")
    officer.reads("检查记录不少于四份")
    fits(officer)
    assert row.ends_on <= last_day(dt.date(row.starts_on.year, 12, 1))

    watch = enter("inspectorate", size)
    watch.go("/office/conduct/")
    watch.follow("登记线索")
    watch.page.get_by_label("被反映单位").select_option(label=str(world.organizations.qingshi))
    watch.page.get_by_label("问题类别").select_option("delay")
    watch.page.get_by_label("线索来源").fill("督查发现")
    watch.page.get_by_label("反映的情况").fill("三次催办仍不回复")
    watch.page.get_by_label("被反映人").select_option(str(world.people.qingshi_officer.pk))
    watch.press("登记")
    watch.is_told("已登记线索")
    fits(watch)
    watch.page.get_by_label("核查人").select_option(str(world.people.inspectorate.pk))
    watch.press("指定核查人", inside=watch.page.locator("#do-inquire"))
    watch.is_told("已开始核查")
    note = watch.page.locator("#do-note")
    note.get_by_label("日期").fill(timezone.localdate().isoformat())
    note.get_by_label("情况").fill("本人承认没有及时办理")
    watch.press("记录", inside=note)
    serve = watch.page.locator("#do-serve")
    serve.locator("summary").click()
    serve.get_by_label("核查认定").fill("三次逾期属实")
    watch.press("编号送达", inside=serve)
    watch.is_told("意见书已送达")
    fits(watch)

    matter = ConductMatter.objects.get()
    officer.go(matter.get_absolute_url())
    officer.reads("三次逾期属实")
    defend = officer.page.locator("#do-defend")
    defend.get_by_label("申辩意见").fill("当时在值守")
    officer.press("提交申辩", inside=defend)
    officer.is_told("申辩已提交")
    fits(officer)

    leader = enter("office_leader", size)
    leader.go(matter.get_absolute_url())
    leader.reads("当时在值守")
    handle = leader.page.locator("#do-handle")
    handle.get_by_label("处理理由").fill("逾期属实，申辩理由部分采纳")
    leader.press("决定", inside=handle)
    leader.is_told("已作出处理")
    fits(leader)
    leader.go("/office/catalogue/")
    leader.reads("文书档案")
    fits(leader)
