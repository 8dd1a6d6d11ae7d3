"""What higher apps want to say on a campaign's page: figures and links. Campaigns do not know them.

extras.register("pledges.self_checks", self_checked)   # in AppConfig.ready of the higher app
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bihuan.accounts.models import User

from .models import Campaign


@dataclass(frozen=True)
class Extra:
    """`stats` as campaigns/_stat.html takes them, `links` as (label, url) for the head of the page."""

    stats: list[dict[str, Any]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


Source = Callable[[Campaign, User], Extra | None]

_SOURCES: dict[str, tuple[int, Source]] = {}


def register(name: str, source: Source, *, position: int = 100) -> None:
    """Add to every campaign's page; lower positions first. `source` returns None where there is nothing to see."""
    _SOURCES[name] = (position, source)


def extras_for(campaign: Campaign, user: User) -> Extra:
    """Everything the higher apps say of one campaign, as this person may see it."""
    ordered = sorted(_SOURCES.items(), key=lambda item: (item[1][0], item[0]))
    found = [extra for _, (_, source) in ordered if (extra := source(campaign, user)) is not None]
    return Extra(
        [stat for each in found for stat in each.stats], [link for each in found for link in each.links]
    )
