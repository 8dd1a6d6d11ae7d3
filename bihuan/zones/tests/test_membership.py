"""Who lies in a zone: against asking one by one, over time, in the act and by the clock."""

import datetime as dt

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.audit.actions import hash_of
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.jobs.models import Job
from bihuan.jobs.running import run_job
from bihuan.registry.actions import save_enterprise
from bihuan.registry.models import Enterprise, Premises
from bihuan.rules.coordinates import Crs, Point
from bihuan.zones import actions, membership
from bihuan.zones.actions import Drawn, end_zone, revise_zone
from bihuan.zones.geometry import contains, from_pieces
from bihuan.zones.membership import catch_up, recheck_places, settle_objects
from bihuan.zones.models import Misplacement, Outline, Zone, ZoneMembership

from .factories import make_zone, put, square

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
DAY = dt.timedelta(days=1)


def inside(zone):
    return set(zone.memberships.filter(left_on=None).values_list("enterprise__name", flat=True))


def test_drawing_a_zone_finds_who_lies_in_it(world):
    shop, station = world.enterprises.shop, world.enterprises.station
    put(shop, 103.55, 30.25)
    put(station, 103.75, 30.25)
    zone = make_zone(world)
    assert inside(zone) == {shop.name}
    stay = zone.memberships.get()
    assert (stay.entered_on, stay.entered_by, stay.left_on) == (TODAY(), "zone", None)
    assert zone.organization == world.organizations.county_office
    event = Event.objects.get(act="zones.create")
    assert event.payload["vertices"] == 4
    # The record keeps the digest of the boundary: a row changed afterwards is found.
    version = zone.versions.get()
    assert event.content_hash == hash_of(version)
    version.geometry["coordinates"][0][0][0] += 0.0000001
    assert event.content_hash != hash_of(version)


def test_moving_an_object_ends_one_stay_and_begins_another(world):
    shop, officer = world.enterprises.shop, world.people.qingshi_officer
    west, east = make_zone(world), make_zone(world, name="东部禁燃区", geometry=square(103.7))
    save_enterprise({"longitude": 103.55, "latitude": 30.25}, by=officer, enterprise=shop)
    assert (inside(west), inside(east)) == ({shop.name}, set())
    shop.refresh_from_db()
    save_enterprise({"longitude": 103.75, "latitude": 30.25}, by=officer, enterprise=shop)
    assert (inside(west), inside(east)) == (set(), {shop.name})
    ended = west.memberships.get()
    assert (ended.left_on, ended.left_by, ended.entered_by) == (TODAY(), "place", "place")


def test_a_place_taken_away_leaves_the_zone(world):
    shop, officer = world.enterprises.shop, world.people.qingshi_officer
    put(shop, 103.55, 30.25)
    zone = make_zone(world)
    save_enterprise({"longitude": None, "latitude": None}, by=officer, enterprise=shop)
    assert inside(zone) == set()


def test_premises_in_use_count_and_others_do_not(world):
    shop = world.enterprises.shop
    kind, locality = world.kinds.restaurant, world.regions.qingshi
    branch = Premises.objects.create(
        enterprise=shop, name="分店", kind=kind, locality=locality, longitude=103.55, latitude=30.25
    )
    Premises.objects.create(
        enterprise=shop, name="旧店", kind=kind, locality=locality, longitude=103.55, latitude=30.25, is_active=False
    )  # fmt: skip
    zone = make_zone(world)
    assert [stay.premises for stay in zone.memberships.all()] == [branch]


def test_settling_twice_changes_nothing(world):
    put(world.enterprises.shop, 103.55, 30.25)
    zone = make_zone(world)
    ids = [world.enterprises.shop.pk, world.enterprises.station.pk]
    assert settle_objects(ids, on=TODAY()) == 0
    assert membership.settle_zone(zone, on=TODAY()) == 0
    assert zone.memberships.count() == 1


