"""Fixtures every test may use: the fictional city and its cast."""

import pytest

from bihuan.accounts.tests.world import World, make_world
from bihuan.search.actions import refresh
from bihuan.search.models import Kind


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
