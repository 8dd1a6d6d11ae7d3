"""The plan of a year: what the staff can do, the urgent first, the rest said."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.visitplans import (
    Capacity,
    Need,
    cap,
    coverage,
    inspectors_needed,
    needs_of_year,
    plan_year,
    weights,
)

ON = dt.date(2026, 11, 22)


def test_lots_by_risk_and_grade():
    lots = weights(ON)
    assert (lots.of("red", "D"), lots.of("blue", "A"), lots.of("yellow")) == (16, 1, 4)


def test_caps():
    assert cap("department", ON).per_year == 2
    assert cap("self_check", ON) is None


def test_what_a_month_holds():
    # seven inspectors go in threes of two: 3 teams × 10 days × 3 visits
    assert Capacity(7, 2, 10, 3).a_month == 90


def test_the_visits_of_a_year():
    assert [need.month for need in needs_of_year(1, "red", 2026, dt.date(2026, 3, 9), 3)] == [3, 6, 9, 12]
    overdue = needs_of_year(1, "red", 2026, dt.date(2025, 11, 2), 6)
    assert [(need.month, need.overdue) for need in overdue] == [(1, True), (7, False)]
    assert needs_of_year(1, "red", 2026, dt.date(2027, 1, 1), 6) == []


def test_the_higher_risk_comes_first_and_the_rest_is_said():
    needs = [Need(1, "blue", 1), Need(2, "red", 1), Need(3, "yellow", 1)]
    plan = plan_year(needs, Capacity(2, 2, 1, 1), first_month=11)
    assert plan.placed == ((2, 11), (3, 12))
    assert [need.object for need in plan.left] == [1]
    assert plan.capacity == 2
    assert coverage(needs, plan) == [
        {"risk": "red", "objects": 1, "reached": 1, "needed": 1, "placed": 1},
        {"risk": "yellow", "objects": 1, "reached": 1, "needed": 1, "placed": 1},
        {"risk": "blue", "objects": 1, "reached": 0, "needed": 1, "placed": 0},
    ]


def test_what_it_would_take():
    # 16,000 visits; a team of two makes 10 × 4 × 12 = 480 a year: 34 teams
    assert inspectors_needed(16_000, Capacity(8, 2, 10, 4)) == 68
    assert inspectors_needed(5, Capacity(8, 2, 0, 4)) == 0


@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["red", "blue"]), st.integers(1, 12)), max_size=40),
    st.integers(0, 6),
)
def test_no_month_holds_more_than_it_can(rows, inspectors):
    needs = [Need(*row) for row in rows]
    capacity = Capacity(inspectors, 2, 1, 1)
    plan = plan_year(needs, capacity)
    assert len(plan.placed) + len(plan.left) == len(needs)
    for month in range(1, 13):
        there = [pk for pk, at in plan.placed if at == month]
        assert len(there) <= capacity.a_month
        assert len(set(there)) == len(there)


def test_an_empty_year():
    assert plan_year([], Capacity(2, 2, 1, 1)).placed == ()


@pytest.mark.parametrize("risk", ["red", "blue"])
def test_nothing_is_placed_far_ahead(risk):
    assert plan_year([Need(1, risk, 12)], Capacity(2, 2, 9, 9)).placed == ((1, 10),)
