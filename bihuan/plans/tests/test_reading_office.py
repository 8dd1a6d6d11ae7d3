"""Old office formats through LibreOffice: the same plan out of every one; clear words when it cannot be had."""

import subprocess
import time

import pytest

from bihuan.plans.reading import PlanReadError, office, read_document
from bihuan.plans.tests import sample

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
needs_office = pytest.mark.skipif(
    not office.soffice(), reason="LibreOffice (libreoffice-writer-nogui) is not installed"
)


@pytest.fixture(scope="module")
def old_files(tmp_path_factory):
    """The sample with Word's automatic numbering, written by LibreOffice in the old formats."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "plan.docx").write_bytes(sample.as_docx(automatic_numbering=True))
    (folder / "written.docx").write_bytes(sample.as_docx())
    # LibreOffice loses the marks of automatic numbers when it writes RTF; Word does not.
    for target, source in (("doc:MS Word 97", "plan.docx"), ("rtf", "written.docx"), ("odt", "plan.docx")):
        subprocess.run(
            [office.soffice(), f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", target,
             "--outdir", str(folder), str(folder / source)],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    return {
        ".doc": (folder / "plan.doc").read_bytes(),
        ".rtf": (folder / "written.rtf").read_bytes(),
        ".odt": (folder / "plan.odt").read_bytes(),
    }


@needs_office
@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".doc", ".rtf", ".odt"])
def test_the_same_plan_in_an_old_format(old_files, suffix):
    source = read_document(old_files[suffix], f"方案{suffix}")
    expected = read_document(sample.as_docx(automatic_numbering=True), "方案.docx")
    assert source.text.replace(" ", "") == expected.text.replace(" ", "")
    assert source.kind == "docx"
    assert source.notices[0].startswith(f"文件是{office.NAMES[suffix]}，已用 LibreOffice 转换后读取")


@needs_office
@pytest.mark.slow
def test_a_broken_old_file_is_refused():
    with pytest.raises(PlanReadError, match="无法转换") as caught:
        read_document(OLE + b"\0" * 600 + "WordDocument".encode("utf-16-le"), "旧.doc")
    assert str(caught.value).endswith("。")


def test_formats_are_told_by_their_bytes():
    assert office.old_format(b"{\\rtf1 x}") == ".rtf"
    assert office.old_format(OLE + "WordDocument".encode("utf-16-le")) == ".doc"
    assert office.old_format(sample.as_docx()) is None
    assert office.old_format(b"%PDF-1.7") is None


@pytest.mark.parametrize(("stream", "said"), [("EncryptedPackage", "密码"), ("Workbook", "Excel")])
def test_locked_and_foreign_old_files(stream, said):
    with pytest.raises(PlanReadError, match=said):
        read_document(OLE + stream.encode("utf-16-le"), "旧.doc")


@pytest.mark.parametrize(("data", "said"), [(OLE + b"\0" * 600, "另存为 .docx"), (b"{\\rtf1 x}", "RTF")])
def test_without_libreoffice_the_remedy_is_named(monkeypatch, data, said):
    monkeypatch.setattr(office, "soffice", lambda: None)
    with pytest.raises(PlanReadError, match=said) as caught:
        read_document(data, "旧.doc")
    assert "LibreOffice" in str(caught.value)


def test_a_converter_that_hangs_is_stopped(monkeypatch, tmp_path):
    hanging = tmp_path / "soffice"
    hanging.write_text("#!/bin/sh\nsleep 60 & sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(office, "soffice", lambda: str(hanging))
    monkeypatch.setattr(office, "SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(PlanReadError, match="耗时过长"):
        office.as_docx(b"{\\rtf1 x}", ".rtf")
    assert time.monotonic() - began < 5
