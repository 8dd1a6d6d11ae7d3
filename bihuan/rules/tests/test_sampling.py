"""Samples: sizes from the textbook, allocations that add up, draws anybody repeats, intervals that hold what they promise."""

from __future__ import annotations

import hashlib
import hmac
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.sampling import (
    Observed,
    SampleError,
    Stratum,
    allocate,
    commitment,
    drawn,
    frame_digest,
    sample_size,
    stratified,
    wilson,
    z_of,
)


@pytest.mark.parametrize(
    ("population", "margin", "size"),
    # Krejcie and Morgan 1970 (95 %, one half), rounded up instead of off.
    [(100, 0.05, 80), (500, 0.05, 218), (1000, 0.05, 278), (10000, 0.05, 370), (1_000_000, 0.05, 384), (1000, 0.1, 88)],
)  # fmt: skip
def test_sizes_are_those_of_the_tables(population, margin, size):
    assert sample_size(population, confidence=0.95, margin=margin) == size


def test_few_are_all_looked_at_and_none_needs_nobody():
    assert sample_size(1, confidence=0.95, margin=0.05) == 1
    assert sample_size(0, confidence=0.95, margin=0.05) == 0
    assert sample_size(12, confidence=0.99, margin=0.01) == 12


@pytest.mark.parametrize("wrong", [{"margin": 0.0}, {"margin": 0.9}, {"confidence": 1.0}, {"expected": 0.0}])
def test_what_means_nothing_is_refused_in_words(wrong):
    with pytest.raises(SampleError, match="应在"):
        sample_size(100, **{"confidence": 0.95, "margin": 0.05} | wrong)


@given(st.integers(0, 100_000), st.floats(0.5, 0.999), st.floats(0.005, 0.5), st.floats(0.01, 0.99))
def test_a_size_lies_between_one_and_all(population, confidence, margin, expected):
    size = sample_size(population, confidence=confidence, margin=margin, expected=expected)
    assert (1 if population else 0) <= size <= population
    if population:
        wider = sample_size(population, confidence=confidence, margin=min(0.5, margin * 2), expected=expected)
        assert wider <= size


SIZES = st.lists(st.integers(0, 500), min_size=1, max_size=12)


@given(SIZES, st.integers(0, 800), st.integers(0, 5), st.booleans())
def test_an_allocation_adds_up_and_fits(sizes, count, minimum, neyman):
    strata = [Stratum(f"层{no}", size, 0.05 + 0.9 * (no % 7) / 7) for no, size in enumerate(sizes)]
    given_to = allocate(strata, count, minimum=minimum, neyman=neyman)
    floor = sum(min(minimum, size) for size in sizes)
    assert sum(given_to.values()) == min(max(count, floor), sum(sizes))
    for stratum in strata:
        assert min(minimum, stratum.size) <= given_to[stratum.key] <= stratum.size


def test_a_proportional_allocation_follows_the_sizes():
    assert allocate([Stratum("甲", 600), Stratum("乙", 300), Stratum("丙", 100)], 50) == {
        "甲": 30,
        "乙": 15,
        "丙": 5,
    }


def test_neyman_looks_more_where_less_is_certain():
    strata = [Stratum("稳", 500, 0.02), Stratum("说不准", 500, 0.5)]
    spread = allocate(strata, 100, neyman=True)
    # 0.14 to 0.5 of spread: about 22 and 78.
    assert spread == {"稳": 22, "说不准": 78}


def test_two_strata_of_one_name_are_refused():
    with pytest.raises(SampleError, match="同一个名称"):
        allocate([Stratum("甲", 3), Stratum("甲", 4)], 2)


@given(st.lists(st.integers(1, 10**9), unique=True, max_size=60), st.text(max_size=12), st.randoms())
def test_a_draw_depends_on_seed_and_list_alone(ids, seed, rng):
    count = len(ids) // 2
    first = drawn(seed, "餐饮", ids, count)
    shuffled = list(ids)
    rng.shuffle(shuffled)
    assert drawn(seed, "餐饮", shuffled, count) == first
    assert len(set(first)) == count
    assert set(first) <= set(ids)
    # One more drawn keeps those drawn before.
    assert drawn(seed, "餐饮", ids, len(ids))[:count] == first


