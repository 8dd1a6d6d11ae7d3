"""What an office sets: control numbers, base quantities, campaigns under which every accident goes up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.rules import accidents as rules

from ..models import BaseQuantity, CampaignEscalation, ControlNumber, PublishedFigure
from ..standing import posts_with


def offices_for(user: User, region: Region) -> list[Organization]:
    """The offices of a person that stand over a region, itself included."""
    return [
        post.organization
        for post in posts_with(user, Permission.MANAGE_ACCIDENTS)
        if post.organization.kind == Organization.Kind.OFFICE
        and (region.code.startswith(post.organization.region_id) or len(post.organization.region_id) == 2)
    ]


@transaction.atomic
def set_control(
    region: Region, year: int, item: str, *, value: int, document: str, by: User, group: str = ""
) -> ControlNumber:
    """Hand a control number down, or change it; both are on record. Raises PermissionDenied, Refused."""
    if not offices_for(by, region):
        raise PermissionDenied
    if not document.strip():
        raise Refused("请填写下达文件")
    if group and group not in rules.groups():
        raise Refused("所选范围不存在，请重新选择")
    if not 2000 <= year <= timezone.localdate().year + 1:
        raise Refused("年份应在 2000 年至明年之间")
    number, created = ControlNumber.objects.update_or_create(
        region=region, year=year, item=item, group=group,
        defaults={"value": value, "document": document.strip()[:200], "set_by": by, "set_at": timezone.now()},
    )  # fmt: skip
    word = "下达" if created else "调整"
    record("accidents.control", number, by=by, summary=f"{word}{number}控制数 {value}（{number.document}）")
    return number


@transaction.atomic
def set_base(
    region: Region, year: int, indicator: str, *, value: Decimal, document: str, by: User
) -> BaseQuantity:
    """Enter what a relative indicator divides by. Raises PermissionDenied, Refused."""
    if not offices_for(by, region):
        raise PermissionDenied
    if indicator not in {rule.key for rule in rules.rate_rules()}:
        raise Refused("所选指标不存在，请重新选择")
    if not document.strip() or value <= 0:
        raise Refused("请填写大于 0 的数值和它的来源")
    if not 2000 <= year <= timezone.localdate().year + 1:
        raise Refused("年份应在 2000 年至明年之间")
    base, _ = BaseQuantity.objects.update_or_create(
        region=region, year=year, indicator=indicator,
        defaults={"value": value, "document": document.strip()[:200], "set_by": by, "set_at": timezone.now()},
    )  # fmt: skip
    record("accidents.base", base, by=by, summary=f"登记{base}：{value}（{base.document}）")
    return base


@transaction.atomic
def set_published(
    region: Region,
    above: str,
    first: dt.date,
    last: dt.date,
    group: str,
    *,
    accidents: int,
    deaths: int,
    document: str,
    by: User,
) -> PublishedFigure:
    """Enter what a higher level published of its whole area, to tell the region's share of it (R180).

    Raises PermissionDenied, Refused.
    """
    if not offices_for(by, region):
        raise PermissionDenied
    if above not in PublishedFigure.Above.values:
        raise Refused("请选择是哪一级公布的数")
    if group and group not in rules.groups():
        raise Refused("所选范围不存在，请重新选择")
    if last < first or first.year != last.year:
        raise Refused("起止日期应在同一年，起在止前，请核对")
    if not document.strip():
        raise Refused("请填写来源：哪份通报、快报")
    figure, _ = PublishedFigure.objects.update_or_create(
        region=region, above=above, first=first, last=last, group=group,
        defaults={
            "accidents": accidents, "deaths": deaths, "document": document.strip()[:200], "set_by": by,
            "set_at": timezone.now(),
        },
    )  # fmt: skip
    record("accidents.published", figure, by=by, summary=f"登记{figure}：{accidents} 起、{deaths} 人")
    return figure


@transaction.atomic
def set_escalation(campaign: Campaign, *, is_on: bool, document: str, by: User) -> CampaignEscalation:
    """Say whether accidents under a campaign go up whatever they cost (R172). Raises PermissionDenied, Refused."""
    if (
        not offices_for(by, campaign.region)
        or not Campaign.objects.visible_to(by).filter(pk=campaign.pk).exists()
    ):
        raise PermissionDenied
    if not document.strip():
        raise Refused("请填写依据：方案的文号和条目")
    setting, _ = CampaignEscalation.objects.update_or_create(
        campaign=campaign,
        defaults={"is_on": is_on, "document": document.strip()[:200], "by": by, "at": timezone.now()},
    )
    record("accidents.escalation", setting, by=by, summary=f"{setting}（{setting.document}）")
    return setting
