"""Maps in metres (高斯—克吕格投影) back to degrees: what surveying offices give in their files.

Transverse Mercator after Krüger (1912), to the fourth power of the third flattening: better than a millimetre in the
zones in use. Only systems on CGCS2000 or WGS 84 are read. Between them and 北京54 or 西安80 stand parameters that are
not public, so those are refused rather than moved by a hundred metres.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bihuan.rules.coordinates import BadCoordinates

SEMI_MAJOR = 6378137.0  # metres, CGCS2000 and WGS 84
INVERSE_FLATTENING = 298.257222101  # CGCS2000; that of WGS 84 differs in the ninth digit
FALSE_EASTING = 500_000.0
UTM_SCALE = 0.9996
MOST_DEGREES = 6.0  # from the central meridian; further out a place has the wrong zone
CONVERT = "请由测绘部门转成CGCS2000（EPSG:4490经纬度，或CGCS2000的3度带、6度带）再导入"

_THIRD = 1 / (2 * INVERSE_FLATTENING - 1)  # the third flattening n
_RADIUS = SEMI_MAJOR / (1 + _THIRD) * (1 + _THIRD**2 / 4 + _THIRD**4 / 64)
_INVERSE = (
    _THIRD / 2 - 2 * _THIRD**2 / 3 + 37 * _THIRD**3 / 96 - _THIRD**4 / 360,
    _THIRD**2 / 48 + _THIRD**3 / 15 - 437 * _THIRD**4 / 1440,
    17 * _THIRD**3 / 480 - 37 * _THIRD**4 / 840,
    4397 * _THIRD**4 / 161280,
)
_TO_GEODETIC = (
    2 * _THIRD - 2 * _THIRD**2 / 3 - 2 * _THIRD**3 + 116 * _THIRD**4 / 45,
    7 * _THIRD**2 / 3 - 8 * _THIRD**3 / 5 - 227 * _THIRD**4 / 45,
    56 * _THIRD**3 / 15 - 136 * _THIRD**4 / 35,
    4279 * _THIRD**4 / 630,
)
_DATUM = re.compile(
    r"China[_ ]2000|China_Geodetic_Coordinate_System_2000|CGCS[_ ]?2000|WGS[_ ]?(?:19)?84", re.I
)
_KIND = re.compile(r'PROJECTION\s*\[\s*"(?:Gauss_Kruger|Transverse_Mercator)"', re.I)
_PARAMETER = re.compile(r'PARAMETER\s*\[\s*"(\w+)"\s*,\s*([-+.\deE]+)')
_METRE = re.compile(r'UNIT\s*\[\s*"\w+"\s*,\s*1(?:\.0*)?\s*(?:,[^\]]*\]\s*)?\]')
# EPSG codes of CGCS2000: first code, how many, degrees of a zone, number of the first zone if the easting carries it.
_ZONES = ((4491, 11, 6, 13), (4502, 11, 6, None), (4513, 21, 3, 25), (4534, 21, 3, None))
_FIRST_MERIDIAN = 75
_UTM = (32643, 32653)  # WGS 84 / UTM 43N to 53N, the zones of the country


@dataclass(frozen=True)
class Projection:
    """One zone: its central meridian in degrees, what is added to the metres, and the scale on the meridian."""

    central_meridian: float
    false_easting: float = FALSE_EASTING
    false_northing: float = 0.0
    scale: float = 1.0

    @property
    def label(self) -> str:
        """As people call it: 中央经线102°的投影坐标."""
        return f"中央经线{self.central_meridian:g}°的投影坐标"

    def to_degrees(self, easting: float, northing: float) -> tuple[float, float]:
        """Return (longitude, latitude) of metres east and north. Raises BadCoordinates far outside the zone."""
        whole = self.scale * _RADIUS
        up, across = (northing - self.false_northing) / whole, (easting - self.false_easting) / whole
        if not (math.isfinite(up) and math.isfinite(across)) or abs(across) > 0.3 or abs(up) > math.pi / 2:
            raise BadCoordinates(self._outside(easting, northing))
        xi, eta = up, across
        for number, factor in enumerate(_INVERSE, start=1):
            xi -= factor * math.sin(2 * number * up) * math.cosh(2 * number * across)
            eta -= factor * math.cos(2 * number * up) * math.sinh(2 * number * across)
        conformal = math.asin(math.sin(xi) / math.cosh(eta))
        latitude = conformal + sum(
            factor * math.sin(2 * number * conformal) for number, factor in enumerate(_TO_GEODETIC, start=1)
        )
        off = math.degrees(math.atan2(math.sinh(eta), math.cos(xi)))
        if abs(off) > MOST_DEGREES:
            raise BadCoordinates(self._outside(easting, northing))
        return self.central_meridian + off, math.degrees(latitude)

    def _outside(self, easting: float, northing: float) -> str:
        return (
            f"投影坐标（{easting:.0f}，{northing:.0f}）不在中央经线{self.central_meridian:g}°的带内，"
            "请核对文件的坐标系（带号、是否加带号），重新导出"
        )


def projection_of_wkt(text: str) -> Projection:
    """Read the PROJCS of a .prj file. Raises BadCoordinates for a system that cannot be brought home."""
    if not _DATUM.search(text):
        raise BadCoordinates(f"文件的投影坐标不是CGCS2000（“{_name_of(text)}”），{CONVERT}")
    if not _KIND.search(text) or not _METRE.search(text[text.rfind("PARAMETER") :]):
        raise BadCoordinates(f"文件的投影“{_name_of(text)}”不是以米为单位的高斯—克吕格投影，{CONVERT}")
    found = {name.lower(): float(value) for name, value in _PARAMETER.findall(text)}
    if "central_meridian" not in found or found.get("latitude_of_origin", 0.0) != 0:
        raise BadCoordinates(f"文件的投影“{_name_of(text)}”缺中央经线，或起算纬度不在赤道，{CONVERT}")
    return Projection(
        found["central_meridian"], found.get("false_easting", FALSE_EASTING), found.get("false_northing", 0.0),
        found.get("scale_factor", 1.0),
    )  # fmt: skip


def projection_of_epsg(code: int) -> Projection | None:
    """The projection of an EPSG code on CGCS2000 or WGS 84; None for any other code."""
    for first, count, width, zone in _ZONES:
        if first <= code < first + count:
            place = code - first
            prefix = (zone + place) * 1_000_000 if zone is not None else 0
            return Projection(_FIRST_MERIDIAN + place * width, FALSE_EASTING + prefix)
    if _UTM[0] <= code <= _UTM[1]:
        return Projection(6 * (code - 32600) - 183, scale=UTM_SCALE)
    return None


def _name_of(text: str) -> str:
    found = re.search(r'PROJCS\s*\[\s*"([^"]*)"', text)
    return (found[1] if found else text.strip())[:40]
