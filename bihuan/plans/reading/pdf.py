"""Born-digital PDF: text of every page, running heads and page numbers as noise, lines joined to paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import pypdfium2

from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.extracted import Extracted, Writer
from bihuan.plans.reading.plain import joined_lines

MAX_PAGES = 400
_PAGE_NUMBER = re.compile(
    r"\s*(?:[-—–－·•]\s*){0,2}(?:第\s*)?(?:\d{1,4}|[IVXivx]{1,6}|[一二三四五六七八九十]{1,3}(?=\s*页))(?:\s*页)?[，,]?"
    r"(?:\s*[/／]?\s*(?:共\s*)?\d{1,4}\s*页?)?(?:\s*[-—–－·•]){0,2}\s*"
)
_SCAN = 10  # characters a page; fewer on average means that pages are pictures


def read_pdf(data: bytes) -> Extracted:
    """Read a PDF. Raises PlanReadError for encrypted, broken and scanned files."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise PlanReadError("PDF 文件加了密码，无法读取。请去掉密码后重新导入。") from error
        raise PlanReadError("PDF 文件已损坏，无法打开。请重新导出，或改用 .docx 格式导入。") from error
    try:
        if len(document) > MAX_PAGES:
            raise PlanReadError(
                f"PDF 文件共 {len(document)} 页，超过 {MAX_PAGES} 页的上限。请只保留方案正文后再导入。"
            )
        pages = [_page_lines(document, number) for number in range(len(document))]
    finally:
        document.close()
    if sum(len(line.text) for page in pages for line in page) < _SCAN * max(1, len(pages)):
        raise PlanReadError(
            "PDF 是扫描件，没有文字层，读不出文字。请先识别成文字，或使用方案的电子原件（.docx）。"
        )
    noise = _running_heads(pages)
    writer = Writer()
    kept: list[_Line] = []
    for number, page in enumerate(pages):
        for i, line in enumerate(page):
            if (number, i) in noise:
                writer.drop(f"\n{line.text}" if kept else f"{line.text}\n", "page")
            else:
                if kept:
                    writer.write("\n")
                writer.write(line.text)
                kept.append(line)
    notices = [f"已略去 {len(noise)} 行页眉、页脚和页码。"] if noise else []
    full, indented = _edges(kept)
    return Extracted(joined_lines(writer.mapped(), full, indented), notices)


@dataclass(frozen=True)
class _Line:
    """A printed line with its left and right edge in points."""

    text: str
    left: float
    right: float


def _page_lines(document: pypdfium2.PdfDocument, number: int) -> list[_Line]:
    page = document[number]
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range()
        lines = []
        for match in re.finditer(r"[^\r\n]+", text):
            printed = match.group().replace("\ufffe", "")
            if printed.strip():
                first = match.start() + len(match.group()) - len(match.group().lstrip())
                last = match.start() + len(match.group().rstrip()) - 1
                lines.append(_Line(printed.strip(), _edge(text_page, first, 0), _edge(text_page, last, 2)))
    finally:
        text_page.close()
        page.close()
    return lines


def _edge(text_page: pypdfium2.PdfTextPage, index: int, side: int) -> float:
    """Return one side (0 left, 2 right) of a character's box in points; 0 where pdfium does not know it."""
    try:
        return text_page.get_charbox(index)[side]
    except (pypdfium2.PdfiumError, IndexError):
        return 0.0


def _edges(lines: list[_Line]) -> tuple[list[bool], list[bool]]:
    """Say of every line whether it reaches the right edge, and whether it is indented."""
    if len(lines) < 3:
        return [False] * len(lines), [False] * len(lines)
    left = sorted(line.left for line in lines)[len(lines) // 10]
    right = sorted(line.right for line in lines)[int(len(lines) * 0.9)]
    sizes = sorted((line.right - line.left) / max(1, len(line.text)) for line in lines)
    character = max(4.0, sizes[len(sizes) // 2])
    full = [line.right >= right - 1.6 * character for line in lines]
    return full, [line.left > left + 0.8 * character for line in lines]


def _running_heads(pages: list[list[_Line]]) -> set[tuple[int, int]]:
    """Return (page, line) of page numbers, and of first or last lines that stand alike on most pages."""
    edges: Counter[str] = Counter()
    for page in pages:
        for shape in {_shape(line.text) for line in page[:2] + page[-2:]}:
            edges[shape] += 1
    repeated = {shape for shape, count in edges.items() if len(pages) >= 3 and count >= len(pages) * 0.6}
    # Odd and even pages may carry different heads, each on about half of them.
    repeated |= {shape for shape, count in edges.items() if len(pages) >= 6 and count >= len(pages) * 0.4}
    return {
        (number, i)
        for number, page in enumerate(pages)
        for i, line in enumerate(page)
        if (i < 2 or i >= len(page) - 2)
        and (_PAGE_NUMBER.fullmatch(line.text) or _shape(line.text) in repeated)
    }


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"\s+", "", line))
