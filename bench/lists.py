"""The ledger as people page through it: 400 random filter combinations at random depth, and words looked for.

`python -m bench.lists --rows N --json OUT` against the province of bench.province (the index of words is filled first
if it is empty). Beside it in the same run the obvious alternative: the same filters with the region as a prefix of the
division code (with an index made for prefixes), OFFSET and LIMIT, count(*) for the number of pages, and icontains for
words.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.serving import become_web_process

COMBINATIONS = 400
SIZE = 50
# Above this many rows the alternative answers every fifth combination: it needs seconds for some.
BASELINE_WHOLE = 2_000_000
BASELINE_TIMEOUT = 20_000  # milliseconds, counted as such
WORDS = (
    ("frequent, two characters", "软管"),
    ("frequent, six characters", "灭火器压力不足"),
    ("two frequent words", "软管 后厨"),
    ("frequent, anagram of pairs", "管软"),
    ("one record", "编号{rare}"),
    ("one enterprise", "示范单位{enterprise}号"),
    ("every enterprise", "示范单位"),
    ("nowhere", "隐患整改办"),
    ("one character", "梯"),
)


@dataclass(frozen=True)
class Wanted:
    """One combination: the filters of the page, the row after which it begins, the page number of the alternative."""

    filters: Any
    cursor: str | None
    page_number: int


def combinations(count: int, *, seed: int = 4) -> list[Wanted]:
    """Filters taken from real rows, so that most combinations hold something."""
    from bihuan.core.paging import cursor_after
    from bihuan.hazards.models import Hazard
    from bihuan.hazards.queries import ORDER, Filters

    draw = random.Random(seed)
    first, last = _ends()
    found = []
    while len(found) < count:
        row = Hazard.objects.filter(pk__gte=draw.randint(first, last)).order_by("pk").first()
        level = draw.choices(("city", "county", "town"), (45, 33, 22))[0]
        region = {"city": row.city_id, "county": row.county_id, "town": row.locality_id}[level]
        chosen: dict[str, Any] = {"region": region}
        if draw.random() < 0.5 and row.department_id:
            chosen["department"] = row.department_id
        if draw.random() < 0.3 and row.campaign_id:
            chosen["campaign"] = row.campaign_id
        elif draw.random() < 0.08 and row.task_id:
            chosen["task"] = row.task_id
        if draw.random() < 0.4:
            if draw.random() < 0.7:
                chosen["state"] = draw.choice(("open", "overdue", "approaching", "closed"))
            else:
                chosen["status"] = draw.choice(
                    ("rectifying", "reinspecting", "planning", "closed", "reported")
                )
        if draw.random() < 0.15:
            chosen["kind"] = row.kind_id
        if draw.random() < 0.1:
            chosen["level"] = draw.choice(("major", "general"))
        if draw.random() < 0.1:
            chosen["source"] = row.source
        if draw.random() < 0.04:
            chosen["enterprise"] = row.enterprise_id
        if draw.random() < 0.15:
            chosen["found_to"] = row.found_on
        if draw.random() < 0.05:
            chosen["q"] = draw.choice(("软管", "灭火器", row.enterprise.name, "配电室 线路", "不存在的词"))
        deep = Hazard.objects.filter(pk__gte=draw.randint(first, last)).order_by("pk").first()
        cursor = cursor_after(ORDER, deep) if draw.random() < 0.5 else None
        found.append(Wanted(Filters(**chosen), cursor, draw.randint(1, 200) if cursor else 0))
    return found


def _ends() -> tuple[int, int]:
    from django.db.models import Max, Min

    from bihuan.hazards.models import Hazard

    ends = Hazard.objects.aggregate(first=Min("pk"), last=Max("pk"))
    return ends["first"], ends["last"]


def _obvious(wanted: Wanted) -> None:
    """The same list as most would write it: count, then skip."""
    from django.db.models import Q
    from django.utils import timezone

    from bihuan.hazards.models import Hazard
    from bihuan.hazards.queries import _fitting

    plain = replace(wanted.filters, region="", q="")
    rows = _fitting(Hazard.objects.all(), plain, timezone.localdate())
    # A foreign key has no `startswith` in the framework; a plain statement has.
    rows = rows.extra(where=["hazards_hazard.locality_id LIKE %s"], params=[f"{wanted.filters.region}%"])
    if words := wanted.filters.q:
        rows = rows.filter(Q(description__icontains=words) | Q(enterprise__name__icontains=words))
    rows.order_by().count()
    start = wanted.page_number * SIZE
    list(rows.select_related("enterprise", "locality").order_by("-found_on", "-id")[start : start + SIZE])


@contextmanager
def database_time() -> Iterator[list[float]]:
    """Milliseconds spent in statements inside the block, summed into the list's only element."""
    from django.db import connection

    spent = [0.0]

    def timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent[0] += (time.perf_counter() - started) * 1000

    with connection.execute_wrapper(timed):
        yield spent


