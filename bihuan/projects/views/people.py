"""Support for renovations, households to look after, technical services."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.batches.models import Batch, SubsidyStandard
from bihuan.batches.workflow import Purpose
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.core.http import Asked, Request, row_number
from bihuan.registry.models import Enterprise

from .. import actions, forms, queries
from ..models import CareHousehold, Project, ServiceRequest, SupportRequest
from ..standing import care_moves, cares, posts_with, service_moves, support_moves
from ..workflow import CareMove, ServiceMove, ServiceStatus, SupportMove, SupportStatus
from . import events_of, page_of, user_of
from .projects import given_of


def own_enterprise(user: User) -> Enterprise | None:
    """The enterprise a person applies for."""
    bodies = [post.organization_id for post in posts_with(user, Permission.APPLY_PROJECT)]
    rows = Enterprise.objects.filter(organization__in=bodies)
    return (
        rows.select_related("organization", "department", "locality").order_by("pk").first()
        if bodies
        else None
    )


# --- support -------------------------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_PROJECTS)
def supports(request: Request) -> HttpResponse:
    user, given = user_of(request), given_of(request)
    rows = SupportRequest.objects.visible_to(user).select_related("enterprise", "department", "campaign")
    if given.get("status") in SupportStatus.values:
        rows = rows.filter(status=given["status"])
    context = {
        "page": page_of(request, rows, "-id", size=30),
        "statuses": SupportStatus.choices,
        "given": Asked(request),
        "own": own_enterprise(user),
        "may_apply": user.has_perm(Permission.APPLY_PROJECT),
    }
    return render(request, "projects/supports.html", context)


def open_campaigns() -> QuerySet[Campaign]:
    """Campaigns that pay for renovations by a standard in force: what one can apply under."""
    today = timezone.localdate()
    standards = SubsidyStandard.objects.filter(
        Q(effective_to=None) | Q(effective_to__gte=today), purpose=Purpose.RENOVATION
    )
    return Campaign.objects.filter(pk__in=standards.values("campaign")).order_by("-id")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.APPLY_PROJECT)
def apply(request: Request) -> HttpResponse:
    user = user_of(request)
    own = own_enterprise(user)
    if own is None:
        raise PermissionDenied
    area = [own.locality_id[:length] for length in (2, 4, 6)] + [own.locality_id]
    campaigns = open_campaigns().filter(region__in=area)
    form = forms.SupportForm(request.POST or None, campaigns=campaigns)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            kept = attachments.received(
                request.POST.getlist("files"), request.FILES.getlist("files_files"), by=user, kind=None
            )
            made = actions.apply_for_support(own, given.pop("campaign"), files=kept, by=user, **given)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已提交，由{made.department.short_name}初审")
            return redirect(made)
    return render(
        request, "projects/apply.html",
        {
            "form": form, "own": own, "has_campaigns": campaigns.exists(), "upload_url": reverse("attachments:upload"),
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


SUPPORT_FORMS: dict[str, tuple[str, str, Any]] = {
    SupportMove.REVIEW: ("初审", "初审通过", forms.RemarkForm),
    SupportMove.RETURN: ("退回企业补充", "退回补充", forms.ReasonForm),
    SupportMove.REFILE: ("补充后再报", "再报", None),
    SupportMove.APPROVE: ("审定支持，进入项目储备库", "审定支持", forms.SupportApprovalForm),
    SupportMove.REFUSE: ("不予支持", "不予支持", forms.ReasonForm),
    SupportMove.WITHDRAW: ("撤回申请", "撤回", forms.ReasonForm),
}
SUPPORT_VERBS: dict[str, Any] = {
    SupportMove.REVIEW: actions.review_support,
    SupportMove.RETURN: actions.return_support,
    SupportMove.REFILE: actions.refile_support,
    SupportMove.APPROVE: actions.approve_support,
    SupportMove.REFUSE: actions.refuse_support,
    SupportMove.WITHDRAW: actions.withdraw_support,
}


def support_or_404(request: Request, pk: int) -> SupportRequest:
    rows = SupportRequest.objects.visible_to(user_of(request)).select_related(
        "enterprise__organization", "department", "campaign__region", "locality", "standard", "project", "filed_by",
        "reviewed_by", "decided_by",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_PROJECTS)
def support(request: Request, pk: int) -> HttpResponse:
    return _show_support(request, support_or_404(request, pk))


def _show_support(
    request: Request, row: SupportRequest, wrong: tuple[str, Any] | None = None
) -> HttpResponse:
    user = user_of(request)
    panels = []
    for move in support_moves(user, row):
        title, button, kind = SUPPORT_FORMS[SupportMove(move)]
        form = forms.RefileForm(request=row) if kind is None else kind()
        if wrong is not None and wrong[0] == move:
            form = wrong[1]
        form.auto_id = f"id_{move}_%s"
        panels.append((move, title, button, form))
    reckoned, trouble = None, ""
    if row.status in {SupportStatus.FILED, SupportStatus.REVIEWED}:
        try:
            reckoned = actions.reckon_support(row)
        except Refused as error:
            trouble = str(error)
    context = {
        "row": row,
        "panels": panels,
        "wrong": wrong[0] if wrong else "",
        "reckoned": reckoned,
        "trouble": trouble,
        "kept": files.of(row, "document"),
        "events": events_of(row.transitions, SupportMove),
    }
    return render(request, "projects/support.html", context, status=422 if wrong else 200)


@require_POST
@require(Permission.MANAGE_PROJECTS, Permission.APPROVE_PROJECT, Permission.APPLY_PROJECT)
def support_act(request: Request, pk: int, move: str) -> HttpResponse:
    row, user = support_or_404(request, pk), user_of(request)
    if move not in SUPPORT_VERBS:
        raise Http404
    kind = SUPPORT_FORMS[SupportMove(move)][2]
    form = forms.RefileForm(request.POST, request=row) if kind is None else kind(request.POST)
    if not form.is_valid():
        return _show_support(request, row, (move, form))
    try:
        SUPPORT_VERBS[move](row, by=user, **form.cleaned_data)
    except Refused as error:
        form.add_error(None, str(error))
        row.refresh_from_db()
        return _show_support(request, row, (move, form))
    row = support_or_404(request, pk)
    messages.success(request, f"{SupportMove(move).label}：现为“{row.get_status_display()}”")
    return redirect(row)


# --- households to look after --------------------------------------------------------------------------


@require_safe
@require(Permission.CARE_HOUSEHOLDS)
def care(request: Request) -> HttpResponse:
    """Households and shops to look after; those nobody has visited yet come first."""
    user, today = user_of(request), timezone.localdate()
    given = {"state": "unvisited", **given_of(request)}
    about: Project | Batch | None = None
    if given.get("project"):
        about = Project.objects.visible_to(user).filter(pk=row_number(given["project"])).first()
    elif given.get("batch"):
        about = Batch.objects.visible_to(user).filter(pk=row_number(given["batch"])).first()
    seen = CareHousehold.objects.visible_to(user)
    context = {
        "page": page_of(request, queries.care(user, given, on=today), "visit_by", "id"),
        "given": given,
        "states": [
            ("unvisited", "待走访"), ("overdue", "待走访且已逾期"), ("visited", "已走访"), ("released", "不再需要"), ("all", "全部"),
        ],
        "about": about,
        "counts": {
            "unvisited": seen.unvisited().count(),
            "overdue": seen.overdue(on=today).count(),
            "visited": seen.filter(status="visited").count(),
        },
        "today": today,
    }  # fmt: skip
    return render(request, "projects/care.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.CARE_HOUSEHOLDS)
def mark(request: Request) -> HttpResponse:
    """Mark a household or shop that a project or a batch touches."""
    user = user_of(request)
    about: Project | Batch | None = None
    if pk := row_number(request.GET.get("project", "")):
        about = get_object_or_404(Project.objects.visible_to(user).select_related("department"), pk=pk)
    elif pk := row_number(request.GET.get("batch", "")):
        about = get_object_or_404(
            Batch.objects.visible_to(user).select_related("organization", "campaign"), pk=pk
        )
    if about is None:
        recent = Project.objects.visible_to(user).exclude(status__in=["in_use", "cancelled"])
        return render(
            request, "projects/mark_what.html",
            {"page": page_of(request, recent.select_related("region", "department"), "-id", size=30)},
        )  # fmt: skip
    department = about.department if isinstance(about, Project) else about.organization
    localities = _localities(user, about, department)
    if not localities.exists():
        raise PermissionDenied
    form = forms.CareForm(
        request.POST or None, localities=localities, user=user, initial={"visitor": user.full_name}
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.mark_household(about, by=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已登记，走访期限 {made.visit_by}")
            return redirect(made)
    due = actions.visit_by(about, timezone.localdate())
    return render(
        request, "projects/mark.html", {"form": form, "about": about, "due": due},
        status=422 if form.errors else 200,
    )  # fmt: skip


def _localities(user: User, about: Project | Batch, department: Organization) -> QuerySet[Region]:
    """The localities whose households a person may mark: the own one, or all that the works of one's department touch."""
    area = about.region_id if isinstance(about, Project) else about.campaign.region_id
    rows = Region.objects.filter(code__startswith=area) | Region.objects.filter(code=area)
    codes = [post.organization.region_id for post in posts_with(user, Permission.CARE_HOUSEHOLDS)]
    if cares(user, department.pk, ""):
        return rows.filter(kind__in=[Region.Kind.TOWNSHIP, Region.Kind.ZONE]).order_by("code")
    return rows.filter(code__in=codes).order_by("code")


