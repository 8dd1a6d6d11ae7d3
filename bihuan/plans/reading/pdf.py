"""PDF: text and ruled tables of every page, running heads and page numbers as noise, lines joined to paragraphs."""

from __future__ import annotations

import re
from dataclasses import replace

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from bihuan.plans.reading import ocr
from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.extracted import Extracted
from bihuan.plans.reading.following import Follower, Nobody
from bihuan.plans.reading.pages import Line, Ruled, compose
from bihuan.plans.reading.tables import find_tables, tightened

MAX_PAGES = 400
_SCAN = 10  # characters a page; fewer on average means that pages are pictures


def is_quick(data: bytes, pages: int) -> bool:
    """Whether a PDF has at most so many pages and none to be recognized; a broken or locked one is said so at once."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return True
    try:
        return len(document) <= pages and not any(_is_scan(document, i) for i in range(len(document)))
    except pypdfium2.PdfiumError:
        return True
    finally:
        document.close()


def _is_scan(document: pypdfium2.PdfDocument, number: int) -> bool:
    page = document[number]
    text_page = page.get_textpage()
    try:
        is_blank = text_page.count_chars() < _SCAN
    finally:
        text_page.close()
        page.close()
    return is_blank and _has_picture(document, number) and ocr.tesseract() is not None


def read_pdf(data: bytes, follower: Follower | None = None) -> Extracted:
    """Read a PDF. Raises PlanReadError for encrypted, broken and scanned files."""
    follower = follower or Nobody()
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
        follower.begin("读取", len(document))
        pages = []
        for number in range(len(document)):
            pages.append(_page_lines(document, number))
            follower.step(number + 1)
        notices, pictures = _with_scans(document, pages, follower)
    finally:
        document.close()
    composed = compose([list(page) for page in pages])
    if pictures is not None:
        notices.insert(0, ocr.ocr_notice(*pictures, composed.doubts))
    notices += composed.notices
    return Extracted(composed.mapped, notices, composed.tables, composed.doubts)


def _with_scans(
    document: pypdfium2.PdfDocument, pages: list[list[Line | Ruled]], follower: Follower
) -> tuple[list[str], tuple[str, float] | None]:
    """Recognize the pages that are pictures and put their lines in place.

    Returns notices about pages that stay unread, and what was recognized with its mean confidence.
    """
    blank = [
        i
        for i, page in enumerate(pages)
        if sum(len(line.text) if isinstance(line, Line) else _SCAN for line in page) < _SCAN
    ]
    scans = [i for i in blank if _has_picture(document, i)]
    if len(blank) == len(pages):
        if not scans:
            raise PlanReadError("PDF 文件中没有文字。请确认文件内容，或使用方案的电子原件（.docx）。")
        if not ocr.tesseract():
            raise PlanReadError("PDF 是扫描件，没有文字层，读不出文字。" + ocr.REMEDY)
    if not scans:
        return [], None
    numbers = "、".join(str(i + 1) for i in scans[:10]) + ("等" if len(scans) > 10 else "")
    if not ocr.tesseract():
        return [f"第 {numbers} 页是图片，没有文字层，其内容未读取，请对照原件补充。"], None
    if len(scans) > ocr.MAX_PAGES:
        raise PlanReadError(
            f"PDF 有 {len(scans)} 页扫描图片，超过一次识别 {ocr.MAX_PAGES} 页的上限。请只保留方案正文后再导入。"
        )
    found, confidence = ocr.recognize((_picture(document, i) for i in scans), len(scans), follower)
    for i, lines in zip(scans, found, strict=True):
        # Pixels to points, so that edges compare with those of printed pages.
        pages[i] = [
            replace(line, left=line.left * 72 / ocr.DPI, right=line.right * 72 / ocr.DPI) for line in lines
        ]
    if not any(pages):
        raise PlanReadError(
            "PDF 扫描件中没有识别出文字。请确认扫描清晰、方向端正，或使用方案的电子原件（.docx）。"
        )
    what = "PDF 是扫描件，" if len(scans) == len(pages) else f"PDF 第 {numbers} 页"
    return [], (what, confidence)


def _has_picture(document: pypdfium2.PdfDocument, number: int) -> bool:
    page = document[number]
    try:
        return next(iter(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)), None) is not None
    finally:
        page.close()


def _picture(document: pypdfium2.PdfDocument, number: int) -> Image.Image:
    """Return a page drawn at 200 dpi, smaller when the page is larger than any paper."""
    page = document[number]
    try:
        longest = max(page.get_size()) or 1.0
        scale = min(ocr.DPI / 72, ocr.LONGEST_SIDE / longest)
        return page.render(scale=scale, grayscale=True).to_pil()
    finally:
        page.close()


def _page_lines(document: pypdfium2.PdfDocument, number: int) -> list[Line | Ruled]:
    """Return the lines and tables of a page in printed order."""
    page = document[number]
    text_page = page.get_textpage()
    lines: list[Line | Ruled] = []
    try:
        areas = find_tables(page, text_page)
        text = text_page.get_text_range()
        for match in re.finditer(r"[^\r\n]+", text):
            printed = match.group().replace("\ufffe", "")
            if not printed.strip():
                continue
            first = match.start() + len(match.group()) - len(match.group().lstrip())
            last = match.start() + len(match.group().rstrip()) - 1
            box = _box(text_page, first)
            inside = next((a for a in areas if a.holds((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)), None)
            if inside:
                if not any(line is inside.ruled for line in lines):
                    lines.append(inside.ruled)
                continue
            # A number that heads the line keeps its blank (1 总则); inside a line the blank is the typesetter's.
            head = re.match(r"\s*[\dA-Za-z.．]{1,8}\s+", printed)
            words = printed[: head.end()] + tightened(printed[head.end() :]) if head else tightened(printed)
            lines.append(Line(words.strip(), box[0], _box(text_page, last)[2]))
    finally:
        text_page.close()
        page.close()
    return lines


def _box(text_page: pypdfium2.PdfTextPage, index: int) -> tuple[float, float, float, float]:
    """Return (left, bottom, right, top) of a character in points; zeros where pdfium does not know it."""
    try:
        return text_page.get_charbox(index)
    except (pypdfium2.PdfiumError, IndexError):
        return 0.0, 0.0, 0.0, 0.0
