"""Sub-plans: the parent's list of who has filed, and the page on which an organization draws up its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.forms import CalendarDayField, RowsField
from bihuan.core.http import Request, row_number

from .. import actions, readings
from ..models import Campaign, Subplan, seats
from ..subplans import candidates, coverage, may_file, proposals, standings, subplan_moves
from ..workflow import SUBPLAN_RULES, SubplanMove, SubplanStatus
from .campaigns import campaign_or_404
from .importing import ACCEPTED
from .reading import answer

DateInput = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RequireForm(forms.Form):
    """Whom to ask, by when, and where the day comes from."""

    organizations = RowsField(queryset=Organization.objects.none(), label="单位")
    due_on = CalendarDayField(label="报送期限", widget=DateInput)
    due_source = forms.CharField(label="期限来源", max_length=200)

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = candidates(campaign)
        pks = [body.pk for _, bodies in found.groups for body in bodies]
        self.fields["organizations"].queryset = (  # type: ignore[attr-defined]
            Organization.objects.filter(pk__in=pks).select_related("region")
        )


def _subplan_or_404(request: Request, pk: int) -> Subplan:
    found = Subplan.objects.visible_to(request.user).select_related(
        "campaign__region", "campaign__office", "campaign__plan", "organization__region", "file", "document",
        "filed_by", "required_by",
    )  # fmt: skip
    return get_object_or_404(found, pk=pk)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def subplans(request: Request, pk: int) -> HttpResponse:
    """Who has filed, when, how late, with what coverage; and, for the office, whom to ask."""
    campaign = campaign_or_404(request, pk)
    return render(request, "campaigns/subplans.html", _list_context(request, campaign))


def _list_context(request: Request, campaign: Campaign, form: RequireForm | None = None) -> dict[str, Any]:
    rows = standings(campaign, request.user, on=timezone.localdate())
    may_require = (
        campaign.region_id in seats(request.user, Permission.MANAGE_PLANS)
        and campaign.status == Campaign.Status.RUNNING
    )
    found = proposals(campaign) if may_require else []
    first = found[0] if found else None
    counts = {status.value: 0 for status in SubplanStatus} | {"late": 0}
    for row in rows:
        counts[row.subplan.status] += 1
        counts["late"] += bool(row.late)
    context: dict[str, Any] = {
        "campaign": campaign,
        "rows": rows,
        "counts": counts,
        "children": Campaign.objects.visible_to(request.user)
        .filter(parent=campaign)
        .select_related("region"),
        "may_require": may_require,
    }
    if may_require:
        initial = {"due_on": first.due_on, "due_source": f"方案：{first.quote}"[:200]} if first else {}
        context |= {
            "form": form or RequireForm(campaign=campaign, initial=initial),
            "groups": candidates(campaign).groups,
            "proposals": found,
        }
    return context


@require_POST
@require(Permission.MANAGE_PLANS)
def require_subplans(request: Request, pk: int) -> HttpResponse:
    """Ask for sub-plans."""
    campaign = campaign_or_404(request, pk)
    form = RequireForm(request.POST, campaign=campaign)
    if campaign.region_id in seats(request.user, Permission.MANAGE_PLANS) and not form.is_valid():
        return render(request, "campaigns/subplans.html", _list_context(request, campaign, form), status=422)
    data = getattr(form, "cleaned_data", {})
    try:
        rows = actions.require_subplans(
            campaign,
            data.get("organizations", []),
            due_on=data.get("due_on") or timezone.localdate(),
            due_source=data.get("due_source", ""),
            by=request.user,
        )
        messages.success(request, f"已要求 {len(rows)} 个单位报送子方案，待办已送达")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect("campaigns:subplans", campaign.pk)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def subplan(request: Request, pk: int) -> HttpResponse:
    """One sub-plan: its head, its tasks, and how it answers each task of the parent."""
    return render(request, "campaigns/subplan.html", _page_context(request, _subplan_or_404(request, pk)))


def _page_context(request: Request, found: Subplan) -> dict[str, Any]:
    today = timezone.localdate()
    may_edit = found.is_editable and may_file(request.user, found)
    is_office = found.organization.kind == Organization.Kind.OFFICE
    may_draft = is_office and found.organization.region_id in seats(request.user, Permission.MANAGE_PLANS)
    shown = coverage(found)
    lines = list(found.transitions.select_related("by").order_by("-id"))
    return {
        "subplan": found,
        "campaign": found.campaign,
        "coverage": shown,
        "own": list(found.tasks.all()),
        "late": found.days_late(today),
        "may_edit": may_edit,
        "may_draft": may_draft and found.document_id is None and (found.file_id or shown.covered),
        "child": Campaign.objects.visible_to(request.user).filter(plan=found.document_id).first()
        if found.document_id
        else None,
        "may_open_document": bool(found.document_id) and may_draft,
        "moves": [
            {"key": move.value, "label": move.label, "needs_reason": SUBPLAN_RULES[move].needs_note}
            for move in subplan_moves(found, by=request.user)
        ],
        "transitions": lines,
        "latest": lines[0] if lines else None,
        "move_labels": dict(SubplanMove.choices),
        "accept": ACCEPTED,
    }


def _read(request: Request, found: Subplan, purpose: str, data: bytes, name: str) -> HttpResponse:
    back = found.get_absolute_url()
    job = readings.read_for(purpose, data, name, {"subplan": found.pk}, by=request.user, back=back)
    return answer(request, job)


@require_POST
@require(Permission.REPORT_TASK)
def import_subplan(request: Request, pk: int) -> HttpResponse:
    """Read the organization's own document."""
    found = _subplan_or_404(request, pk)
    if not may_file(request.user, found):
        raise PermissionDenied
    upload = request.FILES.get("file")
    try:
        if not upload:
            raise Refused("请选择本单位的方案文件")
        return _read(
            request, found, readings.SUBPLAN, actions.read_upload(upload), upload.name or "子方案.txt"
        )
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(found)


