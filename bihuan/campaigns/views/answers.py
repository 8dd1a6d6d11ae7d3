"""What every act on the workbench answers: the parts of the page that are different now, whoever changed them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from bihuan.core.http import Request, row_number

from ..actions.steps import last_step
from ..models import PlanDocument, PlanFinding, PlanItem, PlanStep, PlanUnit
from ..planfacts import facts_of
from ..presence import others_present
from ..workbench import Desk

VIEWS = [
    ("", "全部"),
    ("open", "待办"),
    ("task", "任务"),
    ("phase", "阶段"),
    ("report", "报送"),
    ("target", "目标"),
    ("body", "机构"),
    ("duty", "职责"),
    ("finding", "体检"),
    ("removed", "已移除"),
]
# Acts after which the source is marked otherwise.
MARKING = {"remove_item", "restore_item", "answer_finding"}


def plan_or_404(request: Request, pk: int) -> PlanDocument:
    """The plan, for the office of its region; everybody else finds nothing."""
    plans = PlanDocument.objects.visible_to(request.user).select_related("region", "file", "uploaded_by")
    return get_object_or_404(plans, pk=pk)


def version_of(request: Request, name: str = "version") -> int:
    """The version the person saw; 0 matches none, so a forged form is stale, never a crash."""
    return row_number(request.POST.get(name, ""))


def page_context(request: Request, document: PlanDocument) -> dict[str, Any]:
    """What the whole page shows."""
    desk = Desk(document, on=timezone.localdate())
    only = request.GET.get("show", "")
    return {
        "document": document,
        "desk": desk,
        "only": only,
        "views": [{"key": key, "label": label, "active": key == only} for key, label in VIEWS],
        "groups": PlanUnit.Group.choices,
        "organizations": desk.bodies.choices,
        "kinds": PlanItem.Kind.choices,
        "units": desk.unit_rows(),
        "facts": facts_of(document.compiled),
        **_bar(request, document, desk),
    }


def _bar(request: Request, document: PlanDocument, desk: Desk) -> dict[str, Any]:
    return {
        "progress": desk.progress,
        "last": last_step(document, by=request.user) if document.is_draft else None,
        "present": others_present(document, request.user, now=timezone.now()),
    }


def answer(
    request: Request,
    document: PlanDocument,
    *,
    anchor: str,
    trigger: dict[str, Any] | None = None,
    also: int = 0,
) -> HttpResponse:
    """The changed parts for htmx, the page at `anchor` for everybody else.

    The page sends `since`, the revision it shows, and `editing`, the element whose form is open: nothing is pushed
    under somebody's hands. `also`: an element whose card is wanted though nothing in it changed. Call after the act; without `since` everything after `document.revision` counts as new.
    """
    if not request.htmx:
        target = redirect("campaigns:workbench", document.pk)
        target["Location"] += f"#{anchor}"
        return target
    given = request.POST.get("since", "")
    seen = row_number(given) if given else document.revision
    context = changes_context(
        request, document.pk, since=seen, editing=row_number(request.POST.get("editing", ""))
    )
    # What went well is said in passing; what did not stays on the page until the next act.
    said = list(messages.get_messages(request))
    context["notes"] = [note for note in said if note.level > messages.SUCCESS]
    events = dict(trigger or {})
    if done := "；".join(str(note) for note in said if note.level <= messages.SUCCESS):
        events["bihuan:toast"] = done
    response = render(request, "campaigns/_changes.html", context)
    response["HX-Reswap"] = "none"
    if events:
        response["HX-Trigger"] = json.dumps(events)
    return response


def changes_context(request: Request, pk: int, *, since: int, editing: int, also: int = 0) -> dict[str, Any]:
    """Which parts of the page are different after revision `since`."""
    document = PlanDocument.objects.select_related("region", "file", "uploaded_by").get(pk=pk)
    context = page_context(request, document)
    desk: Desk = context["desk"]
    steps = list(PlanStep.objects.filter(document=document, revision__gt=since).select_related("by"))
    reshaped = any(step.is_reshaping for step in steps)
    moved = list(
        PlanFinding.objects.filter(document=document, touched__gt=since).values_list("start", flat=True)
    )
    theirs = [step for step in steps if step.by_id != request.user.pk]
    changed = {item.pk for item in desk.items if item.touched > since or item.pk == also}
    changed |= {
        item.pk
        for item in desk.items
        if item.whole and any(item.whole[0] <= start < item.whole[1] for start in moved)
    }
    changed.discard(editing)
    context |= {
        "whole": reshaped and not editing,
        "cards": [desk.card(item) for item in desk.items if item.pk in changed],
        "counts": [
            (item.pk, desk.section_count(item))
            for item in desk.items
            if item.kind == PlanItem.Kind.SECTION and item.pk != editing
        ],
        "has_units": any(unit.touched > since for unit in desk.units) or bool(changed),
        "has_findings": bool(moved),
        "has_source": reshaped or bool(moved) or bool(MARKING & {step.act for step in steps}),
        # While a form is open the list cannot be laid out anew; the page asks again from where it stands.
        "since": since if reshaped and editing else document.revision,
        "news": f"{theirs[-1].by}刚才{theirs[-1].summary}"
        + (f"，共 {len(theirs)} 步" if len(theirs) > 1 else "")
        if theirs
        else "",
        "notes": None,
    }
    return context


def refuse(request: Request, error: Exception) -> None:
    """Say why an act was not done."""
    messages.warning(request, str(error))
