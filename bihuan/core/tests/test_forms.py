import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from bihuan.core.forms import CalendarDayField, CalendarMomentField
from bihuan.core.http import row_number


@pytest.mark.parametrize("text", ["0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31"])
def test_days_no_calendar_reaches_are_refused_in_words(text):
    with pytest.raises(ValidationError, match="请核对年份"):
        CalendarDayField().clean(text)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00", "1999-12-31T23:59", "2100-12-31T17:00:00+00:00", "9999-12-31T23:59"]
)
def test_moments_no_calendar_reaches_are_refused_in_words(text):
    with pytest.raises(ValidationError, match="请核对年份"):
        CalendarMomentField().clean(text)


def test_ordinary_moments_and_none():
    found = CalendarMomentField().clean("2026-11-21T08:30")
    assert found.isoformat() == "2026-11-21T08:30:00+08:00"
    assert CalendarMomentField(required=False).clean("") is None


def test_ordinary_days_and_none():
    assert CalendarDayField().clean("2026-11-21") == dt.date(2026, 11, 21)
    assert CalendarDayField(required=False).clean("") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("42", 42), ("0", 0), ("9" * 18, int("9" * 18)), ("9" * 19, 0), ("²", 0), ("１２", 0), ("-1", 0), ("", 0)],
)  # fmt: skip
def test_row_numbers(text, number):
    assert row_number(text) == number
