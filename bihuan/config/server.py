"""Starting the web service and, beside it, the background worker; one command, one Ctrl-C."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import django
from django.conf import settings

from bihuan.config import environment as env
from bihuan.config.live import live_port
from bihuan.core.orphans import end_with_parent

GRACE_SECONDS = 30  # for answers under way when an instance is told to stop
LIVE_AGAIN_SECONDS = 30.0


def run(arguments: list[str]) -> int:
    """`bihuan run`: prepare, load the demo city into an empty installation, print address and logins, serve."""
    django.setup()
    from django.core.management import call_command

    from bihuan.campaigns.models import Campaign
    from bihuan.config.preparation import prepare
    from bihuan.demo.cast import logins_text

    prepare()
    if not Campaign.objects.exists() and "--no-demo" not in arguments:
        sys.stdout.write("首次启动，正在装入演示城市，约需一分钟……\n")
        sys.stdout.flush()
        call_command("demo", stdout=io.StringIO())
    port = env.integer("PORT", 8000)
    sys.stdout.write(f"\n闭环已就绪：http://127.0.0.1:{port}/\n\n{logins_text()}\n按 Ctrl-C 停止。\n")
    sys.stdout.flush()
    return serve([])


def serve(arguments: list[str]) -> int:
    """`bihuan serve [--no-worker]`: granian and the worker as two children; if one ends, both end.

    A web process that dies alone is replaced by granian while the others go on. Killed outright, it takes them along.
    """
    port = str(env.integer("PORT", 8000))
    host = env.text("BIHUAN_BIND", "127.0.0.1")
    # Reading and writing pages is work for the processor: one process would leave the second core idle. With SQLite
    # they write one after the other (core/sqlite3/queue.py) and read at the same time.
    processes = str(env.integer("BIHUAN_PROCESSES", 2))
    children = [
        subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", port,
                "--workers", processes, "--blocking-threads", "4", "--no-ws", "--log-level", "warning",
                "--workers-kill-timeout", str(GRACE_SECONDS), "--respawn-failed-workers", "--respawn-interval", "0.5",
                "bihuan.config.wsgi:application",
            ],
            env=_counting(port),
            preexec_fn=end_with_parent,
        )
    ]  # fmt: skip
    if "--no-worker" not in arguments:
        children.append(
            subprocess.Popen(
                [sys.executable, "-m", "bihuan.config.cli", "worker"],
                env=_counting(port, fresh=False),
                preexec_fn=end_with_parent,
            )
        )

    # Pages do without the live process; its end is no reason to end the others, it is started again after a while.
    live = [] if "--no-live" in arguments or not settings.LIVE_URL else [_live(host)]
    live_at = time.monotonic()

    def stop(signum: int, frame: FrameType | None) -> None:
        for child in children + live:
            if child.poll() is None:
                child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while all(child.poll() is None for child in children):
        time.sleep(0.2)
        if live and live[0].poll() is not None and time.monotonic() - live_at > LIVE_AGAIN_SECONDS:
            live, live_at = [_live(host)], time.monotonic()
    stop(signal.SIGTERM, None)
    codes = [child.wait(timeout=GRACE_SECONDS + 10) for child in children]
    for child in live:
        child.wait(timeout=15)
    return 0 if all(code in (0, -signal.SIGTERM, 128 + signal.SIGTERM) for code in codes) else 1


def _counting(port: str, *, fresh: bool = True) -> dict[str, str]:
    """The environment of our processes; with metrics open, they add up what they count in one directory.

    It is emptied at the start: counters begin at zero then, which Prometheus expects. It must be known before the
    library is imported, so it cannot be a setting.
    """
    if not (settings.METRICS_TOKEN or settings.METRICS_ALLOW):
        return dict(os.environ)
    directory = Path(settings.DATA_DIR) / "metrics" / port
    if fresh:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    return os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(directory)}


def _live(host: str) -> subprocess.Popen[bytes]:
    """The process of live updates; open streams would hold up its end, so it is given three seconds."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [
            sys.executable, "-m", "granian", "--interface", "asgi", "--host", host, "--port", str(live_port()),
            "--workers", "1", "--no-ws", "--log-level", "warning", "--workers-kill-timeout", "3",
            "bihuan.live.app:application",
        ],
        preexec_fn=end_with_parent,
    )  # fmt: skip


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
