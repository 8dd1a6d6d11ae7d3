"""Adding to the ledger and moving what is in it. Every move names exactly what its action asks for."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from ninja import Path
from pydantic import Field, RootModel

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import IllegalMove
from bihuan.hazards import actions
from bihuan.hazards.forms import HazardForm, reviewers_for
from bihuan.hazards.models import Extension, Hazard, HazardTransition, MajorPlan
from bihuan.hazards.workflow import Level
from bihuan.inspections.queries import inspecting_organization
from bihuan.registry.models import Enterprise

from .auth import caller
from .choices import HazardLevel, HazardSource, Risk
from .fields import CountedDay, Id, Input, Text
from .hazards import ExtensionOut, HazardOut, TransitionOut, described, router, visible_hazard
from .idempotency import PARAMETER, once
from .problems import WRITE_ERRORS, Unprocessable, check_names

Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
Photos = Annotated[list[uuid.UUID], Field(max_length=20)]
SomePhotos = Annotated[list[uuid.UUID], Field(min_length=1, max_length=20)]
Words = Annotated[Text, Field(max_length=500)]
LongWords = Annotated[Text, Field(max_length=2000)]


class HazardIn(Input):
    """登记一条隐患"""

    enterprise: Id = Field(description="企业编号")
    source: HazardSource = Field(description="来源")
    description: Words = Field(description="隐患描述")
    found_on: CountedDay = Field(description="发现日期")
    premises: Id | None = Field(None, description="场所编号")
    task: Id | None = Field(None, description="任务编号")
    location: Annotated[Text, Field(max_length=120)] = Field("", description="部位")
    basis: Annotated[Text, Field(max_length=200)] = Field("", description="依据条款")
    level: HazardLevel = Field(Level.GENERAL, description="等级")
    criterion_code: Annotated[Text, Field(max_length=20)] = Field("", description="重大判定条款")
    due_on: CountedDay | None = Field(None, description="整改期限，不填按规则推算；举报、报警不填")
    responsible_person: Annotated[Text, Field(max_length=60)] = Field("", description="整改责任人")
    measures: Words = Field("", description="整改措施")
    funds: Money | None = Field(None, description="整改资金，元")
    contingency: Annotated[Text, Field(max_length=300)] = Field("", description="应急预案")
    interim_measures: Annotated[Text, Field(max_length=300)] = Field("", description="临时管控措施")
    photos: Photos = Field([], description="整改前照片的附件编号")
    client_id: uuid.UUID | None = Field(None, description="由调用方生成，重复提交只算一次")


class Step(Input, ABC):
    """One move as handed in; `act` carries it out."""

    @abstractmethod
    def act(self, hazard: Hazard, by: User) -> object:
        """Carry the move out on a hazard in this person's name."""


class Reasoned(Step):
    """A move that needs nothing but its reason."""

    reason: Words = Field("", description="理由，必填")

    def words(self) -> dict[str, str]:
        return {"reason": self.reason}


class Confirm(Step):
    """核实"""

    move: Literal["confirm"]
    due_on: CountedDay | None = Field(None, description="整改期限，不填按规则推算")

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.confirm(hazard, by=by, due_on=self.due_on)


class Dismiss(Reasoned):
    """认定不属实"""

    move: Literal["dismiss"]

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.dismiss(hazard, **self.words(), by=by)


class Merge(Reasoned):
    """并入重复登记的另一项"""

    move: Literal["merge"]
    into: Id = Field(description="并入哪一项隐患的编号，须是同一家企业、一年以内的")

    def act(self, hazard: Hazard, by: User) -> object:
        into = Hazard.objects.visible_to(by).filter(pk=self.into).first()
        if into is None:
            raise Unprocessable("body.into", "该隐患不存在或不在可见范围，请另选")
        return actions.merge(hazard, into=into, **self.words(), by=by)


class GradeMajor(Reasoned):
    """认定为重大隐患；有判定条款时可不写理由"""

    move: Literal["grade_major"]
    criterion_code: Annotated[Text, Field(max_length=20)] = Field("", description="判定条款")

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.grade_major(hazard, **self.words(), criterion_code=self.criterion_code, by=by)


class Downgrade(Reasoned):
    """撤销重大认定"""

    move: Literal["downgrade"]

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.downgrade(hazard, **self.words(), by=by)


