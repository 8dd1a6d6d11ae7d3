"""Tables in and out: import of enterprises against openpyxl + bulk_create, export of the ledger against openpyxl.

`python -m bench.sheets --rows 100000 --json OUT` against the database of DATABASE_URL, else SQLite below BIHUAN_DATA.
Imports run inside a transaction that is rolled back, so that every round meets the same tables; both sides do. What
PostgreSQL would check at commit is checked inside the measured time. Both sides read the file, judge every row by the
same rules, and write the same enterprises, contacts, permits, lines of change, search entries and acts on the record;
the baseline keeps no checkpoint and no marked copy.
Exports run in a process of their own each, because what is measured is their peak of memory.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django

BAD_EVERY = 100
LEDGER_ROWS = 20_000  # the baseline needs minutes for more
OPENPYXL_ROWS = 100_000  # a million rows in openpyxl would need more memory than the machine has
HEADINGS = [
    "序号", "单位名称", "统一社会信用代码", "企业类型", "所属乡镇（街道）", "经营地址", "行业主管部门", "风险级别", "法人",
    "法人电话", "安全负责人", "安全员电话", "从业人员", "经营状态", "许可证名称", "许可证编号", "有效期至", "经度", "纬度", "备注",
]  # fmt: skip
BAD = [
    {"统一社会信用代码": "91539702MA6K0002"}, {"企业类型": "飞船制造"}, {"所属乡镇（街道）": "没有这个乡"}, {"从业人员": "若干"},
    {"法人电话": "123"}, {"有效期至": "去年"}, {"经度": 25.1, "纬度": 102.5}, {"经营状态": "不知道"}, {"单位名称": ""},
    {"风险级别": "紫", "许可证名称": ""},
]  # fmt: skip


def townships_of(by: Any) -> list[str]:
    """Codes of the townships whose enterprises `by` may bring."""
    from bihuan.accounts.models import Region
    from bihuan.registry.access import import_scope

    areas = tuple(import_scope(by).areas)
    codes = Region.objects.filter(kind="township").order_by("code").values_list("code", flat=True)
    return [code for code in codes if code.startswith(areas)]


def make_sheet(rows: int, by: Any) -> bytes:
    """A workbook as Excel saves it (shared strings) of enterprises `by` may bring, one row in a hundred wrong in one of ten ways."""
    import xlsxwriter

    from bihuan.registry.models import EnterpriseKind
    from bihuan.rules.codes import make_credit_code

    chance = random.Random(20261122)
    codes = townships_of(by)
    kinds = list(EnterpriseKind.objects.order_by("key").values_list("label", flat=True))
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet("名单")
    page.write_row(0, 0, HEADINGS)
    for number in range(1, rows + 1):
        values = [
            number, f"云溪虚构{number}号商行", make_credit_code(f"92539799M{number:08d}"), chance.choice(kinds),
            chance.choice(codes), f"幸福路{number % 977}号", "", chance.choice("红橙黄蓝"), f"王{number % 331}",
            f"1990000{number % 10000:04d}", f"李{number % 331}", f"1990000{number * 7 % 10000:04d}", number % 300,
            "在产", "食品经营许可证", f"示例〔2026〕{number}号", "2028-06-30", 102.1 + number % 900 / 1000,
            25.1 + number % 800 / 1000, "",
        ]  # fmt: skip
        if number % BAD_EVERY == 0:
            for heading, value in BAD[number // BAD_EVERY % len(BAD)].items():
                values[HEADINGS.index(heading)] = value
        page.write_row(number, 0, values)
    book.close()
    return out.getvalue()


def written() -> str:
    """One digest of everything the import wrote, whatever its keys."""
    from bihuan.audit.models import Event
    from bihuan.registry.models import Contact, Enterprise, EnterpriseChange, Permit
    from bihuan.search.models import Entry, Kind

    new = {"enterprise__name__startswith": "云溪虚构"}
    digest = hashlib.sha256()
    fresh = Enterprise.objects.filter(name__startswith="云溪虚构").order_by("name")
    keys = list(fresh.values_list("pk", flat=True))
    entries = Entry.objects.filter(pk__range=(Kind.ENTERPRISE.key(min(keys)), Kind.ENTERPRISE.key(max(keys))))
    words = dict(entries.values_list("pk", "words"))
    for pk in keys:
        digest.update(words[Kind.ENTERPRISE.key(pk)].encode())
    recorded = (
        Event.objects.filter(act="registry.import").order_by("-id").values_list("payload", flat=True)[:200]
    )
    named = {pk for payload in recorded for pk in payload["created"]}
    assert named.issuperset(keys), "a registered enterprise is missing in the record of acts"
    for rows in (
        Enterprise.objects.filter(name__startswith="云溪虚构").order_by("name").values_list(
            "name", "credit_code", "code_unchecked", "kind", "department", "city", "county", "locality", "address",
            "longitude", "latitude", "source_crs", "risk", "status", "employees", "remark", "organization",
            "attributes", "attributes_version",
        ),
        Contact.objects.filter(**new).order_by("enterprise__name", "role").values_list(
            "enterprise__name", "role", "name", "phone"
        ),
        Permit.objects.filter(**new).order_by("enterprise__name").values_list(
            "enterprise__name", "kind", "number", "issuer", "issuing_level", "valid_from", "valid_to"
        ),
        EnterpriseChange.objects.filter(**new).order_by("enterprise__name").values_list(
            "enterprise__name", "what", "changes", "reason", "by"
        ),
    ):  # fmt: skip
        for row in rows.iterator(chunk_size=5000):
            digest.update(repr([_ordered(value) for value in row]).encode())
    return digest.hexdigest()


def _ordered(value: Any) -> Any:
    """A stored object keeps no order of its keys."""
    return sorted(value.items()) if isinstance(value, dict) else value


def importer() -> Any:
    """Somebody who may bring enterprises of the whole city."""
    from bihuan.accounts.models import User
    from bihuan.registry.access import import_scope

    for user in User.objects.filter(is_active=True).order_by("pk"):
        if any(len(area) <= 4 for area in import_scope(user).areas):
            return user
    raise SystemExit("nobody here may import enterprises: load the demo first")


def measure_import(rows: int, rounds: int, make: Callable[[int, Any], bytes] = make_sheet) -> dict[str, Any]:
    """Ours and the obvious one in turn; asserts the same rows and the same words for the bad ones."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.db import transaction

    from bench import sheets_baseline
    from bihuan.attachments import imports
    from bihuan.registry.importing import EnterpriseImporter

    imports.run_with(lambda batch: None)
    by = importer()
    data = make(rows, by)
    ours, theirs, copies = [], [], []
    for _ in range(rounds):
        with transaction.atomic():
            batch = imports.start_batch(
                EnterpriseImporter.target, SimpleUploadedFile("名单.xlsx", data), by=by
            )
            imports.begin(batch, batch.mapping, by=by)
            stages = _Stages()
            imports.run_batch(batch, EnterpriseImporter(), by=by, watcher=stages)
            assert batch.status == "done", batch.message
            ours.append(stages.until("制作标注副本"))
            copies.append(stages.seconds.get("制作标注副本", 0.0))
            begun = time.perf_counter()
            check_at_commit()
            ours[-1] += time.perf_counter() - begun
            mapping = dict(batch.mapping)
            errors = {int(row): [tuple(issue) for issue in issues] for row, issues in batch.errors.items()}
            mine = written()
            transaction.set_rollback(True)
        with transaction.atomic():
            begun = time.perf_counter()
            found = sheets_baseline.run(data, mapping, by=by)
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
        "rows": rows, "bad": len(errors), "bytes": len(data), "ours": ours, "theirs": theirs, "copy": copies,
        "ratio": statistics.median(theirs) / statistics.median(ours), "by": by,
    }  # fmt: skip


