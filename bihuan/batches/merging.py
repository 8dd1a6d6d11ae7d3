"""When two records of one place become one: it stands in one batch of a campaign."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.audit.moves import step
from bihuan.core.errors import Refused
from bihuan.registry.models import Enterprise

from .models import BatchObject, BatchTransition
from .workflow import OBJECT_RULES, ObjectMove, ObjectStatus


def fold_objects(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """An object that nobody has notified yet is taken out; two that were notified must be settled by people first."""
    live = BatchObject.objects.exclude(status=ObjectStatus.REMOVED)
    ours = {row.campaign_id: row for row in live.filter(enterprise=kept).select_related("batch")}
    for theirs in list(live.filter(enterprise=gone, campaign__in=ours).select_related("batch")):
        mine = ours[theirs.campaign_id]
        out = theirs if theirs.status == ObjectStatus.LISTED else mine
        if out.status != ObjectStatus.LISTED:
            raise Refused(f"两条记录在{mine.batch}和{theirs.batch}都已下发通知，请先办结其中一条再合并")
        step(
            out, ObjectMove.REMOVE, OBJECT_RULES[ObjectMove.REMOVE], BatchTransition, by=by,
            reason=f"与“{gone}”合并为一条记录",
        )  # fmt: skip
