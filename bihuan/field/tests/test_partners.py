"""On a joint visit the people of the other body sign on the same phone (综合查一次, R059)."""

from __future__ import annotations

from bihuan.planning import joint
from bihuan.planning.tests.conftest import planned, seat

from .test_sync import rows


def names(phone) -> set[str]:
    return {row["name"] for row in rows(phone.sync(), "colleagues")}


def test_whoever_agreed_to_come_along_is_on_the_phone(world, people, gas, phone):
    housing = people.housing.full_name
    clerk = seat(people.inspector, world.organizations.qingshi, "township_officer")
    planned(world, world.organizations.qingshi, "township")
    planned(world, world.organizations.housing, "department")
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    assert housing not in names(phone)
    joint.answer_joint(proposed, accept=True, reason="", by=people.housing)
    assert housing in names(phone)
    assert people.market.full_name not in names(phone)
