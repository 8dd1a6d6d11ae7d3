"""Imports that land whole or say why (invariant 6): remembered columns, chunks that commit, a marked copy back.

A page calls `start_batch`, shows the columns, then `begin`; a background job finds the importer by `target` and calls
`run_batch`. Each chunk of rows and the count of processed rows commit together, so a worker that dies loses at most
one chunk, and running the batch again goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Protocol, overload

import structlog
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.digest import content_hash
from bihuan.core.errors import IllegalMove, Refused
from bihuan.core.memory import collector_at_rest
from bihuan.core.progress import Interrupted, Unwatched, Watcher
from bihuan.core.sheets import (
    FieldSpec,
    SheetError,
    Table,
    mark_rows,
    match_columns,
    missing_required,
    read_table,
)

from . import storage
from .actions import store_bytes, store_upload
from .errors import ImportRefused, UploadRefused
from .models import Attachment, ColumnMapping, ImportBatch
from .sniffing import XLSX

log = structlog.get_logger(__name__)
CHUNK = 5000
SAMPLE = 5
REPORTED = 5000  # rows between two reports of the check

Issues = list[tuple[str, str]]  # (field name or "" for the whole row, Chinese sentence)


@dataclass(frozen=True)
class SheetRow:
    """One row as the importer sees it: `number` is the row in the user's sheet, `values` maps field name to text.

    Fields without a column are absent from `values`.
    """

    number: int
    values: dict[str, str]


class SheetRows(Sequence[SheetRow]):
    """All rows of a sheet, kept as columns of text by field name; a SheetRow is made when it is asked for.

    Going through them, row by row or in `pieces`, tells the watcher how many have been looked at.
    """

    def __init__(
        self,
        numbers: Sequence[int],
        columns: Mapping[str, Sequence[str]],
        watcher: Watcher | None = None,
    ) -> None:
        self.numbers, self.columns = numbers, columns
        self._watcher = watcher or Unwatched()

    @classmethod
    def of(cls, rows: Sequence[SheetRow]) -> SheetRows:
        """Rows that were made one by one; a field that a row does not have is empty."""
        names = dict.fromkeys(name for row in rows for name in row.values)
        columns = {name: [row.values.get(name, "") for row in rows] for name in names}
        return cls([row.number for row in rows], columns)

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> SheetRow: ...
    @overload
    def __getitem__(self, index: slice) -> SheetRows: ...
    def __getitem__(self, index: int | slice) -> SheetRow | SheetRows:
        if isinstance(index, slice):
            return SheetRows(
                self.numbers[index], {name: texts[index] for name, texts in self.columns.items()}
            )
        return SheetRow(self.numbers[index], {name: texts[index] for name, texts in self.columns.items()})

    def pieces(self) -> Iterator[SheetRows]:
        """The rows in order, some thousands at a time."""
        for start in range(0, len(self), REPORTED):
            self._watcher.step(start)
            yield self[start : start + REPORTED]

    def __iter__(self) -> Iterator[SheetRow]:
        for piece in self.pieces():
            names = list(piece.columns)
            cells = zip(*piece.columns.values(), strict=True) if names else repeat(())
            for number, texts in zip(piece.numbers, cells, strict=False):
                yield SheetRow(number, dict(zip(names, texts, strict=True)))


@dataclass
class Prepared:
    """What `prepare` made of the rows: parsed rows in sheet order, and what is wrong with the others."""

    rows: list[tuple[int, Any]] = field(default_factory=list)
    errors: dict[int, Issues] = field(default_factory=dict)


class RowRefused(Refused):
    """`save_rows` may raise this for one row it cannot save; the other rows of the chunk are saved."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Importer(Protocol):
    """What an app provides to import its records from a table."""

    target: str
    page: str  # the URL name of the page that shows a batch, e.g. "registry:batch"

    @property
    def fields(self) -> Sequence[FieldSpec]:
        """The columns it knows, in their order."""
        ...

    def prepare(self, rows: SheetRows, by: User) -> Prepared:
        """Parse and check all rows of the sheet; changes nothing. Runs again after an interruption."""
        ...

    def save_rows(self, rows: list[Any], by: User) -> tuple[int, int, int]:
        """Save parsed rows inside the caller's transaction; return (created, updated, unchanged)."""
        ...


_IMPORTERS: dict[str, Importer] = {}


def register(importer: Importer) -> None:
    """Make an importer known to the worker by its target; called in `AppConfig.ready`."""
    _IMPORTERS[importer.target] = importer


