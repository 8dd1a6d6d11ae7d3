"""The document of one return: head, table with its tiers, words, explanations, signature, a code that opens the rows."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from bihuan.core.dates import day_words
from bihuan.papers import documents as d
from bihuan.papers.official import Sheet, draft_sheet

from ..figures import ReturnFigures
from ..models import Filing

# Which of several layouts a table has: for those who choose among definitions, not for those who read the paper.
_LAYOUT = re.compile(r"（版式[^（）]*）")
WIDE = 7  # columns from which the table lies across


def return_content(sheet: ReturnFigures) -> dict[str, Any]:
    """A return as a paper to the body that collects it (上行文: the signer stands at the head).

    Figures, words and explanations are those of the signed text; unsigned ones are those of now and say so.
    """
    record, filing = sheet.record, sheet.filing
    definition, body = record.period.definition, record.organization
    table_name = _LAYOUT.sub("", definition.name)
    name = _named_once(sheet.period_label, table_name)
    title = f"关于报送{name}的报告"
    moment = timezone.localtime(filing.cutoff if filing else timezone.now())
    note = f"注：取数时刻{day_words(moment)}{moment:%H:%M:%S}，只含此前入账的记录。"
    if filing is not None and filing.is_zero:
        note += "本期为零报告。"
    signed = timezone.localtime(filing.at) if filing else timezone.localtime()
    day = day_words(signed)
    wide = _is_wide(sheet)
    table = _table(sheet, note)
    blocks: list[d.Block] = [d.recipients(record.collector.name)]
    if wide:
        blocks.append(d.text(f"现报送{body.name}{name}，详见附件。"))
    else:
        blocks += [d.text(f"现报送{body.name}{name}。"), table]
    if sheet.words:
        blocks += [
            d.heading("有关情况"),
            *(d.text(line) for line in sheet.words.splitlines() if line.strip()),
        ]
    explained = [words for words in sheet.explanations.values() if words]
    if explained:
        blocks += [d.heading("勾稽不符事项的说明"), *(d.text(words) for words in explained)]
    if filing is not None and filing.reason:
        blocks += [d.heading("更正理由"), d.text(filing.reason)]
    if wide:
        blocks.append(d.enclosures(table_name))
    blocks.append(d.closing(body.name, day))
    if wide:
        blocks += [d.appendix(table_name, landscape=True), table]
    signers = [filing.by.full_name] if filing else []
    return d.official(title, blocks, signers=signers)


def _named_once(period: str, name: str) -> str:
    """2026年第三季度综合情况表, not 第三季度季度综合情况表."""
    for word in ("季度", "月度", "年度"):
        if name.startswith(word) and period.endswith((word, word[0])):
            name = name.removeprefix(word)
    return f"{period}{name}"


def return_sheet(sheet: ReturnFigures) -> Sheet:
    """What is printed of a return; one that is not signed yet says so at its head."""
    filing, record = sheet.filing, sheet.record
    day = timezone.localtime(filing.at if filing else timezone.now()).date()
    return draft_sheet(
        "return", issuer=record.organization.name, content=return_content(sheet), day=day,
        number=f"第{filing.number}次签报 {filing.code}" if filing else "", draft="" if filing else "未签报",
    )  # fmt: skip


def address_of(filing: Filing) -> str:
    """Where the code beside the table leads: the return with every figure as signed."""
    return f"{settings.PUBLIC_URL}{reverse('returns:figure', args=[filing.code])}"


def _is_wide(sheet: ReturnFigures) -> bool:
    return len(sheet.rows) > 1 and len(sheet.items) + 1 > WIDE


def _table(sheet: ReturnFigures, note: str) -> d.Block:
    address = address_of(sheet.filing) if sheet.filing else ""
    if len(sheet.rows) == 1:
        rows = [
            [str(number), figure.item.label, figure.item.unit, figure.text or "—", figure.against_previous.words or "—",
             (sheet.knows_last_year and figure.against_last_year.words) or "—"]
            for number, figure in enumerate(sheet.figures(), start=1)
        ]  # fmt: skip
        return d.table(
            ["序号", "指标", "单位", "本期", f"与{sheet.before.label}比", f"与{sheet.year_ago.label}比"], rows,
            title=sheet.period_label, widths=[7, 34, 9, 14, 18, 18], note=note, address=address,
        )  # fmt: skip
    columns = ["", *(_column(item.label, item.unit) for item in sheet.items)]
    # As on the printed form: noughts are left empty (domain rules §2.3).
    rows = [
        [row.label, *(figure.text if figure.value else "" for figure in figures)]
        for row, figures in sheet.table()
    ]
    share = 84 / max(len(sheet.items), 1)
    return d.table(
        columns, rows, heads=_heads(sheet), title=sheet.period_label, widths=[16, *[share] * len(sheet.items)], note=note,
        address=address,
    )  # fmt: skip


def _column(label: str, unit: str) -> str:
    return f"{label}（{unit}）" if unit else label


def _heads(sheet: ReturnFigures) -> list[list[tuple[str, int, int]]]:
    """The head in two tiers where the definition has headings over several columns; a single one otherwise."""
    if not sheet.spec.headings:
        return []
    over = {key: heading for heading in sheet.spec.headings for key in heading.items}
    top: list[tuple[str, int, int]] = [("单位", 1, 2)]
    bottom: list[tuple[str, int, int]] = []
    items = list(sheet.items)
    while items:
        item = items[0]
        heading = over.get(item.key)
        if heading is None:
            top.append((_column(item.label, item.unit), 1, 2))
            items.pop(0)
            continue
        under = []
        while items and over.get(items[0].key) is heading:
            under.append(items.pop(0))
        top.append((heading.label, len(under), 1))
        bottom += [(_column(each.label, each.unit), 1, 1) for each in under]
    return [top, bottom]
