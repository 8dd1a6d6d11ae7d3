"""Listings as a table to take away: the yearly list by document and level (R091)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, KeyedSource, Row

from . import queries
from .models import Listing
from .workflow import ListingLevel, ListingStatus, SubjectKind

COLUMNS = (
    Column("编号", 14), Column("挂牌级别", 10), Column("对象", 12), Column("督办事项", 40), Column("场所", 30),
    Column("县区", 12), Column("乡镇（街道）", 14), Column("挂牌单位", 22), Column("通知书", 26), Column("整改单位", 30),
    Column("整改责任人", 12), Column("职务", 14), Column("挂牌日期", 12), Column("整改期限", 12), Column("状态", 10),
    Column("逾期", 6), Column("缺报进展", 8), Column("进展报告（次）", 8), Column("最近进度（%）", 8),
    Column("累计投入（元）", 14), Column("领导督办（次）", 8), Column("摘牌日期", 12), Column("摘牌通知书", 26),
)  # fmt: skip
_LEVELS, _KINDS, _STATUSES = (
    dict(ListingLevel.choices),
    dict(SubjectKind.choices),
    dict(ListingStatus.choices),
)


class ListingSource(KeyedSource):
    """The listings of the page's filters, in the order they were reported."""

    related = ("county", "locality", "organization", "order", "delisting")

    def __init__(self, user: User, query: str) -> None:
        given = QueryDict(query)
        filters = {
            name: str(given.get(name, "") or "") for name in ("state", "level", "kind", "region", "year", "q")
        }
        super().__init__(queries.narrowed(Listing.objects.visible_to(user), filters, on=timezone.localdate()))

    def rows(self, found: list[Any]) -> list[Row]:
        counted: dict[int, Any] = {
            row["pk"]: row
            for row in Listing.objects.filter(pk__in=[each.pk for each in found])
            .order_by()
            .values("pk")
            .annotate(
                reports=Count("progress_reports", distinct=True), looked=Count("visits", distinct=True),
                spent=Max("progress_reports__funds_spent"), percent=Max("progress_reports__percent"),
            )
        }  # fmt: skip
        return [self._row(each, counted[each.pk]) for each in found]

    def _row(self, each: Listing, counted: dict[str, Any]) -> Row:
        return (
            each.number, _LEVELS[each.level], _KINDS[each.kind], each.title, each.place,
            each.county.name if each.county else "", each.locality.name if each.locality else "",
            each.organization.name, each.order.number if each.order else "", each.owner_name, each.person_name,
            each.person_title, each.listed_on, each.due_on, _STATUSES[each.status],
            "是" if each.is_overdue(on=self._today) else "", "是" if each.is_without_progress(on=self._today) else "",
            counted["reports"], counted["percent"], counted["spent"], counted["looked"], each.struck_off_on,
            each.delisting.number if each.delisting else "",
        )  # fmt: skip


LISTINGS = Export(
    "listings", "挂牌督办", "listings.export", Permission.EXPORT_HAZARDS, COLUMNS, ListingSource
)
