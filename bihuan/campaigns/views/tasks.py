"""One task: what the plan says, who has which share, what is looked at, and where inspectors have been."""

from __future__ import annotations

from dataclasses import asdict
from itertools import zip_longest
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.checklists.models import measure_of
from bihuan.checklists.storage import stored_measure
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.registry.models import Enterprise
from bihuan.tally.queries import totals
from bihuan.zones.models import Zone

from .. import actions, assembling
from ..actions.checklists import NewCheckItem
from ..actions.running import assignment_moves
from ..forms import ChecklistFormSet
from ..links import inspections_url, ledger_url
from ..measuring import measure_in
from ..models import Assignment, Campaign, Task, seats
from ..queries.campaigns import viewpoint
from ..queries.coverage import first_visits, rate
from ..queries.gates import number
from ..workflow import ASSIGNMENT_RULES, AssignmentMove, AssignmentStatus

ROLE_ORDER = ("lead", "responsible", "support", "territorial")


def _task_or_404(request: Request, pk: int) -> Task:
    tasks = Task.objects.filter(campaign__in=Campaign.objects.visible_to(request.user))
    return get_object_or_404(
        tasks.select_related("campaign__region", "campaign__plan", "phase", "zone"), pk=pk
    )


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def task(request: Request, pk: int) -> HttpResponse:
    """The task page."""
    found = _task_or_404(request, pk)
    campaign, view = found.campaign, viewpoint(request.user, found.campaign)
    shares = list(
        found.assignments.select_related("organization__region").prefetch_related("transitions__by")
    )
    shares.sort(
        key=lambda share: (
            share.organization_id not in view.organizations,
            ROLE_ORDER.index(share.role),
            share.organization.region_id,
        )
    )
    rows = []
    for share in shares:
        share.task = found
        rows.append(
            {
                "share": share,
                "is_mine": share.organization_id in view.organizations,
                "moves": [
                    {"key": move.value, "label": move.label, "needs_note": ASSIGNMENT_RULES[move].needs_note}
                    for move in assignment_moves(share, by=request.user)
                ],
                "latest": max(share.transitions.all(), key=lambda line: line.pk, default=None),
            }
        )
    checklist = found.checklists.prefetch_related("items").first()
    may_revise = campaign.region_id in seats(request.user, Permission.MANAGE_PLANS)
    context = {
        "task": found,
        "campaign": campaign,
        "kinds": found.kinds.all(),
        "rows": rows,
        "is_done": _is_done(shares),
        "reported": sum(share.status == AssignmentStatus.REPORTED for share in shares),
        "may_confirm": campaign.region_id in seats(request.user, Permission.CONFIRM_TASK),
        "may_revise": may_revise,
        "zones": Zone.objects.visible_to(request.user)
        .in_force(on=timezone.localdate())
        .select_related("kind")
        if may_revise and not found.ended_on
        else (),
        "may_inspect": request.user.has_perm(Permission.CONDUCT_INSPECTION),
        "checklist": checklist,
        "neighbours": _neighbours(found),
        **_objects(request, found),
    }
    return render(request, "campaigns/task.html", context)


def _is_done(shares: list[Assignment]) -> bool:
    """Whether everybody but the supporting units has been confirmed, as the gate counts it."""
    settled = {Assignment.Role.SUPPORT.value, AssignmentStatus.ENDED.value}
    owed = [share for share in shares if not settled & {share.role, share.status}]
    return bool(owed) and all(share.status == AssignmentStatus.CONFIRMED for share in owed)


def _neighbours(found: Task) -> dict[str, Task | None]:
    siblings = Task.objects.filter(campaign=found.campaign_id)
    return {
        "previous": siblings.filter(position__lt=found.position).order_by("-position").first(),
        "next": siblings.filter(position__gt=found.position).order_by("position").first(),
    }


def _objects(request: Request, found: Task) -> dict:
    """The enterprises in scope that this person may see, fifty at a time, with the day of the first visit."""
    seen = found.covered_enterprises().filter(pk__in=Enterprise.objects.visible_to(request.user).values("pk"))
    try:
        page = paginate(
            seen.select_related("kind", "locality"), order=("-id",), cursor=request.GET.get("cursor"), size=50
        )
    except BadCursor:
        page = paginate(seen.select_related("kind", "locality"), order=("-id",), size=50)
    visits = first_visits(found.pk, [enterprise.pk for enterprise in page.items])
    view = viewpoint(request.user, found.campaign)
    wanted = seen.count()
    context: dict = {
        "page": page,
        "objects": [
            {
                "enterprise": enterprise,
                "visited_on": visits.get(enterprise.pk),
                "url": inspections_url(task=found.pk, enterprise=enterprise.pk),
            }
            for enterprise in page.items
        ],
        "wanted": wanted,
        "figures": None,
    }
    if not view.is_department:
        figures = totals(
            on=timezone.localdate(), region=view.region, campaign=found.campaign_id, task=found.pk
        )
        where: dict = {"campaign": found.campaign_id, "task": found.pk}
        if view.region != found.campaign.region_id:
            where["region"] = view.region
        context["figures"] = [
            {"label": "应查", "value": f"{wanted} 家", "url": "#objects"},
            {
                "label": "已查",
                "value": f"{figures.covered} 家（{number(rate(figures.covered, wanted), unit='%')}）",
                "url": inspections_url(**where),
            },
            {"label": "查出隐患", "value": f"{figures.found} 项", "url": ledger_url(**where)},
            {
                "label": "已整改",
                "value": f"{figures.closed} 项（{number(figures.rectification_rate, unit='%')}）",
                "url": ledger_url(**where, state="closed"),
            },
            {
                "label": "逾期未改",
                "value": f"{figures.overdue} 项",
                "url": ledger_url(**where, state="overdue"),
            },
        ]
    return context


