"""Acceptance by a joint team: who was there, each signed for an organization, a verdict for each object (R098)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.attachments.actions import attach, sign
from bihuan.attachments.models import Signature
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from .. import wording
from ..models import AcceptanceMember, AcceptanceVerdict, Batch, BatchObject, JointAcceptance
from ..standing import runs
from ..workflow import VERDICT_MOVES, ObjectStatus, Verdict
from .moving import move_object
from .notifying import open_rectifying
from .owing import settle_supervision

LEAST_BODIES = 2


@dataclass(frozen=True)
class TeamMember:
    """One of the team; `image` is the data URL of the drawn signature, empty for the person signed in."""

    organization: Organization
    name: str
    title: str = ""
    image: str = ""


@dataclass(frozen=True)
class VerdictGiven:
    """What the team says of one object. `finished_on` is the day the team holds the work to have been finished, where
    it is not the day the enterprise told; `photos` are ids of uploads taken on the spot."""

    member: BatchObject
    verdict: str
    conditions: str = ""
    conditions_due_on: dt.date | None = None
    note: str = ""
    finished_on: dt.date | None = None
    photos: tuple[str, ...] = ()

    @property
    def finish(self) -> dt.date | None:
        """When the work was finished, as it will be counted."""
        return self.finished_on or self.member.finished_on


def record_acceptance(
    batch: Batch,
    *,
    accepted_on: dt.date,
    team: Sequence[TeamMember],
    verdicts: Sequence[VerdictGiven],
    opinion: str = "",
    by: User,
) -> JointAcceptance:
    """Record one round of acceptance, whole or not at all; each object gets its own paper.

    The team comes from two bodies at least, and everybody signs. A conditional verdict names conditions and a day; a
    failed one says why; both set the object's clock going again. Raises PermissionDenied, Refused with all that is
    missing, IllegalMove.
    """
    if not runs(by, batch):
        raise PermissionDenied
    problems = _problems(batch, accepted_on, team, verdicts, by)
    if problems:
        raise Refused("；".join(problems))
    with transaction.atomic():
        return _record(batch, accepted_on, team, verdicts, opinion, by)


def _problems(
    batch: Batch, accepted_on: dt.date, team: Sequence[TeamMember], verdicts: Sequence[VerdictGiven], by: User
) -> list[str]:
    found = []
    if accepted_on > timezone.localdate():
        found.append("验收日期在今天之后，请核对")
    if len({each.organization.pk for each in team}) < LEAST_BODIES:
        found.append(f"联合验收至少要有 {LEAST_BODIES} 个单位参加")
    for number, each in enumerate(team, start=1):
        if not each.name.strip():
            found.append(f"第 {number} 名验收组成员没有姓名")
        elif not each.image and each.name.strip() != by.full_name:
            found.append(f"验收组成员{each.name}没有签名")
    if not verdicts:
        found.append("请至少给一家下结论")
    for given in verdicts:
        name = given.member.enterprise.name
        if given.member.batch_id != batch.pk:
            found.append(f"{name}不在{batch}")
        elif given.verdict not in Verdict.values:
            found.append(f"{name}没有结论")
        elif given.verdict == Verdict.CONDITIONAL and not (
            given.conditions.strip() and given.conditions_due_on
        ):
            found.append(f"{name}附条件合格，请写明条件和补正期限")
        elif given.verdict == Verdict.FAILED and not given.note.strip():
            found.append(f"{name}验收不合格，请写明理由")
        if given.finish and given.finish > accepted_on:
            found.append(f"{name}的完成日期晚于验收日期，请核对")
        if given.finished_on and given.finished_on != given.member.finished_on and not given.note.strip():
            found.append(f"{name}核定的完成日期与填报的不同，请在说明里写明依据")
        if given.conditions_due_on and given.conditions_due_on < accepted_on:
            found.append(f"{name}的补正期限早于验收日期，请核对")
    return found


def _record(
    batch: Batch,
    accepted_on: dt.date,
    team: Sequence[TeamMember],
    verdicts: Sequence[VerdictGiven],
    opinion: str,
    by: User,
) -> JointAcceptance:
    acceptance = JointAcceptance.objects.create(
        batch=batch, accepted_on=accepted_on, opinion=opinion.strip()[:500], by=by, at=timezone.now()
    )
    AcceptanceMember.objects.bulk_create(
        AcceptanceMember(
            acceptance=acceptance,
            organization=each.organization,
            name=each.name.strip(),
            title=each.title.strip(),
            position=position,
        )
        for position, each in enumerate(team, start=1)
    )
    rows = [
        AcceptanceVerdict.objects.create(
            acceptance=acceptance,
            member=given.member,
            verdict=given.verdict,
            conditions=given.conditions.strip()[:300],
            conditions_due_on=given.conditions_due_on if given.verdict == Verdict.CONDITIONAL else None,
            note=given.note.strip()[:300],
            finished_on=given.finish if given.verdict != Verdict.FAILED else None,
        )
        for given in verdicts
    ]
    for row, given in zip(rows, verdicts, strict=True):
        attach(row, given.photos, "scene", by=by)
    record("batches.acceptance", acceptance, by=by, summary=f"{acceptance}，{len(rows)} 家")
    signatures = [
        sign(
            acceptance,
            role="team",
            signer=None if each.image else by,
            signer_name=each.name,
            signer_title=f"{each.organization.short_name} {each.title}".strip(),
            method=Signature.Method.DRAWN if each.image else Signature.Method.LOGIN,
            image=each.image or None,
            by=by,
        )
        for each in team
    ]
    for row in rows:
        _carry_out(row, signatures, by)
    return acceptance


def _carry_out(row: AcceptanceVerdict, signatures: list[Signature], by: User) -> None:
    member, acceptance = row.member, row.acceptance
    changed: dict[str, object] = {}
    if row.verdict == Verdict.PASSED:
        changed = {"accepted_on": acceptance.accepted_on, "finished_on": row.finished_on}
    elif row.verdict == Verdict.CONDITIONAL:
        changed = {"due_on": row.conditions_due_on, "finished_on": row.finished_on}
    else:
        changed = {"progress": 0}
    move_object(
        member, VERDICT_MOVES[Verdict(row.verdict)], by=by, reason=row.conditions or row.note, changed=changed
    )
    finish_duty(member, Duty.Kind.BATCH_ACCEPT, by=by)
    if member.status != ObjectStatus.ACCEPTED:
        open_rectifying(member, by=by)
    paper = issue_paper(
        Paper.Kind.ACCEPTANCE_RECORD,
        subject=member,
        organization=member.batch.organization,
        recipient=member.enterprise.organization,
        recipient_name=member.enterprise.name,
        department=member.department,
        place=member,
        content=wording.acceptance_record(row, signatures),
        case_of=member.notice,
        due_on=row.conditions_due_on,
        by=by,
    )
    AcceptanceVerdict.objects.filter(pk=row.pk).update(paper=paper)
    settle_supervision(member.batch, by=by)
