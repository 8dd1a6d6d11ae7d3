"""Conduct looked into: a clue, an inquiry, an opinion served and answered, an end with reasons (R127, R260).

Whoever is concerned, or works in the unit concerned, keeps away; whoever inquires does not decide; who reads is recorded.
"""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from .. import owing, wording
from ..models import ConductMatter, ConductNote, ConductTransition
from ..standing import covers, inspecting_body, is_recused, may_move_conduct, posts_with, seat_in
from ..workflow import CONDUCT_RULES, ConductMove, ConductStatus, Handling, Misconduct


def _move(
    matter: ConductMatter,
    move: ConductMove,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, Any] | None = None,
) -> None:
    """The one door of a matter's status."""
    if not may_move_conduct(by, move, matter):
        raise PermissionDenied
    step(
        matter, move, CONDUCT_RULES[move], ConductTransition, by=by, reason=reason, changed=changed,
        watched=("inquirer_id", "answered_on"), act=f"office.{move.value}_conduct",
    )  # fmt: skip


@transaction.atomic
def open_matter(
    *,
    organization: Organization,
    person: User | None,
    misconduct: str,
    clue: str,
    source: str,
    signal: str = "",
    rows: list[dict[str, str]] | None = None,
    by: User,
) -> ConductMatter:
    """Write down a clue, by hand or from a signal of the system that a person took up.

    Raises PermissionDenied (also when one must keep away), Refused, IllegalMove when the signal is looked into already.
    """
    body = inspecting_body(by)
    if body is None or is_recused(by, organization.pk, person.pk if person else None):
        raise PermissionDenied
    if not any(
        organization.region_id.startswith(post.organization.region_id)
        for post in posts_with(by, Permission.INSPECT_CONDUCT)
    ):
        raise PermissionDenied
    if misconduct not in Misconduct.values or not clue.strip() or not source.strip():
        raise Refused("请选择问题类别，写明反映的情况和线索来源")
    if organization.kind not in (
        Organization.Kind.OFFICE,
        Organization.Kind.DEPARTMENT,
        Organization.Kind.LOCALITY,
        Organization.Kind.INSPECTORATE,
    ):
        raise Refused("效能监察针对安委办、部门和乡镇街道及其工作人员；企业的问题走执法")
    if person is not None and organization.pk not in {post.organization_id for post in person.posts}:
        raise Refused(f"{person.full_name}现在不在{organization.short_name}任职，请核对单位和人员")
    due = clock.due("office.conduct.screen", timezone.localdate())
    matter = ConductMatter(
        number=f"new-{uuid.uuid4().hex[:20]}", handler=body, organization=organization, person=person,
        misconduct=misconduct, clue=clue.strip()[:2000], source=source.strip()[:120], signal=signal, rows=rows or [],
        due_on=due.due_on, clock=due.explanation, opened_by=by, opened_on=timezone.localdate(),
        **vars(place_of(organization.region)),
    )  # fmt: skip
    try:
        with transaction.atomic():
            matter.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这条信号已经立为线索，正在办理") from error
    matter.number = f"效监{matter.opened_on.year}-{matter.pk:05d}"
    ConductMatter.objects.filter(pk=matter.pk).update(number=matter.number)
    write_line(matter, ConductMove.OPEN, ConductTransition, seen="", by=by, act="office.open_conduct")
    owing.owe_conduct(matter, by=by)
    return matter


@transaction.atomic
def read_matter(matter: ConductMatter, *, by: User) -> None:
    """Somebody opens a matter: who and when goes on record. Raises PermissionDenied."""
    if not ConductMatter.objects.visible_to(by).filter(pk=matter.pk).exists():
        raise PermissionDenied
    record("office.read_conduct", matter, by=by, summary=f"查看{matter}")


