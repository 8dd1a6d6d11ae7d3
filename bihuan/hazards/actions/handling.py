"""Confirming, dismissing, reopening and handing over."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.core.errors import Refused

from ..deadlines import deadline
from ..models import Hazard, HazardTransition
from ..standing import is_above
from ..workflow import Move
from .door import move_hazard


def confirm(hazard: Hazard, *, by: User, due_on: dt.date | None = None) -> HazardTransition:
    """Confirm what was reported; the enterprise's clock starts today."""
    changed: dict[str, object] = {}
    if due_on is not None:
        chosen = deadline(hazard.level, timezone.localdate(), due_on)
        changed = {"due_on": chosen.due_on, "clock": chosen.explanation}
    return move_hazard(hazard, Move.CONFIRM, by=by, changed=changed)


def dismiss(hazard: Hazard, *, reason: str, by: User) -> HazardTransition:
    """Find that what was reported is not a hazard; it no longer counts as found."""
    return move_hazard(hazard, Move.DISMISS, by=by, reason=reason)


def reopen(hazard: Hazard, *, reason: str, by: User) -> HazardTransition:
    """The hazard has come back (改后反弹): a new round with a new clock; the old evidence stays with its round."""
    return move_hazard(hazard, Move.REOPEN, by=by, reason=reason)


def assign(hazard: Hazard, *, organization: Organization, reason: str, by: User) -> HazardTransition:
    """Hand the review to another organization: a department, or an office or locality above the hazard."""
    if organization.pk == hazard.reviewing_organization_id:
        raise Refused(f"复查单位已经是{organization.short_name}")
    if organization.kind != Organization.Kind.DEPARTMENT and not is_above(organization, hazard):
        raise Refused(f"{organization.short_name}不管辖该隐患所在地，不能作为复查单位")
    if organization.valid_to is not None and organization.valid_to < timezone.localdate():
        raise Refused(f"{organization.short_name}已撤销，请改派给承接其职责的单位")
    return move_hazard(
        hazard,
        Move.ASSIGN,
        by=by,
        reason=reason,
        changed={"reviewing_organization_id": organization.pk},
    )
