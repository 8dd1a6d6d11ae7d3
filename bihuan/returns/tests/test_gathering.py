"""The sheet of a period and what stands against its figures: two returns that differ, checks explained, who is still in time."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from bihuan.accounts.tests.world import sign_in
from bihuan.hazards.tests.factories import make_closed, make_hazard, make_major
from bihuan.returns import actions
from bihuan.returns.conflicts import conflicts_of
from bihuan.returns.queries import gather
from bihuan.returns.workflow import Status

from .factories import content, make_period, return_of

pytestmark = pytest.mark.django_db
SEPTEMBER = dt.datetime(2026, 9, 10, 10, tzinfo=dt.timezone(dt.timedelta(hours=8)))
OCTOBER = dt.datetime(2026, 10, 2, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def october():
    with time_machine.travel(OCTOBER, tick=False):
        yield


def sign(world, period, **more):
    record = return_of(period, world.organizations.qingshi)
    return actions.sign_return(record, by=world.people.qingshi_officer, **more)


def two_months(world):
    """Two monthly returns of the same days; one hazard is entered between the signing of the one and of the other."""
    one = make_period(world, dt.date(2026, 9, 1))
    two = make_period(world, dt.date(2026, 9, 1), key="test.second", name="第二张月表")
    sign(world, one, zero=True)
    make_hazard(world, found_on=dt.date(2026, 9, 29))
    sign(world, two)
    return one, two


def test_one_figure_signed_twice_differently_is_named_with_both_sides(client, world, october):
    _, two = two_months(world)
    found = gather(two, world.people.office).conflicts
    assert {(each.own.item.key, each.own.text, each.other.text) for each in found} >= {("found", "1", "0")}
    assert {each.own.item.key for each in found} <= {
        "found",
        "open",
        "overdue",
    }  # what is worked out of them is not said twice
    sign_in(client, world.people.office)
    page = client.get(two.get_absolute_url()).content.decode()
    assert "同一个数在两张报表里不一样" in page
    assert "与另一张报表不一致 1" in page
    for each in found:
        assert each.own.url in page
        assert each.other.url in page
    answer = client.post(reverse("returns:accept", args=[two.pk]), follow=True).content.decode()
    assert "青石街道（与另一张报表不一致）" in answer
    assert return_of(two, world.organizations.qingshi).status == Status.SIGNED


def test_only_the_same_question_about_the_same_days_can_be_answered_differently(world, october):
    one = make_period(world, dt.date(2026, 9, 1))
    items = content()["items"][:1]
    items[0] |= {"filters": {"level": ["major"]}}
    two = make_period(world, dt.date(2026, 9, 1), key="test.second", name="只数重大", items=items, checks=[])
    year = content()["items"][:1]
    year[0] |= {"window": "year"}
    three = make_period(world, dt.date(2026, 9, 1), key="test.third", name="年初累计", items=year, checks=[])
    sign(world, one, zero=True)
    make_hazard(world, found_on=dt.date(2026, 9, 29))
    sign(world, two, zero=True)
    sign(world, three)
    for period in (one, two, three):
        assert gather(period, world.people.office).conflicts == []


def test_a_return_one_may_not_see_is_not_told_by_another(world, october):
    _, two = two_months(world)
    records = list(two.returns.select_related("organization__region", "current", "period__version"))
    assert conflicts_of(two, records, world.people.office)
    assert conflicts_of(two, records, world.people.baita_leader) == {}


def test_a_withdrawn_return_contradicts_nobody(world, october):
    one, two = two_months(world)
    actions.withdraw(return_of(one, world.organizations.qingshi), "填错", by=world.people.qingshi_officer)
    assert gather(two, world.people.office).conflicts == []


def test_a_check_that_had_to_be_explained_waits_for_a_look(client, world):
    with time_machine.travel(SEPTEMBER, tick=False):
        make_closed(world)
        make_major(world)
    checks = [
        {
            "expression": "open <= major",
            "message": "未整改不多于重大",
            "remedy": "核对",
            "severity": "warning",
        }
    ]
    with time_machine.travel(SEPTEMBER, tick=False):
        make_hazard(world)
    with time_machine.travel(OCTOBER, tick=False):
        period = make_period(world, dt.date(2026, 9, 1), checks=checks)
        record = return_of(period, world.organizations.qingshi)
        actions.save_draft(record, {}, "", {"1.": "两处等配件"}, by=world.people.qingshi_officer)
        sign(world, period)
        sign_in(client, world.people.office)
        page = client.get(period.get_absolute_url()).content.decode()
        assert "勾稽不符、签报时作了说明：1 个单位" in page
        assert "两处等配件" in page
        answer = client.post(reverse("returns:accept", args=[period.pk]), follow=True).content.decode()
        assert "青石街道（勾稽不符）" in answer
        assert return_of(period, world.organizations.qingshi).status == Status.SIGNED


def test_missing_is_who_let_the_day_pass(world, october):
    period = make_period(world, dt.date(2026, 9, 1))
    on_the_day = gather(period, world.people.office, on=period.due_on).names
    assert (len(on_the_day["missing"]), len(on_the_day["waiting"])) == (0, 5)
    after = gather(period, world.people.office, on=period.due_on + dt.timedelta(days=1)).names
    assert (len(after["missing"]), len(after["waiting"])) == (5, 0)


def test_the_sheet_asks_no_more_for_more_returns_of_the_same_days(
    world, october, django_assert_max_num_queries
):
    """One question for all other returns, however many."""
    _, two = two_months(world)
    make_period(world, dt.date(2026, 9, 1), key="test.third", name="第三张月表")
    records = list(two.returns.select_related("organization__region", "current", "period__version"))
    with django_assert_max_num_queries(3):
        conflicts_of(two, records, world.people.office)
