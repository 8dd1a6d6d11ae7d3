"""Born-digital PDF: text of every page, running heads and page numbers dropped, lines joined to paragraphs."""

from __future__ import annotations

import re
from collections import Counter

import pypdfium2

from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.plain import unwrap

MAX_PAGES = 400
_PAGE_NUMBER = re.compile(
    r"\s*(?:[-—–－]\s*)?(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／]?\s*(?:共\s*)?\d{1,4}\s*页?)?(?:\s*[-—–－])?\s*"
)


def read_pdf(data: bytes) -> tuple[list[str], list[str]]:
    """Return paragraphs and notices of a PDF. Raises PlanReadError for encrypted, broken and scanned files."""
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
    if sum(len(line) for page in pages for line in page) < 20 * max(1, len(pages)) // 2:
        raise PlanReadError(
            "PDF 是扫描件，没有文字层，读不出文字。请先识别成文字，或使用方案的电子原件（.docx）。"
        )
    pages, dropped = _without_running_heads(pages)
    lines = [line for page in pages for line in page]
    notices = [f"已略去 {dropped} 行页眉、页脚和页码。"] if dropped else []
    return unwrap(lines), notices


def _page_lines(document: pypdfium2.PdfDocument, number: int) -> list[str]:
    page = document[number]
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_bounded()
    finally:
        text_page.close()
        page.close()
    text = text.replace("\ufffe", "").replace("\r\n", "\n").replace("\r", "\n")
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def _without_running_heads(pages: list[list[str]]) -> tuple[list[list[str]], int]:
    """Drop page numbers, and first or last lines that stand alike on most pages."""
    edges: Counter[str] = Counter()
    for page in pages:
        for line in {_shape(line) for line in page[:2] + page[-2:]}:
            edges[line] += 1
    repeated = {shape for shape, count in edges.items() if len(pages) >= 3 and count >= len(pages) * 0.6}
    dropped, kept = 0, []
    for page in pages:
        lines = []
        for i, line in enumerate(page):
            at_edge = i < 2 or i >= len(page) - 2
            if at_edge and (_PAGE_NUMBER.fullmatch(line) or _shape(line) in repeated):
                dropped += 1
            else:
                lines.append(line)
        kept.append(lines)
    return kept, dropped


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", line.strip())
