"""Plan documents damaged at random: what copying, scanning and careless conversion do to them, and worse."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

_MARK = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[)）]|\d{1,2}[.．、]|[①-⑳])"
)
_STRAYS = "□\ufffd\ue011\u200b\x00\t　（（）)《》“”：；。、,.;<>&#*|责責qū(qū)１２①⑵Ⅲ〔〕第条章阶段附件"

Dice = random.Random


def _some(dice: Dice, text: str) -> int:
    return dice.randrange(max(len(text), 1))


def drop_characters(text: str, dice: Dice) -> str:
    """Lose up to a tenth of the characters."""
    share = dice.choice((0.002, 0.01, 0.1))
    return "".join(character for character in text if dice.random() > share)


def drop_stretches(text: str, dice: Dice) -> str:
    """Lose whole stretches."""
    for _ in range(dice.randint(1, 6)):
        at = _some(dice, text)
        text = text[:at] + text[at + dice.randint(1, 400) :]
    return text


def join_lines(text: str, dice: Dice) -> str:
    """Lose some line breaks, or all of them."""
    share = dice.choice((0.2, 0.6, 1.0))
    return "".join(c for c in text if c != "\n" or dice.random() > share)


def break_lines(text: str, dice: Dice) -> str:
    """Break lines at a page width."""
    width = dice.randint(8, 44)
    return "\n".join(
        line[i : i + width] for line in text.split("\n") for i in range(0, max(len(line), 1), width)
    )


def swap_enumerators(text: str, dice: Dice) -> str:
    """Exchange enumerators with one another."""
    marks = list(_MARK.finditer(text))
    if len(marks) < 2:
        return text
    pieces, cursor = [], 0
    printed = [mark.group() for mark in marks]
    for _ in range(dice.randint(1, 1 + len(marks) // 3)):
        i, k = dice.randrange(len(printed)), dice.randrange(len(printed))
        printed[i], printed[k] = printed[k], printed[i]
    for mark, new in zip(marks, printed, strict=True):
        pieces += (text[cursor : mark.start()], new)
        cursor = mark.end()
    return "".join(pieces) + text[cursor:]


def drop_enumerators(text: str, dice: Dice) -> str:
    """Lose some enumerators."""
    share = dice.choice((0.1, 0.5))
    return _MARK.sub(lambda m: "" if dice.random() < share else m.group(), text)


def shuffle_lines(text: str, dice: Dice) -> str:
    """Put paragraphs into another order."""
    lines = text.split("\n")
    dice.shuffle(lines)
    return "\n".join(lines)


def repeat_stretch(text: str, dice: Dice) -> str:
    """Print a stretch many times over."""
    at = _some(dice, text)
    piece = text[at : at + dice.randint(1, 30)]
    return text[:at] + piece * dice.randint(2, 120) + text[at:]


def insert_strays(text: str, dice: Dice) -> str:
    """Scatter signs that do not belong."""
    for _ in range(dice.randint(1, 60)):
        at = _some(dice, text)
        text = text[:at] + dice.choice(_STRAYS) * dice.choice((1, 1, 1, 40)) + text[at:]
    return text


def spread_blanks(text: str, dice: Dice) -> str:
    """Put blanks between characters as justified type does."""
    share = dice.choice((0.05, 0.5))
    return "".join(c + " " if dice.random() < share else c for c in text)


def double(text: str, dice: Dice) -> str:
    """Print the document twice."""
    return text + dice.choice(("", "\n", "\n附件\n", "范文2\n")) + text


MUTATIONS: tuple[Callable[[str, Dice], str], ...] = (
    drop_characters, drop_stretches, join_lines, break_lines, swap_enumerators, drop_enumerators, shuffle_lines, repeat_stretch,
    insert_strays, spread_blanks, double,
)  # fmt: skip


def _encoded(text: str, dice: Dice) -> bytes:
    encoding = dice.choice(("utf-8", "utf-8", "gb18030", "gb18030", "utf-16", "big5"))
    return text.encode(encoding, errors="ignore" if encoding == "big5" else "replace")


def _damaged(data: bytes, dice: Dice) -> bytes:
    """Lose, change or double single bytes before anything is decoded."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 5, 60))):
        if not changed:
            break
        at = dice.randrange(len(changed))
        kind = dice.randrange(3)
        if kind == 0:
            del changed[at]
        elif kind == 1:
            changed[at] = dice.randrange(256)
        else:
            changed.insert(at, dice.randrange(256))
    return bytes(changed)


def mutants(texts: Sequence[str], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield `count` damaged documents as (what was done, bytes); the same seed gives the same documents."""
    dice = Dice(seed)
    for _ in range(count):
        text = dice.choice(texts)
        done = []
        for change in dice.sample(MUTATIONS, dice.randint(1, 3)):
            text = change(text, dice)
            done.append(change.__name__)
        if dice.random() < 0.1:
            text = f"<html><body><p>{text.replace(chr(10), '</p><p>')}</p></body></html>"
            done.append("as a page")
        data = _encoded(text, dice)
        if dice.random() < 0.4:
            data = _damaged(data, dice)
            done.append("bytes")
        yield "+".join(done), data
