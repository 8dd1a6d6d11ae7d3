"""Keeping an ear on owners: who writes, who reads, who hears of unrest at once, what closes it (R051)."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from bihuan.core.errors import IllegalMove, Refused
from bihuan.notifications.models import Message
from bihuan.registry.models import OwnerNote
from bihuan.registry.ownernotes import keep_note, notes_panel, settle_note

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(world):
    return world.enterprises.shop


def heard(world, shop, kind="unrest", text="邻近几家商量一起去上访", who="inspector", **more):
    given = {"on": timezone.localdate(), "person": "蒋好味"} | more
    return keep_note(shop, kind=kind, text=text, by=getattr(world.people, who), **given)


def test_a_sign_of_unrest_is_told_at_once(world, shop, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        heard(world, shop, "talk", "愿意改造")
    assert not Message.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        heard(world, shop)
    told = Message.objects.filter(title="“云溪区好味来面馆”有不稳定苗头")
    assert set(told.values_list("recipient", flat=True)) == {
        world.people.county_office.pk, world.people.housing.pk,
    }  # fmt: skip
    assert "上访" not in told.first().body  # a message says that there is something, not what


def test_it_stays_open_until_somebody_says_what_came_of_it(world, shop):
    note = heard(world, shop, "demand", "盼补贴早点到")
    assert list(OwnerNote.objects.unsettled()) == [note]
    with pytest.raises(Refused, match="写明处理结果"):
        settle_note(note, outcome=" ", by=world.people.qingshi_officer)
    settle_note(note, outcome="已说明拨付时间", by=world.people.qingshi_officer)
    with pytest.raises(IllegalMove):
        settle_note(note, outcome="再说一遍", by=world.people.qingshi_officer)
    note.refresh_from_db()
    assert (note.is_open, note.settled_by) == (False, world.people.qingshi_officer)
    assert not OwnerNote.objects.unsettled().exists()


def test_what_cannot_be_is_refused(world, shop):
    with pytest.raises(Refused, match="晚于今天"):
        heard(world, shop, on=timezone.localdate() + dt.timedelta(days=1))
    with pytest.raises(Refused, match="写明情况"):
        heard(world, shop, text="  ")
    for who in ("outsider", "shop", "office_leader"):
        with pytest.raises(PermissionDenied):
            heard(world, shop, who=who)
    talk = heard(world, shop, "talk", "愿意改造")
    with pytest.raises(IntegrityError), transaction.atomic():
        OwnerNote.objects.filter(pk=talk.pk).update(
            settled_on=timezone.localdate(), outcome="无", settled_by=world.people.office
        )


def test_the_owner_does_not_read_it(client, world, shop):
    heard(world, shop)
    assert notes_panel(shop, world.people.shop) is None
    assert notes_panel(shop, world.people.inspector).rows[0].tone == "red"
    assert not OwnerNote.objects.visible_to(world.people.shop).exists()
    assert not OwnerNote.objects.visible_to(world.people.outsider).exists()
    client.force_login(world.people.shop)
    assert client.get(reverse("registry:owner_notes", args=[shop.pk])).status_code == 404
    assert "上访" not in client.get(reverse("registry:detail", args=[shop.pk])).content.decode()


def test_through_the_pages(client, world, shop):
    client.force_login(world.people.inspector)
    url = reverse("registry:owner_notes", args=[shop.pk])
    form = {"kind": "demand", "on": "2026-03-01", "person": "蒋好味", "text": "改造停业期间房租没着落"}
    assert client.post(url, form | {"text": ""}).status_code == 422
    assert client.post(url, form).url == url
    note = OwnerNote.objects.get()
    assert "改造停业期间房租没着落" in client.get(reverse("registry:notes")).content.decode()
    client.post(reverse("registry:settle_note", args=[note.pk]), {"outcome": "街道协调减免一个月"})
    page = client.get(url).content.decode()
    assert "办结：街道协调减免一个月" in page
    assert "没有待处理的" in client.get(reverse("registry:notes")).content.decode()
