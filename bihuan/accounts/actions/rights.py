"""Who may do what to whom: the checks every account action begins with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from bihuan.core.errors import ReasonRequired, Refused

from ..models import Holding, Organization, Post, User
from ..permissions import Permission
from ..roles import ADMINISTRATORS, ROLES, Role, conflict_of


def need(by: User, *permissions: str) -> None:
    """Raise PermissionDenied unless `by` has one of the permissions.

    The service account, as which commands on the server itself act, holds no post and cannot log in; it may.
    """
    if by.is_service:
        return
    if not any(by.has_perm(permission) for permission in permissions):
        raise PermissionDenied


def need_reason(reason: str, act: str) -> str:
    """The reason without blanks around it. Raises ReasonRequired when there is none."""
    reason = reason.strip()
    if not reason:
        raise ReasonRequired(act)
    return reason


def led_organizations(by: User) -> set[int]:
    """The organizations in which `by` handles people's hand-over."""
    return {post.organization_id for post in by.posts if Permission.HAND_OVER in ROLES[post.role].permissions}


def may_staff(by: User, organization: Organization) -> bool:
    """Whether `by` may decide who sits in the posts of the organization."""
    return by.is_service or by.has_perm(Permission.MANAGE_USERS) or organization.pk in led_organizations(by)


def need_staffing(by: User, post: Post) -> None:
    """Raise PermissionDenied unless `by` may fill the post."""
    if not may_staff(by, post.organization):
        raise PermissionDenied


def open_roles(user: User, on: dt.date, *, without: Iterable[int] = ()) -> set[str]:
    """The roles of posts a person holds on that day or will hold later, `without` these holdings."""
    holdings = Holding.objects.filter(Q(to_on=None) | Q(to_on__gte=on), user=user, post__is_active=True)
    return set(holdings.exclude(pk__in=list(without)).values_list("post__role", flat=True))


def refuse_conflict(user: User, role: str, on: dt.date) -> None:
    """Raise Refused when `role` may not be held together with what the person holds (three administrators)."""
    conflict = conflict_of(open_roles(user, on) | {role})
    if conflict:
        raise Refused(f"{user.full_name}不能任这个岗位：{conflict}")


def is_administrator(user: User, on: dt.date) -> bool:
    """Whether one of the three administrators' posts is in this person's hands."""
    return bool(open_roles(user, on) & ADMINISTRATORS)


def refuse_last_administrator(user: User, on: dt.date, *, roles: set[str] | None = None) -> None:
    """Raise Refused when, without this person, one kind of administrator would be nobody."""
    for role in (roles if roles is not None else open_roles(user, on)) & ADMINISTRATORS:
        others = (
            Holding.objects.filter(
                Q(to_on=None) | Q(to_on__gte=on), from_on__lte=on, post__role=role, post__is_active=True,
                user__is_active=True,
            )
            .exclude(user=user)
            .exists()
        )  # fmt: skip
        if not others:
            raise Refused(f"{user.full_name}是唯一的{Role(role).label}，请先安排接任的人")
