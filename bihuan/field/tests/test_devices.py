"""A phone's key: who gets one, how long it is good, how it ends."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from bihuan.accounts.tests.world import sign_in
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, Refused
from bihuan.field.actions import revoke_device, sign_in_device
from bihuan.field.models import Device

from .conftest import Phone


def token(phone: Phone, **changes: str):
    sent = {"device": str(phone.device.pk), "refresh": phone.refresh} | changes
    return Client().post("/field/token/", json.dumps(sent), content_type="application/json")


def test_the_secret_gives_a_short_lived_key_for_the_field_and_nothing_else(phone):
    answer = token(phone)
    assert answer.status_code == 200
    assert answer.json()["seconds"] == 1800
    key = {"Authorization": f"Device {answer.json()['access']}"}
    assert Client().get("/field/sync/", headers=key).status_code == 200
    assert Client().get("/inspections/", headers=key).status_code == 302
    assert Client().get("/api/v1/inspections", headers=key).status_code == 401


def test_the_key_of_half_an_hour_ago_asks_for_a_new_one(phone):
    key = phone.headers
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=31)):
        answer = Client().get("/field/sync/", headers=key)
    assert (answer.status_code, answer.json()["code"]) == (401, "access")


@pytest.mark.parametrize("changes", [{"refresh": "falsch"}, {"device": str(uuid.uuid4())}, {"device": "x"}])
def test_a_wrong_secret_asks_to_sign_in(phone, changes):
    answer = token(phone, **changes)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in")


def test_after_seven_days_the_person_signs_in_again_and_goes_on(phone, people):
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        assert token(phone).json()["code"] == "sign_in"
        again = sign_in_device(phone.device.pk, name="测试手机", app="2", by=people.inspector)
        assert not again.is_new
        assert token(phone, refresh=again.refresh).status_code == 200
        assert token(phone).json()["code"] == "sign_in"
    assert Device.objects.count() == 1


def test_a_new_password_ends_the_key(phone, people):
    people.inspector.set_password("Anders-2026-ganz")
    people.inspector.save()
    assert token(phone).json()["code"] == "sign_in"


def test_a_deactivated_person_is_out(phone, people):
    people.inspector.is_active = False
    people.inspector.save()
    assert token(phone).status_code == 401


def test_a_revoked_phone_is_out_at_once_and_becomes_another_device(phone, people):
    key = phone.headers
    revoke_device(phone.device, by=people.inspector)
    assert Client().get("/field/sync/", headers=key).json()["code"] == "revoked"
    assert token(phone).json()["code"] == "revoked"
    with pytest.raises(Refused):
        sign_in_device(phone.device.pk, name="", app="", by=people.inspector)
    assert sign_in_device(uuid.uuid4(), name="", app="", by=people.inspector).is_new
    with pytest.raises(IllegalMove):
        revoke_device(Device.objects.get(pk=phone.device.pk), by=people.inspector)
    acts = list(Event.objects.filter(act__startswith="field.").order_by("id").values_list("act", flat=True))
    assert acts == ["field.register", "field.revoke", "field.register"]


def test_nobody_signs_in_anothers_phone(phone, people):
    with pytest.raises(Refused):
        sign_in_device(phone.device.pk, name="", app="", by=people.inspector2)


def test_only_people_who_inspect_get_a_key(people):
    with pytest.raises(PermissionDenied):
        sign_in_device(uuid.uuid4(), name="", app="", by=people.shop)


def test_somebody_elses_phone_cannot_be_revoked(phone, people):
    with pytest.raises(PermissionDenied):
        revoke_device(phone.device, by=people.inspector2)
    revoke_device(phone.device, by=people.secadmin)
    assert Device.objects.get().revoked_by == people.secadmin


def test_signing_in_needs_the_session_and_its_token(people):
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/field/devices/").status_code in {302, 403}
    browser.force_login(people.inspector)
    told = browser.get("/field/session/").json()
    assert (told["name"], told["may_inspect"]) == ("冯走访", True)
    sent = json.dumps({"id": str(uuid.uuid4()), "name": "手机", "app": "1"})
    refused = browser.post("/field/devices/", sent, content_type="application/json")
    assert refused.status_code == 403
    made = browser.post(
        "/field/devices/", sent, content_type="application/json", headers={"X-CSRFToken": told["csrf"]}
    )
    assert made.status_code == 201
    assert made.json().keys() == {"device", "refresh", "access", "seconds", "signed_until"}


def test_a_session_hands_in_with_csrf_only(people):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people.inspector)
    assert browser.get("/field/sync/").status_code == 200
    assert browser.post("/field/visits/", "{}", content_type="application/json").status_code == 403


def test_the_page_of_devices_shows_ones_own(client, phone, people):
    client.force_login(people.inspector)
    assert "测试手机" in client.get("/field/devices/").content.decode()
    client.force_login(people.inspector2)
    assert "测试手机" not in client.get("/field/devices/").content.decode()


def test_whoever_ends_sessions_finds_a_persons_phones(client, phone, people):
    Phone(people.inspector2)
    sign_in(client, people.secadmin)
    page = client.get("/field/devices/", {"q": "陈细"})
    assert [device.user for device in page.context["page"].items] == [people.inspector2]
    assert "没有这个人的设备" in client.get("/field/devices/", {"q": "查无此人"}).content.decode()
    assert client.get("/field/devices/", {"cursor": "x"}).status_code == 400


def test_who_inspects_no_more_is_told_so_and_that_the_drafts_stay(phone, people):
    headers = phone.headers
    people.inspector.holdings.update(to_on=dt.date(2026, 1, 2))
    answer = Client().get("/field/sync/", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "您的岗位已没有检查权限，请联系单位办理授权；草稿留在本机，也可以导出"
