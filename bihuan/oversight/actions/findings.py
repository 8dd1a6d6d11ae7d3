"""What becomes of a finding: handed over with a clock, answered, verified, sent back, extended, entered into the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of
from bihuan.attachments import queries as files
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.audit.moves import stale, step
from bihuan.core.errors import Refused
from bihuan.duties import clock
from bihuan.hazards.actions import record_hazard
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .. import owing
from ..models import FindingReply, FindingTransition, FindingVerdict, OversightFinding
from ..standing import holds, may_move_finding, own_office
from ..workflow import FINDING_RULES, FindingMove, FindingStatus

LONGEST = 365


def _move(
    finding: OversightFinding,
    move: FindingMove,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, Any] | None = None,
) -> FindingTransition:
    """The one door of a finding's status. Raises PermissionDenied for the wrong person or a finding out of sight."""
    if not may_move_finding(by, move, finding):
        raise PermissionDenied
    return step(
        finding, move, FINDING_RULES[move], FindingTransition, by=by, reason=reason, changed=changed,
        watched=("due_on",), act=f"oversight.{move.value}_finding",
    )  # fmt: skip


def deadline(start: dt.date, wanted: dt.date | None) -> tuple[dt.date, dict[str, Any]]:
    """When a finding must be put right: by the clock, or by the day the team sets. Raises Refused."""
    if wanted is None:
        derived = clock.due("oversight.finding", start)
        return derived.due_on, derived.explanation
    if not start <= wanted <= start + dt.timedelta(days=LONGEST):
        raise Refused(f"整改期限应在今天之后、{LONGEST} 天以内，请核对")
    return wanted, {"summary": f"督导单位定的整改期限 {wanted}", "source": ""}


@transaction.atomic
def hand_over(finding: OversightFinding, *, by: User, due_on: dt.date | None = None) -> None:
    """Give a problem to the body it is about; its clock starts. Who may has been seen by the verb that calls it: the
    signing of a visit. Raises Refused, IllegalMove."""
    if finding.organization is None:
        raise Refused("企业层面的问题请录入隐患台账，由企业整改")
    due, told = deadline(timezone.localdate(), due_on)
    step(
        finding, FindingMove.HAND_OVER, FINDING_RULES[FindingMove.HAND_OVER], FindingTransition, by=by,
        changed={"due_on": due, "clock": told}, act="oversight.hand_over_finding",
    )  # fmt: skip
    owing.owe_finding(finding, by=by)


@transaction.atomic
def reply(
    finding: OversightFinding, *, text: str, cause: str = "", photos: Iterable[UUID | str] = (), by: User
) -> FindingReply:
    """The body says what it has done, with evidence. Raises PermissionDenied, Refused, IllegalMove."""
    if not text.strip():
        raise Refused("请写明整改情况")
    _move(finding, FindingMove.REPLY, by=by, changed={"replied_on": timezone.localdate()})
    row = FindingReply.objects.create(
        finding=finding, text=text.strip()[:1000], cause=cause.strip()[:300], by=by, at=timezone.now()
    )
    attach(row, photos, "reply", by=by)
    record("oversight.reply", row, by=by, summary=f"{finding}报整改")
    owing.finding_replied(finding, by=by)
    return row


