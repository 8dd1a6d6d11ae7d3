"""Somebody came and asked: answered on the spot, or handed on with a receipt and told back; never let drop (R257)."""

from __future__ import annotations

import datetime as dt
import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from .. import owing
from ..models import AskedMatter, AskedTransition
from ..standing import UNITS, may_move_asked, may_reveal, posts_with
from ..workflow import ASKED_RULES, AskedMove


@transaction.atomic
def receive(
    *,
    channel: str,
    subject: str,
    question: str,
    asker_name: str = "",
    asker_phone: str = "",
    is_complex: bool = False,
    by: User,
) -> AskedMatter:
    """Write down who came and what for; whoever writes it answers for it from now on. Raises PermissionDenied, Refused."""
    post = next(
        (each for each in posts_with(by, Permission.PLAN_OFFICE_WORK) if each.organization.kind in UNITS),
        None,
    )
    if post is None:
        raise PermissionDenied
    if channel not in AskedMatter.Channel.values:
        raise Refused("请选择来访方式")
    if not subject.strip() or not question.strip():
        raise Refused("请写明事由和要问什么、办什么")
    now, today = timezone.now(), timezone.localdate()
    due = clock.due("office.asked.complex" if is_complex else "office.asked.simple", today)
    matter = AskedMatter.objects.create(
        number=f"new-{uuid.uuid4().hex[:20]}", organization=post.organization, post=post, receiver=by, channel=channel,
        asker_name=asker_name.strip()[:60], asker_phone=asker_phone.strip()[:30], subject=subject.strip()[:120],
        question=question.strip()[:1000], received_on=today, received_at=now, due_on=due.due_on, clock=due.explanation,
        **vars(place_of(post.organization.region)),
    )  # fmt: skip
    matter.number = f"首问{today.year}-{matter.pk:05d}"
    AskedMatter.objects.filter(pk=matter.pk).update(number=matter.number)
    write_line(matter, AskedMove.RECEIVE, AskedTransition, seen="", by=by, act="office.receive_matter")
    owing.owe_matter(matter, by=by)
    return matter


def _move(
    matter: AskedMatter,
    move: AskedMove,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, object] | None = None,
) -> None:
    """The one door of a matter's status."""
    if not may_move_asked(by, move, matter):
        raise PermissionDenied
    step(
        matter, move, ASKED_RULES[move], AskedTransition, by=by, reason=reason, changed=changed,
        watched=("handler_id", "bounces"), act=f"office.{move.value}_matter",
    )  # fmt: skip


@transaction.atomic
def settle(matter: AskedMatter, *, result: str, by: User) -> None:
    """Answered on the spot. Raises PermissionDenied, Refused, IllegalMove."""
    if not may_move_asked(by, AskedMove.SETTLE, matter):
        raise PermissionDenied
    if not result.strip():
        raise Refused("请写明怎么答复的")
    today = timezone.localdate()
    _move(
        matter, AskedMove.SETTLE, by=by, reason=result,
        changed={
            "result": result.strip()[:1000], "answered_on": today, "told_on": today, "told_how": "当场答复",
        },
    )  # fmt: skip
    finish_duty(matter, Duty.Kind.FIRST_ASKED, by=by)


@transaction.atomic
def hand(matter: AskedMatter, *, to: Organization, reason: str, by: User) -> None:
    """Hand it to the body whose business it is; the first who was asked stays responsible until it is taken over.

    Raises PermissionDenied, ReasonRequired, Refused, IllegalMove.
    """
    if not may_move_asked(by, AskedMove.HAND, matter):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("转办")
    if to.pk == matter.organization_id or to.kind not in UNITS or not to.is_current(timezone.localdate()):
        raise Refused("请选择另一个在用的安委办、部门或者乡镇街道")
    due = clock.due("office.asked.accept", timezone.localdate())
    _move(
        matter, AskedMove.HAND, by=by, reason=f"转{to.short_name}：{reason.strip()}",
        changed={
            "handler": to, "handed_on": timezone.localdate(), "accept_due_on": due.due_on,
            "accept_clock": due.explanation,
        },
    )  # fmt: skip
    owing.owe_matter(matter, by=by)


@transaction.atomic
def accept(matter: AskedMatter, *, by: User) -> None:
    """The body it was handed to takes it over (接收回执). Raises PermissionDenied, IllegalMove."""
    _move(matter, AskedMove.ACCEPT, by=by)
    owing.owe_matter(matter, by=by)


@transaction.atomic
def hand_back(matter: AskedMatter, *, reason: str, by: User) -> None:
    """Not ours, because …: back to whoever was asked first, who answers for it again, and it is counted.

    Raises PermissionDenied, ReasonRequired, IllegalMove.
    """
    _move(
        matter, AskedMove.HAND_BACK, by=by, reason=reason,
        changed={"handler": None, "accept_due_on": None, "bounces": matter.bounces + 1},
    )  # fmt: skip
    owing.owe_matter(matter, by=by)


@transaction.atomic
def answer(matter: AskedMatter, *, result: str, by: User) -> None:
    """What came of it; the first who was asked tells it back. Raises PermissionDenied, Refused, IllegalMove."""
    if not may_move_asked(by, AskedMove.ANSWER, matter):
        raise PermissionDenied
    if not result.strip():
        raise Refused("请写明办理结果：办到什么程度，依据是什么")
    _move(
        matter, AskedMove.ANSWER, by=by, reason=result,
        changed={"result": result.strip()[:1000], "answered_on": timezone.localdate()},
    )  # fmt: skip
    owing.owe_matter(matter, by=by)


@transaction.atomic
def tell(matter: AskedMatter, *, how: str, told_on: dt.date | None = None, by: User) -> None:
    """Told back, how, and what the person said. Raises PermissionDenied, Refused, IllegalMove."""
    if not may_move_asked(by, AskedMove.TELL, matter):
        raise PermissionDenied
    today = timezone.localdate()
    on = told_on or today
    if not how.strip():
        raise Refused("请写明怎么告知的，对方有什么意见")
    if on > today or (matter.answered_on is not None and on < matter.answered_on):
        raise Refused("告知日期应在办出结果之后、今天之前")
    _move(matter, AskedMove.TELL, by=by, reason=how, changed={"told_on": on, "told_how": how.strip()[:300]})
    finish_duty(matter, Duty.Kind.FIRST_ASKED, by=by)


@transaction.atomic
def reveal(matter: AskedMatter, *, reason: str, by: User) -> tuple[str, str]:
    """Name and telephone of who asked, for a reason that is kept. Raises PermissionDenied, ReasonRequired, Refused."""
    if not may_reveal(by, matter) or not AskedMatter.objects.visible_to(by).filter(pk=matter.pk).exists():
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("查看来访人")
    if not (matter.asker_name or matter.asker_phone):
        raise Refused("没有登记姓名和电话")
    record(
        "office.reveal", matter, by=by, summary=f"查看{matter.number}来访人的姓名和电话",
        payload={"reason": reason.strip()[:300]},
    )  # fmt: skip
    return matter.asker_name, matter.asker_phone
