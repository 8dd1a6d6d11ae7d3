"""The planners learn how long tables have become."""

import pytest
from django.db import connection

from bihuan.core.statistics import learn_sizes, refresh_statistics
from bihuan.search.models import Entry, Kind

pytestmark = pytest.mark.django_db
on_sqlite = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PostgreSQL looks after its own statistics"
)


def known_size() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'search_entry'")
        return int(cursor.fetchone()[0].split()[0])


def fill(first: int, last: int) -> None:
    Entry.objects.bulk_create(Entry(id=Kind.PAPER.key(pk), words="软管") for pk in range(first, last + 1))


@on_sqlite
def test_sizes_follow_the_tables():
    fill(1, 20)
    refresh_statistics()
    assert known_size() == 20
    fill(21, 300)
    refresh_statistics()
    assert known_size() == 300


@on_sqlite
def test_many_candidates_are_looked_up_however_small_the_table_was():
    """With the sizes of an early day a thousand candidates made SQLite read every entry."""
    fill(1, 20)
    refresh_statistics()
    fill(21, 9000)
    refresh_statistics()
    wanted = ", ".join(str(Kind.PAPER.key(pk)) for pk in range(1, 1001))
    with connection.cursor() as cursor:
        # Statistics are read with the schema; other connections read it anew when they are opened.
        cursor.execute("ANALYZE sqlite_schema")
        cursor.execute(
            f"EXPLAIN QUERY PLAN SELECT id FROM search_entry WHERE id IN ({wanted}) AND words LIKE '%软管%'"
        )
        plan = " ".join(row[3] for row in cursor.fetchall())
    assert "SEARCH" in plan
    assert "SCAN" not in plan


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite counts between transactions only")
def test_a_long_transaction_plans_by_what_it_has_written():
    fill(1, 5000)
    learn_sizes()
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'search_entry'::regclass")
        assert cursor.fetchone()[0] == 5000
