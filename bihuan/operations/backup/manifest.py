"""The list of contents of a backup: what is inside, how much of it, by which digests it is recognized."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bihuan.core.errors import Refused

from .sealing import Key

FORMAT = 1
MANIFEST, STAMP, FILES, KEYS, PROVED = "manifest.json", "manifest.stamp", "files.txt", "keys", "verified.json"
POOL = "pool"
NAME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Stored:
    """One stored attachment: path below `files/`, size and SHA-256 of its plain bytes."""

    sha256: str
    size: int
    path: str

    def line(self) -> str:
        return f"{self.sha256} {self.size} {self.path}\n"


@dataclass
class Manifest:
    """Counts and digests are of the plain content, before packing and sealing."""

    name: str
    product: str
    engine: str
    started_at: str
    finished_at: str = ""
    server: str = ""
    migrations: list[list[str]] = field(default_factory=list)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    database: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)
    key_id: str = ""
    field_key_id: str = ""
    has_keys: bool = False
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(table["rows"] for table in self.tables.values())

    def write(self, directory: Path, key: Key | None) -> None:
        content = json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True).encode()
        (directory / MANIFEST).write_bytes(content)
        (directory / STAMP).write_text(_stamp(content, key) + "\n")


def _stamp(content: bytes, key: Key | None) -> str:
    return f"hmac-sha256 {key.stamp(content)}" if key else f"sha256 {hashlib.sha256(content).hexdigest()}"


def load(directory: Path, key: Key | None) -> Manifest:
    """The manifest of a backup, checked against its stamp. Raises Refused with what is wrong."""
    try:
        content, stamp = (directory / MANIFEST).read_bytes(), (directory / STAMP).read_text().strip()
    except OSError as error:
        raise Refused(f"{directory} 不是一份完整的备份：没有 {MANIFEST} 或 {STAMP}") from error
    try:
        data = json.loads(content)
        manifest = Manifest(**data)
    except (ValueError, TypeError) as error:
        raise Refused(f"{directory / MANIFEST} 已损坏，读不出来") from error
    if manifest.format != FORMAT:
        raise Refused(f"备份格式为第 {manifest.format} 版，本程序只认第 {FORMAT} 版，请用备份时的版本恢复")
    if manifest.key_id and key is None:
        raise Refused("备份已加密，请用 --key 给出密钥文件")
    if manifest.key_id and key is not None and key.id != manifest.key_id:
        raise Refused(f"密钥不对：备份用的是 {manifest.key_id}，给出的是 {key.id}")
    if stamp != _stamp(content, key if manifest.key_id else None):
        raise Refused(f"{directory / MANIFEST} 与它的校验值不符，备份可能被改动")
    return manifest


def read_files(directory: Path, manifest: Manifest) -> Iterator[Stored]:
    """The attachments of a backup, in order of path. Raises Refused when the list was changed."""
    content = (directory / FILES).read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest.files["list_sha256"]:
        raise Refused(f"{directory / FILES} 与清单不符，备份可能被改动")
    for line in content.decode().splitlines():
        sha256, size, path = line.split(" ", 2)
        yield Stored(sha256, int(size), path)


def pooled(sha256: str) -> str:
    """Where content lies in a pool: by its digest, whatever it is called."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def needed(directory: Path) -> set[str]:
    """Every pool path a backup needs, whether or not its list is sound: used to decide what may go."""
    return {pooled(line.split(" ", 1)[0]) for line in (directory / FILES).read_text("utf-8").splitlines()}


def moment_of(name: str) -> dt.datetime | None:
    """When a backup was begun, by its name; None for anything that is no backup."""
    try:
        return dt.datetime.strptime(name, NAME).replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def backups_in(place: Path) -> list[Path]:
    """Finished backups below a directory, oldest first."""
    if not place.is_dir():
        return []
    return sorted(each for each in place.iterdir() if moment_of(each.name) and (each / MANIFEST).is_file())