def check_at_commit() -> None:
    """Check now what PostgreSQL puts off to the end of the transaction; SQLite counts as it goes."""
    from django.db import connection

    if connection.vendor == "postgresql":
        connection.check_constraints()


class _Stages:
    """How long each stage of an import took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._name, self._since = "", time.perf_counter()

    def begin(self, stage: str, *, total: int, done: int = 0) -> None:
        now = time.perf_counter()
        if self._name:
            self.seconds[self._name] = now - self._since
        self._name, self._since = stage, now

    def step(self, done: int) -> None:
        """Not noted."""

    def until(self, stage: str) -> float:
        self.begin("", total=0)
        return sum(seconds for name, seconds in self.seconds.items() if name != stage)


def export_ours(limit: int, form: str = "xlsx") -> tuple[int, int]:
    """The ledger through the product's own source and writer, up to `limit` rows."""
    from bihuan.core.sheets.streaming import open_rows
    from bihuan.hazards.exporting import LEDGER
    from bihuan.jobs.exports import CHUNK

    source = LEDGER.open(_reader(), "")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / f"a.{form}"
        file = open_rows(path, form, LEDGER.columns, title=LEDGER.title, watermark="bench")
        position, count = source.begin(), 0
        while count < limit:
            rows, position = source.after(position, min(CHUNK, limit - count))
            if not rows:
                break
            file.write(rows)
            count += len(rows)
        file.close()
        return count, path.stat().st_size


