"""How long it will still take, from what was measured: recent pace, tempered by the pace of the whole.

Nothing is said before it is known: the first seconds of a job say little about the rest.
"""

from __future__ import annotations

import math
from collections import deque

WINDOW_SECONDS = 20.0
SETTLING_SECONDS = 3.0
SETTLING_STEPS = 3


class Pace:
    """Measures (moment, amount done) as they come; moments in seconds of any clock that only goes forward."""

    def __init__(self, moment: float, done: int) -> None:
        self._first = (moment, done)
        self._steps: deque[tuple[float, int]] = deque([(moment, done)])
        self._noted = 0

    def note(self, moment: float, done: int) -> None:
        """Take one measurement. Amounts never go back; one that does starts the measuring anew."""
        last_moment, last_done = self._steps[-1]
        if done < last_done or moment < last_moment:
            self.__init__(moment, done)  # type: ignore[misc]
            return
        self._noted += 1
        self._steps.append((moment, done))
        while len(self._steps) > 2 and self._steps[1][0] <= moment - WINDOW_SECONDS:
            self._steps.popleft()

    @property
    def rate(self) -> float | None:
        """Amount per second: the harmonic mean of the recent pace and the pace so far; None while unknown."""
        moment, done = self._steps[-1]
        whole = self._speed(self._first, (moment, done))
        if moment - self._first[0] < SETTLING_SECONDS or self._noted < SETTLING_STEPS or not whole:
            return None
        recent = self._speed(self._steps[0], (moment, done))
        if not recent:
            return None
        return 2 * whole * recent / (whole + recent)

    def remaining(self, total: int) -> float | None:
        """Seconds until `total` is reached at that rate; None while the rate or the whole is unknown."""
        rate = self.rate
        if rate is None or not total:
            return None
        return max(0, total - self._steps[-1][1]) / rate

    @staticmethod
    def _speed(before: tuple[float, int], after: tuple[float, int]) -> float:
        seconds = after[0] - before[0]
        return (after[1] - before[1]) / seconds if seconds > 0 else 0.0


def in_words(seconds: float) -> str:
    """A duration as a person says it, no more exact than it is known: 不到 10 秒, 约 40 秒, 约 3 分钟."""
    if seconds < 10:
        return "不到 10 秒"
    if seconds < 55:
        return f"约 {math.ceil(seconds / 10) * 10} 秒"
    minutes = math.ceil(seconds / 60 - 0.25)
    if minutes < 60:
        return f"约 {max(1, minutes)} 分钟"
    if seconds >= 24 * 3600:
        return "一天以上"
    hours, rest = divmod(round(seconds / 600) * 10, 60)
    return f"约 {hours} 小时 {rest} 分钟" if rest else f"约 {hours} 小时"
