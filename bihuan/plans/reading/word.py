"""Word documents (.docx): paragraphs, tables and automatic numbering, read from the zipped XML without Word.

Limits against hostile archives are checked on the bytes actually inflated, never on what the archive claims.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from lxml import etree

from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.extracted import Extracted
from bihuan.plans.reading.mapped import Mapped
from bihuan.plans.reading.numbering import Numbering

MAX_ENTRIES = 4000
MAX_INFLATED = 60 * 1024 * 1024
MAX_RATIO = 300
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BREAKS = {f"{W}br": "\n", f"{W}cr": "\n", f"{W}tab": " ", f"{W}noBreakHyphen": "-"}
_SKIPPED = {
    f"{W}del",
    f"{W}moveFrom",
    f"{W}instrText",
    f"{W}delText",
    f"{W}pPr",
    f"{W}rPr",
    f"{W}tblPr",
    f"{W}sectPr",
}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_word(data: bytes) -> Extracted:
    """Read a .docx file.

    Tracked deletions are dropped, insertions kept; a table row becomes one line with its cells apart.
    """
    archive = _open(data)
    with archive:
        names = set(archive.namelist())
        if "word/document.xml" not in names:
            raise PlanReadError(_wrong_archive(names))
        budget = [MAX_INFLATED]
        document = _parse(_inflate(archive, "word/document.xml", budget))
        numbering = None
        if "word/numbering.xml" in names:
            styles = (
                _parse(_inflate(archive, "word/styles.xml", budget)) if "word/styles.xml" in names else None
            )
            numbering = Numbering(_parse(_inflate(archive, "word/numbering.xml", budget)), styles)
    body = document.find(f"{W}body")
    if body is None:
        raise PlanReadError("Word 文件中没有正文。请用 Word 或 WPS 打开，另存为 .docx 后再导入。")
    notices = []
    if document.find(f".//{W}del") is not None or document.find(f".//{W}moveFrom") is not None:
        notices.append("文件带有修订痕迹：已按接受全部修订读取，删除的文字不计。")
    paragraphs: list[str] = []
    _walk(body, paragraphs, numbering)
    return Extracted(Mapped.of("\n".join(paragraphs)), notices)


def _open(data: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, zlib.error) as error:
        raise PlanReadError("文件已损坏，无法打开。请用 Word 或 WPS 修复并另存为 .docx 后再导入。") from error
    if len(entries) > MAX_ENTRIES:
        raise PlanReadError(
            "文件内部条目过多，不是正常的 Word 文档，已拒绝读取。请另存为新的 .docx 后再导入。"
        )
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise PlanReadError("Word 文件加了密码，无法读取。请去掉密码后重新导入。")
    claimed = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if claimed > 10 * MAX_INFLATED or (claimed > 5_000_000 and claimed / packed > MAX_RATIO):
        raise PlanReadError(
            "文件解压后异常庞大，疑似恶意文件，已拒绝读取。请核实来源，另存为新的 .docx 后再导入。"
        )
    return archive


def _inflate(archive: zipfile.ZipFile, name: str, budget: list[int]) -> bytes:
    try:
        with archive.open(name) as stream:
            content = stream.read(budget[0] + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, zlib.error) as error:
        raise PlanReadError("文件已损坏，无法打开。请用 Word 或 WPS 修复并另存为 .docx 后再导入。") from error
    budget[0] -= len(content)
    if budget[0] < 0:
        raise PlanReadError(
            "文件解压后异常庞大，疑似恶意文件，已拒绝读取。请核实来源，另存为新的 .docx 后再导入。"
        )
    return content


def _parse(content: bytes) -> etree._Element:
    # Word never writes a document type; whoever did wants entities expanded.
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", content, re.I) or b"<\x00!\x00D\x00O\x00C" in content[:400]:
        raise PlanReadError("Word 文件内部含有实体定义，出于安全原因不予读取。请另存为新的 .docx 后再导入。")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PlanReadError(
            "Word 文件的内容已损坏，无法读取。请用 Word 或 WPS 修复并另存为 .docx 后再导入。"
        ) from error


def _wrong_archive(names: set[str]) -> str:
    if any(name.startswith("xl/") for name in names):
        return "这是 Excel 工作簿，不是方案文档。请选择 .docx、.pdf、.html 或 .txt 格式的方案文件。"
    if any(name.startswith("ppt/") for name in names):
        return "这是演示文稿，不是方案文档。请选择 .docx、.pdf、.html 或 .txt 格式的方案文件。"
    return "这是压缩包或其他文件，里面没有 Word 正文。请解压后选择其中的方案文件，或另存为 .docx 后再导入。"


def _walk(body: etree._Element, paragraphs: list[str], numbering: Numbering | None) -> None:
    """Collect block content in order without recursing on nested tables more than the tree itself does."""
    stack = list(reversed(body))
    while stack:
        element = stack.pop()
        if element.tag == f"{W}p":
            paragraphs.append(_paragraph(element, numbering))
        elif element.tag == f"{W}tr":
            paragraphs.extend(_row(element, numbering))
        elif element.tag in _SKIPPED or element.tag == _FALLBACK:
            continue
        else:
            stack.extend(reversed(element))


def _row(row: etree._Element, numbering: Numbering | None) -> list[str]:
    """Return a table row as one line; a row of a single cell is a frame around ordinary paragraphs."""
    cells = []
    for cell in row.iter(f"{W}tc"):
        if next(cell.iterancestors(f"{W}tr")) is row:
            cells.append([_paragraph(p, numbering) for p in cell.iter(f"{W}p")])
    if len(cells) == 1:
        return cells[0]
    words = [" ".join(word for word in cell if word.strip()) for cell in cells]
    return [" ".join(word for word in words if word)]


def _paragraph(paragraph: etree._Element, numbering: Numbering | None) -> str:
    pieces: list[str] = []
    stack = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        if element.tag == f"{W}t":
            pieces.append(element.text or "")
        elif element.tag in _BREAKS:
            pieces.append(_BREAKS[element.tag])
        elif element.tag in _SKIPPED or element.tag == _FALLBACK or element.tag == f"{W}txbxContent":
            continue
        else:
            stack.extend(reversed(element))
    text = "".join(pieces)
    label = numbering.label_of(paragraph) if numbering and text.strip() else ""
    return label + text
