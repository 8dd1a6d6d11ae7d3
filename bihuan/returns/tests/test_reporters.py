"""Who reports for each body (R111): read off the chairs, changes kept, empty ones counted, numbers as in the lists."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.actions.people import hand_over
from bihuan.accounts.models import Holding
from bihuan.accounts.tests.world import sign_in
from bihuan.returns.reporters import bodies, register, vacant

from .factories import make_period, return_of

pytestmark = pytest.mark.django_db
OCTOBER = dt.datetime(2026, 10, 20, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def line_of(world, user, body):
    return next(each for each in register([body], user, on=timezone.localdate()))


def test_every_body_below_stands_in_the_register_and_no_other(world):
    today = timezone.localdate()
    people, there = world.people, world.organizations
    assert set(bodies(people.office, on=today)) == {
        there.office, there.county_office, there.housing, there.market, there.qingshi, there.baita, there.heyan,
    }  # fmt: skip
    assert set(bodies(people.county_office, on=today)) == {
        there.county_office,
        there.qingshi,
        there.baita,
    }
    assert set(bodies(people.qingshi_officer, on=today)) == {there.qingshi}
    assert set(bodies(people.housing, on=today)) == {there.housing}
    assert not bodies(people.shop, on=today).exists()
    assert not bodies(people.sysadmin, on=today).exists()


def test_an_empty_chair_is_counted_from_the_day_it_is_empty(world):
    today = timezone.localdate()
    seen = bodies(world.people.office, on=today)
    assert set(vacant(seen, on=today)) == {world.organizations.heyan}  # no post was ever made there
    Holding.objects.filter(post=world.posts["qingshi_officer"]).update(to_on=today)
    assert world.organizations.qingshi not in set(vacant(seen, on=today))
    tomorrow = today + dt.timedelta(days=1)
    assert world.organizations.qingshi in set(vacant(seen, on=tomorrow))


def test_a_change_of_hands_stands_with_its_reason(client, world):
    chair = Holding.objects.get(post=world.posts["qingshi_officer"])
    last = timezone.localdate() - dt.timedelta(days=1)
    hand_over(
        chair,
        last_day=last,
        successor=world.people.inspector,
        reason="调到综合执法队",
        by=world.people.sysadmin,
    )
    line = line_of(world, world.people.office, world.organizations.qingshi)
    assert [each.user for each in line.people] == [world.people.inspector]
    assert [(each.user, each.to_on) for each in line.former] == [(world.people.qingshi_officer, last)]
    assert line.changed
    world.people.inspector.phone = "19900005678"
    world.people.inspector.save()
    sign_in(client, world.people.office)
    page = client.get(reverse("returns:reporters"), {"q": "青石"}).content.decode()
    assert "近期换人" in page
    assert "郑守一" in page
    assert "199****5678" in page
    assert "19900005678" not in page


def test_its_numbers_are_those_of_the_lists_they_open(client, world):
    with time_machine.travel(OCTOBER, tick=False):
        period = make_period(world, dt.date(2026, 9, 1))
        assert return_of(period, world.organizations.qingshi).status == "owed"
        line = line_of(world, world.people.office, world.organizations.qingshi)
        assert (line.filed, line.late, line.missing) == (0, 0, 1)
        assert line.overdue == 1
        sign_in(client, world.people.office)
        query = {"whose": "all", "state": "overdue", "body": world.organizations.qingshi.pk}
        listed = client.get(reverse("returns:list"), query).context["page"].items
        assert len(listed) == line.missing


def test_the_register_asks_no_more_for_more_bodies(client, world, django_assert_max_num_queries):
    sign_in(client, world.people.office)
    client.get(reverse("returns:reporters"))
    with django_assert_max_num_queries(22):
        client.get(reverse("returns:reporters"))
    today = timezone.localdate()
    few, many = [world.organizations.qingshi], list(bodies(world.people.office, on=today))
    with django_assert_max_num_queries(6):
        register(few, world.people.office, on=today)
    with django_assert_max_num_queries(6):
        register(many, world.people.office, on=today)