def importer_for(target: str) -> Importer:
    """The registered importer. Raises ImportRefused for a target nobody imports."""
    try:
        return _IMPORTERS[target]
    except KeyError as error:
        raise ImportRefused(f"没有“{target}”的导入程序") from error


Runner = Callable[[ImportBatch], None]
_RUNNER: list[Runner] = []


def run_with(runner: Runner) -> None:
    """Say who runs confirmed batches, called inside their transaction; the package of background jobs does."""
    _RUNNER[:] = [runner]


# --- columns -----------------------------------------------------------------------------------------


def fingerprint(headers: Sequence[str]) -> str:
    """The same for two sheets with the same headings, in whatever order."""
    return content_hash(sorted(headers))


def remembered_mapping(target: str, headers: Sequence[str]) -> dict[str, str]:
    """{field name: heading} as somebody confirmed it for a sheet with these headings, or {}."""
    known = ColumnMapping.objects.filter(target=target, fingerprint=fingerprint(headers)).first()
    return dict(known.mapping) if known else {}


def remember_mapping(target: str, headers: Sequence[str], mapping: Mapping[str, str], *, by: User) -> None:
    """Keep how a sheet with these headings is to be read."""
    ColumnMapping.objects.update_or_create(
        target=target, fingerprint=fingerprint(headers), defaults={"mapping": dict(mapping), "by": by}
    )


def checked_mapping(
    mapping: Mapping[str, str], headers: Sequence[str], fields: Sequence[FieldSpec]
) -> dict[str, str]:
    """The mapping without empty entries. Raises ImportRefused when it does not fit sheet and fields."""
    labels = {spec.name: spec.label for spec in fields}
    chosen = {name: heading for name, heading in mapping.items() if heading}
    for name, heading in chosen.items():
        if name not in labels:
            raise ImportRefused(f"没有名为“{name}”的字段，请刷新页面后重试")
        if heading not in headers:
            raise ImportRefused(f"表中没有“{heading}”这一列，请重新对应“{labels[name]}”")
    taken = list(chosen.values())
    for heading in taken:
        if taken.count(heading) > 1:
            names = "、".join(labels[name] for name, each in chosen.items() if each == heading)
            raise ImportRefused(f"“{heading}”同时对应了{names}，一列只能对应一个字段")
    missing = missing_required(chosen, fields)
    if missing:
        raise ImportRefused(
            f"缺少必填列：{'、'.join(spec.label for spec in missing)}，请指定表中的哪一列是它"
        )
    return chosen


# --- a batch -----------------------------------------------------------------------------------------


def start_batch(target: str, uploaded_file: UploadedFile, *, by: User) -> ImportBatch:
    """Store the table and guess its columns; nothing is imported yet. Raises UploadRefused with the remedy."""
    importer = importer_for(target)
    with transaction.atomic():
        file = store_upload(uploaded_file, by=by, kind=Attachment.Kind.SHEET)
        try:
            table = read_table(storage.read(file.path), file.name)
        except SheetError as error:
            raise UploadRefused(str(error)) from error
        return ImportBatch.objects.create(
            target=target,
            file=file,
            mapping=match_columns(table.headers, importer.fields, remembered_mapping(target, table.headers)),
            preview=_preview(table),
            total=len(table.rows),
            by=by,
            created_at=timezone.now(),
        )


def table_of(batch: ImportBatch) -> Table:
    """The batch's table, read again from the stored file. Raises SheetError."""
    return read_table(storage.read(batch.file.path), batch.file.name)


@dataclass(frozen=True)
class Preview:
    """What a page shows of a table before it is imported: headings, the first rows, the header's row number."""

    headers: list[str]
    sample: list[list[str]]
    header_row: int


def _preview(table: Table) -> dict[str, Any]:
    sample = [[row.cells[header] for header in table.headers] for row in table.rows[:SAMPLE]]
    return {"headers": table.headers, "sample": sample, "header_row": table.header_row}


def preview_of(batch: ImportBatch) -> Preview:
    """The batch's headings and first rows; the file is read again only for batches that kept none. Raises SheetError."""
    return Preview(**(batch.preview or _preview(table_of(batch))))


