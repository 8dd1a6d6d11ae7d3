"""Reading the database as of one moment, without keeping anybody from writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """Every statement within sees the database as of the first one, and nobody waits for it. Only for reading.

    Inside a transaction it is that transaction's view, whatever its isolation.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            _execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield
    else:
        # Not `atomic`, which would take the place of the one writer; temporary tables are written without it.
        _execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            _execute("COMMIT")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
