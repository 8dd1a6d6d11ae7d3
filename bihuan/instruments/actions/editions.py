"""A body's own edition of a kind of paper: its words and its clock, from a day on, by a document."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import Refused

from ..models import InstrumentEdition
from ..standing import holds
from ..types import PLACEHOLDERS, labels, type_for, unknown_marks


@transaction.atomic
def set_edition(
    kind: str,
    *,
    organization: Organization,
    opening: str,
    demand: str,
    consequence: str,
    reply_days: int | None,
    escalates_to: str,
    escalate_after: int,
    document: str,
    effective_from: dt.date,
    effective_to: dt.date | None = None,
    by: User,
) -> InstrumentEdition:
    """Write an edition. Papers issued before keep theirs. Raises PermissionDenied, Refused with all that is wrong."""
    if not holds(by, Permission.SET_TRIGGERS, organization.pk):
        raise PermissionDenied
    problems = []
    if kind not in labels():
        raise Refused("没有这种文书")
    shipped = type_for(kind)
    if organization.kind not in shipped.draft_by:
        problems.append(f"{organization}不能制发{shipped.label}")
    words: dict[str, Any] = {"开头": opening, "要求": demand, "逾期后果": consequence}
    for label, text in words.items():
        for mark in unknown_marks(text):
            problems.append(
                f"“{label}”里的 {{{mark}}} 不认识，可用的有 {'、'.join(f'{{{each}}}' for each in PLACEHOLDERS)}"
            )
    if not opening.strip() or not demand.strip():
        problems.append("开头和要求都要写")
    if escalates_to and escalates_to not in labels():
        problems.append("请重新选择逾期升级的文种")
    if escalates_to == kind:
        problems.append("不能升级为同一种文书")
    if not document.strip():
        problems.append("请填写依据文件")
    if effective_to and effective_to < effective_from:
        problems.append("执行止日早于起日")
    if problems:
        raise Refused("；".join(problems))
    edition = InstrumentEdition.objects.create(
        organization=organization, kind=kind, opening=opening.strip(), demand=demand.strip(),
        consequence=consequence.strip(), reply_days=reply_days if shipped.reply_clock else None,
        escalates_to=escalates_to, escalate_after=escalate_after, document=document.strip()[:200],
        effective_from=effective_from, effective_to=effective_to, made_by=by, made_at=timezone.now(),
    )  # fmt: skip
    record("instruments.edition", edition, by=by, summary=f"登记{edition}的式样")
    return edition
