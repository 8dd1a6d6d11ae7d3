"""`make bench-plans`: the plan compiler measured: scores on labelled plans, speed against python-docx + `re`, memory.

Prints the figures and writes them into docs/benchmarks.md, between the marks of their section. Options: --documents N
(default 1,000), --mutated N (default 10,000).
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import plans_baseline
from bench.plans_data import LABELLED, as_word, texts, twenty_pages

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- plans: written by make bench-plans -->", "<!-- plans: end -->"
ROUNDS = 7


def scores() -> list[str]:
    """Precision, recall and F1 per field on the labelled plans, as score.py prints them."""
    from bihuan.plans import compile_plan

    if not (LABELLED / "score.py").exists():
        return ["The labelled plans are not at hand; no scores were taken."]
    columns: dict[str, dict[str, str]] = {}
    for folder in ("seeds", "dev"):
        with tempfile.TemporaryDirectory() as out:
            for path in sorted((LABELLED / folder).glob("*.txt")):
                plan = compile_plan(path.read_bytes(), path.name)
                Path(out, f"{path.stem}.json").write_text(json.dumps(plan.to_json()), "utf-8")
            printed = subprocess.run(
                [sys.executable, str(LABELLED / "score.py"), str(LABELLED / folder), out],
                capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
        columns[folder] = {
            m[1]: m[2] for m in re.finditer(r"(?m)^(\w+)\s+[\d.]+\s+[\d.]+\s+([\d.]+)\s+\d+$", printed)
        }
        columns[folder]["**macro F1**"] = re.search(r"macro F1 ([\d.]+)", printed)[1]
    return [
        "| Field | F1 seeds | F1 dev |",
        "|---|--:|--:|",
        *(
            f"| {name} | {value} | {columns['dev'].get(name, '')} |"
            for name, value in columns["seeds"].items()
        ),
    ]


class Found(NamedTuple):
    """A clause: its number, heading, place, units by role and deadline."""

    no: str
    heading: str
    span: tuple[int, int]
    units: object
    due: object


def clauses(data: bytes) -> list:
    """The same reading as the baseline: text, numbers, tables, and of each clause heading, units by role, deadline."""
    from bihuan.plans.attribution import Attribution, labelled_lines
    from bihuan.plans.deadlines import deadlines, last_deadline
    from bihuan.plans.outline import build_outline, heading_of
    from bihuan.plans.phrases import phrase_units
    from bihuan.plans.reading import read_document
    from bihuan.plans.tables import read_tables, table_tasks, without_tables
    from bihuan.plans.tasks import find_items

    source = read_document(data, "plan.docx")
    tables = read_tables(source)
    text = without_tables(source.text, tables)
    outline = build_outline(text)
    found = []
    for item in find_items(outline, text):
        start, stop = item.span
        units = item.attribution or labelled_lines(text, start, stop) or phrase_units(text, start, stop)
        due = last_deadline(deadlines(text, start, stop, None))
        found.append(Found(item.no, heading_of(text, item.span)[0], item.span, units or Attribution(), due))
    return [*found, *table_tasks(tables, source.text, outline, None)]


def timed(works: list[Callable[[], object]]) -> list[float]:
    """Milliseconds of processor time of each piece of work, the median of several rounds that take turns."""
    taken: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(ROUNDS):
        for times, work in zip(taken, works, strict=True):
            gc.collect()
            began = time.process_time()
            work()
            times.append((time.process_time() - began) * 1000)
    return [median(times) for times in taken]


def alike(ours: list, theirs: list[plans_baseline.Clause]) -> int:
    """How many clauses both found: by the first ten characters of their headings, spaces aside."""
    left = [re.sub(r"\s", "", clause.heading)[:10] for clause in theirs]
    found = 0
    for task in ours:
        key = re.sub(r"\s", "", task.heading)[:10]
        if key in left:
            left.remove(key)
            found += 1
    return found


def speed() -> list[str]:
    """Word file to clauses and to the whole structure, beside python-docx + `re`."""
    from bihuan.plans import compile_plan, read_document

    documents = [
        ("twenty pages", as_word(twenty_pages())),
        *((name, as_word(text)) for name, text in texts()),
    ]
    lines = [
        "| Word file | clauses: ours / theirs / both | reading: theirs | ours | times faster | clauses: theirs | ours | times faster | whole structure |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    sums, left_out = [0.0] * 5, []
    for name, data in documents:
        ours, theirs = clauses(data), plans_baseline.read(data)
        both = alike(ours, theirs)
        if both < 0.85 * len(ours):
            left_out.append(name)
            continue
        times = timed(
            [
                lambda data=data: plans_baseline.text_of(data),
                lambda data=data: read_document(data, "plan.docx"),
                lambda data=data: plans_baseline.read(data),
                lambda data=data: clauses(data),
                lambda data=data: compile_plan(data, "plan.docx"),
            ]
        )
        sums = [a + b for a, b in zip(sums, times, strict=True)]
        lines.append(row(name, f"{len(ours)} / {len(theirs)} / {both}", times))
    lines.append(row("**all**", "", sums))
    if left_out:
        names = ", ".join(left_out)
        lines += [
            "",
            f"Left out, the baseline misses over 15 % of the clauses (line breaks are lost): {names}.",
        ]
    return lines


def row(name: str, counts: str, times: list[float]) -> str:
    """One line of the table of times."""
    return (
        f"| {name} | {counts} | {times[0]:.0f} | {times[1]:.1f} | {times[0] / times[1]:.1f} | {times[2]:.0f} | {times[3]:.1f} | "
        f"**{times[2] / times[3]:.1f}** | {times[4]:.0f} |"
    )


def memory(documents: int) -> dict[str, float]:
    """In a process of its own: resident memory after a tenth of the documents and after all of them."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.plans", "--child", "--documents", str(documents)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def child(documents: int) -> None:
    """Compile many documents in one process, every format in turn, and print what it held."""
    from bihuan.plans import compile_plan
    from bihuan.plans.tests import sample

    files = [(as_word(text), "plan.docx") for _, text in texts()]
    files += [(text.encode("gb18030", "ignore"), "plan.txt") for _, text in texts()]
    files += [(sample.as_html(), "plan.html"), (sample.as_pdf(), "plan.pdf")]
    began, early = time.perf_counter(), 0.0
    for number in range(1, documents + 1):
        data, name = files[number % len(files)]
        compile_plan(data, name).to_json()
        if number == documents // 10:
            early = resident()
    print(json.dumps({"early": early, "late": resident(), "seconds": time.perf_counter() - began}))


