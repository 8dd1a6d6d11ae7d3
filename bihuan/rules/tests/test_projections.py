"""Metres back to degrees, against lengths of the meridian and a published place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.coordinates import BadCoordinates
from bihuan.rules.projections import Projection, projection_of_epsg, projection_of_wkt

CGCS = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_102E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["{kind}"],PARAMETER["False_Easting",{easting}],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",102.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",{origin}],'
    'UNIT["{unit}",{metres}]]'
)


def wkt(kind="Gauss_Kruger", easting="500000.0", origin="0.0", unit="Meter", metres="1.0"):
    return (
        CGCS.replace("{kind}", kind)
        .replace("{easting}", easting)
        .replace("{origin}", origin)
        .replace("{unit}", unit)
        .replace("{metres}", metres)
    )


@pytest.mark.parametrize(
    ("northing", "latitude"),
    # Lengths of the meridian from the equator on this ellipsoid, as tables give them.
    [(0.0, 0.0), (3320113.398, 30.0), (4984944.378, 45.0), (10001965.729, 90.0)],
)
def test_the_meridian_of_a_zone(northing, latitude):
    longitude, found = Projection(102).to_degrees(500_000, northing)
    assert found == pytest.approx(latitude, abs=1e-8)
    assert longitude == pytest.approx(102, abs=1e-9)


def test_a_place_off_the_meridian():
    """The CN Tower, 43°38′33.24″N 79°23′13.7″W, has the UTM coordinates 630084 east and 4833438 north in zone 17."""
    longitude, latitude = Projection(-81, scale=0.9996).to_degrees(630_084, 4_833_438)
    assert longitude == pytest.approx(-(79 + 23 / 60 + 13.7 / 3600), abs=1e-5)
    assert latitude == pytest.approx(43 + 38 / 60 + 33.24 / 3600, abs=1e-5)


@pytest.mark.parametrize(
    ("code", "meridian", "easting"),
    [
        (4491, 75, 13_500_000), (4508, 111, 500_000), (4522, 102, 34_500_000), (4543, 102, 500_000),
        (4547, 114, 500_000), (4554, 135, 500_000),
    ],
)  # fmt: skip
def test_zones_by_their_codes(code, meridian, easting):
    assert projection_of_epsg(code) == Projection(meridian, easting)


def test_other_codes_are_none():
    assert projection_of_epsg(32648) == Projection(105, scale=0.9996)
    assert [projection_of_epsg(code) for code in (4490, 2413, 3857, 4555, 32660)] == [None] * 5


def test_a_prj_file():
    assert projection_of_wkt(wkt()) == Projection(102)
    assert projection_of_wkt(wkt("Transverse_Mercator", "34500000")) == Projection(102, 34_500_000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (wkt().replace("China_2000", "Xian_1980").replace("China_Geodetic_Coordinate_System_2000", "Xian_1980").replace("CGCS2000", "Xian"), "不是CGCS2000"),
        (wkt("Lambert_Conformal_Conic"), "不是以米为单位的高斯"),
        (wkt(unit="Foot_US", metres="0.3048006096012192"), "不是以米为单位"),
        (wkt(origin="24.0"), "起算纬度"),
    ],
)  # fmt: skip
def test_what_cannot_be_brought_home_is_refused(text, words):
    with pytest.raises(BadCoordinates, match=words):
        projection_of_wkt(text)


@pytest.mark.parametrize(
    "metres", [(34_500_000, 3_300_000), (500_000, 1e9), (float("nan"), 0), (2_200_000, 3e6)]
)
def test_metres_of_another_zone_are_refused(metres):
    with pytest.raises(BadCoordinates, match="带内"):
        Projection(102).to_degrees(*metres)


@given(st.floats(-150_000, 150_000), st.floats(2_000_000, 5_800_000))
def test_east_and_west_of_the_meridian_are_alike(across, northing):
    east = Projection(102).to_degrees(500_000 + across, northing)
    west = Projection(102).to_degrees(500_000 - across, northing)
    assert east[1] == pytest.approx(west[1], abs=1e-11)
    assert east[0] - 102 == pytest.approx(102 - west[0], abs=1e-11)
