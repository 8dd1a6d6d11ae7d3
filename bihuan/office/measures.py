"""Figures of the office's own ledgers (机关内部管理), offered to returns: plans kept, questions answered, promises kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, QuerySet

from bihuan.accounts.scope import area_q
from bihuan.returns.measures import Ask, Measure, Rows, Scope, register
from bihuan.returns.measures.plain import Plain, stood, within

from .models import (
    AskedMatter,
    AskedTransition,
    OfficerCommitment,
    OfficerCommitmentTransition,
    WorkItem,
    WorkItemTransition,
)
from .workflow import COUNTED, AskedStatus, CommitmentStatus, ItemStatus


def _items(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    """Items of the plans of the months in the window, as each stood then: in the plan once confirmed, not cancelled."""
    rows = WorkItem.objects.filter(
        area_q(scope.region, "plan__"), plan__month__lte=ask.until,
        **({"plan__month__gte": ask.since.replace(day=1)} if ask.since else {}),
    ).annotate(then=stood(WorkItemTransition, "item", moment))  # fmt: skip
    if scope.department is not None:
        rows = rows.filter(plan__organization=scope.department)
    match ask.measure:
        case "office.items_finished":
            return rows.filter(then=ItemStatus.FINISHED)
        case "office.items_late":
            return rows.filter(then=ItemStatus.FINISHED, done_on__gt=F("due_on"))
        case "office.items_left":
            return rows.filter(then=ItemStatus.LEFT)
    return rows.filter(then__in=COUNTED)


def _show_items(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("plan__organization", "owner"), ("-plan__month", "-id"),
        (
            ("单位", lambda row: row.plan.organization.short_name), ("月份", lambda row: row.plan.month_words),
            ("责任人", lambda row: row.owner.full_name), ("完成期限", lambda row: row.due_on),
            ("完成日期", lambda row: row.done_on or "—"), ("当时状态", lambda row: ItemStatus(row.then).label),
        ),
        lambda row: row.get_absolute_url(), lambda row: row.text,
    )  # fmt: skip


def _asked(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    """Matters taken in during the window; told to whoever asked, if that is wanted, in time or late."""
    rows = AskedMatter.objects.filter(
        area_q(scope.region), received_at__lte=moment, **within(ask, "received_on")
    ).annotate(then=stood(AskedTransition, "matter", moment))
    if scope.department is not None:
        rows = rows.filter(organization=scope.department)
    match ask.measure:
        case "office.asked_closed":
            return rows.filter(then=AskedStatus.CLOSED)
        case "office.asked_late":
            return rows.filter(then=AskedStatus.CLOSED, told_on__gt=F("due_on"))
    return rows


def _show_asked(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("organization", "receiver"), ("-received_on", "-id"),
        (
            ("首问单位", lambda row: row.organization.short_name), ("首问责任人", lambda row: row.receiver.full_name),
            ("登记日期", lambda row: row.received_on), ("办结期限", lambda row: row.due_on),
            ("告知日期", lambda row: row.told_on or "—"), ("当时状态", lambda row: AskedStatus(row.then).label),
        ),
        lambda row: row.get_absolute_url(), str,
    )  # fmt: skip


def _commitments(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    """Commitments made public in the window and not taken back; judged ones if they are asked for."""
    rows = OfficerCommitment.objects.filter(area_q(scope.region), **within(ask, "published_on")).annotate(
        then=stood(OfficerCommitmentTransition, "commitment", moment)
    )
    if scope.department is not None:
        rows = rows.filter(organization=scope.department)
    if ask.measure == "office.commitments_judged":
        return rows.filter(then=CommitmentStatus.JUDGED)
    return rows.filter(then__in=[CommitmentStatus.PUBLISHED, CommitmentStatus.JUDGED])


def _show_commitments(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("organization"), ("-published_on", "-id"),
        (
            ("单位", lambda row: row.organization.short_name), ("职务", lambda row: row.shown_post),
            ("公开日期", lambda row: row.published_on), ("承诺期止", lambda row: row.ends_on),
            ("当时状态", lambda row: CommitmentStatus(row.then).label),
        ),
        lambda row: row.get_absolute_url(), lambda row: row.shown_name,
    )  # fmt: skip


ITEMS, ASKED, COMMITMENTS = (
    Plain(_items, _show_items),
    Plain(_asked, _show_asked),
    Plain(_commitments, _show_commitments),
)
register(
    Measure("office.items", "工作计划事项", "项", "时段内各月工作计划列入的事项，取消的不算。", ITEMS),
    Measure("office.items_finished", "计划事项完成", "项", "时段内各月工作计划的事项中，取数时已核查认定完成的。", ITEMS),
    Measure("office.items_late", "计划事项逾期完成", "项", "时段内各月工作计划的事项中，已完成但晚于完成期限的。", ITEMS),
    Measure("office.items_left", "计划事项未完成", "项", "时段内各月工作计划的事项中，取数时核查认定未完成的。", ITEMS),
    Measure("office.asked", "首问事项", "件", "时段内登记的首问事项。", ASKED),
    Measure("office.asked_closed", "首问事项办结", "件", "时段内登记的首问事项中，取数时已办结并告知来访人的。", ASKED),
    Measure("office.commitments", "公开承诺", "份", "时段内公开、没有撤回的工作人员承诺。", COMMITMENTS),
    Measure("office.commitments_judged", "公开承诺评定", "份", "时段内公开的工作人员承诺中，取数时已评定兑现情况的。", COMMITMENTS),
    Measure("office.asked_late", "首问事项超期办结", "件", "时段内登记的首问事项中，告知来访人的日期晚于办结期限的。", ASKED),
)  # fmt: skip
