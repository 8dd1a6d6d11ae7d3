"""Files for the tests: small, made here, some of them hostile. Every test has its own directory of files."""

import io
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


@pytest.fixture(autouse=True)
def files_directory(tmp_path, settings):
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        }
    }
    assert str(default_storage.location) == str(tmp_path / "files")
    return tmp_path / "files"


def image_bytes(kind="JPEG", size=(64, 48), colour=(180, 60, 40), mode="RGB", **options):
    picture = Image.new(mode, size, colour)
    for x in range(size[0] // 2):
        for y in range(size[1] // 3):
            picture.putpixel((x, y), (20, 90, 200, 255)[: len(mode)])
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def docx_bytes(extra=None, document=b"<w:document/>"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("word/document.xml", document)
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def pdf_bytes():
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def upload(data, name="现场.jpg", media_type="application/octet-stream"):
    return SimpleUploadedFile(name, data, media_type)
