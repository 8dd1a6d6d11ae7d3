"""Which backups stay."""

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.operations.backup.rotation import keepers


def at(month: int, day: int, hour: int = 2) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=dt.UTC)


def test_days_weeks_and_months():
    taken = [at(9, 30), at(10, 31), at(11, 8), at(11, 15), at(11, 19), at(11, 20), at(11, 21), at(11, 21, 9)]
    assert keepers(taken, daily=2, weekly=2, monthly=3) == {
        at(11, 21, 9),  # the later one of its day; also the newest of week 47 and of November
        at(11, 20),
        at(11, 15),  # the Sunday of week 46
        at(10, 31),
        at(9, 30),
    }


def test_after_a_pause_the_old_ones_stay():
    taken = [at(1, 1), at(1, 2), at(11, 21)]
    assert keepers(taken, daily=3, weekly=0, monthly=0) == set(taken)


moments = st.lists(
    st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2026, 12, 31), timezones=st.just(dt.UTC)), max_size=60
)
counts = st.integers(0, 12)


@settings(deadline=None)
@given(moments, counts, counts, counts)
def test_the_newest_stays_and_never_more_than_asked(taken, daily, weekly, monthly):
    kept = keepers(taken, daily=daily, weekly=weekly, monthly=monthly)
    assert kept <= set(taken)
    assert not taken or max(taken) in kept
    assert len(kept) <= max(1, daily + weekly + monthly)


@settings(deadline=None)
@given(moments, counts, counts, counts)
def test_keeping_again_deletes_nothing_more(taken, daily, weekly, monthly):
    kept = keepers(taken, daily=daily, weekly=weekly, monthly=monthly)
    assert keepers(kept, daily=daily, weekly=weekly, monthly=monthly) == kept
