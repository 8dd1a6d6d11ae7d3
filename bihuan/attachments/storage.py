"""Where bytes lie: DATA_DIR/files/ab/cd/<sha256>.<ext>, thumbnails beside them. Written whole or not at all."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.core.files.storage import FileSystemStorage, default_storage

INCOMING = "incoming"
_NAME = re.compile(r"^(?:thumbnails/)?[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,8}$")
HOUR = 3600


def root() -> Path:
    """The directory of all stored files."""
    if not isinstance(default_storage, FileSystemStorage) and not hasattr(default_storage, "location"):
        raise RuntimeError("attachments need a storage in the file system")
    return Path(default_storage.location)


def path_for(sha256: str, extension: str) -> str:
    """The relative path of content with this digest: the same bytes always lie in the same place."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}.{extension}"


def thumbnail_path(path: str) -> str:
    """Where the thumbnail of the file at `path` lies."""
    return f"thumbnails/{path.rpartition('.')[0]}.jpg"


def absolute(path: str) -> Path:
    """The file at a stored path. Raises ValueError for anything that was not made by `path_for`."""
    if not _NAME.match(path):
        raise ValueError("not a stored path")
    return root() / path


def write(path: str, data: bytes) -> None:
    """Write a file durably: under a unique name first, then in its place, so that nobody ever reads half of it.

    Runs before the database commits; what a rolled-back transaction leaves behind is taken away by `orphans`.
    """
    target = absolute(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming = root() / INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    temporary = incoming / uuid.uuid4().hex
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # Also when the same bytes are there already: the fresh date keeps the cleaner away until we commit.
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: str) -> bytes:
    """The bytes at a stored path. Raises FileNotFoundError when they are gone."""
    return absolute(path).read_bytes()


def stored_files(*, older_than_hours: float) -> Iterator[str]:
    """Relative paths of everything stored longer ago than that, temporary files included."""
    base, limit = root(), time.time() - older_than_hours * HOUR
    if not base.exists():
        return
    for file in base.rglob("*"):
        try:
            if file.is_file() and file.stat().st_mtime < limit:
                yield file.relative_to(base).as_posix()
        except FileNotFoundError:
            continue  # taken away meanwhile
