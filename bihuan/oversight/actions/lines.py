"""The lines of an upper level's list: entered or read from a sheet, given to bodies with a day, handed in, accepted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import default_post, holders_of
from bihuan.attachments.actions import attach
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from ..comparing import plain
from ..models import LineTransition, Reception, ReceptionLine
from ..standing import may_move_line, may_move_reception
from ..workflow import LINE_RULES, LineMove, LineStatus, ReceptionMove, ReceptionStatus

MOST_LINES = 300
PREPARING = frozenset({ReceptionStatus.PREPARING, ReceptionStatus.VISITING})


@dataclass(frozen=True)
class LineGiven:
    """One line as the upper level's list has it."""

    text: str
    section: str = ""
    standard: str = ""
    points: Decimal | None = None


@transaction.atomic
def add_lines(reception: Reception, given: Sequence[LineGiven], *, by: User) -> int:
    """Put lines on the list, in their order; one that is there already is left as it is. Returns how many are new.

    Raises PermissionDenied, Refused, IllegalMove.
    """
    _managing(reception, by)
    rows = [each for each in given if each.text.strip()]
    if not rows:
        raise Refused("请写明检查内容")
    if any(each.points is not None and each.points < 0 for each in rows):
        raise Refused("分值不能是负数")
    known = {(plain(each.section), plain(each.text)) for each in reception.lines.all()}
    last = reception.lines.aggregate(last=Max("position"))["last"] or 0
    made = 0
    for each in rows:
        key = (plain(each.section), plain(each.text))
        if key in known:
            continue
        known.add(key)
        made += 1
        if last + made > MOST_LINES:
            raise Refused(f"清单最多 {MOST_LINES} 项")
        line = ReceptionLine.objects.create(
            reception=reception, position=last + made, section=each.section.strip()[:60], text=each.text.strip()[:300],
            standard=each.standard.strip()[:500], points=each.points,
        )  # fmt: skip
        write_line(line, LineMove.ADD, LineTransition, seen="", by=by, act="oversight.add_reception_line")
    return made


@transaction.atomic
def assign_lines(
    reception: Reception,
    lines: Iterable[ReceptionLine],
    *,
    organization: Organization,
    due_on: dt.date,
    by: User,
) -> int:
    """Give lines to one body, by a day; what was given to another before goes along. Returns how many.

    Raises PermissionDenied, Refused, IllegalMove.
    """
    _managing(reception, by)
    rows = list(lines)
    if not rows:
        raise Refused("请勾选要分派的清单项")
    today = timezone.localdate()
    if due_on < today:
        raise Refused("准备期限不能早于今天")
    if due_on > reception.ends_on:
        raise Refused(f"准备期限不能晚于检查结束日期 {reception.ends_on}")
    kinds = {Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY}
    if organization.kind not in kinds:
        raise Refused(f"不能分派给{organization.short_name}")
    told = {
        "summary": f"{reception.organization.short_name}定的准备期限 {due_on}（检查组 {reception.starts_on} 进驻）",
        "source": " ".join(filter(None, [reception.sender, reception.notice_number])),
    }
    for line in rows:
        line.reception = reception
        step(
            line, LineMove.ASSIGN, LINE_RULES[LineMove.ASSIGN], LineTransition, by=by, reason=organization.short_name,
            changed={"organization": organization, "due_on": due_on, "clock": told}, watched=("organization_id",),
            act="oversight.assign_reception_line",
        )  # fmt: skip
        finish_duty(line, Duty.Kind.RECEPTION, by=by, cancelled=True)
        _owe(line, by=by)
    return len(rows)


def _owe(line: ReceptionLine, *, by: User) -> None:
    assert line.organization is not None
    open_duty(
        kind=Duty.Kind.RECEPTION, subject=line, title=f"准备迎检材料：{line}", url=line.get_absolute_url(),
        organization=line.organization, place=line.reception, due_on=line.due_on, clock=line.clock, by=by,
    )  # fmt: skip


