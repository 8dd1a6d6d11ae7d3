"""Projects from a table: the same steps and pages as other tables."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass

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
from bihuan.registry.forms import MappingForm, SheetForm

from ..importing import EXAMPLE, SPECS, ProjectImporter
from . import user_of

RECENT = 10


@dataclass(frozen=True)
class Part:
    """The words of the pages that every table shares."""

    label: str = "工程项目"
    sheet: str = "项目清单"
    lead: str = "一行一个项目，登记为储备；各方分担可以一起带进来"


PART = Part()


def _own(request: Request, pk: uuid.UUID) -> ImportBatch:
    """A table belongs to whoever brought it."""
    own = ImportBatch.objects.filter(by=user_of(request), target=ProjectImporter.target)
    return get_object_or_404(own.select_related("file", "result"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def start(request: Request) -> HttpResponse:
    user = user_of(request)
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = start_batch(ProjectImporter.target, form.cleaned_data["sheet"], by=user)
        except Refused as error:
            form.add_error("sheet", str(error))
        else:
            return redirect("projects:columns", pk=made.pk)
    recent = ImportBatch.objects.filter(by=user, target=ProjectImporter.target).select_related("file")[
        :RECENT
    ]
    context = {
        "form": form,
        "part": PART,
        "recent": [{"batch": each, "url": reverse("projects:batch", args=[each.pk])} for each in recent],
        "specs": SPECS,
        "template_url": reverse("projects:template"),
    }
    return render(request, "registry/part_import.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PROJECTS)
def columns(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Which column is what."""
    found = _own(request, pk)
    if found.status != ImportBatch.Status.UPLOADED:
        return redirect("projects:batch", pk=found.pk)
    try:
        table = preview_of(found)
    except (SheetError, FileNotFoundError) as error:
        gone = "原表已不在存储中，请重新上传"
        messages.error(request, str(error) if isinstance(error, SheetError) else gone)
        return redirect("projects:import")
    sent = request.POST if request.method == "POST" else None
    form = MappingForm(sent, initial=found.mapping, headers=table.headers, specs=SPECS)
    if sent is not None and form.is_valid():
        try:
            begin(found, form.cleaned_data, by=user_of(request))
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return redirect("projects:batch", pk=found.pk)
    used = {form[spec.name].value() for spec in SPECS}
    context = {
        "batch": found,
        "form": form,
        "headers": table.headers,
        "unused": [header for header in table.headers if header not in used],
        "sample": table.sample,
        "total": found.total,
        "header_row": table.header_row,
        "cancel_url": reverse("projects:import"),
    }
    return render(request, "registry/columns.html", context, status=422 if form.errors else 200)


@require_safe
@require(Permission.MANAGE_PROJECTS)
def batch(request: Request, pk: uuid.UUID) -> HttpResponse:
    found = _own(request, pk)
    if found.status == ImportBatch.Status.UPLOADED:
        return redirect("projects:columns", pk=found.pk)
    context = {
        "batch": found,
        "part": PART,
        "list_url": reverse("projects:list"),
        "import_url": reverse("projects:import"),
        "resume_url": reverse("projects:resume", args=[found.pk]),
        **progress_of(found),
    }
    return render(request, "registry/part_batch.html", context)


@require_POST
@require(Permission.MANAGE_PROJECTS)
def resume(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Go on with an import that stopped."""
    found = _own(request, pk)
    try:
        resume_batch(found, by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    return redirect("projects:batch", pk=found.pk)


@require_safe
@require(Permission.MANAGE_PROJECTS)
def template(request: Request) -> HttpResponse:
    """An empty table with headings and an example."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet(PART.sheet)
    head, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    for column, spec in enumerate(SPECS):
        page.set_column(column, column, 18, text)
        page.write_string(0, column, f"{spec.label}*" if spec.required else spec.label, head)
        page.write_string(1, column, EXAMPLE.get(spec.label, ""), text)
    page.freeze_panes(1, 1)
    book.close()
    response = HttpResponse(out.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = content_disposition("工程项目导入模板.xlsx")
    return response
