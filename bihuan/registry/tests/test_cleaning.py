"""The rules of each field, with expectations written by hand."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from bihuan.registry import cleaning


def message(function, *args):
    with pytest.raises(ValidationError) as caught:
        function(*args)
    return "；".join(caught.value.messages)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-21", dt.date(2026, 11, 21)),
        ("2026/1/2", dt.date(2026, 1, 2)),
        ("2026.1.2", dt.date(2026, 1, 2)),
        ("2026年11月21日", dt.date(2026, 11, 21)),
        ("20261121", dt.date(2026, 11, 21)),
        ("２０２６－１１－２１", dt.date(2026, 11, 21)),
        ("", None),
        ("不详", None),
        ("xx", None),
    ],
)
def test_dates_in_their_usual_spellings(text, day):
    assert cleaning.clean_date(text, "有效期至") == day


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0001-01-01", "有效期至0001-01-01的年份不合理"),
        ("9999-12-31", "有效期至9999-12-31的年份不合理"),
        ("2026-02-30", "不是真实存在的日期"),
        ("46347", "日期序号"),
        ("明年", "请写成 2026-11-21 的样子"),
    ],
)
def test_impossible_dates_are_explained(text, words):
    assert words in message(cleaning.clean_date, text, "有效期至")


def test_an_endless_permit_has_no_end():
    assert cleaning.clean_end_date("长期", "有效期至") is None


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("12人", 12), ("1,200", 1200), ("", None), ("xx", None), ("0", 0)]
)
def test_headcount(text, number):
    assert cleaning.clean_employees(text) == number


@pytest.mark.parametrize("text", ["十二", "-3", "12.5", "约20", "99999999999"])
def test_headcount_is_never_guessed(text):
    assert "从业人数" in message(cleaning.clean_employees, text)


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("19900001234", "19900001234"),
        ("199 0000 1234", "19900001234"),
        ("+86-19900001234", "19900001234"),
        ("0872-1234567", "08721234567"),
        ("１９９００００１２３４", "19900001234"),
        ("无", ""),
    ],
)
def test_phones(text, phone):
    assert cleaning.clean_phone(text) == phone


@pytest.mark.parametrize("text", ["12345", "19900001234、19900005678", "张三19900001234", "1990000123"])
def test_a_wrong_phone_is_not_repeated_in_the_message(text):
    words = message(cleaning.clean_phone, text)
    assert "11位手机号" in words
    assert "1990000" not in words


def test_a_valid_credit_code_passes_in_any_width():
    # GB 32100-2015: check sign of 91539702MA6K00001 computed by hand with weights 3^i mod 31 is G.
    code = "91539702MA6K00001"
    total = sum(
        "0123456789ABCDEFGHJKLMNPQRTUWXY".index(sign) * pow(3, place, 31) for place, sign in enumerate(code)
    )
    sign = "0123456789ABCDEFGHJKLMNPQRTUWXY"[(31 - total % 31) % 31]
    assert cleaning.clean_credit_code(f" {code.lower()}{sign.lower()} ") == (code + sign, False)


def test_a_wrong_check_sign_passes_only_with_a_reason():
    wrong = "92539702MA6K00019H"
    assert "校验码" in message(cleaning.clean_credit_code, wrong)
    assert "放行理由" in message(cleaning.clean_credit_code, wrong)
    assert cleaning.clean_credit_code(wrong, "执照如此") == (wrong, True)


def test_no_reason_releases_a_code_of_the_wrong_length():
    assert "17位" in message(cleaning.clean_credit_code, "92539702MA6K00019", "执照如此")


@pytest.mark.parametrize(
    ("text", "risk"),
    [("红", "red"), ("红色", "red"), ("重大", "red"), ("重大风险", "red"), ("较大", "orange"), ("橙色", "orange"),
     ("一般风险", "yellow"), ("黄", "yellow"), ("低", "blue"), ("低风险", "blue"), ("蓝 色", "blue")],
)  # fmt: skip
def test_risks_by_colour_and_by_grade(text, risk):
    assert cleaning.clean_risk(text) == risk


def test_an_unknown_risk_lists_the_choices():
    assert "红（重大）、橙（较大）、黄（一般）、蓝（低）" in message(cleaning.clean_risk, "紫")


def test_coordinates():
    cleaning.check_place(102.5, 25.0)
    cleaning.check_place(None, None)
    assert "填反了" in message(cleaning.check_place, 25.0, 102.5)
    assert "同时填写" in message(cleaning.check_place, 102.5, None)
    assert "国内范围" in message(cleaning.check_place, 2.0, 48.0)
    assert "不是数字" in message(cleaning.clean_degrees, "nan", "经度")


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "为空"), ("xx", "占位符"), ("店", "全称"), ("长" * 121, "120个字"), ("示例：某某餐馆", "示例行")],
)
def test_names_that_cannot_be(text, words):
    assert words in message(cleaning.clean_name, text)
