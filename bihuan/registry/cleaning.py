"""What may stand in each field of the registry: one home of the rules for the form and for imported rows.

Every function takes text (or what a form field made of it), returns the value, and raises ValidationError with a
Chinese sentence that says what is wrong and what to do. No database.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Mapping

from django.core.exceptions import ValidationError

from bihuan.rules.codes import explain_credit_code, normalize_code
from bihuan.rules.coordinates import CRS_LABELS, BadCoordinates, Crs, Point, find_crs

from .models import IssuingLevel, RiskColour
from .workflow import EnterpriseStatus

# What people write into a cell they cannot fill (R271): unknown, never zero.
UNKNOWN = frozenset(
    {"xx", "xxx", "xxxx", "××", "×××", "不详", "未知", "暂无", "无", "/", "-", "—", "——", "\\"}
)
EXAMPLE = "示例："  # how the template's own row begins
EARLIEST, LATEST = dt.date(1950, 1, 1), dt.date(2100, 12, 31)
MAX_EMPLOYEES = 1_000_000
DECIMALS = 7  # of converted degrees: about a centimetre
ENDLESS = frozenset({"长期", "长期有效", "永久", "永久有效", "无固定期限"})
PHONE = re.compile(r"1\d{10}|0\d{9,11}|\d{7,8}|[48]00\d{7}")
DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?")
COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
RISKS: dict[str, str] = {
    "红": RiskColour.RED, "重大": RiskColour.RED, "一级": RiskColour.RED, "a": RiskColour.RED,
    "橙": RiskColour.ORANGE, "较大": RiskColour.ORANGE, "二级": RiskColour.ORANGE, "b": RiskColour.ORANGE,
    "黄": RiskColour.YELLOW, "一般": RiskColour.YELLOW, "三级": RiskColour.YELLOW, "c": RiskColour.YELLOW,
    "蓝": RiskColour.BLUE, "低": RiskColour.BLUE, "四级": RiskColour.BLUE, "d": RiskColour.BLUE,
}  # fmt: skip
STATUSES: dict[str, str] = {
    "在产": EnterpriseStatus.OPERATING, "在营": EnterpriseStatus.OPERATING, "在产在营": EnterpriseStatus.OPERATING,
    "正常": EnterpriseStatus.OPERATING, "营业": EnterpriseStatus.OPERATING, "生产": EnterpriseStatus.OPERATING,
    "停产": EnterpriseStatus.IDLE, "停业": EnterpriseStatus.IDLE, "停产停业": EnterpriseStatus.IDLE,
    "歇业": EnterpriseStatus.IDLE, "搬迁": EnterpriseStatus.MOVED, "迁出": EnterpriseStatus.MOVED,
    "关闭": EnterpriseStatus.CLOSED, "注销": EnterpriseStatus.CLOSED, "吊销": EnterpriseStatus.CLOSED,
}  # fmt: skip


ISSUING_LEVELS: dict[str, str] = {
    "国家": IssuingLevel.NATION, "部": IssuingLevel.NATION, "省": IssuingLevel.PROVINCE, "自治区": IssuingLevel.PROVINCE,
    "直辖市": IssuingLevel.PROVINCE, "市": IssuingLevel.CITY, "州": IssuingLevel.CITY, "地市": IssuingLevel.CITY,
    "县": IssuingLevel.COUNTY, "区": IssuingLevel.COUNTY, "县区": IssuingLevel.COUNTY, "区县": IssuingLevel.COUNTY,
}  # fmt: skip


def fold(text: str) -> str:
    """Half-width, without any blanks, lower case: the key by which words of a list are compared."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def is_unknown(text: str) -> bool:
    """Whether a cell says that nothing is known (empty, xx, 不详, /)."""
    first = text[:1]
    if first.isdigit() or ("\u4e00" <= first <= "\u9fff" and first not in "不未暂无"):
        return False  # none of the placeholders begins so, however it is folded
    return not text.strip() or fold(text) in UNKNOWN


def clean_words(text: str, label: str, limit: int) -> str:
    """Ordinary words on one line: blanks folded, within `limit` characters."""
    words = " ".join(text.split())
    if len(words) > limit:
        raise ValidationError(f"{label}有{len(words)}个字，超过{limit}个字上限，请精简")
    return words


