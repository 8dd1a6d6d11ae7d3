"""How often a place was visited this year: by whom, up to which limit, and who is told."""

import pytest
from django.urls import reverse

from bihuan.inspections import burden
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection

from .factories import visit

pytestmark = pytest.mark.django_db
LAW = "国办发〔2024〕54号"


def walked(world, gas, by, **changes) -> Inspection:
    return submit_inspection(visit(world, gas, by, **changes), by=by)


def test_visits_of_the_year_are_counted_with_their_limit(world, people, gas):
    shop = world.enterprises.shop
    own = walked(world, gas, people.inspector)
    Inspection.objects.filter(pk=own.pk).update(kind="self_check")
    earlier = walked(world, gas, people.inspector)
    Inspection.objects.filter(pk=earlier.pk).update(inspected_on=f"{earlier.inspected_on.year - 1}-12-31")
    walked(world, gas, people.inspector)
    rows = burden.visits_this_year(shop)
    assert [(row.label, row.organization, row.count, row.cap, row.is_full) for row in rows] == [
        ("属地检查", "青石街道", 1, 4, False)
    ]
    assert burden.over_cap(shop, "township") == ""
    for _ in range(3):
        walked(world, gas, people.inspector)
    assert burden.over_cap(shop, "township") == f"今年已有 4 次属地检查，上限 4 次（{LAW}）"
    assert burden.at_cap([shop.pk, world.enterprises.station.pk], "township") == {shop.pk}
    assert burden.at_cap([shop.pk], "unannounced") == set()  # no limit for this kind
    assert burden.counts_this_year([shop.pk, world.enterprises.station.pk]) == {shop.pk: 4}


def test_the_limit_is_one_for_all_bodies(world, people, gas):
    earlier = walked(world, gas, people.inspector, kind="joint")
    Inspection.objects.filter(pk=earlier.pk).update(inspected_on=f"{earlier.inspected_on.year}-01-01")
    assert not burden.visits_this_year(world.enterprises.shop)[0].is_full
    walked(world, gas, people.housing, kind="joint")
    rows = burden.visits_this_year(world.enterprises.shop)
    assert {row.organization: (row.count, row.cap, row.is_full) for row in rows} == {
        "青石街道": (1, 2, True), "市住建局": (1, 2, True),
    }  # fmt: skip


def test_a_joint_visit_of_which_two_bodies_keep_a_record_is_one(world, people, gas):
    shop = world.enterprises.shop
    walked(world, gas, people.inspector, kind="joint")
    walked(world, gas, people.housing, kind="joint")
    walked(world, gas, people.inspector)
    assert burden.counts_this_year([shop.pk]) == {shop.pk: 2}
    assert burden.over_cap(shop, "joint") == ""
    assert burden.at_cap([shop.pk], "joint") == set()
    rows = burden.visits_this_year(shop)
    assert {(row.label, row.organization): (row.count, row.together) for row in rows} == {
        ("联合检查", "青石街道"): (1, 1), ("联合检查", "市住建局"): (1, 1), ("属地检查", "青石街道"): (1, 1),
    }  # fmt: skip
    assert burden.sentence(rows, "township").startswith("今年已受检 2 次：")


def test_whoever_goes_again_is_told(client, world, people, gas):
    walked(world, gas, people.housing, kind="department")
    walked(world, gas, people.housing, kind="department")
    walked(world, gas, people.inspector)
    rows = burden.visits_this_year(world.enterprises.shop)
    assert burden.sentence(rows, "township") == "今年已受检 3 次：市住建局 2 次、青石街道 1 次"
    assert burden.sentence(rows, "department") == (
        "今年已受检 3 次：市住建局 2 次、青石街道 1 次；部门检查已到上限 2 次"
    )
    assert burden.sentence([], "township") == ""
    client.force_login(people.inspector)
    address = f"{reverse('inspections:walk')}?task={gas.task.pk}&enterprise={world.enterprises.shop.pk}"
    assert "今年已受检 3 次：市住建局 2 次、青石街道 1 次" in client.get(address).content.decode()
    listed = client.get(f"{reverse('inspections:choose')}?task={gas.task.pk}&seen=yes").content.decode()
    assert "今年受检 3 次" in listed
