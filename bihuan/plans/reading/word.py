"""Word documents (.docx): paragraphs, tables and automatic numbering, read from the zipped XML without Word.

The text is what a reader sees once all tracked changes are accepted; what Word keeps beside it (deleted text, comments,
footnotes, running heads, hidden text, tables of contents) stays in the original as noise.
"""

from __future__ import annotations

import re

from lxml import etree

from bihuan.plans.reading.archive import Archive
from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.extracted import Cell, Extracted, Table, Writer
from bihuan.plans.reading.numbering import Numbering

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# A responsibility table of a city has a few hundred rows; Word itself allows 63 columns.
MAX_CELLS = 60_000
MAX_COLUMNS = 63
_P, _R, _T, _TAB, _BR = f"{W}p", f"{W}r", f"{W}t", f"{W}tab", f"{W}br"
_TBL, _TR, _TC, _PPR, _RPR = f"{W}tbl", f"{W}tr", f"{W}tc", f"{W}pPr", f"{W}rPr"
_DEL, _MOVE_FROM, _DEL_TEXT = f"{W}del", f"{W}moveFrom", f"{W}delText"
_TCPR, _GRID_SPAN, _V_MERGE, _VAL = f"{W}tcPr", f"{W}gridSpan", f"{W}vMerge", f"{W}val"
_BREAKS = {_TAB: " ", _BR: "\n", f"{W}cr": "\n", f"{W}ptab": " "}
_SIGNS = {f"{W}noBreakHyphen": "-", f"{W}softHyphen": ""}
# Ticked and empty boxes of forms, as Wingdings and Symbol number them.
_SYMBOLS = {
    "F0A8": "□",
    "F06F": "□",
    "F071": "□",
    "F0FE": "☑",
    "F052": "☑",
    "F0FC": "√",
    "F050": "√",
    "F0B7": "•",
}
_SKIPPED = {
    _RPR, _PPR, f"{W}tblPr", f"{W}tblGrid", f"{W}trPr", f"{W}tcPr", f"{W}sectPr", f"{W}sdtPr", f"{W}sdtEndPr",
    f"{W}footnoteReference", f"{W}endnoteReference", f"{W}commentReference", f"{_MC}Fallback",
}  # fmt: skip
# What stands inside a paragraph without being part of its text; w:rt is the pinyin above a character.
_ASIDE = {_DEL: "revision", _MOVE_FROM: "revision", f"{W}rt": "pinyin"}
_CONTENTS = re.compile(r"\s*(?:TOC|TOA|INDEX)\b", re.I)
_PAGE = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES|SECTION)\b", re.I)


def read_word(data: bytes) -> Extracted:
    """Read a .docx file. Raises PlanReadError for archives that are broken, hostile, locked or no Word document."""
    archive = Archive(data)
    name = _document_name(archive)
    document, raw = archive.parse(name)
    body = document.find(f"{W}body")
    if body is None:
        raise PlanReadError("Word 文件中没有正文。请用 Word 或 WPS 打开，另存为 .docx 后再导入。")
    reader = _Reader(_numbering(archive, raw), raw)
    for block in body:
        reader.block(block)
    reader.finish()
    notices = [*_revision_notices(document, raw), *_beside(archive, reader, raw)]
    if b"altChunk" in raw:
        notices.append("文件中嵌有其他文档，其内容未读取。请打开后另存为一个完整的 .docx 再导入。")
    if any(part.endswith("vbaProject.bin") for part in archive.names):
        notices.append("文件带有宏，宏未运行，已忽略。")
    if reader.hidden:
        notices.append(f"有 {reader.hidden} 处隐藏文字，未计入正文。")
    return Extracted(reader.out.mapped(), notices, reader.tables)


def _document_name(archive: Archive) -> str:
    """Return the part that holds the text; some programs do not call it document.xml."""
    if "word/document.xml" in archive.names:
        return "word/document.xml"
    if "_rels/.rels" in archive.names:
        relations, _ = archive.parse("_rels/.rels")
        for relation in relations:
            target = (relation.get("Target") or "").lstrip("/")
            office = (relation.get("Type") or "").endswith("/officeDocument")
            if office and target.startswith("word/") and target in archive.names:
                return target
    raise PlanReadError(_wrong_archive(archive.names))


