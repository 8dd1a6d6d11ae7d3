"""A trigger tried on the history of 300,000 duties: how long it takes, and that it finds what each day would have found.

    python -m bench.triggers [--duties 300000] [--months 12] [--json out.json]

On the loaded database of the bench, or an empty one. Everything is written in one transaction that is given up at the
end. The comparison asks the database, for days drawn by lot, which duties were late by that many days at that day's end
and had not been the day before.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import django

DAYS = 15
SEED = 9114
CHECKED = 12


def outcome(duties: int, months: int) -> dict[str, Any]:
    """Load, try and compare; returns what the report takes."""
    from django.db import transaction
    from django.utils import timezone

    from bihuan.instruments.actions.trials import months_before
    from bihuan.instruments.sources import source_of

    until = timezone.localdate() - dt.timedelta(days=1)
    since = months_before(until, months)
    with transaction.atomic():
        region = _load(duties, since, until)
        readings = {}
        found: dict[str, int] = {}
        differing = compared = 0
        for key, parameters in (
            ("duty.overdue", {"days": DAYS, "kind": ""}),
            ("duty.unheld", {"days": 7}),
        ):
            started = time.perf_counter()
            matters = list(source_of(key).find(parameters, region, since, until))
            readings[key] = time.perf_counter() - started
            found[key] = len(matters)
            if key == "duty.overdue":
                by_day: dict[dt.date, set[str]] = {}
                for matter in matters:
                    by_day.setdefault(matter.on, set()).add(matter.key)
                rng = random.Random(SEED)
                for _ in range(CHECKED):
                    day = since + dt.timedelta(days=rng.randrange((until - since).days + 1))
                    expected = _late_first(region, day)
                    differing += len(by_day.get(day, set()) ^ expected)
                    compared += len(expected)
        transaction.set_rollback(True)
    lines = ["| condition | matters found | seconds |", "|---|---|---|"]
    lines += [f"| {key} | {found[key]:,} | {seconds:.1f} |" for key, seconds in readings.items()]
    slowest = max(readings.values())
    return {
        "title": f"Triggers tried on {months} months, {duties:,} duties",
        "markdown": "\n".join(lines),
        "measures": [
            {"what": "trial: slowest condition", "target": "≤ 60 s", "measured": f"{slowest:.1f} s", "met": slowest <= 60, "note": "as background work, with progress"},
            {"what": "trial: differing from day by day", "target": "0", "measured": f"{differing} of {compared:,}", "met": differing == 0 and compared > 0, "note": f"{CHECKED} days"},
        ],
        "medians": readings,
        "values": {"seconds": readings, "found": found},
        "differing": differing,
    }  # fmt: skip


def _load(count: int, since: dt.date, until: dt.date) -> str:
    """Duties of one city over the stretch: half done in time, a third late and done, the rest open; one in fifty put off."""
    from django.utils import timezone

    from bihuan.accounts.models import Organization, Region, User
    from bihuan.duties.models import Duty, DutyFormer

    rng = random.Random(SEED)
    city, _ = Region.objects.get_or_create(
        code="5398", defaults={"name": "试算市", "short_name": "试算", "kind": "city"}
    )
    bodies = [
        Organization.objects.create(
            name=f"试算单位{number}", short_name=f"试算{number}", kind="department", region=city
        )
        for number in range(40)
    ]
    by = User.objects.filter(is_service=True).first() or User.objects.create_user(
        "system", None, is_service=True
    )
    zone, span = timezone.get_current_timezone(), (until - since).days + 60

    def moment(day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(10), tzinfo=zone)

    def duty(number: int) -> Duty:
        opened = since - dt.timedelta(days=60) + dt.timedelta(days=rng.randrange(span))
        due = opened + dt.timedelta(days=rng.randrange(5, 40))
        kind = rng.random()
        late = rng.randrange(-5, 1) if kind < 0.5 else rng.randrange(1, 60)
        closed = moment(max(opened, due + dt.timedelta(days=late))) if kind < 0.83 else None
        return Duty(
            kind="task", title=f"事项 {number}", subject=f"bench.triggers:{number}", url="/", organization=bodies[number % 40],
            city=city, status="done" if closed else "open", opened_at=moment(opened), due_on=due, closed_at=closed,
            closed_by=by if closed else None,
        )  # fmt: skip

    made: list[Duty] = []
    for start in range(0, count, 5000):
        made += Duty.objects.bulk_create(duty(number) for number in range(start, min(start + 5000, count)))
    DutyFormer.objects.bulk_create(
        DutyFormer(
            duty=each, due_on=each.due_on - dt.timedelta(days=20), organization_id=each.organization_id,
            until=moment(each.due_on - dt.timedelta(days=rng.randrange(1, 20))),
        )
        for each in made[::50]
        if each.due_on
    )  # fmt: skip
    return city.code


def _late_first(region: str, day: dt.date) -> set[str]:
    """Duties late by DAYS or more at the end of `day` and not at the end of the day before: asked one by one."""
    from django.utils import timezone

    from bihuan.duties.models import Duty, DutyFormer

    zone = timezone.get_current_timezone()

    def end_of(one: dt.date) -> dt.datetime:
        return dt.datetime.combine(one + dt.timedelta(days=1), dt.time.min, tzinfo=zone)

    before = day - dt.timedelta(days=1)
    formers: dict[int, list[DutyFormer]] = {}
    for former in DutyFormer.objects.filter(duty__city=region).order_by("until", "pk"):
        formers.setdefault(former.duty_id, []).append(former)

    def late(row: dict[str, Any], on: dt.date) -> bool:
        if row["opened_at"] >= end_of(on) or (row["closed_at"] and row["closed_at"] < end_of(on)):
            return False
        due = next(
            (each.due_on for each in formers.get(row["pk"], []) if each.until >= end_of(on)), row["due_on"]
        )
        return (on - due).days >= DAYS

    rows = Duty.objects.filter(city=region, opened_at__lt=end_of(day)).values(
        "pk", "opened_at", "closed_at", "due_on"
    )
    return {f"duties.duty:{row['pk']}" for row in rows.iterator() if late(row, day) and not late(row, before)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.triggers")
    parser.add_argument("--duties", type=int, default=300_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--rows", type=int, default=0, help="hazards loaded beside (for the title of others)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
    django.setup()
    found = outcome(options.duties, options.months)
    if options.json:
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1))
    sys.stdout.write(found["markdown"] + "\n")
    for each in found["measures"]:
        sys.stdout.write(f"{each['what']}: {each['measured']}\n")
    if found["differing"]:
        sys.exit("a trial differs from what each day would have found")


if __name__ == "__main__":
    main()
