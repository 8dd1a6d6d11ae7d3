"""Answers to the checkup of a draft, and the list of what is to be changed in the document."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions
from ..models import PlanFinding
from ..workbench import Desk
from .answers import answer, plan_or_404, refuse, version_of


@require_POST
@require(Permission.MANAGE_PLANS)
def finding(request: Request, pk: int, finding_pk: int, verb: str) -> HttpResponse:
    """Accept a finding, waive it with a reason, or take the answer back."""
    document = plan_or_404(request, pk)
    row = get_object_or_404(PlanFinding.objects.filter(document=document), pk=finding_pk)
    row.document = document
    version = version_of(request)
    try:
        match verb:
            case "accept":
                actions.accept_finding(row, version=version, by=request.user)
                messages.success(request, "已采纳，列入原件修改清单")
            case "waive":
                actions.waive_finding(
                    row, version=version, by=request.user, reason=request.POST.get("reason", "")
                )
                messages.success(request, "已记录不采纳的理由")
            case _:
                actions.reopen_finding(row, version=version, by=request.user)
                messages.success(request, "已重新打开这条体检意见")
    except Refused as error:
        refuse(request, error)
    return answer(request, document, anchor=f"finding-{row.pk}")


@require_safe
@require(Permission.MANAGE_PLANS)
def findings(request: Request, pk: int) -> HttpResponse:
    """The checkup as a sheet to print and hand to whoever drafts the document: accepted first, then open, then waived."""
    document = plan_or_404(request, pk)
    desk = Desk(document, on=timezone.localdate())
    state = PlanFinding.State
    groups = [
        {
            "label": label,
            "rows": [
                {
                    "finding": row,
                    "quote": document.text[row.start : row.end][:120],
                    "line": desk.line_of(row.start),
                }
                for row in desk.findings
                if row.state == chosen
            ],
        }
        for chosen, label in (
            (state.ACCEPTED, "采纳，原件要改"),
            (state.OPEN, "还没有答复"),
            (state.WAIVED, "不采纳"),
        )
    ]
    context = {"document": document, "groups": groups, "progress": desk.progress}
    return render(request, "campaigns/findings.html", context)
