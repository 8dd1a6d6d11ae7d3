"""Telling people: into the inbox at once, out of the house by the worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.writes import Writes

from .delivery import deliver_waiting
from .models import Delivery, Message

# Text messages cost money and wake people: only what presses goes out by SMS.
SMS_CATEGORIES = frozenset({Message.Category.REMINDER, Message.Category.URGE, Message.Category.ESCALATION})


def notify(
    recipients: Iterable[User], *, category: str, title: str, body: str = "", url: str = "", key: str = ""
) -> list[Message]:
    """Put one message into each recipient's inbox and return those that are new.

    `key` names the matter: the same person gets the same key only once, however often this is called. Service
    accounts and inactive people get nothing. Call it inside `transaction.on_commit`, so that nobody is told of
    something that was rolled back. `url` is a path on this site.
    """
    people = {person.pk: person for person in recipients if person.is_active and not person.is_service}
    if not people:
        return []
    now = timezone.now()
    key = key[:120]
    with transaction.atomic():
        if key:
            known = Message.objects.filter(key=key, recipient_id__in=people)
            for told in known.values_list("recipient_id", flat=True):
                people.pop(told, None)
        rows = [
            Message(
                recipient=person, category=category, title=title[:120], body=body[:500], url=url[:200], key=key,
                created_at=now,
            )
            for person in people.values()
        ]  # fmt: skip
        if key:
            # Another process may send the same matter at this moment; the constraint decides, silently.
            Message.objects.bulk_create(rows, ignore_conflicts=True)
            messages = list(
                Message.objects.filter(key=key, recipient_id__in=people, created_at=now).select_related(
                    "recipient"
                )
            )
        else:
            messages = Message.objects.bulk_create(rows)
        deliveries = [
            Delivery(message=message, channel=channel, next_attempt_at=now)
            for message in messages
            for channel in channels_for(message)
        ]
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        if deliveries:
            transaction.on_commit(_enqueue_waiting)
    return messages


def add_message(
    writes: Writes,
    recipient_id: int,
    *,
    category: str,
    title: str,
    body: str = "",
    url: str = "",
    key: str,
    at: dt.datetime,
) -> None:
    """Put one message into an inbox with the writes of the act it tells of: nobody reads it unless the act stands.

    For recipients known to be active people. The same person gets the same `key` only once. After the act call
    `send_out_after_commit`.
    """
    writes.insert(
        Message,
        {
            "recipient_id": recipient_id,
            "category": category,
            "title": title[:120],
            "body": body[:500],
            "url": url[:200],
            "key": key[:120],
            "created_at": at,
        },
        unless_known=True,
    )


def send_out_after_commit(told: Collection[tuple[int, str]]) -> None:
    """Let messages written by `add_message`, (recipient, key) of each, leave the house once the act is committed."""
    if settings.EMAIL_HOST or settings.BIHUAN_SMS_BACKEND:
        recipients, keys = {recipient for recipient, _ in told}, {key[:120] for _, key in told}
        if recipients:
            transaction.on_commit(partial(_send_out, recipients, keys))


def _send_out(recipients: set[int], keys: set[str]) -> None:
    now = timezone.now()
    messages = Message.objects.filter(
        recipient_id__in=recipients, key__in=keys, deliveries=None
    ).select_related("recipient")
    deliveries = [
        Delivery(message=message, channel=channel, next_attempt_at=now)
        for message in messages
        for channel in channels_for(message)
    ]
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    if deliveries:
        _enqueue_waiting()


def channels_for(message: Message) -> list[str]:
    """By which ways, besides the inbox, this message leaves: what the person has and the operator configured."""
    channels: list[str] = []
    if settings.EMAIL_HOST and message.recipient.email:
        channels.append(Delivery.Channel.EMAIL)
    if settings.BIHUAN_SMS_BACKEND and message.recipient.phone and message.category in SMS_CATEGORIES:
        channels.append(Delivery.Channel.SMS)
    return channels


def _enqueue_waiting() -> None:
    deliver_waiting.enqueue()


def mark_read(user: User, ids: Iterable[int] | None = None, *, now: dt.datetime | None = None) -> int:
    """Mark the person's own unread messages as read, all of them or those with these ids; returns how many."""
    unread = Message.objects.filter(Q(recipient=user), read_at=None)
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=now or timezone.now())
