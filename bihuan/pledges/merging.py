"""When two records of one place become one: its promises follow, and of two drafts of one form one stays."""

from __future__ import annotations

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.registry.models import Enterprise

from .models import Pledge, PledgeTransition
from .workflow import PledgeMove, PledgeStatus


def fold_pledges(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """A draft of the record that goes gives way to one on the same form of the record that stays."""
    drafts = Pledge.objects.filter(status=PledgeStatus.DRAFT)
    ours = drafts.filter(enterprise=kept).values("form")
    for draft in list(drafts.filter(enterprise=gone, form__in=ours)):
        now = timezone.now()
        Pledge.objects.filter(pk=draft.pk).update(status=PledgeStatus.WITHDRAWN, updated_at=now, renews=None)
        line = PledgeTransition.objects.create(
            pledge=draft,
            move=PledgeMove.WITHDRAW,
            from_status=PledgeStatus.DRAFT,
            to_status=PledgeStatus.WITHDRAWN,
            reason=f"与“{kept}”合并，保留另一份草稿",
            by=by,
            at=now,
        )
        record("pledges.withdraw", line, by=by, summary=f"合并记录，撤回草稿：{draft}")
