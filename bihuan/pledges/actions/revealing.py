"""Seeing a person's full phone and identity number: for a stated reason, and recorded (R069, R273)."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.registry.models import Enterprise

from ..models import Pledge, PledgePerson


@dataclass(frozen=True)
class Revealed:
    """What was sealed, in clear; it goes to one page and nowhere else."""

    phone: str
    id_number: str


@transaction.atomic
def reveal_person(person: PledgePerson, *, by: User, reason: str) -> Revealed:
    """The full numbers of one person. Raises PermissionDenied, ReasonRequired, Refused when there are none."""
    allowed = Enterprise.objects.within_scope_of(by, Permission.REVEAL_PERSONAL)
    pledge = person.pledge
    if not (
        allowed.filter(pk=pledge.enterprise_id).exists()
        and Pledge.objects.visible_to(by).filter(pk=pledge.pk).exists()
    ):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("查看完整号码")
    if not (person.phone or person.id_number):
        raise Refused(f"{person}没有填写号码")
    record(
        "pledges.reveal",
        pledge,
        by=by,
        summary=f"查看“{pledge.unit_name}”{person}的完整电话和身份证号",
        payload={"person": person.pk, "reason": reason.strip()[:300]},
    )
    return Revealed(person.phone, person.id_number)
