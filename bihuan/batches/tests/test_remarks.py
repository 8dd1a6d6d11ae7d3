"""Photos of finished work and of bills, weighed for whoever accepts and pays: used twice is said, used once is not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bihuan.attachments import likeness
from bihuan.attachments.actions import attach
from bihuan.batches import actions
from bihuan.batches.remarks import remarks_on_bills, remarks_on_work
from bihuan.campaigns.models import Campaign
from bihuan.hazards.tests.factories import make_hazard
from bihuan.inspections.tests.factories import make_campaign
from bihuan.inspections.tests.test_signals import scene, upload

from .factories import a_standard, accepted, notified, today


@pytest.fixture
def campaign(world) -> Campaign:
    return make_campaign(world).campaign


@pytest.fixture(autouse=True)
def _fresh_index():
    likeness.forget()
    yield
    likeness.forget()


def test_a_photo_that_shows_something_else_already(world, campaign, client):
    shop, housing = world.people.shop, world.people.housing
    used = upload(shop, scene(31))
    hazard = make_hazard(world)
    attach(hazard, [used], "before", by=shop)
    member = notified(world, campaign)
    actions.apply_for_acceptance(member, finished_on=today(), text="已换", photos=[used], by=shop)
    [remark] = remarks_on_work(member, housing)
    assert remark.label == "照片重复使用"
    assert hazard.number in remark.words
    client.force_login(housing)
    for address in (f"/batches/objects/{member.pk}/", f"/batches/{member.batch_id}/acceptance/"):
        assert "照片重复使用" in client.get(address).content.decode()
    client.force_login(shop)
    assert "照片重复使用" not in client.get(f"/batches/objects/{member.pk}/").content.decode()


def test_the_same_photo_as_progress_and_as_the_end_is_one_story(world, campaign):
    shop, housing = world.people.shop, world.people.housing
    used = upload(shop, scene(32))
    member = notified(world, campaign)
    actions.record_progress(member, percent=90, text="快好了", photos=[used], by=shop)
    actions.apply_for_acceptance(member, finished_on=today(), text="已换", photos=[used], by=shop)
    assert remarks_on_work(member, housing) == []


def test_a_bill_shown_before(world, campaign, client):
    housing = world.people.housing
    bill = upload(housing, scene(33))
    attach(make_hazard(world), [bill], "before", by=housing)
    member = accepted(world, campaign)
    a_standard(world, campaign)
    subsidy = actions.propose_subsidy(member, quantity=Decimal(1), investment=None, photos=[bill], by=housing)
    assert [remark.label for remark in remarks_on_bills(subsidy, housing)] == ["照片重复使用"]
    client.force_login(housing)
    assert "照片重复使用" in client.get(f"/batches/objects/{member.pk}/").content.decode()
