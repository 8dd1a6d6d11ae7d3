"""The figures of a return and the rows behind each: the one door for pages, documents, bulletins and exchange.

    sheet = figures_of(record)                 # the signed figures, or those of now while nothing is signed
    sheet.figure("", "found").value            # Decimal | None
    behind = rows_behind(sheet, cell, user=user)

Signed figures are read from the signed text and never counted again; their rows are found by the moment of signing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User

from .comparing import Change, change, shown
from .counting import (
    Broken,
    Cells,
    Filling,
    Row,
    Sheet,
    ask_of,
    cell_of,
    check,
    fill,
    is_zero,
    scope_of_body,
    window_of,
)
from .measures import Rows, Scope, measure, terms
from .models import Filing, Return
from .periods import Span, label_of, previous, year_before
from .schema import Item, Spec, read

SIGNED, LEDGER = "signed", "ledger"
SOURCES = {SIGNED: "签报数", LEDGER: "台账数"}
OTHERS = {"before": "上期", "year_ago": "上年同期"}


@dataclass(frozen=True)
class Compared:
    """Another period to compare with: its label, where its figures are from (签报数, 台账数), and the figures."""

    label: str
    source: str
    cells: Cells

    @property
    def source_label(self) -> str:
        return SOURCES.get(self.source, "")


@dataclass(frozen=True)
class Figure:
    """One figure with what it is compared to. `code` opens it by short address; "" while it is not signed."""

    cell: str
    row: Row
    item: Item
    value: Decimal | None
    previous: Decimal | None
    last_year: Decimal | None
    code: str
    url: str

    @property
    def text(self) -> str:
        """As printed: 0 值显空 is left to the layout, an unknown one is empty."""
        return shown(self.value, self.item.digits)

    @property
    def previous_text(self) -> str:
        return shown(self.previous, self.item.digits)

    @property
    def last_year_text(self) -> str:
        return shown(self.last_year, self.item.digits)

    @property
    def previous_url(self) -> str:
        """The rows behind the figure of the period before."""
        return f"{self.url}{'&' if '?' in self.url else '?'}when=before"

    @property
    def last_year_url(self) -> str:
        """The rows behind the figure of a year earlier."""
        return f"{self.url}{'&' if '?' in self.url else '?'}when=year_ago"

    @property
    def against_previous(self) -> Change:
        """环比."""
        return change(self.value, self.previous, self.item.unit)

    @property
    def against_last_year(self) -> Change:
        """同比."""
        return change(self.value, self.last_year, self.item.unit)


@dataclass(frozen=True)
class ReturnFigures:
    """A filled return. `filing` is None while nothing is signed; then the figures are those of now."""

    record: Return
    spec: Spec
    filing: Filing | None
    filling: Filling
    rows: tuple[Row, ...]
    cells: Cells
    before: Compared
    year_ago: Compared
    words: str
    broken: list[Broken] = field(default_factory=list)
    explanations: Mapping[str, str] = field(default_factory=dict)
    other: str = ""  # "" of its own period; else which period it is compared to (see `OTHERS`)

    @property
    def knows_last_year(self) -> bool:
        """Whether there is anything to compare with a year ago; before the ledger was kept there is not."""
        return not is_zero(self.spec, self.year_ago.cells)

    @property
    def cutoff(self) -> dt.datetime | None:
        return self.filing.cutoff if self.filing else None

    @property
    def period_label(self) -> str:
        return (
            label_of(self.record.period.kind, self.filling.span) if self.other else self.record.period.label
        )

    @property
    def items(self) -> tuple[Item, ...]:
        return self.spec.items

    def figure(self, row: str | Row, item: str | Item) -> Figure:
        """One figure by the keys of its row and item. Raises KeyError when there is no such row or item."""
        at = next(
            (each for each in self.rows if each.key == (row if isinstance(row, str) else row.key)), None
        )
        what = self.spec.item(item) if isinstance(item, str) else item
        if at is None or what is None:
            raise KeyError(cell_of(str(row), str(item)))
        cell = cell_of(at.key, what.key)
        code = ""
        if self.filing is not None:
            number = self.rows.index(at) * len(self.spec.items) + self.spec.items.index(what)
            code = f"{self.filing.code}-{number}"
            url = reverse("returns:figure", args=[code])
        else:
            url = f"{reverse('returns:live', args=[self.record.pk])}?cell={cell}"
        if self.other:
            url += f"{'&' if '?' in url else '?'}when={self.other}"
        return Figure(
            cell, at, what, self.cells.get(cell), self.before.cells.get(cell), self.year_ago.cells.get(cell), code, url
        )  # fmt: skip

    def whole(self, item: str) -> Figure:
        """The figure of everything together."""
        return self.figure(self.rows[0], item)

    def table(self) -> list[tuple[Row, list[Figure]]]:
        """Every row with its figures in the order of the items."""
        return [(row, [self.figure(row, item) for item in self.spec.items]) for row in self.rows]

    def plain(self) -> list[tuple[Row, list[tuple[Item, str, str, str, str]]]]:
        """Rows of (item, cell, figure, the period before, the year before) as text, for figures nobody has opened a return for."""

        def said(cells: Cells, cell: str, item: Item) -> str:
            return shown(cells.get(cell), item.digits)

        return [
            (
                row,
                [
                    (item, cell, said(self.cells, cell, item), said(self.before.cells, cell, item), said(self.year_ago.cells, cell, item))
                    for item in self.spec.items
                    for cell in [cell_of(row.key, item.key)]
                ],
            )
            for row in self.rows
        ]  # fmt: skip

    def figures(self) -> list[Figure]:
        """All of them, row by row."""
        return [figure for _, figures in self.table() for figure in figures]


def spec_of(record: Return) -> Spec:
    """The definition as it stood when the period was opened."""
    return read(record.period.version.content, terms())


def evidence_role(spec: Spec, item: Item) -> str:
    """Under which role the evidence of a manual figure hangs on its return."""
    return f"item{spec.items.index(item)}"


def filling_of(record: Return, spec: Spec | None = None, span: Span | None = None) -> Filling:
    """Whose figures of which period, with the manual ones filled in so far."""
    campaign = record.period.definition.campaign
    cells = record.draft.get("cells", {}) if span is None else {}
    return Filling(
        spec or spec_of(record), scope_of_body(record.organization, campaign), span or record.period.span,
        campaign.starts_on if campaign else None, {cell: Decimal(value) for cell, value in cells.items()},
    )  # fmt: skip


def figures_of(
    record: Return, filing: Filing | None = None, *, live: bool = False, moment: dt.datetime | None = None
) -> ReturnFigures:
    """The figures of a return: of the signing given, else of the current one, else as the ledger has them now.

    `live` counts anew whatever has been signed; with `moment`, as of what had been entered by then. Select `period__version`, `period__definition__campaign`,
    `organization__region` and `current` along with the record.
    """
    filing = None if live else filing or record.current
    if filing is not None:
        return _signed(record, filing)
    filling = filling_of(record)
    sheet = fill(filling, moment=moment)
    before, year_ago = compared_with(record, filling, moment=moment)
    broken = check(filling.spec, sheet, before.cells, year_ago.cells)
    return ReturnFigures(
        record, filling.spec, None, filling, sheet.rows, sheet.cells, before, year_ago,
        str(record.draft.get("words", "")), broken, record.draft.get("explanations", {}),
    )  # fmt: skip


def compared_with(
    record: Return, filling: Filling, *, moment: dt.datetime | None = None
) -> tuple[Compared, Compared]:
    """The period before and the same one a year earlier: as signed, or as the ledger has them where nothing was."""
    kind, anchor, span = record.period.kind, filling.spec.anchor, record.period.span
    return (
        _compared(record, filling, previous(kind, span, anchor), moment),
        _compared(record, filling, year_before(kind, span), moment),
    )


def _filings_of(record: Return, span: Span) -> QuerySet[Filing]:
    """What the same body signed of the same return for other days, the last one first."""
    return Filing.objects.filter(
        record__organization=record.organization_id, record__period__definition=record.period.definition_id,
        record__period__first=span.first, record__period__last=span.last,
    ).order_by("-number")  # fmt: skip


def of_other_period(sheet: ReturnFigures, which: str) -> ReturnFigures:
    """What a return is compared to (`OTHERS`), with figures that open their own rows: the signing of then where it was
    one, else the ledger of those days as it was known when this return was signed (now while it is not)."""
    record, kind = sheet.record, sheet.record.period.kind
    span = (
        previous(kind, sheet.filling.span, sheet.spec.anchor)
        if which == "before"
        else year_before(kind, sheet.filling.span)
    )
    compared: Compared = getattr(sheet, which)
    if compared.source == SIGNED:
        filings = _filings_of(record, span).select_related(
            "record__period__version", "record__period__definition__campaign", "record__organization__region",
        )  # fmt: skip
        # As it was signed when this one was: a later correction is another figure.
        filing = filings.filter(at__lte=sheet.cutoff or timezone.now()).first()
        if filing is not None:
            return _signed(filing.record, filing)
    filling = replace(sheet.filling, span=span, manual={})
    nothing = Compared("", LEDGER, {})
    return replace(
        sheet, filling=filling, cells=compared.cells, before=nothing, year_ago=nothing, broken=[], other=which
    )


def _compared(record: Return, filling: Filling, span: Span, moment: dt.datetime | None) -> Compared:
    label = label_of(record.period.kind, span)
    signed = _filings_of(record, span).filter(current_of__isnull=False).first()
    if signed is not None:
        return Compared(label, SIGNED, _cells(signed.content["cells"]))
    sheet = fill(Filling(filling.spec, filling.scope, span, filling.campaign_start), moment=moment)
    return Compared(label, LEDGER, sheet.cells)


def _cells(frozen: Mapping[str, str | None]) -> Cells:
    return {cell: None if value is None else Decimal(value) for cell, value in frozen.items()}


def _signed(record: Return, filing: Filing) -> ReturnFigures:
    """What the signed text says, word for word."""
    content = filing.content
    spec = read(content["spec"], terms())
    scope = Scope(**content["scope"])
    start = content["campaign_start"]
    rows = tuple(
        Row(each["key"], each["label"], each["dimension"], tuple(each["values"])) for each in content["rows"]
    )
    cells = _cells(content["cells"])
    filling = Filling(
        spec, scope, Span(dt.date.fromisoformat(content["period"]["first"]), dt.date.fromisoformat(content["period"]["last"])),
        dt.date.fromisoformat(start) if start else None,
        {cell: value for cell, value in cells.items() if (item := spec.item(cell.rpartition("|")[2])) and item.is_manual},
    )  # fmt: skip
    before, year_ago = (
        Compared(each["label"], each["source"], _cells(each["cells"]))
        for each in (content["before"], content["year_ago"])
    )
    broken = check(spec, Sheet(rows, cells), before.cells, year_ago.cells)
    return ReturnFigures(
        record, spec, filing, filling, rows, cells, before, year_ago, content["words"], broken, content["explanations"]
    )  # fmt: skip


def frozen_content(sheet: ReturnFigures, cutoff: dt.datetime) -> dict[str, Any]:
    """What is signed: figures, words, what they are compared to, and everything needed to find the rows again."""
    record, filling = sheet.record, sheet.filling
    period, organization = record.period, record.organization
    return {
        "form": 1,
        "definition": {"key": sheet.spec.key, "name": period.definition.name, "version": period.version.number},
        "organization": {"name": organization.name, "short_name": organization.short_name, "kind": organization.kind},
        "collector": record.collector.name,
        "period": {
            "kind": period.kind, "first": period.first.isoformat(), "last": period.last.isoformat(), "label": period.label,
        },
        "cutoff": cutoff,
        "scope": {
            "region": filling.scope.region, "department": filling.scope.department, "campaign": filling.scope.campaign,
        },
        "campaign_start": filling.campaign_start,
        "spec": filling.spec.raw,
        "rows": [
            {"key": row.key, "label": row.label, "dimension": row.dimension, "values": list(row.values)} for row in sheet.rows
        ],
        "cells": {cell: None if value is None else f"{value:f}" for cell, value in sheet.cells.items()},
        **{
            name: {
                "label": each.label, "source": each.source,
                "cells": {cell: f"{value:f}" for cell, value in each.cells.items() if value is not None},
            }
            for name, each in (("before", sheet.before), ("year_ago", sheet.year_ago))
        },
        "words": sheet.words,
        "explanations": dict(sheet.explanations),
    }  # fmt: skip


@dataclass(frozen=True)
class Behind:
    """What a figure stands on: rows as of a moment, other figures of the same row (a formula), or papers filed (manual)."""

    figure: Figure
    moment: dt.datetime
    since: dt.date | None
    until: dt.date
    note: str
    rows: Rows | None
    operands: list[Figure]
    evidence_role: str


def rows_behind(sheet: ReturnFigures, figure: Figure, *, moment: dt.datetime | None = None) -> Behind:
    """The rows a figure stands on, as of the moment it was signed (now while it is not); narrow them by `rows.seen_by`."""
    item, when = figure.item, moment or sheet.cutoff or timezone.now()
    if item.formula is not None:
        operands = [sheet.figure(figure.row, name) for name in item.formula.names]
        note = f"{item.label} ＝ {item.formula.said(sheet.spec.labels)}"
        return Behind(figure, when, None, sheet.filling.span.last, note, None, operands, "")
    if item.is_manual:
        first, last = sheet.filling.span
        return Behind(
            figure,
            when,
            first,
            last,
            item.hint or "由报送单位填报。",
            None,
            [],
            evidence_role(sheet.spec, item),
        )
    since, until = window_of(item, sheet.filling)
    counted = measure(item.measure)
    ask = ask_of(item, figure.row, sheet.filling)
    rows = counted.family.rows(ask, sheet.filling.scope, when)
    return Behind(figure, when, None if counted.is_stock else since, until, counted.note, rows, [], "")


def rows_as_lines(rows: Rows, page: Iterable[Any]) -> list[dict[str, Any]]:
    """The rows of a page as a table shows them: what each is, where it opens, its columns, and what it adds."""
    return [
        {
            "title": rows.title(row), "url": rows.address(row),
            "cells": [(label, _said(say(row))) for label, say in rows.columns],
            "amount": shown(rows.amount(row)),
        }
        for row in page
    ]  # fmt: skip


def _said(value: Any) -> Any:
    """A day in figures, as in every other table."""
    return value.isoformat() if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else value


def signed_by_code(code: str, user: User) -> ReturnFigures | None:
    """The signing a short address names, as it was signed then, if the person may see its return."""
    filing = Filing.objects.filter(
        code=code, record__in=Return.objects.visible_to(user)
    ).select_related(
        "by", "record__period__version", "record__period__definition__campaign", "record__organization__region",
        "record__collector", "record__current",
    )  # fmt: skip
    found = filing.first()
    return figures_of(found.record, found) if found is not None else None


def by_code(code: str, user: User) -> tuple[ReturnFigures, Figure] | None:
    """The signed figure a short address names, if the person may see its return."""
    name, _, number = code.partition("-")
    if not (number.isascii() and number.isdecimal() and len(number) <= 6):
        return None
    sheet = signed_by_code(name, user)
    if sheet is None:
        return None
    index = int(number)
    if index >= len(sheet.rows) * len(sheet.spec.items):
        return None
    row, item = divmod(index, len(sheet.spec.items))
    return sheet, sheet.figure(sheet.rows[row], sheet.spec.items[item])
