"""Giving a draft another shape: add, merge, split elements, or say that one is of another kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.errors import Refused

from .. import drafts
from ..models import PlanDocument, PlanItem
from ..units import sync_units
from .steps import Step


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
    step = Step(document, by=by)
    passage = passage.replace("\r\n", "\n").strip()
    data = drafts.BLANK[kind] | (drafts.from_passage(kind, passage) if passage else {})
    place = _place_of(document.text, passage, start)
    items = list(document.items.all())
    if after is None and place is not None:
        earlier = [item for item in items if item.whole and item.whole[0] <= place]
        after = earlier[-1] if earlier else None
        position = after.position + 1 if after else 0
    else:
        position = (after.position if after else max((item.position for item in items), default=0)) + 1
    if kind == PlanItem.Kind.TASK:
        data["phase"] = _phase_at(items, place)
    item = step.create(
        position,
        kind=kind,
        data=data,
        spans={"whole": [place, place + len(passage)]} if place is not None else {},
        rule="hand",
    )
    step.finish("add_item", f"新增{item}", item=item.pk, version=item.version)
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


def _phase_at(items: Sequence[PlanItem], place: int | None) -> int | None:
    """The phase of the nearest task before a place: a passage among the tasks of a phase belongs to it, too."""
    if place is None:
        return None
    live = [item for item in items if item.state != PlanItem.State.REMOVED and item.whole]
    earlier = [item for item in live if item.kind == PlanItem.Kind.TASK and (item.whole or (0,))[0] <= place]
    return earlier[-1].data.get("phase") if earlier else None


@transaction.atomic
def merge_items(first: PlanItem, second: PlanItem, *, versions: tuple[int, int], by: User) -> PlanItem:
    """Make one element of two neighbours of a kind; the second is removed and its evidence kept in the first.

    Raises Refused when they are no neighbours, StaleItem when either changed meanwhile.
    """
    step = Step(first.document, by=by)
    if second != next_of_kind(first):
        raise Refused("只能合并相邻的两项，列表已变化，请刷新后重试")
    data = drafts.merge_data(first.kind, first.data, second.data)
    spans = drafts.merge_spans(first.spans, second.spans)
    fresh = step.write(first, version=versions[0], data=data, spans=spans, state=PlanItem.State.PROPOSED)
    step.write(second, version=versions[1], state=PlanItem.State.REMOVED)
    if first.kind == PlanItem.Kind.PHASE:
        _repoint(step, second.pk, first.pk)
    step.is_reshaping = True
    step.finish("merge_items", f"合并{fresh}", item=fresh.pk, version=fresh.version, absorbed=second.pk)
    return fresh


def _repoint(step: Step, old: int, new: int | None) -> None:
    """Tasks of a phase that is one no more belong to the one it went into, or to none."""
    for task in step.document.items.filter(kind=PlanItem.Kind.TASK):
        if task.data.get("phase") == old:
            task.document = step.document
            step.write(task, version=task.version, data=task.data | {"phase": new})


def next_of_kind(item: PlanItem, items: Sequence[PlanItem] | None = None) -> PlanItem | None:
    """The following element of the same kind that was not removed."""
    rows = list(item.document.items.all()) if items is None else items
    live = [row for row in rows if row.kind == item.kind and row.state != PlanItem.State.REMOVED]
    later = [row for row in live if (row.position, row.pk) > (item.position, item.pk)]
    return later[0] if later else None


@transaction.atomic
def split_item(item: PlanItem, at: int, *, version: int, by: User) -> tuple[PlanItem, PlanItem]:
    """Cut a task before its sentence number `at` (1 is the second sentence) into two tasks, both to be confirmed."""
    step = Step(item.document, by=by)
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
    first = step.write(item, version=version, data=head, spans=first_spans, state=PlanItem.State.PROPOSED)
    second = step.create(
        item.position + 1,
        kind=item.kind,
        data=tail,
        spans=second_spans,
        rule=item.rule,
        confidence=item.confidence,
    )
    step.finish("split_item", f"拆分{first}", item=first.pk, version=first.version, second=second.pk)
    return first, second


@transaction.atomic
def retype_item(item: PlanItem, kind: str, *, version: int, by: User) -> PlanItem:
    """Say that an element is of another kind: what was taken for a task is a report, a target, a phase, a duty.

    Its words and its place stay; what the new kind needs and the words do not give is left empty. Raises Refused
    when it is of this kind already or the kind is unknown, StaleItem when somebody was quicker.
    """
    step = Step(item.document, by=by)
    if kind not in PlanItem.Kind.values:
        raise Refused("没有这个类别，请重新选择")
    if kind == item.kind:
        raise Refused(f"{item}已经是{item.get_kind_display()}")
    old = str(item.get_kind_display())
    spans = {name: places for name, places in item.spans.items() if name in {"whole", "heading"}}
    data: dict[str, Any] = drafts.BLANK[kind] | drafts.from_passage(kind, drafts.words_of(item))
    if kind == PlanItem.Kind.TASK:
        data["phase"] = _phase_at(list(item.document.items.all()), item.whole[0] if item.whole else None)
    fresh = step.write(
        item, version=version, kind=kind, data=data, spans=spans, state=PlanItem.State.PROPOSED
    )
    if item.kind == PlanItem.Kind.PHASE:
        _repoint(step, item.pk, None)
    sync_units(item.document, on=timezone.localdate())
    step.is_reshaping = True
    step.finish("retype_item", f"{old}改为{fresh}", item=fresh.pk, version=fresh.version, kind=kind)
    return fresh
