"""The register of who reports for each body (信息员, R111)."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, paginate

from ..reporters import KINDS, bodies, register, vacant
from . import user_of


@require_safe
@require(Permission.VIEW_RETURNS)
def index(request: Request) -> HttpResponse:
    """Bodies with their reporters; `state=vacant` those without one, `kind` and `q` narrow further."""
    user, today = user_of(request), timezone.localdate()
    seen = bodies(user, on=today)
    q, kind = request.GET.get("q", "").strip()[:40], request.GET.get("kind", "")
    is_vacant = request.GET.get("state") == "vacant"
    rows = vacant(seen, on=today) if is_vacant else seen
    if kind in KINDS:
        rows = rows.filter(kind=kind)
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(short_name__icontains=q))
    try:
        page = paginate(rows, order=("region_id", "kind", "id"), cursor=request.GET.get("cursor"), size=40)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "lines": register(page.items, user, on=today),
        "total": seen.count(),
        "empty_chairs": vacant(seen, on=today).count(),
        "kinds": [(key, Organization.Kind(key).label) for key in KINDS],
        "kind": kind,
        "q": q,
        "is_vacant": is_vacant,
    }
    return render(request, "returns/reporters.html", context)
