"""What the situation room shows: counts, trend, what is overdue, listed and to be dispatched today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bihuan.accounts.models import Region, User
from bihuan.accounts.scope import area_q
from bihuan.campaigns.links import inspections_url, ledger_url
from bihuan.core.addresses import address
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.tally.queries import Figures, at_points, by_region

from .. import queries
from .mapping import FIGURES, Standing, shown

LONGEST = 5  # overdue hazards named on the wall
ROTATED = 8  # areas whose detail comes round
NAMED = 3  # hazards named in the detail of an area


@dataclass(frozen=True)
class Note:
    """A second number under a tile, in words; `url` opens its own rows."""

    words: str
    url: str = ""


@dataclass(frozen=True)
class Tile:
    """One live count; `url` opens its rows, `tone` is red when somebody should get up."""

    label: str
    figure: str
    unit: str
    notes: list[Note]
    url: str
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a box: what, where or who, and the words that say how bad it is."""

    text: str
    where: str
    state: str
    url: str
    tone: str = ""


@dataclass(frozen=True)
class Box:
    """A titled list on the wall with the sentence that stands there when it is empty."""

    key: str
    title: str
    count: int | None
    url: str
    lines: list[Line]
    empty: str


def trend_sums(rows: Sequence[tuple[dt.date, Figures]], region: Region) -> list[Note]:
    """What the lines of the chart add up to, each opening its rows."""
    code, first, last = region.code, rows[0][0].isoformat(), rows[-1][0].isoformat()
    found, closed = sum(each.found for _, each in rows), sum(each.closed for _, each in rows)
    return [
        Note(f"共查出 {found:,} 项", ledger_url(region=code, since=first, on=last)),
        Note(f"共销号 {closed:,} 项", ledger_url(region=code, state="closed", since=first, on=last)),
        Note(f"现逾期 {rows[-1][1].overdue:,} 项", ledger_url(region=code, state="overdue", on=last)),
    ]


def tiles(user: User, region: Region, *, on: dt.date) -> list[Tile]:
    """Six counts of a region as of now, each opening its rows."""
    code = region.code
    now, eve = at_points([on, on - dt.timedelta(days=1)], region=code)
    today = now - eve
    rate = now.rectification_rate
    late = Duty.objects.visible_to(user).overdue(on=on).filter(area_q(code)).count()
    day = on.isoformat()
    return [
        Tile(
            "逾期未改", f"{now.overdue:,}", "项",
            [Note(f"其中重大 {now.overdue_major:,} 项", ledger_url(region=code, level="major", state="overdue"))],
            ledger_url(region=code, state="overdue"), "red" if now.overdue else "",
        ),
        Tile(
            "重大未销号", f"{now.open_major:,}", "项",
            [Note(f"累计查出 {now.found_major:,} 项", ledger_url(region=code, level="major"))],
            ledger_url(region=code, level="major", state="open"), "red" if now.open_major else "",
        ),
        Tile(
            "未销号", f"{now.open:,}", "项",
            [
                Note(f"今日查出 {today.found:,} 项", ledger_url(region=code, since=day, on=day)),
                Note(f"今日销号 {today.closed:,} 项", ledger_url(region=code, state="closed", since=day, on=day)),
            ],
            ledger_url(region=code, state="open"),
        ),
        Tile(
            "整改率", "—" if rate is None else f"{rate:.1f}", "" if rate is None else "%",
            [Note(f"累计查出 {now.found:,} 项", ledger_url(region=code))], ledger_url(region=code, state="closed"),
        ),
        Tile(
            "今日检查", f"{today.inspected:,}", "次", [
                Note(
                    f"未发现问题 {today.inspected_clean:,} 次",
                    inspections_url(region=code, from_=day, clean=1),
                )
            ],
            inspections_url(region=code, from_=day),
        ),
        Tile(
            "逾期待办", f"{late:,}", "件", [Note("任务、整改、审批、报送")],
            f"{address('duties:late')}?region={code}", "orange" if late else "",
        ),
    ]  # fmt: skip


def standings(region: Region, *, on: dt.date) -> list[Standing]:
    """Each area under a region, those with most overdue first; two readings of the cube whatever their number."""
    rows = queries.children_standing(region, on=on)
    before = by_region([area.code for area, _ in rows], on=on - dt.timedelta(days=7))
    return [Standing(area, total, _week(total, before[area.code])) for area, total in rows]


def _week(total: Figures, before: Figures) -> Figures:
    return (total - before).with_stock_of(total)


def overdue_line(hazard: Hazard, *, on: dt.date) -> Line:
    days = (on - hazard.due_on).days if hazard.due_on else 0
    major = "重大 · " if hazard.level == "major" else ""
    return Line(
        hazard.description, f"{major}{hazard.locality or hazard.county or hazard.city} · {hazard.enterprise}",
        f"逾期 {days} 天", hazard.get_absolute_url(), "red",
    )  # fmt: skip


def longest_overdue(user: User, region: Region, *, on: dt.date, limit: int = LONGEST) -> list[Line]:
    """The hazards overdue for longest in a region."""
    rows = (
        Hazard.objects.visible_to(user)
        .overdue(on=on)
        .filter(area_q(region.code))
        .select_related("enterprise", "locality", "county", "city")
        .order_by("due_on", "id")[:limit]
    )
    return [overdue_line(hazard, on=on) for hazard in rows]


@dataclass(frozen=True)
class Detail:
    """One area that comes round: how it stands, and what is overdue there for longest."""

    standing: Standing
    figures: list[dict[str, str]]
    url: str
    lines: list[Line]


def details(user: User, rows: list[Standing], *, on: dt.date) -> list[Detail]:
    """The areas with most overdue, one after the other; those without anything found are left out."""
    return [
        Detail(
            row,
            [
                {
                    "label": figure.label,
                    "figure": shown(figure, figure.value(row)),
                    "url": figure.url(row.region.code, on),
                }
                for figure in FIGURES.values()
            ],
            ledger_url(region=row.region.code),
            longest_overdue(user, row.region, on=on, limit=NAMED) if row.total.overdue else [],
        )
        for row in rows[:ROTATED]
        if row.total.found
    ]
