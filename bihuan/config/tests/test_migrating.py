"""Migrations give way to a long transaction, say whom they wait for, and come back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.utils import OperationalError, ProgrammingError

from bihuan.config import migrating

pytestmark = pytest.mark.django_db(transaction=True)
postgres_only = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="about PostgreSQL's table locks"
)


def run(sql: str, using=connection) -> list[tuple]:
    with using.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(migrating, "LOCK_SECONDS", 1)
    run("CREATE TABLE config_busy (id bigint)")
    yield
    run("DROP TABLE config_busy")


@pytest.fixture
def reader(table: None) -> Iterator:
    """Somebody who read the table and has not ended the transaction."""
    other = connection.copy()
    other.set_autocommit(False)
    run("SELECT count(*) FROM config_busy", other)
    yield other
    other.close()


def add_column() -> None:
    run("ALTER TABLE config_busy ADD COLUMN place text")


@postgres_only
def test_it_gives_way_says_for_whom_and_succeeds_when_the_reader_is_done(reader):
    said: list[str] = []
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        # What the short timeout is for: others use the table meanwhile.
        run("INSERT INTO config_busy VALUES (1)")
        pauses.append(seconds)
        if len(pauses) == 2:
            reader.commit()

    migrating.patiently(add_column, say=said.append, pause=pause)

    assert pauses == [1.0, 2.0]
    assert run("SELECT place FROM config_busy") == [(None,), (None,)]
    pid = run("SELECT pg_backend_pid()", reader)[0][0]
    assert f"升级在等待数据库连接 {pid}" in said[0]
    assert "事务未提交，空闲" in said[0]
    assert "SELECT count(*) FROM config_busy" in said[0]
    assert "1 秒后第 2 次尝试" in said[1]
    assert run("SHOW lock_timeout") == [("0",)]


@postgres_only
def test_it_stops_after_so_many_attempts(reader, monkeypatch):
    monkeypatch.setattr(migrating, "ATTEMPTS", 2)
    with pytest.raises(OperationalError, match="lock timeout"):
        migrating.patiently(add_column, say=lambda text: None, pause=lambda seconds: None)
    reader.rollback()


@postgres_only
def test_another_error_is_not_tried_again(table):
    calls = []

    def wrong() -> None:
        calls.append(1)
        run("SELECT nothing FROM config_busy")

    with pytest.raises(ProgrammingError):
        migrating.patiently(wrong, say=lambda text: None, pause=lambda seconds: None)
    assert calls == [1]


def test_it_runs_once_where_nobody_is_in_the_way(db):
    calls = []
    migrating.patiently(lambda: calls.append(1), say=calls.append)
    assert calls == [1]
