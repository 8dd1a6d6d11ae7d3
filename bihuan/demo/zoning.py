"""Two zones of the demo city, its base map, and two objects whose coordinates cannot be right."""

from __future__ import annotations

import datetime as dt

from bihuan.registry.models import Enterprise
from bihuan.rules.coordinates import Crs
from bihuan.zones.actions import Drawn, create_zone
from bihuan.zones.geometry import from_pieces
from bihuan.zones.kinds import ensure_zone_kinds
from bihuan.zones.membership import recheck_places
from bihuan.zones.models import ZoneKind
from bihuan.zones.outlines import from_drawing

from .city import City
from .generate import load

# Vertices on the drawing of the city (1000 × 720); the frame of regions.json lays them on the ground.
INNER_CITY = [(455, 235), (530, 228), (580, 262), (590, 330), (545, 372), (470, 360), (430, 300)]
OLD_STREETS = [(470, 262), (515, 258), (528, 300), (495, 322), (462, 305)]


def draw_zones(city: City) -> None:
    """Draw the base map and two zones, by the city's office and the district's street, with their wording."""
    ensure_zone_kinds()
    frame = load("regions")["map"]
    origin = (frame["longitude_origin"], frame["latitude_origin"])
    step = (frame["longitude_per_unit"], frame["latitude_per_unit"])
    from_drawing(city.regions.values(), origin=origin, step=step)

    def laid(ring: list[tuple[int, int]]) -> dict:
        places = [(origin[0] + x * step[0], origin[1] + y * step[1]) for x, y in ring]
        return from_pieces([[places]], Crs.CGCS2000)

    office = city.users["office"]
    create_zone(
        ZoneKind.objects.get(pk="no_burning"), "中心城区高污染燃料禁燃区", city.regions["5397"],
        Drawn(
            laid(INNER_CITY), city.today - dt.timedelta(days=120),
            "东起云溪大道，南至滨河南路，西至清风路，北至环城北路。", "关于划定高污染燃料禁燃区的通告（云政通〔2026〕3号）",
        ), by=office,
    )  # fmt: skip
    create_zone(
        ZoneKind.objects.get(pk="key_area"), "老街餐饮集中片区", city.regions["539702"],
        Drawn(
            laid(OLD_STREETS), city.today - dt.timedelta(days=60),
            "东起鼓楼街，南至老城南路，西至石桥巷，北至文庙路。", "城镇燃气安全专项整治重点区域清单",
        ), by=office,
    )  # fmt: skip
    # A slip of the pen: the places of two neighbours far apart are exchanged.
    first, last = city.enterprises[5], city.enterprises[-5]
    if first.locality_id != last.locality_id and None not in (first.longitude, last.longitude):
        for one, other in ((first, last), (last, first)):
            Enterprise.objects.filter(pk=one.pk).update(longitude=other.longitude, latitude=other.latitude)
    recheck_places(on=city.today)
