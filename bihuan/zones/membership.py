"""Who lies in which zone, kept up to date and never forgotten: reckoned anew whenever a zone or a place changes.

An object is an enterprise at its registered place, or one of its premises in use. Everything here may be run twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from bihuan.registry.models import Enterprise, Premises
from bihuan.rules.coordinates import Crs, Point

from .geometry import contains, shape_of
from .grid import ZoneGrid
from .models import Misplacement, Outline, Zone, ZoneMembership, ZoneVersion

CHUNK = 2000
FEW = 8  # places up to which each is asked for by itself
Cause = ZoneMembership.Cause


class Spot(NamedTuple):
    """Where an object is, in CGCS2000 degrees."""

    enterprise: int
    premises: int | None
    longitude: float
    latitude: float
    locality: str


class Stay(NamedTuple):
    """An object in a zone."""

    zone: int
    enterprise: int
    premises: int | None


@dataclass(frozen=True)
class Areas:
    """Areas under their keys, ready to be asked about many places."""

    keys: tuple[object, ...]
    grid: ZoneGrid

    def holding(self, spots: Sequence[Spot]) -> list[tuple[int, object]]:
        """(number of the spot, key of the area) of every spot in an area."""
        places, areas = self.grid.pairs(
            np.array([spot.longitude for spot in spots]), np.array([spot.latitude for spot in spots])
        )
        return [(int(place), self.keys[int(area)]) for place, area in zip(places, areas, strict=True)]


# The areas asked for last, under what they were made of; a process serves one installation.
_KEPT: dict[str, tuple[tuple[object, ...], Areas]] = {}


def _kept(name: str, stamp: tuple[object, ...], make: Callable[[], Areas]) -> Areas:
    known = _KEPT.get(name)
    if known is None or known[0] != stamp:
        known = _KEPT[name] = (stamp, make())
    return known[1]


def zones_in_force(on: dt.date) -> Areas:
    """All zones in force on a day."""
    stamp = tuple(ZoneVersion.objects.in_force(on=on).order_by("pk").values_list("pk", flat=True))

    def make() -> Areas:
        versions = list(ZoneVersion.objects.filter(pk__in=stamp).order_by("pk"))
        return Areas(
            tuple(version.zone_id for version in versions),
            ZoneGrid([shape_of(version.geometry) for version in versions]),
        )

    return _kept("zones", stamp, make)


def localities_outlined() -> Areas:
    """The townships, streets and development zones with an outline somebody gave."""
    given = Outline.objects.filter(source=Outline.Source.GIVEN, region__kind__in=["township", "zone"])
    stamp = tuple(given.order_by("pk").values_list("pk", "updated_at"))

    def make() -> Areas:
        outlines = list(given.order_by("pk"))
        return Areas(
            tuple(outline.region_id for outline in outlines),
            ZoneGrid([shape_of(outline.geometry) for outline in outlines]),
        )

    return _kept("localities", stamp, make)


def locality_at(longitude: float, latitude: float) -> str | None:
    """The township, street or zone whose given outline holds a place in CGCS2000; the first code on a shared edge."""
    here = Spot(0, None, longitude, latitude, "")
    return min((str(region) for _, region in localities_outlined().holding([here])), default=None)


def spots_of(enterprise_ids: Iterable[int]) -> list[Spot]:
    """Where these enterprises and their premises in use are; those without coordinates are not among them."""
    ids = list(enterprise_ids)
    known = {"longitude__isnull": False, "latitude__isnull": False}
    own = Enterprise.objects.filter(pk__in=ids, **known).values_list(
        "pk", "longitude", "latitude", "locality_id"
    )
    parts = Premises.objects.filter(enterprise__in=ids, is_active=True, **known).values_list(
        "enterprise_id", "pk", "longitude", "latitude", "locality_id"
    )
    spots = [Spot(pk, None, x, y, locality) for pk, x, y, locality in own if x is not None and y is not None]
    spots += [
        Spot(pk, part, x, y, place) for pk, part, x, y, place in parts if x is not None and y is not None
    ]
    return spots


def _zones_holding(spots: Sequence[Spot], on: dt.date) -> list[tuple[int, int]]:
    """(number of the spot, zone) of every spot in a zone. For a few places no grid is laid over all zones."""
    if len(spots) > FEW:
        return [(number, int(str(zone))) for number, zone in zones_in_force(on).holding(spots)]
    found = []
    for number, spot in enumerate(spots):
        for version in ZoneVersion.objects.in_force(on=on).around(spot.longitude, spot.latitude):
            if contains(version.geometry, Point(spot.longitude, spot.latitude, Crs.CGCS2000)):
                found.append((number, version.zone_id))
    return found


def settle_objects(enterprise_ids: Iterable[int], *, on: dt.date) -> int:
    """Reckon the zones of some enterprises after their places changed; how many stays began or ended.

    Call inside the transaction of the change.
    """
    ids = sorted(set(enterprise_ids))
    changed = 0
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        spots = spots_of(part)
        wanted = {
            Stay(zone, spots[number].enterprise, spots[number].premises)
            for number, zone in _zones_holding(spots, on)
        }
        changed += _keep(wanted, ZoneMembership.objects.filter(enterprise__in=part), on=on, cause=Cause.PLACE)
        note_misplaced(part, spots, on=on)
    return changed


def on_moved(enterprise_ids: Sequence[int]) -> None:
    """What the registry calls when places changed."""
    if Zone.objects.exists() or Outline.objects.exists():
        settle_objects(enterprise_ids, on=timezone.localdate())


def candidates(zone: Zone, version: ZoneVersion | None) -> list[int]:
    """The enterprises a change of this zone may concern: in the box of the version, or in the zone until now."""
    ids = set(ZoneMembership.objects.filter(zone=zone, left_on=None).values_list("enterprise_id", flat=True))
    if version is not None:
        box = Q(
            longitude__gte=version.west, longitude__lte=version.east,
            latitude__gte=version.south, latitude__lte=version.north,
        )  # fmt: skip
        ids |= set(Enterprise.objects.filter(box).values_list("pk", flat=True))
        ids |= set(Premises.objects.filter(box, is_active=True).values_list("enterprise_id", flat=True))
    return sorted(ids)


def version_in_force(zone: Zone, on: dt.date) -> ZoneVersion | None:
    """The version of a zone that holds on a day, None before the first and after the last."""
    return ZoneVersion.objects.in_force(on=on).filter(zone=zone).order_by("-number").first()


def settle_zone(
    zone: Zone, *, on: dt.date, after: int = 0, step: Callable[[int, int], None] | None = None
) -> int:
    """Reckon who lies in a zone after it was drawn anew or its day came; how many stays began or ended.

    Piece by piece, each a transaction of its own: `after` is the last enterprise an earlier run got to, `step` is told
    (enterprises done, last enterprise) after every piece.
    """
    version = version_in_force(zone, on)
    areas = Areas((zone.pk,), ZoneGrid([shape_of(version.geometry)] if version else []))
    ids = [pk for pk in candidates(zone, version) if pk > after]
    changed = 0
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        with transaction.atomic():
            spots = spots_of(part)
            wanted = {
                Stay(zone.pk, spots[number].enterprise, spots[number].premises)
                for number, _ in areas.holding(spots)
            }
            held = ZoneMembership.objects.filter(zone=zone, enterprise__in=part)
            changed += _keep(wanted, held, on=on, cause=Cause.ZONE)
        if step is not None:
            step(start + len(part), part[-1])
    Zone.objects.filter(pk=zone.pk).update(settled_version=version)
    return changed


def _keep(wanted: set[Stay], held: QuerySet[ZoneMembership], *, on: dt.date, cause: str) -> int:
    """Let the open lines say what is wanted: new ones begin today, the others end today."""
    have = {
        Stay(zone, enterprise, premises): pk
        for pk, zone, enterprise, premises in held.filter(left_on=None).values_list(
            "pk", "zone_id", "enterprise_id", "premises_id"
        )
    }
    gone = [pk for stay, pk in have.items() if stay not in wanted]
    fresh = sorted(wanted - have.keys(), key=lambda stay: (stay.zone, stay.enterprise, stay.premises or 0))
    if gone:
        ZoneMembership.objects.filter(pk__in=gone, left_on=None).update(left_on=on, left_by=cause)
    # Whoever reckons the same at the same time has written the same line.
    ZoneMembership.objects.bulk_create(
        [
            ZoneMembership(
                zone_id=stay.zone, enterprise_id=stay.enterprise, premises_id=stay.premises, entered_on=on,
                entered_by=cause,
            )
            for stay in fresh
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return len(gone) + len(fresh)


def _outside_their_township(spots: Sequence[Spot]) -> list[Spot]:
    """The spots that lie outside the outline of the township they are registered in; hulls prove nothing."""
    given = Outline.objects.filter(source=Outline.Source.GIVEN, region__in={spot.locality for spot in spots})
    outside = []
    for outline in given:
        own = [spot for spot in spots if spot.locality == outline.region_id]
        inside = shapely.intersects_xy(
            shape_of(outline.geometry), [spot.longitude for spot in own], [spot.latitude for spot in own]
        )
        outside += [spot for spot, is_inside in zip(own, inside, strict=True) if not is_inside]
    return outside


def note_misplaced(enterprise_ids: Sequence[int], spots: Sequence[Spot], *, on: dt.date) -> None:
    """Keep the list of places that lie outside the township they are registered in, as far as outlines are known."""
    outside = _outside_their_township(spots)
    lies_in: dict[int, set[str]] = {}
    for number, region in localities_outlined().holding(outside) if outside else []:
        lies_in.setdefault(number, set()).add(str(region))
    wrong: dict[tuple[int, int | None], str | None] = {
        (spot.enterprise, spot.premises): min(lies_in.get(number, set()), default=None)
        for number, spot in enumerate(outside)
    }
    held = Misplacement.objects.filter(enterprise__in=enterprise_ids)
    have: dict[tuple[int, int | None], tuple[int, str | None]] = {
        (enterprise, premises): (pk, region)
        for pk, enterprise, premises, region in held.values_list(
            "pk", "enterprise_id", "premises_id", "lies_in_id"
        )
    }
    stale = [pk for key, (pk, region) in have.items() if key not in wrong or wrong[key] != region]
    if stale:
        Misplacement.objects.filter(pk__in=stale).delete()
    Misplacement.objects.bulk_create(
        [
            Misplacement(enterprise_id=enterprise, premises_id=premises, lies_in_id=region, found_on=on)
            for (enterprise, premises), region in wrong.items()
            if (enterprise, premises) not in have or have[enterprise, premises][1] != region
        ],
        ignore_conflicts=True,
    )


def catch_up(*, on: dt.date) -> int:
    """Settle the zones whose version in force is not the one last settled by (a date came, a job was lost); how many."""
    done = 0
    for zone in Zone.objects.select_related("settled_version"):
        version = version_in_force(zone, on)
        if (version.pk if version else None) != zone.settled_version_id:
            settle_zone(zone, on=on)
            done += 1
    return done


def recheck_places(*, on: dt.date) -> int:
    """Look at every object's place anew after outlines changed; how many lie elsewhere now."""
    last = 0
    while True:
        part = list(
            Enterprise.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
        )
        if not part:
            return Misplacement.objects.count()
        with transaction.atomic():
            note_misplaced(part, spots_of(part), on=on)
        last = part[-1]
