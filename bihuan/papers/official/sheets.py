"""What is printed: an issued paper or the draft of one, taken apart into the places of the standard."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import reverse

from bihuan.attachments import storage
from bihuan.attachments.models import Attachment
from bihuan.core.dates import day_words

from ..documents import Block, attachment_ids, printable
from ..models import Paper
from . import measures as m

DOCUMENT, LETTER, MINUTES = "document", "letter", "minutes"
LETTER_KINDS = frozenset({Paper.Kind.REMINDER, Paper.Kind.WARNING, Paper.Kind.ADVICE})
MINUTES_KINDS = frozenset({Paper.Kind.MINUTES, Paper.Kind.TALK_MINUTES})
_NUMBER = re.compile(r"^[-−－+＋]?[\d,，]+(?:\.\d+)?\s?[%％‰]?$|^[—－–-]{1,2}$")
_ENDS = (
    "关于",
    "年度",
    "季度",
    "的",
    "和",
    "与",
    "及",
    "、",
    "全市",
    "情况",
    "工作",
    "周",
    "月份",
    "年",
    "月",
    "日",
    "）",
    "》",
)
_BEGINNINGS = (
    "全市",
    "安全生产",
    "重大",
    "隐患",
    "工作",
    "情况",
    "专项",
    "排查",
    "整治",
    "有关",
    "全县",
    "全区",
    "和",
    "开展",
    "加强",
    "进一步",
)
Pictures = Callable[[str], bytes | None]


def no_pictures(_: str) -> bytes | None:
    """A sheet without photographs."""
    return None


@dataclass(frozen=True)
class Sheet:
    """One document to print. `mark` is the red name at its head; `verify` the address its code opens; `draft` words
    that say it has not been issued yet."""

    style: str
    issuer: str
    mark: str
    number: str
    content: Mapping[str, Any]
    day: dt.date
    verify: str = ""
    code: str = ""
    draft: str = ""
    pictures: Pictures = field(default=no_pictures)

    @property
    def title(self) -> str:
        return str(self.content["title"])

    @property
    def signers(self) -> list[str]:
        """签发人: only papers to a higher level have them."""
        return list(self.content.get("signers", []))

    @property
    def urgency(self) -> str:
        return str(self.content.get("urgency", ""))

    @property
    def recipients(self) -> list[str]:
        """主送机关, in printed order."""
        return [name for block in self._of("recipients") for name in block["names"]]

    @property
    def body(self) -> list[Block]:
        """Everything between addressee and imprint, in reading order."""
        return [block for block in self.content["blocks"] if block["kind"] not in {"recipients", "imprint"}]

    @property
    def imprint(self) -> Block:
        """版记; a paper that brings none says who printed it and when."""
        found = self._of("imprint")
        return (
            found[-1]
            if found
            else {"kind": "imprint", "cc": [], "printer": self.issuer, "date": day_words(self.day)}
        )

    def _of(self, kind: str) -> list[Block]:
        return [block for block in self.content["blocks"] if block["kind"] == kind]


def sheet_of(paper: Paper) -> Sheet:
    """The sheet of an issued paper, its pictures read from the store when they are printed."""
    style = LETTER if paper.kind in LETTER_KINDS else MINUTES if paper.kind in MINUTES_KINDS else DOCUMENT
    return Sheet(
        style=style,
        issuer=paper.organization.name,
        mark=_mark(style, paper.organization.name, paper.content),
        number=paper.number,
        content=paper.content,
        day=paper.issued_at.astimezone().date(),
        verify=f"{settings.PUBLIC_URL}{reverse('papers:verify', args=[paper.code])}",
        code=str(paper.code),
        pictures=_stored(attachment_ids(paper.content)),
    )


def draft_sheet(
    kind: str, *, issuer: str, content: Mapping[str, Any], day: dt.date, draft: str = "草稿", number: str = ""
) -> Sheet:
    """The sheet of something not issued yet: no code to check it by, and the head says what it is."""
    style = LETTER if kind in LETTER_KINDS else MINUTES if kind in MINUTES_KINDS else DOCUMENT
    return Sheet(
        style=style,
        issuer=issuer,
        mark=_mark(style, issuer, content),
        number=number,
        content=printable(dict(content)),
        day=day,
        draft=draft,
        pictures=_stored(attachment_ids(dict(content))),
    )


def _mark(style: str, issuer: str, content: Mapping[str, Any]) -> str:
    if content.get("mark"):
        return str(content["mark"])
    return {DOCUMENT: f"{issuer}文件", LETTER: issuer, MINUTES: f"{issuer}会议纪要"}[style]


def _stored(ids: list[str]) -> Pictures:
    if not ids:
        return no_pictures
    paths = {str(each.pk): each.path for each in Attachment.objects.filter(pk__in=ids)}

    def read(pk: str) -> bytes | None:
        try:
            return storage.read(paths[pk])
        except (KeyError, OSError, ValueError):
            return None

    return read


def title_lines(title: str) -> list[str]:
    """A long title in lines of about one length, broken between its parts and never inside a word it can see (7.3.1)."""
    given = [line for line in title.split("\n") if line.strip()]
    if len(given) > 1:
        return given
    count = -(-round(_breadth(title) * 10) // (m.TITLE_CHARACTERS * 10))
    lines, rest = [], title
    for left in range(max(count, 1), 1, -1):
        places = range(max(2, len(rest) // left - 5), min(len(rest) - 1, len(rest) // left + 6))
        fitting = [place for place in places if _breadth(rest[:place]) <= m.TITLE_CHARACTERS]
        if not fitting:
            break
        best = min(fitting, key=lambda place: _cost(rest, place, _breadth(rest) / left))
        lines.append(rest[:best])
        rest = rest[best:]
    return [*lines, rest]


def _cost(words: str, place: int, wanted: float) -> float:
    """How badly a line breaks there: far from the middle, or away from where one part ends and the next begins."""
    before, after = words[:place], words[place:]
    good = before.endswith(_ENDS) or after.startswith(_BEGINNINGS)
    bad = after[0] in "的）》”、，了" or (before[-1] + after[0]).isascii() or before[-1] in "（《“第"
    return abs(_breadth(before) - wanted) + (0 if good else 4) + (20 if bad else 0)


def closing_places(name: str, day: str) -> tuple[float, float]:
    """How many characters from the right the issuer and the date end: the date four, the issuer centred over it; an
    issuer too long for that ends at the edge (7.3.5.1)."""
    beyond = (_breadth(name) - _breadth(day)) / 2
    date = max(float(m.DATE_FROM_RIGHT), beyond)
    return date - beyond, date


def numeric_columns(block: Block) -> list[bool]:
    """Which columns of a table hold numbers only: those stand at the right."""
    columns: list[bool] = []
    for place in range(len(block["columns"])):
        cells = [str(row[place]).strip() for row in block["rows"]]
        filled = [cell for cell in cells if cell]
        columns.append(bool(filled) and all(_NUMBER.match(cell) for cell in filled))
    return columns


def column_shares(block: Block) -> list[float]:
    """The share of the width each column of a table gets: as the block says, or by its longest words."""
    if block.get("widths"):
        widths = [float(width) for width in block["widths"]]
    else:
        widths = [
            min(
                24.0,
                max(3.2, *(_breadth(str(row[place])) for row in [block["columns"], *block["rows"][:200]])),
            )
            for place in range(len(block["columns"]))
        ]
        if block.get("heads"):  # the words of the bottom tier stand in narrow columns and wrap
            widths = [
                min(16.0, max(4.0, *(_breadth(str(row[place])) for row in block["rows"][:200])))
                if block["rows"]
                else 4.0
                for place in range(len(block["columns"]))
            ]
    total = sum(widths) or 1
    return [width / total for width in widths]


def _breadth(words: str) -> float:
    return max(
        (
            sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.55 for sign in line)
            for line in words.split("\n")
        ),
        default=0.0,
    )
