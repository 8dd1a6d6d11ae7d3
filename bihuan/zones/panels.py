"""What stands on an enterprise's page: the zones it lies in, and those it has left."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.registry.models import Enterprise
from bihuan.registry.panels import Panel, PanelRow

from .models import Misplacement, Zone, ZoneMembership

LINES = 12


def zones_of(enterprise: Enterprise, user: User) -> Panel | None:
    """The zones this enterprise and its premises are in, the latest first, those left at the end."""
    visible = Zone.objects.visible_to(user)
    stays = (
        ZoneMembership.objects.filter(enterprise=enterprise, zone__in=visible)
        .select_related("zone__kind", "premises")
        .order_by("left_on", "-entered_on", "-id")
    )
    current = list(stays.filter(left_on=None)[:LINES])
    former = list(stays.filter(left_on__isnull=False).order_by("-left_on", "-id")[:LINES])
    rows = [
        PanelRow(
            stay.zone.name, stay.zone.kind.label, stay.zone.get_absolute_url(),
            stay.zone.kind.tone, f"{_where(stay)}{stay.entered_on:%Y-%m-%d}起",
        )
        for stay in current
    ]  # fmt: skip
    rows += [
        PanelRow(
            stay.zone.name, "已不在内", stay.zone.get_absolute_url(), "outline",
            f"{_where(stay)}{stay.entered_on:%Y-%m-%d}至{stay.left_on:%Y-%m-%d}",
        )
        for stay in former
    ]  # fmt: skip
    for doubt in Misplacement.objects.filter(enterprise=enterprise).select_related("lies_in", "premises"):
        where = f"落在{doubt.lies_in.name}" if doubt.lies_in else "不在任何已知的乡镇街道内"
        what = doubt.premises.name if doubt.premises else "登记位置"
        rows.append(PanelRow(f"{what}的坐标{where}", "坐标存疑", "", "red", "请核对坐标或所属乡镇街道"))
    if enterprise.longitude is None:
        empty = "没有坐标，无法判断在不在区域内；请修改登记信息，在图上取点。"
    else:
        empty = "不在任何已划定的区域内。"
    return Panel("所在区域", rows, empty=empty)


def _where(stay: ZoneMembership) -> str:
    return f"{stay.premises.name}，" if stay.premises else ""
