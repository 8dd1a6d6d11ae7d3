"""The end of a month: every owner says what came of each item, the leader checks, what is left is carried over (R252)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.actions import attach, sign
from bihuan.attachments.models import Signature
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, Refused
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .. import owing
from ..calendar import last_day, month_of, next_month
from ..links import linked
from ..models import WorkAmendment, WorkItem, WorkItemTransition, WorkPlan, WorkPlanTransition
from ..shipped import causes
from ..standing import leads_plan, may_move_item
from ..workflow import (
    ACCEPTED_AS,
    ITEM_RULES,
    PLAN_RULES,
    TO_CHECK,
    AmendmentStatus,
    ItemMove,
    ItemStatus,
    PlanMove,
    PlanStatus,
    Rule,
)
from .planning import coming_plan, new_item

FARTHEST = 370


def loaded(pk: int) -> WorkItem:
    """An item with everything an act needs of it, read anew."""
    return WorkItem.objects.select_related(
        "plan__organization__region", "post", "owner", "duty", "assignment__task", "resolution"
    ).get(pk=pk)


@transaction.atomic
def report_done(
    item: WorkItem,
    *,
    outcome: str = "",
    done_on: dt.date | None = None,
    photos: Iterable[UUID | str] = (),
    by: User,
) -> None:
    """The owner says it is done, by words, files, or because what it is linked to is done: then its day is read there.

    Raises PermissionDenied, Refused without any evidence, IllegalMove.
    """
    if not may_move_item(by, ItemMove.DONE, item):
        raise PermissionDenied
    behind = linked(loaded(item.pk))
    today, files = timezone.localdate(), [each for each in photos if each]
    if behind is not None and not behind.is_done:
        raise Refused(
            f"对应的“{behind.label}”现为“{behind.state}”，办结以后再报完成；确实完不成的，请写原因分析"
        )
    if behind is None and not outcome.strip() and not files:
        raise Refused("请写明完成情况或者上传佐证：做了什么、在哪里能查到")
    if behind is not None and behind.done_on is not None:
        done_on = behind.done_on
    done = done_on or today
    if done > today:
        raise Refused("完成日期不能晚于今天")
    words = outcome.strip() or (f"{behind.label}“{behind.title}”已办结" if behind is not None else "见附件")
    step(
        item, ItemMove.DONE, ITEM_RULES[ItemMove.DONE], WorkItemTransition, by=by, reason=words,
        changed={
            "outcome": words[:500], "done_on": done, "reported_by": by, "reported_on": today, "cause": "",
            "cause_words": "", "remedy": "", "new_due_on": None,
        },
        act="office.report_done",
    )  # fmt: skip
    attach(item, files, "outcome", by=by)
    owing.item_settled(item, by=by)


@transaction.atomic
def report_unfinished(
    item: WorkItem, *, cause: str, cause_words: str, remedy: str, new_due_on: dt.date, by: User
) -> None:
    """The owner says it is not done, and why: the analysis is compulsory (R252). Raises PermissionDenied, Refused,
    IllegalMove."""
    if not may_move_item(by, ItemMove.UNFINISHED, item):
        raise PermissionDenied
    today = timezone.localdate()
    if cause not in {each.key for each in causes(today)}:
        raise Refused("请选择未完成的原因类别")
    if not cause_words.strip():
        raise Refused("请写原因分析：为什么没有完成，责任在哪一环")
    if not remedy.strip():
        raise Refused("请写补救措施：下一步谁做什么")
    earliest = next_month(item.plan.month)
    if not earliest <= new_due_on <= today + dt.timedelta(days=FARTHEST):
        raise Refused(f"新的完成日期应在下月以后（{earliest} 起），未完成的事项结转到下月计划")
    step(
        item, ItemMove.UNFINISHED, ITEM_RULES[ItemMove.UNFINISHED], WorkItemTransition, by=by, reason=cause_words,
        changed={
            "cause": cause, "cause_words": cause_words.strip()[:500], "remedy": remedy.strip()[:500],
            "new_due_on": new_due_on, "outcome": "", "done_on": None, "reported_by": by, "reported_on": today,
        },
        act="office.report_unfinished",
    )  # fmt: skip
    owing.item_settled(item, by=by)


@transaction.atomic
def send_back(item: WorkItem, *, reason: str, by: User) -> None:
    """What the owner says does not hold. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not may_move_item(by, ItemMove.SEND_BACK, item):
        raise PermissionDenied
    step(
        item, ItemMove.SEND_BACK, ITEM_RULES[ItemMove.SEND_BACK], WorkItemTransition, by=by, reason=reason,
        changed={"returns": item.returns + 1}, watched=("returns",), act="office.send_back_item",
    )  # fmt: skip
    owing.item_judged(item, by=by)
    owing.item_sent_back(item, by=by)
    transaction.on_commit(
        partial(
            notify, [item.owner], category=Message.Category.RESULT, title=f"退回重新自查：{item}"[:120],
            body=reason[:300], url=item.get_absolute_url(), key=f"office:item:{item.pk}:back:{item.returns}",
        )
    )  # fmt: skip


