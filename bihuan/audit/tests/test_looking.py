"""How far words are looked for in the record."""

import datetime as dt

import pytest

from bihuan.audit.queries import days_of_words


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        (("2026-03-01", "2026-03-10"), ("2026-03-01", "2026-03-10")),
        (("2026-03-01", None), ("2026-03-01", "2026-03-31")),
        (("2025-01-01", "2026-03-31"), ("2026-03-01", "2026-03-31")),
        ((None, "2026-03-31"), ("2026-03-01", "2026-03-31")),
    ],
)
def test_words_are_looked_for_in_a_month_at_most(asked, read):
    def days(each):
        return tuple(text and dt.date.fromisoformat(text) for text in each)

    assert days_of_words(*days(asked)) == days(read)
