"""The enterprise's self-check: which checklist, the walk on a phone, and who has done it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.campaigns.models import Campaign, Checklist, Task
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.duties import clock
from bihuan.hazards.models import Hazard
from bihuan.inspections import asking
from bihuan.inspections.forms import MAX_PHOTOS, Walk
from bihuan.inspections.models import Inspection
from bihuan.inspections.queries import supplier_of
from bihuan.inspections.submission import InspectionRefused, Problem
from bihuan.inspections.views import all_url
from bihuan.registry.models import Enterprise

from .. import actions, queries
from ..standing import own_enterprise
from . import user_of

MOST_LISTS = 8


def _own(request: Request) -> Enterprise:
    own = own_enterprise(user_of(request))
    if own is None or own.organization is None:
        raise PermissionDenied
    return own


@require_safe
@require(Permission.SIGN_PLEDGE)
def choose(request: Request) -> HttpResponse:
    """The checklists inspectors will bring, to be walked before they come."""
    own = _own(request)
    context = {
        "enterprise": own,
        "walkable": queries.walkable(own),
        "offers": asking.offers(own, timezone.localdate())[:MOST_LISTS],
        "recent": queries.self_checks(user_of(request)).filter(enterprise=own).select_related("task")[:10],
        "is_supplier": supplier_of(user_of(request)) is not None,
    }
    return render(request, "pledges/self_check.html", context)


def _chosen(request: Request, own: Enterprise) -> tuple[Task | None, Checklist | None]:
    """The task's checklist or the list of the library asked for; neither is a walk without a list."""
    if number := row_number(request.GET.get("task", "")):
        offered = next((each for each in queries.walkable(own) if each.task.pk == number), None)
        if offered is None:
            raise Http404
        # A walk begun on an earlier version is judged by it.
        walked = offered.task.checklists.filter(pk=row_number(request.POST.get("checklist", ""))).first()
        return offered.task, walked or offered.checklist
    if number := row_number(request.GET.get("list", "")):
        found = asking.library_list(own, number)
        if found is None:
            raise Http404
        return None, found
    return None, None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache  # it brings the key of the drafts that lie on this device
@require(Permission.SIGN_PLEDGE)
def walk(request: Request) -> HttpResponse:
    """The whole checklist on one page; one submit."""
    own, user = _own(request), user_of(request)
    assert own.organization is not None
    task, checklist = _chosen(request, own)
    today, calendar = timezone.localdate(), clock.calendar()
    general = clock.due("hazard.rectify.general", today, using=calendar)
    major = clock.due("hazard.rectify.major", today, using=calendar)
    form = Walk(
        user=user,
        enterprise=own,
        organization=own.organization,
        task=task,
        checklist=checklist,
        kind=Inspection.Kind.SELF_CHECK,
        everything="all" in request.GET,
        whole="whole" in request.GET,
        due_on=general.due_on,
        major_due_on=major.due_on,
        data=request.POST if request.method == "POST" else None,
        files=request.FILES if request.method == "POST" else None,
    )
    status = 200
    if request.method == "POST":
        given = form.read()
        status = 422
        if given is None:
            form.show(form.problems)
        else:
            try:
                inspection = actions.submit_self_check(
                    given, image=request.POST.get("signature", ""), by=user
                )
            except InspectionRefused as error:
                form.show(error.problems)
            except Refused as error:
                form.show([Problem("sign", str(error))])
            else:
                return redirect("pledges:self_checked", inspection.pk)
    context = {
        "walk": form,
        "enterprise": own,
        "task": form.task,
        "clock": general.sentence(),
        "major_clock": major.sentence(),
        "may_grade": False,
        "max_photos": MAX_PHOTOS,
        "upload_url": reverse("attachments:upload"),
        "contacts": list(own.contacts.all()),
        "draft_key": f"self-check-{checklist.pk if checklist else 0}-{own.pk}-user-{user.pk}",
        "user_name": user.full_name,
        "all_url": all_url(request),
    }
    return render(request, "pledges/walk.html", context, status=status)


@require_safe
@require(Permission.SIGN_PLEDGE)
def done(request: Request, pk: int) -> HttpResponse:
    """What was found and what to do with it."""
    inspection = get_object_or_404(
        Inspection.objects.visible_to(user_of(request))
        .filter(kind=Inspection.Kind.SELF_CHECK)
        .select_related("task", "enterprise"),
        pk=pk,
    )
    hazards = Hazard.objects.filter(answer__inspection=inspection).select_related("reviewing_organization")
    context = {"inspection": inspection, "hazards": hazards.order_by("id")}
    return render(request, "pledges/self_checked.html", context)


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def index(request: Request) -> HttpResponse:
    """Who has checked itself, when and what it found (R074): the rows behind the figure of a campaign."""
    user = user_of(request)
    campaign = None
    if pk := row_number(request.GET.get("campaign", "")):
        campaign = Campaign.objects.visible_to(user).filter(pk=pk).first()
        if campaign is None:
            raise Http404
    rows = queries.self_checks(user, campaign=campaign, region=request.GET.get("region", ""))
    try:
        page = paginate(
            rows.select_related("enterprise", "task", "locality", "recorded_by"),
            order=("-inspected_on", "-id"),
            cursor=request.GET.get("cursor"),
            size=50,
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "campaign": campaign,
        "enterprises": queries.self_checked_enterprises(user, campaign) if campaign else None,
        "ledger_url": f"{reverse('hazards:ledger')}?{urlencode({'source': 'self_check'})}",
    }
    return render(request, "pledges/self_checks.html", context)
