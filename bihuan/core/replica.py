"""Reading from a streaming replica, where that is asked for and fresh enough; everything else from the primary.

A position is a byte address in PostgreSQL's write-ahead log (an integer here). Who has written knows the position of
the primary afterwards and reads from a replica only when it has replayed that far (docs/adr/0012-…).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import InterfaceError, OperationalError

log = structlog.get_logger("bihuan.replica")
ALIAS = "replica"
SAMPLE_EVERY = 1.0  # seconds between looks at the primary's position
LEFT_ALONE = 10.0  # seconds a replica that failed is not asked again
_REMEMBERED = 120
Broken = (OperationalError, InterfaceError)


@dataclass
class _Block:
    """One stretch of reading; a write inside it ends the use of the replica for the rest of it."""

    uses_replica: bool


_block: ContextVar[_Block | None] = ContextVar("replica_block", default=None)
_written: ContextVar[list[bool] | None] = ContextVar("replica_written", default=None)


def is_configured() -> bool:
    return ALIAS in connections.settings


def in_use() -> bool:
    """Whether reads go to the replica at this moment."""
    block = _block.get()
    return block is not None and block.uses_replica and not connections[DEFAULT_DB_ALIAS].in_atomic_block


def connection_for_reading() -> BaseDatabaseWrapper:
    """The connection for raw SQL that only reads."""
    return connections[ALIAS if in_use() else DEFAULT_DB_ALIAS]


@contextmanager
def reading(*, after: int = 0) -> Iterator[bool]:
    """Inside, reads go to the replica if it is there, fresh, and has replayed position `after`; yields whether.

    A transaction, and everything after a write, reads from the primary all the same.
    """
    block = _Block(uses_replica=is_configured() and watch.is_usable(after))
    token = _block.set(block)
    try:
        yield block.uses_replica
    finally:
        _block.reset(token)


@contextmanager
def noticing_writes() -> Iterator[list[bool]]:
    """Inside, the yielded list is empty until the ORM writes something."""
    written: list[bool] = []
    token = _written.set(written)
    try:
        yield written
    finally:
        _written.reset(token)


def position() -> int:
    """The primary's position now; everything committed before lies below it, `synchronous_commit=off` included."""
    return _ask(DEFAULT_DB_ALIAS, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")[0]


class ReplicaRouter:
    """Django's question which database to use, answered by the stretch of code it is asked in."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return ALIAS if in_use() else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        written, block = _written.get(), _block.get()
        if written == []:
            written.append(True)
        if block is not None:
            block.uses_replica = False
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool:
        """Both databases hold the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != ALIAS


class Watch:
    """What this process knows of the replica's freshness.

    It looks at the primary's position once a second and remembers when. The lag is the age of the oldest remembered
    position the replica has not replayed: right for an idle primary (nothing is missing) and for a cut line
    (something is). Until the replica has once caught up with a remembered position, its lag is unknown.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Know nothing, as at the start of a process."""
        self._seen: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)
        self._caught_up = False
        self._left_alone_until = 0.0

    def is_usable(self, after: int) -> bool:
        """Whether the replica answers, lags less than BIHUAN_REPLICA_MAX_LAG and has replayed `after`."""
        now = time.monotonic()
        if now < self._left_alone_until:
            return False
        self._sample(now)
        try:
            replayed, is_replica = _ask(
                ALIAS,
                "SELECT coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint, pg_is_in_recovery()",
            )
        except Broken as error:
            self.leave_alone(error)
            return False
        if not is_replica:
            # Promoted: it is a primary of its own now, and what it shows is no longer what ours holds.
            self.leave_alone(RuntimeError("not in recovery"))
            return False
        return self._lag(now, replayed) <= settings.BIHUAN_REPLICA_MAX_LAG and replayed >= after

    def leave_alone(self, reason: Exception) -> None:
        """Do without the replica for a while; its connection is thrown away."""
        self._left_alone_until = time.monotonic() + LEFT_ALONE
        connections[ALIAS].close()
        log.warning("replica_left_alone", reason=str(reason).strip(), seconds=LEFT_ALONE)

    def _sample(self, now: float) -> None:
        with self._lock:
            due = not self._seen or now - self._seen[-1][0] >= SAMPLE_EVERY
        if due:
            at = position()
            with self._lock:
                self._seen.append((now, at))

    def _lag(self, now: float, replayed: int) -> float:
        with self._lock:
            while self._seen and self._seen[0][1] <= replayed:
                self._caught_up = True
                if len(self._seen) == 1:
                    return 0.0
                self._seen.popleft()
            if not self._caught_up:
                return float("inf")
            return now - self._seen[0][0] if self._seen else 0.0


watch = Watch()


def _ask(alias: str, sql: str) -> tuple[Any, ...]:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()
