"""The register of papers upward as a table to take away."""

from __future__ import annotations

from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row, RowSource

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


class SubmissionSource(RowSource):
    """The papers one may see, by number."""

    related = ("organization", "paper", "handler")

    def __init__(self, user: User, query: str) -> None:
        super().__init__(listed(user, QueryDict(query).dict(), on=timezone.localdate()))

    def row(self, each: Submission) -> Row:
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