@transaction.atomic
def inquire(matter: ConductMatter, *, inquirer: User, by: User) -> None:
    """Begin the inquiry and say who inquires. Raises PermissionDenied, Refused, IllegalMove."""
    if not may_move_conduct(by, ConductMove.INQUIRE, matter):
        raise PermissionDenied
    _may_inquire(matter, inquirer)
    due = clock.due("office.conduct.inquire", timezone.localdate())
    _move(
        matter, ConductMove.INQUIRE, by=by, reason=f"由{inquirer.full_name}核查",
        changed={"inquirer": inquirer, "due_on": due.due_on, "clock": due.explanation},
    )  # fmt: skip
    owing.owe_conduct(matter, by=by, post=_seat(matter, inquirer))


def _may_inquire(matter: ConductMatter, inquirer: User) -> None:
    if is_recused(inquirer, matter.organization_id, matter.person_id):
        raise Refused(f"{inquirer.full_name}与此事有关，须回避，请另选核查人")
    if not covers(inquirer, matter):
        raise Refused(f"{inquirer.full_name}没有核查履职问题的权限，请另选")


def _seat(matter: ConductMatter, inquirer: User) -> Any:
    return seat_in(inquirer, Permission.INSPECT_CONDUCT, matter.handler_id)


@transaction.atomic
def reassign_inquirer(matter: ConductMatter, *, inquirer: User, reason: str, by: User) -> None:
    """Somebody else inquires, e.g. because the first must keep away. Raises PermissionDenied, ReasonRequired, Refused."""
    if not may_move_conduct(by, ConductMove.REASSIGN, matter):
        raise PermissionDenied
    _may_inquire(matter, inquirer)
    if inquirer.pk == matter.inquirer_id:
        raise Refused("已经由此人核查")
    _move(matter, ConductMove.REASSIGN, by=by, reason=reason, changed={"inquirer": inquirer})
    owing.owe_conduct(matter, by=by, post=_seat(matter, inquirer))


