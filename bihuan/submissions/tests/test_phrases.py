"""A report that asks is told so; a request asks for one thing; nothing else is held against anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.submissions.phrases import asking_words, names_several, remarks, several_matters


@pytest.mark.parametrize(
    "text",
    [
        "拟停产整顿，妥否，请批示。",
        "当否，请批复。",
        "请予批准。",
        "恳请市里支持。",
        "请审批为盼",
        "请予以支持。",
        "特请示如下",
        "可否延期一个月",
    ],
)
def test_words_that_ask(text):
    assert asking_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "特此报告。", "以上报告，请审阅。", "事故发生后，街道立即组织疏散。", "上月已向市安委办请示，现报告落实情况。",
        "企业申请延期整改。", "请阅示。", "我们将严格审批动火作业。", "经批准后实施。",
    ],
)  # fmt: skip
def test_words_that_do_not(text):
    assert asking_words(text) == []


@given(st.text(alphabet="隐患整改销号检查企业街道督导，。0123456789", max_size=80))
def test_a_text_without_a_word_of_asking_is_never_warned(text):
    assert asking_words(text) == []


@given(
    st.text(alphabet="隐患整改销号检查企业街道，。", max_size=40),
    st.sampled_from(["妥否，请批示", "请予批准", "请批复"]),
)
def test_a_request_within_a_report_is_found_wherever_it_stands(text, ask):
    found = remarks("situation", title="关于整改的报告", situation=text, ask=f"{text}{ask}。")
    assert any("夹带请示事项" in each for each in found)


@pytest.mark.parametrize(
    ("ask", "several"),
    [
        ("拟挂牌督办，妥否，请批示。", False),
        ("一、拟挂牌督办。\n二、拟安排资金 10 万元。", True),
        ("1.挂牌督办；2.安排资金", True),
        ("拟挂牌督办，另外请予安排资金。", True),
        ("拟安排 12.5 万元，请批示。", False),
    ],
)
def test_one_matter_per_paper(ask, several):
    assert several_matters(ask) is several


@pytest.mark.parametrize(
    ("name", "several"),
    [
        ("云岭省安全生产委员会办公室", False),
        ("云岭省安委办、应急厅", True),
        ("省安委办并报省应急厅", True),
        ("市政府以及市委", True),
        ("云岭省住房和城乡建设厅", False),
    ],
)
def test_one_addressee(name, several):
    assert names_several(name) is several


def test_a_proper_request_is_left_alone():
    assert (
        remarks(
            "request",
            title="关于安排专项资金的请示",
            situation="需加装报警器。",
            ask="拟安排 24 万元，妥否，请批示。",
        )
        == []
    )


def test_a_request_that_asks_for_nothing_or_calls_itself_a_report():
    found = remarks("request", title="关于资金的请示报告", situation="有困难。", ask="需要 24 万元。")
    assert len(found) == 2
