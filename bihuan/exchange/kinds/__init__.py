"""What may travel in a package. A package above adds its own in `AppConfig.ready` with `register_kind`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bihuan.accounts.models import User

from ..models import Instance, Package, Peer
from ..wire.archive import Opened
from ..wire.errors import TooNew
from ..wire.manifest import Strict


@dataclass(frozen=True)
class Ready:
    """Something packed: its contents, its files, and the record it tells of."""

    title: str
    region: str
    content: dict[str, Any]
    files: tuple[bytes, ...] = ()
    subject: str = ""
    url: str = ""


@dataclass(frozen=True)
class Arrival:
    """A package whose turn it is: contents already checked against the kind's schema, to be written down by `by`."""

    instance: Instance
    peer: Peer
    package: Package
    content: Any
    files: tuple[bytes, ...]
    by: User


@dataclass(frozen=True)
class Outcome:
    """What became of it here."""

    note: str
    subject: str = ""
    url: str = ""


@dataclass(frozen=True)
class Table:
    """One part of a package in words: facts, or rows under headings."""

    title: str
    facts: Sequence[tuple[str, str]] = ()
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


Unpack = Callable[[Arrival], Outcome]
Convert = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One kind of contents.

    `to`: what the receiver may be to the sender (relations.py). `schema`: the contents in their present version;
    `older` brings earlier versions one version on. `unpack` writes down what arrived and raises Refused for what may
    not be. `tell` says the contents in words. `due` yields what should go to a peer without anybody's doing.
    """

    key: str
    label: str
    to: frozenset[str]
    schema: type[Strict]
    unpack: Unpack
    tell: Callable[[Any], list[Table]]
    version: int = 1
    older: Mapping[int, Convert] = field(default_factory=dict)
    due: Callable[[Peer], Iterable[Ready]] | None = None

    def read(self, opened: Opened) -> Any:
        """The contents as the present version has them. Raises TooNew, and ValidationError of pydantic."""
        content, version = opened.content, opened.manifest.version
        if version > self.version:
            raise TooNew(
                f"“{self.label}”的内容是第 {version} 版，本系统只认识到第 {self.version} 版，请先升级本系统，再让对方重发"
            )
        while version < self.version:
            content = self.older[version](content)
            version += 1
        return self.schema.model_validate(content, strict=False)


_KINDS: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    """Make a kind known; called in `AppConfig.ready`."""
    _KINDS[kind.key] = kind


def kind_of(key: str) -> Kind | None:
    return _KINDS.get(key)


def kinds() -> list[Kind]:
    return list(_KINDS.values())


def label_of(key: str) -> str:
    """The kind in words, also for one this version does not know."""
    kind = _KINDS.get(key)
    return kind.label if kind else f"未知内容（{key}）"


def automatic_kinds() -> list[Kind]:
    """Those that can go by themselves."""
    return [kind for kind in _KINDS.values() if kind.due is not None]
