"""The head of an enterprise reports on the statutory duties, the street judges, the result is signed for; an officer's
case file is drawn and looked through. On a desk and on a phone."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.assessment import actions
from bihuan.assessment.models import Assessment, CaseFile, SelfReport
from bihuan.assessment.tests.factories import body_seat, heads_round, officers_round, unit_of
from bihuan.assessment.tests.test_officers import visited

from .conftest import Enter
from .people import DESK, PHONE
from .test_assessment import fits, told

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@SIZES
def test_a_head_reports_and_signs_for_the_result(world: World, enter: Enter, size: ViewportSize) -> None:
    made = heads_round(world, started=False)
    made.units.all().delete()
    office = enter("office", size)
    office.go(f"/assessment/{made.pk}/arrangement/")
    office.follow("按范围编入企业")
    office.page.get_by_label("餐饮", exact=True).check()
    office.press("先数一数")
    office.reads("可以编入 1 家")
    fits(office)
    office.press("编入这些企业")
    office.agree("编入")
    told(office, "已编入 1 家")
    office.press("启动考核")
    office.agree("启动")
    told(office, "已启动考核")

    head = enter("shop", size)
    head.go("/duties/")
    head.page.get_by_role("link", name="主要负责人履职自评").first.click()
    head.reads("建立健全并落实本单位全员安全生产责任制")
    fits(head)
    head.page.get_by_label("自评情况").fill("责任书人人签字，每月考核")
    head.press("先保存")
    head.reads("没有填自评分")
    head.page.get_by_label("自评分（满分 40）").fill("36")
    fits(head)
    head.press("签字提交")
    head.agree("签字提交")
    told(head, "自评已签字提交")

    street = enter("qingshi_officer", size)
    street.go("/assessment/")
    street.follow("去审核")
    fits(street)
    street.page.get_by_role("link", name="好味来面馆").first.click()
    street.reads("责任书人人签字")
    street.page.get_by_label("得分（满分 40）").fill("30")
    street.page.get_by_role("radio", name="看现场").check()
    street.page.get_by_label("评分依据").fill("抽问两名员工，职责说得清")
    fits(street)
    street.press("提交评分")
    told(street, "已评分")

    office.go(f"/assessment/{made.pk}/progress/")
    office.reads("已评定 1")
    fits(office)
    made = Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)
    actions.freeze(made, by=world.people.office)
    actions.adopt(made, by=world.people.office_leader)
    actions.publish(made, by=world.people.office)

    head.go(unit_of(made, "好味来面馆").get_absolute_url())
    head.reads("考核结果通知书待签收")
    fits(head)
    head.press("签收结果")
    told(head, "已签收")
    head.follow("结果通知书")
    head.reads("安全生产法")
    fits(head)
    assert SelfReport.objects.get().status == "submitted"
    assert body_seat(made, world).judgements.count() == 1


@SIZES
def test_case_files_are_drawn_and_looked_through(world: World, enter: Enter, size: ViewportSize) -> None:
    visited(world, 2)
    made = officers_round(world)
    office = enter("office", size)
    office.go(f"/assessment/{made.pk}/")
    office.follow("案卷评查")
    office.page.get_by_label("每人抽几件").fill("1")
    fits(office)
    office.press("抽取案卷")
    office.agree("抽取")
    told(office, "抽取 2 件")
    fits(office)

    judge = enter("housing", size)
    judge.go(f"/assessment/{made.pk}/files/")
    judge.page.get_by_role("link", name="云溪区好味来面馆").first.click()
    for label, points in (("主体和人员", "15"), ("程序", "20"), ("事实和证据", "25"), ("依据", "10"), ("文书", "15"), ("跟踪", "10")):  # fmt: skip
        judge.page.get_by_label(f"{label}（满分").fill(points)
    judge.page.get_by_label("评查意见").fill("事实清楚，依据引用不全")
    fits(judge)
    judge.press("提交评查意见")
    judge.reads("写明扣分的情形")
    judge.page.get_by_label("依据：扣分情形").fill("没有引到款项")
    judge.press("提交评查意见")
    told(judge, "评查意见已保存")
    judge.reads("95.0%")
    file = CaseFile.objects.exclude(share=None).get()
    assert file.share == 95

    officer = enter(file.unit.person.username, size)
    officer.go(file.unit.get_absolute_url())
    officer.reads("95.0%")
    fits(officer)


@SIZES
def test_the_record_of_a_leader_is_printed(world: World, enter: Enter, size: ViewportSize) -> None:
    office = enter("office_leader", size)
    office.go("/assessment/leaders/")
    fits(office)
    office.follow("王同心")
    office.reads(f"{timezone.localdate().year} 年 青石街道")
    office.reads("约谈、警示、批评通报")
    fits(office)
    assert office.page.get_by_role("button", name="打印").is_visible()
