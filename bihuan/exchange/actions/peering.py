"""Other installations: registered by their card, believed after two people compared the fingerprint, suspended, retired."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.rules.regions import BadRegionCode, level_of

from ..addresses import checked_address
from ..kinds import automatic_kinds
from ..models import Instance, OwnKey, Peer, PeerKey, PeerTransition
from ..relations import mirrored, relation
from ..standing import manages
from ..wire.errors import BadPackage
from ..wire.keys import PublicKeys, heard
from ..wire.words import is_signed, parse
from ..workflow import PEER_RULES, PeerMove, PeerStatus
from .identity import CARD, needed_instance

_TEXT = {"name": 120, "region": 12, "region_name": 60, "address": 200, "signing": 60, "sealing": 60}


@dataclass(frozen=True)
class Card:
    """Another installation as it describes itself."""

    instance: uuid.UUID
    name: str
    region: str
    region_name: str
    address: str
    keys: PublicKeys


def read_card(data: bytes) -> Card:
    """The card in a file or a pasted text. Raises BadPackage when it is none or was changed."""
    words = parse(data, limit=20_000)
    if words.get("format") != "bihuan.card":
        raise BadPackage("这不是名片文件，请让对方在“上下级交换”里导出本系统名片")
    if words.get("schema") != 1:
        raise BadPackage("对方名片的格式比本系统新，请先升级本系统")
    if any(not isinstance(words.get(name), str) or len(words[name]) > most for name, most in _TEXT.items()):
        raise BadPackage("名片内容不完整，请让对方重新导出")
    try:
        level_of(words["region"])
        instance = uuid.UUID(str(words.get("instance")))
    except (BadRegionCode, ValueError) as error:
        raise BadPackage("名片里的区划代码或编号不正确，请让对方核对后重新导出") from error
    keys = PublicKeys(words["signing"], words["sealing"])
    if not words["name"].strip() or not is_signed(CARD, words, keys):
        raise BadPackage("名片与其中的密钥不符，可能被改动过，请让对方重新导出")
    return Card(
        instance, words["name"].strip(), words["region"], words["region_name"], words["address"], keys
    )


@transaction.atomic
def register(card: Card, *, reach: str, address: str = "", sends: Iterable[str] = (), by: User) -> Peer:
    """Enter another installation; nothing is exchanged until its fingerprint was compared (`verify`).

    Raises PermissionDenied, Refused for ourselves or a bad address, IllegalMove when it is registered already.
    """
    own = needed_instance()
    peer = Peer(
        instance_id=card.instance, name=card.name, region_code=card.region, region_name=card.region_name, reach=reach,
        address="", registered_by=by, registered_at=timezone.now(),
    )  # fmt: skip
    if not manages(by, peer, own):
        raise PermissionDenied
    if card.instance == own.pk:
        raise Refused("这是本系统自己的名片，请导入对方的名片")
    _set_ways(peer, own, reach=reach, address=address or card.address, sends=sends)
    try:
        with transaction.atomic():
            peer.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这个系统已经登记过，请在交换对象里找到它") from error
    PeerKey.objects.create(
        peer=peer, signing=card.keys.signing, sealing=card.keys.sealing, fingerprint=card.keys.fingerprint,
        added_at=timezone.now(),
    )  # fmt: skip
    write_line(peer, PeerMove.REGISTER, PeerTransition, seen="", by=by)
    return peer


def _set_ways(peer: Peer, own: Instance, *, reach: str, address: str, sends: Iterable[str]) -> None:
    if reach not in Peer.Reach.values:
        raise Refused("请选择连接方式")
    if reach == Peer.Reach.PUSH and not address.strip():
        raise Refused("本系统连接对方需要对方地址；没有地址的，改为“等对方来连接”或“文件传递”")
    peer.reach, peer.address = reach, checked_address(address) if address.strip() else ""
    they_are = relation(own.region_id, peer.region_code)
    allowed = {kind.key for kind in automatic_kinds() if they_are in kind.to}
    chosen = list(dict.fromkeys(sends))
    if not set(chosen) <= allowed:
        raise Refused("自动报送只能选择可以发往这一级的内容")
    peer.sends = chosen


def _compare(text: str, key: PeerKey) -> None:
    if heard(text) != key.fingerprint:
        raise Refused(
            "与名片里的指纹不一致。请让对方打开“本系统密钥”重新念一遍；仍不一致的不要启用，名片可能被人换过"
        )


@transaction.atomic
def verify(peer: Peer, *, fingerprint: str, spoken_with: str, by: User) -> None:
    """Believe a peer's key: somebody typed what the other side read out. Raises Refused when it differs."""
    _require(peer, by)
    key = peer.keys.filter(status=PeerKey.Status.PROPOSED).first()
    if key is None:
        raise IllegalMove("没有待核对的密钥，请刷新页面")
    _check_partner(spoken_with)
    _compare(fingerprint, key)
    _trust(key, spoken_with, by)
    step(
        peer,
        PeerMove.VERIFY,
        PEER_RULES[PeerMove.VERIFY],
        PeerTransition,
        by=by,
        reason=f"与{spoken_with.strip()}核对一致",
    )


