"""What a paper is made of: a title, and blocks in reading order. One model, printed as HTML and as Word alike.

A block is one of
  {"kind": "facts", "rows": [[label, value], …]}            a two-column table
  {"kind": "heading", "text": …}                            一、二、三
  {"kind": "text", "text": …}                               a paragraph
  {"kind": "items", "items": [{"text": …, "notes": […]}]}   numbered findings
  {"kind": "table", "columns": […], "rows": [[…], …]}
  {"kind": "photos", "title": …, "photos": [{"id", "sha256", "caption"}]}
  {"kind": "signatures", "lines": [{"role", "name", "title", "method", "image", "remark", "at"}]}
  {"kind": "closing", "organization": …, "date": …}         who and when, at the right
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Block = dict[str, Any]

REQUIRED: dict[str, frozenset[str]] = {
    "facts": frozenset({"rows"}),
    "heading": frozenset({"text"}),
    "text": frozenset({"text"}),
    "items": frozenset({"items"}),
    "table": frozenset({"columns", "rows"}),
    "photos": frozenset({"title", "photos"}),
    "signatures": frozenset({"lines"}),
    "closing": frozenset({"organization", "date"}),
}


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


def heading(text: str) -> Block:
    return {"kind": "heading", "text": text}


def text(words: str) -> Block:
    return {"kind": "text", "text": words}


def items(entries: list[tuple[str, list[str]]]) -> Block:
    """Numbered entries, each with notes under it."""
    return {"kind": "items", "items": [{"text": words, "notes": notes} for words, notes in entries]}


def table(columns: list[str], rows: list[list[str]]) -> Block:
    return {"kind": "table", "columns": columns, "rows": rows}


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
