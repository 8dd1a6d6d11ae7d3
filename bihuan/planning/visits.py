"""A planned visit becomes somebody's duty: at once when approved or agreed, with its month when a plan foresees it."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import service_user
from bihuan.audit.actions import chain_of, record
from bihuan.core.errors import IllegalMove, ReasonRequired
from bihuan.duties import actions as duties
from bihuan.duties.models import Duty

from .models import PlannedVisit, VisitPlan

BATCH = 500


def new_duty(visit: PlannedVisit, title: str) -> duties.NewDuty:
    """The duty to make a visit by the last of its days."""
    return duties.NewDuty(
        kind=Duty.Kind.VISIT,
        subject=visit,
        title=title,
        url=reverse("planning:visit", args=[visit.pk]),
        organization=visit.organization,
        place=visit,
        due_on=visit.window_to,
        clock={"summary": f"检查时段 {visit.window_from} 至 {visit.window_to}"},
    )


def owe(visit: PlannedVisit, title: str, *, by: User) -> None:
    """Put one visit into the inbox of the body that makes it."""
    duties.open_duties([new_duty(visit, title)], by=by)


@transaction.atomic
def cancel_visit(visit: PlannedVisit, reason: str, *, by: User) -> PlannedVisit:
    """Give up a visit that cannot or need not be made; the reason stays, and is published where a draw named it.

    Raises PermissionDenied for other bodies, ReasonRequired, IllegalMove when it was made or cancelled.
    """
    if not by.has_perm(Permission.PLAN_VISITS) or visit.organization_id not in {
        post.organization_id for post in by.posts
    }:
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("取消检查")
    planned = PlannedVisit.objects.filter(pk=visit.pk, status=PlannedVisit.Status.PLANNED)
    moved = planned.update(status=PlannedVisit.Status.CANCELLED, reason=reason.strip()[:200])
    visit.refresh_from_db()
    if not moved:
        raise IllegalMove(f"这次检查{visit.get_status_display()}，请刷新页面")
    duties.finish_duty(visit, Duty.Kind.VISIT, by=by, cancelled=True)
    record("planning.cancel_visit", visit, by=by, summary=f"取消{visit}：{visit.reason}")
    return visit


def open_visits(now: dt.datetime, *, plan: VisitPlan | None = None) -> int:
    """Put the planned visits whose days have begun into the inboxes; returns how many. The worker asks every hour.

    All of them, or those of one plan. A visit that has or had its duty is left alone: asking again changes nothing.
    """
    today = timezone.localdate(now)
    waiting = PlannedVisit.objects.filter(
        status=PlannedVisit.Status.PLANNED, source=PlannedVisit.Source.PLAN, window_from__lte=today
    ).select_related("organization", "enterprise")
    if plan is not None:
        waiting = waiting.filter(plan=plan)
    opened, last = 0, 0
    while rows := list(waiting.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = rows[-1].pk
        with transaction.atomic():
            had = set(
                Duty.objects.filter(
                    kind=Duty.Kind.VISIT, subject__in=[chain_of(visit) for visit in rows]
                ).values_list("subject", flat=True)
            )
            new = [
                new_duty(visit, f"{visit.get_kind_display()}（年度计划）：{visit.enterprise}")
                for visit in rows
                if chain_of(visit) not in had
            ]
            if new:
                duties.open_duties(new, by=service_user())
                opened += len(new)
    return opened
