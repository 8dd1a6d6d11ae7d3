# ruff: noqa: S608 - every name in these statements comes from our own models
"""`bihuan migrate-database postgresql://…`: every row from SQLite to an empty PostgreSQL, and the proof that it arrived.

The source is locked against writers for as long as it takes and is only read. The target is built by the migrations,
filled by COPY without foreign keys and indexes, completed, read back, and compared; then its audit chains and figures
are verified there. Interrupted, it starts again from nothing: what an unfinished move left is recognized and removed.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps

from bihuan.core.errors import Refused
from bihuan.core.sqlite3.queue import WriterQueue

from .target import Target
from .values import NOTHING, Fingerprint, Unmovable

REPORT_EVERY = 2.0
WAIT_FOR_WRITERS = 60.0
FETCH = 5000
Say = Callable[[str], object]
_VERIFICATIONS = ((["audit", "verify"], "审计链"), (["tally", "verify"], "统计数"))


@dataclass(frozen=True)
class Table:
    """One table to move: its name, columns, key, and its name in Chinese words."""

    name: str
    columns: tuple[str, ...]
    key: str
    title: str


def tables() -> list[Table]:
    """Every table of ours and of Django's, those others refer to first."""
    every = [m for m in apps.get_models(include_auto_created=True) if m._meta.managed and not m._meta.proxy]
    ordered: list[Any] = []
    visiting: set[Any] = set()

    def visit(model: Any) -> None:
        if model in visiting:
            return
        visiting.add(model)
        for field in model._meta.local_concrete_fields:
            if field.remote_field is not None:
                visit(field.remote_field.model._meta.concrete_model)
        ordered.append(model)

    for model in every:
        visit(model._meta.concrete_model)
    return [
        Table(
            model._meta.db_table,
            tuple(str(field.column) for field in model._meta.local_concrete_fields),
            model._meta.pk.column,
            str(model._meta.verbose_name),
        )
        for model in ordered
    ]


def move(source: Path, parameters: dict[str, Any], url: str, *, say: Say) -> None:
    """Move everything and verify it. Raises Refused with what is wrong and what to do, in Chinese."""
    target = Target(parameters)
    try:
        _make_room(target, say)
        target.mark_as_unfinished()
        say("【建表】在目标库执行全部迁移……")
        _run(["manage", "migrate", "--verbosity", "0"], url)
        with _Source(source) as stored:
            _move_rows(stored, target, say)
        for words, title in _VERIFICATIONS:
            say(f"【核验】{title}……")
            say(_run(words, url).strip())
        target.mark_as_finished()
    finally:
        target.close()
    say(
        "迁移完成，各表行数与校验值一致。请将 DATABASE_URL 设为目标库后重新启动；原 SQLite 文件未改动，请妥善保存。"
    )


def _make_room(target: Target, say: Say) -> None:
    found = target.tables()
    if target.is_unfinished_move():
        say("目标库中有上次未完成的迁移，先行清除，从头开始……")
        target.clear_away()
    elif found:
        raise Refused(
            f"目标库不是空库（已有 {'、'.join(found[:5])}{' 等' if len(found) > 5 else ''} {len(found)} 张表），"
            "没有改动任何内容；请另建一个空库"
        )


def _move_rows(stored: _Source, target: Target, say: Say) -> None:
    every = tables()
    names = [table.name for table in every]
    target.empty(names)
    marks: dict[str, Fingerprint] = {}
    with target.without_brakes(names):
        for number, table in enumerate(every, 1):
            progress = _Progress(
                f"【复制 {number}/{len(every)}】{table.title} {table.name}", stored.count(table), say
            )
            marks[table.name] = _copy(stored, target, table, progress)
        say("【补全】建立索引和外键并检查引用……")
    for table in every:
        target.set_number(table.name, table.key, stored.last_number(table))
    target.connection.execute("ANALYZE")
    for number, table in enumerate(every, 1):
        there = target.fingerprint(table.name, table.columns, target.kinds(table.name, table.columns))
        if there != marks[table.name]:
            here = marks[table.name]
            raise Refused(
                f"{table.title}（{table.name}）两边不一致：原库 {here.rows} 行，校验值 {here.digest}；"
                f"目标库 {there.rows} 行，校验值 {there.digest}。请勿启用目标库，重新执行即从头开始"
            )
        if there.rows:
            say(
                f"【比对 {number}/{len(every)}】{table.title}：{there.rows:,} 行，校验值 {there.digest[:16]}，一致"
            )


