"""Ledger lines carry the state they lead to; what was written before the columns existed is filled in, and still verifies."""

import datetime as dt
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from bihuan.audit.models import Event
from bihuan.core.digest import matches
from bihuan.hazards import actions
from bihuan.hazards.models import HazardTransition
from bihuan.hazards.tests.factories import make_closed, make_hazard, make_major
from bihuan.registry.models import EnterpriseKind

fill_in = import_module("bihuan.hazards.migrations.0002_lines_carry_their_state").fill_in
DAY = dt.timedelta(days=1)


def states():
    return list(HazardTransition.objects.order_by("id").values_list("move", "level", "due_on", "counted_on"))


@pytest.fixture
def ledgered(world):
    """One closed the ordinary way, one regraded with more time, one reopened."""
    today = timezone.localdate()
    make_closed(world, due_on=today + 7 * DAY)
    graded = make_hazard(world, found_on=today - 3 * DAY)
    request = actions.request_extension(
        graded,
        requested_due_on=graded.due_on + 5 * DAY,
        reason="配件未到",
        interim_measures="停用",
        by=world.people.shop,
    )
    actions.decide_extension(request, approved=True, note="同意", by=world.people.qingshi_leader)
    actions.grade_major(graded, reason="燃气泄漏", by=world.people.housing)
    reopened = make_closed(world)
    actions.reopen(reopened, reason="又堆放了", by=world.people.office)
    return today


def test_every_line_says_where_it_leads(world):
    today = timezone.localdate()
    hazard = make_hazard(world, found_on=today - 2 * DAY, due_on=today + DAY)
    actions.submit_rectification(hazard, text="已隔开", by=world.people.shop)
    assert states() == [
        ("record", "general", today + DAY, today - 2 * DAY),
        ("submit", "general", today + DAY, today),
    ]
    assert hazard.kind_id == world.enterprises.shop.kind_id


def test_a_hazard_keeps_the_kind_it_was_found_with(world):
    hazard = make_major(world)
    kept = hazard.kind_id
    other = EnterpriseKind.objects.exclude(pk=kept).first()
    world.enterprises.shop.kind = other
    world.enterprises.shop.save()
    hazard.refresh_from_db()
    assert hazard.kind_id == kept != other.pk


def test_old_lines_are_filled_in_as_they_would_have_been_written(ledgered):
    written = states()
    HazardTransition.objects.update(level="general", due_on=None, counted_on=dt.date(2000, 1, 1))
    fill_in(apps, None)
    assert states() == written


def test_a_line_of_the_first_edition_verifies_without_the_new_columns(world):
    make_hazard(world)
    line = HazardTransition.objects.get()
    signed = Event.objects.get(chain=f"hazards.hazardtransition:{line.pk}").content_hash
    assert matches(line.signed_content(), signed)
    assert {"level", "due_on", "counted_on"} <= line.signed_content().keys()
    line.edition = 1
    assert not {"level", "due_on", "counted_on"} & line.signed_content().keys()
    assert not matches(
        line.signed_content(), signed
    )  # nobody turns a line into an old one to change its state
