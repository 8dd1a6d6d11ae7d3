"""Objects of batches with their subsidies as a table to take away."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import row_number
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, KeyedSource, Row

from .models import BatchObject, Subsidy
from .workflow import ObjectStatus, SubsidyStatus

COLUMNS = (
    Column("行动", 20), Column("批次", 12), Column("企业名称", 34), Column("统一社会信用代码", 22), Column("乡镇（街道）", 14),
    Column("主管部门", 16), Column("整改内容", 30), Column("数量", 8), Column("通知书", 26), Column("整改期限", 12),
    Column("状态", 12), Column("进度（%）", 8), Column("完成日期", 12), Column("验收日期", 12), Column("逾期", 6),
    Column("补贴（元）", 14), Column("补贴状态", 10), Column("补贴标准", 20), Column("拨付日期", 12), Column("凭证号", 16),
)  # fmt: skip
_STATUSES, _SUBSIDIES = dict(ObjectStatus.choices), dict(SubsidyStatus.choices)


class BatchSource(KeyedSource):
    """The objects of a campaign's batches, or of one, in the order they were put in."""

    related = ("batch__campaign", "enterprise", "locality", "department", "notice")

    def __init__(self, user: User, query: str) -> None:
        given = QueryDict(query)
        rows = BatchObject.objects.visible_to(user).exclude(status=ObjectStatus.REMOVED)
        if pk := row_number(given.get("campaign", "")):
            rows = rows.filter(campaign=pk)
        if pk := row_number(given.get("batch", "")):
            rows = rows.filter(batch=pk)
        super().__init__(rows)

    def rows(self, found: list[Any]) -> list[Row]:
        paid = {
            each.member_id: each
            for each in Subsidy.objects.filter(member__in=found).select_related("standard").order_by("pk")
        }
        return [self._row(each, paid.get(each.pk)) for each in found]

    def _row(self, member: BatchObject, subsidy: Subsidy | None) -> Row:
        return (
            member.batch.campaign.short_title, member.batch.name, member.enterprise.name, member.enterprise.credit_code,
            member.locality.name, member.department.short_name if member.department else "", member.content,
            member.quantity, member.notice.number if member.notice else "", member.due_on, _STATUSES[member.status],
            member.progress, member.finished_on, member.accepted_on, "是" if member.is_overdue(on=self._today) else "",
            subsidy.amount if subsidy else None, _SUBSIDIES[subsidy.status] if subsidy else "",
            subsidy.standard.name if subsidy else "", subsidy.paid_on if subsidy else None,
            subsidy.voucher if subsidy else "",
        )  # fmt: skip


BATCHES = Export(
    "batches", "分批整治与补贴", "batches.export", Permission.EXPORT_HAZARDS, COLUMNS, BatchSource
)