def _each(wanted: list[Wanted], read: Callable[[Wanted], Any]) -> list[float]:
    times = []
    for one in wanted:
        with database_time() as spent:
            read(one)
        times.append(spent[0])
    return times


@contextmanager
def _prefix_index() -> Iterator[None]:
    """What a prefix of a code needs to be an index range; OFFSET and the rest use the product's other indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        operators = " varchar_pattern_ops" if connection.vendor == "postgresql" else ""
        cursor.execute(f"CREATE INDEX bench_prefix ON hazards_hazard (locality_id{operators}, found_on, id)")
        if connection.vendor == "postgresql":
            cursor.execute(f"SET statement_timeout = {BASELINE_TIMEOUT}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET statement_timeout = 0")
            cursor.execute("DROP INDEX bench_prefix")


def _patiently(read: Callable[[], Any]) -> None:
    from django.db import OperationalError

    # Given up at BASELINE_TIMEOUT, which is what was spent.
    with suppress(OperationalError):
        read()


def percentile(times: list[float], share: float) -> float:
    """The smallest time that `share` of all do not exceed."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _line(name: str, times: list[float]) -> str:
    shown = " | ".join(f"{percentile(times, share):.1f}" for share in (0.5, 0.95, 0.99))
    return f"| {name} | {len(times)} | {shown} | {max(times):.1f} |"


def run(rows: int, *, combos: int = COMBINATIONS) -> dict[str, Any]:
    """Measure; the result as the report wants it."""
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    from bihuan.accounts.models import User
    from bihuan.hazards.models import Hazard
    from bihuan.hazards.queries import ledger_page

    settings.ALLOWED_HOSTS = ["testserver"]
    user = User.objects.get(username="sheng")
    filling = fill_index()
    wanted = combinations(combos)

    def ours(one: Wanted) -> None:
        ledger_page(
            user, one.filters, cursor=one.cursor, size=SIZE,
            shape=lambda rows: rows.select_related("enterprise", "locality"),
        )  # fmt: skip

    first, warm = _each(wanted, ours), _each(wanted, ours)
    client, page = Client(), []
    client.force_login(user)
    client.get(reverse("hazards:ledger"))
    for one in wanted:
        query = one.filters.query() + (f"&cursor={one.cursor}" if one.cursor else "")
        started = time.perf_counter()
        answer = client.get(f"{reverse('hazards:ledger')}?{query}")
        page.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, query
    sample = wanted if Hazard.objects.all()[BASELINE_WHOLE : BASELINE_WHOLE + 1].count() == 0 else wanted[::5]
    with _prefix_index():
        obvious = _each(sample, lambda one: _patiently(lambda: _obvious(one)))
        words = _words(user)
    lines = [
        f"{combos} combinations (region always: city, county or town; department 50 %, campaign 30 %, state or status 40 %, "
        "kind, level, source, task, enterprise, day, words now and then; half of them begin at a random place of the "
        f"ledger), {SIZE} rows each. Milliseconds.",
        "",
        "| what | times | p50 | p95 | p99 | worst |",
        "|---|--:|--:|--:|--:|--:|",
        _line("in the database, first time", first),
        _line("in the database, warm", warm),
        _line("whole page at the server", page),
        _line("obvious alternative in the database (prefix LIKE, OFFSET, count(*))", obvious),
        "",
        "Words over the whole province, first page. Milliseconds in the database, median of five.",
        "",
        "| words | ours | icontains |",
        "|---|--:|--:|",
        *(f"| {name}: {text} | {mine:.1f} | {theirs:.1f} |" for name, text, mine, theirs in words),
        "",
        filling,
        _slowest(wanted, warm),
    ]
    measures = [
        _measure("ledger list p50, in the database", 5, percentile(warm, 0.5)),
        _measure("ledger list p99, in the database", 60, percentile(warm, 0.99)),
        _measure("ledger page p99, at the server", 150, percentile(page, 0.99)),
        {
            "what": "ledger list p99, beside the obvious alternative",
            "target": "faster",
            "measured": f"{percentile(obvious, 0.99) / max(percentile(warm, 0.99), 0.01):.0f} ×",
            "met": percentile(obvious, 0.99) > percentile(warm, 0.99),
            "note": f"{len(obvious)} of {combos} combinations by the alternative, statements cut off at {BASELINE_TIMEOUT / 1000:.0f} s",
        },
    ]
    return {"title": "Lists and search", "markdown": "\n".join(lines), "measures": measures}


