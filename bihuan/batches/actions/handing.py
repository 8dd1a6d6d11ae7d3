"""Those who did not do it in time go to whoever may punish them (R101)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.papers.models import Paper
from bihuan.pledges.actions import refer

from ..models import BatchObject
from ..workflow import ObjectMove
from .moving import move_object
from .owing import settle_supervision, settle_transfer


@transaction.atomic
def hand_over_late(member: BatchObject, *, to: Organization, by: User) -> Paper:
    """Send an overdue object to the enforcing body. Raises PermissionDenied, Refused before the deadline, IllegalMove."""
    today = timezone.localdate()
    if member.due_on >= today:
        raise Refused(f"{member.enterprise}的期限 {member.due_on} 还没有过，不能按逾期移送")
    move_object(
        member,
        ObjectMove.TRANSFER,
        by=by,
        reason=f"逾期 {(today - member.due_on).days} 天，移送{to.short_name}",
    )
    latest = member.progress_notes.order_by("-pk").first()
    referral = refer(
        member,
        enterprise=member.enterprise,
        place=member,
        sender=member.batch.organization,
        to=to,
        facts=[
            ("通知文书", member.notice.number if member.notice else ""),
            ("整改要求", member.content or member.batch.demand),
            ("整改期限", member.due_on.isoformat()),
            ("逾期天数", (today - member.due_on).days),
            ("最近进度", f"{member.progress}%" + (f"，{latest.text}" if latest is not None else "")),
        ],
        reason="未按限期整改（治理）通知书的要求完成整改",
        url=member.get_absolute_url(),
        photos=[each.pk for each in files.of(latest, "scene")] if latest is not None else (),
        by=by,
    )
    BatchObject.objects.filter(pk=member.pk).update(transfer=referral.paper)
    member.transfer = referral.paper
    finish_duty(member, Duty.Kind.BATCH_RECTIFY, by=by, cancelled=True)
    settle_transfer(member.batch, by=by)
    settle_supervision(member.batch, by=by)
    assert referral.paper is not None
    return referral.paper