@transaction.atomic
def begin(batch: ImportBatch, mapping: Mapping[str, str], *, by: User) -> None:
    """Confirm the columns, remember them, and hand the batch to the worker.

    Raises ImportRefused when a required column is missing, IllegalMove when the batch already runs.
    """
    importer = importer_for(batch.target)
    headers = preview_of(batch).headers
    chosen = checked_mapping(mapping, headers, importer.fields)
    moved = ImportBatch.objects.filter(pk=batch.pk, status=ImportBatch.Status.UPLOADED).update(
        status=ImportBatch.Status.RUNNING, mapping=chosen
    )
    if not moved:
        raise IllegalMove("这份表格已经开始导入，请勿重复提交")
    batch.refresh_from_db()
    remember_mapping(batch.target, headers, chosen, by=by)
    record(
        "attachments.import",
        batch,
        by=by,
        summary=f"导入“{batch.file.name}”，共 {batch.total} 行",
        payload={"target": batch.target, "file": str(batch.file_id), "mapping": chosen},
    )
    _run(batch)


@transaction.atomic
def resume(batch: ImportBatch, *, by: User) -> None:
    """Run a batch that failed or was stopped on from where it was. Raises IllegalMove when it is neither."""
    halted = [ImportBatch.Status.FAILED, ImportBatch.Status.STOPPED]
    moved = ImportBatch.objects.filter(pk=batch.pk, status__in=halted).update(
        status=ImportBatch.Status.RUNNING, message="", finished_at=None
    )
    if not moved:
        raise IllegalMove("这次导入没有中断，不需要继续")
    batch.refresh_from_db()
    record("attachments.import", batch, by=by, summary=f"继续导入“{batch.file.name}”")
    _run(batch)


def stop(batch: ImportBatch) -> None:
    """Note that the owner has stopped the batch; the rows imported so far are valid."""
    message = f"{summary(batch)}；其余 {batch.total - batch.processed} 行没有导入，可以继续"
    ImportBatch.objects.filter(pk=batch.pk, status=ImportBatch.Status.RUNNING).update(
        status=ImportBatch.Status.STOPPED, message=message, finished_at=timezone.now()
    )
    batch.refresh_from_db()


def _run(batch: ImportBatch) -> None:
    for runner in _RUNNER:
        runner(batch)


class _Overtaken(Exception):
    """Another worker is running the same batch; it goes on, this one stops."""


def run_batch(
    batch: ImportBatch, importer: Importer, *, by: User, watcher: Watcher | None = None
) -> ImportBatch:
    """Import what the batch has not yet processed and finish it; idempotent, resumable.

    What goes wrong with the file as a whole ends in status FAILED with a message, never in an exception; only the
    watcher's Interrupted goes through, between two chunks.
    """
    if batch.status == ImportBatch.Status.DONE:
        return batch
    watcher = watcher or Unwatched()
    try:
        with collector_at_rest():
            watcher.begin("读取表格", total=0)
            table = table_of(batch)
            watcher.begin("核对内容", total=len(table.rows))
            prepared = _prepare(table, batch.mapping, importer, by, watcher)
            watcher.begin("写入", total=len(table.rows), done=batch.processed)
            _run_chunks(batch, table, prepared, importer, by, watcher)
            _finish(batch, table, watcher)
    except Interrupted:
        batch.refresh_from_db()
        raise
    except _Overtaken:
        log.warning("import.overtaken", batch=str(batch.pk))
        batch.refresh_from_db()
    except (SheetError, Refused) as error:
        _fail(batch, str(error))
    except FileNotFoundError:
        _fail(batch, "原表文件已不在存储中，请重新上传")
    except Exception:
        log.exception("import.failed", batch=str(batch.pk))
        _fail(
            batch, f"导入到第 {batch.processed} 行时出错，已导入的行有效；可点“继续导入”，仍不行请联系管理员"
        )
    return batch


def _prepare(
    table: Table, mapping: Mapping[str, str], importer: Importer, by: User, watcher: Watcher
) -> Prepared:
    names = {heading: name for name, heading in mapping.items()}
    lost = {}
    for position, problems in table.rows.problems.items():
        if issues := [(names[heading], words) for heading, words in problems if heading in names]:
            lost[table.rows.numbers[position]] = issues
    numbers: Sequence[int] = table.rows.numbers
    nothing = [""] * len(numbers)
    columns = {name: table.rows.texts.get(heading, nothing) for heading, name in names.items()}
    if lost:
        whole = [place for place, number in enumerate(numbers) if number not in lost]
        numbers = [numbers[place] for place in whole]
        columns = {name: [texts[place] for place in whole] for name, texts in columns.items()}
    rows = SheetRows(numbers, columns, watcher)
    prepared = importer.prepare(rows, by)
    return Prepared(prepared.rows, lost | prepared.errors)


