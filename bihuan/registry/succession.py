"""When departments merge or are dissolved, what they supervised passes to whoever takes over (R275)."""

from __future__ import annotations

from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User

from .models import Enterprise, EnterpriseChange, EnterpriseKind


def pass_supervision(
    before: Organization, after: Organization, posts: list[Post], by: User, reason: str
) -> None:
    """Give a department's enterprises to `after` once no active post is left in it; a line per enterprise.

    A department that goes on after a split keeps its enterprises: which of them follow is the office's decision,
    made with the list's 指定主管部门.
    """
    if before.kind != Organization.Kind.DEPARTMENT or before.posts.filter(is_active=True).exists():
        return
    supervised = list(Enterprise.objects.filter(department=before))
    now = timezone.now()
    Enterprise.objects.filter(department=before).update(department=after, updated_at=now)
    EnterpriseKind.objects.filter(default_department=before).update(default_department=after)
    EnterpriseChange.objects.bulk_create(
        [
            EnterpriseChange(
                enterprise=enterprise,
                what=EnterpriseChange.What.ASSIGNED,
                changes=[["主管部门", before.name, after.name]],
                reason=f"机构改革：{reason}"[:300],
                by=by,
                at=now,
            )
            for enterprise in supervised
        ],
        batch_size=500,
    )