def _wrong_archive(names: set[str]) -> str:
    if any(name.startswith("xl/") for name in names):
        return "这是 Excel 工作簿，不是方案文档。请选择 .docx、.pdf、.html 或 .txt 格式的方案文件。"
    if any(name.startswith("ppt/") for name in names):
        return "这是演示文稿，不是方案文档。请选择 .docx、.pdf、.html 或 .txt 格式的方案文件。"
    if "OFD.xml" in names:
        return "这是 OFD 版式文件，暂不能读取。请用阅读器另存为 PDF，或使用方案的 .docx 原件后再导入。"
    return "这是压缩包或其他文件，里面没有 Word 正文。请解压后选择其中的方案文件，或另存为 .docx 后再导入。"


def _numbering(archive: Archive, raw: bytes) -> Numbering | None:
    if "word/numbering.xml" not in archive.names:
        return None
    if b"numPr" not in raw and b"pStyle" not in raw:
        return None
    styles = None
    if b"pStyle" in raw and "word/styles.xml" in archive.names:
        styles = archive.parse("word/styles.xml")[0]
    return Numbering(archive.parse("word/numbering.xml")[0], styles)


def _revision_notices(document: etree._Element, raw: bytes) -> list[str]:
    if not re.search(rb":(?:ins|del|moveFrom)[ >]", raw):
        return []
    runs = {f"{W}ins": 0, _DEL: 0, _MOVE_FROM: 0}
    for element in document.iter(*runs):
        if element.find(f".//{_R}") is not None or element.getparent().tag == f"{W}trPr":
            runs[element.tag] += 1
    inserted, deleted, moved = runs.values()
    if not inserted + deleted + moved:
        return []
    counted = [f"{name} {n} 处" for name, n in (("插入", inserted), ("删除", deleted), ("移动", moved)) if n]
    return [f"文件带有修订痕迹（{'、'.join(counted)}）：已按接受全部修订读取，删除的文字不计。"]


def _beside(archive: Archive, reader: _Reader, raw: bytes) -> list[str]:
    """Keep comments, notes and running heads behind the text as noise; return what to say about them."""
    notices = []
    for name, kind, message in (
        ("comments", "comment", "文件带有 {} 条批注，已忽略。"),
        ("footnotes", "note", "文件带有 {} 条脚注，未计入正文。"),
        ("endnotes", "note", "文件带有 {} 条尾注，未计入正文。"),
    ):
        part = f"word/{name}.xml"
        if part in archive.names and name[:-1].encode() + b"Reference" in raw:
            texts = [text for element in archive.parse(part)[0] if (text := _plain(element))]
            for text in texts:
                reader.out.drop(text + "\n", kind)
            if texts:
                notices.append(message.format(len(texts)))
    if b"headerReference" in raw or b"footerReference" in raw:
        heads = {
            text
            for part in sorted(archive.names)
            if re.fullmatch(r"word/(?:header|footer)\d{0,3}\.xml", part)
            and (text := _plain(archive.parse(part)[0]))
        }
        for text in sorted(heads):
            reader.out.drop(text + "\n", "page")
    return notices


def _plain(element: etree._Element) -> str:
    return "".join(text.text or "" for text in element.iter(_T)).strip()


