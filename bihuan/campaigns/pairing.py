"""Which line of one list is which line of another: one to one, each pair with its reason. Plain values, no database.

Two lines are compared by what they are called, what they say and how they are numbered. The likeness of texts is that
of their pairs of neighbouring signs (Dice's coefficient), which is quick, does not care where a clause moved to, and
can be told to a person: 文字相同 82%.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

# Below this two lines are different lines; a person may still pair them.
LEAST = 0.5
TEXT, HEADING, NUMBER = 0.55, 0.35, 0.10
_BLANK = re.compile(r"[\s，。；：、（）()“”《》,.;:]+")


@dataclass(frozen=True)
class Line:
    """One line of a list: a task, or a phase with its name as heading."""

    key: int
    no: str
    heading: str
    text: str

    @cached_property
    def pairs(self) -> Counter[str]:
        return _pairs(self.text)

    @cached_property
    def heading_pairs(self) -> Counter[str]:
        return _pairs(self.heading)


@dataclass(frozen=True)
class Pair:
    """Two lines taken for one, how alike they are (0 to 1) and why, in words."""

    old: Line
    new: Line
    score: float
    why: str
    is_by_hand: bool = False


def _pairs(text: str) -> Counter[str]:
    bare = _BLANK.sub("", text)
    return Counter(bare[at : at + 2] for at in range(len(bare) - 1)) if len(bare) > 1 else Counter([bare])


def _dice(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return (
        2 * sum(min(count, other[pair]) for pair, count in one.items() if pair in other) / total
        if total
        else 1.0
    )


def likeness(old: Line, new: Line) -> float:
    """How alike two lines are, 0 to 1: 1 only for the same heading, text and number."""
    if old.heading == new.heading and old.text == new.text:
        return 1.0 if old.no == new.no else 0.99
    score = TEXT * _dice(old.pairs, new.pairs) + HEADING * _dice(old.heading_pairs, new.heading_pairs)
    return score + (NUMBER if old.no and old.no == new.no else 0)


def reason_of(old: Line, new: Line) -> str:
    """Why two lines are taken for one: 标题相同，文字相同 82%，编号 二/3 改为 二/4."""
    words = [
        "标题相同"
        if old.heading == new.heading
        else f"标题相同 {_dice(old.heading_pairs, new.heading_pairs):.0%}",
        "文字相同" if old.text == new.text else f"文字相同 {_dice(old.pairs, new.pairs):.0%}",
    ]
    if old.no == new.no:
        words.append("编号相同")
    else:
        words.append(f"编号 {old.no or '无'} 改为 {new.no or '无'}")
    return "，".join(words)


def pair_up(
    old: Sequence[Line],
    new: Sequence[Line],
    *,
    together: Iterable[tuple[int, int]] = (),
    apart: Iterable[tuple[int, int]] = (),
) -> list[Pair]:
    """Pair the lines of two lists, the likest first; what is less alike than `LEAST` stays alone.

    `together` are pairs a person made, taken as they are; `apart` are pairs a person took asunder, never made again.
    Of equally alike pairs the one whose lines stand nearer to each other in their lists is taken.
    """
    by_old, by_new = {line.key: line for line in old}, {line.key: line for line in new}
    found: list[Pair] = []
    for one, other in together:
        if one in by_old and other in by_new:
            first, second = by_old.pop(one), by_new.pop(other)
            found.append(Pair(first, second, likeness(first, second), "人工对应", is_by_hand=True))
    forbidden = set(apart)
    place_old = {line.key: at / max(len(old), 1) for at, line in enumerate(old)}
    place_new = {line.key: at / max(len(new), 1) for at, line in enumerate(new)}
    candidates = []
    for first in by_old.values():
        for second in by_new.values():
            if (first.key, second.key) in forbidden:
                continue
            score = likeness(first, second)
            if score >= LEAST:
                apart_by = abs(place_old[first.key] - place_new[second.key])
                candidates.append((-round(score, 6), apart_by, first, second))
    candidates.sort(key=lambda row: row[:2])
    for score, _, first, second in candidates:
        if first.key in by_old and second.key in by_new:
            del by_old[first.key], by_new[second.key]
            found.append(Pair(first, second, -score, reason_of(first, second)))
    return found


def answers(parents: Sequence[Line], own: Sequence[Line]) -> list[Pair]:
    """For each parent line the own line most like it; one own line may answer several. Not one to one."""
    found = []
    for parent in parents:
        best = max(own, key=lambda line: likeness(parent, line), default=None)
        if best is not None and (score := likeness(parent, best)) >= LEAST:
            found.append(Pair(parent, best, score, reason_of(parent, best)))
    return found


def parts_of(before: str, after: str) -> list[list[str]]:
    """A text before and after as one run of parts: ["same" | "gone" | "new", words]."""
    found: list[list[str]] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for act, start, end, new_start, new_end in matcher.get_opcodes():
        if act == "equal":
            found.append(["same", before[start:end]])
            continue
        if start < end:
            found.append(["gone", before[start:end]])
        if new_start < new_end:
            found.append(["new", after[new_start:new_end]])
    return found
