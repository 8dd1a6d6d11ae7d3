"""Figures of visits: how often, by whom, to how many; signed as they arrived, so the moment of receipt is the second limit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, QuerySet

from bihuan.inspections.kinds import OWN
from bihuan.inspections.models import Inspection, InspectionMember

from .base import Ask, Measure, Rows, Scope, register, register_filter
from .cube import from_cube

DIMENSIONS = frozenset({"kind", "department", "locality"})
_COLUMN = {"kind": "enterprise__kind_id", "department": "department_id", "locality": "locality_id"}


class Visits:
    """Visits, those without a finding, self-checks, the people sent and the enterprises reached."""

    def count(self, asks: Sequence[Ask], scope: Scope, moment: dt.datetime | None) -> list[Decimal | None]:
        found: list[Decimal | None] = [None] * len(asks)
        kept: dict[tuple[Any, ...], dict[str, int]] = {}
        if moment is None:
            kept_ones = [number for number, ask in enumerate(asks) if self._is_kept(ask)]
            for number, figures in zip(
                kept_ones, from_cube([asks[each] for each in kept_ones], scope), strict=True
            ):
                if figures is not None:
                    clean = asks[number].measure == "inspections.clean"
                    found[number] = Decimal(figures.inspected_clean if clean else figures.inspected)
        for number, ask in enumerate(asks):
            if found[number] is not None:
                continue
            if ask.measure == "inspections.enterprises" and ask.dimension and len(ask.values) > 1:
                # One enterprise may have been visited under several members: count it once.
                found[number] = Decimal(self._total(ask, scope, moment))
                continue
            key = (ask.measure, ask.since, ask.until, tuple(sorted(ask.filters.items())), ask.dimension)
            if key not in kept:
                kept[key] = self._totals(
                    Ask(ask.measure, ask.until, ask.since, ask.filters), ask.dimension, scope, moment
                )
            members = ask.values if ask.dimension else ("",)
            found[number] = Decimal(sum(kept[key].get(member, 0) for member in members))
        return found

    @staticmethod
    def _is_kept(ask: Ask) -> bool:
        return (
            ask.measure in ("inspections.visits", "inspections.clean")
            and not ask.filters
            and ask.dimension in ("", "locality", "department")
        )

    @staticmethod
    def _visits(ask: Ask, scope: Scope, moment: dt.datetime | None) -> QuerySet[Inspection]:
        rows = Inspection.objects.filter(scope.q(), inspected_on__lte=ask.until)
        if moment is not None:
            rows = rows.filter(received_at__lte=moment)
        if ask.since:
            rows = rows.filter(inspected_on__gte=ask.since)
        if chosen := ask.chosen("kind"):
            rows = rows.filter(enterprise__kind__in=chosen)
        if chosen := ask.chosen("visit"):
            rows = rows.filter(kind__in=chosen)
        match ask.measure:
            case "inspections.self_checks":
                rows = rows.filter(kind=Inspection.Kind.SELF_CHECK)
            case "inspections.enterprises":
                pass  # what an enterprise found itself was looked for as well
            case _:
                rows = rows.exclude(kind__in=OWN)
        if ask.measure == "inspections.clean":
            rows = rows.filter(is_clean=True)
        if ask.dimension:
            rows = rows.filter(**{f"{_COLUMN[ask.dimension]}__in": ask.values})
        return rows

    def _counted(self, ask: Ask, scope: Scope, moment: dt.datetime | None) -> tuple[QuerySet[Any], Any, str]:
        rows = self._visits(ask, scope, moment).order_by()
        if ask.measure == "inspections.people":
            return InspectionMember.objects.filter(inspection__in=rows), Count("pk"), "inspection__"
        if ask.measure == "inspections.enterprises":
            return rows, Count("enterprise", distinct=True), ""
        return rows, Count("pk"), ""

    def _total(self, ask: Ask, scope: Scope, moment: dt.datetime | None) -> int:
        rows, counted, _ = self._counted(ask, scope, moment)
        return int(rows.aggregate(total=counted)["total"] or 0)

    def _totals(self, ask: Ask, dimension: str, scope: Scope, moment: dt.datetime | None) -> dict[str, int]:
        if not dimension:
            return {"": self._total(ask, scope, moment)}
        rows, counted, prefix = self._counted(ask, scope, moment)
        column = prefix + _COLUMN[dimension]
        return {str(row[column]): row["total"] for row in rows.values(column).annotate(total=counted)}

    def rows(self, ask: Ask, scope: Scope, moment: dt.datetime) -> Rows | None:
        visits = self._visits(ask, scope, moment)
        amount: Any = lambda row: Decimal(1)  # noqa: E731
        if ask.measure == "inspections.people":
            visits = visits.annotate(people=Count("members"))
            amount = lambda row: Decimal(row.people)  # noqa: E731
        if ask.measure == "inspections.enterprises":
            first = visits.order_by("enterprise", "pk").values("enterprise").annotate(first=Min("pk"))
            visits = Inspection.objects.filter(pk__in=first.values("first"))
        return Rows(
            visits.select_related("enterprise", "locality", "organization"), ("-inspected_on", "-id"),
            (
                ("类别", lambda row: row.get_kind_display()), ("检查单位", lambda row: row.organization.short_name),
                ("乡镇（街道）", lambda row: row.locality.name), ("检查日期", lambda row: row.inspected_on),
                ("发现隐患", lambda row: row.hazard_count),
            ),
            lambda row: row.get_absolute_url(), lambda row: row.enterprise.name, amount,
        )  # fmt: skip


VISITS = Visits()
_FILTERS = frozenset({"kind", "visit"})
register(
    Measure("inspections.visits", "检查次数", "次", "时段内的监督检查次数，不含企业自查和随瓶安检。", VISITS, _FILTERS, DIMENSIONS),
    Measure("inspections.clean", "未发现隐患的检查", "次", "时段内监督检查中经查没有隐患、留有记录的次数。", VISITS, _FILTERS, DIMENSIONS),
    Measure("inspections.people", "出动检查人次", "人次", "时段内监督检查参加人员人次之和。", VISITS, _FILTERS, DIMENSIONS),
    Measure("inspections.self_checks", "企业自查次数", "次", "时段内企业自查次数。", VISITS, frozenset({"kind"}), DIMENSIONS),
    Measure("inspections.enterprises", "排查单位", "家", "时段内受过检查或者自查过的单位，一家只算一次。", VISITS, _FILTERS, DIMENSIONS, additive=False),
)  # fmt: skip
register_filter(
    "visit", "检查类别", lambda: [(key, label) for key, label in Inspection.Kind.choices if key not in OWN]
)
