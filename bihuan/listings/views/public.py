"""What anybody may see without login, and the sign that hangs at the place (R089): nothing personal beyond name and
post of who is responsible."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request, content_disposition
from bihuan.core.paging import BadCursor, paginate

from .. import queries, signs
from ..workflow import HANGING, NoticePurpose, RequestStatus
from . import listing_or_404

SIZES = {"a4": "A4", "a3": "A3"}


@login_not_required
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """The public register: what hangs, what was struck off, by county and township."""
    region, state = request.GET.get("region", ""), request.GET.get("state", "")
    state = state if state in ("open", "ended") else ""
    try:
        page = paginate(
            queries.register(region, state, on=timezone.localdate()),
            order=("-id",),
            cursor=request.GET.get("cursor"),
            size=30,
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    counties = Region.objects.filter(
        pk__in=queries.published().exclude(county=None).order_by().values("county").distinct()
    )
    return render(
        request,
        "listings/register.html",
        {
            "page": page,
            "region": region,
            "state": state,
            "regions": [(each.code, each.name) for each in counties.order_by("code")[:200]],
            "hanging": queries.register(region, "open").count(),
            "ended": queries.register(region, "ended").count(),
        },
    )


@login_not_required
@require_safe
def public(request: HttpRequest, code: UUID) -> HttpResponse:
    """One listing as everybody may read it; what has not been made public yet is not there."""
    rows = queries.published().select_related(
        "organization__region", "county", "locality", "order", "delisting"
    )
    listing = rows.filter(code=code).first()
    notices = list(listing.notices.exclude(published_on=None)) if listing else []
    context = {
        "listing": listing,
        "is_past": listing is not None and queries.is_past(notices, on=timezone.localdate()),
        "extension": listing.extensions.filter(status=RequestStatus.APPROVED).order_by("-pk").first()
        if listing
        else None,
        "progress": listing.progress_reports.order_by("-pk").first() if listing else None,
        "notices": notices,
        "exposed": listing is not None
        and listing.is_hanging
        and any(each.purpose == NoticePurpose.EXPOSURE for each in notices),
    }
    return render(request, "listings/public.html", context, status=200 if listing else 404)


@require_safe
@require(Permission.VIEW_LISTINGS)
def sign(request: Request, pk: int) -> HttpResponse:
    """The sign to print, A4 or A3: place, deadline, person responsible, and the code of the public page."""
    listing = listing_or_404(request, pk)
    size = request.GET.get("size", "a4")
    size = size if size in SIZES else "a4"
    context = {
        "listing": listing, "size": size, "sizes": SIZES.items(), "qr": signs.code_of(listing),
        "scale": signs.wording_size(listing), "hangs": listing.status in HANGING,
        "pdf_url": f"{reverse('listings:sign_pdf', args=[listing.pk])}?size={size}",
    }  # fmt: skip
    return render(request, "listings/sign.html", context)


@require_safe
@require(Permission.VIEW_LISTINGS)
def sign_pdf(request: Request, pk: int) -> HttpResponse:
    """The same as PDF."""
    listing = listing_or_404(request, pk)
    size = request.GET.get("size", "a4")
    data = signs.pdf_bytes(listing, size=size if size in SIZES else "a4")
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition(f"公示牌{listing.number}.pdf", inline=True)
    return response
