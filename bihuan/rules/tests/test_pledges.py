"""Promise forms as data: the shipped one, codes of use, and what is refused with which words."""

import datetime as dt

import pytest

from bihuan.rules import pledges
from bihuan.rules.records import UnknownRule

DAY = dt.date(2026, 11, 21)


def test_twenty_two_types_of_use_in_two_families():
    found = pledges.uses(DAY)
    assert [each.code for each in found] == [str(number) for number in range(1, 23)]
    assert pledges.families(DAY) == {
        "crowded": "人员密集场所",
        "flammable": "易燃易爆化学物品生产、储存、经营场所",
    }
    assert [each.family for each in found].count("crowded") == 17
    assert pledges.use("10", DAY).label == "饭店、餐厅"
    assert pledges.use_of_kind("restaurant", DAY) == "10"
    assert pledges.use_of_kind("entertainment", DAY) == "8"
    assert pledges.use_of_kind("workshop", DAY) == "16"
    assert pledges.use_of_kind("unknown", DAY) == ""
    with pytest.raises(UnknownRule, match="22 类"):
        pledges.use("23", DAY)


def test_the_shipped_form_asks_three_persons_with_id_and_has_both_tables():
    form, source = pledges.shipped()["fire_self_check"]
    assert [each.label for each in form.persons] == ["消防安全责任人", "消防安全管理人", "联系人"]
    assert all(each.asks_id for each in form.persons)
    assert form.signer.key == "responsible"
    assert [each.role for each in form.tables] == ["corrected", "uncorrected"]
    assert "附件" in source
    assert pledges.read(form.to_json()) == form


@pytest.mark.parametrize(
    ("signed", "months", "last"),
    [
        (dt.date(2026, 11, 21), 12, dt.date(2027, 11, 20)),
        (dt.date(2028, 2, 29), 12, dt.date(2029, 2, 27)),
        (dt.date(2026, 1, 1), 12, dt.date(2026, 12, 31)),
        (dt.date(2026, 12, 31), 6, dt.date(2027, 6, 29)),
    ],
)
def test_a_promise_stands_until_the_day_before(signed, months, last):
    assert pledges.valid_until(signed, months) == last


def minimal(**changes):
    return {
        "title": "用气安全承诺书", "statement": "承诺属实。", "persons": [{"key": "boss", "label": "负责人", "signs": True}],
        "tables": [
            {"key": "done", "title": "已改", "role": "corrected"},
            {"key": "open", "title": "未改", "role": "uncorrected"},
        ],
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": " "}, "请填写承诺书名称"),
        ({"persons": []}, "一名签字人"),
        ({"tables": [{"key": "done", "title": "已改", "role": "corrected"}]}, "未整改的隐患"),
        ({"fields": [{"key": "a", "label": "气瓶数", "kind": "magic"}]}, "类型不认识"),
        (
            {"fields": [{"key": "a", "label": "气种", "kind": "choice", "choices": ["液化气"]}]},
            "至少给两个选项",
        ),
        ({"fields": [{"key": "a b", "label": "气种"}]}, "代码应为"),
        ({"fields": [{"key": "a", "label": "甲"}, {"key": "a", "label": "乙"}]}, "重复"),
        ({"valid_months": 0}, "1 至 36"),
        ({"persons": "蒋好味"}, "一组记录"),
    ],
)
def test_a_form_that_cannot_be_used_is_refused_in_words(changes, words):
    with pytest.raises(pledges.BadForm, match=words):
        pledges.read(minimal(**changes))


@pytest.mark.parametrize(
    ("kind", "value", "ok"),
    [("number", "-1.5", True), ("number", "三", False), ("date", "2026-11-21", True), ("date", "昨天", False),
     ("yes_no", "是", True), ("yes_no", "好", False), ("choice", "甲", True), ("choice", "丙", False), ("text", "", True)],
)  # fmt: skip
def test_answers_fit_their_field(kind, value, ok):
    field = pledges.Field("a", "栏", kind, choices=("甲", "乙") if kind == "choice" else ())
    assert (pledges.answer_problem(field, value) is None) is ok
