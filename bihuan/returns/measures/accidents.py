"""The four indicators of accidents (起数、死亡、重伤、直接经济损失), from the lines that say what each counted as since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from bihuan.accidents.models import Accident, AccidentFigure, ControlNumber
from bihuan.accidents.workflow import Grade, Kind
from bihuan.rules import accidents as rules

from .base import Ask, Measure, Rows, Scope, register, register_filter
from .plain import Plain, within

_DIMENSIONS = {"department": "department_id", "locality": "locality_id"}


def _figures(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    """What each accident of the window counted as at the moment; production accidents unless others are asked for."""
    rows = (
        AccidentFigure.objects.as_of(moment)
        .counted()
        .filter(scope.q(campaign=False), **within(ask, "occurred_on"))
    )
    if not ask.chosen("accident_scope"):
        rows = rows.filter(is_production=True)
    if groups := ask.chosen("accident_group"):
        rows = rows.filter(kind__in=[kind for group in groups for kind in rules.kinds_of(group)])
    if grades := ask.chosen("accident_grade"):
        rows = rows.filter(grade__in=grades)
    return rows


_KEPT = ("occurred_on", "kind", "grade", "deaths", "serious", "loss")


def _show(rows: QuerySet[Any], *, summed: str = "") -> Rows:
    """The accidents with what each counted as then (`then_…`): what was added or corrected since is not in the figure."""
    if summed:
        rows = rows.filter(**{f"{summed}__gt": 0})
    own = rows.filter(accident=OuterRef("pk")).order_by()
    behind = Accident.objects.filter(pk__in=rows.values("accident")).annotate(
        **{f"then_{name}": Subquery(own.values(name)[:1]) for name in _KEPT}
    )
    return Rows(
        behind.select_related("locality", "county", "enterprise"), ("-occurred_at", "-id"),
        (
            ("类别", lambda row: Kind(row.then_kind).label), ("发生日期", lambda row: row.then_occurred_on),
            ("地点", lambda row: row.place), ("等级", lambda row: Grade(row.then_grade).label),
            ("死亡（人）", lambda row: row.then_deaths), ("重伤（人）", lambda row: row.then_serious),
            ("损失（万元）", lambda row: row.then_loss),
        ),
        lambda row: row.get_absolute_url(), lambda row: row.title,
    )  # fmt: skip


def _family(summed: str = "") -> Plain:
    amount = f"then_{summed}" if summed else ""
    return Plain(_figures, partial(_show, summed=summed), summed, dimensions=_DIMENSIONS, amount=amount)


_FILTERS = frozenset({"accident_group", "accident_grade", "accident_scope"})
_ALL = frozenset(_DIMENSIONS)
register(
    Measure("accidents.count", "事故起数", "起", "时段内发生、按签报时刻已登记并计入的生产安全事故起数。", _family(), _FILTERS, _ALL),
    Measure("accidents.deaths", "事故死亡人数", "人", "时段内发生的计入事故的死亡人数之和，含补报窗口内的变化。", _family("deaths"), _FILTERS, _ALL),
    Measure("accidents.serious", "事故重伤人数", "人", "时段内发生的计入事故的重伤人数之和。", _family("serious"), _FILTERS, _ALL),
    Measure("accidents.loss", "事故直接经济损失", "万元", "时段内发生的计入事故的直接经济损失之和。", _family("loss"), _FILTERS, _ALL),
)  # fmt: skip
register_filter("accident_group", "事故范围", lambda: rules.groups().items())
register_filter("accident_grade", "事故等级", lambda: Grade.choices)
register_filter("accident_scope", "统计范围", lambda: [("all", "含居民火灾等非生产安全事故")])


# --- control numbers (控制数, optional) -----------------------------------------------------------------------


class Handed(Plain):
    """Numbers handed down to a region: none for a department alone, and none at all where nothing was handed down."""

    def count(self, asks: Sequence[Ask], scope: Scope, moment: dt.datetime | None) -> list[Decimal | None]:
        """See `Family.count`; a number that was never handed down is unknown, not nought."""
        now = moment or timezone.now()
        known = [list(self.select(ask, scope, now).values_list("value", flat=True)) for ask in asks]
        return [Decimal(sum(values)) if values else None for values in known]


def _control(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    items = ask.chosen("control") or ("deaths",)
    groups = ask.chosen("accident_group") or ("",)
    found = ControlNumber.objects.filter(
        region=scope.region, year=ask.until.year, item__in=items, group__in=groups, set_at__lte=moment
    )
    return found if scope.department is None else found.none()


def _show_control(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows, ("-year", "-id"),
        (("项目", lambda row: row.get_item_display()), ("控制数", lambda row: row.value), ("下达文件", lambda row: row.document)),
        lambda row: reverse("accidents:statistics"), str,
    )  # fmt: skip


class Elapsed:
    """How much of the year is over, by months: what the progress of control numbers is held against (domain rules §1.3)."""

    def count(self, asks: Sequence[Ask], scope: Scope, moment: dt.datetime | None) -> list[Decimal | None]:
        """See `Family.count`."""
        return [Decimal(ask.until.month) / 12 * 100 for ask in asks]

    def rows(self, ask: Ask, scope: Scope, moment: dt.datetime) -> Rows | None:
        """The calendar has no rows."""
        return None


register(
    Measure("accidents.control", "控制数", "", "上级下达本辖区当年的控制数；没有下达的留空，不算占比。部门没有单独的控制数。", Handed(_control, _show_control, "value"), frozenset({"control", "accident_group"}), is_stock=True, additive=False, is_given=True),
    Measure("calendar.elapsed", "时间进度", "%", "统计期末的月份占全年十二个月的比例，用来对照控制数的进度。", Elapsed(), is_stock=True, additive=False, is_given=True),
)  # fmt: skip
register_filter(
    "control",
    "控制项目",
    lambda: [("deaths", "死亡人数"), ("accidents", "事故起数"), ("larger", "较大以上事故起数")],
)
