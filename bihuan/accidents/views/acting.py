"""What is done from the page of an accident: one form, one verb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import resolve_unit
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions, forms
from ..models import Accident, Escalation, Inquiry, InquiryMember
from ..standing import acting
from . import accident_or_404, user_of
from .detail import current_inquiry, show

Given = dict[str, Any]
Verb = Callable[[Request, Accident, Given], str]


def _verify(request: Request, accident: Accident, given: Given) -> str:
    form = request.bihuan_form  # type: ignore[attr-defined]
    actions.verify(
        accident, toll=form.toll(), as_of=given["as_of"], is_production=given["is_production"], note=given["note"],
        by=user_of(request),
    )  # fmt: skip
    return "已核定"


def _file(request: Request, accident: Accident, given: Given) -> str:
    actions.file_accident(accident, by=user_of(request))
    return "已备案"


def _dismiss(request: Request, accident: Accident, given: Given) -> str:
    actions.dismiss(accident, by=user_of(request), **given)
    return "已认定不计入"


def _reinstate(request: Request, accident: Accident, given: Given) -> str:
    actions.reinstate(accident, by=user_of(request), **given)
    return "已恢复计入，请重新核定"


def _inquire(request: Request, accident: Accident, given: Given) -> str:
    team = [actions.TeamMember(given["head"], InquiryMember.Role.HEAD)]
    for line in given["team"].splitlines():
        unit, _, name = line.replace(",", "，").strip().partition("，")
        if not unit:
            continue
        body = resolve_unit(unit, accident.place_code)
        role = InquiryMember.Role.EXPERT if unit == "专家" else InquiryMember.Role.MEMBER
        team.append(actions.TeamMember(name.strip() or unit if body else line.strip(), role, body))
    actions.begin_inquiry(
        accident, level=given["level"], began_on=given["began_on"], delegated=given["delegated"], team=team,
        by=user_of(request),
    )  # fmt: skip
    return "已成立调查组"


def _with_inquiry(verb: Callable[..., Any], said: str) -> Verb:
    def carry_out(request: Request, accident: Accident, given: Given) -> str:
        verb(_inquiry(accident), by=user_of(request), **given)
        return said

    return carry_out


def _inquiry(accident: Accident) -> Inquiry:
    inquiry = current_inquiry(accident)
    if inquiry is None:
        raise Refused("还没有成立调查组，或者已由上级接手，请刷新后核对")
    return inquiry


def _settle(request: Request, accident: Accident, given: Given) -> str:
    actions.settle(accident, by=user_of(request))
    return "已结案，一年内评估整改落实情况"


def _assess(request: Request, accident: Accident, given: Given) -> str:
    actions.assess(accident, by=user_of(request), **given)
    return "已完成评估"


def _casualty(request: Request, accident: Accident, given: Given) -> str:
    actions.add_casualty(accident, by=user_of(request), **given)
    return "已登记"


def _meet(request: Request, accident: Accident, given: Given) -> str:
    item = get_object_or_404(accident.no_pass, key=request.POST.get("item", ""))
    item.accident = accident
    actions.meet(item, by=user_of(request), **given)
    return "已登记落实"


def _escalate(request: Request, accident: Accident, given: Given) -> str:
    decision = actions.decide_escalation(
        accident, request.POST.get("rule", ""), take=given["decision"] == Escalation.Decision.TAKEN,
        reason=given["reason"], by=user_of(request),
    )  # fmt: skip
    return f"{decision.get_decision_display()}：{decision.rule_name}"


def _initial(request: Request, accident: Accident, given: Given) -> str:
    decision = get_object_or_404(accident.escalations, pk=row_number(request.POST.get("decision", "")))
    decision.accident = accident
    actions.report_initial(decision, by=user_of(request), **given)
    return "已初报"


# key: the form, the verb, and the permission whoever lacks it is refused at once
ACTS: dict[str, tuple[Callable[..., Any], Verb, str]] = {
    "verify": (forms.VerifyForm, _verify, Permission.MANAGE_ACCIDENTS),
    "file": (forms.FileForm, _file, Permission.MANAGE_ACCIDENTS),
    "dismiss": (forms.ReasonForm, _dismiss, Permission.MANAGE_ACCIDENTS),
    "reinstate": (forms.ReasonForm, _reinstate, Permission.MANAGE_ACCIDENTS),
    "inquire": (forms.InquiryForm, _inquire, Permission.MANAGE_ACCIDENTS),
    "extend": (forms.ExtendForm, _with_inquiry(actions.extend_inquiry, "期限已延长"), Permission.MANAGE_ACCIDENTS),
    "pause": (forms.PauseForm, _with_inquiry(actions.pause_inquiry, "已暂停计时"), Permission.MANAGE_ACCIDENTS),
    "resume": (forms.ResumeForm, _with_inquiry(actions.resume_inquiry, "已恢复计时"), Permission.MANAGE_ACCIDENTS),
    "measure": (forms.MeasureForm, _with_inquiry(actions.add_measure, "已录入"), Permission.MANAGE_ACCIDENTS),
    "submit": (forms.SubmitForm, _with_inquiry(actions.submit_report, "已提交，待批复"), Permission.MANAGE_ACCIDENTS),
    "send_back": (forms.ReasonForm, _with_inquiry(actions.send_back_report, "已退回"), Permission.MANAGE_ACCIDENTS),
    "approve": (forms.ApproveForm, _with_inquiry(actions.approve_report, "已批复，处理和整改开始计时"), Permission.MANAGE_ACCIDENTS),
    "settle": (forms.SettleForm, _settle, Permission.MANAGE_ACCIDENTS),
    "assess": (forms.AssessForm, _assess, Permission.MANAGE_ACCIDENTS),
    "casualty": (forms.CasualtyForm, _casualty, Permission.REPORT_ACCIDENT),
    "meet": (forms.MeetForm, _meet, Permission.MANAGE_ACCIDENTS),
    "escalate": (forms.DecideForm, _escalate, Permission.MANAGE_ACCIDENTS),
    "initial": (forms.InitialForm, _initial, Permission.MANAGE_ACCIDENTS),
}  # fmt: skip


@require_POST
@require(Permission.REPORT_ACCIDENT, Permission.MANAGE_ACCIDENTS)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page."""
    accident = accident_or_404(request, pk)
    if key not in ACTS:
        raise Http404
    kind, carry_out, permission = ACTS[key]
    if acting(user_of(request), permission, accident) is None:
        raise PermissionDenied
    form = kind(request.POST, accident=accident) if key == "measure" else kind(request.POST)
    on_page = key not in {"meet", "escalate", "initial"}
    if not form.is_valid():
        if on_page:
            return show(request, accident, (key, form))
        messages.warning(request, "请把表填完整：理由、情况和日期都要写")
        return redirect(accident)
    request.bihuan_form = form  # type: ignore[attr-defined]
    try:
        said = carry_out(request, accident, form.cleaned_data)
    except Refused as error:
        accident.refresh_from_db()
        if not on_page:
            messages.warning(request, str(error))
            return redirect(accident)
        form.add_error(None, str(error))
        return show(request, accident, (key, form))
    messages.success(request, said)
    return redirect(accident)
