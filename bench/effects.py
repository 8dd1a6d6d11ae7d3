"""What rectification brought, and the ledger of another day, at full size.

    python -m bench.effects --rows N --json OUT

Works on a loaded installation (`bench.province`), as the office of the largest city. The load knows no money, so the
hazards of the largest campaign get some first: every third a planned sum, every closed one a rectification, every other
of these with what it cost; all of it inside one transaction that is rolled back at the end. Measured is the whole page,
by the code people use: `/lookback/effect/` with and without the list under a figure, and the ledger as it stood on a
day (stock, flow, closed) with its rows and its total. The sums of the page are compared with the rows read one by one.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.serving import become_web_process

ROUNDS = 9
PAGE_TARGET = 1.0  # seconds; a summary that is opened some times a day
LEDGER_TARGET = 1.0


def _office() -> tuple[str, Any]:
    """The city with most hazards and somebody of its committee office; made when the load has none."""
    from django.db.models import Count

    from bihuan.accounts.models import Holding, Organization, Post, Region, User
    from bihuan.accounts.roles import Role
    from bihuan.hazards.models import Hazard

    city = str(
        Hazard.objects.order_by().values("city_id").annotate(n=Count("pk")).order_by("-n")[0]["city_id"]
    )
    region = Region.objects.get(pk=city)
    office = Organization.objects.filter(kind=Organization.Kind.OFFICE, region=region).first()
    if office is None:
        office = Organization.objects.create(
            name=f"{region.name}安委办", short_name="市安委办", kind="office", region=region
        )
    user = User.objects.filter(username=f"bench-effects-{city}").first()
    if user is None:
        post = Post.objects.create(organization=office, title="督办", role=Role.OFFICE_OFFICER)
        user = User.objects.create_user(f"bench-effects-{city}", None, full_name="压测督办员")
        Holding.objects.create(user=user, post=post, from_on=dt.date(2020, 1, 1))
    return city, User.objects.get(pk=user.pk)


def _campaign(city: str, user: Any) -> Any:
    """Of the campaigns the office sees the one with most hazards of its city."""
    from django.db.models import Count

    from bihuan.campaigns.models import Campaign
    from bihuan.hazards.models import Hazard

    seen = set(Campaign.objects.visible_to(user).values_list("pk", flat=True))
    counted = Hazard.objects.filter(city=city, campaign__isnull=False).order_by().values("campaign")
    for row in counted.annotate(n=Count("pk")).order_by("-n"):
        if row["campaign"] in seen:
            return Campaign.objects.get(pk=row["campaign"])
    raise SystemExit("the office sees no campaign with hazards; load the province first (bench.province)")


def furnish(campaign: Any, user: Any) -> None:
    """Money for the hazards of one campaign, in two statements."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE hazards_hazard SET funds = 100 + id %% 5000 WHERE campaign_id = %s AND id %% 3 = 0",
            [campaign.pk],
        )
        cursor.execute(
            "INSERT INTO hazards_rectification (hazard_id, round, text, funds_spent, finished_on, on_behalf, by_id, at) "
            "SELECT id, 1, '已整改', CASE WHEN id %% 2 = 0 THEN 50 + id %% 6000 END, closed_on, FALSE, %s, closed_at "
            "FROM hazards_hazard WHERE campaign_id = %s AND status = 'closed'",
            [user.pk, campaign.pk],
        )
        cursor.execute("ANALYZE hazards_rectification")


def by_hand(city: str, campaign: Any) -> tuple[Decimal, Decimal, int]:
    """Planned, spent, over the plan, row by row."""
    from bihuan.hazards.models import Hazard, Rectification

    rows = dict(Hazard.objects.filter(city=city, campaign=campaign).order_by().values_list("pk", "funds"))
    last: dict[int, tuple[int, int, Decimal | None]] = {}
    costs = Rectification.objects.filter(hazard__campaign=campaign).values_list(
        "hazard", "round", "pk", "funds_spent"
    )
    for hazard, number, pk, cost in costs.order_by().iterator():
        if hazard in rows and (hazard not in last or (number, pk) > last[hazard][:2]):
            last[hazard] = (number, pk, cost)
    spent = {hazard: cost for hazard, (_, _, cost) in last.items() if cost is not None}
    over = sum(
        1 for hazard, cost in spent.items() if (planned := rows[hazard]) is not None and planned < cost
    )
    return (
        sum((each for each in rows.values() if each is not None), Decimal(0)),
        sum(spent.values(), Decimal(0)),
        over,
    )


