"""Listed supervision by level: what the national table and the circulars count."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from bihuan.accounts.scope import area_q
from bihuan.listings.models import Listing
from bihuan.listings.workflow import ListingLevel, ListingMove, SubjectKind

from .base import Ask, Measure, Rows, Scope, register, register_filter
from .plain import Plain, within


def _listings(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    """Orders given by the end of the window, of hazards found in it (so that they are part of 排查重大隐患)."""
    rows = Listing.objects.filter(
        area_q(scope.region), kind=SubjectKind.HAZARD, listed_on__lte=ask.until,
        transitions__move=ListingMove.LIST, transitions__at__lte=moment, **within(ask, "hazard__found_on"),
    )  # fmt: skip
    if scope.department is not None:
        rows = rows.filter(hazard__department=scope.department)
    if scope.campaign is not None:
        rows = rows.filter(hazard__campaign=scope.campaign)
    if levels := ask.chosen("listing_level"):
        rows = rows.filter(level__in=levels)
    if kinds := ask.chosen("kind"):
        rows = rows.filter(hazard__kind__in=kinds)
    return rows.distinct()


def _struck_off(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    rows = Listing.objects.filter(
        area_q(scope.region), transitions__move=ListingMove.STRIKE_OFF, transitions__at__lte=moment,
        **within(ask, "struck_off_on"),
    )  # fmt: skip
    if scope.department is not None:
        rows = rows.filter(department=scope.department)
    if levels := ask.chosen("listing_level"):
        rows = rows.filter(level__in=levels)
    return rows.distinct()


def _show_listings(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("locality", "county"), ("-id",),
        (
            ("级别", lambda row: row.get_level_display()), ("整改单位", lambda row: row.owner_name),
            ("挂牌日期", lambda row: row.listed_on or "—"), ("整改期限", lambda row: row.due_on),
            ("现在状态", lambda row: row.get_status_display()), ("摘牌日期", lambda row: row.struck_off_on or "—"),
        ),
        lambda row: row.get_absolute_url(), lambda row: row.title,
    )  # fmt: skip


_LISTED = Plain(
    _listings,
    _show_listings,
    dimensions={"kind": "hazard__kind_id", "department": "hazard__department_id", "locality": "locality_id"},
)
register(
    Measure("listings.listed", "挂牌督办的重大隐患", "项", "时段内查出、时段末以前下达挂牌督办的重大隐患，可按级别。", _LISTED, frozenset({"listing_level", "kind"}), frozenset({"kind", "department", "locality"})),
    Measure("listings.struck_off", "摘牌销号", "项", "时段内批准摘牌的挂牌督办事项。", Plain(_struck_off, _show_listings, dimensions={"locality": "locality_id"}), frozenset({"listing_level"}), frozenset({"locality"})),
)  # fmt: skip
register_filter("listing_level", "挂牌级别", lambda: ListingLevel.choices)
