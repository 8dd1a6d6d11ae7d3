"""Scans and pictures: recognized when Tesseract is there, with an honest notice; else the remedy is named."""

import io
from difflib import SequenceMatcher

import pypdfium2
import pytest
from PIL import Image, ImageDraw

from bihuan.plans.reading import PlanReadError, ocr, read_document
from bihuan.plans.reading.pages import Line
from bihuan.plans.tests import sample

needs_ocr = pytest.mark.skipif(not ocr.tesseract(), reason="Tesseract with chi_sim is not installed")


def scans(count=1):
    """Pages of the sample PDF as pictures."""
    document = pypdfium2.PdfDocument(sample.as_pdf())
    return [document[i].render(scale=200 / 72, grayscale=True).to_pil() for i in range(count)]


def saved(pictures, kind, **options):
    buffer = io.BytesIO()
    pictures[0].save(buffer, kind, save_all=len(pictures) > 1, append_images=pictures[1:], **options)
    return buffer.getvalue()


def letters(text):
    return "".join(c for c in text if "\u4e00" <= c <= "\u9fff")


def alike(text, reference):
    return SequenceMatcher(None, letters(text), letters(reference), autojunk=False).ratio()


@needs_ocr
@pytest.mark.slow
def test_a_scanned_pdf_is_recognized_with_an_honest_notice():
    source = read_document(saved(scans(), "PDF", resolution=200), "扫描.pdf")
    printed = sample.TEXT[: sample.TEXT.index("四、实施步骤")]
    assert alike(source.text[: len(printed)], printed) > 0.9
    assert source.kind == "pdf"
    assert source.notices[0].startswith("PDF 是扫描件，没有文字层，文字由识别程序得出（平均置信度 ")
    assert "请对照原件逐项核对" in source.notices[0]
    assert "安全生产委员会办公室" in source.text


@needs_ocr
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_is_recognized(kind):
    page = scans()[0].crop((0, 150, 1654, 900))
    source = read_document(saved([page], kind), "照片")
    assert source.kind == "image"
    assert source.notices[0].startswith("图片没有文字层")
    assert alike(source.text, sample.TEXT[: len(source.text)]) > 0.9


@needs_ocr
@pytest.mark.slow
def test_a_blank_picture_holds_no_words():
    with pytest.raises(PlanReadError, match="没有识别出文字"):
        read_document(saved([Image.new("L", (600, 400), 255)], "PNG"), "空.png")


def test_words_become_lines_and_doubtful_words_are_marked(monkeypatch):
    rows = [((1, 1, 1), 10, 50, 90.0, "一、"), ((1, 1, 1), 50, 90, 30.0, "任务"), ((1, 1, 2), 10, 40, 88.0, "Word"), ((1, 1, 2), 45, 60, 88.0, "97")]  # fmt: skip
    assert ocr._lines(rows) == [Line("一、任务", 10, 90, ((2, 4),)), Line("Word 97", 10, 60)]
    monkeypatch.setattr(ocr, "tesseract", lambda: "/bin/tesseract")
    monkeypatch.setattr(ocr, "_words", lambda picture, seconds, waiting: rows)
    source = read_document(saved([Image.new("L", (60, 40), 255)], "PNG"), "a.png")
    assert source.text == "一、任务\nWord 97"
    assert [(flag.span.of(source.text), flag.kind) for flag in source.flags] == [("任务", "recognized")]
    assert "平均置信度 77%，其中 1 处把握不大" in source.notices[0]


def test_without_tesseract_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(ocr, "tesseract", lambda: None)
    picture = Image.new("L", (300, 200), 255)
    ImageDraw.Draw(picture).rectangle((10, 10, 50, 50), fill=0)
    for data in (saved([picture], "PNG"), saved([picture], "PDF")):
        with pytest.raises(PlanReadError, match="tesseract-ocr-chi-sim"):
            read_document(data, "a")


