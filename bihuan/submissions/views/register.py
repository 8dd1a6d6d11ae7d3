"""The register, what is unanswered above, what waits here, and what a record has been asked about."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, KeysetPage, paginate
from bihuan.jobs.handing import take_away

from .. import queries, sources
from ..exporting import SUBMISSIONS
from ..matters import Matter, matters_for, shipped
from ..models import Submission
from ..standing import drafts_for
from ..workflow import Form, Outcome
from . import user_of

FILTERS = ("form", "state", "matter", "outcome", "from", "year", "subject", "q")


def _page(request: Request, rows: QuerySet[Submission], order: tuple[str, ...]) -> KeysetPage[Submission]:
    try:
        return paginate(rows, order=order, cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error


@require_safe
@require(Permission.VIEW_SUBMISSIONS)
def index(request: Request) -> HttpResponse:
    """Every paper one may see, newest first."""
    user, today = user_of(request), timezone.localdate()
    filters = {name: request.GET.get(name, "").strip() for name in FILTERS}
    rows = queries.listed(user, filters, on=today).select_related(*queries.RELATED)
    own = drafts_for(user)
    names = {each.key: each.name for each in (matters_for(own, today) if own else shipped())}
    body = Organization.objects.filter(pk=row_number(filters["from"])).first() if filters["from"] else None
    context = {
        "page": _page(request, rows, ("-id",)),
        "tiles": queries.tiles(user, on=today),
        "filters": filters,
        "forms": Form.choices,
        "states": queries.STATES.items(),
        "outcomes": Outcome.choices,
        "matters": names.items(),
        "years": range(today.year, today.year - 5, -1),
        "body": body,
        "may_draft": own is not None,
        "to_sign": list(queries.to_sign(user)[:10]),
        "query": request.GET.urlencode(),
        "today": today,
    }
    return render(request, "submissions/list.html", context)


@require_safe
@require(Permission.VIEW_SUBMISSIONS)
def above(request: Request) -> HttpResponse:
    """What is still unanswered above us, the most pressing first, and what was asked of us with answers."""
    user, today = user_of(request), timezone.localdate()
    rows = queries.above(user)
    context = {
        "page": _page(request, rows, ("issued_on", "id")),
        "late": rows.late(on=today).count(),
        "requests": rows.unanswered().count(),
        "conditions": queries.conditions_of(user),
        "today": today,
        "may_draft": drafts_for(user) is not None,
    }
    return render(request, "submissions/above.html", context)


@require_safe
@require(Permission.VIEW_SUBMISSIONS)
def here(request: Request) -> HttpResponse:
    """What waits in one's own body: to sign for, to give out, to propose, to decide, to say an opinion on."""
    user, today = user_of(request), timezone.localdate()
    rows = queries.here(user)
    context = {
        "page": _page(request, rows, ("issued_on", "id")),
        "late": rows.late(on=today).count(),
        "mine": rows.filter(handler=user).count(),
        "opinions": queries.opinions_of(user),
        "to_sign": list(queries.to_sign(user)[:20]),
        "today": today,
    }
    return render(request, "submissions/here.html", context)


@require(Permission.VIEW_SUBMISSIONS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """The register as a sheet, as it is filtered."""
    back = reverse("submissions:list")
    return take_away(request, SUBMISSIONS, query=request.GET.urlencode(), said="按当前筛选", back=back)


@require_safe
@require(Permission.VIEW_SUBMISSIONS)
def about(request: Request) -> HttpResponse:
    """What has been asked and reported about one record, and what may be drafted about it."""
    user, today = user_of(request), timezone.localdate()
    facts = sources.find(request.GET.get("subject", "")[:80], user)
    if facts is None:
        raise Http404
    own = drafts_for(user)
    source, suggested = sources.source_of(facts.subject), sources.suggested_by(facts.subject)
    fitting: list[Matter] = []
    others: list[Matter] = []
    for matter in matters_for(own, today) if own else []:
        (fitting if matter.suggests and matter.suggests in suggested else others).append(matter)
    context = {
        "facts": facts,
        "source": source,
        "rows": list(queries.about(facts.subject, user)[:50]),
        "fitting": fitting,
        "others": [each for each in others if not sources.is_certain(each.suggests)],
        "own": own,
        "today": today,
    }
    return render(request, "submissions/about.html", context)
