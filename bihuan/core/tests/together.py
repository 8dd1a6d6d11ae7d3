"""Real threads for the tests of races: the one home of "two at once"."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

Outcome = tuple[Any, Exception | None]
STUCK = 60  # seconds


def at_once(act: Callable[[int], Any], count: int) -> list[Outcome]:
    """Run `act(number)` in `count` threads that start together; returns (result, error) of each."""
    return together(*(lambda number=number: act(number) for number in range(count)))


def together(*acts: Callable[[], Any]) -> list[Outcome]:
    """Run the acts in threads that start together, each on a connection of its own; (result, error) of each.

    What both are to have read before the race is read outside: an act that reads first may find the other one done.
    """
    gate = threading.Barrier(len(acts))
    ended: dict[int, Outcome] = {}

    def run(number: int) -> None:
        try:
            gate.wait(timeout=20)
            ended[number] = (acts[number](), None)
        except Exception as error:
            ended[number] = (None, error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=STUCK)
    assert len(ended) == len(acts), f"{len(acts) - len(ended)} of {len(acts)} had not ended after {STUCK} s"
    return [ended[number] for number in range(len(acts))]


def outcomes(*acts: Callable[[], Any]) -> list[str]:
    """What became of each act run `together`, in alphabetical order: "done", or the name of its error."""
    return sorted(type(error).__name__ if error else "done" for _, error in together(*acts))
