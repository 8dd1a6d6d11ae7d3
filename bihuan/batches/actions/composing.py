"""Putting batches together: proposed from the plan, written by hand, filled with objects (R019)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.audit.actions import record
from bihuan.campaigns.models import Assignment, Campaign
from bihuan.core.errors import IllegalMove, Refused
from bihuan.registry.models import Enterprise

from ..models import Batch, BatchObject
from ..standing import runs
from ..workflow import BatchStatus, ObjectMove, ObjectStatus
from .moving import move_object
from .owing import owe_notices, settle_all, settle_notices


def organizer(user: User, campaign: Campaign) -> Organization | None:
    """In whose name the person runs batches of a campaign: its office, or a department that leads a task of it."""
    leading = set(
        Assignment.objects.filter(task__campaign=campaign, role=Assignment.Role.LEAD).values_list(
            "organization_id", flat=True
        )
    )
    for post in user.posts if user.is_active else []:
        if Permission.MANAGE_BATCHES not in ROLES[post.role].permissions:
            continue
        if post.organization_id == campaign.office_id or post.organization_id in leading:
            return post.organization
    return None


def check_dates(
    notice_by: dt.date | None,
    due_on: dt.date,
    supervised_from: dt.date | None,
    supervised_to: dt.date | None,
) -> None:
    """Refuse dates in the wrong order."""
    if notice_by and notice_by > due_on:
        raise Refused("通知下发期限应早于整改期限，请核对")
    if supervised_from and supervised_to and supervised_to < supervised_from:
        raise Refused("督查结束应晚于督查开始，请核对")


@transaction.atomic
def create_batch(
    campaign: Campaign,
    *,
    name: str,
    demand: str,
    due_on: dt.date,
    by: User,
    number: int | None = None,
    notice_by: dt.date | None = None,
    supervised_from: dt.date | None = None,
    supervised_to: dt.date | None = None,
    basis: str = "",
    source_text: str = "",
) -> Batch:
    """Begin a batch. Raises PermissionDenied, Refused for dates in the wrong order or a number already taken."""
    body = organizer(by, campaign)
    if body is None or not Campaign.objects.visible_to(by).filter(pk=campaign.pk).exists():
        raise PermissionDenied
    if campaign.status != Campaign.Status.RUNNING:
        raise Refused(f"“{campaign}”已结束，不能再编排批次")
    if not demand.strip():
        raise Refused("请填写整改要求：这一批对象要做到什么")
    check_dates(notice_by, due_on, supervised_from, supervised_to)
    last = Batch.objects.filter(campaign=campaign).aggregate(last=Max("number"))["last"] or 0
    batch = Batch(
        campaign=campaign,
        number=number or last + 1,
        name=name.strip() or f"第{number or last + 1}批",
        organization=body,
        demand=demand.strip(),
        basis=basis.strip(),
        notice_by=notice_by,
        due_on=due_on,
        supervised_from=supervised_from,
        supervised_to=supervised_to,
        source_text=source_text,
        created_by=by,
        created_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"第 {batch.number} 批已经有了，请刷新后再编") from error
    record("batches.create", batch, by=by, summary=f"编排{campaign}{batch}")
    owe_notices(batch, by=by)
    return batch


def propose_batches(campaign: Campaign, *, by: User) -> list[Batch]:
    """The batches the plan itself speaks of, as drafts: its deadlines for notices, its windows, its words.

    What exists stays. A batch whose plan names no end is left out: a deadline is never guessed. Raises PermissionDenied,
    Refused when the plan speaks of none.
    """
    if organizer(by, campaign) is None:
        raise PermissionDenied
    told = [each for each in campaign.plan.compiled.get("batches", []) if each.get("number")]
    if not told:
        raise Refused("方案里没有写明分批安排，请直接编排")
    have = set(Batch.objects.filter(campaign=campaign).values_list("number", flat=True))
    made = []
    for each in told:
        dates = _dates(each["steps"])
        if each["number"] in have or dates["due_on"] is None:
            continue
        words = "；".join(step["text"] for step in each["steps"])
        made.append(
            create_batch(
                campaign,
                number=each["number"],
                name=each["name"],
                demand=words[:500],
                source_text=words,
                by=by,
                **dates,
            )
        )
    return made


def _dates(steps: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """When notices go out, when the batch is supervised, and when it must be done, as the steps of the plan say."""
    notice: dt.date | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    for step in steps:
        due = dt.date.fromisoformat(step["due"]) if step.get("due") else None
        begin = dt.date.fromisoformat(step["start"]) if step.get("start") else None
        if "通知" in step["text"] and begin is None:
            notice = due or notice
        else:
            start, end = begin or start, due or end
    return {"notice_by": notice, "supervised_from": start, "supervised_to": end, "due_on": end}


@transaction.atomic
def add_objects(
    batch: Batch, enterprises: Iterable[Enterprise], *, by: User, content: str = "", quantity: Any = None
) -> int:
    """Put enterprises into a batch; those already in a batch of the campaign stay where they are. Returns how many.

    Raises PermissionDenied, Refused for a closed batch or an object outside the campaign's region.
    """
    if not runs(by, batch):
        raise PermissionDenied
    if batch.status == BatchStatus.CLOSED:
        raise Refused(f"{batch}已收口，不能再加对象")
    chosen = list(enterprises)
    seen = set(
        Enterprise.objects.visible_to(by)
        .supervised()
        .filter(pk__in=[each.pk for each in chosen])
        .values_list("pk", flat=True)
    )
    region = batch.campaign.region_id
    wrong = [
        each
        for each in chosen
        if each.pk not in seen
        or not any(
            code and code.startswith(region) for code in (each.locality_id, each.county_id, each.city_id)
        )
    ]
    if wrong:
        raise Refused(f"“{wrong[0]}”不在这个行动的范围内或者已关闭，请核对")
    taken = set(
        BatchObject.objects.filter(campaign=batch.campaign, enterprise__in=chosen)
        .exclude(status=ObjectStatus.REMOVED)
        .values_list("enterprise_id", flat=True)
    )
    new = [
        BatchObject(
            batch=batch,
            campaign=batch.campaign,
            enterprise=each,
            department=each.department,
            city_id=each.city_id,
            county_id=each.county_id,
            locality_id=each.locality_id,
            content=content.strip()[:300],
            quantity=quantity,
            due_on=batch.due_on,
        )
        for each in chosen
        if each.pk not in taken
    ]
    try:
        with transaction.atomic():
            BatchObject.objects.bulk_create(new)
    except IntegrityError as error:
        raise IllegalMove("有的企业刚刚被编入别的批次，请刷新后再选") from error
    if new:
        record(
            "batches.add",
            batch,
            by=by,
            summary=f"{batch}编入 {len(new)} 家",
            payload={"enterprises": [each.enterprise_id for each in new]},
        )
    return len(new)


@transaction.atomic
def remove_object(member: BatchObject, *, reason: str, by: User) -> None:
    """Take an object out that has not been notified yet."""
    move_object(member, ObjectMove.REMOVE, by=by, reason=reason)
    settle_notices(member.batch, by=by)


@transaction.atomic
def close_batch(batch: Batch, *, by: User) -> None:
    """Close a batch once every object has come to its end. Raises PermissionDenied, Refused, IllegalMove."""
    if not runs(by, batch):
        raise PermissionDenied
    ends = [ObjectStatus.ACCEPTED, ObjectStatus.TRANSFERRED, ObjectStatus.REMOVED]
    left = batch.members.exclude(status__in=ends).count()
    if left:
        raise Refused(f"还有 {left} 家没有验收合格或者移送，不能收口")
    if not Batch.objects.filter(pk=batch.pk, status=BatchStatus.ISSUED).update(status=BatchStatus.CLOSED):
        raise IllegalMove(f"{batch}还没有下发或者已经收口")
    batch.status = BatchStatus.CLOSED
    record("batches.close", batch, by=by, summary=f"{batch}收口")
    settle_all(batch, by=by)
