"""Which files are read while somebody waits."""

import io
import zipfile

import pypdfium2
import pytest
from PIL import Image

from bihuan.plans import takes_long
from bihuan.plans.reading import effort, ocr
from bihuan.plans.tests import sample


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    """Both programs are there."""
    monkeypatch.setattr(ocr, "tesseract", lambda: "/bin/tesseract")
    monkeypatch.setattr(effort, "soffice", lambda: "/bin/soffice")


def picture(kind):
    buffer = io.BytesIO()
    Image.new("L", (300, 200), 0).save(buffer, kind)
    return buffer.getvalue()


def annexed():
    """A printed PDF with one scanned page at its end."""
    document = pypdfium2.PdfDocument(sample.as_pdf())
    document.import_pages(pypdfium2.PdfDocument(picture("PDF")))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_ordinary_files_are_read_at_once():
    for data in (sample.as_docx(), sample.as_text(), sample.as_html(), sample.as_pdf()):
        data = data.encode() if isinstance(data, str) else data
        assert not takes_long(data)


@pytest.mark.parametrize(
    "data",
    [picture("PNG"), picture("JPEG"), picture("TIFF"), picture("PDF"), b"{\\rtf1 x}", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
)  # fmt: skip
def test_scans_and_old_office_files_take_long(data):
    assert takes_long(data)


def test_one_scanned_page_is_enough_and_many_printed_ones_too(monkeypatch):
    assert takes_long(annexed())
    monkeypatch.setattr(effort, "QUICK_PAGES", 3)
    assert takes_long(sample.as_pdf())


def test_what_needs_a_missing_program_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(ocr, "tesseract", lambda: None)
    monkeypatch.setattr(effort, "soffice", lambda: None)
    for data in (picture("PNG"), picture("PDF"), b"{\\rtf1 x}"):
        assert not takes_long(data)


def test_large_texts_take_long():
    assert takes_long("一、任务。".encode() * 40_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 4_000_001)
    assert takes_long(buffer.getvalue())


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04broken", b"%PDF-1.7 nothing", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le")]
)  # fmt: skip
def test_what_is_broken_or_foreign_is_said_at_once(data):
    assert not takes_long(data)
