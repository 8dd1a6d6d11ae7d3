"""Checks of rounds, and recurrences, as sheets."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import row_number
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row, RowSource

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


class CheckSource(RowSource):
    related = (
        "round",
        "stratum",
        "hazard",
        "enterprise",
        "locality",
        "closed_by",
        "organization",
        "judged_by",
    )

    def __init__(self, user: User, query: str) -> None:
        given = QueryDict(query).dict()
        held = None
        if pk := row_number(str(given.get("round", ""))):
            held = LookbackRound.objects.visible_to(user).filter(pk=pk).first()
        rows = queries.checks(user, {str(name): str(value) for name, value in given.items()}, held)
        super().__init__(rows if held or not given.get("round") else rows.none())
        self._named = sees_inspectors(user)

    def row(self, each: Any) -> Row:
        closer = each.closed_by.full_name if self._named and each.closed_by else ""
        by_inspector = each.round.stratify == "inspector" and not self._named
        hazard = each.hazard
        words = (
            ("监管盲区", "", None)
            if hazard is None
            else (hazard.description, hazard.location, hazard.closed_on)
        )
        return (
            each.round.title, each.position, "" if by_inspector else each.stratum.name, each.hazard_id,
            each.enterprise.name, each.locality.name, *words, closer, each.organization.short_name, each.get_status_display(), each.checked_on,
            each.found, each.judged_by.full_name if each.judged_by else "", "是" if each.reopened_at else "",
        )  # fmt: skip


class RecurrenceSource(RowSource):
    related = ("hazard__enterprise", "earlier", "locality", "closed_by")

    def __init__(self, user: User, query: str) -> None:
        given = {str(name): str(value) for name, value in QueryDict(query).dict().items()}
        super().__init__(queries.recurrences(user, given))
        self._named = sees_inspectors(user)

    def row(self, each: Any) -> Row:
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
