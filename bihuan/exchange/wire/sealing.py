"""A file carried by hand is sealed to its receiver: whoever finds the disk reads nothing (X25519, HKDF, AES-256-GCM)."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import BadPackage
from .keys import PrivateKeys, PublicKeys, sealing_key

MAGIC = b"BIHUAN SEALED 1\n"
POINT, NONCE = 32, 12


def is_sealed(data: bytes) -> bool:
    return data.startswith(MAGIC)


def seal_to(data: bytes, receiver: PublicKeys) -> bytes:
    """The bytes, readable by the holder of the receiver's keys alone."""
    once = X25519PrivateKey.generate()
    point = once.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    theirs = sealing_key(receiver)
    head, nonce = MAGIC + point, os.urandom(NONCE)
    return head + nonce + _cipher(once, theirs, point).encrypt(nonce, data, head)


def unseal_with(data: bytes, keys: Iterable[PrivateKeys]) -> bytes:
    """What was sealed to one of our keys. Raises BadPackage when none opens it or it was changed."""
    start = len(MAGIC) + POINT
    head, point, nonce = data[:start], data[len(MAGIC) : start], data[start : start + NONCE]
    if not is_sealed(data) or len(data) < start + NONCE + 16:
        raise BadPackage("文件不完整，请重新拷贝")
    theirs = X25519PublicKey.from_public_bytes(point)
    for own in keys:
        try:
            return _cipher(own.opening(), theirs, point).decrypt(nonce, data[start + NONCE :], head)
        except (InvalidTag, ValueError):  # ValueError: a point with which no secret can be agreed
            continue
    raise BadPackage("文件不是密封给本系统的，或者被改动过，请核对后让对方重新导出")


def _cipher(own: X25519PrivateKey, theirs: X25519PublicKey, point: bytes) -> AESGCM:
    secret = HKDF(hashes.SHA256(), 32, salt=point, info=b"bihuan.exchange.seal")
    return AESGCM(secret.derive(own.exchange(theirs)))
