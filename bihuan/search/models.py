"""The index of words: one entry for each record that can be found, kept in the record's own transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import BooleanField, F, Func, Q
from psycopg.sql import Literal

from .grams import Terms

_SHIFT = 48


class Kind(models.IntegerChoices):
    """What can be found. The numbers are part of the keys of entries and never change."""

    ENTERPRISE = 1, "企业"
    HAZARD = 2, "隐患"
    PAPER = 3, "文书"

    @property
    def mark(self) -> str:
        """The mark every entry of this kind carries."""
        return self.name.lower()

    @property
    def base(self) -> int:
        """What is added to a record's key to give its entry's key."""
        return int(self) << _SHIFT

    def key(self, pk: int) -> int:
        """The key of the entry of one record."""
        return self.base + pk


class Holds(Func):
    """Whether the index says that an entry holds all pairs of the terms and all marks.

    Necessary, not sufficient: 隐患 and 患整 in different places hold the pairs of 隐患整 too. `patterns` settles it.
    """

    output_field = BooleanField()  # type: ignore[assignment]

    def __init__(self, terms: Terms, marks: tuple[str, ...]) -> None:
        super().__init__(F("words"))
        self.terms, self.marks = terms, marks

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        column, _ = compiler.compile(self.source_expressions[0])
        wanted = [f"'{token}'" for token in self._whole()]
        wanted += [f"'{token}':*" for token in (*self.terms.beginnings, *self.terms.singles)]
        # A literal, not a parameter: rare and frequent words want plans of their own, however statements are bound.
        query = Literal(" & ".join(wanted)).as_string().replace("%", "%%")
        return f"({VECTOR.format(column)} @@ {query}::tsquery)", []

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[str | int, ...]]:
        column = compiler.compile(F("id").resolve_expression(compiler.query))[0]
        wanted = [f'"{token}"' for token in self._whole()]
        wanted += [f'"{token}"*' for token in (*self.terms.beginnings, *self.terms.singles)]
        found = "(SELECT rowid FROM search_words WHERE search_words MATCH %s)"
        return f"{column} IN {found}", (" AND ".join(wanted),)

    def _whole(self) -> tuple[str, ...]:
        return (*(f"@{mark}" for mark in self.marks), *self.terms.numbers, *self.terms.pairs)


class Among(Func):
    """Whether a whole number is one of many keys, written out in the statement.

    As parameters, thousands of keys cost more to pass through the ORM and the driver than the search itself.
    """

    output_field = BooleanField()  # type: ignore[assignment]

    def __init__(self, column: str, keys: Iterable[int]) -> None:
        super().__init__(F(column))
        self.keys = ",".join([str(int(key)) for key in keys])

    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        return f"({self._column(compiler)} = ANY('{{{self.keys}}}'::bigint[]))", ()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"({self._column(compiler)} IN ({self.keys}))", ()

    def _column(self, compiler: Any) -> str:
        if not self.keys:
            raise EmptyResultSet
        column: str = compiler.compile(self.source_expressions[0])[0]
        return column


# The expression under the index on PostgreSQL; built from built-in immutable functions, so that nothing of ours has
# to be installed in the database.
VECTOR = "array_to_tsvector(string_to_array(btrim({}), ' '))"


class EntryQuerySet(models.QuerySet["Entry"]):
    def of(self, kind: Kind) -> EntryQuerySet:
        """The entries of one kind."""
        return self.filter(id__gt=kind.base, id__lt=kind.base + (1 << _SHIFT))

    def holding(self, terms: Terms) -> EntryQuerySet:
        """Those whose text holds every word, decided by reading the text."""
        rows = self
        for pattern in terms.patterns:
            rows = rows.filter(words__contains=pattern)
        return rows

    def matching(self, kind: Kind, terms: Terms, *, place: str = "") -> EntryQuerySet:
        """Those of a kind whose text holds every word, found through the index; `place` a region code that narrows."""
        marks = (kind.mark, place) if place else (kind.mark,)
        return self.of(kind).filter(Q(Holds(terms, marks))).holding(terms)


class Entry(models.Model):
    """One record's words. The key is the record's own plus the base of its kind; `on` the day its list is sorted by."""

    id = models.BigIntegerField("编号", primary_key=True)
    on = models.DateField("日期", null=True)
    words = models.TextField("字对")

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "查找条目"

    def __str__(self) -> str:
        return f"{Kind(self.id >> _SHIFT).label} {self.pk_of_record}"

    @property
    def pk_of_record(self) -> int:
        """The key of the record this entry stands for."""
        return self.id & ((1 << _SHIFT) - 1)
