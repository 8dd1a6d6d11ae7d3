"""`make bench`: load, measure, write docs/benchmarks.md. Options: --rows N (default 1,000,000)."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "benchmarks.md"
PLANS = "<!-- plans: written by make bench-plans -->"


def child(rows: int) -> None:
    """In a process of its own per database: prepare, load, measure, print JSON."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["testserver"]
    from bench.load import load_hazards
    from bench.pages import measure_all
    from bihuan.config.preparation import prepare

    started = time.perf_counter()
    prepare()
    call_command("demo", verbosity=0)
    result = {"demo_seconds": time.perf_counter() - started, "demo": [vars(row) for row in measure_all()]}
    started = time.perf_counter()
    load_hazards(rows)
    result["load_seconds"] = time.perf_counter() - started
    result["full"] = [vars(row) for row in measure_all()]
    sys.stdout.write("\nRESULT " + json.dumps(result) + "\n")


def run(database: str, rows: int) -> dict:
    """Measure one database in a throw-away data directory."""
    data = tempfile.mkdtemp(prefix="bihuan-bench-", dir=os.environ.get("BENCH_DIR", "/var/tmp"))
    environment = os.environ | {"BIHUAN_DATA": data, "BIHUAN_LOG_LEVEL": "ERROR"}
    cluster = Path(data) / "pg"
    try:
        if database == "PostgreSQL":
            os.chmod(data, 0o755)
            subprocess.run(
                ["scripts/postgres", "start", str(cluster), "15440"], cwd=ROOT, check=True,
                env=environment | {"BIHUAN_PG_BUFFERS": "2GB", "BIHUAN_PG_OPTIONS": "-c wal_compression=on -c jit=off"},
            )  # fmt: skip
            environment["DATABASE_URL"] = "postgresql://postgres@127.0.0.1:15440/postgres"
        done = subprocess.run(
            [sys.executable, "-m", "bench", "--child", "--rows", str(rows)],
            cwd=ROOT, env=environment | {"DJANGO_SETTINGS_MODULE": "bihuan.config.settings"},
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
        return json.loads(line.removeprefix("RESULT "))
    finally:
        if database == "PostgreSQL":
            subprocess.run(["scripts/postgres", "stop", str(cluster)], cwd=ROOT, check=False)
        shutil.rmtree(data, ignore_errors=True)


def table(rows: list[dict], full: list[dict]) -> list[str]:
    """One Markdown table: demo size beside the full size."""
    lines = [
        "| 页面 | 演示数据 ms | 查询 | 满载中位 ms | p95 | 最慢 | 查询 | KB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {small['name']} | {small['median']:.0f} | {small['queries']} | {big['median']:.0f} | {big['p95']:.0f} | "
        f"{big['worst']:.0f} | {big['queries']} | {big['kilobytes']:.0f} |"
        for small, big in zip(rows, full, strict=True)
    ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.child:
        child(options.rows)
        return
    lines = [
        "# Benchmarks",
        "",
        f"`make bench`, {dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}. Times are measured in one process at the server "
        "(Django test client, 25 warm calls), network and browser excluded. "
        f"“满载” adds {options.rows:,} hazards to the demo city (loader in `bench/load.py`).",
        "",
        "## Page times and query counts",
    ]
    for database in ("SQLite", "PostgreSQL"):
        result = run(database, options.rows)
        lines += [
            "",
            f"### {database}",
            f"Demo city prepared and loaded in {result['demo_seconds']:.0f} s; "
            f"{options.rows:,} hazards loaded in {result['load_seconds']:.0f} s.",
            "",
            *table(result["demo"], result["full"]),
        ]
    # What `make bench-plans` wrote stays.
    plans = REPORT.read_text("utf-8").partition(PLANS)
    REPORT.write_text("\n".join(lines) + "\n" + (f"\n{PLANS}{plans[2]}" if plans[1] else ""), "utf-8")
    sys.stdout.write(REPORT.read_text("utf-8"))


if __name__ == "__main__":
    main()
