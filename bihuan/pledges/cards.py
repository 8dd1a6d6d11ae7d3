"""What promises say on other people's pages: on an enterprise's card, and on a campaign's."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.campaigns.extras import Extra
from bihuan.campaigns.models import Campaign
from bihuan.registry.models import Enterprise
from bihuan.registry.panels import Panel, PanelRow

from . import queries
from .models import FalseClaim, Pledge
from .workflow import PledgeStatus

LINES = 4
TONES = {
    PledgeStatus.DRAFT: "",
    PledgeStatus.SIGNED: "blue",
    PledgeStatus.VERIFYING: "blue",
    PledgeStatus.VERIFIED: "green",
    PledgeStatus.OBJECTED: "orange",
    PledgeStatus.WITHDRAWN: "",
}


def promises_of(enterprise: Enterprise, user: User) -> Panel | None:
    """False claims first, in red; then the latest promises with how far they are checked and until when they stand."""
    if not user.has_perm(Permission.VIEW_REGISTRY):
        return None
    pledges = Pledge.objects.visible_to(user).filter(enterprise=enterprise).select_related("form")
    today = timezone.localdate()
    rows = [
        PanelRow(
            label=claim.line.description or claim.note,
            value="弄虚作假",
            url=claim.get_absolute_url(),
            tone="red",
            note=f"{claim.found_on} 认定，{'已移送查处' if claim.handed_at else '未移送'}",
        )
        for claim in FalseClaim.objects.visible_to(user)
        .filter(enterprise=enterprise)
        .select_related("line__pledge")[:LINES]
    ]
    for pledge in pledges[:LINES]:
        is_over = pledge.valid_to is not None and pledge.valid_to < today
        rows.append(
            PanelRow(
                label=f"{pledge.form.title} {pledge.number}".strip(),
                value="已到期" if is_over else pledge.get_status_display(),
                url=pledge.get_absolute_url(),
                tone="red" if is_over else TONES[PledgeStatus(pledge.status)],
                note=f"有效期至 {pledge.valid_to}" if pledge.valid_to else "",
            )
        )
    url = f"{reverse('pledges:list')}?{urlencode({'enterprise': enterprise.pk})}"
    return Panel("自查与承诺", rows, empty="还没有签过承诺书。", url=url, url_label="全部承诺书")


def self_checked(campaign: Campaign, user: User) -> Extra | None:
    """How many enterprises have checked themselves, and how many promised, each opening its rows (R074)."""
    count = queries.self_checked_enterprises(user, campaign)
    query = urlencode({"campaign": campaign.pk})
    return Extra(
        stats=[
            {
                "label": "开展自查的企业",
                "figure": f"{count:,}",
                "unit": "家",
                "url": f"{reverse('pledges:self_checks')}?{query}",
                "hint": "用行动的检查表自己查过的企业，不计入监督检查",
            }
        ]
    )
