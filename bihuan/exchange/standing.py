"""Who may do what in exchange: the office of the region, for peers in its area; keys and the door only for the whole."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission

from .models import Instance, Peer
from .models.instances import seats


def manages_instance(user: User, instance: Instance | None) -> bool:
    """Whether the person may change the identity, the keys and the door: seated in its region or above."""
    codes = seats(user, Permission.MANAGE_EXCHANGE)
    return bool(codes) and (instance is None or any(instance.region_id.startswith(code) for code in codes))


def manages(user: User, peer: Peer, instance: Instance | None) -> bool:
    """Whether the person may act on a peer: the whole installation's office, or the office the peer lies under."""
    codes = seats(user, Permission.MANAGE_EXCHANGE)
    own = instance.region_id if instance else ""
    return any((own and own.startswith(code)) or peer.region_code.startswith(code) for code in codes)
