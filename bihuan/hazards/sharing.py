"""Hazards in shared lists, and what open major hazards mean for the place they are at (R040, R045)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.registry.lists import ListColumn, ListSource, Reading
from bihuan.registry.models import Enterprise

from .models import Hazard
from .queries import chips, ledger, parse_filters
from .workflow import OPEN, RUNNING, Level

_COLUMNS = (
    ListColumn("number", "编号", 14),
    ListColumn("enterprise", "企业名称", 28),
    ListColumn("locality", "乡镇街道", 12),
    ListColumn("department", "主管部门", 14),
    ListColumn("level", "等级", 8),
    ListColumn("status", "状态", 10),
    ListColumn("description", "隐患描述", 40),
    ListColumn("location", "部位", 14),
    ListColumn("found_on", "发现日期", 11),
    ListColumn("due_on", "整改期限", 11),
    ListColumn("overdue", "逾期天数", 8),
    ListColumn("responsible", "整改责任人", 10),
    ListColumn("measures", "整改措施", 28),
    ListColumn("interim", "临时管控措施", 24),
    ListColumn("supervised", "挂牌督办", 8),
)


def _read(user: User, query: QueryDict) -> Reading:
    filters = parse_filters(query)
    rows = ledger(user, filters).select_related("enterprise", "locality", "department")
    words = "，".join(f"{chip.label}：{chip.value}" for chip in chips(user, filters))
    return Reading(rows, words or "全部")


def _cells(rows: Sequence[Any], columns: Sequence[str]) -> list[list[Any]]:
    today = timezone.localdate()
    plain: dict[str, Callable[[Hazard], Any]] = {
        "number": lambda row: f"{row.found_on.year}-{row.pk:07d}",
        "enterprise": lambda row: row.enterprise.name,
        "locality": lambda row: row.locality.name,
        "department": lambda row: row.department.short_name if row.department else "未指定",
        "level": lambda row: row.get_level_display(),
        "status": lambda row: row.get_status_display(),
        "description": lambda row: row.description,
        "location": lambda row: row.location,
        "found_on": lambda row: row.found_on,
        "due_on": lambda row: row.due_on or "",
        "overdue": lambda row: (
            (today - row.due_on).days if row.due_on and row.due_on < today and row.status in RUNNING else ""
        ),
        "responsible": lambda row: row.responsible_person,
        "measures": lambda row: row.measures,
        "interim": lambda row: row.interim_measures,
        "supervised": lambda row: "是" if row.is_supervised else "",
    }
    return [[plain[key](row) for key in columns] for row in rows]


HAZARD_ROWS = ListSource(
    key="hazards.hazards",
    title="隐患",
    unit="项",
    permission=Permission.VIEW_HAZARDS,
    page="hazards:ledger",
    columns=_COLUMNS,
    usual=("enterprise", "locality", "level", "status", "description", "due_on", "overdue", "responsible"),
    read=_read,
    cells=_cells,
    url_of=lambda row: row.get_absolute_url(),
)


def open_major(enterprise: Enterprise) -> int:
    """How many major hazards of an enterprise are not closed."""
    return Hazard.objects.filter(enterprise=enterprise, level=Level.MAJOR, status__in=OPEN).count()


def has_open_major() -> Q:
    """Enterprises with such a hazard."""
    rows = Hazard.objects.filter(enterprise=OuterRef("pk"), level=Level.MAJOR, status__in=OPEN)
    return Q(Exists(rows))
