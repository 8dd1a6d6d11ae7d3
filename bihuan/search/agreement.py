"""Whether the index says what the records say, and making it so. Runs beside writers, in batches, in little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.db import connection

from .actions import entry_of, write
from .models import VECTOR, Entry, Kind
from .sources import Source, sources

BATCH = 5000
_INDEX = "search_words"
NAMED = 20


@dataclass
class Agreement:
    """How one kind stands: records read, and the keys of those missing, outdated or no longer there."""

    kind: Kind
    records: int = 0
    missing: int = 0
    outdated: int = 0
    surplus: int = 0
    named: list[int] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        return not (self.missing or self.outdated or self.surplus)

    def __str__(self) -> str:
        said = f"{self.kind.label} {self.records:,} 条"
        if self.is_exact:
            return f"{said}，索引一致"
        wrong = f"缺 {self.missing:,} 条、过时 {self.outdated:,} 条、多余 {self.surplus:,} 条"
        return f"{said}，索引{wrong}，如编号 {'、'.join(map(str, self.named))}"


@dataclass
class _Batch:
    """A stretch of keys: the entries that should be there, and what is wrong with those that are."""

    records: int
    missing: list[Entry]
    outdated: list[Entry]
    surplus: list[int]


def check() -> list[Agreement]:
    """Compare every record with its entry. Changes nothing."""
    return [_agreement(source, lambda batch: None) for source in sources()]


def rebuild(say: Callable[[str], None]) -> list[Agreement]:
    """Make every entry what it should be, and say what was wrong. Records stay in use meanwhile.

    Into an empty index rows go first and the index of words is built over them at the end: many times faster, and
    nothing could be found before anyway.
    """
    is_new = connection.vendor == "postgresql" and not (Entry.objects.exists() and _has_index())
    if is_new:
        _execute(f"DROP INDEX IF EXISTS {_INDEX}")
    found = []
    try:
        for source in sources():
            found.append(_agreement(source, _repair))
            say(str(found[-1]))
    finally:
        if is_new:
            _execute(f"CREATE INDEX {_INDEX} ON search_entry USING gin ({VECTOR.format('words')})")
    _execute("ANALYZE search_entry")
    return found


def fill_if_incomplete() -> bool:
    """After an upgrade that changed what entries hold: write them anew, and go on where that was broken off.

    Returns whether it was needed. Records are counted here, which nothing but an upgrade may do.
    """
    if _is_complete():
        return False
    rebuild(lambda words: None)
    return True


def _is_complete() -> bool:
    if connection.vendor == "postgresql" and not _has_index():
        return False
    return all(
        source.model._base_manager.count() <= Entry.objects.of(source.kind).count() for source in sources()
    )


def _agreement(source: Source, act: Callable[[_Batch], None]) -> Agreement:
    result = Agreement(source.kind)
    for batch in _batches(source):
        act(batch)
        result.records += batch.records
        result.missing += len(batch.missing)
        result.outdated += len(batch.outdated)
        result.surplus += len(batch.surplus)
        wrong = [entry.pk_of_record for entry in (*batch.missing, *batch.outdated)]
        wrong += [Entry(id=key).pk_of_record for key in batch.surplus]
        result.named += wrong[: NAMED - len(result.named)]
    return result


def _batches(source: Source) -> Iterator[_Batch]:
    """Stretches of keys from the first to the last, records and entries alike."""
    kind, last = source.kind, 0
    rows = source.model._base_manager.order_by("pk").values_list("pk", flat=True)
    while True:
        keys = list(rows.filter(pk__gt=last)[:BATCH])
        entries = Entry.objects.of(kind).filter(id__gt=kind.key(last))
        if len(keys) == BATCH:
            entries = entries.filter(id__lte=kind.key(keys[-1]))
        # Entries before records: whoever writes both meanwhile is then seen with its record, never without.
        held = {key: (on, words) for key, on, words in entries.values_list("id", "on", "words")}
        wanted = [entry_of(kind, text) for text in source.texts([*keys, *_unknown(kind, held, keys)])]
        missing = [entry for entry in wanted if entry.id not in held]
        outdated = [
            entry for entry in wanted if entry.id in held and held[entry.id] != (entry.on, entry.words)
        ]
        yield _Batch(len(wanted), missing, outdated, sorted(held.keys() - {entry.id for entry in wanted}))
        if len(keys) < BATCH:
            return
        last = keys[-1]


def _unknown(kind: Kind, held: Iterable[int], keys: list[int]) -> list[int]:
    """Records whose entry was seen but which were not there when the keys were read."""
    known = set(keys)
    return [pk for pk in (key - kind.base for key in held) if pk not in known]


def _repair(batch: _Batch) -> None:
    write([*batch.missing, *batch.outdated], replacing=True)
    if batch.surplus:
        Entry.objects.filter(id__in=batch.surplus).delete()


def _has_index() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_indexes WHERE indexname = %s", [_INDEX])
        return cursor.fetchone() is not None


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
