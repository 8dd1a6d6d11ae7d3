"""Findings as lists and figures: each figure is exactly a filter of the list; what comes back; feedback by level (R065)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Max, Min

from bihuan.accounts.models import Organization, User
from bihuan.accounts.scope import areas_q
from bihuan.core.http import row_number
from bihuan.rules import clocks

from ..models import OversightFinding, OversightRound
from ..models.findings import FindingQuerySet
from ..rhythm import months_back
from ..workflow import FindingStatus

STATES = {
    "open": "未销号",
    "overdue": "逾期未整改",
    "closed": "已销号（含台账销号）",
    **dict(FindingStatus.choices),
}


def findings_of(user: User, chosen: Mapping[str, str], *, on: dt.date) -> FindingQuerySet:
    """The findings a person may see, narrowed as the address says."""
    rows = OversightFinding.objects.visible_to(user)
    state = chosen.get("state", "")
    if state != FindingStatus.WITHDRAWN:
        rows = rows.live()
    if state == "open":
        rows = rows.unfinished()
    elif state == "overdue":
        rows = rows.overdue(on=on)
    elif state == "closed":
        rows = rows.closed()
    elif state in FindingStatus.values:
        rows = rows.filter(status=state)
    if chosen.get("level") in OversightFinding.Level.values:
        rows = rows.filter(level=chosen["level"])
    if pk := row_number(chosen.get("round", "")):
        rows = rows.filter(visit__round=pk)
    if pk := row_number(chosen.get("visit", "")):
        rows = rows.filter(visit=pk)
    if pk := row_number(chosen.get("owner", "")):
        rows = rows.filter(organization=pk)
    if chosen.get("code"):
        rows = rows.filter(code=chosen["code"])
    if chosen.get("origin") == "district":
        rows = rows.filter(district_visit__isnull=False)
    elif chosen.get("origin") == "round":
        rows = rows.filter(visit__isnull=False)
    elif chosen.get("origin") == "upper":
        rows = rows.filter(reception__isnull=False)
    if pk := row_number(chosen.get("reception", "")):
        rows = rows.filter(reception=pk)
    if chosen.get("region"):
        rows = rows.filter(areas_q((chosen["region"],)))
    if month := _month(chosen.get("month", "")):
        rows = rows.filter(found_on__year=month.year, found_on__month=month.month)
    return rows


def _month(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def standing(rows: FindingQuerySet, *, on: dt.date) -> dict[str, int]:
    """Found, closed, unfinished, overdue: each opens the rows it counts."""
    return {
        "found": rows.count(),
        "closed": rows.closed().count(),
        "open": rows.unfinished().count(),
        "overdue": rows.overdue(on=on).count(),
    }


@dataclass(frozen=True)
class Again:
    """The same sort of problem of the same body, more than once in the look-back."""

    organization: Organization
    code: str
    category: str
    count: int
    first: dt.date
    last: dt.date


def since(on: dt.date) -> dt.date:
    """From when on problems are counted as coming back."""
    return months_back(on, clocks.limit("oversight.recurrent_months", on))


def recurrent(user: User, *, on: dt.date, limit: int = 200) -> list[Again]:
    """What was found again at the same body within the look-back, on different days, most often first."""
    rows = (
        OversightFinding.objects.visible_to(user)
        .live()
        .filter(found_on__gte=since(on), organization__isnull=False)
        .order_by()
        .values("organization", "code", "category")
        .annotate(
            count=Count("pk"),
            days=Count("found_on", distinct=True),
            first=Min("found_on"),
            last=Max("found_on"),
        )
        .filter(days__gte=2)
        .order_by("-count", "-last", "organization", "code")[:limit]
    )
    found = list(rows)
    bodies = Organization.objects.in_bulk([row["organization"] for row in found])
    return [
        Again(
            bodies[row["organization"]],
            row["code"],
            row["category"],
            row["count"],
            row["first"],
            row["last"],
        )
        for row in found
    ]


def earlier(finding: OversightFinding, user: User) -> list[OversightFinding]:
    """The same sort of problem of the same body, found before within the look-back."""
    if finding.organization_id is None:
        return []
    rows = (
        OversightFinding.objects.visible_to(user)
        .live()
        .filter(
            organization=finding.organization_id,
            code=finding.code,
            found_on__gte=since(finding.found_on),
            found_on__lte=finding.found_on,
        )
        .exclude(pk=finding.pk)
    )
    return list(rows.order_by("-found_on", "-pk")[:10])


@dataclass
class Feedback:
    """What one body is told of a round: its problems by level, each with its deadline, and what was good (R065)."""

    organization: Organization
    levels: dict[str, list[OversightFinding]] = field(default_factory=dict)
    praise: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(len(rows) for rows in self.levels.values())

    @property
    def findings(self) -> list[OversightFinding]:
        """All of them, in the order of levels."""
        return [each for _, rows in self.parts for each in rows]

    @property
    def parts(self) -> list[tuple[str, list[OversightFinding]]]:
        """(层面, problems) in the order of levels, those without any left out."""
        return [
            (label, self.levels[value])
            for value, label in OversightFinding.Level.choices
            if self.levels.get(value)
        ]

    @property
    def sentence(self) -> str:
        """政府层面2项、部门层面1项、企业层面3项."""
        return "、".join(f"{label}{len(rows)}项" for label, rows in self.parts)


def feedback_of(row: OversightRound, user: User) -> list[Feedback]:
    """A round's findings as what each body is told, by body: localities are told of everything found there, departments
    of what is theirs. Offered to whoever makes papers of it."""
    findings = (
        OversightFinding.objects.visible_to(user)
        .live()
        .filter(visit__round=row)
        .exclude(status=FindingStatus.RECORDED)
        .select_related("organization", "enterprise", "visit__organization", "hazard")
        .order_by("level", "due_on", "pk")
    )
    found: dict[int, Feedback] = {}
    for each in findings:
        assert each.visit is not None
        told = {each.visit.organization.pk: each.visit.organization}
        if each.organization is not None:
            told[each.organization.pk] = each.organization
        for pk, body in told.items():
            entry = found.setdefault(pk, Feedback(body))
            entry.levels.setdefault(each.level, []).append(each)
    for visit in row.visits.exclude(praise="").select_related("organization"):
        entry = found.setdefault(visit.organization_id, Feedback(visit.organization))
        entry.praise.append(visit.praise)
    return sorted(
        found.values(),
        key=lambda each: (each.organization.kind, each.organization.region_id, each.organization.pk),
    )


def by_level(rows: Iterable[OversightFinding]) -> list[tuple[str, str, int]]:
    """How many problems of each level: (value, label, count)."""
    counts = dict.fromkeys(OversightFinding.Level.values, 0)
    for each in rows:
        counts[each.level] += 1
    return [(value, label, counts[value]) for value, label in OversightFinding.Level.choices]
