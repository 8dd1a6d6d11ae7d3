"""The databases underneath: connections kept or opened anew, writers of SQLite, COPY beside bulk_create.

`python -m bench.database --rows N --json OUT`, against the PostgreSQL of DATABASE_URL; the writers' race makes its own
SQLite files. Rounds of the contestants alternate; ratios are of medians over rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

ROUNDS = 3
THREADS = 4  # as a web process has
SHAPES = ((1, 4), (2, 4), (8, 3))  # processes, threads of each
TABLES = (
    "CREATE TABLE bench_counter (id bigint PRIMARY KEY, value bigint NOT NULL)",
    "CREATE TABLE bench_line (id {key}, counter_id bigint NOT NULL, value bigint NOT NULL)",
    "CREATE INDEX bench_line_counter ON bench_line (counter_id, id)",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
    django.setup()
    url = os.environ.get("DATABASE_URL", "")
    sections, measures = [], []
    suites: list[Callable[[], tuple[str, list[dict[str, Any]]]]] = [lambda: writers(url, options.seconds)]
    if url:
        suites = [lambda: connecting(url, options.seconds), *suites, lambda: bulk(min(options.rows, 200_000))]
    for suite in suites:
        text, found = suite()
        sections.append(text)
        measures += found
    options.json.write_text(
        json.dumps(
            {"title": "Databases", "markdown": "\n\n".join(sections), "measures": measures},
            ensure_ascii=False,
        )
    )


def measure(what: str, target: str, measured: str, met: bool | None, note: str = "") -> dict[str, Any]:
    return {"what": what, "target": target, "measured": measured, "met": met, "note": note}


def at(values: list[float], share: float) -> float:
    """The value below which `share` of them lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


# --- connections -------------------------------------------------------------------------------------


def connecting(url: str, seconds: float) -> tuple[str, list[dict[str, Any]]]:
    """Requests of four threads: a query each, over a connection opened anew, kept by the thread, or from the pool."""
    from django.db import connection
    from django.db.backends.postgresql.base import DatabaseWrapper

    from bihuan.config.databases import postgresql

    pooled = connection.settings_dict | postgresql(url, name="URL")
    unpooled = {key: value for key, value in pooled["OPTIONS"].items() if key != "pool"}
    kinds = {
        "opened for each request": (pooled | {"OPTIONS": unpooled, "CONN_MAX_AGE": 0}, True),
        "kept by its thread": (pooled | {"OPTIONS": unpooled, "CONN_MAX_AGE": 600}, False),
        "from the pool (as shipped)": (pooled, True),
    }
    rates: dict[str, list[float]] = {name: [] for name in kinds}
    waits: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, (settings, gives_back) in kinds.items():
            found: list[float] = []

            def requests(settings=settings, gives_back=gives_back, found=found, name=name) -> None:
                wrapper = DatabaseWrapper(settings, name)
                end = time.monotonic() + seconds / 2
                while time.monotonic() < end:
                    began = time.perf_counter()
                    with wrapper.cursor() as cursor:
                        cursor.execute("SELECT id FROM django_migrations WHERE id = 1")
                        cursor.fetchall()
                    if gives_back:
                        wrapper.close()
                    found.append(time.perf_counter() - began)
                wrapper.close()

            running = [threading.Thread(target=requests) for _ in range(THREADS)]
            for thread in running:
                thread.start()
            for thread in running:
                thread.join()
            rates[name].append(len(found) / (seconds / 2))
            waits[name] += found
    DatabaseWrapper(pooled, "from the pool (as shipped)").close_pool()
    base = statistics.median(rates["opened for each request"])
    lines = [
        "**Connections to PostgreSQL**, one query per request, 4 threads, median of rounds",
        "",
        "| connection | requests/s | p50 ms | p99 ms | ratio |",
        "|---|---|---|---|---|",
    ]
    for name in kinds:
        rate = statistics.median(rates[name])
        lines.append(
            f"| {name} | {rate:,.0f} | {at(waits[name], 0.5) * 1e3:.2f} | {at(waits[name], 0.99) * 1e3:.2f} | {rate / base:.1f}× |"
        )
    ratio = statistics.median(rates["from the pool (as shipped)"]) / base
    return "\n".join(lines), [
        measure(
            "pooled connections beside reconnecting, requests/s",
            "≥ 8×",
            f"{ratio:.1f}×",
            ratio >= 8,
            "one query per request; every checkout is checked",
        )
    ]


