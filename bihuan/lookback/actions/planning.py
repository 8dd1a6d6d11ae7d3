"""What a round would draw from and how much: strata of closed hazards or of places nobody went to, sizes from
confidence and margin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.scope import area_q
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.hazards.models import Hazard, HazardQuerySet, HazardTransition
from bihuan.hazards.workflow import Status
from bihuan.inspections.models import Inspection
from bihuan.inspections.queries import official_visits, unvisited
from bihuan.registry.models import Enterprise, EnterpriseKind, EnterpriseQuerySet
from bihuan.rules import sampling
from bihuan.rules.accidents import months_before
from bihuan.rules.risk import risk_colour

from ..models import LookbackRound
from ..workflow import HITS, JUDGED, STRATA, RoundStatus, Stratify, Target

MOST = 200_000
COLUMN = {
    Stratify.KIND: "kind_id", Stratify.INSPECTOR: "closer", Stratify.UNIT: "reviewing_organization_id",
    Stratify.RISK: "enterprise__risk", Stratify.LOCALITY: "locality_id", Stratify.DEPARTMENT: "department_id",
}  # fmt: skip
COLUMN_OF_PLACES = {
    Stratify.KIND: "kind_id", Stratify.RISK: "risk", Stratify.LOCALITY: "locality_id",
    Stratify.DEPARTMENT: "department_id", Stratify.VISITED: "seen",
}  # fmt: skip
NEVER, LONG = "never", "long"
SEEN = {NEVER: "从未检查", LONG: "久未检查"}
MONTHS = (0, 6, 12, 24, 36)


@dataclass(frozen=True)
class Plan:
    """What a round would be: its strata with names, how many they hold and how many would be drawn."""

    members: dict[str, list[str]]
    names: dict[str, str]
    counts: dict[str, int]
    wanted: int

    @property
    def population(self) -> int:
        return sum(len(ids) for ids in self.members.values())

    @property
    def size(self) -> int:
        return sum(self.counts.values())

    @property
    def rows(self) -> list[tuple[str, str, int, int]]:
        """(key, name, how many there are, how many are drawn)."""
        return [
            (key, self.names[key], len(self.members[key]), self.counts[key]) for key in sorted(self.members)
        ]


def closed_hazards(
    body: Organization,
    region: Region,
    closed_from: dt.date,
    closed_to: dt.date,
    *,
    campaign: Campaign | None = None,
) -> HazardQuerySet:
    """Hazards closed in the period in the region and still closed; of a department only those of its line."""
    rows = Hazard.objects.filter(
        area_q(region.code), status=Status.CLOSED, closed_on__gte=closed_from, closed_on__lte=closed_to
    )
    if body.kind == Organization.Kind.DEPARTMENT:
        rows = rows.filter(department=body)
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    return rows


def blind_spots(
    body: Organization, region: Region, months: int, *, campaign: Campaign | None = None
) -> EnterpriseQuerySet:
    """Supervised places of the region no authority has inspected for so many months, or (0) ever (监管盲区, R099); of a
    department its own line, of a campaign what its tasks cover."""
    since = months_before(timezone.localdate(), months) if months else None
    rows = unvisited(Enterprise.objects.supervised().filter(area_q(region.code)), since)
    if body.kind == Organization.Kind.DEPARTMENT:
        rows = rows.filter(department=body)
    if campaign is not None:
        covered = Q(pk__in=())
        for task in campaign.tasks.live().select_related("campaign"):
            covered |= Q(pk__in=task.covered_enterprises().order_by().values("pk"))
        rows = rows.filter(covered)
    return rows


def with_seen(rows: EnterpriseQuerySet) -> EnterpriseQuerySet:
    """Places with whether anybody ever inspected them."""
    ever = Exists(official_visits(Inspection.objects.filter(enterprise=OuterRef("pk"))))
    return rows.annotate(seen=Case(When(ever, then=Value(LONG)), default=Value(NEVER)))


def with_closer(rows: HazardQuerySet) -> HazardQuerySet:
    """Hazards with who closed them last."""
    last = HazardTransition.objects.filter(hazard=OuterRef("pk"), to_status=Status.CLOSED).order_by("-id")
    return rows.annotate(closer=Subquery(last.values("by")[:1]))


def plan_round(
    body: Organization,
    region: Region,
    *,
    stratify: str,
    confidence: int,
    margin: Decimal,
    expected: Decimal,
    minimum: int,
    method: str,
    target: str = Target.CLOSED,
    closed_from: dt.date | None = None,
    closed_to: dt.date | None = None,
    unseen_months: int | None = None,
    campaign: Campaign | None = None,
) -> Plan:
    """What would be drawn: sizes from confidence and margin, spread over the strata. Raises Refused."""
    if target not in Target.values or stratify not in STRATA[target]:
        raise Refused("请选择抽什么、按什么分层")
    if target == Target.BLIND:
        found = _places(body, region, unseen_months, stratify, campaign)
    else:
        found = _hazards(body, region, closed_from, closed_to, stratify, campaign)
    members: dict[str, list[str]] = {}
    for pk, value in found:
        members.setdefault(str(value or ""), []).append(str(pk))
    try:
        wanted = sampling.sample_size(
            len(found), confidence=confidence, margin=float(margin) / 100, expected=float(expected) / 100
        )
        counts = sampling.allocate(
            {key: len(ids) for key, ids in members.items()}, wanted, method=method, minimum=minimum,
            expected=_earlier_rates(body, target, stratify),
        )  # fmt: skip
    except sampling.SampleError as error:
        raise Refused(str(error)) from error
    return Plan(members, _names(stratify, members), counts, wanted)


def _hazards(
    body: Organization,
    region: Region,
    closed_from: dt.date | None,
    closed_to: dt.date | None,
    stratify: str,
    campaign: Campaign | None,
) -> list[tuple[int, object]]:
    if closed_from is None or closed_to is None:
        raise Refused("请填写销号日期的起止")
    if closed_to < closed_from:
        raise Refused("销号日期的止早于起，请核对")
    rows = closed_hazards(body, region, closed_from, closed_to, campaign=campaign)
    if stratify == Stratify.INSPECTOR:
        rows = with_closer(rows)
    found = _first(rows, COLUMN[Stratify(stratify)])
    if not found:
        raise Refused("这段时间、这个范围里没有销号的隐患，请放宽日期或者范围")
    if len(found) > MOST:
        raise Refused(f"符合条件的隐患超过 {MOST:,} 条，请缩短日期或者缩小范围")
    return found


def _places(
    body: Organization, region: Region, months: int | None, stratify: str, campaign: Campaign | None
) -> list[tuple[int, object]]:
    if months not in MONTHS:
        raise Refused("请选择多久没有检查的算监管盲区")
    rows = blind_spots(body, region, months, campaign=campaign)
    if stratify == Stratify.VISITED:
        rows = with_seen(rows)
    found = _first(rows, COLUMN_OF_PLACES[Stratify(stratify)])
    if not found:
        raise Refused(
            "这个范围里没有监管盲区：登记在册、在营或者停业的对象都检查过；请改短没有检查的时间或者扩大范围"
        )
    if len(found) > MOST:
        raise Refused(f"符合条件的对象超过 {MOST:,} 家，请缩小范围")
    return found


def _first(rows: QuerySet[Any, Any], column: str) -> list[tuple[int, object]]:
    return list(rows.order_by("pk").values_list("pk", column)[: MOST + 1])


def _earlier_rates(body: Organization, target: str, stratify: str) -> dict[str, float]:
    """Rates by stratum in the body's last round of the same kind and strata, for Neyman's allocation."""
    rounds = LookbackRound.objects.filter(
        organization=body, target=target, stratify=stratify, status=RoundStatus.FINISHED
    )
    last = rounds.order_by("-id").first()
    if last is None:
        return {}
    rates: dict[str, list[int]] = {}
    for key, status in last.checks.filter(status__in=JUDGED).values_list("stratum__key", "status"):
        rates.setdefault(key, []).append(status in HITS)
    return {key: (sum(hits) + 0.5) / (len(hits) + 1) for key, hits in rates.items()}


def _names(stratify: str, keys: Iterable[str]) -> dict[str, str]:
    known = [key for key in keys if key]
    names: dict[str, str]
    match stratify:
        case Stratify.KIND:
            names = dict(EnterpriseKind.objects.filter(pk__in=known).values_list("pk", "label"))
        case Stratify.INSPECTOR:
            people = User.objects.filter(pk__in=known).values_list("pk", "full_name")
            names = {str(pk): name for pk, name in people}
        case Stratify.VISITED:
            names = SEEN
        case Stratify.UNIT | Stratify.DEPARTMENT:
            bodies = Organization.objects.filter(pk__in=known).values_list("pk", "short_name")
            names = {str(pk): name for pk, name in bodies}
        case Stratify.RISK:
            names = {key: f"{risk_colour(key).label}风险" for key in known}
        case _:
            names = dict(Region.objects.filter(pk__in=known).values_list("pk", "name"))
    return {key: names.get(key) or "未登记" for key in keys}
