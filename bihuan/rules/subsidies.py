"""What a finished object is paid (R236-R239): an amount per unit, a share of the own investment, a cap, on time only.

A standard is dated data of the campaign that pays; this module only reckons, and says how. Money is Decimal yuan,
rounded half up to the cent once, at the end.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Terms:
    """A standard in figures. At least one of `per_unit` and `share` counts; with both, the smaller amount is paid.

    `share` is percent of what the enterprise spent itself; `cap` the most one object gets; `late_share` percent paid
    to an object finished late when the standard is not "on time only".
    """

    unit: str
    per_unit: Decimal | None
    share: Decimal | None
    cap: Decimal | None
    on_time_only: bool
    late_share: Decimal = Decimal(100)


@dataclass(frozen=True)
class Amount:
    """The result in yuan, and every step as a sentence. `refused` says why nothing is paid."""

    yuan: Decimal
    lines: tuple[str, ...]
    refused: str = ""


def reckon(
    terms: Terms, *, quantity: Decimal, investment: Decimal | None, finished_on: dt.date, due_on: dt.date
) -> Amount:
    """What an object gets that was accepted as finished on a day. Raises ValueError for a standard without amount,
    a negative figure, or a share without an investment."""
    if terms.per_unit is None and terms.share is None:
        raise ValueError("补贴标准没有写明单价或比例，请先补全标准")
    if quantity <= 0:
        raise ValueError(f"数量应大于 0（{terms.unit}）")
    if terms.share is not None and investment is None:
        raise ValueError("按投入比例补贴的，请填写企业实际投入")
    if investment is not None and investment < 0:
        raise ValueError("企业实际投入不能为负数")
    late = (finished_on - due_on).days
    lines: list[str] = []
    if late > 0 and terms.on_time_only:
        sentence = f"期限 {due_on}，{finished_on} 完成，超过期限 {late} 天；本标准只补贴按期完成的"
        return Amount(Decimal("0.00"), (sentence,), sentence)
    found: list[Decimal] = []
    if terms.per_unit is not None:
        by_unit = terms.per_unit * quantity
        lines.append(
            f"{_plain(terms.per_unit)} 元/{terms.unit} × {_plain(quantity)} {terms.unit} = {_plain(by_unit)} 元"
        )
        found.append(by_unit)
    if terms.share is not None and investment is not None:
        by_share = investment * terms.share / 100
        lines.append(f"企业投入 {_plain(investment)} 元 × {_plain(terms.share)}% = {_plain(by_share)} 元")
        found.append(by_share)
    yuan = min(found)
    if len(found) > 1:
        lines.append(f"两项取低：{_plain(yuan)} 元")
    if late > 0 and terms.late_share != 100:
        yuan = yuan * terms.late_share / 100
        lines.append(f"超过期限 {late} 天，按 {_plain(terms.late_share)}% 计 = {_plain(yuan)} 元")
    if terms.cap is not None and yuan > terms.cap:
        yuan = terms.cap
        lines.append(f"超过每户上限，按上限 {_plain(terms.cap)} 元")
    yuan = yuan.quantize(CENT, ROUND_HALF_UP)
    return Amount(yuan, (*lines, f"补贴 {yuan} 元"))


def _plain(number: Decimal) -> str:
    """A figure without idle zeros: 3000, 1.5, 0.33."""
    text = f"{number.quantize(CENT, ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
