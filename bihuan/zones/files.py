"""Areas out of files of others: GeoJSON, KML and KMZ, zipped shapefiles.

What a file is, its content says. Archives are opened through the counted door of `plans.reading.archive`, XML without
entities; degrees are converted in `geometry`, from the system the person names, once. Metres of a surveying office
become degrees by the projection the file itself declares.
"""

from __future__ import annotations

import io
import json
import re
import struct
from dataclasses import dataclass
from typing import Any

import shapefile
from lxml import etree

from bihuan.plans.reading.archive import Archive, parse
from bihuan.plans.reading.errors import PlanReadError
from bihuan.rules.coordinates import BadCoordinates, Crs
from bihuan.rules.projections import CONVERT, Projection, projection_of_epsg, projection_of_wkt

from .geometry import MAX_PIECES, TOO_FAR, BadGeometry, Geometry, from_pieces

MAX_BYTES = 20 * 1024 * 1024
MAX_AREAS = 500
FORMATS = "GeoJSON（.geojson、.json）、KML（.kml、.kmz）或打成zip的shapefile（.shp、.shx、.dbf、.prj）"
# Attributes a name is looked for in, in this order; compared without case.
NAME_FIELDS = ("name", "名称", "区域名称", "mc", "title", "zonename", "zone_name", "bz", "备注")
_GEOGRAPHIC = re.compile(r"2000|WGS[_ ]?(?:19)?84|4490|4326|CRS84", re.IGNORECASE)
_PROJECTED = re.compile(r"PROJCS|Gauss|Transverse|UTM|Mercator", re.IGNORECASE)
_CODE = re.compile(r"EPSG:+(?:[\d.]*:)?(\d{4,5})$", re.IGNORECASE)

Named = tuple[str, list[Any]]  # name, pieces as nested lists of numbers


@dataclass(frozen=True)
class Found:
    """One area of a file: what it is called there, its polygon in CGCS2000, and the projection it was in, if any."""

    name: str
    geometry: Geometry
    system: str = ""


@dataclass(frozen=True)
class _Layer:
    """What a file holds: areas as (name, pieces), and how its numbers become degrees when they are metres."""

    named: list[Named]
    projection: Projection | None = None


def read_areas(data: bytes, crs: Crs) -> list[Found]:
    """The areas of a file whose degrees are in `crs`. Raises BadGeometry naming the place and the remedy."""
    if not data:
        raise BadGeometry("文件是空的，请重新选择")
    if len(data) > MAX_BYTES:
        raise BadGeometry(f"文件超过{MAX_BYTES // 1048576}MB上限，请只导出需要的区域")
    layer = _read(data, crs)
    named = layer.named
    if not named:
        raise BadGeometry("文件里没有面（多边形），请把区域画成面后再导出")
    if len(named) > MAX_AREAS:
        raise BadGeometry(f"文件里有{len(named)}个区域，超过{MAX_AREAS}个上限，请分几个文件导入")
    return [
        _found(number, name, pieces, crs, layer.projection)
        for number, (name, pieces) in enumerate(named, start=1)
    ]


def _read(data: bytes, crs: Crs) -> _Layer:
    if data[:2] == b"PK":
        return _from_archive(data, crs)
    head = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in b"{[" and head:
        return _from_geojson(data, crs)
    if head[:1] == b"<" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _Layer(_from_kml(data))
    if data[:4] == b"\x00\x00\x27\x0a":
        raise BadGeometry("这是单独的shp文件，请把同名的.shp、.shx、.dbf、.prj一起压缩成zip再导入")
    raise BadGeometry(f"认不出文件格式，请用{FORMATS}")


def _found(number: int, name: str, pieces: list[Any], crs: Crs, projection: Projection | None) -> Found:
    name = " ".join(name.split())[:60]
    try:
        if projection is not None:
            pieces = _in_degrees(pieces, projection)
        geometry = from_pieces(pieces, crs)
    except (BadGeometry, BadCoordinates) as error:
        raise BadGeometry(f"第{number}个区域{f'“{name}”' if name else ''}：{error}") from error
    return Found(name or f"区域{number}", geometry, projection.label if projection else "")


def _in_degrees(pieces: list[Any], projection: Projection) -> list[Any]:
    """The same pieces with every vertex in degrees; what is no vertex is left for `geometry` to name."""

    def vertex(at: Any) -> Any:
        is_pair = isinstance(at, list | tuple) and len(at) >= 2
        if not is_pair or not all(
            isinstance(value, int | float) and abs(value) < TOO_FAR for value in at[:2]
        ):
            return at
        return projection.to_degrees(float(at[0]), float(at[1]))

    return [
        [[vertex(at) for at in ring] if isinstance(ring, list | tuple) else ring for ring in piece]
        if isinstance(piece, list | tuple)
        else piece
        for piece in pieces
    ]


