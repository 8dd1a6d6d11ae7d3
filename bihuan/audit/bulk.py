"""Recording many new records at once: what an import enters hangs each on a chain of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import structlog
from django.db import models
from django.utils import timezone

from bihuan.core.bulk import insert
from bihuan.core.digest import content_hash

from .actions import Actor, chain_of, hash_of
from .models import Event, Head

_EVENT = (
    "chain", "seq", "at", "day", "act", "actor_id", "actor_name", "actor_post", "summary", "payload", "content_hash",
    "previous_hash", "hash", "request_id", "ip",
)  # fmt: skip


def record_new(act: str, made: Iterable[tuple[models.Model, str]], *, by: Actor, at: dt.datetime) -> None:
    """Begin the chain of each record that was just made, as `record` would: (record, summary) of each.

    Inside the transaction of the act; a record that already has a chain is an IntegrityError.
    """
    context = structlog.contextvars.get_contextvars()
    day = timezone.localdate(at)
    same = {
        "seq": 1, "at": at, "act": act, "actor_id": by.pk, "actor_name": by.full_name,
        "actor_post": str(by.main_post or ""), "payload": {}, "previous_hash": "",
        "request_id": str(context.get("request_id", ""))[:64], "ip": str(context.get("ip", ""))[:45],
    }  # fmt: skip
    heads: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    for subject, summary in made:
        chain, summary = chain_of(subject), summary[:300]
        content = hash_of(subject)
        link = content_hash({**same, "chain": chain, "summary": summary, "content_hash": content})
        heads.append((chain, 1, link))
        events.append(
            (chain, 1, at, day, act, same["actor_id"], same["actor_name"], same["actor_post"], summary, {}, content,
             "", link, same["request_id"], same["ip"])
        )  # fmt: skip
    insert(Head, ("chain", "seq", "hash"), heads)
    insert(Event, _EVENT, events)
