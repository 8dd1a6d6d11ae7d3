"""Whether a file can be read and compiled while somebody waits (about two seconds), told without reading it."""

from __future__ import annotations

import io
import zipfile

from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.kinds import PICTURES, ZIP, is_pdf
from bihuan.plans.reading.office import old_format, soffice

# Measured: a megabyte of text compiles in about 1.6 s, a printed page of a PDF is read in about 10 ms.
QUICK_BYTES = 400_000
QUICK_XML = 4_000_000  # Word spends about ten bytes of markup on one of text
QUICK_PAGES = 40


def takes_long(data: bytes) -> bool:
    """Scans and pictures (recognized), old office files (converted), and everything large.

    What is broken, locked or of no known kind does not: it is refused at once, as is what needs a program that is missing.
    """
    try:
        if old_format(data):
            return soffice() is not None
    except PlanReadError:
        return False
    if data.startswith(ZIP):
        return _is_large_word(data)
    if is_pdf(data):
        # The PDF library loads slowly and most files need none.
        from bihuan.plans.reading.pdf import is_quick

        return not is_quick(data, QUICK_PAGES)
    if data.startswith(PICTURES):
        from bihuan.plans.reading.ocr import tesseract

        return tesseract() is not None
    return len(data) > QUICK_BYTES


def _is_large_word(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.getinfo("word/document.xml").file_size > QUICK_XML
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, OSError):
        return False
