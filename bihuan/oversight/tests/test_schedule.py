"""The month laid out: properties of any arrangement, judged without the arrangement's own code."""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.oversight.rhythm import next_period, period_of, previous_period
from bihuan.oversight.schedule import ScheduleError, lay_out

DAYS = [dt.date(2026, 11, 2) + dt.timedelta(days=number) for number in range(20)]
SETTINGS = settings(deadline=None, max_examples=150)


@st.composite
def months(draw):
    localities = [f"L{no:02d}" for no in range(draw(st.integers(1, 30)))]
    teams = [f"T{no}" for no in range(draw(st.integers(1, 6)))]
    pairs = list(product(teams, localities))
    recusals = set(draw(st.lists(st.sampled_from(pairs), max_size=len(pairs) // 2)))
    return localities, teams, recusals, draw(st.text("0123456789abcdef", min_size=8, max_size=8))


def best_possible(localities, teams, recusals):
    """The lightest busiest load there can be, by trying every bound with a simple bipartite matching."""
    for bound in range(1, len(localities) + 1):
        holds: dict[str, list[str]] = {team: [] for team in teams}

        def place(locality, seen, bound=bound, holds=holds):
            for team in teams:
                if (team, locality) in recusals or team in seen:
                    continue
                seen.add(team)
                if len(holds[team]) < bound:
                    holds[team].append(locality)
                    return True
                for other in list(holds[team]):
                    holds[team].remove(other)
                    if place(other, seen):
                        holds[team].append(locality)
                        return True
                    holds[team].append(other)
            return False

        if all(place(locality, set()) for locality in localities):
            return bound
    return None


@SETTINGS
@given(months())
def test_every_locality_exactly_once_and_as_even_as_can_be(month):
    localities, teams, recusals, seed = month
    best = best_possible(localities, teams, recusals)
    if best is None:
        with pytest.raises(ScheduleError, match="须回避"):
            lay_out(localities, teams, DAYS, recusals, seed, per_day=5)
        return
    stops = lay_out(localities, teams, DAYS, recusals, seed, per_day=5)
    assert sorted(each.locality for each in stops) == sorted(localities)
    assert not recusals & {(each.team, each.locality) for each in stops}
    loads = [sum(each.team == team for each in stops) for team in teams]
    assert max(loads) == best
    for team, day in product(teams, DAYS):
        assert sum(each.team == team and each.day == day for each in stops) <= 5


@SETTINGS
@given(months())
def test_the_same_seed_gives_the_same_month_in_whatever_order_it_is_told(month):
    localities, teams, recusals, seed = month
    try:
        first = lay_out(localities, teams, DAYS, recusals, seed, per_day=5)
    except ScheduleError:
        return
    assert first == lay_out(localities[::-1], teams[::-1], DAYS, set(recusals), seed, per_day=5)


def test_too_few_days_are_refused_with_the_remedy():
    with pytest.raises(ScheduleError, match="要去 6 个属地，2 个督导日每天 2 个排不下"):
        lay_out([f"L{no}" for no in range(6)], ["T"], DAYS[:2], set(), "s", per_day=2)
    stops = lay_out([f"L{no}" for no in range(4)], ["T"], DAYS[:2], set(), "s", per_day=2)
    assert [each.day for each in stops] == [DAYS[0], DAYS[0], DAYS[1], DAYS[1]]


@SETTINGS
@given(
    st.dates(dt.date(2001, 1, 1), dt.date(2099, 12, 31)),
    st.sampled_from(["week", "month", "quarter", "half", "year"]),
)
def test_periods_follow_each_other_without_gap(day, rhythm):
    period = period_of(rhythm, day)
    assert period.first <= day <= period.last
    assert next_period(rhythm, period).first == period.last + dt.timedelta(days=1)
    assert previous_period(rhythm, period).last == period.first - dt.timedelta(days=1)
    assert period_of(rhythm, period.first) == period_of(rhythm, period.last) == period


@pytest.mark.parametrize(
    ("rhythm", "first", "last", "words"),
    [
        ("month", "2026-02-01", "2026-02-28", "2026年2月"),
        ("quarter", "2026-01-01", "2026-03-31", "2026年第一季度"),
        ("half", "2026-01-01", "2026-06-30", "2026年上半年"),
        ("year", "2026-01-01", "2026-12-31", "2026年"),
        ("week", "2026-02-16", "2026-02-22", "2026年第8周"),
    ],
)
def test_periods_by_hand(rhythm, first, last, words):
    period = period_of(rhythm, dt.date(2026, 2, 19))
    assert (period.first.isoformat(), period.last.isoformat(), period.words) == (first, last, words)
