"""Zones in shared lists (重点区域清单, R040), and what becomes of an enterprise's zones when two records become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Count, Q
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.registry.lists import ListColumn, ListSource, Reading
from bihuan.registry.models import Enterprise

from .models import Misplacement, Zone, ZoneMembership, ZoneVersion

_COLUMNS = (
    ListColumn("name", "区域名称", 22),
    ListColumn("kind", "类型", 12),
    ListColumn("region", "所属辖区", 12),
    ListColumn("organization", "划定单位", 18),
    ListColumn("since", "生效日期", 11),
    ListColumn("until", "失效日期", 11),
    ListColumn("words", "四至", 40),
    ListColumn("members", "区域内企业", 10),
)


def _read(user: User, query: QueryDict) -> Reading:
    """Zones in force today that the person sees; `kind` narrows to one kind."""
    rows = Zone.objects.visible_to(user).in_force(on=timezone.localdate())
    words = "现行的全部区域"
    if kind := query.get("kind", ""):
        rows = rows.filter(kind=kind)
        first = rows.select_related("kind").first()
        words = f"类型：{first.kind.label}" if first else "无此项"
    return Reading(rows.select_related("kind", "region", "organization").order_by("-pk"), words)


def _cells(rows: Sequence[Any], columns: Sequence[str]) -> list[list[Any]]:
    pks = [row.pk for row in rows]
    today = timezone.localdate()
    versions = {row.zone_id: row for row in ZoneVersion.objects.in_force(on=today).filter(zone__in=pks)}
    inside = ZoneMembership.objects.filter(zone__in=pks, left_on=None).order_by().values_list("zone")
    members = dict(inside.annotate(count=Count("enterprise", distinct=True)))
    plain: dict[str, Callable[[Zone], Any]] = {
        "name": lambda row: row.name,
        "kind": lambda row: row.kind.label,
        "region": lambda row: row.region.name,
        "organization": lambda row: row.organization.short_name,
        "since": lambda row: versions[row.pk].valid_from,
        "until": lambda row: versions[row.pk].valid_to or "长期",
        "words": lambda row: versions[row.pk].boundary_words,
        "members": lambda row: members.get(row.pk, 0),
    }
    return [[plain[key](row) for key in columns] for row in rows]


ZONE_ROWS = ListSource(
    key="zones.zones",
    title="区域",
    unit="处",
    permission=Permission.VIEW_REGISTRY,
    page="zones:list",
    columns=_COLUMNS,
    usual=("name", "kind", "region", "organization", "since", "words", "members"),
    read=_read,
    cells=_cells,
    url_of=lambda row: row.get_absolute_url(),
)


def fold_memberships(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """A stay in a zone both lie in ends for the record that goes; where the one that stays lies is worked out anew."""
    ours = ZoneMembership.objects.filter(enterprise=kept, premises=None, left_on=None).values("zone")
    for stay in ZoneMembership.objects.filter(enterprise=gone, premises=None, left_on=None, zone__in=ours):
        stay.left_on = max(stay.entered_on, timezone.localdate())
        stay.left_by = ZoneMembership.Cause.PLACE
        stay.save(update_fields=["left_on", "left_by"])


def fold_misplacements(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """A doubt about coordinates is about the record that goes, and goes with it."""
    Misplacement.objects.filter(Q(enterprise=gone, premises=None)).delete()
