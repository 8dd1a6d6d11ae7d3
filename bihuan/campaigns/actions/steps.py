"""Steps at a draft: one lock, one revision, one line of what stood before; and taking the last one back.

Every change of a draft runs through `Step`. It checks who and whether, gives all rows it changes one revision (so that
another open page fetches just those), refuses what is stale, and remembers what stood before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from bihuan.accounts.models import OrganizationAlias, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused

from ..models import PlanDocument, PlanFinding, PlanItem, PlanStep, PlanUnit, seats

# Edits of one field after another within this time are one step to take back: a person thinks of them as one.
TOGETHER = dt.timedelta(minutes=2)
UNDO = "undo"
# Nobody takes back more steps than this.
REMEMBERED = 200
ROWS: dict[str, type[PlanItem] | type[PlanUnit] | type[PlanFinding]] = {
    "item": PlanItem,
    "unit": PlanUnit,
    "finding": PlanFinding,
}


class StaleItem(IllegalMove):
    """Somebody changed the element since this person read it; `current` is how it stands now."""

    def __init__(self, current: PlanItem) -> None:
        self.current = current
        who = current.edited_by.full_name if current.edited_by else "别人"
        at = timezone.localtime(current.edited_at).strftime("%H:%M") if current.edited_at else ""
        super().__init__(
            f"{current}已被{who}于 {at} 修改（第 {current.version} 版），您的修改没有保存，请对照后再存"
        )


class Step:
    """What one person does to a draft in one transaction. Call inside `transaction.atomic`; end with `finish`.

    Raises PermissionDenied for anyone but the office of the region, IllegalMove when the draft is one no more.
    """

    def __init__(self, document: PlanDocument, *, by: User) -> None:
        if document.region_id not in seats(by, Permission.MANAGE_PLANS):
            raise PermissionDenied
        # Counting first also takes the lock: whoever comes second waits here and then sees what is.
        draft = PlanDocument.objects.filter(pk=document.pk, status=PlanDocument.Status.DRAFT)
        if not draft.update(revision=F("revision") + 1):
            raise IllegalMove(f"方案《{document.title}》已发布或作废，不能再改")
        self.document, self.by, self.at = document, by, timezone.now()
        self.revision = draft.values_list("revision", flat=True).get()
        self.changes: list[dict[str, Any]] = []
        self.is_reshaping = False

    def write(self, item: PlanItem, *, version: int, **changes: Any) -> PlanItem:
        """Change an element if it still is at `version`; else StaleItem. Its conditional update is the lock."""
        before = _values(item, changes) if item.version == version else None
        changes |= {"edited_by": self.by, "edited_at": self.at}
        written = PlanItem.objects.filter(pk=item.pk, version=version).update(
            version=version + 1, touched=self.revision, **changes
        )
        fresh = PlanItem.objects.select_related("edited_by", "document").get(pk=item.pk)
        if not written or before is None:
            raise StaleItem(fresh)
        self._remember("item", item.pk, version + 1, before)
        return fresh

    def write_row(self, row: PlanUnit | PlanFinding, *, version: int, **changes: Any) -> None:
        """Change a unit or a finding if it still is at `version`, in the database and in `row`."""
        before = _values(row, changes)
        kind = "unit" if isinstance(row, PlanUnit) else "finding"
        written = (
            type(row)
            .objects.filter(pk=row.pk, version=version)
            .update(version=version + 1, touched=self.revision, **changes)
        )
        if not written or row.version != version:
            raise IllegalMove(f"“{row}”刚被别人改过，请看过现在的内容再办")
        for name, value in changes.items():
            setattr(row, name, value)
        row.version, row.touched = version + 1, self.revision
        self._remember(kind, row.pk, row.version, before)

    def confirm_all(self, items: Iterable[PlanItem]) -> int:
        """Confirm many elements at once; those somebody changed meanwhile are left alone. Returns how many."""
        wanted = {item.pk: item.version for item in items}
        rows = PlanItem.objects.filter(pk__in=wanted, state=PlanItem.State.PROPOSED)
        sure = {pk: version for pk, version in rows.values_list("pk", "version") if wanted[pk] == version}
        count = rows.filter(pk__in=sure).update(
            state=PlanItem.State.CONFIRMED,
            version=F("version") + 1,
            touched=self.revision,
            edited_by=self.by,
            edited_at=self.at,
        )
        for pk, version in sure.items():
            self._remember("item", pk, version + 1, {"state": PlanItem.State.PROPOSED.value})
        return count

    def create(self, position: int, **values: Any) -> PlanItem:
        """A new element at `position`; what stood there and after moves down."""
        self.is_reshaping = True
        self.document.items.filter(position__gte=position).update(position=F("position") + 1)
        item = PlanItem.objects.create(
            document=self.document,
            position=position,
            touched=self.revision,
            edited_by=self.by,
            edited_at=self.at,
            **values,
        )
        self.changes.append({"row": "item", "id": item.pk, "version": item.version, "created": True})
        return item

    def touch_items(self, pks: Iterable[int]) -> None:
        """Let open pages fetch these cards anew: what they show changed, though not what they hold."""
        PlanItem.objects.filter(pk__in=list(pks)).update(touched=self.revision)

    def finish(self, act: str, summary: str, **payload: Any) -> None:
        """Write the step, joined to the one before it where a person would call both one, and the line of the record."""
        summary = summary[:300]
        if not (act == "edit_item" and self._join(summary)):
            PlanStep.objects.create(
                document=self.document,
                revision=self.revision,
                act=act,
                summary=summary,
                changes=self.changes,
                is_reshaping=self.is_reshaping,
                by=self.by,
                at=self.at,
            )
        record(f"campaigns.{act}", self.document, by=self.by, summary=summary, payload=payload)

    def _remember(self, row: str, pk: int, version: int, before: dict[str, Any]) -> None:
        self.changes.append({"row": row, "id": pk, "version": version, "before": before})

    def _join(self, summary: str) -> bool:
        """Whether this edit went on where the person's last step left the very same element."""
        last = PlanStep.objects.filter(document=self.document, undone_at=None).order_by("-id").first()
        if (
            last is None
            or last.act != "edit_item"
            or last.by_id != self.by.pk
            or self.at - last.at > TOGETHER
        ):
            return False
        if len(last.changes) != 1 or len(self.changes) != 1:
            return False
        old, new = last.changes[0], self.changes[0]
        if old["id"] != new["id"] or old["version"] != new["version"] - 1:
            return False
        joined = new | {"before": new["before"] | old["before"]}
        last.changes, last.revision, last.summary, last.at = [joined], self.revision, summary, self.at
        last.save(update_fields=["changes", "revision", "summary", "at"])
        return True


