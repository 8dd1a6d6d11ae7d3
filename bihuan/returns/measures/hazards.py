"""Figures of the ledger. Flows and stocks come from the tally cube; rows, and what no cells are kept for, from the lines.

The state of a hazard on a day, as it had been entered by a moment, is that of its last line by both limits. A flow is
the state at the end less the state before the beginning, so a row may also take away (a dismissal, a reopening).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.utils import timezone

from bihuan.hazards import asof
from bihuan.hazards.models import Hazard, HazardQuerySet, HazardTransition, MajorPlan, Rectification
from bihuan.hazards.workflow import Level, Move, Status
from bihuan.tally.figures import NOTHING, Figures

from .base import Ask, Measure, Rows, Scope, register, register_filter
from .cube import from_cube, sum_of
from .lines import figures_as_of

DIMENSIONS = frozenset({"kind", "department", "locality", "source"})
_COLUMN = {
    "kind": "kind_id",
    "department": "department_id",
    "locality": "locality_id",
    "source": "source",
    "level": "level",
}
PARTS = {
    "goals": "目标任务",
    "funding": "经费物资",
    "staffing": "机构人员",
    "schedule": "时间要求",
    "safety": "安全措施应急预案",
}


def _values_q(ask: Ask, scope: Scope, prefix: str = "") -> Q:
    """Whose hazards: the scope, the filters by column, and the members of the dimension."""
    query = scope.q(prefix)
    for name in ("kind", "source"):
        if chosen := ask.chosen(name):
            query &= Q(**{f"{prefix}{_COLUMN[name]}__in": chosen})
    if ask.dimension:
        query &= Q(**{f"{prefix}{_COLUMN[ask.dimension]}__in": ask.values})
    return query


# --- the cube -----------------------------------------------------------------------------------------------


def _from_figures(ask: Ask, figures: Figures) -> Decimal:
    """What the measure makes of the counted things."""
    level = ask.chosen("level")
    major, general = Level.MAJOR in level, Level.GENERAL in level
    match ask.measure:
        case "hazards.closed_late":
            return Decimal(figures.closed_late)
        case "hazards.found":
            whole, part = figures.found, figures.found_major
        case "hazards.closed":
            whole, part = figures.closed, figures.closed_major
        case "hazards.open":
            whole, part = figures.open, figures.open_major
        case _:
            whole, part = figures.overdue, figures.overdue_major
    if major == general:
        return Decimal(whole)
    return Decimal(part if major else whole - part)


class Counted:
    """Found, closed, open, overdue: what the cube keeps."""

    def count(self, asks: Sequence[Ask], scope: Scope, moment: dt.datetime | None) -> list[Decimal | None]:
        found: list[Decimal | None] = [None] * len(asks)
        if moment is None:
            for number, figures in enumerate(from_cube(asks, scope)):
                if figures is not None:
                    found[number] = _from_figures(asks[number], figures)
        left: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for number, ask in enumerate(asks):
            if found[number] is None:
                left[ask.since, ask.until, ask.dimension, ask.chosen("kind"), ask.chosen("source")].append(
                    number
                )
        for numbers in left.values():
            self._by_lines([asks[each] for each in numbers], numbers, scope, moment, found)
        return found

    @staticmethod
    def _by_lines(
        asks: list[Ask],
        numbers: list[int],
        scope: Scope,
        moment: dt.datetime | None,
        found: list[Decimal | None],
    ) -> None:
        """What no cells are kept for, or as of a moment: from the lines, one statement for what shares a window."""
        first = asks[0]
        by_member = figures_as_of(
            scope, first.since, first.until, moment or timezone.now(), column=_COLUMN.get(first.dimension, ""),
            kinds=first.chosen("kind"), sources=first.chosen("source"),
        )  # fmt: skip
        for ask, number in zip(asks, numbers, strict=True):
            members = ask.values if ask.dimension else ("",)
            figures = sum_of(by_member.get(member, NOTHING) for member in members)
            found[number] = _from_figures(ask, figures)

    def rows(self, ask: Ask, scope: Scope, moment: dt.datetime) -> Rows | None:
        return hazard_rows(_signed_rows(ask, scope, moment), lambda row: Decimal(row.amount))


# --- the lines ----------------------------------------------------------------------------------------------


def _counted(ask: Ask, moment: dt.datetime) -> asof.Counted:
    """The question in the ledger's own words."""
    level = ask.chosen("level")
    since = None if ask.measure in STOCKS else ask.since
    state = _STATES[ask.measure]
    return asof.Counted(state, ask.until, since, level[0] if len(level) == 1 else "", moment)


def _signed_rows(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Hazard]:
    """The hazards behind a figure, each with the `amount` (1 or −1) it adds."""
    return asof.rows_counted(Hazard.objects.filter(_values_q(ask, scope)), _counted(ask, moment))


