"""Figures by hand: what three streets found, closed and let slip in five weeks."""

import datetime as dt
from collections import Counter

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bihuan.tally.actions import fold, fold_all, record
from bihuan.tally.models import Cell, Delta
from bihuan.tally.queries import Figures, NotKept, by_department, by_region, by_task, daily, matrix, totals

OCT, NOV = dt.date(2026, 10, 30), dt.date(2026, 11, 3)


def delta(day: dt.date, locality: str = "539702001", **values: int) -> Delta:
    dimensions = {"campaign_id": 7, "task_id": 70, "department_id": 3} | {
        key: values.pop(key) for key in ("campaign_id", "task_id", "department_id") if key in values
    }
    return Delta(
        day=day,
        city_id="5397",
        county_id=locality[:6],
        locality_id=locality,
        subject="x:1",
        **dimensions,
        **values,
    )


@pytest.fixture
def five_weeks(db):
    record(
        delta(OCT, found=3),
        delta(NOV, found=2, found_major=1),
        delta(NOV, closed=1),
        delta(dt.date(2026, 11, 5), overdue=2),
        delta(dt.date(2026, 11, 9), overdue=-1, closed=1, closed_late=1),
        delta(NOV, "539702101", found=5, task_id=71),
        delta(NOV, "539771", found=4, campaign_id=0, task_id=0),
    )


@pytest.mark.parametrize("now", ["2026-11-10T04:00Z", "2027-03-01T04:00Z"])
@pytest.mark.parametrize("folded", [False, True, "half"])
def test_figures_are_the_same_before_during_and_after_the_fold(five_weeks, folded, now):
    with time_machine.travel(now, tick=False):  # near days are read from the running total, others by month
        if folded == "half":
            assert fold(limit=3) == 3
        elif folded:
            assert fold_all() == 7
            assert not Delta.objects.exists()
        day = dt.date(2026, 11, 10)
        assert totals(on=day, region="5397") == Figures(
            found=14, closed=2, closed_late=1, overdue=1, found_major=1
        )
        assert totals(on=day, region="5397", campaign=7).found == 10
        if now.startswith("2026"):
            assert totals(on=day, region="539702001", campaign=7, task=70).found == 5
            assert {key: row.found for key, row in matrix(7, on=day).items()} == {
                (70, "539702001"): 5,
                (71, "539702101"): 5,
            }
            assert matrix(7, on=day, region="539703") == {}
            assert len(matrix(7, on=day, region="539702")) == 2
            assert {key: row.found for key, row in by_task(7, on=day, region="5397").items()} == {
                70: 5,
                71: 5,
            }
            assert totals(on=day, region="5397", department=3, campaign=7).found == 10
        else:  # narrow combinations keep no day that long
            with pytest.raises(NotKept):
                totals(on=day, region="539702001", campaign=7, task=70)
            with pytest.raises(NotKept):
                matrix(7, on=day)
        assert totals(on=day, region="539771").found == 4
        assert totals(on=dt.date(2026, 11, 8), region="5397").overdue == 2
        assert totals(on=dt.date(2026, 11, 4), region="5397").overdue == 0
        assert totals(on=OCT, region="5397").found == 3
        assert totals(on=day, region="5397", since=dt.date(2026, 11, 4)) == Figures(
            closed=1, closed_late=1, overdue=1
        )
        assert {code: row.found for code, row in by_region(["539702001", "539702101", "539771", "539799"], on=day).items()} == {
            "539702001": 5, "539702101": 5, "539771": 4, "539799": 0,
        }  # fmt: skip
        assert {key: row.found for key, row in by_department(on=day, region="5397").items()} == {3: 14}
        trend = dict(daily(since=dt.date(2026, 11, 4), until=dt.date(2026, 11, 10), region="5397"))
        assert [trend[dt.date(2026, 11, day)].overdue for day in range(4, 11)] == [0, 2, 2, 2, 2, 1, 1]
        assert trend[dt.date(2026, 11, 9)].closed == 1


def test_rates_are_none_without_a_denominator():
    assert Figures().rectification_rate is None
    assert Figures(found=4, closed=3).rectification_rate == 75
    assert Figures(closed=2, closed_late=1).late_rate == 50


class AnyOrder(TestCase):
    @settings(deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.dates(dt.date(2026, 9, 25), dt.date(2026, 11, 5)),
                st.sampled_from(["539702001", "539702101", "539721100"]),
                st.integers(-3, 3),
            ),
            max_size=25,
        ),
        st.dates(dt.date(2026, 9, 20), dt.date(2026, 11, 10)),
        st.integers(0, 25),
    )
    def test_prefix_sums_equal_a_plain_count(self, rows, on, folded):
        Delta.objects.all().delete()
        Cell.objects.all().delete()
        record(*(delta(day, place, found=value) for day, place, value in rows))
        if folded:
            fold(limit=folded)
        expected = Counter()
        for day, place, value in rows:
            if day <= on:
                expected[place] += value
        assert totals(on=on, region="5397").found == sum(expected.values())
        assert totals(on=on, region="539721").found == expected["539721100"]
