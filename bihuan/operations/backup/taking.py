"""Taking a backup while people work: the database first, as one state; then every file that state names.

Files are written before the row that names them and never change, so this order misses none. They go into a pool all
backups of a directory share: a file is copied once, however many backups need it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import os
import shutil
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from bihuan.accounts.queries import service_user
from bihuan.archive import manifest as archive
from bihuan.attachments.storage import thumbnail_path
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.core.fields import seal
from bihuan.operations.models import Backup
from bihuan.operations.version import version

from . import engines, manifest
from .manifest import FILES, KEYS, NAME, POOL, Manifest, Stored
from .rotation import keepers
from .sealing import Key, SealingWriter

READ = 1024 * 1024
# Below the data directory: what the retention round put aside, and the history written as Parquet.
RETAINED, ARCHIVE = "retained", "archive"
UNFINISHED = ".unfinished-"


@dataclass
class Outcome:
    """A finished backup: where it lies, its list of contents, and what a person should know about it."""

    directory: Path
    manifest: Manifest
    warnings: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def take(
    place: Path, *, key: Key | None = None, with_keys: bool = False, keep: Sequence[int] | None = None
) -> Outcome:
    """Take one backup into `place` and, with `keep` (daily, weekly, monthly), let old ones go.

    Raises Refused when another backup is being taken there, when the place is unfit, or when a file that a row names
    is gone (the backup is finished all the same, so that nothing else is lost, and `missing` names the files).
    """
    place = place.resolve()
    _check_place(place)
    with _alone_in(place):
        started = timezone.now()
        row = Backup.objects.create(
            name=_free_name(place, started),
            place=str(place)[:300],
            engine=connection.vendor,
            started_at=started,
        )
        try:
            outcome = _take(place, row, key=key, with_keys=with_keys)
            if keep is not None:
                outcome.removed = prune(place, keep)
        except BaseException as error:
            said = str(error) if isinstance(error, Refused) else type(error).__name__
            Backup.objects.filter(pk=row.pk).update(
                status=Backup.Status.FAILED, finished_at=timezone.now(), message=said[:300]
            )
            raise
        _note(row, outcome)
    return outcome


def _free_name(place: Path, started: dt.datetime) -> str:
    """The second of `started`, or the next one no backup there is called by yet."""
    while (place / (name := started.astimezone(dt.UTC).strftime(NAME))).exists():
        started += dt.timedelta(seconds=1)
    return name


def field_key_id() -> str:
    """Which key seals personal fields now: a sealed value carries its id."""
    return seal("?").split(".")[1]


def _take(place: Path, row: Backup, *, key: Key | None, with_keys: bool) -> Outcome:
    work = place / f"{UNFINISHED}{row.name}"
    work.mkdir(mode=0o700)
    contents = Manifest(
        name=row.name,
        product=version(),
        engine=connection.vendor,
        started_at=row.started_at.isoformat(),
        key_id=key.id if key else "",
        field_key_id=field_key_id(),
        has_keys=with_keys,
    )
    outcome = Outcome(place / row.name, contents)
    plain = work / "database.plain"
    with _snapshot(plain) as snapshot:
        contents.server, contents.tables = snapshot.server, snapshot.tables
        contents.migrations = snapshot.migrations()
        packed = connection.vendor == "sqlite"  # pg_dump packs by itself
        contents.database = pack(plain, work / "database", key=key, packed=packed)
        pool = place / (f"{POOL}-{key.id}" if key else POOL)
        _copy_files(work, pool, snapshot, key, outcome)
    plain.unlink()
    if with_keys:
        _copy_keys(work, key, outcome)
    contents.finished_at = timezone.now().isoformat()
    contents.write(work, key)
    work.rename(outcome.directory)
    _sync(place)
    return outcome


def _snapshot(target: Path) -> contextlib.AbstractContextManager[engines.Snapshot]:
    if connection.vendor == "sqlite":
        return engines.sqlite_snapshot(Path(connection.settings_dict["NAME"]), target)
    return engines.pg_snapshot(engines.pg_url(connection.settings_dict), target)


def pack(source: Path, target: Path, *, key: Key | None, packed: bool) -> dict[str, object]:
    """Write a file packed (gzip) and sealed as asked; returns what the manifest says of it."""
    plain, stored = hashlib.sha256(), _Hashing(target)
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31) if packed else None
    with source.open("rb") as file, stored:
        out = SealingWriter(stored, key) if key else stored
        size = 0
        while data := file.read(READ):
            plain.update(data)
            size += len(data)
            out.write(squeeze.compress(data) if squeeze else data)
        if squeeze:
            out.write(squeeze.flush())
        if isinstance(out, SealingWriter):
            out.close()
    return {
        "file": target.name,
        "packed": packed,
        "bytes": size,
        "sha256": plain.hexdigest(),
        "stored_bytes": stored.size,
        "stored_sha256": stored.digest.hexdigest(),
    }


class _Hashing:
    """A new file that is hashed as it is written and on the disk when the block ends."""

    def __init__(self, path: Path) -> None:
        self._path, self.digest, self.size = path, hashlib.sha256(), 0

    def __enter__(self) -> _Hashing:
        self._file: BinaryIO = self._path.open("xb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)


def _copy_files(
    work: Path, pool: Path, snapshot: engines.Snapshot, key: Key | None, outcome: Outcome
) -> None:
    """Bring every file the snapshot names into the pool and list it; thumbnails and retained records come along."""
    listing, total, count = hashlib.sha256(), 0, 0
    with (work / FILES).open("wb") as out:
        for stored in _wanted(snapshot, outcome):
            line = stored.line().encode()
            if _into_pool(pool, stored, key, outcome):
                out.write(line)
                listing.update(line)
                total, count = total + stored.size, count + 1
    outcome.manifest.files = {"count": count, "bytes": total, "list_sha256": listing.hexdigest()}


def _wanted(snapshot: engines.Snapshot, outcome: Outcome) -> Iterator[Stored]:
    seen = ""
    for path, sha256, size in snapshot.attachments():
        if path == seen:  # the same bytes uploaded twice lie in one place
            continue
        seen = path
        yield Stored(sha256, size, f"files/{path}")
        thumbnail = f"files/{thumbnail_path(path)}"
        if (settings.DATA_DIR / thumbnail).is_file():
            yield _as_found(thumbnail)
    yield from _below(RETAINED)
    if (settings.DATA_DIR / ARCHIVE).is_dir():
        try:
            with archive.only_one(settings.DATA_DIR / ARCHIVE):
                yield from _below(ARCHIVE)
        except Refused:
            outcome.warnings.append("历史归档正在写入，这份备份没有带上它；下一份会带上")
    if Path(settings.ARCHIVE_DIR).resolve() != (Path(settings.DATA_DIR) / ARCHIVE).resolve():
        outcome.warnings.append(f"历史归档在 {settings.ARCHIVE_DIR}，不在数据目录里，请另行备份")


def _below(directory: str) -> Iterator[Stored]:
    for file in sorted((settings.DATA_DIR / directory).rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            yield _as_found(file.relative_to(settings.DATA_DIR).as_posix())


def _as_found(path: str) -> Stored:
    with (settings.DATA_DIR / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Stored(digest, file.tell(), path)


def _into_pool(pool: Path, stored: Stored, key: Key | None, outcome: Outcome) -> bool:
    """Copy one file unless the pool has it. Content that is not what its row says is named and left out."""
    target = pool / manifest.pooled(stored.sha256)
    if target.exists() and (key or target.stat().st_size == stored.size):
        return True
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming = target.with_name(f".{uuid.uuid4().hex}")
    try:
        said = pack(settings.DATA_DIR / stored.path, incoming, key=key, packed=False)
    except FileNotFoundError:
        outcome.missing.append(f"{stored.path} 不在")
        return False
    if said["sha256"] != stored.sha256:
        incoming.unlink()
        outcome.missing.append(f"{stored.path} 的内容与登记的摘要不符")
        return False
    incoming.replace(target)
    return True


def _copy_keys(work: Path, key: Key | None, outcome: Outcome) -> None:
    directory = work / KEYS
    directory.mkdir(mode=0o700)
    for name, value in (("secret.key", settings.SECRET_KEY), ("field.key", settings.BIHUAN_FIELD_KEY)):
        source = directory / f".{name}"
        source.write_text(value)
        pack(source, directory / name, key=key, packed=False)
        source.unlink()
        (directory / name).chmod(0o600)
    if key is None:
        outcome.warnings.append("密钥与数据放在了一起，而且没有加密：拿到这份备份的人能读出全部手机号")


# --- the place ---------------------------------------------------------------------------------------


def _check_place(place: Path) -> None:
    data = Path(settings.DATA_DIR).resolve()
    if place == data or data in place.parents:
        raise Refused(f"备份目录 {place} 在数据目录里面，数据目录坏了备份也没了；请换一处")
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Refused(f"建不了备份目录 {place}（{error.strerror}）") from error


@contextlib.contextmanager
def _alone_in(place: Path) -> Iterator[None]:
    """One backup at a time; what an interrupted one left behind is taken away."""
    with (place / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"{place} 正在进行另一次备份，请等它完成") from error
        for left in place.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left)
        Backup.objects.filter(place=str(place)[:300], status=Backup.Status.RUNNING).update(
            status=Backup.Status.FAILED, finished_at=timezone.now(), message="中断，没有完成"
        )
        yield


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _note(row: Backup, outcome: Outcome) -> None:
    contents = outcome.manifest
    row.status = Backup.Status.DONE
    row.finished_at = timezone.now()
    row.rows, row.files = contents.rows, contents.files["count"]
    row.size = int(contents.database["stored_bytes"]) + contents.files["bytes"]
    row.is_encrypted, row.has_keys = bool(contents.key_id), contents.has_keys
    row.message = f"{len(outcome.missing)} 个附件缺失或不符" if outcome.missing else ""
    with transaction.atomic():
        row.save()
        record(
            "operations.backup",
            row,
            by=service_user(),
            summary=f"备份 {row.name}：{row.rows} 行、{row.files} 个附件{'，已加密' if row.is_encrypted else ''}",
        )
        if outcome.removed:
            Backup.objects.filter(name__in=outcome.removed, place=row.place).update(is_gone=True)
            record(
                "operations.prune",
                row,
                by=service_user(),
                summary=f"按保留份数删除旧备份 {len(outcome.removed)} 份",
            )


def prune(place: Path, keep: Sequence[int]) -> list[str]:
    """Delete backups beyond the kept counts and pool files nobody needs any more; returns the names that went.

    The last one that was proved restorable always stays.
    """
    daily, weekly, monthly = keep
    present = manifest.backups_in(place)
    moments = {path: manifest.moment_of(path.name) for path in present}
    kept = keepers(
        [moment for moment in moments.values() if moment], daily=daily, weekly=weekly, monthly=monthly
    )
    proved = [path for path in present if (path / manifest.PROVED).exists()][-1:]
    going = [path for path in present if moments[path] not in kept and path not in proved]
    for path in going:
        shutil.rmtree(path)
    if going:
        needed = {each for path in present if path not in going for each in manifest.needed(path)}
        for pool in place.glob(f"{POOL}*"):
            for file in pool.rglob("*"):
                if file.is_file() and file.relative_to(pool).as_posix() not in needed:
                    file.unlink()
    return [path.name for path in going]
