"""The ledger, read and added to. Filters carry the names of the ledger page's address, and run through its query."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

import ninja
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as attachments
from bihuan.audit.actions import chain_of
from bihuan.hazards.models import (
    Extension,
    Hazard,
    HazardTransition,
    Rectification,
    Reinspection,
)
from bihuan.hazards.queries import Filters, ledger_page
from bihuan.hazards.standing import available_moves

from .auth import caller
from .choices import ExtensionStatus, HazardLevel, HazardMove, HazardSource, HazardStatus
from .fields import Day, Id, Label, PageQuery, Place, RegionCode, Text
from .files import AttachmentOut
from .paging import Page, page_of, shaped
from .problems import LIST_ERRORS, READ_ERRORS, check_names, declared

router = Router(tags=["隐患"])


class HazardRow(Schema):
    """隐患"""

    id: int = Field(description="编号")
    number: str = Field(description="台账号")
    enterprise: Label = Field(description="企业")
    premises: Label | None = Field(description="场所")
    campaign: int | None = Field(description="专项整治编号")
    task: int | None = Field(description="任务编号")
    department: Label | None = Field(description="主管部门")
    county: Place = Field(description="县区")
    locality: Place = Field(description="乡镇街道")
    source: HazardSource = Field(description="来源")
    level: HazardLevel = Field(description="等级")
    criterion_code: str = Field(description="重大判定条款")
    status: HazardStatus = Field(description="状态")
    round: int = Field(description="轮次，反弹一次加一轮")
    description: str = Field(description="隐患描述")
    location: str = Field(description="部位")
    basis: str = Field(description="依据条款")
    found_on: dt.date = Field(description="发现日期")
    found_at: dt.datetime = Field(description="登记时间")
    found_organization: Label = Field(description="发现单位")
    reviewing_organization: Label = Field(description="复查单位")
    due_on: dt.date | None = Field(description="整改期限")
    overdue: bool = Field(description="已逾期（期限当日不算）")
    responsible_person: str = Field(description="整改责任人")
    measures: str = Field(description="整改措施")
    funds: Decimal | None = Field(description="整改资金，元")
    contingency: str = Field(description="应急预案")
    interim_measures: str = Field(description="临时管控措施")
    fixed_on_spot: bool = Field(description="当场整改")
    is_supervised: bool = Field(description="挂牌督办")
    submitted_on: dt.date | None = Field(description="提交复查日期")
    closed_on: dt.date | None = Field(description="销号日期")

    @staticmethod
    def resolve_campaign(hazard: Hazard) -> int | None:
        return hazard.campaign_id

    @staticmethod
    def resolve_task(hazard: Hazard) -> int | None:
        return hazard.task_id

    @staticmethod
    def resolve_overdue(hazard: Hazard) -> bool:
        return hazard.is_overdue(on=timezone.localdate())


class HazardOut(HazardRow):
    """隐患、期限说明、附件，以及令牌所属账号现在能办的动作"""

    clock: dict[str, Any] = Field(description="期限说明：从哪一事件起、按什么日历、如何得出")
    attachments: dict[str, list[AttachmentOut]] = Field(description="附件，按用途")
    available_moves: list[HazardMove] = Field(description="现在可以办理的动作")


class HazardPage(Page[HazardRow]):
    """隐患列表的一页"""


class HazardQuery(PageQuery):
    campaign: Id | None = Field(None, description="专项整治编号")
    task: Id | None = Field(None, description="任务编号")
    region: RegionCode | None = Field(None, description="所在区划及以下")
    department: Id | None = Field(None, description="主管部门编号")
    kind: Text = Field("", max_length=40, description="对象类型代码")
    level: HazardLevel | None = Field(None, description="等级")
    status: HazardStatus | None = Field(None, description="状态；不填则不含“不属实”")
    state: Literal["overdue", "approaching", "open", "closed"] | None = Field(
        None, description="情形：overdue 逾期、approaching 临期、open 未销号、closed 已销号"
    )
    source: HazardSource | None = Field(None, description="来源")
    found_from: Day | None = Field(None, description="发现日期不早于")
    found_to: Day | None = Field(None, description="发现日期不晚于")
    closed_from: Day | None = Field(None, description="销号日期不早于")
    closed_to: Day | None = Field(None, description="销号日期不晚于")
    enterprise: Id | None = Field(None, description="企业编号")
    q: Text = Field(
        "", max_length=60, description="台账号，或描述、部位、依据、企业名称中的词，空格隔开的须同时出现"
    )


class TransitionOut(Schema):
    """台账上的一行：谁、何时、从哪里到哪里、为什么"""

    id: int = Field(description="编号")
    hazard: int = Field(description="隐患编号")
    move: HazardMove = Field(description="动作")
    from_status: HazardStatus | Literal[""] = Field(description="原状态，登记时为空")
    to_status: HazardStatus = Field(description="新状态")
    round: int = Field(description="轮次")
    reason: str = Field(description="说明")
    evidence: str = Field(description="所据材料，模型标签:主键")
    by: str = Field(description="办理人")
    at: dt.datetime = Field(description="时间")

    @staticmethod
    def resolve_hazard(line: HazardTransition) -> int:
        return line.hazard_id

    @staticmethod
    def resolve_by(line: HazardTransition) -> str:
        return line.by.full_name


class TransitionPage(Page[TransitionOut]):
    """流转列表的一页"""


class RectificationOut(Schema):
    """整改"""

    id: int = Field(description="编号")
    round: int = Field(description="轮次")
    text: str = Field(description="整改情况")
    funds_spent: Decimal | None = Field(description="实际投入，元")
    finished_on: dt.date = Field(description="完成日期")
    on_behalf: bool = Field(description="代企业填报")
    by: str = Field(description="提交人")
    at: dt.datetime = Field(description="提交时间")
    attachments: dict[str, list[AttachmentOut]] = Field(description="附件，按用途")

    @staticmethod
    def resolve_by(row: Rectification) -> str:
        return row.by.full_name


class RectificationPage(Page[RectificationOut]):
    """整改列表的一页"""


class ReinspectionOut(Schema):
    """复查"""

    id: int = Field(description="编号")
    rectification: int | None = Field(description="所复查的整改编号")
    round: int = Field(description="轮次")
    passed: bool = Field(description="合格")
    reason_type: str = Field(description="退回原因代码")
    text: str = Field(description="复查意见")
    by: str = Field(description="复查人")
    at: dt.datetime = Field(description="复查时间")
    attachments: dict[str, list[AttachmentOut]] = Field(description="附件，按用途")

    @staticmethod
    def resolve_rectification(row: Reinspection) -> int | None:
        return row.rectification_id

    @staticmethod
    def resolve_by(row: Reinspection) -> str:
        return row.by.full_name


class ReinspectionPage(Page[ReinspectionOut]):
    """复查列表的一页"""


class ExtensionOut(Schema):
    """延期"""

    id: int = Field(description="编号")
    hazard: int = Field(description="隐患编号")
    round: int = Field(description="轮次")
    old_due_on: dt.date = Field(description="原期限")
    requested_due_on: dt.date = Field(description="申请延至")
    reason: str = Field(description="理由")
    interim_measures: str = Field(description="延期期间管控措施")
    status: ExtensionStatus = Field(description="状态")
    requested_by: str = Field(description="申请人")
    requested_at: dt.datetime = Field(description="申请时间")
    decided_by: str | None = Field(description="审批人")
    decided_at: dt.datetime | None = Field(description="审批时间")
    decision_note: str = Field(description="审批意见")
    ex_officio: bool = Field(description="依职权延期")

    @staticmethod
    def resolve_hazard(row: Extension) -> int:
        return row.hazard_id

    @staticmethod
    def resolve_requested_by(row: Extension) -> str:
        return row.requested_by.full_name

    @staticmethod
    def resolve_decided_by(row: Extension) -> str | None:
        return row.decided_by.full_name if row.decided_by else None


class ExtensionPage(Page[ExtensionOut]):
    """延期列表的一页"""


RELATED = (
    "enterprise", "premises", "department", "county", "locality", "found_organization", "reviewing_organization"
)  # fmt: skip
# Reading what hangs on one hazard: a page of it, or the hazard is out of sight.
PART_ERRORS = LIST_ERRORS | declared(404)


def visible_hazard(user: User, pk: int) -> Hazard:
    """One hazard the caller may see, with everything its description needs. Raises Http404."""
    return get_object_or_404(Hazard.objects.visible_to(user).select_related(*RELATED), pk=pk)


def described(hazard: Hazard, user: User) -> Hazard:
    """The hazard in the shape of `HazardOut`."""
    hazard.attachments = attachments.of_many([hazard])[chain_of(hazard)]  # type: ignore[attr-defined]
    hazard.available_moves = available_moves(hazard, by=user)  # type: ignore[attr-defined]
    return hazard


@router.get(
    "/hazards",
    response={200: HazardPage, **LIST_ERRORS},
    operation_id="listHazards",
    summary="列出隐患",
    description="可见范围内的台账，新发现的在前。参数与台账页面地址相同。",
)
def list_hazards(request: HttpRequest, query: ninja.Query[HazardQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request, HazardQuery)
    wanted = query.model_dump(exclude={"cursor", "size"}, exclude_none=True)
    page = ledger_page(
        user,
        Filters(**wanted),
        cursor=query.cursor or None,
        size=query.size,
        shape=lambda rows: rows.select_related(*RELATED),
    )
    return shaped(page)


@router.get(
    "/hazards/{hazard_id}",
    response={200: HazardOut, **READ_ERRORS},
    operation_id="getHazard",
    summary="读取一条隐患",
    description="隐患、期限如何得出、附件，以及现在可以办理的动作。",
)
def get_hazard(request: HttpRequest, hazard_id: Path[Id]) -> Hazard:
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request)
    return described(visible_hazard(user, hazard_id), user)


def _parts(
    request: HttpRequest, hazard_id: int, query: PageQuery, relation: str, *related: str
) -> dict[str, Any]:
    """A page of what hangs on one hazard, oldest first."""
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request, PageQuery)
    hazard = get_object_or_404(Hazard.objects.visible_to(user).only("pk"), pk=hazard_id)
    rows: QuerySet[Any] = getattr(hazard, relation).select_related(*related)
    return page_of(rows, query, "id")


def _with_files(page: dict[str, Any]) -> dict[str, Any]:
    """Hang the files on each row of a page: one query for all of them."""
    rows: list[Model] = page["items"]
    files = attachments.of_many(rows)
    for row in rows:
        row.attachments = files[chain_of(row)]  # type: ignore[attr-defined]
    return page


@router.get(
    "/hazards/{hazard_id}/transitions",
    response={200: TransitionPage, **PART_ERRORS},
    operation_id="listHazardTransitions",
    summary="列出一条隐患的流转",
    description="台账各行，由早到晚；从不改写。",
)
def list_transitions(
    request: HttpRequest, hazard_id: Path[Id], query: ninja.Query[PageQuery]
) -> dict[str, Any]:
    return _parts(request, hazard_id, query, "transitions", "by")


@router.get(
    "/hazards/{hazard_id}/rectifications",
    response={200: RectificationPage, **PART_ERRORS},
    operation_id="listHazardRectifications",
    summary="列出一条隐患的整改",
    description="各轮整改情况与照片。",
)
def list_rectifications(
    request: HttpRequest, hazard_id: Path[Id], query: ninja.Query[PageQuery]
) -> dict[str, Any]:
    return _with_files(_parts(request, hazard_id, query, "rectifications", "by"))


@router.get(
    "/hazards/{hazard_id}/reinspections",
    response={200: ReinspectionPage, **PART_ERRORS},
    operation_id="listHazardReinspections",
    summary="列出一条隐患的复查",
    description="各轮复查结论与退回原因。",
)
def list_reinspections(
    request: HttpRequest, hazard_id: Path[Id], query: ninja.Query[PageQuery]
) -> dict[str, Any]:
    return _with_files(_parts(request, hazard_id, query, "reinspections", "by"))


@router.get(
    "/hazards/{hazard_id}/extensions",
    response={200: ExtensionPage, **PART_ERRORS},
    operation_id="listHazardExtensions",
    summary="列出一条隐患的延期",
    description="各次延期申请与审批。",
)
def list_extensions(
    request: HttpRequest, hazard_id: Path[Id], query: ninja.Query[PageQuery]
) -> dict[str, Any]:
    return _parts(request, hazard_id, query, "extensions", "requested_by", "decided_by")
