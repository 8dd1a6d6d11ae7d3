"""The PostgreSQL cursors whose statements stay prepared. Imported only where psycopg is in use."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from psycopg.errors import FeatureNotSupported
from psycopg.pq import TransactionStatus


class _Renewing:
    """Prepares anew what a migration meanwhile gave other columns, so that a running process survives an upgrade.

    The server then refuses the statement for ever ("cached plan must not change result type"). Inside a transaction
    the refusal stands; its rollback forgets what was prepared.
    """

    connection: psycopg.Connection[Any]

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        execute = super().execute  # type: ignore[misc]
        try:
            return execute(query, params, **options)
        except FeatureNotSupported:
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                raise
            self.connection.execute("DEALLOCATE ALL")
            return execute(query, params, **options)


class BoundCursor(_Renewing, ServerBindingCursor):
    """Django's cursor with values bound by the server: what is sent often is prepared."""


class PreparedCursor(_Renewing, psycopg.RawCursor[Any]):
    """Takes `$1` placeholders and prepares every statement on the server the first time it runs on a connection.

    Where statements are not prepared at all (no threshold: BIHUAN_PREPARED=0) it only sends them.
    """

    def execute(self, query: Any, params: Any = None, **_: Any) -> Any:
        return super().execute(query, params, prepare=True)


class PreparedDebugWrapper(CursorDebugWrapper):
    """Logs a statement as it was sent: Django would fill in the values, but looks for `%s` to do so."""

    def execute(self, sql: Any, params: Any = None) -> Any:
        with self.debug_sql(sql, params):
            return CursorWrapper.execute(self, sql, params)