def _values(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """How the named columns stand, as JSON: relations by their key, moments as text."""
    found = {}
    for name in names:
        column = row._meta.get_field(name).attname  # type: ignore[union-attr]
        value = getattr(row, column)
        found[column] = value.isoformat() if isinstance(value, dt.datetime) else value
    return found


def last_step(document: PlanDocument, *, by: User) -> PlanStep | None:
    """The step of this person that can be taken back next."""
    steps = PlanStep.objects.filter(document=document, by=by, undone_at=None).exclude(act=UNDO)
    return steps.order_by("-id").first()


@transaction.atomic
def undo_step(document: PlanDocument, *, by: User) -> PlanStep:
    """Take back the person's last step, whole or not at all.

    Raises Refused when there is none, or when somebody has changed a row of it since.
    """
    step = Step(document, by=by)
    last = last_step(document, by=by)
    if last is None:
        raise Refused("没有可以撤销的步骤")
    for change in reversed(last.changes):
        model: Any = ROWS[change["row"]]
        rows = model.objects.filter(pk=change["id"], document=document, version=change["version"])
        if change.get("created"):
            # Out of the way, not out of the record: the row stays among the removed.
            gone = PlanItem.State.REMOVED
            done = rows.update(state=gone, version=F("version") + 1, touched=step.revision, edited_by=by)
        else:
            before = dict(change["before"])
            if before.get("decided_at"):
                before["decided_at"] = dt.datetime.fromisoformat(before["decided_at"])
            alias = before.pop("learnt", None)
            if alias:
                OrganizationAlias.objects.filter(pk=alias).delete()
            done = rows.update(version=F("version") + 1, touched=step.revision, **before)
        if not done:
            raise Refused(f"“{last.summary}”之后又有人改过同一处，不能撤销，请直接修改")
    PlanStep.objects.filter(pk=last.pk).update(undone_at=step.at)
    _renumber(last)
    step.is_reshaping = True
    step.finish(UNDO, f"撤销：{last.summary}", step=last.pk)
    return last


def _renumber(undone: PlanStep) -> None:
    """Let the steps before know the rows they left again: they stand as they did then, two versions later."""
    moved = {
        (change["row"], change["id"], change["version"] - 1): change["version"] + 1
        for change in undone.changes
    }
    earlier = PlanStep.objects.filter(document=undone.document_id, undone_at=None, pk__lt=undone.pk)
    earlier = earlier.order_by("-pk")[:REMEMBERED]
    renumbered = []
    for step in earlier:
        found = [
            (change, moved.get((change["row"], change["id"], change["version"]))) for change in step.changes
        ]
        if any(version for _, version in found):
            step.changes = [change | {"version": version or change["version"]} for change, version in found]
            renumbered.append(step)
    PlanStep.objects.bulk_update(renumbered, ["changes"])
