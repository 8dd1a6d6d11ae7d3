"""One hazard: what must be done by whom until when, what is known, what happened, and the forms for what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from bihuan.core.errors import IllegalMove, Refused
from bihuan.core.http import Request
from bihuan.rules.hazards import criterion
from bihuan.rules.records import UnknownRule

from ..history import history, last_line_of
from ..models import Hazard
from ..origins import Origin, origins_of
from ..panels import SPECS, Panel, may_use, panels, title_of
from ..queries import next_steps
from ..remarks import remarks_on
from ..workflow import RUNNING, Level, Status
from .shared import files_of, is_enterprise, kept_photos, user_of, visible_or_404


@require_GET
def detail(request: Request, pk: int) -> HttpResponse:
    """The whole page."""
    return render(request, "hazards/detail.html", _context(request, visible_or_404(request, pk)))


@require_GET
def printable(request: Request, pk: int) -> HttpResponse:
    """The same facts and history on paper."""
    hazard = visible_or_404(request, pk)
    return render(request, "hazards/print.html", _context(request, hazard) | {"printed_at": timezone.now()})


@require_POST
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """Take one form of the page. A page drawn before the last move is not acted on: it shows the present state."""
    hazard = visible_or_404(request, pk)
    user = user_of(request)
    spec = SPECS.get(key)
    if spec is None:
        raise Http404
    if not may_use(spec, hazard, user):
        raise PermissionDenied
    if request.POST.get("seen") != str(last_line_of(hazard)):
        messages.warning(
            request, f"页面已过期：隐患现为“{hazard.get_status_display()}”，刚才的操作没有执行，请核对后重试"
        )
        return _answer(request, hazard)
    form = spec.form(request.POST, hazard=hazard, user=user, prefix=spec.key)
    panel = Panel(spec, form, is_open=True)
    try:
        files = {photos.name: files_of(request, photos.name) for photos in spec.photos}
        panel.kept = {name: kept_photos(user, ids) for name, ids in files.items()}
        for photos in spec.photos:
            if photos.required and not files[photos.name]:
                panel.photo_errors[photos.name] = [f"请附{photos.label}"]
        if not form.is_valid() or panel.photo_errors:
            return _answer(request, hazard, panel)
        spec.act(hazard, form.cleaned_data, files, user)
    except IllegalMove as error:
        messages.warning(request, str(error))
    except Refused as error:
        form.add_error(None, str(error))
        return _answer(request, hazard, panel)
    else:
        messages.success(request, spec.done)
    return _answer(request, visible_or_404(request, pk))


def _answer(request: Request, hazard: Hazard, failed: Panel | None = None) -> HttpResponse:
    """The swapped part for htmx, the page again with what was typed, or a redirect to the page."""
    if not request.htmx and failed is None:
        return redirect(hazard)
    template = "hazards/_swap.html" if request.htmx else "hazards/detail.html"
    return render(request, template, _context(request, hazard, failed))


def _context(request: Request, hazard: Hazard, failed: Panel | None = None) -> dict[str, Any]:
    user = user_of(request)
    told = history(hazard)
    shown = [
        failed if failed and panel.spec.key == failed.spec.key else panel
        for panel in panels(hazard, user, told.extensions)
    ]
    today = timezone.localdate()
    for_enterprise = is_enterprise(user)
    origins = origins_of(hazard, user)
    titled = [(panel.spec.main, {"panel": panel, "words": title_of(panel.spec, hazard)}) for panel in shown]
    return {
        "hazard": hazard,
        "steps": next_steps(hazard),
        "history": told,
        "main_panels": [each for is_main, each in titled if is_main],
        "more_panels": [each for is_main, each in titled if not is_main],
        "facts": [fact for fact in facts(hazard, origins) if fact["value"] or not for_enterprise],
        "doors": [each for each in origins if each.act],
        "is_enterprise": for_enterprise,
        "remarks": [] if for_enterprise else remarks_on(hazard, user),
        "is_running": hazard.status in RUNNING,
        "is_closed": hazard.status == Status.CLOSED,
        "is_overdue": hazard.is_overdue(on=today),
        "today": today,
    }


def facts(hazard: Hazard, origins: Sequence[Origin]) -> list[dict[str, Any]]:
    """What is known of a hazard, in the order an officer asks."""
    place = " · ".join(filter(None, [hazard.premises.name if hazard.premises else "", hazard.location]))
    rows: list[dict[str, Any]] = [
        {"label": "企业", "value": hazard.enterprise.name, "url": hazard.enterprise.get_absolute_url()},
        {"label": "属地", "value": f"{hazard.county.short_name} · {hazard.locality.short_name}"},
        {"label": "部位", "value": place},
        {
            "label": "等级",
            "value": f"{hazard.get_level_display()}隐患",
            "badge_tone": "red" if hazard.level == Level.MAJOR else "outline",
        },
    ]
    if hazard.criterion_code:
        rows.append({"label": "判定条款", "value": _criterion_words(hazard)})
    rows += [
        {"label": "依据", "value": hazard.basis},
        *_item_facts(hazard),
        {"label": "来源", "value": _source_words(hazard)},
        {
            "label": "发现",
            "value": f"{hazard.found_on.isoformat()} {hazard.found_organization.short_name} {hazard.found_by.full_name}",
        },
        *({"label": each.label, "value": each.words, "url": each.url} for each in origins),
    ]
    if hazard.campaign:
        rows.append(
            {
                "label": "专项整治",
                "value": hazard.campaign.short_title,
                "url": hazard.campaign.get_absolute_url(),
            }
        )
    if hazard.task:
        rows.append({"label": "任务", "value": str(hazard.task), "url": hazard.task.get_absolute_url()})
    rows += [
        {"label": "主管部门", "value": hazard.department.short_name if hazard.department else ""},
        {"label": "复查单位", "value": hazard.reviewing_organization.short_name},
        {"label": "整改责任人", "value": hazard.responsible_person},
        {"label": "整改措施", "value": hazard.measures},
        {"label": "整改资金", "value": f"{hazard.funds:,.2f} 元" if hazard.funds is not None else ""},
        {"label": "应急预案", "value": hazard.contingency},
        {"label": "临时管控", "value": hazard.interim_measures},
    ]
    if hazard.closed_on:
        rows.append({"label": "销号日期", "value": hazard.closed_on.isoformat()})
    return rows


def _item_facts(hazard: Hazard) -> list[dict[str, Any]]:
    """What the check item that failed says: which it is, what follows in law, how to put it right and prove it (R052, R054)."""
    item = hazard.check_item
    if item is None:
        return []
    code = f"{item.library_item.code} " if item.library_item else ""
    rows = [
        {"label": "检查项", "value": f"{code}{item.text}"},
        {"label": "处置", "value": " → ".join(item.dispositions)},
        {"label": "处置机关", "value": item.authority},
        {"label": "怎么改", "value": item.guidance},
        {"label": "怎么证明", "value": item.proof},
    ]
    return [row for row in rows if row["value"]]


def _source_words(hazard: Hazard) -> str:
    """Where it comes from; what an enterprise found itself is not held against it when put right in time (R067)."""
    words = hazard.get_source_display()
    return f"{words}（自查自报，按期改好不处罚）" if hazard.source == Hazard.Source.SELF_CHECK else words


def _criterion_words(hazard: Hazard) -> str:
    try:
        return f"{hazard.criterion_code} {criterion(hazard.criterion_code, hazard.found_on).text}"
    except UnknownRule:
        return hazard.criterion_code
