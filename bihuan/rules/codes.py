"""Identifying codes: unified credit code (GB 32100-2015), citizen number (GB 11643-1999), masking."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from operator import mul

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # 31 signs; I O S V Z are not used
CREDIT_VALUES = {sign: value for value, sign in enumerate(CREDIT_ALPHABET)}
CREDIT_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
REGISTRARS = "1235679A4NY8"  # first sign: the registering authority's kind
ORGANIZATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714, signs 9-16 of the credit code
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"
# First two digits: 11-15 north, 21-23 north-east, 31-37 east, 41-46 centre and south, 50-54 south-west,
# 61-65 north-west, 71 Taiwan, 81 Hong Kong, 82 Macao, 83 residence permits of Taiwan residents.
PROVINCES = frozenset(
    str(number)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for number in range(first, last + 1)
)
LOOKALIKES = {"I": "1", "O": "0", "S": "5", "V": "U或Y", "Z": "2"}


def normalize_code(text: str) -> str:
    """Return ``text`` half-width, upper case, without spaces, hyphens or the spreadsheet's apostrophe."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return re.sub(r"[\s\-'’·]", "", unicodedata.normalize("NFKC", text)).upper()


def credit_check_sign(prefix17: str) -> str:
    """Return the 18th sign for the first 17. Raises ValueError on length or a foreign sign."""
    try:
        if len(prefix17) != len(CREDIT_WEIGHTS):
            raise KeyError(prefix17)
        total = sum(map(mul, map(CREDIT_VALUES.__getitem__, prefix17), CREDIT_WEIGHTS))
    except KeyError as error:
        message = "统一社会信用代码前17位应为17个字符，只用数字和大写字母（不含I、O、S、V、Z）"
        raise ValueError(message) from error
    return CREDIT_ALPHABET[(31 - total % 31) % 31]


def make_credit_code(prefix17: str) -> str:
    """Return a complete, formally valid code: ``prefix17`` and its check sign (for invented data)."""
    return prefix17 + credit_check_sign(prefix17)


def organization_check_sign(body8: str) -> str:
    """Return the 9th sign of an organization code (GB 11714) for its first eight, for invented data."""
    if len(body8) != 8 or any(sign not in CREDIT_ALPHABET for sign in body8):
        raise ValueError("主体标识码前8位应为8个数字或大写字母")
    # GB 11714 counts A=10 … Z=35, unlike the credit code's 31-sign alphabet.
    total = sum(int(sign, 36) * weight for sign, weight in zip(body8, ORGANIZATION_WEIGHTS, strict=True))
    check = 11 - total % 11
    return {10: "X", 11: "0"}.get(check, str(check))


def explain_credit_code(code: str) -> str | None:
    """Return None for a valid unified social credit code, else a Chinese sentence: where and what to do.

    Judges the normalised form. Source: GB 32100-2015. A few historical codes of individual businesses
    fail the check sign although the licence shows them; whether to let one pass is the caller's decision.
    """
    code = normalize_code(code)
    if not code:
        return "统一社会信用代码为空，请按营业执照填写18位代码"
    if len(code) != 18:
        return f"统一社会信用代码应为18位，现为{len(code)}位，请对照营业执照逐位核对是否漏录或多录"
    for place, sign in enumerate(code if set(code) - CREDIT_VALUES.keys() else "", start=1):
        if sign not in CREDIT_VALUES:
            hint = f"，可能是“{LOOKALIKES[sign]}”的误录" if sign in LOOKALIKES else ""
            return f"统一社会信用代码第{place}位“{sign}”不在允许的字符内（不使用I、O、S、V、Z）{hint}，请对照营业执照改正"
    if code[0] not in REGISTRARS:
        return f"统一社会信用代码第1位“{code[0]}”不是登记管理部门代码（企业和个体工商户应为9），请对照营业执照改正"
    if not code[2:8].isdigit():
        return f"统一社会信用代码第3至8位“{code[2:8]}”应为6位数字的登记机关行政区划码，请对照营业执照改正"
    if code[17] != credit_check_sign(code[:17]):
        return f"统一社会信用代码第18位校验码“{code[17]}”与前17位不符，其中至少有一位录错，请对照营业执照逐位核对"
    return None


def is_credit_code(code: str) -> bool:
    """Whether ``code`` is formally valid under GB 32100-2015."""
    return explain_credit_code(code) is None


def id_check_sign(prefix17: str) -> str:
    """Return the 18th sign of a citizen number for its first 17 digits (GB 11643-1999)."""
    if len(prefix17) != 17 or not (prefix17.isascii() and prefix17.isdigit()):
        raise ValueError("身份证号前17位应为17个数字")
    return ID_CHECKS[sum(int(d) * w for d, w in zip(prefix17, ID_WEIGHTS, strict=True)) % 11]


def explain_id_card(number: str, *, on: dt.date) -> str | None:
    """Return None for a valid citizen number, else a Chinese sentence. ``on``: today, for the birth date.

    Never repeats the number itself: the message may land in a log. Source: GB 11643-1999.
    """
    number = normalize_code(number)
    if len(number) != 18:
        return f"身份证号应为18位，现为{len(number)}位，请对照证件核对"
    if not (number.isascii() and number[:17].isdigit() and (number[17].isdigit() or number[17] == "X")):
        return "身份证号前17位应为数字，第18位应为数字或X，请对照证件核对"
    if number[:2] not in PROVINCES:
        return "身份证号第1至2位不是省级行政区划码，请对照证件核对"
    try:
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "身份证号第7至14位不是真实存在的出生日期，请对照证件核对"
    if not dt.date(1850, 1, 1) <= born <= on:
        return "身份证号第7至14位的出生日期不合理，请对照证件核对"
    if number[17] != id_check_sign(number[:17]):
        return "身份证号第18位校验码与前17位不符，其中至少有一位录错，请对照证件逐位核对"
    return None


def mask_phone(number: str) -> str:
    """Return the number with its middle hidden: 19900001234 becomes 199****1234."""
    if len(number) >= 11:
        return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"
    shown = min(4, len(number) // 2)
    return "*" * (len(number) - shown) + number[len(number) - shown :]


def mask_id(number: str) -> str:
    """Return a citizen number showing the first six and last four signs; shorter ones only the last two."""
    if len(number) < 15:
        return "*" * max(0, len(number) - 2) + number[-2:] if len(number) > 2 else "*" * len(number)
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"


def mask_name(name: str) -> str:
    """Return the first character and one asterisk for each further one: 王小明 becomes 王**."""
    return name[:1] + "*" * (len(name) - 1)
