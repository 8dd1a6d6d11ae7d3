"""A new database made at once is the one a step by step upgrade ends with: every table, index, check, trigger, setting."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
WAYS = ("at_once", "step_by_step")
# What PostgreSQL's catalogue says of a schema, each line complete in itself.
CATALOGUE = (
    "SELECT 'column', table_name, column_name, data_type, character_maximum_length::text, is_nullable, column_default, "
    "identity_generation FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace",
    "SELECT 'table', relname, relkind::text, reloptions::text, pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid) "
    "FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v')",
    "SELECT 'statistics', pg_get_statisticsobjdef(oid) FROM pg_statistic_ext",
    "SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT 'migration', app, name FROM django_migrations",
    "SELECT 'content type', app_label, model FROM django_content_type",
    "SELECT 'mark', id::text, is_stale::text FROM tally_mark",
)


def migrate(way: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    if way == "step_by_step":
        command.append("--step-by-step")
    subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ | environment, check=True)


def parts(sql: str) -> tuple[str, ...]:
    """The definition of a table, line by line in no order: which column or check comes first says nothing."""
    words = re.sub(r"\s+", " ", sql.replace('"', "")).strip()
    head, _, body = words.partition("(")
    if not head.startswith("CREATE TABLE"):
        return (words,)
    found, depth, begin = [], 0, 0
    for place, sign in enumerate(body):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            found.append(body[begin:place].strip())
            begin = place + 1
    found.append(body[begin:].strip().removesuffix(")").strip())
    return (head.strip(), *sorted(found))


def sqlite_schema(file: Path) -> set[tuple[str, ...]]:
    with sqlite3.connect(file) as stored:
        made = stored.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        rows = stored.execute("SELECT app, name FROM django_migrations").fetchall()
        rows += stored.execute("SELECT app_label, model FROM django_content_type").fetchall()
        rows += stored.execute("SELECT id, is_stale FROM tally_mark").fetchall()
    return {(kind, name, *parts(sql)) for kind, name, sql in made} | set(rows)


def postgres_schema(name: str) -> set[tuple[str, ...]]:
    with psycopg.connect(**connection.get_connection_params() | {"dbname": name}) as stored:
        return {row for query in CATALOGUE for row in stored.execute(query).fetchall()}


@pytest.fixture
def databases() -> Iterator[dict[str, str]]:
    """Two empty databases on the server of the tests."""
    names = {way: f"bihuan_{way}" for way in WAYS}
    with psycopg.connect(
        **connection.get_connection_params() | {"dbname": "postgres"}, autocommit=True
    ) as server:
        for name in names.values():
            server.execute(f'DROP DATABASE IF EXISTS "{name}"')
            server.execute(f'CREATE DATABASE "{name}"')
        yield names
        for name in names.values():
            server.execute(f'DROP DATABASE "{name}"')


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the other database has a test of its own")
def test_both_ways_end_with_the_same_file(tmp_path: Path) -> None:
    for way in WAYS:
        (tmp_path / way).mkdir()
        migrate(way, {"BIHUAN_DATA": str(tmp_path / way), "DATABASE_URL": ""})
    at_once, stepwise = (sqlite_schema(tmp_path / way / "bihuan.sqlite3") for way in WAYS)
    assert at_once == stepwise


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="the other database has a test of its own")
def test_both_ways_end_with_the_same_catalogue(databases: dict[str, str], tmp_path: Path) -> None:
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    for way, name in databases.items():
        migrate(way, {"BIHUAN_DATA": str(tmp_path), "DATABASE_URL": f"{server}/{name}"})
    at_once, stepwise = (postgres_schema(databases[way]) for way in WAYS)
    assert at_once == stepwise
