"""Samples: textbook sizes, allocation, intervals that cover what they promise, a draw anybody can repeat."""

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.rules import sampling
from bihuan.rules.drawcommand import main
from bihuan.rules.sampling import Stratum


def test_textbook_sizes():
    # Cochran: 385 for 95 per cent and five points without limit; 278 of a thousand; 80 of a hundred.
    assert sampling.sample_size(10**9, confidence=95, margin=0.05) == 385
    assert sampling.sample_size(1000, confidence=95, margin=0.05) == 278
    assert sampling.sample_size(100, confidence=95, margin=0.05) == 80
    assert sampling.sample_size(0, confidence=95, margin=0.05) == 0
    assert sampling.sample_size(1, confidence=95, margin=0.05) == 1


@given(
    st.integers(1, 10**6), st.sampled_from(sampling.CONFIDENCES), st.floats(0.01, 0.3), st.floats(0.01, 0.99)
)
def test_a_size_is_within_the_population_and_grows_with_confidence(population, confidence, margin, expected):
    size = sampling.sample_size(population, confidence=confidence, margin=margin, expected=expected)
    assert 1 <= size <= population
    assert size <= sampling.sample_size(population, confidence=99.5, margin=margin, expected=expected)


@pytest.mark.parametrize(
    "bad", [{"margin": 0}, {"margin": 1}, {"confidence": 100}, {"confidence": 49}, {"expected": 0}]
)
def test_impossible_plans_are_refused(bad):
    with pytest.raises(sampling.SampleError):
        sampling.sample_size(100, **({"confidence": 95, "margin": 0.05} | bad))


sizes_of = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.integers(0, 500), min_size=1, max_size=8
)


@given(
    sizes_of, st.integers(0, 1500), st.integers(0, 5), st.sampled_from(["proportional", "neyman"]), st.data()
)
def test_allocation_is_exact_and_within_the_strata(sizes, total, minimum, method, data):
    expected = {key: data.draw(st.floats(0, 1)) for key in sizes}
    given_ = sampling.allocate(sizes, total, method=method, minimum=minimum, expected=expected)
    floor = sum(min(size, minimum) for size in sizes.values())
    assert sum(given_.values()) == max(min(total, sum(sizes.values())), floor)
    assert all(min(sizes[key], minimum) <= count <= sizes[key] for key, count in given_.items())


def test_allocation_by_hand():
    assert sampling.allocate({"a": 600, "b": 300, "c": 100}, 100, minimum=2) == {"a": 60, "b": 30, "c": 10}
    assert sampling.allocate({"a": 990, "b": 10}, 100, minimum=5) == {"a": 95, "b": 5}
    # Neyman: equal sizes, spreads 0.5 and 0.3 (rates 0.5 and 0.1), so five to three.
    assert sampling.allocate(
        {"a": 400, "b": 400}, 80, method="neyman", minimum=0, expected={"a": 0.5, "b": 0.1}
    ) == {"a": 50, "b": 30}


def test_wilson_as_in_the_literature():
    found = sampling.wilson(10, 100, confidence=95)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0552, 0.1744)
    none = sampling.wilson(0, 20, confidence=95)
    assert none.low == 0.0
    assert round(none.high, 4) == 0.1611
    assert sampling.wilson(0, 0, confidence=95).share is None
    everything = sampling.wilson(3, 30, confidence=95, population=30)
    assert everything.low == everything.high == everything.share == 0.1


@given(st.integers(1, 400), st.data(), st.sampled_from(sampling.CONFIDENCES))
def test_an_interval_holds_its_share(judged, data, confidence):
    hits = data.draw(st.integers(0, judged))
    population = data.draw(st.integers(judged, 5000))
    wide = sampling.wilson(hits, judged, confidence=confidence)
    narrow = sampling.wilson(hits, judged, confidence=confidence, population=population)
    for each in (wide, narrow):
        assert 0 <= each.low <= each.share <= each.high <= 1
    assert narrow.high - narrow.low <= wide.high - wide.low + 1e-9


@pytest.mark.parametrize("size", [20, 50, 150])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.5])
def test_wilson_covers_about_what_it_promises(size, share):
    """Exact coverage: the chance, under the binomial law, of a result whose interval holds the truth."""
    covered = sum(
        math.comb(size, hits) * share**hits * (1 - share) ** (size - hits)
        for hits in range(size + 1)
        if sampling.wilson(hits, size, confidence=95).low
        <= share
        <= sampling.wilson(hits, size, confidence=95).high
    )
    assert 0.92 <= covered <= 0.99


