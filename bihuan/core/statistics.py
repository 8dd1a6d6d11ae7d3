"""What the planners know of the sizes of tables. PostgreSQL looks after its own, once a transaction has ended."""

from __future__ import annotations

from django.db import connection, transaction

ROWS_LOOKED_AT = 1000  # of each index: milliseconds, however long the table has grown


def refresh_statistics() -> None:
    """Let the planner know how long the tables have become: with sizes of last year it reads whole tables.

    Connections that are open already learn of it when they are opened again (CONN_MAX_AGE). Must not be called inside
    a transaction: it is a short write of its own.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit={ROWS_LOOKED_AT}")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def learn_sizes() -> None:
    """Within a long transaction that fills empty tables: PostgreSQL plans by what has been written so far.

    Nobody else sees these rows yet, so nobody counts them, and statements prepared for empty tables read whole ones.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
