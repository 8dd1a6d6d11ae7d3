"""Samples with a stated confidence (回头看抽查): how many, how spread over strata, drawn how, and what they say.

Pure arithmetic. How many: for a share near `expected`, so that the estimate lies within `margin` of the truth with
`confidence`, with the correction for a finite population. Intervals are Wilson's; of a stratified sample the effective
size is the one a simple sample of the same variance would have. The draw orders each stratum by HMAC-SHA-256 under a
committed seed, so that anybody can recompute it (see `docs/how-to/draws.md` for the promise and the seed).
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

ALGORITHM = "bihuan-sample-1"
CONFIDENCES = (80, 85, 90, 95, 98, 99)
PROPORTIONAL, NEYMAN = "proportional", "neyman"


class SampleError(ValueError):
    """The sample cannot be planned or drawn as asked. ``str()`` is a Chinese sentence with the remedy."""


@dataclass(frozen=True)
class Interval:
    """A share with its interval, all between 0 and 1; the share is None when nothing was judged."""

    share: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Stratum:
    """What is known of one stratum: how many there are, how many were judged, how many of these were hits."""

    size: int
    judged: int
    hits: int


def commitment(seed: str) -> str:
    """What is published before the draw: SHA-256 of the seed's hexadecimal text."""
    return hashlib.sha256(seed.encode()).hexdigest()


def z_of(confidence: float) -> float:
    """The number of standard errors on either side. Raises SampleError outside 50-99.9 per cent."""
    if not 50 <= confidence <= 99.9:
        raise SampleError(f"置信度应在 50% 至 99.9% 之间，所填为 {confidence}%")
    return NormalDist().inv_cdf(0.5 + confidence / 200)


def sample_size(population: int, *, confidence: float, margin: float, expected: float = 0.5) -> int:
    """How many to draw from `population` (per cent: confidence; shares: margin, expected). Raises SampleError."""
    if population < 0:
        raise SampleError("总体数量不能是负数")
    if not 0 < margin < 1 or not 0 < expected < 1:
        raise SampleError("误差范围和预计比例都应大于 0、小于 100%")
    if population == 0:
        return 0
    z = z_of(confidence)
    unlimited = z * z * expected * (1 - expected) / (margin * margin)
    corrected = unlimited / (1 + (unlimited - 1) / population)
    return max(1, min(population, math.ceil(corrected - 1e-9)))


def allocate(
    sizes: Mapping[str, int],
    total: int,
    *,
    method: str = PROPORTIONAL,
    minimum: int = 2,
    expected: Mapping[str, float] | None = None,
) -> dict[str, int]:
    """Spread `total` over strata: by size, or by size times spread (Neyman), at least `minimum` of each that has them.

    Never more than a stratum holds; the minimum may raise the total, a total beyond everything takes everything.
    Largest remainders, ties by key. Raises SampleError for an unknown method.
    """
    if method not in {PROPORTIONAL, NEYMAN}:
        raise SampleError(f"没有名为“{method}”的分配方法")
    rates = expected or {}
    weights = {}
    for key, size in sizes.items():
        rate = min(max(rates.get(key, 0.5), 0.01), 0.99)
        weights[key] = size * (math.sqrt(rate * (1 - rate)) if method == NEYMAN else 1.0)
    given = {key: min(size, max(minimum, 0)) for key, size in sizes.items()}
    target = max(min(total, sum(sizes.values())), sum(given.values()))
    whole = sum(weights.values())
    # One after the other to whoever is furthest below its share; a full stratum leaves the rest to the others.
    waiting = [(given[key] - weights[key] / whole * target, key) for key in sizes if given[key] < sizes[key]]
    heapq.heapify(waiting)
    for _ in range(target - sum(given.values())):
        behind, key = heapq.heappop(waiting)
        given[key] += 1
        if given[key] < sizes[key]:
            heapq.heappush(waiting, (behind + 1, key))
    return given


def wilson(hits: int, judged: int, *, confidence: float, population: int | None = None) -> Interval:
    """Wilson's interval of a share; with `population` it shrinks to a point when everything was judged."""
    if not 0 <= hits <= judged or (population is not None and judged > population):
        raise SampleError("命中数不能大于已判断数，已判断数不能大于总体数")
    if judged == 0:
        return Interval(None, 0.0, 1.0)
    share = hits / judged
    if population is not None and judged >= population:
        return Interval(share, share, share)
    size = float(judged)
    if population is not None and population > 1:
        size = judged * (population - 1) / (population - judged)
    return _wilson(share, size, z_of(confidence))


