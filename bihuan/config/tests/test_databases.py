"""The databases as the environment names them, and the pool of connections when the database dies."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from bihuan.config.databases import databases, postgresql
from bihuan.config.tests.test_replica import free_port
from bihuan.core.statements import rows

ROOT = Path(settings.BASE_DIR)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DATABASE_URL", "DATABASE_REPLICA_URL", "BIHUAN_POOL_MIN", "BIHUAN_POOL_MAX", "BIHUAN_PREPARED",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


def test_without_a_setting_it_is_a_file_with_writers_in_line(tmp_path):
    found = databases(tmp_path)
    assert list(found) == ["default"]
    assert found["default"]["ENGINE"] == "bihuan.core.sqlite3"
    assert found["default"]["NAME"] == tmp_path / "bihuan.sqlite3"
    assert found["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_an_address_is_taken_apart_and_its_escapes_undone(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "DATABASE_URL", "postgresql://bi%40huan:p%2Fw@db.internal:5433/%E9%97%AD?sslmode=require"
    )
    found = databases(tmp_path)["default"]
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("闭", "bi@huan", "p/w")
    assert (found["HOST"], found["PORT"]) == ("db.internal", 5433)
    assert found["OPTIONS"]["sslmode"] == "require"


def test_a_pool_unless_it_is_set_to_nothing(monkeypatch):
    monkeypatch.setenv("BIHUAN_POOL_MIN", "2")
    monkeypatch.setenv("BIHUAN_POOL_MAX", "6")
    pooled = postgresql("postgresql://u@h/d", name="X")
    assert pooled["CONN_MAX_AGE"] == 0
    assert (pooled["OPTIONS"]["pool"]["min_size"], pooled["OPTIONS"]["pool"]["max_size"]) == (2, 6)
    monkeypatch.setenv("BIHUAN_POOL_MAX", "0")
    kept = postgresql("postgresql://u@h/d", name="X")
    assert kept["CONN_MAX_AGE"] == 600
    assert "pool" not in kept["OPTIONS"]


def test_a_replica_is_given_up_soon_and_mirrors_in_tests(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@one/d")
    monkeypatch.setenv("DATABASE_REPLICA_URL", "postgresql://u@two/d")
    found = databases(tmp_path)
    assert found["replica"]["HOST"] == "two"
    assert found["replica"]["TEST"] == {"MIRROR": "default"}
    assert found["replica"]["OPTIONS"]["connect_timeout"] == "2"
    assert found["replica"]["OPTIONS"]["pool"]["timeout"] == 2.0
    assert found["default"]["OPTIONS"]["pool"]["timeout"] == 10.0


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"DATABASE_URL": "mysql://h/d"}, "DATABASE_URL 应以 postgresql:// 开头"),
        ({"DATABASE_URL": "postgresql://h/d?colour=red"}, "不认识的参数：colour"),
        ({"DATABASE_REPLICA_URL": "postgresql://h/d"}, "只能与 DATABASE_URL"),
        (
            {"DATABASE_URL": "postgresql://h/d", "DATABASE_REPLICA_URL": "redis://h"},
            "DATABASE_REPLICA_URL 应以",
        ),
        ({"DATABASE_URL": "postgresql://h/d", "BIHUAN_POOL_MIN": "9"}, "BIHUAN_POOL_MIN（现为 9）"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, monkeypatch, variables, words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=words):
        databases(tmp_path)


# --- prepared statements ------------------------------------------------------------------------------

on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite's driver keeps its own"
)


def prepared(database: Any) -> list[str]:
    """What the server keeps for this connection."""
    with database.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time")
        return [statement for (statement,) in cursor.fetchall()]


@pytest.mark.django_db
@on_postgresql
@pytest.mark.parametrize(
    ("switch", "kept"), [("1", ["SELECT app FROM django_migrations WHERE id = $1"]), ("0", [])]
)
def test_what_is_asked_often_is_prepared_unless_switched_off(monkeypatch, switch, kept):
    from django.db.backends.postgresql.base import DatabaseWrapper

    monkeypatch.setenv("BIHUAN_PREPARED", switch)
    monkeypatch.setenv("BIHUAN_POOL_MAX", "0")
    described = connection.settings_dict | {"OPTIONS": postgresql("postgresql://h/d", name="X")["OPTIONS"]}
    database: Any = DatabaseWrapper(described, "prepared")
    try:
        for number in range(1, 7):
            with database.cursor() as cursor:
                cursor.execute("SELECT app FROM django_migrations WHERE id = %s", [number])
        assert prepared(database) == kept
    finally:
        database.close()


@pytest.mark.django_db
@on_postgresql
def test_a_statement_of_an_act_is_prepared_at_once_unless_nothing_is(monkeypatch):
    def sent(number: int) -> bool:
        assert rows(f"SELECT {number} WHERE %s::text = 'x'", ["x"]) == [(number,)]
        return any(f"SELECT {number} WHERE $1" in statement for statement in prepared(connection))

    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", 4)
    assert sent(4711)
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    assert not sent(4712)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """Two connections as the product opens them, and a table both see."""
    from django.db.backends.postgresql.base import DatabaseWrapper

    monkeypatch.setenv("BIHUAN_POOL_MAX", "0")
    described = connection.settings_dict | {"OPTIONS": postgresql("postgresql://h/d", name="X")["OPTIONS"]}
    one, other = DatabaseWrapper(described, "one"), DatabaseWrapper(described, "other")
    with one.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS widened")
        cursor.execute("CREATE TABLE widened (id int, name varchar(10))")
        cursor.execute("INSERT INTO widened VALUES (1, 'a')")
    yield one, other
    other.close()
    with one.cursor() as cursor:
        cursor.execute("DROP TABLE widened")
    one.close()


@pytest.mark.django_db
@on_postgresql
def test_a_column_widened_meanwhile_is_read_on(two):
    running, upgrade = two

    def read() -> Any:
        with running.cursor() as cursor:
            cursor.execute("SELECT name FROM widened WHERE id = %s", [1])
            return cursor.fetchone()

    for _ in range(6):
        read()
    assert len(prepared(running)) == 1
    with upgrade.cursor() as cursor:
        cursor.execute("ALTER TABLE widened ALTER name TYPE varchar(20)")
    assert read() == ("a",)
    # Within a transaction one refusal stands, and its rollback forgets.
    for _ in range(6):
        read()
    with upgrade.cursor() as cursor:
        cursor.execute("ALTER TABLE widened ALTER name TYPE varchar(30)")
    running.set_autocommit(False)
    with pytest.raises(DatabaseError):
        read()
    running.rollback()
    assert read() == ("a",)
    running.rollback()
    running.set_autocommit(True)


@pytest.mark.django_db
@on_postgresql
def test_an_act_is_logged_as_it_was_sent():
    with CaptureQueriesContext(connection) as queries:
        assert rows("SELECT %s::bigint + 1", ["1"]) == [(2,)]
    assert [query["sql"] for query in queries] == ["SELECT $1::bigint + 1"]


# --- the pool when the database is killed ------------------------------------------------------------


@pytest.fixture
def cluster() -> Iterator[tuple[Path, int]]:
    """A PostgreSQL of the test's own, to be killed."""
    home = Path(tempfile.mkdtemp(prefix="bihuan-killed-"))
    home.chmod(0o755)
    port = free_port()
    start(home, port)
    yield home, port
    subprocess.run([ROOT / "scripts/postgres", "stop", home], capture_output=True, timeout=60)
    shutil.rmtree(home, ignore_errors=True)


