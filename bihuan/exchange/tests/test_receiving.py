"""What comes in: once however often, in order however it arrives, refused in words, nothing half-done."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import at_once, outcomes
from bihuan.exchange import kinds
from bihuan.exchange.actions import carrying, identity, peering, receiving, settling
from bihuan.exchange.actions.receiving import receive
from bihuan.exchange.kinds import Kind, Outcome, register_kind
from bihuan.exchange.models import OwnKey, Package, Peer, PeerKey, Refusal, Stream
from bihuan.exchange.relations import ANYWHERE, mirrored, relation
from bihuan.exchange.wire.errors import BadPackage
from bihuan.exchange.wire.keys import PrivateKeys
from bihuan.exchange.wire.manifest import Strict
from bihuan.exchange.wire.sealing import seal_to
from bihuan.exchange.wire.words import is_signed
from bihuan.exchange.workflow import (
    HANDOVER_RULES,
    PACKAGE_RULES,
    PEER_RULES,
    HandoverMove,
    HandoverStatus,
    PackageMove,
    PackageStatus,
    PeerMove,
    PeerStatus,
)
from bihuan.notifications.models import Message

from .fellow import Fellow, befriend, set_up

# By hand: (status, move).
LEGAL_PEER = {
    ("pending", "verify"), ("pending", "edit"), ("pending", "retire"), ("active", "edit"), ("active", "suspend"),
    ("active", "retire"), ("active", "trust_key"), ("active", "drop_key"), ("suspended", "edit"), ("suspended", "resume"),
    ("suspended", "retire"), ("suspended", "trust_key"), ("suspended", "drop_key"),
}  # fmt: skip
LEGAL_PACKAGE = {
    ("queued", "hand_out"), ("handed", "hand_out"), ("sent", "hand_out"), ("queued", "deliver"), ("handed", "deliver"),
    ("sent", "deliver"), ("handed", "resend"), ("sent", "resend"), ("applied", "resend"), ("queued", "acknowledge"),
    ("handed", "acknowledge"), ("sent", "acknowledge"), ("queued", "rejected"), ("handed", "rejected"), ("sent", "rejected"),
    ("held", "ready"), ("held", "apply"), ("waiting", "apply"), ("held", "refuse"), ("waiting", "refuse"),
    ("held", "dispute"), ("waiting", "dispute"), ("conflict", "settle"),
}  # fmt: skip
LEGAL_HANDOVER = {("sent", "accept"), ("sent", "return"), ("accepted", "answer")}


@pytest.mark.parametrize(
    ("rules", "statuses", "moves", "legal"),
    [
        (PEER_RULES, PeerStatus, PeerMove, LEGAL_PEER),
        (PACKAGE_RULES, PackageStatus, PackageMove, LEGAL_PACKAGE),
        (HANDOVER_RULES, HandoverStatus, HandoverMove, LEGAL_HANDOVER),
    ],
)
def test_the_tables(rules, statuses, moves, legal):
    found = {
        (status, move)
        for status in statuses.values
        for move in moves.values
        if move in rules and status in rules[move].sources
    }
    assert found == legal


@pytest.mark.parametrize(
    ("own", "theirs", "said"),
    [
        ("5397", "53", "upper"), ("5397", "539702", "lower"), ("5397", "5397", "same"), ("539702", "539721", "aside"),
        ("539702001", "5397", "upper"), ("5397", "52", "aside"),
    ],
)  # fmt: skip
def test_who_stands_above_whom(own, theirs, said):
    assert relation(own, theirs) == said
    assert relation(theirs, own) == mirrored(said)


@pytest.fixture
def own(world):
    return set_up(world)


@pytest.fixture
def fellow(world, own):
    fellow = Fellow()
    befriend(world, fellow)
    return fellow


def take(data: bytes, **fields: Any) -> Package:
    return receive(data, way="door", **fields)


def test_a_letter_arrives_once_and_the_office_is_told(world, own, fellow, django_capture_on_commit_callbacks):
    data = fellow.note(own)
    with django_capture_on_commit_callbacks(execute=True):
        package = take(data)
    assert (package.status, package.sequence, package.note) == ("applied", 1, "已送达")
    with django_capture_on_commit_callbacks(execute=True):
        again = take(data)
    assert again.pk == package.pk
    assert Package.objects.count() == 1
    assert (
        Message.objects.filter(recipient=world.people.office, title__contains="青石街道应急办").count() == 1
    )
    assert [line.move for line in package.transitions.all()] == ["receive", "ready", "apply"]


def test_the_receipt_says_what_became_of_it_and_is_signed(own, fellow):
    package = take(fellow.note(own))
    receipt = settling.receipt_of(package, own)
    assert (receipt["state"], receipt["sequence"], receipt["package"]) == ("applied", 1, str(package.number))
    assert is_signed("receipt", receipt, identity.current_key(own).public)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[1::5])
def test_out_of_order_is_held_and_asked_for(own, fellow, order):
    letters = [fellow.note(own, f"第{number}封") for number in range(1, 5)]
    for number in order:
        take(letters[number])
    assert list(Package.objects.order_by("sequence").values_list("status", flat=True)) == ["applied"] * 4
    applied = Package.objects.order_by("settled_at").values_list("sequence", flat=True)
    assert list(applied) == [1, 2, 3, 4]


def test_a_gap_is_known_by_its_numbers(own, fellow):
    letters = [fellow.note(own) for _ in range(5)]
    for number in (0, 2, 4):
        take(letters[number])
    peer = Peer.objects.get()
    (view,) = settling.view_of(peer)
    assert (view["upto"], view["missing"], view["held"]) == (1, [2, 4], [3, 5])
    assert settling.receipt_of(Package.objects.get(sequence=3), own)["state"] == "held"
    take(letters[1])
    (view,) = settling.view_of(peer)
    assert (view["upto"], view["missing"]) == (3, [4])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(0, 4), min_size=5, max_size=12))
def test_any_order_with_any_repetition_ends_alike(world, own, order):
    fellow = Fellow(region="539702101", region_name="白塔镇", name="白塔镇")
    peer = befriend(world, fellow)
    letters = [fellow.note(own, f"第{number}封") for number in range(5)]
    for number in [*order, *range(5)]:
        take(letters[number])
    rows = Package.objects.filter(peer=peer)
    assert sorted(rows.values_list("sequence", "status")) == [(number, "applied") for number in range(1, 6)]
    assert Stream.objects.get(peer=peer, direction="in").last_sequence == 5


def test_one_number_for_two_packages_is_a_conflict_a_person_closes(world, own, fellow):
    take(fellow.note(own))
    other = fellow.note(own, "另一封", sequence=1, previous="")
    package = take(other)
    assert (package.status, "已经收过另一个包" in package.note) == ("conflict", True)
    assert settling.receipt_of(package, own)["state"] == "refused"
    assert take(other).pk == package.pk
    with pytest.raises(ReasonRequired):
        settling.settle_conflict(package, reason=" ", by=world.people.office)
    settling.settle_conflict(package, reason="对方从备份恢复，已核实", by=world.people.office)
    package.refresh_from_db()
    assert package.status == "settled"
    assert Stream.objects.get(direction="in").last_sequence == 1


def test_a_broken_chain_is_a_conflict_and_the_right_one_still_comes(own, fellow):
    take(fellow.note(own))
    right = fellow.note(own, "第二封")
    wrong = fellow.note(own, "冒充第二封", sequence=2, previous="sm3:" + "0" * 64)
    assert take(wrong).status == "conflict"
    assert take(right).status == "applied"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "nonsense"}, "不认识这种内容"),
        ({"kind": "plan"}, "不应由这一级发来"),
        ({"region": "539721"}, "不在对方区划"),
        ({"version": 7}, "第 7 版"),
    ],
)
def test_what_may_not_be_is_refused_and_the_row_goes_on(own, fellow, changed, said):
    package = take(fellow.note(own, **changed))
    assert package.status == "refused"
    assert said in package.note
    kind = changed.get("kind", "note")
    assert Stream.objects.get(direction="in", kind=kind).last_sequence == 1
    receipt = settling.receipt_of(package, own)
    assert (receipt["state"], receipt["note"]) == ("refused", package.note)


def test_contents_out_of_shape_are_refused(own, fellow):
    assert "格式" in take(fellow.package("note", {"text": "", "author": "x", "files": []}, own)).note
    assert (
        "格式" in take(fellow.package("note", {"text": "x", "author": "x", "files": [], "more": 1}, own)).note
    )


def test_older_contents_are_brought_up_to_date(own, fellow, monkeypatch):
    class Memo(Strict):
        words: str
        urgent: bool

    heard = []

    def unpack(arrival):
        heard.append(arrival.content)
        return Outcome("收到")

    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    register_kind(
        Kind(
            "memo", "便函", ANYWHERE, Memo, unpack, lambda content: [], version=3,
            older={1: lambda old: {"words": old["text"]}, 2: lambda old: old | {"urgent": False}},
        )
    )  # fmt: skip
    assert take(fellow.package("memo", {"text": "旧写法"}, own, version=1)).status == "applied"
    fellow.last["memo"] = (1, Package.objects.get(kind="memo").digest)
    assert take(fellow.package("memo", {"words": "中写法"}, own, version=2)).status == "applied"
    assert [(each.words, each.urgent) for each in heard] == [("旧写法", False), ("中写法", False)]


def test_a_failing_unpacking_is_tried_again_and_then_refused(own, fellow, monkeypatch):
    def unpack(arrival):
        raise RuntimeError("disk full")

    class Memo(Strict):
        words: str

    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    register_kind(Kind("memo", "便函", ANYWHERE, Memo, unpack, lambda content: []))
    package = take(fellow.package("memo", {"words": "x"}, own))
    assert package.status == "waiting"
    for _ in range(4):
        receiving.retry_waiting()
    package.refresh_from_db()
    assert (package.status, "多次出错" in package.note) == ("refused", True)


def test_strangers_forgers_and_misdelivered_packages_leave_a_note(world, own, fellow):
    stranger = Fellow(name="陌生人")
    cases = [
        (stranger.note(own), "没有登记"),
        (Fellow(number=fellow.number).note(own), "没有核对过"),
        (fellow.note(own, receiver=stranger.number), "不是发给本系统的"),
        (b"nonsense", "不是交换包"),
    ]
    for data, said in cases:
        with pytest.raises(BadPackage, match=said):
            take(data)
    assert Refusal.objects.count() == 4
    assert not Package.objects.exists()


def test_nobody_delivers_for_somebody_else(world, own, fellow):
    other = befriend(world, Fellow(region="539702101", name="白塔镇"))
    with pytest.raises(BadPackage, match="不能代送"):
        take(fellow.note(own), peer=other)


def test_a_suspended_peer_is_not_heard(world, own, fellow):
    peer = Peer.objects.get()
    peering.move_peer(peer, "suspend", reason="对方系统疑似被入侵", by=world.people.office)
    with pytest.raises(BadPackage, match="暂停"):
        take(fellow.note(own))
    peering.move_peer(peer, "resume", by=world.people.office)
    assert take(fellow.note(own, sequence=1, previous="")).status == "applied"


def test_sealed_to_us_is_opened_also_under_an_old_key(world, own, fellow):
    data = seal_to(fellow.note(own), identity.current_key(own).public)
    identity.prepare_key(own, by=world.people.office)
    identity.start_key(own, by=world.people.office, reason="对方电话告知已核对")
    assert take(data).status == "applied"
    with pytest.raises(BadPackage, match="不是密封给本系统"):
        take(seal_to(fellow.note(own), PrivateKeys.generate().public))


@pytest.mark.django_db(transaction=True)
def test_the_same_package_delivered_by_two_at_once(world):
    own = set_up(world)
    fellow = Fellow()
    befriend(world, fellow)
    for _ in range(3):
        letters = [fellow.note(own), fellow.note(own)]
        sent = [*letters, *reversed(letters)]
        taken = at_once(lambda number, sent=sent: take(sent[number]).status, 4)
        assert [error for _, error in taken] == [None] * 4
    receiving.retry_waiting()
    assert sorted(Package.objects.values_list("sequence", "status")) == [
        (number, "applied") for number in range(1, 7)
    ]
    assert Stream.objects.get(direction="in").last_sequence == 6
    for package in Package.objects.all():
        assert [line.move for line in package.transitions.all()] == ["receive", "ready", "apply"]


# --- peers and keys ---------------------------------------------------------------------------


def test_a_card_stands_for_itself(world, own):
    fellow = Fellow()
    from bihuan.core.digest import canonical_json

    words = fellow.card()
    assert peering.read_card(canonical_json(words)).region == "539702001"
    for name, value in (
        ("address", "https://evil.example"),
        ("region", "53"),
        ("name", "别人"),
        ("signing", words["sealing"]),
    ):
        with pytest.raises(BadPackage):
            peering.read_card(canonical_json(words | {name: value}))
    with pytest.raises(BadPackage):
        peering.read_card(b"[]")


def test_a_peer_is_believed_after_the_fingerprint_was_read_out(world, own):
    from bihuan.core.digest import canonical_json

    fellow = Fellow()
    office = world.people.office
    peer = peering.register(peering.read_card(canonical_json(fellow.card())), reach="file", by=office)
    with pytest.raises(BadPackage, match="没有核对过"):
        take(fellow.note(own))
    with pytest.raises(Refused, match="不一致"):
        peering.verify(peer, fingerprint="0" * 32, spoken_with="郑守一", by=office)
    with pytest.raises(Refused, match="哪一位"):
        peering.verify(peer, fingerprint=fellow.keys.public.fingerprint, spoken_with=" ", by=office)
    peering.verify(peer, fingerprint=fellow.keys.public.fingerprint.lower(), spoken_with="郑守一", by=office)
    assert take(fellow.note(own, sequence=1, previous="")).status == "applied"
    with pytest.raises(IllegalMove):
        peering.register(peering.read_card(canonical_json(fellow.card())), reach="file", by=office)


def test_ourselves_and_bad_addresses_are_refused(world, own):
    from bihuan.core.digest import canonical_json

    with pytest.raises(Refused, match="自己"):
        peering.register(
            peering.read_card(canonical_json(identity.card(own))), reach="file", by=world.people.office
        )
    for address in (
        "http://anwei.example", "https://user:pw@host.example", "https://host.example/?q=1", "ftp://host.example",
        "https://127.0.0.1", "https://[::1]/", "https://169.254.169.254", "https://0.0.0.0", "https://", "file:///etc/passwd",
        "https://[::ffff:127.0.0.1]/", "https://host.example#x", "https://h/../../x",
    ):  # fmt: skip
        card = peering.read_card(canonical_json(Fellow().card()))
        with pytest.raises(Refused):
            peering.register(card, reach="push", address=address, by=world.people.office)


def test_only_the_office_that_answers_for_a_place_may(world, own):
    from bihuan.core.digest import canonical_json

    card = peering.read_card(canonical_json(Fellow(region="539721", name="临江县").card()))
    for person in (
        world.people.county_office,
        world.people.office_leader,
        world.people.inspector,
        world.people.shop,
    ):
        with pytest.raises(PermissionDenied):
            peering.register(card, reach="file", by=person)
    with pytest.raises(PermissionDenied):
        identity.change_instance(own, name="x", address="", is_open=True, by=world.people.county_office)
    street = peering.read_card(canonical_json(Fellow().card()))
    assert peering.register(street, reach="file", by=world.people.county_office).pk


def test_a_change_of_keys_overlaps(world, own, fellow):
    office, peer = world.people.office, Peer.objects.get()
    old = identity.current_key(own)
    new = identity.prepare_key(own, by=office)
    assert Package.objects.get(kind="key", direction="out").peer == peer
    with pytest.raises(IllegalMove):
        identity.prepare_key(own, by=office)
    with pytest.raises(ReasonRequired):
        identity.start_key(own, by=office)
    settling.take_trusted(peer, [old.fingerprint, new.fingerprint])
    identity.start_key(own, by=office)
    assert identity.current_key(own) == new
    old.refresh_from_db()
    assert old.status == OwnKey.Status.OLD


def test_a_peers_new_key_is_believed_only_once_compared(world, own, fellow):
    office, peer = world.people.office, Peer.objects.get()
    before, after = fellow.keys, PrivateKeys.generate()
    from bihuan.exchange.kinds.words import proof_of

    def announcement(signer: PrivateKeys) -> dict[str, str]:
        proof = signer.sign(proof_of(before.public.fingerprint, str(fellow.number)))
        return {"signing": after.public.signing, "sealing": after.public.sealing, "proof": proof}

    assert take(fellow.package("key", announcement(before), own)).status == "refused"
    assert take(fellow.package("key", announcement(after), own)).status == "applied"
    fellow.keys = after
    with pytest.raises(BadPackage, match="没有核对过"):
        take(fellow.note(own, sequence=1, previous=""))
    key = PeerKey.objects.get(status="proposed")
    with pytest.raises(Refused, match="不一致"):
        peering.trust_key(key, fingerprint=before.public.fingerprint, spoken_with="郑守一", by=office)
    peering.trust_key(key, fingerprint=after.public.fingerprint, spoken_with="郑守一", by=office)
    assert take(fellow.note(own, sequence=1, previous="")).status == "applied"
    fellow.keys = before
    first = Package.objects.get(kind="note")
    assert take(fellow.note(own, sequence=2, previous=first.digest)).status == "applied"
    peering.drop_key(peer.keys.get(fingerprint=before.public.fingerprint), reason="换用完成", by=office)
    with pytest.raises(BadPackage):
        take(fellow.note(own, sequence=3, previous="sm3:" + "1" * 64))
    with pytest.raises(Refused, match="唯一"):
        peering.drop_key(peer.keys.get(status="trusted"), reason="x", by=office)


@pytest.mark.django_db(transaction=True)
def test_two_who_drop_one_key_each_leave_one(world):
    set_up(world)
    peer = befriend(world, Fellow())
    second = PrivateKeys.generate().public
    PeerKey.objects.create(
        peer=peer, signing=second.signing, sealing=second.sealing, fingerprint=second.fingerprint, status="trusted",
        added_at=peer.registered_at,
    )  # fmt: skip

    def drop(key: PeerKey):
        return lambda: peering.drop_key(key, reason="换用完成", by=world.people.office)

    keys = peer.keys.select_related("peer")
    assert outcomes(*map(drop, keys)) == ["Refused", "done"]
    assert peer.keys.filter(status="trusted").count() == 1


def test_the_private_halves_lie_sealed(own):
    from django.db import connection as db

    key = identity.current_key(own)
    with db.cursor() as cursor:
        cursor.execute("SELECT signing_private, sealing_private FROM exchange_ownkey")
        stored = cursor.fetchone()
    assert all(text.startswith("s1.") for text in stored)
    assert key.private.public == key.public


# --- carried ----------------------------------------------------------------------------------


def test_a_carried_file_takes_everything_and_brings_receipts(world, own, fellow):
    from bihuan.exchange.actions.announcing import send_note
    from bihuan.exchange.wire.archive import carried, read_package, write_carry
    from bihuan.exchange.wire.sealing import unseal_with

    office, peer = world.people.office, Peer.objects.get()
    taken = carrying.take_in(
        seal_to(write_carry([fellow.note(own), fellow.note(own)]), identity.current_key(own).public),
        "U盘.bhx",
        by=office,
    )
    assert [package.status for package in taken.packages] == ["applied", "applied"]
    send_note(peer, title="关于报送", text="请于周五前报送", by=office)
    data = carrying.hand_out(peer, by=office)
    kinds_out = [read_package(each).manifest.kind for each in carried(unseal_with(data, [fellow.keys]))]
    assert sorted(kinds_out) == ["note", "receipts"]
    assert set(Package.objects.filter(direction="out").values_list("status", flat=True)) == {"handed"}
    assert (
        carrying.take_in(write_carry([fellow.note(own, sequence=1, previous="")]), "x.bhx", by=office)
        .packages[0]
        .status
        == "conflict"
    )


def test_a_bad_package_in_a_carry_does_not_keep_the_others_out(world, own, fellow):
    from bihuan.exchange.wire.archive import write_carry

    stranger = Fellow(name="陌生人")
    taken = carrying.take_in(
        write_carry([stranger.note(own), fellow.note(own)]), "x.bhx", by=world.people.office
    )
    assert [package.status for package in taken.packages] == ["applied"]
    assert len(taken.refused) == 1
