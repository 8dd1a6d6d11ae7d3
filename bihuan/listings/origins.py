"""What the pages of a hazard and of an enterprise say of their listings, and the way to report one."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.utils import timezone

from bihuan.accidents.models import Accident
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.addresses import address
from bihuan.hazards.models import Hazard
from bihuan.hazards.origins import Origin
from bihuan.hazards.workflow import Level, Move, is_legal
from bihuan.registry.models import Enterprise
from bihuan.registry.panels import Panel, PanelRow

from .models import Listing
from .queries import UNSETTLED
from .workflow import ListingStatus


def is_under_way(hazard: Hazard) -> bool:
    """Whether a listing of this hazard is reported, hanging or being ended."""
    return Listing.objects.open().filter(hazard=hazard).exists()


def listing_of(hazard: Hazard, user: User) -> Iterator[Origin]:
    """The listings of a major hazard; without an open one the report can begin here."""
    if hazard.level != Level.MAJOR:
        return
    seen = list(Listing.objects.visible_to(user).filter(hazard=hazard).order_by("-pk")[:3])
    for listing in seen:
        words = f"{listing.number} {listing.get_level_display()}，{listing.get_status_display()}"
        act = "查看挂牌" if listing.pk == seen[0].pk else ""
        yield Origin("挂牌督办", words, listing.get_absolute_url(), act)
    may = user.has_perm(Permission.MANAGE_LISTINGS) and is_legal(
        Move.PLACE_UNDER_SUPERVISION, hazard.status, hazard.level
    )
    if may and not Listing.objects.open().filter(hazard=hazard).exists():
        url = f"{address('listings:begin')}?{urlencode({'hazard': hazard.pk})}"
        yield Origin("挂牌督办", "呈报挂牌", url, "挂牌呈报")


def listing_of_accident(accident: Accident, user: User) -> Iterator[Origin]:
    """The listing of an inquiry; without an open one the report can begin here (R095)."""
    if not user.has_perm(Permission.VIEW_LISTINGS):
        return
    seen = list(Listing.objects.visible_to(user).filter(accident=accident).order_by("-pk")[:3])
    for listing in seen:
        words = f"{listing.number} {listing.get_level_display()}，{listing.get_status_display()}"
        yield Origin("查处挂牌督办", words, listing.get_absolute_url())
    open_to_list = accident.is_production and accident.status in UNSETTLED
    may = user.has_perm(Permission.MANAGE_LISTINGS) and open_to_list
    if may and not Listing.objects.open().filter(accident=accident).exists():
        yield Origin(
            "查处挂牌督办", "呈报挂牌", f"{address('listings:begin')}?{urlencode({'accident': accident.pk})}"
        )
    elif not seen:
        yield Origin("查处挂牌督办", "没有挂牌")


def listings_of(enterprise: Enterprise, user: User) -> Panel | None:
    """The listings of an enterprise, on its own page."""
    today = timezone.localdate()
    rows = [
        PanelRow(
            label=each.title,
            value="逾期" if each.is_overdue(on=today) else each.get_status_display(),
            url=each.get_absolute_url(),
            tone="green" if each.status == ListingStatus.STRUCK_OFF else "red",
            note=f"{each.get_level_display()}，期限 {each.due_on}",
        )
        for each in Listing.objects.visible_to(user)
        .filter(enterprise=enterprise)
        .exclude(status=ListingStatus.WITHDRAWN)[:10]
    ]
    return Panel("挂牌督办", rows) if rows else None
