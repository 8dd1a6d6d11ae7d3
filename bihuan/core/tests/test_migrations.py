"""Index operations that leave writers alone, on a table of the test's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection, models
from django.db.migrations.state import ModelState, ProjectState
from django.db.utils import NotSupportedError

from bihuan.core.migrations import AddIndexOnline, RemoveIndexOnline

pytestmark = pytest.mark.django_db(transaction=True)
postgres_only = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite builds an index in one short statement"
)
INDEX = models.Index(fields=["place", "-id"], name="core_measure_place")


def state() -> ProjectState:
    made = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("place", models.CharField(max_length=9))]
    made.add_model(ModelState("core", "Measure", fields))
    return made


@pytest.fixture
def measure() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE core_measure (id bigint PRIMARY KEY, place varchar(9) NOT NULL)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE core_measure")


@pytest.fixture
def partitioned() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE core_measure (id bigint NOT NULL, place varchar(9) NOT NULL) PARTITION BY RANGE (id)"
        )
        cursor.execute("CREATE TABLE core_measure_low PARTITION OF core_measure FOR VALUES FROM (0) TO (100)")
        cursor.execute("CREATE TABLE core_measure_rest PARTITION OF core_measure DEFAULT")
        cursor.execute("INSERT INTO core_measure VALUES (1, 'a'), (500, 'b')")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE core_measure")


def build(operation: AddIndexOnline | None = None) -> None:
    operation = operation or AddIndexOnline("measure", INDEX)
    before, after = state(), state()
    operation.state_forwards("core", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("core", editor, before, after)


def remove() -> None:
    operation = RemoveIndexOnline("measure", INDEX.name)
    before, after = state(), state()
    AddIndexOnline("measure", INDEX).state_forwards("core", before)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("core", editor, before, after)


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "core_measure"))


def value(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_an_index_comes_and_goes(measure):
    build()
    assert INDEX.name in indexes()
    remove()
    assert INDEX.name not in indexes()


def test_building_twice_is_building_once(measure):
    build()
    build()
    assert INDEX.name in indexes()


@postgres_only
def test_writers_go_on_while_the_index_waits_for_an_older_transaction(measure):
    older, writer = connection.copy(), connection.copy()
    try:
        older.set_autocommit(False)
        older.cursor().execute("INSERT INTO core_measure VALUES (1, 'a')")
        done = threading.Event()

        def building() -> None:
            try:
                build()
                done.set()
            finally:
                connection.close()

        thread = threading.Thread(target=building)
        thread.start()
        deadline = time.monotonic() + 10
        while value("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0:
            assert time.monotonic() < deadline
        with writer.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            cursor.execute("INSERT INTO core_measure VALUES (2, 'b')")
        assert not done.is_set()
        older.commit()
        thread.join(10)
        assert done.is_set()
    finally:
        older.close()
        writer.close()
    assert value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'core_measure_place'::regclass") is True


@postgres_only
def test_the_remains_of_an_interrupted_build_are_cleared_away(measure):
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX core_measure_place ON core_measure (place)")
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'core_measure_place'::regclass"
        )
    build()
    assert value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'core_measure_place'::regclass") is True
    assert "id DESC" in value("SELECT pg_get_indexdef('core_measure_place'::regclass)")


@postgres_only
def test_a_partitioned_table_gets_its_index_partition_by_partition(partitioned):
    build()
    assert value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'core_measure_place'::regclass") is True
    assert value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'core_measure_place'::regclass") == 2
    build()
    remove()
    assert value("SELECT to_regclass('core_measure_place')") is None


@postgres_only
def test_a_build_inside_a_transaction_is_refused(measure):
    from django.db import transaction

    with transaction.atomic(), pytest.raises(NotSupportedError, match="atomic = False"):
        build()


@postgres_only
def test_the_timeout_of_the_session_is_kept(measure):
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1234ms'")
    build()
    assert value("SHOW lock_timeout") == "1234ms"
    connection.close()