def test_many_places_and_zones_as_if_asked_one_by_one(world):
    """Four hundred objects on and around twelve overlapping squares, some exactly on their edges."""
    rng = np.random.default_rng(11)
    kind, place = world.kinds.restaurant, world.enterprises.shop
    places = rng.uniform([103.4, 30.1], [103.9, 30.5], (400, 2)).round(2)
    rows = Enterprise.objects.bulk_create(
        Enterprise(
            name=f"第{number}家", kind=kind, city=place.city, county=place.county, locality=place.locality,
            longitude=float(x), latitude=float(y),
        )
        for number, (x, y) in enumerate(places)
    )  # fmt: skip
    zones = [
        make_zone(
            world, name=f"区{number}", geometry=square(103.4 + number * 0.03, 30.1 + number * 0.02, 0.1)
        )
        for number in range(12)
    ]
    ids = [row.pk for row in rows]
    ZoneMembership.objects.all().delete()
    with transaction.atomic():
        settle_objects(ids, on=TODAY())
    shapes = {zone.pk: zone.versions.get().geometry for zone in zones}
    expected = {
        (zone, row.pk)
        for row in rows
        for zone, shape in shapes.items()
        if contains(shape, Point(row.longitude, row.latitude, Crs.CGCS2000))
    }
    found = set(ZoneMembership.objects.filter(left_on=None).values_list("zone_id", "enterprise_id"))
    assert found == expected
    assert len(expected) > 100


def test_a_new_version_begins_and_the_old_one_ends_the_day_before(world):
    put(world.enterprises.shop, 103.55, 30.25)
    zone, office = make_zone(world), world.people.county_office
    drawn = Drawn(square(103.7), TODAY(), reason="道路改线")
    version = revise_zone(zone, drawn, by=office, seen=1)
    assert version.number == 2
    first = zone.versions.get(number=1)
    assert (first.valid_to, first.ended_reason) == (TODAY() - DAY, "由第2版接替")
    assert inside(zone) == set()
    assert zone.memberships.get().left_by == "zone"


def test_a_version_of_tomorrow_waits_for_its_day(world):
    put(world.enterprises.shop, 103.75, 30.25)
    zone, office = make_zone(world), world.people.county_office
    revise_zone(zone, Drawn(square(103.7), TODAY() + DAY, reason="道路改线"), by=office, seen=1)
    assert inside(zone) == set()
    assert catch_up(on=TODAY()) == 0
    assert catch_up(on=TODAY() + DAY) == 1
    assert inside(zone) == {world.enterprises.shop.name}
    assert zone.memberships.get().entered_on == TODAY() + DAY


def test_an_ended_zone_holds_nobody_after_its_last_day(world):
    put(world.enterprises.shop, 103.55, 30.25)
    zone, office = make_zone(world), world.people.county_office
    end_zone(zone, on=TODAY(), by=office, reason="通告废止")
    assert inside(zone) == {world.enterprises.shop.name}
    catch_up(on=TODAY() + DAY)
    assert inside(zone) == set()
    with pytest.raises(IllegalMove):
        end_zone(zone, on=TODAY(), by=office, reason="再来一次")


def test_a_stale_page_does_not_draw_over_somebody_else(world):
    zone, office = make_zone(world), world.people.county_office
    revise_zone(zone, Drawn(square(), TODAY(), reason="一"), by=office, seen=1)
    with pytest.raises(IllegalMove, match="刚被别人调整过"):
        revise_zone(zone, Drawn(square(), TODAY() + DAY, reason="二"), by=office, seen=1)


def test_a_revision_needs_a_reason_and_a_later_day(world):
    zone, office = make_zone(world, days_ago=0), world.people.county_office
    with pytest.raises(ReasonRequired):
        revise_zone(zone, Drawn(square(), TODAY() + DAY, reason=" "), by=office, seen=1)
    with pytest.raises(Refused, match="应晚于"):
        revise_zone(zone, Drawn(square(), TODAY(), reason="改"), by=office, seen=1)


def test_a_name_is_taken_once(world):
    make_zone(world)
    with pytest.raises(Refused, match="已有名为"):
        make_zone(world)
    assert Zone.objects.count() == 1


def test_who_may_draw_where(world):
    people = world.people
    make_zone(world, by=people.housing, name="供气范围一", region="yunxi")
    make_zone(world, by=people.qingshi_officer, name="青石重点", region="qingshi")
    for user, region in (
        (people.qingshi_officer, "yunxi"),
        (people.inspector, "qingshi"),
        (people.county_office, "linjiang"),
    ):
        with pytest.raises(PermissionDenied):
            make_zone(world, by=user, name="别处", region=region)
    drawn = Drawn(square(), TODAY(), reason="改")
    supply = Zone.objects.get(name="供气范围一")
    # Another department may not change it; the office of the area may.
    with pytest.raises(PermissionDenied):
        revise_zone(supply, drawn, by=people.market, seen=1)
    assert revise_zone(supply, drawn, by=people.county_office, seen=1).number == 2


