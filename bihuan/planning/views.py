"""Pages of planning: what is to be visited, plans of a year, requests, joint visits, draws and their public face."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.core.http import content_disposition, row_number
from bihuan.core.paging import BadCursor, KeysetPage, paginate
from bihuan.inspections.burden import counts_this_year, visits_this_year
from bihuan.inspections.queries import conductible
from bihuan.registry.models import Enterprise

from . import draws as acts
from . import joint as joint_acts
from . import plans as planning
from .due import bodies, owed_at
from .forms import MOST_NAMED, DrawForm, OwnRecusalForm, PlanForm, RecusalForm, RequestForm, named
from .models import (
    Draw,
    DrawReplacement,
    JointShare,
    JointVisit,
    PlannedVisit,
    Recusal,
    VisitPlan,
    VisitRequest,
)
from .visits import cancel_visit

PAGE_SIZE = 50


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def _page(rows: QuerySet[Any], request: HttpRequest, *order: str) -> KeysetPage[Any]:
    try:
        return paginate(rows, order=order, cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    except BadCursor as error:
        raise BadRequest(str(error)) from error


def _attempt(request: HttpRequest, act: Callable[[], object], done: str) -> bool:
    """Do it and say so, or say why not."""
    try:
        act()
    except Refused as error:
        messages.warning(request, str(error))
        return False
    messages.success(request, done)
    return True


# --- visits to be made ------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def visits(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    filters = {name: request.GET.get(name, "").strip() for name in ("status", "source", "mine")}
    rows = PlannedVisit.objects.visible_to(user).select_related("enterprise", "organization", "locality")
    status = filters["status"] if filters["status"] in PlannedVisit.Status.values else "planned"
    rows = rows.filter(status=status)
    if filters["source"] in PlannedVisit.Source.values:
        rows = rows.filter(source=filters["source"])
    if filters["mine"]:
        rows = rows.filter(inspectors=user)
    page = _page(rows, request, "window_to", "id")
    counts = counts_this_year(visit.enterprise_id for visit in page.items)
    context = {
        "page": page,
        "entries": [(visit, counts.get(visit.enterprise_id, 0)) for visit in page.items],
        "status": status,
        "source": filters["source"],
        "mine": filters["mine"],
        "statuses": PlannedVisit.Status.choices,
        "sources": PlannedVisit.Source.choices,
        "today": timezone.localdate(),
        "may_plan": acts.may_plan(user),
        "may_recuse": user.has_perm(Permission.CONDUCT_INSPECTION),
    }
    return render(request, "planning/visits.html", context)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit to be made, with who has been there this year."""
    user = user_of(request)
    rows = PlannedVisit.objects.visible_to(user).select_related(
        "enterprise", "organization", "draw", "plan", "joint", "inspection"
    )
    found = get_object_or_404(rows, pk=pk)
    shares = list(found.joint.shares.select_related("organization")) if found.joint else []
    own = {post.organization_id for post in user.posts}
    may_walk = (
        found.status == PlannedVisit.Status.PLANNED
        and conductible(user).filter(pk=found.enterprise_id).exists()
    )
    context = {
        "visit": found,
        "inspectors": list(found.inspectors.order_by("full_name")),
        "made": visits_this_year(found.enterprise),
        # What is one's own body's to do there opens from here; what the others do is theirs to open.
        "shares": [
            (share, share.organization_id in own and found.status == PlannedVisit.Status.PLANNED)
            for share in shares
        ],
        "walk_url": _walk_url(found, shares) if may_walk else "",
        "may_cancel": found.status == PlannedVisit.Status.PLANNED and _plans_for(user, found.organization_id),
    } | _owed(user, found.enterprise)
    return render(request, "planning/visit.html", context)


def _walk_url(visit: PlannedVisit, shares: list[JointShare]) -> str:
    """Where the visit is recorded; on a joint one the people of the bodies that agreed may sign along."""
    along = [share.organization_id for share in shares if share.answer == JointShare.Answer.ACCEPTED]
    query: list[tuple[str, str | int]] = [("enterprise", visit.enterprise_id), ("kind", visit.kind)]
    query += [("with", pk) for pk in along]
    return f"{reverse('inspections:walk')}?{urlencode(query)}"


