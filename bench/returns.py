"""Returns at full size: the quarter of a city from the cube, equal to the raw rows, and four hundred bodies filing at once.

    python -m bench.returns --rows N --json OUT [--bodies 400] [--clients 8]

Works on a loaded installation (`bench.province`). The quarterly return of the largest city (its localities and its
departments in rows) is filled by the very code pages use, and once more by counting every hazard's lines afresh
(`hazards.counting`, SQL over all rows). It is signed and taken away as Word and PDF. Then each of the bodies files a
quarterly return of its own within a minute: in processes of their own, each through the verb people use (figures
counted, checks, canonical text, chain, line, duty). Nothing may be lost: as many signings, lines and finished duties
as bodies, every text read back to its digest.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.serving import become_web_process

ROUNDS = 7
WORDS = "本季度按计划开展检查。"
MINUTE = 60.0


def _city() -> str:
    """The city with most hazards."""
    from django.db.models import Count

    from bihuan.hazards.models import Hazard

    row = Hazard.objects.order_by().values("city_id").annotate(n=Count("pk")).order_by("-n")[0]
    return str(row["city_id"])


def _office(city: str) -> Any:
    """The city's committee office and somebody who makes definitions there; made when the load has none."""
    from bihuan.accounts.models import Holding, Organization, Post, Region, User
    from bihuan.accounts.roles import Role

    region = Region.objects.get(pk=city)
    office = Organization.objects.filter(kind=Organization.Kind.OFFICE, region=region).first()
    if office is None:
        office = Organization.objects.create(
            name=f"{region.name}安委办", short_name="市安委办", kind="office", region=region
        )
    login = f"bench-returns-{city}"
    user = User.objects.filter(username=login).first()
    if user is None:
        post = Post.objects.create(organization=office, title="报送", role=Role.OFFICE_OFFICER)
        user = User.objects.create_user(login, None, full_name="压测报送员")
        Holding.objects.create(user=user, post=post, from_on=region.valid_from or _long_ago())
    return office, user


def _long_ago() -> Any:
    import datetime as dt

    return dt.date(2020, 1, 1)


def quarter(city: str) -> dict[str, Any]:
    """Fill the city's quarterly return from the cube, again and again, and hold it against the raw rows."""
    from django.utils import timezone

    from bihuan.returns.counting import Filling, fill, rows_of
    from bihuan.returns.measures import Scope
    from bihuan.returns.periods import last_ended
    from bihuan.returns.shipped import shipped_by_key

    spec = shipped_by_key("quarterly.city")
    assert spec is not None
    span = last_ended("quarter", timezone.localdate())
    filling = Filling(spec, Scope(city), span)
    took, sheet = [], None
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        sheet = fill(filling)
        took.append(time.perf_counter() - begin)
    assert sheet is not None
    begin = time.perf_counter()
    compared, differing = _against_rows(city, span, sheet)
    return {
        "rows": len(rows_of(spec, filling.scope)), "cells": len(sheet.cells), "first": took[0], "median": statistics.median(took),
        "worst": max(took), "raw": time.perf_counter() - begin, "compared": compared, "differing": differing,
        "period": f"{span.first}–{span.last}",
    }  # fmt: skip


