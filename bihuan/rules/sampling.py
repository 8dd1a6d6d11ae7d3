"""Samples one can stand behind: how many to look at, how to spread them, whom the draw names, what the result says.

The statistics are the textbook ones for a proportion in a finite population (Cochran, Sampling Techniques, 3rd ed.,
chapters 3 to 5; Wilson 1927 for the interval). The draw uses `rules.draws`' stream, so that anybody can recompute it.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

ALGORITHM = "bihuan-sample-1"


class SampleError(ValueError):
    """The sample cannot be drawn or judged. ``str()`` is a Chinese sentence with the remedy."""


def z_of(confidence: float) -> float:
    """The two-sided normal quantile of a confidence such as 0.95. Raises SampleError outside 0.5 to 0.999."""
    if not 0.5 <= confidence <= 0.999:
        raise SampleError("置信水平应在 50% 到 99.9% 之间")
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def sample_size(population: int, *, confidence: float, margin: float, expected: float = 0.5) -> int:
    """How many of `population` to look at so that a proportion is known within ± `margin`.

    `expected` is the proportion one reckons with; one half asks for most. With the correction for a finite
    population; never more than all of them, at least one. Raises SampleError for values that mean nothing.
    """
    if population < 0:
        raise SampleError("总数不能是负数")
    if not 0.005 <= margin <= 0.5:
        raise SampleError("允许误差应在 0.5 到 50 个百分点之间")
    if not 0 < expected < 1:
        raise SampleError("预计反弹率应在 0 和 100% 之间")
    if population == 0:
        return 0
    endless = z_of(confidence) ** 2 * expected * (1 - expected) / margin**2
    corrected = endless / (1 + (endless - 1) / population)
    return min(population, max(1, math.ceil(corrected - 1e-9)))


@dataclass(frozen=True)
class Stratum:
    """A part of the population that is drawn from by itself. `expected` matters to Neyman's allocation only."""

    key: str
    size: int
    expected: float = 0.5

    @property
    def spread(self) -> float:
        """The standard deviation of a yes-or-no in it."""
        return math.sqrt(self.expected * (1 - self.expected))


def allocate(
    strata: Sequence[Stratum], count: int, *, minimum: int = 1, neyman: bool = False
) -> dict[str, int]:
    """Spread `count` over the strata: by size, or by size times spread (Neyman), each getting `minimum` if it has as many.

    Whole numbers by largest remainder; no stratum gets more than it holds. The sum is `count`, or more where the
    minimum of each asks for more, or all there is. Raises SampleError for a name that stands twice.
    """
    if len({each.key for each in strata}) != len(strata):
        raise SampleError("两个层次用了同一个名称，请改名后再分配")
    floors = {each.key: min(minimum, each.size) for each in strata}
    total = min(max(count, sum(floors.values())), sum(each.size for each in strata))
    given = dict(floors)
    weights = {each.key: each.size * (each.spread if neyman else 1.0) for each in strata}
    room = {each.key: each.size - floors[each.key] for each in strata}
    left = total - sum(given.values())
    while left > 0:
        open_ones = sorted(key for key in room if room[key] > 0)
        weight = sum(weights[key] for key in open_ones)
        # What a stratum would get of the whole, less what it has already: minima do not distort the others.
        target = {key: total * weights[key] / weight if weight else 0.0 for key in open_ones}
        wish = {key: max(target[key] - given[key], 0.0) for key in open_ones}
        scale = left / sum(wish.values()) if sum(wish.values()) else 0.0
        shares = {key: min(wish[key] * scale, float(room[key])) for key in open_ones}
        whole = {key: math.floor(share + 1e-9) for key, share in shares.items()}
        if not any(whole.values()):
            best = sorted(open_ones, key=lambda key: (-(shares[key] - whole[key]), -weights[key], key))
            whole = dict.fromkeys(best[:left], 1)
        for key, number in whole.items():
            given[key] += number
            room[key] -= number
            left -= number
    return given