@require_POST
@require(Permission.REPORT_TASK, Permission.CONFIRM_TASK)
def assignment(request: Request, pk: int, move: str) -> HttpResponse:
    """Move one share: progress, completion, confirmation, sending back."""
    visible = Assignment.objects.filter(task__campaign__in=Campaign.objects.visible_to(request.user))
    share = get_object_or_404(visible.select_related("task__campaign", "organization__region"), pk=pk)
    if move not in AssignmentMove.values:
        raise Http404
    try:
        actions.move_assignment(share, move, by=request.user, note=request.POST.get("note", ""))
        messages.success(request, f"{share.organization.short_name}：已{AssignmentMove(move).label}")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(share.task)


@require_POST
@require(Permission.CONFIRM_TASK)
def confirm_reported(request: Request, pk: int) -> HttpResponse:
    """Confirm every share that was reported complete."""
    found = _task_or_404(request, pk)
    shares = found.assignments.filter(status=AssignmentStatus.REPORTED)
    count = actions.confirm_reported(
        list(shares.select_related("task__campaign", "organization__region")), by=request.user
    )
    messages.success(request, f"已确认 {count} 个单位完成")
    return redirect(found)


def _with_library(formset: Any, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines as typed; one whose demand stayed keeps what the library says of it, another is read for its number."""
    rows = []
    for place, form in enumerate(formset):
        line = dict(form.cleaned_data)
        if not line.get("text", "").strip():
            continue
        unmeasured = line.pop("no_measure")
        old = before[place] if place < len(before) else {}
        if all(line[name] == old.get(name) for name in ("text", "criterion")):
            line = old | line
            if not line["major_if_failed"]:
                line["criterion_code"] = ""
        else:
            line["measure"] = stored_measure(measure_in(line["text"]))
        if unmeasured:
            line["measure"] = None
        rows.append(line)
    return rows


@require(Permission.MANAGE_PLANS)
def checklist(request: Request, pk: int) -> HttpResponse:
    """A new version of the checklist, starting from the one in force."""
    found = _task_or_404(request, pk)
    latest = found.checklists.prefetch_related("items").first()
    before = [asdict(NewCheckItem.kept(item)) for item in (latest.items.all() if latest else [])]
    initial = [{name: line.get(name) for name in ChecklistFormSet.form.base_fields} for line in before]
    version = latest.version if latest else 0
    formset = ChecklistFormSet(request.POST or None, initial=initial, prefix="checks")
    if request.method == "POST":
        seen = request.POST.get("version", "")
        version = int(seen) if seen.isdecimal() and len(seen) < 6 else -1
        if formset.is_valid():
            items = [NewCheckItem(**line) for line in _with_library(formset, before)]
            try:
                made = actions.revise_checklist(found, items, version=version, by=request.user)
                messages.success(request, f"检查表第 {made.version} 版已生效，已做的检查仍按当时的版本")
                return redirect(found)
            except Refused as error:
                messages.warning(request, str(error))
    demands = [str(measure_of(line["measure"]) or "") for line in before]
    context = {
        "task": found,
        "formset": formset,
        "rows": list(zip_longest(formset, demands[: len(formset)], fillvalue="")),
        "version": version,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "campaigns/checklist.html", context, status=status)


@require(Permission.MANAGE_PLANS)
def assembly(request: Request, pk: int) -> HttpResponse:
    """The checklist put together from the plan and the library; nothing is taken over that nobody has ticked."""
    found = _task_or_404(request, pk)
    today = timezone.localdate()
    if request.method == "POST":
        numbers = {name: _numbers(request, name) for name in ("keep", "add", "version")}
        merge = {}
        for pair in request.POST.getlist("merge"):
            position, _, item = pair.partition(":")
            if row_number(position) and row_number(item):
                merge[row_number(position)] = row_number(item)
        try:
            made = assembling.confirm(
                found,
                keep=numbers["keep"],
                merge=merge,
                add=numbers["add"],
                version=next(iter(numbers["version"]), 0),
                on=today,
                by=request.user,
            )
        except Refused as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"检查表第 {made.version} 版已生效，已做的检查仍按当时的版本")
            return redirect(found)
    context = {
        "task": found,
        "assembly": assembling.assemble(found, today),
        "kinds": list(found.kinds.values_list("label", flat=True)),
        "ticked": {name: set(request.POST.getlist(name)) for name in ("keep", "merge", "add")},
        "is_bound": request.method == "POST",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "campaigns/assembly.html", context, status=status)


def _numbers(request: Request, name: str) -> list[int]:
    return [row_number(each) for each in request.POST.getlist(name) if row_number(each)]
