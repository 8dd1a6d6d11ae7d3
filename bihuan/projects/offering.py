"""What one may do beside a batch: mark a household it touches, see those to look after (R242)."""

from __future__ import annotations

from urllib.parse import urlencode

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.addresses import address
from bihuan.core.beside import Link


def offer(chain: str, user: User) -> list[Link]:
    """照顾对象 of a batch, for whoever looks after them."""
    label, _, pk = chain.partition(":")
    if label != "batches.batch" or not user.has_perm(Permission.CARE_HOUSEHOLDS):
        return []
    return [
        Link("照顾对象", f"{address('projects:care')}?{urlencode({'batch': pk, 'state': 'all'})}", "users")
    ]
