"""随瓶安检: a gas company's people at the door of a user of theirs, let in by its plate (R208, 城镇燃气管理条例第十七条).

They see the plate's face, walk a list of the library, tell the user in writing what is wrong, and report it: what they
found waits for the authority to confirm. Nothing else of that place is shown to them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as attachments
from bihuan.attachments.models import Signature
from bihuan.campaigns.models import Checklist
from bihuan.checklists.models import Book
from bihuan.core.errors import Refused
from bihuan.core.http import row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.duties import clock
from bihuan.registry.models import Enterprise, Plate
from bihuan.registry.plates import live_plate

from . import asking, queries
from .actions import submit_inspection
from .forms import MAX_PHOTOS, Walk
from .models import Inspection
from .submission import InspectionRefused, Problem
from .views import PAGE_SIZE, user_of

SUPPLY = {"on": "照常供气。", "off": "危险没有消除，本次没有供气。"}
_CODE = re.compile(r"[A-Za-z0-9_-]{16,32}")


@require_safe
@require(Permission.SIGN_PLEDGE)
def deliveries(request: HttpRequest) -> HttpResponse:
    """To a gas company what its people have checked at its users and the way in, to a user what was checked there."""
    user = user_of(request)
    supplier = queries.supplier_of(user)
    if given := request.GET.get("code", "").strip():
        plate = live_plate(next(reversed(_CODE.findall(given)), ""))
        if plate is not None:
            return redirect("inspections:delivery", plate.token)
        messages.warning(request, "这块码牌不存在或已经收回，请重新扫码；码牌破损的请用户向属地申请换发")
    rows = queries.deliveries(user, supplier).select_related(
        "enterprise", "organization", "locality", "recorded_by"
    )
    try:
        page = paginate(
            rows, order=("-inspected_on", "-id"), cursor=request.GET.get("cursor"), size=PAGE_SIZE
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return render(request, "inspections/deliveries.html", {"supplier": supplier, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache  # it brings the key of the drafts that lie on this device
@require(Permission.SIGN_PLEDGE)
def delivery(request: HttpRequest, token: str) -> HttpResponse:
    """The check on one page: list, photos, whether gas is supplied, signatures."""
    user, plate = user_of(request), live_plate(token)
    if plate is None:
        raise Http404
    if plate.enterprise.organization_id in {post.organization_id for post in user.posts}:
        return redirect(plate)
    organization = queries.delivering_organization(user, plate.enterprise, token)
    if organization is None:
        raise Http404
    checklist, offered = _list(request, plate.enterprise)
    form = _walk(request, plate, organization, checklist)
    if request.method != "POST":
        return _show(request, form, offered, token)
    supply = request.POST.get("supply", "")
    given = form.read()
    if given is not None and supply not in SUPPLY:
        form.problems.append(Problem("supply", "请选本次是否供气"))
    if given is None or form.problems:
        form.show(form.problems)
        return _show(request, form, offered, token, status=422)
    told = replace(
        given, kind=Inspection.Kind.DELIVERY, plate=token, opinion=f"{SUPPLY[supply]}{given.opinion}"
    )
    try:
        inspection = submit_inspection(told, by=user)
    except InspectionRefused as error:
        form.show(error.problems)
    except Refused as error:
        form.show([Problem("sign", str(error))])
    else:
        return redirect("inspections:delivered", inspection.pk)
    return _show(request, form, offered, token, status=422)


def _list(request: HttpRequest, enterprise: Enterprise) -> tuple[Checklist | None, list[asking.Offer]]:
    """The list walked or chosen (`list`), else the one for gas that asks this kind most."""
    offered = [
        each
        for each in asking.offers(enterprise, timezone.localdate())
        if each.checklist.book_version and each.checklist.book_version.book.sector == Book.Sector.GAS
    ]
    if request.method == "POST":
        walked = row_number(request.POST.get("checklist", ""))
        return (asking.library_list(enterprise, walked) if walked else None), offered
    chosen = request.GET.get("list", "")
    found = next((each for each in offered if str(each.checklist.pk) == chosen), None)
    first = found or next(iter(offered), None)
    return (first.checklist if first else None), offered


def _walk(
    request: HttpRequest, plate: Plate, organization: Organization, checklist: Checklist | None
) -> Walk:
    today, calendar = timezone.localdate(), clock.calendar()
    bound = request.method == "POST"
    return Walk(
        user=user_of(request),
        enterprise=plate.enterprise,
        organization=organization,
        task=None,
        checklist=checklist,
        due_on=clock.due("hazard.rectify.general", today, using=calendar).due_on,
        major_due_on=clock.due("hazard.rectify.major", today, using=calendar).due_on,
        kind=Inspection.Kind.DELIVERY,
        everything="all" in request.GET,
        whole="whole" in request.GET,
        data=request.POST if bound else None,
        files=request.FILES if bound else None,
    )


def _show(
    request: HttpRequest, form: Walk, offered: list[asking.Offer], token: str, status: int = 200
) -> HttpResponse:
    where = {problem.where for problem in form.problems}
    on_checklist = any(key.startswith(("q", "o")) for key in where)
    book = form.checklist.pk if form.checklist else 0
    context = {
        "walk": form,
        "enterprise": form.enterprise,
        "task": None,
        "last": None,
        "burden": "",
        "clock": "",
        "major_clock": "",
        "may_grade": False,
        "kinds": form.kinds,
        "supply": request.POST.get("supply", ""),
        "max_photos": MAX_PHOTOS,
        "upload_url": reverse("attachments:upload"),
        # Whom the registry knows there is nothing a company has to learn.
        "contacts": [],
        "open_step": "sign" if form.problems and not on_checklist else "walk",
        "draft_key": f"delivery-{form.enterprise.pk}-list-{book}-user-{form.user.pk}",
        "offered": [(each, f"?{urlencode({'list': each.checklist.pk})}") for each in offered],
        "no_list_url": "",
        "all_url": f"?{urlencode({'list': book, 'all': 1})}",
        "back_url": reverse("inspections:deliveries"),
    }
    return render(request, "inspections/walk.html", context, status=status)


def _delivered(request: HttpRequest, pk: int) -> Inspection:
    user = user_of(request)
    rows = queries.deliveries(user, queries.supplier_of(user)).select_related(
        "enterprise", "premises", "organization", "locality", "recorded_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.SIGN_PLEDGE)
def delivered(request: HttpRequest, pk: int) -> HttpResponse:
    """What was recorded, how far the authority has come with it, and the notice to print."""
    inspection = _delivered(request, pk)
    answers = inspection.answers.select_related("hazard").order_by("position")
    context = {"inspection": inspection, "failed": [each for each in answers if each.hazard is not None]}
    return render(request, "inspections/delivered.html", context)


@require_safe
@require(Permission.SIGN_PLEDGE)
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """隐患告知书: what is wrong, how to put it right, and who signed for having been told."""
    inspection = _delivered(request, pk)
    answers = inspection.answers.select_related("hazard", "check_item").order_by("position")
    context = {
        "inspection": inspection,
        "failed": [each for each in answers if each.hazard is not None],
        "signatures": attachments.signatures_of(inspection),
        "drawn": Signature.Method.DRAWN,
    }
    return render(request, "inspections/delivery_notice.html", context)