@transaction.atomic
def accept_item(item: WorkItem, *, opinion: str = "", by: User) -> WorkItem | None:
    """The leader agrees with what the owner says; what is left goes into a coming plan, with how often it was carried.

    Returns the item carried over, if there is one. Raises PermissionDenied, IllegalMove.
    """
    if not may_move_item(by, ItemMove.ACCEPT, item):
        raise PermissionDenied
    target = ACCEPTED_AS.get(ItemStatus(item.status), ItemStatus.FINISHED)
    rule = Rule(ITEM_RULES[ItemMove.ACCEPT].sources, target, ITEM_RULES[ItemMove.ACCEPT].permission)
    step(
        item, ItemMove.ACCEPT, rule, WorkItemTransition, by=by, reason=opinion,
        changed={"checked_by": by, "checked_on": timezone.localdate()}, act="office.accept_item",
    )  # fmt: skip
    owing.item_judged(item, by=by)
    return _carry(item, by=by) if target == ItemStatus.LEFT else None


def _carry(item: WorkItem, *, by: User) -> WorkItem | None:
    """Put what is left into the first coming plan that is still open; nothing when somebody took it up already."""
    if WorkItem.objects.filter(carried_from=item).exists():
        return None
    assert item.new_due_on is not None
    month = max(month_of(item.new_due_on), next_month(item.plan.month))
    plan = coming_plan(item.plan.organization, month, by=by)
    due = min(max(item.new_due_on, plan.month), last_day(plan.month))
    running = plan.status == PlanStatus.CONFIRMED
    carried = new_item(
        plan, text=item.text, target=item.target, post=item.post, owner=item.owner, due_on=due, carried_from=item,
        carries=item.carries + 1, duty_id=item.duty_id, assignment_id=item.assignment_id,
        resolution_id=item.resolution_id, measure_id=item.measure_id,
        status=ItemStatus.OPEN if running else ItemStatus.DRAFT, added_later=running, by=by,
    )  # fmt: skip
    if running:
        owing.owe_item(carried, by=by)
    return carried


@transaction.atomic
def check_plan(plan: WorkPlan, *, opinion: str = "", by: User) -> None:
    """The leader closes the month: every item told and judged, no change waiting. His own items he leaves to whoever
    stands over him. Raises PermissionDenied, Refused, IllegalMove."""
    if not leads_plan(by, plan):
        raise PermissionDenied
    if plan.status == PlanStatus.CONFIRMED:
        if timezone.localdate() < last_day(plan.month):
            raise Refused(f"{plan.month_words}还没有过完，月末（{last_day(plan.month)}）起才能完成核查")
        silent = plan.items.filter(status=ItemStatus.OPEN).count()
        if silent:
            raise Refused(f"还有 {silent} 项没有自查，请先催承办人报完成或者写原因分析")
        own = Q(post__in=[post.pk for post in by.posts]) | Q(reported_by=by)
        waiting = plan.items.filter(status__in=TO_CHECK).exclude(own).count()
        if waiting:
            raise Refused(f"还有 {waiting} 项等您核查：认可，或者写明理由退回")
        if WorkAmendment.objects.filter(plan=plan, status=AmendmentStatus.PROPOSED).exists():
            raise Refused("还有计划调整等您审定")
    line = step(
        plan, PlanMove.CHECK, PLAN_RULES[PlanMove.CHECK], WorkPlanTransition, by=by, reason=opinion,
        changed={"checked_by": by, "checked_on": timezone.localdate(), "opinion": opinion.strip()[:500]},
        act="office.check_plan",
    )  # fmt: skip
    if plan.items.filter(status=ItemStatus.OPEN).exists():
        raise IllegalMove("刚有事项被退回或者增加，请刷新后核对")
    sign(line, role="leader", signer=by, signer_name=by.full_name, method=Signature.Method.LOGIN, by=by)
    owing.plan_checked(plan, by=by)
