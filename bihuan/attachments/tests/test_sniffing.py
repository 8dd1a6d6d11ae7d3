"""Files are judged by their bytes."""

import pytest

from bihuan.attachments.errors import UploadRefused
from bihuan.attachments.sniffing import COMPOUND, sniff
from bihuan.core.sheets import Column, write_rows

from .conftest import docx_bytes, image_bytes, pdf_bytes


@pytest.mark.parametrize(
    ("data", "name", "kind", "extension"),
    [
        (image_bytes("PNG"), "照片.txt", "image", "png"),
        (image_bytes("WEBP"), "a", "image", "webp"),
        (pdf_bytes(), "方案.pdf", "document", "pdf"),
        (docx_bytes(), "方案.docx", "document", "docx"),
        (write_rows([Column("名称")], [["甲"]], title="表", watermark="某"), "台账.xlsx", "sheet", "xlsx"),
        (COMPOUND + bytes(600), "旧方案.doc", "document", "doc"),
        (COMPOUND + bytes(600), "旧方案.WPS", "document", "wps"),
        ("关于开展专项整治的方案".encode(), "方案.txt", "document", "txt"),
        ("关于开展专项整治的方案".encode("gb18030"), "方案.txt", "document", "txt"),
        ("<html><script>alert(1)</script>方案</html>".encode(), "方案.html", "document", "html"),
        ("名称,地址\n甲,乙\n".encode(), "底册.csv", "sheet", "csv"),
    ],
)
def test_what_is_taken(data, name, kind, extension):
    finding = sniff(data, name)
    assert (finding.kind, finding.extension) == (kind, extension)


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "空.txt", "空的"),
        (b"MZ\x90\x00\x03\x00", "方案.txt", "不支持"),
        (b"<svg onload=alert(1)/>", "图.svg", "不支持"),
        ("文字".encode(), "文字.exe", "不支持"),
        (pdf_bytes()[:-40], "方案.pdf", "PDF"),
        (b"%PDF-1.7\n%%EOF", "方案.pdf", "PDF"),
        (docx_bytes({"word/vbaProject.bin": b"x"}), "宏.docx", "宏"),
        (docx_bytes({"../../etc/passwd": b"x"}), "穿越.docx", "恶意"),
        (docx_bytes(document=b'<!DOCTYPE a [<!ENTITY b "c">]><w:document/>'), "实体.docx", "实体"),
        (docx_bytes()[:-30], "断.docx", "损坏"),
        (b"PK\x03\x04" + bytes(100), "坏.zip", "损坏"),
    ],
)
def test_what_is_refused(data, name, words):
    with pytest.raises(UploadRefused, match=words):
        sniff(data, name)


def test_a_zip_bomb_is_refused():
    with pytest.raises(UploadRefused, match="过大"):
        sniff(docx_bytes({f"word/media/{n}.bin": bytes(40_000_000) for n in range(8)}), "炸弹.docx")


def test_entities_in_another_encoding_are_found():
    hidden = '<!DOCTYPE a [<!ENTITY b "c">]><a/>'.encode("utf-16")
    with pytest.raises(UploadRefused, match="实体"):
        sniff(docx_bytes({"word/settings.xml": hidden}), "实体.docx")


@pytest.mark.parametrize("stream", ["_VBA_PROJECT", "Macros", "EncryptedPackage"])
def test_old_documents_with_macros_or_a_password_are_refused(stream):
    with pytest.raises(UploadRefused, match="宏或设有密码"):
        sniff(COMPOUND + bytes(600) + stream.encode("utf-16-le"), "方案.doc")
