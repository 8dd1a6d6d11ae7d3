"""The beginning of a month: units that plan, items entered or taken up, the plan confirmed by the leader (R252)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import holders_of
from bihuan.accounts.scope import place_of
from bihuan.attachments.actions import sign
from bihuan.attachments.models import Signature
from bihuan.audit.actions import record
from bihuan.audit.moves import stale, step, write_line
from bihuan.campaigns.models import Assignment
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.http import row_number
from bihuan.duties.models import Duty
from bihuan.oversight.models import Resolution

from .. import owing
from ..calendar import last_day, month_of, month_words, next_month, plan_clocks
from ..links import OWN, suggestions
from ..models import (
    PlanningUnit,
    WorkItem,
    WorkItemTransition,
    WorkMeasure,
    WorkPlan,
    WorkPlanTransition,
)
from ..standing import UNITS, leads_plan, may_move_item, plans_in, seat_in, stands_over
from ..workflow import ITEM_RULES, PLAN_RULES, ItemMove, ItemStatus, PlanMove, PlanStatus

MOST_ITEMS = 200


def _arranges(by: User, unit: Organization) -> bool:
    return seat_in(by, Permission.CHECK_OFFICE_WORK, unit.pk) is not None or stands_over(by, unit)


@transaction.atomic
def arrange_unit(unit: Organization, *, from_month: dt.date, by: User) -> PlanningUnit:
    """From a month on the unit owes a plan every month. Raises PermissionDenied, Refused.

    The unit's own leader may say so, and the office or inspectorate over it.
    """
    if not _arranges(by, unit):
        raise PermissionDenied
    if unit.kind not in UNITS or not unit.is_current(timezone.localdate()):
        raise Refused("只有在用的安委办、部门和乡镇街道编制月度工作计划")
    month = month_of(from_month)
    row, created = PlanningUnit.objects.get_or_create(
        organization=unit,
        defaults={"from_month": month, "by": by, "at": timezone.now(), **vars(place_of(unit.region))},
    )
    if not created:
        if row.until is None:
            raise Refused(f"{unit.short_name}已经纳入月度工作计划")
        row.until, row.from_month, row.by, row.at = None, month, by, timezone.now()
        row.save(update_fields=["until", "from_month", "by", "at"])
    record("office.arrange", row, by=by, summary=f"{unit.short_name}自{month_words(month)}起编制月度工作计划")
    if month <= month_of(timezone.localdate()):
        ensure_plan(unit, month_of(timezone.localdate()), by=by)
    return row


@transaction.atomic
def release_unit(row: PlanningUnit, *, reason: str, by: User) -> None:
    """From next month on the unit owes no plan. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not _arranges(by, row.organization):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("不再纳入")
    until = next_month(month_of(timezone.localdate()))
    if not PlanningUnit.objects.filter(pk=row.pk, until=None).update(until=until):
        raise IllegalMove("这个单位已经不再纳入，请刷新后核对")
    row.until = until
    record(
        "office.release", row, by=by, summary=f"{row}自{month_words(until)}起不再纳入月度工作计划",
        payload={"reason": reason.strip()[:300]},
    )  # fmt: skip


@transaction.atomic
def ensure_plan(unit: Organization, month: dt.date, *, by: User) -> WorkPlan:
    """The unit's plan of a month, begun if nobody has begun it; its confirmation is owed from then on."""
    month = month_of(month)
    found = (
        WorkPlan.objects.select_related("organization__region").filter(organization=unit, month=month).first()
    )
    if found is not None:
        return found
    plan = WorkPlan(
        organization=unit,
        month=month,
        opened_at=timezone.now(),
        **plan_clocks(month),
        **vars(place_of(unit.region)),
    )
    try:
        with transaction.atomic():
            plan.save(force_insert=True)
    except IntegrityError:
        # Somebody of the unit began it at this moment: it is theirs and ours.
        return WorkPlan.objects.select_related("organization__region").get(organization=unit, month=month)
    write_line(plan, PlanMove.OPEN, WorkPlanTransition, seen="", by=by, act="office.open_plan")
    owing.owe_confirmation(plan, by=by)
    return plan


def coming_plan(unit: Organization, month: dt.date, *, by: User) -> WorkPlan:
    """The first plan from a month on that is still written or running, held still until the act is through: nobody
    confirms it while something is written into it."""
    while True:
        plan = ensure_plan(unit, month, by=by)
        plan.status = WorkPlan.objects.select_for_update().values_list("status", flat=True).get(pk=plan.pk)
        if plan.status != PlanStatus.CHECKED:
            return plan
        month = next_month(month)


