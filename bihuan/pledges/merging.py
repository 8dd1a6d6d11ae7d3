"""When two records of one place become one: its promises follow, and of two drafts of one form one stays."""

from __future__ import annotations

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.moves import step
from bihuan.registry.models import Enterprise

from .models import Pledge, PledgeTransition
from .workflow import RULES, PledgeMove, PledgeStatus


def fold_pledges(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """A draft of the record that goes gives way to one on the same form of the record that stays."""
    drafts = Pledge.objects.filter(status=PledgeStatus.DRAFT)
    ours = drafts.filter(enterprise=kept).values("form")
    for draft in list(drafts.filter(enterprise=gone, form__in=ours)):
        now = timezone.now()
        step(
            draft, PledgeMove.WITHDRAW, RULES[PledgeMove.WITHDRAW], PledgeTransition, by=by, at=now,
            reason=f"与“{kept}”合并，保留另一份草稿", changed={"updated_at": now, "renews": None},
        )  # fmt: skip
