"""The server phones talk to, as a process that can be killed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Server:
    """Runs over a data directory; `later` is a directory of static files that stand before the product's."""

    def __init__(self, data: Path, *, later: Path | None = None) -> None:
        self.data, self.later, self.port = data, later, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"

    def environment(self) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        return own | {
            "BIHUAN_DATA": str(self.data), "DJANGO_SETTINGS_MODULE": "tests.field.settings", "BIHUAN_DEBUG": "1",
            "BIHUAN_LOG_LEVEL": "ERROR", "PYTHONPATH": str(ROOT), "FIELD_LATER_STATIC": str(self.later or ""),
            "BIHUAN_LIVE": "0",
        }  # fmt: skip

    def do(self, *words: str) -> Any:
        """Run `tests.field.prepare` over the same data and return what it says."""
        made = subprocess.run(
            [sys.executable, "-m", "tests.field.prepare", *words], cwd=ROOT, env=self.environment(),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr[-3000:]
        return json.loads(made.stdout.splitlines()[-1])

    def start(self) -> Server:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--noreload", "--skip-checks",
             f"127.0.0.1:{self.port}"],
            cwd=ROOT, env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{self.base}/healthz/", timeout=5):
                    return self
            except (urllib.error.URLError, ConnectionError):
                assert self.process.poll() is None, "the server ended"
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """As a power cut would: nothing is tidied up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
