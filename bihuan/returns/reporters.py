"""Who reports for each body and presses its rectification (信息员, R111): whoever sits in the post its work reaches first.

Nothing is entered twice: returns, supervision papers and what is to be rectified already come to that chair, and who
takes it is appointed and handed over with the reason on record. This register reads it off by body: the person, since
when, who stood in or sat there before, how the returns came, what is late, and where the chair is empty.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from bihuan.accounts.models import Holding, Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import NOTHING, scope_of
from bihuan.duties.models import Duty
from bihuan.rules.regions import prefix_range

from .models import Return
from .workflow import FILED, Status

KINDS = (Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY)
LOOKS_BACK = dt.timedelta(days=365)  # who sat there before, so far back
NEW = dt.timedelta(days=30)


@dataclass
class Reporter:
    """One body's line of the register."""

    body: Organization
    post: Post | None = None
    people: list[Holding] = field(default_factory=list)
    former: list[Holding] = field(default_factory=list)
    filed: int = 0
    late: int = 0
    missing: int = 0
    overdue: int = 0
    changed: bool = False

    @property
    def is_vacant(self) -> bool:
        return not self.people


def bodies(user: User, *, on: dt.date) -> QuerySet[Organization]:
    """The offices, departments and localities whose reporters a person may see: of the own areas, and the own body."""
    scope = scope_of(user, Permission.VIEW_RETURNS)
    query = NOTHING
    for code in scope.areas:
        low, high = prefix_range(code)
        query |= Q(region_id__gte=low, region_id__lt=high)
    if scope.departments:
        query |= Q(pk__in=scope.departments)
    return Organization.objects.current(on=on).filter(query, kind__in=KINDS).select_related("region")


def vacant(rows: QuerySet[Organization], *, on: dt.date) -> QuerySet[Organization]:
    """Those of the bodies for which nobody reports on a day."""
    sits = _sitting(on).filter(post__organization=OuterRef("pk"), post__is_default=True, post__is_active=True)
    return rows.exclude(Exists(sits))


def _sitting(on: dt.date) -> QuerySet[Holding]:
    return Holding.objects.filter(Q(to_on=None) | Q(to_on__gte=on), from_on__lte=on, user__is_active=True)


def register(found: Iterable[Organization], user: User, *, on: dt.date) -> list[Reporter]:
    """The lines of some bodies, in their order; five queries however many."""
    rows = {body.pk: Reporter(body) for body in found}
    for post in Post.objects.filter(organization__in=rows, is_default=True, is_active=True):
        rows[post.organization_id].post = post
    posts = {row.post.pk: row for row in rows.values() if row.post}
    sitting = _sitting(on).filter(post__in=posts).select_related("user").order_by("kind", "id")
    for holding in sitting:
        posts[holding.post_id].people.append(holding)
    gone = Holding.objects.filter(post__in=posts, to_on__lt=on, to_on__gte=on - LOOKS_BACK)
    for holding in gone.select_related("user").order_by("-to_on", "-id"):
        posts[holding.post_id].former.append(holding)
    for row in rows.values():
        row.changed = bool(row.former) and any(on - each.from_on <= NEW for each in row.people)
    counted = (
        Return.objects.visible_to(user)
        .filter(organization__in=rows)
        .order_by()
        .values("organization")
        .annotate(
            filed=Count("pk", filter=Q(status__in=list(FILED))),
            late=Count("pk", filter=Q(is_late=True)),
            missing=Count("pk", filter=Q(status=Status.OWED, due_on__lt=on)),
        )
    )
    for each in counted:
        row = rows[each["organization"]]
        row.filed, row.late, row.missing = each["filed"], each["late"], each["missing"]
    owed = (
        Duty.objects.visible_to(user)
        .overdue(on=on)
        .filter(organization__in=rows)
        .order_by()
        .values_list("organization")
        .annotate(Count("pk", distinct=True))
    )
    for pk, count in owed:
        rows[pk].overdue = count
    return list(rows.values())
