"""A checklist is never edited: a new version takes its place and inspections keep the one they walked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.checklists.models import BookItem, BookVersion
from bihuan.checklists.storage import item_of
from bihuan.core.errors import IllegalMove, Refused

from ..models import CheckItem, Checklist, Task, seats


@dataclass(frozen=True)
class NewCheckItem:
    """One line of a checklist to be; `dispositions` is the ladder of consequences in order.

    What follows `major_if_failed` comes from the library: `library_item_id` names the item, `measure` is kept as
    `CheckItem.measure` keeps it, `kinds` None means every kind.
    """

    text: str
    criterion: str = ""
    method: str = ""
    basis: str = ""
    dispositions: list[str] = field(default_factory=list)
    major_if_failed: bool = False
    library_item_id: int | None = None
    section: str = ""
    measure: dict[str, str] | None = None
    severity: str = "ordinary"
    criterion_code: str = ""
    kinds: list[str] | None = None
    guidance: str = ""
    proof: str = ""
    photo: str = "failed"
    when: str = ""
    authority: str = ""

    @classmethod
    def kept(cls, row: CheckItem) -> NewCheckItem:
        """The line of an earlier version as it stands."""
        return cls(**{name: getattr(row, name) for name in cls.__dataclass_fields__})

    @classmethod
    def from_library(cls, row: BookItem) -> NewCheckItem:
        """An item of the library as a line: ground and ladder in words, the measure typed, failing it major by its
        criterion. `row.section` should be loaded."""
        item = item_of(row)
        basis = ""
        for each in map(str, item.basis):  # whole grounds only: half a title is none
            longer = f"{basis}；{each}" if basis else each
            if len(longer) > 200:
                break
            basis = longer
        return cls(
            text=item.text,
            criterion=item.criterion,
            method="、".join(item.method),
            basis=basis,
            dispositions=[str(step) for step in item.dispositions],
            major_if_failed=bool(item.criterion_code),
            library_item_id=row.pk,
            section=row.section.title,
            measure=row.measure,
            severity=item.severity,
            criterion_code=item.criterion_code,
            kinds=list(item.kinds) or None,
            guidance=item.guidance,
            proof=item.proof,
            photo=item.photo,
            when=item.when,
            authority=item.authority,
        )


def rows_of(checklist: Checklist, items: Iterable[NewCheckItem]) -> list[CheckItem]:
    """The rows of a checklist in order; texts that are too long for their column are cut."""
    rows = []
    for position, item in enumerate(items, start=1):
        values: dict[str, Any] = asdict(item)
        for name in ("text", "criterion", "method", "basis"):
            values[name] = values[name][: CheckItem._meta.get_field(name).max_length]  # type: ignore[union-attr]
        rows.append(CheckItem(checklist=checklist, position=position, **values))
    return rows


def make_library_checklist(version: BookVersion, by: User) -> None:
    """What a routine visit walks, made once when the version is put in force (`checklists.hooks.on_publish`)."""
    checklist = Checklist.objects.create(
        book_version=version, version=version.number, created_by=by, created_at=timezone.now()
    )
    items = BookItem.objects.filter(section__version=version).select_related("section")
    lines = [NewCheckItem.from_library(row) for row in items.order_by("section__position", "position")]
    CheckItem.objects.bulk_create(rows_of(checklist, lines))
    record("campaigns.make_checklist", checklist, by=by, summary=f"日常检查用表“{version}”，{len(lines)} 项")


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
            CheckItem.objects.bulk_create(rows_of(checklist, items))
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
