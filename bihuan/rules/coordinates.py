"""Coordinates that know their system (坐标): CGCS2000/WGS 84, GCJ-02, BD-09, converted once and only once.

The record keeps CGCS2000 (GB 22021; it differs from WGS 84 by less than 0.1 m). AMap and Tencent show
GCJ-02, Baidu BD-09, Tianditu CGCS2000. A ``Point`` carries its system, so a point already in the wanted one
is returned as it is and nothing can be shifted twice. Outside China nothing is shifted.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

SEMI_MAJOR = 6378245.0  # metres, Krasovsky 1940, as the GCJ-02 offset is defined on it
ECCENTRICITY = 0.00669342162296594323  # squared
BD_TURN = math.pi * 3000 / 180
EARTH_RADIUS = 6371008.8  # metres, mean radius (IUGG)
# Within this box the offset applies; it is wider than the country.
WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
# Where a supervised place can lie: longitudes and latitudes do not overlap, which betrays swapped numbers.
LONGITUDES, LATITUDES = (73.0, 136.0), (3.0, 54.0)
PRECISION = 1e-11  # degrees at which the inverse stops, about a thousandth of a millimetre
MOST_STEPS = 50


class Crs(StrEnum):
    """The coordinate systems in use."""

    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


CRS_LABELS: dict[Crs, str] = {
    Crs.CGCS2000: "CGCS2000（国家大地坐标系、WGS 84）",
    Crs.GCJ02: "GCJ-02（高德、腾讯）",
    Crs.BD09: "BD-09（百度）",
}


# What files and people call the systems; WGS 84 and its EPSG code are taken as CGCS2000.
_CRS_NAMES: dict[str, Crs] = {
    **{crs.value.upper(): crs for crs in Crs},
    **dict.fromkeys(
        ("WGS84", "WGS-84", "EPSG:4326", "EPSG:4490", "CGCS-2000", "天地图", "国家2000"), Crs.CGCS2000
    ),
    **dict.fromkeys(("GCJ-02", "高德", "腾讯", "火星坐标"), Crs.GCJ02),
    **dict.fromkeys(("BD-09", "百度"), Crs.BD09),
}


class BadCoordinates(ValueError):
    """Not a usable place. ``str()`` is a Chinese sentence with the remedy."""


def find_crs(text: str) -> Crs:
    """Return the system called so (wgs84, EPSG:4490, 高德). Raises BadCoordinates rather than guess one."""
    name = "".join(unicodedata.normalize("NFKC", text).upper().split())
    if name not in _CRS_NAMES:
        raise BadCoordinates(
            f"看不懂坐标系“{text.strip()}”，请写明CGCS2000（天地图、卫星定位）、GCJ-02（高德、腾讯）或BD-09（百度）"
        )
    return _CRS_NAMES[name]


@dataclass(frozen=True)
class Point:
    """A place in degrees: longitude first, east and north positive, and the system both are in."""

    longitude: float
    latitude: float
    crs: Crs

    def __post_init__(self) -> None:
        if not isinstance(self.crs, Crs):
            raise BadCoordinates(f"没有“{self.crs}”这一坐标系，可用：{'、'.join(Crs)}")
        if not (math.isfinite(self.longitude) and math.isfinite(self.latitude)):
            raise BadCoordinates("经纬度应为数字，请重新取点")
        if abs(self.latitude) > 90:
            raise BadCoordinates(
                f"纬度{self.latitude:g}超出-90至90，可能把经度和纬度填反了，请先填经度、再填纬度"
            )
        if abs(self.longitude) > 180:
            raise BadCoordinates(f"经度{self.longitude:g}超出-180至180，请核对")

    def to(self, crs: Crs) -> Point:
        """Return the same place in another system; the point itself when it is already in it."""
        if crs == self.crs:
            return self
        start = (self.longitude, self.latitude)
        if self.crs == Crs.CGCS2000:
            gcj = _shifted(start, _to_gcj)
        elif self.crs == Crs.BD09:
            gcj = _unshifted(start, _to_bd)
        else:
            gcj = start
        if crs == Crs.CGCS2000:
            found = _unshifted(gcj, _to_gcj)
        elif crs == Crs.BD09:
            found = _shifted(gcj, _to_bd)
        else:
            found = gcj
        return Point(*found, crs)

    def label(self) -> str:
        """Return the place as people read it: 东经103.500000°，北纬30.200000°（CGCS2000…）."""
        east = "东经" if self.longitude >= 0 else "西经"
        north = "北纬" if self.latitude >= 0 else "南纬"
        return f"{east}{abs(self.longitude):.6f}°，{north}{abs(self.latitude):.6f}°（{CRS_LABELS[self.crs]}）"


def distance(one: Point, other: Point) -> float:
    """Return metres along the great circle between two places, whichever systems they are in."""
    a, b = one.to(Crs.CGCS2000), other.to(Crs.CGCS2000)
    up = math.radians(b.latitude - a.latitude)
    across = math.radians(b.longitude - a.longitude)
    level = math.cos(math.radians(a.latitude)) * math.cos(math.radians(b.latitude))
    chord = math.sin(up / 2) ** 2 + level * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(min(1.0, chord)))


def in_shifted_area(longitude: float, latitude: float) -> bool:
    """Whether the GCJ-02 and BD-09 offsets apply to these degrees."""
    return WEST <= longitude <= EAST and SOUTH <= latitude <= NORTH


def place(longitude: float, latitude: float, crs: Crs) -> Point:
    """Return a point in China. Raises BadCoordinates on swapped numbers or a place elsewhere."""
    if _within(longitude, LATITUDES) and _within(latitude, LONGITUDES):
        raise BadCoordinates(
            f"经度和纬度填反了：{longitude:g}应是纬度，{latitude:g}应是经度，请改为“{latitude:g}, {longitude:g}”"
        )
    point = Point(longitude, latitude, crs)
    if not (_within(longitude, LONGITUDES) and _within(latitude, LATITUDES)):
        raise BadCoordinates(
            f"经度{longitude:g}、纬度{latitude:g}不在境内（经度73至136，纬度3至54），请核对或重新取点"
        )
    return point


def parse_point(text: str, crs: Crs) -> Point:
    """Read a place as people type it; which system it is in must be said and is never guessed.

    Understands "103.5, 30.2" (longitude first), "E103.5 N30.2", "30.2N 103.5E", "东经103°30′15″ 北纬30°12′",
    "103度30分15秒，30度12分". Letters or 东经/北纬 allow either order. Raises BadCoordinates saying what is
    wrong and how to write it.
    """
    parts = _parts(text)
    named = {axis: value for axis, value in parts if axis}
    if len(named) == 2:
        return place(named["longitude"], named["latitude"], crs)
    if named:
        raise BadCoordinates(f"“{text.strip()}”只标明了一个方向，请把东经和北纬都写明，如{EXAMPLE}")
    return place(parts[0][1], parts[1][1], crs)


EXAMPLE = "“103.5, 30.2”或“东经103°30′15″ 北纬30°12′”"
_SIGNS = str.maketrans(
    {"º": "°", "˚": "°", "'": "′", "’": "′", "‘": "′", "`": "′", '"': "″", "”": "″", "“": "″"}
)
_AXES = {"E": "longitude", "N": "latitude", "东经": "longitude", "北纬": "latitude"}
_AXES |= {"经度": "longitude", "纬度": "latitude"}
_NUMBER = r"\d{1,3}(?:\.\d{1,12})?(?![\d.])"
_MAGNITUDE = rf"""(?P<sign>-)?(?P<degrees>{_NUMBER})\s*(?:(?:°|度)\s*
    (?:(?P<minutes>{_NUMBER})\s*(?:′|分)\s*(?:(?P<seconds>{_NUMBER})\s*(?:″|′′|秒))?)?)?"""
_END = r"\s*[,;/]?\s*"
_AFTER = re.compile(rf"{_MAGNITUDE}\s*(?P<axis>[ENWS])?{_END}", re.VERBOSE)
_BEFORE = re.compile(
    rf"(?P<axis>东经|北纬|西经|南纬|经度|纬度|[ENWS])\s*[:=]?\s*{_MAGNITUDE}{_END}", re.VERBOSE
)


def _parts(text: str) -> list[tuple[str, float]]:
    """Return the two angles as (axis or "", degrees)."""
    plain = unicodedata.normalize("NFKC", text.translate(_SIGNS)).upper().translate(_SIGNS)
    plain = plain.replace("、", ",").strip()
    # Whoever begins with a direction writes it before both numbers: E103.5 N30.2.
    form = _BEFORE if plain[:1] and plain[0] in "东北西南经纬ENWS" else _AFTER
    found: list[tuple[str, float]] = []
    at = 0
    while at < len(plain):
        match = form.match(plain, at)
        if match is None:
            raise BadCoordinates(f"看不懂坐标“{text.strip()}”，请写成{EXAMPLE}")
        found.append(_angle(match, text))
        at = match.end()
    if len(found) != 2:
        raise BadCoordinates(f"坐标应有经度和纬度两个数，“{text.strip()}”中有{len(found)}个，请写成{EXAMPLE}")
    if found[0][0] and found[0][0] == found[1][0]:
        axis = "经度" if found[0][0] == "longitude" else "纬度"
        raise BadCoordinates(f"“{text.strip()}”写了两个{axis}，请改为一个经度、一个纬度，如{EXAMPLE}")
    return found


def _angle(match: re.Match[str], text: str) -> tuple[str, float]:
    letter = match["axis"] or ""
    if match["sign"] or letter in {"W", "S", "西经", "南纬"}:
        raise BadCoordinates(f"“{text.strip()}”在西半球或南半球，不在境内，请核对")
    degrees, minutes, seconds = (float(match[part] or 0) for part in ("degrees", "minutes", "seconds"))
    if minutes >= 60 or seconds >= 60:
        raise BadCoordinates(f"“{match[0].strip()}”的分、秒应小于60，请核对")
    finer = match["minutes"] is not None
    if finer and (degrees % 1 or (match["seconds"] is not None and minutes % 1)):
        raise BadCoordinates(f"“{match[0].strip()}”写了分或秒，前面的数就不能再带小数，请改用其中一种写法")
    return _AXES.get(letter, ""), degrees + minutes / 60 + seconds / 3600


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


Degrees = tuple[float, float]
Shift = Callable[[Degrees], Degrees]


def _to_gcj(at: Degrees) -> Degrees:
    """Return GCJ-02 degrees of CGCS2000 degrees, wherever they lie."""
    longitude, latitude = at
    x, y = longitude - 105.0, latitude - 35.0
    root = math.sqrt(abs(x))
    wave = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    angle = math.radians(latitude)
    bend = 1 - ECCENTRICITY * math.sin(angle) ** 2
    meridian = SEMI_MAJOR * (1 - ECCENTRICITY) / (bend * math.sqrt(bend))
    parallel = SEMI_MAJOR / math.sqrt(bend) * math.cos(angle)
    return longitude + math.degrees(east / parallel), latitude + math.degrees(north / meridian)


def _to_bd(at: Degrees) -> Degrees:
    """Return BD-09 degrees of GCJ-02 degrees, wherever they lie."""
    x, y = at
    length = math.hypot(x, y) + 0.00002 * math.sin(y * BD_TURN)
    angle = math.atan2(y, x) + 0.000003 * math.cos(x * BD_TURN)
    return length * math.cos(angle) + 0.0065, length * math.sin(angle) + 0.006


def _shifted(at: Degrees, shift: Shift) -> Degrees:
    return shift(at) if in_shifted_area(*at) else at


def _unshifted(at: Degrees, shift: Shift) -> Degrees:
    """Return what ``shift`` turns into ``at``: the offset changes slowly, so guessing again and again closes in."""
    if not in_shifted_area(*at):
        return at
    x, y = at
    for _ in range(MOST_STEPS):
        there = shift((x, y))
        east, north = there[0] - at[0], there[1] - at[1]
        x, y = x - east, y - north
        if abs(east) < PRECISION and abs(north) < PRECISION:
            break
    return x, y
