"""DuckDB and Apache Spark over the same archive, the same SQL text, value by value.

    python -m bench.archive --rows 100000000 --json OUT

Writes a province's history straight into the archive's own files, runs every shipped statistic on DuckDB (a cold
process each, then warm in one) and on a Spark standalone cluster of a master and two workers started here (cold for
three of them, warm for all), compares every value, and kills a worker in the middle of a query.
"""

from __future__ import annotations

import argparse
import calendar
import contextlib
import datetime as dt
import json
import os
import shutil
import signal
import statistics as numbers
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bihuan.archive import manifest as lists
from bihuan.archive.catalogue import Asked, CampaignDates, campaigns_sql
from bihuan.archive.catalogue import statistics as shipped
from bihuan.archive.engine import database
from bihuan.archive.layout import EVENT_COLUMNS, EVENTS, folder
from bihuan.archive.manifest import ArchiveFile, Manifest
from bihuan.archive.process import peak_mb
from bihuan.archive.process import prepare as prepare_duck
from bihuan.archive.spark import SETTINGS
from bihuan.archive.spark import prepare as prepare_spark

ROOT = Path(__file__).resolve().parent.parent
CITIES, MONTHS, FIRST_YEAR = 17, 36, 2023
COLD = ("months", "departments", "time-to-close")
MASTER, WEB = 17177, 17178
PER_HAZARD = 3.45  # rows a hazard leaves: found, handed in, closed, and the visits
ASKED = Asked(dt.date(2023, 1, 1), dt.date(2025, 12, 31), "53")
CAMPAIGNS = [
    CampaignDates(number, dt.date(2023 + number // 4, 1 + 3 * (number % 4), 1), dt.date(2023 + number // 4, 3 + 3 * (number % 4), 28))
    for number in range(1, 12)
]  # fmt: skip

# One partition: hazards of one city found in one month, with everything that happened to them.
EVENTS_SQL = """
WITH drawn AS (
    SELECT i, {first_id} + i AS hazard_id,
        hash(i, {seed}, 1) % 1000003 / 1000003.0 AS u1, hash(i, {seed}, 2) % 1000003 / 1000003.0 AS u2,
        hash(i, {seed}, 3) % 1000003 / 1000003.0 AS u3, hash(i, {seed}, 4) % 1000003 / 1000003.0 AS u4,
        hash(i, {seed}, 5) % 1000003 / 1000003.0 AS u5, hash(i, {seed}, 6) % 1000003 / 1000003.0 AS u6
    FROM range({hazards}) AS numbers(i)
), hazards AS (
    SELECT *, DATE '{first_day}' + CAST(i * {days} // {hazards} AS INTEGER) AS found_on,
        CASE WHEN u1 < 0.015 THEN 'major' ELSE 'general' END AS level,
        CAST(floor(10 * u2 * u2) AS INTEGER) + 1 AS county_no, CAST(floor(12 * u3 * u3) AS INTEGER) + 1 AS town_no,
        CAST(floor(30 * u4 * u4) AS BIGINT) + 1 AS department_id, CAST(floor(12 * u5 * u5) AS INTEGER) AS kind_no,
        CAST(floor(17000 * u6 * u6 * u6) AS BIGINT) + {city_no} * 17000 AS enterprise_id,
        CAST(floor(1 - 9 * ln(1 - u1 * 0.999)) AS INTEGER) AS took, CAST(7 + 8 * floor(3 * u2) AS INTEGER) AS allowed
    FROM drawn
), stepped AS (
    SELECT hazards.*, step, found_on + allowed AS due_on,
        CASE step WHEN 0 THEN found_on WHEN 1 THEN found_on + took - 1 WHEN 2 THEN found_on + took
            WHEN 3 THEN found_on + took + 9 ELSE found_on END AS day
    FROM hazards, (VALUES (0), (1), (2), (3), (4)) AS steps(step)
    WHERE step < 2 OR (step = 2 AND u3 < 0.985) OR (step = 3 AND u3 < 0.012) OR (step = 4 AND u4 < 0.45)
)
SELECT CASE WHEN step = 4 THEN 'visit' ELSE 'line' END AS event, {first_event} + i * 5 + step AS event_id,
    CAST(0 AS SMALLINT) AS part, CASE WHEN step = 4 THEN 0 ELSE hazard_id END AS hazard_id,
    CASE step WHEN 0 THEN 'record' WHEN 1 THEN 'submit' WHEN 2 THEN 'close' WHEN 3 THEN 'reopen' ELSE 'campaign' END AS move,
    CASE step WHEN 1 THEN 'rectifying' WHEN 2 THEN 'reinspecting' WHEN 3 THEN 'closed' ELSE '' END AS from_status,
    CASE step WHEN 0 THEN 'rectifying' WHEN 1 THEN 'reinspecting' WHEN 2 THEN 'closed' WHEN 3 THEN 'rectifying' ELSE '' END AS to_status,
    CAST(CASE WHEN step = 3 THEN 2 WHEN step = 4 THEN 0 ELSE 1 END AS SMALLINT) AS round,
    CAST(day AS TIMESTAMP) + to_seconds(CAST(28800 + i * 28000 // {hazards} AS INTEGER)) AS written_at, day,
    '53{city_no:02d}' AS city, '53{city_no:02d}' || lpad(CAST(county_no AS VARCHAR), 2, '0') AS county,
    '53{city_no:02d}' || lpad(CAST(county_no AS VARCHAR), 2, '0') || lpad(CAST(town_no AS VARCHAR), 3, '0') AS locality,
    department_id, 'kind-' || kind_no AS kind, CAST({month_no} // 3 + kind_no % 3 AS BIGINT) AS campaign_id,
    CAST({month_no} // 3 * 40 + kind_no AS BIGINT) AS task_id,
    CASE WHEN step = 4 THEN '' WHEN u5 < 0.6 THEN 'inspection' WHEN u5 < 0.9 THEN 'self_check' ELSE 'tip' END AS source,
    CASE WHEN step = 4 THEN '' ELSE level END AS level,
    CASE WHEN step < 4 THEN due_on END AS due_on, CASE WHEN step < 4 THEN found_on END AS found_on,
    enterprise_id, {city_no} * 1000 + department_id AS finder_id, {city_no} * 1000 + department_id AS organization_id,
    CAST(step = 0 AS SMALLINT) AS found, CAST((step = 2) AS SMALLINT) - CAST((step = 3) AS SMALLINT) AS closed,
    CAST(step = 2 AND day > due_on AS SMALLINT) - CAST(step = 3 AND day - 9 > due_on AS SMALLINT) AS closed_late,
    CAST(step = 0 AND level = 'major' AS SMALLINT) AS found_major,
    CAST(step = 2 AND level = 'major' AS SMALLINT) - CAST(step = 3 AND level = 'major' AS SMALLINT) AS closed_major,
    CASE WHEN step = 0 THEN due_on + 1 WHEN step = 3 THEN greatest(due_on + 1, day) END AS overdue_starts_on,
    CASE WHEN step = 1 THEN greatest(due_on + 1, day) END AS overdue_ends_on,
    CASE WHEN step = 2 THEN CAST(day - found_on AS INTEGER) END AS days_open,
    CAST(step = 4 AS SMALLINT) AS visited, CAST(step = 4 AND u6 < 0.5 AS SMALLINT) AS visited_clean
FROM stepped
"""


def generate(root: Path, rows: int) -> Manifest:
    """About `rows` events of three years in 17 cities, skewed by city, season, place, department and enterprise."""
    weights = [1 / (city + 2) for city in range(CITIES)]
    season = [1.0 + 0.5 * (month % 12 in (5, 6, 7, 10, 11)) for month in range(MONTHS)]
    whole = sum(weights) * sum(season)
    manifest = Manifest()
    columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in EVENT_COLUMNS.items())
    next_id = next_event = 1
    with database(root, 400) as duck:
        for city in range(CITIES):
            for month in range(MONTHS):
                hazards = max(1, round(rows / PER_HAZARD * weights[city] * season[month] / whole))
                year, number = FIRST_YEAR + month // 12, month % 12 + 1
                label = f"{year}-{number:02d}"
                inner = EVENTS_SQL.format(
                    first_id=next_id, first_event=next_event, seed=city * 100 + month, hazards=hazards,
                    first_day=f"{label}-01", days=calendar.monthrange(year, number)[1], city_no=city + 1, month_no=month,
                )  # fmt: skip
                path = f"{folder(EVENTS, f'53{city + 1:02d}', label)}/lines-{next_event}.parquet"
                (root / path).parent.mkdir(parents=True)
                duck.execute(
                    f"COPY (SELECT {columns} FROM ({inner}) ORDER BY event_id) TO '{root / path}' "
                    "(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, ROW_GROUP_SIZE 122880)"
                )
                count, first, last = duck.execute(
                    f"SELECT count(*), min(day), max(day) FROM '{root / path}'"
                ).fetchone() or (0, None, None)
                manifest.files.append(
                    ArchiveFile(
                        path,
                        EVENTS,
                        "lines",
                        f"53{city + 1:02d}",
                        label,
                        count,
                        next_event,
                        next_event + hazards * 5,
                        str(first),
                        str(last),
                        (root / path).stat().st_size,
                        "",
                    )
                )
                next_id, next_event = next_id + hazards, next_event + hazards * 5
    lists.save(root, manifest)
    return manifest


# --- children: the engines, each in a process of its own --------------------------------------------------------


def relations() -> dict[str, str]:
    return {
        "events": ASKED.events_sql("archived"),
        "asked": ASKED.sql(),
        "campaigns": campaigns_sql(CAMPAIGNS),
    }


def paths(root: Path) -> list[str]:
    return [str(root / file.path) for file in lists.load(root).wanted(EVENTS, region=ASKED.region)]


def say(**message: Any) -> None:
    sys.stdout.write(json.dumps(message, default=str) + "\n")
    sys.stdout.flush()


def duck_child(root: Path, rounds: int) -> None:
    """Every statistic, `rounds` times, in one warm process."""
    with database(root / "spill") as duck:
        prepare_duck(duck, paths(root), **relations())
        for statistic in shipped().values():
            times = []
            for _ in range(rounds):
                started = time.perf_counter()
                rows = duck.execute(statistic.sql).fetchall()
                times.append(time.perf_counter() - started)
            say(name=statistic.name, rows=rows, times=times)
    say(peak_mb=peak_mb())


def spark_child(root: Path, names: list[str], rounds: int) -> None:
    """The named statistics in one session; `rounds` times each."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"spark://127.0.0.1:{MASTER}").appName("bihuan-archive")
    for key, value in {
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
        "spark.driver.memory": "1500m", "spark.executor.memory": "1500m", "spark.executor.cores": "1",
        "spark.cores.max": "2", "spark.sql.shuffle.partitions": "4", **SETTINGS,
    }.items():  # fmt: skip
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    prepare_spark(spark, paths(root), **relations())
    say(ready=True)
    for name in names:
        times, rows = [], []
        for _ in range(rounds):
            say(begins=name)
            started = time.perf_counter()
            rows = [list(row) for row in spark.sql(shipped()[name].sql).collect()]
            times.append(time.perf_counter() - started)
        say(name=name, rows=rows, times=times)
    spark.stop()


# --- the cluster ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def cluster(logs: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A Spark standalone master and two workers on the loopback; yields the workers."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = os.environ | {
        "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": str(logs / "work"),
        "SPARK_DAEMON_MEMORY": "256m",
    }  # fmt: skip
    (logs / "work").mkdir(parents=True, exist_ok=True)

    def start(name: str, kind: str, *arguments: str) -> subprocess.Popen[bytes]:
        out = (logs / f"{name}.log").open("wb")
        command = [
            str(home / "bin/spark-class"),
            f"org.apache.spark.deploy.{kind}",
            "--host",
            "127.0.0.1",
            *arguments,
        ]
        return subprocess.Popen(command, env=environment, stdout=out, stderr=out, start_new_session=True)

    master = start("master", "master.Master", "--port", str(MASTER), "--webui-port", str(WEB))
    children = [master]
    try:
        until(lambda: "I have been elected leader" in (logs / "master.log").read_text("utf-8", "replace"))
        for number in (1, 2):
            children.append(
                start(f"worker-{number}", "worker.Worker", "-c", "1", "-m", "1600M", "--webui-port", str(WEB + number),
                      f"spark://127.0.0.1:{MASTER}")
            )  # fmt: skip
        until(lambda: (logs / "master.log").read_text("utf-8", "replace").count("Registering worker") == 2)
        yield children[1:]
    finally:
        for child in reversed(children):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def until(condition: Any, seconds: float = 60) -> None:
    """Wait for something to become true. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the cluster did not come up")
        time.sleep(0.1)


def child(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.archive", *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def listen(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            yield json.loads(line)
    if process.wait():
        raise RuntimeError(f"{process.args} ended with {process.returncode}")


# --- the measures -----------------------------------------------------------------------------------------------


def cold_duck(root: Path, name: str) -> tuple[float, list[Any], int]:
    """One statistic as the product asks for it: a fresh process, its answer read back; seconds, rows, peak MB."""
    request = {"files": paths(root), "sql": shipped()[name].sql, "spill": str(root / "spill"), **relations()}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bihuan.archive.process"], input=json.dumps(request), capture_output=True, text=True,
        check=True, cwd=ROOT,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    answer = json.loads(done.stdout)
    return seconds, answer["rows"], answer["peak_mb"]


def cold_spark(root: Path, name: str) -> tuple[float, list[Any]]:
    started = time.perf_counter()
    process = child("--spark-child", name, "--directory", str(root), "--rounds", "1")
    rows: list[Any] = []
    for message in listen(process):
        if "rows" in message:
            rows, seconds = message["rows"], time.perf_counter() - started
    return seconds, rows


def killed(
    root: Path, workers: list[subprocess.Popen[bytes]], name: str, after: float
) -> tuple[list[Any], bool]:
    """A query during which one worker and its executor get SIGKILL; its rows, and whether it was still running then."""
    process = child("--spark-child", name, "--directory", str(root), "--rounds", "1")
    rows: list[Any] = []
    for message in listen(process):
        if "begins" in message:
            time.sleep(after)
            in_time = process.poll() is None
            os.killpg(workers[0].pid, signal.SIGKILL)
            struck = time.perf_counter()
        if "rows" in message:
            rows = message["rows"]
            in_time = in_time and time.perf_counter() - struck > 0.05
    return rows, in_time


def differences(one: list[Any], other: list[Any]) -> int:
    """How many values differ between two answers, row order included."""
    if len(one) != len(other):
        return max(len(one), len(other))
    return sum(a != b for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))


def measure(root: Path, rows: int, rounds: int) -> dict[str, Any]:
    started = time.perf_counter()
    manifest = lists.load(root) if (root / lists.NAME).exists() else generate(root, rows)
    held, size = manifest.rows("lines"), sum(file.bytes for file in manifest.files)
    wrote = time.perf_counter() - started
    duck_cold = {name: cold_duck(root, name) for name in shipped()}
    warm, peak = {}, 0
    for message in listen(child("--duck-child", "--directory", str(root), "--rounds", str(rounds))):
        if "name" in message:
            warm[message["name"]] = message
        peak = message.get("peak_mb", peak)
    peak = max(peak, *(answer[2] for answer in duck_cold.values()))
    spark: dict[str, Any] = {}
    with cluster(root / "spark") as workers:
        spark_cold = {name: cold_spark(root, name) for name in COLD}
        for message in listen(
            child("--spark-child", *shipped(), "--directory", str(root), "--rounds", str(rounds))
        ):
            if "name" in message:
                spark[message["name"]] = message
        slowest = max(shipped(), key=lambda name: spark[name]["times"][0])
        survived, in_time = killed(root, workers, slowest, max(0.3, spark[slowest]["times"][-1] / 2))
    values = sum(len(message["rows"]) * len(shipped()[name].headings) for name, message in warm.items())
    wrong = {name: differences(warm[name]["rows"], spark[name]["rows"]) for name in shipped()}
    wrong |= {f"{name} (cold)": differences(warm[name]["rows"], duck_cold[name][1]) for name in shipped()}
    after_kill = differences(survived, warm[slowest]["rows"])
    cold_ratios = {name: spark_cold[name][0] / duck_cold[name][0] for name in COLD}
    warm_ratios = {name: min(spark[name]["times"]) / min(warm[name]["times"]) for name in shipped()}
    lines = [
        f"{held:,} events in {len(manifest.files)} files, {size / 1e9:.2f} GB, written in {wrote:.0f} s. "
        f"DuckDB: 2 threads, 256 MB limit. Spark: standalone master and 2 workers of 1 core on the same machine.",
        "",
        "| statistic | rows | DuckDB cold s | DuckDB warm s | Spark cold s | Spark warm s | warm ratio | differing values |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name in shipped():
        cold = f"{spark_cold[name][0]:.1f}" if name in spark_cold else "–"
        lines.append(
            f"| {name} | {len(warm[name]['rows']):,} | {duck_cold[name][0]:.2f} | {min(warm[name]['times']):.2f} | {cold} | "
            f"{min(spark[name]['times']):.2f} | {warm_ratios[name]:.1f} | {wrong[name]} |"
        )
    lines += [
        "",
        "Cold: a new process or session, listing the files and one query. "
        f"One worker and its executor were killed with SIGKILL while “{slowest}” ran: {after_kill} differing values.",
    ]
    worst = min(cold_ratios.values())
    measures = [
        {"what": f"same SQL on DuckDB and Spark over {held:,} events: differing values", "target": "0",
         "measured": f"{sum(wrong.values())} of {values:,}", "met": not any(wrong.values()), "note": f"{len(wrong)} answers compared"},
        {"what": "one Spark worker killed in mid-query: differing values", "target": "0",
         "measured": str(after_kill) if in_time else "not in time", "met": in_time and not after_kill, "note": slowest},
        {"what": "cold Spark vs cold DuckDB (start, listing, query)", "target": "≥ 10×",
         "measured": ", ".join(f"{name} {ratio:.1f}×" for name, ratio in cold_ratios.items()), "met": worst >= 10, "note": "each of three"},
        {"what": "warm Spark vs warm DuckDB, geometric mean", "target": "≥ 3.5×",
         "measured": f"{numbers.geometric_mean(warm_ratios.values()):.1f}×",
         "met": numbers.geometric_mean(warm_ratios.values()) >= 3.5, "note": f"least {min(warm_ratios.values()):.1f}×"},
        {"what": "DuckDB peak memory (resident)", "target": "≤ 512 MB", "measured": f"{peak} MB", "met": peak <= 512, "note": ""},
    ]  # fmt: skip
    return {"title": "Archive: DuckDB and Spark", "markdown": "\n".join(lines), "measures": measures}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.archive")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--directory", type=Path, help="keep the files here, and use those already there")
    parser.add_argument("--duck-child", action="store_true")
    parser.add_argument("--spark-child", nargs="*")
    options = parser.parse_args()
    if options.duck_child:
        duck_child(options.directory, options.rounds)
        return
    if options.spark_child is not None:
        spark_child(options.directory, options.spark_child, options.rounds)
        return
    root = options.directory or Path(
        tempfile.mkdtemp(prefix="bihuan-archive-", dir=os.environ.get("BENCH_DIR", "/var/tmp"))
    )
    root.mkdir(parents=True, exist_ok=True)
    try:
        result = measure(root, options.rows, options.rounds)
    finally:
        if not options.directory:
            shutil.rmtree(root, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write(result["markdown"] + "\n\n")
    for each in result["measures"]:
        sys.stdout.write(
            f"{'met' if each['met'] else 'MISSED'}: {each['what']}: {each['measured']} (target {each['target']})\n"
        )


if __name__ == "__main__":
    main()
