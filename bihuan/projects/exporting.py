"""Projects with their money, and the lines of special funds, as sheets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import row_number
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, KeyedSource, Row
from bihuan.rules import projects as rules

from . import queries
from .models import FundAccount, FundLine, ProjectSource
from .workflow import ProjectStatus

SOURCES = rules.every("sources")
COLUMNS = (
    Column("项目名称", 34), Column("项目种类", 16), Column("专项整治", 22), Column("牵头部门", 14), Column("建设单位", 26),
    Column("接收运营单位", 26), Column("地区", 14), Column("工程地点", 24), Column("管道长度（公里）", 10),
    Column("已改造（公里）", 10), Column("惠及户数", 8), Column("工程数量", 8), Column("单位", 6), Column("计划开工", 12),
    Column("计划完工", 12), Column("状态", 12), Column("形象进度（%）", 8), Column("超期", 6), Column("入库文号", 20),
    Column("估算投资（元）", 16), *(Column(f"{each.label}（元）", 14) for each in SOURCES), Column("分担缺口（元）", 14),
    Column("落实（元）", 14), Column("到位（元）", 14), Column("支出（元）", 14), Column("完工日期", 12), Column("验收合格", 12),
    Column("移交日期", 12), Column("投用日期", 12),
)  # fmt: skip
LINES = (
    Column("专项资金", 26), Column("年度", 6), Column("用途", 14), Column("事项", 8), Column("金额（元）", 16),
    Column("日期", 12), Column("文号或者凭证号", 24), Column("用在", 36), Column("收款单位", 24), Column("说明", 24),
    Column("红冲", 6), Column("登记人", 10),
)  # fmt: skip
_STATUSES = dict(ProjectStatus.choices)


class ProjectRows(KeyedSource):
    related = ("campaign", "department", "taker", "region")

    def __init__(self, user: User, query: str) -> None:
        given = {name: str(value) for name, value in QueryDict(query).items()}
        super().__init__(queries.projects(user, given, on=timezone.localdate()))

    def rows(self, found: list[Any]) -> list[Row]:
        shares: dict[int, dict[str, ProjectSource]] = {}
        for each in ProjectSource.objects.filter(project__in=found):
            shares.setdefault(each.project_id, {})[each.kind] = each
        return [self._row(each, shares.get(each.pk, {})) for each in found]

    def _row(self, project: Any, shares: dict[str, ProjectSource]) -> Row:
        def total(name: str) -> Decimal:
            return sum((getattr(each, name) for each in shares.values()), Decimal(0))

        return (
            project.name, project.kind_words, project.campaign.short_title if project.campaign else "",
            project.department.short_name, project.owner_name, project.taker.name if project.taker else "",
            project.region.name, project.place, project.kilometres, project.kilometres_done, project.households,
            project.quantity, project.unit, project.start_on, project.finish_on, _STATUSES[project.status],
            project.progress, "是" if project.is_behind(on=self._today) else "", project.approval, project.estimate,
            *(shares[each.key].planned if each.key in shares else None for each in SOURCES),
            project.estimate - total("planned"), total("committed"), total("received"), total("spent"),
            project.completed_on, project.accepted_on, project.handed_on, project.used_on,
        )  # fmt: skip


class FundRows(KeyedSource):
    related = ("fund__account", "commitment", "by")

    def __init__(self, user: User, query: str) -> None:
        given = {name: str(value) for name, value in QueryDict(query).items()}
        seen = FundAccount.objects.visible_to(user)
        if account := seen.filter(pk=row_number(given.get("fund", ""))).first():
            super().__init__(queries.fund_lines(account, given))
        else:
            super().__init__(FundLine.objects.filter(fund__account__in=seen))

    def rows(self, found: list[Any]) -> list[Row]:
        return [
            (
                line.fund.account.name, line.fund.account.year, line.fund.label, line.get_kind_display(), line.amount,
                line.happened_on, line.document, line.commitment.what if line.commitment else "",
                line.commitment.payee if line.commitment else "", line.note, "是" if line.corrects_id else "",
                line.by.full_name,
            )
            for line in found
        ]  # fmt: skip


PROJECTS = Export("projects", "工程项目", "projects.export", Permission.EXPORT_HAZARDS, COLUMNS, ProjectRows)
FUND_LINES = Export(
    "fund_lines", "专项资金记录", "projects.export_funds", Permission.EXPORT_HAZARDS, LINES, FundRows
)
