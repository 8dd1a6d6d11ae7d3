"""Campaigns, read: phases with their gates, tasks, who has which share, and the checklists inspectors walk."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ninja
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.campaigns.models import (
    Assignment,
    Campaign,
    CheckItem,
    Checklist,
    GateCondition,
    Phase,
    Target,
    Task,
)

from .auth import caller
from .choices import AssignmentRole, AssignmentStatus, CampaignStatus, GateMetric, PhaseStatus, TargetMetric
from .fields import Id, Label, PageQuery, Place
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["专项整治"])


class TargetOut(Schema):
    """目标"""

    text: str = Field(description="目标")
    metric: TargetMetric = Field(description="对应指标")
    threshold: Decimal | None = Field(description="目标值")


class CampaignRow(Schema):
    """专项整治概况"""

    id: int = Field(description="编号")
    title: str = Field(description="名称")
    short_title: str = Field(description="简称")
    doc_no: str = Field(description="文号")
    region: Place = Field(description="区划")
    office: Label = Field(description="组织单位")
    status: CampaignStatus = Field(description="状态")
    starts_on: dt.date | None = Field(description="开始")
    ends_on: dt.date | None = Field(description="结束")
    published_at: dt.datetime = Field(description="发布时间")


class CampaignOut(CampaignRow):
    """专项整治详情"""

    targets: list[TargetOut] = Field(description="目标")

    @staticmethod
    def resolve_targets(campaign: Campaign) -> list[Target]:
        return list(campaign.targets.all())


class CampaignPage(Page[CampaignRow]):
    """专项整治列表的一页"""


class CampaignQuery(PageQuery):
    status: CampaignStatus | None = Field(None, description="状态")


class ConditionOut(Schema):
    """关口条件"""

    metric: GateMetric = Field(description="指标")
    threshold: Decimal = Field(description="门槛：率为百分数，数为个")


class PhaseOut(Schema):
    """阶段"""

    id: int = Field(description="编号")
    campaign: int = Field(description="专项整治编号")
    name: str = Field(description="名称")
    position: int = Field(description="次序")
    starts_on: dt.date | None = Field(description="开始")
    ends_on: dt.date | None = Field(description="结束")
    status: PhaseStatus = Field(description="状态")
    closed_at: dt.datetime | None = Field(description="关闭时间")
    conditions: list[ConditionOut] = Field(description="关口条件")

    @staticmethod
    def resolve_campaign(phase: Phase) -> int:
        return phase.campaign_id

    @staticmethod
    def resolve_conditions(phase: Phase) -> list[GateCondition]:
        return list(phase.conditions.all())


class PhasePage(Page[PhaseOut]):
    """阶段列表的一页"""


class PhaseQuery(PageQuery):
    campaign: Id | None = Field(None, description="专项整治编号")
    status: PhaseStatus | None = Field(None, description="状态")


class TaskOut(Schema):
    """任务"""

    id: int = Field(description="编号")
    campaign: int = Field(description="专项整治编号")
    phase: int | None = Field(description="阶段编号")
    no: str = Field(description="方案中的编号")
    heading: str = Field(description="任务")
    text: str = Field(description="原文")
    due_on: dt.date | None = Field(description="完成期限")
    due_source: str = Field(description="期限来源")
    kinds: list[str] = Field(description="适用对象类型代码")
    risks: list[str] = Field(description="适用风险等级，空为全部")
    ended_on: dt.date | None = Field(description="终止日期：修订后的方案不再要求这项任务，空为仍在进行")

    @staticmethod
    def resolve_campaign(task: Task) -> int:
        return task.campaign_id

    @staticmethod
    def resolve_phase(task: Task) -> int | None:
        return task.phase_id

    @staticmethod
    def resolve_kinds(task: Task) -> list[str]:
        return [kind.key for kind in task.kinds.all()]


class TaskPage(Page[TaskOut]):
    """任务列表的一页"""


class TaskQuery(PageQuery):
    campaign: Id | None = Field(None, description="专项整治编号")
    phase: Id | None = Field(None, description="阶段编号")


class AssignmentOut(Schema):
    """任务分工"""

    id: int = Field(description="编号")
    task: int = Field(description="任务编号")
    organization: Label = Field(description="单位")
    role: AssignmentRole = Field(description="职责")
    status: AssignmentStatus = Field(description="状态")
    progress: str = Field(description="进展")
    updated_at: dt.datetime | None = Field(description="更新时间")

    @staticmethod
    def resolve_task(assignment: Assignment) -> int:
        return assignment.task_id


class AssignmentPage(Page[AssignmentOut]):
    """任务分工列表的一页"""


class AssignmentQuery(PageQuery):
    campaign: Id | None = Field(None, description="专项整治编号")
    task: Id | None = Field(None, description="任务编号")
    organization: Id | None = Field(None, description="单位编号")
    role: AssignmentRole | None = Field(None, description="职责")
    status: AssignmentStatus | None = Field(None, description="状态")


class ChecklistRow(Schema):
    """检查表的一个版本"""

    id: int = Field(description="编号")
    task: int = Field(description="任务编号")
    version: int = Field(description="版本")
    created_at: dt.datetime = Field(description="编制时间")

    @staticmethod
    def resolve_task(checklist: Checklist) -> int:
        assert checklist.task_id is not None  # only the checklists of tasks are read here
        return checklist.task_id


class CheckItemOut(Schema):
    """检查项"""

    id: int = Field(description="编号")
    position: int = Field(description="次序，提交检查时以它指明检查项")
    text: str = Field(description="检查事项")
    criterion: str = Field(description="判定标准")
    method: str = Field(description="检查方法")
    basis: str = Field(description="依据")
    dispositions: list[str] = Field(description="处置阶梯")
    authority: str = Field(description="处置机关，空为没有写明")
    major_if_failed: bool = Field(description="不合格即按重大判定")
    criterion_code: str = Field(description="不合格时所按的判定条款，空为没有")
    measure: dict[str, str] | None = Field(
        description="数值标准：label 量什么、comparator、number、unit、upper；有此项的，合格和不合格都须填实测值"
    )
    section: str = Field(description="所在节")
    severity: str = Field(description="严重程度：minor、ordinary、serious")
    kinds: list[str] | None = Field(description="适用对象类型，空为各类对象")
    when: str = Field(description="适用条件，按对象的属性缩小范围")
    guidance: str = Field(description="整改指引")
    proof: str = Field(description="整改证明")
    photo: str = Field(description="拍照要求：failed 不合格时，always 每次")


class ChecklistOut(ChecklistRow):
    """检查表及检查项"""

    items: list[CheckItemOut] = Field(description="检查项")

    @staticmethod
    def resolve_items(checklist: Checklist) -> list[CheckItem]:
        return list(checklist.items.all())


class ChecklistPage(Page[ChecklistRow]):
    """检查表列表的一页"""


class ChecklistQuery(PageQuery):
    campaign: Id | None = Field(None, description="专项整治编号")
    task: Id | None = Field(None, description="任务编号")


def _seen(user: User) -> Any:
    return Campaign.objects.visible_to(user)


def _given(**wanted: Any) -> dict[str, Any]:
    """The filters that were asked for."""
    return {name: value for name, value in wanted.items() if value is not None}


@router.get(
    "/campaigns",
    response={200: CampaignPage, **LIST_ERRORS},
    operation_id="listCampaigns",
    summary="列出专项整治",
    description="本区划及上下级区划的专项整治，新发布的在前。",
)
def list_campaigns(request: HttpRequest, query: ninja.Query[CampaignQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_CAMPAIGNS)
    check_names(request, CampaignQuery)
    rows = _seen(user).filter(**_given(status=query.status)).select_related("region", "office")
    return page_of(rows, query, "-id")


@router.get(
    "/campaigns/{campaign_id}",
    response={200: CampaignOut, **READ_ERRORS},
    operation_id="getCampaign",
    summary="读取一项专项整治",
    description="专项整治及其目标。",
)
def get_campaign(request: HttpRequest, campaign_id: Path[Id]) -> Campaign:
    user = caller(request, Permission.VIEW_CAMPAIGNS)
    check_names(request)
    rows = _seen(user).select_related("region", "office").prefetch_related("targets")
    return get_object_or_404(rows, pk=campaign_id)


@router.get(
    "/phases",
    response={200: PhasePage, **LIST_ERRORS},
    operation_id="listPhases",
    summary="列出阶段",
    description="可见专项整治的阶段与关口条件。",
)
def list_phases(request: HttpRequest, query: ninja.Query[PhaseQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_CAMPAIGNS)
    check_names(request, PhaseQuery)
    rows = Phase.objects.filter(campaign__in=_seen(user)).prefetch_related("conditions")
    return page_of(rows.filter(**_given(campaign=query.campaign, status=query.status)), query, "id")


@router.get(
    "/phases/{phase_id}",
    response={200: PhaseOut, **READ_ERRORS},
    operation_id="getPhase",
    summary="读取一个阶段",
    description="阶段与关口条件。",
)
def get_phase(request: HttpRequest, phase_id: Path[Id]) -> Phase:
    user = caller(request, Permission.VIEW_CAMPAIGNS)
    check_names(request)
    rows = Phase.objects.filter(campaign__in=_seen(user)).prefetch_related("conditions")
    return get_object_or_404(rows, pk=phase_id)


@router.get(
    "/tasks",
    response={200: TaskPage, **LIST_ERRORS},
    operation_id="listTasks",
    summary="列出任务",
    description="可见专项整治的任务。",
)
def list_tasks(request: HttpRequest, query: ninja.Query[TaskQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_CAMPAIGNS)
    check_names(request, TaskQuery)
    rows = Task.objects.filter(campaign__in=_seen(user)).prefetch_related("kinds")
    return page_of(rows.filter(**_given(campaign=query.campaign, phase=query.phase)), query, "id")


@router.get(
    "/tasks/{task_id}",
    response={200: TaskOut, **READ_ERRORS},
    operation_id="getTask",
    summary="读取一项任务",
    description="任务的原文、期限与适用对象。",
)
def get_task(request: HttpRequest, task_id: Path[Id]) -> Task:
    user = caller(request, Permission.VIEW_CAMPAIGNS)
    check_names(request)
    rows = Task.objects.filter(campaign__in=_seen(user)).prefetch_related("kinds")
    return get_object_or_404(rows, pk=task_id)


@router.get(
    "/assignments",
    response={200: AssignmentPage, **LIST_ERRORS},
    operation_id="listAssignments",
    summary="列出任务分工",
    description="各单位在任务中的份额与进展。",
)
def list_assignments(request: HttpRequest, query: ninja.Query[AssignmentQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_CAMPAIGNS)
    check_names(request, AssignmentQuery)
    rows = Assignment.objects.filter(task__campaign__in=_seen(user)).select_related("organization")
    wanted = _given(
        task__campaign=query.campaign,
        task=query.task,
        organization=query.organization,
        role=query.role,
        status=query.status,
    )
    return page_of(rows.filter(**wanted), query, "id")


@router.get(
    "/checklists",
    response={200: ChecklistPage, **LIST_ERRORS},
    operation_id="listChecklists",
    summary="列出检查表",
    description="任务的检查表，新版本在前；检查时用最新版本。",
)
def list_checklists(request: HttpRequest, query: ninja.Query[ChecklistQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_CAMPAIGNS)
    check_names(request, ChecklistQuery)
    rows = Checklist.objects.filter(task__campaign__in=_seen(user))
    return page_of(rows.filter(**_given(task__campaign=query.campaign, task=query.task)), query, "-id")


@router.get(
    "/checklists/{checklist_id}",
    response={200: ChecklistOut, **READ_ERRORS},
    operation_id="getChecklist",
    summary="读取一份检查表",
    description="检查表及各检查项。",
)
def get_checklist(request: HttpRequest, checklist_id: Path[Id]) -> Checklist:
    user = caller(request, Permission.VIEW_CAMPAIGNS)
    check_names(request)
    rows = Checklist.objects.filter(task__campaign__in=_seen(user)).prefetch_related("items")
    return get_object_or_404(rows, pk=checklist_id)
