"""The register: the list as of any moment, its sheet, and the lessons of settled cases."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import regions_to_choose
from bihuan.accounts.scope import scope_of
from bihuan.core.http import Asked, Request
from bihuan.core.paging import BadCursor, paginate
from bihuan.jobs.handing import take_away
from bihuan.rules import accidents as rules

from .. import queries
from ..exporting import ACCIDENTS
from ..models import Inquiry
from ..standing import reporting_body
from ..workflow import AccidentStatus, Grade, InquiryStatus, Kind
from . import user_of

COUNTS = [("1", "计入的"), ("0", "不计入的")]
GRADES = [*Grade.choices, ("larger_up", "较大及以上")]


@require_safe
@require(Permission.VIEW_ACCIDENTS)
def index(request: Request) -> HttpResponse:
    """Accidents with what they count as, now or as of a moment."""
    user = user_of(request)
    ask = queries.wanted(request.GET.dict())
    lines = queries.matching(queries.figures(user, at=ask.at), ask)
    rows = lines.select_related(
        "accident__enterprise", "county", "locality", "city", "department", "accident__filed_by"
    )
    try:
        page = paginate(rows, order=("-occurred_on", "-id"), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    areas = scope_of(user, Permission.VIEW_ACCIDENTS).areas
    context = {
        "page": page,
        "ask": ask,
        "total": queries.total(lines),
        "regions": [(each.code, each.short_name) for each in regions_to_choose(areas, ask.region)]
        if areas
        else [],
        "departments": [
            (str(pk), name)
            for pk, name in Organization.objects.current(on=timezone.localdate())
            .filter(kind=Organization.Kind.DEPARTMENT)
            .filter(Q(region__code__startswith=areas[0][:4]) if areas else Q(pk__in=()))
            .values_list("pk", "short_name")
        ],
        "groups": rules.groups().items(),
        "kinds": Kind.choices,
        "grades": GRADES,
        "statuses": AccidentStatus.choices,
        "counts": COUNTS,
        "given": Asked(request),
        "may_report": user.has_perm(Permission.REPORT_ACCIDENT) and reporting_body(user) is not None,
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
        "is_filtered": any(value for name, value in request.GET.items() if name != "cursor"),
    }
    return render(request, "accidents/list.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.EXPORT_HAZARDS)
def export(request: Request) -> HttpResponseBase:
    """The list as a sheet."""
    ask = queries.wanted(request.GET.dict())
    said = f"截至 {timezone.localtime(ask.at):%Y-%m-%d %H:%M}" if ask.at else "现有"
    return take_away(
        request, ACCIDENTS, query=request.GET.urlencode(), said=said, back=reverse("accidents:list")
    )


@require_safe
@require(Permission.VIEW_ACCIDENTS)
def cases(request: Request) -> HttpResponse:
    """The lessons of inquiries that are approved (事故案例, R175)."""
    user = user_of(request)
    rows = (
        Inquiry.objects.visible_to(user)
        .filter(status=InquiryStatus.APPROVED)
        .exclude(lesson="")
        .select_related("accident__enterprise", "accident__county", "accident__locality")
    )
    group = request.GET.get("group", "")
    if group in rules.groups():
        rows = rows.filter(accident__kind__in=rules.kinds_of(group))
    if words := request.GET.get("q", "").strip()[:60]:
        rows = rows.filter(
            Q(lesson__contains=words) | Q(direct_cause__contains=words) | Q(accident__title__contains=words)
        )
    try:
        page = paginate(rows, order=("-approved_on", "-id"), cursor=request.GET.get("cursor"), size=20)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return render(
        request, "accidents/cases.html",
        {"page": page, "groups": rules.groups().items(), "given": Asked(request)},
    )  # fmt: skip
