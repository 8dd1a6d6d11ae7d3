"""What projects say on a campaign's page and on an enterprise's card."""

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

from .models import FundAccount, Project
from .queries import standing_of
from .workflow import ProjectStatus

TONES = {
    ProjectStatus.IN_USE: "green",
    ProjectStatus.HANDED: "green",
    ProjectStatus.ACCEPTED: "green",
    ProjectStatus.SUSPENDED: "orange",
}
SHOWN = 6


def projects_of(campaign: Campaign, user: User) -> Extra | None:
    """How many projects of the campaign are built, kilometres renewed against the plan, what its funds still hold."""
    if not user.has_perm(Permission.VIEW_PROJECTS):
        return None
    rows = Project.objects.visible_to(user).filter(campaign=campaign)
    today = timezone.localdate()
    standing = standing_of(rows, on=today)
    url = f"{reverse('projects:list')}?{urlencode({'campaign': campaign.pk})}"
    if not standing.total:
        return None
    stats = [
        {
            "label": "工程项目完工验收", "figure": f"{standing.built:,}", "unit": "个", "beside": f"入库 {standing.live:,} 个",
            "url": f"{url}&state=live", "tone": "red" if standing.behind else "",
            "note": f"超过计划完工期限 {standing.behind:,} 个" if standing.behind else "没有超期",
        }
    ]  # fmt: skip
    if standing.kilometres:
        stats.append(
            {
                "label": "管道更新改造", "figure": f"{standing.kilometres_done:,.1f}", "unit": "公里",
                "beside": f"计划 {standing.kilometres:,.1f} 公里", "url": f"{reverse('projects:figures')}?campaign={campaign.pk}",
            }
        )  # fmt: skip
    links = [("工程项目", url)]
    fund = FundAccount.objects.visible_to(user).filter(campaign=campaign).first()
    if fund is not None:
        links.append(("专项资金", fund.get_absolute_url()))
    return Extra(stats=stats, links=links)


def projects_with(enterprise: Enterprise, user: User) -> Panel | None:
    """The projects that lie on an enterprise, that it builds or runs."""
    if not user.has_perm(Permission.VIEW_PROJECTS):
        return None
    seen = Project.objects.visible_to(user).order_by()
    rows = (
        seen.filter(objects_on__enterprise=enterprise)
        .union(seen.filter(owner=enterprise), seen.filter(taker=enterprise))
        .order_by("-id")[: SHOWN + 1]
    )
    found = list(rows)
    if not found:
        return None
    return Panel(
        "工程项目",
        [
            PanelRow(
                label=each.name, value=each.get_status_display(), url=each.get_absolute_url(),
                tone=TONES.get(ProjectStatus(each.status), "blue"), note=each.kind_words,
            )
            for each in found[:SHOWN]
        ],
        url=f"{reverse('projects:list')}?{urlencode({'q': enterprise.name})}" if len(found) > SHOWN else "",
        url_label="全部项目" if len(found) > SHOWN else "",
    )  # fmt: skip
