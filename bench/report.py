"""docs/benchmarks.md from what the suites wrote: one summary table on top, one section per suite, each replaceable.

docs/benchmarks.json keeps the results of every suite, so that one of them can be measured again without the others.
The section of `make bench-plans` stands between markers of its own and stays as it is.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "docs" / "benchmarks.json"
BEGIN, END = "<!-- suites: written by make bench -->", "<!-- /suites -->"
_NUMBER = re.compile(r"^\s*([\d,]+(?:\.\d+)?)\s*([A-Za-zµ%×/]*)")


@dataclass
class Outcome:
    """What one suite said of one database at one size. `result` is the suite's JSON; None when it failed."""

    suite: str
    database: str
    rows: int
    seconds: float
    at: str
    machine: str
    result: dict[str, Any] | None
    problem: str = ""

    @property
    def key(self) -> str:
        return f"{self.suite}/{self.database}/{self.rows}"


@dataclass
class Book:
    """Every outcome so far, by suite, database and size, and how long the steps of the last run took."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    steps: list[tuple[str, float]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Put an outcome in the place of an earlier one of the same suite, database and size."""
        self.outcomes[outcome.key] = outcome


def machine() -> str:
    """The machine in a line."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def now() -> str:
    """Today's date and the minute."""
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}"


def read() -> Book:
    """The book as last written; an empty one where there is none."""
    if not RESULTS.exists():
        return Book()
    given = json.loads(RESULTS.read_text("utf-8"))
    book = Book(steps=[tuple(step) for step in given["steps"]])
    for each in given["outcomes"]:
        book.add(Outcome(**each))
    return book


def write(book: Book) -> None:
    """Keep the results and write the report anew between its markers."""
    kept = {"steps": book.steps, "outcomes": [asdict(each) for each in book.outcomes.values()]}
    RESULTS.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8")
    body = "\n".join([BEGIN, *_body(book), END])
    text = REPORT.read_text("utf-8") if REPORT.exists() else "# Benchmarks\n"
    if BEGIN in text:
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
    else:
        before, after = "# Benchmarks\n\n", "\n" + _plans_of(text)
    REPORT.write_text(before + body + after, "utf-8")


def _plans_of(text: str) -> str:
    """The section of the plan compiler, from its own marker to the end."""
    mark = text.find("<!-- plans: written by make bench-plans -->")
    return "\n" + text[mark:] if mark >= 0 else "\n"


def _body(book: Book) -> list[str]:
    outcomes = sorted(book.outcomes.values(), key=lambda each: (each.suite, each.database, each.rows))
    lines = [
        "`make bench` measures everything below; `make bench SUITES=panels,lists ROWS=1000000` measures some of it again. "
        "Ratios compare within one run on one machine; absolute times depend on the machine.",
        "",
        *_missed(outcomes),
        *_contents(outcomes),
        *_summary(outcomes),
        *_growth(outcomes),
        *_failures(outcomes),
    ]
    for outcome in outcomes:
        if outcome.result is None:
            continue
        lines += [
            "",
            f"## {_title(outcome, outcomes)}",
            f"{outcome.database}, {outcome.rows:,} rows; {outcome.at} UTC, {outcome.seconds:.0f} s on {outcome.machine}.",
            "",
            _deeper(outcome.result["markdown"]),
        ]
    if book.steps:
        lines += ["", "## How long the run took", "| step | seconds |", "|---|--:|"]
        lines += [f"| {name} | {seconds:.0f} |" for name, seconds in book.steps]
    return [*lines, ""]


def _title(outcome: Outcome, outcomes: list[Outcome]) -> str:
    """What a section is called; where several would be called the same, its database and size are in it."""
    assert outcome.result is not None
    title = str(outcome.result["title"])
    alike = [each for each in outcomes if each.result and each.result["title"] == title]
    return f"{title}: {outcome.database}, {_short(outcome.rows)}" if len(alike) > 1 else title


def _missed(outcomes: list[Outcome]) -> list[str]:
    """How many goals were met, in a sentence, and which were not."""
    judged = [
        each
        for outcome in outcomes
        for each in (outcome.result or {}).get("measures", [])
        if each["met"] is not None
    ]
    missed = list(dict.fromkeys(each["what"] for each in judged if not each["met"]))
    if not judged:
        return []
    words = f"Of {len(judged)} measures with a goal {sum(bool(each['met']) for each in judged)} meet it."
    return [words + (f" Not met: {'; '.join(missed)}." if missed else ""), ""]


def _contents(outcomes: list[Outcome]) -> list[str]:
    """Links to the sections, each place as a code host names it."""
    titles = [_title(each, outcomes) for each in outcomes if each.result]
    places = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
    links = [f"[{title}](#{place})" for title, place in zip(titles, places, strict=True)]
    return [f"Sections: {' · '.join(links)}", ""] if links else []


def _deeper(markdown: str) -> str:
    """A suite's own headings one level below its title."""
    return re.sub(r"^(#{1,4}) ", lambda found: f"{'#' * max(3, len(found[1]) + 1)} ", markdown, flags=re.M)


_WORDS = {True: "yes", False: "**no**", None: ""}


def _summary(outcomes: list[Outcome]) -> list[str]:
    lines = [
        "## Measures",
        "| measure | database, rows | target | measured | met | note |",
        "|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        for each in (outcome.result or {}).get("measures", []):
            lines.append(
                f"| {each['what']} | {outcome.database}, {_short(outcome.rows)} | {each['target']} | {each['measured']} | "
                f"{_WORDS[each['met']]} | {each.get('note', '')} |"
            )
    return lines


def _growth(outcomes: list[Outcome]) -> list[str]:
    """The same measure at the smaller and the larger size, where both begin with a number of the same unit."""
    by_place: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.result:
            by_place.setdefault((outcome.suite, outcome.database), []).append(outcome)
    lines = []
    for (_, database), group in by_place.items():
        if len(group) < 2:
            continue
        small, large = group[0], group[-1]
        earlier = {each["what"]: each["measured"] for each in small.result["measures"]}  # type: ignore[index]
        for each in large.result["measures"]:  # type: ignore[index]
            before, after = (
                _NUMBER.match(str(words)) for words in (earlier.get(each["what"], ""), each["measured"])
            )
            if before and after and before[2] == after[2] and _value(before):
                ratio = _value(after) / _value(before)
                sizes = f"{_short(small.rows)} → {_short(large.rows)}"
                lines.append(
                    f"| {each['what']} | {database}, {sizes} | {earlier[each['what']]} | {each['measured']} | {ratio:.2f} |"
                )
    if not lines:
        return []
    return [
        "",
        "## Growth",
        "| measure | where | smaller | larger | ratio |",
        "|---|---|--:|--:|--:|",
        *lines,
    ]


def _failures(outcomes: list[Outcome]) -> list[str]:
    failed = [each for each in outcomes if each.result is None]
    if not failed:
        return []
    lines = ["", "## Suites that failed", "| suite | where | at | what it said |", "|---|---|---|---|"]
    for each in failed:
        words = " ".join(each.problem.split())[-300:].replace("|", "/")
        lines.append(f"| {each.suite} | {each.database}, {_short(each.rows)} | {each.at} | {words} |")
    return lines


def _value(found: re.Match[str]) -> float:
    return float(found[1].replace(",", ""))


def _short(rows: int) -> str:
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if rows >= size and rows % (size // 10) == 0:
            return f"{rows / size:g}{sign}"
    return f"{rows:,}"
