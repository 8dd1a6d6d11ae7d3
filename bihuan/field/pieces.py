"""Photos that arrive in pieces: appended durably, compared with their digest, then taken in like any upload."""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from bihuan.accounts.models import User
from bihuan.attachments import storage
from bihuan.attachments.actions import store_upload
from bihuan.attachments.errors import UploadRefused
from bihuan.attachments.models import Attachment

MOST_PIECE = 1024 * 1024


class Misplaced(Exception):
    """The piece does not begin where the last one ended; `offset` is where to go on."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"应从 {offset} 字节处继续")


class Damaged(UploadRefused):
    """What arrived is not what was sent: the parts are gone, the phone begins anew."""


@dataclass(frozen=True)
class Progress:
    """How far an upload is; `stored` once it is an attachment."""

    offset: int
    stored: bool
    is_new: bool = False


def progress_of(photo_id: uuid.UUID, *, by: User) -> Progress:
    """Where to go on. Raises UploadRefused when the id is another person's."""
    known = Attachment.objects.filter(pk=photo_id).values_list("uploaded_by", "size").first()
    if known is None:
        return Progress(_size(_path(photo_id, by)), False)
    if known[0] != by.pk:
        raise UploadRefused("这个编号已用于别人的照片，请重新拍照")
    return Progress(known[1], True)


def take_piece(
    photo_id: uuid.UUID, data: bytes, *, offset: int, length: int, sha256: str, name: str, by: User
) -> Progress:
    """Append one piece; with the last one the photo is checked and stored under its id.

    Raises Misplaced when it does not fit, Damaged when the whole has another SHA-256, UploadRefused when it is too
    large or no picture. The same piece sent twice is Misplaced the second time and changes nothing.
    """
    _check_size(length, data, offset)
    known = progress_of(photo_id, by=by)
    if known.stored:
        return known
    path = _path(photo_id, by)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        # A piece whose first sender has given up may still be on its way through another process.
        fcntl.flock(file, fcntl.LOCK_EX)
        have = os.fstat(file.fileno()).st_size
        if have > length:
            # Parts of something else under this id: no piece could ever follow them.
            file.truncate(0)
            have = 0
        if have != offset:
            raise Misplaced(have)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        if have + len(data) < length:
            return Progress(have + len(data), False)
        file.seek(0)
        whole = file.read()
        return _finished(photo_id, path, whole, sha256=sha256, name=name, by=by)


def _finished(photo_id: uuid.UUID, path: Path, whole: bytes, *, sha256: str, name: str, by: User) -> Progress:
    try:
        if hashlib.sha256(whole).hexdigest() != sha256.lower():
            raise Damaged("照片在传输中损坏，将自动重传")
        file = SimpleUploadedFile(name or "现场.jpg", whole)
        store_upload(file, by=by, kind=Attachment.Kind.IMAGE, client_id=photo_id)
    except UploadRefused:
        path.unlink(missing_ok=True)
        raise
    # Only now: until the attachment is committed the parts are the only copy on this side.
    path.unlink(missing_ok=True)
    return Progress(len(whole), True, is_new=True)


def _check_size(length: int, data: bytes, offset: int) -> None:
    limit = settings.UPLOAD_MAX_BYTES
    if length > limit:
        raise UploadRefused(f"照片 {length / 1048576:.1f} MB，超过 {limit // 1048576} MB 上限，请重新拍照")
    if len(data) > MOST_PIECE or offset + len(data) > length or not (data or length == offset):
        raise UploadRefused("分段长度不正确，请更新程序后重传")


def _path(photo_id: uuid.UUID, by: User) -> Path:
    """Beside other files on their way in, where the cleaner finds what nobody ever finished."""
    return storage.root() / storage.INCOMING / f"field-{by.pk}-{photo_id}"


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def limit() -> int:
    """The most bytes a photo may have."""
    size: int = settings.UPLOAD_MAX_BYTES
    return size
