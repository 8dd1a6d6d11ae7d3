"""`make bench`: every suite in one go, at two sizes, on PostgreSQL and SQLite; docs/benchmarks.md is written as it goes.

Each suite is a process of its own that writes JSON; one that fails is reported and the rest goes on. `--suites` runs
some of them, `--rows` sets the larger size, `--quick` a run of a few minutes at 20,000 rows, `--keep` leaves the loaded
databases for the next run, which then starts from them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import report

ROOT = Path(__file__).resolve().parent.parent
PG_PORT = 15440
# Nothing that makes a crash or a commit cheaper than in service: fsync and synchronous_commit are on.
PG_OPTIONS = (
    "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c wal_compression=on -c jit=off -c work_mem=64MB "
    "-c maintenance_work_mem=512MB -c max_wal_size=4GB -c effective_cache_size=12GB -c random_page_cost=1.1"
)
HOUR = 3600


@dataclass(frozen=True)
class Suite:
    """One suite: its module, the databases and sizes it is run at, its own options, and when it is called stuck."""

    name: str
    databases: tuple[str, ...] = ("PostgreSQL",)
    small: bool = False
    large: bool = True
    options: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    limit: float = HOUR


BOTH = ("PostgreSQL", "SQLite")
# In this order: what reads before what writes, what kills last.
SUITES = (
    Suite("panels", small=True),
    Suite("lists", BOTH, small=True),
    Suite("pages", BOTH, small=True),
    Suite("transitions", BOTH, quick=("--verify-tally",)),
    Suite("returns", BOTH, quick=("--bodies", "60", "--seconds", "9")),
    Suite("effects", BOTH),
    Suite("sheets", BOTH),
    Suite("sheets_registry", BOTH),
    Suite("triggers", BOTH, quick=("--duties", "20000", "--months", "3")),
    Suite("database"),
    Suite("users", BOTH, quick=("--users", "40", "--minutes", "0.5"), limit=2 * HOUR),
    Suite("kills", BOTH, quick=("--kills", "5"), limit=3 * HOUR),
)
# These bring their own data.
ALONE = (
    Suite("archive", ("files",), options=("--rows", "100000000"), quick=("--rows", "200000"), limit=3 * HOUR),
    Suite("likeness", ("files",), options=("--rows", "1000000"), quick=("--rows", "50000"), limit=600),
    Suite("field", ("files",), options=("--rows", "5000"), quick=("--rows", "300")),
    Suite("walking", ("files",), options=("--rows", "21"), quick=("--rows", "3"), limit=900),
    Suite(
        "zones",
        ("files",),
        options=("--rows", "10000"),
        quick=("--rows", "10000", "--rounds", "5"),
        limit=600,
    ),
)


class Run:
    """One run: where the databases live, what is measured, and the clock on every step."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.folder = Path(options.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.book = report.read()
        self.book.steps = []
        self.large = options.rows
        self.small = min(options.small, self.large)
        self.wanted = set(options.suites.split(",")) if options.suites else None
        self.databases = set(options.databases.split(",")) if options.databases else None

    def says(self, words: str) -> None:
        sys.stdout.write(f"[{time.strftime('%H:%M:%S')}] {words}\n")
        sys.stdout.flush()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say what begins, and put down how long it took."""
        self.says(name)
        began = time.monotonic()
        try:
            yield
        finally:
            self.book.steps.append((name, time.monotonic() - began))

    def chosen(self, database: str, suites: Sequence[Suite]) -> list[Suite]:
        """The suites asked for that run on `database`."""
        if self.databases is not None and database not in self.databases:
            return []
        return [
            each
            for each in suites
            if database in each.databases and (self.wanted is None or each.name in self.wanted)
        ]

    # --- one suite --------------------------------------------------------------------------------

    def measure(self, suite: Suite, database: str, rows: int, environment: dict[str, str]) -> None:
        """Run a suite in a process of its own, and put down what it wrote or why it did not."""
        out = self.folder / f"{suite.name}-{database}-{rows}.json"
        out.unlink(missing_ok=True)
        words = [sys.executable, "-m", f"bench.{suite.name}", "--json", str(out)]
        extra = suite.quick if self.options.quick else (*suite.options, *self.length(suite, database))
        words += [] if "--rows" in extra else ["--rows", str(rows)]
        name = f"{suite.name}, {database}, {rows:,} rows"
        began = time.monotonic()
        log = self.folder / f"{suite.name}-{database}-{rows}.log"
        with self.step(name), log.open("wb") as output:
            child = subprocess.Popen(
                [*words, *extra],
                cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
            try:
                code = child.wait(timeout=suite.limit)
                problem = f"ended with code {code}" if code else ""
            except subprocess.TimeoutExpired:
                problem = f"not finished after {suite.limit:.0f} s"
            finally:
                _end_session(child)
        result = json.loads(out.read_text("utf-8")) if out.exists() and not problem else None
        if result is None:
            problem = f"{problem or 'wrote no result'}: {log.read_text('utf-8', 'replace')[-1500:]}"
            self.says(f"  failed: {problem[-400:]}")
        for each in (result or {}).get("measures", []):
            self.says(f"  {each['what']}: {each['measured']} (target {each['target']}, met {each['met']})")
        self.book.add(
            report.Outcome(
                suite.name, database, rows, time.monotonic() - began, report.now(), report.machine(), result, problem,
            )
        )  # fmt: skip
        self.write()

    def length(self, suite: Suite, database: str) -> list[str]:
        """How long the two suites last whose length is a choice; on SQLite fewer processes are there to kill."""
        match suite.name:
            case "users":
                return ["--minutes", str(self.options.minutes)]
            case "kills":
                kills = self.options.kills
                return ["--kills", str(kills if database == "PostgreSQL" else max(1, kills // 3))]
        return []

    def write(self) -> None:
        """The report as it stands; a quick run is no measurement and leaves it alone."""
        if not self.options.quick or self.options.write:
            report.write(self.book)

    # --- one database ----------------------------------------------------------------------------

    def grow(self, database: str, rows: int, environment: dict[str, str]) -> None:
        """Prepare an installation with the demo city if there is none, and grow it to `rows` hazards."""
        state = Path(environment["BIHUAN_DATA"]) / "bench.json"
        have = json.loads(state.read_text())["rows"] if state.exists() else 0
        if have >= rows:
            return
        steps: list[tuple[str, list[str]]] = []
        if not have:
            steps += [("prepare", ["bihuan.config.cli", "migrate"]), ("demo", ["bihuan.config.cli", "demo"])]
        steps.append((f"province of {rows:,}", ["bench.province", "--rows", str(rows)]))
        for name, words in steps:
            with self.step(f"{name}, {database}"):
                subprocess.run(
                    [sys.executable, "-m", *words],
                    cwd=ROOT,
                    env=environment,
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
        state.write_text(json.dumps({"rows": rows}))

    def database(self, database: str, environment: dict[str, str], sizes: tuple[int, int]) -> None:
        """All suites of one database: the smaller size, then the larger."""
        suites = self.chosen(database, SUITES)
        small, large = sizes
        loaded = Path(environment["BIHUAN_DATA"]) / "bench.json"
        have = json.loads(loaded.read_text())["rows"] if loaded.exists() else 0
        if small < large and have < large and any(each.small for each in suites):
            self.grow(database, small, environment)
            for suite in suites:
                if suite.small:
                    self.measure(suite, database, small, environment)
        self.grow(database, large, environment)
        for suite in suites:
            if suite.large:
                self.measure(suite, database, large, environment)

    def postgresql(self) -> None:
        """Start a cluster that is as durable as one in service, measure, stop it."""
        if not self.chosen("PostgreSQL", SUITES):
            return
        cluster, data = self.folder / "pg", self.folder / "pg-data"
        data.mkdir(exist_ok=True)
        environment = self.environment(data) | {
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{PG_PORT}/postgres",
            "BIHUAN_PG_BUFFERS": "256MB" if self.options.quick else "3GB", "BIHUAN_PG_OPTIONS": PG_OPTIONS,
        }  # fmt: skip
        with self.step("start PostgreSQL"):
            subprocess.run(
                ["scripts/postgres", "start", str(cluster), str(PG_PORT)],
                cwd=ROOT,
                env=environment,
                check=True,
            )
        try:
            self.database("PostgreSQL", environment, (self.small, self.large))
        finally:
            subprocess.run(["scripts/postgres", "stop", str(cluster)], cwd=ROOT, env=environment, check=False)

    def sqlite(self) -> None:
        """The same on one file, at its own size."""
        if not self.chosen("SQLite", SUITES):
            return
        data = self.folder / "sqlite"
        data.mkdir(exist_ok=True)
        rows = min(self.options.sqlite_rows, self.large)
        self.database("SQLite", self.environment(data), (min(self.small, rows), rows))

    def alone(self) -> None:
        """The suites that bring their own data."""
        data = self.folder / "alone"
        data.mkdir(exist_ok=True)
        for suite in self.chosen("files", ALONE):
            extra = suite.quick if self.options.quick else suite.options
            self.measure(suite, "files", int(extra[extra.index("--rows") + 1]), self.environment(data))

    def environment(self, data: Path) -> dict[str, str]:
        """The product's environment without anything a user of this machine may have set."""
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("BIHUAN_", "DATABASE_"))
        }
        return own | {
            "BIHUAN_DATA": str(data), "BIHUAN_LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "bihuan.config.settings",
        }  # fmt: skip

    def everything(self) -> None:
        for part in (self.postgresql, self.sqlite, self.alone):
            try:
                part()
            except subprocess.CalledProcessError as error:
                self.says(f"failed: {error}")
                self.book.steps.append((f"failed: {error}", 0.0))
            self.write()
        if not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def _end_session(child: subprocess.Popen[bytes]) -> None:
    """Whatever a suite started ends with it."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    child.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--rows", type=int, default=10_000_000, help="the larger size")
    parser.add_argument("--small", type=int, default=1_000_000, help="the smaller size")
    parser.add_argument("--sqlite-rows", type=int, default=1_000_000, help="the larger size on SQLite")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long the two hundred users work")
    parser.add_argument("--kills", type=int, default=100, help="kills on PostgreSQL; a third of it on SQLite")
    parser.add_argument("--suites", default="", help="names with commas; all when empty")
    parser.add_argument(
        "--databases", default="", help="PostgreSQL, SQLite, files, with commas; all when empty"
    )
    parser.add_argument("--folder", default=os.environ.get("BENCH_DIR", "/var/tmp/bihuan-bench"))
    parser.add_argument("--keep", action="store_true", help="leave the databases for the next run")
    parser.add_argument(
        "--quick", action="store_true", help="20,000 rows, short suites; the report is not written"
    )
    parser.add_argument("--write", action="store_true", help="write the report of a quick run too")
    options = parser.parse_args()
    if options.quick:
        options.rows, options.small, options.sqlite_rows = 20_000, 5_000, 20_000
    Run(options).everything()


if __name__ == "__main__":
    main()
