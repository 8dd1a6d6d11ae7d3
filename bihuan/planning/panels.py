"""On an enterprise's page: how often it was visited this year, by whom, up to which limit, and who still means to come."""

from __future__ import annotations

from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.inspections.burden import visits_this_year
from bihuan.inspections.queries import conductible
from bihuan.registry.models import Enterprise
from bihuan.registry.panels import Panel, PanelRow

from .draws import may_plan
from .models import PlannedVisit

LINES = 6


def visits_panel(enterprise: Enterprise, user: User) -> Panel | None:
    """For officials only; whoever plans may ask for another visit from here (R059)."""
    if not user.has_perm(Permission.VIEW_CAMPAIGNS):
        return None
    rows = [
        PanelRow(
            f"{row.organization}{row.label}",
            f"{row.count} 次" + (f" / 上限 {row.cap}" if row.cap else ""),
            tone="orange" if row.is_full else "",
            note=f"最近 {row.last}",
        )
        for row in visits_this_year(enterprise)[:LINES]
    ]
    waiting = PlannedVisit.objects.visible_to(user).filter(
        enterprise=enterprise, status=PlannedVisit.Status.PLANNED
    )
    rows += [
        PanelRow(
            f"{visit.organization.short_name}{visit.get_kind_display()}",
            f"{visit.window_to} 前要去",
            reverse("planning:visit", args=[visit.pk]),
            "blue",
            visit.get_source_display(),
        )
        for visit in waiting.select_related("organization").order_by("window_to", "pk")[:LINES]
    ]
    may_ask = may_plan(user) and conductible(user).filter(pk=enterprise.pk).exists()
    url = f"{reverse('planning:new_request')}?enterprise={enterprise.pk}" if may_ask else ""
    return Panel(
        "今年受检和待检查",
        rows,
        "今年没有人来检查过，也没有列入计划。",
        url,
        "申请计划外检查" if may_ask else "",
    )
