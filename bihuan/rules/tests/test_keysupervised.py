"""The lists of chemicals and processes under key supervision."""

import datetime as dt

import pytest

from bihuan.rules.keysupervised import find_key_chemical, find_key_process, key_chemicals, key_processes

TODAY = dt.date(2026, 11, 21)


def test_how_many_are_listed():
    assert len(key_chemicals()) == 60 + 14
    assert len(key_processes()) == 15 + 3
    assert [each.row for each in key_chemicals() if each.batch == "第二批"] == list(range(1, 15))


@pytest.mark.parametrize(
    ("name", "cas", "basis"),
    [
        ("氨", "", "首批第2项 氨，安监总管三〔2011〕95号，待核对原文"),
        ("液 氯", "", "首批第1项 氯，安监总管三〔2011〕95号，待核对原文"),
        ("木精", "", "首批第13项 甲醇，安监总管三〔2011〕95号，待核对原文"),
        ("某牌溶剂", "71-43-2", "首批第9项 苯（含粗苯），安监总管三〔2011〕95号，待核对原文"),
        ("乙醚", "", "第二批第14项 乙醚，安监总管三〔2013〕12号，待核对原文"),
        ("２,２'－偶氮二异丁腈", "", "第二批第11项 2,2'-偶氮二异丁腈，安监总管三〔2013〕12号，待核对原文"),
    ],
)
def test_a_chemical_is_met_by_name_or_number(name, cas, basis):
    assert find_key_chemical(name, cas, TODAY).basis == basis


@pytest.mark.parametrize("name", ["氨水", "液氨罐", "乙醇", "", "苯甲酸"])
def test_likeness_is_not_enough(name):
    assert find_key_chemical(name, "", TODAY) is None


def test_before_its_batch_nothing_was_listed():
    assert find_key_chemical("乙醚", "", dt.date(2013, 2, 4)) is None
    assert find_key_chemical("氨", "", dt.date(2011, 6, 20)) is None
    assert find_key_process("偶氮化", dt.date(2013, 1, 14)) is None


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("硝化", "硝化工艺"),
        ("硝化工艺", "硝化工艺"),
        ("电解（氯碱）", "电解工艺（氯碱）"),
        ("裂化", "裂解（裂化）工艺"),
        ("偶氮化", "偶氮化工艺"),
    ],
)
def test_a_process_is_met_with_or_without_the_word(name, listed):
    assert find_key_process(name, TODAY).name == listed


def test_every_cas_number_has_its_check_digit():
    for each in key_chemicals():
        for number in each.cas:
            *digits, check = (int(digit) for digit in number if digit != "-")
            assert sum(place * digit for place, digit in enumerate(reversed(digits), start=1)) % 10 == check


def test_names_lead_to_one_row_only():
    for rows in (key_chemicals(), key_processes()):
        names = [name for each in rows for name in each.plain_names]
        assert len(names) == len(set(names))
