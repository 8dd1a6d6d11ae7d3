"""Ten thousand places against two thousand zones: the grid beside the tree of the geometry library.

    python -m bench.zones [--places 10000] [--zones 2000] [--vertices 64] [--rounds 30]

Clustered as objects and zones are; one place in twenty is a vertex of a zone or lies on an edge. Both sides are given
the coordinates as columns; the tree's fastest way of asking is taken (bulk query with predicate). Prints the median of
rounds that take turns, the time of laying the grid, and checks that the pairs are identical. The goal is five times.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from bihuan.zones.grid import ZoneGrid

GOAL = 5.0
CLUSTERS = 40
TURN = 5  # questions one after the other, as a service is asked that keeps its index at hand


def world(places: int, zones: int, vertices: int) -> tuple[list[Any], Any, Any]:
    """Star-shaped zones around the centres of towns, and places around them."""
    rng = np.random.default_rng(5)
    centres = rng.uniform([100, 25], [104, 28], (CLUSTERS, 2))
    shapes = []
    for _ in range(zones):
        centre = centres[rng.integers(CLUSTERS)] + rng.normal(0, 0.08, 2)
        angles = np.sort(rng.uniform(0, 2 * np.pi, vertices))
        radii = rng.uniform(0.005, 0.03) * rng.uniform(0.6, 1.2, vertices)
        shapes.append(shapely.Polygon(centre + np.c_[np.cos(angles) * radii, np.sin(angles) * radii]))
    at = centres[rng.integers(CLUSTERS, size=places)] + rng.normal(0, 0.1, (places, 2))
    corners = shapely.get_coordinates(shapes)
    picked = rng.integers(len(corners) - 1, size=places // 20)
    half = len(picked) // 2
    at[:half] = corners[picked[:half]]
    at[half : len(picked)] = (corners[picked[half:]] + corners[picked[half:] + 1]) / 2
    return shapes, at[:, 0].copy(), at[:, 1].copy()


def main() -> int:
    """Run the measurement; 0 when the pairs are identical and the goal is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=10_000)
    parser.add_argument("--zones", type=int, default=2_000)
    parser.add_argument("--vertices", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    shapes, x, y = world(options.places, options.zones, options.vertices)
    begin = time.perf_counter()
    tree = shapely.STRtree(shapes)
    planted = time.perf_counter() - begin
    begin = time.perf_counter()
    grid = ZoneGrid(shapes)
    laid = time.perf_counter() - begin
    points = shapely.points(x, y)
    ways: dict[str, Callable[[], Any]] = {
        "tree, places made into points": lambda: tree.query(shapely.points(x, y), predicate="intersects"),
        "tree, points at hand": lambda: tree.query(points, predicate="intersects"),
        "grid": lambda: grid.pairs(x, y),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    answers = {}
    for _ in range(options.rounds):
        for name, ask in ways.items():
            for _ in range(TURN):
                begin = time.perf_counter()
                answers[name] = ask()
                times[name].append(time.perf_counter() - begin)
    pairs = {
        name: set(zip(*(np.asarray(row).tolist() for row in found), strict=True))
        for name, found in answers.items()
    }
    identical = len({frozenset(found) for found in pairs.values()}) == 1
    medians = {name: statistics.median(rounds) for name, rounds in times.items()}
    for name, seconds in medians.items():
        best = min(times[name])
        rate = options.places / seconds / 1e6
        print(f"{name:32} {seconds * 1000:7.2f} ms (best {best * 1000:.2f})  {rate:6.2f} M places/s")
    print(
        f"pairs {len(pairs['grid'])}, identical: {identical}; tree {planted * 1000:.1f} ms, grid {laid:.2f} s to build"
    )
    gain = medians["tree, points at hand"] / medians["grid"]
    print(f"grid against the tree with points at hand: {gain:.1f} times (goal {GOAL:.0f})")
    return 0 if identical and gain >= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
