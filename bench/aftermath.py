"""Steps around the kills that read or write the database: `python -m bench.aftermath (import|settle|verify DIR)`."""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import django

SETTLE_SECONDS = 240
PREFIX = "压测商行"


def queue_import() -> None:
    """Queue an import of new enterprises as the office would from its page; no two bring the same."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from bench.kills import IMPORT_ROWS
    from bihuan.accounts.models import Region, User
    from bihuan.attachments.imports import begin, start_batch
    from bihuan.core.sheets import Column, write_rows
    from bihuan.rules.codes import make_credit_code

    locality = Region.objects.filter(code__startswith="5397", kind=Region.Kind.TOWNSHIP).order_by("code")[0]
    first = len(_batches()) * IMPORT_ROWS
    columns = ["企业名称", "统一社会信用代码", "类型", "所在乡镇街道", "地址"]
    rows = (
        (
            f"{PREFIX}{first + each:06d}", make_credit_code(f"92539799{first + each:09d}"), "餐饮", locality.name,
            f"幸福路 {each} 号",
        )
        for each in range(IMPORT_ROWS)
    )  # fmt: skip
    data = write_rows([Column(name) for name in columns], rows, title="企业", watermark="")
    upload = SimpleUploadedFile(
        "企业.xlsx", data, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    by = User.objects.get(username="office")
    batch = start_batch("registry.enterprise", upload, by=by)
    begin(batch, batch.mapping, by=by)


def _batches() -> list[Any]:
    from bihuan.attachments.models import ImportBatch

    return list(ImportBatch.objects.filter(file__name="企业.xlsx", by__username="office").order_by("pk"))


def settle() -> bool:
    """Wait until the imports are done and nothing is left to fold; False when they are not in time."""
    from bihuan.tally.models import Delta

    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        running = [each for each in _batches() if each.status not in ("done", "failed")]
        if not running and not Delta.objects.exists():
            return True
        time.sleep(1)
    return False


def verify(folder: Path) -> dict[str, Any]:
    """Read everything the programs were told about, and the record as a whole."""
    from bihuan.audit.models import Event
    from bihuan.audit.queries import verify as verify_audit

    journals = json.loads((folder / "journals.json").read_text("utf-8"))
    problems: list[str] = []
    looked = 0
    for journal in journals:
        looked += _photos(journal["photos"], problems)
        looked += _visits(journal["visits"], problems)
        looked += _hazards({int(pk): words for pk, words in journal["hazards"].items()}, problems)
        looked += _lines({int(pk): told for pk, told in journal["lines"].items()}, problems)
    looked += _whole(problems)
    return {
        "problems": problems,
        "looked": looked,
        "events": Event.objects.count(),
        "audit": [str(each) for each in verify_audit().findings],
        "tally": _tally(),
        "jobs": _jobs(),
        "unanswered": sum(len(each["unanswered"]) for each in journals),
        "refused": sum(len(each["refused"]) for each in journals),
        "refusals": [words for each in journals for words in each["refused"]][:10],
    }


def _photos(photos: list[str], problems: list[str]) -> int:
    from bihuan.attachments import storage
    from bihuan.attachments.models import Attachment

    found = {str(each.pk): each for each in Attachment.objects.filter(pk__in=photos)}
    for pk in photos:
        if pk not in found:
            problems.append(f"photo {pk} was acknowledged and is gone")
            continue
        path = storage.absolute(found[pk].path)
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != found[pk].sha256:
            problems.append(f"photo {pk}: the file is missing or not what was recorded")
    return len(photos)


def _visits(visits: dict[str, int], problems: list[str]) -> int:
    from bihuan.hazards.models import Hazard
    from bihuan.inspections.models import Inspection

    for client_id, pk in visits.items():
        rows = list(Inspection.objects.filter(client_id=client_id))
        if [each.pk for each in rows] != [pk]:
            problems.append(f"visit {client_id}: {len(rows)} rows instead of one")
            continue
        hazards = Hazard.objects.filter(description=f"灭火器压力不足 {client_id}").count()
        if hazards != 1 or rows[0].members.count() != 1:
            problems.append(f"visit {pk} is half-done: {hazards} hazards, {rows[0].members.count()} members")
    return len(visits)


def _hazards(hazards: dict[int, str], problems: list[str]) -> int:
    from bihuan.hazards.models import Hazard

    for pk, words in hazards.items():
        found = list(Hazard.objects.filter(description=words).values_list("pk", flat=True))
        if found != [pk]:
            problems.append(f"hazard {pk}: found {found} under its own words")
    return len(hazards)


def _lines(lines: dict[int, Any], problems: list[str]) -> int:
    from bihuan.hazards.models import HazardTransition

    found = HazardTransition.objects.in_bulk(list(lines))
    for pk, (hazard, move) in lines.items():
        line = found.get(pk)
        if line is None or (line.hazard_id, line.move) != (hazard, move):
            problems.append(f"line {pk} ({move} of hazard {hazard}) was acknowledged and is gone")
    return len(lines)


def _whole(problems: list[str]) -> int:
    """Every hazard of the storm, acknowledged or not, is whole: line, status, audit event, duty."""
    from django.db.models import Q

    from bihuan.audit.models import Event
    from bihuan.duties.models import Duty
    from bihuan.hazards.models import Hazard, HazardTransition
    from bihuan.hazards.owed import KINDS_OF

    ours = Q(description__startswith="灭火器压力不足 ") | Q(description__startswith="配电箱未加盖 ")
    hazards = list(Hazard.objects.filter(ours, found_by__username__startswith="bench-kill-"))
    lines: dict[int, list[HazardTransition]] = defaultdict(list)
    for line in HazardTransition.objects.filter(hazard__in=[each.pk for each in hazards]).order_by("id"):
        lines[line.hazard_id].append(line)
    chains = [f"hazards.hazard:{each.pk}" for each in hazards]
    recorded: dict[str, set[int]] = defaultdict(set)
    for start in range(0, len(chains), 500):
        some = Event.objects.filter(chain__in=chains[start : start + 500], payload__has_key="line")
        for chain, payload in some.values_list("chain", "payload"):
            recorded[chain].add(payload["line"])
    owed: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(chains), 500):
        some = Duty.objects.filter(subject__in=chains[start : start + 500], status=Duty.Status.OPEN)
        for subject, kind in some.values_list("subject", "kind"):
            owed[subject].append(kind)
    for hazard, chain in zip(hazards, chains, strict=True):
        moves = lines[hazard.pk]
        if not moves or moves[-1].to_status != hazard.status:
            problems.append(f"hazard {hazard.pk} is {hazard.status}, its last line says otherwise")
        if any(a.to_status != b.from_status for a, b in itertools.pairwise(moves)):
            problems.append(f"hazard {hazard.pk}: its lines do not follow each other")
        if {each.pk for each in moves} != recorded[chain]:
            problems.append(f"hazard {hazard.pk}: lines and audit events differ")
        if sorted(owed[chain]) != sorted(KINDS_OF.get(hazard.status, ())):
            problems.append(f"hazard {hazard.pk} is {hazard.status}, its open duties are {owed[chain]}")
    return len(hazards)


def _tally() -> list[str]:
    """Cells that differ from the ledger, as the product's own verification names them."""
    from bihuan.tally.rebuild import verify as verify_tally

    report = verify_tally()
    return [f"{report.count} cells, among them {report.differences[:5]}"] if report.count else []


def _jobs() -> list[str]:
    from bench.kills import IMPORT_ROWS
    from bihuan.registry.models import Enterprise

    batches = _batches()
    wrong = [
        f"import {number}: {each.status}, {each.created} of {IMPORT_ROWS} rows"
        for number, each in enumerate(batches)
        if (each.status, each.created) != ("done", IMPORT_ROWS)
    ]
    rows = Enterprise.objects.filter(name__startswith=PREFIX).count()
    if rows != IMPORT_ROWS * len(batches):
        wrong.append(f"{rows} enterprises instead of {IMPORT_ROWS * len(batches)}")
    return wrong


def main() -> int:
    django.setup()
    match sys.argv[1:]:
        case ["import"]:
            queue_import()
        case ["settle"]:
            return 0 if settle() else 1
        case ["verify", folder]:
            found = verify(Path(folder))
            (Path(folder) / "found.json").write_text(json.dumps(found, ensure_ascii=False), "utf-8")
        case _:
            raise SystemExit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
