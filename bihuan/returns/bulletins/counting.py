"""The figures of a bulletin: the whole area and each body in it, from the ledger, as of one moment.

Everything is counted anew from the rows, so that parts and whole are of one moment; what bodies signed decides who
reported, and gives the figures no ledger knows (filled in by hand). The result is plain JSON and is frozen with the
bulletin; every figure finds its rows again by definition, period, row and moment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.accounts.queries import localities_under, organizations_under

from ..counting import (
    Cells,
    Filling,
    Row,
    ask_of,
    cell_of,
    rounded,
    scope_of_body,
    window_of,
    work_out,
)
from ..figures import figures_of
from ..measures import Rows, measure, terms
from ..models import Bulletin, Period, Return
from ..periods import Span, label_of, previous, year_before
from ..schema import Item, Spec, read
from ..workflow import Status

WHOLE = ""
BODY_KINDS = {"locality": Organization.Kind.LOCALITY, "department": Organization.Kind.DEPARTMENT}
OVERDUE, FOUND, CHECKED = "hazards.overdue", "hazards.found", "inspections.visits"
LONGEST = 3


@dataclass(frozen=True)
class Body:
    """A row of the bulletin that is somebody: how it reported, and where its signed return is."""

    row: Row
    name: str
    reported: str
    filing: str
    record: int | None


def count(period: Period, organization: Organization, moment: dt.datetime) -> dict[str, Any]:
    """Everything a bulletin of that period shows, as of `moment`, as plain JSON. Read within `one_moment`."""
    spec, filling = spec_and_filling(period, organization)
    returns = _returns(period)
    bodies = _bodies(organization, returns, timezone.localdate(moment))
    whole = Row(WHOLE, area_word(organization))
    rows = [whole, *(body.row for body in bodies)]
    span = period.span
    signed = _signed_cells(returns, bodies) if any(item.is_manual for item in spec.items) else {}
    cells = _cells(filling, rows, moment, signed)
    before = Filling(spec, filling.scope, previous(period.kind, span, spec.anchor), filling.campaign_start)
    year_ago = Filling(spec, filling.scope, year_before(period.kind, span), filling.campaign_start)
    return {
        "area": area_word(organization),
        "period": period.label,
        "until": moment_words(span.last),
        "rows": [
            {"key": row.key, "label": row.label, "dimension": row.dimension, "values": list(row.values)} for row in rows
        ],
        "bodies": {
            body.row.key: {"reported": body.reported, "filing": body.filing, "record": body.record} for body in bodies
        },
        "cells": _frozen(cells),
        "before": {
            "label": label_of(period.kind, before.span), "cells": _frozen(_cells(before, rows, moment, {})),
        },
        "year_ago": {
            "label": label_of(period.kind, year_ago.span), "cells": _frozen(_cells(year_ago, [whole], moment, {})),
        },
        "longest": _longest(spec, filling, moment),
        "reporting": _reporting(returns, timezone.localdate(moment)),
    }  # fmt: skip


def spec_and_filling(period: Period, organization: Organization) -> tuple[Spec, Filling]:
    """The definition as it stood when the period was opened, and whose figures of which days."""
    spec = read(period.version.content, terms())
    campaign = period.definition.campaign
    scope = scope_of_body(organization, campaign)
    return spec, Filling(spec, scope, period.span, campaign.starts_on if campaign else None)


def area_word(organization: Organization) -> str:
    """全市, 全县, 全区 …: how papers call everything under the issuer."""
    region = organization.region
    if len(region.code) == 2:
        return "全省"
    return f"全{region.name[-1]}" if region.name[-1] in "市县区镇乡州盟旗" else "本辖区"


def moment_words(day: dt.date) -> str:
    return f"{day.month}月{day.day}日"


def _returns(period: Period) -> list[Return]:
    found = period.returns.select_related(
        "period__version", "period__definition__campaign", "organization__region", "current", "collector"
    )
    return list(found.order_by("organization__region_id", "organization_id"))


def _bodies(organization: Organization, returns: Sequence[Return], on: dt.date) -> list[Body]:
    """Localities first, then departments, each once; those who owe nothing stand with their figures too."""
    by_body = {record.organization_id: record for record in returns}
    bodies: list[Body] = []
    places = [
        body for body in localities_under(organization.region_id) if body.region_id != organization.region_id
    ]
    departments = organizations_under(organization.region_id, kinds=[Organization.Kind.DEPARTMENT])
    for body in [*places, *departments.order_by("region_id", "pk")]:
        dimension = "locality" if body.kind == Organization.Kind.LOCALITY else "department"
        value = body.region_id if dimension == "locality" else str(body.pk)
        record = by_body.get(body.pk)
        row = Row(f"{dimension}.{value}", body.short_name, dimension, (value,))
        filing = record.current.code if record and record.current else ""
        bodies.append(
            Body(
                row,
                body.short_name,
                _how(record, on) if record else "",
                filing,
                record.pk if record else None,
            )
        )
    return bodies


def _how(record: Return, on: dt.date) -> str:
    if record.status == Status.WAIVED:
        return "免报"
    if record.status in (Status.SENT_BACK, Status.UNLOCKED):
        return "待更正"
    if record.current_id is None:
        return "未报" if record.due_on < on else "待报"
    return "迟报" if record.is_late else "按时"


def _reporting(returns: Iterable[Return], on: dt.date) -> dict[str, Any]:
    owing = [record for record in returns if record.status != Status.WAIVED]

    def names(chosen: Iterable[Return]) -> list[str]:
        return [record.organization.short_name for record in chosen]

    return {
        "owing": len(owing),
        "missing": names(record for record in owing if record.current_id is None and record.due_on < on),
        "waiting": names(record for record in owing if record.current_id is None and record.due_on >= on),
        "late": names(record for record in owing if record.current_id is not None and record.is_late),
        "sent_back": names(record for record in owing if record.status == Status.SENT_BACK),
        "restated": names(record for record in owing if record.is_restated),
    }


def _signed_cells(returns: Iterable[Return], bodies: Sequence[Body]) -> dict[str, dict[str, Decimal | None]]:
    """What was filled in by hand and signed, by row: a figure no ledger knows."""
    rows = {body.record: body.row.key for body in bodies if body.record}
    found: dict[str, dict[str, Decimal | None]] = {}
    for record in returns:
        if record.current is None or record.pk not in rows:
            continue
        sheet = figures_of(record)
        manual = {item.key: sheet.whole(item.key).value for item in sheet.items if item.is_manual}
        if manual:
            found[rows[record.pk]] = manual
    return found


def _cells(
    filling: Filling,
    rows: Sequence[Row],
    moment: dt.datetime,
    signed: Mapping[str, Mapping[str, Decimal | None]],
) -> Cells:
    """Every figure of every row; a measure that cannot be told apart that way has no figure in that row."""
    known = terms()
    asked: dict[int, tuple[Any, list[tuple[str, Any]]]] = {}
    cells: Cells = {}
    for item in filling.spec.items:
        for row in rows:
            cell = cell_of(row.key, item.key)
            if item.is_manual:
                cells[cell] = _manual(item, row, signed)
            elif item.measure:
                if row.dimension and row.dimension not in known[item.measure].dimensions:
                    cells[cell] = None
                    continue
                family = measure(item.measure).family
                asked.setdefault(id(family), (family, []))[1].append((cell, ask_of(item, row, filling)))
    for family, asks in asked.values():
        values = family.count([ask for _, ask in asks], filling.scope, moment)
        cells.update((cell, value) for (cell, _), value in zip(asks, values, strict=True))
    for item in filling.spec.items:
        for row in rows:
            cell = cell_of(row.key, item.key)
            if item.measure and cells[cell] is not None:
                cells[cell] = rounded(cells[cell], item.digits)
    work_out(filling.spec, rows, cells)
    return cells


def _manual(item: Item, row: Row, signed: Mapping[str, Mapping[str, Decimal | None]]) -> Decimal | None:
    if row.key != WHOLE:
        return signed.get(row.key, {}).get(item.key)
    values = [value for each in signed.values() if (value := each.get(item.key)) is not None]
    return sum(values, Decimal(0)) if values and item.additive else None


def _longest(spec: Spec, filling: Filling, moment: dt.datetime) -> list[dict[str, Any]]:
    """Who is past the day the longest, by name: rows of the overdue figure, oldest deadline first."""
    item = item_of(spec, OVERDUE)
    if item is None:
        return []
    behind = _rows(item, Row(WHOLE, ""), filling, moment)
    if behind is None:
        return []
    until = filling.span.last
    found = []
    late = behind.queryset.filter(due_on__lt=until).select_related("enterprise", "locality")
    for hazard in late.order_by("due_on", "pk")[:LONGEST]:
        where = (
            hazard.enterprise.name
            if hazard.enterprise_id
            else hazard.locality.name
            if hazard.locality_id
            else ""
        )
        found.append(
            {
                "unit": where, "what": hazard.description[:40], "days": (until - hazard.due_on).days,
                "url": hazard.get_absolute_url(),
            }
        )  # fmt: skip
    return found


def item_of(spec: Spec, measure_key: str) -> Item | None:
    """The item that counts a measure whole (no filters) over the period, if the definition has one."""
    return next(
        (
            item
            for item in spec.items
            if item.measure == measure_key and not item.filters and item.window == "period"
        ),
        None,
    )


def _frozen(cells: Cells) -> dict[str, str | None]:
    return {cell: None if value is None else f"{value:f}" for cell, value in cells.items()}


def values_of(frozen: Mapping[str, str | None]) -> Cells:
    """The figures of a frozen table."""
    return {cell: None if value is None else Decimal(value) for cell, value in frozen.items()}


@dataclass(frozen=True)
class BehindFigure:
    """What one figure of a bulletin stands on. `rows` is None for what was filled in by hand or worked out."""

    row: Row
    item: Item
    value: Decimal | None
    span: tuple[dt.date | None, dt.date]
    note: str
    rows: Rows | None


def behind(bulletin: Bulletin, cell: str, which: str = "") -> BehindFigure | None:
    """The rows one figure stood on at the bulletin's moment, or (`which`: before, year_ago) one it is compared to.

    None when it has no such figure.
    """
    spec, filling = spec_and_filling(bulletin.period, bulletin.organization)
    key, _, name = cell.rpartition("|")
    found = next((each for each in bulletin.figures["rows"] if each["key"] == key), None)
    item = spec.item(name)
    cells = bulletin.figures[which]["cells"] if which else bulletin.figures["cells"]
    if found is None or item is None or cell not in cells:
        return None
    if which:
        period = bulletin.period
        span = (
            previous(period.kind, period.span, spec.anchor)
            if which == "before"
            else year_before(period.kind, period.span)
        )
        filling = Filling(spec, filling.scope, span, filling.campaign_start)
    row = Row(found["key"], found["label"], found["dimension"], tuple(found["values"]))
    value = values_of(cells)[cell]
    whole = (filling.span.first, filling.span.last)
    if item.formula is not None:
        note = f"{item.label} ＝ {item.formula.said(spec.labels)}"
        return BehindFigure(row, item, value, whole, note, None)
    if item.is_manual:
        return BehindFigure(row, item, value, whole, "由各单位填报，签报的数相加。", None)
    note = measure(item.measure).note
    rows = _rows(item, row, filling, bulletin.cutoff)
    return BehindFigure(row, item, value, window_of(item, filling), note, rows)


def _rows(item: Item, row: Row, filling: Filling, moment: dt.datetime) -> Rows | None:
    counted = measure(item.measure)
    if row.dimension and row.dimension not in counted.dimensions:
        return None
    return counted.family.rows(ask_of(item, row, filling), filling.scope, moment)


def span_words(span: Span) -> str:
    """From which to which day, as tables say it."""
    return f"{span.first.month}月{span.first.day}日至{span.last.month}月{span.last.day}日"
