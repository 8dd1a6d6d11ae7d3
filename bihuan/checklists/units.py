"""Units of what an inspector measures: those plans print, and those only an instrument shows."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from bihuan.plans.criteria import UNITS as PLAN_UNITS

# Read off an instrument, hardly ever printed in a plan: earth resistance, leakage current, trip time, torque, gas.
INSTRUMENT_UNITS: dict[str, tuple[str, ...]] = {
    "ohm": ("Ω", "欧姆", "欧"),
    "mA": ("毫安", "mA"),
    "s": ("秒", "s"),
    "N.m": ("牛·米", "牛米", "N·m", "N.m"),
    "%LEL": ("%LEL", "LEL%"),
}
UNITS: dict[str, tuple[str, ...]] = PLAN_UNITS | INSTRUMENT_UNITS

# As a page shows them; a symbol that is not here is shown as it is.
LABELS: dict[str, str] = {
    "m2": "㎡", "m3": "m³", "km2": "km²", "mg/m3": "mg/m³", "mu": "亩", "Cel": "℃", "class_hour": "学时",
    "working_day": "个工作日", "d": "天", "week": "周", "month": "个月", "year": "年", "CNY": "元", "time": "次",
    "storey": "层", "bed": "床", "household": "户", "person": "人", "piece": "个", "min": "分钟", "h": "小时",
    "s": "秒", "ohm": "Ω", "N.m": "N·m",
}  # fmt: skip

COUNTED = frozenset({"person", "piece", "storey", "household", "bed", "time"})
# The only quantities that may lie below zero, and how far.
LOWEST: dict[str, Decimal] = {"Cel": Decimal("-273.15")}
HIGHEST: dict[str, Decimal] = {"%": Decimal(100), "%LEL": Decimal(100)}

# symbol -> (what it measures, how many base units it is)
_SCALES: dict[str, tuple[str, Decimal]] = {
    symbol: (dimension, Decimal(factor))
    for dimension, symbols in {
        "length": {"mm": "0.001", "cm": "0.01", "m": "1", "km": "1000"},
        "area": {"m2": "1", "km2": "1000000"},
        "volume": {"mL": "0.000001", "L": "0.001", "m3": "1"},
        "mass": {"g": "0.001", "kg": "1", "t": "1000"},
        "pressure": {"Pa": "1", "kPa": "1000", "MPa": "1000000"},
        "voltage": {"V": "1", "kV": "1000"},
        "current": {"mA": "0.001", "A": "1"},
        "power": {"kW": "1", "MW": "1000"},
        "duration": {"s": "1", "min": "60", "h": "3600", "d": "86400", "week": "604800"},
        "calendar": {"month": "1", "year": "12"},
    }.items()
    for symbol, factor in symbols.items()
}
_PRINTED = {
    unicodedata.normalize("NFKC", printed): symbol
    for symbol, words in UNITS.items()
    for printed in (*words, symbol, LABELS.get(symbol, symbol))
}


def label(symbol: str) -> str:
    """Return a unit as a page shows it (m2 -> ㎡, piece -> 个)."""
    return LABELS.get(symbol, symbol)


def symbol_of(printed: str) -> str:
    """Return the symbol of a unit as people print it (公斤 -> kg, ㎡ -> m2), or "" when it is none."""
    return _PRINTED.get(unicodedata.normalize("NFKC", printed).strip(), "")


def convert(number: Decimal, unit: str, into: str) -> Decimal | None:
    """Return ``number`` of ``unit`` in the unit ``into``, or None when they do not measure the same thing."""
    if unit == into:
        return number
    one, other = _SCALES.get(unit), _SCALES.get(into)
    if one is None or other is None or one[0] != other[0]:
        return None
    return number * one[1] / other[1]


def plain(number: Decimal) -> str:
    """Return a number without exponent and idle zeros: 2.50 is 2.5, 1E+2 is 100."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(number: Decimal, unit: str) -> str:
    """Return a number with its unit as a page shows it: 2 m, 100 kg, 4 人."""
    sign = label(unit)
    return f"{plain(number)}{sign if sign.startswith('%') else ' ' + sign}"


def why_impossible(number: Decimal, unit: str) -> str:
    """Return why no such quantity exists, as a Chinese clause, or "" when it may."""
    if not number.is_finite():
        return "不是一个数"
    if number < LOWEST.get(unit, Decimal(0)):
        return "低于绝对零度" if unit == "Cel" else "是负数"
    if unit in HIGHEST and number > HIGHEST[unit]:
        return f"大于{plain(HIGHEST[unit])}"
    if unit in COUNTED and number != number.to_integral_value():
        return f"不是整数，而“{label(unit)}”只能一个一个数"
    return ""
