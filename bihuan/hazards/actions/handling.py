"""Confirming, dismissing, reopening and handing over."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.core.errors import ReasonRequired, Refused

from ..deadlines import deadline
from ..merging import twins_of
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


def merge(hazard: Hazard, *, into: Hazard, reason: str, by: User) -> HazardTransition:
    """The same danger was registered twice: this one leads to `into` from now on and counts no more, its course stays.

    Raises PermissionDenied, ReasonRequired, IllegalMove, and Refused for one of another enterprise, one that was itself
    found to be none, and one that was found more than a year apart.
    """
    with transaction.atomic():
        # Both are held, in one order, so that two who merge them into each other do not both go.
        list(Hazard.objects.select_for_update().filter(pk__in=[hazard.pk, into.pk]).order_by("pk"))
        return _merge(hazard, into, reason, by)


def _merge(hazard: Hazard, into: Hazard, reason: str, by: User) -> HazardTransition:
    if not twins_of(hazard, by).filter(pk=into.pk).exists():
        raise Refused("只能并入同一家企业、一年以内、没有认定不属实的另一项隐患，请重新选择")
    if not reason.strip():
        raise ReasonRequired(Move.MERGE.label)
    words = f"并入 {into.number}：{reason.strip()}"
    return move_hazard(hazard, Move.MERGE, by=by, reason=words, evidence=into)


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
