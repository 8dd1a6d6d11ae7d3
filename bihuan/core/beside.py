"""What packages above offer to do with a record of a package below, as links on its page.

The page of a hazard cannot know what papers are made of hazards; whoever makes them says so here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model


@dataclass(frozen=True)
class Link:
    """One thing to do: its words and where."""

    label: str
    url: str
    icon: str = ""


Offer = Callable[[str, Any], list[Link]]

_OFFERS: dict[str, Offer] = {}


def register_offer(key: str, offer: Offer) -> None:
    """Say what may be done with records; called in `AppConfig.ready`. `offer(chain, user)` must ask the database
    nothing: it stands on every page of a record. `chain` is "hazards.hazard:42"."""
    _OFFERS[key] = offer


def offers(record: Model, user: Any) -> list[Link]:
    """The links beside a record for one person."""
    return offers_of(f"{record._meta.label_lower}:{record.pk}", user)


def offers_of(chain: str, user: Any) -> list[Link]:
    """The links beside what `chain` names: a record, or several of one body at once ("duties.late:7")."""
    return [link for offer in _OFFERS.values() for link in offer(chain, user)]
