"""An old ledger comes in: the sheet, its columns, what became of each row."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import imports
from bihuan.attachments.models import ImportBatch
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.sheets import SheetError
from bihuan.jobs.imports import progress_of

from ..importing import FIELDS, TARGET
from .shared import user_of


@require(Permission.IMPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def upload(request: Request) -> HttpResponse:
    """Take the sheet; the next page shows how its columns were read."""
    user = user_of(request)
    context: dict[str, Any] = {
        "fields": FIELDS,
        "batches": ImportBatch.objects.filter(target=TARGET, by=user).select_related("file")[:5],
        "errors": [],
    }
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None:
            context["errors"] = ["请选择要导入的表格"]
        else:
            try:
                return redirect("hazards:batch", imports.start_batch(TARGET, file, by=user).pk)
            except Refused as error:
                context["errors"] = [str(error)]
    return render(request, "hazards/import.html", context)


@require(Permission.IMPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def batch(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Match the columns once, then watch the rows go in."""
    user = user_of(request)
    found = _own_batch(request, pk)
    if found.status != ImportBatch.Status.UPLOADED:
        return render(request, "hazards/import_batch.html", {"batch": found, **progress_of(found)})
    try:
        table = imports.preview_of(found)
        if request.method == "POST":
            imports.begin(found, {spec.name: request.POST.get(spec.name, "") for spec in FIELDS}, by=user)
            return redirect("hazards:batch", found.pk)
    except (Refused, SheetError) as error:
        messages.warning(request, str(error))
        if isinstance(error, SheetError):
            return redirect("hazards:import")
    mapping = found.mapping
    if request.method == "POST":
        mapping = {spec.name: request.POST.get(spec.name, "") for spec in FIELDS}
    columns = [{"spec": spec, "chosen": mapping.get(spec.name, "")} for spec in FIELDS]
    context = {
        "batch": found,
        "columns": columns,
        "headers": table.headers,
        "sample": table.sample[:3],
    }
    return render(request, "hazards/import_columns.html", context)


@require(Permission.IMPORT_HAZARDS)
@require_POST
def resume(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Go on where it stopped."""
    found = _own_batch(request, pk)
    try:
        imports.resume(found, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    return redirect("hazards:batch", found.pk)


def _own_batch(request: Request, pk: uuid.UUID) -> ImportBatch:
    return get_object_or_404(
        ImportBatch.objects.filter(target=TARGET, by=user_of(request)).select_related("file", "result"), pk=pk
    )
