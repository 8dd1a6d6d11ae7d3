"""An office chooses the clocks its region counts with and the chains it signs; earlier listings keep theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.rules import listings as rules
from bihuan.rules.records import UnknownRule

from ..models import ChainPolicy, ClockPolicy
from ..standing import may_set_policies
from ..workflow import ChainPurpose, SubjectKind


@transaction.atomic
def choose_clocks(
    body: Organization, *, rule_set: str, document: str, effective_from: dt.date, by: User
) -> ClockPolicy:
    """Count with a rule set from a day on, by a document. Raises PermissionDenied, Refused."""
    if not may_set_policies(by, body):
        raise PermissionDenied
    try:
        chosen = rules.rule_set(rule_set, effective_from)
    except UnknownRule as error:
        raise Refused(f"没有这一口径，或者它在 {effective_from} 还没有生效") from error
    _check(document, effective_from)
    row = ClockPolicy.objects.create(
        region=body.region, rule_set=chosen.key, document=document.strip(), effective_from=effective_from, by=by,
        at=timezone.now(),
    )  # fmt: skip
    record(
        "listings.clocks", row, by=by, summary=f"{body.region}挂牌时限用{chosen.label}：{document.strip()}"
    )
    return row


@transaction.atomic
def write_chain(
    body: Organization,
    *,
    kind: str,
    purpose: str,
    steps: Sequence[rules.Step],
    document: str,
    effective_from: dt.date,
    by: User,
) -> ChainPolicy:
    """Sign listings of a kind by another chain from a day on. Raises PermissionDenied, Refused with all that is wrong."""
    if not may_set_policies(by, body):
        raise PermissionDenied
    problems = rules.problems_of_chain(steps)
    if problems:
        raise Refused("；".join(problems))
    _check(document, effective_from)
    row = ChainPolicy.objects.create(
        region=body.region, kind=SubjectKind(kind), purpose=ChainPurpose(purpose),
        steps=[{"label": each.label.strip(), "who": each.who} for each in steps], document=document.strip(),
        effective_from=effective_from, by=by, at=timezone.now(),
    )  # fmt: skip
    record("listings.chain", row, by=by, summary=f"{row}：{'→'.join(each.label for each in steps)}")
    return row


def _check(document: str, effective_from: dt.date) -> None:
    if not document.strip():
        raise Refused("请写明依据文件")
    if effective_from < timezone.localdate():
        raise Refused("口径从今天或者以后起用，不能倒填日期")
