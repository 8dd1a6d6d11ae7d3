"""A street with a desk and a leader, a gas campaign, and visits it plans."""

import datetime as dt

import pytest
from django.utils import timezone

from bihuan.accounts.models import Holding, Post
from bihuan.accounts.tests.world import World
from bihuan.inspections.tests.factories import GasCampaign, make_campaign
from bihuan.planning.models import PlannedVisit


@pytest.fixture
def gas(world: World) -> GasCampaign:
    """A running gas campaign for visits that a plan foresees."""
    return make_campaign(world)


def seat(user, organization, role):
    """Put somebody into one more post and return them as they are then."""
    post = Post.objects.create(organization=organization, title=role, role=role)
    Holding.objects.create(post=post, user=user, from_on=dt.date(2026, 1, 1))
    return type(user).objects.get(pk=user.pk)


@pytest.fixture
def clerk(world, people):
    """The inspector also sits at the street's desk."""
    return seat(people.inspector, world.organizations.qingshi, "township_officer")


@pytest.fixture
def leader(world, people):
    return seat(people.inspector2, world.organizations.qingshi, "township_leader")


def planned(world, organization, kind, days=10) -> PlannedVisit:
    """A visit to the noodle shop that a plan foresees, from today on."""
    shop, today = world.enterprises.shop, timezone.localdate()
    return PlannedVisit.objects.create(
        enterprise=shop, organization=organization, kind=kind, source="plan", city=shop.city, county=shop.county,
        locality=shop.locality, window_from=today, window_to=today + dt.timedelta(days=days),
    )  # fmt: skip
