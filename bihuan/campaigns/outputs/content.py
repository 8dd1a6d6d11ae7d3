"""What every output is made of: the tasks of a draft or of a campaign, who owes them, and what must be reported.

Read by a constant number of queries whatever the number of tasks and units. A draft's units are those its printed
names mean today; a name nobody has identified stands as printed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Organization, OrganizationAlias
from bihuan.plans import is_collective, normalize_unit

from ..models import Assignment, Campaign, PlanDocument, PlanItem, PlanUnit
from ..shares import due_of
from ..units import GROUPS, Bodies
from ..workflow import AssignmentStatus

ROLES = tuple(Assignment.Role)
_COMMA = re.compile(r"[、，,；;]|以及")
_AND = re.compile(r"[和及与]")


@dataclass(frozen=True, order=True)
class Unit:
    """A body that owes something. `order`: offices and departments before localities, then by region."""

    order: tuple[int, str, int]
    key: str
    name: str = field(compare=False)
    short: str = field(compare=False)

    @property
    def is_locality(self) -> bool:
        return self.order[0] == 1


@dataclass(frozen=True)
class Span:
    """A phase: name, first and last day (None: open), status in words."""

    name: str
    starts_on: dt.date | None
    ends_on: dt.date | None
    status: str = ""

    @property
    def words(self) -> str:
        """2026-08-01 至 2026-11-30, with 起始不定 or 长期 for an open end."""
        return f"{self.starts_on or '起始不定'} 至 {self.ends_on or '长期'}"


@dataclass
class Job:
    """One task: what, until when, who has which share, and how far they are."""

    uid: str
    position: int
    no: str
    heading: str
    text: str
    phase: int | None  # index among the phases
    due_on: dt.date | None
    due_source: str
    shares: dict[Unit, Assignment.Role] = field(default_factory=dict)
    states: dict[Unit, str] = field(default_factory=dict)

    def of(self, role: str) -> list[Unit]:
        """The units with this role, in their order."""
        return sorted(unit for unit, held in self.shares.items() if held == role)

    def names(self, role: str, *, most: int = 0) -> str:
        """Their short names; beyond `most` the first and how many: 青石街道等 25 个."""
        units = self.of(role)
        if most and len(units) > most:
            return f"{units[0].short}等 {len(units)} 个单位"
        return "、".join(unit.short for unit in units)

    @property
    def done(self) -> str:
        """Confirmed of all shares but the supporting ones, as the gate counts them; "" for a draft."""
        owed = [
            self.states.get(unit) for unit, role in self.shares.items() if role != Assignment.Role.SUPPORT
        ]
        if None in owed:
            return ""
        return f"{owed.count(AssignmentStatus.CONFIRMED)}/{len(owed)}"


@dataclass(frozen=True)
class Reporting:
    """Who reports to whom, when; `units` are the bodies `who` means, none when it names nobody we know."""

    uid: str
    who: str
    to: str
    when: str
    rrule: str
    units: frozenset[str] = frozenset()


@dataclass
class Content:
    """Everything an output shows. `label` is campaign or draft; `uid` is stable over exports."""

    label: str
    uid: str
    title: str
    short_title: str
    doc_no: str
    office: str
    starts_on: dt.date | None
    ends_on: dt.date | None
    phases: list[Span]
    jobs: list[Job]
    reports: list[Reporting]
    targets: list[str]
    version: int = 1

    def units(self) -> list[Unit]:
        """Every unit with a share, departments first."""
        return sorted({unit for job in self.jobs for unit in job.shares})

    def of_unit(self, unit: Unit) -> list[Job]:
        """Its tasks, in order."""
        return [job for job in self.jobs if unit in job.shares]

    def reports_of(self, unit: Unit) -> list[Reporting]:
        """What it must report."""
        return [report for report in self.reports if unit.key in report.units]

    def phase_of(self, job: Job) -> Span | None:
        """The phase of a task."""
        return None if job.phase is None else self.phases[job.phase]

    def alike(self) -> list[tuple[list[Unit], list[Job], list[Reporting]]]:
        """Units with exactly the same tasks, roles and reports together: 25 townships are one block, not 25."""
        groups: dict[tuple[Any, ...], tuple[list[Unit], list[Job], list[Reporting]]] = {}
        for unit in self.units():
            jobs, reports = self.of_unit(unit), self.reports_of(unit)
            key: tuple[Any, ...] = (
                unit.is_locality or unit.key,
                *((job.uid, job.shares[unit]) for job in jobs),
                *(report.uid for report in reports),
            )
            groups.setdefault(key, ([], jobs, reports))[0].append(unit)
        return list(groups.values())


def together(units: list[Unit]) -> str:
    """市住建局; several: 青石街道、白塔镇、河沿镇 or 青石街道等 25 个乡镇街道."""
    if len(units) <= 3:
        return "、".join(unit.short for unit in units)
    return f"{units[0].short}等 {len(units)} 个乡镇街道"


def unit_of(body: Organization) -> Unit:
    """An organization as the outputs order and name it."""
    order = (int(body.kind == Organization.Kind.LOCALITY), body.region_id, body.pk)
    return Unit(order, f"o{body.pk}", body.name, body.short_name)


def of_campaign(campaign: Campaign) -> Content:
    """A running or finished campaign as it stands: live tasks, shares not ended."""
    phases = list(campaign.phases.all())
    places = {phase.pk: at for at, phase in enumerate(phases)}
    jobs = {
        task.pk: Job(
            uid=f"task-{task.pk}",
            position=task.position,
            no=task.no,
            heading=task.heading,
            text=task.text,
            phase=places.get(task.phase_id or 0),
            due_on=task.due_on,
            due_source=task.due_source,
        )
        for task in campaign.tasks.live()
    }
    shares = Assignment.objects.filter(task__campaign=campaign, task__ended_on=None)
    units: dict[int, Unit] = {}
    for share in shares.exclude(status=AssignmentStatus.ENDED).select_related("organization").order_by("pk"):
        unit = units.setdefault(share.organization_id, unit_of(share.organization))
        job = jobs[share.task_id]
        job.shares[unit], job.states[unit] = Assignment.Role(share.role), share.status
    people = _People(Bodies(campaign.region_id, on=timezone.localdate()))
    return Content(
        label="campaign",
        uid=f"campaign-{campaign.pk}",
        title=campaign.title,
        short_title=campaign.short_title,
        doc_no=campaign.doc_no,
        office=campaign.office.name,
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        phases=[
            Span(phase.name, phase.starts_on, phase.ends_on, str(phase.get_status_display()))
            for phase in phases
        ],
        jobs=list(jobs.values()),
        reports=[
            Reporting(
                f"report-{rule.pk}", rule.who, rule.to, rule.when, rule.recurrence, people.named(rule.who)
            )
            for rule in campaign.reporting_rules.order_by("pk")
        ],
        targets=[target.text for target in campaign.targets.order_by("pk")],
        version=1 + campaign.amendments.filter(status="applied").count(),
    )


def of_draft(document: PlanDocument) -> Content:
    """A draft as the workbench has it now: everything not removed, confirmed or not."""
    items = list(document.items.exclude(state=PlanItem.State.REMOVED))
    bodies = Bodies(document.region_id, on=timezone.localdate())
    found = [item for item in items if item.kind == PlanItem.Kind.PHASE]
    spans = [Span(item.data["name"], _day(item.data["start"]), _day(item.data["end"])) for item in found]
    places = {item.pk: at for at, item in enumerate(found)}
    known = {unit.key: unit for unit in document.units.select_related("organization")}
    jobs: list[Job] = []
    for item in items:
        if item.kind != PlanItem.Kind.TASK:
            continue
        at = places.get(item.data["phase"] or 0)
        due, source = due_of(item, spans[at] if at is not None else None)
        job = Job(
            uid=f"item-{item.pk}", position=len(jobs) + 1, no=item.data["no"], heading=item.data["heading"],
            text=item.data["text"], phase=at, due_on=due, due_source=source,
        )  # fmt: skip
        for role in ROLES:
            for unit in _draft_units(item.data[role], known, bodies):
                held = job.shares.get(unit)
                if held is None or (role == "territorial" and held == "support"):
                    job.shares[unit] = role
        jobs.append(job)
    people = _People(bodies)
    days = [day for span in spans for day in (span.starts_on, span.ends_on) if day]
    return Content(
        label="draft",
        uid=f"plan-{document.pk}",
        title=document.title,
        short_title=document.title,
        doc_no=document.doc_no,
        office=document.issuer,
        starts_on=min(days, default=document.issued_on),
        ends_on=max(days, default=None),
        phases=spans,
        jobs=jobs,
        reports=[
            Reporting(
                f"item-{item.pk}", item.data["who"], item.data["to"], item.data["when"], item.data["rrule"],
                people.named(item.data["who"]),
            )
            for item in items
            if item.kind == PlanItem.Kind.REPORT
        ],
        targets=[item.data["text"] for item in items if item.kind == PlanItem.Kind.TARGET],
    )  # fmt: skip


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _draft_units(names: Iterable[str], known: dict[str, PlanUnit], bodies: Bodies) -> list[Unit]:
    units = []
    for name in names:
        unit = known.get(normalize_unit(name))
        if unit is None or not unit.is_matched:
            # Not identified yet: it stands as printed, among the departments.
            units.append(Unit((0, "~", 0), f"n{name}", name, name))
        else:
            units += [unit_of(body) for body in bodies.expand(unit)]
    return units


class _People:
    """Which bodies the words of a reporting rule mean, with one look at the directory for all of them."""

    def __init__(self, bodies: Bodies) -> None:
        self.bodies = bodies
        self.known: dict[str, str] | None = None

    def _directory(self) -> dict[str, str]:
        if self.known is None:
            choices = self.bodies.choices
            aliases = OrganizationAlias.objects.filter(organization__in=[body.pk for body in choices])
            self.known = {alias.key: f"o{alias.organization_id}" for alias in aliases}
            for body in choices:
                self.known |= {normalize_unit(name): f"o{body.pk}" for name in (body.name, body.short_name)}
        return self.known

    def named(self, who: str) -> frozenset[str]:
        """Keys of the units meant; none when the words name nobody in the directory."""
        found: set[str] = set()
        for name in filter(None, (part.strip() for part in _COMMA.split(who))):
            # 市住房和城乡建设局 is one name; 县区和乡镇 are two: the whole first, then its halves.
            meant = self._meant(name)
            found |= meant or {key for half in _AND.split(name) for key in self._meant(half.strip())}
        return frozenset(found)

    def _meant(self, name: str) -> set[str]:
        if collective := is_collective(name):
            return {f"o{body.pk}" for body in self.bodies.of_group(GROUPS[collective])}
        key = self._directory().get(normalize_unit(name)) if name else None
        return {key} if key else set()
