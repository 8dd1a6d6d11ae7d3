"""How alike two records are, and which are worth comparing: a third of a million names in seconds.

A name is compared without the words that say nothing (有限公司, 个体, its own city and county), by pairs of characters.
Two names alike to the degree asked for share at least one of the rarest few pairs of each (prefix filtering), so only
records that share such a pair within one county are compared at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from math import ceil

# Pairs of characters shared by the mean of both; names less alike are not compared further.
LEAST_NAME = 0.6
LEAST_SHARE = LEAST_NAME / (
    2 - LEAST_NAME
)  # what share of its pairs each of two such names has in common at least
LEAST_SCORE = 70
BLOCK_LIMIT = 400  # a pair of characters so common says nothing by itself
EMPTY = frozenset[str]()

_EMPTY_WORDS = re.compile(
    "股份有限公司|有限责任公司|有限公司|集团公司|责任公司|总公司|分公司|公司|个体工商户|个体户|个体|（.*?）|\\(.*?\\)"
)
_NOT_WORDS = re.compile(r"[^\w]|_")
_NUMBER = re.compile(r"(\d+)(?:号楼|号院|号|栋|幢|室|层|楼|座|#)?")
_TENS = re.compile("([一二三四五六七八九]?)十([一二三四五六七八九]?)")
_CHINESE_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_LOOKALIKES = str.maketrans("OIZSQ", "01250")


@dataclass(frozen=True, slots=True)
class Known:
    """A record as it is compared. `phones` are plain digits; `county` and `locality` are region codes."""

    pk: int
    name: str
    address: str
    code: str
    county: str
    locality: str
    phones: frozenset[str] = EMPTY


@dataclass(frozen=True)
class Likeness:
    """Two records with the degree (0 to 100) and the reasons in words."""

    first: int
    second: int
    score: int
    reasons: list[str] = field(default_factory=list)


def normal_name(name: str, places: Sequence[str] = ()) -> str:
    """The part of a name that tells it from others: without legal form, brackets, signs and the names of places."""
    text = unicodedata.normalize("NFKC", name).upper()
    bare = _NOT_WORDS.sub("", _EMPTY_WORDS.sub("", text))
    for place in places:
        if place and bare.startswith(place) and len(bare) > len(place) + 1:
            bare = bare[len(place) :]
    return bare or _NOT_WORDS.sub("", text)


def normal_address(address: str, places: Sequence[str] = ()) -> str:
    """An address without place names and signs, its numbers in one way of writing."""
    text = _NOT_WORDS.sub("", unicodedata.normalize("NFKC", address).upper())
    for place in places:
        text = text.replace(place, "") if place else text
    text = _TENS.sub(lambda found: f"{found[1] or 1}{found[2] or 0}", text)
    return _NUMBER.sub(r"\1号", text.translate(_CHINESE_DIGITS))


def normal_code(code: str) -> str:
    """A credit code with letters that are easily taken for digits written as digits."""
    return code.upper().translate(_LOOKALIKES)


def body_of(code: str) -> str:
    """The nine signs that name the body (组织机构代码) in a credit code of eighteen; "" for anything else."""
    return code[8:17] if len(code) == 18 else ""


@lru_cache(maxsize=1 << 16)
def pairs_of(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters; one character is its own pair."""
    if len(text) < 2:
        return frozenset([text]) if text else EMPTY
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def degree(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared pairs by the mean of both, from 0 to 1 (Dice)."""
    shared = len(left & right)
    return 2 * shared / (len(left) + len(right)) if shared else 0.0


def compare(left: Known, right: Known, places: Sequence[str] = ()) -> Likeness | None:
    """How alike two records are; None when they are not worth a look."""
    return _judge(left, right, _Words.of(left, places), _Words.of(right, places))


def find(records: Iterable[Known], places: Sequence[str] = ()) -> Iterator[Likeness]:
    """Every two records worth a look, each once. `places` are names of regions that names and addresses begin with."""
    known = list(records)
    words = [_Words.of(each, places) for each in known]
    seen: set[tuple[int, int]] = set()
    for one, other in _candidates(known, words):
        key = (one, other) if one < other else (other, one)
        if key in seen:
            continue
        seen.add(key)
        likeness = _judge(known[one], known[other], words[one], words[other])
        if likeness is not None:
            yield likeness


@dataclass(frozen=True, slots=True)
class _Words:
    name: frozenset[str]
    address: str
    code: str

    @staticmethod
    def of(known: Known, places: Sequence[str]) -> _Words:
        name = pairs_of(normal_name(known.name, places))
        return _Words(name, normal_address(known.address, places), normal_code(known.code))


def _candidates(known: list[Known], words: list[_Words]) -> Iterator[tuple[int, int]]:
    """Pairs of positions that share a code, a body, an address, or one of the rarest pairs of characters."""
    frequency: Counter[str] = Counter()
    for each in words:
        frequency.update(each.name)
    blocks: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for at, (record, each) in enumerate(zip(known, words, strict=True)):
        for key in _keys(record, each, frequency):
            blocks[key].append(at)
    for (what, _, _), block in blocks.items():
        if len(block) < 2 or (what in "na" and len(block) > BLOCK_LIMIT):
            continue
        if what == "n":
            yield from _named_alike(block, words)
        else:
            yield from combinations(block, 2)


def _named_alike(block: list[int], words: list[_Words]) -> Iterator[tuple[int, int]]:
    """The pairs of a block whose names are alike to the degree asked for: most of a block is not, and goes quickly."""
    names = [words[at].name for at in block]
    sizes = [len(name) for name in names]
    for place, name in enumerate(names):
        size = sizes[place]
        for other in range(place + 1, len(block)):
            if 2 * len(name & names[other]) >= LEAST_NAME * (size + sizes[other]):
                yield block[place], block[other]


def _keys(record: Known, each: _Words, frequency: Counter[str]) -> Iterator[tuple[str, str, str]]:
    # Two sets that share s of the n elements of each share one of the first n - ceil(s·n) + 1, in any common order.
    count = len(each.name)
    take = count - ceil(LEAST_SHARE * count) + 1
    for pair in sorted(each.name, key=lambda pair: (frequency[pair], pair))[:take]:
        yield "n", record.county, pair
    if each.code:
        yield "c", "", each.code
        if body := body_of(each.code):
            yield "b", "", body
    if len(each.address) >= 4:
        yield "a", record.locality, each.address


def _judge(left: Known, right: Known, ours: _Words, theirs: _Words) -> Likeness | None:
    named = degree(ours.name, theirs.name)
    same_code = bool(ours.code) and ours.code == theirs.code
    same_body = bool(body_of(ours.code)) and body_of(ours.code) == body_of(theirs.code)
    placed = _alike_addresses(ours.address, theirs.address)
    phoned = bool(left.phones & right.phones)
    if not (same_code or same_body) and named < (0.3 if placed == 1 or phoned else LEAST_NAME):
        return None
    reasons = []
    if same_code:
        reasons.append("信用代码相同（含易混字母）")
    elif same_body:
        reasons.append("信用代码中的主体代码相同")
    if named:
        reasons.append(f"名称相似{round(named * 100)}%")
    if placed:
        reasons.append("地址相同" if placed == 1 else f"地址相似{round(placed * 100)}%")
    if phoned:
        reasons.append("电话相同")
    score = _score(named, placed, phoned, same_code, same_body, bool(ours.address and theirs.address))
    if ours.code and theirs.code and not (same_code or same_body):
        score -= 15  # two bodies by their codes; one place may still have been entered under both
        reasons.append("信用代码不同")
    if left.locality != right.locality:
        score -= 10
        reasons.append("所在乡镇街道不同")
    if score < LEAST_SCORE:
        return None
    first, second = sorted((left.pk, right.pk))
    return Likeness(first, second, min(score, 100), reasons)


def _score(
    named: float, placed: float, phoned: bool, same_code: bool, same_body: bool, both_addressed: bool
) -> int:
    if same_code:
        return 99
    if same_body:
        return 85 + round(10 * named)
    weight = 0.7 if both_addressed else 0.95
    return round(100 * (weight * named + (1 - weight) * placed)) + (15 if phoned else 0)


def _alike_addresses(left: str, right: str) -> float:
    if not left or not right:
        return 0.0
    return 1.0 if left == right else degree(pairs_of(left), pairs_of(right))
