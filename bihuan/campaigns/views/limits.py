"""Which zone a task is limited to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.zones.models import Zone

from ..actions.limiting import limit_task
from .tasks import _task_or_404


@require_POST
@require(Permission.VIEW_CAMPAIGNS)
def zone(request: Request, pk: int) -> HttpResponse:
    """Limit a task to a zone the person sees; an empty choice lifts the limit."""
    found = _task_or_404(request, pk)
    chosen = request.POST.get("zone", "")
    wanted = (
        get_object_or_404(Zone.objects.visible_to(request.user), pk=row_number(chosen)) if chosen else None
    )
    try:
        if limit_task(found, wanted, by=request.user):
            messages.success(request, f"已限定在“{wanted}”内" if wanted else "不再限定区域")
    except Refused as error:
        messages.error(request, str(error))
    return redirect(found)
