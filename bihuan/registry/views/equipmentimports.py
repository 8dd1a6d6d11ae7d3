"""Equipment from a table: the same steps as for enterprises, by the same pages."""

from __future__ import annotations

import io
import uuid

import xlsxwriter
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

from ..equipmentimporting import SPECS, EquipmentImporter
from ..forms import MappingForm, SheetForm
from . import user_of
from .imports import RECENT

STEP = "registry:equipment_columns"
EXAMPLE = {
    "企业名称": "示例：某某酒店", "设备种类": "电梯", "设备编号": "梯11云A00001", "投用日期": "2020-06-01",
    "上次检验": "2026-05-20", "设备状态": "在用",
}  # fmt: skip


def _own_batch(request: Request, pk: uuid.UUID) -> ImportBatch:
    """A batch belongs to whoever brought the table."""
    own = ImportBatch.objects.filter(by=user_of(request), target=EquipmentImporter.target)
    return get_object_or_404(own.select_related("file", "result"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.IMPORT_REGISTRY)
def start(request: Request) -> HttpResponse:
    user = user_of(request)
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = start_batch(EquipmentImporter.target, form.cleaned_data["sheet"], by=user)
        except Refused as error:
            form.add_error("sheet", str(error))
        else:
            return redirect(STEP, pk=made.pk)
    recent = ImportBatch.objects.filter(by=user, target=EquipmentImporter.target).select_related("file")
    return render(
        request,
        "registry/equipment_import.html",
        {"form": form, "recent": recent[:RECENT], "specs": SPECS},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.IMPORT_REGISTRY)
def columns(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Which column is what."""
    found = _own_batch(request, pk)
    if found.status != ImportBatch.Status.UPLOADED:
        return redirect("registry:equipment_batch", pk=found.pk)
    try:
        table = preview_of(found)
    except (SheetError, FileNotFoundError) as error:
        gone = "原表已不在存储中，请重新上传"
        messages.error(request, str(error) if isinstance(error, SheetError) else gone)
        return redirect("registry:equipment_import")
    sent = request.POST if request.method == "POST" else None
    form = MappingForm(sent, initial=found.mapping, headers=table.headers, specs=SPECS)
    if sent is not None and form.is_valid():
        try:
            begin(found, form.cleaned_data, by=user_of(request))
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return redirect("registry:equipment_batch", pk=found.pk)
    used = {form[spec.name].value() for spec in SPECS}
    return render(
        request,
        "registry/columns.html",
        {
            "batch": found,
            "form": form,
            "headers": table.headers,
            "unused": [header for header in table.headers if header not in used],
            "sample": table.sample,
            "total": found.total,
            "header_row": table.header_row,
            "cancel_url": reverse("registry:equipment_import"),
        },
        status=422 if form.errors else 200,
    )


@require_safe
@require(Permission.IMPORT_REGISTRY)
def batch(request: Request, pk: uuid.UUID) -> HttpResponse:
    found = _own_batch(request, pk)
    if found.status == ImportBatch.Status.UPLOADED:
        return redirect(STEP, pk=found.pk)
    resume_url = reverse("registry:equipment_resume", args=[found.pk])
    return render(
        request,
        "registry/equipment_batch.html",
        {"batch": found, "resume_url": resume_url, **progress_of(found)},
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
    return redirect("registry:equipment_batch", pk=found.pk)


@require_safe
@require(Permission.IMPORT_REGISTRY)
def template(request: Request) -> HttpResponse:
    """An empty table with headings and an example."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet("设备")
    head, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    for column, spec in enumerate(SPECS):
        page.set_column(column, column, 18, text)
        page.write_string(0, column, f"{spec.label}*" if spec.required else spec.label, head)
        page.write_string(1, column, EXAMPLE.get(spec.label, ""), text)
    page.freeze_panes(1, 1)
    book.close()
    response = HttpResponse(out.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = content_disposition("设备导入模板.xlsx")
    return response