_STATES = {
    "hazards.found": "", "hazards.closed": "closed", "hazards.closed_late": "closed_late", "hazards.open": "open",
    "hazards.overdue": "overdue",
}  # fmt: skip
STOCKS = frozenset({"hazards.open", "hazards.overdue"})


def hazard_rows(queryset: QuerySet[Hazard], amount: Any = None) -> Rows:
    """How hazards are shown behind a figure."""
    return Rows(
        queryset.select_related("enterprise", "kind", "locality", "department"), ("-found_on", "-id"),
        (
            ("企业", lambda row: row.enterprise.name), ("对象类型", lambda row: row.kind.label),
            ("乡镇（街道）", lambda row: row.locality.name),
            ("主管部门", lambda row: row.department.short_name if row.department else "—"),
            ("等级", lambda row: row.get_level_display()), ("发现日期", lambda row: row.found_on),
            ("整改期限", lambda row: row.due_on or "—"), ("现在状态", lambda row: row.get_status_display()),
            ("销号日期", lambda row: row.closed_on or "—"),
        ),
        lambda row: row.get_absolute_url(), str, amount or (lambda row: Decimal(1)),
    )  # fmt: skip


# --- cohorts and what belongs to major hazards ----------------------------------------------------------------


class Direct:
    """Figures counted straight from rows: those found in a window and what has become of them by its end."""

    def count(self, asks: Sequence[Ask], scope: Scope, moment: dt.datetime | None) -> list[Decimal | None]:
        now = moment or timezone.now()
        kept: dict[tuple[Any, ...], dict[str, Decimal]] = {}
        found: list[Decimal | None] = []
        for ask in asks:
            key = (ask.measure, ask.since, ask.until, tuple(sorted(ask.filters.items())), ask.dimension)
            if key not in kept:
                whole = Ask(ask.measure, ask.until, ask.since, ask.filters)
                rows = self._rows(whole, scope, now).order_by()
                total = Sum(self._added(ask), default=0)
                if ask.dimension:
                    column = self._column(ask)
                    kept[key] = {
                        str(row[column]): Decimal(row["total"])
                        for row in rows.values(column).annotate(total=total)
                    }
                else:
                    kept[key] = {"": Decimal(rows.aggregate(total=total)["total"])}
            members = ask.values if ask.dimension else ("",)
            value = sum((kept[key].get(member, Decimal(0)) for member in members), Decimal(0))
            found.append(value / 10_000 if ask.measure == "hazards.funds" else value)
        return found

    @staticmethod
    def _column(ask: Ask) -> str:
        prefix = "hazard__" if ask.measure == "hazards.funds" else ""
        return prefix + _COLUMN[ask.dimension]

    @staticmethod
    def _added(ask: Ask) -> Any:
        return F("funds_spent") if ask.measure == "hazards.funds" else Value(1)

    def _rows(self, ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
        if ask.measure == "hazards.funds":
            level = ask.chosen("level")
            money = Rectification.objects.filter(
                _values_q(ask, scope, "hazard__"), funds_spent__gt=0, finished_on__lte=ask.until, at__lte=moment
            )  # fmt: skip
            if ask.since:
                money = money.filter(finished_on__gte=ask.since)
            return money.filter(hazard__level__in=level) if level else money
        rows = Hazard.objects.filter(_values_q(ask, scope), found_on__lte=ask.until, found_at__lte=moment)
        if ask.measure == "hazards.due":
            chosen = ask.chosen("level")
            only = chosen[0] if len(chosen) == 1 else ""
            return asof.falling_due(rows, ask.since, ask.until, moment, level=only)
        if ask.since and ask.measure != "hazards.controlled":
            rows = rows.filter(found_on__gte=ask.since)
        match ask.measure:
            case "hazards.found_then":
                return asof.still_found(_graded(rows, ask, moment), ask.until, moment)
            case "hazards.found_closed":
                return asof.closed_by(_graded(rows, ask, moment), ask.until, moment)
            case "hazards.controlled":
                still = rows.exclude(status=Status.CLOSED, closed_on__lte=ask.until, closed_at__lte=moment)
                held = asof.under_control(_graded(still, ask, moment), ask.until, moment)
                return asof.rows_counted(held, asof.Counted("open", ask.until, moment=moment))
            case "hazards.supervised":
                last = HazardTransition.objects.filter(
                    hazard=OuterRef("pk"), at__lte=moment, counted_on__lte=ask.until,
                    move__in=[Move.PLACE_UNDER_SUPERVISION, Move.LIFT_SUPERVISION],
                ).order_by("-id")  # fmt: skip
                placed = rows.filter(
                    transitions__move=Move.PLACE_UNDER_SUPERVISION, transitions__at__lte=moment
                )
                placed = placed.annotate(last_move=Subquery(last.values("move")[:1])).distinct()
                return placed.filter(last_move=Move.PLACE_UNDER_SUPERVISION)
        plans = MajorPlan.objects.filter(hazard=OuterRef("pk"), at__lte=moment)
        plans = plans.filter(at__date__lte=ask.until)
        for part in PARTS if "all" in ask.chosen("part") else ask.chosen("part"):
            plans = plans.exclude(**{part: ""})
        major = asof.is_major_then(rows.filter(Exists(plans)), ask.until, moment)
        return major.exclude(pk__in=asof.closed_by(major, ask.until, moment).values("pk"))

    def rows(self, ask: Ask, scope: Scope, moment: dt.datetime) -> Rows | None:
        found = self._rows(ask, scope, moment)
        if ask.measure != "hazards.funds":
            return hazard_rows(found)
        spent = found.filter(hazard=OuterRef("pk")).order_by().values("hazard").annotate(x=Sum("funds_spent"))
        hazards = Hazard.objects.filter(pk__in=found.values("hazard"))
        hazards = hazards.annotate(spent=Subquery(spent.values("x")[:1]))
        shown = hazard_rows(hazards, lambda row: Decimal(row.spent or 0) / 10_000)
        money = ("投入（元）", lambda row: row.spent)
        return Rows(
            shown.queryset,
            shown.order,
            (*shown.columns[:4], money),
            shown.address,
            shown.title,
            shown.amount,
        )


def _graded(rows: HazardQuerySet, ask: Ask, moment: dt.datetime) -> HazardQuerySet:
    """Of that grade at the end of the window, if one is asked for."""
    level = ask.chosen("level")
    return asof.graded(rows, level[0], ask.until, moment) if len(level) == 1 else rows


COUNTED, DIRECT = Counted(), Direct()
_LEVELLED = frozenset({"level", "kind", "source"})
_NO_LEVEL = frozenset({"kind", "source"})

register(
    Measure("hazards.found", "查出隐患", "项", "时段内登记并属实的隐患，当期认定不属实的从中减去。", COUNTED, _LEVELLED, DIMENSIONS),
    Measure("hazards.closed", "整改销号隐患", "项", "时段内销号的隐患，不论何时发现；销号后反弹重开的从中减去。", COUNTED, _LEVELLED, DIMENSIONS),
    Measure("hazards.closed_late", "逾期后整改隐患", "项", "时段内销号、销号日晚于整改期限的隐患。", COUNTED, _NO_LEVEL, DIMENSIONS),
    Measure("hazards.open", "未整改隐患", "项", "时段末仍未销号的隐患（存量）。", COUNTED, _LEVELLED, DIMENSIONS, is_stock=True),
    Measure("hazards.overdue", "逾期未整改隐患", "项", "时段末已过整改期限、仍在整改环节的隐患（存量），期限当日不算逾期。", COUNTED, _LEVELLED, DIMENSIONS, is_stock=True),
    Measure("hazards.found_then", "时段内查出的隐患", "项", "发现日期在时段内、时段末未认定为不属实的隐患，等级按时段末。", DIRECT, _LEVELLED, DIMENSIONS),
    Measure("hazards.found_closed", "时段内查出并已整改的隐患", "项", "发现日期在时段内、到时段末已销号的隐患，不会多于同期查出数。", DIRECT, _LEVELLED, DIMENSIONS),
    Measure("hazards.due", "到期隐患", "项", "整改期限在时段内的隐患，期限按时段末有效的（批准的延期算在内），认定不属实的不算。", DIRECT, _LEVELLED, DIMENSIONS),
    Measure("hazards.controlled", "未整改已管控隐患", "项", "时段末未销号、当时已有管控措施的隐患：登记时写明临时管控措施，或者批准的延期写明期间怎样管控，或者治理方案经审查同意、写明安全措施。", DIRECT, _LEVELLED, DIMENSIONS, is_stock=True),
    Measure("hazards.planned", "列入治理计划的重大隐患", "项", "时段内查出、时段末为重大隐患、到时段末已报送治理方案且还没有销号的；可限定方案中已填明的部分（五落实）。", DIRECT, frozenset({"kind", "source", "part"}), DIMENSIONS),
    Measure("hazards.supervised", "挂牌督办的隐患", "项", "时段内查出、时段末仍挂牌督办的隐患。", DIRECT, _NO_LEVEL, DIMENSIONS),
    Measure("hazards.funds", "隐患治理资金", "万元", "时段内完成整改时填报的实际投入之和。", DIRECT, _LEVELLED, DIMENSIONS),
)  # fmt: skip
register_filter("level", "隐患等级", lambda: Level.choices)
register_filter("source", "隐患来源", lambda: Hazard.Source.choices)
register_filter("part", "方案内容", lambda: [("all", "五项齐全（五到位）"), *PARTS.items()])
