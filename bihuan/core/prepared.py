"""The PostgreSQL cursor of hot statements. Imported only where psycopg is in use."""

from __future__ import annotations

from typing import Any

import psycopg


class PreparedCursor(psycopg.RawCursor[Any]):
    """Takes `$1` placeholders and prepares every statement on the server the first time it runs on a connection."""

    def execute(self, query: Any, params: Any = None, **_: Any) -> PreparedCursor:
        super().execute(query, params, prepare=True)
        return self
