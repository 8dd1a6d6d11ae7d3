"""Leaders' districts: who leads what, gaps in red; one district; the leader's own page and visit on the phone."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.jobs.handing import take_away
from bihuan.planning.forms import named
from bihuan.registry.models import Enterprise

from .. import actions, forms
from ..exporting import DISTRICTS, VISITS
from ..models import District, DistrictVisit, OversightFinding
from ..queries.districts import own_districts, standings
from ..standing import lead_of, leads, own_office, runs
from . import Panel, page_of, photos_of, user_of

VIEW, MANAGE, LEAD = Permission.VIEW_OVERSIGHT, Permission.MANAGE_OVERSIGHT, Permission.LEAD_DISTRICT
FOUND_ROWS = 2


def district_or_404(request: Request, pk: int) -> District:
    rows = District.objects.visible_to(user_of(request)).select_related(
        "organization", "region", "enterprise", "zone__region", "created_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(VIEW)
def index(request: Request) -> HttpResponse:
    """Every district with its leader; those nobody leads first and in red."""
    user, today = user_of(request), timezone.localdate()
    rows = District.objects.visible_to(user).filter(is_active=True)
    unled = rows.unled(on=today)
    state = request.GET.get("state", "")
    page = page_of(
        request,
        (unled if state == "unled" else rows).select_related(
            "organization", "locality", "region", "enterprise", "zone"
        ),
        ("id",),
    )
    gaps = standings(unled.select_related("organization", "locality").order_by("id")[:20], on=today)
    context = {
        "page": page,
        "entries": standings(page.items, on=today),
        "gaps": gaps,
        "counts": {"all": rows.count(), "unled": unled.count()},
        "state": state,
        "office": own_office(user),
        "lay_out": forms.LayOutForm(),
        "leads": bool(user.has_perm(LEAD)),
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
        "today": today,
    }
    return render(request, "oversight/districts.html", context)


@require_POST
@require(MANAGE)
def lay_out(request: Request) -> HttpResponse:
    """Every locality becomes a district in one press."""
    form = forms.LayOutForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "请选择走访频次")
        return redirect("oversight:districts")
    count = actions.lay_out_districts(by=user_of(request), **form.cleaned_data)
    if count:
        messages.success(request, f"设立了 {count} 个包干片区，没有领导的请指定")
    else:
        messages.warning(request, "全部属地都已是包干片区")
    return redirect("oversight:districts")


@require_http_methods(["GET", "HEAD", "POST"])
@require(MANAGE)
def create(request: Request) -> HttpResponse:
    user = user_of(request)
    office = own_office(user)
    if office is None:
        raise PermissionDenied
    form = forms.DistrictForm(request.POST or None, user=user, office=office)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                given["enterprise"] = _meant(given["enterprise"], user) if given["enterprise"] else None
                row = actions.create_district(by=user, **given)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已设立{row}，请指定包干领导")
                return redirect(row)
    context = {
        "form": form,
        "title": "设立包干片区",
        "submit_label": "保存，去指定领导",
        "back": reverse("oversight:districts"),
        "lead": "一个属地、一家企业或者一个区域；三项里选一项。",
    }
    return render(request, "oversight/form.html", context, status=status)


def _meant(text: str, user: User) -> Enterprise:
    """The one enterprise somebody wrote of. Raises Refused."""
    found = named(Enterprise.objects.visible_to(user).supervised(), text.strip())
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(f"没有叫“{text}”的企业，请核对名称或者信用代码")
    raise Refused(f"“{text}”对应 {len(found)} 家：{'、'.join(each.name for each in found[:3])}，请写全名")


@require_safe
@require(VIEW)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, district_or_404(request, pk))


def _show(
    request: Request, row: District, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    standing = standings([row], on=today)[0]
    page = page_of(
        request,
        row.visits.select_related("by", "enterprise", "lead__post__organization"),
        ("-visited_on", "-id"),
        size=20,
    )
    panels = _panels(row, standing.lead is not None) if runs(user, row) else []
    context = {
        "district": row,
        "standing": standing,
        "page": page,
        "history": list(row.leads.select_related("post__organization", "by")),
        "findings": list(
            OversightFinding.objects.visible_to(user)
            .live()
            .filter(district_visit__district=row)
            .select_related("organization", "enterprise", "hazard")[:20]
        ),
        "may_visit": leads(user, standing.lead) and row.is_active,
        "panels": [each.told(wrong) for each in panels],
        "act_view": "oversight:district_act",
        "pk": row.pk,
        "today": today,
    }
    return render(request, "oversight/district.html", context, status=422 if wrong else 200)


def _panels(row: District, is_led: bool) -> list[Panel]:
    found = []
    if row.is_active:
        form = forms.LeadForm(code=row.organization.region_id, initial={"from_on": timezone.localdate()})
        title = "调整包干领导（交接）" if is_led else "指定包干领导"
        found.append(Panel("assign", title, "保存", form, is_open=not is_led))
    if is_led:
        found.append(Panel("end", "结束包干", "结束包干", forms.ReasonForm(), danger=True))
    initial = {name: getattr(row, name) for name in forms.EditDistrictForm.base_fields}
    found.append(Panel("edit", "修改片区", "保存", forms.EditDistrictForm(initial=initial)))
    return found


@require_POST
@require(MANAGE)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page."""
    row, user = district_or_404(request, pk), user_of(request)
    if key not in {"assign", "end", "edit"}:
        raise Http404
    if not runs(user, row):
        raise PermissionDenied
    form: django_forms.Form
    match key:
        case "assign":
            form = forms.LeadForm(request.POST, code=row.organization.region_id)
        case "end":
            form = forms.ReasonForm(request.POST)
        case _:
            form = forms.EditDistrictForm(request.POST)
    if not form.is_valid():
        return _show(request, row, (key, form))
    given = form.cleaned_data
    try:
        match key:
            case "assign":
                lead = actions.assign_lead(row, given.pop("post"), by=user, **given)
                words = f"由{lead.post}包干{row}，未办的走访一并转交"
            case "end":
                actions.end_lead(row, by=user, **given)
                words = f"{row}现在没有人包干"
            case _:
                actions.edit_district(row, by=user, **given)
                words = "已保存"
    except Refused as error:
        form.add_error(None, str(error))
        return _show(request, district_or_404(request, pk), (key, form))
    messages.success(request, words)
    return redirect(row)


