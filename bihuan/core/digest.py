"""Digests of what was signed (invariant 2): canonical JSON, content hashes, file hashes, Merkle trees.

The algorithm of new digests is the setting BIHUAN_HASH, 'sm3' (GB/T 32905-2016) or 'sha256'. A digest
names its algorithm ("sm3:…"), so old ones can still be verified after the setting has changed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import math
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, Literal

from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise

Side = Literal["left", "right"]
ProofStep = tuple[Side, str]  # on which side the sibling stands, and its hex digest

ALGORITHMS = ("sm3", "sha256")
CHUNK = 1024 * 1024
# Leaves and inner nodes are hashed under different prefixes (as in RFC 6962), else a node could be
# presented as a leaf.
LEAF, NODE = b"\x00", b"\x01"


def default_algorithm() -> str:
    """Return the algorithm of new digests. Raises ImproperlyConfigured on an unknown setting."""
    name: str = getattr(settings, "BIHUAN_HASH", "sm3")
    if name not in ALGORITHMS:
        raise ImproperlyConfigured(f"BIHUAN_HASH 应为 sm3 或 sha256，现为“{name}”")
    return name


def canonical_json(value: object) -> bytes:
    """Return the one byte form of ``value``: sorted keys, no spaces, UTF-8.

    Dates are ISO, aware moments ISO in UTC with microseconds, decimals text without trailing zeros, so
    that a value hashes alike before it is saved and after it was read back from either database.
    Raises TypeError for naive moments, NaN, bytes, sets and keys that are not text: none has one form.
    """
    _check_keys(value)
    return _ENCODER.encode(value).encode()


def _check_keys(value: object) -> None:
    """The encoder would turn numbers used as keys into text without a word."""
    if isinstance(value, dict):
        for key, item in value.items():
            if type(key) is not str and not isinstance(key, str):
                raise TypeError("keys of signed content must be text")
            if type(item) not in _LEAVES:
                _check_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            if type(item) not in _LEAVES:
                _check_keys(item)
    elif isinstance(value, float) and not math.isfinite(value):
        raise TypeError("NaN and infinity have no canonical form")


def _plain(value: object) -> Any:
    """The JSON form of what the encoder does not know itself."""
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise TypeError("a moment without a time zone has no canonical form")
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError("NaN and infinity have no canonical form")
        return format(value.normalize() if value else Decimal(0), "f")
    if isinstance(value, uuid.UUID | Promise):
        return str(value)
    if isinstance(value, Mapping):
        plain = dict(value)
        _check_keys(plain)
        return plain
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        plain_list = list(value)
        _check_keys(plain_list)
        return plain_list
    raise TypeError(f"{type(value).__name__} has no canonical form")


_SM3 = hashes.Hash(hashes.SM3())  # nothing is ever added to this one
_LEAVES = frozenset({str, int, bool, type(None), dt.date, dt.datetime})  # nothing to look into
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
)


def hash_bytes(data: bytes, algorithm: str | None = None) -> str:
    """Return "algorithm:hex" of ``data``; the setting's algorithm unless told."""
    name = algorithm or default_algorithm()
    return f"{name}:{_raw(data, name).hex()}"


def content_hash(value: object) -> str:
    """Return the digest of ``value`` in canonical form, "sm3:<64 hex>" by default."""
    return hash_bytes(canonical_json(value))


def matches(value: object, recorded: str) -> bool:
    """Whether ``value`` still has the digest ``recorded``, under the algorithm that digest names."""
    algorithm, _, _ = recorded.partition(":")
    if algorithm not in ALGORITHMS:
        return False
    return hmac.compare_digest(hash_bytes(canonical_json(value), algorithm), recorded)


def file_hashes(file: BinaryIO) -> dict[str, Any]:
    """Return {"sha256": hex, "sm3": hex, "size": bytes}; reads in chunks and rewinds ``file``."""
    file.seek(0)
    sha256, sm3, size = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
    while chunk := file.read(CHUNK):
        sha256.update(chunk)
        sm3.update(chunk)
        size += len(chunk)
    file.seek(0)
    return {"sha256": sha256.hexdigest(), "sm3": sm3.finalize().hex(), "size": size}


def merkle_root(leaves: Sequence[str], algorithm: str | None = None) -> str:
    """Return the root over ``leaves`` (digests or any text), in order; of no leaves, the digest of nothing."""
    name = algorithm or default_algorithm()
    if not leaves:
        return hash_bytes(b"", name)
    level = [_raw(LEAF + leaf.encode(), name) for leaf in leaves]
    while len(level) > 1:
        level = _next_level(level, name)
    return f"{name}:{level[0].hex()}"


def merkle_proof(leaves: Sequence[str], index: int, algorithm: str | None = None) -> list[ProofStep]:
    """Return the siblings from leaf ``index`` up to the root: enough to prove that leaf alone.

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} among {len(leaves)}")
    name = algorithm or default_algorithm()
    level = [_raw(LEAF + leaf.encode(), name) for leaf in leaves]
    steps: list[ProofStep] = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):  # the odd one out climbs alone
            steps.append(("left" if sibling < index else "right", level[sibling].hex()))
        level, index = _next_level(level, name), index // 2
    return steps


def verify_merkle(leaf: str, proof: Sequence[Sequence[str]], root: str) -> bool:
    """Whether ``proof`` leads from ``leaf`` to ``root``, under the algorithm ``root`` names."""
    algorithm, _, wanted = root.partition(":")
    if algorithm not in ALGORITHMS:
        return False
    node = _raw(LEAF + leaf.encode(), algorithm)
    for side, sibling in proof:
        try:
            other = bytes.fromhex(sibling)
        except ValueError:
            return False
        node = _raw(NODE + (other + node if side == "left" else node + other), algorithm)
    return hmac.compare_digest(node.hex(), wanted)


def _next_level(level: list[bytes], algorithm: str) -> list[bytes]:
    pairs = [_raw(NODE + level[i] + level[i + 1], algorithm) for i in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def _raw(data: bytes, algorithm: str) -> bytes:
    if algorithm == "sha256":
        return hashlib.sha256(data).digest()
    if algorithm == "sm3":
        digest = _SM3.copy()  # cheaper than to begin anew
        digest.update(data)
        return digest.finalize()
    raise ValueError(f"unknown digest algorithm {algorithm!r}")
