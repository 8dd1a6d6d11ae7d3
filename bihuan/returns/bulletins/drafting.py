"""From figures to a paper: what the narrative is written from, the tables and charts beside it, and the whole document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from bihuan.core.dates import day_words
from bihuan.figures.gate import Verdict, judge
from bihuan.figures.narrative import Measure, Overdue, Report, Unit, change, narrate, shown
from bihuan.papers import documents as d
from bihuan.papers.official import Sheet, draft_sheet, sheet_of

from ..counting import Cells, cell_of, is_zero
from ..measures import measure
from ..models import Bulletin, Period
from ..proofing import named_figures
from ..schema import Item, Spec
from . import counting as c

KINDS = {
    "day": Bulletin.Kind.DISPATCH, "week": Bulletin.Kind.WEEKLY, "month": Bulletin.Kind.MONTHLY,
    "quarter": Bulletin.Kind.QUARTERLY,
}  # fmt: skip
SUBJECTS = {
    Bulletin.Kind.DISPATCH: "安全生产日调度情况",
    Bulletin.Kind.WEEKLY: "安全生产工作情况",
    Bulletin.Kind.MONTHLY: "安全生产月督导情况",
    Bulletin.Kind.QUARTERLY: "安全生产季度督查情况",
    Bulletin.Kind.SPECIAL: "安全生产有关工作情况",
}
# What more of it means, by measure; others are neither good nor bad.
GOOD = frozenset({"hazards.closed", "inspections.visits", "inspections.enterprises"})
BAD = frozenset({"hazards.open", "hazards.overdue", "hazards.due", "duties.late"})
CHARTED = 8
WIDE = 7  # columns from which the table of the bodies lies across


def kind_of(period: Period) -> str:
    """Which bulletin a period calls for."""
    return KINDS.get(period.kind, Bulletin.Kind.SPECIAL)


def title_of(kind: str, figures: Mapping[str, Any]) -> str:
    """关于2026年9月全市安全生产月督导情况的通报."""
    return f"关于{figures['period']}{figures['area']}{SUBJECTS[Bulletin.Kind(kind)]}的通报"


def report_of(spec: Spec, figures: Mapping[str, Any]) -> Report:
    """What the narrative is written from."""
    cells, before, year_ago = _compared(spec, figures)
    measures, whole = [], ""
    for item in spec.items:
        is_part = item.label.startswith("其中")
        if not is_part:
            whole = item.key
        measures.append(_measure(item, cells, before, year_ago, whole if is_part else ""))
    rows = [row for row in figures["rows"] if row["key"] != c.WHOLE]
    units = tuple(
        Unit(
            row["label"],
            {item.key: cells.get(cell_of(row["key"], item.key)) for item in spec.items},
            {item.key: before.get(cell_of(row["key"], item.key)) for item in spec.items},
            {"locality": "地区", "department": "部门"}.get(row["dimension"], ""),
        )
        for row in rows
    )
    keys = {
        name: found.key if (found := c.item_of(spec, name)) else ""
        for name in (c.FOUND, c.CHECKED, c.OVERDUE)
    }
    rate = next((item.key for item in spec.items if item.unit == "%" and item.formula is not None), "")
    reporting = figures["reporting"]
    return Report(
        area=figures["area"], period=figures["period"], until=figures["until"], before="环比", measures=tuple(measures),
        units=units, rank_by=rate or keys[c.FOUND], found=keys[c.FOUND], checked=keys[c.CHECKED], overdue=keys[c.OVERDUE],
        longest=tuple(Overdue(each["unit"] or "未登记单位的", each["what"], each["days"]) for each in figures["longest"]),
        owing=reporting["owing"],
        # Bulletins counted before those still in time were told apart have no such list.
        **{name: tuple(reporting.get(name, ())) for name in ("missing", "waiting", "late", "restated", "sent_back")},
    )  # fmt: skip


def _compared(spec: Spec, figures: Mapping[str, Any]) -> tuple[Cells, Cells, Cells]:
    """Now, before and a year ago. A year ago without any figure the ledger was not kept yet: nothing to compare with,
    rather than "同比增加" by all there is."""
    cells, before, year_ago = (
        c.values_of(each)
        for each in (figures["cells"], figures["before"]["cells"], figures["year_ago"]["cells"])
    )
    return cells, before, {} if is_zero(spec, year_ago) else year_ago


def _measure(item: Item, cells: Cells, before: Cells, year_ago: Cells, part_of: str) -> Measure:
    cell = cell_of(c.WHOLE, item.key)
    given = bool(item.measure) and measure(item.measure).is_given
    grows_only = given or (
        item.window == "ever" and not item.formula
    )  # a total of all time is more every day: no news
    stock = bool(item.measure) and measure(item.measure).is_stock
    return Measure(
        item.key, item.label, item.unit, cells.get(cell),
        None if grows_only else before.get(cell), None if grows_only else year_ago.get(cell),
        item.digits, part_of, "good" if item.measure in GOOD else "bad" if item.measure in BAD else "", stock,
    )  # fmt: skip


def sections_of(spec: Spec, figures: Mapping[str, Any]) -> list[dict[str, str]]:
    """The sections as written from the numbers; `text` is what people edit."""
    return [
        {
            "key": section.key,
            "heading": section.heading,
            "generated": section.text,
            "text": section.text,
            "fresh": "",
        }
        for section in narrate(report_of(spec, figures))
    ]


def judged(bulletin: Bulletin) -> Verdict:
    """The figure check over title and words, beside the figures of the whole (D3)."""
    spec, _ = c.spec_and_filling(bulletin.period, bulletin.organization)
    named = named_figures(spec, c.values_of(bulletin.figures["cells"]))
    parts = [("标题", bulletin.title), *((part["heading"], part["text"]) for part in bulletin.sections)]
    return judge(parts, named)


def comparison_table(spec: Spec, figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The whole, item by item: now, before, a year ago, with how they changed and the cell that opens."""
    cells, before, year_ago = _compared(spec, figures)
    found = []
    for item in spec.items:
        cell = cell_of(c.WHOLE, item.key)
        now, then, last_year = cells.get(cell), before.get(cell), year_ago.get(cell)
        changes = [change(now, each, item.unit) for each in (then, last_year)]
        found.append(
            {
                "cell": cell,
                "label": item.label,
                "unit": item.unit,
                "now": value_text(now, item),
                "before": value_text(then, item),
                "year_ago": value_text(last_year, item),
                "against_before": changes[0].words if changes[0] else "—",
                "against_year_ago": changes[1].words if changes[1] else "—",
            }
        )
    return found


