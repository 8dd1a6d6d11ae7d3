"""The sign that hangs at the place, as PDF. WeasyPrint is loaded when the first one is printed: its import takes a second."""

from __future__ import annotations

import math
from importlib import resources
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from bihuan.core.qr import qr_svg

from .models import Listing

# Words that fit on one sheet: characters in a line and lines in all, by how large they are set; the last takes any.
_SIZES = (("", 18, 11), ("is-long", 24, 16))
_SMALLEST = "is-longer"


def wording_size(listing: Listing) -> str:
    """How large the words are set, so that the sign stays one sheet however much it has to say."""
    words = (
        listing.public_text, listing.place, listing.owner_name, listing.organization.name,
        f"{listing.person_name}　{listing.person_title}", listing.order.number if listing.order else "", "期限",
    )  # fmt: skip
    for name, width, most in _SIZES:
        if sum(max(1, math.ceil(len(each) / width)) for each in words) <= most:
            return name
    return _SMALLEST


def public_address(listing: Listing) -> str:
    """The address in the code on the sign: the public one of this installation, wherever it was printed."""
    return f"{settings.PUBLIC_URL}{listing.public_url}"


def code_of(listing: Listing) -> SafeString:
    """The code itself, as SVG."""
    # Our own SVG over our own address: nothing a person typed is in it.
    return mark_safe(qr_svg(public_address(listing), label="扫码看公开信息"))  # noqa: S308


def pdf_bytes(listing: Listing, *, size: str) -> bytes:
    """The sign as PDF."""
    printed: bytes = sheets(listing, size=size).write_pdf()
    return printed


def sheets(listing: Listing, *, size: str) -> Any:
    """The sign set on one sheet of A4 or A3; nothing is fetched to print it."""
    import weasyprint
    from PIL import ImageFile

    # WeasyPrint lets Pillow accept pictures that were cut off, for the whole process; uploads are refused as before.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    given = {"listing": listing, "size": size, "scale": wording_size(listing), "qr": code_of(listing)}
    page = render_to_string("listings/sign_pdf.html", given)
    looks = resources.files("bihuan.listings").joinpath("static", "listings", "sign.css").read_text("utf-8")
    fetcher = weasyprint.URLFetcher(allowed_protocols={"data"})
    return weasyprint.HTML(string=page, url_fetcher=fetcher).render(
        stylesheets=[weasyprint.CSS(string=looks)]
    )
