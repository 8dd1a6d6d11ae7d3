"""What a person can do with a hazard right now, as forms: one row per form, so that page and endpoint agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.errors import IllegalMove

from . import actions, chains, forms
from .actions.recording import may_fix_on_spot
from .merging import twins_of
from .models import Extension, Hazard, MajorPlan
from .standing import (
    available_moves,
    has_standing,
    may_act_for_enterprise,
    may_extend_ex_officio,
    may_move,
    may_request_extension,
)
from .workflow import ExtensionStatus, Level, Move

Files = dict[str, list[str]]
Act = Callable[[Hazard, dict[str, Any], Files, User], object]


@dataclass(frozen=True)
class Photos:
    """One photo field of a form."""

    name: str
    label: str
    required: bool = False
    help: str = ""


@dataclass(frozen=True)
class Spec:
    """One form: the moves it may lead to, what it asks, what it does. `main` ones stand open on the page."""

    key: str
    title: str
    button: str
    form: type[forms.ActForm]
    moves: tuple[Move, ...]
    act: Act
    done: str
    main: bool = False
    danger: bool = False
    note: str = ""
    photos: tuple[Photos, ...] = ()


@dataclass
class Panel:
    """A form ready to be shown."""

    spec: Spec
    form: forms.ActForm
    photo_errors: dict[str, list[str]] = field(default_factory=dict)
    kept: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    is_open: bool = False

    @property
    def photos(self) -> list[dict[str, Any]]:
        return [
            {
                "name": each.name,
                "label": each.label,
                "required": each.required,
                "help": each.help,
                "errors": self.photo_errors.get(each.name, []),
                "kept": self.kept.get(each.name, []),
            }
            for each in self.spec.photos
        ]


def _pending(hazard: Hazard) -> Extension:
    extension = hazard.extensions.filter(status=ExtensionStatus.PENDING).first()
    if extension is None:
        raise IllegalMove("没有等待审批的延期申请，可能已经办理")
    return extension


def _plan(hazard: Hazard) -> MajorPlan:
    plan = hazard.major_plans.filter(approved=None).order_by("-pk").first()
    if plan is None:
        raise IllegalMove("没有等待审查的治理方案，可能已经办理")
    return plan


def _yes(data: dict[str, Any], name: str) -> bool:
    return bool(data[name] == "yes")


def _evaluate(hazard: Hazard, data: dict[str, Any], files: Files, by: User) -> object:
    return actions.record_evaluation(hazard, **(data | {"passed": _yes(data, "passed")}), by=by)


AFTER = Photos("photos", "整改后照片", required=True, help="与整改前同一位置、同一角度")
SCENE = Photos("photos", "现场照片")

SPECS: dict[str, Spec] = {
    spec.key: spec
    for spec in (
        Spec(
            "confirm", "核实", "核实为隐患，开始整改", forms.ConfirmForm, (Move.CONFIRM,),
            lambda hazard, data, files, by: actions.confirm(hazard, by=by, due_on=data["due_on"]),
            "已核实，整改期限开始计算", main=True,
        ),
        Spec(
            "report-major", "报送重大隐患报告", "报送报告", forms.MajorReportForm, (Move.REPORT_MAJOR,),
            lambda hazard, data, files, by: actions.report_major(hazard, **data, by=by),
            "报告已报送，请接着报治理方案", main=True,
        ),
        Spec(
            "plan", "报治理方案（六项）", "报送方案", forms.MajorPlanForm, (Move.SUBMIT_PLAN,),
            lambda hazard, data, files, by: actions.submit_major_plan(hazard, **data, by=by),
            "治理方案已报送，等待审查", main=True,
        ),
        Spec(
            "plan-review", "审查治理方案", "提交审查意见", forms.OpinionForm, (Move.APPROVE_PLAN, Move.RETURN_PLAN),
            lambda hazard, data, files, by: actions.review_major_plan(
                _plan(hazard), approved=_yes(data, "approved"), opinion=data["opinion"], by=by
            ),
            "审查意见已记入台账", main=True,
        ),
        Spec(
            "rectification", "提交整改", "提交复查", forms.RectificationForm, (Move.SUBMIT, Move.APPLY_ACCEPTANCE),
            lambda hazard, data, files, by: actions.submit_rectification(
                hazard, **data, photos=files["photos"], by=by
            ),
            "整改已提交，等待复查", main=True, photos=(AFTER,),
        ),
        Spec(
            "reinspection", "复查", "提交复查结论", forms.ReinspectionForm, (Move.CLOSE, Move.SEND_BACK),
            lambda hazard, data, files, by: actions.reinspect(
                hazard, passed=_yes(data, "passed"), reason_type=data["reason_type"], text=data["text"],
                photos=files["photos"], by=by,
            ),
            "复查结论已记入台账", main=True, photos=(SCENE,),
        ),
        Spec(
            "acceptance", "现场验收", "提交验收结论", forms.AcceptanceForm, (Move.ACCEPT, Move.REFUSE_ACCEPTANCE),
            lambda hazard, data, files, by: actions.record_acceptance(
                hazard, team=data["team"], passed=_yes(data, "passed"), opinion=data["opinion"],
                photos=files["photos"], by=by,
            ),
            "验收结论已记入台账", main=True, photos=(SCENE,),
        ),
        Spec(
            "evaluation", "效果评价", "提交评价", forms.EvaluationForm, (Move.CLOSE_MAJOR, Move.FAIL_EVALUATION),
            _evaluate, "评价已记入台账", main=True,
        ),
        Spec(
            "extension-decision", "审批延期", "提交审批意见", forms.OpinionForm, (Move.EXTEND,),
            lambda hazard, data, files, by: actions.decide_extension(
                _pending(hazard), approved=_yes(data, "approved"), note=data["opinion"], by=by
            ),
            "延期审批意见已记入台账", main=True,
        ),
        Spec(
            "on-spot", "当场整改", "当场整改并销号", forms.OnSpotForm, (Move.FIX_ON_SPOT,),
            lambda hazard, data, files, by: actions.fix_on_spot(
                hazard, text=data["text"], before=files["before"], after=files["photos"], by=by
            ),
            "已当场整改销号", photos=(Photos("before", "整改前照片"), AFTER),
        ),
        Spec(
            "extension", "申请延期", "提交申请", forms.ExtensionForm, (Move.SUBMIT,),
            lambda hazard, data, files, by: actions.request_extension(hazard, **data, by=by),
            "延期申请已提交，等待审批",
        ),
        Spec(
            "extension-withdrawal", "撤回延期申请", "撤回申请", forms.WithdrawForm, (Move.SUBMIT,),
            lambda hazard, data, files, by: actions.withdraw_extension(_pending(hazard), by=by),
            "延期申请已撤回",
        ),
        Spec(
            "reopen", "改后反弹，重新打开", "重新打开", forms.ReasonForm, (Move.REOPEN,),
            lambda hazard, data, files, by: actions.reopen(hazard, **data, by=by),
            "已重新打开，进入新一轮整改", danger=True, note="原有整改和复查材料保留在上一轮，期限重新计算。",
        ),
        Spec(
            "dismissal", "认定不属实", "认定不属实", forms.ReasonForm, (Move.DISMISS,),
            lambda hazard, data, files, by: actions.dismiss(hazard, **data, by=by), "已认定不属实", danger=True,
        ),
        Spec(
            "merging", "并入重复登记", "并入", forms.MergeForm, (Move.MERGE,),
            lambda hazard, data, files, by: actions.merge(hazard, **data, by=by), "已并入，两项的经过都保留", danger=True,
            note="同一处隐患登记了两次的，留一项继续办，另一项并入它：不再计数，经过和材料原样保留，两边互相能点到。",
        ),
        Spec(
            "grading", "认定为重大隐患", "认定为重大", forms.GradeForm, (Move.GRADE_MAJOR,),
            lambda hazard, data, files, by: actions.grade_major(hazard, **data, by=by),
            "已认定为重大隐患，转入治理方案程序", danger=True,
        ),
        Spec(
            "downgrade", "撤销重大认定", "撤销认定", forms.ReasonForm, (Move.DOWNGRADE,),
            lambda hazard, data, files, by: actions.downgrade(hazard, **data, by=by), "已转为一般隐患",
        ),
        Spec(
            "lifting", "撤下历史挂牌标记", "撤下标记", forms.ReasonForm, (Move.LIFT_SUPERVISION,),
            lambda hazard, data, files, by: actions.lift_old_mark(hazard, **data, by=by), "已撤下历史挂牌标记",
            note="只用于没有走挂牌督办程序的旧标记；按程序挂的牌，在挂牌督办页面摘。",
        ),
        Spec(
            "ex-officio", "依职权延期", "延期", forms.ExOfficioForm, (Move.EXTEND,),
            lambda hazard, data, files, by: actions.extend_ex_officio(hazard, **data, by=by), "期限已延长",
        ),
        Spec(
            "assignment", "改派复查单位", "改派", forms.AssignForm, (Move.ASSIGN,),
            lambda hazard, data, files, by: actions.assign(hazard, **data, by=by), "已改派",
        ),
    )
}  # fmt: skip


def may_use(spec: Spec, hazard: Hazard, user: User) -> bool:
    """Whether this person could ever use this form on this hazard; if not, the answer is 403."""
    match spec.key:
        case "extension" | "extension-withdrawal" | "rectification":
            return may_act_for_enterprise(user, hazard)
        case "ex-officio":
            return may_extend_ex_officio(user, hazard) and has_standing(user, Move.EXTEND, hazard)
        case _:
            return any(may_move(user, move, hazard) for move in spec.moves)


def panels(hazard: Hazard, user: User, extensions: Sequence[Extension] | QuerySet[Extension]) -> list[Panel]:
    """The forms this person can use now, main ones first; nothing the table or the relations forbid."""
    legal = set(available_moves(hazard, by=user))
    pending = next((each for each in extensions if each.status == ExtensionStatus.PENDING), None)
    asks = may_request_extension(user, hazard)
    reported = Move.SUBMIT_PLAN in legal and hazard.major_reports.exists()
    shown = []
    for spec in SPECS.values():
        match spec.key:
            case "extension":
                usable = asks and pending is None
            case "extension-withdrawal":
                usable = asks and pending is not None
            case "extension-decision":
                usable = Move.EXTEND in legal and pending is not None and pending.requested_by_id != user.pk
            case "ex-officio":
                usable = Move.EXTEND in legal and pending is None and may_extend_ex_officio(user, hazard)
            case "on-spot":
                usable = Move.FIX_ON_SPOT in legal and may_fix_on_spot(hazard, on=timezone.localdate())
            case "report-major":
                usable = Move.REPORT_MAJOR in legal and not reported
            case "plan":
                usable = reported
            case "merging":
                usable = Move.MERGE in legal and twins_of(hazard, user).exists()
            case "lifting":
                usable = Move.LIFT_SUPERVISION in legal and not chains.holds(hazard)
            case _:
                usable = bool(legal.intersection(spec.moves))
        if usable:
            form = spec.form(hazard=hazard, user=user, prefix=spec.key)
            shown.append(Panel(spec, form, is_open=spec.main))
    return shown


def title_of(spec: Spec, hazard: Hazard) -> tuple[str, str]:
    """Heading and button; handing in the rectification of a major hazard asks for acceptance."""
    if spec.key == "rectification" and hazard.level == Level.MAJOR:
        return "提交整改并申请验收", "申请验收"
    return spec.title, spec.button
