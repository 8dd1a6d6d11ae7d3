"""What promises say on the pages of the ledger: which promise names a hazard, and whose photos are one and the same."""

from __future__ import annotations

from collections.abc import Iterator

from bihuan.accounts.models import User
from bihuan.audit.actions import chain_of
from bihuan.hazards.models import Hazard
from bihuan.hazards.origins import Origin
from bihuan.inspections.signals import Kin, Owner

from .models import Pledge, PledgeLine
from .workflow import LineVerdict

SHOWN = 3


def promises_naming(hazard: Hazard, user: User) -> Iterator[Origin]:
    """The promises a hazard stands in, the newest first: what was said of it and what the check found."""
    lines = PledgeLine.objects.filter(hazard=hazard, pledge__in=Pledge.objects.visible_to(user))
    for line in lines.exclude(pledge__number="").select_related("pledge").order_by("-pk")[:SHOWN]:
        words = f"{line.pledge.number} 第 {line.position} 项，{line.get_role_display()}，{line.get_verdict_display()}"
        if line.verdict == LineVerdict.FALSE:
            words = f"{words}，不适用自查自报不处罚"
        yield Origin("承诺书", words, line.pledge.get_absolute_url())


def kin_of(hazard: Hazard) -> Kin:
    """The lines that speak of a hazard carry the photos of its rectification. One that the promise brought into the
    ledger as corrected had been put right before it was told."""
    lines = list(PledgeLine.objects.filter(hazard=hazard).only("pk", "role", "pledge"))
    return Kin(
        frozenset(chain_of(line) for line in lines),
        any(line.role == PledgeLine.Role.CORRECTED and line.ledger_id == hazard.client_id for line in lines),
    )


def owner_of_line(pk: str) -> Owner | None:
    """Whose a photo of a line is, in words."""
    line = PledgeLine.objects.filter(pk=pk).select_related("pledge").first()
    if line is None:
        return None
    return Owner(f"{line.pledge} 第 {line.position} 项", line.pledge.get_absolute_url())
