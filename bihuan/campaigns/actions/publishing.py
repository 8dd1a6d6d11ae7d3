"""A checked draft becomes a campaign: phases with gates, tasks with owners, duties with clocks. All or nothing."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import office_of
from bihuan.audit.actions import record
from bihuan.checklists.storage import stored_measure
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import NewDuty, open_duties
from bihuan.duties.models import Duty

from ..measuring import measure_in
from ..models import (
    Amendment,
    Assignment,
    Body,
    Campaign,
    CheckItem,
    Checklist,
    GateCondition,
    Phase,
    PlanDocument,
    PlanItem,
    ReportingRule,
    Subplan,
    Target,
    Task,
    seats,
)
from ..planfacts import basis_of
from ..queries.draft import blocking, unanswered_errors
from ..shares import day_of, due_of, shares_of
from ..units import Bodies
from ..workflow import AmendmentStatus, PhaseStatus

# What a phase must show before it may be closed, until the office says otherwise (R018).
DEFAULT_GATE = {
    GateCondition.Metric.COVERAGE: Decimal(100),
    GateCondition.Metric.RECTIFICATION: Decimal(95),
    GateCondition.Metric.OVERDUE: Decimal(0),
    GateCondition.Metric.TASKS_DONE: Decimal(100),
}


@dataclass(frozen=True)
class Place:
    """The ancestor columns of a region, as duties carry them."""

    city_id: str
    county_id: str | None
    locality_id: str | None


def place_of(region: Region) -> Place:
    """Where an organization of `region` stands in the tree; a zone is its own county and its own locality."""
    code = region.code
    return Place(
        city_id=code[:4],
        county_id=code[:6] if len(code) >= 6 else None,
        locality_id=code if region.is_locality else None,
    )


def titles_of(document: PlanDocument) -> tuple[str, str]:
    """A campaign's title and short title, proposed from the plan's: without 工作实施方案, without the region's name."""
    title = (
        re.sub(r"(?:工作|行动)?(?:的)?(?:实施|工作|行动)?方案$", "", document.title.strip("《》 "))
        or document.title
    )
    short = re.sub(rf"^(?:{re.escape(document.region.name)}|全[市县区])", "", title) or title
    return title[:200], short[:40]


@transaction.atomic
def publish(
    document: PlanDocument, *, by: User, title: str = "", short_title: str = "", reason: str = ""
) -> Campaign:
    """Turn a checked draft into a running campaign and put every share of every task into its owner's inbox.

    `reason`: why it goes out with errors of the checkup unanswered; on record with them. Raises PermissionDenied, IllegalMove when it has been published already (a double submit acts once), and Refused
    while anything is unseen or a unit is not identified.
    """
    if document.region_id not in seats(by, Permission.PUBLISH_CAMPAIGN):
        raise PermissionDenied
    # The conditional update is the lock: of two clicks one finds the draft.
    won = PlanDocument.objects.filter(pk=document.pk, status=PlanDocument.Status.DRAFT).update(
        status=PlanDocument.Status.PUBLISHED
    )
    if not won:
        raise IllegalMove(f"方案《{document.title}》已经发布，不能重复发布")
    if Amendment.objects.filter(document=document, status=AmendmentStatus.REVIEWING).exists():
        raise Refused("这是一份修订稿，请在“方案修订”里比对后应用，不能另发为一场新的专项整治")
    if lines := blocking(document):
        raise Refused("还不能发布：" + "；".join(line.text for line in lines))
    office = office_of(document.region_id)
    if office is None:
        raise Refused(f"{document.region.name}没有登记安委办，请先登记组织单位")
    document.refresh_from_db()
    now = timezone.now()
    items = list(document.items.filter(state=PlanItem.State.CONFIRMED))
    own_title, own_short = titles_of(document)
    campaign = Campaign.objects.create(
        plan=document,
        region=document.region,
        office=office,
        parent=parent_of(document),
        title=title or own_title,
        short_title=short_title or own_short,
        doc_no=document.doc_no,
        basis=basis_of(document.compiled),
        published_by=by,
        published_at=now,
    )
    phases = _create_phases(campaign, items)
    tasks = _create_tasks(campaign, items, phases)
    create_checklists(tasks, by=by, at=now)
    shares = create_assignments(document, tasks, office, on=timezone.localdate(now))
    _create_rest(campaign, items)
    starts = [phase.starts_on for phase in phases.values() if phase.starts_on]
    ends = [phase.ends_on for phase in phases.values() if phase.ends_on]
    campaign.starts_on = min(starts, default=document.issued_on)
    has_open_end = len(ends) < len(phases)
    campaign.ends_on = None if has_open_end else max(ends, default=None)
    campaign.save(update_fields=["starts_on", "ends_on"])
    open_duties([task_duty(share) for share in shares], by=by)
    opened = [phase for phase in phases.values() if phase.status == PhaseStatus.OPEN]
    open_duties([phase_duty(phase) for phase in opened], by=by)
    record(
        "campaigns.publish",
        campaign,
        by=by,
        summary=f"发布专项整治“{campaign.title}”：{len(tasks)} 项任务，{len(shares)} 项分工",
        payload={
            "tasks": len(tasks),
            "assignments": len(shares),
            "phases": len(phases),
            "unanswered": [finding.message for finding in unanswered_errors(document)],
            "reason": reason,
        },
    )
    return campaign


def parent_of(document: PlanDocument) -> Campaign | None:
    """The campaign under which this plan was filed as a sub-plan, if it was (R002)."""
    subplan = Subplan.objects.standing().filter(document=document).select_related("campaign").first()
    return subplan.campaign if subplan else None


