"""Records a paper may be about: what to say of them, whom to write to, and whether they are settled by now.

Each package tells its own; the packages below are told here, those above tell in their `apps.ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bihuan.accounts.models import Organization, User


@dataclass(frozen=True)
class Facts:
    """One record as a draft begins with it: in words, where it is, who answers for it.

    What is no matter (`is_matter` False) only names the body to write to: an enterprise the page of which one comes from.
    """

    subject: str
    words: str
    url: str
    organization: Organization | None = None
    is_matter: bool = True


@dataclass(frozen=True)
class Subject:
    """`find` returns a record a person may see, else None; `settled` says which of these are settled by now."""

    word: str
    find: Callable[[User, int], Facts | None]
    settled: Callable[[list[int]], set[int]]


# Everything of one body a paper may be about at once, by the body's number.
Several = Callable[[User, int], list[Facts]]

_SUBJECTS: dict[str, Subject] = {}
_SEVERAL: dict[str, Several] = {}


def register_subject(label: str, subject: Subject) -> None:
    """Say of which records papers are made; called in `AppConfig.ready`. `label` as in audit chains: hazards.hazard."""
    _SUBJECTS[label] = subject


def register_several(label: str, find: Several) -> None:
    """Say of what many records of one body papers are made at once ("duties.late:7": all that body 7 is late with)."""
    _SEVERAL[label] = find


def find_subject(chain: str, user: User) -> Facts | None:
    """The record named `chain` ("hazards.hazard:42"), as far as the person may see it."""
    label, _, pk = chain.partition(":")
    subject = _SUBJECTS.get(label)
    if subject is None or not _is_key(pk):
        return None
    return subject.find(user, int(pk))


def find_subjects(chain: str, user: User) -> list[Facts]:
    """The same for what may stand for several ("duties.late:7")."""
    label, _, pk = chain.partition(":")
    if label in _SEVERAL:
        return _SEVERAL[label](user, int(pk)) if _is_key(pk) else []
    found = find_subject(chain, user)
    return [found] if found else []


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


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


def is_offered(chain: str) -> bool:
    """Whether a paper may begin from what `chain` names."""
    label = chain.partition(":")[0]
    return label in _SUBJECTS or label in _SEVERAL
