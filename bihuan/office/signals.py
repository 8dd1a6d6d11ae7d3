"""What the system's own rows say about conduct: offered with the rows behind it; whether to look is a person's to decide."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import F, Q
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.duties.models import Duty
from bihuan.lookback.models import LookbackCheck
from bihuan.returns.models import Return

from .models import AskedMatter, AskedTransition, ConductMatter
from .shipped import SignalRule, signal_rules
from .workflow import AskedMove, AskedStatus, Misconduct

MOST_ROWS = 20
MOST_READ = 4000
OFFICIAL = (Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY)


@dataclass
class Signal:
    """One body or officer about whom rows add up: how often, which rows, what one would ask about."""

    key: str
    label: str
    misconduct: str
    organization_id: int
    person_id: int | None
    rule: SignalRule
    count: int = 0
    rows: list[dict[str, str]] = field(default_factory=list)
    organization: Organization | None = None
    person: User | None = None

    def add(self, words: str, url: str, on: dt.date | None) -> None:
        """One more row behind the signal; the first rows are kept, all are counted."""
        self.count += 1
        if len(self.rows) < MOST_ROWS:
            self.rows.append({"words": words[:160], "url": url, "on": on.isoformat() if on else ""})

    @property
    def misconduct_label(self) -> str:
        return Misconduct(self.misconduct).label

    @property
    def sentence(self) -> str:
        """What the rows say, as the first words of a clue."""
        who = self.person.full_name if self.person else ""
        return f"{self.organization}{who}近 {self.rule.days} 天内{self.rule.label}：共 {self.count} 次。"


def signals(user: User, *, on: dt.date) -> list[Signal]:
    """The signals a person may take up in his area, most frequent first, without those looked into already."""
    areas = scope_of(user, Permission.INSPECT_CONDUCT).areas
    if not areas:
        return []
    own = {post.organization_id for post in user.posts}
    found: list[Signal] = []
    for rule in signal_rules(on):
        gathered = _READERS[rule.key](rule, areas, on)
        found += [
            each
            for each in gathered.values()
            if each.count >= rule.least and each.organization_id not in own and each.person_id != user.pk
        ]
    known = set(
        ConductMatter.objects.filter(
            signal__in=[each.key for each in found], opened_on__gte=on - dt.timedelta(days=180)
        ).values_list("signal", flat=True)
    )
    found = [each for each in found if each.key not in known]
    bodies = Organization.objects.in_bulk({each.organization_id for each in found})
    people = User.objects.in_bulk({each.person_id for each in found if each.person_id})
    for each in found:
        each.organization = bodies.get(each.organization_id)
        each.person = people.get(each.person_id) if each.person_id else None
    found = [each for each in found if each.organization is not None and each.organization.kind in OFFICIAL]
    return sorted(found, key=lambda each: (-each.count, each.key))


def signal_of(user: User, key: str, *, on: dt.date) -> Signal | None:
    """One signal by its key, if the person may still take it up."""
    return next((each for each in signals(user, on=on) if each.key == key), None)


def _of(
    found: dict[str, Signal], rule: SignalRule, organization_id: int, person_id: int | None = None
) -> Signal:
    key = f"{rule.key}:{organization_id}:{person_id or ''}"
    return found.setdefault(key, Signal(key, rule.label, rule.misconduct, organization_id, person_id, rule))


def _tasks(rule: SignalRule, areas: tuple[str, ...], on: dt.date) -> dict[str, Signal]:
    """Tasks of campaigns that went past their day, done too late or still open."""
    late = Q(status=Duty.Status.OPEN, paused_since=None) | Q(
        status=Duty.Status.DONE, closed_at__date__gt=F("due_on")
    )
    rows = Duty.objects.filter(
        areas_q(areas),
        late,
        kind=Duty.Kind.TASK,
        due_on__lt=on,
        due_on__gte=on - dt.timedelta(days=rule.days),
    ).order_by("-due_on", "id")
    found: dict[str, Signal] = {}
    for duty in rows[:MOST_READ]:
        _of(found, rule, duty.organization_id).add(
            f"{duty.title}（期限 {duty.due_on}）", duty.url, duty.due_on
        )
    return found


def _returns(rule: SignalRule, areas: tuple[str, ...], on: dt.date) -> dict[str, Signal]:
    """Returns that came in late."""
    rows = (
        Return.objects.filter(
            areas_q(areas), is_late=True, period__last__gte=on - dt.timedelta(days=rule.days)
        )
        .select_related("period__definition")
        .order_by("-period__last", "-id")
    )
    found: dict[str, Signal] = {}
    for row in rows[:MOST_READ]:
        _of(found, rule, row.organization_id).add(
            f"{row.period}迟报", row.get_absolute_url(), row.period.last
        )
    return found


def _rebounds(rule: SignalRule, areas: tuple[str, ...], on: dt.date) -> dict[str, Signal]:
    """Hazards one officer closed that were found again."""
    rows = (
        LookbackCheck.objects.rebounded()
        .filter(areas_q(areas), checked_on__gte=on - dt.timedelta(days=rule.days), closed_by__isnull=False)
        .select_related("hazard", "closed_by")
        .order_by("-checked_on", "-id")
    )
    found: dict[str, Signal] = {}
    bodies: dict[int, int | None] = {}
    for check in rows[:MOST_READ]:
        assert check.closed_by is not None
        person = check.closed_by
        if person.pk not in bodies:
            bodies[person.pk] = person.organization.pk if person.organization else None
        body = bodies[person.pk]
        if body is not None:
            _of(found, rule, body, person.pk).add(
                f"{check.hazard}", check.get_absolute_url(), check.checked_on
            )
    return found


def _asked(rule: SignalRule, areas: tuple[str, ...], on: dt.date) -> dict[str, Signal]:
    """Matters a body gave back, and matters late in its hands."""
    since = on - dt.timedelta(days=rule.days)
    found: dict[str, Signal] = {}
    matters = {
        matter.pk: matter
        for matter in AskedMatter.objects.filter(areas_q(areas), received_on__gte=since, bounces__gt=0)[
            :MOST_READ
        ]
    }
    handed: dict[int, int | None] = {}
    lines = AskedTransition.objects.filter(
        matter__in=list(matters), move__in=[AskedMove.HAND, AskedMove.HAND_BACK]
    )
    for line in lines.order_by("id"):
        if line.move == AskedMove.HAND:
            handed[line.matter_id] = line.handler_id
        elif (body := handed.get(line.matter_id)) is not None:
            matter = matters[line.matter_id]
            _of(found, rule, body).add(
                f"退回{matter}：{line.reason}", matter.get_absolute_url(), timezone.localdate(line.at)
            )
    late = AskedMatter.objects.filter(areas_q(areas), received_on__gte=since).filter(
        Q(due_on__lt=on) & ~Q(status=AskedStatus.CLOSED) | Q(told_on__gt=F("due_on"))
    )
    for matter in late.order_by("-id")[:MOST_READ]:
        _of(found, rule, matter.answering_id).add(
            f"逾期{matter}（期限 {matter.due_on}）", matter.get_absolute_url(), matter.due_on
        )
    return found


_READERS = {"task": _tasks, "return": _returns, "rebound": _rebounds, "asked": _asked}
