"""Polygons as the record keeps them: GeoJSON in CGCS2000, checked vertex by vertex, converted once and only once.

A geometry is a GeoJSON dictionary of type Polygon or MultiPolygon (RFC 7946): degrees, longitude first, rings closed,
the outer ring first and what is cut out of it after. Whatever is wrong is refused with its place and a remedy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import shapely

from bihuan.core.errors import Refused
from bihuan.rules.coordinates import BadCoordinates, Crs, Point, parse_point, place

DECIMALS = 7  # about a centimetre; what a survey of a zone can mean
MAX_VERTICES = 20_000
MAX_PIECES = 500
TOO_FAR = 1e12  # no number of any map; whole numbers of a file may be longer than a float
CUT_OUT = "挖去"  # stands on a line of its own before a hole, in vertices written as text
_WORDS_OF_REASON = (
    ("Self-intersection", "边界在{place}处自己与自己相交，请把该处的顶点顺次排好或挪开"),
    ("Ring Self-intersection", "边界在{place}处碰到自己，请把该处的顶点挪开"),
    ("Too few points", "有一块的顶点不足三个，请补足"),
    ("Nested shells", "有一块落在另一块里面（{place}），请删去里面的一块，或写作“挖去”"),
    ("Nested holes", "“挖去”的部分在{place}处互相套住，请只留外面的一块"),
    ("Hole lies outside shell", "“挖去”的部分（{place}）不在所属的一块里面，请核对"),
    ("Interior is disconnected", "“挖去”的部分在{place}处把一块切断，请分成几块来画"),
    ("Holes are nested", "“挖去”的部分在{place}处互相套住，请只留外面的一块"),
)

Ring = list[tuple[float, float]]  # open: the first vertex is not repeated
Piece = list[Ring]  # the outer ring, then what is cut out
Geometry = dict[str, Any]


class BadGeometry(Refused):
    """Not a usable area. ``str()`` is a Chinese sentence with the place and the remedy."""


def from_geojson(data: Any, crs: Crs) -> Geometry:
    """Read a GeoJSON Polygon or MultiPolygon whose degrees are in `crs`; the answer is in CGCS2000. Raises BadGeometry."""
    if not isinstance(data, dict) or data.get("type") not in {"Polygon", "MultiPolygon"}:
        kind = data.get("type") if isinstance(data, dict) else None
        raise BadGeometry(f"需要面（Polygon或MultiPolygon），这里是“{str(kind)[:30]}”，请导出为面后再导入")
    coordinates = data.get("coordinates")
    pieces = [coordinates] if data["type"] == "Polygon" else coordinates
    return from_pieces(_sequence(pieces, "没有坐标"), crs)


def from_pieces(pieces: Sequence[Any], crs: Crs) -> Geometry:
    """Make a geometry of pieces in `crs`, each an outer ring and its holes, closed or not. Raises BadGeometry."""
    if not pieces:
        raise BadGeometry("还没有画出区域，请至少给出三个顶点")
    if len(pieces) > MAX_PIECES:
        raise BadGeometry(f"分成了{len(pieces)}块，超过{MAX_PIECES}块上限，请拆成几个区域")
    total = 0
    kept: list[Piece] = []
    for number, piece in enumerate(pieces, start=1):
        rings = _sequence(piece, f"第{number}块没有坐标")
        found: Piece = []
        for order, ring in enumerate(rings):
            where = f"第{number}块" if order == 0 else f"第{number}块“挖去”的第{order}处"
            vertices = _sequence(ring, f"{where}没有坐标")
            total += len(vertices)
            if total > MAX_VERTICES:
                raise BadGeometry(f"顶点超过{MAX_VERTICES}个，请先在制图软件里简化边界再导入")
            found.append(_ring(vertices, crs, where))
        if not found:
            raise BadGeometry(f"第{number}块没有坐标，请删去或补全")
        kept.append(found)
    made = _as_geojson(kept)
    _check_shape(shape_of(made), kept)
    return made


def _sequence(value: Any, problem: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise BadGeometry(f"{problem}，请核对文件")
    return value


def _ring(vertices: Sequence[Any], crs: Crs, where: str) -> Ring:
    """The vertices of a ring in CGCS2000, neither closed nor doubled."""
    ring: Ring = []
    for number, vertex in enumerate(vertices, start=1):
        at = _vertex(vertex, crs, f"{where}第{number}个顶点")
        if not ring or ring[-1] != at:
            ring.append(at)
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    if len(set(ring)) < 3:
        raise BadGeometry(f"{where}只有{len(set(ring))}个不同的顶点，围成区域至少要三个，请补画")
    return ring


def _vertex(vertex: Any, crs: Crs, where: str) -> tuple[float, float]:
    if not isinstance(vertex, list | tuple) or len(vertex) < 2:
        raise BadGeometry(f"{where}不是一对经纬度，请核对")
    longitude, latitude = vertex[:2]
    for value in (longitude, latitude):
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < TOO_FAR:
            raise BadGeometry(f"{where}的“{str(value)[:20]}”不是数字，请核对")
    if abs(longitude) > 1000 or abs(latitude) > 1000:
        raise BadGeometry(
            f"{where}（{longitude:g}，{latitude:g}）是投影坐标（米）而不是经纬度，文件里又没有写明是哪个带，请连同.prj一起导入，或先转成CGCS2000经纬度"
        )
    try:
        found = place(float(longitude), float(latitude), crs).to(Crs.CGCS2000)
    except BadCoordinates as error:
        raise BadGeometry(f"{where}：{error}") from error
    return round(found.longitude, DECIMALS), round(found.latitude, DECIMALS)


def _as_geojson(pieces: list[Piece]) -> Geometry:
    closed = [[[list(vertex) for vertex in (*ring, ring[0])] for ring in piece] for piece in pieces]
    if len(closed) == 1:
        return {"type": "Polygon", "coordinates": closed[0]}
    return {"type": "MultiPolygon", "coordinates": closed}


def shape_of(geometry: Geometry) -> Any:
    """The geometry as a shapely object, for reckoning with."""
    pieces = pieces_of(geometry)
    shapes = [shapely.Polygon(rings[0], rings[1:]) for rings in pieces]
    return shapes[0] if len(shapes) == 1 else shapely.MultiPolygon(shapes)


def _check_shape(shape: Any, pieces: list[Piece]) -> None:
    if shapely.is_valid(shape):
        if shape.area <= 0:
            raise BadGeometry("顶点都在一条线上，围不成区域，请重新取点")
        return
    for number, piece in enumerate(pieces, start=1):
        alone = shapely.Polygon(piece[0], piece[1:])
        if not shapely.is_valid(alone):
            raise BadGeometry(f"第{number}块：{_reason_words(shapely.is_valid_reason(alone))}")
    # Every piece is sound by itself, so two of them are in each other's way.
    for number, piece in enumerate(pieces, start=1):
        for later, other in enumerate(pieces[number:], start=number + 1):
            if shapely.Polygon(piece[0], piece[1:]).relate_pattern(
                shapely.Polygon(other[0], other[1:]), "T********"
            ):
                raise BadGeometry(f"第{number}块和第{later}块重叠，请合并成一块或改开边界")
    raise BadGeometry(_reason_words(shapely.is_valid_reason(shape)))


def _reason_words(reason: str) -> str:
    """A GEOS reason such as "Self-intersection[103.5 30.2]" in our words, with the place."""
    name, _, rest = reason.partition("[")
    numbers = re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", rest, re.IGNORECASE)
    where = ""
    if len(numbers) >= 2:
        where = f"东经{float(numbers[0]):.5f}°、北纬{float(numbers[1]):.5f}°"
    for known, words in _WORDS_OF_REASON:
        if name.strip() == known:
            return words.format(place=where or "某")
    return f"边界在{where or '某处'}不成立，请核对该处的顶点后重画"


def pieces_of(geometry: Geometry) -> list[Piece]:
    """The pieces of a stored geometry, rings open again."""
    coordinates = geometry["coordinates"]
    pieces = [coordinates] if geometry["type"] == "Polygon" else coordinates
    return [[[(x, y) for x, y in ring[:-1]] for ring in piece] for piece in pieces]


def bbox_of(geometry: Geometry) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees."""
    vertices = [vertex for piece in pieces_of(geometry) for vertex in piece[0]]
    xs, ys = [x for x, _ in vertices], [y for _, y in vertices]
    return min(xs), min(ys), max(xs), max(ys)