def household_or_404(request: Request, pk: int) -> CareHousehold:
    rows = CareHousehold.objects.visible_to(user_of(request)).select_related(
        "project", "batch__campaign", "locality", "department", "enterprise", "marked_by"
    )
    return get_object_or_404(rows, pk=pk)


CARE_FORMS: dict[str, tuple[str, str, Any, Any]] = {
    CareMove.VISIT: ("走访登记", "登记走访", forms.VisitForm, actions.visit_household),
    CareMove.RELEASE: ("不再需要照顾", "解除", forms.ReasonForm, actions.release_household),
}


@require_safe
@require(Permission.CARE_HOUSEHOLDS)
def household(request: Request, pk: int) -> HttpResponse:
    return _show_household(request, household_or_404(request, pk))


def _show_household(
    request: Request, row: CareHousehold, wrong: tuple[str, Any] | None = None
) -> HttpResponse:
    user = user_of(request)
    panels = []
    for move in care_moves(user, row):
        title, button, kind, _ = CARE_FORMS[CareMove(move)]
        first = {"visited_on": timezone.localdate(), "help": row.help, "benefits": row.benefits}
        form = wrong[1] if wrong is not None and wrong[0] == move else kind(initial=first)
        form.auto_id = f"id_{move}_%s"
        panels.append((move, title, button, form))
    lines = list(row.transitions.all())
    kept = files.of_many(lines)
    context = {
        "row": row,
        "panels": panels,
        "wrong": wrong[0] if wrong else "",
        "upload_url": reverse("attachments:upload"),
        "today": timezone.localdate(),
        "events": events_of(
            row.transitions, CareMove, lambda line: files.photo_items(kept[chain_of(line)].get("scene", []))
        ),
    }
    return render(request, "projects/household.html", context, status=422 if wrong else 200)


