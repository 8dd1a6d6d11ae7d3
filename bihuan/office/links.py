"""What an item of a plan is linked to: its state is read where it is kept, never typed again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.campaigns.models import Assignment
from bihuan.campaigns.workflow import AssignmentStatus
from bihuan.duties.models import Duty
from bihuan.oversight.models import Resolution
from bihuan.oversight.workflow import UNFINISHED, ResolutionStatus

from .calendar import last_day, previous_month
from .models import WorkItem, WorkMeasure
from .workflow import AnalysisStatus, ItemStatus

MOST = 60
# Duties of this package are the plan's own; an item must not be linked to itself.
OWN = (
    Duty.Kind.WORK_ITEM, Duty.Kind.WORK_CHECK, Duty.Kind.FIRST_ASKED, Duty.Kind.CONDUCT, Duty.Kind.PUBLIC_COMMITMENT,
)  # fmt: skip


@dataclass(frozen=True)
class Linked:
    """The state of what an item is linked to, as it stands now."""

    label: str
    title: str
    state: str
    done_on: dt.date | None
    url: str

    @property
    def is_done(self) -> bool:
        return self.done_on is not None


def linked(item: WorkItem) -> Linked | None:
    """What stands behind an item; None when it stands for itself. Its row, duty, task and resolution are already read."""
    if item.duty is not None:
        duty = item.duty
        done = timezone_day(duty.closed_at) if duty.status == Duty.Status.DONE and duty.closed_at else None
        return Linked(duty.get_kind_display(), duty.title, duty.get_status_display(), done, duty.url)
    if item.assignment is not None:
        share = item.assignment
        finished = share.status in (AssignmentStatus.REPORTED, AssignmentStatus.CONFIRMED)
        done = timezone_day(share.updated_at) if finished and share.updated_at else None
        return Linked(
            "整治任务", str(share.task), share.get_status_display(), done, share.task.get_absolute_url()
        )
    if item.resolution is not None:
        row = item.resolution
        return Linked("会议议定事项", str(row), row.get_status_display(), row.done_on, row.get_absolute_url())
    return None


def timezone_day(moment: dt.datetime) -> dt.date:
    """The local day of a moment."""
    return timezone.localdate(moment)


@dataclass(frozen=True)
class Suggestion:
    """Something a plan may take up: what is left of last month, what is owed this month, what an analysis decided."""

    key: str
    source: str
    text: str
    target: str
    due_on: dt.date | None
    post_id: int | None
    carries: int = 0
    url: str = ""


def suggestions(user: User, unit: Organization, month: dt.date) -> list[Suggestion]:
    """What the person may take into the unit's plan of a month, without what stands in it already."""
    found: list[Suggestion] = []
    taken = WorkItem.objects.filter(plan__organization=unit, plan__month=month).exclude(
        status=ItemStatus.DROPPED
    )
    left = (
        WorkItem.objects.filter(
            plan__organization=unit, plan__month=previous_month(month), carried_to=None,
            status__in=[ItemStatus.LEFT, ItemStatus.UNFINISHED, ItemStatus.OPEN],
        )
        .select_related("plan")
        .order_by("position")
    )  # fmt: skip
    for row in left[:MOST]:
        found.append(
            Suggestion(
                f"item-{row.pk}", "上月未完成", row.text, row.target, row.new_due_on, row.post_id, row.carries + 1,
                row.get_absolute_url(),
            )
        )  # fmt: skip
    measures = WorkMeasure.objects.filter(
        analysis__organization=unit, analysis__status=AnalysisStatus.SIGNED, due_on__gte=month,
        due_on__lte=last_day(month),
    ).exclude(items__in=taken)  # fmt: skip
    for each in measures.select_related("analysis")[:MOST]:
        found.append(
            Suggestion(
                f"measure-{each.pk}", "自我分析定的措施", each.text, each.target, each.due_on, None,
                url=each.analysis.get_absolute_url(),
            )
        )  # fmt: skip
    resolutions = (
        Resolution.objects.visible_to(user)
        .filter(lead=unit, status__in=UNFINISHED, due_on__lte=last_day(month))
        .exclude(pk__in=taken.exclude(resolution=None).values("resolution"))
        .order_by("due_on", "id")
    )
    for resolution in resolutions[:MOST]:
        found.append(
            Suggestion(
                f"resolution-{resolution.pk}", "会议议定事项", resolution.text, "报办结并得到召集单位确认", resolution.due_on, None,
                url=resolution.get_absolute_url(),
            )
        )  # fmt: skip
    duties = (
        Duty.objects.visible_to(user)
        .open()
        .filter(organization=unit, due_on__lte=last_day(month))
        .exclude(kind__in=[*OWN, Duty.Kind.RESOLUTION])
        .exclude(pk__in=taken.exclude(duty=None).values("duty"))
        .filter(Q(post__in=[post.pk for post in user.posts]) | Q(post=None))
        .order_by("due_on", "id")
    )
    for duty in duties[:MOST]:
        found.append(
            Suggestion(
                f"duty-{duty.pk}", duty.get_kind_display(), duty.title, "待办办结", duty.due_on, duty.post_id,
                url=duty.url,
            )
        )  # fmt: skip
    return found


def linkable(user: User, unit: Organization) -> list[tuple[str, str]]:
    """What an item may be linked to, as choices: open duties, tasks and resolutions of the unit that the person sees."""
    choices: list[tuple[str, str]] = []
    duties = Duty.objects.visible_to(user).open().filter(organization=unit).exclude(kind__in=OWN)
    for duty in duties.order_by("due_on", "id")[:MOST]:
        choices.append((f"duty-{duty.pk}", f"{duty.get_kind_display()}：{duty.title}"[:60]))
    shares = (
        Assignment.objects.filter(organization=unit)
        .exclude(status__in=[AssignmentStatus.CONFIRMED, AssignmentStatus.ENDED])
        .select_related("task")
    )
    for share in shares[:MOST]:
        choices.append((f"assignment-{share.pk}", f"整治任务：{share.task}"[:60]))
    rows = (
        Resolution.objects.visible_to(user)
        .filter(lead=unit)
        .exclude(status__in=[ResolutionStatus.CANCELLED, ResolutionStatus.DONE, ResolutionStatus.DRAFT])
    )
    for row in rows[:MOST]:
        choices.append((f"resolution-{row.pk}", f"议定事项：{row}"[:60]))
    return choices


def post_choices(user: User, unit: Organization, *, leads: bool) -> list[Post]:
    """For whom a person may enter an item: himself; a leader for every post of the unit."""
    own = {post.pk for post in user.posts}
    rows = unit.posts.filter(is_active=True).order_by("id")
    return [post for post in rows if leads or post.pk in own]