def export_theirs(limit: int) -> tuple[int, int]:
    """All rows with their relations into a list, the list into a workbook."""
    import openpyxl

    from bihuan.hazards.exporting import COLUMNS
    from bihuan.hazards.models import Hazard

    related = (
        "enterprise", "kind", "county", "locality", "campaign", "task", "found_organization", "found_by", "department",
        "reviewing_organization",
    )  # fmt: skip
    found = list(
        Hazard.objects.visible_to(_reader()).select_related(*related).order_by("-found_on", "-id")[:limit]
    )
    book = openpyxl.Workbook()
    page = book.active
    page.append([column.label for column in COLUMNS])
    for each in found:
        page.append(
            [
                each.number, each.enterprise.name, each.enterprise.credit_code, each.county.short_name,
                each.locality.short_name, each.kind.label, each.campaign.short_title if each.campaign else "",
                str(each.task) if each.task else "", each.get_level_display(), each.criterion_code,
                each.get_status_display(), each.description, each.location, each.basis, each.get_source_display(),
                each.found_on, each.found_organization.short_name, each.found_by.full_name,
                each.department.short_name if each.department else "", each.reviewing_organization.short_name,
                each.due_on, None, each.responsible_person, each.measures, each.funds, each.contingency,
                each.interim_measures, each.round, each.fixed_on_spot, each.is_supervised, each.closed_on,
            ]
        )  # fmt: skip
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        book.save(file.name)
        return len(found), Path(file.name).stat().st_size


def _reader() -> Any:
    """Somebody who sees as much of the ledger as anybody can: who sits in the province's office, if there is one."""
    from bihuan.accounts.models import Organization, Post

    user = importer()
    offices = Post.objects.filter(
        organization__kind=Organization.Kind.OFFICE, organization__region__kind="province", is_active=True
    )
    chair = offices.select_related("organization").first()
    if chair is not None:
        user.posts = [chair]
    return user


def in_a_process(which: str, limit: int) -> dict[str, Any]:
    """Run one export in a process of its own; rows, seconds, bytes of the file, peak of memory."""
    output = subprocess.run(
        [sys.executable, "-m", "bench.sheets", "--child", which, "--export-rows", str(limit)],
        check=True, stdout=subprocess.PIPE, env=os.environ,
    ).stdout  # fmt: skip
    return json.loads(output.splitlines()[-1])