def _run_chunks(
    batch: ImportBatch, table: Table, prepared: Prepared, importer: Importer, by: User, watcher: Watcher
) -> None:
    parsed = dict(prepared.rows)
    numbers = table.rows.numbers
    batch.total = len(numbers)
    while batch.processed < len(numbers):
        start = batch.processed
        chunk = numbers[start : start + CHUNK]
        with transaction.atomic():
            # First the claim, then the work: a second worker at the same place finds the count moved on.
            claimed = ImportBatch.objects.filter(
                pk=batch.pk, processed=start, status=ImportBatch.Status.RUNNING
            ).update(processed=start + len(chunk))
            if not claimed:
                raise _Overtaken
            good = [(number, parsed[number]) for number in chunk if number in parsed]
            (created, updated, unchanged), refused = _save(good, importer, by)
            errors = {number: prepared.errors[number] for number in chunk if number in prepared.errors}
            known = ImportBatch.objects.get(pk=batch.pk)
            known.created += created
            known.updated += updated
            known.unchanged += unchanged
            known.total = batch.total
            written = ["created", "updated", "unchanged", "total"]
            if found := errors | refused:
                known.errors |= {
                    str(number): [[batch.mapping.get(name, ""), words] for name, words in issues]
                    for number, issues in found.items()
                }
                written.append("errors")
            known.save(update_fields=written)
        batch.refresh_from_db()
        watcher.step(batch.processed)


def _save(
    rows: list[tuple[int, Any]], importer: Importer, by: User
) -> tuple[tuple[int, int, int], dict[int, Issues]]:
    """Save a chunk at once; if a row is refused, its halves, so that one bad row does not cost the others."""
    if not rows:
        return (0, 0, 0), {}
    try:
        with transaction.atomic():
            return importer.save_rows([parsed for _, parsed in rows], by), {}
    except (Refused, ValidationError, DatabaseError, ValueError) as error:
        if len(rows) == 1:
            return (0, 0, 0), {rows[0][0]: _refusal(error, importer.target, rows[0][0])}
    half = len(rows) // 2
    first, first_refused = _save(rows[:half], importer, by)
    second, second_refused = _save(rows[half:], importer, by)
    created, updated, unchanged = (one + other for one, other in zip(first, second, strict=True))
    return (created, updated, unchanged), first_refused | second_refused


def _refusal(error: Exception, target: str, number: int) -> Issues:
    """Why one row was not saved, in words."""
    if isinstance(error, Refused):
        return [(getattr(error, "field", ""), str(error))]
    if isinstance(error, ValidationError):
        return [("", "；".join(error.messages))]
    log.error("import.row_failed", target=target, row=number, exc_info=error)
    return [("", "这一行无法保存，请核对各列内容后重新导入")]


def _finish(batch: ImportBatch, table: Table, watcher: Watcher) -> None:
    result = None
    if batch.errors:
        watcher.begin("制作标注副本", total=0)
        result = _marked_copy(batch, table)
    with transaction.atomic():
        done = ImportBatch.objects.filter(pk=batch.pk, status=ImportBatch.Status.RUNNING).update(
            status=ImportBatch.Status.DONE, finished_at=timezone.now()
        )
        if not done:
            raise _Overtaken
        batch.refresh_from_db()
        batch.result = result
        batch.message = summary(batch)
        batch.save(update_fields=["result", "message"])
        record("attachments.import_done", batch, by=batch.by, summary=f"“{batch.file.name}”{batch.message}")


def summary(batch: ImportBatch) -> str:
    """What became of the rows, in one sentence."""
    words = f"新增 {batch.created} 行，更新 {batch.updated} 行，未变 {batch.unchanged} 行"
    return f"{words}，有问题 {len(batch.errors)} 行" if batch.errors else words


def _marked_copy(batch: ImportBatch, table: Table) -> Attachment | None:
    errors = {int(number): [(h, w) for h, w in issues] for number, issues in batch.errors.items()}
    try:
        data = mark_rows(storage.read(batch.file.path), batch.file.name, errors)
    except SheetError as error:
        # The rows are in; only the copy is missing, and the page lists the problems anyway.
        log.warning("import.no_copy", batch=str(batch.pk), reason=str(error))
        return None
    stem = batch.file.name.rpartition(".")[0] or batch.file.name
    return store_bytes(data, f"{stem}（有问题的行已标注）.xlsx", XLSX, Attachment.Kind.SHEET, by=batch.by)


def _fail(batch: ImportBatch, message: str) -> None:
    ImportBatch.objects.filter(pk=batch.pk).exclude(status=ImportBatch.Status.DONE).update(
        status=ImportBatch.Status.FAILED, message=message[:300], finished_at=timezone.now()
    )
    batch.refresh_from_db()
