"""Recording an act: inside the same transaction as the act itself, or not at all."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from django.db import IntegrityError, models, transaction
from django.db.models import Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from bihuan.core.digest import content_hash, merkle_root
from bihuan.core.errors import Refused
from bihuan.core.writes import Writes

from .models import Event, Head, Seal

ONE_DAY = dt.timedelta(days=1)


class Actor(Protocol):
    """Who acted: a person or a named service account."""

    pk: Any
    full_name: str

    @property
    def main_post(self) -> Any: ...


def chain_of(subject: models.Model) -> str:
    """The chain a record's events hang on, e.g. `hazards.hazard:42`."""
    return f"{subject._meta.label_lower}:{subject.pk}"


def chains_of(subjects: models.QuerySet[Any]) -> models.QuerySet[Any, dict[str, str]]:
    """What `chain_of` says of each of many records, for the database to compare with: `subject__in=chains_of(rows)`."""
    chain = Concat(Value(f"{subjects.model._meta.label_lower}:"), Cast("pk", models.CharField()))
    return subjects.order_by().annotate(chain=chain).values("chain")


@dataclass(frozen=True)
class Last:
    """The last link of a chain as it was read; a chain without one begins with `NEW`."""

    seq: int
    hash: str


NEW = Last(0, "")


def record(
    act: str, subject: models.Model, *, by: Actor | None, summary: str, payload: dict[str, Any] | None = None
) -> Event:
    """Append one event to the subject's chain and return it.

    Must run inside the transaction of the act. A subject with a `signed_content()` method has the hash of that
    content stored, so that `bihuan audit verify` can name the row if it is ever changed afterwards. `by` is None
    only for acts of people who are not (yet) known, such as a failed login.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("audit.record must run inside the transaction of the act it records")
    chain = chain_of(subject)
    head = Head.objects.select_for_update().filter(pk=chain).first()
    if head is None:
        Head.objects.bulk_create([Head(chain=chain, seq=0, hash="")], ignore_conflicts=True)
        head = Head.objects.select_for_update().get(pk=chain)
    at = timezone.now()
    common = _common(act, by, summary, at)
    link = _link(common, timezone.localdate(at), chain, Last(head.seq, head.hash), hash_of(subject), payload)
    event = Event(**link)
    event.save(force_insert=True)
    Head.objects.filter(pk=chain).update(seq=event.seq, hash=event.hash)
    return event


class Pen:
    """Writes the events of one act into its `Writes`: one person, one moment, one summary, several records."""

    def __init__(self, writes: Writes, act: str, *, by: Actor | None, summary: str, at: dt.datetime) -> None:
        self._writes = writes
        self._common, self._day = _common(act, by, summary, at), timezone.localdate(at)

    def append(self, subject: models.Model, *, after: Last, payload: dict[str, Any] | None = None) -> None:
        """Add one event to the subject's chain.

        `after` is the chain's last link as the act read it, `NEW` for a record made by this very act. If somebody
        else has written to the chain since, the whole act is refused when it is sent.
        """
        chain = chain_of(subject)
        link = _link(self._common, self._day, chain, after, hash_of(subject), payload)
        if after is NEW:
            self._writes.insert(Head, {"chain": chain, "seq": link["seq"], "hash": link["hash"]})
        else:
            self._writes.swap(
                Head,
                chain,
                seen={"seq": after.seq, "hash": after.hash},
                values={"seq": link["seq"], "hash": link["hash"]},
            )
        self._writes.insert(Event, link)


def _common(act: str, by: Actor | None, summary: str, at: dt.datetime) -> dict[str, Any]:
    """What all events of one act say alike."""
    context = structlog.contextvars.get_contextvars()
    return {
        "at": at,
        "act": act,
        "actor_id": by.pk if by else None,
        "actor_name": by.full_name if by else "未登录",
        "actor_post": str(by.main_post or "") if by else "",
        "summary": summary[:300],
        "request_id": str(context.get("request_id", ""))[:64],
        "ip": str(context.get("ip", ""))[:45],
    }


def _link(
    common: dict[str, Any],
    day: dt.date,
    chain: str,
    after: Last,
    content: str,
    payload: dict[str, Any] | None,
) -> dict[str, Any]:
    """The columns of one event, its hash included."""
    link = {
        **common,
        "chain": chain,
        "seq": after.seq + 1,
        "payload": payload or {},
        "content_hash": content,
        "previous_hash": after.hash,
    }
    link["hash"] = content_hash(link)
    link["day"] = day
    return link


def hash_of(subject: models.Model) -> str:
    """The hash of what a record says now, or "" for records without signed content."""
    signed_content = getattr(subject, "signed_content", None)
    return content_hash(signed_content()) if signed_content else ""


def link_content(event: Event) -> dict[str, Any]:
    """What the hash of one link covers: every column but the id, the day (it follows from `at`) and the hash."""
    return {
        "chain": event.chain,
        "seq": event.seq,
        "at": event.at,
        "act": event.act,
        "actor_id": event.actor_id,
        "actor_name": event.actor_name,
        "actor_post": event.actor_post,
        "summary": event.summary,
        "payload": event.payload,
        "content_hash": event.content_hash,
        "previous_hash": event.previous_hash,
        "request_id": event.request_id,
        "ip": event.ip,
    }


def link_hash(event: Event) -> str:
    """The hash one link must carry, under the algorithm in force."""
    return content_hash(link_content(event))


# --- daily seals -------------------------------------------------------------------------------------

# A transaction that began before midnight may still commit yesterday's event shortly after.
SETTLING = dt.timedelta(minutes=10)


def leaf(event_id: int, chain: str, seq: int, link: str) -> str:
    """One event as a leaf of its day's tree: enough to name it when it is gone."""
    return f"{event_id}|{chain}|{seq}|{link}"


