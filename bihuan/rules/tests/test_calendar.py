"""Calendar examples come from the State Council's yearly notices, worked out by hand on a wall calendar."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.calendar import Calendar, DateOutOfRange, add_months

D = dt.date.fromisoformat
days = st.dates(dt.date(2018, 1, 1), dt.date(2026, 12, 31))


@pytest.fixture(scope="module")
def calendar():
    return Calendar()


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2025-01-26", True),  # Sunday worked for the Spring Festival
        ("2025-01-28", False),
        ("2025-02-04", False),
        ("2025-02-05", True),
        ("2025-10-08", False),
        ("2025-10-11", True),  # Saturday worked
        ("2026-01-02", False),  # Friday off
        ("2026-01-04", True),
        ("2026-02-14", True),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-05-09", True),
        ("2026-09-19", False),  # an ordinary Saturday
        ("2026-09-20", True),
        ("2026-10-10", True),
        ("2020-02-01", False),  # make-up day cancelled by the prolonged Spring Festival
        ("2020-10-08", False),
        ("2019-05-02", False),
        ("2018-12-29", True),
        ("2018-12-31", False),
        ("2022-12-31", False),
        ("2024-02-09", True),  # New Year's Eve was not a statutory holiday in 2024
    ],
)
def test_is_working(calendar, day, working):
    assert calendar.is_working(D(day)) is working


@pytest.mark.parametrize(("year", "expected"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_working_days_of_the_year(calendar, year, expected):
    assert calendar.working_days_between(dt.date(year - 1, 12, 31), dt.date(year, 12, 31)) == expected


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        ("2026-09-28", 5, "2026-10-10"),
        ("2026-09-28", 7, "2026-10-13"),
        ("2026-02-13", 3, "2026-02-25"),
        ("2026-10-10", -3, "2026-09-30"),
        ("2026-10-03", 0, "2026-10-03"),
        ("2026-10-03", 1, "2026-10-08"),
    ],
)
def test_add_working_days(calendar, start, n, expected):
    assert calendar.add_working_days(D(start), n) == D(expected)


def test_unpublished_years_say_so(calendar):
    assert calendar.status(2026) == "published"
    assert calendar.status(2027) == "assumed"
    assert calendar.note(2027) == "2027年放假安排尚未公布，暂按周末推算"
    assert calendar.note(2017) == "2017年放假安排未收录，暂按周末推算"
    assert calendar.note(2026) == "2026年放假安排已公布（国办发明电〔2025〕7号）"
    assert calendar.is_working(D("2027-10-01"))  # a Friday: assumed, and said to be


def test_overrides_win_and_are_named():
    calendar = Calendar({D("2026-11-21"): True, D("2026-11-23"): False})
    assert calendar.is_working(D("2026-11-21"))
    assert calendar.add_working_days(D("2026-11-20"), 2) == D("2026-11-24")
    assert calendar.describe(D("2026-11-23")) == "本地设定的休息日"


def test_a_year_entered_by_the_office_is_published():
    calendar = Calendar({D("2027-10-01"): False}, published_years=[2027])
    assert calendar.status(2027) == "published"
    assert calendar.note(2027) == "2027年放假安排已公布（本地录入）"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-10-03", "国庆节假期"),
        ("2026-10-10", "调休上班日"),
        ("2026-10-17", "周末"),
        ("2026-10-19", "工作日"),
    ],
)
def test_describe(calendar, day, words):
    assert calendar.describe(D(day)) == words


@pytest.mark.parametrize("day", [dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(1999, 12, 31)])
def test_impossible_dates_are_refused_in_chinese(calendar, day):
    with pytest.raises(DateOutOfRange, match="超出可计算范围"):
        calendar.is_working(day)
    with pytest.raises(ValueError, match="请核对年份"):
        calendar.add_working_days(day, 3)
    with pytest.raises(DateOutOfRange):
        calendar.working_days_between(dt.date(2026, 1, 1), day)


def test_counting_past_the_last_day_is_refused(calendar):
    with pytest.raises(DateOutOfRange):
        calendar.add_working_days(dt.date(2100, 12, 30), 5)


def test_moments_are_not_days(calendar):
    with pytest.raises(TypeError):
        calendar.is_working(dt.datetime(2026, 1, 5))


@given(start=days, n=st.integers(-40, 40))
def test_adding_and_counting_agree(start, n):
    calendar = Calendar()
    end = calendar.add_working_days(start, n)
    if n:
        assert calendar.is_working(end)
    if n > 0 or calendar.is_working(start):
        assert calendar.working_days_between(start, end) == n


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-08-31", -6, "2026-02-28"),
        ("2026-11-22", 36, "2029-11-22"),
        ("2026-11-22", -3, "2026-08-22"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-05-05", 0, "2026-05-05"),
    ],
)
def test_months_keep_the_day_or_end_with_the_month(day, months, end):
    assert add_months(D(day), months) == D(end)


def test_months_stay_within_range():
    with pytest.raises(DateOutOfRange, match="2000年至2100年"):
        add_months(D("2099-12-31"), 13)
    with pytest.raises(DateOutOfRange):
        add_months(D("2000-01-31"), -1)
