"""From secured money to finished works: starting, milestones, a report every month (R240)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import service_user
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty, reschedule_duty
from bihuan.duties.models import Duty

from ..models import (
    CareHousehold,
    Milestone,
    MilestoneTransition,
    Project,
    ProjectReport,
    ReportTransition,
)
from ..standing import files, manages
from ..workflow import (
    MILESTONE_RULES,
    OVER,
    REPORT_RULES,
    MilestoneMove,
    ProjectMove,
    ProjectStatus,
    ReportMove,
    ReportStatus,
)
from .moving import ask_leave, held, move_project
from .owing import fixed, owe_next
from .pooling import total_of

MOST_MILESTONES = 40


@transaction.atomic
def confirm_funding(project: Project, *, by: User, reason: str = "") -> None:
    """All shares are committed by a document (资金落实). Raises PermissionDenied, Refused naming the gap, IllegalMove."""
    ask_leave(project, ProjectMove.FUND, by)
    now = held(project)
    gap = now.estimate - total_of(project, "committed")
    if now.status == ProjectStatus.APPROVED and gap > 0:
        raise Refused(f"资金还差 {gap:,.2f} 元没有落实，请逐项登记落实文件以后再确认")
    move_project(project, ProjectMove.FUND, by=by, reason=reason)
    owe_next(project, by=by)


@transaction.atomic
def start_works(project: Project, *, started_on: dt.date, by: User, reason: str = "") -> None:
    """Begin to build (开工). While people who need care wait for a visit it takes a reason (R242).

    Raises PermissionDenied, Refused, IllegalMove.
    """
    ask_leave(project, ProjectMove.START, by)
    if started_on > timezone.localdate():
        raise Refused(f"开工日期 {started_on} 在今天之后，请核对")
    waiting = CareHousehold.objects.filter(project=project).unvisited().count()
    if waiting and not reason.strip():
        raise Refused(f"还有 {waiting} 户需要照顾的没有走访；先走访，确须先开工的写明理由和补走访的安排")
    move_project(
        project, ProjectMove.START, by=by, reason=reason or f"{started_on} 开工", changed={"started_on": started_on}
    )  # fmt: skip
    owe_next(project, by=by)


@transaction.atomic
def complete_works(
    project: Project, *, completed_on: dt.date, kilometres: Decimal | None = None, by: User, reason: str = ""
) -> None:
    """The works are done (完工); the lead department owes the joint acceptance. Raises PermissionDenied, Refused,
    IllegalMove."""
    ask_leave(project, ProjectMove.COMPLETE, by)
    if completed_on > timezone.localdate():
        raise Refused(f"完工日期 {completed_on} 在今天之后，请核对")
    if project.started_on and completed_on < project.started_on:
        raise Refused(f"完工日期 {completed_on} 早于开工日期 {project.started_on}，请核对")
    changed: dict[str, object] = {"completed_on": completed_on, "progress": 100}
    if kilometres is not None:
        _check_kilometres(project, kilometres)
        changed["kilometres_done"] = kilometres
    move_project(project, ProjectMove.COMPLETE, by=by, reason=reason, changed=changed)
    owe_next(project, by=by)


def _check_kilometres(project: Project, kilometres: Decimal) -> None:
    if kilometres < 0:
        raise Refused("改造长度不能为负数")
    if project.kilometres is None and kilometres:
        raise Refused("本项目没有登记管道长度，请不要填写改造长度")
    if project.kilometres is not None and kilometres > project.kilometres * 2:
        raise Refused(f"改造长度 {kilometres} 公里远超计划的 {project.kilometres} 公里，请核对单位")


# --- milestones ----------------------------------------------------------------------------------------


@transaction.atomic
def set_milestone(project: Project, *, name: str, due_on: dt.date, by: User) -> Milestone:
    """Lay down a milestone with its day; the lead department owes it. Raises PermissionDenied, Refused, IllegalMove."""
    if not manages(by, project):
        raise PermissionDenied
    now = held(project)
    if now.status in OVER:
        raise IllegalMove(f"项目现为“{now.get_status_display()}”，不再设定节点")
    if not name.strip():
        raise Refused("请填写节点名称，例：完成管沟开挖")
    if due_on < timezone.localdate():
        raise Refused(f"节点期限 {due_on} 已经过去，请核对")
    if project.milestones.count() >= MOST_MILESTONES:
        raise Refused(f"一个项目最多设 {MOST_MILESTONES} 个节点")
    told = fixed(due_on, f"“{project.name}”定的节点期限 {due_on}", project.basis)
    made = Milestone.objects.create(
        project=project, name=name.strip()[:80], due_on=due_on, clock=told.explanation, set_by=by,
        set_at=timezone.now(),
    )  # fmt: skip
    write_line(made, MilestoneMove.SET, MilestoneTransition, seen="", by=by, act="projects.milestone_set")
    open_duty(
        kind=Duty.Kind.PROJECT, subject=made, title=f"{project.name}：{made.name}"[:200], url=made.get_absolute_url(),
        organization=project.department, place=project, due_on=due_on, clock=told.explanation, by=by,
    )  # fmt: skip
    return made


@transaction.atomic
def finish_milestone(milestone: Milestone, *, done_on: dt.date, note: str, by: User) -> None:
    """A milestone is reached. Raises PermissionDenied, Refused, IllegalMove."""
    if not manages(by, milestone.project):
        raise PermissionDenied
    if done_on > timezone.localdate():
        raise Refused(f"完成日期 {done_on} 在今天之后，请核对")
    _step_milestone(
        milestone, MilestoneMove.FINISH, by, note, {"done_on": done_on, "note": note.strip()[:300]}
    )
    finish_duty(milestone, Duty.Kind.PROJECT, by=by)


@transaction.atomic
def postpone_milestone(milestone: Milestone, *, due_on: dt.date, reason: str, by: User) -> None:
    """Give a milestone another day, with a reason. Raises PermissionDenied, Refused, ReasonRequired, IllegalMove."""
    if not manages(by, milestone.project):
        raise PermissionDenied
    if due_on <= timezone.localdate() or due_on == milestone.due_on:
        raise Refused("新的期限应在今天之后，且与现在的不同")
    told = fixed(due_on, f"由 {milestone.due_on} 调整为 {due_on}：{reason.strip()}", milestone.project.basis)
    _step_milestone(
        milestone, MilestoneMove.POSTPONE, by, reason, {"due_on": due_on, "clock": told.explanation}
    )
    reschedule_duty(milestone, Duty.Kind.PROJECT, due_on, told.explanation, by=by)


@transaction.atomic
def drop_milestone(milestone: Milestone, *, reason: str, by: User) -> None:
    """A milestone is needed no more. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not manages(by, milestone.project):
        raise PermissionDenied
    _step_milestone(milestone, MilestoneMove.DROP, by, reason, {})
    finish_duty(milestone, Duty.Kind.PROJECT, by=by, cancelled=True)


