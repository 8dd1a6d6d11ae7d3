"""Promises as a table to take away: no phones, no identity numbers (R069, R273)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Q
from django.http import QueryDict

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row

from .models import Pledge
from .queries import listed
from .workflow import LineVerdict, PledgeStatus

COLUMNS = (
    Column("编号", 26), Column("单位名称", 34), Column("统一社会信用代码", 22), Column("乡镇（街道）", 14),
    Column("主管部门", 16), Column("核查单位", 16), Column("承诺书", 30), Column("使用性质", 10), Column("状态", 12),
    Column("签署日期", 12), Column("有效期止", 12), Column("已整改", 8), Column("未整改", 8), Column("未核查", 8),
    Column("未整改到位", 10), Column("弄虚作假", 10), Column("核查意见", 40),
)  # fmt: skip
_STATUSES = dict(PledgeStatus.choices)


class PledgeSource:
    """The promises of a list for one person, the latest first."""

    def __init__(self, user: User, query: str) -> None:
        self._rows = listed(user, QueryDict(query).dict())

    def total(self) -> int:
        return self._rows.count()

    def is_longer_than(self, limit: int) -> bool:
        return self._rows[: limit + 1].count() > limit

    def begin(self) -> Any:
        """Promises begun after this moment stay out."""
        return (Pledge.objects.aggregate(last=Max("pk"))["last"] or 0) + 1

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        found = list(
            self._rows.filter(pk__lt=position)
            .select_related("locality", "department", "receiver", "form")
            .annotate(
                corrected=Count("lines", filter=Q(lines__role="corrected")),
                uncorrected=Count("lines", filter=Q(lines__role="uncorrected")),
                pending=Count("lines", filter=Q(lines__verdict=LineVerdict.PENDING)),
                not_done=Count("lines", filter=Q(lines__verdict=LineVerdict.NOT_DONE)),
                untrue=Count("lines", filter=Q(lines__verdict=LineVerdict.FALSE)),
            )
            .order_by("-pk")[:limit]
        )
        if not found:
            return [], position
        return [_row(each) for each in found], found[-1].pk


def _row(pledge: Any) -> Row:
    return (
        pledge.number, pledge.unit_name, pledge.unit_code, pledge.locality.name,
        pledge.department.short_name if pledge.department else "", pledge.receiver.short_name, pledge.form.title,
        pledge.use_code, _STATUSES[pledge.status], pledge.signed_at.date() if pledge.signed_at else None,
        pledge.valid_to, pledge.corrected, pledge.uncorrected, pledge.pending, pledge.not_done, pledge.untrue,
        pledge.opinion,
    )  # fmt: skip


PLEDGES = Export("pledges", "承诺书", "pledges.export", Permission.EXPORT_HAZARDS, COLUMNS, PledgeSource)
