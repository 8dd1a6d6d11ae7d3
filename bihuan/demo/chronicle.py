"""Audit events written in bulk, link for link what `audit.actions.record` would have written at the time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import chain_of, link_hash
from bihuan.audit.models import Event, Head
from bihuan.core.digest import content_hash

BATCH = 2000


class Chronicle:
    """Collects acts in any order and writes them in order of time; every chain goes on from its last link."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._posts: dict[int, str] = {}

    def note(
        self,
        act: str,
        subject: models.Model,
        *,
        by: User,
        at: dt.datetime,
        summary: str,
        payload: dict[str, Any] | None = None,
        content: dict[str, object] | None = None,
    ) -> None:
        """Keep one act. `content` is what the subject's `signed_content()` said at that moment; asked now if omitted."""
        if content is None and (signed := getattr(subject, "signed_content", None)):
            content = signed()
        self._events.append(
            Event(
                chain=chain_of(subject),
                at=at,
                day=timezone.localdate(at),
                act=act,
                actor_id=by.pk,
                actor_name=by.full_name,
                actor_post=self._post_of(by),
                summary=summary[:300],
                payload=payload or {},
                content_hash=content_hash(content) if content else "",
            )
        )

    def _post_of(self, user: User) -> str:
        if user.pk not in self._posts:
            self._posts[user.pk] = str(user.main_post or "")
        return self._posts[user.pk]

    def write(self) -> int:
        """Chain and insert everything kept so far; returns how many events there were."""
        events = sorted(self._events, key=lambda event: event.at)
        self._events = []
        heads = self._heads({event.chain for event in events})
        for event in events:
            seq, previous = heads.get(event.chain, (0, ""))
            event.seq, event.previous_hash = seq + 1, previous
            event.hash = link_hash(event)
            heads[event.chain] = (event.seq, event.hash)
        Event.objects.bulk_create(events, batch_size=BATCH)
        touched = {event.chain for event in events}
        Head.objects.bulk_create(
            [Head(chain=chain, seq=heads[chain][0], hash=heads[chain][1]) for chain in touched],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["chain"],
            update_fields=["seq", "hash"],
        )
        return len(events)

    def _heads(self, chains: set[str]) -> dict[str, tuple[int, str]]:
        known = Head.objects.all() if len(chains) > BATCH else Head.objects.filter(pk__in=chains)
        return {head.chain: (head.seq, head.hash) for head in known.iterator() if head.chain in chains}
