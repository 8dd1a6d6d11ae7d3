"""The cube against counting by hand: any history, any day, grain and span; while folding, rolling and counting again."""

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connections
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bihuan.tally.actions import fold, fold_all, record, roll
from bihuan.tally.grains import BY_NUMBER, GRAINS, RECENT_DAYS, Grain, NotKept
from bihuan.tally.models import Cell, Delta, Mark
from bihuan.tally.queries import (
    by_campaign_and_department,
    by_department,
    by_kind,
    by_phase,
    by_quarter,
    by_region,
    by_region_and_department,
    by_source,
    daily,
    totals,
)

TODAY = dt.date(2026, 11, 22)
NOON = "2026-11-22T04:00Z"
DAY = dt.timedelta(days=1)
PLACES = {"539702001": "539702", "539702101": "539702", "539771": "539771", "539801001": "539801"}


def delta(day, locality="539702001", **values):
    given = {
        "campaign_id": 7,
        "task_id": 70,
        "department_id": 3,
        "kind": "restaurant",
        "source": "tip",
    } | values
    county = PLACES[locality]
    return Delta(
        day=day, city_id=locality[:4], county_id=county, locality_id=locality, subject="x:1", **given
    )


def test_every_grain_has_a_number_of_its_own():
    assert len(BY_NUMBER) == len(GRAINS)
    assert {grain.level for grain in GRAINS} == {"province", "city", "county", "locality"}


def test_a_narrow_grain_keeps_running_totals_and_days_to_come_only(db):
    with time_machine.travel(NOON, tick=False):
        roll()
        record(delta(TODAY - 3 * DAY, found=1), delta(TODAY, found=1), delta(TODAY + 9 * DAY, overdue=1))
        fold_all()
        narrow = Cell.objects.filter(grain=43)
        assert set(narrow.values_list("span", "start", "found", "overdue")) == {
            ("all", dt.date(1970, 1, 1), 2, 0), ("day", TODAY + 9 * DAY, 0, 1),
        }  # fmt: skip
        assert set(Cell.objects.filter(grain=11, span="day").values_list("start", flat=True)) == {
            TODAY - 3 * DAY, TODAY, TODAY + 9 * DAY,
        }  # fmt: skip


def test_a_promise_taken_back_leaves_no_cell(db):
    with time_machine.travel(NOON, tick=False):
        record(delta(TODAY, found=1), delta(TODAY + 9 * DAY, overdue=1), delta(TODAY + 9 * DAY, overdue=-1))
        fold_all()
        assert not Cell.objects.filter(start__gt=TODAY).exists()


def test_the_mark_moves_once_a_day_and_old_days_go(db):
    with time_machine.travel(NOON, tick=False):
        record(delta(TODAY, found=2), delta(TODAY + DAY, overdue=1))
        fold_all()
        assert (Mark.objects.get().counted_to, roll()) == (TODAY, 0)
    with time_machine.travel(
        "2026-11-22T16:05Z", tick=False
    ):  # five past midnight: yesterday's pages still load
        assert roll() == 0
        assert totals(on=TODAY + DAY, region="5397").overdue == 1
    with time_machine.travel("2026-11-22T16:30Z", tick=False):
        assert roll() == 1
        assert totals(on=TODAY + DAY, region="5397", department=3).overdue == 1
        assert not Cell.objects.filter(grain=43, span="day").exists()
        assert totals(on=TODAY, region="539702").overdue == 0
    later = TODAY + (RECENT_DAYS + 5) * DAY
    with time_machine.travel(f"{later}T04:00Z", tick=False):
        fold_all()
        assert not Cell.objects.filter(grain=33, span="day").exists()
        assert totals(on=later, region="539702001", campaign=7).found == 2
        with pytest.raises(NotKept):
            totals(on=TODAY, region="539702001", campaign=7)


def test_what_is_not_kept_is_said(db):
    with time_machine.travel(NOON, tick=False):
        with pytest.raises(NotKept):
            totals(on=TODAY, region="539702001", campaign=7, department=3)
        with pytest.raises(NotKept):
            totals(on=TODAY, region="5397", kind="restaurant", source="tip")
        with pytest.raises(NotKept):
            daily(since=TODAY - 2 * DAY, until=TODAY, region="539702001", department=3)
        with pytest.raises(ValueError, match="campaign"):
            totals(on=TODAY, region="5397", task=70)
        with pytest.raises(TypeError, match="colour"):
            totals(on=TODAY, region="5397", colour=1)