def test_a_draw_by_hand():
    """Recomputed with openssl: printf 'bihuan-sample-1:餐饮:7' | openssl dgst -sha256 -hmac seed, and so for each."""
    marks = {
        number: hmac.new(b"seed", f"bihuan-sample-1:餐饮:{number}".encode(), hashlib.sha256).hexdigest()
        for number in (3, 7, 11, 19)
    }
    assert drawn("seed", "餐饮", [19, 3, 11, 7], 2) == sorted(marks, key=lambda number: marks[number])[:2]


def test_every_record_is_as_likely_as_another():
    hits = dict.fromkeys(range(10), 0)
    for turn in range(4000):
        for number in drawn(f"种子{turn}", "甲", list(hits), 3):
            hits[number] += 1
    # 1200 expected; five standard deviations are 145.
    assert all(abs(count - 1200) < 145 for count in hits.values())


@pytest.mark.parametrize("ids", [[1, 1], [5]])
def test_a_list_that_cannot_be_drawn_from_says_why(ids):
    with pytest.raises(SampleError):
        drawn("s", "甲", ids, 2)


def test_wilson_is_the_published_interval():
    # Newcombe 1998, table I: 81 of 263 and 0 of 20, 1 of 29 at 95 %.
    for hits, of, low, high in ((81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):
        interval = wilson(hits, of, confidence=0.95)
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_a_full_count_leaves_no_doubt():
    interval = wilson(3, 40, confidence=0.95, population=40)
    assert (interval.low, interval.high) == (3 / 40, 3 / 40)
    half = wilson(3, 20, confidence=0.95, population=40)
    assert half.high - half.low < (open_end := wilson(3, 20, confidence=0.95)).high - open_end.low


@given(st.integers(1, 400), st.data())
def test_an_interval_holds_its_rate(looked_at, data):
    hits = data.draw(st.integers(0, looked_at))
    population = data.draw(st.none() | st.integers(looked_at, 5000))
    interval = wilson(hits, looked_at, confidence=0.9, population=population)
    assert 0 <= interval.low <= interval.rate <= interval.high <= 1


def test_the_stratified_interval_covers_the_truth_as_often_as_it_says():
    rng = random.Random(11)
    truth = {"甲": [1] * 30 + [0] * 270, "乙": [1] * 60 + [0] * 140, "丙": [1] * 2 + [0] * 98}
    whole = sum(map(sum, truth.values())) / sum(map(len, truth.values()))
    covered = 0
    for _ in range(600):
        seen = []
        for key, rows in truth.items():
            sample = rng.sample(rows, len(rows) // 5)
            seen.append(Observed(key, len(rows), len(sample), sum(sample)))
        interval = stratified(seen, confidence=0.95)
        covered += interval.low <= whole <= interval.high
    assert covered / 600 > 0.93


def test_the_stratified_rate_weighs_by_size():
    interval = stratified([Observed("大", 900, 30, 3), Observed("小", 100, 30, 15)], confidence=0.95)
    assert interval.rate == pytest.approx(0.9 * 0.1 + 0.1 * 0.5)


def test_a_stratum_nobody_looked_at_is_named():
    with pytest.raises(SampleError, match="烟花"):
        stratified([Observed("餐饮", 10, 2, 0), Observed("烟花", 10, 0, 0)], confidence=0.95)


def test_quantiles_and_the_digests_of_a_draw():
    assert round(z_of(0.95), 3) == 1.96
    assert commitment("seed") == "19b25856e1c150ca834cffc8b59b23adbd0ec0389e58eb22b3b64768098d002b"
    assert frame_digest({"甲": [3, 1], "乙": [2]}) == frame_digest({"乙": [2], "甲": [1, 3]})
    assert frame_digest({"甲": [3, 1]}) != frame_digest({"甲": [3, 2]})
