"""Checking a draft: correct, confirm, remove, restore, one by one or many at once. A stale edit never overwrites."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.plans import normalize_unit

from .. import drafts
from ..models import PlanDocument, PlanFinding, PlanItem, seats
from ..units import sync_units
from .steps import Step


@transaction.atomic
def edit_item(
    item: PlanItem, data: dict[str, Any], *, version: int, by: User, confirm: bool = False
) -> PlanItem:
    """Replace what an element says (and confirm it, if asked). An edited element must be confirmed again; one that
    is saved unchanged keeps its state and its version.

    Raises StaleItem when somebody was quicker, Refused when a named phase does not belong to the plan or the
    element lacks what it cannot do without.
    """
    step = Step(item.document, by=by)
    data = drafts.BLANK[item.kind] | data
    if phase := data.get("phase"):
        live = item.document.items.filter(pk=phase, kind=PlanItem.Kind.PHASE)
        if not live.exclude(state=PlanItem.State.REMOVED).exists():
            raise Refused("所选阶段已不在方案中，请重新选择")
    problem = drafts.problem_of(item.kind, data)
    if problem:
        raise Refused(f"{problem}，请补上")
    changed = sorted(name for name in data if data[name] != item.data.get(name))
    if not changed and not confirm and item.version == version:
        return item
    state = PlanItem.State.CONFIRMED if confirm else PlanItem.State.PROPOSED
    fresh = step.write(item, version=version, data=data, state=state)
    sync_units(item.document, on=timezone.localdate())
    words = "修改并确认" if confirm else "修改"
    step.finish(
        "edit_item",
        f"{words}{fresh}",
        item=fresh.pk,
        version=fresh.version,
        changed=changed,
        confirmed=confirm,
    )
    return fresh


@transaction.atomic
def confirm_item(item: PlanItem, *, version: int, by: User) -> PlanItem:
    """Say that an element is right as it stands."""
    step = Step(item.document, by=by)
    if problem := drafts.problem_of(item.kind, item.data):
        raise Refused(f"{problem}，补上后才能确认")
    fresh = step.write(item, version=version, state=PlanItem.State.CONFIRMED)
    step.finish("confirm_item", f"确认{fresh}", item=fresh.pk, version=fresh.version)
    return fresh


@transaction.atomic
def remove_item(item: PlanItem, *, version: int, by: User) -> PlanItem:
    """Take an element out; it stays in the list as removed and can be brought back."""
    step = Step(item.document, by=by)
    fresh = step.write(item, version=version, state=PlanItem.State.REMOVED)
    step.finish("remove_item", f"移除{fresh}", item=fresh.pk, version=fresh.version)
    return fresh


@transaction.atomic
def restore_item(item: PlanItem, *, version: int, by: User) -> PlanItem:
    """Bring a removed element back, to be looked at again."""
    step = Step(item.document, by=by)
    if item.state != PlanItem.State.REMOVED:
        raise IllegalMove(f"{item}没有被移除，无须恢复")
    fresh = step.write(item, version=version, state=PlanItem.State.PROPOSED)
    sync_units(item.document, on=timezone.localdate())
    step.finish("restore_item", f"恢复{fresh}", item=fresh.pk, version=fresh.version)
    return fresh


def may_confirm(item: PlanItem, open_keys: Collection[str], faults: Iterable[int]) -> bool:
    """Whether an element may be confirmed without a look of its own: proposed, complete, all units identified and no
    error of the checkup unanswered at its place. `faults` are the places where such errors begin."""
    return (
        item.state == PlanItem.State.PROPOSED
        and not drafts.problem_of(item.kind, item.data)
        and not any(normalize_unit(name) in open_keys for name in drafts.unit_names(item.data))
        and not (item.whole and any(item.whole[0] <= fault < item.whole[1] for fault in faults))
    )


def _confirmable(document: PlanDocument, items: Iterable[PlanItem]) -> list[PlanItem]:
    open_keys = set(document.units.filter(organization=None, group="").values_list("key", flat=True))
    unanswered = PlanFinding.objects.filter(
        document=document, severity=PlanFinding.Severity.ERROR, state=PlanFinding.State.OPEN
    )
    faults = list(unanswered.values_list("start", flat=True))
    return [item for item in items if may_confirm(item, open_keys, faults)]


@transaction.atomic
def confirm_confident(document: PlanDocument, *, by: User, threshold: float = drafts.CONFIDENT) -> int:
    """Confirm every element the compiler is at least `threshold` sure of; returns how many.

    What needs a look of its own (`may_confirm`) is left for a person.
    """
    step = Step(document, by=by)
    sure = _confirmable(document, document.items.filter(confidence__gte=threshold))
    count = step.confirm_all(sure)
    if count:
        step.finish(
            "confirm_confident",
            f"按把握不低于 {threshold:.0%} 批量确认 {count} 项",
            items=[item.pk for item in sure],
            threshold=threshold,
        )
    return count


@transaction.atomic
def confirm_section(section: PlanItem, *, by: User) -> int:
    """Confirm what is left of one chapter, whatever the compiler's confidence: the person has read the chapter.

    Returns how many; what needs a look of its own (`may_confirm`) stays open.
    """
    if section.kind != PlanItem.Kind.SECTION:
        raise Refused("只能按章节批量确认")
    step = Step(section.document, by=by)
    sure = _confirmable(section.document, drafts.in_section(section, section.document.items.all()))
    count = step.confirm_all(sure)
    if count:
        step.finish(
            "confirm_section",
            f"批量确认“{section.label}”{count} 项",
            section=section.pk,
            items=[item.pk for item in sure],
        )
    return count


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


def _require_office(document: PlanDocument, by: User) -> None:
    if document.region_id not in seats(by, Permission.MANAGE_PLANS):
        raise PermissionDenied
