"""Pressing by hand: who is late is counted once, a press reaches whom it must and is not repeated on the same day."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.core.errors import Refused
from bihuan.duties.models import Duty, DutyStep
from bihuan.duties.pressing import late_bodies, late_in_area, press
from bihuan.hazards.tests.factories import make_hazard
from bihuan.notifications.models import Message

pytestmark = pytest.mark.django_db


def late(world: World, count: int) -> list[Duty]:
    """The shop's own duties to rectify, made late."""
    for number in range(count):
        make_hazard(world, description=f"软管老化之{number}")
    duties = Duty.objects.filter(kind=Duty.Kind.HAZARD_RECTIFY)
    duties.update(due_on=timezone.localdate() - dt.timedelta(days=4))
    return list(duties)


def test_a_press_reaches_holders_and_leaders_once_a_day(world, people, django_capture_on_commit_callbacks):
    duties = late(world, 3)
    body = duties[0].organization
    today = timezone.localdate()
    [row] = [each for each in late_bodies(people.office, on=today) if each.organization_id == body.pk]
    assert (row.late, row.longest, row.pressed) == (3, 4, 0)
    with django_capture_on_commit_callbacks(execute=True):
        assert press(body, note="请今天办完", by=people.office) == 3
    steps = DutyStep.objects.filter(duty__in=duties)
    assert {(step.instrument, step.offset_days, step.note) for step in steps} == {("urge", 4, "请今天办完")}
    assert set(
        Duty.objects.filter(pk__in=[duty.pk for duty in duties]).values_list("steps_taken", flat=True)
    ) == {1}
    heard = Message.objects.filter(category="urge", recipient=people.shop)
    assert [message.body for message in heard] == ["请今天办完"]
    assert "3 件" in heard.get().title
    with pytest.raises(Refused):
        press(body, by=people.office)
    assert steps.count() == 3
    [row] = [each for each in late_bodies(people.office, on=today) if each.organization_id == body.pk]
    assert (row.late, row.pressed) == (3, 3)


def test_nobody_presses_outside_the_own_area(world, people):
    [duty, *_] = late(world, 1)
    with pytest.raises(PermissionDenied):
        press(duty.organization, by=people.inspector)
    assert not late_in_area(people.outsider, on=timezone.localdate()).filter(pk=duty.pk).exists()


def test_the_page_counts_with_a_constant_number_of_queries(world, people, client):
    late(world, 2)
    client.force_login(people.office)
    client.get("/duties/late/")
    with CaptureQueriesContext(connection) as few:
        page = client.get("/duties/late/")
    assert page.status_code == 200
    late(world, 9)
    with CaptureQueriesContext(connection) as many:
        client.get("/duties/late/")
    assert len(many) == len(few)


def test_the_button_presses_and_leads_back(world, people, client):
    [duty, *_] = late(world, 1)
    client.force_login(people.office)
    back = f"/duties/late/?organization={duty.organization_id}"
    answer = client.post(f"/duties/late/{duty.organization_id}/press/", {"next": back})
    assert (answer.status_code, answer.url) == (302, back)
    assert DutyStep.objects.filter(duty=duty).count() == 1
    elsewhere = client.post(
        f"/duties/late/{duty.organization_id}/press/", {"next": "https://elsewhere.example/"}
    )
    assert elsewhere.url == f"/duties/late/?organization={duty.organization_id}"
