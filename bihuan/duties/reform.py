"""When a body is merged or split its duties go with the posts that carry them, history kept (R275)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.audit.actions import record

from .models import Duty


def follow_posts(before: Organization, after: Organization, posts: list[Post], by: User, reason: str) -> None:
    """Move open duties of `posts`, and what no post holds, from one body to the other, in the caller's transaction.

    Where the new body already owes the same thing, the one that arrives is cancelled: nobody owes twice.
    """
    moving = Duty.objects.open().filter(organization=before).filter(Q(post__in=posts) | Q(post=None))
    moved, merged = [], []
    for duty in moving:
        twin = Duty.objects.open().filter(subject=duty.subject, kind=duty.kind, organization=after)
        if twin.exists():
            duty.status, duty.closed_at, duty.closed_by, duty.next_step_on = (
                Duty.Status.CANCELLED, timezone.now(), by, None,
            )  # fmt: skip
            merged.append(duty.pk)
        else:
            duty.organization = after
            moved.append(duty.pk)
        duty.save(update_fields=["organization", "status", "closed_at", "closed_by", "next_step_on"])
    if moved or merged:
        record(
            "duties.reform",
            after,
            by=by,
            summary=f"{before} 的 {len(moved)} 件待办转入，{len(merged)} 件与已有的合并",
            payload={"from": before.pk, "moved": moved, "merged": merged, "reason": reason},
        )


def load_of_posts(post_ids: Iterable[int]) -> dict[int, int]:
    """Open duties per post, shown before a hand-over."""
    rows = (
        Duty.objects.open()
        .filter(post__in=list(post_ids))
        .order_by()
        .values_list("post")
        .annotate(Count("pk"))
    )
    return {post: count for post, count in rows if post is not None}
