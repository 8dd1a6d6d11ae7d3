"""Laying a month of supervision out: every locality exactly once, recusals kept, teams loaded as evenly as can be. Pure.

Which team goes where is decided by the round's seed, so that anybody can lay it out again (docs/how-to/draws.md says
how numbers are taken). No arrangement that keeps the recusals has a lighter busiest team: as long as a locality can be
passed on, over other teams if need be, to one with two fewer, it is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bihuan.rules.draws import below


class ScheduleError(ValueError):
    """The month cannot be laid out as asked. ``str()`` is a Chinese sentence with the remedy."""


@dataclass(frozen=True)
class Stop:
    """Who goes where, when."""

    locality: str
    team: str
    day: dt.date


def lay_out(
    localities: Sequence[str],
    teams: Sequence[str],
    days: Sequence[dt.date],
    recusals: Collection[tuple[str, str]],
    seed: str,
    *,
    per_day: int = 1,
) -> list[Stop]:
    """One stop for every locality, by day. ``recusals``: (team, locality) who must not meet.

    Raises ScheduleError naming the locality nobody may go to, or how many days are missing.
    """
    if not localities:
        raise ScheduleError("没有要督导的属地，请先选择属地")
    if not teams:
        raise ScheduleError("还没有督导组，请先组建督导组")
    if len(set(localities)) != len(localities) or len(set(teams)) != len(teams):
        raise ScheduleError("属地或者督导组有重复，请核对")
    allowed = {
        locality: [team for team in sorted(teams) if (team, locality) not in recusals]
        for locality in localities
    }
    for locality in sorted(localities):
        if not allowed[locality]:
            raise ScheduleError(f"{locality}：所有督导组都须回避，请增加督导组或者调整人员")
    chance = _numbers(seed)
    loads: dict[str, list[str]] = {team: [] for team in teams}
    # The most constrained first, chance among equals.
    order = sorted(_shuffled(sorted(localities), chance), key=lambda each: len(allowed[each]))
    for locality in order:
        least = min(len(loads[team]) for team in allowed[locality])
        idle = [team for team in allowed[locality] if len(loads[team]) == least]
        loads[idle[below(len(idle), chance)]].append(locality)
    while _even_out(loads, allowed):
        pass
    room = len(days) * per_day
    busiest = max(loads, key=lambda team: len(loads[team]))
    if len(loads[busiest]) > room:
        raise ScheduleError(
            f"一个督导组要去 {len(loads[busiest])} 个属地，{len(days)} 个督导日每天 {per_day} 个排不下，"
            "请增加督导组、放宽起止日期，或者提高每天的个数"
        )
    stops = []
    for team, mine in loads.items():
        for place, locality in enumerate(sorted(mine)):
            stops.append(Stop(locality, team, days[place * len(days) // len(mine)]))
    return sorted(stops, key=lambda each: (each.day, each.team, each.locality))


def _even_out(loads: dict[str, list[str]], allowed: dict[str, list[str]]) -> bool:
    """Pass one locality along from a busier team to one with at least two fewer, over others if need be."""
    for start in sorted(loads, key=lambda team: (-len(loads[team]), team)):
        came: dict[str, tuple[str, str]] = {}
        seen, queue = {start}, deque([start])
        while queue:
            team = queue.popleft()
            if len(loads[team]) <= len(loads[start]) - 2:
                while team != start:
                    before, locality = came[team]
                    loads[before].remove(locality)
                    loads[team].append(locality)
                    team = before
                return True
            for locality in sorted(loads[team]):
                for other in allowed[locality]:
                    if other not in seen:
                        seen.add(other)
                        came[other] = (team, locality)
                        queue.append(other)
    return False


def _shuffled(rows: list[str], chance: Iterator[int]) -> list[str]:
    rows = list(rows)
    for last in range(len(rows) - 1, 0, -1):
        other = below(last + 1, chance)
        rows[last], rows[other] = rows[other], rows[last]
    return rows


def _numbers(seed: str) -> Iterator[int]:
    key = hashlib.sha256(f"bihuan-oversight-1\n{seed}".encode()).digest()
    block = 0
    while True:
        data = hmac.new(key, f"schedule:{block}".encode(), hashlib.sha256).digest()
        yield int.from_bytes(data[:16], "big")
        yield int.from_bytes(data[16:], "big")
        block += 1