class FixOnSpot(Step):
    """当场整改销号，登记当日办理"""

    move: Literal["fix_on_spot"]
    text: Annotated[Text, Field(max_length=1000)] = Field(description="当场怎样整改")
    before: Photos = Field([], description="整改前照片的附件编号")
    after: SomePhotos = Field(description="整改后照片的附件编号")

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.fix_on_spot(hazard, text=self.text, before=self.before, after=self.after, by=by)


class _Rectified(Step):
    text: Annotated[Text, Field(max_length=1000)] = Field(description="整改情况")
    photos: SomePhotos = Field(description="整改后照片的附件编号")
    finished_on: CountedDay | None = Field(None, description="完成日期，不填为今天")


class Submit(_Rectified):
    """提交复查（一般隐患）；企业没有账号的，由属地或主管部门代为提交"""

    move: Literal["submit"]
    funds_spent: Money | None = Field(None, description="实际投入，元")

    def act(self, hazard: Hazard, by: User) -> object:
        if hazard.level != Level.GENERAL:
            raise IllegalMove("重大隐患整改后申请验收，不直接提交复查")
        return actions.submit_rectification(
            hazard,
            text=self.text,
            photos=self.photos,
            finished_on=self.finished_on,
            funds_spent=self.funds_spent,
            by=by,
        )


class ApplyAcceptance(_Rectified):
    """申请验收（重大隐患）"""

    move: Literal["apply_acceptance"]

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.apply_acceptance(
            hazard, text=self.text, photos=self.photos, finished_on=self.finished_on, by=by
        )


class SendBack(Reasoned):
    """退回整改"""

    move: Literal["send_back"]
    reason_type: Annotated[Text, Field(max_length=20)] = Field("", description="退回原因代码，必填")
    reason: Words = Field("", description="具体情况，部分退回原因必填")
    photos: Photos = Field([], description="现场照片的附件编号")

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.reinspect(
            hazard, passed=False, reason_type=self.reason_type, text=self.reason, photos=self.photos, by=by
        )


class Close(Step):
    """复查合格，销号"""

    move: Literal["close"]
    reason: Words = Field("", description="复查意见")
    photos: Photos = Field([], description="现场照片的附件编号")

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.reinspect(hazard, passed=True, text=self.reason, photos=self.photos, by=by)


class ReportMajor(Step):
    """报重大隐患报告"""

    move: Literal["report_major"]
    causes: LongWords = Field(description="现状及产生原因")
    danger: LongWords = Field(description="危害程度和整改难易")

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.report_major(hazard, causes=self.causes, danger=self.danger, by=by)


class SubmitPlan(Step):
    """报治理方案，六项缺一不可"""

    move: Literal["submit_plan"]
    goals: LongWords = Field(description="治理目标和任务")
    methods: LongWords = Field(description="采取的方法和措施")
    funding: LongWords = Field(description="经费和物资")
    staffing: LongWords = Field(description="机构和人员")
    schedule: LongWords = Field(description="时限和要求")
    safety: LongWords = Field(description="安全措施和应急预案")
    due_on: CountedDay = Field(description="治理完成期限")
    files: Photos = Field([], description="方案文件的附件编号")

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.submit_major_plan(hazard, **self.model_dump(exclude={"move"}), by=by)


class _PlanReview(Step):
    def review(self, hazard: Hazard, by: User, *, approved: bool, opinion: str) -> object:
        plan = hazard.major_plans.filter(approved=None).order_by("-pk").first()
        # Without a plan the table decides who is wrong, the person or the moment.
        return actions.review_major_plan(
            plan or MajorPlan(hazard=hazard), approved=approved, opinion=opinion, by=by
        )


class ApprovePlan(_PlanReview):
    """同意治理方案"""

    move: Literal["approve_plan"]
    reason: Words = Field("", description="审查意见")

    def act(self, hazard: Hazard, by: User) -> object:
        return self.review(hazard, by, approved=True, opinion=self.reason)


class ReturnPlan(_PlanReview):
    """退回治理方案"""

    move: Literal["return_plan"]
    reason: Words = Field("", description="理由，必填")

    def act(self, hazard: Hazard, by: User) -> object:
        return self.review(hazard, by, approved=False, opinion=self.reason)