def test_visible_from_below_and_above_but_not_beside(world):
    put(world.enterprises.shop, 103.55, 30.25)
    county = make_zone(world)
    street = make_zone(world, by=world.people.qingshi_officer, name="青石重点", region="qingshi")

    def seen(who):
        return set(Zone.objects.visible_to(getattr(world.people, who)))

    assert (
        seen("office")
        == seen("county_office")
        == seen("qingshi_officer")
        == seen("housing")
        == {county, street}
    )
    assert seen("outsider") == {county}  # Baita lies in the county, beside the street
    assert seen("shop") == {county, street}  # it lies in both
    assert seen("station") == seen("sysadmin") == seen("expert") == set()


def test_many_candidates_become_a_job_that_goes_on_after_a_stop(
    world, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(actions, "CHUNK", 1)
    monkeypatch.setattr(membership, "CHUNK", 1)
    put(world.enterprises.shop, 103.55, 30.25)
    put(world.enterprises.station, 103.56, 30.25)
    zone = make_zone(world)
    job = Job.objects.get(kind="zones.membership")
    assert (job.total, zone.memberships.count()) == (2, 0)
    Job.objects.filter(pk=job.pk).update(checkpoint={"after": world.enterprises.shop.pk, "done": 1})
    run_job.func(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.message) == ("done", "区域内现有 1 家")
    Job.objects.filter(pk=job.pk).update(state="waiting", checkpoint={})
    run_job.func(str(job.pk))
    assert inside(zone) == {world.enterprises.shop.name, world.enterprises.station.name}


def test_the_database_keeps_one_open_line_and_reasons(world):
    put(world.enterprises.shop, 103.55, 30.25)
    zone = make_zone(world)
    stay = zone.memberships.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        ZoneMembership.objects.create(
            zone=zone, enterprise=stay.enterprise, entered_on=TODAY(), entered_by="zone"
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        ZoneMembership.objects.filter(pk=stay.pk).update(left_on=TODAY())


def test_places_outside_their_township_are_listed_and_leave_the_list_when_put_right(world):
    shop, officer = world.enterprises.shop, world.people.qingshi_officer
    Outline.objects.create(region=world.regions.qingshi, geometry=square())
    Outline.objects.create(region=world.regions.baita, geometry=square(103.6))
    save_enterprise({"longitude": 103.65, "latitude": 30.25}, by=officer, enterprise=shop)
    doubt = Misplacement.objects.get()
    assert (doubt.enterprise, doubt.lies_in) == (shop, world.regions.baita)
    shop.refresh_from_db()
    save_enterprise({"longitude": 110.0, "latitude": 30.25}, by=officer, enterprise=shop)
    assert Misplacement.objects.get().lies_in is None
    shop.refresh_from_db()
    save_enterprise({"longitude": 103.55, "latitude": 30.25}, by=officer, enterprise=shop)
    assert not Misplacement.objects.exists()
    put(world.enterprises.station, 103.55, 30.25)
    assert recheck_places(on=TODAY()) == 1


def test_a_hull_proves_nothing(world):
    Outline.objects.create(region=world.regions.qingshi, geometry=square(), source="hull")
    put(world.enterprises.shop, 103.95, 30.25)
    assert recheck_places(on=TODAY()) == 0


def test_a_zone_of_two_pieces_holds_what_lies_in_either_however_many_are_asked_for(world):
    """Few places are asked for one by one, many all at once: both ways answer the same."""
    pieces = [
        [(103.5, 30.2), (103.6, 30.2), (103.6, 30.3), (103.5, 30.3)],
        [(103.8, 30.2), (103.9, 30.2), (103.9, 30.3)],
    ]
    put(world.enterprises.shop, 103.89, 30.25)
    zone = make_zone(world, geometry=from_pieces([[ring] for ring in pieces], Crs.CGCS2000))
    shop = world.enterprises.shop
    assert inside(zone) == {shop.name}
    others = Enterprise.objects.bulk_create(
        Enterprise(
            name=f"第{n}家", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality,
            longitude=103.52 + n * 0.03, latitude=30.21,
        )
        for n in range(12)
    )  # fmt: skip
    settle_objects([each.pk for each in others], on=timezone.localdate())
    # 103.52, .55, .58 lie in the first piece; .82, .85 in the second; what lies between them in neither.
    assert inside(zone) == {shop.name, "第0家", "第1家", "第2家", "第10家", "第11家"}
