"""Answering a statistic for a person: which files may hold it, run, kept until the archive or the question changes.

Answers are kept as files beside the archive, so that a page finds what the worker has worked out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from bihuan.campaigns.models import Campaign
from bihuan.core.digest import content_hash
from bihuan.core.errors import Refused
from bihuan.core.progress import Unwatched, Watcher

from . import manifest as lists
from .catalogue import Asked, CampaignDates, Statistic, campaigns_sql
from .layout import EVENTS
from .writing import root

Rows = list[list[Any]]
PATIENCE = 1.5  # seconds a page waits for an answer
SECONDS = 900  # and background work
LOOK = 0.5
KEPT = 200
DIRECTORY = "answers"
# One at a time per process: each may take the whole memory share of the engine.
_turn = threading.BoundedSemaphore(1)


def answer(statistic: Statistic, asked: Asked, *, watcher: Watcher | None = None) -> Rows:
    """The rows of a statistic, columns as `statistic.headings`, however long it takes.

    The caller has made sure that the person may see `asked.region`. Raises Refused when it takes far too long, the
    watcher's Interrupted when it is to end.
    """
    rows = _answer(statistic, asked, SECONDS, watcher or Unwatched())
    if rows is None:
        raise Refused(f"统计超过 {SECONDS // 60} 分钟没有算完，请缩小地区或年份后再试")
    return rows


def answer_soon(statistic: Statistic, asked: Asked) -> Rows | None:
    """The same while a page waits; None when it takes longer than that."""
    return _answer(statistic, asked, PATIENCE, Unwatched())


def _answer(statistic: Statistic, asked: Asked, seconds: float, watcher: Watcher) -> Rows | None:
    home = root()
    manifest = lists.load(home)
    campaigns = campaigns_sql(campaign_dates())
    key = content_hash(
        [statistic.name, statistic.sql, asked.sql(), asked.region, manifest.generation, campaigns]
    )
    place = home / DIRECTORY / f".{key.rpartition(':')[2]}.json"  # hidden from backups: it may go at any time
    if (rows := _kept(place)) is not None:
        return rows
    request = {
        "files": [str(home / file.path) for file in manifest.wanted(EVENTS, region=asked.region)],
        "events": asked.events_sql("archived"),
        "asked": asked.sql(),
        "campaigns": campaigns,
        "sql": statistic.sql,
        "spill": str(home / "tmp-spill"),
    }
    until = time.monotonic() + seconds
    if not _turn.acquire(timeout=seconds):
        return None
    try:
        rows = _run(request, until, watcher)
    finally:
        _turn.release()
    if rows is not None:
        _keep(place, rows)
    return rows


def _run(request: dict[str, Any], until: float, watcher: Watcher) -> Rows | None:
    """The rows, None when they were not there by `until` (of the monotonic clock)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bihuan.archive.process"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(settings.BASE_DIR),
    )  # fmt: skip
    sent: str | None = json.dumps(request)
    try:
        while True:
            try:
                told, _ = process.communicate(sent, timeout=max(0.0, min(LOOK, until - time.monotonic())))
                break
            except subprocess.TimeoutExpired:
                sent = None
                if time.monotonic() >= until:
                    return None
                watcher.step(0)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode:
        raise Refused(
            "统计没有算出来：归档文件可能正在更换或已损坏，请稍后再试，仍不行请执行 bihuan archive verify"
        )
    rows: Rows = json.loads(told)["rows"]
    return rows


def _kept(place: Path) -> Rows | None:
    try:
        rows: Rows = json.loads(place.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return rows


def _keep(place: Path, rows: Rows) -> None:
    """Keep an answer; beyond two hundred the oldest go."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    incoming = place.with_suffix(f".{time.monotonic_ns()}")
    incoming.write_text(json.dumps(rows, ensure_ascii=False, default=str), "utf-8")
    incoming.replace(place)
    known = sorted(place.parent.glob(".*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in known[KEPT:]:
        file.unlink(missing_ok=True)


def campaign_dates() -> list[CampaignDates]:
    """When each campaign ran, as its plan says; one without both days is left out."""
    rows = Campaign.objects.order_by("pk").values_list("pk", "starts_on", "ends_on")
    return [
        CampaignDates(pk, starts, ends) for pk, starts, ends in rows if starts and ends and starts <= ends
    ]