def vertex_count(geometry: Geometry) -> int:
    """How many vertices are drawn, the closing ones not counted."""
    return sum(len(ring) for piece in pieces_of(geometry) for ring in piece)


def area_km2(geometry: Geometry) -> float:
    """Square kilometres, on a sphere flattened at the middle of the area: exact to a per cent for a county."""
    _, south, _, north = bbox_of(geometry)
    across = math.cos(math.radians((south + north) / 2)) * KM_PER_DEGREE
    return float(shape_of(geometry).area) * across * KM_PER_DEGREE


KM_PER_DEGREE = 111.195


def to_text(geometry: Geometry) -> str:
    """Vertices as people edit them: one "longitude, latitude" a line, an empty line between pieces."""
    blocks = []
    for piece in pieces_of(geometry):
        for order, ring in enumerate(piece):
            lines = [CUT_OUT] if order else []
            lines += [f"{x:.{DECIMALS}f}, {y:.{DECIMALS}f}" for x, y in ring]
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def from_text(text: str, crs: Crs) -> Geometry:
    """Read what `to_text` writes, or a person types: each line a place in `crs`. Raises BadGeometry naming the line."""
    pieces: list[list[list[tuple[float, float]]]] = []
    ring: list[tuple[float, float]] | None = None
    holes = False
    if len(text) > MAX_VERTICES * 60:
        raise BadGeometry(f"顶点超过{MAX_VERTICES}个，请改用文件导入并先简化边界")
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if not words:
            ring, holes = None, False
            continue
        if words.rstrip("：:") == CUT_OUT:
            if not pieces:
                raise BadGeometry(f"第{number}行：“{CUT_OUT}”前面还没有区域，请先写外面的一块")
            ring, holes = None, True
            continue
        try:
            point = parse_point(words, crs)
        except BadCoordinates as error:
            raise BadGeometry(f"第{number}行：{error}") from error
        if ring is None:
            ring = []
            if holes:
                pieces[-1].append(ring)
            else:
                pieces.append([ring])
        ring.append((point.longitude, point.latitude))
    return from_pieces(pieces, crs)


def hull_of(points: Iterable[tuple[float, float]]) -> Geometry | None:
    """The convex outline around places in CGCS2000, or None where they do not span an area."""
    hull = shapely.convex_hull(shapely.MultiPoint(list(points)))
    if hull.geom_type != "Polygon":
        return None
    ring = [(round(x, DECIMALS), round(y, DECIMALS)) for x, y in hull.exterior.coords[:-1]]
    try:
        return from_pieces([[ring]], Crs.CGCS2000)
    except BadGeometry:
        return None


def is_same(one: Geometry, other: Geometry) -> bool:
    """Whether two areas cover the same ground, wherever their rings begin and whichever way they go."""
    return one == other or bool(shapely.equals(shape_of(one), shape_of(other)))


def contains(geometry: Geometry, point: Point) -> bool:
    """Whether a place lies inside or on the boundary (以内包括本数: the edge belongs to the zone)."""
    at = point.to(Crs.CGCS2000)
    return bool(shapely.intersects_xy(shape_of(geometry), at.longitude, at.latitude))
