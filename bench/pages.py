"""Server-side time and query count of the pages people keep open, in one process, warm, without the network."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bihuan.accounts.models import Organization, User
from bihuan.campaigns.models import Campaign, Task

ROUNDS = 25


@dataclass(frozen=True)
class Measured:
    """One page: milliseconds (median, 95th percentile, worst) and the number of queries."""

    name: str
    median: float
    p95: float
    worst: float
    queries: int
    kilobytes: float


def targets() -> list[tuple[str, str, str]]:
    """(name, login, address) of every measured page."""
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
        times[-1],
        len(queries),
        len(answer.content) / 1024,
    )


def measure_all() -> list[Measured]:
    """Every target, in order."""
    return [measure(*target) for target in targets()]
