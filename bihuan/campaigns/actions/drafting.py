"""Checking a draft: correct, add, remove, restore, merge, split, confirm, match. A stale edit never overwrites."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from bihuan.accounts.models import Organization, OrganizationAlias, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.plans import normalize_unit

from .. import drafts
from ..models import PlanDocument, PlanItem, PlanUnit, seats
from ..units import sync_units


class StaleItem(IllegalMove):
    """Somebody changed the element since this person read it; `current` is how it stands now."""

    def __init__(self, current: PlanItem) -> None:
        self.current = current
        who = current.edited_by.full_name if current.edited_by else "别人"
        at = timezone.localtime(current.edited_at).strftime("%H:%M") if current.edited_at else ""
        super().__init__(
            f"{current}已被{who}于 {at} 修改（第 {current.version} 版），您的修改没有保存，请对照后再存"
        )


def _require_office(document: PlanDocument, by: User) -> None:
    if document.region_id not in seats(by, Permission.MANAGE_PLANS):
        raise PermissionDenied


def _require_draft(document: PlanDocument) -> None:
    if not PlanDocument.objects.filter(pk=document.pk, status=PlanDocument.Status.DRAFT).exists():
        raise IllegalMove(f"方案《{document.title}》已发布或作废，不能再改")


def _write(item: PlanItem, *, version: int, by: User, **changes: Any) -> PlanItem:
    """Change an element if it still is at `version`. The conditional update is the lock, on both databases."""
    _require_draft(item.document)
    written = PlanItem.objects.filter(pk=item.pk, version=version).update(
        version=version + 1, edited_by=by, edited_at=timezone.now(), **changes
    )
    fresh = PlanItem.objects.select_related("edited_by", "document").get(pk=item.pk)
    if not written:
        raise StaleItem(fresh)
    return fresh


def _note(item: PlanItem, act: str, words: str, *, by: User, **payload: Any) -> None:
    record(
        f"campaigns.{act}",
        item.document,
        by=by,
        summary=f"{words}{item}",
        payload={"item": item.pk, "version": item.version, **payload},
    )


@transaction.atomic
def edit_item(
    item: PlanItem, data: dict[str, Any], *, version: int, by: User, confirm: bool = False
) -> PlanItem:
    """Replace what an element says (and confirm it, if asked). An edited element must be confirmed again.

    Raises StaleItem when somebody was quicker, Refused when a named phase does not belong to the plan or the
    element lacks what it cannot do without.
    """
    _require_office(item.document, by)
    data = drafts.BLANK[item.kind] | data
    if phase := data.get("phase"):
        live = item.document.items.filter(pk=phase, kind=PlanItem.Kind.PHASE)
        if not live.exclude(state=PlanItem.State.REMOVED).exists():
            raise Refused("所选阶段已不在方案中，请重新选择")
    problem = drafts.problem_of(item.kind, data)
    if problem:
        raise Refused(f"{problem}，请补上")
    before = item.data
    state = PlanItem.State.CONFIRMED if confirm else PlanItem.State.PROPOSED
    fresh = _write(item, version=version, by=by, data=data, state=state)
    sync_units(item.document, on=timezone.localdate())
    changed = sorted(name for name in data if data[name] != before.get(name))
    _note(fresh, "edit_item", "修改", by=by, changed=changed, confirmed=confirm)
    return fresh


@transaction.atomic
def confirm_item(item: PlanItem, *, version: int, by: User) -> PlanItem:
    """Say that an element is right as it stands."""
    _require_office(item.document, by)
    if problem := drafts.problem_of(item.kind, item.data):
        raise Refused(f"{problem}，补上后才能确认")
    fresh = _write(item, version=version, by=by, state=PlanItem.State.CONFIRMED)
    _note(fresh, "confirm_item", "确认", by=by)
    return fresh


@transaction.atomic
def remove_item(item: PlanItem, *, version: int, by: User) -> PlanItem:
    """Take an element out; it stays in the list as removed and can be brought back."""
    _require_office(item.document, by)
    fresh = _write(item, version=version, by=by, state=PlanItem.State.REMOVED)
    _note(fresh, "remove_item", "移除", by=by)
    return fresh


@transaction.atomic
def restore_item(item: PlanItem, *, version: int, by: User) -> PlanItem:
    """Bring a removed element back, to be looked at again."""
    _require_office(item.document, by)
    if item.state != PlanItem.State.REMOVED:
        raise IllegalMove(f"{item}没有被移除，无须恢复")
    fresh = _write(item, version=version, by=by, state=PlanItem.State.PROPOSED)
    sync_units(item.document, on=timezone.localdate())
    _note(fresh, "restore_item", "恢复", by=by)
    return fresh


@transaction.atomic
def add_item(
    document: PlanDocument,
    kind: str,
    *,
    by: User,
    passage: str = "",
    start: int | None = None,
    after: PlanItem | None = None,
) -> PlanItem:
    """Add an element, empty or from a passage of the source.

    `start` is the offset at which the passage was selected; without it the passage is looked up and gets its place
    only if it occurs exactly once. It comes after `after`, or where the passage stands, or at the end.
    """
    _require_office(document, by)
    _require_draft(document)
    passage = passage.replace("\r\n", "\n").strip()
    data = dict(drafts.BLANK[kind])
    if passage:
        fields = {
            PlanItem.Kind.SECTION: {"title": passage[:100]},
            PlanItem.Kind.PHASE: {"name": drafts.heading_of(passage)},
            PlanItem.Kind.TASK: {"text": passage, "heading": drafts.heading_of(passage)},
            PlanItem.Kind.REPORT: {"when": passage[:120]},
            PlanItem.Kind.TARGET: drafts.propose_target(passage[:200]),
            PlanItem.Kind.BODY: {"name": drafts.heading_of(passage)},
            PlanItem.Kind.DUTY: {"text": passage},
        }
        data |= fields[PlanItem.Kind(kind)]
    place = _place_of(document.text, passage, start)
    items = list(document.items.all())
    if after is None and place is not None:
        earlier = [item for item in items if item.whole and item.whole[0] <= place]
        after = earlier[-1] if earlier else None
        position = after.position + 1 if after else 0
    else:
        position = (after.position if after else max((item.position for item in items), default=0)) + 1
    document.items.filter(position__gte=position).update(position=F("position") + 1)
    item = PlanItem.objects.create(
        document=document,
        kind=kind,
        position=position,
        data=data,
        spans={"whole": [place, place + len(passage)]} if place is not None else {},
        rule="hand",
        edited_by=by,
        edited_at=timezone.now(),
    )
    _note(item, "add_item", "新增", by=by)
    return item


def _place_of(text: str, passage: str, start: int | None) -> int | None:
    if not passage:
        return None
    if start is not None:
        # A selection begins with blanks that strip() took away.
        near = text.find(passage, start, start + len(passage) + 40)
        if near >= 0:
            return near
    return text.find(passage) if text.count(passage) == 1 else None


@transaction.atomic
def merge_items(first: PlanItem, second: PlanItem, *, versions: tuple[int, int], by: User) -> PlanItem:
    """Make one element of two neighbours of a kind; the second is removed and its evidence kept in the first.

    Raises Refused when they are no neighbours, StaleItem when either changed meanwhile.
    """
    _require_office(first.document, by)
    if second != next_of_kind(first):
        raise Refused("只能合并相邻的两项，列表已变化，请刷新后重试")
    data = drafts.merge_data(first.kind, first.data, second.data)
    spans = drafts.merge_spans(first.spans, second.spans)
    fresh = _write(first, version=versions[0], by=by, data=data, spans=spans, state=PlanItem.State.PROPOSED)
    _write(second, version=versions[1], by=by, state=PlanItem.State.REMOVED)
    if first.kind == PlanItem.Kind.PHASE:
        _repoint(first.document, second.pk, first.pk)
    _note(fresh, "merge_items", "合并", by=by, absorbed=second.pk)
    return fresh


def _repoint(document: PlanDocument, old: int, new: int) -> None:
    """Tasks of a phase that was merged away belong to the one it went into."""
    for task in document.items.filter(kind=PlanItem.Kind.TASK):
        if task.data.get("phase") == old:
            PlanItem.objects.filter(pk=task.pk).update(
                data=task.data | {"phase": new}, version=F("version") + 1
            )


def next_of_kind(item: PlanItem, items: Sequence[PlanItem] | None = None) -> PlanItem | None:
    """The following element of the same kind that was not removed."""
    rows = list(item.document.items.all()) if items is None else items
    live = [row for row in rows if row.kind == item.kind and row.state != PlanItem.State.REMOVED]
    later = [row for row in live if (row.position, row.pk) > (item.position, item.pk)]
    return later[0] if later else None


@transaction.atomic
def split_item(item: PlanItem, at: int, *, version: int, by: User) -> tuple[PlanItem, PlanItem]:
    """Cut a task before its sentence number `at` (1 is the second sentence) into two tasks, both to be confirmed."""
    _require_office(item.document, by)
    if item.kind != PlanItem.Kind.TASK:
        raise Refused("只有任务可以拆分")
    try:
        head, tail = drafts.split_data(item.data, at)
    except ValueError as error:
        raise Refused(f"不能在这里拆分：{error}，请刷新后重试") from error
    cut: int | None = None
    if item.whole:
        found = item.document.text.find(tail["text"][:30], *item.whole)
        cut = found if found >= 0 else None
    first_spans, second_spans = drafts.split_spans(item.spans, cut)
    first = _write(item, version=version, by=by, data=head, spans=first_spans, state=PlanItem.State.PROPOSED)
    item.document.items.filter(position__gt=item.position).update(position=F("position") + 1)
    second = PlanItem.objects.create(
        document=item.document,
        kind=item.kind,
        position=item.position + 1,
        data=tail,
        spans=second_spans,
        rule=item.rule,
        confidence=item.confidence,
        edited_by=by,
        edited_at=timezone.now(),
    )
    _note(first, "split_item", "拆分", by=by, second=second.pk)
    return first, second


@transaction.atomic
def confirm_confident(document: PlanDocument, *, by: User, threshold: float = drafts.CONFIDENT) -> int:
    """Confirm every element the compiler is at least `threshold` sure of; returns how many.

    Tasks with a unit nobody has identified, and elements that lack something, are left for a person to look at.
    """
    _require_office(document, by)
    _require_draft(document)
    open_keys = set(document.units.filter(organization=None, group="").values_list("key", flat=True))
    sure = [
        item.pk
        for item in document.items.filter(state=PlanItem.State.PROPOSED, confidence__gte=threshold)
        if not drafts.problem_of(item.kind, item.data)
        and not (open_keys & {normalize_unit(name) for name in drafts.unit_names(item.data)})
    ]
    count = PlanItem.objects.filter(pk__in=sure, state=PlanItem.State.PROPOSED).update(
        state=PlanItem.State.CONFIRMED,
        version=F("version") + 1,
        edited_by=by,
        edited_at=timezone.now(),
    )
    if count:
        record(
            "campaigns.confirm_confident",
            document,
            by=by,
            summary=f"按把握不低于 {threshold:.0%} 批量确认 {count} 项",
            payload={"items": sure, "threshold": threshold},
        )
    return count


@transaction.atomic
def match_unit(
    unit: PlanUnit, *, by: User, organization: Organization | None = None, group: str = ""
) -> PlanUnit:
    """Say what a printed name means. An organization's new name is remembered, so no later plan asks again (R270)."""
    _require_office(unit.document, by)
    _require_draft(unit.document)
    if bool(organization) == bool(group):
        raise Refused(f"请为“{unit.name}”选择一个单位或一类单位")
    if group and group not in PlanUnit.Group.values:
        raise Refused("没有这一类单位，请重新选择")
    if organization and organization.region_id != unit.document.region_id:
        related = organization.region_id.startswith(
            unit.document.region_id
        ) or unit.document.region_id.startswith(organization.region_id)
        if not related:
            raise Refused(f"{organization}不在本方案适用的区划内，请重新选择")
    if unit.organization_id and unit.organization_id != (organization.pk if organization else None):
        # The earlier choice was a mistake; what it taught must be unlearnt.
        OrganizationAlias.objects.filter(
            organization=unit.organization_id, key=unit.key, source=OrganizationAlias.Source.MATCHED
        ).delete()
    unit.organization, unit.group, unit.matched_by = organization, group, by
    unit.save(update_fields=["organization", "group", "matched_by"])
    if organization:
        OrganizationAlias.objects.get_or_create(
            organization=organization,
            key=unit.key,
            defaults={"name": unit.name, "source": OrganizationAlias.Source.MATCHED},
        )
    meaning = organization.name if organization else PlanUnit.Group(group).label
    record(
        "campaigns.match_unit",
        unit.document,
        by=by,
        summary=f"认定“{unit.name}”＝{meaning}",
        payload={"unit": unit.pk, "organization": organization.pk if organization else None, "group": group},
    )
    return unit