class _Judged(Step):
    team: Annotated[Text, Field(max_length=300)] = Field(description="验收组成员")
    reason: Words = Field("", description="验收意见，不合格时必填")
    photos: Photos = Field([], description="现场照片的附件编号")

    def judge(self, hazard: Hazard, by: User, *, passed: bool) -> object:
        return actions.record_acceptance(
            hazard, team=self.team, passed=passed, opinion=self.reason, photos=self.photos, by=by
        )


class Accept(_Judged):
    """验收合格"""

    move: Literal["accept"]

    def act(self, hazard: Hazard, by: User) -> object:
        return self.judge(hazard, by, passed=True)


class RefuseAcceptance(_Judged):
    """验收不合格"""

    move: Literal["refuse_acceptance"]

    def act(self, hazard: Hazard, by: User) -> object:
        return self.judge(hazard, by, passed=False)


class _Evaluated(Step):
    evaluator: Annotated[Text, Field(max_length=120)] = Field(description="评价单位或专家")
    measures_done: bool = Field(description="治理措施全部完成")
    risk_before: Risk = Field(description="治理前风险")
    risk_after: Risk = Field(description="治理后风险")
    funds_in_place: bool = Field(description="资金到位")
    staff_informed: bool = Field(description="已向从业人员通报")
    conclusion: Words = Field(description="评价结论")

    def evaluate(self, hazard: Hazard, by: User, *, passed: bool) -> object:
        return actions.record_evaluation(hazard, **self.model_dump(exclude={"move"}), passed=passed, by=by)


class CloseMajor(_Evaluated):
    """评价合格，销号"""

    move: Literal["close_major"]

    def act(self, hazard: Hazard, by: User) -> object:
        return self.evaluate(hazard, by, passed=True)


class FailEvaluation(_Evaluated):
    """评价不合格"""

    move: Literal["fail_evaluation"]

    def act(self, hazard: Hazard, by: User) -> object:
        return self.evaluate(hazard, by, passed=False)


class Reopen(Reasoned):
    """改后反弹重开"""

    move: Literal["reopen"]

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.reopen(hazard, **self.words(), by=by)


class LiftSupervision(Reasoned):
    """撤下历史挂牌标记；按挂牌督办程序挂的牌，只能在挂牌督办中审签摘牌"""

    move: Literal["lift_supervision"]

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.lift_old_mark(hazard, **self.words(), by=by)


class Extend(Reasoned):
    """依职权延期；企业申请的延期在延期审批中办理"""

    move: Literal["extend"]
    due_on: CountedDay = Field(description="延至")

    def act(self, hazard: Hazard, by: User) -> object:
        return actions.extend_ex_officio(hazard, to=self.due_on, **self.words(), by=by)


class Assign(Reasoned):
    """改派复查单位"""

    move: Literal["assign"]
    organization: Id = Field(description="新的复查单位编号")

    def act(self, hazard: Hazard, by: User) -> object:
        organization = reviewers_for(hazard).filter(pk=self.organization).first()
        if organization is None:
            raise Unprocessable("body.organization", "该单位不存在、不管辖所在地，或已经是复查单位，请另选")
        return actions.assign(hazard, organization=organization, **self.words(), by=by)


class MoveIn(
    RootModel[
        Annotated[
            Confirm | Dismiss | Merge | GradeMajor | Downgrade | FixOnSpot | Submit | SendBack | Close | ReportMajor
            | SubmitPlan | ApprovePlan | ReturnPlan | ApplyAcceptance | Accept | RefuseAcceptance | CloseMajor
            | FailEvaluation | Reopen | LiftSupervision | Extend | Assign,
            Field(discriminator="move"),
        ]
    ]
):  # fmt: skip
    """一个动作及其材料，由 move 区分"""


class ExtensionIn(Input):
    """申请延期"""

    requested_due_on: CountedDay = Field(description="申请延至")
    reason: Words = Field("", description="理由，必填")
    interim_measures: Annotated[Text, Field(max_length=300)] = Field(description="延期期间怎样管控风险")


class DecisionIn(Input):
    """审批延期"""

    approved: bool = Field(description="同意")
    reason: Annotated[Text, Field(max_length=300)] = Field("", description="审批意见，不同意时必填")


