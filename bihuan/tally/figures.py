"""The counted things as one value."""

from __future__ import annotations

from typing import NamedTuple


class Figures(NamedTuple):
    """Counts up to and including a day. `overdue` and `overdue_major` are stocks on that day."""

    found: int = 0
    closed: int = 0
    closed_late: int = 0
    overdue: int = 0
    found_major: int = 0
    closed_major: int = 0
    overdue_major: int = 0
    inspected: int = 0
    inspected_clean: int = 0
    covered: int = 0

    def __add__(self, other: Figures) -> Figures:  # type: ignore[override]  # sums, not longer tuples
        return Figures(*map(int.__add__, self, other))

    def __sub__(self, other: Figures) -> Figures:
        return Figures(*map(int.__sub__, self, other))

    def with_stock_of(self, other: Figures) -> Figures:
        """These flows with the stocks of `other`."""
        return self._replace(overdue=other.overdue, overdue_major=other.overdue_major)

    @property
    def open(self) -> int:
        return self.found - self.closed

    @property
    def open_major(self) -> int:
        return self.found_major - self.closed_major

    @property
    def rectification_rate(self) -> float | None:
        """Percent of hazards found that have been closed; None when none was found."""
        return 100 * self.closed / self.found if self.found else None

    @property
    def late_rate(self) -> float | None:
        """Percent of closed hazards that were closed after their deadline."""
        return 100 * self.closed_late / self.closed if self.closed else None


NOTHING = Figures()
