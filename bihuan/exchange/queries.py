"""What the pages of exchange show, each in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from bihuan.accounts.models import User
from bihuan.core.dates import day_in, day_starts
from bihuan.core.errors import Refused

from .actions.receiving import missing_in
from .kinds import kind_of, label_of
from .models import Instance, Package, Peer, Stream
from .models.packages import Direction
from .relations import WORDS, relation
from .wire.archive import Opened
from .workflow import PackageStatus, PeerStatus

WAITING_OUT = [PackageStatus.QUEUED, PackageStatus.HANDED, PackageStatus.SENT]
WAITING_IN = [PackageStatus.HELD, PackageStatus.WAITING]
STATUS_TONES: dict[str, str] = {
    PackageStatus.APPLIED: "green", PackageStatus.REFUSED: "red", PackageStatus.CONFLICT: "red", PackageStatus.HELD: "orange",
    PackageStatus.WAITING: "yellow", PackageStatus.QUEUED: "blue", PackageStatus.HANDED: "blue", PackageStatus.SENT: "blue",
}  # fmt: skip
PEER_TONES: dict[str, str] = {
    PeerStatus.ACTIVE: "green",
    PeerStatus.PENDING: "yellow",
    PeerStatus.SUSPENDED: "orange",
    PeerStatus.RETIRED: "",
}


@dataclass(frozen=True)
class Standing:
    """One peer and how things stand with it."""

    peer: Peer
    relation: str
    waiting: int
    held: int
    refused: int
    conflicts: int
    last_out: Any
    last_in: Any

    @property
    def tone(self) -> str:
        return PEER_TONES.get(self.peer.status, "")


def standings(peers: Iterable[Peer], own: Instance | None) -> list[Standing]:
    """How things stand with each of these peers, in one query."""
    found = list(peers)
    out, into = Q(direction=Direction.OUT), Q(direction=Direction.IN)
    rows: dict[int, dict[str, Any]] = {
        row["peer"]: dict(row)
        for row in Package.objects.filter(peer__in=found)
        .order_by()
        .values("peer")
        .annotate(
            waiting=Count("pk", filter=out & Q(status__in=WAITING_OUT)),
            held=Count("pk", filter=into & Q(status__in=WAITING_IN)),
            refused=Count("pk", filter=Q(status=PackageStatus.REFUSED)),
            conflicts=Count("pk", filter=Q(status=PackageStatus.CONFLICT)),
            last_out=Max("moved_at", filter=out),
            last_in=Max("moved_at", filter=into),
        )
    }
    blank: dict[str, Any] = {
        "waiting": 0,
        "held": 0,
        "refused": 0,
        "conflicts": 0,
        "last_out": None,
        "last_in": None,
    }
    return [
        Standing(
            peer, WORDS[relation(own.region_id, peer.region_code)] if own else "",
            **{name: rows.get(peer.pk, blank)[name] for name in blank},
        )
        for peer in found
    ]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of numbers in words."""

    stream: Stream
    label: str
    missing: list[int]

    @property
    def is_out(self) -> bool:
        return self.stream.direction == Direction.OUT

    @property
    def behind(self) -> int:
        """How many the other side has not said it has."""
        theirs = self.stream.theirs
        return max(self.stream.last_sequence - theirs, 0) if theirs is not None else self.stream.last_sequence


def rows_of(peer: Peer) -> list[Row]:
    """What went and what came, by kind: how far, what the other side has, what is missing."""
    rows = Stream.objects.filter(peer=peer).exclude(last_sequence=0, direction=Direction.OUT)
    return [
        Row(row, label_of(row.kind), missing_in(row) if row.direction == Direction.IN else row.their_missing)
        for row in rows.order_by("-direction", "kind")
    ]


def packages_of(user: User, chosen: dict[str, str]) -> QuerySet[Package]:
    """Packages one may see, by direction, state, kind, peer and the day from which they were sent or received."""
    rows = Package.objects.visible_to(user).select_related("peer")
    if chosen.get("direction") in Direction.values:
        rows = rows.filter(direction=chosen["direction"])
    match chosen.get("state"):
        case "waiting":
            rows = rows.filter(status__in=[*WAITING_OUT, *WAITING_IN])
        case str() as state if state in PackageStatus.values:
            rows = rows.filter(status=state)
    if chosen.get("kind"):
        rows = rows.filter(kind=chosen["kind"])
    if chosen.get("peer", "").isdecimal() and len(chosen["peer"]) <= 18:
        rows = rows.filter(peer=int(chosen["peer"]))
    if since := day_in(chosen.get("since", "")):
        rows = rows.filter(moved_at__gte=day_starts(since))
    return rows


def tables_of(package: Package, opened: Opened | None) -> list[Any]:
    """The contents of a package in words; nothing where this version cannot read them."""
    kind = kind_of(package.kind)
    if kind is None or opened is None:
        return []
    try:
        return kind.tell(kind.read(opened))
    # Of another installation's words any part may be missing; ValidationError of pydantic is a ValueError.
    except (Refused, ValueError, LookupError, TypeError, AttributeError):
        return []
