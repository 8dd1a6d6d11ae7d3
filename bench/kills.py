"""kill -9 at random during load, and what is left afterwards: `python -m bench.kills --rows N --json OUT --kills 100`.

Programs act through the API without pause; meanwhile the database (postmaster and backends), a web process, granian, the
worker, or all of `serve` is killed at random moments, and brought back as systemd or an operator would. Afterwards the
database is read by a process of its own: every acknowledged act must be there once, with its line, its audit events,
its duty and its figures; the chains and the tally must verify; jobs of dead workers must be finished.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from bench.acting import Actor
from bench.serving import ROOT, Service

PORT = 9185
ACTORS = 8
RESTART_PAUSE = 0.5  # systemd's RestartSec
IMPORT_ROWS = 600
KILLS_PER_IMPORT = 12


class Unit:
    """What systemd does for `bihuan serve`: start it again when it ended, and leave nobody of its group behind."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.starts = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self.service.start()
        self._thread.start()

    def _watch(self) -> None:
        family = self.service.family()
        while not self._ended.wait(0.1):
            process = self.service.process
            if process is None or process.poll() is None:
                family = self.service.family() or family
                continue
            for each in family:
                try:
                    each.kill()
                except psutil.NoSuchProcess:
                    continue
            self._ended.wait(RESTART_PAUSE)
            self.starts += 1
            try:
                self.service.start()
            except RuntimeError:
                continue

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(timeout=150)
        self.service.stop()


