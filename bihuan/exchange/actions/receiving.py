"""Taking in: checked, kept, put in its place by number, written down when its turn has come. The same thing twice is once.

What arrives out of order waits for what is missing; a number used twice for different things is a conflict a person
looks at. Nothing is believed before the signature of a compared key.
"""

from __future__ import annotations

import json
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user
from bihuan.audit.actions import chain_of
from bihuan.audit.moves import step, write_line
from bihuan.core.digest import hash_bytes
from bihuan.core.errors import Refused

from ..kinds import Arrival, Outcome, kind_of
from ..models import Instance, Package, PackageTransition, Peer, Refusal, ReturnReceived, Stream
from ..models.packages import Direction
from ..relations import is_within, mirrored, relation
from ..wire.archive import Opened, read_package
from ..wire.errors import BadPackage
from ..wire.sealing import is_sealed, unseal_with
from ..workflow import PACKAGE_RULES, PackageMove, PackageStatus
from .identity import needed_instance, own_privates
from .sending import bytes_of, kept, locked_stream

log = structlog.get_logger("bihuan.exchange")
WINDOW = 2000  # how far ahead of what is here a number may be
MOST_ATTEMPTS = 5
HELD = [PackageStatus.HELD, PackageStatus.WAITING]


def receive(
    data: bytes, *, way: str, source: str = "", peer: Peer | None = None, by: User | None = None
) -> Package:
    """Take in one package and return it as it stands now; sent again it is the same package.

    `peer` is who brought it, where that is known; a package of somebody else is refused. Raises BadPackage, and leaves
    a note of what was refused.
    """
    try:
        own = needed_instance()
        opened = read_package(unseal_with(data, own_privates(own)) if is_sealed(data) else data)
        sender = _believed(opened, own, peer)
        package = _put(opened, sender, by=by or service_user())
    except BadPackage as error:
        note_refusal(way, source, str(error), data=data, peer=peer)
        raise
    advance(sender, opened.manifest.kind)
    package.refresh_from_db()
    return package


def note_refusal(way: str, source: str, reason: str, *, data: bytes = b"", peer: Peer | None = None) -> None:
    """Leave a note of something turned away."""
    Refusal.objects.create(
        way=way, peer=peer, source=source[:120], reason=reason[:300], size=len(data),
        digest=hash_bytes(data, "sm3") if data else "", at=timezone.now(),
    )  # fmt: skip


def _believed(opened: Opened, own: Instance, bearer: Peer | None) -> Peer:
    manifest = opened.manifest
    peer = Peer.objects.prefetch_related("keys").filter(instance_id=manifest.sender).first()
    if peer is None:
        raise BadPackage("发送方没有登记为交换对象，请先登记并核对指纹")
    if bearer is not None and bearer.pk != peer.pk:
        raise BadPackage("送来的是别的系统的交换包，不能代送")
    if not any(opened.is_by(key) for key in peer.keys_trusted()):
        raise BadPackage("签名的密钥没有核对过，请与对方核对新指纹后重收")
    if manifest.receiver != own.pk:
        raise BadPackage("这个交换包不是发给本系统的，请核对收件单位")
    if not peer.is_active:
        raise BadPackage(f"与“{peer}”的交换现为“{peer.get_status_display()}”，恢复以后再收")
    return peer


@transaction.atomic
def _put(opened: Opened, peer: Peer, *, by: User) -> Package:
    """Keep the package under its number; one that is here already is returned."""
    manifest = opened.manifest
    stream = locked_stream(peer, Direction.IN, manifest.kind)
    rows = Package.objects.filter(peer=peer, direction=Direction.IN)
    if known := rows.filter(digest=manifest.digest).first():
        return known
    taken = rows.filter(kind=manifest.kind, sequence=manifest.sequence).exclude(
        status__in=[PackageStatus.CONFLICT, PackageStatus.SETTLED]
    )
    reason = ""
    if taken.exists():
        reason = f"第 {manifest.sequence} 号已经收过另一个包，两个包内容不同"
    elif manifest.sequence <= stream.last_sequence:
        reason = f"第 {manifest.sequence} 号早于已收到的第 {stream.last_sequence} 号，而本系统没有它的记录"
    elif manifest.sequence > stream.last_sequence + WINDOW:
        raise BadPackage(
            f"编号 {manifest.sequence} 比已收到的第 {stream.last_sequence} 号超前太多，请与对方核对"
        )
    package = Package(
        peer=peer, direction=Direction.IN, kind=manifest.kind, number=manifest.id, sequence=manifest.sequence,
        title=manifest.title, region_code=manifest.region, digest=manifest.digest, previous=manifest.previous,
        version=manifest.version, size=len(opened.data), file=kept(opened.data, manifest, by=by),
        status=PackageStatus.CONFLICT if reason else PackageStatus.HELD, note=reason,
        created_at=manifest.created_at, moved_at=timezone.now(),
    )  # fmt: skip
    package.save(force_insert=True)
    move = PackageMove.DISPUTE if reason else PackageMove.RECEIVE
    write_line(package, move, PackageTransition, seen="", by=by, reason=reason)
    return package


def advance(peer: Peer, kind: str) -> int:
    """Write down every package whose turn has come. Returns how many; stops at the first gap."""
    done = 0
    while _next(peer, kind):
        done += 1
    return done


