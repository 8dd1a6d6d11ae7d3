"""What a person can do with a listing right now, as forms: one row per form, so that page and endpoint agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.errors import IllegalMove
from bihuan.hazards.workflow import Status

from . import actions, forms
from .models import Approval, Listing, PublicNotice
from .policies import last_day_to_ask
from .standing import acts_for_owner, available, is_own, may_sign, may_visit, reports, runs
from .workflow import (
    HANGING,
    ApprovalStatus,
    ListingMove,
    ListingStatus,
    NoticePurpose,
    RequestStatus,
    SubjectKind,
)

Files = dict[str, list[str]]
Act = Callable[[Listing, dict[str, Any], Files, User], object]


@dataclass(frozen=True)
class Spec:
    """One form: who may ever use it, when it stands on the page, what it asks and does."""

    key: str
    title: str
    button: str
    done: str
    form: Callable[[Listing, Any], django_forms.Form]
    may: Callable[[User, Listing], bool]
    when: Callable[[User, Listing], bool]
    act: Act
    photos: str = ""
    photos_required: bool = False
    signs: bool = False
    main: bool = True
    danger: bool = False
    note: str = ""


@dataclass
class Panel:
    """A form ready to be shown."""

    spec: Spec
    form: django_forms.Form
    title: str
    is_open: bool
    errors: list[str]


def running(listing: Listing) -> Approval | None:
    """The chain that is being signed."""
    return (
        listing.approvals.filter(status=ApprovalStatus.RUNNING)
        .select_related("listing__organization__region")
        .first()
    )


def _running(listing: Listing) -> Approval:
    approval = running(listing)
    if approval is None:
        raise IllegalMove("没有等待签署的步骤，可能已经有人签过，请刷新后核对")
    approval.listing = listing
    return approval


def _step_shown(approval: Approval) -> str:
    return f"{approval.pk}.{approval.position}"


def _sign_form(listing: Listing, data: Any) -> django_forms.Form:
    approval = running(listing)
    step = approval.current if approval else None
    return forms.SignForm(
        data, on_paper=step is not None and step["who"] == "government",
        step=_step_shown(approval) if approval else "",
    )  # fmt: skip


def _may_sign(user: User, listing: Listing) -> bool:
    approval = running(listing)
    return approval is not None and may_sign(user, approval)


def _ever_signs(user: User, listing: Listing) -> bool:
    """Anybody who signs some step of some chain of this listing, or who runs it: told by state, not by person."""
    from .standing import is_signer

    return any(
        is_signer(user, step) for approval in listing.approvals.all() for step in approval.steps
    ) or _may_sign(user, listing)


def _sign(listing: Listing, data: dict[str, Any], files: Files, user: User) -> object:
    approval = _running(listing)
    if data["step"] and data["step"] != _step_shown(approval):
        raise IllegalMove(f"这一步刚刚签过，{approval}已到下一步，请刷新后核对")
    paper = None
    if data.get("name") or data.get("title"):
        paper = actions.OnPaper(
            data.get("name", ""), data.get("title", ""), data.get("signed_on") or timezone.localdate(),
            tuple(files["photos"]),
        )  # fmt: skip
    return actions.sign_step(
        approval, agreed=data["agreed"] == "yes", opinion=data["opinion"], image=files["image"][0],
        paper=paper, by=user,
    )  # fmt: skip


def _notice(listing: Listing, purpose: str) -> PublicNotice | None:
    return listing.notices.filter(purpose=purpose).first()


def _waiting_notice(listing: Listing) -> PublicNotice | None:
    rows = listing.notices.filter(published_on=None).order_by("pk")
    return (rows if listing.is_hanging else rows.exclude(purpose=NoticePurpose.EXPOSURE)).first()


def _may_expose(user: User, listing: Listing) -> bool:
    return (
        runs(user, listing)
        and bool(actions.ground_to_expose(listing, on=timezone.localdate()))
        and {NoticePurpose.LISTING} == set(listing.notices.values_list("purpose", flat=True))
        and listing.notices.filter(published_on__isnull=False).exists()
    )


def _publish(listing: Listing, data: dict[str, Any], files: Files, user: User) -> object:
    notice = _waiting_notice(listing)
    if notice is None:
        raise IllegalMove("没有等待公布的公告，可能已经公布")
    notice.listing = listing
    return actions.publish(notice, by=user, **data)


def _publish_form(listing: Listing, data: Any) -> django_forms.Form:
    earlier = _notice(listing, NoticePurpose.LISTING)
    return forms.PublishForm(data, medium=earlier.medium if earlier else "")


def _plan(listing: Listing, data: dict[str, Any], files: Files, user: User) -> object:
    words = {name: value for name, value in data.items() if name not in ("causes", "danger", "budget")}
    return actions.file_plan(
        listing, words=words, causes=data.get("causes", ""), danger=data.get("danger", ""), budget=data["budget"],
        files=files["photos"], by=user,
    )  # fmt: skip


def _effect(listing: Listing, data: dict[str, Any], files: Files, user: User) -> object:
    flags = ("measures_done", "funds_in_place", "staff_informed", "no_recurrence")
    given = {name: (value == "yes" if name in flags else value) for name, value in data.items()}
    return actions.file_effect_report(listing, files=files["photos"], by=user, **given)


def _has(move: str) -> Callable[[User, Listing], bool]:
    return lambda user, listing: move in available(user, listing)


def _can_ask(user: User, listing: Listing) -> bool:
    return (
        listing.status == ListingStatus.LISTED
        and acts_for_owner(user, listing)
        and not listing.extensions.filter(status=RequestStatus.PENDING).exists()
        and timezone.localdate() <= last_day_to_ask(listing, timezone.localdate())
    )


def _plan_is_wanted(listing: Listing) -> bool:
    """None is filed yet, or the hazard's plan was sent back and has to be filed anew."""
    sent_back = listing.hazard is not None and listing.hazard.status == Status.PLANNING
    return sent_back or not listing.plans.exists()