def pack_leaves(leaves: list[str]) -> bytes:
    return zlib.compress("\n".join(leaves).encode(), 9)


def unpack_leaves(packed: bytes) -> list[str]:
    """The leaves of a seal. Raises ValueError when the stored bytes are not what `pack_leaves` made."""
    try:
        text = zlib.decompress(bytes(packed)).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise ValueError("the leaves of this seal are damaged") from error
    return text.split("\n") if text else []


def seal_content(seal: Seal) -> dict[str, Any]:
    """What the hash of a seal covers."""
    return {
        "day": seal.day,
        "count": seal.count,
        "root": seal.root,
        "previous_hash": seal.previous_hash,
        "sealed_at": seal.sealed_at,
    }


def seal_day(day: dt.date, *, now: dt.datetime | None = None) -> Seal:
    """Seal one finished day under one Merkle root, chained to the seal before; a sealed day stays as it is.

    Raises Refused for a day that is not over, or when a later day is sealed already.
    """
    moment = now or timezone.now()
    sealed = Seal.objects.filter(day=day).first()
    if sealed is not None:
        return sealed
    if day >= timezone.localdate(moment - SETTLING):
        raise Refused(f"{day} 尚未结束，次日零时十分以后才能封存")
    try:
        with transaction.atomic():
            previous = Seal.objects.order_by("-day").first()
            if previous is not None and previous.day > day:
                raise Refused(f"{previous.day} 已封存，不能再补封 {day}")
            rows = Event.objects.filter(day=day).order_by("id").values_list("id", "chain", "seq", "hash")
            leaves = [leaf(*row) for row in rows.iterator(chunk_size=5000)]
            seal = Seal(
                day=day,
                count=len(leaves),
                root=merkle_root(leaves),
                previous_hash=previous.hash if previous else "",
                leaves=pack_leaves(leaves),
                sealed_at=moment,
            )
            seal.hash = content_hash(seal_content(seal))
            seal.save(force_insert=True)
    except IntegrityError:
        # Another worker sealed the same day at this moment.
        return Seal.objects.get(day=day)
    return seal


def seal_due(now: dt.datetime | None = None) -> list[Seal]:
    """Seal every finished, unsealed day in order, days without acts included; returns the new seals."""
    moment = now or timezone.now()
    last = Seal.objects.order_by("-day").values_list("day", flat=True).first()
    first = Event.objects.order_by("day").values_list("day", flat=True).first()
    if last is not None:
        day = last + ONE_DAY
    elif first is not None:
        day = first
    else:
        return []
    seals = []
    while day < timezone.localdate(moment - SETTLING):
        seals.append(seal_day(day, now=moment))
        day += ONE_DAY
    return seals
