"""The shipped statistics: each one SQL file with a title, what it counts, its columns and how it is drawn.

The text runs unchanged on DuckDB and on Apache Spark (ANSI mode), over three names it may count on:
`events` (the archive's rows the person may see), `asked` (one row: what was asked for) and `campaigns`
(`campaign, starts_on, ends_on, before_from, after_to, length`). What the two engines do differently is kept out:
ratios are whole numbers (‰, tenths) made by FLOOR of one division of whole numbers, dates are only compared and
taken apart by EXTRACT, every ORDER BY ends in a unique key without NULLs. No Django here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "statistics"


@dataclass(frozen=True)
class Heading:
    """One column: its name in the SQL, its Chinese heading, and what kind of value it holds."""

    name: str
    label: str
    kind: str


@dataclass(frozen=True)
class Chart:
    """How the answer is drawn: `lines` over a key, summed over the rest, or `bars` of one column by a key."""

    form: str
    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Statistic:
    """One question: its name (the file's, without the number), words, columns and SQL text."""

    name: str
    title: str
    about: str
    headings: tuple[Heading, ...]
    chart: Chart
    sql: str


@dataclass(frozen=True)
class Asked:
    """What is asked for: whole months from the first day to the last, under one region (a division code)."""

    first_day: dt.date
    last_day: dt.date
    region: str

    def sql(self) -> str:
        """The one-row relation `asked`."""
        first, last = self.first_day, self.last_day
        return (
            f"SELECT DATE '{first:%Y-%m-%d}' AS first_day, DATE '{last:%Y-%m-%d}' AS last_day, "
            f"{first.year * 100 + first.month} AS first_month, {last.year * 100 + last.month} AS last_month, "
            f"{quarter_of(first)} AS first_quarter, {quarter_of(last)} AS last_quarter, {last.year} AS year"
        )

    def events_sql(self, table: str) -> str:
        """The relation `events`: the rows of `table` under the region, by the length of its code (accounts.scope)."""
        if not all(sign.isalnum() and sign.isascii() for sign in self.region):
            raise ValueError("a division code has digits only")
        column = {4: "city", 6: "county"}.get(len(self.region), "locality")
        if len(self.region) in (0, 2):  # everything; a province is the whole installation
            return f"SELECT * FROM {table}"  # noqa: S608 - our own name
        return f"SELECT * FROM {table} WHERE {column} = '{self.region}'"  # noqa: S608 - alphanumeric, see above


@dataclass(frozen=True)
class CampaignDates:
    """One campaign as `campaigns` shows it."""

    campaign: int
    starts_on: dt.date
    ends_on: dt.date

    AROUND = dt.timedelta(days=90)
    ONE = dt.timedelta(days=1)

    def row(self) -> str:
        values = (
            self.starts_on,
            self.ends_on,
            self.starts_on - self.AROUND,
            self.ends_on + self.AROUND,
        )
        dates = ", ".join(f"DATE '{value:%Y-%m-%d}'" for value in values)
        return f"({self.campaign}, {dates}, {(self.ends_on - self.starts_on).days + 1})"


def campaigns_sql(campaigns: Sequence[CampaignDates]) -> str:
    """The relation `campaigns`; without any campaign it has the columns and no row."""
    names = "campaign, starts_on, ends_on, before_from, after_to, length"
    rows = list(campaigns) or [CampaignDates(0, dt.date(1970, 1, 1), dt.date(1970, 1, 1))]
    text = ", ".join(each.row() for each in rows)
    return f"SELECT * FROM (VALUES {text}) AS listed({names}) WHERE campaign > 0"  # noqa: S608 - numbers and dates


def quarter_of(day: dt.date) -> int:
    """2026-05-01 → 20262."""
    return day.year * 10 + (day.month + 2) // 3


@cache
def statistics() -> dict[str, Statistic]:
    """All statistics by name, in the order of their files."""
    found = [read(path) for path in sorted(FOLDER.glob("*.sql"))]
    return {statistic.name: statistic for statistic in found}


def read(path: Path) -> Statistic:
    """One file. Raises ValueError when a line of its head is missing."""
    text = path.read_text("utf-8")
    head = {}
    for line in text.splitlines():
        if not line.startswith("-- "):
            break
        key, _, value = line.removeprefix("-- ").partition(": ")
        head[key] = value.strip()
    if set(head) != {"title", "about", "columns", "chart"}:
        raise ValueError(f"{path.name}: the head must give title, about, columns, chart")
    headings = tuple(Heading(*part.split()) for part in head["columns"].split(" | "))
    form, key, *columns = head["chart"].split()
    return Statistic(
        name=path.stem.partition("-")[2],
        title=head["title"],
        about=head["about"],
        headings=headings,
        chart=Chart(form, key, tuple(columns)),
        sql=text,
    )
