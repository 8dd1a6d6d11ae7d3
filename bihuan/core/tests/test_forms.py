import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from bihuan.core.forms import CalendarDayField
from bihuan.core.http import row_number


@pytest.mark.parametrize("text", ["0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31"])
def test_days_no_calendar_reaches_are_refused_in_words(text):
    with pytest.raises(ValidationError, match="请核对年份"):
        CalendarDayField().clean(text)


def test_ordinary_days_and_none():
    assert CalendarDayField().clean("2026-11-21") == dt.date(2026, 11, 21)
    assert CalendarDayField(required=False).clean("") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("42", 42), ("0", 0), ("9" * 18, int("9" * 18)), ("9" * 19, 0), ("²", 0), ("１２", 0), ("-1", 0), ("", 0)],
)  # fmt: skip
def test_row_numbers(text, number):
    assert row_number(text) == number
