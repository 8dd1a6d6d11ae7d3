"""What is done to many objects of a batch at once: notices, and handing over the late. Each object by itself."""

from __future__ import annotations

import datetime as dt

from bihuan.accounts.models import Organization, User
from bihuan.core.errors import Refused
from bihuan.jobs.selections import Act, Wanted

from .actions import hand_over_late, issue_notice
from .models import Batch, BatchObject
from .workflow import ObjectStatus

MOST = 5000


def _find(user: User, pk: int) -> BatchObject | None:
    rows = BatchObject.objects.visible_to(user).select_related(
        "batch__campaign__region", "batch__organization", "enterprise__organization", "department", "notice"
    )
    return rows.filter(pk=pk).first()


def _notify(member: BatchObject, wanted: Wanted, by: User) -> None:
    issue_notice(member, by=by)


def _transfer(member: BatchObject, wanted: Wanted, by: User) -> None:
    to = Organization.objects.filter(pk=wanted["to"]).first()
    if to is None:
        raise Refused("承办单位已不存在，请重新选择")
    hand_over_late(member, to=to, by=by)


def waiting(batch: Batch) -> list[int]:
    """The objects of a batch that have not been told yet."""
    rows = batch.members.filter(status=ObjectStatus.LISTED).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:MOST])


def late(batch: Batch, *, on: dt.date) -> list[int]:
    """The objects of a batch past their own deadline."""
    rows = BatchObject.objects.filter(batch=batch).overdue(on=on).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:MOST])


NOTICE = Act("batches.notice", "下发限期整改通知书", "家", _find, _notify)
TRANSFER = Act("batches.transfer", "逾期移送查处", "家", _find, _transfer)
