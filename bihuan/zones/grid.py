"""Which of many places lie in which of many areas, all at once.

A uniform grid is laid over the areas. In a cell that an area fills whole, every place is inside; in a cell its
boundary runs through, the way from a reference place of the cell (known to be in or out) to the place asked for is
followed and the edges of that cell it crosses are counted: an odd number changes the answer. Everything is arithmetic
on columns. Where rounding could decide (a place on an edge or on the line of one) the geometry library is asked,
whose predicates are exact; so the pairs are the same as those of its `intersects`, the boundary included.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_CELLS = 2_000_000
MAX_ENTRIES = 1_500_000  # cells of all areas together
CELLS_PER_AREA = 600  # aimed at for an area of average size
# A product of two differences is wrong by less than this share of its size (Shewchuk's bound for the orientation).
ROUNDING = 3.5e-16
# Where in a cell the reference place is: nowhere anybody would put a vertex on purpose.
REFERENCE = (0.4371928, 0.5618274)


class ZoneGrid:
    """Areas (shapely polygons or multipolygons) prepared for asking about many places again and again."""

    def __init__(self, shapes: Sequence[Any]) -> None:
        self.shapes = np.asarray(list(shapes), dtype=object)
        self._is_empty = len(self.shapes) == 0
        if self._is_empty:
            return
        shapely.prepare(self.shapes)
        bounds = shapely.bounds(self.shapes)
        self.west, self.south = float(bounds[:, 0].min()), float(bounds[:, 1].min())
        east, north = float(bounds[:, 2].max()), float(bounds[:, 3].max())
        self.size = _cell_size(bounds, east - self.west, north - self.south)
        self.columns = int((east - self.west) / self.size) + 1
        self.rows = int((north - self.south) / self.size) + 1
        self._lay(bounds)

    def pairs(self, longitudes: Floats, latitudes: Floats) -> tuple[Ints, Ints]:
        """(numbers of places, numbers of areas) of all pairs where the place is in the area or on its edge.

        Sorted by place, then area.
        """
        nothing = np.empty(0, dtype=np.int64)
        if self._is_empty or not len(longitudes):
            return nothing, nothing
        x, y = np.asarray(longitudes, dtype=np.float64), np.asarray(latitudes, dtype=np.float64)
        column = np.floor((x - self.west) / self.size).astype(np.int64)
        row = np.floor((y - self.south) / self.size).astype(np.int64)
        on_grid = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        places = np.flatnonzero(on_grid)
        cells = row[places] * self.columns + column[places]
        slots = self._slot[cells]
        hit = slots >= 0
        places, slots = places[hit], slots[hit]
        which, entries = _spread(self._first[slots], self._first[slots + 1])
        owners = places[which]
        inside = self._full[entries]
        open_ones = np.flatnonzero(~inside)
        if len(open_ones):
            at = entries[open_ones]
            of = owners[open_ones]
            inside[open_ones] = self._judge(at, x[of], y[of])
        found_places, found_areas = owners[inside], self._area[entries[inside]]
        # Entries of a cell are laid in the order of areas, so only the order of places is to be kept: it is.
        return found_places, found_areas

    def _judge(self, entries: Ints, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Whether each place is in the area of its entry, a cell the boundary runs through."""
        asked, edges = _spread(self._edge_first[entries], self._edge_first[entries + 1])
        ax, ay, bx, by = (column[edges] for column in self._edges)
        px, py = x[asked], y[asked]
        rx, ry = self._rx[entries][asked], self._ry[entries][asked]
        side_p, sure_p = _side(ax, ay, bx, by, px, py)
        crosses = side_p != self._edge_side[edges]
        # Only edges with the place and the reference on either side can be crossed.
        near = np.flatnonzero(crosses | ~sure_p)
        side_a, sure_a = _side(rx[near], ry[near], px[near], py[near], ax[near], ay[near])
        side_b, sure_b = _side(rx[near], ry[near], px[near], py[near], bx[near], by[near])
        counted = near[crosses[near] & (side_a != side_b)]
        crossings = np.bincount(asked[counted], minlength=len(entries))
        inside = self._reference_inside[entries] ^ (crossings % 2 == 1)
        doubtful = np.zeros(len(entries), dtype=bool)
        doubtful[asked[near[~(sure_p[near] & sure_a & sure_b)]]] = True
        doubtful |= self._unsure[entries]
        ask = np.flatnonzero(doubtful)
        if len(ask):
            inside[ask] = shapely.intersects_xy(self.shapes[self._area[entries[ask]]], x[ask], y[ask])
        return inside

    def _lay(self, bounds: Floats) -> None:
        """Find the cells of every area, those its boundary runs through, and the edges in each of them."""
        cells, areas, full, first_edges, edge_parts = [], [], [], [], []
        references, unsure = [], []
        edges_so_far = 0
        for number, shape in enumerate(self.shapes):
            ax, ay, bx, by = _edges_of(shape)
            edge_cells, edge_numbers = self._touched(ax, ay, bx, by)
            order = np.argsort(edge_cells, kind="stable")
            edge_cells, edge_numbers = edge_cells[order], edge_numbers[order]
            boundary, starts = np.unique(edge_cells, return_index=True)
            west, south, east, north = bounds[number]
            c0, c1 = self._number(west, self.west), self._number(east, self.west)
            r0, r1 = self._number(south, self.south), self._number(north, self.south)
            box = (np.arange(r0, r1 + 1)[:, None] * self.columns + np.arange(c0, c1 + 1)[None, :]).ravel()
            rest = np.setdiff1d(box, boundary, assume_unique=True)
            whole = rest[shapely.contains_xy(shape, *self._reference(rest))]
            rx, ry = self._reference(boundary)
            mine = np.concatenate([boundary, whole])
            cells.append(mine)
            areas.append(np.full(len(mine), number))
            full.append(np.arange(len(mine)) >= len(boundary))
            references.append(np.concatenate([shapely.contains_xy(shape, rx, ry), np.ones(len(whole), bool)]))
            counts = np.diff(np.append(starts, len(edge_cells)))
            sides, sure = _side(
                ax[edge_numbers], ay[edge_numbers], bx[edge_numbers], by[edge_numbers],
                np.repeat(rx, counts), np.repeat(ry, counts),
            )  # fmt: skip
            shaky = np.zeros(len(mine), dtype=bool)
            shaky[np.repeat(np.arange(len(boundary)), counts)[~sure]] = True
            unsure.append(shaky)
            first_edges.append(np.concatenate([edges_so_far + starts, np.full(len(whole), edges_so_far)]))
            edge_parts.append((ax[edge_numbers], ay[edge_numbers], bx[edge_numbers], by[edge_numbers], sides))
            edges_so_far += len(edge_numbers)
            first_edges[-1] = np.stack(
                [first_edges[-1], np.concatenate([counts, np.zeros(len(whole), dtype=np.int64)])]
            )
        self._store(
            np.concatenate(cells), np.concatenate(areas), np.concatenate(full), np.concatenate(references),
            np.concatenate(unsure), np.concatenate(first_edges, axis=1), edge_parts,
        )  # fmt: skip

    def _store(
        self,
        cells: Ints,
        areas: Ints,
        full: Any,
        references: Any,
        unsure: Any,
        runs: Ints,
        edge_parts: list[Any],
    ) -> None:
        """Sort the entries by cell and area, and lay their edges in the same order."""
        order = np.lexsort((areas, cells))
        cells, areas = cells[order], areas[order]
        self._area, self._full = areas, full[order]
        self._reference_inside, self._unsure = references[order], unsure[order]
        self._rx, self._ry = self._reference(cells)
        used, starts = np.unique(cells, return_index=True)
        self._slot = np.full(self.columns * self.rows, -1, dtype=np.int32)
        self._slot[used] = np.arange(len(used))
        self._first = np.append(starts, len(cells)).astype(np.int64)
        first, count = runs[0][order].astype(np.int64), runs[1][order].astype(np.int64)
        self._edge_first = np.concatenate([[0], np.cumsum(count)])
        _, picked = _spread(first, first + count)
        ax, ay, bx, by, sides = (np.concatenate(column)[picked] for column in zip(*edge_parts, strict=True))
        self._edges, self._edge_side = (ax, ay, bx, by), sides

    def _touched(self, ax: Floats, ay: Floats, bx: Floats, by: Floats) -> tuple[Ints, Ints]:
        """(cells, edges) of all cells an edge may pass; at corners rather one too many.

        Row by row: the stretch of an edge within a row of cells gives the columns it passes there.
        """
        margin = self.size * 1e-6
        r0 = self._numbers(np.minimum(ay, by) - margin, self.south)
        r1 = self._numbers(np.maximum(ay, by) + margin, self.south)
        edges, row = _spread(np.maximum(r0, 0), np.minimum(r1, self.rows - 1) + 1)
        below = self.south + row * self.size - margin
        dx, dy = (bx - ax)[edges], (by - ay)[edges]
        with np.errstate(divide="ignore", invalid="ignore"):
            enters = np.where(dy == 0, 0.0, np.clip((below - ay[edges]) / dy, 0.0, 1.0))
            leaves = np.where(
                dy == 0, 1.0, np.clip((below + self.size + 2 * margin - ay[edges]) / dy, 0.0, 1.0)
            )
        x0, x1 = ax[edges] + enters * dx, ax[edges] + leaves * dx
        c0 = self._numbers(np.minimum(x0, x1) - margin, self.west)
        c1 = self._numbers(np.maximum(x0, x1) + margin, self.west)
        runs, column = _spread(np.maximum(c0, 0), np.minimum(c1, self.columns - 1) + 1)
        return row[runs] * self.columns + column, edges[runs]

    def _reference(self, cells: Ints) -> tuple[Floats, Floats]:
        column = (cells % self.columns).astype(np.float64)
        row = (cells // self.columns).astype(np.float64)
        return (
            self.west + (column + REFERENCE[0]) * self.size,
            self.south + (row + REFERENCE[1]) * self.size,
        )

    def _number(self, value: float, origin: float) -> int:
        return math.floor((value - origin) / self.size)

    def _numbers(self, values: Floats, origin: float) -> Ints:
        return np.floor((values - origin) / self.size).astype(np.int64)


def _cell_size(bounds: Floats, width: float, height: float) -> float:
    """The side of a cell in degrees: small against the areas, as far as the memory set aside allows."""
    extents = np.maximum(bounds[:, 2] - bounds[:, 0], 1e-9) * np.maximum(bounds[:, 3] - bounds[:, 1], 1e-9)
    wanted = math.sqrt(float(np.median(extents)) / CELLS_PER_AREA)
    by_table = math.sqrt(max(width, 1e-9) * max(height, 1e-9) / MAX_CELLS)
    by_entries = math.sqrt(float(extents.sum()) / MAX_ENTRIES)
    longest = max(width, height) / MAX_CELLS
    return max(wanted, by_table, by_entries, longest, 1e-7)


def _edges_of(shape: Any) -> tuple[Floats, Floats, Floats, Floats]:
    """The edges of all rings of all pieces as columns ax, ay, bx, by."""
    # Asked for the rings of several pieces at once, the library answers with none.
    rings = shapely.get_rings(shapely.get_parts(shape))
    coordinates, owner = shapely.get_coordinates(rings, return_index=True)
    follows = owner[1:] == owner[:-1]
    start: Floats = coordinates[:-1][follows]
    end: Floats = coordinates[1:][follows]
    return start[:, 0], start[:, 1], end[:, 0], end[:, 1]


def _side(
    ax: Floats, ay: Floats, bx: Floats, by: Floats, px: Floats, py: Floats
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether p is left of the line from a to b, and whether rounding cannot have decided that."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    turn = left - right
    return turn > 0, np.abs(turn) > ROUNDING * (np.abs(left) + np.abs(right))


def _spread(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """For every range [first, last): the number of the range and each number in it, one behind the other."""
    counts = last - first
    which = np.repeat(np.arange(len(first)), counts)
    before = np.cumsum(counts) - counts
    return which, np.arange(len(which)) + (first - before)[which]
