"""Answering a statistic for a person: which files may hold it, run, kept until the archive or the question changes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from django.conf import settings

from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused

from . import manifest as lists
from .catalogue import Asked, CampaignDates, Statistic, campaigns_sql
from .layout import EVENTS
from .writing import root

Rows = list[list[Any]]
SECONDS = 60
KEPT = 64
_kept: OrderedDict[tuple[object, ...], Rows] = OrderedDict()
_guard = threading.Lock()
# One at a time per web process: each may take the whole memory share of the engine.
_turn = threading.BoundedSemaphore(1)


def answer(statistic: Statistic, asked: Asked) -> Rows:
    """The rows of a statistic, columns as `statistic.headings`.

    The caller has made sure that the person may see `asked.region`. Raises Refused when it takes too long.
    """
    home = root()
    manifest = lists.load(home)
    campaigns = campaigns_sql(campaign_dates())
    key = (statistic.name, asked, manifest.generation, campaigns)
    with _guard:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    files = manifest.wanted(EVENTS, region=asked.region)
    request = {
        "files": [str(home / file.path) for file in files],
        "events": asked.events_sql("archived"),
        "asked": asked.sql(),
        "campaigns": campaigns,
        "sql": statistic.sql,
        "spill": str(home / "tmp-spill"),
    }
    with _turn:
        rows = _run(request)
    with _guard:
        _kept[key] = rows
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return rows


def _run(request: dict[str, Any]) -> Rows:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bihuan.archive.process"],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            cwd=Path(settings.BASE_DIR),
        )
    except subprocess.TimeoutExpired as error:
        raise Refused(f"统计超过 {SECONDS} 秒没有算完，请缩小地区或年份后再试") from error
    if done.returncode:
        raise Refused(
            "统计没有算出来：归档文件可能正在更换或已损坏，请稍后再试，仍不行请执行 bihuan archive verify"
        )
    rows: Rows = json.loads(done.stdout)["rows"]
    return rows


def campaign_dates() -> list[CampaignDates]:
    """When each campaign ran, as its plan says; one without both days is left out."""
    rows = Campaign.objects.order_by("pk").values_list("pk", "starts_on", "ends_on")
    return [
        CampaignDates(pk, starts, ends) for pk, starts, ends in rows if starts and ends and starts <= ends
    ]
