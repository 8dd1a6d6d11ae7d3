"""Parts of enterprises from a table, equipment, chemicals, who answers: the same steps as for enterprises, by the same pages."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping, Sequence
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
from bihuan.core.sheets import FieldSpec, SheetError
from bihuan.core.sheets.streaming import XLSX
from bihuan.jobs.imports import progress_of

from .. import answeringimporting, chemicalimporting, equipmentimporting
from ..forms import MappingForm, SheetForm
from . import user_of
from .imports import RECENT


@dataclass(frozen=True)
class Part:
    """What is brought: its words, its columns, an example by heading, and the page of the list it goes into.

    URL names are `registry:<key>_import`, `_template`, `_batch`, `_columns` and `_resume`.
    """

    key: str
    label: str
    sheet: str
    target: str
    specs: Sequence[FieldSpec]
    example: Mapping[str, str]
    page: str
    lead: str

    def url(self, step: str, *args: object) -> str:
        """The address of a step."""
        return reverse(f"registry:{self.key}_{step}", args=args)


EQUIPMENT = Part(
    "equipment", "设备", "设备清单", equipmentimporting.EquipmentImporter.target, equipmentimporting.SPECS,
    {
        "企业名称": "示例：某某酒店", "设备种类": "电梯", "设备编号": "梯11云A00001", "投用日期": "2020-06-01",
        "上次检验": "2026-05-20", "设备状态": "在用",
    },
    "registry:equipment", "设备记到底册里已有的企业名下",
)  # fmt: skip
CHEMICAL = Part(
    "chemical", "危险化学品", "危险化学品清单", chemicalimporting.ChemicalImporter.target, chemicalimporting.SPECS,
    {
        "企业名称": "示例：某某化工有限公司", "品名": "甲醇", "CAS号": "67-56-1", "形态": "液态", "设计最大量（吨）": "900",
        "实际储量（吨）": "450", "单元名称": "原料罐区", "单元类型": "储存单元", "存放位置": "甲醇储罐",
    },
    "registry:chemicals", "品种记到底册里已有的企业和单元名下，单元的S值、R值随即重算",
)  # fmt: skip
ANSWERING = Part(
    "answering", "包干专盯", "责任清单", answeringimporting.AnsweringImporter.target, answeringimporting.SPECS,
    {"企业名称": "示例：某某酒店", "包干领导": "青石街道主任", "专盯人员": "张三", "起": "2026-11-01"},
    "registry:owners", "领导和专盯人员指定到底册里已有的企业，按姓名或岗位认人；换了人的，前任止于前一天",
)  # fmt: skip
PARTS = {part.key: part for part in (EQUIPMENT, CHEMICAL, ANSWERING)}


def _own_batch(request: Request, pk: uuid.UUID, part: Part) -> ImportBatch:
    """A batch belongs to whoever brought the table."""
    own = ImportBatch.objects.filter(by=user_of(request), target=part.target)
    return get_object_or_404(own.select_related("file", "result"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.IMPORT_REGISTRY)
def start(request: Request, part: str) -> HttpResponse:
    user, what = user_of(request), PARTS[part]
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = start_batch(what.target, form.cleaned_data["sheet"], by=user)
        except Refused as error:
            form.add_error("sheet", str(error))
        else:
            return redirect(what.url("columns", made.pk))
    recent = ImportBatch.objects.filter(by=user, target=what.target).select_related("file")[:RECENT]
    return render(
        request,
        "registry/part_import.html",
        {
            "form": form,
            "part": what,
            "recent": [{"batch": each, "url": what.url("batch", each.pk)} for each in recent],
            "specs": what.specs,
            "template_url": what.url("template"),
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.IMPORT_REGISTRY)
def columns(request: Request, pk: uuid.UUID, part: str) -> HttpResponse:
    """Which column is what."""
    what = PARTS[part]
    found = _own_batch(request, pk, what)
    if found.status != ImportBatch.Status.UPLOADED:
        return redirect(what.url("batch", found.pk))
    try:
        table = preview_of(found)
    except (SheetError, FileNotFoundError) as error:
        gone = "原表已不在存储中，请重新上传"
        messages.error(request, str(error) if isinstance(error, SheetError) else gone)
        return redirect(what.url("import"))
    sent = request.POST if request.method == "POST" else None
    form = MappingForm(sent, initial=found.mapping, headers=table.headers, specs=what.specs)
    if sent is not None and form.is_valid():
        try:
            begin(found, form.cleaned_data, by=user_of(request))
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return redirect(what.url("batch", found.pk))
    used = {form[spec.name].value() for spec in what.specs}
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
            "cancel_url": what.url("import"),
        },
        status=422 if form.errors else 200,
    )


@require_safe
@require(Permission.IMPORT_REGISTRY)
def batch(request: Request, pk: uuid.UUID, part: str) -> HttpResponse:
    what = PARTS[part]
    found = _own_batch(request, pk, what)
    if found.status == ImportBatch.Status.UPLOADED:
        return redirect(what.url("columns", found.pk))
    return render(
        request,
        "registry/part_batch.html",
        {
            "batch": found,
            "part": what,
            "list_url": reverse(what.page),
            "import_url": what.url("import"),
            "resume_url": what.url("resume", found.pk),
            **progress_of(found),
        },
    )


@require_POST
@require(Permission.IMPORT_REGISTRY)
def resume(request: Request, pk: uuid.UUID, part: str) -> HttpResponse:
    """Go on with an import that stopped."""
    what = PARTS[part]
    found = _own_batch(request, pk, what)
    try:
        resume_batch(found, by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    return redirect(what.url("batch", found.pk))


@require_safe
@require(Permission.IMPORT_REGISTRY)
def template(request: Request, part: str) -> HttpResponse:
    """An empty table with headings and an example."""
    what = PARTS[part]
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet(what.label)
    head, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    for column, spec in enumerate(what.specs):
        page.set_column(column, column, 18, text)
        page.write_string(0, column, f"{spec.label}*" if spec.required else spec.label, head)
        page.write_string(1, column, what.example.get(spec.label, ""), text)
    page.freeze_panes(1, 1)
    book.close()
    response = HttpResponse(out.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = content_disposition(f"{what.label}导入模板.xlsx")
    return response
