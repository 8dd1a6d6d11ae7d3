"""Coverage, findings, resolutions and visits of leaders as tables to take away."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import row_number
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, KeyedSource, Row

from .models import District, DistrictVisit, OversightFinding, ReceptionLine
from .queries import coverage as covering
from .queries import findings as finding_rows
from .queries.districts import standings
from .queries.resolutions import resolutions_of
from .rhythm import period_of
from .workflow import FindingStatus, LineStatus, ResolutionStatus

_STATUSES, _DONE = dict(FindingStatus.choices), dict(ResolutionStatus.choices)


def origin_of(finding: OversightFinding) -> str:
    """Where a finding comes from, by name."""
    if finding.visit is not None:
        return finding.visit.round.title
    return finding.reception.title if finding.reception is not None else "包干走访"


class FindingSource(KeyedSource):
    related = (
        "organization", "enterprise", "hazard", "locality", "found_by", "found_organization", "visit__round", "reception",
    )  # fmt: skip

    def __init__(self, user: User, query: str) -> None:
        chosen = {key: str(value) for key, value in QueryDict(query).items()}
        super().__init__(finding_rows.findings_of(user, chosen, on=timezone.localdate()))

    def rows(self, found: list[Any]) -> list[Row]:
        return [
            (
                origin_of(each), each.get_level_display(), each.category, each.description,
                each.demand, each.owner_name, each.locality.name if each.locality else "", each.found_on,
                each.found_by.full_name, each.found_organization.short_name,
                each.hazard.due_on if each.hazard else each.due_on,
                each.hazard.get_status_display() if each.hazard else _STATUSES[each.status], each.replied_on,
                each.closed_on, "是" if each.is_overdue(on=self._today) else "",
            )
            for each in found
        ]  # fmt: skip


class ResolutionSource(KeyedSource):
    related = ("meeting", "lead")
    fetched = ("shares__organization",)

    def __init__(self, user: User, query: str) -> None:
        chosen = {key: str(value) for key, value in QueryDict(query).items()}
        super().__init__(resolutions_of(user, chosen, on=timezone.localdate()))

    def rows(self, found: list[Any]) -> list[Row]:
        return [
            (
                each.meeting.title, timezone.localdate(each.meeting.held_at), each.text, each.lead.short_name,
                "、".join(share.organization.short_name for share in each.shares.all()),
                each.due_on, each.percent, _DONE[each.status], each.done_on,
                "是" if each.is_overdue(on=self._today) else "",
            )
            for each in found
        ]  # fmt: skip


class DistrictVisitSource(KeyedSource):
    related = ("district__organization", "lead__post__organization", "by", "enterprise")

    def __init__(self, user: User, query: str) -> None:
        super().__init__(DistrictVisit.objects.visible_to(user))

    def rows(self, found: list[Any]) -> list[Row]:
        return [
            (
                each.district.name, each.by.full_name, str(each.lead.post), each.visited_on, each.place,
                each.enterprise.name if each.enterprise else "", each.companions, each.seen, each.decided, each.follow_up,
            )
            for each in found
        ]  # fmt: skip


class DistrictSource(KeyedSource):
    related = ("organization", "locality")

    def __init__(self, user: User, query: str) -> None:
        super().__init__(District.objects.visible_to(user))

    def rows(self, found: list[Any]) -> list[Row]:
        return [
            (
                each.district.name, each.district.sort, each.district.get_rhythm_display(),
                str(each.lead.post) if each.lead else "", "、".join(one.full_name for one in each.people),
                each.lead.from_on if each.lead else None, each.last, "是" if each.is_unled else "",
                "是" if each.is_visited else "",
            )
            for each in standings(found, on=self._today)
        ]  # fmt: skip


class ReceptionLineSource(KeyedSource):
    related = ("reception", "organization", "prepared_by")

    def __init__(self, user: User, query: str) -> None:
        rows = ReceptionLine.objects.visible_to(user)
        if pk := row_number(str(QueryDict(query).get("reception", ""))):
            rows = rows.filter(reception=pk)
        super().__init__(rows)

    def rows(self, found: list[Any]) -> list[Row]:
        words = dict(LineStatus.choices)
        return [
            (
                each.reception.title, each.position, each.section, each.text, each.standard, each.points,
                each.organization.name if each.organization else "", each.due_on, words[each.status], each.material,
                each.prepared_by.full_name if each.prepared_by else "", each.lost, each.lost_reason,
            )
            for each in found
        ]  # fmt: skip


class CoverageSource:
    """Every locality of a month; a few hundred at most, so one piece."""

    def __init__(self, user: User, query: str) -> None:
        try:
            first = dt.date.fromisoformat(f"{QueryDict(query).get('month', '')}-01")
        except ValueError:
            first = timezone.localdate()
        self._user, self._month = user, period_of("month", first)

    def total(self) -> int:
        return len(covering.localities_of(self._user))

    def is_longer_than(self, limit: int) -> bool:
        return self.total() > limit

    def begin(self) -> Any:
        return 0

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        covers = covering.coverage(self._user, self._month, on=timezone.localdate())
        rows: list[Row] = [
            (
                self._month.words, each.body.name, each.label,
                each.visit.team.name if each.visit and each.visit.team else "",
                each.visit.planned_on if each.visit else None, each.visit.visited_on if each.visit else None,
                each.found, each.open,
            )
            for each in covers[position : position + limit]
        ]  # fmt: skip
        return rows, position + len(rows)


FINDINGS = Export(
    "oversight_findings", "督导问题", "oversight.export_findings", Permission.EXPORT_HAZARDS,
    (
        Column("来源", 24), Column("层面", 10), Column("问题分类", 12), Column("问题", 40), Column("整改要求", 30),
        Column("责任单位", 20), Column("乡镇（街道）", 14), Column("发现日期", 12), Column("发现人", 10),
        Column("督导单位", 16), Column("整改期限", 12), Column("状态", 14), Column("报整改日期", 12),
        Column("销号日期", 12), Column("逾期", 6),
    ),
    FindingSource,
)  # fmt: skip
RESOLUTIONS = Export(
    "oversight_resolutions", "会议议定事项", "oversight.export_resolutions", Permission.EXPORT_HAZARDS,
    (
        Column("会议", 30), Column("会议日期", 12), Column("议定事项", 44), Column("牵头单位", 18), Column("配合单位", 30),
        Column("办结期限", 12), Column("进度（%）", 8), Column("状态", 10), Column("办结日期", 12), Column("逾期", 6),
    ),
    ResolutionSource,
)  # fmt: skip
VISITS = Export(
    "oversight_district_visits", "包干走访", "oversight.export_district_visits", Permission.EXPORT_HAZARDS,
    (
        Column("包干片区", 24), Column("领导", 10), Column("岗位", 20), Column("走访日期", 12), Column("地点", 24),
        Column("走访企业", 26), Column("陪同人员", 20), Column("看到的情况", 40), Column("现场议定", 40), Column("后续要求", 30),
    ),
    DistrictVisitSource,
)  # fmt: skip
DISTRICTS = Export(
    "oversight_districts", "包干安排", "oversight.export_districts", Permission.EXPORT_HAZARDS,
    (
        Column("包干片区", 24), Column("类型", 8), Column("走访频次", 10), Column("包干岗位", 24), Column("领导", 14),
        Column("起始日期", 12), Column("最近走访", 12), Column("无人包干", 8), Column("本期已走访", 10),
    ),
    DistrictSource,
)  # fmt: skip
RECEPTION_LINES = Export(
    "oversight_reception_lines", "迎检清单", "oversight.export_reception_lines", Permission.VIEW_OVERSIGHT,
    (
        Column("迎检", 30), Column("序号", 6), Column("类别", 16), Column("检查内容", 44), Column("评分标准", 40),
        Column("分值", 8), Column("准备单位", 20), Column("准备期限", 12), Column("状态", 10), Column("准备情况", 50),
        Column("准备人", 10), Column("扣分", 8), Column("扣分原因", 40),
    ),
    ReceptionLineSource,
)  # fmt: skip
COVERAGE = Export(
    "oversight_coverage", "督导覆盖情况", "oversight.export_coverage", Permission.EXPORT_HAZARDS,
    (
        Column("月份", 14), Column("乡镇（街道）", 24), Column("情况", 12), Column("督导组", 14), Column("计划日期", 12),
        Column("督导日期", 12), Column("发现问题", 10), Column("未销号", 10),
    ),
    CoverageSource,
)  # fmt: skip