def clean_name(text: str) -> str:
    """An enterprise's name: two to 120 characters, not a placeholder."""
    name = clean_words(text, "企业名称", 120)
    if not name:
        raise ValidationError("企业名称为空，请按营业执照填写")
    if name.startswith(EXAMPLE):
        raise ValidationError("这是模板里的示例行，请删去")
    if is_unknown(name):
        raise ValidationError(f"企业名称“{name}”是占位符，请按营业执照填写")
    if len(name) < 2:
        raise ValidationError("企业名称只有1个字，请按营业执照填写全称")
    return name


def clean_person(text: str, label: str) -> str:
    """A person's name."""
    name = clean_words(text, label, 60)
    if re.search(r"\d{4}", unicodedata.normalize("NFKC", name)):
        raise ValidationError(f"{label}“{name[:4]}…”里有数字，电话请填到电话栏")
    return name


def clean_credit_code(text: str, reason: str = "") -> tuple[str | None, bool]:
    """(code or None, released by hand). A code that fails its check passes only with a reason (R039).

    Only the check itself can be waived: the code still needs its 18 letters and digits.
    """
    code = normalize_code(text)
    if not code:
        return None, False
    problem = explain_credit_code(code)
    if problem is None:
        return code, False
    if not re.fullmatch(r"[0-9A-Z]{18}", code):
        raise ValidationError(problem)
    if is_unknown(reason):
        raise ValidationError(f"{problem}；确与执照一致的，请填写放行理由")
    return code, True


def clean_employees(text: str) -> int | None:
    """Headcount: a whole number, with or without 人; unknown is None, never zero (R271)."""
    if is_unknown(text):
        return None
    digits = fold(text).removesuffix("人").replace(",", "")
    if not re.fullmatch(r"[0-9]{1,9}", digits):
        raise ValidationError(f"从业人数“{text[:20]}”不是整数，请只填数字，不知道的留空")
    number = int(digits)
    if number > MAX_EMPLOYEES:
        raise ValidationError(f"从业人数{number}过大，请核对")
    return number


def clean_phone(text: str) -> str:
    """A mobile, landline or 400 number; blanks and hyphens do not matter. Never quoted in the message."""
    if is_unknown(text):
        return ""
    digits = text
    if not (text.isascii() and text.isdigit()):
        digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text)).removeprefix("+86")
    if not PHONE.fullmatch(digits):
        raise ValidationError("电话应为11位手机号，或带区号的座机号；有多个号码的只填一个")
    return digits


def clean_date(text: str, label: str) -> dt.date | None:
    """A date in the usual spellings; None for unknown. Years before 1950 or after 2100 are slips of the pen."""
    if is_unknown(text):
        return None
    plain = unicodedata.normalize("NFKC", text).strip()
    match = DATE.fullmatch(plain) or COMPACT_DATE.fullmatch(plain)
    if match is None:
        hint = (
            "，看起来是表格的日期序号，请把该列设为日期格式" if re.fullmatch(r"\d{5}(\.\d+)?", plain) else ""
        )
        raise ValidationError(f"{label}“{text[:20]}”不是日期{hint or '，请写成 2026-11-21 的样子'}")
    try:
        day = dt.date(*(int(part) for part in match.groups()))
    except ValueError as error:
        raise ValidationError(f"{label}“{text[:20]}”不是真实存在的日期，请核对") from error
    return check_date(day, label)


def clean_end_date(text: str, label: str) -> dt.date | None:
    """The same for the end of a validity; 长期 has none."""
    return None if fold(text) in ENDLESS else clean_date(text, label)


def check_date(day: dt.date, label: str) -> dt.date:
    """Refuse years that cannot be meant (0001, 9999)."""
    if not EARLIEST <= day <= LATEST:
        raise ValidationError(
            f"{label}{day.isoformat()}的年份不合理，应在1950年至2100年之间，长期有效的请留空"
        )
    return day