def _against_rows(city: str, span: Any, sheet: Any) -> tuple[int, list[str]]:
    """Every counted figure of the sheet beside the sum over all lines and visits of the city, by SQL over the rows."""
    from django.db import connection
    from django.db.models import Max

    from bihuan.hazards.counting import changes
    from bihuan.hazards.models import Hazard
    from bihuan.inspections.counting import changes as visited
    from bihuan.inspections.models import Inspection
    from bihuan.returns.counting import cell_of
    from bihuan.returns.schema import TOTAL

    until, since = span.last.isoformat(), span.first.isoformat()
    sums: dict[str, dict[str, list[int]]] = {}
    metrics = ("found", "found_major", "closed", "overdue", "overdue_major", "inspected", "inspected_clean")
    for sql, model in ((changes, Hazard), (visited, Inspection)):
        last = model.objects.aggregate(last=Max("pk"))["last"] or 0
        step = 200_000
        for low in range(1, last + 1, step):
            inner = sql(low, low + step - 1, connection.vendor)
            for column in ("locality_id", "department_id"):
                parts = ", ".join(
                    f"SUM(CASE WHEN day <= '{until}' THEN {name} ELSE 0 END), SUM(CASE WHEN day >= '{since}' AND day <= '{until}' THEN {name} ELSE 0 END)"
                    for name in metrics
                )
                with connection.cursor() as cursor:
                    cursor.execute(
                        f"SELECT {column}, {parts} FROM ({inner}) AS changed WHERE city_id = %s GROUP BY {column}",
                        [city],
                    )
                    for key, *values in cursor.fetchall():
                        kept = sums.setdefault(column, {}).setdefault(str(key), [0] * len(values))
                        for place, value in enumerate(values):
                            kept[place] += int(value or 0)
    column_of = {"locality": "locality_id", "department": "department_id"}
    index = {name: 2 * number for number, name in enumerate(metrics)}
    compared, wrong = 0, []
    for row in sheet.rows:
        if row.key == TOTAL:
            values = [sum(column) for column in zip(*sums["locality_id"].values(), strict=True)]
        else:
            values = sums[column_of[row.dimension]].get(row.values[0], [0] * (2 * len(metrics)))
        ever = {name: values[index[name]] for name in metrics}
        flow = {name: values[index[name] + 1] for name in metrics}
        expected = {
            "visits": flow["inspected"], "clean": flow["inspected_clean"], "found": flow["found"], "major": flow["found_major"],
            "closed": flow["closed"], "all_found": ever["found"], "all_closed": ever["closed"],
            "open": ever["found"] - ever["closed"], "overdue": ever["overdue"], "overdue_major": ever["overdue_major"],
        }  # fmt: skip
        for key, value in expected.items():
            compared += 1
            if sheet.cells[cell_of(row.key, key)] != Decimal(value):
                wrong.append(f"{row.label} {key}: {sheet.cells[cell_of(row.key, key)]} ≠ {value}")
    return compared, wrong


def prepare(city: str, bodies: int) -> tuple[int, list[tuple[int, int]]]:
    """A definition, its period, and for each body a person who signs; returns the period and (return, person)."""
    from django.utils import timezone

    from bihuan.accounts.models import Holding, Organization, Post, User
    from bihuan.accounts.roles import Role
    from bihuan.returns import actions
    from bihuan.returns.models import Return
    from bihuan.returns.periods import last_ended
    from bihuan.returns.shipped import shipped_by_key

    office, user = _office(city)
    spec = shipped_by_key("quarterly.summary")
    assert spec is not None
    content = dict(spec.raw) | {
        "key": f"bench.{int(time.time())}", "owers": ["locality"], "words_required": False, "signer": "officer",
    }  # fmt: skip
    province = office.region.code[:2]
    definition = actions.create_definition(content, office, by=user, put_in_force=True)
    # Bodies of the whole province, so that there are enough of them.
    top = office.region.parent or office.region
    definition.region = top
    definition.save(update_fields=["region"])
    kind = Organization.Kind.LOCALITY
    chosen = list(
        Organization.objects.filter(kind=kind, region__code__startswith=province).order_by("pk")[:bodies]
    )
    definition.bodies.set(chosen)
    period = actions.open_period(definition, last_ended("quarter", timezone.localdate()), by=user)
    pairs = []
    for record in Return.objects.filter(period=period).select_related("organization").order_by("pk"):
        holding = Holding.objects.filter(
            post__organization=record.organization, post__role=Role.LOCALITY_OFFICER, to_on=None, user__is_active=True
        ).first()  # fmt: skip
        if holding is None:
            post = Post.objects.create(
                organization=record.organization, title="报送", role=Role.LOCALITY_OFFICER
            )
            person = User.objects.create_user(f"bench-{definition.pk}-{record.pk}", None, full_name="报送员")
            holding = Holding.objects.create(user=person, post=post, from_on=_long_ago())
        pairs.append((record.pk, holding.user_id))
    return period.pk, pairs


