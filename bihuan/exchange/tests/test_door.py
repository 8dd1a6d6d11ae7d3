"""The door: closed until opened, believes signatures only, once, in time, within limits; what both sides tell each other."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bihuan.core.errors import Refused
from bihuan.exchange import addresses, rounds
from bihuan.exchange.actions import announcing, identity, settling
from bihuan.exchange.client import Answer, Unreachable, tls_context
from bihuan.exchange.models import Knock, Package, Peer, Refusal, Stream
from bihuan.exchange.views import door
from bihuan.exchange.wire.archive import read_package
from bihuan.exchange.wire.door import ANSWER, HEADER, is_answer
from bihuan.exchange.wire.words import signed

from .fellow import Fellow, befriend, set_up


@pytest.fixture
def own(world):
    instance = set_up(world)
    identity.change_instance(instance, name=instance.name, address="", is_open=True, by=world.people.office)
    door.turnstile = door.Turnstile()
    return instance


@pytest.fixture
def fellow(world, own):
    fellow = Fellow()
    befriend(world, fellow)
    return fellow


def knock(fellow: Fellow, own: Any, act: str, body: bytes, **more: Any):
    header = more.pop("header", None) or fellow.header(act, body, own, at=more.pop("at", None))
    url = reverse(f"exchange:door_{more.pop('door', act)}")
    sent = more.pop("sent", body)
    return Client(enforce_csrf_checks=True).post(
        url, sent, content_type="application/octet-stream", headers=header
    )


def words_of(**more: Any) -> bytes:
    return json.dumps(
        {"schema": 1, "streams": [], "unsettled": [], "trusted": [], "receipts": []} | more
    ).encode()


def test_a_package_is_taken_in_and_the_answer_is_signed(own, fellow):
    data = fellow.note(own)
    answer = knock(fellow, own, "packages", data)
    assert answer.status_code == 200
    receipt = answer.json()["receipt"]
    assert (receipt["state"], receipt["sequence"]) == ("applied", 1)
    again = knock(fellow, own, "packages", data)
    assert again.json()["receipt"]["package"] == receipt["package"]
    assert Package.objects.count() == 1
    header = fellow.header("packages", data, own)
    answer = knock(fellow, own, "packages", data, header=header)
    nonce = header[HEADER].partition('nonce="')[2][:32]
    key = identity.current_key(own).public
    assert is_answer(answer[ANSWER], nonce, 200, answer.content, [key])
    assert not is_answer(answer[ANSWER], nonce, 200, answer.content + b" ", [key])


def test_a_closed_door_is_none(world, own, fellow):
    identity.change_instance(own, name=own.name, address="", is_open=False, by=world.people.office)
    for act in ("packages", "sync", "fetch"):
        assert knock(fellow, own, act, b"{}").status_code == 404


def test_who_does_not_sign_is_turned_away(own, fellow):
    data = fellow.note(own)
    assert knock(fellow, own, "packages", data, header={"X-Nothing": "x"}).status_code == 422
    assert knock(fellow, own, "packages", data, header={HEADER: 'act="packages"'}).status_code == 422
    stranger = Fellow(name="陌生人")
    assert knock(stranger, own, "packages", data).status_code == 403
    forger = Fellow(number=fellow.number)
    assert knock(forger, own, "packages", data).status_code == 403
    assert knock(fellow, own, "packages", data, sent=data[:-1] + b"!").status_code == 403
    assert knock(fellow, own, "sync", b"{}", door="fetch").status_code == 403
    assert not Package.objects.exists()
    assert Refusal.objects.count() == 4


def everything(peer: Peer) -> list[Any]:
    """All that a request could change, but for the note that somebody was refused."""
    rows = [Package, Stream, Knock, Peer, peer.keys.model]
    return [list(model.objects.order_by("pk").values()) for model in rows]


@pytest.mark.parametrize("act", ["packages", "sync", "fetch"])
def test_what_nobody_signed_changes_nothing_and_takes_nothing_along(world, own, fellow, act):
    peer = Peer.objects.get()
    waiting = announcing.send_note(peer, title="通知", text="只给登记的系统看", by=world.people.office)
    receipt = signed(
        "receipt",
        {
            "package": str(waiting.number), "digest": waiting.digest, "state": "applied", "from": str(fellow.number),
            "to": str(own.pk),
        },
        fellow.keys,
    )  # fmt: skip
    # Each would be taken from the fellow, as it stands.
    body = {
        "packages": fellow.note(own),
        "sync": words_of(receipts=[receipt], streams=[{"kind": "note", "upto": 1}]),
        "fetch": json.dumps({"package": str(waiting.number)}).encode(),
    }[act]
    stranger, forger = Fellow(name="陌生人"), Fellow(number=fellow.number)
    other = {"packages": "sync", "sync": "fetch", "fetch": "packages"}[act]
    before = everything(peer)
    answers = [
        knock(fellow, own, act, body, header={"X-Nothing": "x"}),
        knock(stranger, own, act, body),
        knock(forger, own, act, body),
        knock(fellow, own, act, b"{}", sent=body),
        knock(fellow, own, other, body, door=act),
        knock(fellow, own, act, body, at=timezone.now() - dt.timedelta(days=1)),
    ]
    assert [answer.status_code for answer in answers] == [422, 403, 403, 403, 403, 403]
    assert everything(peer) == before
    for answer in answers:
        assert ANSWER not in answer
        assert str(waiting.number) not in answer.content.decode()
    assert knock(fellow, own, act, body).status_code == 200
    assert everything(peer) != before


@pytest.mark.parametrize("minutes", [-11, 11, 600])
def test_a_clock_that_is_wrong_is_told(own, fellow, minutes):
    at = timezone.now() + dt.timedelta(minutes=minutes)
    answer = knock(fellow, own, "sync", words_of(), at=at)
    assert answer.status_code == 403
    assert "时钟" in answer.json()["detail"]


def test_a_captured_request_is_not_answered_twice(own, fellow):
    body = words_of()
    header = fellow.header("sync", body, own)
    assert knock(fellow, own, "sync", body, header=header).status_code == 200
    again = knock(fellow, own, "sync", body, header=header)
    assert (again.status_code, "已经处理过" in again.json()["detail"]) == (403, True)
    assert Knock.objects.count() == 1
    rounds.tidy(timezone.now() + dt.timedelta(hours=1))
    assert not Knock.objects.exists()
    assert (
        knock(fellow, own, "sync", body, header=header).status_code == 200
    )  # its time has not passed in this test


def test_limits(own, fellow, settings, monkeypatch):
    monkeypatch.setitem(door.LIMITS, "fetch", 100)
    assert knock(fellow, own, "fetch", b"x" * 101).status_code == 413
    settings.EXCHANGE_PER_MINUTE = 3
    door.turnstile = door.Turnstile()
    seen = [knock(fellow, own, "sync", words_of()).status_code for _ in range(5)]
    assert seen == [200, 200, 200, 429, 429]


def test_the_turnstile_forgets_after_a_minute_and_does_not_grow():
    turnstile = door.Turnstile(most_addresses=10)
    assert [turnstile.lets_in("a", limit=2, now=at) for at in (0, 1, 2, 61)] == [True, True, False, True]
    for number in range(100):
        turnstile.lets_in(str(number), limit=2, now=62)
    assert len(turnstile._seen) == 10


def test_a_refused_package_gets_its_reason_signed(own, fellow):
    answer = knock(fellow, own, "packages", fellow.note(own, receiver=fellow.number))
    assert (answer.status_code, "不是发给本系统的" in answer.json()["detail"]) == (422, True)
    assert answer[ANSWER]


def test_who_comes_takes_along_what_waits_and_brings_receipts(world, own, fellow):
    peer = Peer.objects.get()
    package = announcing.send_note(peer, title="通知", text="请查收", by=world.people.office)
    said = knock(fellow, own, "sync", words_of()).json()
    assert said["packages"] == said["asks"] == [str(package.number)]
    body = json.dumps({"package": str(package.number)}).encode()
    answer = knock(fellow, own, "fetch", body)
    assert read_package(answer.content).is_by(identity.current_key(own).public)
    assert knock(fellow, own, "fetch", b'{"package":"nothing"}').status_code == 404
    receipt = signed(
        "receipt",
        {
            "package": str(package.number), "digest": package.digest, "state": "applied", "note": "已送达", "kind": "note",
            "sequence": 1, "at": timezone.now().isoformat(), "from": str(fellow.number), "to": str(own.pk),
        },
        fellow.keys,
    )  # fmt: skip
    said = knock(
        fellow, own, "sync", words_of(receipts=[receipt], streams=[{"kind": "note", "upto": 1}])
    ).json()
    assert said["packages"] == said["asks"] == []
    package.refresh_from_db()
    assert (package.status, package.note, package.receipt) == ("applied", "已送达", receipt)
    row = Stream.objects.get(direction="out")
    assert (row.theirs, row.their_missing) == (1, [])


def test_a_forged_receipt_changes_nothing(world, own, fellow):
    peer = Peer.objects.get()
    package = announcing.send_note(peer, title="通知", text="请查收", by=world.people.office)
    body = {
        "package": str(package.number), "digest": package.digest, "state": "applied", "from": str(fellow.number), "to": str(own.pk),
    }  # fmt: skip
    forged = [
        signed("receipt", body, Fellow().keys),
        signed("card", body, fellow.keys),
        signed("receipt", body, fellow.keys) | {"state": "refused"},
        signed("receipt", body | {"digest": "sm3:" + "0" * 64}, fellow.keys),
        signed("receipt", body | {"to": str(fellow.number)}, fellow.keys),
        {"package": "x"},
    ]
    assert not any(settling.take_receipt(peer, words) for words in forged)
    package.refresh_from_db()
    assert package.status == "queued"
    assert settling.take_receipt(peer, signed("receipt", body, fellow.keys))
    assert not settling.take_receipt(peer, signed("receipt", body | {"state": "refused"}, fellow.keys))


def test_nonsense_in_words_is_passed_over(world, own, fellow):
    announcing.send_note(Peer.objects.get(), title="通知", text="请查收", by=world.people.office)
    for words in (
        {"streams": "x"}, {"streams": [{"kind": 3}]}, {"streams": [{"kind": "note", "upto": -1}]}, {"receipts": "x"},
        {"trusted": {"a": 1}}, {"unsettled": [None, {}]}, {"streams": [{"kind": "note", "upto": 1, "missing": "all"}]},
        {"streams": [{"kind": "note", "upto": 10**30}]}, {"streams": [{"kind": "note", "upto": 0, "missing": [10**30]}]},
    ):  # fmt: skip
        assert knock(fellow, own, "sync", words_of(**words)).status_code == 200
    assert knock(fellow, own, "sync", b"[]").status_code == 422
    assert knock(fellow, own, "sync", b"\xff\xfe").status_code == 422


# --- rounds -----------------------------------------------------------------------------------


class Far:
    """The other side, at the end of a line that may be dead."""

    def __init__(self, fellow: Fellow, own: Any) -> None:
        self.fellow, self.own = fellow, own
        self.dead = False
        self.got: list[int] = []
        self.refuses: dict[str, str] = {}

    def __call__(self, peer: Peer, act: str, body: bytes) -> Answer:
        if self.dead:
            raise Unreachable("连接对方失败，网络不通或对方没有启动")
        if act == "sync":
            upto = len(set(self.got))
            said = {
                "receipts": [],
                "streams": [{"kind": "note", "upto": upto}],
                "trusted": [],
                "packages": [],
                "asks": [],
            }
            return Answer(200, json.dumps(said).encode())
        opened = read_package(body)
        if reason := self.refuses.get(opened.manifest.kind):
            return Answer(422, json.dumps({"detail": reason}, ensure_ascii=False).encode())
        self.got.append(opened.manifest.sequence)
        receipt = {
            "package": str(opened.manifest.id), "digest": opened.manifest.digest, "state": "applied", "note": "好",
            "from": str(self.fellow.number), "to": str(self.own.pk),
        }  # fmt: skip
        return Answer(200, json.dumps({"receipt": signed("receipt", receipt, self.fellow.keys)}).encode())


@pytest.fixture
def pushed(world, own):
    fellow = Fellow()
    peer = befriend(world, fellow, reach="push", address="https://jie.example.gov.cn")
    return peer, Far(fellow, own)


def test_a_dead_line_is_tried_again_at_growing_intervals(world, pushed):
    peer, far = pushed
    far.dead = True
    announcing.send_note(peer, title="通知", text="请查收", by=world.people.office)
    waits = []
    now = timezone.now()
    for _ in range(9):
        rounds.exchange_all(now, using=far)
        peer.refresh_from_db()
        waits.append(round((peer.next_try_at - timezone.now()).total_seconds()))
        assert rounds.exchange_all(now, using=far).failed == 0  # not before its time
        now = peer.next_try_at
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert (peer.failures, peer.last_error[:6]) == (9, "连接对方失败")
    far.dead = False
    assert rounds.exchange_all(now, using=far).sent == 1
    peer.refresh_from_db()
    assert (peer.failures, peer.last_error, peer.next_try_at) == (0, "", None)
    assert Package.objects.get(direction="out").status == "applied"


def test_one_peer_that_answers_nonsense_does_not_keep_the_others_waiting(world, own, pushed):
    first, far = pushed
    second = befriend(world, Fellow(), reach="push", address="https://zhen.example.gov.cn")

    def answer(peer: Peer, act: str, body: bytes) -> Answer:
        if peer.pk == first.pk:
            raise ValueError("what nobody thought of")
        return far(peer, act, body)

    announcing.send_note(first, title="通知", text="请查收", by=world.people.office)
    assert rounds.exchange_all(timezone.now(), using=answer).failed == 1
    for peer in (first, second):
        peer.refresh_from_db()
    assert (first.failures, second.failures, second.reached_at is None) == (1, 0, False)


def test_what_the_other_side_cannot_take_yet_waits_and_the_rest_goes_on(world, pushed):
    peer, far = pushed
    far.refuses["key"] = "对方版本太旧"
    identity.prepare_key(identity.needed_instance(), by=world.people.office)
    announcing.send_note(peer, title="通知", text="请查收", by=world.people.office)
    done = rounds.exchange_all(timezone.now(), using=far)
    assert (done.sent, done.failed) == (1, 1)
    waiting = Package.objects.get(direction="out", kind="key")
    assert (waiting.status, waiting.note) == ("queued", "对方版本太旧")
    peer.refresh_from_db()
    assert peer.last_error == "对方版本太旧"
    far.refuses.clear()
    rounds.exchange_all(peer.next_try_at, using=far)
    waiting.refresh_from_db()
    assert waiting.status == "applied"


def test_a_receiver_back_from_a_backup_gets_it_all_again(world, pushed):
    peer, far = pushed
    for _ in range(3):
        announcing.send_note(peer, title="通知", text="请查收", by=world.people.office)
    rounds.exchange_all(timezone.now(), using=far)
    Package.objects.update(moved_at=timezone.now() - dt.timedelta(minutes=5))
    far.got = [1]
    rounds.exchange_all(timezone.now(), using=far)
    assert far.got == [1, 2, 3]
    assert set(Package.objects.filter(direction="out").values_list("status", flat=True)) == {"applied"}


def test_a_sender_back_from_a_backup_goes_on_after_what_the_other_has(world, own, pushed):
    peer, _ = pushed
    announcing.send_note(peer, title="通知", text="请查收", by=world.people.office)
    settling.take_view(peer, [{"kind": "note", "upto": 7, "digest": "sm3:" + "a" * 64}])
    row = Stream.objects.get(direction="out")
    assert "较早的备份" in row.trouble
    with pytest.raises(PermissionDenied):
        settling.catch_up_numbers(row, reason="恢复", by=world.people.office_leader)
    settling.catch_up_numbers(row, reason="从周日的备份恢复", by=world.people.office)
    package = announcing.send_note(peer, title="通知", text="请查收", by=world.people.office)
    assert (package.sequence, package.previous) == (8, "sm3:" + "a" * 64)
    with pytest.raises(Refused):
        settling.catch_up_numbers(row, reason="再来", by=world.people.office)


def test_tls_is_checked_and_not_old():
    context = tls_context()
    assert (context.minimum_version.name, context.check_hostname, context.verify_mode.name) == (
        "TLSv1_2",
        True,
        "CERT_REQUIRED",
    )


def test_a_name_that_leads_to_this_machine_is_not_called(monkeypatch):
    def found(*where: Any, **more: Any):
        return [(2, 1, 6, "", ("127.0.0.1", 443))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", found)
    with pytest.raises(Refused, match="本机"):
        addresses.resolve(addresses.target_of("https://innocent.example"))
