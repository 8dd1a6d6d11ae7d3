"""A place of a blind spot that was drawn: who went there last, going there now, settling it with a visit or a reason."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.inspections.models import Inspection
from bihuan.inspections.queries import conductible, official_visits

from .. import actions, forms
from ..models import LookbackCheck
from ..standing import may_visit
from ..workflow import CheckMove, CheckStatus
from . import user_of


def events_of(row: LookbackCheck) -> list[dict[str, Any]]:
    """The course of a check for the timeline, with the pictures of each step."""
    lines = list(row.transitions.select_related("by").order_by("-id"))
    kept = files.of_many(lines)
    return [
        {
            "at": f"{timezone.localtime(line.at):%Y-%m-%d %H:%M}", "what": CheckMove(line.move).label,
            "who": line.by.full_name, "note": line.reason,
            "photos": files.photo_items(kept[chain_of(line)].get("scene", [])),
        }
        for line in lines
    ]  # fmt: skip


def place(request: Request, row: LookbackCheck) -> HttpResponse:
    """The page of one place; `row` is one the person may see."""
    user = user_of(request)
    may = may_visit(user, row)
    visits = actions.visits_for(row)
    form, status = None, 200
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        form, status = forms.VisitForm(request.POST, visits=visits), 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                if given["inspection"]:
                    actions.look_at(row, given["inspection"], by=user)
                else:
                    actions.not_seen(row, found=given["found"], by=user)
            except Refused as error:
                form.add_error(None, str(error))
                row.refresh_from_db()
            else:
                messages.success(request, f"已登记：{row.get_status_display()}")
                return redirect(row.round)
    elif may and row.status == CheckStatus.WAITING:
        form = forms.VisitForm(visits=visits, initial={"inspection": visits.first()})
    drawn = timezone.localdate(row.round.drawn_at) if row.round.drawn_at else timezone.localdate()
    earlier = official_visits(Inspection.objects.filter(enterprise=row.enterprise_id, inspected_on__lt=drawn))
    context = {
        "check": row,
        "form": form if row.status == CheckStatus.WAITING else None,
        "before": earlier.select_related("organization").order_by("-inspected_on", "-id").first(),
        "goes": conductible(user).filter(pk=row.enterprise_id).exists() and row.status == CheckStatus.WAITING,
        "today": timezone.localdate(),
        "events": events_of(row),
    }
    return render(request, "lookback/place.html", context, status=status)
