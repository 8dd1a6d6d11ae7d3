"""What an instrument in the demo city shows: a reading that meets a demand, or one that does not."""

from __future__ import annotations

import random
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from bihuan.checklists.judging import ImpossibleReading, Reading, judge
from bihuan.checklists.structure import Measure, unit_label
from bihuan.checklists.units import COUNTED, plain


def reading(demand: Measure, rng: random.Random, *, passes: bool) -> str:
    """Return a reading with its unit, "" where the demand leaves no room for one."""
    for number in _near(demand, rng, passes=passes):
        try:
            judged = judge(demand, Reading(number, demand.unit))
        except ImpossibleReading:  # more than 100 %
            continue
        if judged.passed == passes:
            return f"{plain(number)} {unit_label(demand)}"
    return ""


def _near(demand: Measure, rng: random.Random, *, passes: bool) -> list[Decimal]:
    """Numbers a little inside or outside the bound, the likeliest first."""
    bound, upper = demand.number, demand.upper
    if demand.comparator == "between" and upper is not None:
        share = Decimal(str(round(rng.uniform(0.2, 0.8), 2)))
        wanted = bound + (upper - bound) * share if passes else upper * Decimal("1.2")
        return [_rounded(wanted, demand), bound if passes else upper + 1]
    falls = demand.comparator in ("<=", "<")
    factor = rng.uniform(0.55, 0.95) if falls == passes else rng.uniform(1.1, 1.5)
    if demand.comparator == "=":
        return [bound] if passes else [bound + 1, bound - 1]
    step = Decimal(1) if falls != passes else Decimal(-1)
    wanted = _rounded(bound * Decimal(str(round(factor, 2))), demand, up=falls != passes)
    return [wanted, bound, bound + step] if passes else [wanted, bound + step, max(bound - 1, Decimal(0))]


def _rounded(number: Decimal, demand: Measure, *, up: bool = False) -> Decimal:
    """As an instrument shows it: whole for what is counted, else two digits after the point at most."""
    way = ROUND_CEILING if up else ROUND_FLOOR
    digits = Decimal(1) if demand.unit in COUNTED else Decimal("0.01") if number < 10 else Decimal("0.1")
    return number.quantize(digits, rounding=way)
