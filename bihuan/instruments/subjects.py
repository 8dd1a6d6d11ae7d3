"""Records a paper may be about: what to say of them, whom to write to, and whether they are settled by now.

Each package tells its own; the packages below are told here, those above tell in their `apps.ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bihuan.accounts.models import Organization, User


@dataclass(frozen=True)
class Facts:
    """One record as a draft begins with it: in words, where it is, who answers for it."""

    subject: str
    words: str
    url: str
    organization: Organization | None = None


@dataclass(frozen=True)
class Subject:
    """`find` returns a record a person may see, else None; `settled` says which of these are settled by now."""

    word: str
    find: Callable[[User, int], Facts | None]
    settled: Callable[[list[int]], set[int]]


_SUBJECTS: dict[str, Subject] = {}


def register_subject(label: str, subject: Subject) -> None:
    """Say of which records papers are made; called in `AppConfig.ready`. `label` as in audit chains: hazards.hazard."""
    _SUBJECTS[label] = subject


def find_subject(chain: str, user: User) -> Facts | None:
    """The record named `chain` ("hazards.hazard:42"), as far as the person may see it."""
    label, _, pk = chain.partition(":")
    subject = _SUBJECTS.get(label)
    if subject is None or not (pk.isascii() and pk.isdecimal() and len(pk) <= 18):
        return None
    return subject.find(user, int(pk))


def settled_among(chains: Iterable[str]) -> set[str]:
    """Those that need no pressing any more. A record nobody can judge counts as settled: its reply decides alone."""
    by_label: dict[str, list[int]] = {}
    done: set[str] = set()
    for chain in chains:
        label, _, pk = chain.partition(":")
        if label in _SUBJECTS and pk.isdecimal():
            by_label.setdefault(label, []).append(int(pk))
        else:
            done.add(chain)
    for label, keys in by_label.items():
        done |= {f"{label}:{pk}" for pk in _SUBJECTS[label].settled(keys)}
    return done


def can_settle(chain: str) -> bool:
    """Whether anybody can say that this record is settled."""
    return chain.partition(":")[0] in _SUBJECTS
