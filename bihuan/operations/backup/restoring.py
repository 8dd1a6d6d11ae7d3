"""Putting a backup back: into an empty installation, or into a scratch one to prove that it can be done."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from bihuan.accounts.queries import service_user
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.operations.models import Backup

from . import engines
from .manifest import KEYS, POOL, PROVED, Manifest, Stored, load, pooled, read_files
from .sealing import Key, unsealed
from .taking import READ, field_key_id

MAX_NAMED = 20
HOURS_TO_CHECK = 6 * 3600


@dataclass
class Proof:
    """What a restore found: `lines` for people, `wrong` counts the ✗ among them."""

    lines: list[str] = field(default_factory=list)
    wrong: int = 0

    def good(self, text: str) -> None:
        self.lines.append(f"✓ {text}")

    def bad(self, text: str) -> None:
        self.wrong += 1
        if self.wrong <= MAX_NAMED:
            self.lines.append(f"✗ {text}")

    @property
    def is_clean(self) -> bool:
        return not self.wrong


def verify(
    directory: Path, *, key: Key | None = None, scratch: Path | None = None, database: str = ""
) -> Proof:
    """Restore into a scratch directory and database, compare everything, let the record and the figures be verified
    there, and note the result beside the backup and in the installation. What was made for it is taken away again."""
    contents = load(directory, key)
    proof = Proof()
    with _scratch_directory(scratch) as place, _scratch_database(contents, place, database) as url:
        _restore(directory, contents, place, url, key, proof)
        _compare(contents, place, url, proof)
        if proof.is_clean:
            _check_inside(contents, place, url, proof)
    _note(directory, proof)
    return proof


def restore_into(directory: Path, *, key: Key | None = None, without_field_key: bool = False) -> Proof:
    """Restore into the configured, still empty installation. Raises Refused when it is not empty, or when the field
    key is not the one the data was sealed with (unless it is knowingly done without)."""
    contents = load(directory, key)
    place = Path(settings.DATA_DIR)
    _refuse_unless_empty(place)
    if contents.engine != connection.vendor:
        raise Refused(
            f"备份来自 {contents.engine}，现在配置的是 {connection.vendor}；请先按原来的数据库恢复，再用 migrate-database 转换"
        )
    proof = Proof()
    if contents.has_keys:
        for name in ("secret.key", "field.key"):
            _write_key(directory / KEYS / name, place / name, key)
        proof.good("已放回密钥文件 secret.key、field.key；环境变量里若另设了密钥，以环境变量为准")
    elif contents.field_key_id != field_key_id() and not without_field_key:
        raise Refused(
            f"现在的字段密钥（编号 {field_key_id()}）不是备份时的那一把（编号 {contents.field_key_id}），"
            "手机号等将无法打开。请先把原来的 field.key 放到数据目录；确已遗失的，加 --without-field-key"
        )
    url = "" if connection.vendor == "sqlite" else engines.pg_url(connection.settings_dict)
    connection.close()
    _restore(directory, contents, place, url, key, proof)
    _compare(contents, place, url, proof)
    return proof


def _refuse_unless_empty(place: Path) -> None:
    files = place / "files"
    if files.is_dir() and any(path.is_file() for path in files.rglob("*")):
        raise Refused(f"{files} 里已有文件，没有恢复；请用一个空的数据目录")
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        if path.exists() and path.stat().st_size:
            raise Refused(f"数据库 {path} 已存在，没有恢复；请用一个空的数据目录")
    elif not engines.pg_is_empty(engines.pg_url(connection.settings_dict)):
        raise Refused("数据库里已有表，没有恢复；请新建一个空库，写进 DATABASE_URL")


# --- the parts ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def _scratch_directory(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        if wanted.exists() and any(wanted.iterdir()):
            raise Refused(f"{wanted} 不是空目录，没有动它")
        wanted.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="bihuan-verify-", dir=wanted))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def _scratch_database(contents: Manifest, place: Path, given: str) -> Iterator[str]:
    if contents.engine == "sqlite":
        yield ""
    elif given:
        if not engines.pg_is_empty(given):
            raise Refused("--database 给出的库里已有表，没有动它")
        yield given
    elif connection.vendor == "postgresql":
        with engines.pg_scratch(connection.settings_dict, f"bihuan_verify_{secrets.token_hex(4)}") as url:
            yield url
    else:
        raise Refused("备份来自 PostgreSQL，请用 --database 给出一个空的 PostgreSQL 库")


def _restore(
    directory: Path, contents: Manifest, place: Path, url: str, key: Key | None, proof: Proof
) -> None:
    target = place / ("bihuan.sqlite3" if contents.engine == "sqlite" else "database.dump")
    if contents.engine == "sqlite" and place == Path(settings.DATA_DIR):
        target = Path(connection.settings_dict["NAME"])
    if unpack(directory / str(contents.database["file"]), target, contents.database, key):
        proof.good(f"数据库文件完好（{contents.database['bytes'] / 1e6:,.1f} MB，摘要相符）")
    else:
        proof.bad("数据库文件的内容与清单不符")
    if contents.engine != "sqlite":
        engines.pg_restore(target, url)
        target.unlink()
    pool = directory.parent / (f"{POOL}-{contents.key_id}" if contents.key_id else POOL)
    count = 0
    for stored in read_files(directory, contents):
        count += _put_file(pool, place, stored, key, proof)
    if count == contents.files["count"]:
        proof.good(f"附件完好（{count} 个，{contents.files['bytes'] / 1e6:,.1f} MB，逐个摘要相符）")


def _pieces(file: BinaryIO, key: Key | None) -> Iterator[bytes]:
    if key is not None:
        yield from unsealed(file, key)
        return
    while data := file.read(READ):
        yield data


def unpack(source: Path, target: Path, said: dict[str, Any], key: Key | None) -> bool:
    """Write the plain content of a packed and sealed file; returns whether its digest is the manifest's.

    Raises Refused when it cannot be opened at all.
    """
    digest, squeezed = hashlib.sha256(), target.with_name(f"{target.name}.packed")
    writing = squeezed if said["packed"] else target
    try:
        with source.open("rb") as file, writing.open("xb") as out:
            for data in _pieces(file, key):
                out.write(data)
        if said["packed"]:
            with gzip.open(squeezed, "rb") as packed, target.open("xb") as out:
                shutil.copyfileobj(packed, out, READ)
    except FileNotFoundError as error:
        raise Refused(f"备份里缺少 {source.name}") from error
    except (OSError, EOFError) as error:
        raise Refused(f"{source.name} 解不开，备份已损坏（{error}）") from error
    finally:
        squeezed.unlink(missing_ok=True)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return bool(digest.hexdigest() == said["sha256"])


def _put_file(pool: Path, place: Path, stored: Stored, key: Key | None, proof: Proof) -> int:
    """Restore one file; returns 1 when it is there and sound."""
    target = place / stored.path
    if place not in target.resolve().parents:
        raise Refused(f"清单中的路径 {stored.path} 指向目录之外，备份不可信")
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with (pool / pooled(stored.sha256)).open("rb") as file, target.open("xb") as out:
            for data in _pieces(file, key):
                digest.update(data)
                out.write(data)
    except FileNotFoundError:
        proof.bad(f"备份里缺少附件 {stored.path}")
        return 0
    except Refused as error:
        proof.bad(f"附件 {stored.path}：{error}")
        return 0
    if digest.hexdigest() != stored.sha256:
        proof.bad(f"附件 {stored.path} 的内容与清单不符")
        return 0
    return 1


def _write_key(source: Path, target: Path, key: Key | None) -> None:
    with source.open("rb") as file:
        value = b"".join(_pieces(file, key))
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(value)


def _compare(contents: Manifest, place: Path, url: str, proof: Proof) -> None:
    """Rows, and on PostgreSQL digests, of every table against the list of contents."""
    if url:
        with psycopg.connect(url) as restored:
            tables = engines.pg_tables(restored)
    else:
        path = place / "bihuan.sqlite3"
        if place == Path(settings.DATA_DIR):
            path = Path(connection.settings_dict["NAME"])
        if problem := engines.sqlite_problem(path):
            proof.bad(f"SQLite 自检发现问题：{problem}")
        with closing(sqlite3.connect(path)) as restored_file:
            tables = engines.sqlite_tables(restored_file)
    before = proof.wrong
    for name in sorted(contents.tables.keys() | tables.keys()):
        expected, found = contents.tables.get(name), tables.get(name)
        if expected is None or found is None:
            proof.bad(f"表 {name} {'多出' if expected is None else '缺失'}")
        elif expected["rows"] != found["rows"]:
            proof.bad(f"表 {name} 应有 {expected['rows']} 行，恢复出 {found['rows']} 行")
        elif expected["digest"] != found["digest"]:
            proof.bad(f"表 {name} 的内容与备份时不符")
    if proof.wrong == before:
        how = "行数、内容摘要" if url else "行数"
        proof.good(f"{len(tables)} 张表、{contents.rows} 行，{how}逐表相符")


def _check_inside(contents: Manifest, place: Path, url: str, proof: Proof) -> None:
    """Let the restored installation verify its own record and figures, with this program and today's keys."""
    known = {(app, name) for app, name in MigrationLoader(None).disk_migrations}
    newer = [f"{app}.{name}" for app, name in contents.migrations if (app, name) not in known]
    if newer:
        proof.good(f"备份来自更新的版本（有 {newer[0]} 等），记录和统计的核验须用那个版本做，此次未做")
        return
    if contents.field_key_id != field_key_id():
        proof.bad(f"现在的字段密钥不是备份时的那一把（编号 {contents.field_key_id}），手机号等打不开")
    environment = _environment(place, url)
    steps = [("升级表结构", ["manage", "migrate", "--no-input", "--verbosity", "0"])]
    steps.append(("审计记录核验", ["audit", "verify", "--files"]))
    steps.append(("统计核验", ["tally", "verify"]))
    for title, arguments in steps:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "bihuan.config.cli", *arguments],
            env=environment, capture_output=True, text=True, timeout=HOURS_TO_CHECK, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            said = done.stdout.strip().splitlines()
            proof.good(f"{title}通过{f'：{said[0]}' if said else ''}")
        else:
            proof.bad(f"{title}未通过：{(done.stdout + done.stderr).strip()[-300:]}")


