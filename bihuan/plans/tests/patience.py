"""Work that must come to an end: a stop far beyond what it takes on any machine, no measure of speed (that is bench's)."""

import contextlib
import signal
from collections.abc import Iterator


class Endless(AssertionError):
    """The work was still going on when the patience had run out."""


@contextlib.contextmanager
def patience(seconds: float = 30.0) -> Iterator[None]:
    """Stops what is done inside after so many seconds of CPU time of this process; raises `Endless`."""

    def stop(*_: object) -> None:
        raise Endless(f"still at work after {seconds} s of CPU time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
