"""Recording an act: inside the same transaction as the act itself, or not at all."""

from __future__ import annotations

from typing import Any, Protocol

import structlog
from django.db import models, transaction
from django.utils import timezone

from bihuan.core.digest import content_hash

from .models import Event, Head


class Actor(Protocol):
    """Who acted: a person or a named service account."""

    pk: Any
    full_name: str

    @property
    def main_post(self) -> Any: ...


def chain_of(subject: models.Model) -> str:
    """The chain a record's events hang on, e.g. `hazards.hazard:42`."""
    return f"{subject._meta.label_lower}:{subject.pk}"


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
    now = timezone.now()
    context = structlog.contextvars.get_contextvars()
    event = Event(
        chain=chain,
        seq=head.seq + 1,
        at=now,
        day=timezone.localdate(now),
        act=act,
        actor_id=by.pk if by else None,
        actor_name=by.full_name if by else "未登录",
        actor_post=str(by.main_post or "") if by else "",
        summary=summary[:300],
        payload=payload or {},
        content_hash=hash_of(subject),
        previous_hash=head.hash,
        request_id=str(context.get("request_id", ""))[:64],
        ip=str(context.get("ip", ""))[:45],
    )
    event.hash = link_hash(event)
    event.save(force_insert=True)
    head.seq, head.hash = event.seq, event.hash
    head.save(update_fields=["seq", "hash"])
    return event


def hash_of(subject: models.Model) -> str:
    """The hash of what a record says now, or "" for records without signed content."""
    signed_content = getattr(subject, "signed_content", None)
    return content_hash(signed_content()) if signed_content else ""


def link_hash(event: Event) -> str:
    """The hash one link must carry: every column but the id and itself."""
    return content_hash(
        {
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
    )