def resident() -> float:
    """Resident memory of this process in MB."""
    gc.collect()
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.plans")
    parser.add_argument("--documents", type=int, default=1_000)
    parser.add_argument("--mutated", type=int, default=10_000)
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.child:
        child(options.documents)
        return
    held = memory(options.documents)
    lines = [
        BEGIN,
        "## Plan compiler",
        f"`make bench-plans`, {dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}.",
        "",
        "### Understanding",
        "Against the labelled plans (`score.py`; units, headings and dates compared by the labelling convention).",
        "",
        *scores(),
        "",
        "### Speed",
        "Every text as a Word file with Word's automatic numbers and a responsibility table of 24 rows. The baseline "
        "(`bench/plans_baseline.py`, “theirs”) reads with python-docx and `re`: numbers rebuilt, table rows, of each clause "
        "number, heading, units by role and deadline. “Ours” does the same reading and finds the same clauses; “whole structure” "
        "is everything the compiler finds beside them (phases, reports, targets, bodies, check items, criteria, zones, parts), "
        f"which the baseline does not try. Milliseconds of processor time, median of {ROUNDS} rounds in turn, one process.",
        "",
        *speed(),
        "",
        "### Memory",
        f"{options.documents:,} documents (Word, GB18030 text, HTML, PDF in turn) compiled in one process in {held['seconds']:.0f} s: "
        f"resident memory {held['early']:.0f} MB after {options.documents // 10:,}, {held['late']:.0f} MB after {options.documents:,}.",
    ]
    if importlib.util.find_spec("bench.plans_text"):
        from bench import plans_text

        damaged = plans_text.report(plans_text.PLANS, options.mutated, 1)
        lines += ["", "### Damaged text", *(f"- {line}" for line in damaged)]
    lines.append(END)
    record(lines)
    print("\n".join(lines))


def record(lines: list[str]) -> None:
    """Put the section into docs/benchmarks.md in place of the one before."""
    report = REPORT.read_text("utf-8")
    before, _, rest = report.partition(BEGIN)
    after = rest.partition(END)[2]
    REPORT.write_text(before.rstrip() + "\n\n" + "\n".join(lines) + "\n" + after.lstrip("\n"), "utf-8")


if __name__ == "__main__":
    main()
