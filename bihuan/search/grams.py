"""Text as pairs of neighbouring characters: the one home of what counts as the same word.

Chinese writes no spaces, so a word is any stretch of characters. A text is folded (full width to half, capitals to
small, traditional to simplified, everything that is no letter or digit to a space) and each run is written as its
overlapping pairs, closed by its last character alone:

    连接软管，DN15  ->  连接 接软 软管 管 dn n1 15 5

Pairs of digits stand everywhere, so a number of three digits and more is marked as a whole besides (`@n2105`).
A wanted word is found exactly where its pairs stand side by side, which a database decides with an index over single
pairs (which texts hold them all?) and one LIKE over the few that remain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import add

from bihuan.plans.reading.traditional import simplify

MAX_QUERY = 60
MAX_TERMS = 8
# A text longer than this is searchable by its beginning: no field of ours comes near, a paper's body may.
MAX_TEXT = 20_000
NUMBER_MARK = "@n"
# A beginning shorter than this fits too many numbers for an index to gather.
LONG_NUMBER = 5


class _Folding(dict[int, str]):
    """Character to folded characters, worked out once for each."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    parts = []
    for part in unicodedata.normalize("NFKC", character).casefold():
        if part.isalnum():
            parts.append(_simplified(part))
        elif unicodedata.category(part) not in {"Mn", "Me", "Cf"}:
            parts.append(" ")
    return "".join(parts)


def _simplified(character: str) -> str:
    if character.isascii():
        return character
    try:
        # The common simplified characters: what GB 2312 holds needs no table of traditional ones.
        character.encode("gb2312")
    except UnicodeEncodeError:
        return simplify(character)
    return character


_FOLDING = _Folding()


def fold(text: str) -> str:
    """The text as it is compared: runs of letters and digits with one space between them."""
    return " ".join(text[:MAX_TEXT].translate(_FOLDING).split())


def fold_with_map(text: str) -> tuple[str, list[int]]:
    """The folded text and, for each of its characters, where in the text it comes from. Spaces are not joined."""
    folded: list[str] = []
    places: list[int] = []
    for at, character in enumerate(text[:MAX_TEXT]):
        part = _FOLDING[ord(character)]
        folded.append(part)
        places += [at] * len(part)
    return "".join(folded), places


@lru_cache(maxsize=65_536)
def grams(text: str) -> str:
    """The pairs of a text, separated by spaces; empty for a text without letters or digits."""
    return " ".join(map(_pairs, text[:MAX_TEXT].translate(_FOLDING).split()))


def _pairs(run: str) -> str:
    return " ".join((*map(add, run, run[1:]), run[-1]))


_NUMBER = re.compile("[0-9a-z]{3,}")


@lru_cache(maxsize=65_536)
def numbers(text: str) -> tuple[str, ...]:
    """The marks of the numbers in a text: stretches of three and more Latin letters and digits."""
    return tuple(f"{NUMBER_MARK}{number}" for number in _NUMBER.findall(text[:MAX_TEXT].translate(_FOLDING)))


def words_of(marks: Iterable[str], texts: Iterable[str]) -> str:
    """What an index entry keeps: its marks (`@kind`, `@5397`) and the pairs of its texts, spaces all round."""
    texts = list(texts)
    parts = [f"@{mark}" for mark in marks]
    parts += dict.fromkeys(number for text in texts for number in numbers(text))
    parts += filter(None, map(grams, texts))
    return f" {' '.join(parts)} "


@dataclass(frozen=True)
class Terms:
    """What somebody looks for: every one of these words, in any order."""

    words: tuple[str, ...]

    @property
    def patterns(self) -> tuple[str, ...]:
        """What `Entry.words` must contain, literally, for each word."""
        return tuple(
            f" {word}"
            if len(word) == 1
            else f" {' '.join(word[at : at + 2] for at in range(len(word) - 1))} "
            for word in self.words
        )

    @property
    def pairs(self) -> tuple[str, ...]:
        """The distinct pairs of all words of two characters and more."""
        return tuple(dict.fromkeys(word[at : at + 2] for word in self.words for at in range(len(word) - 1)))

    @property
    def numbers(self) -> tuple[str, ...]:
        """The marks of whole numbers within the words: what is wanted begins and ends them, so no other number fits."""
        return tuple(
            f"{NUMBER_MARK}{found[0]}"
            for word in self.words
            for found in _NUMBER.finditer(word)
            if found.start() > 0 and found.end() < len(word)
        )

    @property
    def beginnings(self) -> tuple[str, ...]:
        """The marks of numbers that a word ends in: the number may go on, but its beginning is known."""
        return tuple(
            f"{NUMBER_MARK}{found[0]}"
            for word in self.words
            for found in _NUMBER.finditer(word)
            if found.start() > 0 and found.end() == len(word) and len(found[0]) >= LONG_NUMBER
        )

    @property
    def singles(self) -> tuple[str, ...]:
        """The words of one character: the beginning of a pair, or the end of a run."""
        return tuple(word for word in self.words if len(word) == 1)

    def are_in(self, text: str) -> bool:
        """Whether a text holds every word."""
        folded = fold(text)
        return all(word in folded for word in self.words)

    def __bool__(self) -> bool:
        return bool(self.words)


def terms_of(query: str) -> Terms:
    """The words of a query; at most eight. Falsy when it holds no letter or digit."""
    return Terms(tuple(dict.fromkeys(fold(query[:MAX_QUERY]).split()))[:MAX_TERMS])
