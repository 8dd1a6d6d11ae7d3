"""When two records of one place become one: nobody stands aside twice, and there is one proposal at most."""

from __future__ import annotations

from collections.abc import Iterable

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.duties import actions as duties
from bihuan.duties.models import Duty
from bihuan.registry.models import Enterprise, Merger

from .models import JointVisit, Recusal


def fold_recusals(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """Of two recusals of one person the one of the record that stays remains in force."""
    ours = set(Recusal.objects.filter(enterprise=kept, is_active=True).values_list("organization", "user"))
    for theirs in Recusal.objects.filter(enterprise=gone, is_active=True):
        if (theirs.organization_id, theirs.user_id) in ours:
            theirs.is_active = False
            theirs.save(update_fields=["is_active"])
            record("planning.end_recusal", theirs, by=by, summary=f"合并重复记录，解除重复的回避：{theirs}")


def fold_joints(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """While a proposal about each of two records waits for answers, the one about the record that goes is dropped."""
    proposed = JointVisit.objects.filter(status=JointVisit.Status.PROPOSED)
    if not proposed.filter(enterprise=kept).exists():
        return
    for joint in proposed.filter(enterprise=gone):
        joint.status = JointVisit.Status.DROPPED
        joint.save(update_fields=["status"])
        duties.finish_duty(joint, Duty.Kind.JOINT_ANSWER, by=by, cancelled=True)
        record("planning.settle_joint", joint, by=by, summary=f"合并重复记录，{joint}不再征求意见")


def numbers_today(numbers: Iterable[int]) -> dict[int, int]:
    """The number each enterprise has today: that of the record it was merged into, or still its own."""
    wanted = list(numbers)
    into = dict(Merger.objects.filter(old_id__in=wanted).values_list("old_id", "into"))
    return {number: into.get(number, number) for number in wanted}
