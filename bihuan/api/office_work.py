"""The office's own work, read: plans of the month with what came of them, and what officers promise the public."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

import ninja
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.office.models import CommitmentLine, OfficerCommitment, WorkItem, WorkPlan
from bihuan.office.shipped import cause_labels
from bihuan.office.workflow import ItemStatus

from .auth import caller
from .choices import (
    KeepingName,
    OfficerCommitmentStatusName,
    WorkItemStatusName,
    WorkPlanStatusName,
)
from .fields import Id, Label, PageQuery, RegionCode
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["工作计划与公开承诺"])
Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


def _month_of(text: str) -> dt.date:
    return dt.date.fromisoformat(f"{text}-01")


class WorkItemOut(Schema):
    """工作事项"""

    id: int = Field(description="编号")
    plan: int = Field(description="所在工作计划的编号")
    no: int = Field(description="计划内次序")
    text: str = Field(description="事项")
    target: str = Field(description="完成标志")
    post: str = Field(description="承办岗位")
    owner: str = Field(description="责任人")
    due_on: dt.date = Field(description="完成日期")
    status: WorkItemStatusName = Field(description="状态")
    is_overdue: bool = Field(description="是否逾期未自查")
    added_later: bool = Field(description="是否计划确认后增加")
    carries: int = Field(description="结转次数")
    outcome: str = Field(description="完成情况")
    done_on: dt.date | None = Field(description="实际完成日期")
    cause: str = Field(description="未完成原因类别，已完成为空")
    cause_words: str = Field(description="原因分析")
    remedy: str = Field(description="补救措施")
    new_due_on: dt.date | None = Field(description="新的完成日期")
    checked_on: dt.date | None = Field(description="核查日期")

    @staticmethod
    def resolve_plan(item: WorkItem) -> int:
        return item.plan_id

    @staticmethod
    def resolve_no(item: WorkItem) -> int:
        return item.position

    @staticmethod
    def resolve_post(item: WorkItem) -> str:
        return str(item.post.title)

    @staticmethod
    def resolve_owner(item: WorkItem) -> str:
        return str(item.owner.full_name)

    @staticmethod
    def resolve_is_overdue(item: WorkItem) -> bool:
        return item.is_overdue(on=timezone.localdate())

    @staticmethod
    def resolve_cause(item: WorkItem) -> str:
        return cause_labels().get(item.cause, item.cause)


class WorkItemPage(Page[WorkItemOut]):
    """工作事项列表的一页"""


class WorkItemQuery(PageQuery):
    month: Month | None = Field(None, description="月份，写作 2026-10")
    organization: Id | None = Field(None, description="单位编号")
    status: WorkItemStatusName | None = Field(None, description="状态")
    overdue: bool = Field(False, description="只列逾期未自查的")


class WorkPlanRow(Schema):
    """月度工作计划概况"""

    id: int = Field(description="编号")
    organization: Label = Field(description="单位")
    month: str = Field(description="月份，写作 2026-10")
    status: WorkPlanStatusName = Field(description="状态")
    county: str | None = Field(description="县区代码")
    locality: str | None = Field(description="乡镇街道代码")
    confirm_due_on: dt.date = Field(description="确认期限")
    confirmed_on: dt.date | None = Field(description="确认日期")
    report_due_on: dt.date = Field(description="自查期限")
    check_due_on: dt.date = Field(description="核查期限")
    checked_on: dt.date | None = Field(description="核查日期")
    is_late_confirmed: bool = Field(description="是否逾期确认或者逾期还没有确认")
    is_late_checked: bool = Field(description="是否逾期核查或者逾期还没有核查")

    @staticmethod
    def resolve_month(plan: WorkPlan) -> str:
        return f"{plan.month:%Y-%m}"

    @staticmethod
    def resolve_county(plan: WorkPlan) -> str | None:
        return plan.county_id

    @staticmethod
    def resolve_locality(plan: WorkPlan) -> str | None:
        return plan.locality_id

    @staticmethod
    def resolve_is_late_confirmed(plan: WorkPlan) -> bool:
        return plan.is_late_confirmed(on=timezone.localdate())

    @staticmethod
    def resolve_is_late_checked(plan: WorkPlan) -> bool:
        return plan.is_late_checked(on=timezone.localdate())


class WorkPlanOut(WorkPlanRow):
    """月度工作计划及事项"""

    opinion: str = Field(description="核查意见")
    items: list[WorkItemOut] = Field(description="事项，按计划次序，不含已取消的")

    @staticmethod
    def resolve_items(plan: WorkPlan) -> list[WorkItem]:
        return list(plan.items.all())


class WorkPlanPage(Page[WorkPlanRow]):
    """月度工作计划列表的一页"""


class WorkPlanQuery(PageQuery):
    month: Month | None = Field(None, description="月份，写作 2026-10")
    organization: Id | None = Field(None, description="单位编号")
    status: WorkPlanStatusName | None = Field(None, description="状态")
    region: RegionCode | None = Field(None, description="所在区划及以下")


class CommitmentLineOut(Schema):
    """承诺事项"""

    no: int = Field(description="次序")
    text: str = Field(description="承诺事项")
    target: str = Field(description="衡量标准")
    due_on: dt.date = Field(description="兑现日期")
    keeping: KeepingName = Field(description="兑现情况")
    evidence: str = Field(description="评定依据")

    @staticmethod
    def resolve_no(line: CommitmentLine) -> int:
        return line.position


class OfficerCommitmentOut(Schema):
    """公开承诺"""

    id: int = Field(description="编号")
    organization: Label = Field(description="单位")
    name: str = Field(description="公开的姓名")
    title: str = Field(description="公开的职务")
    starts_on: dt.date = Field(description="承诺期起")
    ends_on: dt.date = Field(description="承诺期止")
    status: OfficerCommitmentStatusName = Field(description="状态")
    published_on: dt.date | None = Field(description="公开日期")
    judge_due_on: dt.date | None = Field(description="评定期限")
    judged_on: dt.date | None = Field(description="评定日期")
    opinion: str = Field(description="评定意见")
    code: uuid.UUID = Field(description="公开页编号")
    lines: list[CommitmentLineOut] = Field(description="承诺事项")

    @staticmethod
    def resolve_name(row: OfficerCommitment) -> str:
        return row.shown_name

    @staticmethod
    def resolve_title(row: OfficerCommitment) -> str:
        return row.shown_post

    @staticmethod
    def resolve_lines(row: OfficerCommitment) -> list[CommitmentLine]:
        return list(row.lines.all())


class OfficerCommitmentPage(Page[OfficerCommitmentOut]):
    """公开承诺列表的一页"""


class OfficerCommitmentQuery(PageQuery):
    status: OfficerCommitmentStatusName | None = Field(None, description="状态")
    organization: Id | None = Field(None, description="单位编号")
    region: RegionCode | None = Field(None, description="所在区划及以下")


def _plans(request: HttpRequest) -> QuerySet[WorkPlan]:
    user = caller(request, Permission.VIEW_OFFICE_WORK)
    return WorkPlan.objects.visible_to(user).select_related("organization")


@router.get(
    "/work-plans",
    response={200: WorkPlanPage, **LIST_ERRORS},
    operation_id="listWorkPlans",
    summary="列出月度工作计划",
    description="可见的各单位月度工作计划：确认、自查、核查的期限和日期，新编制的在前。",
)
def list_plans(request: HttpRequest, query: ninja.Query[WorkPlanQuery]) -> dict[str, Any]:
    rows = _plans(request)
    check_names(request, WorkPlanQuery)
    if query.month:
        rows = rows.filter(month=_month_of(query.month))
    if query.organization:
        rows = rows.filter(organization=query.organization)
    if query.status:
        rows = rows.filter(status=query.status)
    if query.region:
        rows = rows.filter(area_q(query.region))
    return page_of(rows, query, "-id")


@router.get(
    "/work-plans/{work_plan_id}",
    response={200: WorkPlanOut, **READ_ERRORS},
    operation_id="getWorkPlan",
    summary="读取一份月度工作计划",
    description="计划的各项事项、完成情况和未完成原因。",
)
def get_plan(request: HttpRequest, work_plan_id: Path[Id]) -> WorkPlan:
    items = (
        WorkItem.objects.exclude(status=ItemStatus.DROPPED)
        .select_related("post", "owner")
        .order_by("position")
    )
    rows = _plans(request).prefetch_related(Prefetch("items", items))
    check_names(request)
    return get_object_or_404(rows, pk=work_plan_id)


@router.get(
    "/work-items",
    response={200: WorkItemPage, **LIST_ERRORS},
    operation_id="listWorkItems",
    summary="列出工作事项",
    description="可见的各单位工作计划里的事项，新提出的在前。",
)
def list_items(request: HttpRequest, query: ninja.Query[WorkItemQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_OFFICE_WORK)
    rows = WorkItem.objects.visible_to(user).select_related("post", "owner")
    check_names(request, WorkItemQuery)
    if query.month:
        rows = rows.filter(plan__month=_month_of(query.month))
    if query.organization:
        rows = rows.filter(plan__organization=query.organization)
    if query.status:
        rows = rows.filter(status=query.status)
    if query.overdue:
        rows = rows.overdue(on=timezone.localdate())
    return page_of(rows, query, "-id")


def _commitments(request: HttpRequest) -> QuerySet[OfficerCommitment]:
    user = caller(request, Permission.VIEW_OFFICE_WORK)
    rows = OfficerCommitment.objects.visible_to(user).published()
    return rows.select_related("organization").prefetch_related(
        Prefetch("lines", CommitmentLine.objects.order_by("position"))
    )


@router.get(
    "/officer-commitments",
    response={200: OfficerCommitmentPage, **LIST_ERRORS},
    operation_id="listOfficerCommitments",
    summary="列出公开承诺",
    description="已公开和已评定的承诺及逐条兑现情况，与公开页所载一致；起草中的和已撤回的不在其中。",
)
def list_commitments(request: HttpRequest, query: ninja.Query[OfficerCommitmentQuery]) -> dict[str, Any]:
    rows = _commitments(request)
    check_names(request, OfficerCommitmentQuery)
    if query.status:
        rows = rows.filter(status=query.status)
    if query.organization:
        rows = rows.filter(organization=query.organization)
    if query.region:
        rows = rows.filter(area_q(query.region))
    return page_of(rows, query, "-id")


@router.get(
    "/officer-commitments/{officer_commitment_id}",
    response={200: OfficerCommitmentOut, **READ_ERRORS},
    operation_id="getOfficerCommitment",
    summary="读取一份公开承诺",
    description="承诺事项、衡量标准和兑现情况。",
)
def get_commitment(request: HttpRequest, officer_commitment_id: Path[Id]) -> OfficerCommitment:
    rows = _commitments(request)
    check_names(request)
    return get_object_or_404(rows, pk=officer_commitment_id)
