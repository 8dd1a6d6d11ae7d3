"""Every character of a file belongs to exactly one thing: an element, unclassified text, a blank, or noise."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.plans import PlanReadError, compile_all, compile_plan, compile_text, read_document
from bihuan.plans.coverage import COVER_KINDS, coverage, shares
from bihuan.plans.documents import compile_main, compile_part
from bihuan.plans.parts import separate
from bihuan.plans.tests import sample
from bihuan.plans.tests.test_parts_of_a_file import COLLECTION


def check(plan):
    covered = coverage(plan)
    original = plan.source.original
    assert "".join(stretch.span.of(original) for stretch in covered) == original
    assert all(left.span.end == right.span.start for left, right in itertools.pairwise(covered))
    assert all(stretch.kind in COVER_KINDS for stretch in covered)
    return [(kind, label, span.of(original)) for span, kind, label in covered]


def test_every_kind_of_text_is_named():
    plan = compile_plan(
        "云溪市检查方案\n【打印文本】\n一、任务\n1.查证照。（市局负责）\n今天天气很好。\n".encode(), "a.txt"
    )
    rows = check(plan)
    assert rows[0] == ("title", "云溪市检查方案", "云溪市检查方案")
    assert ("noise", "网页导航、广告、打印按钮等", "\n【打印文本】") in rows
    assert ("heading", "任务", "一、任务") in rows
    assert ("task", "查证照", "1.查证照。（市局负责）") in [(*row[:2], row[2][:13]) for row in rows]


def test_unclaimed_text_is_unclassified():
    rows = check(compile_text("一、指导思想\n今天天气很好。\n二、任务\n1.查证照。"))
    assert [text for kind, _, text in rows if kind == "unclassified"] == ["今天天气很好。"]


def test_the_sample_in_every_format():
    for data, name in (
        (sample.as_text(), "a.txt"),
        (sample.as_text("gb18030"), "a.txt"),
        (sample.as_html(), "a.html"),
        (sample.as_docx(), "a.docx"),
        (sample.as_docx(automatic_numbering=True), "a.docx"),
    ):
        plan = compile_plan(data, name)
        counts = shares(coverage(plan))
        check(plan)
        assert counts["task"] > 1200
        assert counts.get("part", 0) + counts.get("form", 0) >= 30


@pytest.mark.slow
def test_the_sample_as_pdf():
    check(compile_plan(sample.as_pdf(), "a.pdf"))


def test_other_documents_of_the_file_are_elsewhere():
    rows = check(compile_plan(COLLECTION.encode(), "集.txt"))
    elsewhere = [label for kind, label, _ in rows if kind == "elsewhere"]
    assert "方案：安全检查方案范文2" in elsewhere
    assert "总结、汇报：安全检查方案范文3" in elsewhere
    for plan in compile_all(COLLECTION.encode(), "集.txt"):
        check(plan)
    source = read_document(COLLECTION.encode(), "集.txt")
    for number in range(1, len(separate(source)) + 1):
        check(compile_part(source, number))


def test_plain_text_is_its_own_original():
    check(compile_text(sample.TEXT))
    assert check(compile_text("")) == []


PIECES = [*sample.PARAGRAPHS[:12], "\n", "\n\n  ", "【打印文本】\n", "責任(zé)", "產業(chǎn)", "２０３１年", "\ufffd", "。ㄋ模┓e", "附件\n", "附件1 检查表\n",
          "方案范文1\n", "方案范文2\n", "<p>", "&nbsp;", "# ", "**", "\u3000\u3000", "一、", "（一）", "1.", "云溪市应急局\n2031年3月6日\n"]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=30).map("".join), st.sampled_from(["", "\n"]))
def test_any_mixture_is_covered(text, end):
    try:
        source = read_document((text + end).encode(), "a.txt")
    except PlanReadError:
        return
    check(compile_main(source))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(sample.TEXT)), st.integers(1, 40)), max_size=12), st.booleans())
def test_a_plan_with_stretches_missing_is_covered(cuts, joined):
    text = sample.TEXT
    for start, length in cuts:
        text = text[:start] + text[start + length :]
    check(compile_plan((text.replace("\n", "") if joined else text).encode() or b"x", "a.txt"))
