"""The button on a record's page that leads to what was asked and reported about it, and begins a new paper."""

from __future__ import annotations

from urllib.parse import urlencode

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.addresses import address
from bihuan.core.beside import Link

from .sources import source_of


def offer(chain: str, user: User) -> list[Link]:
    """请示报告, for whoever sees papers upward, on the records they are made of."""
    if source_of(chain) is None or not user.has_perm(Permission.VIEW_SUBMISSIONS):
        return []
    return [Link("请示报告", f"{address('submissions:about')}?{urlencode({'subject': chain})}", "file-text")]
