"""Who may open the files of plans: the office while it is a draft, everybody who sees the campaign afterwards."""

from __future__ import annotations

from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.attachments.access import register

from .models import Amendment, Campaign, PlanDocument, Subplan


def may_see_plan(user: User, pk: str) -> bool:
    """Whether the person may open the file of this plan document."""
    versions = Amendment.objects.visible_to(user).filter(status="applied")
    return (
        PlanDocument.objects.visible_to(user).filter(pk=pk).exists()
        or Campaign.objects.visible_to(user).filter(plan=int(pk)).exists()
        or versions.filter(Q(document=int(pk)) | Q(previous=int(pk))).exists()
    )


def may_see_subplan(user: User, pk: str) -> bool:
    """Whether the person may open the file of this sub-plan."""
    return Subplan.objects.visible_to(user).filter(pk=pk).exists()


def register_access() -> None:
    """Answer for the files of this app; called once at start-up."""
    register("campaigns.plandocument", may_see_plan)
    register("campaigns.subplan", may_see_subplan)
