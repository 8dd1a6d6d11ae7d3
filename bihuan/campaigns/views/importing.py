"""A plan comes in: dropped as a file or pasted as text."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.plans import PlanReadError

from .. import actions
from ..models import seats

PASTED = "粘贴的方案.txt"
ACCEPTED = ".txt,.docx,.pdf,.html,.htm"


@require(Permission.MANAGE_PLANS)
def import_plan(request: Request) -> HttpResponse:
    """Drop a file or paste a text; what cannot be read is said here and leaves nothing behind."""
    region = Region.objects.get(pk=seats(request.user, Permission.MANAGE_PLANS)[0])
    context: dict = {"region": region, "accept": ACCEPTED, "text": ""}
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
        document = actions.import_plan(data, name, by=request.user, region=region)
    except (PlanReadError, Refused) as error:
        context["error"] = str(error)
        return render(request, "campaigns/import_plan.html", context, status=422)
    messages.success(request, f"已导入《{document.title}》，请逐项核对后发布")
    return redirect("campaigns:workbench", document.pk)
