"""Who lay in a zone on a day, and taking that away as a table: memberships are dated, so any day can be asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import row_number
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row
from bihuan.registry.models import Enterprise

from .models import Zone, ZoneMembership

COLUMNS = (
    Column("企业", 30),
    Column("场所", 20),
    Column("统一社会信用代码", 20),
    Column("乡镇街道", 12),
    Column("主管部门", 14),
    Column("进入日期", 11),
    Column("进入原因", 18),
    Column("离开日期", 11),
    Column("离开原因", 18),
)


class Which(models.TextChoices):
    """Which stays: those of a day, all there ever were, or those that ended."""

    DAY = "day", "某一天在内的"
    EVER = "ever", "曾经在内的全部"
    LEFT = "left", "已经离开的"


class Asked:
    """What the address asks of a zone: `which`, and the day; anything else means today."""

    def __init__(self, query: QueryDict) -> None:
        self.which = query.get("which", Which.DAY)
        if self.which not in Which.values:
            self.which = Which.DAY
        self.today = timezone.localdate()
        self.refusal = ""
        self.on = self.today
        if text := query.get("on", "")[:10]:
            self.on = self._day(text)

    def _day(self, text: str) -> dt.date:
        try:
            day = parse_date(text)
        except ValueError:
            day = None
        if day is None or day.year < 1990:
            self.refusal = f"日期“{text}”应写成2026-11-22的样子，这里按今天列出"
            return self.today
        if day > self.today:
            self.refusal = "以后的日子还没有清点，这里按今天列出"
            return self.today
        return day

    @property
    def address(self) -> str:
        """The same question as the query of an address."""
        query = QueryDict(mutable=True)
        query["which"] = self.which
        if self.which == Which.DAY:
            query["on"] = self.on.isoformat()
        return query.urlencode()

    @property
    def words(self) -> str:
        """The question as people say it."""
        return f"{self.on.isoformat()}在内" if self.which == Which.DAY else str(Which(self.which).label)


def stays_of(zone: Zone, user: User, asked: Asked) -> QuerySet[ZoneMembership]:
    """The stays of a zone that are asked for, of objects the person may see; the day somebody left is not counted."""
    visible = Enterprise.objects.visible_to(user)
    rows = ZoneMembership.objects.filter(zone=zone, enterprise__in=visible.values("pk"))
    match asked.which:
        case Which.DAY:
            rows = rows.filter(Q(left_on=None) | Q(left_on__gt=asked.on), entered_on__lte=asked.on)
        case Which.LEFT:
            rows = rows.filter(left_on__isnull=False)
    return rows.select_related("enterprise__locality", "enterprise__department", "premises")


def cells(rows: Sequence[ZoneMembership]) -> list[list[Any]]:
    """The values of COLUMNS for some stays."""
    return [
        [
            row.enterprise.name,
            row.premises.name if row.premises else "",
            row.enterprise.credit_code or "",
            row.enterprise.locality.name,
            row.enterprise.department.short_name if row.enterprise.department else "未指定",
            row.entered_on.isoformat(),
            row.get_entered_by_display(),
            row.left_on.isoformat() if row.left_on else "",
            row.get_left_by_display(),
        ]
        for row in rows
    ]


class StayRows:
    """The stays of one zone in pieces, the latest line first; `query` names the zone and what is asked of it."""

    def __init__(self, user: User, query: str) -> None:
        asked = QueryDict(query)
        zone = Zone.objects.visible_to(user).filter(pk=row_number(asked.get("zone", ""))).first()
        self._rows = stays_of(zone, user, Asked(asked)) if zone else ZoneMembership.objects.none()

    def total(self) -> int:
        return self._rows.count()

    def is_longer_than(self, limit: int) -> bool:
        return self._rows[: limit + 1].count() > limit

    def begin(self) -> Any:
        return None

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        rows = self._rows.order_by("-pk")
        if position is not None:
            rows = rows.filter(pk__lt=position)
        found = list(rows[:limit])
        if not found:
            return [], position
        return list(cells(found)), found[-1].pk


STAYS = Export("zones.stays", "区域内的企业", "zones.export", Permission.EXPORT_HAZARDS, COLUMNS, StayRows)
