"""Real threads for the tests of races."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(act: Callable[[int], Any], count: int) -> list[tuple[Any, Exception | None]]:
    """Run `act(number)` in `count` threads that start together; returns (result, error) of each."""
    gate = threading.Barrier(count)
    results: list[tuple[Any, Exception | None]] = [(None, None)] * count

    def run(number: int) -> None:
        try:
            gate.wait(timeout=10)
            results[number] = (act(number), None)
        except Exception as error:
            results[number] = (None, error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
