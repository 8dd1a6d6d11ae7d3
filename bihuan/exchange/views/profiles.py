"""Profiles of upper-level sheets: made, placed beside the sheet itself, tried, used."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.attachments import storage
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.core.sheets.streaming import XLSX
from bihuan.returns.models import Return

from .. import sheets, sources
from ..actions import profiling
from ..forms import PeriodForm, ProfileForm, SheetForm
from ..models import ProfileRun, SheetProfile
from ..models.instances import seats
from . import user_of

TONES = {
    SheetProfile.Status.ACTIVE: "green",
    SheetProfile.Status.DRAFT: "yellow",
    SheetProfile.Status.RETIRED: "",
}
SHOWN = 30


def profile_or_404(request: Request, pk: int) -> SheetProfile:
    rows = SheetProfile.objects.visible_to(user_of(request)).select_related("template", "region", "by")
    return get_object_or_404(rows, pk=pk)


def _keeps(request: Request, profile: SheetProfile) -> bool:
    codes = seats(user_of(request), Permission.MANAGE_EXCHANGE)
    return any(profile.region_id.startswith(code) for code in codes)


def kept_or_403(request: Request, pk: int) -> SheetProfile:
    profile = profile_or_404(request, pk)
    if not _keeps(request, profile):
        raise PermissionDenied
    return profile


@require_safe
@require(Permission.VIEW_EXCHANGE)
def index(request: Request) -> HttpResponse:
    rows = SheetProfile.objects.visible_to(user_of(request)).select_related("region")
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    labels = sources.labels_of(each.source for each in page.items)
    context = {
        "page": page,
        "entries": [
            (each, labels[each.source], TONES[SheetProfile.Status(each.status)]) for each in page.items
        ],
        "may": user_of(request).has_perm(Permission.MANAGE_EXCHANGE),
    }
    return render(request, "exchange/profiles.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_EXCHANGE)
def create(request: Request) -> HttpResponse:
    user = user_of(request)
    offered = [*sources.choices("rows", user), *sources.choices("cells", user)]
    form = ProfileForm(request.POST or None, request.FILES or None, sources=offered)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            region = Region.objects.get(pk=min(seats(user, Permission.MANAGE_EXCHANGE), key=len))
            shape = "rows" if data["source"] in sources.TABLES else "cells"
            try:
                profile = profiling.create(
                    name=data["name"], system=data["system"], way=data["way"], shape=shape, source=data["source"],
                    template=data["file"], region=region, by=user,
                )  # fmt: skip
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存空表，请填对应关系")
                return redirect("exchange:edit_profile", profile.pk)
    return render(request, "exchange/profile_new.html", {"form": form}, status=status)


@require_safe
@require(Permission.VIEW_EXCHANGE)
def detail(request: Request, pk: int) -> HttpResponse:
    return _page(request, profile_or_404(request, pk))


def _page(request: Request, profile: SheetProfile, *, status: int = 200, **more: object) -> HttpResponse:
    user, keeps = user_of(request), _keeps(request, profile)
    labels = {column.key: column.label for column in sources.columns_of(profile.source)}
    returns: list[Return] = []
    if profile.shape == SheetProfile.Shape.CELLS:
        key = profile.source.removeprefix(sources.RETURN)
        rows = Return.objects.visible_to(user).filter(period__definition__key=key)
        returns = list(
            rows.select_related("organization", "period__definition").order_by("-due_on", "-id")[:SHOWN]
        )
    context = {
        "profile": profile,
        "keeps": keeps,
        "tone": TONES[SheetProfile.Status(profile.status)],
        "source": sources.label_of(profile.source),
        "placed": [(place, labels.get(key, f"已取消的指标（{key}）")) for place, key in profile.places],
        "usable": bool(profile.places)
        and (profile.status == "active" or (keeps and profile.status == "draft")),
        "returns": returns,
        "period_form": PeriodForm(),
        "sheet_form": SheetForm(),
        "runs": profile.runs.select_related("by", "file")[:20],
        "tried": profile.runs.filter(revision=profile.revision).exists(),
        **more,
    }
    return render(request, "exchange/profile.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_EXCHANGE)
def edit(request: Request, pk: int) -> HttpResponse:
    """The other system's sheet beside our values: which goes where."""
    profile = kept_or_403(request, pk)
    columns = sources.columns_of(profile.source)
    present = {key: place for place, key in profile.places}
    sheet, first_row, problem, status = profile.sheet, profile.first_row, "", 200
    data = storage.read(profile.template.path)
    if request.method == "POST":
        present = {column.key: request.POST.get(f"place-{column.key}", "")[:10] for column in columns}
        sheet = request.POST.get("sheet", "")[:60]
        first_row = row_number(request.POST.get("first_row", "")) or None
        try:
            profiling.place(profile, sheet=sheet, first_row=first_row, places=present, by=user_of(request))
        except Refused as error:
            problem, status = str(error), 422
        else:
            messages.success(request, "对应关系已保存，请试一次再启用")
            return redirect(profile)
    names = sheets.sheet_names(data, profile.template.name)
    letters, rows = sheets.preview(data, profile.template.name, sheet if sheet in names else names[0])
    context = {
        "profile": profile,
        "fields": [(column, present.get(column.key, "")) for column in columns],
        "letters": letters,
        "rows": rows,
        "sheet": sheet,
        "sheets": [(name, name) for name in names],
        "first_row": first_row or "",
        "problem": problem,
        "by_row": profile.shape == SheetProfile.Shape.ROWS,
    }
    return render(request, "exchange/profile_edit.html", context, status=status)


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def status(request: Request, pk: int, status: str) -> HttpResponse:
    """Put in use, take out of use."""
    profile = kept_or_403(request, pk)
    try:
        profiling.set_status(profile, status, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"方案已{profile.get_status_display()}")
    return redirect(profile)


