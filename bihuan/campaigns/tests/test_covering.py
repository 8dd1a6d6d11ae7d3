"""Which tasks cover which objects, for many of both at once: as each task counts its own."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bihuan.campaigns.actions.limiting import limit_task
from bihuan.campaigns.models import Campaign, Task
from bihuan.campaigns.queries.coverage import covered_by
from bihuan.inspections.tests.factories import make_campaign
from bihuan.registry.models import Enterprise
from bihuan.zones.tests.factories import make_zone, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def gas(world):
    """One task over restaurants, and a second restaurant outside the zone."""
    made = make_campaign(world)
    shop = world.enterprises.shop
    put(shop, 103.55, 30.25)
    Enterprise.objects.create(
        name="城外小馆", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality, risk="blue",
        longitude=104.5, latitude=30.25,
    )  # fmt: skip
    return made


def told(*tasks):
    """{name: numbers of the tasks}, as `covered_by` says, having checked that each task says so itself."""
    rows = (
        Task.objects.filter(pk__in=[task.pk for task in tasks])
        .select_related("campaign")
        .order_by("position")
    )
    names = dict(Enterprise.objects.values_list("pk", "name"))
    found = covered_by(rows, Enterprise.objects.all())
    for task in rows:
        own = set(task.covered_enterprises().values_list("pk", flat=True))
        assert own == {pk for pk, covering in found.items() if task.pk in covering}
    numbers = {task.pk: task.no for task in rows}
    return {names[pk]: "".join(numbers[each] for each in covering) for pk, covering in found.items()}


def more(gas, no, *, kinds, risks=(), zone=None):
    task = gas.campaign.tasks.create(
        no=no, heading=no, text=no, position=10 + gas.campaign.tasks.count(), risks=list(risks), zone=zone
    )
    task.kinds.set(kinds)
    return task


def test_kind_risk_and_zone_decide(world, gas):
    restaurant, filling = world.kinds.restaurant, world.kinds.filling
    tasks = [
        gas.task,
        more(gas, "二", kinds=[restaurant, filling]),
        more(gas, "三", kinds=[restaurant], risks=["yellow"]),
        more(gas, "四", kinds=[restaurant], zone=make_zone(world)),
        more(gas, "五", kinds=[]),
    ]
    assert told(*tasks) == {
        "云溪区好味来面馆": "一二三四",
        "城外小馆": "一二",
        "云溪平安液化气充装有限公司": "二",
    }


@pytest.mark.parametrize(
    ("region", "names"),
    [
        ("city", {"云溪区好味来面馆", "城外小馆"}),
        ("yunxi", {"云溪区好味来面馆", "城外小馆"}),
        ("qingshi", {"云溪区好味来面馆", "城外小馆"}),
        ("baita", set()),
        ("linjiang", set()),
    ],
)
def test_a_campaign_covers_its_own_region(world, gas, region, names):
    Campaign.objects.filter(pk=gas.campaign.pk).update(region=getattr(world.regions, region))
    assert set(told(gas.task)) == names


def test_who_is_closed_is_covered_by_nothing(world, gas):
    Enterprise.objects.filter(pk=world.enterprises.shop.pk).update(status="closed")
    assert set(told(gas.task)) == {"城外小馆"}


def test_as_many_queries_for_ten_tasks_as_for_one(world, gas):
    limit_task(gas.task, make_zone(world), by=world.people.office)

    def count():
        rows = list(Task.objects.select_related("campaign"))
        with CaptureQueriesContext(connection) as asked:
            covered_by(rows, Enterprise.objects.all())
        return len(asked)

    assert count() == 3
    for number in range(9):
        more(gas, str(number), kinds=[world.kinds.restaurant], zone=gas.task.zone)
    assert count() == 3
