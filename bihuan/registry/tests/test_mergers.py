"""Before a place is registered again, and after two records became one."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.duties.models import Duty
from bihuan.registry import duplicates, merging
from bihuan.registry.actions import change_status
from bihuan.registry.models import DuplicatePair, Enterprise, Merger, Recheck, StatusPeriod
from bihuan.search.actions import refresh
from bihuan.search.models import Kind

from .test_views import new_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client, world):
    client.force_login(world.people.qingshi_officer)
    return client


def test_a_place_known_by_another_name_is_shown_before_it_is_registered_again(officer, world):
    sent = new_form(name="好味来面馆（青石店）", address="幸福路1号", credit_code="")
    answer = officer.post(reverse("registry:create"), sent)
    assert answer.status_code == 422
    assert "先看一看，是不是已经登记过" in answer.text
    assert world.enterprises.shop.get_absolute_url() in answer.text
    assert "名称相似100%；地址相同" in answer.text
    assert not Enterprise.objects.filter(name__contains="青石店").exists()
    assert officer.post(reverse("registry:create"), sent | {"not_these": "1"}).status_code == 302
    assert Enterprise.objects.filter(name__contains="青石店").exists()


def test_the_phone_counts(world):
    shop, by = world.enterprises.shop, world.people.qingshi_officer
    shop.contacts.create(role="legal", name="蒋好味", phone="19900001234")

    def score(phones):
        found = duplicates.alike_to("好味来小吃店", "幸福路1号", None, world.regions.qingshi, phones, by=by)
        return [likeness.score for _, likeness in found]

    # Two of four and of five pairs of characters: 0.44 of 70; 30 for the address, 15 for the phone. 70 are asked.
    assert score(["19900001234"]) == [76]
    assert score([]) == []


def test_another_place_of_the_street_is_registered_at_once(officer, world):
    assert officer.post(reverse("registry:create"), new_form()).status_code == 302


def test_nobody_is_shown_what_is_not_theirs_to_see(client, world):
    client.force_login(world.people.market)  # keeps the filling station, not the noodle shop
    sent = new_form(
        name="好味来面馆（青石店）",
        address="幸福路1号",
        credit_code="",
        department=str(world.organizations.market.pk),
    )
    answer = client.post(reverse("registry:create"), sent)
    assert world.enterprises.shop.name not in getattr(answer, "text", "")


# --- after -----------------------------------------------------------------------------------------


@pytest.fixture
def merger(world):
    shop = world.enterprises.shop
    twin = Enterprise.objects.create(
        name="好味来面食店", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality, address="幸福路1号",
        department=world.organizations.market, employees=3, risk="red",
    )  # fmt: skip
    refresh(Kind.ENTERPRISE, [twin.pk])
    twin.contacts.create(role="legal", name="蒋好味来", phone="19900004321")
    pair = DuplicatePair.objects.create(
        first=shop.pk, second=twin.pk, score=80, reasons=[], found_at=timezone.now()
    )
    return merging.merge(pair, shop, taken={}, reason="同一门面", by=world.people.office)


def test_the_record_that_went_can_be_read_as_it_stood(officer, world, merger):
    page = officer.get(world.enterprises.shop.get_absolute_url()).text
    assert "并入的记录" in page
    address = reverse("registry:merger", args=[merger.pk])
    assert address in page
    page = officer.get(address).text
    for words in (
        "好味来面食店",
        "云溪市市场监督管理局",
        "青石街道",
        "<dd>红</dd>",
        "<dd>3</dd>",
        "同一门面",
        "赵安和",
        "联系人",
    ):
        assert words in page, words
    assert "19900004321" not in page
    officer.force_login(world.people.outsider)
    assert officer.get(address).status_code == 404


def test_what_was_decided_stays_to_be_read(officer, world, merger):
    page = officer.get(reverse("registry:duplicates") + "?state=merged").text
    assert "好味来面食店" in page
    assert "同一门面" in page
    shop = world.enterprises.shop
    other = Enterprise.objects.create(
        name="好味来早点", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality
    )
    pair = DuplicatePair.objects.create(
        first=shop.pk, second=other.pk, score=71, reasons=["名称相似71%"], found_at=timezone.now()
    )
    duplicates.tell_apart(pair, reason="两家店", by=world.people.qingshi_officer)
    page = officer.get(reverse("registry:duplicates") + "?state=different").text
    assert "好味来早点" in page
    assert "两家店" in page
    assert "没有待比对的" in officer.get(reverse("registry:duplicates") + "?state=nonsense").text


def test_nobody_goes_back_to_a_place_that_works_by_the_record_that_stays(world):
    shop, by = world.enterprises.shop, world.people.office
    twin = Enterprise.objects.create(
        name="好味来面食店", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality
    )
    refresh(Kind.ENTERPRISE, [twin.pk])
    change_status(twin, "idle", by=by, reason="停业", on=timezone.localdate() - dt.timedelta(days=0))
    pair = DuplicatePair.objects.create(
        first=shop.pk, second=twin.pk, score=80, reasons=[], found_at=timezone.now()
    )
    merging.merge(pair, shop, taken={}, reason="同一门面", by=by)
    assert not Recheck.objects.open().exists()
    assert not Duty.objects.open().filter(kind=Duty.Kind.RECHECK).exists()
    assert not StatusPeriod.objects.filter(enterprise=shop, to_on=None).exists()
    assert Merger.objects.count() == 1
