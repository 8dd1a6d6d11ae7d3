"""What may be done to many enterprises of the list at once."""

from __future__ import annotations

from collections.abc import Callable

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.core.errors import Refused
from bihuan.jobs.selections import Act, Wanted

from . import places
from .actions import assign_department, save_enterprise
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
        appoint(kind, post, by=by, enterprise=enterprise, remark=wanted.get("remark", ""))

    return act


LEADER = Act("registry.leader", "指定包干领导", "家", _find, _appoint(Responsibility.Kind.LEADER))
WATCHER = Act("registry.watcher", "指定专盯人员", "家", _find, _appoint(Responsibility.Kind.WATCHER))
PILOT = Act("registry.pilot", "指定属地试点监管", "家", _find, _appoint(Responsibility.Kind.PILOT))


def _settle(enterprise: Enterprise, wanted: Wanted, by: User) -> None:
    """Put an object into the township chosen, or into the one its coordinates lie in."""
    code = wanted["locality"] or places.lies_in(enterprise.longitude, enterprise.latitude)
    if code is None:
        raise Refused("没有坐标，或坐标不在任何已知的乡镇街道内，请直接选一个乡镇街道")
    save_enterprise({"locality": Region.objects.get(pk=code)}, by=by, enterprise=enterprise)


SETTLE = Act("registry.settle", "指定乡镇街道", "家", _find, _settle)
