"""The list of what the archive holds. A file that is not on it does not exist for any reader.

Replacing `manifest.json` is the one moment at which new files begin to count: a run that dies before it leaves
files nobody reads, which the next run removes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from bihuan.core.errors import Refused

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class ArchiveFile:
    """One Parquet file: where, of which stream, which ids and days, and the hash it must keep."""

    path: str
    data: str
    stream: str
    region: str
    month: str
    rows: int
    low: int
    high: int
    first_day: str
    last_day: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Batch:
    """A stretch of ids `low < id <= high` that was read at one go: how many rows the database had, and when."""

    stream: str
    low: int
    high: int
    rows: int
    on: str


@dataclass
class Manifest:
    """The whole list. `watermarks`: per stream the highest id read; `verified`/`dropped`: "stream month" → day."""

    files: list[ArchiveFile] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    watermarks: dict[str, int] = field(default_factory=dict)
    verified: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    written_at: str = ""

    def of(self, stream: str) -> list[ArchiveFile]:
        return [file for file in self.files if file.stream == stream]

    def rows(self, stream: str) -> int:
        return sum(file.rows for file in self.of(stream))

    def wanted(self, data: str, *, region: str = "", last_day: str = "") -> list[ArchiveFile]:
        """The files that can hold rows under a region up to a day (earlier days always count: stocks need them)."""
        city = region[:4]
        return [
            file
            for file in self.files
            if file.data == data
            and (file.region == "all" or file.region.startswith(city))
            and (not last_day or file.first_day <= last_day)
        ]

    @property
    def generation(self) -> str:
        """Changes whenever any file does: what answers may be kept by."""
        listed = "".join(sorted(file.sha256 for file in self.files))
        return hashlib.sha256(listed.encode()).hexdigest()[:16]


def load(root: Path) -> Manifest:
    """Read the list; an archive that was never written is an empty one. Raises Refused for a damaged list."""
    path = root / NAME
    if not path.exists():
        return Manifest()
    try:
        raw = json.loads(path.read_text("utf-8"))
        if raw.pop("format") != FORMAT:
            raise Refused(f"归档清单 {path} 的版式不是本版软件所写，请用写入它的版本读取")
        raw["files"] = [ArchiveFile(**each) for each in raw["files"]]
        raw["batches"] = [Batch(**each) for each in raw["batches"]]
        return Manifest(**raw)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"归档清单 {path} 已损坏，请从备份恢复后再归档") from error


def save(root: Path, manifest: Manifest) -> None:
    """Put the list in place at once, on disk before it counts."""
    text = json.dumps({"format": FORMAT} | asdict(manifest), ensure_ascii=False, indent=1)
    temporary = root / f"{NAME}.tmp"
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, root / NAME)
    sync_directory(root)


def sync_directory(path: Path) -> None:
    """Make a rename inside a directory last through a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def only_one(root: Path) -> Iterator[None]:
    """One writer at a time, across processes. Raises Refused when another is at work."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (root / ".lock").open("w") as handle:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise Refused("归档正在另一个进程中进行，请等它结束") from error
        yield


def unlisted(root: Path, manifest: Manifest) -> list[Path]:
    """Parquet files on disk that no list names: left behind by a run that died."""
    known = {file.path for file in manifest.files}
    return [path for path in sorted(root.glob("*/**/*.parquet")) if str(path.relative_to(root)) not in known]


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def merged(batches: Iterable[Batch], before: str) -> list[Batch]:
    """Neighbouring stretches read before a day become one: the list must not grow with every night."""
    result: list[Batch] = []
    for batch in sorted(batches, key=lambda each: (each.stream, each.low)):
        last = result[-1] if result else None
        if (
            last
            and last.stream == batch.stream
            and last.high == batch.low
            and max(last.on, batch.on) < before
        ):
            result[-1] = Batch(last.stream, last.low, batch.high, last.rows + batch.rows, batch.on)
        else:
            result.append(batch)
    return result
