"""The import of an old ledger beside the obvious one: openpyxl, every cell judged, bulk_create; same rows, same words.

Both sides write hazards, ledger lines, figures, duties, search entries and the record of acts. Who owes what and until
when is the product's own rule on both sides, looked up once for a chunk. The baseline keeps no checkpoint and no marked copy.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import random
import statistics
import time
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments import imports
from bihuan.attachments.imports import Issues, SheetRow, SheetRows
from bihuan.audit.actions import chain_of, hash_of
from bihuan.audit.models import Event, Head
from bihuan.core.digest import content_hash
from bihuan.core.errors import Refused
from bihuan.duties.actions import open_duties
from bihuan.duties.models import Duty
from bihuan.hazards import importing, owed, searching
from bihuan.hazards.importing import HazardImporter, OldHazard
from bihuan.hazards.models import Hazard, HazardTransition
from bihuan.hazards.workflow import Move
from bihuan.registry.models import Enterprise
from bihuan.search.models import Entry, Kind
from bihuan.tally.models import METRICS, Delta

CHUNK = 2000
BAD_EVERY = 100
HEADINGS = ["企业名称", "统一社会信用代码", "隐患描述", "发现日期", "等级", "部位", "依据条款", "整改期限", "状态", "销号日期", "整改责任人", "整改措施", "整改资金"]  # fmt: skip
BAD = [
    {"企业名称": "没有这家", "统一社会信用代码": ""}, {"隐患描述": ""}, {"发现日期": "去年"}, {"等级": "特大"},
    {"状态": "不知道"}, {"整改资金": "若干"}, {"整改期限": "2020-01-01"}, {"销号日期": ""},
]  # fmt: skip
MARK = "云溪旧账"


def make_sheet(rows: int, by: User) -> bytes:
    """An old ledger of the enterprises this person sees, nine in ten closed, one row in a hundred wrong."""
    import xlsxwriter

    chance = random.Random(20261123)
    places = list(Enterprise.objects.visible_to(by).order_by("id").values_list("name", "credit_code")[:5000])
    today = timezone.localdate()
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet("台账")
    page.write_row(0, 0, HEADINGS)
    for number in range(1, rows + 1):
        name, code = chance.choice(places)
        found = today - dt.timedelta(days=chance.randint(40, 400))
        is_closed = number % 10 != 0
        values = [
            name, code or "", f"{MARK}{number}号：灭火器压力不足", found.isoformat(), "一般", f"{number % 40}号车间",
            "消防法第十六条", (found + dt.timedelta(days=15)).isoformat(), "已销号" if is_closed else "整改中",
            (found + dt.timedelta(days=chance.randint(2, 30))).isoformat() if is_closed else "", f"王{number % 331}",
            "更换灭火器并复查", number % 900,
        ]  # fmt: skip
        if number % BAD_EVERY == 1:
            for heading, value in BAD[number // BAD_EVERY % len(BAD)].items():
                values[HEADINGS.index(heading)] = value
        page.write_row(number, 0, values)
    book.close()
    return out.getvalue()


def written() -> str:
    """One digest of everything the import wrote, whatever its keys."""
    rows = list(Hazard.objects.filter(description__startswith=MARK).order_by("description"))
    keys = [row.pk for row in rows]
    chains = {chain_of(row): row.description for row in rows}
    digest = hashlib.sha256()
    left_out = {"id", "found_at", "closed_at"}
    names = [field.attname for field in Hazard._meta.concrete_fields if field.name not in left_out]
    for row in rows:
        digest.update(repr([getattr(row, name) for name in names]).encode())
    entries = Entry.objects.in_bulk([Kind.HAZARD.key(pk) for pk in keys])
    lines = HazardTransition.objects.filter(hazard__description__startswith=MARK).order_by(
        "hazard__description"
    )
    parts: list[Any] = [
        [(entries[Kind.HAZARD.key(pk)].words, entries[Kind.HAZARD.key(pk)].on) for pk in keys],
        list(lines.values_list("hazard__description", "move", "to_status", "level", "due_on", "counted_on", "reason")),
        sorted(
            (chains[subject], *rest)
            for subject, *rest in Delta.objects.filter(subject__among=chains).values_list("subject", "day", *METRICS)
        ),
        sorted(
            (chains[subject], *rest)
            for subject, *rest in Duty.objects.filter(subject__among=chains).values_list("subject", "kind", "due_on")
        ),
        sorted(
            (chains[chain], *rest)
            for chain, *rest in Event.objects.filter(chain__among=chains).values_list("chain", "seq", "act", "payload")
        ),
        Head.objects.filter(chain__among=chains).count(),
        Event.objects.filter(act="hazards.import").count(),
    ]  # fmt: skip
    digest.update(repr(parts).encode())
    return digest.hexdigest()


class _PlainReader(importing._Reader):
    """Every cell of every row through its rule."""

    def __init__(self, rows: SheetRows, by: User) -> None:
        super().__init__(rows, by)
        days = {"found_on": "发现日期", "due_on": "整改期限", "closed_on": "销号日期"}
        units = {"found_organization": "发现单位", "reviewing_organization": "复查单位"}
        rules: dict[str, Any] = {
            **{name: partial(self.words, name) for name in importing._LENGTHS},
            **{name: partial(self.day, label=label) for name, label in days.items()},
            **{name: partial(self.unit, label=label) for name, label in units.items()},
            "level": self.level, "funds": self.funds,
        }  # fmt: skip
        self.looks = {name: partial(_judged, rule) for name, rule in rules.items()}


def _judged(rule: Any, text: str) -> tuple[Any, str]:
    try:
        return rule(text), ""
    except ValidationError as error:
        return None, "；".join(error.messages)
    except Refused as error:
        return None, str(error)


def run(data: bytes, mapping: dict[str, str], *, by: User) -> dict[int, Issues]:
    """Read, check and save; returns what is wrong with which row."""
    from bench.sheets_baseline import read

    rows = [SheetRow(number, values) for number, values in read(data, mapping)]
    reader = _PlainReader(SheetRows.of(rows), by)
    errors: dict[int, Issues] = {}
    sound: dict[Any, OldHazard] = {}
    for row in rows:
        parsed, issues = reader.read(row)
        if parsed is None:
            errors[row.number] = issues
        else:
            assert parsed.key not in sound, "no hazard stands twice in the table"
            sound[parsed.key] = parsed
    waiting = list(sound.values())
    for start in range(0, len(waiting), CHUNK):
        with transaction.atomic():
            chunk = waiting[start : start + CHUNK]
            assert not importing._known(chunk), "the table holds new hazards only"
            _save(chunk, by)
    return errors


def _save(rows: list[OldHazard], by: User) -> None:
    now = timezone.now()
    today = timezone.localdate(now)
    hazards = Hazard.objects.bulk_create(importing._hazard(row, by, now) for row in rows)
    lines = HazardTransition.objects.bulk_create(
        HazardTransition(
            hazard=hazard, move=Move.IMPORT, from_status="", to_status=hazard.status, round=1,
            reason="由历史台账导入", by=by, at=now, level=hazard.level, due_on=hazard.due_on,
            counted_on=importing._counted_on(hazard, today),
        )
        for hazard in hazards
    )  # fmt: skip
    searching.index(hazards)
    Delta.objects.bulk_create(delta for hazard in hazards for delta in importing._history(hazard, today))
    bodies, terms = importing._Bodies(), importing._Terms()
    duties = (owed.duties_for(hazard, on=today, bodies=bodies, due_by=terms.due) for hazard in hazards)
    open_duties([duty for some in duties for duty in some], by=by)
    heads, events = [], []
    for subject, hazard in zip((*hazards, *lines), hazards * 2, strict=True):
        event = Event(
            chain=chain_of(subject), seq=1, at=now, day=today, act="hazards.import", actor_id=by.pk, actor_name=by.full_name,
            actor_post=str(by.main_post or ""), summary=f"{Move.IMPORT.label}：{hazard.number} {hazard.description}"[:300],
            payload={}, content_hash=hash_of(subject), previous_hash="", request_id="", ip="",
        )  # fmt: skip
        names = ("seq", "at", "act", "actor_id", "actor_name", "actor_post", "payload", "previous_hash", "request_id", "ip", "chain", "summary", "content_hash")  # fmt: skip
        event.hash = content_hash({name: getattr(event, name) for name in names})
        events.append(event)
        heads.append(Head(chain=event.chain, seq=1, hash=event.hash))
    Head.objects.bulk_create(heads)
    Event.objects.bulk_create(events)


def measure(rows: int, rounds: int, *, by: User) -> dict[str, Any]:
    """Ours and the obvious one in turn; asserts the same rows and the same words for the bad ones."""
    from bench.sheets import _Stages, check_at_commit

    data = make_sheet(rows, by)
    # A worker has its addresses loaded; whoever comes first here would pay for both.
    reverse("hazards:ledger")
    ours, theirs = [], []
    for _ in range(rounds):
        with transaction.atomic():
            batch = imports.start_batch(HazardImporter.target, SimpleUploadedFile("台账.xlsx", data), by=by)
            imports.begin(batch, batch.mapping, by=by)
            stages = _Stages()
            imports.run_batch(batch, HazardImporter(), by=by, watcher=stages)
            assert batch.status == "done", batch.message
            seconds = stages.until("制作标注副本")
            begun = time.perf_counter()
            check_at_commit()
            ours.append(seconds + time.perf_counter() - begun)
            mapping = dict(batch.mapping)
            errors = {int(row): [tuple(issue) for issue in issues] for row, issues in batch.errors.items()}
            mine = written()
            transaction.set_rollback(True)
        with transaction.atomic():
            begun = time.perf_counter()
            found = run(data, mapping, by=by)
            check_at_commit()
            theirs.append(time.perf_counter() - begun)
            wrong = {
                row: [(mapping.get(name, ""), words) for name, words in issues]
                for row, issues in found.items()
            }
            assert wrong == errors, "the two say different things about the bad rows"
            assert written() == mine, "the two wrote different rows"
            transaction.set_rollback(True)
    return {
        "rows": rows, "bad": len(errors), "ours": ours, "theirs": theirs,
        "ratio": statistics.median(theirs) / statistics.median(ours),
    }  # fmt: skip
