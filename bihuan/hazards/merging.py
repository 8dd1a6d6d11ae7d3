"""The same danger registered twice (重复登记): one stays, the other leads to it; neither loses its course (U19)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from bihuan.accounts.models import User
from bihuan.audit.actions import chain_of

from .models import Hazard, HazardQuerySet, HazardTransition
from .origins import Origin
from .workflow import Move, Status

WITHIN = dt.timedelta(days=366)  # further apart, the same words are another time the same thing happened


def twins_of(hazard: Hazard, user: User) -> HazardQuerySet:
    """What a hazard may be merged into: others of the same enterprise one sees, found within a year of it."""
    return (
        Hazard.objects.visible_to(user)
        .filter(
            enterprise=hazard.enterprise_id,
            found_on__range=(hazard.found_on - WITHIN, hazard.found_on + WITHIN),
        )
        .exclude(status=Status.DISMISSED)
        .exclude(pk=hazard.pk)
        .order_by("-found_on", "-id")
    )


def merged(hazard: Hazard, user: User) -> Iterator[Origin]:
    """On the page of either: where it went, or what came to it."""
    if hazard.status == Status.DISMISSED:
        line = hazard.transitions.filter(move=Move.MERGE).order_by("-id").first()
        pk = int(line.evidence.rpartition(":")[2]) if line else 0
        kept = Hazard.objects.filter(pk=pk).first() if pk else None
        if kept is not None:
            seen = Hazard.objects.visible_to(user).filter(pk=kept.pk).exists()
            yield Origin(
                "已并入", f"{kept.number} {kept.description[:40]}", kept.get_absolute_url() if seen else ""
            )
        return
    # By the enterprise's own index: lines have none by what they stand on.
    lines = HazardTransition.objects.filter(
        hazard__enterprise=hazard.enterprise_id, hazard__status=Status.DISMISSED, move=Move.MERGE, evidence=chain_of(hazard)
    ).select_related("hazard")  # fmt: skip
    for line in lines.order_by("id")[:20]:
        words = f"{line.hazard.number} {line.hazard.description[:40]}"
        seen = Hazard.objects.visible_to(user).filter(pk=line.hazard_id).exists()
        yield Origin("并入的重复登记", words, line.hazard.get_absolute_url() if seen else "")
