"""The register of papers upward as a table to take away."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row

from .models import Submission
from .queries import listed
from .workflow import Form, Outcome, Status

COLUMNS = (
    Column("文种", 8), Column("事项", 20), Column("标题", 40), Column("报送单位", 24), Column("主送", 24),
    Column("文号", 26), Column("状态", 12), Column("事项发生日期", 12), Column("报出期限", 12), Column("报出日期", 12),
    Column("超期报出", 8), Column("签收日期", 12), Column("签收人", 10), Column("答复期限", 12), Column("承办人", 10),
    Column("批复结论", 16), Column("批复文号", 26), Column("了结日期", 12), Column("逾期", 6),
)  # fmt: skip
_FORM, _STATUS, _OUTCOME = (dict(each.choices) for each in (Form, Status, Outcome))


class SubmissionSource:
    """The papers one may see, by number."""

    def __init__(self, user: User, query: str) -> None:
        self._today = timezone.localdate()
        self._rows = listed(user, QueryDict(query).dict(), on=self._today)

    def total(self) -> int:
        return self._rows.count()

    def is_longer_than(self, limit: int) -> bool:
        return self._rows[: limit + 1].count() > limit

    def begin(self) -> Any:
        """What is drafted after this moment stays out."""
        return [0, Submission.objects.aggregate(last=Max("pk"))["last"] or 0]

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        low, high = position
        found = list(
            self._rows.filter(pk__gt=low, pk__lte=high)
            .select_related("organization", "paper", "handler")
            .order_by("pk")[:limit]
        )
        if not found:
            return [], position
        return [self._row(each) for each in found], [found[-1].pk, high]

    def _row(self, each: Submission) -> Row:
        late_in = each.issued_on is not None and each.issued_on > each.due_on
        return (
            _FORM[each.form], each.matter_name, each.title, each.organization.name, each.addressee_name,
            each.paper.number if each.paper else "", _STATUS[each.status], each.event_on, each.due_on, each.issued_on,
            "是" if late_in else "", each.received_on, each.receiver_name, each.answer_due_on,
            each.handler.full_name if each.handler else "", _OUTCOME.get(each.outcome, ""), each.answer_number,
            each.ended_on, "是" if each.is_late(on=self._today) else "",
        )  # fmt: skip


SUBMISSIONS = Export(
    "submissions", "请示报告", "submissions.export", Permission.VIEW_SUBMISSIONS, COLUMNS, SubmissionSource
)
