"""What promises say on other people's pages: on an enterprise's card, and on a campaign's."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import chain_of
from bihuan.campaigns.extras import Extra
from bihuan.campaigns.models import Campaign
from bihuan.registry.models import Enterprise
from bihuan.registry.panels import Panel, PanelRow

from . import queries
from .models import FalseClaim, Pledge, Referral, StaffCertificate
from .standing import may_keep
from .workflow import PledgeStatus

LINES = 4
CERTIFICATES = 8
CERTIFICATE_TONES = {"valid": "green", "approaching": "yellow", "apply": "orange", "expired": "red"}
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
    claims = list(
        FalseClaim.objects.visible_to(user)
        .filter(enterprise=enterprise)
        .select_related("line__pledge")[:LINES]
    )
    cases = queries.referrals_of(claims)
    rows = [
        PanelRow(
            label=claim.line.description or claim.note,
            value="弄虚作假",
            url=claim.get_absolute_url(),
            tone="red",
            note=f"{claim.found_on} 认定，{_told_of(cases.get(chain_of(claim)))}",
        )
        for claim in claims
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


def _told_of(case: Referral | None) -> str:
    """How far the case is, in words."""
    if case is None:
        return "未移送"
    words = case.get_outcome_display() if case.outcome else case.get_status_display()
    return f"移送{case.recipient.short_name}，{words}"


def certificates_of(enterprise: Enterprise, user: User) -> Panel | None:
    """The certificates of its people, the one that ends first at the top; nothing where there is none to see."""
    today = timezone.localdate()
    held = list(StaffCertificate.objects.visible_to(user).filter(enterprise=enterprise).held())
    states = sorted(
        ((each, each.state(today)) for each in held), key=lambda row: (row[1].day or dt.date.max, row[0].pk)
    )
    url = f"{reverse('pledges:certificates')}?{urlencode({'enterprise': enterprise.pk})}"
    rows = [
        PanelRow(
            str(each), state.label, url, CERTIFICATE_TONES[state.key], f"{state.day}" if state.day else "长期"
        )
        for each, state in states[:CERTIFICATES]
    ]
    if not rows and not may_keep(user, enterprise):
        return None
    return Panel(
        "人员证件",
        rows,
        empty="没有登记人员证件。",
        url=url,
        url_label=f"全部 {len(held)} 份" if held else "登记",
    )


def self_checked(campaign: Campaign, user: User) -> Extra | None:
    """How many enterprises have checked themselves, and how many promised, each opening its rows (R074)."""
    count = queries.self_checked_enterprises(user, campaign)
    promised = queries.promised_enterprises(user, campaign)
    query = urlencode({"campaign": campaign.pk})
    return Extra(
        stats=[
            {
                "label": "开展自查的企业",
                "figure": f"{count:,}",
                "unit": "家",
                "url": f"{reverse('pledges:self_checks')}?{query}",
                "hint": "用行动的检查表自己查过的企业，不计入监督检查",
            },
            {
                "label": "签承诺书的企业",
                "figure": f"{promised:,}",
                "unit": "家",
                "url": f"{reverse('pledges:list')}?{urlencode({'campaign': campaign.pk, 'standing': 1})}",
                "hint": "为本行动签了承诺书、没有撤回的企业",
            },
        ]
    )
