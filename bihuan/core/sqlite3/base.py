"""Django's SQLite backend; a transaction, or a single writing statement outside of one, first stands in line."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.base import SQLiteCursorWrapper

from .queue import QueueTimeout, WriterQueue

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class QueueingCursor(SQLiteCursorWrapper):
    """Takes the turn for a writing statement that is a transaction of its own."""

    queueing: DatabaseWrapper | None = None

    def execute(self, query: str, params: Any = None) -> Any:
        return self._in_turn(query, lambda: super(QueueingCursor, self).execute(query, params))

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        return self._in_turn(query, lambda: super(QueueingCursor, self).executemany(query, param_list))

    def _in_turn(self, query: str, act: Callable[[], Any]) -> Any:
        wrapper = self.queueing
        if (
            wrapper is None
            or self.connection.in_transaction
            or not query.lstrip()[:7].upper().startswith(_WRITES)
        ):
            return act()
        wrapper.stand_in_line()
        try:
            return act()
        finally:
            wrapper.leave_line()


class DatabaseWrapper(base.DatabaseWrapper):
    """SQLite whose writers queue instead of meeting the busy handler."""

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        super().__init__(settings_dict, alias)
        self._queue: WriterQueue | None = None
        self._queue_of = ""

    @property
    def queue(self) -> WriterQueue | None:
        """The line of this database file; None for one in memory, which has no second process."""
        name = str(self.settings_dict["NAME"])
        if name != self._queue_of:
            if self._queue is not None:
                self._queue.close()
            self._queue = None if self.is_in_memory_db() else WriterQueue(Path(name))
            self._queue_of = name
        return self._queue

    def stand_in_line(self) -> None:
        """Wait for the turn to write. Raises OperationalError when it does not come within the timeout."""
        queue = self.queue
        if queue is None or queue.is_held:
            return
        timeout = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        with self.wrap_database_errors:
            try:
                queue.enter(timeout)
            except QueueTimeout as error:
                raise sqlite3.OperationalError(
                    f"database is locked: 前一个写入超过 {timeout:g} 秒没有结束"
                ) from error

    def leave_line(self) -> None:
        """Let the next writer in."""
        if self._queue is not None:
            self._queue.leave()

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = self.connection.cursor(factory=QueueingCursor)
        cursor.queueing = self
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        self.stand_in_line()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self.leave_line()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self.leave_line()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self.leave_line()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            if self._queue is not None:
                self._queue.close()
