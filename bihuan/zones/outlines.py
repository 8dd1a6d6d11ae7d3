"""The schematic base map: outlines of regions out of a file, on a drawing of the city, or around the objects known there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from bihuan.accounts.models import Region
from bihuan.core.errors import Refused
from bihuan.registry.models import Enterprise
from bihuan.rules.coordinates import Crs

from .files import read_areas
from .geometry import BadGeometry, from_pieces, hull_of
from .models import Outline

ENOUGH = 3  # objects around which a hull can be drawn


@transaction.atomic
def bring_outlines(data: bytes, crs: Crs) -> int:
    """Keep the areas of a file as outlines; each is named by its region's code or name. All or none.

    Raises Refused naming the area that fits no region, or more than one.
    """
    areas = read_areas(data, crs)
    for area in areas:
        regions = list(Region.objects.filter(pk=area.name)) or list(Region.objects.filter(name=area.name)[:2])
        if len(regions) != 1:
            what = "没有对应的辖区" if not regions else "与几个辖区同名"
            raise Refused(f"“{area.name}”{what}，请把区划代码填到文件的name字段里再导入")
        Outline.objects.update_or_create(
            region=regions[0], defaults={"geometry": area.geometry, "source": Outline.Source.GIVEN}
        )
    return len(areas)


def from_drawing(regions: Iterable[Region], *, origin: tuple[float, float], step: tuple[float, float]) -> int:
    """Outlines from the drawings regions carry (Region.outline), laid on the ground; how many.

    `origin` is the longitude and latitude of the drawing's corner, `step` the degrees of one unit of it.
    """
    made = 0
    for region in regions:
        ring = [(origin[0] + x * step[0], origin[1] + y * step[1]) for x, y in region.outline]
        try:
            geometry = from_pieces([[ring]], Crs.CGCS2000)
        except BadGeometry:
            continue  # not drawn, or drawn as no area: the base map goes without it
        Outline.objects.update_or_create(
            region=region, defaults={"geometry": geometry, "source": Outline.Source.GIVEN}
        )
        made += 1
    return made


def draw_hulls() -> int:
    """Townships without an outline get the convex one around the objects registered in them; how many."""
    given = Outline.objects.filter(source=Outline.Source.GIVEN).values("pk")
    bare = Region.objects.filter(kind__in=[Region.Kind.TOWNSHIP, Region.Kind.ZONE]).exclude(pk__in=given)
    places: dict[str, list[tuple[float, float]]] = defaultdict(list)
    known = Enterprise.objects.filter(locality__in=bare, longitude__isnull=False, latitude__isnull=False)
    for locality, x, y in known.values_list("locality_id", "longitude", "latitude").iterator():
        if x is not None and y is not None:
            places[locality].append((x, y))
    made = 0
    for locality, points in places.items():
        geometry = hull_of(points) if len(points) >= ENOUGH else None
        if geometry is not None:
            Outline.objects.update_or_create(
                region_id=locality, defaults={"geometry": geometry, "source": Outline.Source.HULL}
            )
            made += 1
    return made
