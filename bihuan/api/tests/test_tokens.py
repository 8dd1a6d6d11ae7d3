"""A token is its owner, until it ends."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from bihuan.accounts.actions.security import create_token, revoke_token
from bihuan.accounts.models import ApiToken

from .conftest import Caller, token_for

NOON = dt.datetime(2026, 11, 2, 4, 0, tzinfo=dt.UTC)


def test_the_last_day_still_counts(world):
    with time_machine.travel(dt.datetime(2026, 11, 2, 15, 59, tzinfo=dt.UTC), tick=False):
        caller = Caller(token_for(world.people.office, expires_on=dt.date(2026, 11, 2)))
        assert caller.get("/regions").status_code == 200
    with time_machine.travel(dt.datetime(2026, 11, 2, 16, 1, tzinfo=dt.UTC), tick=False):
        assert caller.get("/regions").status_code == 401


def test_a_token_made_on_the_profile_page_opens_the_api_until_it_is_revoked(world):
    until = timezone.localdate() + dt.timedelta(days=90)
    token, raw = create_token(world.people.inspector, name="街道数据屏", expires_on=until)
    assert Caller(raw).get("/hazards").status_code == 200
    revoke_token(token, by=world.people.inspector)
    assert Caller(raw).get("/hazards").status_code == 401


def test_a_revoked_token_is_nobody(world):
    caller = Caller(token_for(world.people.office, revoked_at=timezone.now()))
    response = caller.get("/regions")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="bihuan"'
    assert "令牌" in response.json()["detail"]


def test_who_left_has_no_token(world):
    caller = Caller(token_for(world.people.office))
    world.people.office.is_active = False
    world.people.office.save()
    assert caller.get("/regions").status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic eDp5", "Bearer \u00e9\u00e9", "Bearer " + "x" * 500, "bh_1"]
)
def test_odd_headers_are_nobody(world, client, header):
    assert client.get("/api/v1/regions", headers={"Authorization": header}).status_code == 401


def test_a_session_is_no_token(world, client):
    client.force_login(world.people.office)
    response = client.get("/api/v1/hazards")
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"


def test_use_is_noted_once_a_minute(world):
    caller = Caller(token_for(world.people.office))
    used = []
    for seconds in (0, 30, 59, 61):
        with time_machine.travel(NOON + dt.timedelta(seconds=seconds), tick=False):
            caller.get("/regions")
            used.append(ApiToken.objects.get().last_used_at)
    assert used == [NOON, NOON, NOON, NOON + dt.timedelta(seconds=61)]