# --- writers -----------------------------------------------------------------------------------------


def writers(url: str, seconds: float) -> tuple[str, list[dict[str, Any]]]:
    """The same read-modify-write on SQLite with the line, on SQLite with the busy handler, and on PostgreSQL."""
    from bench.database_child import COUNTERS

    results: dict[tuple[str, tuple[int, int]], list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(prefix="bihuan-bench-") as home:
        places = {"line": str(Path(home) / "line.sqlite3"), "busy": str(Path(home) / "busy.sqlite3")}
        for file in places.values():
            _prepare_sqlite(file, COUNTERS)
        if url:
            places["postgresql"] = url
            _prepare_postgresql(COUNTERS)
        for _ in range(ROUNDS):
            for shape in SHAPES:
                for engine, where in places.items():
                    results.setdefault((engine, shape), []).append(_race(engine, where, shape, seconds))
        lost = {engine: _lost(engine, where) for engine, where in places.items()}
    names = {
        "line": "SQLite, writers in line (as shipped)",
        "busy": "SQLite, busy handler",
        "postgresql": "PostgreSQL, pool",
    }
    lines = [
        "**Writers**: read, change, write back and append in one transaction, 1 ms between two; all rounds together",
        "",
        "| processes × threads | database | writes/s | p50 ms | p99 ms | max ms | lock errors |",
        "|---|---|---|---|---|---|---|",
    ]
    errors = 0
    p99: dict[tuple[str, tuple[int, int]], float] = {}
    rate: dict[tuple[str, tuple[int, int]], float] = {}
    for shape in SHAPES:
        for engine in places:
            rounds = results[engine, shape]
            waits = [wait for each in rounds for wait in each["waits"]]
            failed = sum(len(each["errors"]) for each in rounds)
            errors += failed if engine == "line" else 0
            p99[engine, shape] = at(waits, 0.99)
            rate[engine, shape] = statistics.median(len(each["waits"]) / seconds for each in rounds)
            lines.append(
                f"| {shape[0]} × {shape[1]} | {names[engine]} | {rate[engine, shape]:,.0f} | {at(waits, 0.5) * 1e3:.2f} | "
                f"{p99[engine, shape] * 1e3:.1f} | {max(waits) * 1e3:.0f} | {failed} |"
            )
    lines += [
        "",
        f"Changes lost: {', '.join(f'{names[engine]} {number}' for engine, number in lost.items())}.",
    ]
    two = SHAPES[1]
    measures = [
        measure("lock errors of SQLite writers, 8 processes × 3 threads included", "0", str(errors), errors == 0),
        measure(
            "SQLite p99 of a write, busy handler ÷ line, 2 processes × 4 threads", "report",
            f"{p99['busy', two] / p99['line', two]:.1f}×", None,
            f"throughput {rate['line', two] / rate['busy', two]:.2f}×",
        ),
        measure("changes lost by racing writers", "0", str(sum(lost.values())), not any(lost.values())),
    ]  # fmt: skip
    if url:
        ratio = p99["line", two] / p99["postgresql", two]
        measures.append(
            measure(
                "SQLite p99 of a write ÷ PostgreSQL's, 2 processes × 4 threads",
                "≤ 2×",
                f"{ratio:.2f}×",
                ratio <= 2,
            )
        )
    return "\n".join(lines), measures


def _race(engine: str, where: str, shape: tuple[int, int], seconds: float) -> dict[str, Any]:
    processes, threads = shape
    words = [sys.executable, "-m", "bench.database_child", engine, where, str(threads), str(seconds)]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    told = [json.loads(process.communicate(timeout=300)[0]) for process in running]
    return {
        "waits": [w for each in told for w in each["waits"]],
        "errors": [e for each in told for e in each["errors"]],
    }


def _prepare_sqlite(file: str, counters: int) -> None:
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = WAL")
    for sql in TABLES:
        database.execute(sql.format(key="integer PRIMARY KEY AUTOINCREMENT"))
    database.executemany(
        "INSERT INTO bench_counter VALUES (?, 0)", [(number + 1,) for number in range(counters)]
    )
    database.commit()
    database.close()


def _prepare_postgresql(counters: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_counter, bench_line")
        for sql in TABLES:
            cursor.execute(sql.format(key="bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"))
        cursor.execute("INSERT INTO bench_counter SELECT generate_series(1, %s), 0", [counters])


def _lost(engine: str, where: str) -> int:
    """Lines written beyond what the counters say: changes that overwrote one another."""
    sql = "SELECT (SELECT count(*) FROM bench_line) - (SELECT coalesce(sum(value), 0) FROM bench_counter)"
    if engine == "postgresql":
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(sql)
            found = cursor.fetchone()[0]
            cursor.execute("DROP TABLE bench_counter, bench_line")
        return int(found)
    database = sqlite3.connect(where)
    found = database.execute(sql).fetchone()[0]
    database.close()
    return int(found)


# --- rows in bulk ------------------------------------------------------------------------------------


def bulk(rows: int) -> tuple[str, list[dict[str, Any]]]:
    """The same rows into the same indexed table by COPY and by bulk_create in batches of 1,000."""
    import datetime as dt

    from django.db import connection, models, transaction

    class BulkRow(models.Model):
        place = models.CharField(max_length=12)
        department = models.BigIntegerField()
        on = models.DateField()
        words = models.CharField(max_length=120)
        note = models.JSONField(default=dict)

        class Meta:
            app_label = "bench"
            managed = False
            db_table = "bench_bulk"

    columns = ("place", "department", "on", "words", "note")
    first = dt.date(2024, 1, 1)
    made = [
        (f"5397{n % 97:04d}", n % 30, first + dt.timedelta(days=n % 900), f"安全出口堆放杂物 {n}", '{"n": 1}')
        for n in range(rows)
    ]

    def by_copy() -> None:
        names = ", ".join(f'"{column}"' for column in columns)
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY bench_bulk ({names}) FROM STDIN") as copy,
        ):
            for row in made:
                copy.write_row(row)

    def by_bulk_create() -> None:
        with transaction.atomic():
            BulkRow.objects.bulk_create(
                (BulkRow(place=p, department=d, on=o, words=w, note={"n": 1}) for p, d, o, w, _ in made),
                batch_size=1000,
            )

    took: dict[str, list[float]] = {"bulk_create": [], "COPY": []}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_bulk")
        cursor.execute(
            "CREATE TABLE bench_bulk (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, place varchar(12) NOT NULL, "
            'department bigint NOT NULL, "on" date NOT NULL, words varchar(120) NOT NULL, note jsonb NOT NULL)'
        )
        cursor.execute('CREATE INDEX ON bench_bulk (place, "on" DESC, id DESC)')
        cursor.execute('CREATE INDEX ON bench_bulk (department, "on" DESC, id DESC)')
    for _ in range(ROUNDS):
        for name, act in (("bulk_create", by_bulk_create), ("COPY", by_copy)):
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE bench_bulk RESTART IDENTITY")
            began = time.perf_counter()
            act()
            took[name].append(time.perf_counter() - began)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_bulk")
    rate = {name: rows / statistics.median(each) for name, each in took.items()}
    ratio = rate["COPY"] / rate["bulk_create"]
    text = (
        f"**{rows:,} rows into an indexed table**: bulk_create {rate['bulk_create']:,.0f} rows/s, "
        f"COPY {rate['COPY']:,.0f} rows/s ({ratio:.1f}×)."
    )
    return text, [
        measure(
            "COPY beside bulk_create, rows/s", "report", f"{ratio:.1f}×", None, f"{rows:,} rows, two indexes"
        )
    ]


if __name__ == "__main__":
    main()
