"""Server-side time and query count of the pages people keep open, in one process, warm, without the network."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.serving import become_web_process

ROUNDS = 60
TARGET_P99 = 150


@dataclass(frozen=True)
class Measured:
    """One page: milliseconds (median, percentiles, worst) and the number of queries."""

    name: str
    median: float
    p95: float
    p99: float
    worst: float
    queries: int
    kilobytes: float


def targets() -> list[tuple[str, str, str]]:
    """(name, login, address) of every measured page."""
    from bihuan.accounts.models import Organization
    from bihuan.campaigns.models import Campaign, Task

    campaign = Campaign.objects.order_by("pk").first()
    task = Task.objects.filter(campaign=campaign).order_by("position").first()
    ledger = reverse("hazards:ledger")
    housing = Organization.objects.get(short_name="市住建局")
    return [
        ("首页（安委办）", "office", "/"),
        ("首页（街道）", "jiedao", "/"),
        ("待办", "jiedao_officer", reverse("duties:inbox")),
        ("台账（安委办，全部）", "office", ledger),
        ("台账（安委办，逾期）", "office", f"{ledger}?state=overdue"),
        ("台账（安委办，行动 × 街道）", "office", f"{ledger}?campaign={campaign.pk}&region=539702003"),
        ("台账（安委办，任务）", "office", f"{ledger}?task={task.pk}"),
        ("台账（安委办，部门 × 重大）", "office", f"{ledger}?department={housing.pk}&level=major"),
        ("台账（部门）", "zhujian", ledger),
        ("台账（街道，待复查）", "jiedao", f"{ledger}?status=reinspecting"),
        ("台账（企业）", "qiye", ledger),
        ("行动页", "office", reverse("campaigns:detail", args=[campaign.pk])),
        ("企业列表", "office", reverse("registry:list")),
        ("检查列表", "office", reverse("inspections:list")),
    ]


def measure(name: str, login: str, address: str) -> Measured:
    """Fetch one page `ROUNDS` times after two warm-up calls."""
    from bihuan.accounts.models import User

    client = Client()
    client.force_login(User.objects.get(username=login), backend="django.contrib.auth.backends.ModelBackend")
    times = []
    for number in range(ROUNDS + 2):
        started = time.perf_counter()
        answer = client.get(address)
        elapsed = (time.perf_counter() - started) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"{name} {address}: HTTP {answer.status_code}")
        if number >= 2:
            times.append(elapsed)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    times.sort()
    return Measured(
        name,
        statistics.median(times),
        times[int(len(times) * 0.95) - 1],
        times[int(len(times) * 0.99) - 1],
        times[-1],
        len(queries),
        len(answer.content) / 1024,
    )


def measure_all() -> list[Measured]:
    """Every target, in order."""
    return [measure(*target) for target in targets()]


def main() -> None:
    """`python -m bench.pages --rows N --json OUT` on the database of DATABASE_URL or BIHUAN_DATA."""
    parser = argparse.ArgumentParser(prog="bench.pages")
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--json", required=True)
    options = parser.parse_args()
    become_web_process()
    settings.ALLOWED_HOSTS = ["testserver"]
    rows = measure_all()
    lines = [
        f"Server side, one process, warm ({ROUNDS} calls each), network and browser excluded.",
        "",
        "| page | median ms | p95 ms | p99 ms | slowest ms | queries | KB |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row.name} | {row.median:.1f} | {row.p95:.1f} | {row.p99:.1f} | {row.worst:.1f} | {row.queries} | {row.kilobytes:.0f} |"
        for row in rows
    ]
    slowest = max(rows, key=lambda row: row.p99)
    middle = statistics.geometric_mean(row.median for row in rows)
    told = {
        "title": "Pages at the server",
        "markdown": "\n".join(lines),
        "measures": [
            {
                "what": "slowest page, p99 at the server",
                "target": f"≤ {TARGET_P99} ms",
                "measured": f"{slowest.p99:.0f} ms",
                "met": slowest.p99 <= TARGET_P99,
                "note": slowest.name,
            },
            {
                "what": "pages, geometric mean of medians",
                "target": "",
                "measured": f"{middle:.1f} ms",
                "met": None,
                "note": f"{len(rows)} pages",
            },
        ],
    }
    Path(options.json).write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
