"""Eight reviewers press at the same moment, on whichever database the suite runs."""

import pytest

from bihuan.accounts.models import User
from bihuan.accounts.tests.world import make_world
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove
from bihuan.core.tests.together import at_once
from bihuan.hazards import actions
from bihuan.hazards.models import Hazard, HazardTransition, Reinspection
from bihuan.hazards.tests.factories import make_hazard, make_submitted
from bihuan.tally.models import Delta

pytestmark = pytest.mark.django_db(transaction=True)
CLOSERS = 8


def test_one_of_eight_closers_succeeds():
    world = make_world()
    hazard = make_submitted(world)
    views = [Hazard.objects.get(pk=hazard.pk) for _ in range(CLOSERS)]
    people = [User.objects.get(username="qingshi_officer") for _ in range(CLOSERS)]

    results = at_once(
        lambda number: actions.reinspect(views[number], passed=True, by=people[number]), CLOSERS
    )

    refusals = [error for _, error in results if error is not None]
    assert [type(error) for error in refusals] == [IllegalMove] * 7
    assert Reinspection.objects.count() == 1
    assert HazardTransition.objects.filter(hazard=hazard, move="close").count() == 1
    assert Event.objects.filter(chain=f"hazards.hazard:{hazard.pk}", act="hazards.close").count() == 1
    assert sum(delta.closed for delta in Delta.objects.all()) == 1


def test_eight_copies_from_one_phone_are_one_hazard():
    world = make_world()
    number = "0e6b3a52-9a3c-4b6c-8a57-0f1f5d1f2f3a"
    people = [User.objects.get(username="inspector") for _ in range(CLOSERS)]
    results = at_once(lambda index: make_hazard(world, by=people[index], client_id=number).pk, CLOSERS)
    assert [error for _, error in results if error is not None] == []
    assert len({pk for pk, _ in results}) == 1
    assert Hazard.objects.count() == HazardTransition.objects.count() == 1
    assert sum(delta.found for delta in Delta.objects.all()) == 1
