"""The first three administrators of a new installation."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from bihuan.core.errors import Refused

from ..models import Holding, Organization, Post, Region, User
from ..queries import service_user
from ..roles import ADMINISTRATORS, Role
from . import organizations, people, security

FIRST = (
    ("sysadmin", "系统管理员", Role.SYSTEM_ADMIN),
    ("secadmin", "安全管理员", Role.SECURITY_ADMIN),
    ("auditor", "审计管理员", Role.AUDIT_ADMIN),
)


@transaction.atomic
def create_administrators(region: Region) -> list[tuple[User, str]]:
    """Make the body, posts and accounts of the three administrators; returns each with its first password.

    Only on an installation that has none of them yet; afterwards they make each other's successors. Raises Refused.
    """
    if Holding.objects.filter(post__role__in=ADMINISTRATORS).exists():
        raise Refused("已有管理员，新的管理员请由系统管理员建账号、安全管理员授权")
    robot, today = service_user(), timezone.localdate()
    body = Organization.objects.filter(
        kind=Organization.Kind.SYSTEM
    ).first() or organizations.create_organization(
        name="系统管理", short_name="系统管理", kind=Organization.Kind.SYSTEM, region=region, by=robot
    )
    made = []
    for username, title, role in FIRST:
        post = Post.objects.filter(organization=body, title=title, is_active=True).first()
        post = post or organizations.create_post(body, title=title, by=robot)
        if post.role != role:
            security.assign_role(post, role, reason="系统初装", by=robot)
        made.append(
            people.create_user(username=username, full_name=title, post=post, from_on=today, by=robot)
        )
    return made