@require_POST
@require(Permission.VIEW_EXCHANGE)
def run(request: Request, pk: int) -> HttpResponse:
    """Fill the sheet, or read one; the result is kept and can be taken away."""
    profile, user = profile_or_404(request, pk), user_of(request)
    chosen = _chosen(request)
    try:
        if profile.way == SheetProfile.Way.IMPORT:
            form = SheetForm(request.POST, request.FILES)
            if not form.is_valid():
                return _page(request, profile, status=422, sheet_form=form)
            made = profiling.read_back(profile, form.cleaned_data["file"], record_=chosen, by=user)
        elif profile.shape == SheetProfile.Shape.CELLS:
            if chosen is None:
                raise Refused("请选择一份报送")
            made = profiling.fill_return(profile, chosen, by=user)
        else:
            period = PeriodForm(request.POST)
            if not period.is_valid():
                return _page(request, profile, status=422, period_form=period)
            made = profiling.fill_table(profile, by=user, **period.cleaned_data)
    except Refused as error:
        return _page(request, profile, status=422, problem=str(error))
    messages.success(request, "已填好，可以取走" if profile.way == "export" else "已读入，请核对数字")
    return redirect("exchange:profile_run", made.pk)


def _chosen(request: Request) -> Return | None:
    pk = row_number(request.POST.get("return", ""))
    if not pk:
        return None
    rows = Return.objects.visible_to(user_of(request)).select_related(
        "period__version", "period__definition__campaign", "organization__region", "current"
    )
    return get_object_or_404(rows, pk=pk)


def run_or_404(request: Request, pk: int) -> ProfileRun:
    """A run of one's own, or of a profile one keeps: what it holds is what its maker may see."""
    rows = ProfileRun.objects.visible_to(user_of(request)).select_related("profile", "file", "by")
    found = get_object_or_404(rows, pk=pk)
    if found.by_id != user_of(request).pk and not _keeps(request, found.profile):
        raise Http404
    return found


@require_safe
@require(Permission.VIEW_EXCHANGE)
def result(request: Request, pk: int) -> HttpResponse:
    """What went through one filling or reading."""
    return render(request, "exchange/profile_run.html", {"run": run_or_404(request, pk)})


@require_safe
@require(Permission.VIEW_EXCHANGE)
def result_file(request: Request, pk: int) -> HttpResponseBase:
    """The workbook of one filling or reading."""
    found = run_or_404(request, pk)
    response = HttpResponse(storage.read(found.file.path), content_type=XLSX)
    response["Content-Disposition"] = content_disposition(found.file.name)
    response["Cache-Control"] = "no-store"
    return response
