"""Pages of pressing by hand: who is late, with what, and the press."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate

from .models import Duty
from .pressing import late_bodies, late_in_area, press, today_in_area
from .queries import narrow

BODIES = 15  # organizations on one page


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def late(request: Request) -> HttpResponse:
    """Everything late in one's area, by organization; `organization`, `region` and `kind` narrow the rows below.

    With `state=today` the rows that fall due on this day instead.
    """
    today = timezone.localdate()
    region = request.GET.get("region", "")
    if region and not (region.isascii() and region.isdecimal() and len(region) <= 12):
        raise Http404
    is_today = request.GET.get("state") == "today"
    bodies = [] if is_today else late_bodies(request.user, on=today, region=region)
    rows = narrow(
        (today_in_area if is_today else late_in_area)(request.user, on=today, region=region),
        state="",
        kind=request.GET.get("kind", ""),
        on=today,
    )
    chosen = row_number(request.GET.get("organization", ""))
    body = next((each for each in bodies if each.organization_id == chosen), None)
    pages = Paginator(bodies, BODIES)
    body_page = pages.get_page(request.GET.get("bodies"))
    others = {key: value for key, value in request.GET.items() if key in ("region", "organization", "kind")}
    turn = {
        f"{side}_url": f"?{urlencode(others | {'bodies': number})}"
        for side, number, there in (
            ("previous", body_page.number - 1, body_page.has_previous()),
            ("next", body_page.number + 1, body_page.has_next()),
        )
        if there
    }
    if body is not None:
        rows = rows.filter(organization=chosen)
    try:
        page = paginate(rows, order=("due_on", "id"), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect(request.path)
    return render(
        request,
        "duties/late.html",
        {
            "today": today,
            "bodies": body_page.object_list,
            "body_count": len(bodies),
            "body_turn": turn if pages.num_pages > 1 else None,
            "is_today": is_today,
            "body": body,
            "region": region,
            "kind": request.GET.get("kind", ""),
            "kinds": Duty.Kind.choices,
            "page": page,
            "may_press": request.user.has_perm(Permission.ASSIGN_DUTY),
        },
    )


@require_POST
@require(Permission.ASSIGN_DUTY)
def press_body(request: Request, pk: int) -> HttpResponse:
    """Urge an organization; back to the page one came from."""
    organization = get_object_or_404(Organization, pk=pk)
    try:
        count = press(organization, note=request.POST.get("note", ""), by=request.user)
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"已催办{organization.short_name} {count} 件")
    back = request.POST.get("next", "")
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = f"{reverse('duties:late')}?organization={pk}"
    return HttpResponseRedirect(back)
