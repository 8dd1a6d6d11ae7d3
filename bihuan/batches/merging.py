"""When two records of one place become one: it stands in one batch of a campaign."""

from __future__ import annotations

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.registry.models import Enterprise

from .models import BatchObject, BatchTransition
from .workflow import ObjectMove, ObjectStatus


def fold_objects(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """An object that nobody has notified yet is taken out; two that were notified must be settled by people first."""
    live = BatchObject.objects.exclude(status=ObjectStatus.REMOVED)
    ours = {row.campaign_id: row for row in live.filter(enterprise=kept).select_related("batch")}
    for theirs in list(live.filter(enterprise=gone, campaign__in=ours).select_related("batch")):
        mine = ours[theirs.campaign_id]
        out = theirs if theirs.status == ObjectStatus.LISTED else mine
        if out.status != ObjectStatus.LISTED:
            raise Refused(f"两条记录在{mine.batch}和{theirs.batch}都已下发通知，请先办结其中一条再合并")
        BatchObject.objects.filter(pk=out.pk).update(status=ObjectStatus.REMOVED)
        line = BatchTransition.objects.create(
            member=out,
            move=ObjectMove.REMOVE,
            from_status=ObjectStatus.LISTED,
            to_status=ObjectStatus.REMOVED,
            due_on=out.due_on,
            reason="合并重复的企业记录",
            by=by,
            at=timezone.now(),
        )
        record("batches.remove", line, by=by, summary=f"合并记录，移出{out.batch}：{gone}")