def _needs_effect(user: User, listing: Listing) -> bool:
    return (
        listing.status == ListingStatus.EXAMINING
        and listing.kind == SubjectKind.HAZARD
        and acts_for_owner(user, listing)
    )


def _to_acknowledge(user: User, listing: Listing) -> bool:
    return (
        listing.order is not None
        and listing.is_hanging
        and getattr(listing.order, "receipt", None) is None
        and is_own(user, listing)
    )


SPECS: dict[str, Spec] = {
    spec.key: spec
    for spec in (
        Spec(
            "submit", "呈报挂牌", "签字呈报", "已呈报，等待审签", lambda listing, data: forms.OpinionForm(data), reports,
            _has(ListingMove.SUBMIT),
            lambda listing, data, files, by: actions.submit_listing(listing, opinion=data["opinion"], by=by),
        ),
        Spec(
            "sign", "签署", "提交签署", "已签署",
            _sign_form, _ever_signs, _may_sign,
            _sign, photos="签批页扫描件", signs=True,
        ),
        Spec(
            "acknowledge", "签收挂牌督办通知书", "签收", "已签收", lambda listing, data: forms.EmptyForm(data), is_own,
            _to_acknowledge, lambda listing, data, files, by: actions.acknowledge_order(listing, by=by),
            note="签收以后，进展报告的期限从签收之日起算。",
        ),
        Spec(
            "plan", "治理方案备案", "报送备案", "方案已备案",
            lambda listing, data: forms.PlanForm(data, listing=listing), acts_for_owner,
            lambda user, listing: ListingMove.FILE_PLAN in available(user, listing) and _plan_is_wanted(listing),
            _plan, photos="方案附件（图纸、合同等照片）", note="六项内容和五落实缺一不可。",
        ),
        Spec(
            "progress", "报告进展", "提交报告", "进展已报告", lambda listing, data: forms.ProgressForm(data), acts_for_owner,
            _has(ListingMove.REPORT),
            lambda listing, data, files, by: actions.report_progress(listing, photos=files["photos"], by=by, **data),
            photos="现场照片", photos_required=True,
        ),
        Spec(
            "apply", "申请摘牌验收", "申请验收", "已申请，等待现场审查", lambda listing, data: forms.ApplyForm(data),
            acts_for_owner,
            lambda user, listing: ListingMove.APPLY in available(user, listing) and listing.plans.exists(),
            lambda listing, data, files, by: actions.apply_for_examination(
                listing, photos=files["photos"], by=by, **data
            ),
            photos="整改后照片", main=False,
        ),
        Spec(
            "effect", "提交整改效果评价报告", "提交报告", "效果评价报告已提交", lambda listing, data: forms.EffectForm(data),
            acts_for_owner, _needs_effect, _effect, photos="报告照片或扫描件",
        ),
        Spec(
            "extension", "申请延期", "提交申请", "延期申请已提交", lambda listing, data: forms.ExtensionForm(data),
            acts_for_owner, _can_ask,
            lambda listing, data, files, by: actions.request_extension(listing, by=by, **data), main=False,
        ),
        Spec(
            "visit", "登记领导督办或跟踪指导", "登记", "已登记", lambda listing, data: forms.VisitForm(data), may_visit,
            lambda user, listing: listing.status in HANGING and may_visit(user, listing),
            lambda listing, data, files, by: actions.record_visit(
                listing, organization=None, photos=files["photos"], by=by, **data
            ),
            photos="现场照片", main=False,
        ),
        Spec(
            "publish", "公布公告", "登记公布", "已公布", _publish_form, runs,
            lambda user, listing: runs(user, listing) and _waiting_notice(listing) is not None, _publish,
        ),
        Spec(
            "expose", "媒体曝光", "决定曝光", "已决定媒体曝光，请在期限内公布",
            lambda listing, data: forms.ReasonForm(data), runs, _may_expose,
            lambda listing, data, files, by: actions.expose(listing, reason=data["reason"], by=by), main=False,
            note="用于期限已过仍没有治理完成、到期不报进展的挂牌事项和较大以上事故：决定后按公布期限在报纸、电视或者网站曝光，并在公开页面显示。",
        ),
        Spec(
            "report-up", "报上级安委办备案", "登记报备", "已登记报备", lambda listing, data: forms.NoteForm(data), runs,
            lambda user, listing: (
                runs(user, listing)
                and listing.status in HANGING
                and listing.reported_up_on is None
                and actions.superior_of(listing) is not None
            ),
            lambda listing, data, files, by: actions.report_up(listing, note=data["note"], by=by), main=False,
        ),
        Spec(
            "withdraw", "撤回呈报", "撤回，不予挂牌", "已撤回", lambda listing, data: forms.ReasonForm(data), reports,
            _has(ListingMove.WITHDRAW),
            lambda listing, data, files, by: actions.withdraw_listing(listing, reason=data["reason"], by=by),
            main=False, danger=True,
        ),
    )
}  # fmt: skip


def title_of(spec: Spec, listing: Listing) -> str:
    """Heading of a form: a step is called by its name, a notice by what it announces."""
    if spec.key == "sign":
        approval = running(listing)
        if approval is not None and approval.current is not None:
            return f"{approval.get_purpose_display()}：{approval.current['label']}"
    if spec.key == "publish":
        notice = _waiting_notice(listing)
        if notice is not None:
            return f"公布{notice.get_purpose_display()}"
    if spec.key == "plan" and listing.plans.exists():
        return "修改后重新备案治理方案"
    if spec.key == "submit" and listing.status == ListingStatus.RETURNED:
        return "修改后重新呈报"
    return spec.title


def panels(listing: Listing, user: User) -> list[Panel]:
    """The forms this person can use now. The one whose turn it is stands open; behind the receipt the next waits folded."""
    offered = [spec for spec in SPECS.values() if spec.when(user, listing)]
    first = next((spec.key for spec in offered if spec.main), "")
    return [
        Panel(spec, spec.form(listing, None), title_of(spec, listing), spec.key == first, [])
        for spec in offered
    ]