def owner_of(post: Post, by: User) -> User:
    """Who sits in the post of an item: oneself, or its holder today. Raises Refused for an empty chair."""
    if any(own.pk == post.pk for own in by.posts):
        return by
    holders = holders_of(post)
    if not holders:
        raise Refused(f"岗位“{post}”现在没有人，请另选或者先办理任职")
    return holders[0]


def link_columns(link: str, unit: Organization, by: User) -> dict[str, Any]:
    """The columns of what an item is linked to, from its key: duty-7, assignment-3, resolution-2. Raises Refused."""
    empty: dict[str, Any] = {"duty": None, "assignment": None, "resolution": None}
    kind, _, number = link.partition("-")
    pk = row_number(number)
    found: Any = None
    match kind:
        case "":
            return empty
        case "duty":
            rows = Duty.objects.visible_to(by).exclude(kind__in=OWN)
            found = rows.filter(organization=unit, pk=pk).first()
        case "assignment":
            found = Assignment.objects.filter(organization=unit, pk=pk).first()
        case "resolution":
            found = Resolution.objects.visible_to(by).filter(lead=unit, pk=pk).first()
    if found is None:
        raise Refused("所选的待办、任务或者议定事项不存在，或者不是本单位的，请重新选择")
    return empty | {kind: found}


def check_item(plan: WorkPlan, text: str, target: str, due_on: dt.date) -> None:
    """Whether an item can stand in a plan. Raises Refused."""
    if not text.strip():
        raise Refused("请写明事项：做什么")
    if not target.strip():
        raise Refused("请写明完成标志：做到什么样算完成，月末照此自查")
    if not plan.month <= due_on <= last_day(plan.month):
        raise Refused(
            f"完成日期应在{plan.month_words}之内（{plan.month} 至 {last_day(plan.month)}）；跨月的事项分月写阶段目标"
        )


def new_item(plan: WorkPlan, *, by: User, **columns: Any) -> WorkItem:
    """Write one item at the end of a plan, with its line. Runs in the transaction of the verb that checked it."""
    last = plan.items.aggregate(last=Max("position"))["last"] or 0
    if last >= MOST_ITEMS:
        raise Refused(f"一个月的计划不超过 {MOST_ITEMS} 项，请合并小事项")
    item = WorkItem(plan=plan, position=last + 1, **columns)
    try:
        with transaction.atomic():
            item.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("刚有人同时增加了事项，请重试一次") from error
    write_line(item, ItemMove.ADD, WorkItemTransition, seen="", by=by, act="office.add_item")
    return item


def _open_for_writing(plan: WorkPlan) -> None:
    """Holds the plan still while an item is written: it may not be confirmed between. Raises IllegalMove."""
    if not WorkPlan.objects.filter(pk=plan.pk, status=PlanStatus.DRAFT).update(status=PlanStatus.DRAFT):
        raise IllegalMove("计划已经确认，增加、修改事项请用“计划调整”，写明理由")


@transaction.atomic
def add_item(
    plan: WorkPlan,
    *,
    text: str,
    target: str,
    post: Post,
    due_on: dt.date,
    link: str = "",
    by: User,
) -> WorkItem:
    """Enter one item while the plan is written. Raises PermissionDenied, Refused, IllegalMove once confirmed."""
    _may_enter(plan, post, by)
    check_item(plan, text, target, due_on)
    _open_for_writing(plan)
    return new_item(
        plan, text=text.strip()[:300], target=target.strip()[:300], post=post, owner=owner_of(post, by), due_on=due_on,
        by=by, **link_columns(link, plan.organization, by),
    )  # fmt: skip


def _may_enter(plan: WorkPlan, post: Post, by: User) -> None:
    """For whom one may enter an item: oneself, and a leader for every post of the unit."""
    own = any(each.pk == post.pk for each in by.posts)
    if post.organization_id != plan.organization_id or not plans_in(by, plan):
        raise PermissionDenied
    if not own and not leads_plan(by, plan):
        raise PermissionDenied


