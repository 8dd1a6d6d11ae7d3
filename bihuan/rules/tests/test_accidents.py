"""Grades, windows, hours, escalation and comparison of accidents, against the law's own numbers."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules import accidents as rules
from bihuan.rules.accidents import Toll

DAY = dt.date(2026, 3, 12)


@pytest.mark.parametrize(
    ("toll", "grade"),
    [
        (Toll(), "general"),
        (Toll(deaths=2, serious=9, loss=Decimal("999.99")), "general"),
        (Toll(deaths=3), "larger"),
        (Toll(serious=10), "larger"),
        (Toll(loss=Decimal(1000)), "larger"),
        (Toll(deaths=9, serious=49, loss=Decimal("4999.99")), "larger"),
        (Toll(deaths=10), "major"),
        (Toll(serious=50), "major"),
        (Toll(loss=Decimal(5000)), "major"),
        (Toll(deaths=29, serious=99, loss=Decimal("9999.99")), "major"),
        (Toll(deaths=30), "extraordinary"),
        (Toll(serious=100), "extraordinary"),
        (Toll(loss=Decimal(10000)), "extraordinary"),
        (Toll(missing=40, minor=200), "general"),
    ],
)
def test_a_grade_begins_at_its_number(toll, grade):
    assert rules.grade_of(toll, DAY).key == grade


tolls = st.builds(
    Toll, st.integers(0, 60), st.integers(0, 200), st.integers(0, 200), st.integers(0, 60),
    st.decimals(0, 20000, places=2),
)  # fmt: skip


@given(tolls, tolls)
def test_more_harm_is_never_a_lower_grade_and_nothing_is_added_up(one, other):
    worst = Toll(
        max(one.deaths, other.deaths), max(one.serious, other.serious), 0, 0, max(one.loss, other.loss)
    )
    grades = [rules.rank(rules.grade_of(each, DAY).key) for each in (one, other)]
    assert rules.rank(rules.grade_of(worst, DAY).key) == max(grades)


def test_special_equipment_has_its_own_least_grade():
    assert rules.grade_of(Toll(), DAY, explosion=True).key == "larger"
    assert rules.grade_of(Toll(), DAY, moved=9_999).key == "general"
    assert rules.grade_of(Toll(), DAY, moved=10_000).key == "larger"
    assert rules.grade_of(Toll(), DAY, moved=50_000).key == "major"
    assert rules.grade_of(Toll(), DAY, moved=150_000).key == "extraordinary"
    assert rules.grade_of(Toll(deaths=12), DAY, explosion=True).key == "major"


def test_hours_run_from_the_moment_it_was_known():
    known = dt.datetime(2026, 3, 12, 23, 30)
    due, told = rules.hours_due("report.unit", known, on=DAY)
    assert due == dt.datetime(2026, 3, 13, 0, 30)
    assert "1 小时" in told["summary"]
    assert "493" in told["source"]
    assert rules.hours_due("report.level", known, on=DAY)[0] == dt.datetime(2026, 3, 13, 1, 30)


def test_changes_are_said_as_bulletins_say_them():
    # A work report: 3458 起 against about 6120, minus 43.5 per cent; 951 deaths against about 1042, minus 8.7
    assert rules.change(3458, 6120, "起") == "下降43.5%"
    assert rules.change(951, 1042, "人") == "下降8.7%"
    assert rules.change(5, 0, "起") == "增加5起"
    assert rules.change(7, 7, "起") == "持平"
    assert rules.change(0, 0, "人") == "持平"
    assert rules.change(3, 2, "人") == "上升50.0%"


def test_control_number_progress():
    # 951 deaths are 77.3 per cent of a control number of 1230
    found = rules.progress(951, 1230, 9)
    assert found.share == Decimal("77.3")
    assert found.ahead == Decimal("2.3")
    assert rules.progress(3, 0, 1).share is None


def test_same_period_of_last_year():
    assert rules.same_period(dt.date(2026, 1, 1), dt.date(2026, 3, 31)) == (
        dt.date(2025, 1, 1),
        dt.date(2025, 3, 31),
    )
    assert rules.same_period(dt.date(2024, 2, 1), dt.date(2024, 2, 29)) == (
        dt.date(2023, 2, 1),
        dt.date(2023, 2, 28),
    )
    assert rules.same_period(dt.date(2025, 2, 1), dt.date(2025, 2, 28)) == (
        dt.date(2024, 2, 1),
        dt.date(2024, 2, 29),
    )


def facts(**changes):
    base = {"grade": "general", "kind": "gas", "deaths": 1}
    return rules.Circumstances(**(base | changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"asked": True}, {"superior"}),
        ({"campaign_escalates": True}, {"campaign"}),
        ({"concealed": True}, {"concealed"}),
        ({"regraded": True}, {"regraded"}),
        ({"complex": True}, set()),
        ({"complex": True, "grade": "larger", "deaths": 4}, {"complex"}),
        ({"grade": "larger", "kind": "mine", "deaths": 6}, {"six_deaths"}),
        ({"grade": "larger", "kind": "mine", "deaths": 5}, set()),
        ({"grade": "larger", "kind": "road", "deaths": 6}, set()),
        ({"grade": "larger", "earlier_larger": (dt.date(2024, 3, 12),)}, {"second_larger"}),
        ({"grade": "larger", "earlier_larger": (dt.date(2024, 3, 11),)}, set()),
        ({"grade": "larger", "listed_hazard": True}, {"listed_hazard"}),
        ({"grade": "larger", "warned": (dt.date(2025, 3, 12),)}, {"warned"}),
        ({"grade": "larger", "warned": (dt.date(2025, 3, 11),)}, set()),
    ],
)
def test_escalation_rules(changes, expected):
    assert {rule.key for rule, _ in rules.escalations_of(facts(**changes), DAY)} == expected


def test_unverified_rules_say_so():
    assert {rule.key for rule in rules.escalations() if rule.verified} == {"superior", "regraded"}


def test_every_kind_has_a_group_and_a_window():
    assert rules.kinds()["road"].window == "accident.window.short"
    assert rules.kinds()["fire_home"].production is False
    assert set(rules.kinds_of("fire")) == {"fire_unit", "fire_home"}
