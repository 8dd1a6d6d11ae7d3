"""The ladder of consequences: rungs, conditions, fines."""

from decimal import Decimal

import pytest

from bihuan.plans.checks import check_items
from bihuan.plans.dispositions import CODES, LADDER, ladder_steps


def steps(text):
    return [(step.condition, step.word) for step in ladder_steps(text, 0, len(text))]


def test_every_word_of_the_ladder_has_a_code_and_a_place():
    assert [word for word, _ in LADDER if word not in CODES] == []
    codes = [code for code, _ in CODES.values()]
    assert len(set(codes)) == len(codes)


def test_the_order_of_severity():
    rank = {word: severity for word, (_, severity) in CODES.items()}
    ladder = [
        "立即改正",
        "限期改正",
        "限期拆除",
        "责令停产停业",
        "暂扣许可证",
        "吊销",
        "关停取缔",
        "移交",
        "追究刑责",
    ]
    assert [rank[word] for word in ladder] == sorted(rank[word] for word in ladder)


def test_each_rung_carries_the_condition_before_it():
    text = "责令限期改正；逾期未改正的，责令停产停业整顿，并处罚款；情节严重的，吊销经营许可证；构成犯罪的，依法追究刑事责任。"
    assert steps(text) == [
        ("", "限期改正"),
        ("逾期未改正的", "责令停产停业"),
        ("逾期未改正的", "罚款"),
        ("情节严重的", "吊销"),
        ("构成犯罪的", "追究刑责"),
    ]


def test_a_condition_without_a_comma():
    text = "责令停止生产销售，没收违法产品，情节严重的吊销营业执照。"
    assert steps(text) == [("", "责令停产停业"), ("", "没收"), ("情节严重的", "吊销")]


def test_rungs_inside_a_condition_are_not_rungs():
    assert steps("责令停止使用，拒不停止使用的，查封有关设施。") == [
        ("", "责令停止使用"),
        ("拒不停止使用的", "查封扣押"),
    ]


def test_up_to_and_including():
    assert steps("依法责令限期整改直至停产整顿") == [("", "限期改正"), ("", "责令停产停业")]


def test_an_optional_rung():
    found = ladder_steps("责令停止使用，可以并处罚款", 0, 13)
    assert [step.is_optional for step in found] == [False, True]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("处2万元以上5万元以下罚款", "20000", "50000"),
        ("处2-5万元罚款", "20000", "50000"),
        ("并处三千元以下的罚款", None, "3000"),
        ("处以5000元罚款", "5000", "5000"),
        ("处1万元以上罚款", "10000", None),
        ("罚款500元", "500", "500"),
    ],
)
def test_fines(text, low, high):
    (step,) = ladder_steps(text, 0, len(text))
    assert step.fine.low == (None if low is None else Decimal(low))
    assert step.fine.high == (None if high is None else Decimal(high))
    assert step.fine.span.of(text) == step.fine.text


def test_a_fine_without_a_sum():
    (step,) = ladder_steps("并处罚款", 0, 4)
    assert step.fine is None


def test_check_items_carry_ladder_and_criteria():
    text = "加强巡查，发现租赁厂房夹层高度不足2.2米的，责令限期改正；拒不整改的，依法予以关闭。"
    (item,) = check_items(text, 0, len(text))
    assert item.text == "租赁厂房夹层高度不足2.2米"
    assert [(c.subject, c.comparator, c.value) for c in item.criteria] == [
        ("租赁厂房夹层高度", "<", Decimal("2.2"))
    ]
    assert [(s.condition, s.code) for s in item.ladder] == [("", "correct_by"), ("拒不整改的", "close")]
    assert [s.span.of(text) for s in item.ladder] == ["限期改正", "予以关闭"]


def test_transfer_between_condition_and_sanction():
    text = "对涉嫌失职渎职的，及时将线索移交有关机关，从严追究相关人员责任。"
    (item,) = check_items(text, 0, len(text))
    assert [step.word for step in item.ladder] == ["移交", "追究责任"]