@transaction.atomic
def hand_in(line: ReceptionLine, *, material: str, files: Iterable[UUID | str] = (), by: User) -> None:
    """The body says what it has done on a line, with files. Raises PermissionDenied, Refused, IllegalMove."""
    _allowed(by, LineMove.HAND_IN, line)
    if not material.strip():
        raise Refused("请写明准备情况：做了什么、有什么材料、数字是多少")
    step(
        line, LineMove.HAND_IN, LINE_RULES[LineMove.HAND_IN], LineTransition, by=by,
        changed={"material": material.strip(), "prepared_by_id": by.pk, "prepared_at": timezone.now()},
        act="oversight.hand_in_reception_line",
    )  # fmt: skip
    attach(line, files, "material", by=by)
    finish_duty(line, Duty.Kind.RECEPTION, by=by)
    open_duty(
        kind=Duty.Kind.RECEPTION, subject=line, title=f"审核迎检材料：{line}", url=line.get_absolute_url(),
        organization=line.reception.organization, place=line.reception, clock_rule="reception.accept", by=by,
    )  # fmt: skip


@transaction.atomic
def accept(line: ReceptionLine, *, note: str = "", by: User) -> None:
    """The office finds a line ready. Raises PermissionDenied, IllegalMove."""
    _allowed(by, LineMove.ACCEPT, line)
    step(
        line, LineMove.ACCEPT, LINE_RULES[LineMove.ACCEPT], LineTransition, by=by, reason=note,
        act="oversight.accept_reception_line",
    )  # fmt: skip
    finish_duty(line, Duty.Kind.RECEPTION, by=by)


@transaction.atomic
def send_back_line(line: ReceptionLine, *, reason: str, by: User) -> None:
    """More is wanted; owed again by the day that stands. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _allowed(by, LineMove.SEND_BACK, line)
    step(
        line, LineMove.SEND_BACK, LINE_RULES[LineMove.SEND_BACK], LineTransition, by=by, reason=reason,
        act="oversight.send_back_reception_line",
    )  # fmt: skip
    finish_duty(line, Duty.Kind.RECEPTION, by=by)
    _owe(line, by=by)
    if line.organization is not None:
        post = default_post(line.organization)
        people = holders_of(post) if post else []
        words = f"迎检材料退回补充：{line}（{reason.strip()}）"
        transaction.on_commit(
            partial(
                notify, people, category=Message.Category.RESULT, title=words[:120], url=line.get_absolute_url()
            )
        )  # fmt: skip


@transaction.atomic
def drop_line(line: ReceptionLine, *, reason: str, by: User) -> None:
    """A line does not apply here. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _allowed(by, LineMove.DROP, line)
    step(
        line, LineMove.DROP, LINE_RULES[LineMove.DROP], LineTransition, by=by, reason=reason,
        act="oversight.drop_reception_line",
    )  # fmt: skip
    finish_duty(line, Duty.Kind.RECEPTION, by=by, cancelled=True)


def give_up(line: ReceptionLine, *, by: User) -> None:
    """The visit has ended: nothing is owed of its list any more. Runs in the transaction of the verb that ends it."""
    finish_duty(line, Duty.Kind.RECEPTION, by=by, cancelled=True)


def _allowed(by: User, move: str, line: ReceptionLine) -> None:
    if not may_move_line(by, move, line):
        raise PermissionDenied
    status = Reception.objects.filter(pk=line.reception_id).values_list("status", flat=True).first()
    if status not in PREPARING:
        raise IllegalMove(f"“{line.reception}”{line.reception.get_status_display()}，清单不再变动")


def _managing(reception: Reception, by: User) -> None:
    if not may_move_reception(by, ReceptionMove.CHANGE, reception):
        raise PermissionDenied
    status = Reception.objects.filter(pk=reception.pk).values_list("status", flat=True).first()
    if status not in PREPARING:
        raise IllegalMove(f"“{reception}”{reception.get_status_display()}，清单不再变动")


__all__ = [
    "LineGiven", "LineStatus", "accept", "add_lines", "assign_lines", "drop_line", "give_up", "hand_in", "send_back_line",
]  # fmt: skip
