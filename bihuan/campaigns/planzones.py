"""The areas that the plans of running campaigns draw in words, offered to whoever draws zones (R008)."""

from __future__ import annotations

import re
from typing import Any

from bihuan.accounts.models import User
from bihuan.zones.proposals import Proposal

from .models import Campaign

MOST_PLANS = 50
MOST_WORDS = 600  # of an address, where each takes nine bytes; the whole wording stands in the plan
MOST_NAME = 80
# What a boundary is made of, wherever in the sentence the short name stands; and the bracket that gives that name.
_SIDE = re.compile(r"[东南西北](?:面|侧|边|部)?(?:起|至|到|临|抵|邻|接|靠|沿|以)")
_ALIAS = re.compile(r"[（(]\s?(?:以下|下)统?一?(?:简称|称)[^（）()]{2,30}[)）]")


def zones_of_plans(user: User) -> list[Proposal]:
    """A proposal for every area that a plan bounds or divides; one that is only named says nothing to draw."""
    running = (
        Campaign.objects.visible_to(user)
        .filter(status=Campaign.Status.RUNNING, plan__compiled__zones__0__isnull=False)
        .select_related("plan", "region")
        .order_by("-id")
    )
    return [
        _proposal(campaign, zone)
        for campaign in running[:MOST_PLANS]
        for zone in campaign.plan.compiled["zones"]
        if zone["parts"] or _SIDE.search(_words(campaign, zone))
    ]


def _words(campaign: Campaign, zone: dict[str, Any]) -> str:
    """How the plan says the area runs, without the name it gives it."""
    start, end = zone["span"]
    return _ALIAS.sub("", " ".join(campaign.plan.text[start:end].split()))[:MOST_WORDS]


def _proposal(campaign: Campaign, zone: dict[str, Any]) -> Proposal:
    document = f"{campaign.title}（{campaign.doc_no}）" if campaign.doc_no else campaign.title
    return Proposal(
        name=(zone["alias"] or zone["name"])[:MOST_NAME], words=_words(campaign, zone), document=document[:120], region=campaign.region_id,
        source=campaign.short_title, source_url=campaign.get_absolute_url(),
    )  # fmt: skip
