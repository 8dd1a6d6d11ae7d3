"""The register of supervision papers as a table to take away: one row a recipient."""

from __future__ import annotations

from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row, RowSource

from .models import InstrumentRecipient
from .queries import listed
from .workflow import Method, Origin, RecipientStatus, Status

COLUMNS = (
    Column("文号", 30), Column("文种", 14), Column("标题", 40), Column("来由", 12), Column("状态", 10),
    Column("制发单位", 20), Column("印发日期", 12), Column("收件单位", 24), Column("签收方式", 12), Column("签收人", 12),
    Column("签收日期", 12), Column("回复期限", 12), Column("收件单位状态", 14), Column("逾期", 6), Column("了结日期", 12),
)  # fmt: skip
_STATUS, _ORIGIN, _METHOD, _STATE = (dict(each.choices) for each in (Status, Origin, Method, RecipientStatus))


class InstrumentSource(RowSource):
    """Recipients of the papers one may see, by number."""

    related = ("instrument__organization", "instrument__paper", "organization")

    def __init__(self, user: User, query: str) -> None:
        papers = listed(user, QueryDict(query).dict(), on=timezone.localdate())
        super().__init__(InstrumentRecipient.objects.filter(instrument__in=papers))

    def row(self, each: InstrumentRecipient) -> Row:
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
