"""The ledger: a dense list with filters, what may be done to many rows at once, and the way out to a sheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, SavedView, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import regions_to_choose
from bihuan.attachments.queries import of_many, photo_items
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Campaign
from bihuan.core.dates import day_words
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor
from bihuan.jobs.selections import Act, answer, do_each
from bihuan.registry.models import EnterpriseKind

from .. import asof
from ..forms import BulkAssignForm, BulkCloseForm, BulkExtendForm
from ..markup import COLUMNS, ledger_rows
from ..models import Hazard, Rectification
from ..queries import STATES, Filters, chips, holders_of_rows, ledger_page, parse_filters, total, without
from ..selections import ASSIGN, CLOSE, EXTEND
from ..standing import seats
from ..workflow import Level, Status
from .shared import is_enterprise, user_of

PAGE = "hazards:ledger"
BULK_LIMIT = 200
_SHIPPED_VIEWS = (
    ("全部", ""),
    ("未销号", "state=open"),
    ("逾期", "state=overdue"),
    ("临期", "state=approaching"),
    ("待复查", "status=reinspecting"),
    ("重大", "level=major"),
)


def _listed(rows: QuerySet[Hazard]) -> QuerySet[Hazard]:
    return rows.select_related("enterprise", "locality").only(*COLUMNS)


@require(Permission.VIEW_HAZARDS)
@require_GET
def ledger(request: Request) -> HttpResponse:
    """One page of what the person may see and asked for, newest first."""
    user = user_of(request)
    filters = parse_filters(request.GET)
    try:
        page = ledger_page(user, filters, cursor=request.GET.get("cursor"), shape=_listed)
    except BadCursor as error:
        return HttpResponseBadRequest(str(error))
    for problem in filters.problems:
        messages.warning(request, problem)
    counted = total(user, filters)
    waiting = holders_of_rows(page.items)
    today = timezone.localdate()
    bulk_actions = _bulk_actions(user)
    asked = filters.counted(today)
    taken = _taken(page.items, asked)
    context = {
        "page": page,
        "rows": ledger_rows(page.items, waiting, today=today, with_pick=bool(bulk_actions), taken=taken),
        "past": _past_words(asked, counted, today) if filters.is_past else "",
        "dismissed_url": _dismissed_url(filters),
        "total": None if counted is None else f"共 {counted:,} 项",
        "filters": filters,
        "chips": [
            {
                "label": chip.label,
                "value": chip.value,
                "remove_url": _address(without(filters, chip.name)),
            }
            for chip in chips(user, filters)
        ],
        "views": _views(user, filters),
        "choices": _choices(user, filters.region),
        "bulk_actions": bulk_actions,
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
        "may_import": user.has_perm(Permission.IMPORT_HAZARDS),
        "may_create": user.has_perm(Permission.REPORT_HAZARD) or is_enterprise(user),
        "export_url": f"{reverse('hazards:export')}?{filters.query()}",
        "today": today,
    }
    return render(request, "hazards/ledger.html", context)


def _taken(hazards: Sequence[Hazard], asked: asof.Counted) -> set[int]:
    """Which of the rows take one away from the figure; only what was counted over days has any."""
    if asked.since is None or not hazards:
        return set()
    found = asof.amounts([each.pk for each in hazards], asked)
    return {pk for pk, amount in found.items() if amount < 0}


def _past_words(asked: asof.Counted, counted: int | None, today: dt.date) -> str:
    """What is listed when another day than now was asked for, in a sentence."""
    day = "现在" if asked.until == today else f"{day_words(asked.until)}当天"
    if asked.since is None:
        what = {"": "已查出", "closed": "已销号", "open": "未销号", "overdue": "逾期未改"}[asked.state]
        return f"按{day}的情况列出{what}的隐患；等级也按{day}。表里的状态、期限是现在的。"
    what = {"": "查出", "closed": "销号"}[asked.state]
    span = f"{day_words(asked.since)}至{day_words(asked.until)}"
    less = "认定不属实的" if asked.state == "" else "销号后反弹重开的"
    number = f"{counted:,} 项" if counted is not None else ""
    return f"{span}{what}{number}，是净数：这几天里{less}（或改了等级的）从中减去，行里标“减 1”。"


def _dismissed_url(filters: Filters) -> str:
    """Where what these filters leave out stands: counted = not found to be none."""
    if filters.status or filters.state or filters.is_past:
        return ""
    return _address(replace(filters, status=Status.DISMISSED))


def _address(filters: Filters) -> str:
    query = filters.query()
    return f"{reverse('hazards:ledger')}?{query}" if query else reverse("hazards:ledger")


def _views(user: User, filters: Filters) -> list[dict[str, Any]]:
    """Shipped views first, then the person's own."""
    present = filters.query()
    own = SavedView.objects.filter(user=user, page=PAGE).values_list("name", "query")
    queries = ((name, parse_filters(QueryDict(query)).query()) for name, query in (*_SHIPPED_VIEWS, *own))
    ledger = reverse(PAGE)
    return [
        {"label": name, "url": f"{ledger}?{query}" if query else ledger, "active": query == present}
        for name, query in queries
    ]


