"""Polygons are checked vertex by vertex, converted once, and come back as they went in."""

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.rules.coordinates import Crs, Point
from bihuan.zones.geometry import (
    BadGeometry,
    area_km2,
    bbox_of,
    contains,
    from_geojson,
    from_pieces,
    from_text,
    hull_of,
    to_text,
    vertex_count,
)

from .shapes import EAST, HOLE, SQUARE, polygon


def test_a_square_is_kept_closed_with_its_box():
    geometry = from_pieces([[SQUARE]], Crs.CGCS2000)
    assert geometry == {
        "type": "Polygon",
        "coordinates": [[[103.5, 30.2], [103.6, 30.2], [103.6, 30.3], [103.5, 30.3], [103.5, 30.2]]],
    }
    assert bbox_of(geometry) == (103.5, 30.2, 103.6, 30.3)
    assert vertex_count(geometry) == 4


def test_area_of_a_tenth_of_a_degree():
    # 0.1° north-south is 11.12 km, east-west at 30.25° it is 9.605 km.
    assert area_km2(from_pieces([[SQUARE]], Crs.CGCS2000)) == pytest.approx(11.1195 * 9.6053, rel=1e-3)


def test_two_pieces_and_what_is_cut_out():
    geometry = from_pieces([[SQUARE, HOLE], [EAST]], Crs.CGCS2000)
    assert geometry["type"] == "MultiPolygon"
    inside = Point(103.51, 30.21, Crs.CGCS2000)
    in_hole = Point(103.53, 30.23, Crs.CGCS2000)
    assert contains(geometry, inside)
    assert not contains(geometry, in_hole)
    assert contains(geometry, Point(103.75, 30.25, Crs.CGCS2000))
    assert not contains(geometry, Point(103.65, 30.25, Crs.CGCS2000))


def test_the_edge_and_the_corner_belong_to_the_zone():
    geometry = from_pieces([[SQUARE]], Crs.CGCS2000)
    assert contains(geometry, Point(103.5, 30.25, Crs.CGCS2000))
    assert contains(geometry, Point(103.6, 30.3, Crs.CGCS2000))


def test_degrees_of_gaode_are_converted_and_only_once():
    """The documented pair of GCJ-02: (100.2296, 25.5894) is shown at (100.230699, 25.586376)."""
    shown = [(100.230699, 25.586376), (100.240699, 25.586376), (100.240699, 25.596376)]
    once = from_pieces([[shown]], Crs.GCJ02)
    x, y = once["coordinates"][0][0]
    assert (x, y) == (pytest.approx(100.2296, abs=2e-6), pytest.approx(25.5894, abs=2e-6))
    assert from_geojson(once, Crs.CGCS2000) == once


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([], "还没有画出区域"),
        ([[[(103.5, 30.2), (103.6, 30.2)]]], "第1块只有2个不同的顶点"),
        ([[[(103.5, 30.2), (103.6, 30.3), (103.6, 30.2), (103.5, 30.3)]]], "第1块：边界在东经103.55000°、北纬30.25000°处自己与自己相交"),
        ([[[(30.2, 103.5), (30.2, 103.6), (30.3, 103.6)]]], "第1块第1个顶点：经度和纬度填反了"),
        ([[[(500000, 3340000), (500100, 3340000), (500100, 3340100)]]], "投影坐标（米）"),
        ([[[(2.3, 48.8), (2.4, 48.8), (2.4, 48.9)]]], "不在境内"),
        ([[[(103.5, 30.2), (103.6, float("nan")), (103.6, 30.3)]]], "第1块第2个顶点的“nan”不是数字"),
        ([[[(103.5, 30.2), "x", (103.6, 30.3)]]], "第1块第2个顶点不是一对经纬度"),
        ([[SQUARE, EAST]], "第1块：“挖去”的部分"),
        ([[SQUARE], [[(103.55, 30.25), (103.65, 30.25), (103.65, 30.35)]]], "第1块和第2块重叠"),
        ([[[(103.5, 30.2), (103.6, 30.2), (103.7, 30.2)]]], "请"),
    ],
)  # fmt: skip
def test_what_is_no_area_is_refused_with_its_place(pieces, words):
    with pytest.raises(BadGeometry, match=words):
        from_pieces(pieces, Crs.CGCS2000)


@pytest.mark.parametrize("data", [None, [], {"type": "Point", "coordinates": [1, 2]}, {"type": "Polygon"}])
def test_what_is_no_polygon_is_refused(data):
    with pytest.raises(BadGeometry):
        from_geojson(data, Crs.CGCS2000)


def test_text_names_the_line_that_is_wrong():
    with pytest.raises(BadGeometry, match="第2行"):
        from_text("103.5, 30.2\n一百零三\n103.6, 30.3", Crs.CGCS2000)
    with pytest.raises(BadGeometry, match="“挖去”前面还没有区域"):
        from_text("挖去\n103.5, 30.2", Crs.CGCS2000)


def test_text_reads_pieces_holes_and_degrees_with_minutes():
    text = "东经103°30′00″ 北纬30°12′00″\n103.6, 30.2\n103.6, 30.3\n103.5, 30.3\n\n挖去\n" + "\n".join(
        f"{x}, {y}" for x, y in HOLE
    )
    assert from_text(text, Crs.CGCS2000) == from_geojson(polygon(SQUARE, HOLE), Crs.CGCS2000)


def test_hull_of_places_on_a_line_is_none():
    assert hull_of([(103.5, 30.2), (103.6, 30.2), (103.7, 30.2)]) is None
    hull = hull_of([(103.5, 30.2), (103.6, 30.2), (103.55, 30.25), (103.55, 30.22)])
    assert vertex_count(hull) == 3


def star(centre, radii):
    """A polygon that cannot cross itself: vertices in the order of their angles."""
    x, y = centre
    step = 2 * math.pi / len(radii)
    return [
        (x + radius * math.cos(number * step), y + radius * math.sin(number * step))
        for number, radius in enumerate(radii)
    ]


stars = st.builds(
    star,
    st.tuples(st.floats(100, 104), st.floats(25, 30)),
    st.lists(st.floats(0.01, 0.05), min_size=5, max_size=30),
)


@settings(max_examples=60, deadline=None)
@given(stars)
def test_any_polygon_comes_back_from_geojson_and_from_text(ring):
    geometry = from_pieces([[ring]], Crs.CGCS2000)
    assert from_geojson(geometry, Crs.CGCS2000) == geometry
    assert from_text(to_text(geometry), Crs.CGCS2000) == geometry
    assert shapely.is_valid(shapely.geometry.shape(geometry))


@settings(max_examples=40, deadline=None)
@given(stars, st.sampled_from([Crs.GCJ02, Crs.BD09]))
def test_any_polygon_shown_elsewhere_and_brought_back_is_the_same_within_a_hand(ring, crs):
    shown = [
        (point.longitude, point.latitude) for point in (Point(x, y, Crs.CGCS2000).to(crs) for x, y in ring)
    ]
    back = from_pieces([[shown]], crs)["coordinates"][0]
    for (x, y), (x2, y2) in zip(ring, back, strict=False):
        assert abs(x - x2) < 1e-6
        assert abs(y - y2) < 1e-6
