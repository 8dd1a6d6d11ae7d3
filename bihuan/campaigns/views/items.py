"""One element of a draft: look, edit, confirm, remove, restore, merge, split, add."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions
from ..actions.steps import StaleItem
from ..forms import FORMS, CheckItemFormSet, differences, lines_of
from ..models import PlanDocument, PlanItem
from ..workbench import Desk
from .plans import plan_or_404, structure_or_redirect


def _item(request: Request, pk: int, item_pk: int) -> PlanItem:
    document = plan_or_404(request, pk)
    item = get_object_or_404(document.items.select_related("edited_by"), pk=item_pk)
    item.document = document
    return item


def _version(request: Request, name: str = "version") -> int:
    """The version the person saw; 0 matches none, so a forged form is stale, never a crash."""
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _card(request: Request, item: PlanItem) -> HttpResponse:
    """The card and the progress line for htmx, the workbench at the card otherwise."""
    if not request.htmx:
        target = redirect("campaigns:workbench", item.document_id)
        target["Location"] += f"#item-{item.pk}"
        return target
    desk = Desk(item.document, on=timezone.localdate())
    fresh = next(row for row in desk.items if row.pk == item.pk)
    context = {
        "card": desk.card(fresh),
        "document": item.document,
        "progress": desk.progress,
        "swapped": True,
    }
    return render(request, "campaigns/_card.html", context)


def _phases(document: PlanDocument) -> list[PlanItem]:
    return [
        row for row in document.items.filter(kind=PlanItem.Kind.PHASE) if row.state != PlanItem.State.REMOVED
    ]


@require(Permission.MANAGE_PLANS)
def item(request: Request, pk: int, item_pk: int) -> HttpResponse:
    """Correct an element. A stale edit shows both versions and saves nothing."""
    element = _item(request, pk, item_pk)
    form_class = FORMS[element.kind]
    is_task = element.kind == PlanItem.Kind.TASK
    phases = _phases(element.document) if is_task else []
    context: dict[str, Any] = {"item": element, "document": element.document, "version": element.version}
    checks: Any = None
    if request.method != "POST":
        form = form_class(initial=element.data, phases=phases)
        if is_task:
            checks = CheckItemFormSet(initial=element.data["check_items"], prefix="checks")
        return _form(request, context | {"form": form, "checks": checks})
    form = form_class(request.POST, phases=phases)
    if is_task:
        checks = CheckItemFormSet(request.POST, prefix="checks")
    context |= {"form": form, "checks": checks, "version": _version(request)}
    if not form.is_valid() or (is_task and not checks.is_valid()):
        return _form(request, context, status=422)
    data = form.element()
    if is_task:
        data["check_items"] = lines_of(checks, element.data["check_items"])
    try:
        fresh = actions.edit_item(
            element, data, version=_version(request), by=request.user, confirm="confirm" in request.POST
        )
    except StaleItem as stale:
        context |= {
            "stale": str(stale),
            "differences": differences(element.kind, data, stale.current.data),
            "version": stale.current.version,
        }
        # htmx swaps 422 but not 409; the page itself answers with the exact word.
        return _form(request, context, status=422 if request.htmx else 409)
    except Refused as error:
        form.add_error(None, str(error))
        return _form(request, context, status=422)
    return _card(request, fresh)


def _form(request: Request, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    template = "campaigns/_item_form.html" if request.htmx else "campaigns/item.html"
    return render(request, template, context, status=status)


@require_safe
@require(Permission.MANAGE_PLANS)
def card(request: Request, pk: int, item_pk: int) -> HttpResponse:
    """The card as it stands, to leave a form without saving."""
    return _card(request, _item(request, pk, item_pk))


@require_POST
@require(Permission.MANAGE_PLANS)
def move(request: Request, pk: int, item_pk: int, verb: str) -> HttpResponse:
    """Confirm, remove or restore an element; merge it with the next; split it before a sentence."""
    element = _item(request, pk, item_pk)
    version = _version(request)
    try:
        match verb:
            case "confirm":
                return _card(request, actions.confirm_item(element, version=version, by=request.user))
            case "remove":
                return _card(request, actions.remove_item(element, version=version, by=request.user))
            case "restore":
                return _card(request, actions.restore_item(element, version=version, by=request.user))
            case "merge":
                other = get_object_or_404(element.document.items, pk=_version(request, "other"))
                versions = (version, _version(request, "other_version"))
                actions.merge_items(element, other, versions=versions, by=request.user)
                messages.success(request, f"已把“{other.label}”并入“{element.label}”，请核对合并后的内容")
            case _:
                actions.split_item(element, _version(request, "at"), version=version, by=request.user)
                messages.success(request, f"“{element.label}”已拆成两项，请分别核对")
    except Refused as error:
        messages.warning(request, str(error))
    return structure_or_redirect(request, element.document, anchor=f"item-{element.pk}")


@require_POST
@require(Permission.MANAGE_PLANS)
def add(request: Request, pk: int) -> HttpResponse:
    """Add an element, blank or from a passage, and open it for editing."""
    document = plan_or_404(request, pk)
    kind = request.POST.get("kind", "")
    if kind not in PlanItem.Kind.values:
        messages.warning(request, "请选择要新增的类别")
        return redirect("campaigns:workbench", document.pk)
    start = request.POST.get("start", "")
    try:
        fresh = actions.add_item(
            document,
            kind,
            by=request.user,
            passage=request.POST.get("passage", "")[:20_000],
            start=int(start) if start.isdecimal() and len(start) < 10 else None,
        )
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("campaigns:workbench", document.pk)
    messages.success(request, "已新增，请补全后确认")
    return redirect("campaigns:item", document.pk, fresh.pk)
