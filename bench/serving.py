"""A real `bihuan serve` under the benchmarks: started, watched process by process, stopped."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
STARTED_WITHIN = 120  # seconds
SAMPLE_SECONDS = 5


def become_web_process() -> None:
    """Load everything into this process as granian's worker does, the collector's rest over what is loaded included."""
    import_module("bihuan.config.wsgi")


@dataclass
class Service:
    """One `bihuan serve` on loopback, with the environment of this process plus `environment`."""

    port: int
    environment: dict[str, str] = field(default_factory=dict)
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers `/readyz/`. Raises RuntimeError when it does not."""
        own = os.environ | {"PORT": str(self.port), "BIHUAN_BIND": "127.0.0.1"} | self.environment
        output = self.log.open("ab") if self.log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bihuan.config.cli", "serve"],
            cwd=ROOT,
            env=own,
            stdout=output,
            stderr=output,
        )
        deadline = time.monotonic() + STARTED_WITHIN
        while not self.is_ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"bihuan serve ended at once with code {self.process.returncode}")
            if time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"bihuan serve is not ready after {STARTED_WITHIN} s")
            time.sleep(0.2)

    def is_ready(self) -> bool:
        """Whether it answers with 200 and every migration applied."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz/", headers={"Host": "127.0.0.1"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """Ask it to end, and see to it that none of its children stays behind."""
        if self.process is None:
            return
        family = self.family()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for each in family:
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        self.process = None

    def family(self) -> list[psutil.Process]:
        """The processes below `serve`, all generations."""
        if self.process is None:
            return []
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def parts(self) -> list[tuple[str, psutil.Process]]:
        """The family with what each of them is: `web`, `web main`, `worker`, `live`, `live main` or `other`."""
        found = []
        for each in self.family():
            try:
                found.append((_part_of(each), each))
            except psutil.NoSuchProcess:
                continue
        return found


def _part_of(process: psutil.Process) -> str:
    """Granian's children carry its command line or that of multiprocessing, so they are known by their parent's."""
    words = " ".join(process.cmdline())
    if "granian" in words and "-m" in words:
        is_child = "granian" in " ".join((process.parent() or process).cmdline())
        kind = "web" if "--interface wsgi" in words else "live"
        return kind if is_child else f"{kind} main"
    if "multiprocessing" in words:
        parent = process.parent()
        if "resource_tracker" in words:
            return "other"
        return "live" if parent and "--interface wsgi" not in " ".join(parent.cmdline()) else "web"
    return "worker" if "worker" in words else "other"


@dataclass
class Sample:
    """One look at the machine: seconds since the start, megabytes and CPU seconds by part."""

    at: float
    memory: dict[str, float]
    cpu: dict[str, float]


class Sampler(threading.Thread):
    """Looks at the service's processes, the database's and given others every few seconds until stopped."""

    def __init__(self, service: Service, others: dict[str, int], *, every: float = SAMPLE_SECONDS) -> None:
        super().__init__(daemon=True)
        self.service, self.others, self.every = service, others, every
        self.samples: list[Sample] = []
        self._ended = threading.Event()
        self._began = time.monotonic()

    def run(self) -> None:
        while True:
            self.samples.append(self._look())
            if self._ended.wait(self.every):
                return

    def stop(self) -> list[Sample]:
        """End, after one last look."""
        self._ended.set()
        self.join()
        self.samples.append(self._look())
        return self.samples

    def _look(self) -> Sample:
        memory: dict[str, float] = {}
        cpu: dict[str, float] = {}
        watched = [*self.service.parts(), *((name, pid) for name, pid in self.others.items())]
        for name, which in watched:
            try:
                process = psutil.Process(which) if isinstance(which, int) else which
                members = [process]
                if name == "database":
                    members += process.children(recursive=True)
                for each in members:
                    spent = each.cpu_times()
                    cpu[name] = cpu.get(name, 0.0) + spent.user + spent.system
                    if name == "database" and each is process:
                        # Backends that have ended since: connections come and go.
                        cpu[name] += spent.children_user + spent.children_system
                    # Shared buffers would be counted once per backend: of the database only what is its own counts.
                    # Of the others, what they hold themselves: pages of a database file mapped into a process are
                    # the machine's cache, which it takes back when it is needed.
                    held = _private(each.pid) if name == "database" else _anonymous(each.pid)
                    memory[name] = memory.get(name, 0.0) + held / 1e6
            except psutil.NoSuchProcess:
                continue
        return Sample(time.monotonic() - self._began, memory, cpu)


def _private(pid: int) -> int:
    """Bytes of a process that no other shares; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def _anonymous(pid: int) -> int:
    """Bytes of RAM a process holds itself, without mapped files; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon")), 0)


def slope(samples: list[Sample], name: str, *, after: float = 0.0) -> float:
    """Megabytes per hour by which a part grew, by least squares over the samples from `after` seconds on."""
    points = [
        (each.at / 3600, each.memory[name]) for each in samples if each.at >= after and name in each.memory
    ]
    if len(points) < 3:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
