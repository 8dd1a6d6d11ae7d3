"""Exports as background jobs: pieces of a list, each after the last, written to a file that can be cut off and gone on with."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.core.sheets import Column
from bihuan.core.sheets.streaming import MEDIA_TYPES, open_rows

from . import results
from .actions import start
from .models import Job
from .running import Kind, Progress
from .running import register as register_kind

CHUNK = 2000
MARK_SECONDS = 1.0  # how much work a crash may cost
FORMS = {"xlsx": "Excel 表格", "csv": "CSV 文本"}
KIND = "export"
PART = "part"
Row = Sequence[Any]


class Source(Protocol):
    """The rows of one export, in an order in which each piece begins after the last row of the one before."""

    def total(self) -> int:
        """How many rows there are, if that can be had without reading them; 0 when the end will tell."""
        ...

    def is_longer_than(self, limit: int) -> bool:
        """Whether there are more rows than that; reads no more of them than it must."""
        ...

    def begin(self) -> Any:
        """Where to start: a position that also says what may no longer come in while the export runs."""
        ...

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        """Up to `limit` rows after a position (JSON values), and the position after them; no rows at the end."""
        ...


class KeyedSource(ABC):
    """Rows of a queryset in the order of their keys; what is entered after the beginning stays out.

    A list says in `rows` what a piece of its records is in the sheet; `related` and `fetched` (select and prefetch) are
    brought along. One that needs nothing else from the database is a `RowSource`.
    """

    related: ClassVar[tuple[str, ...]] = ()
    fetched: ClassVar[tuple[str, ...]] = ()

    def __init__(self, rows: QuerySet[Any]) -> None:
        self._rows, self._today = rows, timezone.localdate()

    def total(self) -> int:
        return self._rows.count()

    def is_longer_than(self, limit: int) -> bool:
        return self._rows.order_by("pk")[: limit + 1].count() > limit

    def begin(self) -> Any:
        return [0, self._rows.model._base_manager.aggregate(last=Max("pk"))["last"] or 0]

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        low, high = position
        piece = self._rows.filter(pk__gt=low, pk__lte=high).prefetch_related(*self.fetched)
        if self.related:  # without names it would follow every relation
            piece = piece.select_related(*self.related)
        found = list(piece.order_by("pk")[:limit])
        return (self.rows(found), [found[-1].pk, high]) if found else ([], position)

    @abstractmethod
    def rows(self, found: list[Any]) -> list[Row]:
        """A piece of records as lines of the sheet."""


class RowSource(KeyedSource):
    """The same, line by line."""

    def rows(self, found: list[Any]) -> list[Row]:
        return [self.row(each) for each in found]

    @abstractmethod
    def row(self, each: Any) -> Row:
        """One record as a line of the sheet."""


@dataclass(frozen=True)
class Export:
    """One list that people take away. `open` reads who takes it and the query of the list's address."""

    key: str
    title: str
    act: str  # of the audit event, e.g. hazards.export
    permission: str
    columns: Sequence[Column]
    open: Callable[[User, str], Source]

    def columns_of(self, source: Source) -> Sequence[Column]:
        """The columns of one export: a source whose readers choose them says which, as `columns`."""
        chosen: Sequence[Column] = getattr(source, "columns", ())
        return chosen or self.columns


_EXPORTS: dict[str, Export] = {}


def register_export(export: Export) -> None:
    """Make a list known; called in `AppConfig.ready`. Its jobs are of kind `export.<key>`."""
    _EXPORTS[export.key] = export
    register_kind(
        Kind(f"{KIND}.{export.key}", f"导出{export.title}", _run, _stopped, permission=export.permission)
    )


def start_export(key: str, *, query: str, said: str, form: str, by: User) -> Job:
    """Put an export into the queue. `said` is the filter in words. Raises Refused for an unknown form."""
    if form not in FORMS:
        raise Refused("请选择导出为 Excel 表格或 CSV 文本")
    export = _EXPORTS[key]
    parameters = {"export": key, "query": query, "said": said, "form": form, "watermark": watermark(by, said)}
    return start(f"{KIND}.{key}", title=f"导出{export.title}（{said}）", by=by, parameters=parameters)


def watermark(by: User, said: str) -> str:
    """Who, when, which filter: on every export."""
    return f"{by.full_name}（{by.main_post}）{timezone.localtime():%Y-%m-%d %H:%M} 导出，筛选：{said}"


def _run(progress: Progress) -> str:
    job = progress.job
    wanted = job.parameters
    export = _EXPORTS[wanted["export"]]
    if not job.owner.has_perm(export.permission):
        raise Refused(f"您的岗位已不能导出{export.title}")
    source = export.open(job.owner, wanted["query"])
    kept = progress.checkpoint
    path = results.directory(job) / PART
    if not path.exists():
        kept = {}
    total = kept["total"] if kept else source.total()
    position = kept["position"] if kept else source.begin()
    done = kept.get("done", 0)
    file = open_rows(
        path,
        wanted["form"],
        export.columns_of(source),
        title=export.title,
        watermark=wanted["watermark"],
        mark=kept.get("file"),
    )
    progress.begin("写出", total=total, done=done)
    marked = time.monotonic()
    while True:
        rows, position = source.after(position, CHUNK)
        if not rows:
            break
        file.write(rows)
        done += len(rows)
        if time.monotonic() - marked >= MARK_SECONDS:
            mark = {"file": file.mark(), "position": position, "done": done, "total": total}
            progress.step(done, mark)
            marked = time.monotonic()
    file.close()
    job.done = job.total = done
    path.replace(results.result_path(job))
    name = f"{export.title}{timezone.localtime(job.created_at):%Y%m%d%H%M}.{wanted['form']}"
    job.result_name, job.result_type = name, MEDIA_TYPES[wanted["form"]]
    note(export, job.owner, done, wanted["said"], wanted["query"])
    return f"导出 {done:,} 行，筛选：{wanted['said']}"


def note(export: Export, by: User, count: int, said: str, query: str) -> None:
    """Record that rows were taken out of the house."""
    with transaction.atomic():
        record(
            export.act, by, by=by, summary=f"导出{export.title} {count} 行，筛选：{said}",
            payload={"query": query, "rows": count},
        )  # fmt: skip


def _stopped(job: Job) -> str:
    done = job.checkpoint.get("done", 0)
    return f"已写出 {done:,} 行，保留着；继续时从这里接着写，不会重复" if done else "还没有写出任何行"
