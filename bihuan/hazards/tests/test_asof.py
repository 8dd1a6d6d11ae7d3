"""Any figure of any past day opens exactly its rows: what the cube counted is found again in the lines, day by day."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bihuan.hazards import actions, asof
from bihuan.hazards.models import Hazard
from bihuan.hazards.queries import Filters, ledger, parse_filters, total
from bihuan.hazards.tests.factories import make_closed, make_hazard, make_major
from bihuan.tally.actions import fold_all

DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 9, 1, 2, 0, tzinfo=dt.UTC)
CITY = "5397"


def at(day):
    return time_machine.travel(START + day * DAY, tick=False)


def on(day):
    return START.date() + day * DAY


def tip(world, text):
    return actions.record_hazard(
        enterprise=world.enterprises.shop, source="tip", description=text, found_on=timezone.localdate(),
        by=world.people.inspector, found_organization=world.organizations.qingshi,
    )  # fmt: skip


@pytest.fixture
def lived(world):
    """A month of a small ledger: closed, reopened, dismissed, regraded, extended, overdue."""
    found = {}
    with at(0):
        found["plain"] = make_hazard(world, due_on=on(4))
        found["tip"] = tip(world, "闻到气味")
        found["regraded"] = make_hazard(world, due_on=on(20))
        found["extended"] = make_hazard(world, due_on=on(5))
    with at(2):
        found["closed"] = make_closed(world, due_on=on(9))
    with at(4):
        actions.extend_ex_officio(found["extended"], to=on(12), reason="台风停工", by=world.people.office)
    with at(6):
        actions.grade_major(found["regraded"], reason="燃气泄漏", by=world.people.housing)
        found["major"] = make_major(world)
    with at(8):
        actions.dismiss(found["tip"], reason="没有泄漏", by=world.people.qingshi_officer)
        actions.reopen(found["closed"], reason="又堆放了", by=world.people.office)
    with at(15):
        yield found


def test_each_figure_of_each_day_and_window_opens_what_adds_up_to_it(world, lived):
    fold_all()
    office, checked, negative = world.people.office, 0, 0
    for level in ("", "major", "general"):
        for state in ("", "closed", "open", "overdue"):
            for last in range(16):
                for first in (None, 0, 3, 7, 8):
                    if first is not None and first > last:
                        continue
                    asked = Filters(
                        region=CITY,
                        state=state,
                        level=level,
                        on=on(last),
                        since=None if first is None else on(first),
                    )
                    rows = list(ledger(office, asked).values_list("pk", "amount"))
                    said = total(office, asked)
                    assert sum(amount for _, amount in rows) == said, (asked, rows)
                    checked += bool(said)
                    negative += any(amount < 0 for _, amount in rows)
    assert checked > 100
    assert negative > 10


def test_the_state_on_a_past_day_is_that_of_the_day(world, lived):
    office = world.people.office

    def listed(query):
        return {pk for (pk,) in ledger(office, QueryDict(query)).values_list("pk")}

    key = {name: hazard.pk for name, hazard in lived.items()}
    assert listed(f"state=open&on={on(3)}") == {key["plain"], key["tip"], key["regraded"], key["extended"]}
    assert listed(f"state=closed&on={on(3)}") == {key["closed"]}
    assert listed(f"state=open&on={on(9)}") == set(key.values()) - {key["tip"]}
    # Of the fourth day the extension is known, of the third it is not yet.
    assert listed(f"state=overdue&on={on(5)}") == {key["plain"]}
    assert listed(f"level=major&on={on(5)}") == set()
    assert listed(f"level=major&on={on(6)}") == {key["regraded"], key["major"]}


def test_what_is_due_in_a_window_is_due_by_the_deadline_of_then(world, lived):
    rows, key = Hazard.objects.all(), {name: hazard.pk for name, hazard in lived.items()}

    def due(first, last, **more):
        return {each.pk for each in asof.falling_due(rows, on(first), on(last), **more)}

    # Whoever asks on the third day is told the old deadline; after the extension of the fourth it lies elsewhere.
    before = START + 3 * DAY
    assert due(3, 5, moment=before) == {key["plain"], key["extended"]}
    assert due(3, 5) == {key["plain"]}
    assert due(10, 13) == {key["extended"]}
    # What was found to be none on the eighth day is due no more from then on.
    tip_due = lived["tip"].due_on
    assert tip_due is None or key["tip"] not in due(0, 15)


def test_the_page_says_what_it_lists(client, world, lived):
    fold_all()
    client.force_login(world.people.office)
    ledger_page = reverse("hazards:ledger")
    page = client.get(f"{ledger_page}?since={on(8)}&on={on(8)}&region={CITY}").content.decode()
    for words in ("查出-1 项", "减 1", "闻到气味"):
        assert words in page
    plain = client.get(ledger_page).content.decode()
    assert "不含认定不属实的隐患" in plain
    assert "闻到气味" not in plain
    assert "闻到气味" in client.get(f"{ledger_page}?status=dismissed").content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("on=2027-01-01", "还没有到"),
        ("since=2026-09-05&on=2026-09-03", "晚于截至的日期"),
        ("status=closed&on=2026-09-03", "只看现在"),
        ("state=approaching&on=2026-09-03", "只看现在"),
        ("on=1999", "无法识别"),
    ],
)
def test_days_that_make_no_sense_are_said_and_ignored(query, words):
    with at(15):
        read = parse_filters(QueryDict(query))
    assert any(words in problem for problem in read.problems)
    assert not (read.on and read.since)


def test_the_page_of_a_past_day_asks_as_much_of_many_as_of_few(
    client, world, lived, django_assert_max_num_queries
):
    client.force_login(world.people.office)
    address = f"{reverse('hazards:ledger')}?since={on(0)}&on={on(9)}"
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    with at(9):
        for _ in range(12):
            make_hazard(world)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)
