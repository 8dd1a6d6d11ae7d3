"""What may be done to many enterprises of the list at once."""

from __future__ import annotations

from collections.abc import Callable

from bihuan.accounts.models import Organization, Post, User
from bihuan.jobs.selections import Act, Wanted

from .actions import assign_department
from .models import Enterprise, Responsibility
from .responsibilities import appoint


def _find(user: User, pk: int) -> Enterprise | None:
    rows = Enterprise.objects.visible_to(user).filter(pk=pk)
    return rows.select_related("kind__default_department", "locality", "department").first()


def _assign(enterprise: Enterprise, wanted: Wanted, by: User) -> None:
    chosen = wanted["department"]
    department = Organization.objects.get(pk=chosen) if chosen else None
    assign_department(enterprise, department, by=by)


ASSIGN = Act("registry.assign", "指定主管部门", "家", _find, _assign)


def _appoint(kind: str) -> Callable[[Enterprise, Wanted, User], None]:
    def act(enterprise: Enterprise, wanted: Wanted, by: User) -> None:
        post = Post.objects.select_related("organization").get(pk=wanted["post"])
        appoint(kind, post, by=by, enterprise=enterprise)

    return act


LEADER = Act("registry.leader", "指定包干领导", "家", _find, _appoint(Responsibility.Kind.LEADER))
WATCHER = Act("registry.watcher", "指定专盯人员", "家", _find, _appoint(Responsibility.Kind.WATCHER))
