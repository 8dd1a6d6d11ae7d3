"""The door of a project's status, and the lock everything goes through that must not cross a move."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import PermissionDenied

from bihuan.accounts.models import User
from bihuan.audit.moves import stale, step

from ..models import Project, ProjectTransition
from ..standing import may_move
from ..workflow import RULES, ProjectMove


def held(project: Project, statuses: Collection[str] | None = None) -> Project:
    """The project as it stands now, held until the transaction ends, so that nothing is added behind a move's back.

    Raises IllegalMove when it is not, or no longer, in one of the `statuses`.
    """
    now = Project.objects.select_for_update().get(pk=project.pk)
    if statuses is not None and now.status not in statuses:
        raise stale(project)
    return now


def ask_leave(project: Project, move: str, by: User) -> None:
    """Whether the person may make this move at all is asked before what is wrong with it. Raises PermissionDenied."""
    if not may_move(by, move, project):
        raise PermissionDenied


def move_project(
    project: Project,
    move: str,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, Any] | None = None,
    watched: tuple[str, ...] = (),
    checked: bool = False,
) -> ProjectTransition:
    """Make one move of the table; runs in the transaction of the verb that calls it. `checked`: the verb has asked
    itself who may.

    Raises PermissionDenied for the wrong person or a project out of sight, ReasonRequired, IllegalMove.
    """
    if not checked and not may_move(by, move, project):
        raise PermissionDenied
    if not Project.objects.visible_to(by).filter(pk=project.pk).exists():
        raise PermissionDenied
    return step(
        project, ProjectMove(move), RULES[move], ProjectTransition, by=by, reason=reason, changed=changed,
        watched=watched,
    )  # fmt: skip
