"""Transitions per second: the whole act beside the bare row update, what each part costs, and how fresh figures stay.

`python -m bench.transitions --rows N --json OUT` works on a loaded installation. Clients are processes of their own
with persistent connections; each has its own hazards and cycles submit → send back → submit … through the very verbs
people use (permission, evidence, ledger line, figures, audit, duties, messages). Beside it, over other hazards, runs
a transition that adds no paper of its own (graded major, graded down again: a new level, deadline and clock, other
duties). The bare update is the same status change as of the first by `Hazard.objects.filter(pk=…, status=…).update(…)` in a transaction through the same Django connection, and
once more by psycopg alone. All modes run in interleaved rounds; ratios are taken within a round. A part's cost is
what an act gains in time when the part is left out: only whole cycles run without parts, so the record stays true.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PER_CLIENT = 200  # hazards handed in and sent back, and as many others graded up and down
Work = tuple[int, int, int, int]
LEFT_OUT = {
    "without audit": ("audit",),
    "without duties and messages": ("duties", "messages"),
    "without messages": ("messages",),
    "without figures": ("figures",),
    "row, evidence and line only": ("audit", "duties", "messages", "figures"),
}


# --- one client process --------------------------------------------------------------------------------


class Client:
    """One person's work in a loop, over hazards of its own: (hazard, who hands in, who sends back, who grades)."""

    def __init__(self, work: list[Work]) -> None:
        from bihuan.accounts.models import User
        from bihuan.hazards.models import Hazard
        from bihuan.rules.reasons import all_reasons

        people = User.objects.in_bulk({person for row in work for person in row[1:]})
        hazards = Hazard.objects.in_bulk([row[0] for row in work])
        rows = [(hazards[pk], *(people[person] for person in acting)) for pk, *acting in work]
        self.work = {"act": rows[: len(rows) // 2], "grade": rows[len(rows) // 2 :]}
        for person in people.values():
            person.posts  # noqa: B018 - a request has loaded who is asking before it acts
        self.reason = next(each.key for each in all_reasons() if not each.needs_text)
        self.position = 0

    def run(self, mode: str, seconds: float) -> list[float]:
        """Whole cycles for about `seconds`; returns the seconds of every act."""
        acts: Callable[..., Iterator[None]] = {
            "bare": self._bare, "psycopg": self._raw, "grade": self._grades,
        }.get(mode, self._verbs)  # fmt: skip
        work = self.work["grade" if mode == "grade" else "act"]
        left_out = LEFT_OUT.get(mode, ())
        taken = []
        with without(left_out):
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                row = work[self.position % len(work)]
                self.position += 1
                before = time.perf_counter()
                for _ in acts(*row):
                    now = time.perf_counter()
                    taken.append(now - before)
                    before = now
        return taken

    def _verbs(self, hazard: Any, first: Any, second: Any, _: Any) -> Iterator[None]:
        from bihuan.hazards import actions

        actions.submit_rectification(hazard, text="已更换软管，接头已紧固", by=first)
        yield
        actions.reinspect(
            hazard, passed=False, reason_type=self.reason, text="仍有松动，请继续整改", by=second
        )
        yield

    def _grades(self, hazard: Any, _: Any, __: Any, grader: Any) -> Iterator[None]:
        from bihuan.hazards import actions

        actions.grade_major(hazard, reason="涉及燃气泄漏报警失效，判定为重大", by=grader)
        yield
        actions.downgrade(hazard, reason="经复核不符合判定标准", by=grader)
        yield

    def _bare(self, hazard: Any, *_: Any) -> Iterator[None]:
        from django.db import transaction

        from bihuan.hazards.models import Hazard

        for seen, target in (("rectifying", "reinspecting"), ("reinspecting", "rectifying")):
            with transaction.atomic():
                moved = Hazard.objects.filter(pk=hazard.pk, status=seen).update(status=target)
            if moved != 1:
                raise RuntimeError(f"hazard {hazard.pk} is not {seen}")
            yield

    def _raw(self, hazard: Any, *_: Any) -> Iterator[None]:
        from django.db import connection

        connection.ensure_connection()
        raw: Any = connection.connection
        for seen, target in (("rectifying", "reinspecting"), ("reinspecting", "rectifying")):
            raw.execute(
                "UPDATE hazards_hazard SET status = %s WHERE id = %s AND status = %s",
                (target, hazard.pk, seen),
            )
            yield


@contextmanager
def without(parts: tuple[str, ...]) -> Iterator[None]:
    """Leave parts of the act out while measuring what they cost."""
    from bihuan.audit.actions import Pen
    from bihuan.hazards.actions import door

    silent: dict[str, list[tuple[Any, str, Any]]] = {
        "audit": [(Pen, "append", lambda *args, **named: None)],
        "duties": [
            (door, "close_duties", lambda *args, **named: None),
            (door, "open_owed", lambda *args, **named: []),
        ],
        "messages": [(door, "add_message", lambda *args, **named: None)],
        "figures": [(door, "delta_columns", lambda *args: [])],
    }
    kept = [(owner, name, getattr(owner, name)) for part in parts for owner, name, _ in silent[part]]
    for part in parts:
        for owner, name, nothing in silent[part]:
            setattr(owner, name, nothing)
    try:
        yield
    finally:
        for owner, name, was in kept:
            setattr(owner, name, was)


def client() -> None:
    """Serve orders from stdin: first the work, then [mode, seconds] per line; answers with the times of each run."""
    import django

    django.setup()
    worker = Client(json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    for line in sys.stdin:
        mode, seconds = json.loads(line)
        began = time.perf_counter()
        taken = worker.run(mode, seconds)
        print(json.dumps([time.perf_counter() - began, taken]), flush=True)


class Crowd:
    """Client processes that run the same mode at the same time."""

    def __init__(self, shares: list[list[Work]]) -> None:
        command = [sys.executable, "-m", "bench.transitions", "--client"]
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "bihuan.config.settings"}
        self.processes = [
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in shares
        ]
        for process, share in zip(self.processes, shares, strict=True):
            self._send(process, share)
        for process in self.processes:
            if self._answer(process).strip() != "ready":
                raise RuntimeError("a client did not start")

    def run(self, mode: str, seconds: float, count: int) -> tuple[float, list[float]]:
        """(acts per second of all together, seconds of every act) with the first `count` clients."""
        chosen = self.processes[:count]
        for process in chosen:
            self._send(process, [mode, seconds])
        answers = [json.loads(self._answer(process)) for process in chosen]
        return sum(len(taken) / wall for wall, taken in answers), [
            one for _, taken in answers for one in taken
        ]

    def close(self) -> None:
        for process in self.processes:
            if process.stdin:
                process.stdin.close()
            process.wait(timeout=30)

    @staticmethod
    def _send(process: subprocess.Popen[str], order: object) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()

    @staticmethod
    def _answer(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline()


# --- the measurement -----------------------------------------------------------------------------------


def find_work(count: int, city: str) -> list[Work]:
    """Hazards being rectified, late ones first, each with who may hand in, who may send back and who may grade."""
    from bihuan.accounts.models import User
    from bihuan.hazards.models import Hazard
    from bihuan.hazards.standing import has_standing
    from bihuan.hazards.workflow import Move

    people = list(User.objects.filter(is_active=True, is_service=False).order_by("pk")[:400])
    candidates = Hazard.objects.filter(level="general", status="rectifying", city=city)
    found = []
    known: dict[Any, list[Any]] = {}  # whose standing is the same in the same place, before the same bodies
    rows = candidates.select_related("enterprise", "reviewing_organization").order_by("due_on", "pk")
    for hazard in rows[: count * 3]:
        bodies = (hazard.department_id, hazard.reviewing_organization_id, hazard.enterprise.organization_id)
        key = (hazard.locality_id, *bodies)
        if key not in known:
            known[key] = []
            for move in (Move.SUBMIT, Move.SEND_BACK, Move.GRADE_MAJOR):
                apart = known[key][:1] if move == Move.SEND_BACK else []
                may = (each for each in people if each not in apart and has_standing(each, move, hazard))
                known[key].append(next(may, None))
        first, second, grader = known[key]
        if first and second and grader:
            found.append((hazard.pk, first.pk, second.pk, grader.pk))
        if len(found) == count:
            break
    return found


def shares_of(work: list[Any], clients: int) -> list[list[Any]]:
    return [work[number::clients][: 2 * PER_CLIENT] for number in range(clients)]


def measure(
    crowd: Crowd, clients: int, modes: list[str], *, rounds: int, seconds: float
) -> dict[str, list[float]]:
    """{mode: acts per second of each round}; the modes take turns, beginning with another one each round."""
    rates: dict[str, list[float]] = {mode: [] for mode in modes}
    for number in range(rounds):
        turn = number % len(modes)
        for mode in modes[turn:] + modes[:turn]:
            rates[mode].append(crowd.run(mode, seconds, clients)[0])
    return rates


def freshness(crowd: Crowd, clients: int, city: str, *, seconds: float) -> dict[str, Any]:
    """How far folded cells lag and whether cells and pending rows are exact, probed while everybody works.

    Folds once a second, as the worker does. A pending delta is at most as old as the last look that had not seen its
    id, so the lag is an upper bound. Exactness compares the overdue stock of the city, as pages read it, with its
    rows in the same snapshot.
    """
    from django.db import connection
    from django.db.models import Max, Min

    from bihuan.tally.actions import fold_all
    from bihuan.tally.models import Delta

    stop = threading.Event()
    folds: list[float] = []

    def keep_folding() -> None:
        while not stop.wait(max(0.0, 1.0 - (folds[-1] if folds else 0.0))):
            began = time.perf_counter()
            fold_all()
            folds.append(time.perf_counter() - began)
        connection.close()

    folder = threading.Thread(target=keep_folding)
    rate: list[float] = []
    load = threading.Thread(target=lambda: rate.append(crowd.run("act", seconds, clients)[0]))
    fold_all()
    folder.start()
    load.start()
    seen: list[tuple[float, int]] = [(time.perf_counter(), Delta.objects.aggregate(m=Max("pk"))["m"] or 0)]
    lags, wrong, most = [], 0, 0
    while load.is_alive():
        time.sleep(0.1)
        now = time.perf_counter()
        pending = Delta.objects.aggregate(first=Min("pk"), last=Max("pk"))
        if pending["first"] is not None:
            before = [at for at, last in seen if last < pending["first"]]
            lags.append(now - (before[-1] if before else seen[0][0]))
            seen.append((now, max(pending["last"], seen[-1][1])))
        else:
            lags.append(0.0)
            seen.append((now, seen[-1][1]))
        shown, counted, waiting = exact(city)
        most = max(most, waiting)
        wrong += shown != counted
    load.join()
    stop.set()
    folder.join()
    return {
        "rate": rate[0], "probes": len(lags), "wrong": wrong, "lag_p50": statistics.median(lags),
        "lag_max": max(lags), "fold_p50": statistics.median(folds) if folds else 0.0,
        "fold_max": max(folds, default=0.0), "most_pending": most,
    }  # fmt: skip


def exact(city: str) -> tuple[int, int, int]:
    """(overdue as pages show it, overdue rows, pending deltas) of one moment."""
    from django.db import connection, transaction
    from django.utils import timezone

    from bihuan.hazards.models import Hazard
    from bihuan.tally.models import Delta
    from bihuan.tally.queries import totals

    today = timezone.localdate()

    def look() -> tuple[int, int, int]:
        shown = totals(on=today, region=city).overdue
        counted = Hazard.objects.filter(city=city).overdue(on=today).count()
        return shown, counted, Delta.objects.count()

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with transaction.atomic():
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                return look()
        cursor.execute("BEGIN DEFERRED")
        try:
            return look()
        finally:
            cursor.execute("COMMIT")


def broken_chains(hazards: list[int]) -> list[str]:
    """The chains of these hazards and of the lines and evidence made by their moves that do not verify."""
    from bihuan.audit.actions import hash_of, link_content
    from bihuan.audit.models import Event, Head
    from bihuan.core.digest import matches
    from bihuan.hazards.models import Hazard, HazardTransition, Rectification, Reinspection

    wrong = []
    for model in (Hazard, HazardTransition, Rectification, Reinspection):
        rows = model._default_manager.filter(**{"pk__in" if model is Hazard else "hazard__in": hazards})
        batch: dict[str, Any] = {}
        for row in rows.iterator(chunk_size=1000):
            batch[f"{model._meta.label_lower}:{row.pk}"] = row
            if len(batch) == 500:
                wrong += _broken(batch, Event, Head, link_content, matches, hash_of)
                batch = {}
        wrong += _broken(batch, Event, Head, link_content, matches, hash_of)
    return wrong


def _broken(
    batch: dict[str, Any], event: Any, head: Any, link_content: Any, matches: Any, hash_of: Any
) -> list[str]:
    last: dict[str, Any] = {}
    wrong = set()
    for each in (
        event.objects.filter(chain__in=list(batch)).order_by("chain", "seq").iterator(chunk_size=2000)
    ):
        before = last.get(each.chain)
        follows = each.seq == (before.seq + 1 if before else 1)
        if not follows or each.previous_hash != (before.hash if before else ""):
            wrong.add(each.chain)
        if not matches(link_content(each), each.hash):
            wrong.add(each.chain)
        last[each.chain] = each
    for end in head.objects.filter(chain__in=list(last)):
        final = last[end.chain]
        if (end.seq, end.hash) != (final.seq, final.hash) or final.content_hash != hash_of(batch[end.chain]):
            wrong.add(end.chain)
    return sorted(wrong)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.transitions")
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--json", default="")
    parser.add_argument("--city", default="5397")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--load-seconds", type=float, default=30.0)
    parser.add_argument("--verify-tally", action="store_true", help="count every figure again at the end")
    parser.add_argument("--client", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
    if options.client:
        client()
        return
    import django

    django.setup()
    from django.db import connection

    on_postgresql = connection.vendor == "postgresql"
    sizes = (1, 4, 16) if on_postgresql else (1, 4)
    work = find_work(max(sizes) * 2 * PER_CLIENT, options.city)
    crowd = Crowd(shares_of(work, max(sizes)))
    modes = ["bare", "act", "grade", *(["psycopg"] if on_postgresql else [])]
    for mode in modes:
        crowd.run(mode, 0.5, max(sizes))  # statements prepared, caches warm
    rates = {
        clients: measure(
            crowd, clients, modes + (list(LEFT_OUT) if clients in (1, 16) else []),
            rounds=options.rounds, seconds=options.seconds,
        )
        for clients in sizes
    }  # fmt: skip
    fresh = freshness(crowd, max(sizes), options.city, seconds=options.load_seconds)
    crowd.close()
    from bihuan.tally.actions import fold_all

    fold_all()
    broken = broken_chains([row[0] for row in work])
    differing = _differing_cells() if options.verify_tally else None
    result = report(connection.vendor, rates, fresh, broken, differing, len(work))
    if options.json:
        Path(options.json).write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write(result["markdown"] + "\n")


def _differing_cells() -> int:
    from bihuan.tally.rebuild import verify

    return verify().count


def report(
    vendor: str,
    rates: dict[int, dict[str, list[float]]],
    fresh: dict[str, Any],
    broken: list[str],
    differing: int | None,
    hazards: int,
) -> dict[str, Any]:
    """The suite's JSON."""
    name = "PostgreSQL" if vendor == "postgresql" else "SQLite"
    lines = [
        f"Whole cycles over {hazards} hazards; acts per second, median of rounds; ratio within a round. `act` is handing "
        "in and sending back, each with a paper of its own that is signed and chained too; `grade` is grading up and "
        "down, which adds no paper but a new clock and other duties. The bare update is one column of one row.",
        "",
        "| clients | mode | acts/s | ms per act and client | ratio to bare: median (worst, best round) |",
        "|--:|---|--:|--:|---|",
    ]
    measures: list[dict[str, Any]] = []
    for clients, found in rates.items():
        for mode, each in found.items():
            ratios = [a / b for a, b in zip(each, found["bare"], strict=True)]
            rate = statistics.median(each)
            lines.append(
                f"| {clients} | {mode} | {rate:,.0f} | {1000 * clients / rate:.2f} | "
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f}, {max(ratios):.2f}) |"
            )
        targets = {1: 0.6, 16: 0.4} if vendor == "postgresql" else {}
        for mode, words, target in (
            ("act", "transitions", targets.get(clients)),
            ("grade", "transitions without papers", None),
        ):
            ratios = [a / b for a, b in zip(found[mode], found["bare"], strict=True)]
            measures.append(
                {
                    "what": f"{words} per second against the bare update, {clients} clients, {name}",
                    "target": f"≥ {target}" if target else "",
                    "measured": f"{statistics.median(ratios):.2f} ({statistics.median(found[mode]):,.0f}/s)",
                    "met": statistics.median(ratios) >= target if target else None,
                    "note": f"rounds from {min(ratios):.2f} to {max(ratios):.2f}",
                }
            )
    lines += ["", *_parts(rates), ""]
    lines.append(
        f"Freshness under {max(rates)} clients ({fresh['rate']:,.0f} acts/s, folding every second): cells lag p50 "
        f"{fresh['lag_p50']:.2f} s, at most {fresh['lag_max']:.2f} s; a fold takes {fresh['fold_p50'] * 1000:.0f} ms, at "
        f"most {fresh['fold_max'] * 1000:.0f} ms; up to {fresh['most_pending']:,} deltas pending; cells plus pending "
        f"differed from the rows in {fresh['wrong']} of {fresh['probes']} probes."
    )
    lines.append(
        f"Afterwards: {len(broken)} broken chains among the hazards moved, their lines and evidence; "
        + (
            "every figure is counted again in the suite of kills."
            if differing is None
            else f"{differing} differing cells by tally verify."
        )
    )
    measures += [
        {
            "what": f"freshness of folded cells under load, {name}", "target": "≤ 2 s",
            "measured": f"{fresh['lag_max']:.2f} s", "met": fresh["lag_max"] <= 2.0, "note": "upper bound",
        },
        {
            "what": f"figures with pending rows, {name}", "target": "0 s (exact)",
            "measured": f"{fresh['wrong']} of {fresh['probes']} probes differed", "met": fresh["wrong"] == 0, "note": "",
        },
        {
            "what": f"{'chains' if differing is None else 'chains and tally'} after the load, {name}",
            "target": "0 broken" if differing is None else "0 broken, 0 differing",
            "measured": f"{len(broken)} broken" + ("" if differing is None else f", {differing} differing"),
            "met": not broken and not differing, "note": "",
        },
    ]  # fmt: skip
    return {"title": f"Transitions ({name})", "markdown": "\n".join(lines), "measures": measures}


def _parts(rates: dict[int, dict[str, list[float]]]) -> list[str]:
    lines = ["| clients | part | ms of an act it costs |", "|--:|---|--:|"]
    for clients, found in rates.items():
        if "without audit" not in found:
            continue
        for mode in LEFT_OUT:
            saved = [
                1000 * clients * (1 / whole - 1 / less)
                for whole, less in zip(found["act"], found[mode], strict=True)
            ]
            part = "all of these" if mode.startswith("row") else mode.removeprefix("without ")
            lines.append(f"| {clients} | {part} | {statistics.median(saved):.2f} |")
    return lines


if __name__ == "__main__":
    main()