@pytest.mark.parametrize("folded", [False, True])
def test_the_ways_of_comparing(db, folded):
    with time_machine.travel(NOON, tick=False):
        record(
            delta(dt.date(2026, 3, 30), found=3),
            delta(dt.date(2026, 4, 2), overdue=2, department_id=4),
            delta(
                dt.date(2026, 9, 9),
                "539771",
                found=4,
                closed=1,
                kind="gas",
                source="expert",
                campaign_id=0,
                task_id=0,
            ),
            delta(TODAY, "539801001", found=5, campaign_id=8, task_id=80),
            delta(TODAY + 2 * DAY, overdue=1),
        )
        if folded:
            fold_all()
        assert totals(on=TODAY, region="53").found == 12
        assert {key: row.found for key, row in by_region(["53", "5397", "539771", "539801001"], on=TODAY).items()} == {
            "53": 12, "5397": 7, "539771": 4, "539801001": 5,
        }  # fmt: skip
        assert by_region(["539702"], on=TODAY, since=dt.date(2026, 4, 1))["539702"][:4] == (0, 0, 0, 2)
        assert {key: row.found for key, row in by_kind(on=TODAY, region="5397").items()} == {
            "restaurant": 3,
            "gas": 4,
        }
        assert {key: row.found for key, row in by_source(on=TODAY, region="53").items()} == {
            "tip": 8,
            "expert": 4,
        }
        assert by_department(on=TODAY, region="539702")[4].overdue == 2
        assert {key: row.found for key, row in by_region_and_department(["539702", "539771"], on=TODAY).items()} == {
            ("539702", 3): 3, ("539702", 4): 0, ("539771", 3): 4,
        }  # fmt: skip
        assert {key: row.found for key, row in by_campaign_and_department(on=TODAY, region="53").items()} == {
            (7, 3): 3, (7, 4): 0, (8, 3): 5,
        }  # fmt: skip
        first, second = by_phase(
            [(dt.date(2026, 3, 1), dt.date(2026, 3, 31)), (dt.date(2026, 4, 1), TODAY)],
            region="5397",
            campaign=7,
        )
        assert (first.found, first.overdue, second.found, second.overdue) == (3, 0, 0, 2)
        quarters = by_quarter(["5397", "5398"], since=dt.date(2026, 1, 5), on=TODAY)
        assert [(quarters[dt.date(2026, month, 1), "5397"].found, quarters[dt.date(2026, month, 1), "5397"].overdue) for month in (1, 4, 7, 10)] == [
            (3, 0), (0, 2), (4, 2), (0, 2),
        ]  # fmt: skip
        assert quarters[dt.date(2026, 10, 1), "5398"].found == 5
        assert len(quarters) == 8


CHANGES = st.lists(
    st.tuples(
        st.integers(-420, 40), st.sampled_from(sorted(PLACES)), st.sampled_from([0, 7, 8]), st.sampled_from([0, 3]),
        st.sampled_from(["", "gas"]), st.sampled_from(["", "tip"]), st.integers(-2, 2),
    ),
    max_size=12,
)  # fmt: skip


def asked(grain: Grain) -> dict[str, object]:
    values = {"campaign_id": 7, "task_id": 70, "department_id": 3, "kind": "gas", "source": "tip"}
    return {name.removesuffix("_id"): values[name] for name in grain.dimensions}


class AnyHistory(TestCase):
    @settings(max_examples=20, deadline=None)
    @given(CHANGES, CHANGES, st.integers(-430, 45), st.integers(0, 40), st.sampled_from(GRAINS))
    def test_any_day_of_any_grain_equals_a_plain_count(self, before, after, offset, days, grain):
        """Folded, rolled over some days, written and folded again: the same as adding up by hand."""
        Delta.objects.all().delete()
        Cell.objects.all().delete()
        Mark.objects.all().delete()
        start = TODAY - days * DAY
        rows = [
            delta(TODAY + move * DAY, place, campaign_id=campaign, task_id=70 * (campaign == 7), department_id=department,
                  kind=kind, source=source, found=amount)
            for move, place, campaign, department, kind, source, amount in [*before, *after]
        ]  # fmt: skip
        with time_machine.travel(f"{start}T04:00Z", tick=False):
            record(*rows[: len(before)])
            fold_all()
        with time_machine.travel(NOON, tick=False):
            record(*rows[len(before) :])
            if days % 3:
                fold(limit=5)
            if days % 2:
                roll()
            on, fixed = TODAY + offset * DAY, asked(grain)
            region = {"province": "53", "city": "5397", "county": "539702", "locality": "539702101"}[
                grain.level
            ]
            columns = {"campaign": "campaign_id", "task": "task_id", "department": "department_id"}
            expected = sum(
                row.found
                for row in rows
                if row.day <= on
                and region in (row.city_id[:2], row.city_id, row.county_id, row.locality_id)
                and all(getattr(row, columns.get(name, name)) == value for name, value in fixed.items())
            )
            try:
                assert totals(on=on, region=region, **fixed).found == expected
            except NotKept:
                assert grain.keeping.days is not None
                assert on < TODAY - grain.keeping.days * DAY


@pytest.mark.django_db(transaction=True)
def test_no_reader_sees_half_a_fold_and_nothing_is_lost(world):
    """Writers, a folder and readers at once: what was written adds up at every moment, and in the end."""
    stop, wrong, errors, written = threading.Event(), [], [], []

    def write():
        for _ in range(25):
            record(delta(TODAY, found=2, closed=1), delta(TODAY, found=-1, closed=-1), delta(TODAY, found=-1))
            written.append(1)

    def folding():
        while not stop.is_set():
            fold(limit=7)

    def reading():
        while not stop.is_set():
            seen = totals(on=TODAY + 400 * DAY, region="5397")
            if (seen.found, seen.closed, seen.covered) != (0, 0, 500):
                wrong.append(seen)

    def guarded(act):
        try:
            act()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    record(*(delta(TODAY, covered=1) for _ in range(500)))
    background = [threading.Thread(target=guarded, args=(act,)) for act in (folding, reading, reading)]
    writers = [threading.Thread(target=guarded, args=(write,)) for _ in range(2)]
    for thread in [*background, *writers]:
        thread.start()
    for thread in writers:
        thread.join(timeout=60)
    stop.set()
    for thread in background:
        thread.join(timeout=60)
    assert (errors, wrong, len(written)) == ([], [], 50)
    fold_all()
    assert totals(on=TODAY + 400 * DAY, region="5397")[:2] == (0, 0)
    assert totals(on=TODAY + 400 * DAY, region="5397").covered == 500
