"""What a hazard's own page says of other levels: where it was handed over to or came from, and the way to hand it over."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import chain_of
from bihuan.core.addresses import address
from bihuan.hazards.models import Hazard
from bihuan.hazards.origins import Origin

from .models import Handover, Peer
from .models.packages import Direction
from .workflow import HandoverStatus, PeerStatus

UNDERWAY = {HandoverStatus.SENT, HandoverStatus.ACCEPTED}


def handed_over(hazard: Hazard, user: User) -> Iterator[Origin]:
    """The handovers of a hazard; without one under way it can be handed over here."""
    if not user.has_perm(Permission.VIEW_EXCHANGE):
        return
    rows = Handover.objects.visible_to(user).filter(Q(subject=chain_of(hazard)) | Q(hazard=hazard))
    seen = list(rows.select_related("peer").order_by("-pk")[:5])
    for each in seen:
        way = "移送给" if each.direction == Direction.OUT else "来自"
        yield Origin("层级移送", f"{way}{each.peer}，{each.get_status_display()}", each.get_absolute_url())
    underway = any(each.direction == Direction.OUT and each.status in UNDERWAY for each in seen)
    may = hazard.is_open and not underway and user.has_perm(Permission.MANAGE_EXCHANGE)
    if may and Peer.objects.visible_to(user).filter(status=PeerStatus.ACTIVE).exists():
        link = f"{address('exchange:hand_over')}?{urlencode({'hazard': hazard.pk})}"
        yield Origin("层级移送", "移送给别级", link)
