"""Zones for tests: squares in the world of two counties."""

import datetime as dt

from django.utils import timezone

from bihuan.rules.coordinates import Crs
from bihuan.zones.actions import Drawn, create_zone
from bihuan.zones.geometry import from_pieces
from bihuan.zones.kinds import ensure_zone_kinds
from bihuan.zones.models import ZoneKind


def square(west=103.5, south=30.2, side=0.1):
    """A square as a stored geometry."""
    ring = [(west, south), (west + side, south), (west + side, south + side), (west, south + side)]
    return from_pieces([[ring]], Crs.CGCS2000)


def kind(key="no_burning"):
    ensure_zone_kinds()
    return ZoneKind.objects.get(pk=key)


def make_zone(world, *, by=None, name="中心城区禁燃区", region="yunxi", geometry=None, days_ago=30, **more):
    """A zone in force, drawn by the county's office."""
    drawn = Drawn(geometry or square(), timezone.localdate() - dt.timedelta(days=days_ago), **more)
    return create_zone(
        kind(), name, getattr(world.regions, region), drawn, by=by or world.people.county_office
    )


def put(enterprise, longitude, latitude):
    """Write a place straight into the record, as if it had always been there."""
    type(enterprise).objects.filter(pk=enterprise.pk).update(longitude=longitude, latitude=latitude)
    enterprise.longitude, enterprise.latitude = longitude, latitude
