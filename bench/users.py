"""200 people on a mixed day against a real `bihuan serve` on loopback: `python -m bench.users --rows N --json OUT`.

The database is that of DATABASE_URL, or the SQLite file of BIHUAN_DATA. `--minutes` sets how long the day lasts after
everybody has come in (30 and more make it a soak test, with the growth of memory judged).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench.serving import ROOT, Sample, Sampler, Service, slope

PORT = 9180
# A password costs 0.2 s of a core to check (Argon2): two hundred people who come in within a minute would leave a queue
# behind them that belongs to nobody's working day.
RAMP = 120.0
# Nobody waits for these: they are listed, but would only make the percentiles look better.
UNWATCHED = frozenset({"实时更新（接通）", "静态文件（首次）"})
TARGET_P95 = 500.0
SOAK_MINUTES = 20
GROWTH_LIMIT = 12.0  # MB an hour of one process: less than a day's growth anyone would notice


def prepare_day(count: int) -> dict[str, Any]:
    """Accounts and work, in this process; what the players need to know."""
    import django

    django.setup()
    from django.utils import timezone

    from bench.people import PASSWORD, as_plain, seed_people
    from bihuan.campaigns.models import Campaign

    running = Campaign.objects.filter(status=Campaign.Status.RUNNING, region__code__startswith="5397")
    return {
        "people": as_plain(seed_people(count)),
        "today": timezone.localdate().isoformat(),
        "campaigns": list(running.order_by("pk").values_list("pk", flat=True)[:3]),
        "password": PASSWORD,
    }


def database_pid() -> int | None:
    """The postmaster's process number, read from the database itself; None with SQLite."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        directory = Path(cursor.fetchone()[0])
    connection.close()
    try:
        return int((directory / "postmaster.pid").read_text().split()[0])
    except OSError:
        return None


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the sorted `values` lie."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def run_day(plan: dict[str, Any], *, minutes: float, port: int) -> dict[str, Any]:
    """Serve, let the people work, and return what every request took and every process used."""
    from bench.people import picture

    with tempfile.TemporaryDirectory(prefix="bihuan-day-") as folder:
        photos = []
        for number in range(4):
            photo = Path(folder) / f"{number}.jpg"
            photo.write_bytes(picture(number))
            photos.append(str(photo))
        seconds = RAMP + minutes * 60
        full = plan | {"host": f"http://127.0.0.1:{port}", "seconds": seconds, "ramp": RAMP, "photos": photos}
        (Path(folder) / "plan.json").write_text(json.dumps(full, ensure_ascii=False), "utf-8")
        log = Path(folder) / "serve.log"
        service = Service(port, {"BIHUAN_LOG_LEVEL": "ERROR"}, log)
        pid = database_pid()
        service.start()
        try:
            players = subprocess.Popen(
                [sys.executable, "-m", "bench.day", f"{folder}/plan.json", f"{folder}/took.json"], cwd=ROOT
            )
            others = {"players": players.pid} | ({"database": pid} if pid else {})
            sampler = Sampler(service, others)
            sampler.start()
            code = players.wait(timeout=seconds + 120)
            samples = sampler.stop()
        finally:
            service.stop()
        if code:
            raise RuntimeError(f"the players ended with code {code}")
        result: dict[str, Any] = json.loads((Path(folder) / "took.json").read_text("utf-8"))
        errors = [
            line for line in log.read_text("utf-8", "replace").splitlines() if '"level": "error"' in line
        ]
        return result | {"samples": samples, "logged": errors}