def peak_kb() -> int:
    """The most memory this program has held. `ru_maxrss` would begin with that of the process which started it."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise SystemExit("this measurement needs /proc")


def child(which: str, limit: int) -> None:
    begun = time.perf_counter()
    idle = peak_kb()
    count, size = {"ours": export_ours, "csv": partial(export_ours, form="csv"), "theirs": export_theirs}[
        which
    ](limit)
    peak = peak_kb()
    said = {
        "rows": count, "seconds": time.perf_counter() - begun, "bytes": size, "peak_mb": peak / 1024,
        "idle_mb": idle / 1024,
    }  # fmt: skip
    sys.stdout.write(json.dumps(said) + "\n")


def report(into: dict[str, Any], ledger: dict[str, Any], out: list[dict[str, Any]]) -> dict[str, Any]:
    """The section of docs/benchmarks.md and its measures."""
    ours, theirs = statistics.median(into["ours"]), statistics.median(into["theirs"])
    lines = [
        f"{into['rows']:,} rows x {len(HEADINGS)} columns ({into['bytes'] / 1e6:.1f} MB, {into['bad']:,} bad rows), "
        f"{len(into['ours'])} interleaved rounds, medians; the same rows written and the same words for the bad ones "
        "are asserted in every round.",
        "",
        "| import of enterprises | seconds | rows/s | all rounds |",
        "|---|---|---|---|",
        *(
            f"| {name} | {seconds:.1f} | {into['rows'] / seconds:,.0f} | {', '.join(f'{each:.1f}' for each in every)} |"
            for name, seconds, every in (
                ("calamine, columns, COPY / executemany", ours, into["ours"]),
                ("openpyxl, row by row, bulk_create", theirs, into["theirs"]),
            )
        ),
        "",
        f"The marked copy of the user's sheet takes {statistics.median(into['copy']):.1f} s more on our side; "
        "the baseline makes none.",
        "",
        f"An old ledger of {ledger['rows']:,} hazards ({ledger['bad']:,} bad rows), with ledger lines, figures, duties, search "
        "entries and two acts on the record for each, the same on both sides:",
        "",
        "| import of hazards | seconds | rows/s | all rounds |",
        "|---|---|---|---|",
        *(
            f"| {name} | {statistics.median(every):.1f} | {ledger['rows'] / statistics.median(every):,.0f} | "
            f"{', '.join(f'{each:.1f}' for each in every)} |"
            for name, every in (
                ("calamine, COPY / executemany", ledger["ours"]),
                ("openpyxl, row by row, bulk_create", ledger["theirs"]),
            )
        ),
        "",
        "| export of the ledger | rows | seconds | rows/s | file | peak memory | above idle |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {each['name']} | {each['rows']:,} | {each['seconds']:.1f} | {each['rows'] / each['seconds']:,.0f} | "
            f"{each['bytes'] / 1e6:.0f} MB | {each['peak_mb']:.0f} MB | {each['peak_mb'] - each['idle_mb']:.0f} MB |"
            for each in out
        ),
    ]
    first, last, first_csv, last_csv, plain = out
    growth = max(
        (all_rows["peak_mb"] - all_rows["idle_mb"]) / max(1.0, tenth["peak_mb"] - tenth["idle_mb"])
        for tenth, all_rows in ((first, last), (first_csv, last_csv))
    )
    measures = [
        {"what": "Excel import against openpyxl + bulk_create", "target": ">= 4x", "measured": f"{into['ratio']:.1f}x",
         "met": into["ratio"] >= 4, "note": f"{into['rows']:,} rows, same rows, same errors"},
        {"what": "import of an old ledger against openpyxl + bulk_create", "target": "reported",
         "measured": f"{ledger['ratio']:.1f}x", "met": None, "note": f"{ledger['rows']:,} rows, same rows, same errors"},
        {"what": "export memory from a tenth to all rows", "target": "constant (<= 1.3x)", "measured": f"{growth:.2f}x",
         "met": growth <= 1.3, "note": f"{last['rows']:,} rows, peak {last['peak_mb']:.0f} MB as xlsx, {last_csv['peak_mb']:.0f} MB as csv"},
        {"what": "export rows/s", "target": "reported", "measured": f"{last['rows'] / last['seconds']:,.0f} xlsx, "
         f"{last_csv['rows'] / last_csv['seconds']:,.0f} csv", "met": None, "note": f"{last['rows']:,} rows"},
        {"what": "export speed per row against openpyxl", "target": "reported",
         "measured": f"{(last['rows'] / last['seconds']) / (plain['rows'] / plain['seconds']):.1f}x", "met": None,
         "note": f"openpyxl measured at {plain['rows']:,} rows: it holds all of them in memory"},
    ]  # fmt: skip
    return {"title": "Tables in and out", "markdown": "\n".join(lines), "measures": measures}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the imported table")
    parser.add_argument("--export-rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", choices=["ours", "csv", "theirs"])
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
    django.setup()
    if arguments.child:
        child(arguments.child, arguments.export_rows)
        return
    from bench import sheets_ledger
    from bihuan.hazards.models import Hazard

    # With a ledger of millions the table people bring still ends at what the product takes.
    into = measure_import(min(arguments.rows, 100_000), arguments.rounds)
    ledger = sheets_ledger.measure(min(arguments.rows, LEDGER_ROWS), min(arguments.rounds, 2), by=into["by"])
    limit = min(arguments.export_rows, Hazard.objects.visible_to(_reader()).count())
    out = [
        {"name": "ours, a tenth"} | in_a_process("ours", limit // 10),
        {"name": "ours"} | in_a_process("ours", limit),
        {"name": "ours as csv, a tenth"} | in_a_process("csv", limit // 10),
        {"name": "ours as csv"} | in_a_process("csv", limit),
        {"name": "openpyxl, list of all rows"} | in_a_process("theirs", min(limit, OPENPYXL_ROWS)),
    ]
    said = report(into, ledger, out)
    sys.stdout.write(said["markdown"] + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(said, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