@require_POST
@require(Permission.REPORT_TASK)
def start_subplan(request: Request, pk: int) -> HttpResponse:
    """Begin from the parent's tasks."""
    found = _subplan_or_404(request, pk)
    try:
        count = actions.start_from_parent(found, by=request.user)
        messages.success(request, f"已从上级任务起草 {count} 项，请写明责任人和期限")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(found)


@require_POST
@require(Permission.REPORT_TASK)
def save_subplan(request: Request, pk: int) -> HttpResponse:
    """Save head, owners, days and answers; with `file` among the buttons, file it as well."""
    found = _subplan_or_404(request, pk)
    try:
        rows, answered = _filled(request)
        actions.save_subplan(
            found,
            by=request.user,
            head={name: request.POST.get(name, "") for name in ("title", "doc_no", "responsible")},
            rows=rows,
            answered=answered,
        )
        if "file" in request.POST:
            found = _subplan_or_404(request, pk)
            actions.move_subplan(found, SubplanMove.FILE, by=request.user)
            messages.success(request, f"已报送{found.campaign.office.short_name}")
        else:
            messages.success(request, "已保存")
    except Refused as error:
        messages.warning(request, str(error))
    except ValidationError as error:
        messages.warning(request, f"没有保存：{'；'.join(error.messages)}")
    return redirect(found)


def _filled(request: Request) -> tuple[dict[int, tuple[str, Any]], dict[int, tuple[int, str]]]:
    """The rows of the form: own tasks by `owner-…`, `due-…`, parent tasks by `own-…`, `reason-…`."""
    day = CalendarDayField(required=False)
    rows, answered = {}, {}
    for name in request.POST:
        kind, _, number = name.partition("-")
        pk = row_number(number)
        if not pk:
            continue
        if kind == "owner":
            rows[pk] = (request.POST[name], day.clean(request.POST.get(f"due-{pk}", "")))
        elif kind == "own":
            answered[pk] = (row_number(request.POST[name]), request.POST.get(f"reason-{pk}", ""))
    return rows, answered


@require_POST
@require(Permission.REPORT_TASK)
def add_subplan_task(request: Request, pk: int) -> HttpResponse:
    """One more own task."""
    found = _subplan_or_404(request, pk)
    try:
        actions.add_subplan_task(
            found, by=request.user, heading=request.POST.get("heading", ""), text=request.POST.get("text", "")
        )
        messages.success(request, "已加上，请在下面把它对应到上级任务")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(found)


@require_POST
@require(Permission.REPORT_TASK)
def remove_subplan_task(request: Request, pk: int, task_pk: int) -> HttpResponse:
    """Take an own task out."""
    found = _subplan_or_404(request, pk)
    try:
        actions.remove_subplan_task(found, task_pk, by=request.user)
        messages.success(request, "已删去")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(found)


@require_POST
@require(Permission.MANAGE_PLANS, Permission.REPORT_TASK)
def move_subplan(request: Request, pk: int, move: str) -> HttpResponse:
    """File, return, accept, cancel."""
    found = _subplan_or_404(request, pk)
    if move not in SubplanMove.values:
        raise Http404
    try:
        due = CalendarDayField(required=False).clean(request.POST.get("due_on", ""))
        actions.move_subplan(found, move, by=request.user, reason=request.POST.get("reason", ""), due_on=due)
        messages.success(request, f"{found}：已{SubplanMove(move).label}")
    except Refused as error:
        messages.warning(request, str(error))
    except ValidationError as error:
        messages.warning(request, "；".join(error.messages))
    return redirect(found)


@require_POST
@require(Permission.MANAGE_PLANS)
def draft_child(request: Request, pk: int) -> HttpResponse:
    """Bring a county's sub-plan to its own workbench."""
    found = _subplan_or_404(request, pk)
    try:
        data, name = actions.child_file(found, by=request.user)
        return _read(request, found, readings.CHILD, data, name)
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(found)
