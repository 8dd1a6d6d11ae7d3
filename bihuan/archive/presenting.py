"""Turning the rows of a statistic into words, numbers and a chart for one person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from bihuan.accounts.models import Organization, Region, User
from bihuan.campaigns.models import Campaign
from bihuan.core.charts import Bar, Series, bar_chart, line_chart
from bihuan.core.sheets import Column
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level
from bihuan.inspections.models import Inspection
from bihuan.registry.models import Enterprise, EnterpriseKind

from .catalogue import Heading, Statistic

Value = Any
BUCKETS = ("当天", "1—3 天", "4—7 天", "8—15 天", "16—30 天", "31—60 天", "61—180 天", "180 天以上")
STAGES = ("行动前九十天", "行动期间", "行动后九十天")
QUARTERS = ("一", "二", "三", "四")
# Visits keep the word they were signed with; these two were told apart later by who made them.
VISIT_WORDS: dict[str, str] = dict(Inspection.Kind.choices) | {
    "routine": "日常检查（早期）",
    "campaign": "专项检查（早期）",
}
BARS, LINES = 15, 60
# Kinds that are numbers; everything else is text in the table and a heading in the chart.
NUMBERS = frozenset({"count", "permille", "tenths"})


@dataclass(frozen=True)
class Cell:
    """One value as it is shown; numbers stand at the right."""

    text: str
    is_number: bool


def cells(statistic: Statistic, rows: Sequence[Sequence[Value]], user: User) -> list[list[Cell]]:
    """Every value in words."""
    words = [_wording(heading, index, rows, user) for index, heading in enumerate(statistic.headings)]
    return [
        [
            Cell(word(value), heading.kind in NUMBERS)
            for word, heading, value in zip(words, statistic.headings, row, strict=True)
        ]
        for row in rows
    ]


def sheet(
    statistic: Statistic, rows: Sequence[Sequence[Value]], user: User
) -> tuple[list[Column], Iterable[list[Any]]]:
    """Columns and rows of a download: numbers stay numbers (per cent and days with one decimal)."""
    columns = [
        Column(f"{heading.label}{'（%）' if heading.kind == 'permille' else ''}")
        for heading in statistic.headings
    ]
    words = [_wording(heading, index, rows, user) for index, heading in enumerate(statistic.headings)]
    return columns, (
        [
            _number(heading, value) if heading.kind in NUMBERS else word(value)
            for word, heading, value in zip(words, statistic.headings, row, strict=True)
        ]
        for row in rows
    )


def chart(statistic: Statistic, rows: Sequence[Sequence[Value]], user: User) -> SafeString | None:
    """The drawing its file asks for; None when there is nothing to draw."""
    drawn = statistic.chart
    index = {heading.name: number for number, heading in enumerate(statistic.headings)}
    key = statistic.headings[index[drawn.key]]
    word = _wording(key, index[drawn.key], rows, user)
    sums: dict[Value, list[float]] = {}
    for row in rows:
        amounts = sums.setdefault(row[index[drawn.key]], [0] * len(drawn.columns))
        for place, column in enumerate(drawn.columns):
            amounts[place] += _number(statistic.headings[index[column]], row[index[column]]) or 0
    if not sums:
        return None
    headings = [statistic.headings[index[column]] for column in drawn.columns]
    if drawn.form == "bars":
        ordered = sorted(sums.items(), key=lambda item: -item[1][0])[:BARS]
        if key.kind in ("bucket", "stage"):
            ordered = sorted(ordered)
        bars = [Bar(word(value), max(amounts[0], 0)) for value, amounts in ordered]
        unit = "%" if headings[0].kind == "permille" else ""
        return bar_chart(bars, title=f"{statistic.title}：{headings[0].label}", unit=unit)
    spans = sorted(sums)[-LINES:]
    series = [
        Series(heading.label, [sums[span][place] for span in spans]) for place, heading in enumerate(headings)
    ]
    return line_chart(series, [word(span) for span in spans], title=statistic.title)


def _number(heading: Heading, value: Value) -> float | int | None:
    if value is None or heading.kind == "count":
        return value
    return value / 10


def _wording(
    heading: Heading, index: int, rows: Sequence[Sequence[Value]], user: User
) -> Callable[[Value], str]:
    """How values of one column read. Names are looked up once for all rows."""
    match heading.kind:
        case "count":
            return lambda value: "—" if value is None else f"{value:,}"
        case "permille":
            return lambda value: "—" if value is None else f"{value / 10:.1f}%"
        case "tenths":
            return lambda value: "—" if value is None else f"{value / 10:.1f}"
        case "month":
            return lambda value: f"{value // 100}-{value % 100:02d}"
        case "quarter":
            return lambda value: f"{value // 10} 年{QUARTERS[value % 10 - 1]}季度"
        case "ordinal":
            return str
        case "bucket":
            return lambda value: BUCKETS[value]
        case "stage":
            return lambda value: STAGES[value]
        case "level":
            return lambda value: str(Level(value).label)
        case "source":
            return lambda value: str(Hazard.Source(value).label)
        case "visit":
            return lambda value: VISIT_WORDS[value]
        case _:
            names = _names(heading.kind, {row[index] for row in rows}, user)
            return lambda value: names.get(value) or _nameless(heading.kind, value)


def _names(kind: str, keys: set[Value], user: User) -> dict[Value, str]:
    match kind:
        case "region":
            return dict(Region.objects.filter(pk__in=keys).values_list("pk", "short_name"))
        case "organization":
            return dict(Organization.objects.filter(pk__in=keys).values_list("pk", "short_name"))
        case "kind":
            return dict(EnterpriseKind.objects.filter(pk__in=keys).values_list("pk", "label"))
        case "campaign":
            return dict(
                Campaign.objects.visible_to(user).filter(pk__in=keys).values_list("pk", "short_title")
            )
        case "enterprise":
            return dict(Enterprise.objects.visible_to(user).filter(pk__in=keys).values_list("pk", "name"))
    raise ValueError(f"no statistic column is of kind {kind}")


def _nameless(kind: str, value: Value) -> str:
    if kind == "organization" and not value:
        return "未指定"
    return "其他行动" if kind == "campaign" else f"编号 {value}"
