"""What the office's own work owes, by whom and by when; and what the worker opens when months and quarters begin."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import service_user
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import chain_of
from bihuan.core.errors import IllegalMove
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty

from .calendar import analysis_due, month_of, month_words, previous_quarter, quarter_of
from .models import (
    AskedMatter,
    ConductMatter,
    OfficerCommitment,
    PlanningUnit,
    SelfAnalysis,
    WorkItem,
    WorkPlan,
)
from .standing import is_for_above, leading_posts, seat_in
from .workflow import AskedStatus, CommitmentStatus, PlanStatus


def leading_post(organization: Organization) -> Post | None:
    """The post that confirms and checks for a unit; None leaves the duty to the default post."""
    return next(iter(leading_posts(organization)), None)


def judging_seat(organization: Organization, own: Post) -> tuple[Organization, Post | None]:
    """Who judges what a leading post did itself: another leading post of the unit, or the body above."""
    other = next((each for each in leading_posts(organization) if each.pk != own.pk), None)
    if other is not None:
        return organization, other
    above = _body_above(organization)
    return (above, leading_post(above)) if above is not None else (organization, None)


# --- plans -----------------------------------------------------------------------------------


def owe_confirmation(plan: WorkPlan, *, by: User) -> None:
    """The unit's leader owes the confirmation of the plan."""
    _owe_plan(plan, f"确认{month_words(plan.month)}工作计划", plan.confirm_due_on, plan.confirm_clock, by=by)


def plan_confirmed(plan: WorkPlan, *, by: User) -> None:
    """Confirmed: now its check is owed at the end of the month, and every item by its own post."""
    finish_duty(plan, Duty.Kind.WORK_CHECK, by=by)
    _owe_plan(plan, f"核查{month_words(plan.month)}工作计划", plan.check_due_on, plan.check_clock, by=by)


def plan_checked(plan: WorkPlan, *, by: User) -> None:
    """Checked: nothing of the plan is owed any more by the leader."""
    finish_duty(plan, Duty.Kind.WORK_CHECK, by=by)


def _owe_plan(plan: WorkPlan, title: str, due_on: dt.date, clock: dict[str, object], *, by: User) -> None:
    open_duty(
        kind=Duty.Kind.WORK_CHECK, subject=plan, title=title, url=plan.get_absolute_url(),
        organization=plan.organization, place=plan, post=leading_post(plan.organization), due_on=due_on, clock=clock,
        by=by,
    )  # fmt: skip


def owe_item(item: WorkItem, *, by: User) -> None:
    """The post of an item owes it by its day."""
    told = {"summary": f"{month_words(item.plan.month)}工作计划定的完成日期 {item.due_on}", "source": ""}
    open_duty(
        kind=Duty.Kind.WORK_ITEM, subject=item, title=item.text, url=item.get_absolute_url(),
        organization=item.plan.organization, place=item.plan, post=item.post, due_on=item.due_on, clock=told, by=by,
    )  # fmt: skip


def item_sent_back(item: WorkItem, *, by: User) -> None:
    """Told wrongly: owed again, by the day reports are due or its own, whichever is later."""
    due = max(item.due_on, item.plan.report_due_on)
    told = {"summary": f"核查退回，应在 {due} 前重新自查", "source": ""}
    open_duty(
        kind=Duty.Kind.WORK_ITEM, subject=item, title=f"重新自查：{item.text}", url=item.get_absolute_url(),
        organization=item.plan.organization, place=item.plan, post=item.post, due_on=due, clock=told, by=by,
    )  # fmt: skip


def item_settled(item: WorkItem, *, by: User, cancelled: bool = False) -> None:
    """Told, or cancelled. What a leader told about his own is owed a check by somebody else, who learns of it by this duty;
    everything else is checked with the plan."""
    finish_duty(item, Duty.Kind.WORK_ITEM, by=by, cancelled=cancelled)
    plan = item.plan
    if cancelled or not is_for_above(plan.organization, item.post, item.reported_by):
        return
    leader = item.post
    if item.reported_by is not None:
        leader = seat_in(item.reported_by, Permission.CHECK_OFFICE_WORK, plan.organization_id) or leader
    body, post = judging_seat(plan.organization, leader)
    open_duty(
        kind=Duty.Kind.WORK_CHECK, subject=item, title=f"核查{plan.organization.short_name}负责人的事项：{item.text}",
        url=item.get_absolute_url(), organization=body, place=plan, post=post, due_on=plan.check_due_on,
        clock=plan.check_clock, by=by,
    )  # fmt: skip


def item_judged(item: WorkItem, *, by: User) -> None:
    """Accepted or sent back: the check of a leader's own item is no longer owed."""
    finish_duty(item, Duty.Kind.WORK_CHECK, by=by)


# --- matters asked ---------------------------------------------------------------------------


def owe_matter(matter: AskedMatter, *, by: User) -> None:
    """Whoever has it in hand owes what comes next; the first who was asked stays until somebody has taken it over."""
    finish_duty(matter, Duty.Kind.FIRST_ASKED, by=by)
    place, url = matter, matter.get_absolute_url()

    def open_for(
        body: Organization, post: Post | None, words: str, due_on: dt.date, clock: dict[str, object]
    ) -> None:
        open_duty(
            kind=Duty.Kind.FIRST_ASKED, subject=matter, title=f"{words}：{matter.subject}", url=url, organization=body,
            place=place, post=post, due_on=due_on, clock=clock, by=by,
        )  # fmt: skip

    first, post = matter.organization, matter.post
    match matter.status:
        case AskedStatus.RECEIVED:
            open_for(first, post, "首问事项办理", matter.due_on, matter.clock)
        case AskedStatus.HANDED:
            assert matter.handler is not None
            assert matter.accept_due_on is not None
            open_for(first, post, "首问事项（等接收）", matter.due_on, matter.clock)
            open_for(matter.handler, None, "接收首问事项", matter.accept_due_on, matter.accept_clock)
        case AskedStatus.ACCEPTED:
            assert matter.handler is not None
            open_for(matter.handler, None, "首问事项承办", matter.due_on, matter.clock)
        case AskedStatus.ANSWERED:
            open_for(first, post, "告知来访人结果", matter.due_on, matter.clock)