@router.post(
    "/hazards",
    response={201: HazardOut, **WRITE_ERRORS},
    operation_id="createHazard",
    summary="登记隐患",
    description="与登记页面同样的规则。检查、督查、专家发现的立即开始计算整改期限，举报、报警的等待核实。",
    openapi_extra=PARAMETER,
)
def create_hazard(request: HttpRequest, data: HazardIn) -> JsonResponse:
    user = caller(request, Permission.REPORT_HAZARD)
    check_names(request)
    given = data.model_dump(mode="json")
    return once(request, given, HazardOut, lambda: described(_record(data, user), user))


def _record(data: HazardIn, user: User) -> Hazard:
    visible = Enterprise.objects.visible_to(user).select_related("organization", "department")
    enterprise = get_object_or_404(visible, pk=data.enterprise)
    own = enterprise.organization_id in {post.organization_id for post in user.posts}
    organization = enterprise.organization if own else inspecting_organization(user, enterprise)
    if organization is None:
        raise PermissionDenied
    typed = data.model_dump(mode="json", exclude={"enterprise", "photos"}, exclude_none=True)
    typed.setdefault("client_id", str(uuid.uuid4()))
    form = HazardForm(typed, enterprise=enterprise, user=user, own=own)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Unprocessable(f"body.{name}", str(errors[0]))
    hazard = actions.record_hazard(
        **form.cleaned_data,
        enterprise=enterprise,
        photos=data.photos,
        found_organization=organization,
        by=user,
    )
    return visible_hazard(user, hazard.pk)


@router.post(
    "/hazards/{hazard_id}/moves",
    response={201: TransitionOut, **WRITE_ERRORS},
    operation_id="moveHazard",
    summary="办理一个动作",
    description="流转表中的各个动作，及其所需的理由和材料。状态不允许时回答409，不该由此人办理时回答403。",
    openapi_extra=PARAMETER,
)
def move_hazard(request: HttpRequest, hazard_id: Path[Id], data: MoveIn) -> JsonResponse:
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request)

    def act() -> HazardTransition:
        hazard = visible_hazard(user, hazard_id)
        data.root.act(hazard, user)
        # The act is still our own open transaction: nobody can have written a later line.
        return hazard.transitions.select_related("by").order_by("-pk")[0]

    return once(request, data.model_dump(mode="json"), TransitionOut, act)


@router.post(
    "/hazards/{hazard_id}/extensions",
    response={201: ExtensionOut, **WRITE_ERRORS},
    operation_id="requestExtension",
    summary="申请延期",
    description="在期限届满前申请；企业没有账号的，由属地或主管部门代为申请。",
    openapi_extra=PARAMETER,
)
def request_extension(request: HttpRequest, hazard_id: Path[Id], data: ExtensionIn) -> JsonResponse:
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request)

    def act() -> Extension:
        hazard = visible_hazard(user, hazard_id)
        return actions.request_extension(hazard, **data.model_dump(), by=user)

    return once(request, data.model_dump(mode="json"), ExtensionOut, act)


def _extension(user: User, pk: int) -> Extension:
    seen: Any = Hazard.objects.visible_to(user)
    return get_object_or_404(Extension.objects.select_related("hazard__enterprise"), pk=pk, hazard__in=seen)


@router.post(
    "/extensions/{extension_id}/decision",
    response={201: ExtensionOut, **WRITE_ERRORS},
    operation_id="decideExtension",
    summary="审批延期",
    description="同意或不同意一份延期申请；不能审批自己提出的申请。",
    openapi_extra=PARAMETER,
)
def decide_extension(request: HttpRequest, extension_id: Path[Id], data: DecisionIn) -> JsonResponse:
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request)

    def act() -> Extension:
        extension = _extension(user, extension_id)
        return actions.decide_extension(extension, approved=data.approved, note=data.reason, by=user)

    return once(request, data.model_dump(mode="json"), ExtensionOut, act)


@router.post(
    "/extensions/{extension_id}/withdrawal",
    response={201: ExtensionOut, **WRITE_ERRORS},
    operation_id="withdrawExtension",
    summary="撤回延期申请",
    description="审批之前撤回。",
    openapi_extra=PARAMETER,
)
def withdraw_extension(request: HttpRequest, extension_id: Path[Id]) -> JsonResponse:
    user = caller(request, Permission.VIEW_HAZARDS)
    check_names(request)
    return once(
        request,
        None,
        ExtensionOut,
        lambda: actions.withdraw_extension(_extension(user, extension_id), by=user),
    )