def body_table(spec: Spec, figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each body with its figures in the order of the items, and how it reported."""
    cells = c.values_of(figures["cells"])
    return [
        {
            "label": row["label"],
            "reported": figures["bodies"].get(row["key"], {}).get("reported", ""),
            "record": figures["bodies"].get(row["key"], {}).get("record"),
            "values_list": [
                {"cell": cell, "text": value_text(cells.get(cell), item)}
                for item in spec.items
                for cell in [cell_of(row["key"], item.key)]
            ],
        }
        for row in figures["rows"]
        if row["key"] != c.WHOLE
    ]


def value_text(value: Decimal | None, item: Item) -> str:
    return "—" if value is None else shown(value, item.digits)


def address_of(bulletin: Bulletin) -> str:
    """Where the code on the paper leads: every figure of the bulletin, each with its rows as of the moment."""
    return f"{settings.PUBLIC_URL}{reverse('returns:bulletin-figures', args=[bulletin.code])}"


def charts_of(spec: Spec, figures: Mapping[str, Any]) -> list[d.Block]:
    """Bars of what matters most by body: overdue first, else what was found; only bodies that have any."""
    cells, before = c.values_of(figures["cells"]), c.values_of(figures["before"]["cells"])
    charts: list[d.Block] = []
    for key in (c.FOUND, c.OVERDUE):
        item = c.item_of(spec, key)
        if item is None:
            continue
        rows = [
            (row["label"], cells.get(cell), before.get(cell))
            for row in figures["rows"]
            if row["key"] != c.WHOLE
            for cell in [cell_of(row["key"], item.key)]
            if cells.get(cell) or before.get(cell)
        ]
        rows.sort(key=lambda each: (-(each[1] or 0), each[0]))
        if len(rows) < 2:
            continue
        rows, more = rows[:CHARTED], len(rows) > CHARTED
        title = item.label.partition("：")[2] or item.label
        charts.append(
            d.chart(
                "bars", f"图{len(charts) + 1}  各地各单位{title}{'（前8位）' if more else ''}", [label for label, _, _ in rows],
                {"本期": [_number(now) for _, now, _ in rows], "上期": [_number(then) for _, _, then in rows]}, unit=item.unit,
            )
        )  # fmt: skip
    return charts


def _number(value: Decimal | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def content_of(bulletin: Bulletin, on: dt.date) -> dict[str, Any]:
    """The bulletin as a paper in the official layout: words, tables, charts, codes that open the rows."""
    spec, _ = c.spec_and_filling(bulletin.period, bulletin.organization)
    figures, address = bulletin.figures, address_of(bulletin)
    moment = timezone.localtime(bulletin.cutoff)
    note = f"注：数据为{day_words(moment)}{moment:%H:%M}时台账数，此后的更正另行通报。"
    body = bulletin.organization
    day = day_words(on)
    wide = len(spec.items) + 2 > WIDE
    names = ["各地各单位情况表"]
    blocks = [
        d.recipients(*[name for name in bulletin.recipients.split("、") if name]),
        d.text(f"现将{figures['period']}{figures['area']}{SUBJECTS[Bulletin.Kind(bulletin.kind)]}通报如下。"),
    ]
    for place, part in enumerate(bulletin.sections):
        if part["text"].strip():
            blocks += [
                d.heading(part["heading"]),
                *(d.text(line) for line in part["text"].split("\n") if line.strip()),
            ]
        if place == 0:
            blocks += [_comparison_block(spec, figures, note, address), *charts_of(spec, figures)]
    blocks += [
        d.enclosures(*names),
        d.closing(body.name, day),
        d.appendix(names[0], landscape=wide),
        _body_block(spec, figures, note, address),
        d.imprint(body.name, day, cc=[name for name in bulletin.cc.split("、") if name]),
    ]
    return d.official(bulletin.title, blocks)


def _comparison_block(spec: Spec, figures: Mapping[str, Any], note: str, address: str) -> d.Block:
    rows = [
        [
            row["label"], row["unit"], row["now"], row["before"], row["against_before"], row["year_ago"],
            row["against_year_ago"],
        ]
        for row in comparison_table(spec, figures)
    ]  # fmt: skip
    return d.table(
        ["指标", "单位", "本期", "上期", "环比", "上年同期", "同比"], rows, title=f"表1  {figures['period']}{figures['area']}主要指标",
        widths=[26, 8, 12, 12, 15, 12, 15], note=note, address=address,
    )  # fmt: skip


def _body_block(spec: Spec, figures: Mapping[str, Any], note: str, address: str) -> d.Block:
    columns = [
        "单位",
        *(
            f"{item.label.partition('：')[2] or item.label}{f'（{item.unit}）' if item.unit else ''}"
            for item in spec.items
        ),
        "报送",
    ]
    rows = [
        [row["label"], *(value["text"] for value in row["values_list"]), row["reported"] or "—"]
        for row in body_table(spec, figures)
    ]
    widths = [16.0, *[max(7.0, 70.0 / max(len(spec.items), 1))] * len(spec.items), 8.0]
    return d.table(
        columns, rows, title=f"{figures['period']}各地各单位情况", widths=widths, note=note, address=address
    )


def sheet_of_bulletin(bulletin: Bulletin) -> Sheet:
    """What is printed: the issued paper, or the draft as it stands, marked as one."""
    if bulletin.paper is not None:
        return sheet_of(bulletin.paper)
    today = timezone.localdate()
    return draft_sheet(
        "bulletin", issuer=bulletin.organization.name, content=content_of(bulletin, today), day=today,
        draft=f"{bulletin.get_status_display()}·第{bulletin.version}版",
    )  # fmt: skip


def fresh_texts(
    sections: Sequence[Mapping[str, str]], written: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """Sections after a second counting: what people left as it was written is renewed; what they edited stays, with the
    fresh words beside it until somebody chooses."""
    old = {part["key"]: part for part in sections}
    merged: list[dict[str, str]] = []
    for part in written:
        before = old.pop(part["key"], None)
        if before is None or before["text"] == before["generated"]:
            merged.append(dict(part))
        else:
            fresh = part["generated"] if part["generated"] != before["text"] else ""
            merged.append({**before, "generated": part["generated"], "fresh": fresh})
    # A section the numbers no longer give stays only when people wrote into it.
    merged += [
        {**part, "generated": "", "fresh": ""} for part in old.values() if part["text"] != part["generated"]
    ]
    return merged