@require_safe
@require(LEAD)
def mine(request: Request) -> HttpResponse:
    """The leader's own page: which districts, when last, what is still open there."""
    user, today = user_of(request), timezone.localdate()
    own = own_districts(user, on=today)
    keys = [each.district.pk for each in own]
    findings = (
        OversightFinding.objects.visible_to(user)
        .unfinished()
        .filter(district_visit__district__in=keys)
        .select_related("organization", "enterprise", "hazard", "district_visit__district")
    )
    visits = (
        DistrictVisit.objects.filter(district__in=keys, by=user)
        .select_related("district", "by")
        .order_by("-visited_on", "-id")
    )
    context = {"own": own, "findings": list(findings[:20]), "visits": list(visits[:10]), "today": today}
    return render(request, "oversight/mine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(LEAD)
def visit(request: Request, pk: int) -> HttpResponse:
    """A visit told on the spot: place, what was seen, what was decided, what was found."""
    row, user = district_or_404(request, pk), user_of(request)
    lead = lead_of(row)
    if not leads(user, lead) or not row.is_active:
        raise PermissionDenied
    code = row.organization.region_id
    posted = request.POST if request.method == "POST" else None
    form = forms.DistrictVisitForm(
        posted,
        initial={
            "visited_on": timezone.localdate(),
            "enterprise": row.enterprise.name if row.enterprise else "",
        },
    )
    found = [forms.DistrictFindingForm(posted, code=code, prefix=f"f{no}") for no in range(1, FOUND_ROWS + 1)]
    client_id = str(uuid.uuid4())
    status = 200
    if posted is not None:
        status, client_id = 422, posted.get("client_id", "")
        if all([form.is_valid(), *(each.is_valid() for each in found)]):
            try:
                made = _record(request, row, form, found, client_id)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "走访已登记")
                return redirect(made)
    context = {
        "district": row, "form": form, "found": found, "client_id": client_id,
        "upload_url": reverse("attachments:upload"),
        "here": {name: request.POST.get(name, "") for name in ("longitude", "latitude")},
    }  # fmt: skip
    return render(request, "oversight/district_visit_form.html", context, status=status)


def _record(
    request: Request,
    row: District,
    form: forms.DistrictVisitForm,
    found: list[forms.DistrictFindingForm],
    client_id: str,
) -> DistrictVisit:
    user, given = user_of(request), dict(form.cleaned_data)
    try:
        key = uuid.UUID(client_id)
    except ValueError as error:
        raise Refused("表单已过期，请刷新后重新填写") from error
    text = given.pop("enterprise")
    enterprise = _meant(text, user) if text.strip() else row.enterprise
    seen = []
    for no, each in enumerate(found, start=1):
        told = each.cleaned_data
        if not told["level"]:
            if told["description"].strip():
                raise Refused(f"第 {no} 个问题请选择属于哪个层面")
            continue
        seen.append(
            actions.Seen(
                told["level"], told["code"], told["description"], told["demand"], told["organization"],
                enterprise if told["level"] == OversightFinding.Level.ENTERPRISE else None, told["due_on"],
                photos_of(request, f"f{no}-photos"),
            )
        )  # fmt: skip
    return actions.record_visit(
        row, client_id=key, enterprise=enterprise, longitude=_number(request.POST.get("longitude", "")),
        latitude=_number(request.POST.get("latitude", "")), photos=photos_of(request), found=seen, by=user, **given,
    )  # fmt: skip


def _number(text: str) -> float | None:
    """A coordinate as the phone sends it; nothing for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -180 <= value <= 180 else None


@require_safe
@require(VIEW)
def visited(request: Request, pk: int) -> HttpResponse:
    """One visit of a leader."""
    user = user_of(request)
    row = get_object_or_404(
        DistrictVisit.objects.visible_to(user).select_related(
            "district", "by", "enterprise", "lead__post__organization"
        ),
        pk=pk,
    )
    context: dict[str, Any] = {
        "visit": row,
        "photos": files.photo_items(files.of(row, "visit")),
        "findings": list(
            OversightFinding.objects.visible_to(user)
            .filter(district_visit=row)
            .select_related("organization", "enterprise", "hazard")
        ),
        "today": timezone.localdate(),
    }
    return render(request, "oversight/district_visit.html", context)


@require(Permission.EXPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """Districts with who leads them as a sheet; with ?what=visits the visits."""
    wanted = VISITS if request.GET.get("what") == "visits" else DISTRICTS
    return take_away(
        request, wanted, query=request.GET.urlencode(), said="全部", back=reverse("oversight:districts")
    )
