"""What the database itself refuses, one failing write for each rule."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.hazards.models import Extension, Hazard, Reinspection
from bihuan.hazards.tests.factories import make_hazard


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"status": "closed"}, "hazards_closed_iff_stamped"),
        ({"closed_on": dt.date(2026, 12, 1)}, "hazards_closed_iff_stamped"),
        ({"due_on": None}, "hazards_rectifying_has_deadline"),
        ({"due_on": dt.date(2001, 1, 1)}, "hazards_due_after_found"),
        ({"status": "planning"}, "hazards_long_path_is_major"),
        ({"status": "accepting"}, "hazards_long_path_is_major"),
    ],
)
def test_a_hazard_cannot_say_this(world, fields, constraint):
    hazard = make_hazard(world)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Hazard.objects.filter(pk=hazard.pk).update(**fields)


def test_a_device_number_is_used_once(world):
    first, second = make_hazard(world), make_hazard(world)
    number = "8f14e45f-ceea-4672-9f0a-1b2c3d4e5f60"
    Hazard.objects.filter(pk=first.pk).update(client_id=number)
    with pytest.raises(IntegrityError), transaction.atomic():
        Hazard.objects.filter(pk=second.pk).update(client_id=number)


def test_sending_back_without_a_reason(world):
    hazard = make_hazard(world)
    with pytest.raises(IntegrityError, match="hazards_send_back_has_reason"), transaction.atomic():
        Reinspection.objects.create(
            hazard=hazard, round=1, passed=False, text="不行", by=world.people.inspector, at=timezone.now()
        )


def extension(world, hazard, **fields):
    given = {
        "hazard": hazard, "round": 1, "old_due_on": hazard.due_on, "reason": "等货", "interim_measures": "停用",
        "requested_due_on": hazard.due_on + dt.timedelta(days=5), "requested_by": world.people.shop,
        "requested_at": timezone.now(),
    }  # fmt: skip
    return Extension.objects.create(**(given | fields))


def test_two_requests_at_once(world):
    hazard = make_hazard(world)
    extension(world, hazard)
    with pytest.raises(IntegrityError), transaction.atomic():
        extension(world, hazard)


def test_an_extension_backwards(world):
    hazard = make_hazard(world)
    with pytest.raises(IntegrityError, match="hazards_extension_is_later"), transaction.atomic():
        extension(world, hazard, requested_due_on=hazard.due_on)


def test_decided_without_a_stamp(world):
    hazard = make_hazard(world)
    with pytest.raises(IntegrityError, match="hazards_extension_decided_iff_stamped"), transaction.atomic():
        extension(world, hazard, status="approved")


def test_decided_by_whoever_asked(world):
    hazard = make_hazard(world)
    given = {"status": "approved", "decided_by": world.people.shop, "decided_at": timezone.now()}
    with pytest.raises(IntegrityError, match="not_decided_by_requester"), transaction.atomic():
        extension(world, hazard, **given)
    extension(world, hazard, ex_officio=True, **given)  # the office acts on its own motion
