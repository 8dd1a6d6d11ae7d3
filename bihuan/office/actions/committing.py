"""What officers promise the public: written by themselves, published, judged at the end by somebody else (R259)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from ..models import CommitmentLine, OfficerCommitment, OfficerCommitmentTransition
from ..standing import UNITS, may_move_commitment, posts_with
from ..workflow import COMMITMENT_RULES, CommitmentMove, Keeping

MOST_LINES = 10
LONGEST = 400


@dataclass(frozen=True)
class Promise:
    """One line: what is promised, how one measures it, by when."""

    text: str
    target: str
    due_on: dt.date


def _check(starts_on: dt.date, ends_on: dt.date, lines: Sequence[Promise]) -> None:
    if not starts_on <= ends_on <= starts_on + dt.timedelta(days=LONGEST):
        raise Refused("承诺期的起止日期不对：止不早于起，最长一年")
    if not lines:
        raise Refused("请至少写一条承诺")
    if len(lines) > MOST_LINES:
        raise Refused(f"一次承诺不超过 {MOST_LINES} 条，说到就要做到")
    for number, each in enumerate(lines, start=1):
        if not each.text.strip() or not each.target.strip():
            raise Refused(f"第 {number} 条请写明承诺事项和衡量标准")
        if not starts_on <= each.due_on <= ends_on:
            raise Refused(f"第 {number} 条的兑现日期应在承诺期之内")


def _write_lines(row: OfficerCommitment, lines: Sequence[Promise]) -> None:
    row.lines.all().delete()
    CommitmentLine.objects.bulk_create(
        CommitmentLine(
            commitment=row, position=number, text=each.text.strip()[:200], target=each.target.strip()[:200],
            due_on=each.due_on,
        )
        for number, each in enumerate(lines, start=1)
    )  # fmt: skip


@transaction.atomic
def write_commitment(
    *, starts_on: dt.date, ends_on: dt.date, lines: Sequence[Promise], by: User
) -> OfficerCommitment:
    """Draft one's own commitment. Raises PermissionDenied, Refused."""
    post = next(
        (each for each in posts_with(by, Permission.PLAN_OFFICE_WORK) if each.organization.kind in UNITS),
        None,
    )
    if post is None:
        raise PermissionDenied
    _check(starts_on, ends_on, lines)
    row = OfficerCommitment.objects.create(
        organization=post.organization, post=post, person=by, shown_name=by.full_name,
        shown_post=f"{post.organization.short_name}{post.title}"[:120], starts_on=starts_on, ends_on=ends_on,
        **vars(place_of(post.organization.region)),
    )  # fmt: skip
    _write_lines(row, lines)
    write_line(
        row, CommitmentMove.WRITE, OfficerCommitmentTransition, seen="", by=by, act="office.write_commitment"
    )
    return row


def _move(
    row: OfficerCommitment,
    move: CommitmentMove,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, object] | None = None,
) -> None:
    if not may_move_commitment(by, move, row):
        raise PermissionDenied
    step(
        row, move, COMMITMENT_RULES[move], OfficerCommitmentTransition, by=by, reason=reason, changed=changed,
        act=f"office.{move.value}_commitment",
    )  # fmt: skip


@transaction.atomic
def edit_commitment(
    row: OfficerCommitment, *, starts_on: dt.date, ends_on: dt.date, lines: Sequence[Promise], by: User
) -> None:
    """Write the draft anew. Raises PermissionDenied, Refused, IllegalMove once published."""
    if not may_move_commitment(by, CommitmentMove.EDIT, row):
        raise PermissionDenied
    _check(starts_on, ends_on, lines)
    # The lines first: the record of the move holds what they say.
    if OfficerCommitment.objects.filter(pk=row.pk, status=row.status).update(
        starts_on=starts_on, ends_on=ends_on
    ):
        _write_lines(row, lines)
    _move(row, CommitmentMove.EDIT, by=by, changed={"starts_on": starts_on, "ends_on": ends_on})


@transaction.atomic
def publish(row: OfficerCommitment, *, by: User) -> None:
    """Everybody may read it from now on; it is no longer changed. Raises PermissionDenied, Refused, IllegalMove."""
    if not may_move_commitment(by, CommitmentMove.PUBLISH, row):
        raise PermissionDenied
    if row.ends_on < timezone.localdate():
        raise Refused("承诺期已经过去，请先修改起止日期")
    due = clock.due("office.commitment.judge", row.ends_on)
    _move(
        row, CommitmentMove.PUBLISH, by=by,
        changed={"published_on": timezone.localdate(), "judge_due_on": due.due_on, "clock": due.explanation},
    )  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What became of one line and by what one sees it."""

    keeping: str
    evidence: str


@transaction.atomic
def judge_commitment(
    row: OfficerCommitment, lines: dict[int, Judged], *, opinion: str = "", by: User
) -> None:
    """At the end of the period the leader says line by line whether it was kept. Raises PermissionDenied, Refused,
    IllegalMove."""
    if not may_move_commitment(by, CommitmentMove.JUDGE, row):
        raise PermissionDenied
    if timezone.localdate() < row.ends_on:
        raise Refused(f"承诺期到 {row.ends_on} 结束，期满才能评定")
    rows = list(row.lines.all())
    for each in rows:
        given = lines.get(each.position)
        if given is None or given.keeping not in (Keeping.KEPT, Keeping.PARTLY, Keeping.BROKEN):
            raise Refused(f"第 {each.position} 条还没有评定")
        if not given.evidence.strip():
            raise Refused(f"第 {each.position} 条请写明依据：看了什么、数字是多少")
        each.keeping, each.evidence = given.keeping, given.evidence.strip()[:300]
    CommitmentLine.objects.bulk_update(rows, ["keeping", "evidence"])
    _move(
        row, CommitmentMove.JUDGE, by=by, reason=opinion,
        changed={"judged_on": timezone.localdate(), "judged_by": by, "opinion": opinion.strip()[:500]},
    )  # fmt: skip
    finish_duty(row, Duty.Kind.PUBLIC_COMMITMENT, by=by)


@transaction.atomic
def withdraw(row: OfficerCommitment, *, reason: str, by: User) -> None:
    """No longer public, for a reason (the person left, it was published by mistake). Raises PermissionDenied,
    ReasonRequired, IllegalMove."""
    _move(row, CommitmentMove.WITHDRAW, by=by, reason=reason)
    finish_duty(row, Duty.Kind.PUBLIC_COMMITMENT, by=by, cancelled=True)
