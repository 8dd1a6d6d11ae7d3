"""A visit meets its plan: the planned visit is done, its duty ends; a visit nobody planned is remarked on."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.duties import actions as duties
from bihuan.duties.models import Duty
from bihuan.inspections.kinds import OWN
from bihuan.inspections.models import Inspection, Signal
from bihuan.inspections.weighing import Found

from .models import PlannedVisit, VisitPlan


def fulfil(inspection: Inspection, *, by: User) -> None:
    """Tick off what was planned there: of this organization, and of those that joined in a joint visit."""
    if inspection.kind in OWN:
        return
    waiting = PlannedVisit.objects.filter(
        enterprise=inspection.enterprise_id,
        status=PlannedVisit.Status.PLANNED,
        window_from__lte=inspection.inspected_on,
    )
    mine = waiting.filter(organization=inspection.organization_id).order_by("window_to", "id").first()
    if mine is None:
        return
    for visit in waiting.filter(joint=mine.joint_id) if mine.joint_id else [mine]:
        visit.status, visit.inspection = PlannedVisit.Status.DONE, inspection
        visit.save(update_fields=["status", "inspection"])
        duties.finish_duty(visit, Duty.Kind.VISIT, by=by)


def unplanned(inspection: Inspection) -> Iterator[Found]:
    """A visit outside any task, plan and approval, of an organization that has a plan to keep to."""
    if inspection.kind in OWN or inspection.task_id is not None:
        return
    if PlannedVisit.objects.filter(inspection=inspection).exists():
        return
    plans = VisitPlan.objects.filter(
        organization=inspection.organization_id,
        year=inspection.inspected_on.year,
        status=VisitPlan.Status.ADOPTED,
        adopted_at__lte=inspection.started_at,
    )
    if plans.exists():
        yield Found(
            Signal.Code.UNPLANNED,
            "不属于任何任务、双随机或年度计划，也没有计划外检查的批准",
            {"url": reverse("planning:requests")},
        )