# --- commitments, conduct, analyses ----------------------------------------------------------


def owe_judging(row: OfficerCommitment, *, by: User) -> None:
    """The leader owes the judgement at the end of the period: the unit's, or of a leader's own the office's above."""
    body, post = row.organization, leading_post(row.organization)
    if post is None or post.pk == row.post_id:
        body, post = judging_seat(row.organization, row.post)
    open_duty(
        kind=Duty.Kind.PUBLIC_COMMITMENT, subject=row, title=f"评定{row.shown_name}的公开承诺", url=row.get_absolute_url(),
        organization=body, place=row, post=post, due_on=row.judge_due_on, clock=row.clock, by=by,
    )  # fmt: skip


def _body_above(organization: Organization) -> Organization | None:
    """The office over a body; over an office itself, the inspectorate or office of the region above or of its own."""
    today = timezone.localdate()
    codes = [
        organization.region_id[:length] for length in (9, 6, 4, 2) if length <= len(organization.region_id)
    ]
    bodies = (
        Organization.objects.current(on=today)
        .filter(kind__in=[Organization.Kind.OFFICE, Organization.Kind.INSPECTORATE], region_id__in=codes)
        .exclude(pk=organization.pk)
        .order_by("id")
    )
    return min(
        bodies,
        key=lambda body: (-len(body.region_id), body.kind != Organization.Kind.OFFICE, body.pk),
        default=None,
    )


def owe_conduct(matter: ConductMatter, *, by: User, post: Post | None = None) -> None:
    """The inquiring body owes the next step. The title names no one: duties are seen by more than may see the matter."""
    finish_duty(matter, Duty.Kind.CONDUCT, by=by)
    open_duty(
        kind=Duty.Kind.CONDUCT, subject=matter, title=f"效能监察 {matter.number}", url=matter.get_absolute_url(),
        organization=matter.handler, place=place_of(matter.handler.region), post=post, due_on=matter.due_on,
        clock=matter.clock, by=by,
    )  # fmt: skip


def conduct_ended(matter: ConductMatter, *, by: User) -> None:
    finish_duty(matter, Duty.Kind.CONDUCT, by=by)


def owe_analysis(analysis: SelfAnalysis, *, by: User) -> None:
    """The unit's leader owes the signature."""
    open_duty(
        kind=Duty.Kind.WORK_CHECK, subject=analysis, title=f"{analysis.quarter_words}自我分析",
        url=analysis.get_absolute_url(), organization=analysis.organization, place=analysis,
        post=leading_post(analysis.organization), due_on=analysis.due_on, clock=analysis.clock, by=by,
    )  # fmt: skip


# --- the worker ------------------------------------------------------------------------------


def open_due(now: dt.datetime) -> int:
    """What begins by itself: plans of the month, analyses of the quarter that ended, commitments whose period is over.

    Returns how many were opened; run again it does nothing.
    """
    return open_plans(now) + open_analyses(now) + open_judgements(now)


def open_plans(now: dt.datetime) -> int:
    """Every unit that plans owes this month's plan, and from the 25th on sees next month's to write in."""
    from .actions.planning import ensure_plan
    from .calendar import next_month

    today, by, opened = timezone.localdate(now), service_user(), 0
    months = [month_of(today)] + ([next_month(month_of(today))] if today.day >= 25 else [])
    for month in months:
        standing = WorkPlan.objects.filter(month=month).values("organization")
        units = PlanningUnit.objects.in_force(month).exclude(organization__in=standing)
        for unit in units.select_related("organization__region"):
            ensure_plan(unit.organization, month, by=by)
            opened += 1
    return opened


def open_analyses(now: dt.datetime) -> int:
    """Every unit that planned in the quarter that ended owes its analysis."""
    from .actions.analysing import begin_analysis

    today, by, opened = timezone.localdate(now), service_user(), 0
    quarter = previous_quarter(quarter_of(today))
    if today > analysis_due(quarter).due_on:
        # Begun late by a person if at all: an installation that starts now owes nothing for the past.
        return 0
    planned = WorkPlan.objects.filter(
        month__gte=quarter, month__lt=quarter_of(today), status__in=[PlanStatus.CONFIRMED, PlanStatus.CHECKED]
    )
    done = SelfAnalysis.objects.filter(quarter=quarter).values("organization")
    bodies = Organization.objects.filter(pk__in=planned.values("organization")).exclude(pk__in=done)
    for body in bodies.select_related("region"):
        begin_analysis(body, quarter, by=by)
        opened += 1
    return opened


def open_judgements(now: dt.datetime) -> int:
    """Commitments whose period is over are to be judged."""
    today, by, opened = timezone.localdate(now), service_user(), 0
    rows = OfficerCommitment.objects.filter(status=CommitmentStatus.PUBLISHED, ends_on__lt=today)
    for row in rows.select_related("organization__region", "post"):
        known = Duty.objects.filter(subject=chain_of(row), kind=Duty.Kind.PUBLIC_COMMITMENT)
        if known.exists():
            continue
        try:
            with transaction.atomic():
                owe_judging(row, by=by)
        except IllegalMove:
            continue
        opened += 1
    return opened