def _environment(place: Path, url: str) -> dict[str, str]:
    """Our own environment pointed at the scratch copy, with the keys in force, wherever they come from."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DATABASE_REPLICA_URL", "PROMETHEUS_MULTIPROC_DIR", "BIHUAN_LOG_FILE"}
    }
    environment |= {
        "BIHUAN_DATA": str(place),
        "BIHUAN_SECRET_KEY": settings.SECRET_KEY,
        "BIHUAN_FIELD_KEY": settings.BIHUAN_FIELD_KEY,
        "BIHUAN_BLIND_KEY": settings.BIHUAN_BLIND_KEY,
        "BIHUAN_FIELD_OLD_KEYS": ",".join(settings.BIHUAN_FIELD_OLD_KEYS),
        "DJANGO_SETTINGS_MODULE": "bihuan.config.settings",
    }
    return environment | ({"DATABASE_URL": url} if url else {})


def _note(directory: Path, proof: Proof) -> None:
    """Beside the backup always; in the installation when it is the one the backup was taken from."""
    now = timezone.now()
    result = "通过" if proof.is_clean else f"{proof.wrong} 处问题"
    if proof.is_clean:
        (directory / PROVED).write_text(
            json.dumps({"at": now.isoformat(), "lines": proof.lines}, ensure_ascii=False, indent=1)
        )
    else:
        (directory / PROVED).unlink(missing_ok=True)
    row = Backup.objects.filter(name=directory.name, status=Backup.Status.DONE).order_by("-id").first()
    if row is None:
        return
    row.verified_at, row.verification = (now if proof.is_clean else None), result
    with transaction.atomic():
        row.save(update_fields=["verified_at", "verification"])
        record("operations.drill", row, by=service_user(), summary=f"恢复演练 {row.name}：{result}")
