"""A JSON column that is decoded when somebody looks at it: outlines of regions travel with every row, few are drawn."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute


class Undecoded(str):
    """JSON as the database gave it."""

    __slots__ = ()


class _Decoding(DeferredAttribute):
    """Decodes at the first look and keeps the value, as if it had been decoded when the row was read."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, Undecoded):
            field: Any = self.field
            value = instance.__dict__[field.attname] = field.decoded(value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value  # type: ignore[attr-defined]


class LazyJSONField(models.JSONField):
    """A JSONField whose text is decoded at the first look. Only for columns read from instances, not by `values()`."""

    descriptor_class = _Decoding

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        if isinstance(value, str):
            return Undecoded(value)
        return value

    def decoded(self, value: str) -> Any:
        """The value behind the text."""
        return models.JSONField.from_db_value(self, str(value), None, None)  # type: ignore[arg-type]

    def deconstruct(self) -> Any:
        """To the database and its migrations this is a plain JSONField."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs
