"""Remaining time: nothing before it is known, nothing absurd afterwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.jobs.estimate import Pace, in_words


def paced(*steps):
    pace = Pace(0.0, 0)
    for moment, done in steps:
        pace.note(moment, done)
    return pace


def test_the_first_seconds_say_nothing():
    assert paced((0.5, 500), (1.0, 1000), (2.0, 2000)).remaining(100_000) is None


def test_a_steady_pace_is_simply_divided():
    pace = paced(*[(float(second), second * 1000) for second in range(1, 6)])
    assert pace.rate == 1000
    assert pace.remaining(95_000) == 90


def test_a_sudden_burst_does_not_promise_the_end_at_once():
    steady = [(float(second), second * 100) for second in range(1, 61)]
    pace = paced(*steady, (61.0, 26_000))  # 20,000 within one second, after 100 a second for a minute
    # Recently (26,000 − 4,100) / 20 s ≈ 1,095 a second, altogether 26,000 / 61 s ≈ 426: neither alone is believed.
    assert 74_000 / 1095 < pace.remaining(100_000) < 74_000 / 426


def test_standing_still_is_not_forecast():
    pace = paced((1.0, 10), (2.0, 20), (3.0, 30), (30.0, 30), (60.0, 30))
    assert pace.remaining(100) is None


def test_an_unknown_whole_has_no_end():
    assert paced(*[(float(second), second) for second in range(1, 9)]).remaining(0) is None


@given(st.lists(st.tuples(st.floats(0.01, 30), st.integers(0, 10_000)), min_size=3, max_size=60))
def test_what_is_said_lies_between_the_fastest_and_the_slowest_stretch(increments):
    moment, done, pace, speeds = 0.0, 0, Pace(0.0, 0), []
    for seconds, amount in increments:
        moment, done = moment + seconds, done + amount
        speeds.append(amount / seconds)
        pace.note(moment, done)
    left = pace.remaining(done + 1000)
    if left is not None:
        assert left >= 1000 / max(speeds) * 0.999
        if min(speeds) > 0:
            assert left <= 1000 / min(speeds) * 1.001


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "不到 10 秒"), (4, "不到 10 秒"), (11, "约 20 秒"), (48, "约 50 秒"), (60, "约 1 分钟"), (100, "约 2 分钟"),
        (3000, "约 50 分钟"), (3600, "约 1 小时"), (5400, "约 1 小时 30 分钟"), (200_000, "一天以上"),
    ],
)  # fmt: skip
def test_durations_are_said_as_people_say_them(seconds, words):
    assert in_words(seconds) == words