def sign(pk: int, user: Any) -> None:
    """Sign one return as it was counted; checks that ask for an explanation get one, as a person would give it."""
    from bihuan.returns import actions
    from bihuan.returns.models import Return

    given = Return.objects.get(pk=pk)
    actions.save_draft(given, {}, WORDS, {}, by=user)
    try:
        actions.sign_return(given, by=user, zero=True)
    except actions.Incomplete as found:
        said = {f"{index}.{row}": "已核对" for index in range(1, 12) for row in ("", "total")}
        if not all(problem.startswith("勾稽不符须说明") for problem in found.problems):
            raise
        actions.save_draft(given, {}, WORDS, said, by=user)
        actions.sign_return(given, by=user, zero=True)


def documents(city: str) -> dict[str, Any]:
    """The city's quarterly return signed, as Word and as PDF, by the code behind the two buttons."""
    from django.utils import timezone

    from bihuan.papers.official import docx_bytes
    from bihuan.papers.printing import pdf_of_sheet
    from bihuan.returns import actions
    from bihuan.returns.documents import return_sheet
    from bihuan.returns.figures import figures_of
    from bihuan.returns.models import Return
    from bihuan.returns.periods import last_ended
    from bihuan.returns.shipped import shipped_by_key

    office, user = _office(city)
    spec = shipped_by_key("quarterly.city")
    assert spec is not None
    content = dict(spec.raw) | {"key": f"bench.city.{int(time.time())}", "signer": "officer"}
    definition = actions.create_definition(content, office, by=user, put_in_force=True)
    period = actions.open_period(definition, last_ended("quarter", timezone.localdate()), by=user)
    record = Return.objects.get(period=period, organization=office)
    sign(record.pk, user)
    took: dict[str, list[float]] = {"docx": [], "pdf": []}
    sizes = {}
    for _ in range(ROUNDS):
        for kind, write in (("docx", docx_bytes), ("pdf", pdf_of_sheet)):
            begin = time.perf_counter()
            data = write(return_sheet(figures_of(Return.objects.get(pk=record.pk))))
            took[kind].append(time.perf_counter() - begin)
            sizes[kind] = len(data)
    return {"took": took, "sizes": sizes}


def client(work: list[tuple[int, int]], begin: float, gap: float) -> list[float]:
    """One process: files its returns at their moments; prints the seconds each took."""
    from bihuan.accounts.models import User

    took = []
    for number, (record, person) in enumerate(work):
        wait = begin + number * gap - time.time()
        if wait > 0:
            time.sleep(wait)
        user = User.objects.get(pk=person)
        start = time.perf_counter()
        sign(record, user)
        took.append(time.perf_counter() - start)
    return took


def rush(city: str, bodies: int, clients: int, seconds: float) -> dict[str, Any]:
    """All of them within the minute."""
    from bihuan.core.digest import hash_bytes
    from bihuan.duties.models import Duty
    from bihuan.returns.models import Filing, Return, ReturnTransition

    period, pairs = prepare(city, bodies)
    begin, gap = time.time() + 5, seconds * clients / max(len(pairs), 1)
    running = []
    for number in range(clients):
        mine = pairs[number::clients]
        given = json.dumps({"work": mine, "begin": begin + number * gap / clients, "gap": gap})
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "bench.returns", "--client", given],
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    took: list[float] = []
    failed = 0
    for process in running:
        out, _ = process.communicate()
        if process.returncode:
            failed += 1
        else:
            took += json.loads(out.splitlines()[-1])
    lasted = time.time() - begin
    filings = list(Filing.objects.filter(record__period=period))
    owed = Return.objects.filter(period=period)
    chains = [f"returns.return:{pk}" for pk in owed.values_list("pk", flat=True)]
    took.sort()
    return {
        "bodies": len(pairs), "signed": len(filings), "lines": ReturnTransition.objects.filter(record__period=period, move="sign").count(),
        "duties_left": Duty.objects.open().filter(subject__in=chains).count(), "failed": failed, "seconds": lasted,
        "torn": sum(1 for each in filings if hash_bytes(each.body.encode()) != each.digest),
        "median": statistics.median(took) if took else None, "p99": took[int(len(took) * 0.99)] if took else None,
        "worst": took[-1] if took else None, "clients": clients,
    }  # fmt: skip