def test_a_stratified_interval_covers_what_it_promises():
    """Two thousand samples from a known ledger: the truth lies in some 95 of a hundred intervals."""
    chance = random.Random(20261122)
    truth = {"a": (600, 30), "b": (300, 60), "c": (100, 40)}
    counts = sampling.allocate({key: size for key, (size, _) in truth.items()}, 150, minimum=10)
    share = sum(hits for _, hits in truth.values()) / 1000
    covered = 0
    for _ in range(2000):
        strata = []
        for key, (size, hits) in truth.items():
            drawn = sum(each < hits for each in chance.sample(range(size), counts[key]))
            strata.append(Stratum(size, counts[key], drawn))
        found = sampling.stratified(strata, confidence=95)
        covered += found.low <= share <= found.high
    assert 0.93 <= covered / 2000 <= 0.99


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=6)
)
def test_a_stratified_interval_is_in_order(rows):
    strata = [Stratum(size, min(size, judged), min(size, judged, hits)) for size, judged, hits in rows]
    found = sampling.stratified(strata, confidence=90)
    assert 0 <= found.low <= found.high <= 1
    if found.share is not None and all(each.judged for each in strata):
        assert found.low <= found.share <= found.high


def test_strata_weigh_by_size_and_the_unknown_widens():
    known = [Stratum(900, 90, 0), Stratum(100, 10, 10)]
    assert sampling.stratified(known, confidence=95).share == pytest.approx(0.1)
    half = sampling.stratified([Stratum(500, 500, 0), Stratum(500, 0, 0)], confidence=95)
    assert (half.low, half.high) == (0.0, 0.5)
    whole = sampling.stratified([Stratum(50, 50, 5), Stratum(50, 50, 0)], confidence=95)
    assert (whole.low, whole.share, whole.high) == (0.05, 0.05, 0.05)


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.text("xyz", max_size=2), st.sets(st.integers(1, 10**6), max_size=40), min_size=1, max_size=4
    ),
    st.data(),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)
def test_a_draw_is_reproducible_from_what_is_published(strata, data, seed):
    counts = {key: data.draw(st.integers(0, len(ids))) for key, ids in strata.items()}
    inputs = sampling.Inputs.of({key: [str(each) for each in ids] for key, ids in strata.items()}, counts)
    drawn = sampling.draw(inputs, seed, "3021.55")
    again = sampling.draw(sampling.Inputs.from_json(inputs.as_json()), seed, "3021.55")
    assert drawn == again
    for key, ids in drawn.items():
        assert len(ids) == len(set(ids)) == counts[key]
        assert {int(each) for each in ids} <= strata[key]


def test_another_seed_or_public_value_draws_otherwise_and_everybody_has_the_same_chance():
    inputs = sampling.Inputs.of({"a": [str(each) for each in range(20)]}, {"a": 5})
    first = sampling.draw(inputs, "0" * 64)
    assert sampling.draw(inputs, "0" * 64, "1") != first
    times = dict.fromkeys(range(20), 0)
    for number in range(4000):
        for each in sampling.draw(inputs, f"{number:064x}")["a"]:
            times[int(each)] += 1
    assert all(900 <= count <= 1100 for count in times.values())


def test_material_of_something_else_is_refused():
    for bad in ({}, {"algorithm": "other"}, {"algorithm": sampling.ALGORITHM, "strata": [], "counts": {}}):
        with pytest.raises(sampling.SampleError):
            sampling.Inputs.from_json(bad)
    with pytest.raises(sampling.SampleError, match="抽不出"):
        sampling.draw(sampling.Inputs.of({"a": ["1"]}, {"a": 2}), "0" * 64)


def sampled() -> dict[str, object]:
    inputs = sampling.Inputs.of({"甲": ["3", "1", "20"], "乙": ["7", "5"]}, {"甲": 2, "乙": 1})
    drawn = sampling.draw(inputs, "ab" * 32, "3317.05")
    return {
        **inputs.as_json(), "commitment": sampling.commitment("ab" * 32), "seed": "ab" * 32, "public_value": "3317.05",
        "digest": inputs.digest(), "result": [int(each) for ids in drawn.values() for each in ids],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"seed": "cd" * 32}, "种子与事先公布的承诺值不符"),
        ({"result": [20, 20, 20]}, "得到的样本与材料里的样本不同"),
        ({"strata": {"甲": ["1", "3", "21"], "乙": ["5", "7"]}}, "名单与事先公布的摘要不符"),
    ],
)
def test_the_command_recomputes_a_sample_and_notices_what_was_changed(tmp_path, capsys, changed, words):
    file = tmp_path / "回头看抽样.json"
    file.write_text(json.dumps(sampled()), encoding="utf-8")
    assert main(["verify", str(file)]) == 0
    assert "2 层 5 条中抽 3 条" in capsys.readouterr().out
    file.write_text(json.dumps(sampled() | changed), encoding="utf-8")
    assert main(["verify", str(file)]) == 1
    assert words in capsys.readouterr().out


def test_the_command_says_what_a_file_of_a_sample_lacks(tmp_path, capsys):
    file = tmp_path / "坏.json"
    file.write_text(json.dumps({"algorithm": sampling.ALGORITHM, "seed": "x", "strata": 3}), encoding="utf-8")
    assert main(["verify", str(file)]) == 2
    assert "不完整" in capsys.readouterr().err
