"""What the map asks: objects in a window, each by itself or gathered into cells; zones and outlines in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, F, Func, IntegerField, Max, Min, Q, QuerySet
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields import FloatField

from bihuan.accounts.models import User
from bihuan.core.errors import Refused
from bihuan.registry.models import Enterprise, RiskColour

from .geometry import bbox_of
from .models import Outline, Zone, ZoneVersion

SINGLE_LIMIT = 400  # so many objects are drawn one by one
CELL_LIMIT = 2000
ZONE_LIMIT = 500
CELL_PIXELS = 64
MIN_ZOOM, MAX_ZOOM = 3, 18


@dataclass(frozen=True)
class Window:
    """The part of the map on the screen, in CGCS2000 degrees, and how deep it is zoomed."""

    west: float
    south: float
    east: float
    north: float
    zoom: int

    @property
    def cell(self) -> float:
        """The side of a cell in degrees, so that it is about 64 pixels wide."""
        return 360 / 256 / 2**self.zoom * CELL_PIXELS

    @property
    def holds(self) -> Q:
        return Q(
            longitude__gte=self.west, longitude__lte=self.east,
            latitude__gte=self.south, latitude__lte=self.north,
        )  # fmt: skip


def read_window(bbox: str, zoom: str) -> Window:
    """Read "west,south,east,north" and a zoom. Raises Refused with a Chinese sentence."""
    try:
        west, south, east, north = (float(part) for part in bbox[:120].split(","))
        depth = round(float(zoom[:8] or "10"))
    except (ValueError, OverflowError) as error:
        raise Refused("地图范围应写成“西,南,东,北”四个度数，请刷新地图后重试") from error
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Refused("地图范围不成立，应为西小于东、南小于北的经纬度，请刷新地图后重试")
    return Window(west, south, east, north, min(max(depth, MIN_ZOOM), MAX_ZOOM))


class CellNumber(Func):
    """Which cell a coordinate falls into: the whole part of a positive quotient, on both databases."""

    template = "CAST(FLOOR(%(expressions)s) AS integer)"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # SQLite truncates, which is the same above zero; its FLOOR would be a call into Python for every row.
        return super().as_sql(compiler, connection, template="CAST(%(expressions)s AS INTEGER)", **context)


def _cell_of(column: str, origin: float, cell: float) -> CellNumber:
    return CellNumber(ExpressionWrapper((F(column) - origin) / cell, output_field=FloatField()))


def objects_in(rows: QuerySet[Enterprise], window: Window) -> dict[str, Any]:
    """What the map draws of `rows`: all one by one when few, else counted in cells. Two queries, however many rows."""
    inside = rows.filter(window.holds).order_by()
    cells = list(
        inside.annotate(
            column=_cell_of("longitude", window.west, window.cell), row=_cell_of("latitude", window.south, window.cell)
        )
        .values("column", "row")
        .annotate(
            n=Count("pk"), x=Avg("longitude"), y=Avg("latitude"),
            **{risk.value: Count("pk", filter=Q(risk=risk.value)) for risk in RiskColour},
        )
        .order_by("-n")[: CELL_LIMIT + 1]
    )  # fmt: skip
    total = sum(cell["n"] for cell in cells[:CELL_LIMIT])
    answer: dict[str, Any] = {"total": total, "objects": [], "cells": [], "more": len(cells) > CELL_LIMIT}
    if total <= SINGLE_LIMIT:
        answer["objects"] = [_object(each) for each in inside.select_related("kind").order_by("-id")]
    else:
        answer["cells"] = [_cell(cell) for cell in cells[:CELL_LIMIT]]
    return answer


def _object(enterprise: Enterprise) -> dict[str, Any]:
    return {
        "name": enterprise.name, "x": enterprise.longitude, "y": enterprise.latitude, "risk": enterprise.risk,
        "risk_words": enterprise.get_risk_display(), "kind": enterprise.kind.label,
        "status": "" if enterprise.status == "operating" else enterprise.get_status_display(),
        "url": enterprise.get_absolute_url(),
    }  # fmt: skip


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    counts = {risk.value: cell[risk.value] for risk in RiskColour if cell[risk.value]}
    return {
        "x": round(cell["x"], 6), "y": round(cell["y"], 6), "n": cell["n"], "risk": next(iter(counts)),
        "words": "、".join(f"{RiskColour(key).label}{number:,}" for key, number in counts.items()),
    }  # fmt: skip


def zones_in(user: User, window: Window, *, on: dt.date, kind: str = "") -> dict[str, Any]:
    """The zones in force in a window as GeoJSON features, those a person may see; one query."""
    versions = (
        ZoneVersion.objects.in_force(on=on)
        .filter(
            zone__in=Zone.objects.visible_to(user).values("pk"), west__lte=window.east, east__gte=window.west,
            south__lte=window.north, north__gte=window.south,
        )
        .select_related("zone__kind")
    )  # fmt: skip
    if kind:
        versions = versions.filter(zone__kind=kind)
    found = list(versions.order_by("zone__kind__position", "zone_id")[: ZONE_LIMIT + 1])
    features = [
        {
            "type": "Feature", "id": version.zone_id, "geometry": version.geometry,
            "properties": {
                "name": version.zone.name, "kind": version.zone.kind.label, "tone": version.zone.kind.tone,
                "url": version.zone.get_absolute_url(),
            },
        }
        for version in found[:ZONE_LIMIT]
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features, "more": len(found) > ZONE_LIMIT}


def base_map(city: str) -> dict[str, Any]:
    """The schematic base of a city: outlines of its counties and townships. Names of places are no secret."""
    outlines = Outline.objects.select_related("region").filter(region__code__startswith=city)
    features = [
        {
            "type": "Feature", "id": outline.region_id, "geometry": outline.geometry,
            "properties": {
                "name": outline.region.short_name, "level": len(outline.region_id),
                "leaf": outline.region.is_locality, "hull": outline.source == Outline.Source.HULL,
            },
        }
        for outline in outlines.order_by("region_id")
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def extent_of(rows: QuerySet[Enterprise], city: str) -> list[float] | None:
    """West, south, east, north of what there is to see: the placed objects, else the outlines of the city."""
    bounds = rows.filter(longitude__isnull=False, latitude__isnull=False).order_by().aggregate(
        west=Min("longitude"), south=Min("latitude"), east=Max("longitude"), north=Max("latitude")
    )  # fmt: skip
    if bounds["west"] is not None:
        return [bounds[side] for side in ("west", "south", "east", "north")]
    boxes = _outline_boxes(city)
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return [min(west), min(south), max(east), max(north)]


def _outline_boxes(city: str) -> list[tuple[float, float, float, float]]:
    return [bbox_of(outline.geometry) for outline in Outline.objects.filter(region__code__startswith=city)]