def _owed(user: User, enterprise: Enterprise) -> dict[str, Any]:
    """What each body has to do there in the next weeks, for whoever plans to go (R059)."""
    today = timezone.localdate()
    until = today + dt.timedelta(days=joint_acts.JOINT_DAYS)
    owed = bodies(owed_at(user, until, enterprise).get(enterprise.pk, []))
    asked = JointVisit.objects.filter(enterprise=enterprise, status=JointVisit.Status.PROPOSED).exists()
    may_propose = len(owed) > 1 and not asked and acts.may_plan(user)
    return {
        "owed": owed, "enterprise": enterprise, "today": today, "may_propose": may_propose,
    }  # fmt: skip


def _plans_for(user: User, organization_id: int) -> bool:
    """Whether somebody plans the visits of this very body."""
    return acts.may_plan(user) and organization_id in {post.organization_id for post in user.posts}


@require_POST
@require(Permission.PLAN_VISITS)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up one planned visit with a reason."""
    user = user_of(request)
    found = get_object_or_404(PlannedVisit.objects.visible_to(user).select_related("enterprise"), pk=pk)
    _attempt(
        request, lambda: cancel_visit(found, request.POST.get("reason", ""), by=user), "已取消，理由已记录"
    )
    return redirect("planning:visit", found.pk)


# --- plans ------------------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def plans(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    rows = VisitPlan.objects.visible_to(user).select_related("organization", "made_by")
    return render(
        request,
        "planning/plans.html",
        {"page": _page(rows, request, "-year", "-id"), "may_plan": acts.may_plan(user)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.PLAN_VISITS)
def new_plan(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    organization = acts.planning_organization(user)
    form = PlanForm(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(planning.make_plan(**form.cleaned_data, by=user))
        except Refused as error:
            form.add_error(None, str(error))
    status = 422 if form.errors else 200
    return render(
        request, "planning/plan_form.html", {"form": form, "organization": organization}, status=status
    )


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    rows = VisitPlan.objects.visible_to(user).select_related("organization", "made_by", "adopted_by")
    found = get_object_or_404(rows, pk=pk)
    context = {
        "plan": found,
        "figures": found.figures,
        "months": planning.months_of(found),
        "may_adopt": found.status == VisitPlan.Status.DRAFT
        and planning.approves_for(user, found.organization_id),
    }
    return render(request, "planning/plan.html", context)


@require_POST
@require(Permission.APPROVE_VISIT)
def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    found = get_object_or_404(VisitPlan.objects.visible_to(user).select_related("organization"), pk=pk)
    _attempt(request, lambda: planning.adopt_plan(found, by=user), "计划已批准，各月的检查已列入待检查")
    return redirect(found)


# --- requests ---------------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def requests(request: HttpRequest) -> HttpResponse:
    """What was asked for and decided; `q` finds the enterprise to ask for."""
    user = user_of(request)
    rows = VisitRequest.objects.visible_to(user).select_related(
        "enterprise", "organization", "by", "decided_by", "visit"
    )
    page = _page(rows, request, "-id")
    entries = [
        (
            row,
            row.status == VisitRequest.Status.ASKED
            and row.by_id != user.pk
            and planning.approves_for(user, row.organization_id),
        )
        for row in page.items
    ]
    q = request.GET.get("q", "").strip()[:60]
    matches = named(conductible(user), q) if q and acts.may_plan(user) else []
    context = {
        "page": page,
        "entries": entries,
        "may_plan": acts.may_plan(user),
        "q": q,
        "matches": matches[:MOST_NAMED],
        "has_more": len(matches) > MOST_NAMED,
    }
    return render(request, "planning/requests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.PLAN_VISITS)
def new_request(request: HttpRequest) -> HttpResponse:
    """Ask for a visit; who has been there this year stands beside the form."""
    user = user_of(request)
    organization = acts.planning_organization(user)
    enterprise = get_object_or_404(
        Enterprise.objects.visible_to(user), pk=row_number(request.GET.get("enterprise", ""))
    )
    form = RequestForm(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        try:
            row = planning.request_visit(enterprise, **form.cleaned_data, by=user)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已提交，{row.get_status_display()}")
            return redirect("planning:requests")
    context = {
        "form": form,
        "enterprise": enterprise,
        "made": visits_this_year(enterprise),
    } | _owed(user, enterprise)
    return render(request, "planning/request_form.html", context, status=422 if form.errors else 200)


@require_POST
@require(Permission.APPROVE_VISIT)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    row = get_object_or_404(
        VisitRequest.objects.visible_to(user).select_related("enterprise", "organization"), pk=pk
    )
    approve = request.POST.get("approve") == "1"
    decision = request.POST.get("decision", "")
    _attempt(
        request,
        lambda: planning.decide_request(row, approve=approve, decision=decision, by=user),
        "审批意见已记录",
    )
    return redirect("planning:requests")


# --- joint visits -----------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def joints(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    own = {post.organization_id for post in user.posts}
    rows = (
        _joints(user)
        .select_related("enterprise", "organization")
        .prefetch_related("shares__organization", "shares__visit")
        .order_by("-id")[:50]
    )
    may_plan = acts.may_plan(user)
    entries = [
        (
            joint,
            may_plan
            and joint.status == JointVisit.Status.PROPOSED
            and any(
                share.organization_id in own and share.answer == JointShare.Answer.WAITING
                for share in joint.shares.all()
            ),
        )
        for joint in rows
    ]
    context = {
        "entries": entries,
        "candidates": joint_acts.candidates(user),
        "days": joint_acts.JOINT_DAYS,
        "today": timezone.localdate(),
        "may_plan": may_plan,
    }
    return render(request, "planning/joints.html", context)


def _joints(user: User) -> QuerySet[JointVisit]:
    """Joint visits to what a person sees, and those their own body is asked to join."""
    seen = Enterprise.objects.visible_to(user).values("pk")
    asked = JointShare.objects.filter(organization__in=[post.organization_id for post in user.posts])
    return JointVisit.objects.filter(Q(enterprise__in=seen) | Q(pk__in=asked.values("joint")))


@require_POST
@require(Permission.PLAN_VISITS)
def propose(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    enterprise = get_object_or_404(
        Enterprise.objects.visible_to(user), pk=row_number(request.POST.get("enterprise", ""))
    )
    _attempt(request, lambda: joint_acts.propose_joint(enterprise, by=user), "已向各单位提出合并检查")
    return redirect("planning:joints")


@require_POST
@require(Permission.PLAN_VISITS)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    joint = get_object_or_404(_joints(user).select_related("enterprise"), pk=pk)
    accept, reason = request.POST.get("accept") == "1", request.POST.get("reason", "")
    _attempt(
        request,
        lambda: joint_acts.answer_joint(joint, accept=accept, reason=reason, by=user),
        "已答复",
    )
    return redirect("planning:joints")


# --- recusals ---------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.PLAN_VISITS)
def recusals(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    organization = acts.planning_organization(user)
    form = RecusalForm(request.POST or None, organization=organization, user=user)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        is_new = acts.recuse(organization, given["user"], given["enterprise"], given["reason"], by=user)
        messages.success(request, "回避已登记，今后的抽取都会避开" if is_new else "已有这条回避")
        return redirect("planning:recusals")
    rows = Recusal.objects.filter(organization=organization, is_active=True).select_related(
        "user", "enterprise"
    )
    context = {"form": form, "rows": rows, "organization": organization, "is_own": False}
    return render(request, "planning/recusals.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.CONDUCT_INSPECTION)
def own_recusals(request: HttpRequest) -> HttpResponse:
    """Inspectors say themselves whom they must not visit; only whoever plans may end it."""
    user = user_of(request)
    organization = acts.inspecting_body(user)
    form = OwnRecusalForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        is_new = acts.recuse(organization, user, given["enterprise"], given["reason"], by=user)
        messages.success(request, "回避已登记，今后的抽取都会避开" if is_new else "已有这条回避")
        return redirect("planning:own_recusals")
    rows = Recusal.objects.filter(user=user, is_active=True).select_related("user", "enterprise")
    context = {"form": form, "rows": rows, "organization": organization, "is_own": True}
    return render(request, "planning/recusals.html", context, status=422 if form.errors else 200)


@require_POST
@require(Permission.PLAN_VISITS)
def end_recusal(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    own = [post.organization_id for post in user.posts]
    row = get_object_or_404(Recusal, pk=pk, organization__in=own, is_active=True)
    with transaction.atomic():
        row.is_active = False
        row.save(update_fields=["is_active"])
        record("planning.end_recusal", row, by=user, summary=f"解除回避：{row}")
    messages.success(request, "回避已解除，已公布的抽取不受影响")
    return redirect("planning:recusals")


# --- draws ------------------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def draws(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    rows = Draw.objects.visible_to(user).select_related("organization")
    context = {"page": _page(rows, request, "-id"), "may_plan": acts.may_plan(user)}
    return render(request, "planning/draws.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.PLAN_VISITS)
def new_draw(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    organization = acts.planning_organization(user)
    form = DrawForm(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            found = acts.announce(
                acts.Announcement(
                    title=given["title"], kind=given["kind"], count=given["count"],
                    per_object=given["per_object"], inspectors=tuple(given["inspectors"]),
                    window_from=given["window_from"], window_to=given["window_to"],
                    kinds=tuple(kind.pk for kind in given["kinds"]), risks=tuple(given["risks"]),
                    region=given["region"].pk if given["region"] else "", public_source=given["public_source"],
                ),
                by=user,
            )  # fmt: skip
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "承诺值已公布。种子封存在系统里，抽取时才公布")
            return redirect(found)
    return render(
        request,
        "planning/draw_form.html",
        {"form": form, "organization": organization},
        status=422 if form.errors else 200,
    )


def _shown(draw: Draw, *, is_shown: bool, counted: bool = False) -> dict[str, Any]:
    """What a page says of a draw; seed, result and replacements only where `is_shown`. `counted`: how often each place
    was visited this year, for whoever sends people there."""
    rows = acts.outcome(draw) if is_shown else []
    if counted:
        counts = counts_this_year(row["enterprise"] for row in rows)
        rows = [row | {"made": counts.get(row["enterprise"], 0)} for row in rows]
    return {
        "draw": draw,
        "is_shown": is_shown,
        "counted": counted,
        "rows": rows,
        "replacements": list(draw.replacements.select_related("by")) if is_shown else [],
        "objects": len(draw.inputs.get("objects", [])),
        "people": len(draw.inputs.get("inspectors", [])),
        "recused": len(draw.inputs.get("recusals", [])),
        "at_cap": draw.conditions.get("at_cap", 0),
        "is_published": draw.status == Draw.Status.PUBLISHED,
    }


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    found = get_object_or_404(
        Draw.objects.visible_to(user).select_related("organization", "announced_by", "held_by"), pk=pk
    )
    context = _shown(found, is_shown=found.is_revealed, counted=True) | {
        "may_act": _plans_for(user, found.organization_id),
        "public_url": request.build_absolute_uri(reverse("planning:public_draw", args=[found.pk])),
    }
    return render(request, "planning/draw.html", context)


@require_POST
@require(Permission.PLAN_VISITS)
def act_on_draw(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Hold, replace, publish or cancel."""
    user = user_of(request)
    found = get_object_or_404(Draw.objects.visible_to(user).select_related("organization"), pk=pk)
    given = request.POST
    reason = given.get("reason", "")
    match act:
        case "hold":
            value = given.get("public_value", "")[:60]
            _attempt(request, lambda: acts.hold(found, public_value=value, by=user), "种子已公布，抽取完成")
        case "publish":
            _attempt(request, lambda: acts.publish(found, by=user), "抽查结果已公示")
        case "cancel":
            _attempt(request, lambda: acts.cancel(found, reason, by=user), "已取消")
        case "replace":
            what = given.get("what", "")
            if what not in DrawReplacement.What.values:
                raise Http404
            out, at = given.get("out", "")[:20], given.get("at_object", "")[:20]
            _attempt(
                request,
                lambda: acts.replace(found, what, out, at_object=at, reason=reason, by=user),
                "已按同一种子替换，理由一并公示",
            )
        case _:
            raise Http404
    return redirect(found)


# --- in public --------------------------------------------------------------------------------


@require_safe
@login_not_required
def public_draws(request: HttpRequest) -> HttpResponse:
    """Every draw, for everybody: a promise cannot be withdrawn unseen."""
    rows = Draw.objects.select_related("organization")
    return render(request, "planning/public_draws.html", {"page": _page(rows, request, "-id")})


@require_safe
@login_not_required
def public_draw(request: HttpRequest, pk: int) -> HttpResponse:
    """One draw, for everybody: the promise before, seed and result after, and how to recompute it."""
    found = get_object_or_404(Draw.objects.select_related("organization"), pk=pk)
    return render(request, "planning/public_draw.html", _shown(found, is_shown=found.is_public))


@require_safe
@login_not_required
def public_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file `bihuan draw verify` recomputes."""
    found = get_object_or_404(Draw.objects.select_related("organization"), pk=pk)
    text = json.dumps(acts.published_file(found), ensure_ascii=False, indent=1, sort_keys=True)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = content_disposition(f"双随机抽取-{found.pk}.json")
    return answer
