"""How higher apps take part in reform and hand-over without this app knowing them.

`on_reform` moves rows that name a body when it is merged or split; `load_of` counts what a post has on its desk.
Both are registered in `AppConfig.ready` and run inside the action's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .models import Organization, Post, User

# (body that gives up, body that takes over, posts that moved, who did it, reason)
Mover = Callable[[Organization, Organization, list[Post], User, str], None]
Load = Callable[[Iterable[int]], dict[int, int]]

_MOVERS: list[Mover] = []
_LOADS: list[tuple[str, Load]] = []


def on_reform(mover: Mover) -> None:
    """Register what moves with the posts when a body's duties pass to another."""
    if mover not in _MOVERS:
        _MOVERS.append(mover)


def load_of(label: str, load: Load) -> None:
    """Register a count of open work per post id, shown before a hand-over, e.g. ("待办", open_duties)."""
    if (label, load) not in _LOADS:
        _LOADS.append((label, load))


def reform(before: Organization, after: Organization, posts: list[Post], *, by: User, reason: str) -> None:
    """Tell everyone who registered that `posts` moved from one body to another."""
    for mover in _MOVERS:
        mover(before, after, posts, by, reason)


def loads(post_ids: Iterable[int]) -> dict[int, list[str]]:
    """What lies on each post's desk, in words: {post id: ["12 件待办"]}; posts with nothing are absent."""
    ids = list(post_ids)
    words: dict[int, list[str]] = {}
    for label, load in _LOADS:
        for post_id, count in load(ids).items():
            if count:
                words.setdefault(post_id, []).append(f"{count} 件{label}")
    return words
