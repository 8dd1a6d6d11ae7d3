"""Home and search. Which home a person gets follows from where they sit."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, Region
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES, Role
from bihuan.campaigns.links import inspections_url, ledger_url
from bihuan.core.charts import Series, line_chart
from bihuan.core.http import Request
from bihuan.duties.models import Duty
from bihuan.duties.queries import inbox, load_of, pressing
from bihuan.registry.models import Enterprise
from bihuan.tally.queries import Figures

from . import queries
from .enterprise import enterprise_page
from .morning import morning
from .searching import results

INBOX_LINES = 8


@require_safe
def home(request: Request) -> HttpResponse:
    """The page a working day begins with."""
    today = timezone.localdate()
    post = request.user.main_post
    context: dict[str, Any] = {
        "today": today,
        "duties": list(inbox(request.user, on=today)[:INBOX_LINES]),
        "load": load_of(Duty.objects.of(request.user), on=today),
        "pressing_title": "",
    }
    if post is None:
        return render(
            request, "desk/home_plain.html", context | {"sentence": "您目前没有任职，请联系系统管理员。"}
        )
    role = ROLES[Role(post.role)]
    if not role.permissions:
        return render(request, "desk/home_plain.html", context | {"sentence": role.sentence})
    match post.organization.kind:
        case Organization.Kind.OFFICE | Organization.Kind.INSPECTORATE:
            return render(request, "desk/home_office.html", context | _office(request, today))
        case Organization.Kind.DEPARTMENT:
            return render(
                request, "desk/home_department.html", context | _department(request, post.organization, today)
            )
        case Organization.Kind.LOCALITY:
            return render(
                request, "desk/home_locality.html", context | _locality(request, post.organization, today)
            )
        case Organization.Kind.ENTERPRISE:
            enterprise = (
                Enterprise.objects.visible_to(request.user).filter(organization=post.organization).first()
            )
            if enterprise is not None:
                page = enterprise_page(enterprise, request.user, on=today)
                return render(request, "desk/home_enterprise.html", context | page)
    return render(request, "desk/home_plain.html", context | {"sentence": role.sentence})


def _office(request: Request, today: dt.date) -> dict[str, Any]:
    region = queries.office_area(request.user)
    if region is None:
        return {
            "region": None,
            "stats": [],
            "localities": [],
            "departments": [],
            "campaigns": [],
            "pressing": [],
        }
    localities = queries.children_standing(region, on=today)
    return {
        "region": region,
        "stats": queries.standing(on=today, region=region.code).stats(),
        "chart": _chart(queries.trend(on=today, region=region.code)),
        "localities": [_row(area.short_name, figures, region=area.code) for area, figures in localities],
        "map_areas": [_area(area, figures) for area, figures in localities if area.outline],
        "map_legend": MAP_LEGEND,
        "departments": [
            _row(item.short_name, figures, department=item.pk)
            for item, figures in queries.department_standing(region, on=today)
        ],
        "campaigns": queries.running_campaigns(request.user, on=today, region=region.code),
        "pressing": pressing(request.user, on=today),
        "unheld": queries.unheld_count(request.user, on=today),
    }


def _department(request: Request, organization: Organization, today: dt.date) -> dict[str, Any]:
    # A department answers for what is assigned to it; that lies within its city, whose days are all kept.
    region = organization.region.code[:4]
    return {
        "organization": organization,
        "stats": queries.standing(on=today, region=region, department=organization.pk).stats(),
        "chart": _chart(queries.trend(on=today, region=region, department=organization.pk)),
        "assignments": queries.own_assignments(organization),
        "campaigns": queries.running_campaigns(
            request.user, on=today, region=region, department=organization.pk
        ),
        "reviews": queries.review_queue(request.user),
    }


def _locality(request: Request, organization: Organization, today: dt.date) -> dict[str, Any]:
    region = organization.region
    return {
        "organization": organization,
        "stats": queries.standing(on=today, region=region.code).stats(),
        "chart": _chart(queries.trend(on=today, region=region.code)),
        "uncovered": queries.locality_uncovered(request.user, region, on=today),
        "campaigns": queries.running_campaigns(request.user, on=today, region=region.code),
        "reviews": queries.review_queue(request.user),
        "may_inspect": request.user.has_perm("inspections.conduct"),
    }


def _row(label: str, figures: Figures, **parameters: object) -> dict[str, object]:
    rate = figures.rectification_rate
    ledger = ledger_url(**parameters)
    return {
        "label": label,
        "found": figures.found,
        "found_url": ledger,
        "rate": "—" if rate is None else f"{rate:.1f}%",
        "closed_url": f"{ledger}&state=closed",
        "open": figures.open,
        "open_url": f"{ledger}&state=open",
        "overdue": figures.overdue,
        "overdue_url": f"{ledger}&state=overdue",
        "inspected": figures.inspected,
        "inspected_url": inspections_url(**parameters),
    }


MAP_LEGEND = [
    {"tone": "best", "label": "无逾期"},
    {"tone": "fair", "label": "逾期 1—2 项"},
    {"tone": "poor", "label": "逾期 3—5 项"},
    {"tone": "bad", "label": "逾期 6 项以上"},
    {"tone": "none", "label": "尚无隐患记录"},
]


def _tone(figures: Figures) -> str:
    if not figures.found:
        return "none"
    for limit, tone in ((0, "best"), (2, "fair"), (5, "poor")):
        if figures.overdue <= limit:
            return tone
    return "bad"


def _area(region: Region, figures: Figures) -> dict[str, object]:
    points = region.outline
    path = "M" + " L".join(f"{x} {y}" for x, y in points) + " Z"
    return {
        "name": region.short_name,
        "path": path,
        "x": sum(x for x, _ in points) / len(points),
        "y": sum(y for _, y in points) / len(points),
        "value": str(figures.overdue),
        "tone": _tone(figures),
        "url": ledger_url(region=region.code, state="overdue"),
    }


def _chart(rows: list[tuple[dt.date, Figures]]) -> str:
    labels = [f"{day.month}-{day.day}" for day, _ in rows]
    series = [
        Series("查出", [figures.found for _, figures in rows]),
        Series("销号", [figures.closed for _, figures in rows]),
        Series("逾期存量", [figures.overdue for _, figures in rows]),
    ]
    return line_chart(series, labels, title="近三十天查出、销号与逾期存量", unit="项")


@require_safe
@require(Permission.ASSIGN_DUTY)
def morning_page(request: Request) -> HttpResponse:
    """What an office begins its day with, over everything it answers for."""
    region = queries.office_area(request.user)
    if region is None:
        raise PermissionDenied
    now = timezone.now()
    page = morning(request.user, region, now=now)
    return render(
        request, "desk/morning.html", {"morning": page, "region": region, "today": timezone.localdate(now)}
    )


@require_safe
def search_page(request: Request) -> HttpResponse:
    """What holds the words, by kind, best first."""
    text = request.GET.get("q", "").replace("\x00", "").strip()
    context = {"search_query": text, "sections": results(request.user, text)}
    return render(request, "desk/search.html", context)
