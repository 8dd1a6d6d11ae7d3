"""The plans of a month, one plan, one item."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request
from bihuan.jobs.handing import take_away

from .. import actions, counting, forms, queries
from ..calendar import month_of, next_month, previous_month
from ..exporting import ITEMS
from ..links import linked, suggestions
from ..models import PlanningUnit, WorkAmendment, WorkItem, WorkPlan
from ..shipped import cause_labels
from ..standing import (
    decides,
    item_moves,
    leads_plan,
    led_unit,
    may_move_item,
    own_unit,
    plans_in,
    summing_body,
)
from ..workflow import (
    AmendmentStatus,
    ItemMove,
    ItemStatus,
    PlanMove,
    PlanStatus,
)
from . import Panel, chosen, done, events_of, month_asked, page_of, photos_of, user_of

VIEW = Permission.VIEW_OFFICE_WORK
ITEM_NAMES = ("state", "month", "unit", "cause", "mine")


@require_safe
@require(VIEW)
def index(request: Request) -> HttpResponse:
    """The month: one's own plan first, then how every unit one may see stands."""
    user, today, month = user_of(request), timezone.localdate(), month_asked(request)
    unit = own_unit(user)
    own = (
        WorkPlan.objects.visible_to(user)
        .filter(organization=unit, month=month)
        .select_related("organization")
        .first()
        if unit is not None
        else None
    )
    plans = (
        WorkPlan.objects.visible_to(user)
        .filter(month=month)
        .select_related("organization")
        .order_by("organization__kind", "organization__region_id", "organization_id")
    )
    rows = list(plans[:400])
    known = {row.organization_id for row in rows}
    missing = [
        each
        for each in PlanningUnit.objects.visible_to(user).in_force(month).select_related("organization")[:400]
        if each.organization_id not in known
    ]
    items = WorkItem.objects.filter(plan__in=[row.pk for row in rows])
    totals = queries.item_totals(items, on=today)
    per_plan = counting.per_plan(rows, today)

    def url(**more: str) -> str:
        return f"{reverse('office:items')}?{urlencode({'month': f'{month:%Y-%m}'} | more)}"

    table = [
        {
            "plan": row,
            "cells": per_plan[row.pk],
            "rate": counting.rate(per_plan[row.pk]["finished"], per_plan[row.pk]["all"]),
            "late_confirm": row.is_late_confirmed(on=today),
            "late_check": row.is_late_checked(on=today),
            "url": url(unit=str(row.organization_id)),
        }
        for row in rows
    ]
    context = {
        "month": month,
        "earlier": f"{previous_month(month):%Y-%m}",
        "later": f"{next_month(month):%Y-%m}" if month <= month_of(today) else "",
        "unit": unit,
        "own": own,
        "may_begin": unit is not None
        and own is None
        and month_of(today) <= month <= next_month(month_of(today)),
        "leads": own is not None and leads_plan(user, own),
        "table": table,
        "missing": missing,
        "totals": totals,
        "rate": counting.rate(totals["finished"], totals["all"]),
        "urls": {each: url(state=each) for each in queries.ITEM_STATES} | {"all": url()},
        "today": today,
        "may_sum": summing_body(user) is not None,
        "may_arrange": user.has_perm(Permission.CHECK_OFFICE_WORK),
    }
    return render(request, "office/plans.html", context)


@require_POST
@require(Permission.PLAN_OFFICE_WORK)
def begin(request: Request) -> HttpResponse:
    """Begin one's unit's plan of a month."""
    unit = own_unit(user_of(request))
    if unit is None:
        raise PermissionDenied
    month, today = month_asked(request), timezone.localdate()
    if not month_of(today) <= month <= next_month(month_of(today)):
        messages.error(request, "只能开始编制本月和下月的计划")
        return redirect("office:plans")
    return redirect(actions.ensure_plan(unit, month, by=user_of(request)))


