"""Fixtures every test may use: the fictional city and its cast."""

import pytest

from bihuan.accounts.tests.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """Two counties, three localities, two departments, nineteen people. See accounts/tests/world.py."""
    return make_world()


@pytest.fixture
def people(world: World):
    """The cast by login: people.office, people.inspector, people.shop, people.outsider …"""
    return world.people
