"""The search page: enterprises, hazards and papers by words, a hazard by its number, campaigns by title, within view."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.campaigns.models import Campaign
from bihuan.hazards.models import Hazard
from bihuan.search.excerpts import marked
from bihuan.search.grams import MAX_QUERY, Terms, terms_of
from bihuan.search.models import Kind
from bihuan.search.ranking import SHOWN, Hit, hit, ranked
from bihuan.search.sources import source_of

_NUMBER = re.compile(r"(?:\d{4}-)?0*(\d{1,12})")


@dataclass(frozen=True)
class Section:
    """One part of the results; `url` lists all of them, or is empty where all are shown."""

    label: str
    hits: list[Hit]
    url: str = ""


def results(user: User, text: str) -> list[Section]:
    """What a person finds by these words, the record with this number first; no section without a hit."""
    text = text.strip()[:MAX_QUERY]
    terms = terms_of(text)
    sections = []
    if numbered := _numbered(user, text, terms):
        sections.append(Section("编号", [numbered]))
    for group in ranked(user, text, place=_place(user)):
        sections.append(Section(group.label, group.hits, group.url if group.is_full else ""))
    if campaigns := _campaigns(user, terms):
        sections.append(Section("专项整治", campaigns))
    return sections


def _numbered(user: User, text: str, terms: Terms) -> Hit | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    source = source_of(Kind.HAZARD)
    hazard = Hazard.objects.visible_to(user).select_related(*source.related).filter(pk=int(match[1])).first()
    return hit(source.show(hazard), terms) if hazard else None


def _campaigns(user: User, terms: Terms) -> list[Hit]:
    """Campaigns are few: their titles are read, not indexed."""
    if not terms:
        return []
    seen = Campaign.objects.visible_to(user).select_related("office")
    fitting = [campaign for campaign in seen if terms.are_in(campaign.title)]
    return [
        Hit(marked(campaign.title, terms), [], campaign.office.short_name, campaign.get_absolute_url())
        for campaign in fitting[:SHOWN]
    ]


def _place(user: User) -> str:
    """The one region everything a person sees lies in, or nothing."""
    scope = scope_of(user, Permission.VIEW_HAZARDS)
    is_area = len(scope.areas) == 1 and not (scope.departments or scope.enterprises or scope.participant)
    return scope.areas[0] if is_area and len(scope.areas[0]) > 2 else ""
