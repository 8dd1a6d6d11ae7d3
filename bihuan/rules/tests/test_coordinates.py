"""Coordinate systems: published pairs of values, there and back again, and what people type."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.coordinates import BadCoordinates, Crs, Point, distance, find_crs, parse_point, place

CGCS, GCJ, BD = Crs.CGCS2000, Crs.GCJ02, Crs.BD09


def close(point, longitude, latitude, tolerance=1e-6):
    return abs(point.longitude - longitude) < tolerance and abs(point.latitude - latitude) < tolerance


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((116.391349, 39.907375), (116.397590, 39.908776)),
        ((100.229600, 25.589400), (100.230699, 25.586376)),
        # The pair most libraries print in their description.
        ((116.404, 39.915), (116.410244499, 39.916404282)),
    ],
)
def test_gcj_by_published_values(start, end):
    assert close(Point(*start, CGCS).to(GCJ), *end)
    assert close(Point(*end, GCJ).to(CGCS), *start, tolerance=2e-6)


def test_bd_by_published_values():
    assert close(Point(116.404, 39.915, GCJ).to(BD), 116.410369494, 39.921336994)
    assert close(Point(116.404, 39.915, BD).to(GCJ), 116.397627291, 39.908656740, tolerance=2e-6)


def test_bd_of_the_record_goes_by_way_of_gcj():
    start = Point(116.404, 39.915, CGCS)
    assert start.to(BD) == start.to(GCJ).to(BD)


def test_the_offset_is_half_a_kilometre():
    shifted = Point(116.397590, 39.908776, CGCS)  # GCJ-02 numbers wrongly kept as CGCS2000
    assert distance(Point(116.391349, 39.907375, CGCS), shifted) == pytest.approx(555, abs=1)
    assert distance(Point(116.391349, 39.907375, CGCS), Point(116.397590, 39.908776, GCJ)) < 0.2


def test_nothing_is_shifted_twice():
    gcj = Point(116.397590, 39.908776, GCJ)
    assert gcj.to(GCJ) is gcj
    assert gcj.to(CGCS).to(CGCS) == gcj.to(CGCS)


@pytest.mark.parametrize("at", [(2.3522, 48.8566), (-74.006, 40.7128), (151.2, -33.86), (71.9, 40.0)])
@pytest.mark.parametrize("crs", list(Crs))
def test_outside_china_nothing_is_shifted(at, crs):
    point = Point(*at, CGCS).to(crs)
    assert (point.longitude, point.latitude) == at
    assert point.to(CGCS) == Point(*at, CGCS)


inland = st.tuples(st.floats(73.5, 135.0), st.floats(3.9, 53.5))


@given(inland)
def test_gcj_there_and_back(at):
    assert close(Point(*at, CGCS).to(GCJ).to(CGCS), *at, tolerance=1e-7)


@given(inland)
def test_bd_there_and_back(at):
    assert close(Point(*at, CGCS).to(BD).to(CGCS), *at, tolerance=1e-7)


@given(inland)
def test_gcj_and_bd_there_and_back(at):
    assert close(Point(*at, GCJ).to(BD).to(GCJ), *at, tolerance=1e-7)
    assert close(Point(*at, BD).to(GCJ).to(BD), *at, tolerance=1e-7)


@given(inland)
def test_the_offset_stays_within_a_kilometre(at):
    shifted = Point(*at, CGCS).to(GCJ)
    assert distance(Point(*at, CGCS), Point(shifted.longitude, shifted.latitude, CGCS)) < 1000


@pytest.mark.parametrize(
    "text",
    [
        "103.5, 30.2",
        "103.5,30.2",
        "103.5 30.2",
        "103.5，30.2",
        "103.5、30.2",
        "103.5/30.2",
        "E103.5 N30.2",
        "E103.5N30.2",
        "e103.5 n30.2",
        "N30.2, E103.5",
        "Ｅ１０３．５　Ｎ３０．２",
        "30.2N 103.5E",
        "103.5°E, 30.2°N",
        "东经103.5 北纬30.2",
        "北纬30.2°，东经103.5°",
        "经度：103.5 纬度：30.2",
        "103°30′ 30°12′",
        "103°30′00″E 30°12′00″N",
        "103°30'0\"E 30°12'0\"N",
        "103度30分，30度12分",
        "东经103度30分0秒，北纬30度12分0秒",
        "  103.5 , 30.2  ",
    ],
)
def test_many_ways_to_write_one_place(text):
    assert close(parse_point(text, GCJ), 103.5, 30.2, tolerance=1e-9)
    assert parse_point(text, GCJ).crs is GCJ


def test_minutes_and_seconds():
    point = parse_point("东经103°30′15.5″ 北纬30°12′36″", CGCS)
    assert close(point, 103 + 30 / 60 + 15.5 / 3600, 30.21, tolerance=1e-9)
    assert close(parse_point("103°30.25′ 30°12.6′", CGCS), 103.504166667, 30.21, tolerance=1e-8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("30.2, 103.5", "经度和纬度填反了：30.2应是纬度，103.5应是经度，请改为“103.5, 30.2”"),
        ("东经30.2 北纬103.5", "经度和纬度填反了"),
        ("103.5", "中有1个"),
        ("103.5, 30.2, 12", "中有3个"),
        ("E103.5 E30.2", "写了两个经度"),
        ("103.5E 30.2", "只标明了一个方向"),
        ("E103.5 30.2", "看不懂坐标"),
        ("W103.5 N30.2", "不在境内"),
        ("-103.5, 30.2", "不在境内"),
        ("10, 20", "经度10、纬度20不在境内"),
        ("103°70′ 30°12′", "分、秒应小于60"),
        ("103.5°30′ 30°12′", "不能再带小数"),
        ("1035000, 302000", "看不懂坐标"),
        ("103.5.2, 30.2", "看不懂坐标"),
        ("市政府东侧", "看不懂坐标“市政府东侧”，请写成"),
        ("", "中有0个"),
    ],
)
def test_what_cannot_be_read_says_how_to_write_it(text, message):
    with pytest.raises(BadCoordinates, match=message):
        parse_point(text, CGCS)


def test_numbers_are_checked_wherever_they_come_from():
    with pytest.raises(BadCoordinates, match="可能把经度和纬度填反了"):
        Point(30.2, 103.5, CGCS)
    with pytest.raises(BadCoordinates, match="请重新取点"):
        Point(math.nan, 30.2, CGCS)
    with pytest.raises(BadCoordinates, match="没有“wgs84”这一坐标系，可用：cgcs2000、gcj02、bd09"):
        Point(103.5, 30.2, "wgs84")
    with pytest.raises(BadCoordinates, match="填反了"):
        place(30.2, 103.5, CGCS)
    assert place(103.5, 30.2, Crs("bd09")).crs is BD


def test_a_place_is_read_aloud():
    assert Point(103.5, 30.2, BD).label() == "东经103.500000°，北纬30.200000°（BD-09（百度））"


def test_distance():
    # One degree of latitude on the mean sphere: 6371008.8 × π / 180.
    assert distance(Point(103.5, 30.0, CGCS), Point(103.5, 31.0, CGCS)) == pytest.approx(111195.08, abs=0.01)
    assert distance(Point(103.5, 30.0, CGCS), Point(103.5, 30.0, CGCS)) == 0


@pytest.mark.parametrize(
    ("text", "crs"),
    [
        ("cgcs2000", CGCS),
        ("WGS 84", CGCS),
        ("EPSG:4326", CGCS),
        ("天地图", CGCS),
        ("gcj-02", GCJ),
        ("高德", GCJ),
        ("BD09", BD),
        ("百度", BD),
    ],
)
def test_systems_have_many_names(text, crs):
    assert find_crs(text) is crs


def test_an_unknown_system_is_not_guessed():
    with pytest.raises(BadCoordinates, match="看不懂坐标系“北京54”"):
        find_crs("北京54")