def _create_phases(campaign: Campaign, items: list[PlanItem]) -> dict[int, Phase]:
    """Phases in order of time (undated ones where the text has them), the first open; keyed by plan item."""
    found = [item for item in items if item.kind == PlanItem.Kind.PHASE]
    found.sort(key=lambda item: (item.data["start"] or item.data["end"] or "9999", item.position))
    phases = Phase.objects.bulk_create(
        Phase(
            campaign=campaign,
            name=item.data["name"][:60],
            position=position,
            starts_on=day_of(item.data["start"]),
            ends_on=day_of(item.data["end"]),
            status=PhaseStatus.OPEN if position == 1 else PhaseStatus.PENDING,
        )
        for position, item in enumerate(found, start=1)
    )
    GateCondition.objects.bulk_create(
        GateCondition(phase=phase, metric=metric, threshold=threshold)
        for phase in phases
        for metric, threshold in DEFAULT_GATE.items()
    )
    return {item.pk: phase for item, phase in zip(found, phases, strict=True)}


def _create_tasks(
    campaign: Campaign, items: list[PlanItem], phases: dict[int, Phase]
) -> list[tuple[PlanItem, Task]]:
    found = [item for item in items if item.kind == PlanItem.Kind.TASK]
    rows = []
    for position, item in enumerate(found, start=1):
        phase = phases.get(item.data["phase"] or 0)
        due, source = due_of(item, phase)
        rows.append(
            Task(
                campaign=campaign,
                phase=phase,
                no=item.data["no"][:40],
                heading=item.data["heading"][:60],
                text=item.data["text"],
                position=position,
                due_on=due,
                due_source=source,
                source_span=list(item.whole or ()),
            )
        )
    tasks = Task.objects.bulk_create(rows)
    links = Task.kinds.through
    links.objects.bulk_create(
        links(task=task, enterprisekind_id=key)
        for item, task in zip(found, tasks, strict=True)
        for key in item.data["kinds"]
    )
    return list(zip(found, tasks, strict=True))


def create_checklists(tasks: list[tuple[PlanItem, Task]], *, by: User, at: dt.datetime) -> None:
    """The check items of each task as the first version of its checklist."""
    listed = [(item, task) for item, task in tasks if item.data["check_items"]]
    checklists = Checklist.objects.bulk_create(
        Checklist(task=task, version=1, created_by=by, created_at=at) for _, task in listed
    )
    CheckItem.objects.bulk_create(
        CheckItem(
            checklist=checklist,
            position=position,
            text=check["text"][:300],
            criterion=(check.get("criterion") or "；".join(check.get("criteria", [])))[:200],
            basis=check.get("basis", "")[:200],
            dispositions=check.get("dispositions", []),
            measure=stored_measure(measure_in(check["text"])),
        )
        for (item, _), checklist in zip(listed, checklists, strict=True)
        for position, check in enumerate(item.data["check_items"], start=1)
    )


def create_assignments(
    document: PlanDocument,
    tasks: list[tuple[PlanItem, Task]],
    office: Organization,
    *,
    on: dt.date,
    bodies: Bodies | None = None,
) -> list[Assignment]:
    """Shares of every task; a task the plan gives to nobody falls to the office, so that none is lost (R027)."""
    fallback = {office.pk: (office, Assignment.Role.RESPONSIBLE.value)}
    units = {unit.key: unit for unit in document.units.select_related("organization__region")}
    bodies = bodies or Bodies(document.region_id, on=on)
    return Assignment.objects.bulk_create(
        Assignment(task=task, organization=body, role=role)
        for item, task in tasks
        for body, role in (shares_of(item.data, units, bodies) or fallback).values()
    )


def _create_rest(campaign: Campaign, items: list[PlanItem]) -> None:
    by_kind: dict[str, list[dict]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append(item.data)
    ReportingRule.objects.bulk_create(
        ReportingRule(
            campaign=campaign,
            who=data["who"][:120],
            to=data["to"][:120],
            when=data["when"][:120],
            recurrence=data["rrule"][:120],
        )
        for data in by_kind.get(PlanItem.Kind.REPORT, [])
    )
    Target.objects.bulk_create(
        Target(campaign=campaign, text=data["text"][:200], metric=data["metric"], threshold=data["threshold"])
        for data in by_kind.get(PlanItem.Kind.TARGET, [])
    )
    Body.objects.bulk_create(
        Body(
            campaign=campaign,
            name=data["name"][:120],
            head=data["head"],
            deputies=data["deputies"],
            members=data["members"],
        )
        for data in by_kind.get(PlanItem.Kind.BODY, [])
    )


def task_duty(share: Assignment) -> NewDuty:
    """The duty of one organization for its share: due with the task, held by the organization's default post."""
    task, organization = share.task, share.organization
    clock = {}
    if task.due_on:
        clock = {"summary": f"期限 {task.due_on}：{task.due_source}", "source": f"方案 {task.no}"}
    return NewDuty(
        kind=Duty.Kind.TASK,
        subject=share,
        title=f"{share.get_role_display()}：{task.heading}",
        url=reverse("campaigns:task", args=[task.pk]),
        organization=organization,
        place=place_of(organization.region),
        due_on=task.due_on,
        clock=clock,
    )


def phase_duty(phase: Phase) -> NewDuty:
    """The office's duty to bring a phase through its gate by the last day of the phase."""
    office = phase.campaign.office
    clock = {"summary": f"期限 {phase.ends_on}：阶段的最后一天"} if phase.ends_on else {}
    return NewDuty(
        kind=Duty.Kind.PHASE,
        subject=phase,
        title=f"{phase.campaign.short_title}：{phase.name}关口",
        url=reverse("campaigns:phase", args=[phase.pk]),
        organization=office,
        place=place_of(office.region),
        due_on=phase.ends_on,
        clock=clock,
    )
