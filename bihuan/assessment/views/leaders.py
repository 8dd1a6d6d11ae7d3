"""The record of leaders over the years (R125), to be printed for the organisation department."""

from __future__ import annotations

from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request
from bihuan.jobs.handing import take_away

from ..careers import holdings_for, years_of
from ..exporting import LEADERS
from . import page_of, user_of


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def index(request: Request) -> HttpResponse:
    """The leading posts and who held them, now and before."""
    rows = holdings_for(user_of(request))
    words = request.GET.get("q", "").strip()[:40]
    if words:
        rows = rows.filter(Q(user__full_name__icontains=words) | Q(post__organization__name__icontains=words))
    now = request.GET.get("now", "")
    today = timezone.localdate()
    if now == "1":
        rows = rows.filter(Q(to_on=None) | Q(to_on__gte=today))
    context = {
        "page": page_of(request, rows, ("-id",)),
        "q": words,
        "now": now,
        "today": today,
        "may_export": _may_export(user_of(request)),
    }
    return render(request, "assessment/leaders.html", context)


def _may_export(user: User) -> bool:
    return user.has_perm(Permission.RUN_ASSESSMENT) or user.has_perm(Permission.ADOPT_ASSESSMENT)


@require_safe
@require(Permission.VIEW_ASSESSMENT)
def detail(request: Request, pk: int) -> HttpResponse:
    """One leader: year by year what the bodies led came to."""
    user = user_of(request)
    holdings = list(holdings_for(user).filter(user=pk).order_by("from_on", "pk"))
    if not holdings:
        raise Http404
    today = timezone.localdate()
    years = years_of(holdings[0].user, holdings, today=today)
    context = {
        "leader": holdings[0].user,
        "holdings": holdings,
        "years": years,
        "today": today,
        "vetoes": sum(each.vetoes for each in years),
        "listed": sum(len(each.listings) for each in years),
        "stern": sum(len(each.papers) for each in years),
        "assessed": sum(len(each.results) for each in years),
        "body": next((post.organization for post in user.posts), None),
        "printed_by": user,
    }
    return render(request, "assessment/leader.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.RUN_ASSESSMENT, Permission.ADOPT_ASSESSMENT)
def export(request: Request) -> HttpResponseBase:
    """Every leader's years as a sheet."""
    return take_away(request, LEADERS, query="", said="领导干部历年考核", back=reverse("assessment:leaders"))
