"""What batches say on a campaign's page and on an enterprise's card."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.campaigns.extras import Extra
from bihuan.campaigns.models import Campaign
from bihuan.registry.models import Enterprise
from bihuan.registry.panels import Panel, PanelRow

from .actions.composing import organizer
from .models import Batch, BatchObject, Subsidy
from .queries import standing_of
from .workflow import ObjectStatus, SubsidyStatus


def batches_of(campaign: Campaign, user: User) -> Extra | None:
    """How many objects of the batches are accepted and what has been paid; each figure opens its rows."""
    url = f"{reverse('batches:list')}?{urlencode({'campaign': campaign.pk})}"
    if not Batch.objects.filter(campaign=campaign).exists():
        return Extra(links=[("分批整治", url)]) if organizer(user, campaign) else None
    members = BatchObject.objects.visible_to(user).filter(campaign=campaign)
    standing = standing_of(members, on=timezone.localdate())
    paid = Subsidy.objects.visible_to(user).filter(member__campaign=campaign, status=SubsidyStatus.PAID)
    yuan = paid.aggregate(sum=Sum("amount"))["sum"] or 0
    money = (
        f"{reverse('batches:subsidies')}?{urlencode({'campaign': campaign.pk, 'status': SubsidyStatus.PAID})}"
    )
    return Extra(
        stats=[
            {
                "label": "分批整治验收合格", "figure": f"{standing.accepted:,}", "unit": "家", "beside": f"共 {standing.total:,} 家",
                "url": url, "note": f"逾期 {standing.overdue:,} 家" if standing.overdue else "没有逾期",
                "tone": "red" if standing.overdue else "",
            },
            {"label": "已拨付补贴", "figure": f"{yuan:,.2f}", "unit": "元", "url": money},
        ],
        links=[("分批整治", url)],
    )  # fmt: skip


def batches_with(enterprise: Enterprise, user: User) -> Panel | None:
    """The batches an enterprise is in, with its deadline."""
    today = timezone.localdate()
    rows = [
        PanelRow(
            label=f"{member.batch.campaign.short_title} {member.batch}",
            value="逾期" if member.is_overdue(on=today) else member.get_status_display(),
            url=member.get_absolute_url(),
            tone="red"
            if member.is_overdue(on=today)
            else "green"
            if member.status == ObjectStatus.ACCEPTED
            else "blue",
            note=f"期限 {member.due_on}",
        )
        for member in BatchObject.objects.visible_to(user)
        .filter(enterprise=enterprise)
        .exclude(status=ObjectStatus.REMOVED)
        .select_related("batch__campaign")
    ]
    return Panel("分批整治", rows) if rows else None
