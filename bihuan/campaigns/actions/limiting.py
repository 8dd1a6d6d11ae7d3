"""Limiting a task to a zone: 禁燃区内的锅炉, not all of the city's (R008)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove
from bihuan.zones.models import Zone

from ..models import Task, seats


@transaction.atomic
def limit_task(task: Task, zone: Zone | None, *, by: User) -> bool:
    """Let a task cover only what lies in a zone; None for the whole region again. Returns whether that changed it.

    Raises PermissionDenied unless the person keeps the campaign's plan, IllegalMove for a task that has ended or a zone
    that is not in force.
    """
    if task.campaign.region_id not in seats(by, Permission.MANAGE_PLANS):
        raise PermissionDenied
    if task.ended_on is not None:
        raise IllegalMove("这项任务已终止，不能再限定区域")
    if zone is not None and not Zone.objects.in_force(on=timezone.localdate()).filter(pk=zone.pk).exists():
        raise IllegalMove(f"“{zone}”现在没有生效的范围，请先在“区域”里划定，或等到生效之日")
    changed = Task.objects.filter(pk=task.pk).exclude(zone=zone).update(zone=zone)
    if not changed:
        return False
    task.zone = zone
    summary = f"“{task}”限定在“{zone}”内" if zone else f"“{task}”不再限定区域"
    record("campaigns.limit_task", task, by=by, summary=summary, payload={"zone": zone.pk if zone else None})
    return True