def _next(peer: Peer, kind: str) -> bool:
    """Deal with the one package after the last; whether there is reason to look further."""
    robot = service_user()
    with transaction.atomic():
        stream = locked_stream(peer, Direction.IN, kind)
        package = (
            Package.objects.filter(
                peer=peer,
                direction=Direction.IN,
                kind=kind,
                sequence=stream.last_sequence + 1,
                status__in=HELD,
            )
            .select_related("peer", "file")
            .first()
        )
        if package is None:
            return False
        if package.previous != stream.last_digest:
            reason = f"第 {package.sequence} 号所指的前件与已收到的第 {stream.last_sequence} 号不符"
            _move(package, PackageMove.DISPUTE, robot, reason=reason)
            return False
        if package.status == PackageStatus.HELD:
            _move(package, PackageMove.READY, robot, settles=False)
        try:
            with transaction.atomic():
                outcome = _unpack(package, robot)
                _settle(stream, package, outcome, robot)
        except (Refused, ValidationError) as error:
            reason = str(error) if isinstance(error, Refused) else "内容不符合格式，请让对方升级或重新导出"
            _settle(stream, package, None, robot, reason=reason)
        except Exception:
            log.exception("exchange_unpack_failed", package=package.pk)
            if package.attempts + 1 >= MOST_ATTEMPTS:
                _settle(stream, package, None, robot, reason="本系统办入时多次出错，请把包号告诉系统管理员")
                return True
            note = "办入时出错，稍后自动再试；多次出错会拒收"
            Package.objects.filter(pk=package.pk).update(attempts=package.attempts + 1, note=note)
            return False
    return True


def _unpack(package: Package, robot: User) -> Outcome:
    """What the kind makes of it. Raises Refused with the reason the sender will read."""
    own, peer = needed_instance(), package.peer
    kind = kind_of(package.kind)
    if kind is None:
        raise Refused("本系统不认识这种内容，请先升级本系统，再让对方重发")
    we_are = mirrored(relation(own.region_id, peer.region_code))
    if we_are not in kind.to:
        raise Refused(f"“{kind.label}”不应由这一级发来")
    if not is_within(package.region_code, peer.region_code):
        raise Refused(
            f"所涉区划 {package.region_code} 不在对方区划 {peer.region_code} 以内，只能报送本区划的内容"
        )
    opened = read_package(bytes_of(package))
    content = kind.read(opened)
    return kind.unpack(Arrival(own, peer, package, content, opened.files, robot))


def _settle(
    stream: Stream, package: Package, outcome: Outcome | None, robot: User, *, reason: str = ""
) -> None:
    """The package is done with, one way or the other; the row of numbers moves on."""
    stream.last_sequence, stream.last_digest = package.sequence, package.digest
    stream.save(update_fields=["last_sequence", "last_digest"])
    if outcome is None:
        _move(package, PackageMove.REFUSE, robot, reason=reason)
        return
    changed: dict[str, Any] = {"subject": outcome.subject[:80], "url": outcome.url[:200]}
    _move(package, PackageMove.APPLY, robot, note=outcome.note, **changed)


def _move(
    package: Package,
    move: PackageMove,
    by: User,
    *,
    reason: str = "",
    note: str = "",
    settles: bool = True,
    **changed: Any,
) -> None:
    fields: dict[str, object] = {**changed, "note": (reason or note)[:300]}
    if settles:
        fields["settled_at"] = timezone.now()
    step(package, move, PACKAGE_RULES[move], PackageTransition, by=by, reason=reason, changed=fields)


def place_waiting() -> int:
    """Look again for the periods of returns that came before they were opened here. Returns how many were placed."""
    from ..kinds.returns import RETURN, place

    own, done = needed_instance(), 0
    rows = ReturnReceived.objects.filter(filing=None).select_related("package__file", "package__peer", "peer")
    for received in rows.order_by("id")[:200]:
        opened = read_package(bytes_of(received.package))
        arrival = Arrival(
            own, received.peer, received.package, RETURN.read(opened), opened.files, service_user()
        )
        try:
            with transaction.atomic():
                filing = place(received, arrival.content, json.loads(arrival.content.body), arrival)
                if filing is not None:
                    record = filing.record
                    changed = {
                        "subject": chain_of(record),
                        "url": record.get_absolute_url(),
                        "note": "已进入收报",
                    }
                    Package.objects.filter(pk=received.package_id).update(**changed)
                    done += 1
        except Refused as error:
            log.warning("exchange_return_not_placed", received=received.pk, reason=str(error))
    return done


def retry_waiting() -> int:
    """Look again at everything that waits or could be written down by now. Returns how many were."""
    rows = Package.objects.filter(direction=Direction.IN, status__in=HELD, peer__status="active")
    done = 0
    for peer_id, kind in rows.order_by().values_list("peer", "kind").distinct():
        done += advance(Peer.objects.get(pk=peer_id), kind)
    return done


def missing_in(stream: Stream) -> list[int]:
    """The numbers a row lacks below the furthest one that is here, at most a hundred."""
    held = set(held_in(stream))
    if not held:
        return []
    return [number for number in range(stream.last_sequence + 1, max(held)) if number not in held][:100]


def held_in(stream: Stream) -> list[int]:
    """The numbers that are here and wait for others, at most two hundred."""
    rows = Package.objects.filter(
        peer_id=stream.peer_id, direction=Direction.IN, kind=stream.kind, status__in=HELD
    )
    wanted = rows.filter(sequence__gt=stream.last_sequence).order_by("sequence")
    return list(wanted.values_list("sequence", flat=True)[:200])


__all__ = ["advance", "held_in", "missing_in", "note_refusal", "place_waiting", "receive", "retry_waiting"]
