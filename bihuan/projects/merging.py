"""When two records of one place become one: a project lies on it once."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.registry.models import Enterprise

from .models import ProjectObject


def fold_objects(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """Where a project names both, the one that stays is enough."""
    ours = ProjectObject.objects.filter(enterprise=kept).values("project")
    ProjectObject.objects.filter(
        enterprise=gone, project__in=list(ours.values_list("project", flat=True))
    ).delete()
