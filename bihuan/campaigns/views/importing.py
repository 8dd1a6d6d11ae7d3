"""A plan comes in: dropped as a file or pasted as text."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.attachments import storage
from bihuan.attachments.models import Attachment
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.plans import Plan, PlanReadError
from bihuan.plans.parts import PART_KINDS

from .. import actions
from ..models import seats

PASTED = "粘贴的方案.txt"
ACCEPTED = ".docx,.doc,.wps,.pdf,.html,.htm,.txt,.md,.png,.jpg,.jpeg"


@require(Permission.MANAGE_PLANS)
def import_plan(request: Request) -> HttpResponse:
    """Drop a file or paste a text; what cannot be read is said here and leaves nothing behind.

    A file that holds several plans is kept, and the page asks which of them to make drafts of.
    """
    region = Region.objects.get(pk=seats(request.user, Permission.MANAGE_PLANS)[0])
    context: dict[str, Any] = {"region": region, "accept": ACCEPTED, "text": ""}
    if request.method != "POST":
        return render(request, "campaigns/import_plan.html", context)
    if "stored" in request.POST:
        return _chosen(request, region)
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
        found = actions.plans_in(data, name)
        if len(found) > 1:
            return _choices(request, found, actions.keep_file(data, name, by=request.user))
        document = actions.import_plan(data, name, by=request.user, region=region)
    except (PlanReadError, Refused) as error:
        context["error"] = str(error)
        return render(request, "campaigns/import_plan.html", context, status=422)
    messages.success(request, f"已导入《{document.title}》，请逐项核对后发布")
    return redirect("campaigns:workbench", document.pk)


def _choices(request: Request, found: list[Plan], file: Attachment, *, error: str = "") -> HttpResponse:
    """Which of the plans of this file? What else it holds is listed beside."""
    rows = [
        {
            "number": number,
            "title": actions.title_in(plan) or f"第 {number + 1} 篇（没有找到标题）",
            "tasks": len(plan.tasks),
            "phases": len(plan.phases),
            "characters": len(plan.source.text),
            "begins": plan.source.text[:60].replace("\n", " "),
        }
        for number, plan in enumerate(found)
    ]
    others = [
        (PART_KINDS[part.kind], part.title or "（没有标题）")
        for part in found[0].parts
        if part.kind not in ("plan", "notice")
    ]
    context = {"rows": rows, "others": others, "file": file, "error": error}
    return render(request, "campaigns/import_parts.html", context, status=422 if error else 200)


def _chosen(request: Request, region: Region) -> HttpResponse:
    """Make drafts of the plans picked from a file brought a moment ago."""
    try:
        stored = uuid.UUID(request.POST["stored"])
    except ValueError:
        raise Http404 from None
    file = get_object_or_404(Attachment.objects.filter(uploaded_by=request.user), pk=stored)
    numbers = [
        int(number) for number in request.POST.getlist("pick") if number.isdecimal() and len(number) < 4
    ]
    try:
        documents = actions.import_chosen(file, numbers, by=request.user, region=region)
    except Refused as error:
        found = actions.plans_in(storage.read(file.path), file.name)
        return _choices(request, found, file, error=str(error))
    if len(documents) == 1:
        messages.success(request, f"已导入《{documents[0].title}》，请逐项核对后发布")
        return redirect("campaigns:workbench", documents[0].pk)
    messages.success(request, f"已导入 {len(documents)} 份方案，请逐份核对后发布")
    return redirect("campaigns:plans")
