"""The collecting office: bodies × periods, and the sum of one period with who is missing, late, restated, contradictory."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions
from ..models import Definition, Period, Return
from ..periods import short_label
from ..queries import OWN, gather, late_twice, latest_opened, overview
from ..standing import holds
from ..workflow import OPEN, Status
from . import user_of

NAMED = 12


@require_safe
@require(Permission.VIEW_RETURNS)
def index(request: Request) -> HttpResponse:
    """Bodies × the last periods of a chosen return, with who is often late."""
    user, today = user_of(request), timezone.localdate()
    definitions = list(
        Definition.objects.visible_to(user).exclude(state=Definition.State.DRAFT).select_related("organization", "campaign")
        .order_by("state", "organization_id", "name")[:200]
    )  # fmt: skip
    wanted = row_number(request.GET.get("definition", ""))
    chosen = next((each for each in definitions if each.pk == wanted), None) or latest_opened(definitions)
    periods, lines = overview(chosen, user, on=today) if chosen else ([], [])
    context = {
        "definitions": [(str(each.pk), f"{each.name}（{each.organization.short_name}）") for each in definitions],
        "chosen": chosen, "chosen_key": str(chosen.pk) if chosen else "", "periods": periods, "lines": lines,
        "columns": [
            {"label": short_label(period.kind, period.span), "title": period.label, "url": period.get_absolute_url()}
            for period in periods
        ],
        "rows": [
            {
                "label": body.short_name,
                "cells": [
                    {"text": mark.words, "tone": mark.tone, "url": mark.record.get_absolute_url() if mark.record else ""}
                    for mark in marks
                ],
            }
            for body, marks, _ in lines
        ],
        "often": late_twice(chosen, on=today) if chosen else [],
        "may_define": user.has_perm(Permission.DEFINE_RETURNS),
    }  # fmt: skip
    return render(request, "returns/collecting.html", context)


def period_or_404(request: Request, pk: int) -> Period:
    rows = Period.objects.visible_to(user_of(request)).select_related(
        "version", "definition__organization__region", "definition__campaign"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_RETURNS)
def period(request: Request, pk: int) -> HttpResponse:
    """The sum of what was signed, item by item and body by body."""
    found, user = period_or_404(request, pk), user_of(request)
    gathered = gather(found, user)
    context = {
        "period": found, "gathered": gathered, "collects": holds(user, Permission.RECEIVE_RETURNS, found.definition.organization_id),
        "names": [
            (label, gathered.names[key])
            for key, label in (
                ("missing", "缺报"), ("waiting", "待报（未到截止）"), ("late", "迟报"), ("sent_back", "退回、解锁未重报"), ("restated", "与台账有出入"), ("doubtful", "文字与数字对不上"),
                ("conflicting", "与另一张报表不一致"), ("explained", "勾稽不符、已说明"), ("zero", "零报告"), ("waived", "免报"),
            )
        ],
        "table": [
            (line, [(item, line.cells.get(item.key), line.links.get(item.key, "")) for item in gathered.items], {each.cell.rpartition("|")[2] for each in line.restated})
            for line in gathered.lines
        ],
        "totals": [(total, [(item, total.cells.get(item.key)) for item in gathered.items]) for total in gathered.totals],
        "own_row": OWN, "own": [(item, gathered.own.get(item.key)) for item in gathered.items],
        "doubtful": [(line.record, line.doubts) for line in gathered.lines if line.doubts],
        "explained": [(line.record, line.explained) for line in gathered.lines if line.explained],
        "signed": [line.record for line in gathered.lines if line.record.status == Status.SIGNED],
    }  # fmt: skip
    return render(request, "returns/period.html", context)


def _collected(request: Request, pk: int) -> Period:
    found = period_or_404(request, pk)
    if not holds(user_of(request), Permission.RECEIVE_RETURNS, found.definition.organization_id):
        raise PermissionDenied
    return found


@require_POST
@require(Permission.RECEIVE_RETURNS)
def urge(request: Request, pk: int) -> HttpResponse:
    """Press everybody of a period who has not reported."""
    found = _collected(request, pk)
    late = Return.objects.filter(period=found, status__in=list(OPEN)).select_related("organization")
    pressed = actions.urge(list(late), by=user_of(request))
    messages.success(request, f"已催 {len(pressed)} 个单位") if pressed else messages.warning(
        request, "没有要催的单位，或者今天已经催过"
    )
    return redirect(found)


@require_POST
@require(Permission.RECEIVE_RETURNS)
def accept(request: Request, pk: int) -> HttpResponse:
    """Accept everything that is signed, as far as nothing is against it: no restatement, no contradiction, no words that do
    not fit the figures, no cross-check that had to be explained (U19). What is left is named, each with what to look at."""
    found, user = _collected(request, pk), user_of(request)
    gathered = gather(found, user)
    contradicting = {each.upper.pk for each in gathered.contradictions}
    conflicting = {each.record.pk for each in gathered.conflicts}
    accepted, left = 0, list[str]()
    for line in gathered.lines:
        if line.record.status != Status.SIGNED:
            continue
        against = [
            words
            for words, holds in (
                ("与台账有出入", line.restated), ("上下级不一致", line.record.pk in contradicting),
                ("文字与数字对不上", line.doubts), ("与另一张报表不一致", line.record.pk in conflicting),
                ("勾稽不符", line.explained),
            )
            if holds
        ]  # fmt: skip
        if against:
            left.append(f"{line.record.organization.short_name}（{'、'.join(against)}）")
            continue
        try:
            actions.accept(line.record, by=user)
        except Refused:
            left.append(f"{line.record.organization.short_name}（刚由他人办理）")
            continue
        accepted += 1
    words = f"审收 {accepted} 份"
    named = "、".join(left[:NAMED]) + ("等" if len(left) > NAMED else "")
    messages.success(request, f"{words}；{len(left)} 份没有审收，请逐份核对：{named}" if left else words)
    return redirect(found)
