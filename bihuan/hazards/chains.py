"""Whether a hazard's listing is in the hands of a chain of its own (挂牌督办程序, bihuan.listings).

chains.register(asks)   # in AppConfig.ready; asks(hazard) says whether a listing of it is under way
"""

from __future__ import annotations

from collections.abc import Callable

from .models import Hazard

Asks = Callable[[Hazard], bool]
_CHAINS: list[Asks] = []


def register(asks: Asks) -> None:
    """Let a higher app say that it holds the listing of a hazard."""
    if asks not in _CHAINS:
        _CHAINS.append(asks)


def holds(hazard: Hazard) -> bool:
    """Whether a listing of this hazard is under way: then only its own chain takes it off the list."""
    return any(asks(hazard) for asks in _CHAINS)
