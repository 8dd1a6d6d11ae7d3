"""Migrating beside a running service: short locks, patience, and a word on what is being waited for.

A statement that waits for a table lock makes everybody after it wait too. So on PostgreSQL no step waits longer than a
few seconds for its lock; it gives way, and the migration is tried again a little later. What had been done stays done:
a migration is one transaction, or consists of operations that may be repeated (`bihuan.core.migrations`).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.utils import OperationalError

LOCK_SECONDS = 3
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
ATTEMPTS = 20
_LOCK_NOT_AVAILABLE = "55P03"
Say = Callable[[str], object]


def say_aloud(sentence: str) -> None:
    """To the operator, at once."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def patiently(
    migrate: Callable[[], object], *, say: Say = say_aloud, pause: Callable[[float], object] = time.sleep
) -> None:
    """Run `migrate` with a short lock timeout, again and again while a lock cannot be had. SQLite: once, plainly.

    Raises what `migrate` raises, and the last OperationalError after twenty attempts.
    """
    if connection.vendor != "postgresql":
        migrate()
        return
    wait = FIRST_PAUSE
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _short_locks(), _watched(say):
                migrate()
            return
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != _LOCK_NOT_AVAILABLE or attempt == ATTEMPTS:
                raise
            say(
                f"等待 {LOCK_SECONDS} 秒仍未取得表锁，已让路；{wait:g} 秒后第 {attempt + 1} 次尝试，业务不受影响"
            )
            pause(wait)
            wait = min(wait * 2, LONGEST_PAUSE)


@contextmanager
def _short_locks() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_SECONDS}s"])
    try:
        yield
    finally:
        # Not given back to a pool with the timeout still set.
        if connection.connection is not None and not connection.in_atomic_block and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")


@contextmanager
def _watched(say: Say) -> Iterator[None]:
    """While the block runs, a second connection tells whom this session waits for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        mine = cursor.fetchone()[0]
    watcher, done = connection.copy(), threading.Event()
    watcher.inc_thread_sharing()

    def watch() -> None:
        told: set[Any] = set()
        try:
            while not done.wait(0.5):
                for pid, seconds, application, state, query in _blockers(watcher, mine):
                    if pid not in told:
                        told.add(pid)
                        say(_sentence(pid, seconds, application, state, query))
        finally:
            watcher.close()

    thread = threading.Thread(target=watch, name="migration-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)


def _blockers(watcher: Any, pid: int) -> list[tuple[int, int, str, str, str]]:
    with watcher.cursor() as cursor:
        cursor.execute(
            "SELECT pid, extract(epoch FROM now() - xact_start)::int, application_name, state, left(query, 120) "
            "FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(%s))",
            [pid],
        )
        return cursor.fetchall()


def _sentence(pid: int, seconds: int | None, application: str, state: str, query: str) -> str:
    doing = "事务未提交，空闲" if state.startswith("idle in transaction") else "正在执行"
    name = f"（{application}）" if application else ""
    return f"升级在等待数据库连接 {pid}{name}：事务已持续 {seconds or 0} 秒，{doing}，最近的语句：{' '.join(query.split())}"
