"""The running campaign: list, page, tasks, phases and their gates."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions
from ..actions.running import may_move_phase, phase_moves
from ..board import Board, span_words
from ..extras import extras_for
from ..forms import GateForm
from ..models import Campaign, Phase
from ..queries.campaigns import own_assignments, viewpoint
from ..queries.gates import gate_report
from ..tasklist import task_rows
from ..workflow import AmendingMove, AssignmentStatus, PhaseMove, PhaseStatus


def campaign_or_404(request: Request, pk: int) -> Campaign:
    """A campaign this person may see."""
    campaigns = Campaign.objects.visible_to(request.user).select_related("region", "office", "plan", "parent")
    return get_object_or_404(campaigns, pk=pk)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def index(request: Request) -> HttpResponse:
    """Every campaign one may see; what one's own organization owes comes first."""
    live = Q(tasks__ended_on=None)
    asked = live & ~Q(tasks__assignments__status=AssignmentStatus.ENDED)
    done = live & Q(tasks__assignments__status=AssignmentStatus.CONFIRMED)
    campaigns = (
        Campaign.objects.visible_to(request.user)
        .select_related("region", "office")
        .annotate(
            task_count=Count("tasks", filter=live, distinct=True),
            share_count=Count("tasks__assignments", filter=asked, distinct=True),
            done_count=Count("tasks__assignments", filter=done, distinct=True),
        )
        .prefetch_related("phases")
        .order_by("-pk")
    )
    rows = []
    for campaign in campaigns:
        current = next((phase for phase in campaign.phases.all() if phase.status == PhaseStatus.OPEN), None)
        rows.append({"campaign": campaign, "phase": current, "span": span_words(current) if current else ""})
    owed = own_assignments(request.user).filter(
        status__in=[AssignmentStatus.ASSIGNED, AssignmentStatus.WORKING]
    )
    context = {
        "rows": rows,
        "owed": owed[:12],
        "owed_count": owed.count(),
        "may_import": request.user.has_perm(Permission.MANAGE_PLANS),
    }
    return render(request, "campaigns/list.html", context)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def detail(request: Request, pk: int) -> HttpResponse:
    """Where the campaign stands and whom to press."""
    campaign = campaign_or_404(request, pk)
    board = Board(campaign, request.user, on=timezone.localdate(), metric=request.GET.get("metric", ""))
    context = {
        "campaign": campaign,
        "board": board,
        "extra": extras_for(campaign, request.user),
        "reports": campaign.reporting_rules.all(),
        "bodies": campaign.bodies.all(),
        "may_manage": request.user.has_perm(Permission.MANAGE_PLANS),
    }
    return render(request, "campaigns/detail.html", context)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def tasks(request: Request, pk: int) -> HttpResponse:
    """The breakdown of tasks with owners, deadlines and figures. Filters: phase, state (open, done), mine."""
    campaign = campaign_or_404(request, pk)
    rows = task_rows(campaign, request.user, on=timezone.localdate())
    chosen = {
        "phase": request.GET.get("phase", ""),
        "state": request.GET.get("state", ""),
        "mine": request.GET.get("mine", ""),
    }
    if chosen["phase"]:
        rows = [row for row in rows if str(row.task.phase_id) == chosen["phase"]]
    if chosen["state"] in {"open", "done"}:
        rows = [row for row in rows if row.is_done == (chosen["state"] == "done")]
    if chosen["mine"]:
        rows = [row for row in rows if row.is_mine]
    context = {"campaign": campaign, "rows": rows, "phases": campaign.phases.all(), "chosen": chosen}
    return render(request, "campaigns/tasks.html", context)


def _phase_or_404(request: Request, pk: int) -> Phase:
    phases = Phase.objects.filter(campaign__in=Campaign.objects.visible_to(request.user))
    return get_object_or_404(phases.select_related("campaign__region", "campaign__office"), pk=pk)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def phase(request: Request, pk: int) -> HttpResponse:
    """The gate: what must be true, what is, what is missing; and every move so far with its frozen report."""
    found = _phase_or_404(request, pk)
    return render(request, "campaigns/phase.html", _phase_context(request, found))


def _phase_context(request: Request, found: Phase, form: GateForm | None = None) -> dict:
    lines = gate_report(found, timezone.localdate())
    thresholds = {condition.metric: condition.threshold for condition in found.conditions.all()}
    may_set = may_move_phase(request.user, found) and found.status != PhaseStatus.CLOSED
    return {
        "phase": found,
        "campaign": found.campaign,
        "span": span_words(found),
        "lines": lines,
        # The sentences carry totals of the whole campaign: for those who may count all of it.
        "may_read_totals": viewpoint(request.user, found.campaign).is_whole(found.campaign),
        "unmet": [line for line in lines if not line.met],
        "moves": phase_moves(found, by=request.user),
        "transitions": found.transitions.select_related("by").order_by("-id"),
        "move_labels": dict(PhaseMove.choices) | dict(AmendingMove.choices),
        "gate_form": (form or GateForm(initial=thresholds)) if may_set else None,
        "task_count": found.tasks.live().count(),
    }


@require_POST
@require(Permission.CLOSE_PHASE)
def phase_move(request: Request, pk: int, move: str) -> HttpResponse:
    """Open, close or reopen."""
    found = _phase_or_404(request, pk)
    if move not in PhaseMove.values:
        raise Http404
    try:
        actions.move_phase(found, move, by=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, f"阶段“{found}”已{PhaseMove(move).label}")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(found)


@require_POST
@require(Permission.CLOSE_PHASE)
def gate(request: Request, pk: int) -> HttpResponse:
    """Change the thresholds of a phase not yet closed."""
    found = _phase_or_404(request, pk)
    form = GateForm(request.POST)
    if not form.is_valid():
        return render(request, "campaigns/phase.html", _phase_context(request, found, form), status=422)
    try:
        actions.set_gate(found, form.cleaned_data, by=request.user)
        messages.success(request, "关口已更新")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(found)
