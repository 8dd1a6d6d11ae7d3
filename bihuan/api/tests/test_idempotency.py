"""A network that sends twice, a program that retries, two at once: one act."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from bihuan.api.models import IdempotentAnswer
from bihuan.hazards.models import Hazard
from bihuan.inspections.models import Inspection

from .conftest import Caller, token_for
from .test_operations import visit_body


def body_for(world, **changes) -> dict:
    return {
        "enterprise": world.enterprises.shop.pk,
        "source": "inspection",
        "description": "燃气管穿越卧室",
        "found_on": timezone.localdate().isoformat(),
    } | changes


def test_the_same_key_acts_once_and_answers_alike(world, call):
    first = call("office").post("/hazards", body_for(world), key="night-0001")
    again = call("office").post("/hazards", body_for(world), key="night-0001")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Hazard.objects.count() == 1


def test_the_same_key_for_something_else_is_refused(world, call):
    call("office").post("/hazards", body_for(world), key="night-0001")
    other = call("office").post("/hazards", body_for(world, description="另一条"), key="night-0001")
    assert other.status_code == 422
    assert "另一项请求" in other.json()["detail"]
    assert Hazard.objects.count() == 1


def test_keys_belong_to_their_owner(world, call):
    call("office").post("/hazards", body_for(world), key="k")
    assert call("inspector").post("/hazards", body_for(world), key="k").status_code == 201
    assert Hazard.objects.count() == 2


def test_what_failed_may_be_tried_again_under_the_same_key(world, call):
    tomorrow = (timezone.localdate() + dt.timedelta(days=1)).isoformat()
    assert call("office").post("/hazards", body_for(world, found_on=tomorrow), key="k").status_code == 422
    assert IdempotentAnswer.objects.count() == 0
    assert call("office").post("/hazards", body_for(world), key="k").status_code == 201


@pytest.mark.parametrize("key", ["两个字", "a" * 81, "a b", " "])
def test_a_malformed_key_is_refused(world, call, key):
    assert call("office").post("/hazards", body_for(world), key=key).status_code == 422
    assert Hazard.objects.count() == 0


def test_answers_are_kept_for_a_week(world):
    with time_machine.travel(dt.datetime(2026, 11, 2, 1, 0, tzinfo=dt.UTC), tick=False):
        caller = Caller(token_for(world.people.office, expires_on=dt.date(2026, 12, 31)))
        caller.post("/hazards", body_for(world, found_on="2026-11-02"), key="k")
    with time_machine.travel(dt.datetime(2026, 11, 9, 2, 0, tzinfo=dt.UTC), tick=False):
        caller.post("/hazards", body_for(world, found_on="2026-11-02"), key="k")
    assert Hazard.objects.count() == 2


def test_an_inspection_sent_again_is_the_same_inspection(stage, call):
    body = visit_body(stage)
    first = call("inspector").post("/inspections", body)
    again = call("inspector").post("/inspections", body)
    assert first.json()["id"] == again.json()["id"]
    assert Inspection.objects.count() == 2
    assert first.json()["hazard_count"] == 1
    assert [paper["kind"] for paper in first.json()["papers"]] == ["inspection_record", "rectification_order"]
    changed = call("inspector").post("/inspections", body | {"opinion": "改了"})
    assert changed.status_code == 422
    assert "另开一份" in changed.json()["detail"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_at_once_act_once(world):
    token, body = token_for(world.people.office), body_for(world)

    def send(_: int) -> tuple[int, dict]:
        try:
            response = Caller(token).post("/hazards", body, key="storm")
            return response.status_code, response.json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {status for status, _ in answers} == {201}
    assert len({answer["id"] for _, answer in answers}) == 1
    assert Hazard.objects.count() == 1
    assert Hazard.objects.get().transitions.count() == 1
