"""From a SQLite file to PostgreSQL, as an operator does it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs a PostgreSQL to move to"),
]


def environment(data: Path) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("DATABASE_")}
    return own | {
        "BIHUAN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "bihuan.config.settings", "BIHUAN_LOG_LEVEL": "ERROR",
    }  # fmt: skip


def command(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=environment(data),
        capture_output=True,
        text=True,
        timeout=400,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fictional city with hazards before the reviewer and a queued import, on SQLite."""
    made = tmp_path_factory.mktemp("moving")
    prepared = command(made, "tests.killing.work", "prepare", "6", "40")
    assert prepared.returncode == 0, prepared.stderr
    return made


@pytest.fixture
def empty() -> Iterator[tuple[str, dict]]:
    """An empty database of the cluster the tests run on: its address, and psycopg's parameters."""
    described = connection.settings_dict
    parameters = {"host": described["HOST"], "port": described["PORT"], "user": described["USER"]}
    name = "bihuan_moved"
    with psycopg.connect(**parameters, dbname="postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
    yield (
        f"postgresql://{described['USER']}@{described['HOST']}:{described['PORT']}/{name}",
        parameters | {"dbname": name},
    )
    with psycopg.connect(**parameters, dbname="postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def here(data: Path, sql: str) -> list[tuple]:
    database = sqlite3.connect(data / "bihuan.sqlite3")
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def there(parameters: dict, sql: str) -> list[tuple]:
    with psycopg.connect(**parameters) as target:
        return target.execute(sql).fetchall()


def test_everything_arrives_and_proves_itself(data, empty):
    url, parameters = empty
    done = command(data, "bihuan.config.cli", "migrate-database", url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "迁移完成，各表行数与校验值一致" in done.stdout
    assert "【比对" in done.stdout
    for table in (
        "hazards_hazard",
        "hazards_hazardtransition",
        "audit_event",
        "accounts_user",
        "tally_delta",
    ):
        count = f"SELECT count(*) FROM {table}"
        assert there(parameters, count) == here(data, count), table
    assert there(parameters, "SELECT count(*) FROM hazards_hazard") == [(6,)]
    # A moment, read by a stranger: SQLite holds UTC without saying so.
    stored = here(data, "SELECT found_at FROM hazards_hazard ORDER BY id LIMIT 1")[0][0]
    assert there(
        parameters,
        "SELECT to_char(found_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') FROM hazards_hazard ORDER BY id LIMIT 1",
    ) == [(stored,)]
    # Nothing of the brakes is missing afterwards.
    assert there(
        parameters, "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
    ) == [(0,)]
    assert there(parameters, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == [(0,)]
    expected, found = _objects(), there(parameters, _OBJECTS)
    assert found == expected
    # The next number follows the last one given out.
    last = here(data, "SELECT seq FROM sqlite_sequence WHERE name = 'hazards_hazard'")[0][0]
    assert there(parameters, "SELECT nextval(pg_get_serial_sequence('hazards_hazard', 'id'))") == [
        (last + 1,)
    ]

    again = command(data, "bihuan.config.cli", "migrate-database", url)
    assert again.returncode == 1
    assert "目标库不是空库" in again.stderr


_OBJECTS = (
    "SELECT c.relname, count(DISTINCT x.indexrelid), count(DISTINCT k.oid) FROM pg_class c "
    "LEFT JOIN pg_index x ON x.indrelid = c.oid LEFT JOIN pg_constraint k ON k.conrelid = c.oid "
    "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace "
    "GROUP BY 1 ORDER BY 1"
)


def _objects() -> list[tuple]:
    """Tables with the number of their indexes and constraints, as the migrations alone make them."""
    with connection.cursor() as cursor:
        cursor.execute(_OBJECTS)
        return cursor.fetchall()


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """The migrated test database is what the moved one is compared with."""


def test_an_interrupted_move_starts_again_from_nothing(data, empty):
    url, parameters = empty
    with psycopg.connect(**parameters, autocommit=True) as target:
        target.execute("CREATE TABLE bihuan_moving (began timestamptz NOT NULL DEFAULT now())")
        target.execute("CREATE TABLE hazards_hazard (id bigint PRIMARY KEY)")
        target.execute("INSERT INTO hazards_hazard VALUES (1)")
    done = command(data, "bihuan.config.cli", "migrate-database", url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "上次未完成的迁移" in done.stdout
    assert there(parameters, "SELECT count(*) FROM hazards_hazard") == [(6,)]
    assert there(parameters, "SELECT to_regclass('bihuan_moving')") == [(None,)]


def test_a_database_of_somebody_else_is_left_alone(data, empty):
    url, parameters = empty
    with psycopg.connect(**parameters, autocommit=True) as target:
        target.execute("CREATE TABLE other (id int)")
    done = command(data, "bihuan.config.cli", "migrate-database", url)
    assert done.returncode == 1
    assert "已有 other 1 张表" in done.stderr
    assert there(
        parameters,
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    ) == [("other",)]


def test_a_row_that_cannot_be_held_is_named(data, empty, tmp_path):
    import shutil

    url, _ = empty
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    database = sqlite3.connect(copy / "bihuan.sqlite3")
    number = database.execute("SELECT max(id) FROM hazards_hazard").fetchone()[0]
    database.execute("UPDATE hazards_hazard SET measures = 'a' || char(0) || 'b' WHERE id = ?", [number])
    database.commit()
    database.close()
    done = command(copy, "bihuan.config.cli", "migrate-database", url)
    assert done.returncode == 1
    assert f"隐患（hazards_hazard）编号 {number} 的行不能迁移：文字中含有空字符" in done.stderr
