"""Eight processes of several threads write to one SQLite file through real actions: no lock error, nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROCESSES, THREADS, ROUNDS = 8, 3, 4
pytestmark = [pytest.mark.slow, pytest.mark.sqlite]


def start(data: Path, *words: str) -> subprocess.Popen[str]:
    own = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {
        "BIHUAN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "bihuan.config.settings", "BIHUAN_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, env=own, stdout=subprocess.PIPE, text=True
    )


def output(process: subprocess.Popen[str]) -> str:
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 0, text
    return text


def test_no_writer_meets_a_lock_and_nothing_is_lost(tmp_path):
    output(start(tmp_path, "tests.killing.work", "prepare", "0", "1"))
    processes = [start(tmp_path, "tests.killing.hammer", str(THREADS), str(ROUNDS)) for _ in range(PROCESSES)]
    told = [json.loads(output(process)) for process in processes]
    assert [error for each in told for error in each["errors"]] == []
    assert sum(len(each["waits"]) for each in told) == PROCESSES * THREADS * ROUNDS

    state = json.loads(output(start(tmp_path, "tests.killing.work", "state")))
    assert state["hazards"] == PROCESSES * THREADS * ROUNDS
    assert state["findings"] == []
    counted = json.loads(output(start(tmp_path, "tests.killing.hammer", "count")))
    assert counted == {"links": PROCESSES * THREADS * ROUNDS}
