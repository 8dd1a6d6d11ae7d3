"""A plan comes in: dropped as a file or pasted as text."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions, readings
from ..models import seats
from .reading import answer

PASTED = "粘贴的方案.txt"
ACCEPTED = ".docx,.doc,.wps,.pdf,.html,.htm,.txt,.md,.png,.jpg,.jpeg"


@require(Permission.MANAGE_PLANS)
def import_plan(request: Request) -> HttpResponse:
    """Drop a file or paste a text; what cannot be read is said here and makes nothing, what takes long is background work.

    When a file holds several plans, the page of its reading asks which of them to make drafts of.
    """
    region = Region.objects.get(pk=seats(request.user, Permission.MANAGE_PLANS)[0])
    context: dict[str, Any] = {"region": region, "accept": ACCEPTED, "text": ""}
    if request.method != "POST":
        return render(request, "campaigns/import_plan.html", context)
    upload, text = request.FILES.get("file"), request.POST.get("text", "").strip()
    context["text"] = text
    if not upload and not text:
        context["error"] = "请选择一个方案文件，或者把方案全文粘贴到下面的方框里"
        return render(request, "campaigns/import_plan.html", context, status=422)
    # An over-large upload is refused by its size, before its bytes are read.
    try:
        data = actions.read_upload(upload) if upload else text.encode()
        name = (upload.name if upload else PASTED) or PASTED
        earlier = actions.earlier_draft(data, region=region)
        if earlier and "again" not in request.POST:
            context |= {"earlier": earlier, "was_pasted": not upload}
            return render(request, "campaigns/import_plan.html", context, status=422)
        job = readings.read_for(
            readings.DRAFT, data, name, {"region": region.pk}, by=request.user, back=reverse("campaigns:import_plan")
        )  # fmt: skip
    except Refused as error:
        context["error"] = str(error)
        return render(request, "campaigns/import_plan.html", context, status=422)
    return answer(request, job)
