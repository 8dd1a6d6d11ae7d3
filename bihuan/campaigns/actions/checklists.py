"""A checklist is never edited: a new version takes its place and inspections keep the one they walked."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused

from ..models import CheckItem, Checklist, Task, seats


@dataclass(frozen=True)
class NewCheckItem:
    """One line of a checklist to be; `dispositions` is the ladder of consequences in order."""

    text: str
    criterion: str = ""
    method: str = ""
    basis: str = ""
    dispositions: list[str] = field(default_factory=list)
    major_if_failed: bool = False


def revise_checklist(task: Task, items: list[NewCheckItem], *, version: int, by: User) -> Checklist:
    """Put a new version of the task's checklist in force. `version` is the one this person started from (0: none).

    Raises PermissionDenied for anyone but the office of the campaign's region, Refused for an empty list,
    IllegalMove when somebody else has issued a version meanwhile.
    """
    if task.campaign.region_id not in seats(by, Permission.MANAGE_PLANS):
        raise PermissionDenied
    if not items:
        raise Refused("检查表至少要有一项；不需要检查的任务请移除适用对象类型")
    stale = IllegalMove("检查表已有更新的版本，您的修改没有保存，请刷新后对照")
    try:
        with transaction.atomic():
            latest = task.checklists.order_by("-version").first()
            if (latest.version if latest else 0) != version:
                raise stale
            checklist = Checklist.objects.create(
                task=task, version=version + 1, created_by=by, created_at=timezone.now()
            )
            CheckItem.objects.bulk_create(
                CheckItem(
                    checklist=checklist,
                    position=position,
                    text=item.text[:300],
                    criterion=item.criterion[:200],
                    method=item.method[:100],
                    basis=item.basis[:200],
                    dispositions=item.dispositions,
                    major_if_failed=item.major_if_failed,
                )
                for position, item in enumerate(items, start=1)
            )
            record(
                "campaigns.revise_checklist",
                checklist,
                by=by,
                summary=f"“{task}”检查表第 {checklist.version} 版，{len(items)} 项",
            )
    except IntegrityError as error:
        # Two people pressed at once and both saw the same latest version: the constraint decided.
        raise stale from error
    return checklist
