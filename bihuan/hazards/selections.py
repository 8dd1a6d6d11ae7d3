"""What may be done to many hazards of the ledger at once; each stands on its own, within its own limits."""

from __future__ import annotations

import datetime as dt

from bihuan.accounts.models import Organization, User
from bihuan.jobs.selections import Act, Wanted

from .actions import assign, extend_ex_officio, reinspect
from .models import Hazard


def _find(user: User, pk: int) -> Hazard | None:
    rows = Hazard.objects.visible_to(user).filter(pk=pk)
    return rows.select_related("enterprise__organization").first()


def _assign(hazard: Hazard, wanted: Wanted, by: User) -> None:
    organization = Organization.objects.get(pk=wanted["organization"])
    assign(hazard, organization=organization, reason=wanted["reason"], by=by)


def _extend(hazard: Hazard, wanted: Wanted, by: User) -> None:
    to = dt.date.fromisoformat(wanted["to"])
    extend_ex_officio(hazard, to=to, reason=wanted["reason"], by=by)


def _close(hazard: Hazard, wanted: Wanted, by: User) -> None:
    reinspect(hazard, passed=True, text=wanted["text"], by=by)


ASSIGN = Act("hazards.assign", "批量改派复查单位", "项", _find, _assign)
EXTEND = Act("hazards.extend", "统一延期", "项", _find, _extend)
CLOSE = Act("hazards.close", "批量复查销号", "项", _find, _close)
