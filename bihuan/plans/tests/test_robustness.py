"""Whatever the text: no crash, no catastrophic search, spans inside the text."""

import random
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.plans import PlanReadError, compile_text, read_document
from bihuan.plans.tests import sample
from bihuan.plans.tests.patience import patience

PIECES = st.sampled_from(
    [
        "一、", "二、", "（一）", "(二)", "1.", "2．", "（1）", "①", "主要任务", "实施步骤", "部门分工", "工作目标", "附件：", "阶段", "查企业",
        "市应急局", "各乡镇", "牵头", "负责", "配合", "按职责分工负责", "责任单位：", "完成时限：", "（", "）", "。", "，", "；", "：", "、", "\n", " ",
        "2031年", "3月", "5日", "底", "前", "起", "至", "每月", "报送", "成立", "由市长任组长", "成员：", "领导小组", "的，", "责令限期改正",
        "情节严重的", "超过2米", "至少", "2名", "98%", "达到", "以下均需各乡镇负责，不再列出", "《", "》", "“", "”", "关于印发", "方案", "的通知", "〔2031〕1号",
    ]
)  # fmt: skip


def check(text):
    plan = compile_text(text)
    elements = [
        *plan.phases,
        *plan.tasks,
        *plan.duties,
        *plan.reports,
        *plan.targets,
        *plan.bodies,
        *plan.sections,
    ]
    for element in elements:
        assert 0 <= element.span.start <= element.span.end <= len(text)
        for spans in getattr(element, "field_spans", {}).values():
            assert all(0 <= s.start <= s.end <= len(text) for s in spans)
    assert all(0 <= s.start < s.end <= len(text) for s in plan.unclassified)
    plan.to_json()


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_mixture_of_official_words_compiles(text):
    check(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_compiles(text):
    check(text)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-1.4\n", b"<html>", b"\xff\xfe"]))
def test_any_bytes_are_read_or_refused(data, mark):
    with suppress(PlanReadError):
        assert read_document(mark + data, "x").text.strip()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 4000), st.integers(0, 60))
def test_a_damaged_word_file_is_read_or_refused(at, length):
    data = bytearray(WORD)
    at = at * len(data) // 4001
    data[at : at + length] = bytes(len(data[at : at + length]))
    with suppress(PlanReadError):
        read_document(bytes(data), "x.docx")


WORD = sample.as_docx()
HEADS = ("", "一、主要任务\n1.开展工作", "一、部门分工\n", "一、实施步骤\n（一）")
UNITS = (
    "一、", "(一)", "1.", "（", "（）", "（局负责）", "负责", "由", "市局、", "成立", "成立由市长任组长的", "2024年", "1月", "每月25日前报送", "的，",
    "未安装的,责令限期改正", " ", "\n", "（一）开展\n1.检查（市局牵头）\n", "关于印发《", "方案", "达到9%", "市局和", "附件\n", "责任单位：", "①", "以下均需", "等",
    "由局组成", "市局会同", "市局为成员", "副 组 长： 张 三 局长 ", "长度超过2米", "“强基年”2024年",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("unit", UNITS)
def test_endless_repetition_comes_to_an_end(head, unit):
    text = head + unit * (20_000 // len(unit))
    with patience():
        plan = compile_text(text)
    assert plan.source.original == text


@pytest.mark.slow
def test_two_hundred_thousand_characters_of_noise():
    dice = random.Random(7)
    text = "".join(
        dice.choice(
            "一二三、.（）()12①。，；：\n年月日前底至每由负责牵头局部门县的和成立组长成员报送附件《》“”"
        )
        for _ in range(200_000)
    )
    with patience():
        plan = compile_text(text)
    assert plan.source.original == text
