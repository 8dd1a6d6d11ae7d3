"""Processes that end with the one that started them.

A server process killed outright cannot tell its children to stop: they would go on listening on its port, unsupervised,
with the code and the settings of then. Linux tells them; elsewhere whoever supervises the service must.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def end_with_parent(how: signal.Signals = signal.SIGTERM) -> None:
    """From now on this process gets the signal `how` as soon as its parent is gone. Does nothing but on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(how))


def end_with_server() -> None:
    """For an application that a server loads in processes of its own: it stops them in order, or is gone.

    Does nothing where the application is loaded by anything else, a test or a shell.
    """
    if multiprocessing.parent_process() is not None:
        end_with_parent(signal.SIGKILL)
