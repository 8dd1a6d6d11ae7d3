"""What the page of a hazard says of the supervision it was found on."""

from __future__ import annotations

from collections.abc import Iterator

from bihuan.accounts.models import User
from bihuan.hazards.models import Hazard
from bihuan.hazards.origins import Origin

from .models import DistrictVisit, OversightFinding, OversightVisit, Reception


def found_on(hazard: Hazard, user: User) -> Iterator[Origin]:
    """The round or the leader's visit a hazard comes from; a link only where the reader may go."""
    finding = (
        OversightFinding.objects.filter(hazard=hazard)
        .select_related(
            "visit__round", "visit__organization", "district_visit__district", "reception", "found_by"
        )
        .first()
    )
    if finding is None:
        return
    if finding.visit is not None:
        seen = OversightVisit.objects.visible_to(user).filter(pk=finding.visit.pk).exists()
        words = f"{finding.visit.round}（{finding.found_by.full_name}发现）"
        yield Origin("督导发现", words, finding.visit.get_absolute_url() if seen else "")
    elif finding.district_visit is not None:
        row = finding.district_visit
        seen = DistrictVisit.objects.visible_to(user).filter(pk=row.pk).exists()
        yield Origin(
            "包干走访发现", f"{row.district} {row.visited_on}", row.get_absolute_url() if seen else ""
        )
    elif finding.reception is not None:
        upper = finding.reception
        seen = Reception.objects.visible_to(user).filter(pk=upper.pk).exists()
        yield Origin("上级督查反馈", f"{upper}（{upper.visitor}）", upper.get_absolute_url() if seen else "")