def start(home: Path, port: int) -> None:
    subprocess.run(
        [ROOT / "scripts/postgres", "start", home, str(port)], check=True, capture_output=True, timeout=60
    )


def kill(home: Path) -> None:
    """kill -9 of the whole cluster, as a machine that loses power."""
    main = int((home / "data/postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    for pid in (main, *map(int, children)):
        os.kill(pid, 9)
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="about a pool of PostgreSQL connections")
def test_after_the_database_was_killed_only_what_was_under_way_fails(cluster):
    from django.db.backends.postgresql.base import DatabaseWrapper

    home, port = cluster
    described: dict[str, Any] = connection.settings_dict | postgresql(
        f"postgresql://postgres@127.0.0.1:{port}/postgres", name="X"
    )
    threads, stop, phase = 4, threading.Event(), ["before"]
    answered: list[str] = []
    failed: list[str] = []

    def requests() -> None:
        """One thread of a web process: a connection per request, given back at its end."""
        wrapper = DatabaseWrapper(described, "killed")
        while not stop.is_set():
            begun = phase[0]
            try:
                with wrapper.cursor() as cursor:
                    cursor.execute("SELECT 1")
                answered.append(begun)
            except DatabaseError:
                failed.append(begun)
            finally:
                wrapper.close()

    running = [threading.Thread(target=requests) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        wait_for(lambda: len(answered) > 50)
        kill(home)
        phase[0] = "after"
        start(home, port)
        wait_for(lambda: answered.count("after") > 50)
    finally:
        stop.set()
        for thread in running:
            thread.join()
        DatabaseWrapper(described, "killed").close_pool()
    assert len(failed) <= threads
    assert "after" not in failed


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