def _from_archive(data: bytes, crs: Crs) -> _Layer:
    try:
        archive = Archive(data)
        names = sorted(name for name in archive.names if not name.startswith("__MACOSX/"))
        kml = [name for name in names if name.lower().endswith(".kml")]
        shp = [name for name in names if name.lower().endswith(".shp")]
        if kml:
            # A KMZ keeps its main document as doc.kml; everything else in it is pictures.
            main = next((name for name in kml if name.lower().endswith("doc.kml")), kml[0])
            return _Layer(_from_kml(archive.read(main)))
        if len(shp) == 1:
            return _from_shapefile(archive, shp[0], crs)
    except PlanReadError as error:
        text = str(error)
        if "加了密码" in text:
            raise BadGeometry("压缩包加了密码，请去掉密码后重新导入") from error
        if "异常庞大" in text or "条目过多" in text:
            raise BadGeometry("压缩包解压后异常庞大，疑似恶意文件，已拒绝；请核实来源后重新导出") from error
        raise BadGeometry("压缩包已损坏，无法打开，请重新导出") from error
    if shp:
        raise BadGeometry(f"压缩包里有{len(shp)}个图层（.shp），分不清要哪一个，请每个图层单独压缩")
    raise BadGeometry("压缩包里没有.kml也没有.shp，请核对后重新压缩")


def _from_geojson(data: bytes, crs: Crs) -> _Layer:
    try:
        tree = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadGeometry("GeoJSON文件已损坏或不是UTF-8编码，请重新导出") from error
    if not isinstance(tree, dict):
        raise BadGeometry("GeoJSON文件应为要素集（FeatureCollection），请重新导出")
    declared, projection = tree.get("crs"), None
    if isinstance(declared, dict):
        properties = declared.get("properties")
        name = str(properties.get("name", "")) if isinstance(properties, dict) else ""
        projection = _system_of(name, crs)
    features = tree.get("features") if tree.get("type") == "FeatureCollection" else [tree]
    if not isinstance(features, list):
        raise BadGeometry("GeoJSON要素集里没有features，请重新导出")
    named: list[Named] = []
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict):
            raise BadGeometry(f"GeoJSON第{number}个要素不成形，请重新导出")
        is_feature = feature.get("type") == "Feature"
        properties = feature.get("properties") if is_feature else None
        pieces = _geojson_pieces(feature.get("geometry") if is_feature else feature)
        if pieces:
            named.append((_name_in(properties if isinstance(properties, dict) else {}), pieces))
    return _Layer(named, projection)


def _geojson_pieces(geometry: Any, depth: int = 0) -> list[Any]:
    """Pieces of a geometry; points and lines are none, a collection is all its polygons."""
    if not isinstance(geometry, dict) or depth > 4:
        return []
    coordinates = geometry.get("coordinates")
    match geometry.get("type"):
        case "Polygon" if isinstance(coordinates, list):
            return [coordinates]
        case "MultiPolygon" if isinstance(coordinates, list):
            return coordinates
        case "GeometryCollection" if isinstance(geometry.get("geometries"), list):
            return [piece for each in geometry["geometries"] for piece in _geojson_pieces(each, depth + 1)]
    return []


def _system_of(declared: str, crs: Crs) -> Projection | None:
    """How the numbers of a file that declares its system become degrees; None when they are degrees already.

    Refuses a system that cannot be brought home, and one that cannot be what the person chose.
    """
    if not declared:
        return None
    try:
        code = _CODE.search(declared.strip())
        projection = projection_of_epsg(int(code[1])) if code else None
        if projection is None and _PROJECTED.search(declared):
            projection = projection_of_wkt(declared)
    except BadCoordinates as error:
        raise BadGeometry(str(error)) from error
    if projection is None and not _GEOGRAPHIC.search(declared):
        raise BadGeometry(f"文件写明的坐标系是“{declared[:40]}”，本系统不能换算，{CONVERT}")
    if crs != Crs.CGCS2000:
        raise BadGeometry(
            "文件写明是CGCS2000（WGS 84）坐标，与所选坐标系不符，请改选CGCS2000，避免重复偏移；确实是偏移过的坐标，请先删去文件里的坐标系声明"
        )
    return projection


def _name_in(properties: dict[str, Any]) -> str:
    plain = {str(key).strip().lower(): value for key, value in properties.items()}
    for field in NAME_FIELDS:
        value = plain.get(field)
        if isinstance(value, str | int | float) and str(value).strip():
            return str(value).strip()
    return ""


