"""The areas that the plans of running campaigns draw in words, offered to whoever draws zones (R008)."""

from __future__ import annotations

from typing import Any

from bihuan.accounts.models import User
from bihuan.zones.proposals import Proposal

from .models import Campaign

MOST_PLANS = 50
MOST_WORDS = 600  # of an address, where each takes nine bytes; the whole wording stands in the plan
MOST_NAME = 80


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
        if zone["boundary"] or zone["parts"]
    ]


def _proposal(campaign: Campaign, zone: dict[str, Any]) -> Proposal:
    start, end = zone["span"]
    words = " ".join(campaign.plan.text[start:end].split())[:MOST_WORDS]
    document = f"{campaign.title}（{campaign.doc_no}）" if campaign.doc_no else campaign.title
    return Proposal(
        name=(zone["alias"] or zone["name"])[:MOST_NAME], words=words, document=document[:120], region=campaign.region_id,
        source=campaign.short_title, source_url=campaign.get_absolute_url(),
    )  # fmt: skip
