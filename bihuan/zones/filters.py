"""What zones add to the list of enterprises: in which zone it lies, and whether its coordinates can be right."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.http import row_number
from bihuan.registry.filters import ExtraFilter
from bihuan.registry.models import EnterpriseQuerySet

from .models import Misplacement, Zone, ZoneMembership

OFFERED = 200
PLACES = {"none": "没有坐标", "outside": "坐标不在所属乡镇街道"}


def in_zone(objects: EnterpriseQuerySet, zone: Zone) -> EnterpriseQuerySet:
    """Those of `objects` that lie in a zone today, or have premises in use there."""
    stays = ZoneMembership.objects.filter(zone=zone, left_on=None, enterprise=OuterRef("pk"))
    return objects.filter(Exists(stays))


def _zone(value: str, user: User) -> Zone | None:
    return Zone.objects.visible_to(user).filter(pk=row_number(value)).first()


def _in_zone(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    zone = _zone(value, user)
    return in_zone(objects, zone) if zone else None


def _choices(user: User) -> list[tuple[str, str]]:
    zones = Zone.objects.visible_to(user).in_force(on=timezone.localdate()).select_related("kind")
    return [(str(zone.pk), f"{zone.kind.label}：{zone.name}") for zone in zones[:OFFERED]]


def _placed(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    match value:
        case "none":
            return objects.filter(longitude=None)
        case "outside":
            return objects.filter(Exists(Misplacement.objects.filter(enterprise=OuterRef("pk"))))
    return None


IN_ZONE = ExtraFilter(
    "zone", "所在区域", _in_zone, lambda value, user: str(_zone(value, user) or "无此项"), _choices
)
PLACED = ExtraFilter(
    "place",
    "位置",
    _placed,
    lambda value, user: PLACES.get(value, "无此项"),
    lambda user: list(PLACES.items()),
)