@dataclass(frozen=True)
class Interval:
    """A proportion with its interval at a confidence; between 0 and 1."""

    rate: float
    low: float
    high: float
    confidence: float


def wilson(hits: int, looked_at: int, *, confidence: float, population: int | None = None) -> Interval:
    """The interval of a proportion after Wilson, narrowed when the sample is a good part of `population`.

    All looked at leaves no doubt: the interval is the rate itself. Raises SampleError for counts that cannot be.
    """
    if looked_at <= 0 or not 0 <= hits <= looked_at or (population is not None and population < looked_at):
        raise SampleError("抽查数、反弹数和总数对不上，请核对后再计算")
    rate = hits / looked_at
    if population == looked_at:
        return Interval(rate, rate, rate, confidence)
    z = z_of(confidence)
    n = float(looked_at)
    if population is not None and population > 1:
        n = looked_at * (population - 1) / (population - looked_at)
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return Interval(rate, min(rate, max(0.0, centre - half)), max(rate, min(1.0, centre + half)), confidence)


@dataclass(frozen=True)
class Observed:
    """What was seen in one stratum of `size`: `hits` among `looked_at`."""

    key: str
    size: int
    looked_at: int
    hits: int


def stratified(observed: Sequence[Observed], *, confidence: float) -> Interval:
    """The proportion in the whole population from what was seen in its strata, each weighted by its size.

    A stratum nobody looked at cannot be spoken for: SampleError names it. The variance of a stratum is that of its
    Wilson centre, so that a stratum without a single hit still adds its doubt.
    """
    strata = [each for each in observed if each.size]
    if not strata:
        raise SampleError("没有可推算的总体")
    blind = [each.key for each in strata if not each.looked_at]
    if blind:
        raise SampleError(f"“{blind[0]}”一层还没有抽查，不能推算总体")
    z = z_of(confidence)
    population = sum(each.size for each in strata)
    rate = variance = 0.0
    for each in strata:
        if not 0 <= each.hits <= each.looked_at <= each.size:
            raise SampleError(f"“{each.key}”一层的抽查数、反弹数和总数对不上")
        weight, share = each.size / population, each.hits / each.looked_at
        rate += weight * share
        if each.looked_at < each.size:
            softened = (each.hits + z * z / 2) / (each.looked_at + z * z)
            rest = (each.size - each.looked_at) / max(each.size - 1, 1)
            variance += weight**2 * softened * (1 - softened) / each.looked_at * rest
    half = z * math.sqrt(variance)
    return Interval(rate, max(0.0, rate - half), min(1.0, rate + half), confidence)


def drawn(seed: str, stratum: str, ids: Sequence[int], count: int) -> list[int]:
    """`count` of `ids`, in the order drawn: those whose HMAC-SHA-256(seed, "algorithm:stratum:id") are smallest.

    The order of `ids` does not matter, and neither does what other strata hold. Raises SampleError when more are
    asked for than there are, or one stands twice.
    """
    if len(set(ids)) != len(ids):
        raise SampleError("名单里有重复的记录，请重新生成名单")
    if count > len(ids):
        raise SampleError(f"“{stratum}”一层只有 {len(ids)} 条，抽不出 {count} 条")
    key = seed.encode()

    def mark(number: int) -> bytes:
        return hmac.new(key, f"{ALGORITHM}:{stratum}:{number}".encode(), hashlib.sha256).digest()

    return sorted(ids, key=lambda number: (mark(number), number))[:count]


def commitment(seed: str) -> str:
    """What is published before the draw: it binds whoever holds the seed without giving it away."""
    return hashlib.sha256(seed.encode()).hexdigest()


def frame_digest(strata: Mapping[str, Sequence[int]]) -> str:
    """The digest of the lists drawn from; with seed and counts it determines the sample."""
    lines = [f"{key}:{','.join(map(str, sorted(strata[key])))}" for key in sorted(strata)]
    return hashlib.sha256("\n".join([ALGORITHM, *lines]).encode()).hexdigest()
