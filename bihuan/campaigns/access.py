"""Who may open the files of plans: the office while it is a draft, everybody who sees the campaign afterwards."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.attachments.access import register

from .models import Campaign, PlanDocument


def may_see_plan(user: User, pk: str) -> bool:
    """Whether the person may open the file of this plan document."""
    return (
        PlanDocument.objects.visible_to(user).filter(pk=pk).exists()
        or Campaign.objects.visible_to(user).filter(plan=int(pk)).exists()
    )


def register_access() -> None:
    """Answer for the files of this app; called once at start-up."""
    register("campaigns.plandocument", may_see_plan)
