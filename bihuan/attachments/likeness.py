"""Photos that look alike, found among all that are stored (U11).

Every process keeps the 64-bit perceptual hashes of all photos in one array and compares a new one with all of them:
XOR and population count, exact, about a millisecond for a million (bench/likeness.py). What came in since the last
question is read first, by the time of upload. Memory: 24 bytes a photo.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .models import Attachment

FIRST_CAPACITY = 4096
# Uploads become visible when their transaction commits, not in the order of their time stamps.
OVERLAP = dt.timedelta(minutes=10)
MOST_MATCHES = 200
_SIGN = (1 << 64) - 1


@dataclass(frozen=True)
class Match:
    """A stored photo and in how many of 64 bits it differs from the one asked about."""

    attachment: uuid.UUID
    bits: int


class HashIndex:
    """The hashes of photos in an array that grows; `add` and `within` may be called from several threads."""

    def __init__(self) -> None:
        self._hashes = np.empty(FIRST_CAPACITY, dtype=np.uint64)
        self._ids = np.empty((FIRST_CAPACITY, 16), dtype=np.uint8)
        self._count = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def add(self, rows: Sequence[tuple[uuid.UUID, int]]) -> None:
        """Put photos in, each as (id, signed 64-bit hash)."""
        if not rows:
            return
        with self._lock:
            end = self._count + len(rows)
            if end > len(self._hashes):
                capacity = max(end, 2 * len(self._hashes))
                # New arrays, so that a search under way goes on with the old ones.
                hashes, ids = (
                    np.empty(capacity, dtype=np.uint64),
                    np.empty((capacity, 16), dtype=np.uint8),
                )
                hashes[: self._count], ids[: self._count] = (
                    self._hashes[: self._count],
                    self._ids[: self._count],
                )
                self._hashes, self._ids = hashes, ids
            self._hashes[self._count : end] = [value & _SIGN for _, value in rows]
            raw = b"".join(pk.bytes for pk, _ in rows)
            self._ids[self._count : end] = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 16)
            self._count = end

    def within(self, value: int, radius: int) -> list[Match]:
        """Photos that differ from a signed hash in at most `radius` bits, the most alike first (at most 200)."""
        with self._lock:
            hashes, ids, count = self._hashes, self._ids, self._count
        differing: npt.NDArray[np.uint8] = np.bitwise_count(hashes[:count] ^ np.uint64(value & _SIGN))
        places = np.flatnonzero(differing <= radius)
        places = places[np.argsort(differing[places], kind="stable")][:MOST_MATCHES]
        return [
            Match(uuid.UUID(bytes=ids[place].tobytes()), int(differing[place])) for place in places.tolist()
        ]


class PhotoStore:
    """The index of all stored photos, brought up to date from the database before every question."""

    def __init__(self) -> None:
        self._index = HashIndex()
        self._until: dt.datetime | None = None
        self._recent: set[uuid.UUID] = set()
        self._lock = threading.Lock()

    def refresh(self) -> int:
        """Read what was uploaded since the last time; returns how many photos the index now knows."""
        with self._lock:
            rows = Attachment.objects.filter(kind=Attachment.Kind.IMAGE, perceptual_hash__isnull=False)
            if self._until is not None:
                rows = rows.filter(uploaded_at__gte=self._until - OVERLAP)
            found = [
                row
                for row in rows.values_list("pk", "perceptual_hash", "uploaded_at").iterator(
                    chunk_size=20_000
                )
                if row[0] not in self._recent
            ]
            self._index.add([(pk, value) for pk, value, _ in found])
            if found:
                self._until = max([each[2] for each in found] + ([self._until] if self._until else []))
                edge = self._until - OVERLAP
                self._recent = {pk for pk, _, at in found if at >= edge} | self._recent
                if len(self._recent) > 50_000:
                    kept = Attachment.objects.filter(uploaded_at__gte=edge).values_list("pk", flat=True)
                    self._recent &= set(kept)
            return len(self._index)

    def alike(self, values: Iterable[int], radius: int) -> list[list[Match]]:
        """For every hash the stored photos within `radius` bits of it, itself among them if it is stored."""
        self.refresh()
        return [self._index.within(value, radius) for value in values]


_store = PhotoStore()


def alike(values: Iterable[int], radius: int) -> list[list[Match]]:
    """Ask this process's index of all photos; see `PhotoStore.alike`."""
    return _store.alike(values, radius)


def forget() -> None:
    """Start over with an empty index: for a database that was exchanged (tests, restore)."""
    global _store
    _store = PhotoStore()
