"""Encodings: every one an office still uses, with and without a mark, and the nonsense one would be as another."""

import pytest

from bihuan.plans.reading import PlanReadError, read_document
from bihuan.plans.reading.encoding import best_encoding, decode, fluency
from bihuan.plans.tests import sample

SIMPLIFIED = [
    "各县区要认真组织实施，按时报送进展情况。",
    "一、工作目标",
    "对占用疏散通道的，责令限期改正；逾期不改的，依法处以罚款。",
    "云溪市应急管理局关于开展有限空间作业专项检查的通知",
    "市城管局负责，市住房和城乡建设局配合，每季度末报送。",
]
TRADITIONAL = [
    "各縣區要認真組織實施，按時報送進展情況。",
    "一、工作目標",
    "對佔用疏散通道的，責令限期改正；逾期不改的，依法處以罰款。",
    "雲溪市應急管理局關於開展有限空間作業專項檢查的通知",
    "市城管局負責，市住房和城鄉建設局配合，每季度末報送。",
]


@pytest.mark.parametrize("words", SIMPLIFIED)
def test_simplified_sentences_in_gb18030(words):
    assert decode(words.encode("gb18030")) == words


@pytest.mark.parametrize("words", TRADITIONAL)
def test_traditional_sentences_in_big5_and_in_gb18030(words):
    assert decode(words.encode("big5")) == words
    assert decode(words.encode("gb18030")) == words


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_a_whole_plan_in_every_encoding(encoding):
    text = decode(sample.TEXT.encode(encoding))
    assert text.lstrip("\ufeff") == sample.TEXT


def test_a_plan_in_big5_is_read_and_written_in_simplified_characters():
    from opencc import OpenCC

    words = OpenCC("s2t").convert(sample.TEXT)
    source = read_document(words.encode("big5hkscs", errors="ignore"), "方案.txt")
    assert "云溪市租赁厂房和仓库安全专项整治工作方案" in source.text


def test_one_broken_byte_does_not_change_the_encoding():
    data = sample.TEXT.encode("gb18030")
    assert best_encoding(data[:501] + b"\xff" + data[501:]) == "gb18030"
    data = sample.TEXT.encode()
    assert best_encoding(data[:-1]) == "utf-8"
    assert decode(data[:-1]).startswith("云溪市安全生产委员会办公室文件")


def test_fluency():
    assert fluency("加强安全管理，落实责任。") > 0.6
    assert fluency("坚".encode("gb18030").decode("latin-1")) < 0.1
    assert fluency("plain ascii") == 0.0


def test_bytes_that_are_no_text():
    with pytest.raises(PlanReadError, match="不是可以识别的文档"):
        decode(bytes(range(256)) * 40, "a.dat")
