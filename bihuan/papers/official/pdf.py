"""Documents as PDF by WeasyPrint. The import takes a second: only what prints a PDF imports this module."""

from __future__ import annotations

import base64
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources

import weasyprint
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from PIL import ImageFile
from weasyprint.text.fonts import FontConfiguration

from bihuan.core.word import readable_picture

from ..documents import attachment_ids
from . import justify
from .setting import context_of
from .sheets import Sheet

# WeasyPrint lets Pillow accept pictures that were cut off, for the whole process. Uploads must be refused as before.
ImageFile.LOAD_TRUNCATED_IMAGES = False
justify.install()
# Nothing is fetched: what a document shows is in it.
_FETCHER = weasyprint.URLFetcher(allowed_protocols={"data"})


def pdf_bytes(sheet: Sheet) -> bytes:
    """The document as PDF. A picture that cannot be read is named in its place, as in Word."""
    page: str = render_to_string("papers/official_pdf.html", context_of(sheet, _photo_url(sheet)))
    # WeasyPrint takes a drawing's own colour and font, not those of the page around it.
    page = page.replace(
        '<svg class="chart', '<svg color="#1f4e79" font-family="Noto Sans CJK SC, SimHei" class="chart'
    )
    return _printed(page, "official.css")


def form_pdf_bytes(sheet: Sheet, number_code: SafeString) -> bytes:
    """An enforcement form as PDF: the same page that is printed from the browser, its pictures put into it."""
    photo_url = _photo_url(sheet)
    page: str = render_to_string("papers/form_pdf.html", {"sheet": sheet, "qr": number_code})
    for pk in attachment_ids(dict(sheet.content)):
        page = page.replace(f'src="{reverse("attachments:file", args=[pk])}"', f'src="{photo_url(pk)}"')
    return _printed(page, "paper.css")


def _photo_url(sheet: Sheet) -> Callable[[str], str]:
    def photo_url(pk: str) -> str:
        data = sheet.pictures(pk)
        readable = readable_picture(data) if data is not None else None
        if readable is None:
            return ""
        kind = "png" if readable.getvalue().startswith(b"\x89PNG") else "jpeg"
        return f"data:image/{kind};base64," + base64.b64encode(readable.getvalue()).decode()

    return photo_url


def _printed(page: str, looks: str) -> bytes:
    html = weasyprint.HTML(string=page, url_fetcher=_FETCHER)
    with _uncollected():
        printed: bytes = html.write_pdf(
            stylesheets=[_looks(looks)], font_config=_fonts(), presentational_hints=True
        )
    return printed


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without collecting garbage: setting a table makes hundreds of thousands of boxes that all stay, and looking
    through them again and again takes as long as setting them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def warm() -> None:
    """Load fonts and style sheet, so that the first document of a process is as quick as the next (worker)."""
    weasyprint.HTML(string="<p>闭环</p>").write_pdf(
        stylesheets=[_looks("official.css")], font_config=_fonts()
    )


@cache
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@cache
def _looks(name: str) -> weasyprint.CSS:
    words = resources.files("bihuan.papers").joinpath("static", "papers", name).read_text("utf-8")
    return weasyprint.CSS(string=words, font_config=_fonts())
