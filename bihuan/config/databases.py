"""The databases as the environment names them (docs/how-to/postgresql.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlparse

from django.core.exceptions import ImproperlyConfigured

from bihuan.config import environment as env

_PASSED_ON = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "options", "target_session_attrs"}
)


def databases(data: Path) -> dict[str, dict[str, Any]]:
    """`default`, and `replica` when one is named. SQLite under the data directory unless DATABASE_URL says otherwise."""
    url, replica = env.text("DATABASE_URL"), env.text("DATABASE_REPLICA_URL")
    if not url:
        if replica:
            raise ImproperlyConfigured("DATABASE_REPLICA_URL 只能与 DATABASE_URL（PostgreSQL）一起使用")
        return {"default": sqlite(data / "bihuan.sqlite3")}
    found = {"default": postgresql(url, name="DATABASE_URL")}
    if replica:
        found["replica"] = postgresql(replica, name="DATABASE_REPLICA_URL") | {"TEST": {"MIRROR": "default"}}
        options = found["replica"]["OPTIONS"]
        # A replica that does not answer is done without (core.replica); nobody should wait long to find out.
        options.setdefault("connect_timeout", "2")
        if options.get("pool"):
            options["pool"] = options["pool"] | {"timeout": 2.0}
    return found


def sqlite(file: Path) -> dict[str, Any]:
    """One file, WAL, immediate transactions, writers in line."""
    return {
        "ENGINE": "bihuan.core.sqlite3",
        "NAME": file,
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-65536;"
                "PRAGMA mmap_size=268435456;PRAGMA temp_store=MEMORY;"
            ),
        },
    }


def postgresql(url: str, *, name: str) -> dict[str, Any]:
    """A PostgreSQL database by its URL; `name` is the variable an error message points to.

    Connections come from a pool of each process unless BIHUAN_POOL_MAX is 0; then each thread keeps its own.
    What a connection is asked again and again is prepared unless BIHUAN_PREPARED is 0.
    """
    parts = urlparse(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} 应以 postgresql:// 开头；不设置则使用内置 SQLite")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    if unknown := set(options) - _PASSED_ON:
        raise ImproperlyConfigured(f"{name} 中不认识的参数：{'、'.join(sorted(unknown))}")
    if env.flag("BIHUAN_PREPARED", True):
        options |= _prepared()
    pool = _pool()
    if pool:
        options["pool"] = pool
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 0 if pool else 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def _prepared() -> dict[str, Any]:
    from bihuan.core.prepared import BoundCursor

    # Only a text with its values beside it can be prepared; from the fifth time on it is.
    return {"server_side_binding": True, "cursor_factory": BoundCursor, "prepare_threshold": 4}


def _pool() -> dict[str, Any]:
    least, most = env.integer("BIHUAN_POOL_MIN", 1), env.integer("BIHUAN_POOL_MAX", 8)
    if most == 0:
        return {}
    if not 0 <= least <= most:
        raise ImproperlyConfigured(
            f"BIHUAN_POOL_MIN（现为 {least}）应不小于 0 且不大于 BIHUAN_POOL_MAX（现为 {most}）"
        )
    # `timeout`: how long a request waits for a connection, a restart of the database included.
    # `reconnect_timeout`: attempts are spaced wider and wider; given up early, the next request begins anew.
    return {
        "min_size": least,
        "max_size": most,
        "timeout": 10.0,
        "reconnect_timeout": 3.0,
        "max_idle": 300.0,
        "max_lifetime": 3600.0,
    }
