"""The map of the situation room: one chosen figure per area, in tones whose legend says what they stand for."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bihuan.accounts.models import Region
from bihuan.campaigns.links import inspections_url, ledger_url
from bihuan.tally.queries import Figures

TONES = ("good", "fair", "poor", "bad")


@dataclass(frozen=True)
class Standing:
    """An area with its figures to date and those of the last seven days."""

    region: Region
    total: Figures
    week: Figures


@dataclass(frozen=True)
class MapFigure:
    """A figure the map can be coloured by. `more_is_better` turns the tones round; a `rate` is coloured by fixed limits."""

    key: str
    label: str
    unit: str
    value: Callable[[Standing], float | None]
    url: Callable[[str, dt.date], str]
    more_is_better: bool = False
    is_rate: bool = False


def week_begins(on: dt.date) -> str:
    """The first of the seven days that end with `on`."""
    return (on - dt.timedelta(days=6)).isoformat()


def _inspected_week(standing: Standing) -> float:
    return standing.week.inspected


FIGURES = {
    figure.key: figure
    for figure in (
        MapFigure(
            "overdue", "逾期未改", "项", lambda s: s.total.overdue, lambda code, on: ledger_url(region=code, state="overdue")
        ),
        MapFigure("open", "未销号", "项", lambda s: s.total.open, lambda code, on: ledger_url(region=code, state="open")),
        MapFigure(
            "major", "重大未销号", "项", lambda s: s.total.open_major,
            lambda code, on: ledger_url(region=code, level="major", state="open"),
        ),
        MapFigure(
            "found", "近七天查出", "项", lambda s: s.week.found,
            lambda code, on: ledger_url(region=code, since=week_begins(on), on=on.isoformat()),
        ),
        MapFigure(
            "inspected", "近七天检查", "次", _inspected_week, lambda code, on: inspections_url(region=code, from_=week_begins(on)),
            more_is_better=True,
        ),
        MapFigure(
            "rate", "整改率", "%", lambda s: s.total.rectification_rate,
            lambda code, on: ledger_url(region=code, state="closed"), more_is_better=True, is_rate=True,
        ),
    )
}  # fmt: skip
DEFAULT = "overdue"
# A rate is judged by the same limits on every day, so that two evenings can be compared.
RATE_LIMITS = ((95.0, "best"), (90.0, "good"), (80.0, "fair"), (60.0, "poor"))


@dataclass(frozen=True)
class Scale:
    """Which tone a value gets, and the legend in words."""

    figure: MapFigure
    top: int

    @classmethod
    def over(cls, figure: MapFigure, standings: Sequence[Standing]) -> Scale:
        values = [figure.value(each) or 0 for each in standings]
        return cls(figure, math.ceil(max(values, default=0)))

    @property
    def _steps(self) -> list[tuple[int, int]]:
        """Whole numbers from 1 to the largest, in at most four classes of equal width."""
        classes = min(len(TONES), self.top)
        width = math.ceil(self.top / classes) if classes else 0
        return [(low, min(low + width - 1, self.top)) for low in range(1, self.top + 1, width or 1)]

    def tone(self, value: float | None) -> str:
        """Raises nothing: no value at all has a tone of its own."""
        if value is None:
            return "none"
        if self.figure.is_rate:
            return next((tone for limit, tone in RATE_LIMITS if value >= limit), "bad")
        better = self.figure.more_is_better
        if not value:
            return "bad" if better else "best"
        number = next(index for index, (_, high) in enumerate(self._steps) if value <= high)
        return ("poor", "fair", "good", "best")[number] if better else TONES[number]

    def legend(self) -> list[dict[str, str]]:
        """One line a tone, in the order of the values."""
        unit = self.figure.unit
        if self.figure.is_rate:
            lines = [{"tone": "best", "label": "95% 以上"}]
            for (limit, tone), (above, _) in zip(RATE_LIMITS[1:], RATE_LIMITS, strict=False):
                lines.append({"tone": tone, "label": f"{limit:.0f}%—{above:.0f}%"})
            return [*lines, {"tone": "bad", "label": "不足 60%"}, {"tone": "none", "label": "尚无隐患记录"}]
        lines = [{"tone": self.tone(0), "label": f"0 {unit}"}]
        for low, high in self._steps:
            words = f"{low} {unit}" if low == high else f"{low}—{high} {unit}"
            lines.append({"tone": self.tone(high), "label": words})
        return lines


MARGIN = 12  # of the map's own units, round what is drawn


def frame(standings: Sequence[Standing]) -> dict[str, float | str]:
    """The part of the map that is looked at, and letters that fit it: a county fills the wall as a city does."""
    points = [point for standing in standings for point in standing.region.outline or []]
    if not points:
        return {"box": "0 0 1000 720", "letters": 17}
    (left, right), (top, bottom) = (
        (min(axis) - MARGIN, max(axis) + MARGIN) for axis in zip(*points, strict=True)
    )
    width, height = right - left, bottom - top
    return {
        "box": f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}",
        "letters": round(max(width, height * 1.5) / 54, 1),
    }


def shown(figure: MapFigure, value: float | None) -> str:
    """A value as the map writes it."""
    if value is None:
        return "—"
    return f"{value:.1f}%" if figure.is_rate else f"{value:,.0f}"


def areas(
    figure: MapFigure, standings: Sequence[Standing], *, on: dt.date
) -> tuple[list[dict[str, object]], Scale]:
    """Every area as components/map_svg.html wants it; one without an outline has an empty path."""
    scale = Scale.over(figure, standings)
    rows: list[dict[str, object]] = []
    for standing in standings:
        points, value = standing.region.outline or [], figure.value(standing)
        rows.append({
            "code": standing.region.code,
            "name": standing.region.short_name,
            "path": "M" + " L".join(f"{x} {y}" for x, y in points) + " Z" if points else "",
            "x": sum(x for x, _ in points) / len(points) if points else 0,
            "y": sum(y for _, y in points) / len(points) if points else 0,
            "value": shown(figure, value),
            "tone": scale.tone(value),
            "url": figure.url(standing.region.code, on),
        })  # fmt: skip
    return rows, scale
