"""Writing the index. Every act that makes a record findable, or changes its words, calls this in its own transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import connections, router, transaction

from bihuan.core.bulk import insert

from .grams import words_of
from .models import Entry, Kind
from .sources import Text, source_of, sources

BATCH = 2000
_COLUMNS = ("id", "on", "words")
# One statement for a batch of any size: an object and a parameter for each row cost more than the row.
_ARRAYS = (
    'INSERT INTO search_entry (id, "on", words) SELECT * FROM unnest(%s::bigint[], %s::date[], %s::text[])'
)
_ROW = 'INSERT INTO search_entry (id, "on", words) VALUES (%s, %s, %s)'
_REPLACING = ' ON CONFLICT (id) DO UPDATE SET "on" = excluded."on", words = excluded.words'


def entry_of(kind: Kind, text: Text) -> Entry:
    """The entry a record should have."""
    return Entry(**dict(zip(_COLUMNS, _row_of(kind, text), strict=True)))


def _row_of(kind: Kind, text: Text) -> tuple[int, dt.date | None, str]:
    marks = (kind.mark, *filter(None, text.places))
    return kind.key(text.pk), text.on, words_of(marks, text.texts)


def add(kind: Kind, texts: Iterable[Text]) -> None:
    """Enter records that are not in the index yet."""
    insert(Entry, _COLUMNS, (_row_of(kind, text) for text in texts))


def put(kind: Kind, texts: Iterable[Text]) -> None:
    """Enter records, or replace what the index has of them."""
    write([entry_of(kind, text) for text in texts], replacing=True)


def refresh(kind: Kind, pks: Sequence[int]) -> None:
    """Read records again and replace what the index has of them, and of all that repeats their words."""
    source = source_of(kind)
    for start in range(0, len(pks), BATCH):
        put(kind, source.texts(pks[start : start + BATCH]))
    for other in sources():
        for repeated, field in other.repeats:
            if repeated == kind:
                rows = other.model._base_manager.filter(**{f"{field}__in": pks}).order_by()
                refresh(other.kind, list(rows.values_list("pk", flat=True)))


def remove(kind: Kind, pks: Iterable[int]) -> None:
    """Forget records that are no more, e.g. one of two that became one."""
    Entry.objects.filter(pk__in=[kind.key(pk) for pk in pks]).delete()


def write(entries: Sequence[Entry], *, replacing: bool) -> None:
    """Store entries; `replacing` those that are there already, which otherwise are an error."""
    if not entries:
        return
    connection = connections[router.db_for_write(Entry)]
    end = _REPLACING if replacing else ""
    rows = [(entry.id, entry.on, entry.words) for entry in entries]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_ARRAYS + end, [list(column) for column in zip(*rows, strict=True)])
        else:
            cursor.executemany(_ROW + end, rows)
