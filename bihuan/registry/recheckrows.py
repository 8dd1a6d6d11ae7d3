"""Going back to stopped places as rows of a shared list (停产关闭复核清单, R046)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission

from .filters import RegistryFilter
from .lists import ListColumn, ListSource, Reading
from .models import Recheck
from .models.lifecycle import RecheckQuerySet

STATES = {"open": "待复核", "overdue": "已逾期", "revived": "擅自恢复", "done": "已复核"}
_COLUMNS = (
    ListColumn("enterprise", "企业名称", 28),
    ListColumn("locality", "乡镇街道", 12),
    ListColumn("department", "主管部门", 14),
    ListColumn("address", "地址", 28),
    ListColumn("status", "状态", 10),
    ListColumn("since", "状态起始", 11),
    ListColumn("why", "理由", 24),
    ListColumn("moved_to", "迁往何处", 20),
    ListColumn("months", "第几个月", 8),
    ListColumn("due_on", "期限", 11),
    ListColumn("finding", "复核结果", 12),
    ListColumn("note", "情况", 30),
    ListColumn("done_on", "复核日期", 11),
    ListColumn("by", "复核人", 10),
)


def in_state(rows: RecheckQuerySet, state: str) -> RecheckQuerySet:
    """Those of `rows` in one of STATES; still open for an unknown one."""
    match state:
        case "overdue":
            return rows.filter(status=Recheck.Status.OPEN, due_on__lt=timezone.localdate())
        case "revived":
            return rows.filter(finding=Recheck.Finding.REVIVED)
        case "done":
            return rows.filter(status=Recheck.Status.DONE)
    return rows.filter(status=Recheck.Status.OPEN)


def _read(user: User, query: QueryDict) -> Reading:
    """Rechecks at the enterprises a filter of the registry finds; `state` is one of STATES."""
    filters = RegistryFilter(query, user)
    state = query.get("state", "open")
    words = [filters.words] if filters.applied else []
    words.append(STATES.get(state, STATES["open"]))
    rows = in_state(Recheck.objects.filter(enterprise__in=filters.queryset.values("pk")), state)
    related = rows.select_related("enterprise__locality", "enterprise__department", "period", "by")
    return Reading(related.order_by("-pk"), "，".join(words))


def _cells(rows: Sequence[Any], columns: Sequence[str]) -> list[list[Any]]:
    plain: dict[str, Callable[[Recheck], Any]] = {
        "enterprise": lambda row: row.enterprise.name,
        "locality": lambda row: row.enterprise.locality.name,
        "department": lambda row: (
            row.enterprise.department.short_name if row.enterprise.department else "未指定"
        ),
        "address": lambda row: row.enterprise.address,
        "status": lambda row: row.period.get_status_display(),
        "since": lambda row: row.period.from_on,
        "why": lambda row: row.period.reason,
        "moved_to": lambda row: row.period.moved_to,
        "months": lambda row: row.months,
        "due_on": lambda row: row.due_on,
        "finding": lambda row: row.get_finding_display() or row.get_status_display(),
        "note": lambda row: row.note,
        "done_on": lambda row: row.done_on or "",
        "by": lambda row: row.by.full_name if row.by else "",
    }
    return [[plain[key](row) for key in columns] for row in rows]


RECHECK_ROWS = ListSource(
    key="registry.rechecks",
    title="停产关闭复核",
    unit="项",
    permission=Permission.VIEW_REGISTRY,
    page="registry:rechecks",
    columns=_COLUMNS,
    usual=("enterprise", "locality", "department", "status", "since", "months", "due_on", "finding", "note"),
    read=_read,
    cells=_cells,
    url_of=lambda row: row.get_absolute_url(),
    orders={
        "due": ("按期限先后", ("due_on",)),
        "place": ("按乡镇街道", ("enterprise__locality_id", "due_on")),
    },
)