@transaction.atomic
def verify(
    finding: OversightFinding,
    *,
    passed: bool,
    method: str,
    opinion: str,
    photos: Iterable[UUID | str] = (),
    by: User,
) -> FindingVerdict:
    """Look again and say whether it is put right; sent back, the clock starts anew from today.

    Raises PermissionDenied, Refused, ReasonRequired, IllegalMove.
    """
    if method not in FindingVerdict.Method.values:
        raise Refused("请选择核验方式")
    if passed:
        _move(finding, FindingMove.PASS, by=by, reason=opinion, changed={"closed_on": timezone.localdate()})
    else:
        due, told = deadline(timezone.localdate(), None)
        _move(
            finding, FindingMove.SEND_BACK, by=by, reason=opinion,
            changed={"due_on": due, "clock": told, "replied_on": None},
        )  # fmt: skip
    row = FindingVerdict.objects.create(
        finding=finding, is_passed=passed, method=method, opinion=opinion.strip()[:500] or "已整改到位", by=by,
        at=timezone.now(),
    )  # fmt: skip
    attach(row, photos, "verdict", by=by)
    record("oversight.verify", row, by=by, summary=f"{finding}核验：{row}")
    owing.finding_judged(finding, passed=passed, by=by)
    _tell_owner(finding, f"督导问题核验{'通过' if passed else '未通过，退回整改'}：{finding}")
    return row


@transaction.atomic
def extend(finding: OversightFinding, *, due_on: dt.date, reason: str, by: User) -> None:
    """Give more time, with the reason. Raises PermissionDenied, ReasonRequired, Refused, IllegalMove."""
    if finding.due_on is None or due_on <= finding.due_on:
        raise Refused("新的期限应晚于原来的期限")
    if due_on > timezone.localdate() + dt.timedelta(days=LONGEST):
        raise Refused(f"期限不能超过 {LONGEST} 天")
    told = {"summary": f"原期限 {finding.due_on}，延至 {due_on}：{reason.strip()}", "source": ""}
    _move(finding, FindingMove.EXTEND, by=by, reason=reason, changed={"due_on": due_on, "clock": told})
    owing.finding_extended(finding, by=by)


@transaction.atomic
def reopen(finding: OversightFinding, *, reason: str, by: User) -> None:
    """What was closed turns out not to be. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    due, told = deadline(timezone.localdate(), None)
    _move(
        finding, FindingMove.REOPEN, by=by, reason=reason,
        changed={"due_on": due, "clock": told, "closed_on": None, "replied_on": None},
    )  # fmt: skip
    owing.owe_finding(finding, by=by)


@transaction.atomic
def withdraw(finding: OversightFinding, *, reason: str, by: User) -> None:
    """Take back what was no problem after all; it stays on record. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(finding, FindingMove.WITHDRAW, by=by, reason=reason)
    owing.finding_settled(finding, by=by)


@transaction.atomic
def enter_ledger(
    finding: OversightFinding, *, is_major: bool = False, location: str = "", by: User
) -> Hazard:
    """Enter what an expert or another line found at a site into the ledger of hazards; the finder's name stays on the
    finding. Raises PermissionDenied, Refused for a problem of a body, IllegalMove."""
    if finding.enterprise is None:
        raise Refused("这是单位的问题，请交办，不进隐患台账")
    office = own_office(by)
    if office is None or not holds(by, Permission.CONDUCT_INSPECTION, finding.found_organization_id):
        raise PermissionDenied
    seen = OversightFinding.objects.select_for_update().get(pk=finding.pk).status
    if seen != FindingStatus.RECORDED:
        raise stale(finding)
    hazard = record_hazard(
        enterprise=finding.enterprise, source=Hazard.Source.OVERSIGHT, description=finding.description,
        found_on=finding.found_on, by=by, found_organization=finding.found_organization, location=location,
        level=Level.MAJOR if is_major else Level.GENERAL, measures=finding.demand,
        campaign=finding.visit.round.campaign if finding.visit else None,
        photos=[str(each.pk) for each in files.of(finding, "found")],
    )  # fmt: skip
    _move(finding, FindingMove.ENTER, by=by, changed={"hazard": hazard})
    return hazard


def _tell_owner(finding: OversightFinding, words: str) -> None:
    if finding.organization is None:
        return
    post = default_post(finding.organization)
    people = holders_of(post) if post else []
    transaction.on_commit(
        partial(
            notify,
            people,
            category=Message.Category.RESULT,
            title=words[:120],
            url=finding.get_absolute_url(),
        )
    )