def pages_table(took: list[Any]) -> list[str]:
    """Requests by page, with times in milliseconds."""
    groups: dict[str, list[float]] = defaultdict(list)
    failed: dict[str, int] = defaultdict(int)
    for _, name, milliseconds, problem in took:
        groups[name].append(milliseconds)
        failed[name] += bool(problem)
    lines = [
        "| page | requests | p50 ms | p95 ms | p99 ms | slowest | errors |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, values in sorted(groups.items(), key=lambda item: -len(item[1])):
        values.sort()
        lines.append(
            f"| {name} | {len(values):,} | {percentile(values, 0.5):.0f} | {percentile(values, 0.95):.0f} | "
            f"{percentile(values, 0.99):.0f} | {values[-1]:.0f} | {failed[name]} |"
        )
    return lines


def machine_table(samples: list[Sample]) -> list[str]:
    """CPU and memory by part of the house, after everybody has come in."""
    steady = [each for each in samples if each.at >= RAMP] or samples
    lines = ["| part | CPU (cores) | memory at start MB | at end MB | growth MB/h |", "|---|--:|--:|--:|--:|"]
    for name in sorted({name for each in steady for name in each.memory}):
        seen = [each for each in steady if name in each.memory]
        first, last = seen[0], seen[-1]
        cores = (last.cpu[name] - first.cpu[name]) / max(1e-9, last.at - first.at)
        lines.append(
            f"| {name} | {cores:.2f} | {first.memory[name]:.0f} | {last.memory[name]:.0f} | "
            f"{slope(samples, name, after=_settled(samples)):.1f} |"
        )
    return lines


def _settled(samples: list[Sample]) -> float:
    """When caches are warm and growth may be judged: after a third of the time, at the earliest with everybody in."""
    return max(RAMP, samples[-1].at / 3)


def report(result: dict[str, Any], *, database: str, rows: int, count: int, minutes: float) -> dict[str, Any]:
    """The suite's JSON: measures and Markdown."""
    took, samples = result["took"], result["samples"]
    steady = [each for each in took if each[0] >= RAMP] or took
    times = sorted(each[2] for each in steady if each[1] not in UNWATCHED)
    errors = [each for each in took if each[3]]
    rate = len(times) / max(1e-9, result["seconds"] - RAMP)
    p95 = percentile(times, 0.95)
    note = f"{rate:.1f} requests a second, p50 {percentile(times, 0.5):.0f} ms, p99 {percentile(times, 0.99):.0f} ms"
    measures: list[dict[str, Any]] = [
        {
            "what": f"{count} concurrent users, mixed day, {database}: p95",
            "target": "< 500 ms", "measured": f"{p95:.0f} ms", "met": p95 < TARGET_P95, "note": note,
        },
        {
            "what": f"{count} concurrent users, mixed day, {database}: errors",
            "target": "0", "measured": f"{len(errors)} of {len(took):,}", "met": not errors and not result["logged"],
            "note": f"errors in the service's log: {len(result['logged'])}",
        },
    ]  # fmt: skip
    if minutes >= SOAK_MINUTES:
        names = [name for name in samples[-1].memory if name not in ("players", "database")]
        worst = max(names, key=lambda name: slope(samples, name, after=_settled(samples)))
        grown = slope(samples, worst, after=_settled(samples))
        measures.append(
            {
                "what": f"{minutes:.0f}-minute soak, {database}: growth of memory",
                "target": f"none (< {GROWTH_LIMIT:.0f} MB/h of noise)", "measured": f"{grown:.1f} MB/h ({worst})",
                "met": grown < GROWTH_LIMIT, "note": "slope of the memory each process holds itself over the last two thirds",
            }
        )  # fmt: skip
    lines = [
        f"{count} people of the demo city ({database}, {rows:,} hazards) over {minutes:g} minutes after coming in within "
        f"{RAMP:.0f} s; each thinks 4 to 14 s (mean 9) between pages. {note}. Players, service and database share the machine.",
        "",
        *pages_table(steady),
        "",
        *machine_table(samples),
    ]
    kinds: dict[str, int] = defaultdict(int)
    for each in errors:
        kinds[f"{each[1]}: {each[3][:160]}"] += 1
    if kinds:
        lines += ["", "Errors:", *(f"- {number} × {words}" for words, number in sorted(kinds.items()))]
    lines += [f"- log: {line[:300]}" for line in result["logged"][:10]]
    mean = statistics.fmean(times) if times else 0.0
    return {
        "title": f"Two hundred users ({database})", "markdown": "\n".join(lines), "measures": measures, "mean": mean,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.users")
    parser.add_argument(
        "--rows", type=int, default=0, help="how many hazards the database holds, for the report"
    )
    parser.add_argument("--json", required=True)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--port", type=int, default=PORT)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
    plan = prepare_day(options.users)
    result = run_day(plan, minutes=options.minutes, port=options.port)
    database = "PostgreSQL" if os.environ.get("DATABASE_URL") else "SQLite"
    told = report(result, database=database, rows=options.rows, count=options.users, minutes=options.minutes)
    Path(options.json).write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write(told["markdown"] + "\n")


if __name__ == "__main__":
    main()
