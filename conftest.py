"""Fixtures every test may use: the fictional city and its cast."""

import pytest
from hypothesis import HealthCheck, settings

from bihuan.accounts.tests.world import World, make_world
from bihuan.search.actions import refresh
from bihuan.search.models import Kind

# How fast examples come depends on what else the machine does; a test is judged by what it finds.
settings.register_profile("bihuan", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("bihuan")


@pytest.fixture
def world(db: None) -> World:
    """Two counties, three localities, two departments, nineteen people. See accounts/tests/world.py."""
    made = make_world()
    refresh(Kind.ENTERPRISE, [enterprise.pk for enterprise in vars(made.enterprises).values()])
    return made


@pytest.fixture
def people(world: World):
    """The cast by login: people.office, people.inspector, people.shop, people.outsider …"""
    return world.people
