"""Filling a return: every figure of a definition for one body and one period, as of now or as of a signed moment."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bihuan.accounts.models import Organization
from bihuan.accounts.queries import localities_under, organizations_under
from bihuan.campaigns.models import Campaign
from bihuan.hazards.models import Hazard
from bihuan.registry.models import EnterpriseKind

from .measures import Ask, Scope, measure
from .periods import Span
from .schema import TOTAL, WHOLE, Check, Group, Item, Rows, Spec

Cells = dict[str, Decimal | None]


@dataclass(frozen=True)
class Row:
    """One row of a filled sheet: which members of which dimension it stands for (none: everything)."""

    key: str
    label: str
    dimension: str = ""
    values: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.key in (WHOLE, TOTAL)


@dataclass(frozen=True)
class Sheet:
    """Rows and the figures in them, by `cell_of(row, item)`."""

    rows: tuple[Row, ...]
    cells: Cells


@dataclass(frozen=True)
class Broken:
    """A cross-check that does not hold (`holds` False) in a row, in words with its figures, the remedy, and how grave."""

    check: Check
    row: Row
    words: str
    key: str


@dataclass(frozen=True)
class Filling:
    """Whose figures of which period: what everything about counting needs to know."""

    spec: Spec
    scope: Scope
    span: Span
    campaign_start: dt.date | None = None
    manual: Mapping[str, Decimal | None] = field(default_factory=dict)


def cell_of(row: str, item: str) -> str:
    return f"{row}|{item}"


def scope_of_body(organization: Organization, campaign: Campaign | None = None) -> Scope:
    """What a body reports about: its region whole, or as a department what is assigned to it there."""
    department = organization.pk if organization.kind == Organization.Kind.DEPARTMENT else None
    return Scope(organization.region_id, department, campaign.pk if campaign else None)


def rows_of(spec: Spec, scope: Scope) -> tuple[Row, ...]:
    """The rows a sheet of this definition has for that scope; a body that has no parts has only the whole."""
    rows = [Row(spec.whole.key, spec.whole.label)]
    for block in spec.blocks:
        if block.dimension == "department" and scope.department is not None:
            continue
        if block.groups:
            rows += [Row(group.key, group.label, block.dimension, group.values) for group in block.groups]
        else:
            rows += [
                Row(f"{block.dimension}.{group.key}", group.label, block.dimension, group.values)
                for group in _members(block, scope)
            ]
    return tuple(rows)


def _members(block: Rows, scope: Scope) -> Iterable[Group]:
    match block.dimension:
        case "locality":
            places = localities_under(scope.region)
            if len(places) == 1 and places[0].region_id == scope.region:
                return []
            return [Group(body.region_id, body.short_name, (body.region_id,)) for body in places]
        case "department":
            bodies = organizations_under(scope.region, kinds=[Organization.Kind.DEPARTMENT])
            return [
                Group(str(body.pk), body.short_name, (str(body.pk),))
                for body in bodies.order_by("region_id", "pk")
            ]
        case "kind":
            kinds = EnterpriseKind.objects.order_by("position", "key").values_list("key", "label")
            return [Group(str(key), str(label), (str(key),)) for key, label in kinds]
    return [Group(key, str(label), (key,)) for key, label in Hazard.Source.choices]


def window_of(item: Item, filling: Filling) -> tuple[dt.date | None, dt.date]:
    """From which day to which an item counts in that period."""
    first, last = filling.span
    match item.window:
        case "period":
            return first, last
        case "year":
            return last.replace(month=1, day=1), last
        case "campaign":
            return filling.campaign_start, last
        case "opening":
            return None, first - dt.timedelta(days=1)  # how it stood when the period began
    return None, last


def ask_of(item: Item, row: Row, filling: Filling) -> Ask:
    """The question behind one figure."""
    since, until = window_of(item, filling)
    stock = measure(item.measure).is_stock
    return Ask(item.measure, until, None if stock else since, item.filters, row.dimension, row.values)


def fill(
    filling: Filling, *, moment: dt.datetime | None = None, rows: tuple[Row, ...] | None = None
) -> Sheet:
    """Count every figure: as of now, or as of what had been entered by `moment`; manual ones as given."""
    spec = filling.spec
    rows = rows or rows_of(spec, filling.scope)
    cells: Cells = {}
    together: dict[int, tuple[Any, list[tuple[str, Ask]]]] = defaultdict(lambda: (None, []))
    for item in spec.items:
        if not item.measure:
            continue
        family = measure(item.measure).family
        asked = together.setdefault(id(family), (family, []))[1]
        asked += [(cell_of(row.key, item.key), ask_of(item, row, filling)) for row in rows]
    for family, asked in together.values():
        # One statement per dimension, window and kind of filter: rows of the same block go together.
        values = family.count([ask for _, ask in asked], filling.scope, moment)
        cells.update((cell, value) for (cell, _), value in zip(asked, values, strict=True))
    for item in spec.items:
        for row in rows:
            cell = cell_of(row.key, item.key)
            if item.is_manual:
                cells[cell] = filling.manual.get(cell) if row.is_whole else None
            elif item.formula is None and cells[cell] is not None:
                cells[cell] = rounded(cells[cell], item.digits)
    work_out(spec, rows, cells)
    kept = tuple(row for row in rows if not _is_idle(row, spec, cells))
    present = {cell_of(row.key, item.key) for row in kept for item in spec.items}
    return Sheet(kept, {cell: value for cell, value in cells.items() if cell in present})


def _is_idle(row: Row, spec: Spec, cells: Cells) -> bool:
    """A row nobody named and nothing happened in: of the many kinds and sources only those with figures are shown."""
    if row.is_whole or not row.key.startswith(("kind.", "source.")):
        return False
    return not any(cells.get(cell_of(row.key, item.key)) for item in spec.items)


def work_out(spec: Spec, rows: Iterable[Row], cells: Cells) -> None:
    """Put the results of the formulas into `cells`."""
    for item in spec.items:
        if item.formula is None:
            continue
        for row in rows:
            value = item.formula.value(_lookup(row, cells, {}, {}))
            cells[cell_of(row.key, item.key)] = None if value is None else rounded(value, item.digits)


def _lookup(row: Row, now: Mapping[str, Decimal | None], before: Any, year_ago: Any) -> Any:
    sheets = {"": now, "prev": before, "lastyear": year_ago}

    def look(name: str, when: str) -> Decimal | None:
        found: Decimal | None = sheets[when].get(cell_of(row.key, name))
        return found

    return look


def check(
    spec: Spec,
    sheet: Sheet,
    previous: Mapping[str, Decimal | None] | None = None,
    last_year: Mapping[str, Decimal | None] | None = None,
) -> list[Broken]:
    """The cross-checks that do not hold, row by row; what cannot be told is not held against anybody."""
    found = []
    for number, each in enumerate(spec.checks, 1):
        for row in sheet.rows:
            look = _lookup(row, sheet.cells, previous or {}, last_year or {})
            if each.expression.holds(look) is not False:
                continue
            figures = "，".join(
                f"{spec.labels[name]} {look(name, ''):f}"
                for name in each.expression.names
                if look(name, "") is not None
            )
            place = f"{row.label}行：" if row.label and len(sheet.rows) > 1 else ""
            found.append(Broken(each, row, f"{place}{each.message}（{figures}）", f"{number}.{row.key}"))
    return found


def rounded(value: Decimal | None, digits: int) -> Decimal | None:
    """To so many places, half up, as reports round (domain rules §2.3)."""
    return None if value is None else value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def is_zero(spec: Spec, cells: Cells) -> bool:
    """Whether nothing happened: every figure is nothing or not there (零报告). What is worked out or given does not count."""
    given = {
        item.key for item in spec.items if item.formula or (item.measure and measure(item.measure).is_given)
    }
    return not any(value for cell, value in cells.items() if cell.rpartition("|")[2] not in given)
