"""One element of a draft: look, edit, confirm, remove, restore, merge, split, retype, add."""

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
from bihuan.plans import Span

from .. import actions
from ..actions.steps import StaleItem
from ..drafts import sentences
from ..forms import FORMS, CheckItemFormSet, differences, lines_of
from ..models import PlanDocument, PlanItem
from ..originals import original_span
from ..workbench import Desk
from .answers import answer, plan_or_404, refuse, version_of


def _item(request: Request, pk: int, item_pk: int) -> PlanItem:
    document = plan_or_404(request, pk)
    item = get_object_or_404(document.items.select_related("edited_by"), pk=item_pk)
    item.document = document
    return item


def _phases(document: PlanDocument) -> list[PlanItem]:
    return [
        row for row in document.items.filter(kind=PlanItem.Kind.PHASE) if row.state != PlanItem.State.REMOVED
    ]


@require(Permission.MANAGE_PLANS)
def item(request: Request, pk: int, item_pk: int) -> HttpResponse:
    """Correct an element. A stale edit shows both versions and saves nothing; `autosave` keeps the form open."""
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
    is_autosave = "autosave" in request.POST and bool(request.htmx)
    form = form_class(request.POST, phases=phases)
    if is_task:
        checks = CheckItemFormSet(request.POST, prefix="checks")
    context |= {"form": form, "checks": checks, "version": version_of(request)}
    if not form.is_valid() or (is_task and not checks.is_valid()):
        if is_autosave:
            return _unsaved(request, context | {"faults": _faults(form, checks)})
        return _form(request, context, status=422)
    data = form.element()
    if is_task:
        data["check_items"] = lines_of(checks, element.data["check_items"])
    try:
        fresh = actions.edit_item(
            element, data, version=version_of(request), by=request.user, confirm="confirm" in request.POST
        )
    except StaleItem as stale:
        context |= {
            "stale": str(stale),
            "differences": differences(element.kind, data, stale.current.data),
            "version": stale.current.version,
        }
        if is_autosave:
            return _unsaved(request, context)
        # htmx swaps 422 but not 409; the page itself answers with the exact word.
        return _form(request, context, status=422 if request.htmx else 409)
    except Refused as error:
        if is_autosave:
            return _unsaved(request, context | {"faults": [str(error)]})
        form.add_error(None, str(error))
        return _form(request, context, status=422)
    actions.recheck(element.document)
    saved = {"item": fresh.pk, "version": fresh.version, "closed": not is_autosave}
    also = 0 if is_autosave else fresh.pk
    return answer(
        request, element.document, anchor=f"item-{fresh.pk}", trigger={"bihuan:saved": saved}, also=also
    )


def _form(request: Request, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    template = "campaigns/_item_form.html" if request.htmx else "campaigns/item.html"
    return render(request, template, context, status=status)


def _unsaved(request: Request, context: dict[str, Any]) -> HttpResponse:
    """Beside the form that stays as it is: why it was not saved."""
    response = render(request, "campaigns/_unsaved.html", context)
    response["HX-Trigger"] = "bihuan:unsaved"
    return response


def _faults(form: Any, checks: Any) -> list[str]:
    found = [
        f"{form.fields[name].label}：{error}"
        for name, errors in form.errors.items()
        if name != "__all__"
        for error in errors
    ]
    found += list(form.non_field_errors())
    for number, row in enumerate(checks or [], start=1):
        found += [f"检查事项第 {number} 行：{error}" for errors in row.errors.values() for error in errors]
    return found


@require_safe
@require(Permission.MANAGE_PLANS)
def card(request: Request, pk: int, item_pk: int) -> HttpResponse:
    """The card as it stands, to leave a form without saving."""
    element = _item(request, pk, item_pk)
    if not request.htmx:
        target = redirect("campaigns:workbench", element.document_id)
        target["Location"] += f"#item-{element.pk}"
        return target
    desk = Desk(element.document, on=timezone.localdate())
    fresh = next(row for row in desk.items if row.pk == element.pk)
    return render(request, "campaigns/_card.html", {"card": desk.card(fresh), "document": element.document})


@require_safe
@require(Permission.MANAGE_PLANS)
def more(request: Request, pk: int, item_pk: int) -> HttpResponse:
    """What is needed seldom: another kind, splitting, merging, the characters of the original."""
    element = _item(request, pk, item_pk)
    document = element.document
    source = original = ""
    if element.whole:
        source = document.text[slice(*element.whole)]
        place = original_span(document.reading, Span(*element.whole))
        original = (document.original or document.text)[slice(*place)]
    context = {
        "item": element,
        "document": document,
        "following": actions.next_of_kind(element),
        "sentences": sentences(element.data["text"]) if element.kind == PlanItem.Kind.TASK else [],
        "kinds": [(key, label) for key, label in PlanItem.Kind.choices if key != element.kind],
        "source": source,
        "original": original,
        "ladders": [check for check in element.data.get("check_items", []) if check.get("ladder")],
    }
    template = "campaigns/_more.html" if request.htmx else "campaigns/more.html"
    return render(request, template, context)


@require_POST
@require(Permission.MANAGE_PLANS)
def move(request: Request, pk: int, item_pk: int, verb: str) -> HttpResponse:
    """Confirm, remove or restore an element; merge it with the next; split it; say that it is of another kind."""
    element = _item(request, pk, item_pk)
    version, by = version_of(request), request.user
    try:
        match verb:
            case "confirm":
                actions.confirm_item(element, version=version, by=by)
            case "remove":
                actions.remove_item(element, version=version, by=by)
            case "restore":
                actions.restore_item(element, version=version, by=by)
            case "merge":
                other = get_object_or_404(element.document.items, pk=version_of(request, "other"))
                other.document = element.document
                versions = (version, version_of(request, "other_version"))
                actions.merge_items(element, other, versions=versions, by=by)
                messages.success(request, f"已把“{other.label}”并入“{element.label}”，请核对合并后的内容")
            case "retype":
                fresh = actions.retype_item(element, request.POST.get("kind", ""), version=version, by=by)
                messages.success(request, f"已改为{fresh.get_kind_display()}，请核对内容")
            case _:
                actions.split_item(element, version_of(request, "at"), version=version, by=by)
                messages.success(request, f"“{element.label}”已拆成两项，请分别核对")
        if verb != "confirm":
            actions.recheck(element.document)
    except Refused as error:
        refuse(request, error)
    return answer(request, element.document, anchor=f"item-{element.pk}")


@require_POST
@require(Permission.MANAGE_PLANS)
def add(request: Request, pk: int) -> HttpResponse:
    """Add an element, blank or from a passage, and open it for editing."""
    document = plan_or_404(request, pk)
    kind = request.POST.get("kind", "")
    if kind not in PlanItem.Kind.values:
        messages.warning(request, "请选择要新增的类别")
        return answer(request, document, anchor="structure")
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
        refuse(request, error)
        return answer(request, document, anchor="structure")
    actions.recheck(document)
    messages.success(request, "已新增，请补全后确认")
    if request.htmx:
        return answer(request, document, anchor="structure", trigger={"bihuan:added": {"item": fresh.pk}})
    return redirect("campaigns:item", document.pk, fresh.pk)
