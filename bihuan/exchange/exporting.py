"""Packages and the register of lower levels as tables to take away."""

from __future__ import annotations

from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row, RowSource

from . import queries
from .models import ListedElsewhere, Package

PACKAGE_COLUMNS = (
    Column("方向", 8), Column("交换对象", 26), Column("内容", 12), Column("编号", 8), Column("标题", 40), Column("所涉区划", 14),
    Column("状态", 18), Column("说明", 40), Column("打包时间", 20), Column("收发时间", 20), Column("办结时间", 20), Column("包号", 38),
    Column("清单摘要", 70),
)  # fmt: skip
LISTED_COLUMNS = (
    Column("交换对象", 24), Column("挂牌编号", 18), Column("挂牌事项", 40), Column("单位或地点", 34), Column("区划", 16),
    Column("挂牌级别", 12), Column("状态", 14), Column("责任单位", 26), Column("挂牌日期", 12), Column("整改期限", 12),
    Column("逾期", 6), Column("最近进展", 40), Column("摘牌日期", 12), Column("对方告知时间", 20),
)  # fmt: skip


class PackageSource(RowSource):
    def __init__(self, user: User, query: str) -> None:
        given = QueryDict(query)
        wanted = {name: given.get(name, "") for name in ("direction", "state", "kind", "peer", "since")}
        super().__init__(queries.packages_of(user, wanted))

    def row(self, each: Package) -> Row:
        return (
            each.get_direction_display(), each.peer.name, queries.label_of(each.kind), each.sequence, each.title, each.region_code,
            each.get_status_display(), each.note, each.created_at, each.moved_at, each.settled_at, str(each.number), each.digest,
        )  # fmt: skip


class ListedSource(RowSource):
    def __init__(self, user: User, query: str) -> None:
        state, today = QueryDict(query).get("state", "open"), timezone.localdate()
        rows = ListedElsewhere.objects.visible_to(user).select_related("peer")
        if state == "overdue":
            rows = rows.filter(is_open=True, due_on__lt=today)
        elif state != "all":
            rows = rows.filter(is_open=True)
        super().__init__(rows)

    def row(self, each: ListedElsewhere) -> Row:
        late = each.is_open and each.due_on is not None and each.due_on < self._today
        return (
            each.peer.name, each.number, each.title, each.place, each.region_name or each.region_code, each.level, each.state,
            each.responsible, each.listed_on, each.due_on, "是" if late else "", each.progress, each.closed_on, each.told_at,
        )  # fmt: skip


PACKAGES = Export(
    "exchange.packages",
    "上下级交换包",
    "exchange.export",
    Permission.VIEW_EXCHANGE,
    PACKAGE_COLUMNS,
    PackageSource,
)
LISTED = Export(
    "exchange.listed",
    "下级挂牌清单",
    "exchange.export_listed",
    Permission.VIEW_EXCHANGE,
    LISTED_COLUMNS,
    ListedSource,
)
