import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.codes import (
    CREDIT_ALPHABET,
    explain_credit_code,
    explain_id_card,
    is_credit_code,
    make_credit_code,
    mask_id,
    mask_name,
    mask_phone,
    normalize_code,
    organization_check_sign,
)

TODAY = dt.date(2026, 11, 21)


@pytest.mark.parametrize(
    "code",
    [
        "91330100799655058B",
        "91110108551385082Q",
        "91110000802100433B",
        "9144030071526726XG",
        "91532901MA6K00014X",
        "92532901MA6K00022M",
        "11532901015000011L",
        " 91330100 799655058b ",
        "９１３３０１００７９９６５５０５８Ｂ",
    ],
)
def test_valid_credit_codes(code):
    assert explain_credit_code(code) is None
    assert is_credit_code(code)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "为空"),
        ("9133010079965505B", "应为18位，现为17位"),
        ("91330100799655058C", "第18位校验码“C”与前17位不符"),
        ("91330100799655O58B", "第15位“O”不在允许的字符内（不使用I、O、S、V、Z），可能是“0”的误录"),
        ("91330100799655？58B", "第15位“?”不在允许的字符内"),
        ("B1330100799655058B", "第1位“B”不是登记管理部门代码"),
        ("9133A100799655058B", "第3至8位“33A100”应为6位数字"),
    ],
)
def test_credit_code_errors_name_place_and_remedy(code, words):
    message = explain_credit_code(code)
    assert words in message
    assert "请" in message


def test_make_credit_code():
    assert make_credit_code("91330100799655058") == "91330100799655058B"
    assert make_credit_code("91532901MA6K00014") == "91532901MA6K00014X"
    with pytest.raises(ValueError, match="17个字符"):
        make_credit_code("9133")


@pytest.mark.parametrize(("body", "sign"), [("79965505", "8"), ("71526726", "X"), ("MA6K0001", "4")])
def test_organization_check_sign(body, sign):
    assert organization_check_sign(body) == sign


@given(st.text(CREDIT_ALPHABET, min_size=9, max_size=9), st.integers(0, 16), st.sampled_from(CREDIT_ALPHABET))
def test_one_wrong_sign_never_passes(body, place, sign):
    code = make_credit_code("91539701" + body)
    changed = code[:place] + sign + code[place + 1 :]
    assert is_credit_code(code)
    assert is_credit_code(changed) == (changed == code)


@pytest.mark.parametrize(
    "number", ["11010519491231002X", "440524188001010014", "532901199001010019", "11010519491231002x"]
)
def test_valid_id_cards(number):
    assert explain_id_card(number, on=TODAY) is None


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("110105491231002", "应为18位，现为15位"),
        ("110105194912310021", "校验码与前17位不符"),
        ("11010519490231002X", "不是真实存在的出生日期"),
        ("99010519491231002X", "省级行政区划码"),
        ("11010520491231002X", "出生日期不合理"),
        ("1101051949123100AX", "前17位应为数字"),
    ],
)
def test_id_card_errors_do_not_repeat_the_number(number, words):
    message = explain_id_card(number, on=TODAY)
    assert words in message
    assert number not in message


def test_masks():
    assert mask_phone("19900001234") == "199****1234"
    assert mask_phone("0872-2123456") == "087*****3456"
    assert mask_phone("110") == "**0"
    assert mask_phone("") == ""
    assert mask_id("11010519491231002X") == "110105********002X"
    assert mask_id("12345") == "***45"
    assert mask_id("12") == "**"
    assert mask_name("王小明") == "王**"
    assert mask_name("王") == "王"
    assert mask_name("") == ""


def test_normalize_code():
    assert normalize_code("'9133 0100-7996５") == "9133010079965"