def _from_kml(data: bytes) -> list[Named]:
    try:
        root = parse(data)
    except PlanReadError as error:
        if "实体定义" in str(error):
            raise BadGeometry("KML文件含有实体定义，出于安全原因不予读取，请重新导出") from error
        raise BadGeometry("KML文件已损坏或过大，请重新导出") from error
    if _local(root) != "kml":
        raise BadGeometry(f"这个XML文件不是KML，请用{FORMATS}")
    named: list[Named] = []
    for placemark in root.iter():
        if _local(placemark) != "Placemark":
            continue
        polygons = [each for each in placemark.iter() if _local(each) == "Polygon"]
        name = next((each.text or "" for each in placemark if _local(each) == "name"), "")
        if polygons:
            named.append((name, [_kml_rings(polygon, name) for polygon in polygons]))
    return named


def _local(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _kml_rings(polygon: Any, name: str) -> list[list[tuple[float, float]]]:
    outer: list[list[tuple[float, float]]] = []
    holes: list[list[tuple[float, float]]] = []
    for border in polygon:
        side = _local(border)
        if side not in {"outerBoundaryIs", "innerBoundaryIs"}:
            continue
        for each in border.iter():
            if _local(each) == "coordinates":
                (outer if side == "outerBoundaryIs" else holes).append(_kml_ring(each.text or "", name))
    if len(outer) != 1:
        raise BadGeometry(f"KML里“{name or '未命名'}”的面没有唯一的外边界，请重新导出")
    return outer + holes


def _kml_ring(text: str, name: str) -> list[tuple[float, float]]:
    ring = []
    for number, triple in enumerate(text.split(), start=1):
        try:
            longitude, latitude = (float(part) for part in triple.split(",")[:2])
        except ValueError as error:
            raise BadGeometry(
                f"KML里“{name or '未命名'}”第{number}个顶点“{triple[:30]}”不是“经度,纬度”，请核对"
            ) from error
        ring.append((longitude, latitude))
    return ring


def _from_shapefile(archive: Archive, shp: str, crs: Crs) -> _Layer:
    stem = shp[:-4]
    parts = {name.lower(): name for name in archive.names}
    prj = parts.get(f"{stem}.prj".lower())
    projection = _system_of(archive.read(prj).decode("utf-8", "replace")[:4000], crs) if prj else None
    cpg = parts.get(f"{stem}.cpg".lower())
    encoding = archive.read(cpg).decode("ascii", "replace").strip().lower() if cpg else ""
    streams = {
        kind: io.BytesIO(archive.read(parts[f"{stem}.{kind}".lower()]))
        for kind in ("shp", "shx", "dbf")
        if f"{stem}.{kind}".lower() in parts
    }
    for kind in ("shp", "shx"):
        _check_length(streams, kind)
    try:
        # Latin-1 takes any byte; what the bytes mean is decided afterwards.
        return _Layer(_records(shapefile.Reader(**streams, encoding="latin-1"), encoding), projection)
    except (
        shapefile.ShapefileException, struct.error, ValueError, IndexError, KeyError, TypeError, AttributeError,
        EOFError, OSError, OverflowError, MemoryError, LookupError, AssertionError, UserWarning,
    ) as error:  # fmt: skip
        raise BadGeometry("shapefile已损坏或不完整，请重新导出后再压缩") from error


def _check_length(streams: dict[str, io.BytesIO], kind: str) -> None:
    """Refuse a part whose header says another length than it has: it was cut off, or is something else."""
    if kind not in streams:
        return
    data = streams[kind].getvalue()
    if len(data) < 100 or struct.unpack(">i", data[24:28])[0] * 2 != len(data):
        raise BadGeometry("shapefile已损坏或不完整，请重新导出后再压缩")


def _records(reader: Any, encoding: str) -> list[Named]:
    named: list[Named] = []
    fields = [_text(field[0], encoding) for field in reader.fields if field[0] != "DeletionFlag"]
    for number, shape in enumerate(reader.iterShapes()):
        geometry = shape.__geo_interface__ if shape.shapeType else {}
        pieces = _geojson_pieces(_as_lists(geometry))
        if not pieces:
            continue
        values = [_text(value, encoding) for value in reader.record(number)] if fields else []
        named.append((_name_in(dict(zip(fields, values, strict=False))), pieces))
        if len(named) > MAX_AREAS or len(pieces) > MAX_PIECES:
            break
    return named


def _text(value: Any, encoding: str) -> Any:
    """Words of an attribute table: in the encoding the file names, else UTF-8, else what Chinese offices write."""
    if not isinstance(value, str):
        return value
    content = value.encode("latin-1")
    for attempt in (encoding, "utf-8", "gb18030"):
        try:
            return content.decode(attempt)
        except (UnicodeDecodeError, LookupError):
            continue
    return ""


def _as_lists(geometry: Any) -> dict[str, Any]:
    """The interface of pyshp gives tuples of tuples; JSON knows lists."""
    made: dict[str, Any] = json.loads(json.dumps(geometry))
    return made