def plan_or_404(request: Request, pk: int) -> WorkPlan:
    rows = WorkPlan.objects.visible_to(user_of(request)).select_related(
        "organization__region", "confirmed_by", "checked_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(VIEW)
def plan(request: Request, pk: int) -> HttpResponse:
    return _show_plan(request, plan_or_404(request, pk))


def _show_plan(
    request: Request, row: WorkPlan, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    items = list(
        row.items.select_related(
            "post", "owner", "duty", "assignment__task", "resolution", "carried_from", "measure"
        ).order_by("position")
    )
    standing = [each for each in items if each.status != ItemStatus.DROPPED]
    offered = (
        suggestions(user, row.organization, row.month)
        if row.status == PlanStatus.DRAFT and plans_in(user, row)
        else []
    )
    amendments = list(row.amendments.select_related("item", "by", "decided_by"))
    labels = cause_labels()
    counted = [each for each in standing if each.status != ItemStatus.DRAFT]
    finished = sum(each.status == ItemStatus.FINISHED for each in counted)
    context = {
        "row": row,
        "items": [
            {
                "item": each,
                "linked": linked(each),
                "late": each.is_overdue(on=today),
                "cause": labels.get(each.cause, ""),
            }
            for each in standing
        ],
        "dropped": [each for each in items if each.status == ItemStatus.DROPPED],
        "offered": offered,
        "amendments": [
            (each, decides(user, each) and each.status == AmendmentStatus.PROPOSED) for each in amendments
        ],
        "panels": [each.told(wrong) for each in _plan_panels(row, user)],
        "act_view": "office:plan_act",
        "pk": row.pk,
        "may_confirm": row.status == PlanStatus.DRAFT and leads_plan(user, row),
        "may_check": row.status == PlanStatus.CONFIRMED and leads_plan(user, row),
        "wrong": wrong[1].non_field_errors() if wrong and wrong[0] in ("confirm", "take") else [],
        "finished": finished,
        "counted": len(counted),
        "rate": counting.rate(finished, len(counted)),
        "waiting": sum(each.status in (ItemStatus.DONE, ItemStatus.UNFINISHED) for each in counted),
        "late_confirm": row.is_late_confirmed(on=today),
        "late_check": row.is_late_checked(on=today),
        "events": events_of(row, row.transitions.select_related("by"), PlanMove),
        "today": today,
    }
    return render(request, "office/plan.html", context, status=422 if wrong else 200)


def _plan_panels(row: WorkPlan, user: Any) -> list[Panel]:
    found: list[Panel] = []
    leads = leads_plan(user, row)
    if row.status == PlanStatus.DRAFT and plans_in(user, row):
        found.append(
            Panel(
                "add",
                "增加事项",
                "列入计划",
                forms.ItemForm(user=user, plan=row, leads=leads),
                is_open=not leads,
            )
        )
    if row.status == PlanStatus.CONFIRMED and plans_in(user, row):
        found.append(
            Panel(
                "addition",
                "月中新增事项（计划调整）",
                "提出",
                forms.AdditionForm(user=user, plan=row, leads=leads),
            )
        )
    if row.status == PlanStatus.CONFIRMED and leads:
        found.append(Panel("check", "完成本月核查", "签字，完成核查", forms.OpinionForm()))
    return found


class TakeForm(django_forms.Form):
    """What is taken up of what is offered; read from the list of boxes."""


@require_POST
@require(VIEW)
def act_on_plan(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page of a plan."""
    row, user = plan_or_404(request, pk), user_of(request)
    leads, asked = leads_plan(user, row), request.POST

    def show(wrong: tuple[str, django_forms.Form]) -> HttpResponse:
        return _show_plan(request, plan_or_404(request, pk), wrong)

    match key:
        case "add" | "addition" | "take":
            if not plans_in(user, row):
                raise PermissionDenied
        case "confirm" | "check":
            if not leads:
                raise PermissionDenied
        case _:
            raise Http404
    match key:
        case "add":
            form: Any = forms.ItemForm(asked, user=user, plan=row, leads=leads)
            return done(
                request,
                key,
                form,
                lambda given: actions.add_item(row, by=user, **given),
                "已列入计划",
                show=show,
                to=row,
            )
        case "addition":
            form = forms.AdditionForm(asked, user=user, plan=row, leads=leads)
            words = "已增加，留痕备查" if leads else "已提出，等单位负责人审定"
            return done(
                request,
                key,
                form,
                lambda given: actions.propose_addition(row, by=user, **given),
                words,
                show=show,
                to=row,
            )
        case "take":
            keys = asked.getlist("keys")[:200]
            return done(
                request, key, TakeForm(asked), lambda given: actions.take_up(row, keys, by=user), "已列入计划", show=show,
                to=row,
            )  # fmt: skip
        case "confirm":
            return done(
                request, key, TakeForm(asked), lambda given: actions.confirm_plan(row, by=user),
                "计划已确认，各项已发到承办人的待办", show=show, to=row,
            )  # fmt: skip
        case _:
            return done(
                request, key, forms.OpinionForm(asked), lambda given: actions.check_plan(row, by=user, **given),
                "本月核查已完成", show=show, to=row,
            )  # fmt: skip


@require_POST
@require(Permission.CHECK_OFFICE_WORK)
def decide(request: Request, pk: int, key: str) -> HttpResponse:
    """The leader agrees with a change, or does not."""
    rows = WorkAmendment.objects.visible_to(user_of(request)).select_related(
        "plan__organization", "item", "by"
    )
    row = get_object_or_404(rows, pk=pk)
    if key not in ("agree", "refuse"):
        raise Http404
    try:
        actions.decide_amendment(
            row, agreed=key == "agree", reason=request.POST.get("reason", "")[:300], by=user_of(request)
        )
        messages.success(request, "已同意调整" if key == "agree" else "未同意调整，已告知提出人")
    except Refused as error:
        messages.error(request, str(error))
    return redirect(row.plan)


# --- items -----------------------------------------------------------------------------------


@require_safe
@require(VIEW)
def items(request: Request) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    picked = chosen(request, *ITEM_NAMES)
    rows = queries.items_of(user, picked, on=today)
    page = page_of(
        request,
        rows.select_related("plan__organization", "post", "owner"),
        ("-due_on", "-id"),
    )
    context = {
        "page": page,
        "chosen": Asked(request),
        "states": queries.ITEM_STATES.items(),
        "causes": cause_labels().items(),
        "labels": cause_labels(),
        "total": rows.count(),
        "today": today,
        "query": urlencode(picked),
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "office/items.html", context)


def item_or_404(request: Request, pk: int) -> WorkItem:
    rows = WorkItem.objects.visible_to(user_of(request)).select_related(
        "plan__organization__region", "post__organization", "owner", "duty", "assignment__task", "resolution",
        "carried_from__plan", "measure__analysis", "reported_by", "checked_by",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(VIEW)
def item(request: Request, pk: int) -> HttpResponse:
    return _show_item(request, item_or_404(request, pk))


def _show_item(
    request: Request, row: WorkItem, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    carried_to = WorkItem.objects.filter(carried_from=row).select_related("plan").first()
    context = {
        "row": row,
        "linked": linked(row),
        "cause": cause_labels().get(row.cause, ""),
        "photos": files.photo_items(files.of(row, "outcome")),
        "carried_to": carried_to,
        "amendments": list(row.amendments.select_related("by", "decided_by")),
        "panels": [each.told(wrong) for each in _item_panels(row, user)],
        "act_view": "office:item_act",
        "pk": row.pk,
        "upload_url": reverse("attachments:upload"),
        "events": events_of(row, row.transitions.select_related("by"), ItemMove),
        "is_overdue": row.is_overdue(on=today),
        "clock": {"summary": f"{row.plan.month_words}工作计划定的完成日期 {row.due_on}", "source": ""},
        "today": today,
    }
    return render(request, "office/item.html", context, status=422 if wrong else 200)


def _item_panels(row: WorkItem, user: Any) -> list[Panel]:
    moves, found = item_moves(user, row), []
    words = {"text": row.text, "target": row.target, "due_on": row.due_on}
    if ItemMove.DONE in moves:
        found.append(Panel("done", "自查：已完成", "报完成", forms.DoneForm(), photos=True, is_open=True))
    if ItemMove.UNFINISHED in moves:
        found.append(
            Panel("unfinished", "自查：没有完成，写原因分析", "报未完成", forms.UnfinishedForm(item=row))
        )
    if ItemMove.ACCEPT in moves:
        title = "核查：认可完成" if row.status == ItemStatus.DONE else "核查：认可原因，结转"
        found.append(Panel("accept", title, "认可", forms.OpinionForm(), is_open=True))
    if ItemMove.SEND_BACK in moves:
        found.append(Panel("send_back", "退回重新自查", "退回", forms.ReasonForm()))
    if ItemMove.EDIT in moves:
        found.append(Panel("edit", "修改", "保存修改", forms.EditItemForm(initial=words), is_open=True))
    if ItemMove.REMOVE in moves:
        note = forms.ReasonForm() if row.carried_from_id else None
        found.append(Panel("remove", "从计划删去", "删去", note, danger=True))
    if ItemMove.CHANGE in moves:
        found.append(Panel("change", "申请调整", "提出调整", forms.ChangeForm(initial=words)))
    if ItemMove.DROP in moves:
        found.append(Panel("drop", "申请取消", "提出取消", forms.ReasonForm(), danger=True))
    return found


@require_POST
@require(VIEW)
def act_on_item(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page of an item."""
    row, user, asked = item_or_404(request, pk), user_of(request), request.POST
    if key not in (*ItemMove.values,) or key in (ItemMove.ADD, ItemMove.OPEN):
        raise Http404
    if not may_move_item(user, key, row):
        raise PermissionDenied

    def show(wrong: tuple[str, django_forms.Form]) -> HttpResponse:
        return _show_item(request, item_or_404(request, pk), wrong)

    leads = leads_plan(user, row.plan)
    told = "已调整，留痕备查" if leads else "已提出，等单位负责人审定"
    form: Any
    match key:
        case ItemMove.DONE:
            form, words = forms.DoneForm(asked), "已报完成，等待核查"

            def act(given: dict[str, Any]) -> Any:
                return actions.report_done(row, photos=photos_of(request), by=user, **given)
        case ItemMove.UNFINISHED:
            form, words = forms.UnfinishedForm(asked, item=row), "已报未完成和原因，等待核查"

            def act(given: dict[str, Any]) -> Any:
                return actions.report_unfinished(row, by=user, **given)
        case ItemMove.ACCEPT:
            form, words = forms.OpinionForm(asked), "已认可"

            def act(given: dict[str, Any]) -> Any:
                return actions.accept_item(row, by=user, **given)
        case ItemMove.SEND_BACK:
            form, words = forms.ReasonForm(asked), "已退回重新自查"

            def act(given: dict[str, Any]) -> Any:
                return actions.send_back(row, by=user, **given)
        case ItemMove.EDIT:
            form, words = forms.EditItemForm(asked), "已修改"

            def act(given: dict[str, Any]) -> Any:
                return actions.edit_item(row, by=user, **given)
        case ItemMove.REMOVE:
            form, words = TakeForm(asked), "已从计划删去"

            def act(given: dict[str, Any]) -> Any:
                return actions.remove_item(row, reason=asked.get("reason", "")[:300], by=user)
        case ItemMove.CHANGE:
            form, words = forms.ChangeForm(asked), told

            def act(given: dict[str, Any]) -> Any:
                return actions.propose_change(row, by=user, **given)
        case _:
            form, words = forms.ReasonForm(asked), told

            def act(given: dict[str, Any]) -> Any:
                return actions.propose_drop(row, by=user, **given)

    to = row.plan if key in (ItemMove.REMOVE, ItemMove.ACCEPT) else row
    return done(request, key, form, act, words, show=show, to=to)


@require(Permission.EXPORT_HAZARDS)
@require(VIEW)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """Items as a sheet."""
    picked = chosen(request, *ITEM_NAMES)
    words = queries.ITEM_STATES.get(picked.get("state", ""), "全部")
    return take_away(request, ITEMS, query=urlencode(picked), said=words, back=reverse("office:items"))


# --- units -----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@require(Permission.CHECK_OFFICE_WORK)
def units(request: Request) -> HttpResponse:
    """Which units owe a plan every month."""
    user = user_of(request)
    body = summing_body(user) or led_unit(user)
    if body is None:
        raise PermissionDenied
    posted = request.method == "POST"
    form = forms.UnitForm(request.POST if posted else None, code=body.region_id, own=led_unit(user))
    if posted and form.is_valid():
        try:
            actions.arrange_unit(
                form.cleaned_data["organization"], from_month=form.cleaned_data["from_month"], by=user
            )
            messages.success(request, f"{form.cleaned_data['organization'].short_name}已纳入月度工作计划")
            return redirect("office:units")
        except Refused as error:
            form.add_error(None, str(error))
    rows = PlanningUnit.objects.visible_to(user).select_related("organization", "by")
    context = {
        "page": page_of(request, rows, ("organization_id", "id")),
        "form": form,
        "total": rows.filter(until=None).count(),
    }
    return render(request, "office/units.html", context, status=422 if posted else 200)


@require_POST
@require(Permission.CHECK_OFFICE_WORK)
def release(request: Request, pk: int) -> HttpResponse:
    """A unit owes no plan any more."""
    rows = PlanningUnit.objects.visible_to(user_of(request)).select_related("organization")
    row = get_object_or_404(rows, pk=pk)
    try:
        actions.release_unit(row, reason=request.POST.get("reason", ""), by=user_of(request))
        messages.success(request, f"{row}从下月起不再纳入")
    except Refused as error:
        messages.error(request, str(error))
    return redirect("office:units")