def _copy(stored: _Source, target: Target, table: Table, progress: _Progress) -> Fingerprint:
    kinds = target.kinds(table.name, table.columns)
    sends, marks = [kind.send for kind in kinds], [kind.mark_source for kind in kinds]
    names = ", ".join(f'"{column}"' for column in table.columns)
    found = Fingerprint()
    row: tuple[Any, ...] = ()
    try:
        with (
            target.connection.cursor() as cursor,
            cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy,
        ):
            for row in stored.rows(table):
                copy.write_row(
                    [None if value is None else send(value) for send, value in zip(sends, row, strict=True)]
                )
                found.add(
                    NOTHING if value is None else mark(value) for mark, value in zip(marks, row, strict=True)
                )
                progress.at(found.rows)
    except (ValueError, ArithmeticError, TypeError) as error:
        key = row[table.columns.index(table.key)] if row else "?"
        why = str(error) if isinstance(error, Unmovable) else f"有一列的值不合类型（{error}）"
        raise Refused(
            f"{table.title}（{table.name}）编号 {key} 的行不能迁移：{why}。请先在原系统中改正"
        ) from error
    except Exception as error:
        if not hasattr(error, "sqlstate"):
            raise
        raise Refused(f"{table.title}（{table.name}）被目标库拒绝：{error}") from error
    progress.done(found.rows)
    return found


class _Source:
    """The SQLite file, locked against writers, read as it is stored."""

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise Refused(f"找不到 SQLite 数据库 {file}")
        self.file = file

    def __enter__(self) -> _Source:
        self._queue = WriterQueue(self.file)
        self._queue.enter(WAIT_FOR_WRITERS)
        self._database = sqlite3.connect(self.file, timeout=WAIT_FOR_WRITERS, isolation_level=None)
        self._database.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, *_: object) -> None:
        self._database.execute("ROLLBACK")
        self._database.close()
        self._queue.close()

    def count(self, table: Table) -> int:
        return self._database.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]

    def rows(self, table: Table) -> Iterator[tuple[Any, ...]]:
        names = ", ".join(f'"{column}"' for column in table.columns)
        cursor = self._database.execute(f'SELECT {names} FROM "{table.name}" ORDER BY "{table.key}"')
        while found := cursor.fetchmany(FETCH):
            yield from found

    def last_number(self, table: Table) -> int:
        """The last number given out, to rows since removed included."""
        given = self._database.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", [table.name]
        ).fetchone()
        return int(given[0]) if given else 0


class _Progress:
    """How far one table is, every two seconds, with the rate measured so far."""

    def __init__(self, title: str, total: int, say: Say) -> None:
        self.title, self.total, self.say = title, total, say
        self.began = self.told = time.monotonic()

    def at(self, rows: int) -> None:
        if rows % 1000:
            return
        now = time.monotonic()
        if now - self.told < REPORT_EVERY:
            return
        self.told = now
        rate = rows / (now - self.began)
        self.say(
            f"{self.title}：{rows:,} / {self.total:,} 行，每秒 {rate:,.0f} 行，约剩 {(self.total - rows) / rate:,.0f} 秒"
        )

    def done(self, rows: int) -> None:
        if rows:
            self.say(f"{self.title}：{rows:,} 行，用时 {time.monotonic() - self.began:.1f} 秒")


def _run(words: list[str], url: str) -> str:
    """One of our own commands on the target, in a process of its own."""
    environment = os.environ | {"DATABASE_URL": url}
    environment.pop("DATABASE_REPLICA_URL", None)
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bihuan.config.cli", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(
            f"在目标库执行 bihuan {' '.join(words)} 未通过，请勿启用目标库：\n{(done.stdout + done.stderr).strip()[-3000:]}"
        )
    return done.stdout
