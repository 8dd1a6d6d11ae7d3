"""Changes of a confirmed plan: proposed with a reason, decided by the leader, on record for good; never silent (R252)."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Post, User
from bihuan.accounts.queries import leaders_of
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.actions import reschedule_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .. import owing
from ..models import WorkAmendment, WorkAmendmentTransition, WorkItem, WorkItemTransition, WorkPlan
from ..standing import decides, leads_plan, may_move_item
from ..workflow import (
    AMENDMENT_RULES,
    ITEM_RULES,
    AmendmentKind,
    AmendmentMove,
    ItemMove,
    ItemStatus,
    PlanStatus,
)
from .planning import _may_enter, check_item, new_item, owner_of


def _words(item: WorkItem) -> dict[str, str]:
    return {"text": item.text, "target": item.target, "due_on": item.due_on.isoformat()}


def _is_running(plan: WorkPlan) -> None:
    """Holds a confirmed plan still while it is changed. Raises IllegalMove."""
    if not WorkPlan.objects.filter(pk=plan.pk, status=PlanStatus.CONFIRMED).update(
        status=PlanStatus.CONFIRMED
    ):
        raise IllegalMove("只有已经确认、还没有核查完的计划才能调整；编制中的直接修改")


@transaction.atomic
def propose_addition(
    plan: WorkPlan, *, text: str, target: str, post: Post, due_on: dt.date, reason: str, by: User
) -> WorkAmendment:
    """Something new came up in the month. Takes effect at once from the leader, otherwise when he agrees.

    Raises PermissionDenied, ReasonRequired, Refused, IllegalMove.
    """
    _may_enter(plan, post, by)
    check_item(plan, text, target, due_on)
    after = {
        "text": text.strip()[:300],
        "target": target.strip()[:300],
        "due_on": due_on.isoformat(),
        "post": post.pk,
    }
    return _propose(plan, None, AmendmentKind.ADD, {}, after, reason, by)


@transaction.atomic
def propose_change(
    item: WorkItem, *, text: str, target: str, due_on: dt.date, reason: str, by: User
) -> WorkAmendment:
    """Another wording, another sign of being done, another day. See `propose_addition`."""
    if not may_move_item(by, ItemMove.CHANGE, item):
        raise PermissionDenied
    check_item(item.plan, text, target, due_on)
    after = {"text": text.strip()[:300], "target": target.strip()[:300], "due_on": due_on.isoformat()}
    if after == _words(item):
        raise Refused("没有改动：请先修改事项、完成标志或者完成日期")
    return _propose(item.plan, item, AmendmentKind.CHANGE, _words(item), after, reason, by)


@transaction.atomic
def propose_drop(item: WorkItem, *, reason: str, by: User) -> WorkAmendment:
    """It need not be done any more. See `propose_addition`."""
    if not may_move_item(by, ItemMove.DROP, item):
        raise PermissionDenied
    return _propose(item.plan, item, AmendmentKind.DROP, _words(item), {}, reason, by)


def _propose(
    plan: WorkPlan,
    item: WorkItem | None,
    kind: AmendmentKind,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str,
    by: User,
) -> WorkAmendment:
    if not reason.strip():
        raise ReasonRequired("计划调整")
    _is_running(plan)
    if item is not None and item.status != ItemStatus.OPEN:
        raise IllegalMove(f"“{item}”现为“{item.get_status_display()}”，不能再调整")
    row = WorkAmendment(
        plan=plan, item=item, kind=kind, before=before, after=after, reason=reason.strip()[:300], by=by,
        at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这个事项已有一项调整等待审定") from error
    write_line(
        row,
        AmendmentMove.PROPOSE,
        WorkAmendmentTransition,
        seen="",
        by=by,
        reason=reason,
        act="office.propose",
    )
    if leads_plan(by, plan):
        _approve(row, by=by)
    else:
        transaction.on_commit(partial(_tell_leader, row.pk, by.pk))
    return row


@transaction.atomic
def decide_amendment(row: WorkAmendment, *, agreed: bool, reason: str = "", by: User) -> None:
    """The leader agrees or not, with a reason when not. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not decides(by, row):
        raise PermissionDenied
    if agreed:
        _is_running(row.plan)
        _approve(row, by=by, reason=reason)
    else:
        step(
            row, AmendmentMove.REFUSE, AMENDMENT_RULES[AmendmentMove.REFUSE], WorkAmendmentTransition, by=by,
            reason=reason, changed={"decided_by": by, "decided_at": timezone.now()}, act="office.refuse_amendment",
        )  # fmt: skip
    told = f"计划调整{row.get_status_display()}：{row}"
    transaction.on_commit(
        partial(
            notify, [row.by], category=Message.Category.RESULT, title=told[:120], body=reason[:300],
            url=row.plan.get_absolute_url(), key=f"office:amendment:{row.pk}",
        )
    )  # fmt: skip


def _approve(row: WorkAmendment, *, by: User, reason: str = "") -> None:
    """Make the change and say so on the item. Runs in the transaction of the verb."""
    if row.kind == AmendmentKind.ADD:
        post = Post.objects.get(pk=row.after["post"])
        due = dt.date.fromisoformat(row.after["due_on"])
        item = new_item(
            row.plan, text=row.after["text"], target=row.after["target"], post=post, owner=owner_of(post, row.by),
            due_on=due, status=ItemStatus.OPEN, added_later=True, by=by,
        )  # fmt: skip
        row.item = item
        WorkAmendment.objects.filter(pk=row.pk).update(item=item)
        owing.owe_item(item, by=by)
    else:
        assert row.item_id is not None
        item = WorkItem.objects.select_related("plan__organization", "post").get(pk=row.item_id)
        if row.kind == AmendmentKind.CHANGE:
            due = dt.date.fromisoformat(row.after["due_on"])
            step(
                item, ItemMove.CHANGE, ITEM_RULES[ItemMove.CHANGE], WorkItemTransition, by=by, reason=row.reason,
                changed={"text": row.after["text"], "target": row.after["target"], "due_on": due},
                act="office.change_item",
            )  # fmt: skip
            told = {"summary": f"经同意调整为 {due}：{row.reason}", "source": ""}
            reschedule_duty(item, Duty.Kind.WORK_ITEM, due, told, by=by, title=item.text)
        else:
            step(
                item, ItemMove.DROP, ITEM_RULES[ItemMove.DROP], WorkItemTransition, by=by, reason=row.reason,
                act="office.drop_item",
            )  # fmt: skip
            owing.item_settled(item, by=by, cancelled=True)
    step(
        row, AmendmentMove.APPROVE, AMENDMENT_RULES[AmendmentMove.APPROVE], WorkAmendmentTransition, by=by,
        reason=reason, changed={"decided_by": by, "decided_at": timezone.now()}, act="office.approve_amendment",
    )  # fmt: skip


def _tell_leader(pk: int, actor: int) -> None:
    row = WorkAmendment.objects.select_related("plan__organization", "item", "by").get(pk=pk)
    notify(
        [each for each in leaders_of(row.plan.organization) if each.pk != actor], category=Message.Category.DUTY,
        title=f"计划调整待审定：{row}"[:120], body=f"{row.by.full_name}：{row.reason}"[:300],
        url=row.plan.get_absolute_url(), key=f"office:amendment:{pk}:open",
    )  # fmt: skip
