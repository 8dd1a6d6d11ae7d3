"""What a round would draw from and how much: strata of closed hazards, sizes from confidence and margin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import OuterRef, Subquery

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.scope import area_q
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.hazards.models import Hazard, HazardQuerySet, HazardTransition
from bihuan.hazards.workflow import Status
from bihuan.registry.models import EnterpriseKind
from bihuan.rules import sampling
from bihuan.rules.risk import risk_colour

from ..models import LookbackRound
from ..workflow import JUDGED, CheckStatus, RoundStatus, Stratify

MOST = 200_000
COLUMN = {
    Stratify.KIND: "kind_id", Stratify.INSPECTOR: "closer", Stratify.UNIT: "reviewing_organization_id",
    Stratify.RISK: "enterprise__risk", Stratify.LOCALITY: "locality_id",
}  # fmt: skip


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


def with_closer(rows: HazardQuerySet) -> HazardQuerySet:
    """Hazards with who closed them last."""
    last = HazardTransition.objects.filter(hazard=OuterRef("pk"), to_status=Status.CLOSED).order_by("-id")
    return rows.annotate(closer=Subquery(last.values("by")[:1]))


def plan_round(
    body: Organization,
    region: Region,
    *,
    closed_from: dt.date,
    closed_to: dt.date,
    stratify: str,
    confidence: int,
    margin: Decimal,
    expected: Decimal,
    minimum: int,
    method: str,
    campaign: Campaign | None = None,
) -> Plan:
    """What would be drawn: sizes from confidence and margin, spread over the strata. Raises Refused."""
    if closed_to < closed_from:
        raise Refused("销号日期的止早于起，请核对")
    rows = closed_hazards(body, region, closed_from, closed_to, campaign=campaign)
    column = COLUMN[Stratify(stratify)]
    if stratify == Stratify.INSPECTOR:
        rows = with_closer(rows)
    found = list(rows.order_by("pk").values_list("pk", column)[: MOST + 1])
    if not found:
        raise Refused("这段时间、这个范围里没有销号的隐患，请放宽日期或者范围")
    if len(found) > MOST:
        raise Refused(f"符合条件的隐患超过 {MOST:,} 条，请缩短日期或者缩小范围")
    members: dict[str, list[str]] = {}
    for pk, value in found:
        members.setdefault(str(value or ""), []).append(str(pk))
    try:
        wanted = sampling.sample_size(
            len(found), confidence=confidence, margin=float(margin) / 100, expected=float(expected) / 100
        )
        counts = sampling.allocate(
            {key: len(ids) for key, ids in members.items()}, wanted, method=method, minimum=minimum,
            expected=_earlier_rates(body, stratify),
        )  # fmt: skip
    except sampling.SampleError as error:
        raise Refused(str(error)) from error
    return Plan(members, _names(stratify, members), counts, wanted)


def _earlier_rates(body: Organization, stratify: str) -> dict[str, float]:
    """Rebound rates by stratum in the body's last round of the same strata, for Neyman's allocation."""
    rounds = LookbackRound.objects.filter(organization=body, stratify=stratify, status=RoundStatus.FINISHED)
    last = rounds.order_by("-id").first()
    if last is None:
        return {}
    rates: dict[str, list[int]] = {}
    for key, status in last.checks.filter(status__in=JUDGED).values_list("stratum__key", "status"):
        rates.setdefault(key, []).append(status == CheckStatus.REBOUNDED)
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
        case Stratify.UNIT:
            bodies = Organization.objects.filter(pk__in=known).values_list("pk", "short_name")
            names = {str(pk): name for pk, name in bodies}
        case Stratify.RISK:
            names = {key: f"{risk_colour(key).label}风险" for key in known}
        case _:
            names = dict(Region.objects.filter(pk__in=known).values_list("pk", "name"))
    return {key: names.get(key) or "未登记" for key in keys}
