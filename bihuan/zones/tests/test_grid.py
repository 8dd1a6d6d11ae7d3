"""The grid finds the pairs the geometry library finds, edges and corners included."""

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.zones.grid import ZoneGrid

from .shapes import EAST, HOLE, SQUARE


def pairs(shapes, points):
    places, areas = ZoneGrid(shapes).pairs(
        np.array([x for x, _ in points], dtype=float), np.array([y for _, y in points], dtype=float)
    )
    return list(zip(places.tolist(), areas.tolist(), strict=True))


def test_nothing_is_in_no_area():
    assert pairs([], [(103.5, 30.2)]) == []
    assert pairs([shapely.Polygon(SQUARE)], []) == []


def test_inside_outside_on_the_edge_on_the_corner_in_the_hole():
    square, east = shapely.Polygon(SQUARE, [HOLE]), shapely.Polygon(EAST)
    points = [
        (103.51, 30.21),  # inside the square
        (103.53, 30.23),  # in its hole
        (103.52, 30.23),  # on the edge of the hole: still the zone's
        (103.5, 30.25),  # on the west edge
        (103.6, 30.3),  # on a corner
        (103.65, 30.25),  # between the two
        (103.75, 30.25),  # in the eastern one
        (110.0, 40.0),  # far away
    ]
    assert pairs([square, east], points) == [(0, 0), (2, 0), (3, 0), (4, 0), (6, 1)]


def test_an_area_of_two_pieces_is_both_of_them_and_not_what_lies_between():
    west = shapely.Polygon(SQUARE, [HOLE])
    both = shapely.MultiPolygon([west, shapely.Polygon(EAST)])
    points = [
        (103.51, 30.21),
        (103.53, 30.23),
        (103.65, 30.25),
        (103.75, 30.25),
        (103.8, 30.3),
        (103.7, 30.25),
    ]
    assert pairs([both], points) == [(0, 0), (3, 0), (4, 0), (5, 0)]


def test_overlapping_areas_both_hold_a_place_in_their_order():
    square = shapely.Polygon(SQUARE)
    assert pairs([square, square.buffer(0.1)], [(103.55, 30.25)]) == [(0, 0), (0, 1)]


@pytest.mark.parametrize("size", [1e-6, 0.4, 20.0])
def test_small_and_large_areas(size):
    shape = shapely.box(100, 30, 100 + size, 30 + size)
    middle, off = 100 + size / 2, 100 + size * 1.01
    assert pairs([shape], [(middle, 30 + size / 2), (off, 30 + size / 2), (100, 30)]) == [(0, 0), (2, 0)]


def world(seed, polygons, points, vertices):
    """Clustered stars, some with a hole, some in two pieces; places of which some are vertices, some lie on edges."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform([100, 25], [101, 26], (5, 2))
    shapes = []
    for _ in range(polygons):
        centre = centres[rng.integers(5)] + rng.normal(0, 0.05, 2)
        angles = np.sort(rng.uniform(0, 2 * np.pi, vertices))
        radii = rng.uniform(0.002, 0.06) * rng.uniform(0.4, 1.3, vertices)
        shape = shapely.Polygon(centre + np.c_[np.cos(angles) * radii, np.sin(angles) * radii])
        shapes.append(_varied(shape if shape.is_valid else shape.convex_hull, len(shapes) % 3))
    places = centres[rng.integers(5, size=points)] + rng.normal(0, 0.06, (points, 2))
    corners = shapely.get_coordinates(shapes)
    picked = corners[rng.integers(len(corners), size=points // 4)]
    share = rng.uniform(0, 1, (points // 4, 1))
    after = np.roll(corners, -1, axis=0)[rng.integers(len(corners), size=points // 4)]
    return shapes, np.vstack([places, picked, picked + share * (after - picked)])


def _varied(shape, how):
    middle = shape.representative_point()
    inner = shapely.affinity.scale(shape, 0.2, 0.2, origin=middle)
    if how == 1 and shape.contains_properly(inner):
        return shapely.Polygon(shape.exterior.coords, [inner.exterior.coords])
    if how == 2:
        aside = shapely.affinity.translate(shape, 1.5 * (shape.bounds[2] - shape.bounds[0]), 0)
        return shapely.MultiPolygon([shape, aside])
    return shape


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 25), st.integers(3, 40))
def test_the_pairs_are_those_of_the_library(seed, polygons, vertices):
    shapes, places = world(seed, polygons, 200, vertices)
    x, y = places[:, 0].copy(), places[:, 1].copy()
    expected = shapely.STRtree(shapes).query(shapely.points(x, y), predicate="intersects")
    found = ZoneGrid(shapes).pairs(x, y)
    assert set(zip(*(row.tolist() for row in found), strict=True)) == set(
        zip(*expected.tolist(), strict=True)
    )