class _Reader:
    """Walks blocks in document order and writes them out.

    Recursion is bounded: the XML parser refuses trees deeper than 256 elements.
    """

    def __init__(self, numbering: Numbering | None, raw: bytes):
        self.out = Writer()
        self.tables: list[Table] = []
        self.hidden = 0
        self._numbering = numbering
        self._hides = b"vanish" in raw
        self._revised = b":del" in raw
        # A field that is never closed would swallow the rest of the document: then none is taken for dropped.
        self._fields_closed = raw.count(b'fldCharType="begin"') == raw.count(b'fldCharType="end"')
        self._fields: list[list[str | bool]] = []
        self._pending: list[tuple[str, str]] = []
        self._label = ""
        self._boxes: list[etree._Element] = []
        self._dropping = ""
        self._cells = 0
        self._in_cell = False

    def block(self, element: etree._Element) -> None:
        """Write a paragraph, a table, or what a wrapper (content control, tracked insertion) holds."""
        tag = element.tag
        if tag == _P:
            self._paragraph(element)
        elif tag == _TBL:
            self._table(element)
        elif tag in (_DEL, _MOVE_FROM):
            self._dropped_blocks(element, "revision")
        elif tag == f"{W}sdt":
            gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
            contents = gallery is not None and gallery.get(f"{W}val") == "Table of Contents"
            inner = element.find(f"{W}sdtContent")
            if inner is not None and contents:
                self._dropped_blocks(inner, "contents")
            elif inner is not None:
                for child in inner:
                    self.block(child)
        elif tag not in _SKIPPED and isinstance(tag, str):
            for child in element:
                self.block(child)

    def _dropped_blocks(self, element: etree._Element, kind: str) -> None:
        before, self._dropping = self._dropping, self._dropping or kind
        for child in element:
            self.block(child)
        self._dropping = before

    def _paragraph(self, paragraph: etree._Element) -> None:
        properties = None
        merged = False
        for child in paragraph:
            if child.tag == _PPR:
                properties = child
                merged = self._revised and child.find(f"{_RPR}/{_DEL}") is not None
            elif child.tag == _R:
                self._run(child)
            else:
                self._inline(child)
        if merged:
            # The paragraph mark is deleted: the text runs on into the next paragraph.
            self._pending.append(("\n", "revision"))
            return
        if self._numbering is not None and not self._dropping:
            kept = self._in_cell
            deleted = False
            for text, kind in self._pending:
                if not kind and text.strip():
                    kept = True
                    break
                deleted = deleted or kind == "revision"
            if kept or not deleted:
                label = self._numbering.label_of(properties)
                self._label = label if kept else ""
        self._end_paragraph()

    def finish(self) -> None:
        """Write what is left when the last paragraph mark was deleted."""
        if self._pending:
            self._end_paragraph()

    def _end_paragraph(self) -> None:
        """Write what is pending as one paragraph, then the text boxes anchored in it."""
        plain = [self._label]
        self._label = ""
        for text, kind in self._pending:
            if not kind:
                # Runs part words anywhere: what stands together is written as one.
                plain.append(text)
                continue
            self.out.write("".join(plain))
            plain.clear()
            if kind == "tab":
                self.out.swap("\t", text)
            else:
                self.out.drop(text, kind)
        self.out.write("".join(plain))
        self._pending.clear()
        if self._in_cell:
            return
        if self._dropping or (self._fields and (kind := self._field_kind())):
            self.out.drop("\n", self._dropping or kind)
        else:
            self.out.write("\n")
        if self._boxes:
            boxes, self._boxes = self._boxes, []
            for box in boxes:
                for child in box:
                    self.block(child)

    def _inline(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == _R:
            self._run(element)
        elif tag in _ASIDE:
            before, self._dropping = self._dropping, self._dropping or _ASIDE[tag]
            for child in element:
                self._inline(child)
            self._dropping = before
        elif tag == f"{W}fldSimple":
            self._fields.append([element.get(f"{W}instr") or "", True])
            for child in element:
                self._inline(child)
            self._fields.pop()
        elif tag == f"{W}txbxContent":
            self._boxes.append(element)
        elif tag not in _SKIPPED and isinstance(tag, str):
            if tag in (_T, *_BREAKS):
                self._piece(element, "")
            else:
                for child in element:
                    self._inline(child)

    def _run(self, run: etree._Element) -> None:
        kind = self._dropping
        if self._hides and not kind:
            vanish = run.find(f"{_RPR}/{W}vanish")
            if vanish is not None and vanish.get(f"{W}val", "1") not in ("0", "false", "off"):
                kind = "hidden"
        for element in run:
            tag = element.tag
            if tag == _T and not self._fields:
                if element.text:
                    self._pending.append((element.text, kind))
                    self.hidden += kind == "hidden"
            elif tag != _RPR:
                self._piece(element, kind)

    def _piece(self, element: etree._Element, kind: str) -> None:
        """Take one part of a run: words, breaks, signs, the marks of fields, drawings with text boxes."""
        tag = element.tag
        if tag == f"{W}fldChar":
            self._field(element.get(f"{W}fldCharType") or "")
        elif tag == f"{W}instrText":
            if self._fields and not self._fields[-1][1]:
                self._fields[-1][0] = f"{self._fields[-1][0]}{element.text or ''}"
        elif tag in (_T, _DEL_TEXT):
            if element.text and not self._instructing():
                kind = kind or ("revision" if tag == _DEL_TEXT else self._field_kind())
                self._pending.append((element.text, kind))
        elif tag in _BREAKS:
            kind = kind or self._field_kind()
            new = _BREAKS[tag]
            self._pending.append(
                ("\t", kind) if kind and new == " " else (new, kind or ("tab" if new == " " else ""))
            )
        elif tag in _SIGNS:
            self._pending.append((_SIGNS[tag], kind))
        elif tag == f"{W}sym":
            self._pending.append((_SYMBOLS.get((element.get(f"{W}char") or "").upper(), ""), kind))
        elif tag not in _SKIPPED and isinstance(tag, str):
            for child in element:
                self._inline(child)

    def _field(self, mark: str) -> None:
        if mark == "begin":
            self._fields.append(["", False])
        elif mark == "separate" and self._fields:
            self._fields[-1][1] = True
        elif mark == "end" and self._fields:
            self._fields.pop()

    def _instructing(self) -> bool:
        """Say whether a field is open whose printed result has not begun."""
        return self._fields_closed and any(not shown for _, shown in self._fields)

    def _field_kind(self) -> str:
        """Return why the result of the open fields is not part of the text, or ""."""
        if self._fields_closed:
            for code, _ in self._fields:
                if _CONTENTS.match(str(code)):
                    return "contents"
                if _PAGE.match(str(code)):
                    return "page"
        return ""

    def _table(self, table: etree._Element) -> None:
        rows = [list(_own(row, _TC)) for row in _own(table, _TR)]
        self._cells += sum(len(row) for row in rows)
        if self._cells > MAX_CELLS:
            raise PlanReadError(
                f"文件中的表格过大（超过 {MAX_CELLS // 10000} 万个单元格），不像是一份方案。请只保留方案正文和任务表后再导入。"
            )
        if self._in_cell or self._dropping:
            self._flat_table(rows)
            return
        if all(len(row) <= 1 for row in rows):
            # A frame around ordinary paragraphs.
            for row in rows:
                for cell in row:
                    for child in cell:
                        self.block(child)
            return
        start = self.out.length
        cells: list[Cell] = []
        above: dict[int, int] = {}
        number = 0
        for row, element in zip(rows, _own(table, _TR), strict=True):
            properties = element.find(f"{W}trPr")
            if properties is not None and properties.find(_DEL) is not None:
                self._dropping = "revision"
                self._flat_table([row])
                self.out.drop("\n", "revision")
                self._dropping = ""
            elif row:
                self._row(row, properties, number, cells, above)
                number += 1
        self.tables.append(Table(self.out.since(start), cells))

    def _flat_table(self, rows: list[list[etree._Element]]) -> None:
        """Write a table inside a cell, or a deleted row, as words one after the other."""
        outer, self._in_cell = self._in_cell, True
        for row in rows:
            for cell in row:
                self._cell(cell)
                self._joint("\t")
        self._in_cell = outer

    def _row(
        self,
        row: list[etree._Element],
        properties: etree._Element | None,
        number: int,
        cells: list[Cell],
        above: dict[int, int],
    ) -> None:
        """Write one row as one line; a lone cell keeps its paragraphs as lines."""
        column = 0
        if properties is not None:
            column = _count(properties.find(f"{W}gridBefore"), 0)
        for i, element in enumerate(row):
            reach, merge = 1, None
            settings = element.find(_TCPR)
            for setting in settings if settings is not None else ():
                if setting.tag == _GRID_SPAN:
                    reach = _count(setting, 1)
                elif setting.tag == _V_MERGE:
                    merge = setting
            if i:
                self._joint("\t")
            continued = merge is not None and merge.get(_VAL) != "restart"
            if continued and column in above:
                origin = cells[above[column]]
                cells[above[column]] = origin._replace(rows=number - origin.row + 1)
            else:
                start = self.out.length
                if len(row) == 1:
                    for child in element:
                        self.block(child)
                else:
                    self._in_cell = True
                    self._cell(element)
                    self._in_cell = False
                above[column] = len(cells)
                cells.append(Cell(self.out.since(start), number, column, 1, reach))
            if merge is None:
                above.pop(column, None)
            column = min(MAX_COLUMNS, column + reach)
        if len(row) > 1:
            self.out.write("\n")

    def _joint(self, mark: str) -> None:
        """Write what keeps two cells or two paragraphs of a cell apart; in the text it is a blank."""
        self.out.swap(mark, "" if self._dropping else " ", self._dropping or "blank")

    def _cell(self, cell: etree._Element) -> None:
        """Write the paragraphs of a cell; the breaks between them stay in the original only."""
        first = True
        for element in cell:
            if element.tag in _SKIPPED:
                continue
            if not first:
                self._joint("\n")
            first = False
            self.block(element)
        while self._boxes:
            for child in self._boxes.pop(0):
                self._joint("\n")
                self.block(child)


def _own(element: etree._Element, tag: str):
    """Yield rows of a table or cells of a row, through content controls and tracked insertions, not from nested tables."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}smartTag", f"{W}customXml"):
            yield from _own(child, tag)


def _count(element: etree._Element | None, default: int) -> int:
    value = element.get(_VAL) if element is not None else None
    return min(MAX_COLUMNS, int(value)) if value and len(value) <= 4 and value.isdecimal() else default
