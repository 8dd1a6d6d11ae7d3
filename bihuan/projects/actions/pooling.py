"""The pool of projects (积极做好项目储备, R240): entering, deciding, pausing, giving up, what a project lies on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules

from ..models import (
    FundCommitment,
    Project,
    ProjectHazard,
    ProjectObject,
    ProjectReport,
    ProjectSource,
    ProjectTransition,
)
from ..standing import leads_over, manages, registers_in
from ..workflow import MilestoneStatus, ProjectMove, ProjectStatus, ReportStatus
from .moving import ask_leave, held, move_project
from .owing import owe, owe_next, settle

MOST = Decimal(10) ** 11  # yuan
PLAIN = (
    "name", "kind", "campaign", "owner", "owner_name", "taker", "place", "need", "basis", "kilometres", "households",
    "quantity", "estimate", "start_on", "finish_on", "gas_stop_on",
)  # fmt: skip
ZERO = Decimal("0.00")


@transaction.atomic
def register_project(*, region: Region, department: Organization, by: User, **fields: Any) -> Project:
    """Put a project into the pool (储备); the office is asked to decide. Raises PermissionDenied, Refused."""
    if not registers_in(by, region) or not leads_over(
        by, "projects.manage", department.pk, region.code
    ):  # fmt: skip
        raise PermissionDenied
    project = new_project(region=region, department=department, by=by, **fields)
    owe_next(project, by=by)
    return project


def new_project(*, region: Region, department: Organization, by: User, **fields: Any) -> Project:
    """Write a project down as one of the pool, without asking who may: its verbs have. Raises Refused."""
    _check(fields)
    where = place_of(region)
    project = Project(
        region=region, department=department, city_id=where.city_id, county_id=where.county_id,
        locality_id=where.locality_id, registered_by=by, registered_at=timezone.now(),
        **{name: fields[name] for name in PLAIN if name in fields},
    )  # fmt: skip
    if fields.get("owner"):
        project.owner_name = fields["owner"].name
    try:
        with transaction.atomic():
            project.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(
            f"{department.short_name}在{region.name}已经登记过“{project.name}”，请核对名称"
        ) from error
    project.refresh_from_db()
    write_line(project, ProjectMove.REGISTER, ProjectTransition, seen="", by=by, act="projects.register")
    return project


def _check(fields: dict[str, Any]) -> None:
    if not str(fields.get("name", "")).strip():
        raise Refused("请填写项目名称")
    if rules.row("kinds", str(fields.get("kind", ""))) is None:
        raise Refused("请选择项目种类")
    if not fields.get("owner") and not str(fields.get("owner_name", "")).strip():
        raise Refused("请选择或者填写建设单位")
    estimate = fields.get("estimate")
    if estimate is None or not 0 < estimate < MOST:
        raise Refused("估算投资应大于 0 元，且不超过千亿元，请核对")
    start, finish = fields.get("start_on"), fields.get("finish_on")
    if start and finish and finish < start:
        raise Refused(f"计划完工 {finish} 早于计划开工 {start}，请核对")
    if not str(fields.get("need", "")).strip():
        raise Refused("请写明建设理由：更新什么、消除什么隐患")


@transaction.atomic
def edit_project(project: Project, *, by: User, **fields: Any) -> Project:
    """Change what a project of the pool says; once decided it stays. Raises PermissionDenied, Refused, IllegalMove."""
    if not manages(by, project):
        raise PermissionDenied
    now = held(project, {ProjectStatus.RESERVED})
    _check({name: getattr(now, name) for name in PLAIN} | fields)
    if fields.get("owner"):
        fields["owner_name"] = fields["owner"].name
    before = {name: getattr(now, name) for name in PLAIN}
    for name in PLAIN:
        if name in fields:
            setattr(now, name, fields[name])
    changes = [
        [name, str(before[name]), str(getattr(now, name))]
        for name in PLAIN
        if before[name] != getattr(now, name)
    ]
    if not changes:
        return now
    try:
        with transaction.atomic():
            now.save(update_fields=PLAIN)
    except IntegrityError as error:
        raise Refused(f"已经登记过“{now.name}”，请核对名称") from error
    now.refresh_from_db()
    record("projects.edit", now, by=by, summary=f"修改工程项目“{now}”", payload={"changes": changes})
    return now


def shares_gap(project: Project) -> Decimal:
    """What the shares still lack of the estimate; negative when they are more."""
    return project.estimate - total_of(project, "planned")


def total_of(project: Project, column: str) -> Decimal:
    """One figure over all shares of a project, to the cent: a database may add decimals as floats."""
    return sum(ProjectSource.objects.filter(project=project).values_list(column, flat=True), ZERO)


@transaction.atomic
def approve_project(project: Project, *, approval: str, by: User) -> None:
    """Take a project into the pool for good (审定入库); its shares must make up the estimate.

    Raises PermissionDenied, Refused naming the gap, IllegalMove.
    """
    ask_leave(project, ProjectMove.APPROVE, by)
    now = held(project)
    gap = shares_gap(now)
    if now.status == ProjectStatus.RESERVED and gap:
        word = "还差" if gap > 0 else "多出"
        raise Refused(
            f"各方分担合计与估算投资{word} {abs(gap):,.2f} 元，请牵头部门先改好资金方案，再审定入库"
        )
    if not approval.strip():
        raise Refused("请填写审定入库的文号或者会议纪要")
    move_project(
        project, ProjectMove.APPROVE, by=by, reason=approval,
        changed={"approval": approval.strip()[:120], "approved_on": timezone.localdate()},
    )  # fmt: skip
    owe_next(project, by=by)


@transaction.atomic
def send_back_project(project: Project, *, reason: str, by: User) -> None:
    """Ask for more before deciding; the lead department owes it. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    move_project(project, ProjectMove.SEND_BACK, by=by, reason=reason)
    owe(project, "完善项目后重新提请审定", project.department, rule="project.approve", by=by)


