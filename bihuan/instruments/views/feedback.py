"""A round of supervision told to each body: one press, one draft a body (督查反馈)."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.oversight.models import OversightRound

from ..feedback import bodies_of, draft_feedback, may_draft
from . import user_of


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DRAFT_INSTRUMENT)
def draft(request: Request, pk: int) -> HttpResponse:
    """Whom the round has to tell what; those chosen get a draft each."""
    user = user_of(request)
    row = get_object_or_404(
        OversightRound.objects.visible_to(user).select_related("organization__region"), pk=pk
    )
    if not may_draft(user, row):
        raise PermissionDenied
    wrong, chosen = "", {row_number(each) for each in request.POST.getlist("body")} - {0}
    if request.method == "POST":
        try:
            drafts = draft_feedback(row, chosen, by=user)
        except Refused as error:
            wrong = str(error)
        else:
            if len(drafts) == 1:
                messages.success(request, "已起草，核对后送核")
                return redirect(drafts[0])
            messages.success(request, f"已起草 {len(drafts)} 份督查反馈，逐份核对后送核")
            return redirect(f"{reverse('instruments:list')}?kind=feedback&state=drafts")
    bodies = bodies_of(row, user)
    context = {
        "row": row,
        "bodies": [(each, each.told.organization.pk in chosen or not wrong) for each in bodies],
        "owed": sum(each.is_owed for each in bodies),
        "wrong": wrong,
    }
    return render(request, "instruments/feedback.html", context, status=422 if wrong else 200)
