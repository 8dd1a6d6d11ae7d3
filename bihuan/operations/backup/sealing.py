"""Backups under a key: AES-256-GCM in pieces of one mebibyte, so that files of any size pass in constant memory.

A sealed file is MAGIC, eight random bytes, then the pieces. Piece n is encrypted under nonce = random bytes + n and
vouches for whether it is the last, so that cutting the end off, or exchanging pieces, does not go unnoticed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bihuan.core.errors import Refused

MAGIC = b"BHSEAL1\n"
PIECE = 1024 * 1024
TAG = 16


class Key:
    """The key of a backup; `id` names it without giving anything away."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.id = hashlib.sha256(b"bihuan.backup-key-id" + raw).hexdigest()[:8]
        self.cipher = AESGCM(raw)

    def stamp(self, content: bytes) -> str:
        """A keyed digest: nobody without the key can change the list of contents unnoticed."""
        return hmac.new(self.raw, content, hashlib.sha256).hexdigest()


def new_key(path: Path) -> Key:
    """Make a key file (mode 0600). Raises Refused when the file is there already."""
    raw = secrets.token_bytes(32)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refused(f"{path} 已存在，没有覆盖；旧备份还要用它打开") from error
    with os.fdopen(handle, "w") as file:
        file.write(base64.urlsafe_b64encode(raw).decode("ascii") + "\n")
    return Key(raw)


def read_key(path: Path) -> Key:
    """The key in a file made by `new_key`. Raises Refused with what is wrong."""
    try:
        raw = base64.urlsafe_b64decode(path.read_text("ascii").strip())
    except OSError as error:
        raise Refused(f"读不到备份密钥文件 {path}（{error.strerror}）") from error
    except ValueError as error:
        raise Refused(f"{path} 不是备份密钥文件，请用 bihuan backup --new-key 生成") from error
    if len(raw) != 32:
        raise Refused(f"{path} 不是备份密钥文件：应为 32 字节，现为 {len(raw)} 字节")
    return Key(raw)


class Writes(Protocol):
    """Whatever takes bytes."""

    def write(self, data: bytes, /) -> int: ...


class SealingWriter:
    """Write plain bytes in, sealed bytes come out in `file`. `close` writes the last piece; it does not close `file`."""

    def __init__(self, file: Writes, key: Key) -> None:
        self._file, self._key = file, key
        self._prefix = secrets.token_bytes(8)
        self._number = 0
        self._waiting = bytearray()
        file.write(MAGIC + self._prefix)

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._piece(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(data)

    def close(self) -> None:
        self._piece(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _piece(self, data: bytes, *, last: bool) -> None:
        nonce = self._prefix + self._number.to_bytes(4, "big")
        self._file.write(self._key.cipher.encrypt(nonce, data, b"\x01" if last else b"\x00"))
        self._number += 1


def unsealed(file: BinaryIO, key: Key) -> Iterator[bytes]:
    """The plain pieces of a sealed file. Raises Refused when the key is wrong or a byte was changed or cut off."""
    if file.read(len(MAGIC)) != MAGIC:
        raise Refused("不是加密的备份文件")
    prefix, number = file.read(8), 0
    piece = file.read(PIECE + TAG)
    while piece:
        following = file.read(PIECE + TAG)
        nonce = prefix + number.to_bytes(4, "big")
        try:
            yield key.cipher.decrypt(nonce, piece, b"\x00" if following else b"\x01")
        except InvalidTag as error:
            raise Refused("备份文件打不开：密钥不对，或文件被改动、截断") from error
        piece, number = following, number + 1
    if not number:
        raise Refused("备份文件打不开：文件被截断")
