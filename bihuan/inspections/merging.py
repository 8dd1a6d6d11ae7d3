"""When two records of one place become one: its first visit under a task counts once, what was signed stays signed."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.audit.actions import chain_of
from bihuan.core.digest import matches
from bihuan.registry.models import Enterprise, Merger
from bihuan.tally import actions as tally
from bihuan.tally.models import Delta

from .models import Coverage, Inspection


def is_as_signed(inspection: Inspection, content_hash: str) -> bool:
    """Whether a visit still says what was signed, under the number its enterprise has now or had then."""
    content = inspection.signed_content()
    if matches(content, content_hash):
        return True
    former = Merger.objects.filter(into=inspection.enterprise_id).values_list("old_id", flat=True)
    return any(matches({**content, "enterprise": number}, content_hash) for number in former)


def fold_coverage(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """Of two first visits under one task the earlier stays; the figures lose the other."""
    ours = {row.task_id: row for row in Coverage.objects.filter(enterprise=kept)}
    for theirs in list(
        Coverage.objects.filter(enterprise=gone, task__in=ours).select_related("first_inspection")
    ):
        mine = ours[theirs.task_id]
        later = max(mine, theirs, key=lambda row: (row.on, row.pk))
        inspection: Inspection = later.first_inspection
        later.delete()
        tally.record(
            Delta(
                day=inspection.inspected_on,
                campaign_id=inspection.campaign_id or 0,
                task_id=inspection.task_id or 0,
                department_id=inspection.department_id or 0,
                city_id=inspection.city_id,
                county_id=inspection.county_id,
                locality_id=inspection.locality_id,
                subject=chain_of(inspection),
                covered=-1,
            )
        )