@transaction.atomic
def trust_key(key: PeerKey, *, fingerprint: str, spoken_with: str, by: User) -> None:
    """Believe a further key of a peer; the earlier one stays believed until it is dropped (overlap)."""
    peer = key.peer
    _require(peer, by)
    if key.status != PeerKey.Status.PROPOSED:
        raise IllegalMove("这把密钥已经处理过，请刷新页面")
    _check_partner(spoken_with)
    _compare(fingerprint, key)
    _trust(key, spoken_with, by)
    step(
        peer,
        PeerMove.TRUST_KEY,
        PEER_RULES[PeerMove.TRUST_KEY],
        PeerTransition,
        by=by,
        reason=f"{key.spoken}，与{spoken_with.strip()}核对一致",
    )


@transaction.atomic
def drop_key(key: PeerKey, *, reason: str, by: User) -> None:
    """Believe a key no longer. The last believed one cannot be dropped: suspend the peer instead."""
    peer = key.peer
    _require(peer, by)
    # Held until the transaction ends: two who drop one key each must not drop the last two.
    believed_now = Peer.objects.select_for_update().get(pk=peer.pk).keys_trusted()
    if key.status == PeerKey.Status.TRUSTED and len(believed_now) == 1:
        raise Refused("这是唯一认可的密钥，要停止交换请暂停这个对象")
    if (
        not PeerKey.objects.filter(pk=key.pk, status=key.status)
        .exclude(status=PeerKey.Status.DROPPED)
        .update(status=PeerKey.Status.DROPPED)
    ):
        raise IllegalMove("这把密钥已经停用，请刷新页面")
    key.status = PeerKey.Status.DROPPED
    step(peer, PeerMove.DROP_KEY, PEER_RULES[PeerMove.DROP_KEY], PeerTransition, by=by, reason=reason)


@transaction.atomic
def edit(peer: Peer, *, reach: str, address: str, sends: Iterable[str], by: User) -> None:
    """Change how a peer is reached and what goes to it by itself."""
    _require(peer, by)
    _set_ways(peer, needed_instance(), reach=reach, address=address, sends=sends)
    changed = {
        "reach": peer.reach,
        "address": peer.address,
        "sends": peer.sends,
        "failures": 0,
        "next_try_at": None,
        "last_error": "",
    }
    step(peer, PeerMove.EDIT, PEER_RULES[PeerMove.EDIT], PeerTransition, by=by, changed=changed)


@transaction.atomic
def move_peer(peer: Peer, move: str, *, reason: str = "", by: User) -> None:
    """Suspend, resume or retire. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if move not in {PeerMove.SUSPEND, PeerMove.RESUME, PeerMove.RETIRE}:
        raise IllegalMove("没有这个动作")
    _require(peer, by)
    step(peer, PeerMove(move), PEER_RULES[move], PeerTransition, by=by, reason=reason)


def _require(peer: Peer, by: User) -> None:
    if (
        not manages(by, peer, needed_instance())
        or not Peer.objects.visible_to(by).filter(pk=peer.pk).exists()
    ):
        raise PermissionDenied


def _check_partner(name: str) -> None:
    if not name.strip():
        raise Refused("请填写与对方哪一位核对的")


def _trust(key: PeerKey, spoken_with: str, by: User) -> None:
    changed = PeerKey.objects.filter(pk=key.pk, status=PeerKey.Status.PROPOSED).update(
        status=PeerKey.Status.TRUSTED,
        confirmed_by=by,
        confirmed_at=timezone.now(),
        confirmed_with=spoken_with.strip()[:60],
    )
    if not changed:
        raise IllegalMove("这把密钥已经处理过，请刷新页面")


def we_are(peer: Peer, own: Instance) -> str:
    """What we are to a peer."""
    return mirrored(relation(own.region_id, peer.region_code))


def believed(peer: Peer, key: OwnKey) -> bool:
    """Whether the peer has said it believes a key of ours."""
    return key.fingerprint in peer.trusts


__all__ = [
    "Card", "PeerStatus", "believed", "drop_key", "edit", "move_peer", "read_card", "register", "trust_key", "verify",
    "we_are",
]  # fmt: skip
