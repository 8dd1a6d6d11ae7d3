"""The pool: list, entry, one project with who must do what by when; its moves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import regions_to_choose
from bihuan.accounts.scope import scope_of
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.jobs.handing import take_away
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules

from .. import actions, forms, queries
from ..exporting import PROJECTS
from ..models import CareHousehold, Handover, Project, ProjectReport, ProjectSource, ServiceRequest
from ..standing import (
    approves,
    available,
    confirms,
    hands_over,
    manages,
    owns,
    posts_with,
    sees_money,
    takes,
)
from ..workflow import (
    LINE_OF_STAGES,
    OVER,
    RULES,
    GasCheckStatus,
    HandoverStatus,
    MilestoneStatus,
    ProjectMove,
    ProjectStatus,
)
from . import events_of, page_of, user_of

BUTTONS = {
    ProjectMove.APPROVE: ("审定入库", "审定入库"),
    ProjectMove.SEND_BACK: ("退回牵头部门完善", "退回"),
    ProjectMove.FUND: ("确认资金已经全部落实", "确认资金落实"),
    ProjectMove.START: ("开工", "登记开工"),
    ProjectMove.COMPLETE: ("完工", "登记完工"),
    ProjectMove.PUT_IN_USE: ("通气投用", "登记投用"),
    ProjectMove.SUSPEND: ("暂缓", "暂缓"),
    ProjectMove.RESUME: ("恢复", "恢复"),
    ProjectMove.CANCEL: ("取消项目", "取消项目"),
}
FORMS: dict[str, Any] = {
    ProjectMove.APPROVE: forms.ApprovalForm,
    ProjectMove.SEND_BACK: forms.ReasonForm,
    ProjectMove.FUND: forms.RemarkForm,
    ProjectMove.START: forms.StartForm,
    ProjectMove.COMPLETE: forms.CompleteForm,
    ProjectMove.PUT_IN_USE: forms.UseForm,
    ProjectMove.SUSPEND: forms.ReasonForm,
    ProjectMove.RESUME: forms.RemarkForm,
    ProjectMove.CANCEL: forms.ReasonForm,
}
VERBS: dict[str, Any] = {
    ProjectMove.APPROVE: actions.approve_project,
    ProjectMove.SEND_BACK: actions.send_back_project,
    ProjectMove.FUND: actions.confirm_funding,
    ProjectMove.START: actions.start_works,
    ProjectMove.COMPLETE: actions.complete_works,
    ProjectMove.PUT_IN_USE: actions.put_in_use,
    ProjectMove.SUSPEND: actions.suspend_project,
    ProjectMove.RESUME: actions.resume_project,
    ProjectMove.CANCEL: actions.cancel_project,
}
OPEN_AT_ONCE = {"approve", "fund", "start", "complete", "put_in_use", "resume"}
DANGER = {"cancel", "suspend", "send_back"}
SHOWN = 30


def given_of(request: Request) -> dict[str, str]:
    """What the address asks for, blanks trimmed."""
    return {name: str(value).strip() for name, value in request.GET.items()}


@require_safe
@require(Permission.VIEW_PROJECTS)
def index(request: Request) -> HttpResponse:
    """The projects one sees, how they stand, what is behind."""
    user, today = user_of(request), timezone.localdate()
    given = given_of(request)
    rows = queries.projects(user, given, on=today)
    whole = queries.projects(user, given | {"state": ""}, on=today)
    page = page_of(request, rows.select_related("department", "region", "campaign"), "-id", size=40)
    for each in page.items:
        each.is_late = each.is_behind(on=today)
    scope = scope_of(user, Permission.VIEW_PROJECTS)
    official = bool(scope.areas or scope.departments)
    context = {
        "page": page,
        "standing": queries.standing_of(whole, on=today),
        "waiting": queries.counts(user, on=today) if official else {},
        "given": Asked(request),
        "states": [*queries.STATES.items(), *ProjectStatus.choices],
        "kinds": rules.choices("kinds", today),
        "regions": [(each.code, each.name) for each in regions_to_choose(scope.areas, given.get("region", ""))],
        "campaigns": [
            (each.pk, each.short_title)
            for each in Campaign.objects.visible_to(user).filter(projects__isnull=False).distinct()[:50]
        ],
        "rest": _rest(request),
        "official": official,
        "today": today,
        "may_care": user.has_perm(Permission.CARE_HOUSEHOLDS),
        "may_register": bool(posts_with(user, Permission.MANAGE_PROJECTS)),
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }  # fmt: skip
    return render(request, "projects/list.html", context)


def _rest(request: Request) -> str:
    """The address without state and cursor, so that a figure keeps the other filters."""
    query = request.GET.copy()
    for name in ("state", "cursor"):
        query.pop(name, None)
    return query.urlencode()


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def create(request: Request) -> HttpResponse:
    user = user_of(request)
    form = forms.ProjectForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            project = actions.register_project(
                region=given.pop("region"), department=given.pop("department"), by=user, **given
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已登记储备，接着填各方分担，分担合计等于估算投资才能审定入库")
            return redirect("projects:shares", pk=project.pk)
    return render(
        request, "projects/form.html",
        {"form": form, "title": "登记工程项目", "submit": "登记储备", "back": reverse("projects:list")},
        status=422 if form.errors else 200,
    )  # fmt: skip


def project_or_404(request: Request, pk: int) -> Project:
    rows = Project.objects.visible_to(user_of(request)).select_related(
        "department", "owner__organization", "taker__organization", "region", "campaign", "registered_by", "locality"
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


def managed_or_404(request: Request, pk: int) -> Project:
    """A project one sees and runs. Raises PermissionDenied."""
    project = project_or_404(request, pk)
    if not manages(user_of(request), project):
        raise PermissionDenied
    return project


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def edit(request: Request, pk: int) -> HttpResponse:
    project, user = managed_or_404(request, pk), user_of(request)
    initial = {each.name: getattr(project, each.name) for each in project._meta.fields}
    form = forms.ProjectForm(request.POST or None, user=user, project=project, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_project(project, by=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已修改")
            return redirect(project)
    if request.method != "POST" and project.status != ProjectStatus.RESERVED:
        messages.warning(request, "项目已经审定，登记内容不再修改；资金方案可以由审定单位调整")
        return redirect(project)
    return render(
        request, "projects/form.html",
        {"form": form, "title": "修改工程项目", "submit": "保存", "back": project.get_absolute_url()},
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_safe
@require(Permission.VIEW_PROJECTS)
def detail(request: Request, pk: int) -> HttpResponse:
    return show(request, project_or_404(request, pk))


def show(request: Request, project: Project, wrong: tuple[str, Any] | None = None) -> HttpResponse:
    """The page of one project; `wrong` is the form that was sent and refused, by its key."""
    user, today = user_of(request), timezone.localdate()
    runs = manages(user, project)
    panels = _panels(project, user, runs, wrong)
    sees = sees_money(user, project)
    sources = list(ProjectSource.objects.filter(project=project)) if sees else []
    duties = Duty.objects.open().visible_to(user).select_related("organization")
    handover = actions.waiting_handover(project)
    checks = list(project.gas_checks.select_related("checked_by"))
    reports = list(
        ProjectReport.objects.filter(project=project).select_related("organization", "filed_by")[:6]
    )
    acceptances = list(project.acceptances.select_related("by").prefetch_related("team__organization"))
    kept = files.of_many([*acceptances, *reports])
    context = {
        "project": project,
        "runs": runs,
        "panels": panels,
        "wrong": wrong[0] if wrong else "",
        "danger": DANGER,
        "open_at_once": OPEN_AT_ONCE,
        "sees_money": sees,
        "sources": sources,
        "sums": _sums(sources),
        "gap": project.estimate - sum((each.planned for each in sources), queries.ZERO),
        "may_share": (runs and project.status == ProjectStatus.RESERVED)
        or (approves(user, project) and project.status in RULES[ProjectMove.SHARE].sources),
        "steps": _steps(project),
        "duties": list(duties.filter(subject=chain_of(project))),
        "milestones": list(project.milestones.all()),
        "checks": checks,
        "checks_open": sum(each.status == GasCheckStatus.OPEN for each in checks),
        "may_confirm": confirms(user, project) and project.status in {"accepted", "handed"},
        "handover": handover,
        "may_take": handover is not None and handover.status == HandoverStatus.PREPARED and takes(user, handover),
        "may_hand": project.status == ProjectStatus.ACCEPTED and handover is None and hands_over(user, project),
        "returned": Handover.objects.filter(project=project, status=HandoverStatus.RETURNED).first()
        if handover is None else None,
        "may_accept": runs and project.status == ProjectStatus.COMPLETED,
        "acceptances": [(each, files.photo_items(kept[chain_of(each)].get("scene", []))) for each in acceptances],
        "reports": [(each, files.photo_items(kept[chain_of(each)].get("scene", []))) for each in reports],
        "reports_late": ProjectReport.objects.filter(project=project).late(on=today).count(),
        "objects": list(_objects(project, user)[:SHOWN]),
        "hazards": list(_hazards(project, user)[:SHOWN]),
        "hidden_objects": project.objects_on.count(),
        "care": CareHousehold.objects.visible_to(user).filter(project=project).count()
        if user.has_perm(Permission.CARE_HOUSEHOLDS) else None,
        "unvisited": CareHousehold.objects.filter(project=project).unvisited().count() if runs else 0,
        "services": list(
            ServiceRequest.objects.visible_to(user).filter(project=project).select_related("supplier", "enterprise")[:6]
        ),
        "is_own": owns(user, project),
        "today": today,
        "events": events_of(project.transitions, ProjectMove) if sees else [],
    }  # fmt: skip
    return render(request, "projects/detail.html", context, status=422 if wrong else 200)


def _objects(project: Project, user: Any) -> Any:
    return Enterprise.objects.visible_to(user).filter(project_objects__project=project).order_by("name")


def _hazards(project: Project, user: Any) -> Any:
    seen = Hazard.objects.visible_to(user).filter(project_links__project=project)
    return seen.select_related("enterprise").order_by("-id")


def _sums(sources: list[ProjectSource]) -> dict[str, Any]:
    return {
        name: sum((getattr(each, name) for each in sources), queries.ZERO)
        for name in ("planned", "committed", "received", "spent")
    }


def _steps(project: Project) -> list[dict[str, str]]:
    """The stages as one bar; a paused or cancelled project stands where it stopped."""
    here = project.resumes_to or project.status
    order = [str(each) for each in LINE_OF_STAGES]
    at = order.index(here) if here in order else -1
    names = dict(ProjectStatus.choices) | {
        "completed": "完工",
        "accepted": "验收",
        "handed": "移交",
        "in_use": "投用",
    }
    return [
        {
            "label": names[each],
            "state": "done" if number < at or here == "in_use" else "current" if number == at else "next",
        }
        for number, each in enumerate(order)
    ]  # fmt: skip


def _panels(
    project: Project, user: Any, runs: bool, wrong: tuple[str, Any] | None
) -> list[tuple[str, str, str, Any]]:
    """(key, title, button, form) of everything this person may do on this page now."""
    today = timezone.localdate()
    first = {"started_on": today, "completed_on": today, "used_on": today}
    panels: list[tuple[str, str, str, Any]] = []
    for move in available(user, project):
        title, button = BUTTONS[ProjectMove(move)]
        form = FORMS[move](initial=first)
        if move == ProjectMove.COMPLETE and project.kilometres is None:
            del form.fields["kilometres"]
        panels.append((move, title, button, form))
    if runs and project.status not in OVER:
        panels.append(("milestone", "设定节点", "设定节点", forms.MilestoneForm()))
        panels.append(("objects", "关联底册对象", "关联", forms.ObjectForm(user=user)))
        panels.append(("hazards", "关联要消除的隐患", "关联", forms.HazardsForm()))
    if wrong is not None:
        panels = [
            (key, title, button, wrong[1] if key == wrong[0] else form) for key, title, button, form in panels
        ]
    for key, _, _, form in panels:
        form.auto_id = f"id_{key}_%s"
    return panels


@require_POST
@require(Permission.MANAGE_PROJECTS, Permission.APPROVE_PROJECT)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One move of a project, a milestone, what it lies on."""
    project, user = project_or_404(request, pk), user_of(request)
    form: Any
    if key == "milestone":
        form = forms.MilestoneForm(request.POST)
    elif key == "objects":
        form = forms.ObjectForm(request.POST, user=user)
    elif key == "hazards":
        form = forms.HazardsForm(request.POST)
    elif key in VERBS:
        form = FORMS[key](request.POST)
    else:
        raise Http404
    if not form.is_valid():
        return show(request, project, (key, form))
    try:
        said = _do(project, key, form.cleaned_data, user)
    except Refused as error:
        form.add_error(None, str(error))
        project.refresh_from_db()
        return show(request, project, (key, form))
    messages.success(request, said)
    return redirect(project)


