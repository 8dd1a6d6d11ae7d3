"""Lines of an upper level's list: entered, read from a sheet, prepared; and problems read from the team's opinion."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.attachments.actions import store_bytes
from bihuan.attachments.models import Attachment
from bihuan.attachments.sniffing import XLSX
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions, receiving, sheetreading
from .. import receptionforms as forms
from ..models import Reception, ReceptionLine
from ..standing import line_moves, may_move_line
from ..workflow import LineMove, ReceptionMove
from . import Panel, events_of, user_of
from .receptions import documents_of, managed

SHOWN = 30  # problems named on the page; the marked sheet names them all


def line_or_404(request: Request, pk: int) -> ReceptionLine:
    rows = ReceptionLine.objects.visible_to(user_of(request)).select_related(
        "reception__organization__region", "reception__previous", "organization", "prepared_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_OVERSIGHT)
def create(request: Request, pk: int) -> HttpResponse:
    """Enter a line by hand."""
    row, user = managed(request, pk), user_of(request)
    form = forms.LineForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = actions.add_lines(row, [actions.LineGiven(**form.cleaned_data)], by=user)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已列入清单" if made else "清单里已经有这一项")
                return redirect(row)
    context = {
        "form": form, "title": "增加清单项", "lead": row.title, "submit_label": "列入清单",
        "back": row.get_absolute_url(),
    }  # fmt: skip
    return render(request, "oversight/form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_OVERSIGHT)
def import_lines(request: Request, pk: int) -> HttpResponse:
    """Read a score sheet; whole or not at all, and a second time it changes nothing."""
    row, user = managed(request, pk), user_of(request)

    def take(data: bytes, name: str) -> tuple[str, sheetreading.Reading[Any]]:
        reading = sheetreading.read_lines(data, name)
        if reading.problems:
            return "", reading
        made = actions.add_lines(row, reading.rows, by=user)
        same = len(reading.rows) - made
        return f"已列入 {made} 项{f'，{same} 项清单里已经有' if same else ''}", reading

    return _import(request, row, "导入检查清单（评分表）", sheetreading.LINES, take)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_OVERSIGHT)
def import_told(request: Request, pk: int) -> HttpResponse:
    """Read the team's opinion as a list of problems; whole or not at all, and a second time it changes nothing."""
    row, user = managed(request, pk, ReceptionMove.TELL), user_of(request)

    def take(data: bytes, name: str) -> tuple[str, sheetreading.Reading[Any]]:
        reading = sheetreading.read_told(
            data, name, user=user, code=row.organization.region_id, on=timezone.localdate()
        )
        if reading.problems:
            return "", reading
        known = set(row.findings.live().values_list("description", flat=True))
        made = 0
        with transaction.atomic():
            for each in reading.rows:
                if each.description[:500] in known:
                    continue
                known.add(each.description[:500])
                actions.record_told(
                    row, level=each.level, code=each.code, description=each.description, demand=each.demand,
                    organization=each.organization, enterprise=each.enterprise, due_on=each.due_on, by=user,
                )  # fmt: skip
                made += 1
        same = len(reading.rows) - made
        return f"已登记 {made} 项问题{f'，{same} 项已经登记过' if same else ''}", reading

    return _import(request, row, "导入反馈意见", sheetreading.FINDINGS, take)


def _import(request: Request, row: Reception, title: str, specs: Any, take: Any) -> HttpResponse:
    form = forms.SheetForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    marked: Attachment | None = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            upload = form.cleaned_data["sheet"]
            try:
                said, reading = take(upload.read(), upload.name)
            except Refused as error:
                problems = [str(error)]
            else:
                if not reading.problems:
                    messages.success(request, said)
                    return redirect(row)
                problems = reading.problems
                if reading.marked:
                    marked = store_bytes(
                        reading.marked, f"{title}-待改.xlsx", XLSX, Attachment.Kind.SHEET, by=user_of(request)
                    )
        else:
            problems = ["请选择表格文件（xlsx、xls、ods、csv）"]
    context = {
        "row": row, "title": title, "specs": specs, "problems": problems[:SHOWN], "more": max(len(problems) - SHOWN, 0),
        "marked": marked,
    }  # fmt: skip
    return render(request, "oversight/reception_import.html", context, status=status)


@require_safe
@require(Permission.VIEW_OVERSIGHT)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, line_or_404(request, pk))


def _show(
    request: Request, line: ReceptionLine, wrong: tuple[str, django_forms.Form] | None = None
) -> HttpResponse:
    user = user_of(request)
    moves = line_moves(user, line)
    figures = receiving.proposals(line, user)
    over = receiving.period_of(line.reception, user)
    pair = next(
        (each for each in receiving.pairs_of(line.reception) if each.now and each.now.pk == line.pk), None
    )
    context = {
        "line": line,
        "row": line.reception,
        "figures": figures,
        "over": over,
        "before": pair.before if pair else None,
        "panels": [each.told(wrong) for each in _panels(line, moves, receiving.sentence(figures, over))],
        "act_view": "oversight:reception_line_act",
        "pk": line.pk,
        "upload_url": reverse("attachments:upload"),
        "materials": files.of(line, "material"),
        "events": events_of(line, line.transitions.select_related("by"), LineMove),
        "today": timezone.localdate(),
    }
    return render(request, "oversight/reception_line.html", context, status=422 if wrong else 200)


def _panels(line: ReceptionLine, moves: list[str], proposed: str) -> list[Panel]:
    found = []
    if LineMove.HAND_IN in moves:
        form = forms.MaterialForm(initial={"material": line.material or proposed})
        found.append(Panel("hand_in", "提交准备情况", "提交", form, documents=True, is_open=True))
    if LineMove.ACCEPT in moves:
        found.append(Panel("accept", "审核通过", "通过", forms.NoteForm(), is_open=True))
    if LineMove.SEND_BACK in moves:
        found.append(Panel("send_back", "退回补充", "退回", forms.ReasonForm()))
    if LineMove.DROP in moves:
        found.append(Panel("drop", "这一项不适用于我们", "不适用", forms.ReasonForm(), danger=True))
    return found


FORMS: dict[str, type[django_forms.Form]] = {
    "hand_in": forms.MaterialForm,
    "accept": forms.NoteForm,
    "send_back": forms.ReasonForm,
    "drop": forms.ReasonForm,
}


@require_POST
@require(Permission.VIEW_OVERSIGHT)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page of a line."""
    line, user = line_or_404(request, pk), user_of(request)
    if key not in FORMS:
        raise Http404
    if not may_move_line(user, key, line):
        raise PermissionDenied
    form = FORMS[key](request.POST)
    if not form.is_valid():
        return _show(request, line, (key, form))
    given = form.cleaned_data
    try:
        match key:
            case "hand_in":
                actions.hand_in(line, files=documents_of(request), by=user, **given)
                words = "已提交，等待审核"
            case "accept":
                actions.accept(line, by=user, **given)
                words = "已备齐"
            case "send_back":
                actions.send_back_line(line, by=user, **given)
                words = "已退回补充"
            case _:
                actions.drop_line(line, by=user, **given)
                words = "已标为不适用"
    except Refused as error:
        form.add_error(None, str(error))
        return _show(request, line_or_404(request, pk), (key, form))
    messages.success(request, words)
    return redirect(line)
