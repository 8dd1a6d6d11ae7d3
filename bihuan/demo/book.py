"""Everything the past left behind, gathered in memory and written in few large inserts."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from typing import TypeVar

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Max

from bihuan.accounts.models import User
from bihuan.notifications.models import Message
from bihuan.tally.actions import fold_all
from bihuan.tally.models import Delta

from .chronicle import Chronicle
from .city import City

Row = TypeVar("Row", bound=models.Model)
BATCH = 2000


class Book:
    """Rows by model with their keys given beforehand, because signed content names the keys of other rows."""

    def __init__(self, city: City, rng: random.Random) -> None:
        self.city = city
        self.rng = rng
        self.chronicle = Chronicle()
        self.deltas: list[Delta] = []
        self._rows: dict[type[models.Model], list[models.Model]] = {}
        self._last: dict[type[models.Model], int] = {}
        self._told: set[tuple[int, str]] = set()

    def add(self, row: Row) -> Row:
        """Keep a new row, numbered after the last of its kind; rows with keys of their own keep them."""
        model = type(row)
        if row.pk is None:
            if model not in self._last:
                self._last[model] = model._default_manager.aggregate(last=Max("pk"))["last"] or 0
            self._last[model] += 1
            row.pk = self._last[model]
        self._rows.setdefault(model, []).append(row)
        return row

    def rows_of(self, model: type[Row]) -> list[Row]:
        """What has been kept of one kind so far."""
        return self._rows.get(model, [])  # type: ignore[return-value]

    def uuid(self) -> uuid.UUID:
        """A random key, the same for the same seed."""
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def tell(self, people: list[User], *, except_for: int | None = None, **words: object) -> None:
        """Put one message into each inbox; `words` are the columns of Message. The same key reaches a person once."""
        for person in people:
            known = (person.pk, str(words.get("key", "")))
            if person.pk == except_for or not person.is_active or known in self._told:
                continue
            self._told.add(known)
            self.add(Message(recipient=person, **words))

    def write(self) -> dict[str, int]:
        """Insert everything in the order in which the kinds first appeared; returns how many rows of each."""
        counts: dict[str, int] = defaultdict(int)
        # Inboxes list by key: the latest message must have the highest.
        messages = sorted(self.rows_of(Message), key=lambda message: message.created_at)
        keys = sorted(message.pk for message in messages)
        for key, message in zip(keys, messages, strict=True):
            message.pk = key
        for model, rows in self._rows.items():
            model._default_manager.bulk_create(rows, batch_size=BATCH)
            counts[model.__name__] += len(rows)
        Delta.objects.bulk_create(self.deltas, batch_size=BATCH)
        fold_all()
        counts["Event"] += self.chronicle.write()
        numbered = [model for model in self._rows if isinstance(model._meta.pk, models.AutoField)]
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), numbered):
                cursor.execute(statement)
        self._rows, self.deltas = {}, []
        return dict(counts)
