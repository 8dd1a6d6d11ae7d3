"""What a paper is made of: a title, and blocks in reading order. One model, printed as HTML, PDF and Word alike.

A block is one of
  {"kind": "facts", "rows": [[label, value], …]}            a two-column table
  {"kind": "heading", "text": …, "level": 1…4}              一、（一）1.（1）; level 1 when it is not said
  {"kind": "text", "text": …}                               a paragraph
  {"kind": "items", "items": [{"text": …, "notes": […]}]}   numbered findings
  {"kind": "table", "columns": […], "rows": [[…], …]}       and title, heads, widths, note, unit, qr when they are given
  {"kind": "chart", "form", "title", "labels", "series"}    bars, columns or lines from plain numbers
  {"kind": "qr", "address": …, "caption": …}                opens the rows behind a figure
  {"kind": "photos", "title": …, "photos": [{"id", "sha256", "caption"}]}
  {"kind": "signatures", "lines": [{"role", "name", "title", "method", "image", "remark", "at"}]}
  {"kind": "closing", "organization": …, "date": …}         who and when, at the right
and for papers in the official layout (GB/T 9704-2012, see `official`)
  {"kind": "recipients", "names": […]}                      主送机关, before everything else
  {"kind": "enclosures", "names": […]}                      附件说明, after the words
  {"kind": "annotation", "text": …}                         附注, in brackets under the date
  {"kind": "appendix", "label": …, "title": …, "landscape": …}  what follows is an attachment on a page of its own
  {"kind": "imprint", "cc": […], "printer": …, "date": …}   版记: 抄送 and 印发, at the foot of the last page
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bihuan.core.numerals import chinese_number

Block = dict[str, Any]

REQUIRED: dict[str, frozenset[str]] = {
    "facts": frozenset({"rows"}),
    "heading": frozenset({"text"}),
    "text": frozenset({"text"}),
    "items": frozenset({"items"}),
    "table": frozenset({"columns", "rows"}),
    "chart": frozenset({"form", "title", "labels", "series"}),
    "qr": frozenset({"address", "caption"}),
    "photos": frozenset({"title", "photos"}),
    "signatures": frozenset({"lines"}),
    "closing": frozenset({"organization", "date"}),
    "recipients": frozenset({"names"}),
    "enclosures": frozenset({"names"}),
    "annotation": frozenset({"text"}),
    "appendix": frozenset({"label", "title"}),
    "imprint": frozenset({"cc", "printer", "date"}),
}
CHART_FORMS = ("bars", "columns", "lines")
LEVELS = (1, 2, 3, 4)
_NUMBERED = re.compile(r"^(?:[一二三四五六七八九十百]+、|（[一二三四五六七八九十百]+）|\d+[.．]|（\d+）)")


@dataclass(frozen=True)
class Photo:
    """A picture on the paper; its digest is part of what is frozen."""

    id: str
    sha256: str
    caption: str


@dataclass(frozen=True)
class SignatureLine:
    """One signature as it stands on the paper; `image` is the id of the drawn picture or empty."""

    role: str
    name: str
    title: str
    method: str
    image: str
    remark: str
    at: str


def facts(*rows: tuple[str, object]) -> Block:
    """A table of labels and values; empty values show as 无."""
    return {
        "kind": "facts",
        "rows": [[label, str(value) if value not in (None, "") else "无"] for label, value in rows],
    }


def official(
    title: str, blocks: Iterable[Block], *, signers: Sequence[str] = (), urgency: str = ""
) -> dict[str, Any]:
    """Content of a paper in the official layout, its headings numbered 一、（一）1.（1）.

    `signers` makes it a paper to a higher level (上行文): 签发人 stands beside the number. `urgency` is 特急 or 加急.
    """
    content: dict[str, Any] = {"title": title, "blocks": number_headings(blocks)}
    if signers:
        content["signers"] = list(signers)
    if urgency:
        content["urgency"] = urgency
    return content


def heading(text: str, level: int = 1) -> Block:
    """A heading of one of four levels; `number_headings` writes the number before it."""
    block: Block = {"kind": "heading", "text": text}
    return block if level == 1 else block | {"level": level}


def number_headings(blocks: Iterable[Block]) -> list[Block]:
    """The blocks with every heading numbered by its level; one that bears a number already counts and keeps it.

    An appendix begins anew.
    """
    counts = [0, 0, 0, 0]
    numbered: list[Block] = []
    for block in blocks:
        if block["kind"] == "appendix":
            counts = [0, 0, 0, 0]
        if block["kind"] == "heading":
            level = block.get("level", 1)
            counts = [*counts[: level - 1], counts[level - 1] + 1, *[0] * (4 - level)]
            if not _NUMBERED.match(block["text"]):
                block = block | {"text": heading_number(level, counts[level - 1]) + block["text"]}
        numbered.append(block)
    return numbered


def heading_number(level: int, number: int) -> str:
    """How the n-th heading of a level is numbered (GB/T 9704-2012 7.3.3)."""
    if level == 1:
        return f"{chinese_number(number)}、"
    if level == 2:
        return f"（{chinese_number(number)}）"
    return f"{number}." if level == 3 else f"（{number}）"


def text(words: str) -> Block:
    return {"kind": "text", "text": words}


def items(entries: list[tuple[str, list[str]]]) -> Block:
    """Numbered entries, each with notes under it."""
    return {"kind": "items", "items": [{"text": words, "notes": notes} for words, notes in entries]}


def table(
    columns: list[str],
    rows: list[list[str]],
    *,
    title: str = "",
    unit: str = "",
    note: str = "",
    heads: Sequence[Sequence[tuple[str, int, int]]] = (),
    widths: Sequence[float] = (),
    address: str = "",
) -> Block:
    """A ruled table; its head repeats on every page, columns of numbers stand at the right.

    `heads` are rows of a head in several tiers, cells (words, columns, rows), printed instead of `columns`; `widths`
    are shares of the width; `address` becomes a QR code that opens the rows behind the figures.
    """
    block: Block = {"kind": "table", "columns": columns, "rows": rows}
    extra: dict[str, Any] = {
        "title": title,
        "unit": unit,
        "note": note,
        "heads": [[list(cell) for cell in row] for row in heads],
        "widths": list(widths),
        "address": address,
    }
    return block | {name: value for name, value in extra.items() if value}


def chart(
    form: str,
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float | int | None]],
    *,
    unit: str = "",
) -> Block:
    """A chart of plain numbers: `bars` (lying, for names), `columns` or `lines` (over time), one to six series.

    None is a gap. Raises ValueError for an unknown form, no labels, or series of another length than the labels.
    """
    block: Block = {
        "kind": "chart",
        "form": form,
        "title": title,
        "labels": list(labels),
        "series": [{"name": name, "values": list(values)} for name, values in series.items()],
    }
    _check_chart(block)
    return block | {"unit": unit} if unit else block


def qr(address: str, caption: str) -> Block:
    """A QR code of an absolute address, with words under it."""
    return {"kind": "qr", "address": address, "caption": caption}


def recipients(*names: str) -> Block:
    """主送机关: those who are to act on the paper."""
    return {"kind": "recipients", "names": list(names)}


def enclosures(*names: str) -> Block:
    """附件说明: the names of the attachments, in order, as their appendices are titled."""
    return {"kind": "enclosures", "names": list(names)}


def annotation(words: str) -> Block:
    """附注: whom to ask, printed in brackets under the date."""
    return {"kind": "annotation", "text": words}


def appendix(title: str, *, label: str = "附件", landscape: bool = False) -> Block:
    """The beginning of an attachment; blocks after it belong to it, up to the next one. Wide tables lie across."""
    block: Block = {"kind": "appendix", "label": label, "title": title}
    return block | {"landscape": True} if landscape else block


def imprint(printer: str, date: str, *, cc: Sequence[str] = ()) -> Block:
    """版记: 抄送机关, who printed the paper and when. Papers without one get it from issuer and day."""
    return {"kind": "imprint", "cc": list(cc), "printer": printer, "date": date}


def photos(title: str, pictures: list[Photo]) -> Block:
    return {"kind": "photos", "title": title, "photos": [asdict(picture) for picture in pictures]}


def signatures(lines: list[SignatureLine]) -> Block:
    return {"kind": "signatures", "lines": [asdict(line) for line in lines]}


def closing(organization: str, date: str) -> Block:
    return {"kind": "closing", "organization": organization, "date": date}


def check_content(content: dict[str, Any]) -> None:
    """Raise ValueError unless `content` has a title and blocks every renderer knows."""
    if not content.get("title") or not isinstance(content.get("blocks"), list):
        raise ValueError("a paper needs a title and blocks")
    for block in content["blocks"]:
        needed = REQUIRED.get(block.get("kind"))
        if needed is None or not needed <= block.keys():
            raise ValueError(f"a paper cannot print the block {block.get('kind')!r}")
        if block["kind"] == "heading" and block.get("level", 1) not in LEVELS:
            raise ValueError(f"a heading has no level {block['level']!r}")
        if block["kind"] == "table" and any(len(row) != len(block["columns"]) for row in block["rows"]):
            raise ValueError(f"every row of the table needs {len(block['columns'])} cells")
        if block["kind"] == "chart":
            _check_chart(block)


def _check_chart(block: Block) -> None:
    if block["form"] not in CHART_FORMS:
        raise ValueError(f"a chart cannot be drawn as {block['form']!r}")
    if not block["labels"] or not 1 <= len(block["series"]) <= 6:
        raise ValueError("a chart needs labels and one to six series")
    if any(len(series["values"]) != len(block["labels"]) for series in block["series"]):
        raise ValueError("every series needs one value, or None, per label")


def printable(value: Any) -> Any:
    """The same words, lists and mappings without control signs: Word cannot hold them, on paper they only hide something."""
    if isinstance(value, str):
        return "".join(
            sign for sign in value if sign == "\n" or unicodedata.category(sign) not in {"Cc", "Cs", "Cf"}
        )
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable(item) for item in value]
    return value


def attachment_ids(content: dict[str, Any]) -> list[str]:
    """Ids of every picture the paper prints: photos and drawn signatures, in order, each once."""
    found: dict[str, None] = {}
    for block in content["blocks"]:
        for picture in block.get("photos", []):
            found[picture["id"]] = None
        for line in block.get("lines", []):
            if line["image"]:
                found[line["image"]] = None
    return list(found)
