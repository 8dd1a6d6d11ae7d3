"""A sheet set for HTML: what the template prints, one part after the other. Screen, print page and PDF share it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from bihuan.core.charts import Series, column_chart, grouped_bars, line_chart
from bihuan.core.dates import day_words
from bihuan.core.qr import qr_svg

from . import measures as m
from .sheets import (
    LETTER,
    MINUTES,
    Sheet,
    closing_places,
    column_shares,
    numeric_columns,
    title_lines,
)

PhotoUrl = Callable[[str], str]


@dataclass(frozen=True)
class Section:
    """The body, or one attachment: on pages of its own, upright or lying."""

    is_wide: bool
    label: str
    title: list[str]
    parts: list[dict[str, Any]]


def context_of(sheet: Sheet, photo_url: PhotoUrl) -> dict[str, Any]:
    """What `papers/_official.html` prints. `photo_url` gives the address of a stored picture."""
    imprint, sections = sheet.imprint, sections_of(sheet, photo_url)
    return {
        "sheet": sheet,
        "is_letter": sheet.style == LETTER,
        "is_minutes": sheet.style == MINUTES,
        "mark_class": f"gw-mark-{m.mark_size(sheet.mark):.0f}",
        "recipients": "、".join(sheet.recipients),
        "signers": sheet.signers,
        "sections": sections,
        "ends_wide": sections[-1].is_wide,
        "cc": "、".join(imprint["cc"]),
        "printer": imprint["printer"],
        "printed": imprint["date"],
        "day": day_words(sheet.day),
        "qr": qr_of(sheet.verify, f"核验{sheet.number}") if sheet.verify else "",
    }


def qr_of(address: str, label: str) -> SafeString:
    """A code as SVG; `qr_svg` escapes the label and draws the rest itself."""
    return mark_safe(qr_svg(address, label=label))  # noqa: S308


def sections_of(sheet: Sheet, photo_url: PhotoUrl) -> list[Section]:
    """The body and the attachments, each block in the shape the template prints."""
    found = [Section(False, "", title_lines(sheet.title), [])]
    for block in sheet.body:
        if block["kind"] == "appendix":
            found.append(
                Section(bool(block.get("landscape")), block["label"], title_lines(block["title"]), [])
            )
        else:
            found[-1].parts.append(_part(block, photo_url))
    return found


def _part(block: dict[str, Any], photo_url: PhotoUrl) -> dict[str, Any]:
    make = _PARTS.get(block["kind"])
    return make(block, photo_url) if make else dict(block)


def _heading(block: dict[str, Any], photo_url: PhotoUrl) -> dict[str, Any]:
    return {"kind": "heading", "level": block.get("level", 1), "text": block["text"]}


def _table(block: dict[str, Any], photo_url: PhotoUrl) -> dict[str, Any]:
    numeric = numeric_columns(block)
    return {
        "kind": "table",
        "columns": block["columns"],
        **{name: block.get(name, "") for name in ("title", "unit", "note")},
        "shares": [f"{share * 100:.2f}%" for share in column_shares(block)],
        "heads": block.get("heads", []),
        "rows": [list(zip(row, numeric, strict=True)) for row in block["rows"]],
        "qr": qr_of(block["address"], "查看本表数据明细") if block.get("address") else "",
        "is_dense": len(block["columns"]) > 8,
    }


def chart_svg(block: dict[str, Any]) -> SafeString:
    """The chart of a block as SVG."""
    series = [Series(line["name"], line["values"]) for line in block["series"]]
    looks = {"title": block["title"], "unit": block.get("unit", "")}
    if block["form"] == "lines":
        return line_chart(series, block["labels"], width=560, **looks)
    if block["form"] == "columns":
        return column_chart(series, block["labels"], **looks)
    return grouped_bars(series, block["labels"], **looks)


def _chart(block: dict[str, Any], photo_url: PhotoUrl) -> dict[str, Any]:
    return {"kind": "chart", "title": block["title"], "unit": block.get("unit", ""), "svg": chart_svg(block)}


def _qr(block: dict[str, Any], photo_url: PhotoUrl) -> dict[str, Any]:
    return {**block, "svg": qr_of(block["address"], block["caption"])}


def _photos(block: dict[str, Any], photo_url: PhotoUrl) -> dict[str, Any]:
    return {**block, "photos": [{**photo, "url": photo_url(photo["id"])} for photo in block["photos"]]}


def _signatures(block: dict[str, Any], photo_url: PhotoUrl) -> dict[str, Any]:
    return {
        **block,
        "lines": [
            {**line, "url": photo_url(line["image"]) if line["image"] else ""} for line in block["lines"]
        ],
    }


def _closing(block: dict[str, Any], photo_url: PhotoUrl) -> dict[str, Any]:
    return {**block, "is_long": closing_places(block["organization"], block["date"])[0] <= 0}


def _items(block: dict[str, Any], photo_url: PhotoUrl) -> dict[str, Any]:
    # A template reads part.items as the method of a mapping.
    return {"kind": "items", "items_list": block["items"]}


_PARTS: dict[str, Callable[[dict[str, Any], PhotoUrl], dict[str, Any]]] = {
    "heading": _heading,
    "items": _items,
    "closing": _closing,
    "table": _table,
    "chart": _chart,
    "qr": _qr,
    "photos": _photos,
    "signatures": _signatures,
}
