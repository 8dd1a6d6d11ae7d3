"""Eight reviewers press at the same moment, on whichever database the suite runs."""

from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bihuan.accounts.models import User
from bihuan.accounts.tests.world import make_world
from bihuan.audit.models import Event, Head
from bihuan.audit.verification import verify
from bihuan.core.errors import IllegalMove
from bihuan.core.tests.together import at_once
from bihuan.duties.models import Duty
from bihuan.hazards import actions
from bihuan.hazards.models import Hazard, HazardTransition, Rectification, Reinspection
from bihuan.hazards.tests.factories import make_hazard, make_submitted
from bihuan.notifications.models import Message
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


def verified(*hazards) -> bool:
    return not verify().findings and all(
        list(
            Event.objects.filter(chain=f"hazards.hazard:{hazard.pk}")
            .order_by("seq")
            .values_list("seq", flat=True)
        )
        == list(range(1, 1 + Event.objects.filter(chain=f"hazards.hazard:{hazard.pk}").count()))
        for hazard in hazards
    )


def test_sixteen_people_on_sixteen_hazards_all_succeed():
    world = make_world()
    hazards = [make_hazard(world, description=f"第{number}处") for number in range(16)]
    people = [User.objects.get(username="shop") for _ in hazards]
    results = at_once(
        lambda number: actions.submit_rectification(hazards[number], text="已改", by=people[number]), 16
    )
    assert [error for _, error in results if error is not None] == []
    assert HazardTransition.objects.filter(move="submit").count() == 16
    assert Duty.objects.open().filter(kind="hazard_review").count() == 16
    assert not Duty.objects.open().filter(kind="hazard_rectify").exists()
    assert verified(*hazards)


def test_sixteen_threads_press_on_one_hazard_again_and_again():
    """Whoever is quicker moves it; nobody else leaves a trace, and the chain stays whole."""
    world = make_world()
    hazard = make_hazard(world)

    def press(number: int) -> int:
        made = 0
        shop, reviewer = (User.objects.get(username=name) for name in ("shop", "qingshi_officer"))
        for _ in range(4):
            seen = Hazard.objects.get(pk=hazard.pk)
            try:
                if seen.status == "rectifying":
                    actions.submit_rectification(seen, text=f"第{number}人", by=shop)
                else:
                    actions.reinspect(
                        seen, passed=False, reason_type="not_rectified", text="未改", by=reviewer
                    )
                made += 1
            except IllegalMove:
                continue
        return made

    results = at_once(press, 16)
    assert [error for _, error in results if error is not None] == []
    made = sum(number for number, _ in results)
    assert made >= 4  # at least the quickest thread of each round
    lines = list(HazardTransition.objects.filter(hazard=hazard).order_by("pk"))
    assert len(lines) == 1 + made
    assert all(before.to_status == after.from_status for before, after in pairwise(lines))
    assert Rectification.objects.count() + Reinspection.objects.count() == made
    assert Duty.objects.open().filter(subject=f"hazards.hazard:{hazard.pk}").count() == 1
    assert verified(hazard)


def test_a_failure_in_the_middle_leaves_nothing(monkeypatch):
    world = make_world()
    hazard = make_hazard(world)
    before = [model.objects.count() for model in (Event, Head, Delta, Duty, HazardTransition, Message)]
    # A duty the database refuses (no such post), last in the act but for the messages.
    monkeypatch.setattr(
        "bihuan.hazards.actions.door.add_duty",
        lambda writes, *args, **named: writes.insert(
            Head, {"chain": f"hazards.hazard:{hazard.pk}", "seq": 9, "hash": ""}
        ),
    )
    with pytest.raises(IntegrityError):
        actions.submit_rectification(hazard, text="已改", by=world.people.shop)
    after = [model.objects.count() for model in (Event, Head, Delta, Duty, HazardTransition, Message)]
    assert after == before
    assert Rectification.objects.count() == 0
    assert hazard.status == Hazard.objects.get(pk=hazard.pk).status == "rectifying"
    assert verified(hazard)


def test_an_act_rolled_back_tells_nobody():
    world = make_world()
    hazard = make_hazard(world)
    told = Message.objects.count()

    def act_and_fail() -> None:
        with transaction.atomic():
            actions.submit_rectification(hazard, text="已改", by=world.people.shop)
            assert Message.objects.count() == told + 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act_and_fail()
    assert Message.objects.count() == told
    assert HazardTransition.objects.filter(move="submit").count() == 0


def test_an_act_is_one_read_and_one_write():
    """On PostgreSQL two round trips and no transaction around them; SQLite has no round trips to save."""
    world = make_world()
    hazard, person = make_hazard(world), world.people.shop
    person.posts  # noqa: B018 - a request has loaded who is asking
    actions.submit_rectification(
        make_hazard(world), text="已改", by=person
    )  # a process looks sequences up once
    with CaptureQueriesContext(connection) as queries:
        actions.submit_rectification(hazard, text="已改", by=person)
    assert len(queries) <= {"postgresql": 2, "sqlite": 20}[connection.vendor]


def test_grading_which_opens_two_duties_is_one_read_and_one_write_too():
    world = make_world()
    hazard, person = make_hazard(world), world.people.office
    person.posts  # noqa: B018 - a request has loaded who is asking
    actions.grade_major(hazard, reason="符合判定标准", by=person)
    actions.downgrade(hazard, reason="经复核不符合", by=person)
    with CaptureQueriesContext(connection) as queries:
        actions.grade_major(hazard, reason="符合判定标准", by=person)
    assert len(queries) <= {"postgresql": 2, "sqlite": 22}[connection.vendor]
    kinds = Duty.objects.open().order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == ["major_plan", "report"]
    assert verified(hazard)
