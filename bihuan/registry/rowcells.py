"""The cells of one row, read one by one: what is wrong with each is gathered, so that a row is told everything at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from django.core.exceptions import ValidationError

from bihuan.attachments.imports import Issues

from . import cleaning

T = TypeVar("T")


class Cells:
    """A row as texts by field name, and the problems found in it so far as (field name, sentence)."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self.issues: Issues = []

    def text(self, name: str) -> str:
        """What the cell says; empty when there is no such column."""
        return self._texts.get(name, "")

    def says(self, name: str) -> bool:
        """Whether the cell says anything: 不详 and its like do not."""
        return not cleaning.is_unknown(self.text(name))

    def take(self, name: str, read: Callable[[str], T]) -> T | None:
        """What `read` makes of the cell; None when it refused, which is put down."""
        try:
            return read(self.text(name))
        except ValidationError as error:
            self.issues.append((name, "；".join(error.messages)))
            return None


def required(text: str, *, label: str, limit: int, remedy: str) -> str:
    """Words that must be there. Raises ValidationError with what to fill in."""
    words = cleaning.clean_words(text, label, limit)
    if cleaning.is_unknown(words):
        raise ValidationError(f"{label}为空，{remedy}")
    return words


def chosen(text: str, choices: Mapping[str, T], *, label: str, offered: str) -> T:
    """The choice a word means. Raises ValidationError naming what may be filled in."""
    key = cleaning.fold(text)
    if key not in choices:
        raise ValidationError(f"{label}“{text[:20]}”无法识别，请填：{offered}")
    return choices[key]
