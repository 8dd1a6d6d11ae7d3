"""Visits, read and handed in whole. What may be recorded is judged where the phone's form is judged."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

import ninja
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as attachments
from bihuan.attachments.models import Signature
from bihuan.campaigns.models import Checklist
from bihuan.hazards.workflow import Level
from bihuan.inspections import queries
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.asking import library_list
from bihuan.inspections.models import Answer, Inspection, InspectionMember
from bihuan.inspections.submission import (
    AnswerGiven,
    Finding,
    MemberGiven,
    SignatureGiven,
    Submission,
)
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise

from .auth import caller
from .choices import FindingOutcome, HazardLevel, InspectionKind, PaperKind, SignatureMethod, Verdict
from .fields import CountedDay, Day, Id, Input, Label, Moment, PageQuery, Place, RegionCode, Text
from .idempotency import PARAMETER, once
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, WRITE_ERRORS, Unprocessable, check_names

router = Router(tags=["检查"])


Photos = Annotated[list[uuid.UUID], Field(max_length=20)]


class MemberOut(Schema):
    """检查人员"""

    name: str = Field(description="姓名")
    certificate_no: str = Field(description="执法证号")


class AnswerOut(Schema):
    """检查结论"""

    position: int = Field(description="次序")
    text: str = Field(description="检查事项")
    verdict: Verdict = Field(description="结论")
    measured: str = Field(description="实测")
    note: str = Field(description="情况")
    hazard: int | None = Field(description="所发现隐患的编号")

    @staticmethod
    def resolve_hazard(answer: Answer) -> int | None:
        return answer.hazard_id


class SignatureOut(Schema):
    """签名"""

    role: str = Field(description="身份：inspector 检查人，accompanying 陪同人")
    signer_name: str = Field(description="签字人")
    method: SignatureMethod = Field(description="方式")
    remark: str = Field(description="说明")
    content_hash: str = Field(description="所签内容摘要")
    signed_at: dt.datetime = Field(description="签字时间")


class PaperLink(Schema):
    """由此次检查制发的文书"""

    id: int = Field(description="编号")
    kind: PaperKind = Field(description="文种")
    number: str = Field(description="文号")


class InspectionRow(Schema):
    """检查概况"""

    id: int = Field(description="编号")
    client_id: uuid.UUID = Field(description="设备编号")
    kind: InspectionKind = Field(description="类别")
    campaign: int | None = Field(description="专项整治编号")
    task: int | None = Field(description="任务编号")
    checklist: int | None = Field(description="检查表编号")
    enterprise: Label = Field(description="企业")
    premises: Label | None = Field(description="场所")
    organization: Label = Field(description="检查单位")
    department: Label | None = Field(description="主管部门")
    locality: Place = Field(description="乡镇街道")
    started_at: dt.datetime = Field(description="开始时间")
    finished_at: dt.datetime = Field(description="结束时间")
    inspected_on: dt.date = Field(description="检查日期")
    hazard_count: int = Field(description="发现隐患数")
    is_clean: bool = Field(description="未发现隐患")
    opinion: str = Field(description="检查意见")

    @staticmethod
    def resolve_campaign(inspection: Inspection) -> int | None:
        return inspection.campaign_id

    @staticmethod
    def resolve_task(inspection: Inspection) -> int | None:
        return inspection.task_id

    @staticmethod
    def resolve_checklist(inspection: Inspection) -> int | None:
        return inspection.checklist_id


class InspectionOut(InspectionRow):
    """检查详情"""

    accompanying_name: str = Field(description="陪同人")
    accompanying_title: str = Field(description="陪同人职务")
    members: list[MemberOut] = Field(description="检查人员")
    answers: list[AnswerOut] = Field(description="检查结论")
    signatures: list[SignatureOut] = Field(description="签名")
    papers: list[PaperLink] = Field(description="文书")

    @staticmethod
    def resolve_members(inspection: Inspection) -> list[InspectionMember]:
        return list(inspection.members.all())

    @staticmethod
    def resolve_answers(inspection: Inspection) -> list[Answer]:
        return list(inspection.answers.all())

    @staticmethod
    def resolve_signatures(inspection: Inspection) -> list[Signature]:
        return attachments.signatures_of(inspection)

    @staticmethod
    def resolve_papers(inspection: Inspection) -> list[Paper]:
        return list(queries.papers_of(inspection).order_by("id"))


class InspectionPage(Page[InspectionRow]):
    """检查列表的一页"""


class InspectionQuery(PageQuery):
    campaign: Id | None = Field(None, description="专项整治编号")
    task: Id | None = Field(None, description="任务编号")
    region: RegionCode | None = Field(None, description="所在区划及以下")
    department: Id | None = Field(None, description="主管部门编号")
    enterprise: Id | None = Field(None, description="企业编号")
    kind: InspectionKind | None = Field(None, description="类别")
    clean: Literal["0", "1"] | None = Field(None, description="1 未发现隐患，0 发现隐患")
    since: Day | None = Field(None, alias="from", description="检查日期不早于")
    until: Day | None = Field(None, alias="to", description="检查日期不晚于")


class SignatureIn(Input):
    """签名"""

    method: SignatureMethod = Field(description="方式；login 只能由令牌所属账号本人用")
    image: Annotated[str, Field(max_length=900_000)] = Field("", description="手写签名的 PNG data URL")
    remark: Annotated[Text, Field(max_length=200)] = Field("", description="拒绝签字的理由和在场情况")


class MemberIn(Input):
    """一名检查人员"""

    username: Annotated[Text, Field(max_length=60)] = Field("", description="账号；没有账号的专家不填")
    name: Annotated[Text, Field(max_length=60)] = Field("", description="姓名，有账号的可不填")
    certificate_no: Annotated[Text, Field(max_length=40)] = Field(
        "", description="执法证号，不填取账号所登记的"
    )
    signature: SignatureIn = Field(description="该人员的签名")


class FindingIn(Input):
    """发现的一条隐患；限期改正的须五落实并有临时管控措施"""

    description: Annotated[Text, Field(max_length=500)] = Field(description="问题")
    outcome: FindingOutcome = Field(description="fixed 现场已改，deadline 限期改正")
    location: Annotated[Text, Field(max_length=120)] = Field("", description="部位")
    basis: Annotated[Text, Field(max_length=200)] = Field("", description="依据条款")
    level: HazardLevel = Field(Level.GENERAL, description="等级")
    criterion_code: Annotated[Text, Field(max_length=20)] = Field("", description="重大判定条款")
    photos: Photos = Field([], description="整改前（现场）照片的附件编号")
    after_photos: Photos = Field([], description="整改后照片的附件编号，现场已改的必附")
    fix_text: Annotated[Text, Field(max_length=1000)] = Field("", description="怎么改的")
    due_on: CountedDay | None = Field(None, description="整改期限，不填按规则推算")
    responsible_person: Annotated[Text, Field(max_length=60)] = Field("", description="整改责任人")
    measures: Annotated[Text, Field(max_length=500)] = Field("", description="整改措施")
    funds: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = Field(
        None, description="整改资金，元，不需要投入的填 0"
    )
    contingency: Annotated[Text, Field(max_length=300)] = Field("", description="应急预案")
    interim_measures: Annotated[Text, Field(max_length=300)] = Field("", description="临时管控措施")


class AnswerIn(Input):
    """一项检查的结论"""

    position: int = Field(ge=1, le=32767, description="检查项的次序")
    verdict: Verdict = Field(description="结论")
    note: Annotated[Text, Field(max_length=500)] = Field("", description="情况")
    measured: Annotated[Text, Field(max_length=40)] = Field("", description="实测")
    finding: FindingIn | None = Field(None, description="不合格时的隐患")


class InspectionIn(Input):
    """一次检查，整份提交"""

    client_id: uuid.UUID = Field(description="由调用方生成，重复提交只算一次")
    kind: InspectionKind | Literal["routine", "campaign"] = Field(
        description="类别；routine、campaign 为早期的写法，按提交单位记为属地检查、部门检查或上级督查"
    )
    enterprise: Id = Field(description="企业编号")
    premises: Id | None = Field(None, description="场所编号")
    task: Id | None = Field(None, description="任务编号")
    checklist: Id | None = Field(None, description="检查表编号，不填为任务的最新版本")
    started_at: Moment = Field(description="开始时间，须注明时区")
    finished_at: Moment = Field(description="结束时间，须注明时区")
    members: list[MemberIn] = Field(min_length=1, max_length=20, description="检查人员，含令牌所属账号本人")
    accompanying_name: Annotated[Text, Field(max_length=60)] = Field("", description="陪同人")
    accompanying_title: Annotated[Text, Field(max_length=60)] = Field("", description="陪同人职务")
    accompanying_signature: SignatureIn | None = Field(None, description="陪同人签名，或拒绝签字的记录")
    answers: list[AnswerIn] = Field([], max_length=500, description="检查表各项的结论")
    others: list[FindingIn] = Field([], max_length=50, description="检查表以外发现的隐患")
    is_joint: bool = Field(False, description="联合检查，检查人员可来自几个单位")
    longitude: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False, description="经度")
    latitude: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False, description="纬度")
    opinion: Annotated[Text, Field(max_length=500)] = Field("", description="检查意见")


PUBLIC_BODIES = (
    Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY, Organization.Kind.EXPERTS
)  # fmt: skip
RELATED = ("enterprise", "premises", "organization", "department", "locality")


@router.get(
    "/inspections",
    response={200: InspectionPage, **LIST_ERRORS},
    operation_id="listInspections",
    summary="列出检查",
    description="可见范围内的检查记录，新近的在前。参数与检查页面地址相同。",
)
def list_inspections(request: HttpRequest, query: ninja.Query[InspectionQuery]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_INSPECTIONS)
    check_names(request, InspectionQuery)
    wanted = query.model_dump(mode="json", by_alias=True, exclude={"cursor", "size"}, exclude_none=True)
    rows = queries.listed(user, {name: str(value) for name, value in wanted.items()})
    return page_of(rows.select_related(*RELATED), query, "-inspected_on", "-id")


@router.get(
    "/inspections/{inspection_id}",
    response={200: InspectionOut, **READ_ERRORS},
    operation_id="getInspection",
    summary="读取一次检查",
    description="检查的各项结论、人员、签名与文书。",
)
def get_inspection(request: HttpRequest, inspection_id: Path[Id]) -> Inspection:
    user = caller(request, Permission.VIEW_INSPECTIONS)
    check_names(request)
    return _whole(user, inspection_id)


def _whole(user: User, pk: int) -> Inspection:
    rows = Inspection.objects.visible_to(user).select_related(*RELATED).prefetch_related("members", "answers")
    return get_object_or_404(rows, pk=pk)


@router.post(
    "/inspections",
    response={201: InspectionOut, **WRITE_ERRORS},
    operation_id="createInspection",
    summary="提交检查",
    description="一次检查整份提交：结论、隐患、签名同时记录，并制发现场检查记录等文书。与手机检查页面同样的规则。"
    "同一 client_id、同一内容重复提交得到同一次检查。",
    openapi_extra=PARAMETER,
)
def create_inspection(request: HttpRequest, data: InspectionIn) -> JsonResponse:
    user = caller(request, Permission.CONDUCT_INSPECTION)
    check_names(request)

    def act() -> Inspection:
        return _whole(user, submit_inspection(_submission(data, user), by=user).pk)

    return once(request, data.model_dump(mode="json"), InspectionOut, act)


def _submission(data: InspectionIn, user: User) -> Submission:
    """The body as the plain data the action judges. References that mean nothing to this person are refused here."""
    enterprise = get_object_or_404(Enterprise.objects.visible_to(user), pk=data.enterprise)
    organization = queries.inspecting_organization(user, enterprise)
    if organization is None:
        raise PermissionDenied
    premises = task = checklist = None
    if data.premises is not None:
        premises = enterprise.premises.filter(pk=data.premises).first()
        if premises is None:
            raise Unprocessable("body.premises", "所选场所不属于这家企业，请重新选择")
    if data.task is not None:
        task = queries.open_task(user, data.task)
        if task is None:
            raise Unprocessable("body.task", "没有这项进行中的任务，或不在可见范围之内")
        checklist = queries.current_checklist(task)
    if data.checklist is not None:
        checklist = (
            Checklist.objects.filter(pk=data.checklist, task=task).first()
            if task
            else library_list(enterprise, data.checklist)
        )
        if checklist is None:
            raise Unprocessable("body.checklist", "检查表不属于这项任务，也不是检查表库的表，请核对")
    return Submission(
        client_id=data.client_id,
        kind=data.kind,
        enterprise=enterprise,
        premises=premises,
        task=task,
        checklist=checklist,
        started_at=data.started_at,
        finished_at=data.finished_at,
        members=tuple(
            _member(given, no, organization, is_joint=data.is_joint) for no, given in enumerate(data.members)
        ),
        accompanying_name=data.accompanying_name,
        accompanying_title=data.accompanying_title,
        accompanying_signature=_signature(data.accompanying_signature),
        answers=tuple(
            AnswerGiven(each.position, each.verdict, each.note, each.measured, _finding(each.finding))
            for each in data.answers
        ),
        others=tuple(found for each in data.others if (found := _finding(each)) is not None),
        is_joint=data.is_joint,
        longitude=data.longitude,
        latitude=data.latitude,
        opinion=data.opinion,
    )


def _member(given: MemberIn, no: int, organization: Organization, *, is_joint: bool) -> MemberGiven:
    user = _colleague(given.username, organization, is_joint=is_joint) if given.username else None
    if given.username and user is None:
        raise Unprocessable(
            f"body.members.{no}.username", f"{organization.short_name}没有这个账号；联合检查请注明 is_joint"
        )
    return MemberGiven(
        name=given.name or (user.full_name if user else ""),
        user=user,
        certificate_no=given.certificate_no or (user.certificate_no if user else ""),
        signature=_signature(given.signature),
    )


def _colleague(username: str, organization: Organization, *, is_joint: bool) -> User | None:
    """An account that may come along: of the same organization, or of any public body on a joint inspection."""
    today = timezone.localdate()
    # One join: the chair that counts must be held today and stand in the right body.
    seat = Q(holdings__to_on=None) | Q(holdings__to_on__gte=today)
    seat &= Q(holdings__from_on__lte=today, holdings__post__is_active=True)
    if is_joint:
        seat &= Q(holdings__post__organization__kind__in=PUBLIC_BODIES)
    else:
        seat &= Q(holdings__post__organization=organization)
    return User.objects.filter(seat, username=username, is_active=True, is_service=False).first()


def _signature(given: SignatureIn | None) -> SignatureGiven | None:
    return SignatureGiven(given.method, given.image, given.remark) if given else None


def _finding(given: FindingIn | None) -> Finding | None:
    if given is None:
        return None
    values = given.model_dump(exclude={"photos", "after_photos"})
    return Finding(
        **values,
        photos=tuple(str(each) for each in given.photos),
        after_photos=tuple(str(each) for each in given.after_photos),
    )
