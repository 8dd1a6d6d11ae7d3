"""What each side knows of the other: receipts signed by the receiver, how far every row of numbers has come, what is asked
for again."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user
from bihuan.audit.actions import record
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused

from ..kinds import Ready, kind_of
from ..models import Instance, Package, PackageTransition, Peer, Stream
from ..models.packages import Direction
from ..standing import manages
from ..wire.archive import read_package
from ..wire.words import is_signed, signed
from ..workflow import PACKAGE_RULES, PackageMove, PackageStatus
from .identity import current_key, needed_instance
from .receiving import held_in, missing_in
from .sending import bytes_of, pack

RECEIPT = "receipt"
MOST = 200
STATES = {
    PackageStatus.HELD: "held",
    PackageStatus.WAITING: "held",
    PackageStatus.APPLIED: "applied",
    PackageStatus.REFUSED: "refused",
    PackageStatus.CONFLICT: "refused",
    PackageStatus.SETTLED: "refused",
}
UNSETTLED = [PackageStatus.QUEUED, PackageStatus.HANDED, PackageStatus.SENT]
MOST_NUMBER = 2**31 - 1  # no manifest has a higher one; no column holds it
AGAIN_AFTER = dt.timedelta(seconds=30)  # what was sent a moment ago may still be on its way


def receipt_of(package: Package, own: Instance) -> dict[str, Any]:
    """Our signed word about a package that came in: held, written down, or refused and why."""
    body = {
        "package": str(package.number), "digest": package.digest, "kind": package.kind, "sequence": package.sequence,
        "state": STATES[PackageStatus(package.status)], "note": package.note,
        "at": (package.settled_at or package.moved_at or package.created_at).isoformat(),
        "from": str(own.pk), "to": str(package.peer.instance_id),
    }  # fmt: skip
    return signed(RECEIPT, body, current_key(own).private)


def receipts_for(peer: Peer, numbers: Iterable[str]) -> list[dict[str, Any]]:
    """Receipts for packages of a peer, by their numbers; unknown numbers are left out."""
    own = needed_instance()
    wanted = [number for each in list(numbers)[:MOST] if (number := _uuid(each))]
    rows = Package.objects.filter(peer=peer, direction=Direction.IN, number__in=wanted).select_related("peer")
    return [receipt_of(package, own) for package in rows]


def _uuid(text: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None


def take_receipt(peer: Peer, words: dict[str, Any]) -> bool:
    """Believe a receipt signed by the peer; whether it changed anything. One that is not theirs is passed over."""
    own = needed_instance()
    number = _uuid(words.get("package"))
    theirs = words.get("from") == str(peer.instance_id) and words.get("to") == str(own.pk)
    if number is None or not theirs or not any(is_signed(RECEIPT, words, key) for key in peer.keys_trusted()):
        return False
    package = Package.objects.filter(peer=peer, direction=Direction.OUT, number=number).first()
    if package is None or package.digest != words.get("digest") or package.status not in UNSETTLED:
        return False
    note, now = str(words.get("note") or "")[:300], timezone.now()
    state = words.get("state")
    if state == "held":
        if package.status == PackageStatus.SENT:
            return False
        move, fields = PackageMove.DELIVER, {"note": note, "moved_at": now, "receipt": words}
    elif state == "applied":
        move, fields = PackageMove.ACKNOWLEDGE, {"note": note, "settled_at": now, "receipt": words}
    elif state == "refused":
        move, fields = PackageMove.REJECTED, {"note": note, "settled_at": now, "receipt": words}
    else:
        return False
    if package.moved_at is None:
        fields["moved_at"] = now
    try:
        with transaction.atomic():
            step(
                package, move, PACKAGE_RULES[move], PackageTransition, by=service_user(), changed=fields,
                reason=(note or "对方没有说明原因") if move == PackageMove.REJECTED else "",
            )  # fmt: skip
    except IllegalMove:  # the same receipt came another way at this moment
        return False
    return True


def take_words(peer: Peer, words: dict[str, Any]) -> None:
    """What either side says of itself in one exchange of words: receipts, how far it is, which keys it believes."""
    receipts = words.get("receipts")
    for receipt in receipts[:MOST] if isinstance(receipts, list) else []:
        if isinstance(receipt, dict):
            take_receipt(peer, receipt)
    take_view(peer, words.get("streams"))
    take_trusted(peer, words.get("trusted"))


def view_of(peer: Peer) -> list[dict[str, Any]]:
    """How far everything from a peer has come here, for the peer to know."""
    rows = Stream.objects.filter(peer=peer, direction=Direction.IN)
    return [
        {
            "kind": row.kind, "upto": row.last_sequence, "digest": row.last_digest, "missing": missing_in(row),
            "held": held_in(row),
        }
        for row in rows
    ]  # fmt: skip


def take_view(peer: Peer, rows: Any) -> int:
    """Note how far the peer says it has come, and queue again what it lacks. Returns how many were queued again."""
    again = 0
    for row in rows if isinstance(rows, list) else []:
        if (
            not isinstance(row, dict)
            or type(row.get("upto")) is not int
            or not 0 <= row["upto"] <= MOST_NUMBER
        ):
            continue
        stream = Stream.objects.filter(peer=peer, direction=Direction.OUT, kind=row.get("kind")).first()
        if stream is None:
            continue
        missing, held = _numbers(row.get("missing")), _numbers(row.get("held"))
        trouble = ""
        if row["upto"] > stream.last_sequence:
            trouble = f"对方已收到第 {row['upto']} 号，而本系统只编到第 {stream.last_sequence} 号，可能是本系统从较早的备份恢复"
        Stream.objects.filter(pk=stream.pk).update(
            theirs=row["upto"], their_missing=missing, told_at=timezone.now(), trouble=trouble,
            their_digest=str(row.get("digest") or "")[:70],
        )  # fmt: skip
        again += _queue_again(peer, stream.kind, upto=row["upto"], missing=missing, held=held)
    return again


def _numbers(value: Any) -> list[int]:
    rows = value[:MOST] if isinstance(value, list) else []
    return [number for number in rows if type(number) is int and 0 < number <= MOST_NUMBER]


def _queue_again(peer: Peer, kind: str, *, upto: int, missing: list[int], held: list[int]) -> int:
    """What the other side lacks: the numbers it names, and what it once had and has no more (it came back from a backup)."""
    rows = Package.objects.filter(peer=peer, direction=Direction.OUT, kind=kind)
    asked = Q(sequence__in=missing, status__in=[PackageStatus.SENT, PackageStatus.HANDED])
    gone = [PackageStatus.SENT, PackageStatus.APPLIED]
    lost = Q(sequence__gt=upto, status__in=gone, moved_at__lt=timezone.now() - AGAIN_AFTER)
    done = 0
    for package in rows.filter(asked | lost & ~Q(sequence__in=held)).order_by("sequence")[:MOST]:
        with transaction.atomic():
            step(
                package, PackageMove.RESEND, PACKAGE_RULES[PackageMove.RESEND], PackageTransition, by=service_user(),
                reason="对方没有收到，自动重发", changed={"settled_at": None, "note": "对方没有收到，已重新排队"},
            )  # fmt: skip
        done += 1
    return done


def unsettled(peer: Peer) -> list[str]:
    """The packages whose receipt we still lack, those waiting to be collected included."""
    rows = Package.objects.filter(peer=peer, direction=Direction.OUT, status__in=UNSETTLED)
    return [str(number) for number in rows.order_by("id").values_list("number", flat=True)[:MOST]]


def trusted_here(peer: Peer) -> list[str]:
    """Which keys of the peer we believe, for the peer to know before it changes over."""
    return [key.fingerprint for key in peer.keys_trusted()]


def take_trusted(peer: Peer, fingerprints: Any) -> None:
    """Note which of our keys the peer says it believes."""
    said = (
        [text for text in fingerprints if isinstance(text, str) and len(text) == 32]
        if isinstance(fingerprints, list)
        else []
    )
    if said != peer.trusts:
        Peer.objects.filter(pk=peer.pk).update(trusts=said[:20])
        peer.trusts = said[:20]


@transaction.atomic
def repack(package: Package, *, by: User) -> Package:
    """Pack the contents of a refused package anew, under the next number: the same number stays refused over there."""
    own = needed_instance()
    if not manages(by, package.peer, own):
        raise PermissionDenied
    kind = kind_of(package.kind)
    if not package.is_out or package.status != PackageStatus.REFUSED or kind is None:
        raise IllegalMove("只有对方拒收的包可以重新打包")
    opened = read_package(bytes_of(package))
    ready = Ready(
        package.title, package.region_code, opened.content, opened.files, package.subject, package.url
    )
    return pack(package.peer, kind, ready, by=by)


@transaction.atomic
def resend(package: Package, *, by: User) -> None:
    """Queue a package once more. Raises PermissionDenied, IllegalMove when it waits already, Refused for a received one."""
    if not manages(by, package.peer, needed_instance()):
        raise PermissionDenied
    if not package.is_out:
        raise Refused("收到的包由对方重发")
    step(
        package, PackageMove.RESEND, PACKAGE_RULES[PackageMove.RESEND], PackageTransition, by=by,
        changed={"settled_at": None, "note": ""},
    )  # fmt: skip
    Peer.objects.filter(pk=package.peer_id).update(next_try_at=None)


@transaction.atomic
def settle_conflict(package: Package, *, reason: str, by: User) -> None:
    """Close a conflict a person has looked into; the package is not taken in."""
    if not manages(by, package.peer, needed_instance()):
        raise PermissionDenied
    step(
        package,
        PackageMove.SETTLE,
        PACKAGE_RULES[PackageMove.SETTLE],
        PackageTransition,
        by=by,
        reason=reason,
    )


@transaction.atomic
def catch_up_numbers(stream: Stream, *, reason: str, by: User) -> None:
    """Go on after the number the other side has already: for an installation that came back from an older backup.

    Raises PermissionDenied, ReasonRequired, Refused when nothing is to catch up.
    """
    if not manages(by, stream.peer, needed_instance()):
        raise PermissionDenied
    row = Stream.objects.select_for_update().get(pk=stream.pk)
    if row.direction != Direction.OUT or row.theirs is None or row.theirs <= row.last_sequence:
        raise Refused("编号没有落后，不需要接续")
    if not reason.strip():
        raise ReasonRequired("接续编号")
    row.last_sequence, row.last_digest, row.trouble = row.theirs, row.their_digest, ""
    row.save(update_fields=["last_sequence", "last_digest", "trouble"])
    record(
        "exchange.catch_up", row.peer, by=by, summary=f"编号接续到第 {row.theirs} 号：{row.kind}",
        payload={"stream": row.pk, "reason": reason.strip(), "digest": row.their_digest},
    )  # fmt: skip


__all__ = [
    "catch_up_numbers", "receipt_of", "receipts_for", "repack", "resend", "settle_conflict", "take_receipt",
    "take_trusted", "take_view", "take_words", "trusted_here", "unsettled", "view_of",
]  # fmt: skip
