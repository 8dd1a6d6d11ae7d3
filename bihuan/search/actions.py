"""Writing the index. Every act that makes a record findable, or changes its words, calls this in its own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .grams import words_of
from .models import Entry, Kind
from .sources import Text, source_of

BATCH = 2000


def entries_of(kind: Kind, texts: Iterable[Text]) -> list[Entry]:
    """The entries these texts should have."""
    return [
        Entry(
            id=kind.key(text.pk), on=text.on, words=words_of((kind.mark, *filter(None, text.places)), text.texts)
        )
        for text in texts
    ]


def add(kind: Kind, texts: Iterable[Text]) -> None:
    """Enter records that are not in the index yet."""
    Entry.objects.bulk_create(entries_of(kind, texts), batch_size=BATCH)


def put(kind: Kind, texts: Iterable[Text]) -> None:
    """Enter records, or replace what the index has of them."""
    Entry.objects.bulk_create(
        entries_of(kind, texts),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["on", "words"],
    )


def refresh(kind: Kind, pks: Sequence[int]) -> None:
    """Read records again and replace what the index has of them, e.g. everything of an enterprise that was renamed."""
    source = source_of(kind)
    for start in range(0, len(pks), BATCH):
        put(kind, source.texts(pks[start : start + BATCH]))
