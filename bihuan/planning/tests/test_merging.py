"""Two records of one place become one: draws, recusals and proposals go on."""

import datetime as dt

import pytest
from django.utils import timezone

from bihuan.planning import draws, joint
from bihuan.planning.merging import fold_joints, fold_recusals, numbers_today
from bihuan.planning.models import JointVisit, PlannedVisit, Recusal
from bihuan.registry.models import Enterprise, Merger

from .conftest import planned

pytestmark = pytest.mark.django_db


@pytest.fixture
def twin(world) -> Enterprise:
    return Enterprise.objects.create(
        name="好味来面店", kind=world.kinds.restaurant, department=world.organizations.housing, city=world.city,
        county=world.regions.yunxi, locality=world.regions.qingshi, risk="yellow",
    )  # fmt: skip


def test_nobody_stands_aside_twice(world, people, clerk, twin):
    shop, street = world.enterprises.shop, world.organizations.qingshi
    for place in (shop, twin):
        draws.recuse(street, people.inspector2, place, "亲属经营", by=clerk)
    draws.recuse(street, people.inspector, twin, "曾任职", by=clerk)
    fold_recusals(shop, twin, clerk)
    left = Recusal.objects.filter(is_active=True).order_by("pk")
    assert [(row.user, row.enterprise) for row in left] == [
        (people.inspector2, shop), (people.inspector, twin),
    ]  # fmt: skip


def test_one_proposal_at_most(world, people, clerk, twin):
    for place in (world.enterprises.shop, twin):
        for body, kind in (
            (world.organizations.qingshi, "township"),
            (world.organizations.housing, "department"),
        ):
            row = planned(world, body, kind)
            PlannedVisit.objects.filter(pk=row.pk).update(enterprise=place)
        joint.propose_joint(place, by=clerk)
    fold_joints(world.enterprises.shop, twin, clerk)
    assert dict(JointVisit.objects.values_list("enterprise", "status")) == {
        world.enterprises.shop.pk: "proposed", twin.pk: "dropped",
    }  # fmt: skip


def test_a_draw_finds_its_visit_under_the_new_number(world, people, clerk, twin):
    Enterprise.objects.exclude(pk=twin.pk).update(status="closed")
    today = timezone.localdate()
    given = draws.Announcement(
        "双随机", "township", 1, 1, (people.inspector,), today, today + dt.timedelta(days=9)
    )
    draw = draws.hold(draws.announce(given, by=clerk), by=clerk)
    made = draw.visits.get()
    shop = world.enterprises.shop
    Merger.objects.create(
        old_id=twin.pk, old_name=twin.name, old_code="", record={}, into=shop, moved={}, reason="同一门面", by=clerk,
        at=timezone.now(),
    )  # fmt: skip
    PlannedVisit.objects.filter(pk=made.pk).update(enterprise=shop)
    assert numbers_today([twin.pk, shop.pk]) == {twin.pk: shop.pk, shop.pk: shop.pk}
    row = draws.outcome(draw)[0]
    assert (row["name"], row["visit"]) == ("好味来面店", made)
