"""Items of plans, matters asked and commitments as tables to take away."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, KeyedSource, Row
from bihuan.rules.codes import mask_name

from . import queries
from .models import CommitmentLine, OfficerCommitment
from .shipped import cause_labels


class ItemSource(KeyedSource):
    related = ("plan__organization", "post", "owner", "checked_by")

    def __init__(self, user: User, query: str) -> None:
        chosen = {key: str(value) for key, value in QueryDict(query).items()}
        super().__init__(queries.items_of(user, chosen, on=timezone.localdate()))

    def rows(self, found: list[Any]) -> list[Row]:
        labels = cause_labels()
        return [
            (
                each.plan.organization.short_name, each.plan.month_words, each.position, each.text, each.target,
                each.post.title, each.owner.full_name, each.due_on, each.get_status_display(), each.done_on, each.outcome,
                labels.get(each.cause, ""), each.cause_words, each.remedy, each.new_due_on, each.carries,
                each.checked_by.full_name if each.checked_by else "", "是" if each.is_overdue(on=self._today) else "",
            )
            for each in found
        ]  # fmt: skip


class AskedSource(KeyedSource):
    related = ("organization", "receiver", "handler")

    def __init__(self, user: User, query: str) -> None:
        chosen = {key: str(value) for key, value in QueryDict(query).items()}
        super().__init__(queries.asked_of(user, chosen, on=timezone.localdate()))

    def rows(self, found: list[Any]) -> list[Row]:
        return [
            (
                each.number, each.get_channel_display(), mask_name(each.asker_name), each.subject,
                each.organization.short_name, each.receiver.full_name, each.handler.short_name if each.handler else "",
                each.received_on, each.due_on, each.get_status_display(), each.bounces, each.result, each.told_on,
                "是" if each.is_overdue(on=self._today) or each.is_late_told else "",
            )
            for each in found
        ]  # fmt: skip


class CommitmentSource(KeyedSource):
    related = ("commitment__organization",)

    def __init__(self, user: User, query: str) -> None:
        super().__init__(
            CommitmentLine.objects.filter(
                commitment__in=OfficerCommitment.objects.visible_to(user).published()
            )
        )

    def rows(self, found: list[Any]) -> list[Row]:
        return [
            (
                each.commitment.shown_name, each.commitment.shown_post, each.commitment.starts_on,
                each.commitment.ends_on, each.text, each.target, each.due_on, each.get_keeping_display(), each.evidence,
            )
            for each in found
        ]  # fmt: skip


ITEMS = Export(
    "office_items", "工作事项", "office.export_items", Permission.EXPORT_HAZARDS,
    (
        Column("单位", 18), Column("月份", 12), Column("序号", 6), Column("事项", 40), Column("完成标志", 30),
        Column("承办岗位", 14), Column("责任人", 10), Column("完成日期", 12), Column("状态", 12), Column("实际完成", 12),
        Column("完成情况", 40), Column("原因类别", 14), Column("原因分析", 40), Column("补救措施", 30),
        Column("新的完成日期", 12), Column("结转次数", 8), Column("核查人", 10), Column("逾期", 6),
    ),
    ItemSource,
)  # fmt: skip
ASKED = Export(
    "office_asked", "首问事项", "office.export_asked", Permission.EXPORT_HAZARDS,
    (
        Column("编号", 16), Column("方式", 8), Column("来访人", 10), Column("事由", 30), Column("首问单位", 16),
        Column("首问责任人", 10), Column("承办单位", 16), Column("登记日期", 12), Column("办结期限", 12), Column("状态", 12),
        Column("退回次数", 8), Column("办理结果", 40), Column("告知日期", 12), Column("逾期", 6),
    ),
    AskedSource,
)  # fmt: skip
COMMITMENTS = Export(
    "office_commitments", "公开承诺", "office.export_commitments", Permission.EXPORT_HAZARDS,
    (
        Column("承诺人", 10), Column("职务", 24), Column("承诺期起", 12), Column("承诺期止", 12), Column("承诺事项", 40),
        Column("衡量标准", 30), Column("兑现日期", 12), Column("兑现情况", 10), Column("依据", 40),
    ),
    CommitmentSource,
)  # fmt: skip
