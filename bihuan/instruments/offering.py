"""The button on a record's page that begins a paper about it."""

from __future__ import annotations

from urllib.parse import urlencode

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.addresses import address
from bihuan.core.beside import Link

from .subjects import can_settle


def offer(chain: str, user: User) -> list[Link]:
    """起草督办文书, for whoever may and records papers are made of."""
    if not can_settle(chain) or not user.has_perm(Permission.DRAFT_INSTRUMENT):
        return []
    return [Link("起草督办文书", f"{address('instruments:create')}?{urlencode({'subject': chain})}", "gavel")]