def _do(project: Project, key: str, given: dict[str, Any], user: Any) -> str:
    match key:
        case "milestone":
            return f"已设定节点“{actions.set_milestone(project, by=user, **given)}”"
        case "objects":
            return f"新关联 {actions.link_objects(project, given['names'], by=user)} 个对象"
        case "hazards":
            found = Hazard.objects.visible_to(user).in_bulk(given["numbers"])
            missing = [str(each) for each in given["numbers"] if each not in found]
            if missing:
                raise Refused(f"看不到这些编号的隐患：{'、'.join(missing)}，请核对")
            return f"新关联 {actions.link_hazards(project, found.values(), by=user)} 条隐患"
        case _:
            VERBS[key](project, by=user, **given)
            return f"{BUTTONS[ProjectMove(key)][0]}：已登记，项目现为“{project.get_status_display()}”"


MILESTONE_FORMS: dict[str, Any] = {
    "finish": (forms.MilestoneDoneForm, actions.finish_milestone, "完成节点"),
    "postpone": (forms.PostponeForm, actions.postpone_milestone, "调整期限"),
    "drop": (forms.ReasonForm, actions.drop_milestone, "撤销节点"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def milestone(request: Request, pk: int, number: int, key: str) -> HttpResponse:
    """A milestone is reached, put off, or needed no more."""
    project = managed_or_404(request, pk)
    row = get_object_or_404(project.milestones.select_related("project"), pk=number)
    if key not in MILESTONE_FORMS:
        raise Http404
    kind, verb, title = MILESTONE_FORMS[key]
    form = kind(request.POST or None, initial={"done_on": timezone.localdate(), "due_on": row.due_on})
    if request.method == "POST" and form.is_valid():
        try:
            verb(row, by=user_of(request), **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{title}：{row}")
            return redirect(project)
    return render(
        request, "projects/small.html",
        {
            "form": form, "title": f"{title}：{row}", "submit": title, "back": project.get_absolute_url(), "danger": key == "drop",
            "lead": f"{project}，期限 {row.due_on}，{MilestoneStatus(row.status).label}",
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@require(Permission.EXPORT_HAZARDS)
def export(request: Request) -> HttpResponseBase:
    """The list as a sheet."""
    if not user_of(request).has_perm(Permission.VIEW_PROJECTS):
        raise PermissionDenied
    return take_away(
        request, PROJECTS, query=request.GET.urlencode(), said="工程项目", back=reverse("projects:list")
    )


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def figures(request: Request) -> HttpResponse:
    """Kilometres renewed against the plan, money by source, by place, public money beside enterprises' own."""
    user, today = user_of(request), timezone.localdate()
    if not user.has_perm(Permission.VIEW_PROJECTS):
        raise PermissionDenied
    given = {
        name: value
        for name, value in given_of(request).items()
        if name in {"campaign", "region", "kind"} and value
    }
    rows = queries.projects(user, given, on=today)
    live = rows.live()
    sources = queries.money_by_source(live)
    whole = queries.total_of(sources)
    scope = scope_of(user, Permission.VIEW_PROJECTS)
    context = {
        "standing": queries.standing_of(rows, on=today),
        "sources": sources,
        "whole": whole,
        "places": queries.by_place(rows, on=today, query=given),
        "leverage": queries.leverage(live, user),
        "given": Asked(request),
        "query": "&".join(f"{name}={value}" for name, value in given.items()),
        "campaigns": [
            (each.pk, each.short_title)
            for each in Campaign.objects.visible_to(user).filter(projects__isnull=False).distinct()[:50]
        ],
        "regions": [(each.code, each.name) for each in regions_to_choose(scope.areas, given.get("region", ""))],
        "kinds": rules.choices("kinds", today),
        "today": today,
    }  # fmt: skip
    return render(request, "projects/figures.html", context)
