"""The sign that hangs at the place, as PDF. WeasyPrint is loaded when the first one is printed: its import takes a second."""

from __future__ import annotations

from importlib import resources

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from bihuan.core.qr import qr_svg

from .models import Listing


def pdf_bytes(listing: Listing, *, size: str, address: str) -> bytes:
    """The sign on one page of A4 or A3; nothing is fetched to print it."""
    import weasyprint
    from PIL import ImageFile

    # WeasyPrint lets Pillow accept pictures that were cut off, for the whole process; uploads are refused as before.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    # Our own SVG over our own address: nothing a person typed is in it.
    code = mark_safe(qr_svg(address, label="扫码看公开信息"))  # noqa: S308
    page = render_to_string("listings/sign_pdf.html", {"listing": listing, "size": size, "qr": code})
    looks = resources.files("bihuan.listings").joinpath("static", "listings", "sign.css").read_text("utf-8")
    fetcher = weasyprint.URLFetcher(allowed_protocols={"data"})
    printed: bytes = weasyprint.HTML(string=page, url_fetcher=fetcher).write_pdf(
        stylesheets=[weasyprint.CSS(string=looks)]
    )
    return printed
