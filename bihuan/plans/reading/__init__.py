"""Documents in, plain paragraphs out. The kind is told from the bytes; a file name is only a hint for messages."""

from __future__ import annotations

from dataclasses import replace

from bihuan.plans.model import Flag, SourceText
from bihuan.plans.reading.cleanup import clean
from bihuan.plans.reading.effort import takes_long
from bihuan.plans.reading.encoding import decode
from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.extracted import Extracted
from bihuan.plans.reading.following import Follower, Nobody
from bihuan.plans.reading.html import mhtml_page, read_html
from bihuan.plans.reading.kinds import FOREIGN, PICTURES, ZIP, is_pdf
from bihuan.plans.reading.office import NAMES, as_docx, old_format
from bihuan.plans.reading.plain import looks_like_html, read_plain
from bihuan.plans.reading.word import read_word

MAX_BYTES = 20 * 1024 * 1024
# 20 pages of a plan are about 30,000 characters; a text fifty times as long is not a plan.
MAX_CHARACTERS = 1_500_000

__all__ = ["Follower", "PlanReadError", "read_document", "takes_long"]


def read_document(data: bytes, filename: str = "", follower: Follower | None = None) -> SourceText:
    """Read a plan document (.docx, .doc, .wps, .rtf, .odt, .pdf, .html, .txt, .md, pictures) into paragraphs separated by newlines.

    Raises PlanReadError with a Chinese message (what happened, what to do) for anything that cannot be read safely, and
    whatever the follower raises.
    """
    if not data:
        raise PlanReadError("文件是空的，没有任何内容。请检查后重新选择文件。")
    if len(data) > MAX_BYTES:
        raise PlanReadError(
            f"文件大小为 {len(data) / 1024 / 1024:.0f} MB，超过 20 MB 的上限。请删去图片，或只保留方案正文后再导入。"
        )
    kind, extracted = _read(data, filename, follower or Nobody())
    if len(extracted.mapped.text) > 4 * MAX_CHARACTERS:
        raise PlanReadError("文件文字超过 150 万字，不像是一份方案。请只保留方案正文后再导入。")
    mapped, flags, more = clean(extracted.mapped)
    text = mapped.text
    if not text.strip():
        raise PlanReadError("文件中没有可读的文字。请确认文件内容，或将文字另存为 .docx 或 .txt 后再导入。")
    if len(text) > MAX_CHARACTERS:
        raise PlanReadError("文件文字超过 150 万字，不像是一份方案。请只保留方案正文后再导入。")
    for doubt in extracted.doubts:
        place = mapped.from_original(doubt)
        if place.end > place.start:
            flags.append(Flag(place, "recognized", "文字识别把握不大，请对照原件核对。"))
    return SourceText(text, kind, extracted.notices + more, sorted(flags), mapped, extracted.tables)


def _read(data: bytes, filename: str, follower: Follower) -> tuple[str, Extracted]:
    suffix = old_format(data)
    if suffix:
        converted = read_word(as_docx(data, suffix, follower))
        notice = f"文件是{NAMES[suffix]}，已用 LibreOffice 转换后读取，请核对编号和表格。"
        return "docx", replace(converted, notices=[notice, *converted.notices])
    if data.startswith(ZIP):
        return "docx", read_word(data)
    if is_pdf(data):
        # The PDF library loads slowly and most files need none.
        from bihuan.plans.reading.pdf import read_pdf

        return "pdf", read_pdf(data, follower)
    if data.startswith(PICTURES):
        from bihuan.plans.reading.ocr import read_picture

        return "image", read_picture(data, follower)
    if data.startswith(FOREIGN):
        raise PlanReadError("这不是文档文件（是压缩包或程序）。请解压后选择其中的方案文件再导入。")
    text = decode(mhtml_page(data) or data, filename)
    if looks_like_html(text):
        return "html", read_html(text)
    return "text", read_plain(text)
