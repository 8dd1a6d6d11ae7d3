"""The PostgreSQL cursor of hot statements. Imported only where psycopg is in use."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper


class PreparedCursor(psycopg.RawCursor[Any]):
    """Takes `$1` placeholders and prepares every statement on the server the first time it runs on a connection.

    Where statements are not prepared at all (no threshold: BIHUAN_PREPARED=0) it only sends them.
    """

    def execute(self, query: Any, params: Any = None, **_: Any) -> PreparedCursor:
        super().execute(query, params, prepare=True)
        return self


class PreparedDebugWrapper(CursorDebugWrapper):
    """Logs a statement as it was sent: Django would fill in the values, but looks for `%s` to do so."""

    def execute(self, sql: Any, params: Any = None) -> Any:
        with self.debug_sql(sql, params):
            return CursorWrapper.execute(self, sql, params)
