"""A table as a phone takes it along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Group:
    """A table of rows; the first column is the key."""

    columns: list[str]
    rows: list[list[Any]] = field(default_factory=list)
