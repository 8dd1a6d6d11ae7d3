"""What one would write without the compiler: python-docx to read, `re` to find the clauses.

It does the same reading: automatic numbers rebuilt (own and through the style), tables row by row, the clauses of the
text with their number, heading, units by role and deadline. It is written straight, with the definitions of the lists
looked up once; nothing in it is slowed down.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

from docx import Document
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

_DIGITS = "零一二三四五六七八九"
_NUMBER = re.compile(
    r"^[ \u3000]*(?P<no>[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[)）]|\d{1,2}[.．、](?!\d)|[（(]\d{1,2}[)）]|[①-⑳])"
)
_DEPTH = (
    re.compile(r"[一二三四五六七八九十]{1,3}、"),
    re.compile(r"[（(][一二三四五六七八九十]"),
    re.compile(r"\d{1,2}[.．、]"),
    re.compile(r"[（(]\d"),
    re.compile(r"[①-⑳]"),
)
_BRACKET = re.compile(
    r"[（(](?P<inner>[^（）()]{2,200}?(?:牵头|负责|配合|参与|指导|单位[:：])[^（）()]{0,200})[)）][。；]?"
)
_CLAUSE = re.compile(r"(?P<units>[^，；。]+?)(?P<role>牵头|按职责分工负责|负责|配合|参与|指导)")
_LABEL = re.compile(r"(?P<role>牵头|责任|配合)单位\s*[:：]\s*(?P<units>[^；。\n）)]+)")
_DATE = re.compile(r"(?:(?P<y>20\d\d)年)?(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})日|底)?前")
_HEADING_END = re.compile(r"[。：:；;\n]")


@dataclass
class Clause:
    """A numbered item or a row of a table."""

    no: str
    depth: int
    heading: str
    text: str
    lead: list[str] = field(default_factory=list)
    support: list[str] = field(default_factory=list)
    responsible: list[str] = field(default_factory=list)
    due: str = ""


def chinese(number: int) -> str:
    """A counting numeral below a hundred."""
    tens, ones = divmod(number, 10)
    return ("十" if tens == 1 else _DIGITS[tens] + "十" if tens else "") + (_DIGITS[ones] if ones else "")


class Lists:
    """Automatic numbers through python-docx's objects."""

    def __init__(self, document):
        root = document.part.numbering_part.element
        self.levels = {}
        for abstract in root.findall(qn("w:abstractNum")):
            self.levels[abstract.get(qn("w:abstractNumId"))] = {
                int(level.get(qn("w:ilvl"))): (
                    level.find(qn("w:numFmt")).get(qn("w:val")),
                    level.find(qn("w:lvlText")).get(qn("w:val")),
                )
                for level in abstract.findall(qn("w:lvl"))
            }
        self.abstract = {
            num.get(qn("w:numId")): num.find(qn("w:abstractNumId")).get(qn("w:val"))
            for num in root.findall(qn("w:num"))
        }
        self.counts: dict[str, dict[int, int]] = {}

    def label(self, paragraph: Paragraph) -> str:
        properties = paragraph._p.pPr
        found = properties.numPr if properties is not None else None
        style = paragraph.style
        while found is None and style is not None:
            own = style.element.pPr
            found = own.numPr if own is not None else None
            style = style.base_style
        if found is None or found.numId is None:
            return ""
        depth = found.ilvl.val if found.ilvl is not None else 0
        abstract = self.abstract.get(str(found.numId.val), "")
        levels = self.levels.get(abstract, {})
        if depth not in levels or levels[depth][0] == "bullet":
            return ""
        counts = self.counts.setdefault(abstract, {})
        counts[depth] = counts.get(depth, 0) + 1
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]

        def part(match):
            at = int(match.group(1)) - 1
            number = counts.get(at, 1)
            return chinese(number) if levels[at][0].startswith("chinese") else str(number)

        return re.sub(r"%(\d)", part, levels[depth][1])


def text_of(data: bytes) -> tuple[list[str], list[Clause]]:
    """Return the lines of a Word file with their numbers, and the rows of its task tables."""
    document = Document(io.BytesIO(data))
    lists = Lists(document)
    lines: list[str] = []
    rows: list[Clause] = []
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            text = block.text
            if text.strip():
                lines.append(lists.label(block) + text)
        elif isinstance(block, Table):
            rows += table_rows(block)
    return lines, rows


def read(data: bytes) -> list[Clause]:
    """Return the clauses of a Word file."""
    lines, rows = text_of(data)
    return [*clauses(lines), *rows]


def clauses(lines: list[str]) -> list[Clause]:
    """Return the numbered items that no other is numbered below."""
    found: list[Clause] = []
    for line in lines:
        number = _NUMBER.match(line)
        if number:
            label = number["no"].strip()
            depth = next(i for i, pattern in enumerate(_DEPTH) if pattern.match(label))
            words = line[number.end() :].strip()
            end = _HEADING_END.search(words)
            heading = words[: end.start() if end else len(words)][:30]
            found.append(Clause(label, depth, heading, words))
        elif found:
            found[-1].text += "\n" + line
    leaves = [
        clause
        for clause, after in zip(found, [*found[1:], None], strict=False)
        if after is None or after.depth <= clause.depth
    ]
    for clause in leaves:
        charge(clause)
    return leaves


def charge(clause: Clause) -> None:
    """Read the units and the deadline of a clause."""
    for bracket in _BRACKET.finditer(clause.text):
        labels = list(_LABEL.finditer(bracket["inner"]))
        for match in labels or _CLAUSE.finditer(bracket["inner"]):
            units = [u.strip() for u in re.split(r"[、，]", match["units"]) if u.strip()]
            role = match["role"]
            if role == "牵头":
                clause.lead += units
            elif role in ("配合", "参与") or (clause.lead and role != "牵头"):
                clause.support += units
            elif len(units) == 1:
                clause.lead += units
            else:
                clause.responsible += units
    dates = [m.group() for m in _DATE.finditer(clause.text)]
    clause.due = dates[-1] if dates else ""


def table_rows(table: Table) -> list[Clause]:
    """Return the rows of a task table."""
    rows = table.rows
    header = [cell.text.strip() for cell in rows[0].cells]
    if "工作任务" not in header:
        return []
    place = {name: i for i, name in enumerate(header)}
    found = []
    for row in rows[1:]:
        cells = [cell.text.strip() for cell in row.cells]
        words = cells[place["工作任务"]]
        found.append(
            Clause(
                cells[place["序号"]],
                0,
                words[:30],
                words,
                re.split("、", cells[place["牵头单位"]]),
                re.split("、", cells[place["配合单位"]]),
                [],
                cells[place["完成时限"]],
            )
        )
    return found