def _measure(what: str, target: float, measured: float) -> dict[str, Any]:
    return {
        "what": what, "target": f"≤ {target} ms", "measured": f"{measured:.1f} ms", "met": measured <= target,
        "note": "",
    }  # fmt: skip


def _slowest(wanted: list[Wanted], times: list[float]) -> str:
    worst = sorted(zip(times, wanted, strict=True), key=lambda pair: -pair[0])[:5]
    said = "; ".join(
        f"{spent:.0f} ms `{one.filters.query()}`{' deep' if one.cursor else ''}" for spent, one in worst
    )
    return f"Slowest when warm: {said}."


def _words(user: Any) -> list[tuple[str, str, float, float]]:
    from django.db.models import Q

    from bihuan.hazards.models import Hazard
    from bihuan.hazards.queries import Filters, ledger_page
    from bihuan.registry.models import Enterprise

    rare = Hazard.objects.filter(description__contains="编号").order_by("-pk").first()
    named = Enterprise.objects.filter(name__startswith="示范单位").order_by("-pk").first()
    filled = {
        "rare": rare.description.rpartition("编号")[2] if rare else "0",
        "enterprise": "".join(filter(str.isdigit, named.name)) if named else "0",
    }
    found = []
    for name, pattern in WORDS:
        text = pattern.format(**filled)
        plain = Hazard.objects.all()
        for word in text.split():
            plain = plain.filter(Q(description__icontains=word) | Q(enterprise__name__icontains=word))
        mine = [_spent(lambda text=text: ledger_page(user, Filters(q=text), size=SIZE)) for _ in range(5)]
        theirs = [
            _spent(lambda plain=plain: _patiently(lambda: list(plain.order_by("-found_on", "-id")[:SIZE])))
        ]
        found.append((name, text, statistics.median(mine), statistics.median(theirs)))
    return found


def _spent(read: Callable[[], Any]) -> float:
    with database_time() as spent:
        read()
    return spent[0]


def fill_index() -> str:
    """Rows a loader wrote past the acts have no entries yet: fill the index and say how long it took."""
    from django.db import connection

    from bihuan.hazards.models import Hazard
    from bihuan.search import agreement
    from bihuan.search.models import Entry, Kind

    last = Hazard.objects.order_by("-pk").values_list("pk", flat=True).first()
    started = time.perf_counter()
    if not Entry.objects.filter(id=Kind.HAZARD.key(last)).exists():
        if connection.vendor == "postgresql":
            # The demo's own few entries would keep the index in place while millions stream in.
            Entry.objects.all().delete()
        agreement.rebuild(lambda line: None)
    seconds = time.perf_counter() - started
    if connection.vendor != "postgresql":
        return f"Index of words filled in {seconds:.0f} s."
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_relation_size('search_entry'), pg_relation_size('search_words'), pg_relation_size('hazards_hazard'), "
            "(SELECT sum(pg_relation_size(indexrelid)) FROM pg_index WHERE indrelid = 'hazards_hazard'::regclass)"
        )
        entries, words, heap, indexes = (int(size) / 1e6 for size in cursor.fetchone())
    return (
        f"Index of words filled in {seconds:.0f} s; entries {entries:,.0f} MB, their index {words:,.0f} MB. "
        f"Ledger {heap:,.0f} MB, all its indexes {indexes:,.0f} MB."
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.lists")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--combinations", type=int, default=COMBINATIONS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    become_web_process()
    result = run(options.rows, combos=options.combinations)
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False), "utf-8")
    sys.stdout.write(result["markdown"] + "\n")
    for measure in result["measures"]:
        sys.stdout.write(f"{measure['what']}: {measure['measured']} ({measure['target']})\n")


if __name__ == "__main__":
    main()
