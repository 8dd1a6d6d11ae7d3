"""Writers of one SQLite file, one after another, over threads and processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, OperationalError

from bihuan.core.sqlite3.base import DatabaseWrapper
from bihuan.core.sqlite3.queue import QueueTimeout, WriterQueue
from bihuan.core.tests.together import at_once

HOLDER = """
import sys
from pathlib import Path
from bihuan.core.sqlite3.queue import WriterQueue
queue = WriterQueue(Path(sys.argv[1]))
queue.enter(5)
print("held", flush=True)
sys.stdin.readline()
"""


def holder(file: Path) -> subprocess.Popen[str]:
    """Another process that holds the turn until it is killed or spoken to."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_only_one_holds_the_turn(tmp_path):
    inside, most = [0], [0]

    def act(number: int) -> None:
        queue = WriterQueue(tmp_path / "file")
        for _ in range(20):
            queue.enter(10)
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1
            queue.leave()
        queue.close()

    assert [error for _, error in at_once(act, 6)] == [None] * 6
    assert most == [1]


def test_who_waits_too_long_is_told(tmp_path):
    first, second = WriterQueue(tmp_path / "file"), WriterQueue(tmp_path / "file")
    first.enter(1)
    with pytest.raises(QueueTimeout):
        second.enter(0.02)
    first.leave()
    second.enter(0.02)
    assert second.is_held
    first.close()
    second.close()


def test_a_killed_process_lets_go(tmp_path):
    process = holder(tmp_path / "file")
    queue = WriterQueue(tmp_path / "file")
    try:
        with pytest.raises(QueueTimeout):
            queue.enter(0.02)
    finally:
        end(process)
    queue.enter(5)
    assert queue.is_held
    queue.close()


@pytest.fixture
def wrapper(tmp_path: Path):
    settings = connection.settings_dict | {
        "ENGINE": "bihuan.core.sqlite3", "NAME": tmp_path / "own.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 0.05},
    }  # fmt: skip
    made = DatabaseWrapper(settings, "own")
    with made.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id integer PRIMARY KEY)")
    yield made
    made.close()


def is_held(wrapper: DatabaseWrapper) -> bool:
    assert wrapper.queue
    return wrapper.queue.is_held


@pytest.mark.sqlite
@pytest.mark.django_db
class TestBackend:
    def test_a_transaction_holds_the_turn_from_begin_to_commit(self, wrapper):
        wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        assert is_held(wrapper)
        wrapper.cursor().execute("INSERT INTO t VALUES (1)")
        wrapper.commit()
        assert not is_held(wrapper)

    def test_rollback_and_close_let_go(self, wrapper):
        wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        wrapper.rollback()
        assert not is_held(wrapper)
        wrapper.set_autocommit(True)
        wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        queue = wrapper.queue
        wrapper.close()
        assert not queue.is_held

    def test_a_single_statement_holds_it_only_while_it_runs(self, wrapper):
        held: list[bool] = []
        wrapper.ensure_connection()
        wrapper.connection.create_function("now_held", 0, lambda: held.append(is_held(wrapper)) or 1)
        with wrapper.cursor() as cursor:
            cursor.execute("INSERT INTO t VALUES (now_held())")
            cursor.execute("SELECT now_held()")
        assert held == [True, False]
        assert not is_held(wrapper)

    def test_a_failed_statement_lets_go(self, wrapper):
        with wrapper.cursor() as cursor:
            cursor.execute("INSERT INTO t VALUES (1)")
            with pytest.raises(IntegrityError):
                cursor.execute("INSERT INTO t VALUES (1)")
        assert not is_held(wrapper)

    def test_reading_does_not_wait_for_a_writer_elsewhere(self, wrapper, tmp_path):
        process = holder(tmp_path / "own.sqlite3")
        try:
            with wrapper.cursor() as cursor:
                assert cursor.execute("SELECT count(*) FROM t").fetchone() == (0,)
                with pytest.raises(
                    OperationalError, match=r"database is locked: 前一个写入超过 0\.05 秒没有结束"
                ):
                    cursor.execute("INSERT INTO t VALUES (1)")
        finally:
            end(process)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="about SQLite")
def test_ours_is_the_queueing_backend():
    assert connection.settings_dict["ENGINE"] == "bihuan.core.sqlite3"
    file = Path(connection.settings_dict["NAME"])
    with transaction.atomic():
        assert connection.queue.is_held
        outcome: list[BaseException | None] = []

        def other() -> None:
            queue = WriterQueue(file)
            try:
                queue.enter(0.01)
                outcome.append(None)
            except QueueTimeout as error:
                outcome.append(error)
            finally:
                queue.close()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert isinstance(outcome[0], QueueTimeout)
    assert not connection.queue.is_held
