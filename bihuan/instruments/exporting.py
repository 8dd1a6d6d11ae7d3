"""The register of supervision papers as a table to take away: one row a recipient."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row

from .models import InstrumentRecipient
from .queries import listed
from .workflow import Method, Origin, RecipientStatus, Status

COLUMNS = (
    Column("文号", 30), Column("文种", 14), Column("标题", 40), Column("来由", 12), Column("状态", 10),
    Column("制发单位", 20), Column("印发日期", 12), Column("收件单位", 24), Column("签收方式", 12), Column("签收人", 12),
    Column("签收日期", 12), Column("回复期限", 12), Column("收件单位状态", 14), Column("逾期", 6), Column("了结日期", 12),
)  # fmt: skip
_STATUS, _ORIGIN, _METHOD, _STATE = (dict(each.choices) for each in (Status, Origin, Method, RecipientStatus))


class InstrumentSource:
    """Recipients of the papers one may see, by number."""

    def __init__(self, user: User, query: str) -> None:
        papers = listed(user, QueryDict(query).dict(), on=timezone.localdate())
        self._rows = InstrumentRecipient.objects.filter(instrument__in=papers)
        self._today = timezone.localdate()

    def total(self) -> int:
        return self._rows.count()

    def is_longer_than(self, limit: int) -> bool:
        return self._rows[: limit + 1].count() > limit

    def begin(self) -> Any:
        """What is drafted after this moment stays out."""
        return [0, InstrumentRecipient.objects.aggregate(last=Max("pk"))["last"] or 0]

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        low, high = position
        found = list(
            self._rows.filter(pk__gt=low, pk__lte=high)
            .select_related("instrument__organization", "instrument__paper", "organization")
            .order_by("pk")[:limit]
        )
        if not found:
            return [], position
        return [self._row(each) for each in found], [found[-1].pk, high]

    def _row(self, each: InstrumentRecipient) -> Row:
        paper = each.instrument
        return (
            paper.paper.number if paper.paper else "", paper.label, paper.title, _ORIGIN[paper.origin], _STATUS[paper.status],
            paper.organization.name, paper.issued_on, each.organization.name, _METHOD.get(each.method, ""),
            each.receiver_name, timezone.localdate(each.received_at) if each.received_at else None, each.reply_due_on,
            _STATE[each.status], "是" if each.is_late(on=self._today) else "", each.settled_on,
        )  # fmt: skip


INSTRUMENTS = Export(
    "instruments", "督办文书", "instruments.export", Permission.VIEW_INSTRUMENTS, COLUMNS, InstrumentSource
)