def test_a_scanned_annex_of_a_printed_pdf_is_named(monkeypatch):
    monkeypatch.setattr(ocr, "tesseract", lambda: None)
    document = pypdfium2.PdfDocument(sample.as_pdf())
    document.import_pages(pypdfium2.PdfDocument(saved([Image.new("L", (300, 200), 0)], "PDF")))
    buffer = io.BytesIO()
    document.save(buffer)
    source = read_document(buffer.getvalue(), "a.pdf")
    assert any(f"第 {len(document)} 页是图片" in notice for notice in source.notices)


def test_pictures_too_large_broken_or_too_many(monkeypatch):
    monkeypatch.setattr(ocr, "tesseract", lambda: "/bin/tesseract")
    with pytest.raises(PlanReadError, match="损坏"):
        read_document(b"\x89PNG\r\n\x1a\nnothing", "a.png")
    monkeypatch.setattr(ocr, "MAX_PIXELS", 100)
    with pytest.raises(PlanReadError, match="尺寸过大"):
        read_document(saved([Image.new("L", (20, 20))], "PNG"), "a.png")
    monkeypatch.setattr(ocr, "MAX_PIXELS", 10_000)
    monkeypatch.setattr(ocr, "MAX_PAGES", 1)
    monkeypatch.setattr(ocr, "_words", lambda picture, seconds, waiting: [])
    with pytest.raises(PlanReadError, match="超过 1 页"):
        read_document(saved([Image.new("L", (20, 20)), Image.new("L", (20, 20))], "TIFF"), "a.tif")


def test_recognition_that_takes_too_long_is_stopped(monkeypatch, tmp_path):
    hanging = tmp_path / "tesseract"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(ocr, "tesseract", lambda: str(hanging))
    monkeypatch.setattr(ocr, "PAGE_SECONDS", 0.2)
    with pytest.raises(PlanReadError, match="耗时过长"):
        read_document(saved([Image.new("L", (60, 40), 255)], "PNG"), "a.png")


class Follower:
    """Writes down what it is told, keeps what it is given, and ends the reading after so many words."""

    def __init__(self, patience=1000):
        self.said, self.files, self.patience = [], {}, patience

    def begin(self, stage, pages):
        self.said.append((stage, pages))

    def step(self, pages):
        self.said.append(pages)
        if pages >= self.patience:
            raise InterruptedError

    def kept(self, name):
        return self.files.get(name)

    def keep(self, name, data):
        self.files[name] = data


def test_pages_are_counted_and_none_is_recognized_twice(monkeypatch):
    read = []

    def words(picture, seconds, waiting):
        read.append(picture.getpixel((0, 0)))
        return [((1, 1, 1), 10, 50, 30.0, f"{'甲乙丙'[len(read) - 1]}段文字")]

    monkeypatch.setattr(ocr, "tesseract", lambda: "/bin/tesseract")
    monkeypatch.setattr(ocr, "_words", words)
    data = saved([Image.new("L", (20, 20), shade) for shade in (1, 2, 3)], "TIFF")
    follower = Follower(patience=2)
    with pytest.raises(InterruptedError):
        read_document(data, "a.tif", follower)
    assert follower.said == [("识别文字", 3), 1, 2]
    follower.patience = 1000
    source = read_document(data, "a.tif", follower)
    assert read == [1, 2, 3]
    assert follower.said[3:] == [("识别文字", 3), 1, 2, 3]
    assert [source.text.count(words) for words in ("甲段", "乙段", "丙段")] == [1, 1, 1]


def test_the_recognizer_is_ended_with_the_reading(monkeypatch, tmp_path):
    hanging = tmp_path / "tesseract"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(ocr, "tesseract", lambda: str(hanging))
    monkeypatch.setattr(ocr, "LOOK", 0.05)
    follower = Follower(patience=0)
    with pytest.raises(InterruptedError):
        read_document(saved([Image.new("L", (60, 40), 255)], "PNG"), "a.png", follower)
    assert follower.said == [("识别文字", 1), 0]
    assert follower.files == {}


def test_pages_of_a_printed_pdf_are_counted():
    follower = Follower()
    read_document(sample.as_pdf(), "a.pdf", follower)
    assert follower.said == [("读取", 4), 1, 2, 3, 4]