def report(
    vendor: str, rows: int, filled: dict[str, Any], printed: dict[str, Any], rushed: dict[str, Any]
) -> dict[str, Any]:
    """The suite's JSON."""
    name = "PostgreSQL" if vendor == "postgresql" else "SQLite"
    lost = (
        rushed["bodies"]
        - min(rushed["signed"], rushed["lines"])
        + rushed["duties_left"]
        + rushed["torn"]
        + rushed["failed"]
    )
    lines = [
        f"Quarterly return of a city ({filled['period']}), {filled['rows']} rows, {filled['cells']} figures, {rows:,} hazards: "
        f"first {filled['first'] * 1000:.0f} ms, median of {ROUNDS} {filled['median'] * 1000:.0f} ms, slowest {filled['worst'] * 1000:.0f} ms. "
        f"Counted again from every line and visit ({filled['raw']:.1f} s): {filled['compared']} figures compared, "
        f"{len(filled['differing'])} differ{''.join(f'; {each}' for each in filled['differing'][:5])}.",
        "",
        "Signed, and taken away as a document in the official layout, tables included: "
        + "; ".join(
            f"{kind} first {times[0]:.2f} s, median {statistics.median(times):.2f} s, slowest {max(times):.2f} s, {printed['sizes'][kind] // 1024} KB"
            for kind, times in printed["took"].items()
        )
        + ".",
        "",
        f"{rushed['bodies']} bodies filed in {rushed['seconds']:.0f} s over {rushed['clients']} processes, each counting its own figures: "
        f"median {(rushed['median'] or 0) * 1000:.0f} ms, p99 {(rushed['p99'] or 0) * 1000:.0f} ms, slowest {(rushed['worst'] or 0) * 1000:.0f} ms; "
        f"{rushed['signed']} signings, {rushed['lines']} lines, {rushed['duties_left']} duties left open, {rushed['torn']} texts off their digest.",
    ]  # fmt: skip
    return {
        "title": f"Returns, {name}, {rows:,} hazards",
        "markdown": "\n".join(lines),
        "measures": [
            {"what": f"returns: quarterly return of a city from the cube, {name}", "target": "< 1 s at 1M", "measured": f"{filled['worst'] * 1000:.0f} ms", "met": filled["worst"] < 1, "note": "slowest of all, the first included"},
            {"what": f"returns: figures that differ from the raw rows, {name}", "target": "0", "measured": f"{len(filled['differing'])} of {filled['compared']}", "met": not filled["differing"] and filled["compared"] > 0, "note": ""},
            *(
                {"what": f"returns: the quarterly return as {kind}, {name}", "target": "< 5 s", "measured": f"{max(times):.2f} s", "met": max(times) < 5, "note": "slowest, the first included"}
                for kind, times in printed["took"].items()
            ),
            {"what": f"returns: {rushed['bodies']} bodies filing within a minute, p99, {name}", "target": "< 1 s", "measured": f"{(rushed['p99'] or 0) * 1000:.0f} ms", "met": rushed["p99"] is not None and rushed["p99"] < 1, "note": ""},
            {"what": f"returns: lost of {rushed['bodies']} filed, {name}", "target": "0", "measured": str(lost), "met": lost == 0 and rushed["bodies"] > 0, "note": ""},
        ],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.returns")
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--bodies", type=int, default=400)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=MINUTE - 5)
    parser.add_argument("--client", help=argparse.SUPPRESS)
    options = parser.parse_args()
    become_web_process()
    if options.client:
        given = json.loads(options.client)
        sys.stdout.write(
            json.dumps(client([tuple(each) for each in given["work"]], given["begin"], given["gap"])) + "\n"
        )
        return
    from django.db import connection

    from bihuan.hazards.models import Hazard
    from bihuan.tally.actions import fold_all

    fold_all()
    city = _city()
    filled = quarter(city)
    printed = documents(city)
    rushed = rush(city, options.bodies, options.clients, options.seconds)
    found = report(connection.vendor, options.rows or Hazard.objects.count(), filled, printed, rushed)
    if options.json:
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write(found["markdown"] + "\n")
    if filled["differing"]:
        sys.exit("the return and the raw rows disagree")


if __name__ == "__main__":
    main()
