"""One writer at a time, in the order they came, over every thread and process of the machine.

SQLite lets waiting writers sleep and look again, up to a hundred milliseconds later, in no order: under load some wait
half a second and some give up. Here a writer first passes a gate (the kernel lets one through at a time and wakes the
next), and only the one inside the gate looks, every fraction of a millisecond, whether the writer before it is done.
Both locks are `flock`s, so a process that is killed lets go of them.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

# How long to wait before looking again, and until when that pace is kept: (seconds since the start, pause).
_PACES = ((0.005, 0.00005), (0.1, 0.0005), (float("inf"), 0.005))


class QueueTimeout(Exception):
    """The writer before held the database longer than the timeout."""


class WriterQueue:
    """The place in line of one connection. Not for sharing between threads, as the connection is not."""

    def __init__(self, database: Path) -> None:
        self._gate_path = f"{database}-gate"
        self._turn_path = f"{database}-turn"
        self._gate = self._turn = -1
        self.is_held = False

    def enter(self, timeout: float) -> None:
        """Wait for the turn. Raises QueueTimeout when the writer before takes longer than `timeout` seconds."""
        if self._turn < 0:
            self._gate = os.open(self._gate_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._turn = os.open(self._turn_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            self._take_turn(timeout)
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    def _take_turn(self, timeout: float) -> None:
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waited = time.monotonic() - began
                if waited > timeout:
                    raise QueueTimeout from None
                time.sleep(next(pause for until, pause in _PACES if waited < until))
            else:
                self.is_held = True
                return

    def leave(self) -> None:
        """Let the next one in; harmless when the turn is not held."""
        if self.is_held:
            self.is_held = False
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave and give the file handles back; the queue can be entered again afterwards."""
        self.leave()
        for handle in (self._gate, self._turn):
            if handle >= 0:
                os.close(handle)
        self._gate = self._turn = -1