def fetch(user: Any, addresses: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Each page `ROUNDS` times, the first beside the rest."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    found = []
    for name, address in addresses:
        took = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            answer = client.get(address)
            took.append(time.perf_counter() - begin)
            if answer.status_code != 200:
                raise RuntimeError(f"{name} {address}: HTTP {answer.status_code}")
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        found.append(
            {"name": name, "first": took[0], "median": statistics.median(took), "worst": max(took), "queries": len(queries)}
        )  # fmt: skip
    return found


def pages(city: str, user: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str], int]:
    """The effect of the campaign and the ledger of other days; what of the effect differs from its rows; its hazards."""
    from django.conf import settings
    from django.db import transaction
    from django.db.models import Sum
    from django.urls import reverse
    from django.utils import timezone

    from bihuan.hazards.models import Hazard
    from bihuan.lookback import effect

    settings.ALLOWED_HOSTS = ["testserver"]
    campaign, today = _campaign(city, user), timezone.localdate()
    page, ledger = reverse("lookback:effect"), reverse("hazards:ledger")
    half, year = today - dt.timedelta(days=182), today - dt.timedelta(days=364)
    wrong: list[str] = []
    with transaction.atomic():
        furnish(campaign, user)
        size = Hazard.objects.filter(city=city, campaign=campaign).count()
        planned, spent, over = by_hand(city, campaign)
        said = {each.label: each for each in effect.funds(campaign, user)}
        for label, value in (("计划整改资金", effect._yuan(planned)), ("实际投入", effect._yuan(spent)), ("超过计划", f"{over:,} 条")):  # fmt: skip
            if said[label].figure != value:
                wrong.append(f"{label}: {said[label].figure} ≠ {value}")
        listed = effect.with_funds(campaign, user, "spent").aggregate(sum=Sum("cost"))["sum"]
        if (listed or Decimal(0)) != spent:
            wrong.append(f"rows of 实际投入: {listed} ≠ {spent}")
        effects = fetch(
            user,
            [
                ("整改成效", f"{page}?campaign={campaign.pk}"),
                ("整改成效，实际投入明细", f"{page}?campaign={campaign.pk}&funds=spent"),
                ("整改成效，超过计划明细", f"{page}?campaign={campaign.pk}&funds=over"),
            ],
        )
        transaction.set_rollback(True)
    ledgers = fetch(
        user,
        [
            ("台账，半年前的存量", f"{ledger}?state=open&on={half}"),
            ("台账，一年前的存量，重大", f"{ledger}?state=open&level=major&on={year}"),
            ("台账，半年前的逾期", f"{ledger}?state=overdue&on={half}"),
            ("台账，半年里的新增", f"{ledger}?since={year}&on={half}"),
            ("台账，半年里的销号（净）", f"{ledger}?state=closed&since={year}&on={half}"),
            ("台账，一项行动半年前的存量", f"{ledger}?state=open&campaign={campaign.pk}&on={half}"),
        ],
    )
    return effects, ledgers, wrong, size


def report(
    vendor: str,
    rows: int,
    effects: list[dict[str, Any]],
    ledgers: list[dict[str, Any]],
    wrong: list[str],
    size: int,
) -> dict[str, Any]:
    """The suite's JSON."""
    name = "PostgreSQL" if vendor == "postgresql" else "SQLite"
    lines = [
        f"The office of the largest city; {rows:,} hazards in all, {size:,} of its largest campaign there. One process, {ROUNDS} calls "
        "each, network and browser excluded.",
        "",
        "| page | first ms | median ms | slowest ms | queries |",
        "|---|--:|--:|--:|--:|",
        *(
            f"| {each['name']} | {each['first'] * 1000:.0f} | {each['median'] * 1000:.0f} | {each['worst'] * 1000:.0f} | {each['queries']} |"
            for each in (*effects, *ledgers)
        ),
        "",
        f"Money of the campaign counted again row by row: {len(wrong)} differ{''.join(f'; {each}' for each in wrong)}.",
    ]  # fmt: skip
    slowest = [max(each, key=lambda row: row["worst"]) for each in (effects, ledgers)]
    return {
        "title": f"What rectification brought, and the ledger of another day, {name}, {rows:,} hazards",
        "markdown": "\n".join(lines),
        "measures": [
            {"what": f"effects: 整改成效, slowest page, {name}", "target": f"< {PAGE_TARGET:g} s at 1M", "measured": f"{slowest[0]['worst'] * 1000:.0f} ms", "met": slowest[0]["worst"] < PAGE_TARGET, "note": slowest[0]["name"]},
            {"what": f"effects: the ledger as of a day, slowest page, {name}", "target": f"< {LEDGER_TARGET:g} s at 1M", "measured": f"{slowest[1]['worst'] * 1000:.0f} ms", "met": slowest[1]["worst"] < LEDGER_TARGET, "note": slowest[1]["name"]},
            {"what": f"effects: sums that differ from their rows, {name}", "target": "0", "measured": str(len(wrong)), "met": not wrong, "note": ""},
        ],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.effects")
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    become_web_process()
    from django.db import connection

    from bihuan.hazards.models import Hazard
    from bihuan.tally.actions import fold_all

    fold_all()
    city, user = _office()
    effects, ledgers, wrong, size = pages(city, user)
    found = report(connection.vendor, options.rows or Hazard.objects.count(), effects, ledgers, wrong, size)
    if options.json:
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write(found["markdown"] + "\n")
    if wrong:
        sys.exit("the page and its rows disagree")


if __name__ == "__main__":
    main()
