"""Documents to measure the plan compiler with: the labelled texts when they are there, else the invented sample.

Every text becomes a Word file the way offices write it: the numbers drawn by Word, a responsibility table at the end.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from docx import Document
from docx.oxml.parser import parse_xml

LABELLED = Path(__file__).resolve().parents[2] / "shared" / "plans"
_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_LEVELS = (("chineseCountingThousand", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3."))
_MARKS = (
    re.compile(r"[ \u3000]*[一二三四五六七八九十]{1,3}、"),
    re.compile(r"[ \u3000]*[（(][一二三四五六七八九十]{1,3}[)）]"),
    re.compile(r"[ \u3000]*\d{1,2}[.．](?!\d)"),
)
_HEADER = ("序号", "工作任务", "牵头单位", "配合单位", "完成时限")
_UNITS = ("市应急局", "市住房和城乡建设局", "市消防救援支队", "市市场监管局", "市公安局", "市城管局")
ROWS = 24


def texts() -> list[tuple[str, str]]:
    """Return (name, text) of every document: seeds and dev of the labelled set, else the invented plan."""
    found = [*sorted((LABELLED / "seeds").glob("*.txt")), *sorted((LABELLED / "dev").glob("*.txt"))]
    if found:
        return [(path.stem, path.read_text("utf-8")) for path in found]
    from bihuan.plans.tests import sample

    return [("sample", sample.TEXT)]


def twenty_pages() -> str:
    """Return an invented plan of twenty pages: 22 lines of 28 characters each (GB/T 9704-2012, 5.2.3)."""
    from bihuan.plans.tests import sample

    head, tail = sample.TEXT.split("五、主要任务\n")
    tasks, rest = tail.split("六、部门分工\n")
    places = (
        "租赁厂房",
        "仓库",
        "加油站",
        "餐饮场所",
        "建筑工地",
        "养老机构",
        "学校",
        "医院",
        "商场",
        "旅馆",
        "车站",
        "景区",
    )
    body, sections = "", 0
    while len(head) + len(body) + len(rest) < 20 * 22 * 28:
        body += f"（{'一二三四五六七八九十'[sections % 10]}）整治{places[sections % len(places)]}\n"
        items = [line for line in tasks.split("\n") if re.match(r"\d", line)]
        body += "".join(
            re.sub(r"^\d+", str(i + 1), line).replace("厂房", places[sections % len(places)]) + "\n"
            for i, line in enumerate(items)
        )
        sections += 1
    return f"{head}五、主要任务\n{body}六、部门分工\n{rest}"


def as_word(text: str) -> bytes:
    """Return a text as a Word file with automatic numbers and a responsibility table behind it."""
    document = Document()
    numbering = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{label}"/></w:lvl>'
        for i, (form, label) in enumerate(_LEVELS)
    )
    numbering.insert(
        0, parse_xml(f'<w:abstractNum {_NAMESPACE} w:abstractNumId="77">{levels}</w:abstractNum>')
    )
    numbering.append(parse_xml(f'<w:num {_NAMESPACE} w:numId="78"><w:abstractNumId w:val="77"/></w:num>'))
    for line in text.split("\n"):
        depth, mark = next(
            ((d, m) for d, pattern in enumerate(_MARKS) if (m := pattern.match(line))), (None, None)
        )
        paragraph = document.add_paragraph()
        words = line[mark.end() :] if mark else line
        # Word splits paragraphs into runs at every change of font or spelling mark.
        for at in range(0, len(words), 24):
            paragraph.add_run(words[at : at + 24])
        if depth is not None:
            paragraph._p.get_or_add_pPr().append(
                parse_xml(f'<w:numPr {_NAMESPACE}><w:ilvl w:val="{depth}"/><w:numId w:val="78"/></w:numPr>')
            )
    document.add_paragraph("附件1")
    document.add_paragraph("责任分工表")
    table = document.add_table(ROWS + 1, len(_HEADER))
    for column, words in enumerate(_HEADER):
        table.rows[0].cells[column].text = words
    for row in range(1, ROWS + 1):
        values = (
            str(row),
            f"公布第{row}批重点场所名单",
            _UNITS[row % 6],
            "、".join(_UNITS[:2]),
            f"2031年{row % 12 + 1}月底前",
        )
        for cell, words in zip(table.rows[row].cells, values, strict=True):
            cell.text = words
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