def check_validity(valid_from: dt.date | None, valid_to: dt.date | None) -> None:
    """A permit ends no earlier than it begins."""
    if valid_from and valid_to and valid_to < valid_from:
        raise ValidationError("有效期止早于有效期起，请核对是否填反")


def clean_degrees(text: str, label: str) -> float | None:
    """Decimal degrees; None for unknown."""
    if is_unknown(text):
        return None
    try:
        value = float(fold(text).removesuffix("°"))
    except ValueError as error:
        raise ValidationError(f"{label}“{text[:20]}”不是数字，请填十进制度数，如 102.7123") from error
    if not math.isfinite(value):
        raise ValidationError(f"{label}“{text[:20]}”不是数字，请填十进制度数，如 102.7123")
    return value


def check_place(longitude: float | None, latitude: float | None) -> None:
    """Both or neither, within the country (73–136 east, 3–54 north), not exchanged."""
    if longitude is None and latitude is None:
        return
    if longitude is None or latitude is None:
        raise ValidationError("经度和纬度须同时填写，或都留空")
    if 3 <= longitude <= 54 and 73 <= latitude <= 136:
        raise ValidationError("经度和纬度填反了，请对调")
    if not (73 <= longitude <= 136 and 3 <= latitude <= 54):
        raise ValidationError("坐标不在国内范围（经度73至136，纬度3至54），请核对")


def clean_crs(text: str) -> str:
    """The coordinate system a table names (CGCS2000, 高德, BD-09)."""
    try:
        return find_crs(text).value
    except BadCoordinates as error:
        raise ValidationError(str(error)) from error


def into_record(longitude: float, latitude: float, crs: str) -> tuple[float, float, str]:
    """Degrees given in a system as the record keeps them (CGCS2000), and the system they came from.

    The one place where coordinates of objects are converted; whoever has called it must not call it again.
    """
    if crs == Crs.CGCS2000:
        return longitude, latitude, crs
    point = Point(longitude, latitude, Crs(crs)).to(Crs.CGCS2000)
    return round(point.longitude, DECIMALS), round(point.latitude, DECIMALS), crs


def place_given(
    longitude: float | None, latitude: float | None, crs: str, before: tuple[float | None, float | None, str]
) -> tuple[float | None, float | None, str]:
    """The place of a form as the record keeps it, beside the (longitude, latitude, source) the record had before.

    Numbers left as they stood in the page are the record's own and already converted: choosing the system they were
    converted from once more would shift them twice, and is refused.
    """
    if longitude is None or latitude is None:
        return None, None, ""
    chosen = crs or Crs.CGCS2000.value
    if (longitude, latitude) == before[:2]:
        if chosen == Crs.CGCS2000:
            return longitude, latitude, before[2]
        if before[2] not in {"", Crs.CGCS2000}:
            raise ValidationError(
                f"这组坐标登记时已由{CRS_LABELS[Crs(before[2])]}换算过，不能再换算一次；没有改动坐标的，坐标系请选CGCS2000"
            )
    return into_record(longitude, latitude, chosen)


def is_place(longitude: float | None, latitude: float | None) -> bool:
    """Whether `check_place` has nothing to say about two numbers."""
    try:
        check_place(longitude, latitude)
    except ValidationError:
        return False
    return True


def clean_risk(text: str) -> str:
    """A risk colour from 红橙黄蓝 or 重大、较大、一般、低."""
    key = fold(text).removesuffix("风险").removesuffix("色")
    return _one_of(RISKS, key, text, "风险等级", "红（重大）、橙（较大）、黄（一般）、蓝（低）")


def clean_status(text: str) -> str:
    """A status from the words offices use."""
    return _one_of(STATUSES, fold(text), text, "状态", "在产、停产、搬迁、关闭")


def clean_level(text: str) -> str:
    """Which level issued a permit: 省级、市、县（区）."""
    key = re.sub(r"[级()]", "", fold(text))
    return _one_of(ISSUING_LEVELS, key, text, "发证级别", "国家级、省级、市级、县级")


def _one_of(words: Mapping[str, str], key: str, text: str, label: str, choices: str) -> str:
    if key not in words:
        raise ValidationError(f"{label}“{text[:20]}”无法识别，请填：{choices}")
    return words[key]
