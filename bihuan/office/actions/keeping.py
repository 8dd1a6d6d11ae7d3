"""Naming the post that answers for a ledger (R253)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Post, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import Refused

from ..catalogue import LEDGERS
from ..models import LedgerKeeper
from ..standing import seat_in


@transaction.atomic
def name_keeper(ledger: str, post: Post, *, by: User) -> LedgerKeeper:
    """The unit's leader says which post keeps a ledger. Raises PermissionDenied, Refused."""
    if seat_in(by, Permission.CHECK_OFFICE_WORK, post.organization_id) is None:
        raise PermissionDenied
    known = next((each for each in LEDGERS if each.key == ledger), None)
    if known is None:
        raise Refused("没有这本台账，请从台账目录里选")
    if not post.is_active:
        raise Refused(f"岗位“{post}”已停用，请另选")
    row, _ = LedgerKeeper.objects.update_or_create(
        organization=post.organization, ledger=ledger, defaults={"post": post, "by": by, "at": timezone.now()}
    )
    record("office.keeper", row, by=by, summary=f"{known.name}由{post}负责")
    return row