@transaction.atomic
def edit_head(
    document: PlanDocument, *, by: User, title: str, doc_no: str, issuer: str, issued_on: dt.date | None
) -> None:
    """Correct what stands at the head of the document."""
    _require_office(document, by)
    changed = PlanDocument.objects.filter(pk=document.pk, status=PlanDocument.Status.DRAFT).update(
        title=title, doc_no=doc_no, issuer=issuer, issued_on=issued_on
    )
    if not changed:
        raise IllegalMove(f"方案《{document.title}》已发布或作废，不能再改")
    document.refresh_from_db()
    record("campaigns.edit_head", document, by=by, summary=f"修改方案标题与文号：《{title}》{doc_no}")


@transaction.atomic
def discard_plan(document: PlanDocument, *, by: User, reason: str) -> None:
    """Give up a draft; it stays readable and frees its file for another import."""
    _require_office(document, by)
    if not reason.strip():
        raise ReasonRequired("作废方案")
    changed = PlanDocument.objects.filter(pk=document.pk, status=PlanDocument.Status.DRAFT).update(
        status=PlanDocument.Status.DISCARDED
    )
    if not changed:
        raise IllegalMove(f"方案《{document.title}》已发布或作废，不能再作废")
    document.refresh_from_db()
    record("campaigns.discard_plan", document, by=by, summary=f"作废方案《{document.title}》：{reason}"[:300])
