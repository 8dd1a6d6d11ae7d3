"""Who else has the draft open, and where: a row a person, kept fresh by the page's pulse."""

from __future__ import annotations

import datetime as dt

from bihuan.accounts.models import User

from .cards import title_of
from .models import PlanDocument, PlanItem, PlanPresence

# The page beats every four seconds; who was not heard for half a minute has left.
GONE_AFTER = dt.timedelta(seconds=30)
# Standing still need not be written down at every beat.
FRESH = dt.timedelta(seconds=10)


def note_presence(document: PlanDocument, user: User, item: int, *, now: dt.datetime) -> None:
    """Remember that `user` has the draft open at element number `item` (0: at none)."""
    row = PlanPresence.objects.filter(document=document, user=user).first()
    if row and row.item_id == (item or None) and now - row.seen_at < FRESH:
        return
    here = PlanItem.objects.filter(document=document, pk=item).values_list("pk", flat=True).first()
    PlanPresence.objects.update_or_create(
        document=document, user=user, defaults={"item_id": here, "seen_at": now}
    )


def others_present(document: PlanDocument, user: User, *, now: dt.datetime) -> list[str]:
    """A sentence for everybody else who is there: 李某某 正在核对“查充装管理”."""
    rows = (
        PlanPresence.objects.filter(document=document, seen_at__gte=now - GONE_AFTER)
        .exclude(user=user)
        .select_related("user", "item")
        .order_by("user_id")
    )
    return [
        f"{row.user.full_name} 正在核对“{_where(row.item)}”"
        if row.item
        else f"{row.user.full_name} 也打开了本页"
        for row in rows
    ]


def _where(item: PlanItem) -> str:
    no = str(item.data.get("no") or "")
    return f"{no} {title_of(item)}".strip()[:40]