def _step_milestone(
    milestone: Milestone, move: MilestoneMove, by: User, reason: str, changed: dict[str, object]
) -> None:
    step(
        milestone, move, MILESTONE_RULES[move], MilestoneTransition, by=by, reason=reason, changed=changed,
        watched=("due_on",), act=f"projects.milestone_{move.value}",
    )  # fmt: skip


# --- monthly reports -----------------------------------------------------------------------------------


def month_before(day: dt.date) -> dt.date:
    """The first day of the month before."""
    return (day.replace(day=1) - dt.timedelta(days=1)).replace(day=1)


def open_reports(now: dt.datetime) -> int:
    """Ask for last month's report of every project that is being built; returns how many were asked for.

    The worker calls it every hour; run again it asks for none twice. A month in which works began counts.
    """
    today = timezone.localdate(now)
    month = month_before(today)
    asked = ProjectReport.objects.filter(month=month).values("project")
    rows = Project.objects.filter(status=ProjectStatus.STARTED, started_on__lt=today.replace(day=1))
    opened = 0
    for project in (
        rows.exclude(pk__in=asked).select_related("department", "owner__organization").order_by("pk")
    ):
        ask_report(project, month, by=service_user())
        opened += 1
    return opened


@transaction.atomic
def ask_report(project: Project, month: dt.date, *, by: User) -> ProjectReport:
    """Ask for the report of one month: from whoever builds it, or from the lead department where it has no account."""
    end = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    due = clock.due("project.report", end)
    body: Organization = project.department
    if project.owner is not None and project.owner.organization is not None:
        body = project.owner.organization
    report = ProjectReport.objects.create(
        project=project, month=month, organization=body, due_on=due.due_on, clock=due.explanation
    )
    write_line(report, ReportMove.ASK, ReportTransition, seen="", by=by, act="projects.report_ask")
    open_duty(
        kind=Duty.Kind.PROJECT, subject=report, title=f"报{month.month}月进度：{project.name}"[:200],
        url=report.get_absolute_url(), organization=body, place=project, due_on=due.due_on, clock=due.explanation, by=by,
    )  # fmt: skip
    return report


@transaction.atomic
def file_report(
    report: ProjectReport,
    *,
    percent: int,
    text: str,
    problems: str = "",
    kilometres: Decimal | None = None,
    photos: Iterable[str | uuid.UUID] = (),
    by: User,
) -> None:
    """Say how far the works were at the end of a month; never rewritten. Late ones stay visible as late.

    Raises PermissionDenied, Refused (also when less is told than before, without saying why), IllegalMove.
    """
    project = report.project
    if not files(by, report):
        raise PermissionDenied
    now = held(project)
    if not 0 <= percent <= 100:
        raise Refused("形象进度应在 0 至 100 之间")
    if not text.strip():
        raise Refused("请写明本月做了什么")
    if kilometres is not None:
        _check_kilometres(now, kilometres)
    earlier = ProjectReport.objects.filter(
        project=project, month__lt=report.month, status=ReportStatus.FILED
    ).first()
    if (
        earlier is not None
        and earlier.percent is not None
        and percent < earlier.percent
        and not problems.strip()
    ):
        raise Refused(f"上次报的是 {earlier.percent}%，这次少于上次，请在“困难”里写明原因")
    today = timezone.localdate()
    kept = [str(each) for each in photos if each]
    step(
        report, ReportMove.FILE, REPORT_RULES[ReportMove.FILE], ReportTransition, by=by, reason=text,
        changed={
            "percent": percent, "kilometres": kilometres, "text": text.strip()[:1000],
            "problems": problems.strip()[:500], "filed_by": by, "filed_on": today,
        },
        act="projects.report_file",
    )  # fmt: skip
    attach(report, kept, "scene", by=by)
    newest = not ProjectReport.objects.filter(
        project=project, month__gt=report.month, status=ReportStatus.FILED
    ).exists()
    if newest and now.status == ProjectStatus.STARTED:
        figures: dict[str, object] = {"progress": percent}
        if kilometres is not None:
            figures["kilometres_done"] = kilometres
        Project.objects.filter(pk=project.pk, status=ProjectStatus.STARTED).update(**figures)
        project.refresh_from_db(fields=list(figures))
        record("projects.progress", project, by=by, summary=f"“{project}”形象进度 {percent}%")
    finish_duty(report, Duty.Kind.PROJECT, by=by)
