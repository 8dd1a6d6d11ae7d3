"""A task limited to a zone covers what lies in it, on every page and in every denominator."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.audit.models import Event
from bihuan.campaigns.actions.limiting import limit_task
from bihuan.campaigns.queries.coverage import scope
from bihuan.core.errors import IllegalMove
from bihuan.inspections.tests.factories import make_campaign
from bihuan.registry.models import Enterprise
from bihuan.zones.tests.factories import make_zone, put, square

pytestmark = pytest.mark.django_db


@pytest.fixture
def gas(world):
    """One task over restaurants; the shop lies in the zone, a second restaurant does not."""
    made = make_campaign(world)
    shop = world.enterprises.shop
    put(shop, 103.55, 30.25)
    Enterprise.objects.create(
        name="城外小馆", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality,
        longitude=104.5, latitude=30.25,
    )  # fmt: skip
    return made


def test_only_what_lies_in_the_zone_is_covered_and_counted(world, gas):
    zone, task, office = make_zone(world), gas.task, world.people.office
    assert scope(gas.campaign).tasks == {task.pk: 2}
    assert limit_task(task, zone, by=office)
    assert [each.name for each in task.covered_enterprises()] == ["云溪区好味来面馆"]
    counted = scope(gas.campaign)
    assert counted.tasks == {task.pk: 1}
    assert counted.cells == {(task.pk, "539702001"): 1}
    assert (counted.objects, counted.visits, counted.localities) == (1, 1, {"539702001": 1})
    assert not limit_task(task, zone, by=office)
    assert limit_task(task, None, by=office)
    assert scope(gas.campaign).objects == 2
    assert Event.objects.filter(act="campaigns.limit_task").count() == 2


def test_an_object_of_two_tasks_is_one_object(world, gas):
    zone, office = make_zone(world), world.people.office
    limit_task(gas.task, zone, by=office)
    again = gas.campaign.tasks.create(no="二", heading="餐饮用电", text="排查餐饮用电", position=2)
    again.kinds.add(world.kinds.restaurant)
    counted = scope(gas.campaign)
    assert counted.tasks == {gas.task.pk: 1, again.pk: 2}
    assert (counted.objects, counted.visits) == (2, 3)


def test_who_limits_and_to_what(world, gas):
    zone = make_zone(world)
    with pytest.raises(PermissionDenied):
        limit_task(gas.task, zone, by=world.people.county_office)
    later = make_zone(world, name="明年的区", geometry=square(103.7), days_ago=-30)
    with pytest.raises(IllegalMove, match="没有生效的范围"):
        limit_task(gas.task, later, by=world.people.office)
    gas.task.ended_on = timezone.localdate()
    gas.task.save()
    with pytest.raises(IllegalMove, match="已终止"):
        limit_task(gas.task, zone, by=world.people.office)


def test_the_page_offers_zones_and_says_which(client, world, gas):
    zone = make_zone(world)
    client.force_login(world.people.office)
    page = gas.task.get_absolute_url()
    assert "不限定，整个辖区" in client.get(page).text
    client.post(reverse("campaigns:task_zone", args=[gas.task.pk]), {"zone": zone.pk})
    assert "，只查区域内的" in client.get(page).text
    answer = client.post(reverse("campaigns:task_zone", args=[gas.task.pk]), {"zone": "987654"})
    assert answer.status_code == 404
    client.force_login(world.people.inspector)
    answer = client.post(reverse("campaigns:task_zone", args=[gas.task.pk]), {"zone": ""})
    assert answer.status_code == 403
