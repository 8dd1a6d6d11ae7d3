"""One object of a batch: what it must do, how far it is, and what can be done now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.pledges.queries import referral_of

from .. import actions, forms
from ..models import BatchObject, Subsidy
from ..remarks import remarks_on_bills, remarks_on_work
from ..standing import available, decisions, holds, is_own, runs
from ..workflow import RUNNING, ObjectMove, ObjectStatus, SubsidyMove, SubsidyStatus
from . import user_of

RELATED = (
    "batch__campaign", "batch__organization", "enterprise__organization", "locality", "department", "notice", "transfer",
)  # fmt: skip


def member_or_404(request: Request, pk: int) -> BatchObject:
    return get_object_or_404(BatchObject.objects.visible_to(user_of(request)).select_related(*RELATED), pk=pk)


@require_safe
@require(Permission.VIEW_REGISTRY)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, member_or_404(request, pk))


def _show(request: Request, member: BatchObject, wrong: tuple[str, Any] | None = None) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    moves = available(user, member)
    # The newest counts; those refused before it stay in the list of subsidies.
    subsidy = (
        Subsidy.objects.filter(member=member)
        .select_related("standard", "member__batch", "proposed_by", "reviewed_by", "approved_by", "paid_by")
        .order_by("-pk")
        .first()
    )
    own = is_own(user, member)
    may_tell = member.status in RUNNING and (own or runs(user, member.batch))
    panels: list[tuple[str, str, str, Any]] = []
    if may_tell:
        panels.append(
            (
                "progress",
                "填报进展" if own else "记录督查",
                "保存",
                forms.ProgressForm(initial={"percent": member.progress}),
            )
        )
    if ObjectMove.APPLY in moves:
        is_again = member.status == ObjectStatus.CONDITIONAL
        title = "条件已补正，再次申请验收" if is_again else "申请联合验收"
        panels.append(("apply", title, "申请验收", forms.ApplyForm(initial={"finished_on": today})))
    if member.status == ObjectStatus.LISTED and runs(user, member.batch):
        known = {"content": member.content, "quantity": member.quantity, "due_on": member.due_on}
        panels.append(("edit", "修改整改内容", "保存", forms.ObjectForm(initial=known)))
    if ObjectMove.EXTEND in moves:
        panels.append(("extend", "延长期限", "延长", forms.ExtendForm()))
    if ObjectMove.TRANSFER in moves and member.is_overdue(on=today):
        panels.append(("transfer", "逾期移送查处", "移送", forms.TransferForm(area=member.city_id)))
    if ObjectMove.REMOVE in moves:
        panels.append(("remove", "移出批次", "移出", forms.RemoveForm()))
    may_propose = member.status == ObjectStatus.ACCEPTED and (
        subsidy is None or subsidy.status == SubsidyStatus.REJECTED
    )
    if may_propose and holds(user, Permission.REVIEW_SUBSIDY, member.batch.organization_id):
        panels.append(
            ("subsidy", "申报补贴", "按标准计算", forms.SubsidyForm(initial={"quantity": member.quantity}))
        )
    if wrong is not None:
        panels = [
            (key, title, button, wrong[1] if key == wrong[0] else form) for key, title, button, form in panels
        ]
    for key, _, _, form in panels:  # several forms on one page ask for a reason or a day
        form.auto_id = f"id_{key}_%s"
    lines = list(member.transitions.select_related("by").order_by("-id"))
    notes = list(member.progress_notes.select_related("by")[:20])
    verdicts = list(member.verdicts.select_related("acceptance", "paper").order_by("-pk"))
    kept = files.of_many([*lines, *notes, *verdicts, *([subsidy] if subsidy else [])])
    context = {
        "member": member,
        "panels": panels,
        "wrong": wrong[0] if wrong else "",
        "with_photos": ("progress", "apply", "subsidy"),
        "subsidy": subsidy,
        "bill_remarks": remarks_on_bills(subsidy, user) if subsidy and decisions(user, subsidy) else [],
        "work_remarks": remarks_on_work(member, user)
        if member.status == ObjectStatus.APPLIED and runs(user, member.batch)
        else [],
        "bills": files.photo_items(kept[chain_of(subsidy)].get("voucher", [])) if subsidy else [],
        "subsidy_lines": subsidy.transitions.select_related("by").order_by("pk") if subsidy else [],
        "decisions": [
            (each, SubsidyMove(each).label) for each in decisions(user, subsidy) if each != SubsidyMove.PAY
        ]
        if subsidy
        else [],
        "pay_form": forms.PayForm(initial={"paid_on": today})
        if subsidy and SubsidyMove.PAY in decisions(user, subsidy)
        else None,
        "decision_form": forms.DecisionForm(),
        "verdicts": [(each, files.photo_items(kept[chain_of(each)].get("scene", []))) for each in verdicts],
        "notes": [(each, files.photo_items(kept[chain_of(each)].get("scene", []))) for each in notes],
        "events": [
            {
                "at": timezone.localtime(each.at).strftime("%Y-%m-%d %H:%M"),
                "what": ObjectMove(each.move).label,
                "who": each.by.full_name,
                "note": each.reason,
                "photos": files.photo_items(kept[chain_of(each)].get("after", [])),
            }
            for each in lines
        ],
        "today": today,
        "own": own,
        "is_overdue": member.is_overdue(on=today),
        "upload_url": reverse("attachments:upload"),
        "sees_batch": user.has_perm(Permission.VIEW_CAMPAIGNS),
        "case": referral_of(member)
        if member.transfer_id and user.has_perm(Permission.VIEW_CAMPAIGNS)
        else None,
    }
    return render(request, "batches/object.html", context, status=422 if wrong else 200)


def _photos(request: Request) -> list[Any]:
    return list(
        attachments.received(
            request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user_of(request)
        )
    )


def _progress(request: Request, member: BatchObject, given: dict[str, Any]) -> str:
    actions.record_progress(member, photos=_photos(request), by=user_of(request), **given)
    return "已记下进展"


def _apply(request: Request, member: BatchObject, given: dict[str, Any]) -> str:
    actions.apply_for_acceptance(member, photos=_photos(request), by=user_of(request), **given)
    return "已申请联合验收"


def _extend(request: Request, member: BatchObject, given: dict[str, Any]) -> str:
    actions.extend_object(member, by=user_of(request), **given)
    return f"期限已延至 {member.due_on}"


def _transfer(request: Request, member: BatchObject, given: dict[str, Any]) -> str:
    return f"已制发{actions.hand_over_late(member, by=user_of(request), **given)}"


def _remove(request: Request, member: BatchObject, given: dict[str, Any]) -> str:
    actions.remove_object(member, by=user_of(request), **given)
    return "已移出"


def _subsidy(request: Request, member: BatchObject, given: dict[str, Any]) -> str:
    return f"已申报，{actions.propose_subsidy(member, photos=_photos(request), by=user_of(request), **given)}"


def _edit(request: Request, member: BatchObject, given: dict[str, Any]) -> str:
    actions.edit_object(member, by=user_of(request), **given)
    return "已保存"


ACTS: dict[str, tuple[Callable[..., Any], Callable[[Request, BatchObject, dict[str, Any]], str]]] = {
    "progress": (forms.ProgressForm, _progress),
    "apply": (forms.ApplyForm, _apply),
    "extend": (forms.ExtendForm, _extend),
    "transfer": (forms.TransferForm, _transfer),
    "remove": (forms.RemoveForm, _remove),
    "subsidy": (forms.SubsidyForm, _subsidy),
    "edit": (forms.ObjectForm, _edit),
}


@require_POST
@require(Permission.VIEW_REGISTRY)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page."""
    member, user = member_or_404(request, pk), user_of(request)
    if key not in ACTS:
        raise Http404
    if not (is_own(user, member) and key in {"progress", "apply"}) and not runs(user, member.batch):
        raise PermissionDenied
    kind, carry_out = ACTS[key]
    form = kind(request.POST, area=member.city_id) if key == "transfer" else kind(request.POST)
    if not form.is_valid():
        return _show(request, member, (key, form))
    try:
        said = carry_out(request, member, form.cleaned_data)
    except Refused as error:
        form.add_error(None, str(error))
        member.refresh_from_db()
        return _show(request, member, (key, form))
    messages.success(request, said)
    return redirect("batches:object", pk)


@require_POST
@require(Permission.REVIEW_SUBSIDY, Permission.APPROVE_SUBSIDY)
def decide(request: Request, pk: int, move: str) -> HttpResponse:
    """Review, approve, refuse or record the payment of a subsidy."""
    user = user_of(request)
    rows = Subsidy.objects.visible_to(user).select_related("member__batch", "member__enterprise")
    subsidy = get_object_or_404(rows, pk=pk)
    if move not in SubsidyMove.values:
        raise Http404
    try:
        if move == SubsidyMove.PAY:
            form = forms.PayForm(request.POST)
            if not form.is_valid():
                raise Refused("请填写拨付日期和凭证号")
            actions.pay(subsidy, by=user, **form.cleaned_data)
        else:
            verb = {
                SubsidyMove.REVIEW: actions.review,
                SubsidyMove.APPROVE: actions.approve,
                SubsidyMove.REJECT: actions.reject,
            }[SubsidyMove(move)]
            verb(subsidy, by=user, reason=request.POST.get("reason", "")[:300])
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{SubsidyMove(move).label}：{subsidy}")
    return redirect("batches:object", subsidy.member_id)
