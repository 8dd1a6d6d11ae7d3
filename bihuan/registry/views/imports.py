"""Enterprises from a table: choose the file, confirm the columns, watch, take the marked copy."""

from __future__ import annotations

import re
import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments.imports import begin, preview_of, start_batch
from bihuan.attachments.imports import resume as resume_batch
from bihuan.attachments.models import ImportBatch
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition
from bihuan.core.sheets import SheetError
from bihuan.core.sheets.streaming import XLSX
from bihuan.jobs.imports import progress_of
from bihuan.rules.codes import mask_phone

from ..blank import blank_workbook
from ..filling import column_specs
from ..forms import MappingForm, SheetForm
from ..importing import EnterpriseImporter
from ..models import EnterpriseKind
from ..rows import FIELDS
from ..schemas import all_in_force
from . import user_of

RECENT = 10
PHONE = re.compile(r"(?<![0-9A-Za-z])(?:1\d{10}|0\d{2,3}-?\d{7,8})(?![0-9A-Za-z])")


def _without_phones(text: str) -> str:
    """A cell as the preview may show it: whatever column it stands in, a phone is masked."""
    return PHONE.sub(lambda match: mask_phone(match[0]), text)


def _own_batch(request: Request, pk: uuid.UUID) -> ImportBatch:
    """A batch belongs to whoever brought the table: it holds rows of their area, phones among them."""
    own = ImportBatch.objects.filter(by=user_of(request), target=EnterpriseImporter.target)
    return get_object_or_404(own.select_related("file", "result"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.IMPORT_REGISTRY)
def start(request: Request) -> HttpResponse:
    user = user_of(request)
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = start_batch(EnterpriseImporter.target, form.cleaned_data["sheet"], by=user)
        except Refused as error:
            form.add_error("sheet", str(error))
        else:
            return redirect("registry:columns", pk=made.pk)
    recent = ImportBatch.objects.filter(by=user, target=EnterpriseImporter.target).select_related("file")
    return render(
        request,
        "registry/import.html",
        {
            "form": form,
            "recent": recent[:RECENT],
            "specs": FIELDS,
            "kinds": EnterpriseKind.objects.filter(pk__in=all_in_force()),
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.IMPORT_REGISTRY)
def columns(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Which column is what: recognised ones are filled in, the person corrects, the choice is remembered."""
    found = _own_batch(request, pk)
    if found.status != ImportBatch.Status.UPLOADED:
        return redirect("registry:batch", pk=found.pk)
    try:
        table = preview_of(found)
    except (SheetError, FileNotFoundError) as error:
        messages.error(
            request, str(error) if isinstance(error, SheetError) else "原表已不在存储中，请重新上传"
        )
        return redirect("registry:import")
    # Columns of attributes are known by their names; a form with those of every kind would be a wall.
    specs = [*FIELDS, *(spec for spec in column_specs() if spec.name in found.mapping)]
    form = MappingForm(
        request.POST if request.method == "POST" else None,
        initial=found.mapping,
        headers=table.headers,
        specs=specs,
    )
    if request.method == "POST" and form.is_valid():
        try:
            begin(found, form.cleaned_data, by=user_of(request))
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return redirect("registry:batch", pk=found.pk)
    used = {form[spec.name].value() for spec in specs}
    return render(
        request,
        "registry/columns.html",
        {
            "batch": found,
            "form": form,
            "headers": table.headers,
            "unused": [header for header in table.headers if header not in used],
            "sample": [[_without_phones(cell) for cell in row] for row in table.sample],
            "total": found.total,
            "header_row": table.header_row,
            "cancel_url": reverse("registry:import"),
        },
        status=422 if form.errors else 200,
    )


@require_safe
@require(Permission.IMPORT_REGISTRY)
def batch(request: Request, pk: uuid.UUID) -> HttpResponse:
    found = _own_batch(request, pk)
    if found.status == ImportBatch.Status.UPLOADED:
        return redirect("registry:columns", pk=found.pk)
    return render(
        request,
        "registry/batch.html",
        {"batch": found, "resume_url": reverse("registry:resume", args=[found.pk]), **progress_of(found)},
    )


@require_POST
@require(Permission.IMPORT_REGISTRY)
def resume(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Go on with an import that stopped."""
    found = _own_batch(request, pk)
    try:
        resume_batch(found, by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    return redirect("registry:batch", pk=found.pk)


@require_safe
@require(Permission.IMPORT_REGISTRY)
def template(request: Request) -> HttpResponse:
    """An empty table with headings, an example, notes and drop-down lists for this person's area."""
    kind = EnterpriseKind.objects.filter(pk=request.GET.get("kind", "")).first()
    response = HttpResponse(blank_workbook(user_of(request), kind), content_type=XLSX)
    name = f"{kind.label}名单导入模板.xlsx" if kind else "企业名单导入模板.xlsx"
    response["Content-Disposition"] = content_disposition(name)
    return response
