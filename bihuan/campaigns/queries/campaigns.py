"""Which campaigns and tasks concern a person, and through whose eyes they look at the figures."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.rules.regions import is_within

from ..models import Assignment, Campaign, Task
from ..workflow import AssignmentStatus


@dataclass(frozen=True)
class Viewpoint:
    """The part of a campaign somebody may count: a region, or a department's line within it (invariant 3).

    `organizations` are those whose own shares come first on the page.
    """

    region: str
    department: int = 0
    organizations: tuple[int, ...] = ()

    @property
    def is_department(self) -> bool:
        return bool(self.department)

    def is_whole(self, campaign: Campaign) -> bool:
        """Whether nothing of the campaign is hidden from them; only then may they read its totals."""
        return not self.is_department and self.region == campaign.region_id


def viewpoint(user: User, campaign: Campaign) -> Viewpoint:
    """Offices, inspectorates and localities count their area within the campaign, departments their own line."""
    seen = scope_of(user, Permission.VIEW_CAMPAIGNS)
    own = tuple(post.organization_id for post in user.posts)
    inside = [code for code in seen.areas if is_within(code, campaign.region_id)]
    around = [code for code in seen.areas if is_within(campaign.region_id, code)]
    if around:
        return Viewpoint(campaign.region_id, organizations=own)
    if inside:
        return Viewpoint(min(inside, key=len), organizations=own)
    department = seen.departments[0] if seen.departments else 0
    return Viewpoint(campaign.region_id, department, own)


def campaign_in_view(user: User, requested: int | None = None) -> Campaign | None:
    """The campaign a home page speaks of: the one asked for, else the newest running one, else the newest."""
    seen = Campaign.objects.visible_to(user).select_related("region", "office")
    if requested is not None:
        return seen.filter(pk=requested).first()
    running = Case(
        When(status=Campaign.Status.RUNNING, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return seen.order_by(running, "-pk").first()


def tasks_for(user: User) -> QuerySet[Task]:
    """Tasks of running campaigns in which the person's organizations have a share; the office has all of its own."""
    organizations = [post.organization_id for post in user.posts]
    shares = Assignment.objects.filter(organization__in=organizations).exclude(status=AssignmentStatus.ENDED)
    mine = Q(pk__in=shares.values("task"))
    office = [
        post.organization_id for post in user.posts if post.organization.kind == Organization.Kind.OFFICE
    ]
    return (
        Task.objects.live()
        .filter(mine | Q(campaign__office__in=office))
        .filter(campaign__in=Campaign.objects.visible_to(user).filter(status=Campaign.Status.RUNNING))
        .select_related("campaign", "phase")
        .order_by("campaign_id", "position")
    )


def own_assignments(user: User) -> QuerySet[Assignment]:
    """Shares of the person's organizations in running campaigns, those still owed first, by deadline."""
    owed = Case(
        When(status__in=[AssignmentStatus.ASSIGNED, AssignmentStatus.WORKING], then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    return (
        Assignment.objects.filter(
            organization__in=[post.organization_id for post in user.posts],
            task__campaign__in=Campaign.objects.visible_to(user).filter(status=Campaign.Status.RUNNING),
        )
        .exclude(status=AssignmentStatus.ENDED)
        .select_related("task__campaign", "task__phase", "organization")
        .order_by(owed, F("task__due_on").asc(nulls_last=True), "task__campaign_id", "task__position")
    )
