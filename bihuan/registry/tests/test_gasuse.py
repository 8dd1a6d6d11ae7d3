"""Places that burn gas: what the record says beside the criteria of users, and the supplier's check indoors."""

import datetime as dt

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from bihuan.registry import gasuse
from bihuan.registry.attributes import Attribute
from bihuan.registry.filters import RegistryFilter
from bihuan.rules import visits

from .test_schemas import FUEL, published

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 11, 22)
CHECKED = Attribute("indoor_checked_on", "最近户内安检", "date")


@pytest.fixture
def shop(world):
    return world.enterprises.shop


def said(shop, **attributes):
    shop.attributes, shop.attributes_version = attributes, 1
    shop.save()
    return shop


def failing(shop):
    return [each.criterion.code for each in gasuse.failures(gasuse.judged(shop, on=DAY))]


def test_nothing_is_said_of_a_place_without_gas(world, shop):
    assert gasuse.judged(shop, on=DAY) == ()
    assert gasuse.judged(said(shop, fuel="电", hose_length=9.0), on=DAY) == ()
    assert gasuse.gas_panel(shop, world.people.office) is None


def test_the_record_is_judged_by_the_criteria_of_users(shop):
    """150 kg without a room, 2.5 m of hose, no alarm, in a basement: U1, U11, U23 and U19."""
    place = said(
        shop, fuel="瓶装液化石油气", cylinder_stock=150.0, cylinder_room=False, hose_length=2.5, detector=False, basement=True
    )  # fmt: skip
    assert failing(place) == ["U1", "U11", "U19", "U23"]
    assert (
        failing(said(shop, fuel="瓶装液化石油气", cylinder_stock=100.0, cylinder_room=False, hose_length=2.0))
        == []
    )
    assert failing(said(shop, fuel="管道天然气", cylinder_stock=150.0, hose_length=2.5, basement=True)) == [
        "U11"
    ]


def test_ages_are_counted_from_their_days_and_a_day_to_come_says_nothing(shop):
    assert failing(
        said(shop, fuel="瓶装液化石油气", hose_since="2024-11-21", regulator_since="2021-11-22")
    ) == ["U14"]
    assert failing(said(shop, fuel="瓶装液化石油气", hose_since="2027-01-01", stove_distance=0.4)) == ["U17"]


def test_the_supplier_s_check_is_due_by_the_frequency_of_the_place(shop):
    """CJJ 51: units once in twelve months."""
    said(shop, fuel="管道天然气")
    assert gasuse.indoor_standing(shop, on=DAY)[:2] == ("没有记录", "orange")
    said(shop, fuel="管道天然气", indoor_checked_on="2025-11-22")
    assert gasuse.indoor_standing(shop, on=DAY)[:2] == ("2026-11-22前", "green")
    words, tone, why = gasuse.indoor_standing(shop, on=DAY + dt.timedelta(days=3))
    assert (words, tone) == ("超期3天", "red")
    assert "CJJ 51-2016，待核对原文" in why


def test_the_list_finds_those_whose_check_is_late(world, shop):
    published(world.kinds.restaurant, (FUEL, CHECKED), by=world.people.office)
    today = timezone.localdate()

    def found(value):
        rows = RegistryFilter(QueryDict(f"indoor={value}"), world.people.office).queryset
        return list(rows.values_list("name", flat=True))

    said(shop, fuel="电")
    assert found("none") == found("late") == []
    said(shop, fuel="管道天然气")
    assert (found("none"), found("late")) == ([shop.name], [])
    said(shop, fuel="管道天然气", indoor_checked_on=(today - dt.timedelta(days=400)).isoformat())
    assert (found("none"), found("late")) == ([], [shop.name])
    said(shop, fuel="管道天然气", indoor_checked_on=(today - dt.timedelta(days=300)).isoformat())
    assert found("late") == found("sometime") == []


def test_where_several_frequencies_hold_alike_nothing_is_guessed(shop, monkeypatch):
    def unsettled(*args, **kwargs):
        raise visits.UnknownRule("户内燃气安检·单位用户的频次有几套不同规定")

    monkeypatch.setattr(gasuse, "visit_rule", unsettled)
    said(shop, fuel="管道天然气")
    assert gasuse.indoor_standing(shop, on=DAY)[:2] == ("周期待定", "yellow")


def test_the_page_says_what_to_do(client, world, shop):
    published(world.kinds.restaurant, (FUEL, CHECKED), by=world.people.office)
    said(shop, fuel="瓶装液化石油气", hose_length=2.6)
    client.force_login(world.people.inspector)
    page = client.get(reverse("registry:detail", args=[shop.pk])).content.decode()
    for words in ("用气", "户内安检", "没有记录", "连接软管不超过2米", "立即改正", "更换为不超过2米的软管"):
        assert words in page
