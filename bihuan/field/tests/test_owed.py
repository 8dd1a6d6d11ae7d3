"""What there is to do travels along, with whom it is about."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.duties.actions import open_duty
from bihuan.duties.models import Duty
from bihuan.field import owed
from bihuan.hazards.tests.factories import make_hazard
from bihuan.planning.models import PlannedVisit

from .test_sync import rows


def owe(world, subject, title):
    return open_duty(
        kind=Duty.Kind.HAZARD_REVIEW, subject=subject, title=title, url=reverse("duties:inbox"),
        organization=world.organizations.qingshi, place=world.enterprises.shop, by=world.people.office,
        post=world.posts["inspector"], due_on=dt.date(2026, 9, 3), clock={},
    )  # fmt: skip


def plan(world, *inspectors: User, enterprise=None, organization=None, window=None, **changes):
    enterprise = enterprise or world.enterprises.shop
    today = timezone.localdate()
    begins, ends = window or (today, today + dt.timedelta(days=9))
    made = PlannedVisit.objects.create(
        enterprise=enterprise, organization=organization or world.organizations.qingshi, kind="township", source="draw",
        city=enterprise.city, county=enterprise.county, locality=enterprise.locality, window_from=begins, window_to=ends,
        **changes,
    )  # fmt: skip
    made.inspectors.set(inspectors)
    return made


def test_a_duty_leads_to_the_enterprise_it_is_about(phone, world, gas):
    hazard, shop = make_hazard(world), world.enterprises.shop
    owe(world, hazard, "复查：气瓶间与厨房连通")
    owe(world, shop, "去一趟面馆")
    owe(world, gas.campaign, "整治总结")
    told = {row["title"]: row for row in rows(phone.sync(), "duties")}
    assert told["复查：气瓶间与厨房连通"]["enterprise"] == shop.pk
    assert told["复查：气瓶间与厨房连通"]["due_on"] == "2026-09-03"
    assert told["去一趟面馆"]["enterprise"] == shop.pk
    assert told["整治总结"]["enterprise"] is None


def test_what_does_not_fit_is_counted(phone, world, gas, monkeypatch):
    monkeypatch.setattr(owed, "MOST_DUTIES", 2)
    for subject in (world.enterprises.shop, world.enterprises.station, gas.campaign):
        owe(world, subject, f"{subject}")
    told = phone.sync()
    assert (len(rows(told, "duties")), told["duties_left_out"]) == (2, 1)
    monkeypatch.setattr(owed, "MOST_DUTIES", 3)
    assert phone.sync()["duties_left_out"] == 0


def test_planned_visits_of_ones_own_body_come_along(phone, people, world, gas):
    mine = plan(world, people.inspector)
    others = plan(world, people.inspector2)
    told = {row["id"]: row for row in rows(phone.sync(), "planned")}
    assert told.keys() == {mine.pk, others.pk}
    assert (told[mine.pk]["mine"], told[others.pk]["mine"]) == (True, False)
    assert (told[mine.pk]["enterprise"], told[mine.pk]["source"], told[mine.pk]["kind"]) == (
        world.enterprises.shop.pk,
        "双随机",
        "township",
    )


def test_what_is_done_far_away_in_time_or_anothers_stays_behind(phone, people, world, gas):
    plan(world, people.inspector, status="cancelled")
    later = timezone.localdate() + dt.timedelta(days=90)
    plan(world, people.inspector, window=(later, later))
    plan(world, people.inspector, organization=world.organizations.baita)
    assert rows(phone.sync(), "planned") == []


def test_a_visit_that_is_made_leaves_the_phone(phone, people, world, gas):
    visit = plan(world, people.inspector)
    first = phone.sync()
    PlannedVisit.objects.filter(pk=visit.pk).update(status="cancelled")
    assert phone.sync(cursor=first["cursor"])["groups"]["planned"]["gone"] == [visit.pk]