@transaction.atomic
def suspend_project(project: Project, *, reason: str, by: User) -> None:
    """Pause a project with a reason (暂缓); it comes back to where it was. Raises PermissionDenied, IllegalMove."""
    move_project(project, ProjectMove.SUSPEND, by=by, reason=reason, changed={"resumes_to": project.status})
    settle(project, by=by, cancelled=True)


@transaction.atomic
def resume_project(project: Project, *, by: User, reason: str = "") -> None:
    """Go on with a paused project where it stood. Raises PermissionDenied, IllegalMove."""
    back = project.resumes_to or project.status
    move_project(
        project, ProjectMove.RESUME, by=by, reason=reason, changed={"status": back, "resumes_to": ""},
        watched=("resumes_to",),
    )  # fmt: skip
    owe_next(project, by=by)


@transaction.atomic
def cancel_project(project: Project, *, reason: str, by: User) -> None:
    """Give a project up for good (取消), with its money cleared first. Raises PermissionDenied, Refused, IllegalMove."""
    ask_leave(project, ProjectMove.CANCEL, by)
    held(project)
    unspent = total_of(project, "received") - total_of(project, "spent")
    if unspent > 0:
        raise Refused(f"已到位没有支出的资金还有 {unspent:,.2f} 元，先退回并红冲到位记录，再取消项目")
    if FundCommitment.objects.filter(project=project, amount__gt=F("paid")).exists():
        raise Refused("还有专项资金安排给本项目没有拨付，先红冲落实记录，把资金退回，再取消项目")
    move_project(project, ProjectMove.CANCEL, by=by, reason=reason, changed={"resumes_to": ""})
    end_owing(project, by=by)


def end_owing(project: Project, *, by: User) -> None:
    """Whatever was still owed of a project that is given up is owed no more."""
    settle(project, by=by, cancelled=True)
    for milestone in project.milestones.filter(status=MilestoneStatus.OPEN):
        finish_duty(milestone, Duty.Kind.PROJECT, by=by, cancelled=True)
    for report in ProjectReport.objects.filter(project=project, status=ReportStatus.DUE):
        finish_duty(report, Duty.Kind.PROJECT, by=by, cancelled=True)


@transaction.atomic
def link_objects(project: Project, enterprises: Iterable[Enterprise], *, by: User) -> int:
    """Say on which objects of the registry a project lies; returns how many were new. Raises PermissionDenied, Refused."""
    if not manages(by, project):
        raise PermissionDenied
    held(project)
    chosen = list(enterprises)
    seen = set(
        Enterprise.objects.visible_to(by)
        .filter(pk__in=[each.pk for each in chosen])
        .values_list("pk", flat=True)
    )
    if len(seen) < len({each.pk for each in chosen}):
        raise Refused("有的企业不在您的管理范围内，请重新选择")
    present = set(ProjectObject.objects.filter(project=project).values_list("enterprise", flat=True))
    new = [each for each in chosen if each.pk not in present]
    now = timezone.now()
    ProjectObject.objects.bulk_create(
        ProjectObject(project=project, enterprise=each, by=by, at=now) for each in new
    )
    if new:
        names = "、".join(each.name for each in new[:5])
        record("projects.objects", project, by=by, summary=f"“{project}”涉及 {len(new)} 个对象：{names}")
    return len(new)


@transaction.atomic
def link_hazards(project: Project, hazards: Iterable[Hazard], *, by: User) -> int:
    """Say which hazards a project removes; returns how many were new. Raises PermissionDenied, Refused, IllegalMove."""
    if not manages(by, project):
        raise PermissionDenied
    now = held(project)
    if now.status in {ProjectStatus.IN_USE, ProjectStatus.CANCELLED}:
        raise IllegalMove("项目已经投用或者取消，不再关联隐患")
    chosen = {each.pk: each for each in hazards}
    seen = set(Hazard.objects.visible_to(by).filter(pk__in=chosen).values_list("pk", flat=True))
    if len(seen) < len(chosen):
        raise Refused("有的隐患不存在或者不在您的管理范围内，请核对编号")
    present = set(ProjectHazard.objects.filter(project=project).values_list("hazard", flat=True))
    new = [pk for pk in chosen if pk not in present]
    at = timezone.now()
    ProjectHazard.objects.bulk_create(
        ProjectHazard(project=project, hazard_id=pk, by=by, at=at) for pk in new
    )
    if new:
        record(
            "projects.hazards",
            project,
            by=by,
            summary=f"“{project}”消除 {len(new)} 条隐患",
            payload={"hazards": new},
        )
    return len(new)


def planned_day(project: Project) -> dt.date | None:
    """The day from which works or a stop of gas touch people: the earlier of the two that are known."""
    days = [each for each in (project.gas_stop_on, project.started_on or project.start_on) if each]
    return min(days) if days else None
