"""The register as a sheet."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row

from . import queries

COLUMNS = (
    Column("事故名称", 36), Column("发生时间", 18), Column("县区", 12), Column("乡镇（街道）", 14), Column("发生地点", 26),
    Column("事发单位", 30), Column("行业主管部门", 16), Column("类别", 12), Column("生产安全事故", 10), Column("等级", 12),
    Column("初报等级", 12), Column("死亡（人）", 8), Column("重伤（人）", 8), Column("轻伤（人）", 8), Column("下落不明（人）", 10),
    Column("直接经济损失（万元）", 14), Column("数据截至", 12), Column("计入", 6), Column("状态", 12), Column("报告单位", 18),
    Column("报告时间", 18), Column("备案时间", 18), Column("批复日期", 12),
)  # fmt: skip


class AccidentSource:
    """The lines of the list, as of its moment, in the order of their numbers."""

    def __init__(self, user: User, query: str) -> None:
        ask = queries.wanted(QueryDict(query).dict())
        self._at = ask.at or timezone.now()
        self._rows = queries.matching(queries.figures(user, at=self._at), ask)

    def total(self) -> int:
        return self._rows.count()

    def is_longer_than(self, limit: int) -> bool:
        return self._rows[: limit + 1].count() > limit

    def begin(self) -> Any:
        return 0

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        found = list(
            self._rows.filter(pk__gt=position)
            .select_related("accident__enterprise", "accident__reporter", "county", "locality", "department")
            .prefetch_related("accident__inquiries")
            .order_by("pk")[:limit]
        )
        if not found:
            return [], position
        return [self._row(line) for line in found], found[-1].pk

    def _row(self, line: Any) -> Row:
        accident = line.accident
        approved = [each.approved_on for each in accident.inquiries.all() if each.approved_on]
        return (
            accident.title, _minute(accident.occurred_at), line.county.name if line.county else "",
            line.locality.name if line.locality else "", accident.place, accident.unit,
            line.department.short_name if line.department else "", line.get_kind_display(),
            "是" if line.is_production else "否", line.get_grade_display(), accident.get_first_grade_display(),
            line.deaths, line.serious, line.minor, line.missing, line.loss, line.as_of, "是" if line.counts else "否",
            accident.get_status_display(), accident.reporter.short_name, _minute(accident.reported_at),
            _minute(accident.filed_at), max(approved, default=None),
        )  # fmt: skip


def _minute(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


ACCIDENTS = Export(
    "accidents", "事故台账", "accidents.export", Permission.EXPORT_HAZARDS, COLUMNS, AccidentSource
)
