"""Across an air gap: packages out as one sealed file, and in again, each on its own, with receipts on the way back."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.audit.moves import step
from bihuan.core.errors import Refused

from ..kinds.words import RECEIPTS, pack_receipts
from ..models import Package, PackageTransition, Peer, Refusal
from ..models.packages import Direction
from ..standing import manages, manages_instance
from ..wire.archive import MAX_CARRIED, MAX_CARRY, carried, write_carry
from ..wire.errors import BadPackage
from ..wire.sealing import is_sealed, seal_to, unseal_with
from ..workflow import PACKAGE_RULES, PackageMove, PackageStatus
from .identity import needed_instance, own_privates
from .receiving import note_refusal, receive
from .sending import bytes_of, pack
from .settling import receipt_of, trusted_here, view_of

UNDERWAY = [PackageStatus.QUEUED, PackageStatus.HANDED]


def to_carry(peer: Peer) -> list[Package]:
    """What a file for this peer would hold: everything that has no receipt yet."""
    rows = Package.objects.filter(peer=peer, direction=Direction.OUT)
    return list(
        rows.filter(Q(status__in=UNDERWAY) | Q(status=PackageStatus.SENT))
        .select_related("file", "peer")
        .order_by("id")[:MAX_CARRIED]
    )


@transaction.atomic
def hand_out(peer: Peer, *, by: User) -> bytes:
    """One sealed file with everything the peer lacks, receipts for what came from it included.

    Raises PermissionDenied, Refused when there is nothing to carry.
    """
    own = needed_instance()
    if not manages(by, peer, own):
        raise PermissionDenied
    if not peer.is_active:
        raise Refused(f"与“{peer}”的交换没有启用，请先核对指纹或恢复交换")
    _queue_receipts(peer, by=by)
    packages, bodies, total = [], [], 0
    for package in to_carry(peer):
        data = bytes_of(package)
        if total + len(data) > MAX_CARRY - 1024 * 1024:
            break
        packages.append(package)
        bodies.append(data)
        total += len(data)
    if not packages:
        raise Refused("没有要带给对方的内容：对方都已收到")
    for package in packages:
        step(
            package, PackageMove.HAND_OUT, PACKAGE_RULES[PackageMove.HAND_OUT], PackageTransition, by=by,
            changed={"moved_at": timezone.now(), "attempts": package.attempts + 1},
        )  # fmt: skip
    record(
        "exchange.hand_out",
        peer,
        by=by,
        summary=f"导出交换文件：{len(packages)} 件给{peer}",
        payload={"packages": [package.pk for package in packages]},
    )
    return seal_to(write_carry(bodies), peer.keys_trusted()[0])


def _queue_receipts(peer: Peer, *, by: User) -> None:
    """Pack receipts for what came since the last ones, unless nothing changed."""
    own = needed_instance()
    rows = Package.objects.filter(peer=peer, direction=Direction.IN).exclude(kind=RECEIPTS.key)
    last = (
        Package.objects.filter(peer=peer, direction=Direction.OUT, kind=RECEIPTS.key).order_by("-id").first()
    )
    fresh = rows.select_related("peer")
    if last is not None:
        fresh = fresh.filter(Q(moved_at__gte=last.created_at) | Q(settled_at__gte=last.created_at))
    receipts = [receipt_of(package, own) for package in fresh.order_by("-id")[:200]]
    if receipts:
        pack(peer, RECEIPTS, pack_receipts(own, receipts, view_of(peer), trusted_here(peer)), by=by)


@dataclass
class TakenIn:
    """What one carried file held."""

    packages: list[Package] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def take_in(data: bytes, name: str, *, by: User) -> TakenIn:
    """Take in a carried file: each package on its own, so that one bad one does not keep the others out.

    Raises PermissionDenied, BadPackage when nothing in the file can be read.
    """
    own = needed_instance()
    if not manages_instance(by, own):
        raise PermissionDenied
    try:
        plain = unseal_with(data, own_privates(own)) if is_sealed(data) else data
        bodies = carried(plain)
    except BadPackage as error:
        note_refusal(Refusal.Way.FILE, name, str(error), data=data)
        raise
    taken = TakenIn()
    for body in bodies:
        try:
            taken.packages.append(receive(body, way=Refusal.Way.FILE, source=name, by=by))
        except BadPackage as error:
            taken.refused.append(str(error))
    with transaction.atomic():
        record(
            "exchange.take_in", own, by=by, summary=f"导入交换文件“{name[:60]}”：{len(taken.packages)} 件",
            payload={"packages": [package.pk for package in taken.packages], "refused": taken.refused},
        )  # fmt: skip
    if not taken.packages and taken.refused:
        raise BadPackage(taken.refused[0])
    return taken
