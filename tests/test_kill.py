"""kill -9 in the middle of the work: nothing acknowledged is lost, nothing is half-done, the record still proves itself."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HAZARDS, ROWS = 40, 12_000  # several chunks, so that the kill falls between two
pytestmark = [pytest.mark.slow, pytest.mark.sqlite]


def environment(data: Path) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    return own | {
        "BIHUAN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "bihuan.config.settings", "BIHUAN_LOG_LEVEL": "ERROR",
    }  # fmt: skip


def command(data: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, env=environment(data), stdout=subprocess.PIPE, text=True
    )


def finished(data: Path, *words: str) -> str:
    process = command(data, "tests.killing.work", *words)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def state_of(data: Path) -> dict:
    return json.loads(finished(data, "state"))


def kill_after(process: subprocess.Popen[str], lines: int) -> list[int]:
    """Read `lines` acknowledgements, kill the process, return every acknowledged id."""
    acknowledged = []
    assert process.stdout
    for line in process.stdout:
        acknowledged.append(int(line.split()[1]))
        if len(acknowledged) == lines:
            process.send_signal(signal.SIGKILL)
    process.wait()
    return acknowledged


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("prepared")
    assert finished(data, "prepare", str(HAZARDS), str(ROWS)).startswith("ready")
    return data


@pytest.fixture
def data(prepared: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "data"
    shutil.copytree(prepared, copy)
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


def assert_whole(state: dict) -> None:
    """Status, ledger line, audit event, duty and figure of every hazard agree."""
    assert state["closed"] == state["close_lines"]
    assert state["close_events"] == len(state["closed"])
    assert state["review_duties_open"] == state["waiting"]
    assert state["tally_closed"] == len(state["closed"])
    assert state["tally_found"] == state["hazards"]
    assert state["findings"] == []


def test_closing(data):
    acknowledged = kill_after(command(data, "tests.killing.work", "close"), 9)
    after = state_of(data)
    assert_whole(after)
    assert set(acknowledged) <= set(after["closed"])
    assert len(after["closed"]) - len(acknowledged) <= 1  # at most one committed without being acknowledged
    finished(data, "close")
    again = state_of(data)
    assert_whole(again)
    assert (again["waiting"], len(again["closed"])) == (0, HAZARDS)


def test_handing_in_visits(data):
    acknowledged = kill_after(command(data, "tests.killing.work", "inspect", "20"), 7)
    after = state_of(data)
    assert_whole(after)
    assert after["halves"] == 0
    assert after["inspections"] == after["inspection_hazards"]
    assert len(acknowledged) <= after["inspections"] <= len(acknowledged) + 1
    finished(data, "inspect", "20")
    again = state_of(data)
    assert_whole(again)
    assert (again["inspections"], again["inspection_hazards"]) == (20, 20)


def test_importing_in_the_worker(data):
    worker = command(data, "bihuan.config.cli", "worker")
    try:
        wait_until(lambda: 0 < state_of(data)["batch"][1] < ROWS or state_of(data)["batch"][0] == "done")
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    after = state_of(data)
    assert_whole(after)
    assert after["imported"] == after["batch"][1]  # whole chunks only, every row good
    worker = command(data, "bihuan.config.cli", "worker")  # the reaper returns the job of the dead worker
    try:
        # Both workers have shown a sign of life: the second one is up, also if the first had finished already.
        wait_until(lambda: (state := state_of(data))["batch"][0] == "done" and state["workers"] == 2)
    finally:
        worker.terminate()
        assert worker.wait(timeout=60) == 0
    again = state_of(data)
    assert_whole(again)
    assert again["batch"] == ["done", ROWS, ROWS, 0, 0]
    assert again["imported"] == ROWS


def wait_until(condition, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
