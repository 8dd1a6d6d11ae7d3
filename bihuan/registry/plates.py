"""Plates at doors: making them, taking one back, finding what one leads to (U20)."""

from __future__ import annotations

import re

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired

from .access import edit_scope
from .models import Enterprise, Plate, Premises

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,32}")


@transaction.atomic
def plates_for(enterprise: Enterprise, *, by: User) -> list[Plate]:
    """The live plates of an enterprise and each of its premises in use, made where there is none.

    Raises PermissionDenied outside the edit scope.
    """
    if not edit_scope(by).covers(enterprise):
        raise PermissionDenied
    Enterprise.objects.select_for_update().get(pk=enterprise.pk)
    live = list(
        Plate.objects.filter(enterprise=enterprise, withdrawn_at=None).select_related(
            "premises", "enterprise__kind", "enterprise__locality"
        )
    )
    have = {plate.premises_id for plate in live}
    wanted: list[Premises | None] = [None, *enterprise.premises.filter(is_active=True).order_by("id")]
    now = timezone.now()
    made = [
        Plate.objects.create(enterprise=enterprise, premises=place, issued_at=now, issued_by=by)
        for place in wanted
        if (place.pk if place else None) not in have
    ]
    if made:
        record(
            "registry.plates", enterprise, by=by, summary=f"为“{enterprise}”制发码牌{len(made)}块",
            payload={"plates": [plate.pk for plate in made]},
        )  # fmt: skip
    return [*live, *made]


@transaction.atomic
def withdraw_plate(plate: Plate, *, reason: str, by: User) -> None:
    """A plate lost, copied or worn out: its code leads nowhere from now on; the next printing makes a new one.

    Raises PermissionDenied, ReasonRequired, IllegalMove when it was withdrawn already.
    """
    if not edit_scope(by).covers(plate.enterprise):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("收回码牌")
    done = Plate.objects.filter(pk=plate.pk, withdrawn_at=None).update(
        withdrawn_at=timezone.now(), withdrawn_by=by
    )
    if not done:
        raise IllegalMove("这块码牌已经收回")
    record(
        "registry.plate_withdrawn", plate.enterprise, by=by, summary=f"收回“{plate}”",
        payload={"plate": plate.pk, "reason": reason.strip()[:300]},
    )  # fmt: skip


def live_plate(token: str) -> Plate | None:
    """The plate a code belongs to; None for an unknown or withdrawn one, which look the same from outside."""
    if not _TOKEN.fullmatch(token):
        return None
    rows = Plate.objects.filter(token=token, withdrawn_at=None)
    return rows.select_related(
        "premises__kind",
        "premises__locality",
        "enterprise__kind",
        "enterprise__locality",
        "enterprise__county",
    ).first()