def _choices(user: User, region: str) -> dict[str, Any]:
    """What the filter form offers: only what this person can see."""
    areas = {post.organization.region_id for post in user.posts}
    return {
        "campaign": list(Campaign.objects.visible_to(user).values_list("pk", "short_title")),
        "region": [(each.code, each.short_name) for each in regions_to_choose(areas, region)],
        "department": list(
            Organization.objects.current(on=timezone.localdate())
            .filter(
                kind=Organization.Kind.DEPARTMENT,
                region__code__in=[code[:length] for code in areas for length in (2, 4, 6)],
            )
            .values_list("pk", "short_name")
        ),
        "kind": list(EnterpriseKind.objects.values_list("pk", "label")),
        "level": Level.choices,
        "status": Status.choices,
        "state": list(STATES.items()),
        "source": Hazard.Source.choices,
    }


def _bulk_actions(user: User) -> list[dict[str, str]]:
    offered = []
    if user.has_perm(Permission.ASSIGN_HAZARD):
        offered.append({"label": "改派复查单位", "value": "assign"})
    if _is_office(user):
        offered.append({"label": "统一延期", "value": "extend"})
    if user.has_perm(Permission.REVIEW_HAZARD):
        offered.append({"label": "复查销号", "value": "close"})
    return offered


def _is_office(user: User) -> bool:
    return any(
        post.organization.kind == Organization.Kind.OFFICE
        for post in seats(user, Permission.DECIDE_EXTENSION)
    )


_BULK: dict[str, tuple[Act, Any]] = {
    "assign": (ASSIGN, BulkAssignForm), "extend": (EXTEND, BulkExtendForm), "close": (CLOSE, BulkCloseForm),
}  # fmt: skip


def _handed_in(hazards: Sequence[Hazard]) -> list[dict[str, Any]]:
    """What each of the picked hazards shows of its rectification: to be looked at before all are closed."""
    last: dict[int, Rectification] = {}
    for row in Rectification.objects.filter(hazard__in=hazards).order_by("id"):
        last[row.hazard_id] = row
    files = of_many([*last.values()])
    return [
        {
            "hazard": each, "told": last.get(each.pk),
            "photos": photo_items([file for role in files.get(chain_of(last[each.pk]), {}).values() for file in role])
            if each.pk in last else [],
            "problem": "" if each.status == Status.REINSPECTING
            else f"现为“{each.get_status_display()}”，不能复查销号，会跳过并说明",
        }
        for each in hazards
    ]  # fmt: skip


@require_POST
def bulk(request: Request) -> HttpResponse:
    """Many rows at once, in two steps: say what with, then watch them being dealt with one by one."""
    user = user_of(request)
    action = request.POST.get("action", "")
    if action not in {each["value"] for each in _bulk_actions(user)}:
        raise PermissionDenied
    picked = [int(pk) for pk in request.POST.getlist("pick") if pk.isdecimal() and len(pk) <= 18]
    if not picked:
        messages.warning(request, "没有勾选隐患，请先在台账中勾选")
        return redirect("hazards:ledger")
    if len(picked) > BULK_LIMIT:
        messages.warning(request, f"一次最多办理 {BULK_LIMIT} 项，请分批勾选")
        return redirect("hazards:ledger")
    hazards = list(
        Hazard.objects.visible_to(user).filter(pk__in=picked).select_related("enterprise__organization")
    )
    act, form_class = _BULK[action]
    confirmed = "confirmed" in request.POST
    form = form_class(request.POST if confirmed else None, user=user)
    context: dict[str, Any] = {
        "hazards": hazards,
        "action": action,
        "title": act.title,
        "handed_in": _handed_in(hazards) if act is CLOSE else [],
        "form": form,
    }
    if confirmed and form.is_valid():
        job = do_each(act.key, picked, form.wanted(), by=user, back=reverse("hazards:ledger"))
        return answer(request, job)
    return render(request, "hazards/bulk.html", context)