def _wilson(share: float, size: float, z: float) -> Interval:
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return Interval(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def stratified(strata: Sequence[Stratum], *, confidence: float) -> Interval:
    """The share in the whole from its strata, each weighing by its size.

    Strata where nothing was judged make the whole unknown as far as they reach: they widen the interval by their own
    share of it, from none to all. Raises SampleError for impossible numbers.
    """
    for each in strata:
        wilson(each.hits, each.judged, confidence=confidence, population=each.size)
    whole = sum(each.size for each in strata)
    known = [each for each in strata if each.judged]
    seen = sum(each.size for each in known)
    if not known or not whole:
        return Interval(None, 0.0, 1.0)
    share = min(1.0, sum(each.size / seen * each.hits / each.judged for each in known))
    variance = 0.0
    for each in known:
        if each.judged >= each.size:
            continue
        # One half added to either side: a stratum without a hit is not known to be free of them.
        rate = (each.hits + 0.5) / (each.judged + 1)
        weight = each.size / seen
        variance += (
            weight * weight * (1 - each.judged / each.size) * rate * (1 - rate) / max(each.judged - 1, 1)
        )
    if variance == 0:
        found = Interval(share, share, share)
    else:
        rate = sum(each.size / seen * (each.hits + 0.5) / (each.judged + 1) for each in known)
        found = _wilson(share, rate * (1 - rate) / variance, z_of(confidence))
    if seen == whole:
        return found
    part, rest = seen / whole, 1 - seen / whole
    return Interval(share, found.low * part, found.high * part + rest)


@dataclass(frozen=True)
class Inputs:
    """All that goes into a draw: the ids of each stratum, and how many of each."""

    strata: tuple[tuple[str, tuple[str, ...]], ...]
    counts: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, strata: Mapping[str, Iterable[str]], counts: Mapping[str, int]) -> Inputs:
        """In the one order everybody gets."""
        return cls(
            tuple((key, tuple(sorted(strata[key], key=_order))) for key in sorted(strata)),
            tuple((key, counts[key]) for key in sorted(counts)),
        )

    def as_json(self) -> dict[str, Any]:
        """The canonical form that is digested and published."""
        return {
            "algorithm": ALGORITHM,
            "strata": {key: list(ids) for key, ids in self.strata},
            "counts": dict(self.counts),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Inputs:
        """Read the canonical form back. Raises SampleError for what does not describe a draw."""
        try:
            if data["algorithm"] != ALGORITHM:
                raise SampleError(f"这份材料用的算法是“{data['algorithm']}”，本程序只会复算“{ALGORITHM}”")
            return cls.of(
                {str(key): [str(each) for each in ids] for key, ids in data["strata"].items()},
                {str(key): int(count) for key, count in data["counts"].items()},
            )
        except SampleError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SampleError(f"抽样材料不完整或格式不对（{error}），请重新下载") from error

    def digest(self) -> str:
        """SHA-256 of the canonical JSON (UTF-8, keys sorted, no blanks)."""
        text = json.dumps(self.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def draw(inputs: Inputs, seed: str, public_value: str = "") -> dict[str, list[str]]:
    """The ids drawn of each stratum, in the order drawn: the smallest HMAC-SHA-256(key, "stratum:id") first.

    key = SHA-256(algorithm, seed, public value, digest of the inputs, joined by line feeds). Raises SampleError when
    more is asked of a stratum than it holds, or an id stands twice.
    """
    counts = dict(inputs.counts)
    key = hashlib.sha256("\n".join((ALGORITHM, seed, public_value, inputs.digest())).encode()).digest()
    drawn = {}
    for name, ids in inputs.strata:
        if len(set(ids)) != len(ids):
            raise SampleError(f"“{name}”一层里有重复的编号，请核对")
        if counts.get(name, 0) > len(ids):
            raise SampleError(f"“{name}”一层只有 {len(ids)} 条，抽不出 {counts[name]} 条")
        ordered = sorted(
            ids, key=lambda each: hmac.new(key, f"{name}:{each}".encode(), hashlib.sha256).digest()
        )
        drawn[name] = ordered[: counts.get(name, 0)]
    return drawn


def verify(published: Mapping[str, Any]) -> list[str]:
    """Recompute the file offered on the page of a sample (复算材料); returns what does not fit, in sentences, empty when
    everything does. Raises SampleError for a file that is no such thing."""
    inputs = Inputs.from_json(published)
    try:
        seed, value = str(published["seed"]), str(published["public_value"])
        said, digest = str(published["commitment"]), str(published["digest"])
        result = [str(each) for each in published["result"]]
    except (KeyError, TypeError) as error:
        raise SampleError(f"这不是回头看的复算材料：缺少{error}，请重新下载") from error
    found = []
    if commitment(seed) != said:
        found.append("种子与事先公布的承诺值不符：种子在公布之后被换过")
    if inputs.digest() != digest:
        found.append("名单与事先公布的摘要不符：名单在公布之后被改过")
    if [each for ids in draw(inputs, seed, value).values() for each in ids] != result:
        found.append("按公布的种子和名单复算，得到的样本与材料里的样本不同")
    return found


def _order(text: str) -> tuple[int, str]:
    return len(text), text
