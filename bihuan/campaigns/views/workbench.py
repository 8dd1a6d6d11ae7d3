"""The workbench: source at the left, structure at the right; its pulse; acts on many elements at once."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions
from ..models import PlanUnit
from ..presence import note_presence, others_present
from ..units import Bodies
from .answers import answer, changes_context, page_context, plan_or_404, refuse


@require_safe
@require(Permission.MANAGE_PLANS)
def workbench(request: Request, pk: int) -> HttpResponse:
    """The whole page."""
    document = plan_or_404(request, pk)
    context = page_context(request, document)
    flags = document.reading.get("flags", [])
    context |= {
        "cards": context["desk"].cards(),
        "omitted": len(document.reading.get("dropped", [])),
        "flags": flags,
        "hints": len(document.notices) + len(flags),
    }
    return render(request, "campaigns/workbench.html", context)


@require_POST
@require(Permission.MANAGE_PLANS)
def pulse(request: Request, pk: int) -> HttpResponse:
    """Every few seconds: here I am, at this element; what did the others do? 204 when nothing."""
    document = plan_or_404(request, pk)
    now = timezone.now()
    if document.is_draft:
        note_presence(document, request.user, row_number(request.POST.get("item", "")), now=now)
    since = row_number(request.POST.get("since", ""))
    present = "；".join(others_present(document, request.user, now=now))
    if since == document.revision and present == request.POST.get("present", ""):
        return HttpResponse(status=204)
    editing = row_number(request.POST.get("editing", ""))
    context = changes_context(request, pk, since=since, editing=editing)
    response = render(request, "campaigns/_changes.html", context)
    if context["news"]:
        response["HX-Trigger"] = json.dumps({"bihuan:toast": context["news"]})
    return response


@require_POST
@require(Permission.MANAGE_PLANS)
def match_unit(request: Request, pk: int, unit_pk: int) -> HttpResponse:
    """Say what a printed name means: `meaning` is org-<id> or the key of a group, `meaning_words` either's name."""
    document = plan_or_404(request, pk)
    unit = get_object_or_404(document.units, pk=unit_pk)
    unit.document = document
    meaning = request.POST.get("meaning", "")
    choices = Bodies(document.region_id, on=timezone.localdate()).choices
    if words := request.POST.get("meaning_words", "").strip():
        groups = {str(label): key for key, label in PlanUnit.Group.choices}
        bodies = {name: f"org-{body.pk}" for body in choices for name in (body.short_name, body.name)}
        meaning = groups.get(words) or bodies.get(words) or ""
        if not meaning:
            messages.warning(request, f"没有叫“{words}”的单位，请从列表中选择，或先到单位目录登记")
            return answer(request, document, anchor="units")
    chosen = {f"org-{body.pk}": body for body in choices}.get(meaning)
    group = "" if meaning.startswith("org-") else meaning
    version = row_number(request.POST.get("version", "")) or None
    try:
        actions.match_unit(unit, by=request.user, organization=chosen, group=group, version=version)
        lasting = "，以后导入的方案不再询问" if chosen else ""
        messages.success(request, f"“{unit.name}”已认定{lasting}")
    except Refused as error:
        refuse(request, error)
    return answer(request, document, anchor="units")


@require_POST
@require(Permission.MANAGE_PLANS)
def confirm_confident(request: Request, pk: int) -> HttpResponse:
    """Confirm what the compiler is sure of."""
    document = plan_or_404(request, pk)
    try:
        count = actions.confirm_confident(document, by=request.user)
        messages.success(request, f"已确认 {count} 项" if count else "没有可以批量确认的项目，请逐项核对")
    except Refused as error:
        refuse(request, error)
    return answer(request, document, anchor="structure")


@require_POST
@require(Permission.MANAGE_PLANS)
def confirm_section(request: Request, pk: int, item_pk: int) -> HttpResponse:
    """Confirm what is left of one chapter."""
    document = plan_or_404(request, pk)
    section = get_object_or_404(document.items, pk=item_pk)
    section.document = document
    try:
        count = actions.confirm_section(section, by=request.user)
        messages.success(
            request, f"“{section.label}”已确认 {count} 项" if count else "这一章没有可以批量确认的项目"
        )
    except Refused as error:
        refuse(request, error)
    return answer(request, document, anchor=f"item-{section.pk}")


@require_POST
@require(Permission.MANAGE_PLANS)
def undo(request: Request, pk: int) -> HttpResponse:
    """Take back one's own last step."""
    document = plan_or_404(request, pk)
    try:
        step = actions.undo_step(document, by=request.user)
        document_now = plan_or_404(request, pk)
        actions.recheck(document_now)
        messages.success(request, f"已撤销：{step.summary}")
    except Refused as error:
        refuse(request, error)
    return answer(request, document, anchor="structure")
