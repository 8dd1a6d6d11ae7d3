"""Checks of rounds, and recurrences, as sheets."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import row_number
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row

from . import queries
from .models import LookbackRound
from .standing import sees_inspectors

COLUMNS = (
    Column("回头看", 26), Column("次序", 6), Column("抽样层", 18), Column("隐患编号", 10), Column("企业名称", 32),
    Column("乡镇（街道）", 14), Column("隐患描述", 40), Column("部位", 18), Column("销号日期", 12), Column("销号人", 10),
    Column("抽查单位", 16), Column("结论", 10), Column("抽查日期", 12), Column("现场情况", 40), Column("抽查人", 10),
    Column("已重开", 8),
)  # fmt: skip
REPEATS = (
    Column("再次发现", 12), Column("隐患编号", 10), Column("企业名称", 32), Column("乡镇（街道）", 14), Column("隐患描述", 40),
    Column("部位", 18), Column("上次编号", 10), Column("上次销号", 12), Column("相隔天数", 8), Column("判定月数", 8),
    Column("认定依据", 18), Column("上次销号人", 10),
)  # fmt: skip


class _Source:
    """Rows in the order of their numbers."""

    _rows: Any
    related: tuple[str, ...] = ()

    def total(self) -> int:
        return int(self._rows.count())

    def is_longer_than(self, limit: int) -> bool:
        return int(self._rows[: limit + 1].count()) > limit

    def begin(self) -> Any:
        return 0

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        found = list(self._rows.filter(pk__gt=position).select_related(*self.related).order_by("pk")[:limit])
        return ([self._row(each) for each in found], found[-1].pk) if found else ([], position)

    def _row(self, each: Any) -> Row:
        raise NotImplementedError


class CheckSource(_Source):
    related = ("round", "stratum", "hazard__enterprise", "locality", "closed_by", "organization", "judged_by")

    def __init__(self, user: User, query: str) -> None:
        given = QueryDict(query).dict()
        held = None
        if pk := row_number(str(given.get("round", ""))):
            held = LookbackRound.objects.visible_to(user).filter(pk=pk).first()
        rows = queries.checks(user, {str(name): str(value) for name, value in given.items()}, held)
        self._rows = rows if held or not given.get("round") else rows.none()
        self._named = sees_inspectors(user)

    def _row(self, each: Any) -> Row:
        closer = each.closed_by.full_name if self._named and each.closed_by else ""
        by_inspector = each.round.stratify == "inspector" and not self._named
        return (
            each.round.title, each.position, "" if by_inspector else each.stratum.name, each.hazard_id,
            each.hazard.enterprise.name, each.locality.name, each.hazard.description, each.hazard.location,
            each.hazard.closed_on, closer, each.organization.short_name, each.get_status_display(), each.checked_on,
            each.found, each.judged_by.full_name if each.judged_by else "", "是" if each.reopened_at else "",
        )  # fmt: skip


class RecurrenceSource(_Source):
    related = ("hazard__enterprise", "earlier", "locality", "closed_by")

    def __init__(self, user: User, query: str) -> None:
        given = {str(name): str(value) for name, value in QueryDict(query).dict().items()}
        self._rows = queries.recurrences(user, given)
        self._named = sees_inspectors(user)

    def _row(self, each: Any) -> Row:
        return (
            each.found_on, each.hazard_id, each.hazard.enterprise.name, each.locality.name, each.hazard.description,
            each.hazard.location, each.earlier_id, each.earlier.closed_on, each.days, each.months,
            "同一检查项" if each.by_item else "同一部位、同样描述",
            each.closed_by.full_name if self._named and each.closed_by else "",
        )  # fmt: skip


CHECKS = Export("lookback", "回头看抽查", "lookback.export", Permission.EXPORT_HAZARDS, COLUMNS, CheckSource)
RECURRENCES = Export(
    "recurrences",
    "改后反弹",
    "lookback.export_recurrences",
    Permission.EXPORT_HAZARDS,
    REPEATS,
    RecurrenceSource,
)