@require_POST
@require(Permission.CARE_HOUSEHOLDS)
def care_act(request: Request, pk: int, key: str) -> HttpResponse:
    row, user = household_or_404(request, pk), user_of(request)
    if key not in CARE_FORMS:
        raise Http404
    _, button, kind, verb = CARE_FORMS[CareMove(key)]
    form = kind(request.POST)
    if not form.is_valid():
        return _show_household(request, row, (key, form))
    given = dict(form.cleaned_data)
    try:
        if key == CareMove.VISIT:
            given["photos"] = attachments.received(
                request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
            )
        verb(row, by=user, **given)
    except Refused as error:
        form.add_error(None, str(error))
        row.refresh_from_db()
        return _show_household(request, row, (key, form))
    messages.success(request, f"{button}：已登记")
    return redirect(row)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.CARE_HOUSEHOLDS)
def reveal(request: Request, pk: int) -> HttpResponse:
    """Name, phone and address, for a reason, on a page nobody keeps."""
    row, user = household_or_404(request, pk), user_of(request)
    form = forms.ReasonForm(request.POST or None)
    shown: dict[str, str] = {}
    if request.method == "POST" and form.is_valid():
        try:
            shown = actions.reveal_household(row, by=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
    response = render(
        request, "projects/reveal.html", {"row": row, "form": form, "shown": shown},
        status=422 if form.errors else 200,
    )  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response


# --- services ------------------------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_PROJECTS)
def services(request: Request) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    rows = queries.services(user, given_of(request), on=today)
    seen = ServiceRequest.objects.visible_to(user)
    context = {
        "page": page_of(request, rows, "-id"),
        "states": [("open", "办理中"), ("overdue", "逾期"), *ServiceStatus.choices],
        "given": Asked(request),
        "counts": {
            "open": seen.filter(status__in=["requested", "offered", "accepted", "done"]).count(),
            "overdue": seen.overdue(on=today).count(),
            "confirmed": seen.filter(status=ServiceStatus.CONFIRMED).count(),
        },
        "may_open": user.has_perm(Permission.APPLY_PROJECT) or user.has_perm(Permission.MANAGE_PROJECTS),
        "today": today,
    }
    return render(request, "projects/services.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.APPLY_PROJECT, Permission.MANAGE_PROJECTS)
def ask(request: Request) -> HttpResponse:
    """An object asks for help, or a supplier offers it."""
    user = user_of(request)
    own = own_enterprise(user) if not user.has_perm(Permission.MANAGE_PROJECTS) else None
    is_offer = own is not None and request.GET.get("offer") == "1"
    project = Project.objects.visible_to(user).filter(pk=row_number(request.GET.get("project", ""))).first()
    city = (own.city_id if own else min((post.organization.region_id for post in user.posts), default=""))[:4]
    suppliers = Organization.objects.current(on=timezone.localdate()).filter(region__code__startswith=city)
    kinds = [Organization.Kind.DEPARTMENT]
    if is_offer and own is not None:
        suppliers = suppliers.filter(pk=own.organization_id or 0)
    else:
        gas = Project.objects.filter(taker__organization__isnull=False).values("taker__organization")
        suppliers = suppliers.filter(Q(kind__in=kinds) | Q(pk__in=gas)).exclude(
            pk=(own.organization_id if own else None) or 0
        )
    form = forms.ServiceForm(
        request.POST or None, suppliers=suppliers.order_by("kind", "region_id", "id"), user=user,
        own=None if is_offer else own,
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        target = given.pop("enterprise", None) or own
        try:
            if target is None:
                raise Refused("请填写服务对象")
            made = actions.open_service(target, given.pop("supplier"), project=project, by=user, **given)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已提交，现为“{made.get_status_display()}”")
            return redirect(made)
    return render(
        request, "projects/ask.html", {"form": form, "own": own, "project": project, "is_offer": is_offer},
        status=422 if form.errors else 200,
    )  # fmt: skip


SERVICE_FORMS: dict[str, tuple[str, str, Any, Any]] = {
    ServiceMove.ACCEPT: ("受理", "受理", forms.RemarkForm, actions.accept_service),
    ServiceMove.AGREE: ("同意接受服务", "同意", forms.RemarkForm, actions.accept_service),
    ServiceMove.DO: ("办结", "办结，请对象确认", forms.DoneForm, actions.finish_service),
    ServiceMove.CONFIRM: ("确认服务完成", "确认", forms.RemarkForm, actions.confirm_service),
    ServiceMove.REDO: ("没有解决，继续服务", "退回继续办", forms.ReasonForm, actions.redo_service),
    ServiceMove.DECLINE: ("不办理", "不办理", forms.ReasonForm, actions.decline_service),
}


def service_or_404(request: Request, pk: int) -> ServiceRequest:
    rows = ServiceRequest.objects.visible_to(user_of(request)).select_related(
        "enterprise__organization",
        "supplier",
        "department",
        "locality",
        "project",
        "batch__campaign",
        "opened_by",
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_PROJECTS)
def service(request: Request, pk: int) -> HttpResponse:
    return _show_service(request, service_or_404(request, pk))


def _show_service(
    request: Request, row: ServiceRequest, wrong: tuple[str, Any] | None = None
) -> HttpResponse:
    user = user_of(request)
    panels = []
    for move in service_moves(user, row):
        title, button, kind, _ = SERVICE_FORMS[ServiceMove(move)]
        form = wrong[1] if wrong is not None and wrong[0] == move else kind()
        form.auto_id = f"id_{move}_%s"
        panels.append((move, title, button, form))
    kept = files.of_many(list(row.transitions.all()))
    context = {
        "row": row,
        "panels": panels,
        "wrong": wrong[0] if wrong else "",
        "upload_url": reverse("attachments:upload"),
        "today": timezone.localdate(),
        "events": events_of(
            row.transitions,
            ServiceMove,
            lambda line: files.photo_items(kept[chain_of(line)].get("scene", [])),
        ),
    }
    return render(request, "projects/service.html", context, status=422 if wrong else 200)


@require_POST
@require(Permission.APPLY_PROJECT, Permission.MANAGE_PROJECTS)
def service_act(request: Request, pk: int, key: str) -> HttpResponse:
    row, user = service_or_404(request, pk), user_of(request)
    if key not in SERVICE_FORMS:
        raise Http404
    _, button, kind, verb = SERVICE_FORMS[ServiceMove(key)]
    form = kind(request.POST)
    if not form.is_valid():
        return _show_service(request, row, (key, form))
    given = dict(form.cleaned_data)
    try:
        if key == ServiceMove.DO:
            given["photos"] = attachments.received(
                request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
            )
        verb(row, by=user, **given)
    except Refused as error:
        form.add_error(None, str(error))
        row.refresh_from_db()
        return _show_service(request, row, (key, form))
    messages.success(request, f"{button}：已登记")
    return redirect(row)
