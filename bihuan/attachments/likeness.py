"""Photos that look alike, found among all that are stored (U11).

Every process keeps the 64-bit perceptual hashes of all photos in one array and compares a new one with all of them:
XOR and population count, exact, about a millisecond for a million (bench/likeness.py). The array holds hashes and
nothing else; whose they are is asked of the database for the few that are near. What came in since the last question
is read first, by the time of upload. Memory: 8 bytes a photo.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db.models import Max

from .images import distance
from .models import Attachment

FIRST_CAPACITY = 4096
# Uploads become visible when their transaction commits, not in the order of their time stamps.
OVERLAP = dt.timedelta(minutes=10)
MOST_MATCHES = 200
CHUNK = 50_000
_BITS = (1 << 64) - 1


@dataclass(frozen=True)
class Match:
    """A stored photo and in how many of 64 bits it differs from the one asked about."""

    attachment: uuid.UUID
    bits: int


class HashIndex:
    """Signed 64-bit hashes in an array that grows; `add` and `within` may be called from several threads."""

    def __init__(self) -> None:
        self._hashes = np.empty(FIRST_CAPACITY, dtype=np.uint64)
        self._count = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def add(self, values: Iterable[int]) -> None:
        """Put hashes in; one that is there already does no harm."""
        new = np.fromiter(values, dtype=np.int64).view(np.uint64)
        if not len(new):
            return
        with self._lock:
            end = self._count + len(new)
            if end > len(self._hashes):
                # A new array, so that a search under way goes on with the old one.
                grown = np.empty(max(end, 2 * len(self._hashes)), dtype=np.uint64)
                grown[: self._count] = self._hashes[: self._count]
                self._hashes = grown
            self._hashes[self._count : end] = new
            self._count = end

    def within(self, value: int, radius: int) -> list[int]:
        """The hashes that differ from `value` in at most `radius` bits, each once, the nearest first (at most 200)."""
        with self._lock:
            hashes, count = self._hashes, self._count
        differing: npt.NDArray[np.uint8] = np.bitwise_count(hashes[:count] ^ np.uint64(value & _BITS))
        near = np.unique(hashes[:count][differing <= radius]).view(np.int64)
        return sorted(near.tolist(), key=lambda each: (distance(each, value), each))[:MOST_MATCHES]


class PhotoStore:
    """The index of all stored photos, brought up to date from the database before every question."""

    def __init__(self) -> None:
        self._index = HashIndex()
        self._until: dt.datetime | None = None
        self._recent: set[int] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._index)

    def refresh(self) -> None:
        """Read the hashes of what was uploaded since the last time, from the index of newest photos alone."""
        photos = Attachment.objects.filter(
            kind=Attachment.Kind.IMAGE, perceptual_hash__isnull=False
        ).order_by()
        with self._lock:
            if self._until is None:
                # The newest first: what is uploaded while the rest is read lies after it.
                self._until = photos.aggregate(at=Max("uploaded_at"))["at"]
                self._index.add(
                    value or 0
                    for value in photos.values_list("perceptual_hash", flat=True).iterator(chunk_size=CHUNK)
                )
                return
            rows = list(
                photos.filter(uploaded_at__gte=self._until - OVERLAP).values_list(
                    "perceptual_hash", "uploaded_at"
                )
            )
            found = {value or 0 for value, _ in rows}
            self._index.add(found - self._recent)
            self._recent = found
            self._until = max([self._until, *(at for _, at in rows)])

    def alike(self, values: Iterable[int], radius: int) -> list[list[Match]]:
        """For every hash the stored photos within `radius` bits of it, itself among them if it is stored.

        The nearest first, the earlier before the later.
        """
        self.refresh()
        return [self._owners(value, self._index.within(value, radius)) for value in values]

    def _owners(self, value: int, near: list[int]) -> list[Match]:
        if not near:
            return []
        rows = Attachment.objects.filter(kind=Attachment.Kind.IMAGE, perceptual_hash__in=near)
        found = rows.order_by("uploaded_at", "pk").values_list("pk", "perceptual_hash")[:MOST_MATCHES]
        matches = [Match(pk, distance(own or 0, value)) for pk, own in found]
        return sorted(matches, key=lambda each: each.bits)


_store = PhotoStore()


def alike(values: Iterable[int], radius: int) -> list[list[Match]]:
    """Ask this process's index of all photos; see `PhotoStore.alike`."""
    return _store.alike(values, radius)


def forget() -> None:
    """Start over with an empty index: for a database that was exchanged (tests, restore)."""
    global _store
    _store = PhotoStore()