@transaction.atomic
def take_up(plan: WorkPlan, keys: list[str], *, by: User) -> list[WorkItem]:
    """Take what is offered into the plan: what was left of last month, what is owed, what an analysis decided.

    Raises PermissionDenied, Refused when nothing of it is still offered, IllegalMove once the plan is confirmed.
    """
    if not plans_in(by, plan):
        raise PermissionDenied
    _open_for_writing(plan)
    offered = {each.key: each for each in suggestions(by, plan.organization, plan.month)}
    chosen = [offered[key] for key in dict.fromkeys(keys) if key in offered]
    if not chosen:
        raise Refused("请勾选要列入计划的事项；刚被别人列入的不再出现")
    mine = next(post for post in by.posts if post.organization_id == plan.organization_id)
    written = []
    for each in chosen:
        kind, _, number = each.key.partition("-")
        pk = row_number(number)
        assert pk is not None
        due = min(max(each.due_on or last_day(plan.month), plan.month), last_day(plan.month))
        active = plan.organization.posts.filter(is_active=True)
        post = (active.filter(pk=each.post_id).first() if each.post_id else None) or mine
        columns: dict[str, Any] = {}
        if kind == "item":
            earlier = WorkItem.objects.get(pk=pk)
            columns = {
                "carried_from": earlier, "carries": earlier.carries + 1, "duty_id": earlier.duty_id,
                "assignment_id": earlier.assignment_id, "resolution_id": earlier.resolution_id,
                "measure_id": earlier.measure_id,
            }  # fmt: skip
        elif kind == "measure":
            columns = {"measure": WorkMeasure.objects.get(pk=pk)}
        else:
            columns = link_columns(each.key, plan.organization, by)
        written.append(
            new_item(
                plan,
                text=each.text[:300],
                target=each.target[:300],
                post=post,
                owner=owner_of(post, by),
                due_on=due,
                by=by,
                **columns,
            )
        )
    return written


@transaction.atomic
def edit_item(
    item: WorkItem, *, text: str, target: str, due_on: dt.date, link: str | None = None, by: User
) -> None:
    """Change an item while the plan is written. Raises PermissionDenied, Refused, IllegalMove once confirmed."""
    if not may_move_item(by, ItemMove.EDIT, item):
        raise PermissionDenied
    check_item(item.plan, text, target, due_on)
    _open_for_writing(item.plan)
    columns = {} if link is None else link_columns(link, item.plan.organization, by)
    step(
        item, ItemMove.EDIT, ITEM_RULES[ItemMove.EDIT], WorkItemTransition, by=by,
        changed={"text": text.strip()[:300], "target": target.strip()[:300], "due_on": due_on, **columns},
        act="office.edit_item",
    )  # fmt: skip


@transaction.atomic
def remove_item(item: WorkItem, *, reason: str = "", by: User) -> None:
    """Take an item back while the plan is written; one carried over goes only with a reason.

    Raises PermissionDenied, ReasonRequired, IllegalMove once confirmed.
    """
    if not may_move_item(by, ItemMove.REMOVE, item):
        raise PermissionDenied
    if item.carried_from_id is not None and not reason.strip():
        raise ReasonRequired("删去结转事项")
    _open_for_writing(item.plan)
    step(
        item, ItemMove.REMOVE, ITEM_RULES[ItemMove.REMOVE], WorkItemTransition, by=by, reason=reason,
        act="office.remove_item",
    )  # fmt: skip


@transaction.atomic
def confirm_plan(plan: WorkPlan, *, by: User) -> None:
    """The unit's leader signs the plan: every item is owed by its post. Raises PermissionDenied, Refused, IllegalMove."""
    if not leads_plan(by, plan):
        raise PermissionDenied
    # The plan first: from here on nobody adds to it.
    if not WorkPlan.objects.filter(pk=plan.pk, status=PlanStatus.DRAFT).update(status=PlanStatus.DRAFT):
        raise stale(plan)
    items = list(plan.items.filter(status=ItemStatus.DRAFT).select_related("post"))
    if not items:
        raise Refused("计划里还没有事项；确实没有的，也请写明本月的值守、学习等常规工作")
    for item in items:
        item.plan = plan
        step(
            item, ItemMove.OPEN, ITEM_RULES[ItemMove.OPEN], WorkItemTransition, by=by, act="office.open_item"
        )
    line = step(
        plan, PlanMove.CONFIRM, PLAN_RULES[PlanMove.CONFIRM], WorkPlanTransition, by=by,
        changed={"confirmed_by": by, "confirmed_on": timezone.localdate()}, act="office.confirm_plan",
    )  # fmt: skip
    sign(line, role="leader", signer=by, signer_name=by.full_name, method=Signature.Method.LOGIN, by=by)
    owing.plan_confirmed(plan, by=by)
    for item in items:
        owing.owe_item(item, by=by)
