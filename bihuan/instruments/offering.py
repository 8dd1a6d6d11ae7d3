"""The button on a record's page that begins a paper about it."""

from __future__ import annotations

from urllib.parse import urlencode

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.addresses import address, row_address
from bihuan.core.beside import Link

from .subjects import is_offered


def offer(chain: str, user: User) -> list[Link]:
    """起草督办文书, for whoever may and records papers are made of; a round of supervision is told to each body."""
    if not user.has_perm(Permission.DRAFT_INSTRUMENT):
        return []
    label, _, pk = chain.partition(":")
    if label == "oversight.oversightround":
        return [Link("起草督查反馈", row_address("instruments:feedback", int(pk)), "gavel")]
    if not is_offered(chain):
        return []
    return [Link("起草督办文书", f"{address('instruments:create')}?{urlencode({'subject': chain})}", "gavel")]
