"""Which lines of this visit's list stood on the last one's, and which of them lost points again. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher

NEAR = 0.82  # two wordings of one line; below it they are two lines


@dataclass(frozen=True)
class Item:
    """One line of a list as it is compared: its number, its words, what it was worth and what it lost."""

    pk: int
    text: str
    points: Decimal | None = None
    lost: Decimal | None = None
    reason: str = ""

    @property
    def lost_words(self) -> str:
        """0.5: without trailing zeros."""
        return f"{self.lost.normalize():f}" if self.lost is not None else ""


@dataclass(frozen=True)
class Pair:
    """A line now and the same line before; either may be missing."""

    now: Item | None
    before: Item | None

    @property
    def lost_again(self) -> bool:
        """Lost points both times."""
        return bool(self.now and self.before and self.now.lost and self.before.lost)

    @property
    def mended(self) -> bool:
        """Lost points before and none now."""
        return bool(
            self.now and self.before and self.before.lost and self.now.lost is not None and not self.now.lost
        )


def plain(text: str) -> str:
    """The words alone: what is left when signs, spaces and leading numbers are taken away."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"^\s*(?:[（(]?(?:\d+|[一二三四五六七八九十]+)[)）、.．]\s*)+", "", text)
    return re.sub(r"[\W_]+", "", text).casefold()


def compare(now: Sequence[Item], before: Sequence[Item]) -> list[Pair]:
    """Pair each line of this list with the same line of the last one: word for word first, then the nearest wording.

    No line is in two pairs. Lines of this list come in their order, then those of the last one that are gone.
    """
    left = {each.pk: each for each in before}
    partner: dict[int, Item] = {}
    by_words: dict[str, list[Item]] = {}
    for each in before:
        by_words.setdefault(plain(each.text), []).append(each)
    for each in now:
        same = by_words.get(plain(each.text))
        if same:
            partner[each.pk] = left.pop(same.pop(0).pk)
    scored = sorted(
        (
            (-ratio, first, second.pk, one.pk)
            for first, one in enumerate(now)
            if one.pk not in partner
            for second in left.values()
            if (ratio := _near(plain(one.text), plain(second.text))) >= NEAR
        ),
    )
    for _, _, old, new in scored:
        if new not in partner and old in left:
            partner[new] = left.pop(old)
    pairs = [Pair(each, partner.get(each.pk)) for each in now]
    return [*pairs, *(Pair(None, each) for each in before if each.pk in left)]


def _near(one: str, other: str) -> float:
    if not one or not other or min(len(one), len(other)) / max(len(one), len(other)) < NEAR / 2:
        return 0.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
