"""What is listed and still not put right is told in the media (R094); what was put in is summed up (R092)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.tests.world import sign_in
from bihuan.audit.actions import chain_of
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import at_once
from bihuan.duties.models import Duty
from bihuan.listings import actions, queries
from bihuan.listings.models import Listing, ProgressReport, PublicNotice
from bihuan.listings.tests import factories as make


def public(world) -> Listing:
    """Listed, and made public as such."""
    listing = make.listed(world)
    notice = listing.notices.get()
    notice.listing = listing
    actions.publish(notice, medium="区政府网站", published_on=make.today(), by=world.people.county_office)
    return make.again(listing)


def late(listing: Listing) -> Listing:
    """Past its deadline."""
    Listing.objects.filter(pk=listing.pk).update(due_on=make.today() - dt.timedelta(days=1))
    return make.again(listing)


def exposed(world) -> PublicNotice:
    listing = late(public(world))
    notice = actions.expose(listing, reason="两次约谈仍不动工", by=world.people.county_office)
    notice.listing = listing
    return notice


def test_only_what_is_late_is_told_in_the_media_and_only_by_who_lists(world):
    listing, county = public(world), world.people.county_office
    with pytest.raises(Refused, match="没有逾期"):
        actions.expose(listing, reason="拖延", by=county)
    listing = late(listing)
    with pytest.raises(PermissionDenied):
        actions.expose(listing, reason="拖延", by=world.people.housing)
    with pytest.raises(ReasonRequired):
        actions.expose(listing, reason=" ", by=county)
    notice = actions.expose(listing, reason="拖延", by=county)
    assert Duty.objects.open().get(subject=chain_of(notice)).due_on == notice.publish_by
    with pytest.raises(IllegalMove, match="已经决定过"):
        actions.expose(listing, reason="再来", by=county)


def test_nothing_is_told_before_the_listing_itself_is(world):
    listing = late(make.listed(world))
    with pytest.raises(Refused, match="先公布挂牌公告"):
        actions.expose(listing, reason="拖延", by=world.people.county_office)


def test_a_missed_report_is_a_ground_too(world):
    listing = public(world)
    Listing.objects.filter(pk=listing.pk).update(progress_due_on=make.today() - dt.timedelta(days=1))
    listing = make.again(listing)
    assert actions.ground_to_expose(listing, on=make.today()) == "到期没有报告整改进展"
    assert actions.expose(listing, reason="不报进展", by=world.people.county_office).pk


def test_once_published_everybody_reads_it_until_it_is_struck_off(world, client):
    notice = exposed(world)
    url = reverse("listings:public", args=[notice.listing.code])
    assert "媒体曝光" not in client.get(url).content.decode()
    actions.publish(notice, medium="云溪日报", published_on=make.today(), by=world.people.county_office)
    page = client.get(url).content.decode()
    assert "媒体曝光公告" in page
    assert "云溪日报" in page
    assert not Duty.objects.open().filter(subject=chain_of(notice)).exists()
    assert list(queries.of_state(Listing.objects.all(), "exposed", on=make.today())) == [notice.listing]


def test_struck_off_before_it_was_told_it_is_told_no_more(world):
    notice = exposed(world)
    Listing.objects.filter(pk=notice.listing.pk).update(status="delisting")
    notice.listing.refresh_from_db()
    notice.listing.status = "struck_off"
    with pytest.raises(IllegalMove, match="不再曝光"):
        actions.publish(notice, medium="日报", published_on=make.today(), by=world.people.county_office)


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_decide_once(world):
    listing = late(public(world))
    mine = [make.again(listing), make.again(listing)]
    told = at_once(
        lambda number: actions.expose(mine[number], reason="拖延", by=world.people.county_office), 2
    )
    assert sorted(type(error).__name__ for _, error in told) == ["IllegalMove", "NoneType"]
    assert PublicNotice.objects.filter(purpose="exposure").count() == 1


def test_it_is_decided_and_published_on_the_page(world, client):
    listing = late(public(world))
    county = sign_in(client, world.people.county_office)
    assert "决定曝光" in county.get(listing.get_absolute_url()).content.decode()
    act = reverse("listings:act", args=[listing.pk, "expose"])
    assert county.post(act, {"reason": ""}).status_code == 422
    assert county.post(act, {"reason": "两次约谈仍不动工"}).status_code == 302
    page = county.get(listing.get_absolute_url()).content.decode()
    assert "公布媒体曝光公告" in page
    assert "决定曝光" not in page


def test_money_is_what_was_said_last(world, client):
    """Of two reports the later, of an application and reports the application; the total opens its listings."""
    listing = make.applied(world)
    said = {"period": 1, "percent": 40, "text": "拆除", "due_on": make.today(), "by": world.people.shop, "at": timezone.now()}  # fmt: skip
    listing.applications.update(funds_spent=Decimal(80000))
    with time_machine.travel(timezone.now(), tick=False):
        ProgressReport.objects.create(listing=listing, funds_spent=Decimal(10), **said)
        ProgressReport.objects.create(listing=listing, funds_spent=Decimal(999999), **(said | {"period": 2}))
    assert queries.money_of(Listing.objects.all()) == (1, Decimal(80000))
    listing.applications.update(funds_spent=None)
    assert queries.money_of(Listing.objects.all()) == (1, Decimal(999999))
    office = sign_in(client, world.people.county_office)
    page = office.get(reverse("listings:list")).content.decode()
    assert "999,999" in page
    assert "state=funded" in page
    assert listing.title in office.get(reverse("listings:list") + "?state=funded").content.decode()