class Cluster:
    """The PostgreSQL the suite may kill: its directory and port, read from the server itself."""

    def __init__(self) -> None:
        from django.db import connection

        self.vendor = connection.vendor
        if self.vendor != "postgresql":
            return
        with connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            self.data = Path(cursor.fetchone()[0])
            cursor.execute("SHOW port")
            self.port = cursor.fetchone()[0]
            cursor.execute("SHOW fsync")
            fsync = cursor.fetchone()[0]
            cursor.execute("SHOW synchronous_commit")
            if fsync != "on" or cursor.fetchone()[0] != "on":
                raise SystemExit(
                    "fsync or synchronous_commit is off: this cluster may lose what it has acknowledged"
                )
            cursor.execute("SELECT version()")
        connection.close()

    def kill(self) -> None:
        """The postmaster first, then every backend it left."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        postmaster = psutil.Process(pid)
        everybody = [postmaster, *postmaster.children(recursive=True)]
        for each in everybody:
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(everybody, timeout=10)

    def restart(self) -> float:
        """Start it again as an operator would; returns the seconds until it accepted connections."""
        began = time.monotonic()
        for _ in range(10):
            done = subprocess.run(
                ["scripts/postgres", "start", str(self.data.parent), str(self.port)], cwd=ROOT, check=False
            )
            if done.returncode == 0:
                return time.monotonic() - began
            time.sleep(1)
        raise RuntimeError("PostgreSQL did not come back")


def kill_something(draw: random.Random, unit: Unit, cluster: Cluster) -> str:
    """One kill -9; returns what was hit, "" when there was nothing of that sort to hit."""
    kinds = ["web", "worker", "web", "worker", "serve"]
    if cluster.vendor == "postgresql":
        kinds += ["database", "database", "database"]
    kind = draw.choice(kinds)
    if kind == "database":
        cluster.kill()
        cluster.restart()
        return kind
    if kind == "serve":
        process = unit.service.process
        if process is None or process.poll() is not None:
            return ""
        process.send_signal(signal.SIGKILL)
        return kind
    wanted = {"web", "web main"} if kind == "web" else {"worker"}
    found = [each for name, each in unit.service.parts() if name in wanted]
    if not found:
        return ""
    try:
        draw.choice(found).kill()
    except psutil.NoSuchProcess:
        return ""
    return kind


def storm(
    plan: dict[str, Any], *, kills: int, port: int, actors: int, seed: int, folder: Path
) -> dict[str, Any]:
    """Let the programs act while `kills` processes die; returns what they were told."""
    from bench.people import picture

    draw = random.Random(seed)
    cluster = Cluster()
    unit = Unit(Service(port, {"BIHUAN_LOG_LEVEL": "CRITICAL"}, folder / "serve.log"))
    unit.start()
    ended = threading.Event()
    crew = [
        Actor(port, person, picture(number, width=640, height=480), ended)
        for number, person in enumerate(plan["people"][:actors])
    ]
    hit: Counter[str] = Counter()
    began = time.monotonic()
    imports = 0
    try:
        for each in crew:
            each.start()
        while sum(hit.values()) < kills:
            if sum(hit.values()) >= imports * KILLS_PER_IMPORT:
                child(["import"], folder / "import.log")
                imports += 1
            time.sleep(draw.uniform(0.5, 6.0))
            what = kill_something(draw, unit, cluster)
            if what:
                hit[what] += 1
        ended.set()
        for each in crew:
            each.join(timeout=120)
        seconds = time.monotonic() - began
        finished = child(["settle"], folder / "settle.log", check=False) == 0
    finally:
        ended.set()
        unit.stop()
    return {
        "journals": [asdict(each.journal) for each in crew],
        "acts": sum(each.journal.acts for each in crew),
        "repeats": sum(each.journal.repeats for each in crew),
        "hit": dict(hit), "seconds": seconds, "restarts": unit.starts, "imports": imports, "finished": finished,
    }  # fmt: skip


def child(words: list[str], log: Path, *, check: bool = True) -> int:
    """A step that needs the database, in a process of its own: this one must survive the database's death.

    `import` is tried again, because the database may be the one that is dead just now.
    """
    for attempt in range(5):
        with log.open("ab") as output:
            code = subprocess.run(
                [sys.executable, "-m", "bench.aftermath", *words],
                cwd=ROOT, stdout=output, stderr=output, check=False,
            ).returncode  # fmt: skip
        if code == 0 or not check:
            return code
        time.sleep(1 + attempt)
    raise RuntimeError(f"the step {words[0]} failed: {log.read_text('utf-8', 'replace')[-2000:]}")


def report(told: dict[str, Any], found: dict[str, Any], *, database: str, rows: int) -> dict[str, Any]:
    """The suite's JSON."""
    kills = sum(told["hit"].values())
    hits = ", ".join(f"{name} {number}" for name, number in sorted(told["hit"].items()))
    problems = found["problems"]
    clean = not problems and not found["audit"] and not found["tally"]
    jobs = told["finished"] and not found["jobs"]
    lines = [
        f"{kills} kills ({hits}) in {told['seconds']:.0f} s against {len(told['journals'])} programs that acted without pause "
        f"on {rows:,} hazards ({database}); `serve` was started again {told['restarts']} times.",
        "",
        "| what | count |",
        "|---|--:|",
        f"| acknowledged acts (photos, visits, hazards, moves) | {told['acts']:,} |",
        f"| acts sent more than once | {told['repeats']:,} |",
        f"| acts never answered within {90} s | {found['unanswered']} |",
        f"| acts refused | {found['refused']} |",
        f"| hazards, lines, visits looked at afterwards | {found['looked']:,} |",
        f"| acknowledged and lost, doubled or half-done | {len(problems)} |",
        f"| findings of the audit chains ({found['events']:,} events) | {len(found['audit'])} |",
        f"| differing cells of the tally | {len(found['tally'])} |",
        f"| imports queued / unfinished or with missing rows | {told['imports']} / {len(found['jobs'])} |",
    ]
    for name in ("problems", "audit", "tally", "jobs", "refusals"):
        lines += [f"- {name}: {words}" for words in found[name][:10]]
    measures = [
        {
            "what": f"kill -9, {kills} times, {database}: lost or half-done acts",
            "target": "0; chains and tally verify", "measured": f"{len(problems)} of {told['acts']:,}", "met": clean,
            "note": hits,
        },
        {
            "what": f"kill -9, {kills} times, {database}: jobs of dead workers finished",
            "target": "all", "measured": f"{told['imports'] - len(found['jobs'])} of {told['imports']}", "met": jobs,
            "note": f"imports of {IMPORT_ROWS} rows",
        },
    ]  # fmt: skip
    return {"title": f"kill -9 ({database})", "markdown": "\n".join(lines), "measures": measures}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.kills")
    parser.add_argument(
        "--rows", type=int, default=0, help="how many hazards the database holds, for the report"
    )
    parser.add_argument("--json", required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--actors", type=int, default=ACTORS)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
    import django

    django.setup()
    from django.db import connection

    from bench.people import api_people

    plan = {"people": api_people(options.actors)}
    database = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    with tempfile.TemporaryDirectory(prefix="bihuan-kills-") as name:
        folder = Path(name)
        told = storm(
            plan,
            kills=options.kills,
            port=options.port,
            actors=options.actors,
            seed=options.seed,
            folder=folder,
        )
        (folder / "journals.json").write_text(json.dumps(told["journals"], ensure_ascii=False), "utf-8")
        child(["verify", name], folder / "verify.log")
        found = json.loads((folder / "found.json").read_text("utf-8"))
    result = report(told, found, database=database, rows=options.rows)
    Path(options.json).write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write(result["markdown"] + "\n")


if __name__ == "__main__":
    main()
