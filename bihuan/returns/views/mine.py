"""What one's body has to report, and what it reported."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.dates import day_in, day_starts
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate

from ..models import Return
from ..queries import LOADED, STATES, in_state
from ..workflow import Status
from . import user_of
from .burden import month_in


@require_safe
@require(Permission.VIEW_RETURNS)
def index(request: Request) -> HttpResponse:
    """Returns of one's own body first; all that one may see by choice."""
    user, today = user_of(request), timezone.localdate()
    own = Return.objects.owed_by(user)
    whose = request.GET.get("whose", "")
    if whose not in ("own", "all"):
        whose = "own" if user.has_perm(Permission.FILE_RETURN) else "all"
    state = request.GET.get("state", "")
    rows = Return.objects.visible_to(user)
    if whose == "own":
        rows = rows.filter(pk__in=own.values("pk"))
    if definition := row_number(request.GET.get("definition", "")):
        rows = rows.filter(period__definition=definition)
    signed_from = day_in(request.GET.get("signed_from", ""))
    if signed_from:
        rows = rows.filter(current__at__gte=day_starts(signed_from))
    body, month = row_number(request.GET.get("body", "")), month_in(request.GET.get("month", ""))
    if body:
        rows = rows.filter(organization=body)
    if month:
        rows = rows.filter(period__last__range=month).exclude(status=Status.WAIVED)
    rows = in_state(rows, state, on=today).select_related(*LOADED)
    try:
        page = paginate(rows, order=("-due_on", "-id"), cursor=request.GET.get("cursor"), size=40)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    waiting = own.select_related(*LOADED)
    context = {
        "page": page,
        "whose": whose,
        "state": state,
        "states": STATES.items(),
        "signed_from": signed_from,
        "body": body,
        "month": month,
        "today": today,
        "due": in_state(waiting, "due", on=today).order_by("due_on", "pk")[:12] if whose == "own" and not state else [],
        "may_collect": user.has_perm(Permission.RECEIVE_RETURNS),
        "may_define": user.has_perm(Permission.DEFINE_RETURNS),
    }  # fmt: skip
    return render(request, "returns/list.html", context)
