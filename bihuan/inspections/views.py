"""Inspections: choosing whom to visit, the walk on the phone, what came of it, and the list at the desk."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as attachments
from bihuan.attachments.models import Attachment, Signature
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Campaign, Checklist, Task
from bihuan.campaigns.queries.campaigns import tasks_for
from bihuan.core.errors import Refused
from bihuan.core.http import row_number
from bihuan.core.paging import BadCursor, KeysetPage, paginate
from bihuan.duties import clock
from bihuan.hazards.models import Hazard, Rectification
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise, RiskColour
from bihuan.rules import evidence

from . import asking, burden, queries, signals, weighing
from .actions import issue_reinspection_opinion, submit_inspection
from .forms import MAX_PHOTOS, Walk
from .merging import is_as_signed
from .models import Inspection
from .submission import InspectionRefused, Problem

PAGE_SIZE = 20
RISKS = list(RiskColour.choices)


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def _page(rows: Any, request: HttpRequest, *, order: tuple[str, ...], size: int) -> KeysetPage[Any]:
    try:
        return paginate(rows, order=order, cursor=request.GET.get("cursor"), size=size)
    except BadCursor as error:
        raise BadRequest(str(error)) from error


# --- on the phone --------------------------------------------------------------------------


@require_safe
@require(Permission.CONDUCT_INSPECTION)
def choose(request: HttpRequest) -> HttpResponse:
    """Whom to visit: the objects of a task nobody has been to yet come first."""
    user = user_of(request)
    tasks = list(tasks_for(user)[:50])
    task = _task(request, user)
    if task is None and "task" not in request.GET and len(tasks) == 1:
        task = tasks[0]
    seen = {"no": False, "yes": True}.get(request.GET.get("seen", "no" if task else ""))
    q, risk, region = (request.GET.get(name, "").strip() for name in ("q", "risk", "region"))
    risk = risk if risk in RiskColour.values else ""
    rows = queries.objects_to_visit(user, task, seen=seen, q=q, risk=risk, region=region)
    page = _page(rows, request, order=("-id",), size=PAGE_SIZE)
    visits = queries.last_visits(page.items)
    counts = burden.counts_this_year(enterprise.pk for enterprise in page.items)
    context = {
        "tasks": tasks,
        "task": task,
        "task_pk": task.pk if task else 0,
        "page": page,
        "entries": [
            (enterprise, visits.get(enterprise.pk), counts.get(enterprise.pk, 0)) for enterprise in page.items
        ],
        "seen": "" if seen is None else "yes" if seen else "no",
        "q": q,
        "risk": risk,
        "risks": RISKS,
    }
    return render(request, "inspections/choose.html", context)


def _task(request: HttpRequest, user: User) -> Task | None:
    """The task asked for, by itself or through a duty. Unknown or out of sight is 404."""
    wanted, duty = request.GET.get("task", ""), request.GET.get("duty", "")
    if not wanted and duty:
        task = queries.task_of_duty(user, duty)
        if task is None:
            raise Http404
        return task
    if not wanted or wanted == "0":
        return None
    number = row_number(wanted)
    task = queries.open_task(user, number) if number else None
    # A visit walked before a revision took the task out may still be handed in; a new one is not begun.
    if task is None or (task.ended_on and request.method != "POST"):
        raise Http404
    return task


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache  # it brings the key of the drafts that lie on this device
@require(Permission.CONDUCT_INSPECTION)
def walk(request: HttpRequest) -> HttpResponse:
    """The whole visit on one page: checklist, findings, photos, signatures; one submit."""
    user = user_of(request)
    enterprise = _enterprise(request, user)
    organization = queries.inspecting_organization(user, enterprise)
    if organization is None:
        raise PermissionDenied
    task = _task(request, user)
    checklist, offered = _checklist(request, task, enterprise)
    form = _walk(request, user, enterprise, organization, task, checklist)
    if request.method != "POST":
        return _show_walk(request, form, offered)
    given = form.read()
    if given is None:
        form.show(form.problems)
        return _show_walk(request, form, offered, status=422)
    try:
        inspection = submit_inspection(given, by=user)
    except InspectionRefused as error:
        form.show(error.problems)
        return _show_walk(request, form, offered, status=422)
    except Refused as error:
        form.show([Problem("sign", str(error))])
        return _show_walk(request, form, offered, status=422)
    return redirect("inspections:done", inspection.pk)


def _enterprise(request: HttpRequest, user: User) -> Enterprise:
    pk = row_number(request.GET.get("enterprise", ""))
    rows = Enterprise.objects.visible_to(user).select_related(
        "kind", "locality", "department", "organization"
    )
    return get_object_or_404(rows, pk=pk)


def _checklist(
    request: HttpRequest, task: Task | None, enterprise: Enterprise
) -> tuple[Checklist | None, list[asking.Offer]]:
    """The version the phone has walked, else the current one: a draft is never judged by a newer list.

    Without a task it is a list of the library: the one chosen (`list`, 0 for none), else the one made for this kind.
    """
    walked = row_number(request.POST.get("checklist", ""))
    if task is not None:
        return task.checklists.filter(pk=walked).first() or queries.current_checklist(task), []
    offered = asking.offers(enterprise, timezone.localdate())
    if request.method == "POST":
        return (asking.library_list(enterprise, walked) if walked else None), offered
    chosen = request.GET.get("list", "")
    if chosen:
        found = next((each.checklist for each in offered if str(each.checklist.pk) == chosen), None)
        return found, offered
    return next((each.checklist for each in offered if each.specific), None), offered


def _walk(
    request: HttpRequest,
    user: User,
    enterprise: Enterprise,
    organization: Organization,
    task: Task | None,
    checklist: Checklist | None,
) -> Walk:
    today, calendar = timezone.localdate(), clock.calendar()
    bound = request.method == "POST"
    return Walk(
        user=user,
        enterprise=enterprise,
        organization=organization,
        task=task,
        checklist=checklist,
        due_on=clock.due("hazard.rectify.general", today, using=calendar).due_on,
        major_due_on=clock.due("hazard.rectify.major", today, using=calendar).due_on,
        kind=request.GET.get("kind", ""),
        everything="all" in request.GET,
        whole="whole" in request.GET,
        along=[pk for each in request.GET.getlist("with")[:20] if (pk := row_number(each))],
        data=request.POST if bound else None,
        files=request.FILES if bound else None,
    )


def _show_walk(
    request: HttpRequest, form: Walk, offered: list[asking.Offer], status: int = 200
) -> HttpResponse:
    user = form.user
    today = form.today
    visit = queries.last_visits([form.enterprise]).get(form.enterprise.pk)
    where = {problem.where for problem in form.problems}
    on_checklist = any(key.startswith(("q", "o")) for key in where)
    context = {
        "walk": form,
        "enterprise": form.enterprise,
        "task": form.task,
        "last": visit,
        "burden": burden.sentence(burden.visits_this_year(form.enterprise), form.kind),
        "clock": clock.due("hazard.rectify.general", today).sentence(),
        "major_clock": clock.due("hazard.rectify.major", today).sentence(),
        "may_grade": user.has_perm(Permission.GRADE_HAZARD),
        "kinds": form.kinds,
        "max_photos": MAX_PHOTOS,
        "upload_url": reverse("attachments:upload"),
        "contacts": list(form.enterprise.contacts.all()),
        "open_step": "sign" if form.problems and not on_checklist else "walk",
        "draft_key": _draft_key(form),
        "offered": [(each, _list_url(request, each.checklist.pk)) for each in offered],
        "no_list_url": _list_url(request, 0),
        "all_url": all_url(request),
        "back_url": f"{reverse('inspections:choose')}?{urlencode({'task': form.task.pk if form.task else 0})}",
    }
    return render(request, "inspections/walk.html", context, status=status)


def _draft_key(form: Walk) -> str:
    """Where the phone keeps this visit. Answers to one list of the library never appear under another."""
    book = f"-list-{form.checklist.pk}" if form.checklist and not form.task else ""
    return f"inspection-{form.task.pk if form.task else 0}-{form.enterprise.pk}{book}-user-{form.user.pk}"


def _list_url(request: HttpRequest, pk: int) -> str:
    query = request.GET.copy()
    query["list"] = str(pk)
    return f"?{query.urlencode()}"


def all_url(request: HttpRequest) -> str:
    """The same walk with the items the registry had left out; the list stays the one that is open."""
    query = request.GET.copy()
    query["all"] = "1"
    return f"?{query.urlencode()}"


@require_safe
@require(Permission.CONDUCT_INSPECTION)
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """What was recorded, what to print, whom to visit next."""
    user = user_of(request)
    inspection = _visible(request, pk)
    hazards = list(Hazard.objects.filter(answer__inspection=inspection).order_by("id"))
    following = None
    if inspection.task is not None:
        following = (
            queries.objects_to_visit(user, inspection.task, seen=False, region=inspection.locality_id)
            .exclude(pk=inspection.enterprise_id)
            .order_by("-id")
            .first()
        )
    context = {
        "inspection": inspection,
        "hazards": hazards,
        "papers": list(queries.papers_of(inspection).order_by("id")),
        "next": following,
        "task_pk": inspection.task_id or 0,
    }
    return render(request, "inspections/done.html", context)


# --- at the desk ---------------------------------------------------------------------------


def _visible(request: HttpRequest, pk: int) -> Inspection:
    rows = Inspection.objects.visible_to(user_of(request)).select_related(
        "campaign",
        "task",
        "checklist__book_version",
        "enterprise__kind",
        "premises",
        "organization",
        "department",
        "locality",
        "recorded_by",
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_INSPECTIONS)
def inspection_list(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    filters = {name: request.GET.get(name, "").strip() for name in request.GET}
    rows = queries.listed(user, filters).select_related(
        "enterprise", "organization", "task", "locality", "recorded_by"
    )
    page = _page(rows, request, order=("-inspected_on", "-id"), size=50)
    context = {
        "page": page,
        "chips": _chips(request, user, filters),
        "kinds": Inspection.Kind.choices,
        "filters": {name: filters.get(name, "") for name in ("kind", "clean", "from", "to")},
        "since": filters.get("from", ""),
        "kept": [
            (name, filters[name])
            for name in ("campaign", "task", "region", "department", "enterprise")
            if filters.get(name)
        ],
        "may_conduct": user.has_perm(Permission.CONDUCT_INSPECTION),
    }
    return render(request, "inspections/list.html", context)


def _chips(request: HttpRequest, user: User, filters: dict[str, str]) -> list[dict[str, str]]:
    """The filters in force in words. Names are looked up only for what the person may see."""
    found = []
    for name, label, value in (
        ("campaign", "专项整治", _name(Campaign.objects.visible_to(user), filters.get("campaign", ""))),
        (
            "task",
            "任务",
            _name(
                Task.objects.filter(campaign__in=Campaign.objects.visible_to(user)), filters.get("task", "")
            ),
        ),
        ("region", "区划", _name(Region.objects.all(), filters.get("region", ""))),
        (
            "department",
            "主管部门",
            _name(Organization.objects.filter(kind="department"), filters.get("department", "")),
        ),
        ("enterprise", "企业", _name(Enterprise.objects.visible_to(user), filters.get("enterprise", ""))),
        ("kind", "类别", dict(Inspection.Kind.choices).get(filters.get("kind", ""), "")),
        ("clean", "结果", {"1": "未发现隐患", "0": "发现隐患"}.get(filters.get("clean", ""), "")),
        ("from", "自", filters.get("from", "")),
        ("to", "至", filters.get("to", "")),
    ):
        if value:
            rest = request.GET.copy()
            rest.pop(name, None)
            rest.pop("cursor", None)
            found.append({"label": label, "value": value, "remove_url": f"?{rest.urlencode()}"})
    return found


def _name(rows: Any, pk: str) -> str:
    number = row_number(pk)
    if not number:
        return ""
    row = rows.filter(pk=number).first()
    return str(row) if row is not None else "已选"


@require_safe
@require(Permission.VIEW_INSPECTIONS)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    inspection = _visible(request, pk)
    answers = list(
        inspection.answers.select_related("hazard", "check_item__library_item").order_by("position")
    )
    hazards = [answer.hazard for answer in answers if answer.hazard is not None]
    papers = list(queries.papers_of(inspection).order_by("id"))
    signatures = attachments.signatures_of(inspection)
    noticed = None
    if signals.sees_signals(user):
        noticed = signals.of_visit(inspection, user)
        for row in noticed or []:
            row["kinds"] = signals.kinds_of_note(user, row["signal"])
    context = {
        "sees_signals": signals.sees_signals(user),
        "signals": noticed,
        "off_by": _off_by(inspection),
        "meanwhile": list(signals.simultaneous(inspection)),
        "inspection": inspection,
        "answers": _with_photos(answers, hazards),
        "signatures": [(each, is_as_signed(inspection, each.content_hash)) for each in signatures],
        "drawn": Signature.Method.DRAWN,
        "scene": _photos(attachments.of(inspection, "scene"), "现场"),
        "papers": papers,
        "members": list(inspection.members.order_by("position")),
        "may_issue_opinion": queries.may_issue_for(user, inspection)
        and bool(queries.reinspections_without_opinion(inspection, papers))
        and any(each.kind == Paper.Kind.RECTIFICATION_ORDER for each in papers),
        "minutes": max(1, round((inspection.finished_at - inspection.started_at) / dt.timedelta(minutes=1))),
    }
    return render(request, "inspections/detail.html", context)


def _off_by(inspection: Inspection) -> str:
    """How far from the registered place it was handed in, in words; "" where either is unknown."""
    metres = weighing.off_by(inspection)
    if metres is None:
        return ""
    error = f"，手机估计误差{evidence.distance_words(inspection.accuracy)}" if inspection.accuracy else ""
    return f"离登记位置{evidence.distance_words(metres)}{error}"


def _with_photos(answers: list[Any], hazards: list[Hazard]) -> list[dict[str, Any]]:
    """Each answer with the photos of its hazard, before and after a fix on the spot."""
    fixes = {
        each.hazard_id: each
        for each in Rectification.objects.filter(hazard__in=hazards, hazard__fixed_on_spot=True, round=1)
    }
    kept = attachments.of_many([*hazards, *fixes.values(), *answers])
    rows = []
    for answer in answers:
        photos = _photos(kept[chain_of(answer)].get("scene", []), "现场")
        if answer.hazard is not None:
            photos += _photos(kept[chain_of(answer.hazard)].get("before", []), "整改前")
            if answer.hazard.pk in fixes:
                photos += _photos(kept[chain_of(fixes[answer.hazard.pk])].get("after", []), "整改后")
        judgement = asking.sentence(answer.check_item, answer.measured)
        rows.append({"answer": answer, "hazard": answer.hazard, "photos": photos, "judgement": judgement})
    return rows


def _photos(found: list[Attachment], label: str) -> list[dict[str, str]]:
    return [
        {
            "url": each.get_absolute_url(),
            "thumbnail": each.thumbnail_url,
            "caption": f"{label} {timezone.localtime(each.uploaded_at):%m-%d %H:%M}",
        }
        for each in found
    ]


@require_POST
@require(Permission.ISSUE_PAPER)
def opinion(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue 整改复查意见书 over what has been reinspected since the last one."""
    inspection = _visible(request, pk)
    try:
        paper = issue_reinspection_opinion(inspection, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(inspection)
    messages.success(request, f"已制发{paper}")
    return redirect("papers:detail", paper.pk)