@transaction.atomic
def dismiss_matter(matter: ConductMatter, *, reason: str, by: User) -> None:
    """The clue is not worth an inquiry, because …. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(
        matter, ConductMove.DISMISS, by=by, reason=reason,
        changed={
            "conclusion": reason.strip()[:2000], "ended_by": by, "ended_on": timezone.localdate(),
        },
    )  # fmt: skip
    owing.conduct_ended(matter, by=by)


@transaction.atomic
def note_matter(matter: ConductMatter, *, kind: str, on: dt.date, text: str, by: User) -> ConductNote:
    """What was looked at or said. Raises PermissionDenied, Refused, IllegalMove."""
    if not may_move_conduct(by, ConductMove.NOTE, matter):
        raise PermissionDenied
    if kind not in ConductNote.Kind.values or not text.strip():
        raise Refused("请选择方式并写明情况")
    if not matter.opened_on - dt.timedelta(days=366) <= on <= timezone.localdate():
        raise Refused("日期不能晚于今天，也不能早于登记前一年")
    _move(matter, ConductMove.NOTE, by=by)
    row = ConductNote.objects.create(
        matter=matter, kind=kind, on=on, text=text.strip()[:2000], by=by, at=timezone.now()
    )
    record("office.note", row, by=by, summary=f"{matter}记录{row.get_kind_display()}")
    return row


@transaction.atomic
def serve_opinion(matter: ConductMatter, *, finding: str, proposed: str, by: User) -> Paper:
    """The inquirer says what was found and proposes what to do; the person concerned may answer it from now on.

    Raises PermissionDenied, Refused, IllegalMove.
    """
    if not may_move_conduct(by, ConductMove.SERVE, matter):
        raise PermissionDenied
    if proposed not in Handling.values or not finding.strip():
        raise Refused("请写明核查认定，并选择拟处理意见；查不实的用“查否”")
    if not matter.notes.exists():
        raise Refused("还没有核查记录：至少谈一次话、调阅一次资料或者实地核实一次")
    if matter.status != ConductStatus.INQUIRING:
        raise IllegalMove(f"{matter}现为“{matter.get_status_display()}”，请刷新后核对")
    today = timezone.localdate()
    answer_due, end_due = clock.due("office.conduct.answer", today), clock.due("office.conduct.end", today)
    # Taken first: whoever comes second gets no second number.
    if not ConductMatter.objects.filter(pk=matter.pk, status=ConductStatus.INQUIRING).update(
        finding=finding.strip()[:3000], proposed=proposed
    ):
        raise IllegalMove(f"{matter}刚由他人办理，请刷新后核对")
    matter.finding, matter.proposed = finding.strip()[:3000], proposed
    paper = issue_paper(
        Paper.Kind.CONDUCT_OPINION, subject=matter, organization=matter.handler,
        recipient_name=matter.organization.name, place=place_of(matter.handler.region),
        content=wording.opinion(matter, by_name=by.full_name, on=today, answer_by=answer_due.due_on),
        permission=Permission.INSPECT_CONDUCT, due_on=answer_due.due_on, by=by,
    )  # fmt: skip
    _move(
        matter, ConductMove.SERVE, by=by,
        changed={
            "opinion": paper, "served_on": today, "due_on": end_due.due_on, "clock": end_due.explanation,
            "answer_due_on": answer_due.due_on, "answer_clock": answer_due.explanation,
        },
    )  # fmt: skip
    owing.owe_conduct(matter, by=by)
    if matter.person is not None:
        transaction.on_commit(
            partial(
                notify, [matter.person], category=Message.Category.RESULT, title="收到履职核查意见书",
                body=f"如有不同意见，请在 {answer_due.due_on} 前申辩", url=matter.get_absolute_url(),
                key=f"office:conduct:{matter.pk}",
            )
        )  # fmt: skip
    return paper


@transaction.atomic
def defend(matter: ConductMatter, *, text: str, by: User) -> None:
    """The person concerned answers, once, in time. Raises PermissionDenied, Refused, IllegalMove."""
    if not may_move_conduct(by, ConductMove.DEFEND, matter):
        raise PermissionDenied
    if not text.strip():
        raise Refused("请写明申辩的意见和依据")
    last = matter.answer_due_on
    if matter.answered_on is not None:
        raise IllegalMove("已经提出过申辩，补充材料请交核查人")
    if last is not None and timezone.localdate() > last:
        raise Refused(f"申辩期到 {last} 为止，已经超过")
    _move(
        matter, ConductMove.DEFEND, by=by, reason="提出申辩",
        changed={"answer": text.strip()[:3000], "answered_on": timezone.localdate()},
    )  # fmt: skip


@transaction.atomic
def handle_matter(matter: ConductMatter, *, handling: str, reason: str, by: User) -> None:
    """Decide, not before the answer or the end of the time for it, and not by whoever inquired.

    Raises PermissionDenied, ReasonRequired, Refused, IllegalMove.
    """
    if not may_move_conduct(by, ConductMove.HANDLE, matter):
        raise PermissionDenied
    if handling not in Handling.values:
        raise Refused("请选择处理方式：提醒、通报或者移送监察机关")
    last = matter.answer_due_on
    waits = matter.status == ConductStatus.SERVED and matter.person_id and matter.answered_on is None
    if waits and last is not None and timezone.localdate() <= last:
        raise Refused(f"申辩期到 {last} 为止，本人还没有申辩，期满以后再作处理")
    _end(matter, ConductMove.HANDLE, reason, {"handling": handling}, by)


@transaction.atomic
def clear_matter(matter: ConductMatter, *, reason: str, by: User) -> None:
    """What was said does not hold. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _end(matter, ConductMove.CLEAR, reason, {}, by)


def _end(matter: ConductMatter, move: ConductMove, reason: str, changed: dict[str, Any], by: User) -> None:
    _move(
        matter, move, by=by, reason=reason,
        changed={
            **changed, "conclusion": reason.strip()[:2000], "ended_by": by, "ended_on": timezone.localdate(),
        },
    )  # fmt: skip
    owing.conduct_ended(matter, by=by)
    if matter.person is not None and matter.served_on is not None:
        transaction.on_commit(
            partial(
                notify, [matter.person], category=Message.Category.RESULT,
                title=f"履职核查已办结：{matter.get_status_display()}", url=matter.get_absolute_url(),
                key=f"office:conduct:{matter.pk}:end",
            )
        )  # fmt: skip
