"""Who wants to know that the place of an object has become different, and who knows in which township a place lies.

Higher apps register in AppConfig.ready; they are told inside the transaction of the act.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Listener = Callable[[Sequence[int]], None]
_LISTENERS: dict[str, Listener] = {}
# Labels of the fields a place consists of, as the changes of a record name them (changes.label_of).
PLACE_FIELDS = frozenset({"longitude", "latitude", "locality"})


def on_moved(name: str, listener: Listener) -> None:
    """Tell `listener` the ids of enterprises whose coordinates, township or premises changed. Again replaces."""
    _LISTENERS[name] = listener


def unregister(name: str) -> None:
    """Stop telling."""
    _LISTENERS.pop(name, None)


def moved(enterprise_ids: Sequence[int]) -> None:
    """Say that these have moved, or are new. Call inside the transaction of the act."""
    if enterprise_ids:
        for listener in _LISTENERS.values():
            listener(enterprise_ids)


Finder = Callable[[float, float], str | None]
_FINDER: list[Finder] = []


def find_localities_with(finder: Finder) -> None:
    """Say who knows the outlines: `finder(longitude, latitude)` in CGCS2000 returns a region code or None."""
    _FINDER[:] = [finder]


def lies_in(longitude: float | None, latitude: float | None) -> str | None:
    """The code of the township or zone a place lies in; None without a place, an outline, or anybody who knows."""
    if longitude is None or latitude is None or not _FINDER:
        return None
    return _FINDER[0](longitude, latitude)
