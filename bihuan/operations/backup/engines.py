"""The two databases: a consistent copy while people work, counts and digests of it, and putting it back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlparse

import psycopg
from psycopg import sql

from bihuan.attachments.models import Attachment
from bihuan.core.errors import Refused

Tables = dict[str, dict[str, Any]]
Row = tuple[Any, ...]
_ATTACHMENTS = f'SELECT path, sha256, size FROM "{Attachment._meta.db_table}" ORDER BY path'  # noqa: S608
_MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"


class Snapshot:
    """What one consistent copy holds. `read` runs a query against exactly the copied state."""

    def __init__(self, read: Callable[[str], Iterator[Row]], tables: Tables, server: str) -> None:
        self.read, self.tables, self.server = read, tables, server

    def attachments(self) -> Iterator[Row]:
        """(path, sha256, size) of every attachment, by path."""
        return self.read(_ATTACHMENTS)

    def migrations(self) -> list[list[str]]:
        return [list(row) for row in self.read(_MIGRATIONS)]


# --- SQLite ------------------------------------------------------------------------------------------


@contextmanager
def sqlite_snapshot(source: Path, target: Path) -> Iterator[Snapshot]:
    """Copy a SQLite database with its backup interface. One step, so that one read transaction sees one state:
    in WAL mode nobody waits for it."""
    with closing(sqlite3.connect(source, timeout=60)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy, pages=-1)
        # One plain file: without its log beside it the copy can be moved and hashed.
        copy.execute("PRAGMA journal_mode=DELETE")
    with closing(sqlite3.connect(target)) as copy:
        yield Snapshot(lambda query: iter(copy.execute(query)), sqlite_tables(copy), sqlite3.sqlite_version)


def sqlite_tables(connection: sqlite3.Connection) -> Tables:
    """Rows of every table. Digests are not needed: the file itself has one."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    ).fetchall()
    return {
        name: {"rows": connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0], "digest": ""}  # noqa: S608
        for (name,) in names
    }


def sqlite_problem(path: Path) -> str:
    """What SQLite's own check finds wrong with a file; "" when nothing."""
    with closing(sqlite3.connect(path)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
    return "" if found == ["ok"] else "；".join(found)


# --- PostgreSQL --------------------------------------------------------------------------------------


def pg_url(settings_dict: dict[str, Any], name: str | None = None) -> str:
    """The address of a configured database as one text; `name` replaces the database's."""
    user, password = (quote(str(settings_dict.get(key) or ""), safe="") for key in ("USER", "PASSWORD"))
    login = f"{user}:{password}@" if password else f"{user}@" if user else ""
    host, port = settings_dict.get("HOST") or "", settings_dict.get("PORT") or ""
    if host.startswith("/"):  # a directory of sockets
        host = quote(host, safe="")
    options = {
        key: value for key, value in settings_dict.get("OPTIONS", {}).items() if isinstance(value, str)
    }
    query = f"?{urlencode(options)}" if options else ""
    database = quote(name or str(settings_dict["NAME"]), safe="")
    return f"postgresql://{login}{host}{f':{port}' if port else ''}/{database}{query}"


def _tool(name: str) -> str:
    """The newest installed client program: an older pg_dump refuses a newer server."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4].split(".")[0])
    )
    path = str(found[-1]) if found else shutil.which(name)
    if not path:
        raise Refused(f"找不到 {name}，请安装与服务器同版本的 PostgreSQL 客户端（如 postgresql-client-15）")
    return path


def _environment(url: str) -> dict[str, str]:
    """The password goes by environment, never by command line, where every account of the machine could read it."""
    return os.environ | {"PGPASSWORD": unquote(urlparse(url).password or "")}


def _without_password(url: str) -> str:
    parts = urlparse(url)
    return url.replace(f":{parts.password}@", "@", 1) if parts.password else url


@contextmanager
def pg_snapshot(url: str, target: Path) -> Iterator[Snapshot]:
    """Dump a PostgreSQL database as one exported snapshot; counts and digests are taken from the same one meanwhile."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot(), current_setting('server_version')").fetchone()
        assert row is not None
        snapshot, server = row
        dump = subprocess.Popen(  # noqa: S603
            [
                _tool("pg_dump"), "--format=custom", "--compress=3", "--no-owner", "--no-privileges",
                f"--snapshot={snapshot}", f"--file={target}", _without_password(url),
            ],
            env=_environment(url), stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            tables = pg_tables(connection)
            _, errors = dump.communicate()
        except BaseException:
            dump.kill()
            dump.wait()
            raise
        if dump.returncode:
            raise Refused(f"pg_dump 没有完成：{errors.strip()[-200:]}")
        yield Snapshot(lambda query: iter(connection.execute(query.encode())), tables, server)


def pg_tables(connection: psycopg.Connection[Any]) -> Tables:
    """Rows and an order-free digest of every table; a partitioned table counts as one."""
    connection.execute("SET LOCAL timezone = 'UTC'")
    connection.execute("SET LOCAL extra_float_digits = 3")
    names = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1"
    ).fetchall()
    tables: Tables = {}
    for (name,) in names:
        query = sql.SQL(
            "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {} t"
        ).format(sql.Identifier("public", name))
        row = connection.execute(query).fetchone()
        assert row is not None
        tables[name] = {"rows": row[0], "digest": row[1]}
    return tables


def pg_restore(dump: Path, url: str) -> None:
    """Put a dump into an empty database. Raises Refused with what pg_restore says."""
    done = subprocess.run(  # noqa: S603
        [
            _tool("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--jobs=2",
            f"--dbname={_without_password(url)}", str(dump),
        ],
        env=_environment(url), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Refused(f"pg_restore 没有完成：{done.stderr.strip()[-300:]}")


def pg_is_empty(url: str) -> bool:
    """Whether the database has no table of anybody's."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    return row is not None and row[0] == 0


@contextmanager
def pg_scratch(settings_dict: dict[str, Any], name: str) -> Iterator[str]:
    """The address of a database made for this purpose on the same server, dropped afterwards."""
    with psycopg.connect(pg_url(settings_dict, "postgres"), autocommit=True) as connection:
        try:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
            )
        except psycopg.errors.InsufficientPrivilege as error:
            raise Refused(
                "数据库账号无权建临时库：请授予 CREATEDB，或用 --database 给出一个空库的地址"
            ) from error
        try:
            yield pg_url(settings_dict, name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
