"""Zones that somebody has decided on in words and nobody has drawn yet (R008).

Higher apps know such words; the page of zones offers them to whoever may draw:

    proposals.register("campaigns.plans", zones_of_plans)   # in AppConfig.ready
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from bihuan.accounts.models import User

from .models import Zone, ZoneVersion

# Words of a name that say what kind of zone it is; the first that fits.
_KINDS = (("禁燃", "no_burning"), ("供气", "supply"), ("配送", "delivery"))
USUAL_KIND = "key_area"


@dataclass(frozen=True)
class Proposal:
    """A zone in words: its name, how it runs as the document says it, which document, and where that is read."""

    name: str
    words: str
    document: str
    region: str
    source: str
    source_url: str

    @property
    def draw_url(self) -> str:
        """The page of drawing, filled with what is known."""
        kind = next((key for word, key in _KINDS if word in self.name), USUAL_KIND)
        query = {
            "name": self.name, "kind": kind, "region": self.region, "boundary_words": self.words, "document": self.document,
        }  # fmt: skip
        return f"{reverse('zones:create')}?{urlencode(query)}"


Source = Callable[[User], list[Proposal]]
_SOURCES: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Add a source of proposals; a name registered again is replaced."""
    _SOURCES[name] = source


def unregister(name: str) -> None:
    """Take a source away."""
    _SOURCES.pop(name, None)


def undrawn(user: User) -> list[Proposal]:
    """What is proposed and not drawn yet, by name or by wording, as far as this person sees zones."""
    offered = [proposal for source in _SOURCES.values() for proposal in source(user)]
    if not offered:
        return []
    visible = Zone.objects.visible_to(user)
    names = set(visible.filter(name__in={each.name for each in offered}).values_list("region_id", "name"))
    said = set(
        ZoneVersion.objects.filter(
            zone__in=visible.values("pk"), boundary_words__in={each.words for each in offered}
        ).values_list("boundary_words", flat=True)
    )
    return [each for each in offered if (each.region, each.name) not in names and each.words not in said]
