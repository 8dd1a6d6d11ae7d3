"""What is odd about the photos of an object and the bills of its subsidy, for whoever has to judge them (U11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.hazards.remarks import Remark
from bihuan.inspections.signals import Owner, as_remarks
from bihuan.inspections.weighing import twins

from .models import BatchObject, Subsidy
from .workflow import ObjectMove

# Records of an object that carry photos: subject label, related name on the object.
CARRIERS = {
    "batches.batchtransition": "transitions",
    "batches.progressnote": "progress_notes",
    "batches.acceptanceverdict": "verdicts",
    "batches.subsidy": "subsidies",
}


def _own(member: BatchObject) -> set[str]:
    """Everything of the object that may show one and the same photo by right."""
    rows: Iterable[Model] = (row for name in CARRIERS.values() for row in getattr(member, name).all())
    return {chain_of(row) for row in rows}


def remarks_on_work(member: BatchObject, user: User) -> list[Remark]:
    """What is odd about the photos with which acceptance was last asked for."""
    line = member.transitions.filter(move=ObjectMove.APPLY).order_by("-pk").first()
    if line is None:
        return []
    photos = list(files.of(line, "after"))
    return list(as_remarks(twins(photos, _own(member), timezone.localdate(line.at), until=line.at), user))


def remarks_on_bills(subsidy: Subsidy, user: User) -> list[Remark]:
    """What is odd about the photos of its bills: shown for another object, or for something else altogether."""
    photos, at = list(files.of(subsidy, "voucher")), subsidy.proposed_at
    return list(as_remarks(twins(photos, _own(subsidy.member), timezone.localdate(at), until=at), user))


def owner_by(name: str) -> Callable[[str], Owner | None]:
    """Whose a photo of such a record is, in words."""

    def find(pk: str) -> Owner | None:
        wanted: dict[str, Any] = {f"{name}__pk": pk}
        member = BatchObject.objects.filter(**wanted).select_related("batch", "enterprise").first()
        return Owner(str(member), member.get_absolute_url()) if member is not None else None

    return find
