"""What waits in somebody's inbox of messages."""

from __future__ import annotations

from django.db.models import QuerySet

from bihuan.accounts.models import User

from .models import Message


def inbox(user: User) -> QuerySet[Message]:
    """The person's own messages, newest first."""
    return Message.objects.filter(recipient=user).order_by("-id")


def unread_count(user: User) -> int:
    """How many messages the person has not read yet."""
    return Message.objects.filter(recipient=user, read_at=None).count()
