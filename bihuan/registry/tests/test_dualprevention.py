"""How far the dual prevention system is built, by size (R187): the table, the list behind each figure."""

import datetime as dt

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from bihuan.registry import dualprevention, risks
from bihuan.registry.filters import RegistryFilter

pytestmark = pytest.mark.django_db


def names(world, query):
    rows = RegistryFilter(QueryDict(query), world.people.office).queryset
    return sorted(rows.values_list("name", flat=True))


def test_the_share_that_has_built_it(world):
    """Two enterprises: one above designated size that runs it badly, one of which nothing is known."""
    office, station, shop = world.people.office, world.enterprises.station, world.enterprises.shop
    risks.save_profile(station, {"scale": "above", "dual_prevention": "idle"}, by=office)
    above, unknown = dualprevention.by_scale(office)
    assert (above["label"], above["rate"]) == ("规模以上", "100.0%")
    assert [cell["count"] for cell in above["cells"]] == [1, 0, 0, 0, 0, 1, 0]
    assert (unknown["label"], unknown["rate"]) == ("未填规模", "0.0%")
    assert [cell["count"] for cell in unknown["cells"]] == [1, 0, 0, 0, 0, 0, 1]
    assert names(world, "scale=above&dual=idle") == names(world, "dual=done") == [station.name]
    assert names(world, "dual=unknown") == names(world, "scale=unknown") == [shop.name]
    assert names(world, "dual=soon") == []


def test_it_is_entered_with_the_profile(client, world):
    client.force_login(world.people.office)
    shop = world.enterprises.shop
    url = reverse("registry:profile", args=[shop.pk])
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    form = {"scale": "small", "dual_prevention": "running", "dual_checked_on": tomorrow.isoformat()}
    answer = client.post(url, form)
    assert answer.status_code == 422
    assert "运行核查日期不能晚于今天" in answer.content.decode()
    assert client.post(url, form | {"dual_checked_on": "2026-03-01"}).status_code == 302
    shop.risk_profile.refresh_from_db()
    assert (shop.risk_profile.scale, shop.risk_profile.dual_checked_on) == ("small", dt.date(2026, 3, 1))
    page = client.get(reverse("registry:grades")).content.decode()
    assert "双重预防机制建设" in page
    assert "scale=small&amp;dual=running" in page
