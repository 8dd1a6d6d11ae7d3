"""Public draws (双随机): who is visited and who goes, from a committed seed, so that anybody can recompute it.

Only whole numbers and SHA-256 are used, so every computer gets the same result. In words (docs/how-to/draws.md):

1. Before the draw a secret seed of 32 bytes is made and the SHA-256 of its hexadecimal text is published, together
   with the digest of the inputs: objects with weights, inspectors, recusals, how many.
2. Afterwards the seed is revealed. A public value nobody could know before (a closing index, a lottery number) may be
   mixed in: key = SHA-256(algorithm \\n seed \\n public value \\n digest of the inputs).
3. A random whole number below n is taken from the blocks HMAC-SHA-256(key, "label:0"), "label:1" …: 16 bytes at a
   time, big-endian; values at or above the largest multiple of n are passed over.
4. Objects: in the order of their ids, one after the other: a number below the sum of the weights still in the pot
   falls on one object, which leaves the pot.
5. Inspectors: for every object in the order drawn, among those who need not stand aside and have the fewest objects
   so far, in the order of their ids, one after the other.
6. Replacements, in the order they happened, continue with labels of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

ALGORITHM = "bihuan-draw-1"


class DrawError(ValueError):
    """The draw cannot be held, or a file does not describe one. ``str()`` is a Chinese sentence with the remedy."""


@dataclass(frozen=True)
class Candidate:
    """An enterprise or a person in the pot. ``weight`` counts for objects only; inspectors weigh the same."""

    id: str
    name: str
    weight: int = 1


@dataclass(frozen=True)
class Inputs:
    """All that goes into a draw. ``recusals``: (inspector id, object id) who must not meet."""

    objects: tuple[Candidate, ...]
    inspectors: tuple[Candidate, ...]
    recusals: frozenset[tuple[str, str]]
    count: int
    per_object: int

    def as_json(self) -> dict[str, Any]:
        """The canonical form that is digested and published; lists in the order of ids."""
        return {
            "algorithm": ALGORITHM,
            "objects": [
                {"id": each.id, "name": each.name, "weight": each.weight} for each in _ordered(self.objects)
            ],
            "inspectors": [{"id": each.id, "name": each.name} for each in _ordered(self.inspectors)],
            "recusals": [list(pair) for pair in sorted(self.recusals)],
            "count": self.count,
            "per_object": self.per_object,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Inputs:
        """Read the canonical form back. Raises DrawError naming what is missing or of another algorithm."""
        try:
            if data["algorithm"] != ALGORITHM:
                raise DrawError(f"这份材料用的算法是“{data['algorithm']}”，本程序只会复算“{ALGORITHM}”")
            return cls(
                objects=tuple(
                    Candidate(str(row["id"]), str(row["name"]), int(row["weight"])) for row in data["objects"]
                ),
                inspectors=tuple(Candidate(str(row["id"]), str(row["name"])) for row in data["inspectors"]),
                recusals=frozenset((str(person), str(thing)) for person, thing in data["recusals"]),
                count=int(data["count"]),
                per_object=int(data["per_object"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, DrawError):
                raise
            raise DrawError(f"抽取材料不完整或格式不对（{error}），请重新下载公示的材料文件") from error

    def digest(self) -> str:
        """SHA-256 of the canonical JSON (UTF-8, keys sorted, no blanks)."""
        text = json.dumps(self.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Replacement:
    """Somebody or something drawn that cannot be kept. ``out`` is the id that leaves; for a person also the object."""

    what: str  # "object" or "inspector"
    out: str
    at_object: str = ""


@dataclass
class Pair:
    """One object drawn, with those who visit it, in the order drawn."""

    object: str
    inspectors: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain data for the published result."""
        return {"object": self.object, "inspectors": list(self.inspectors)}


def commitment(seed: str) -> str:
    """What is published before: SHA-256 of the seed's hexadecimal text."""
    return hashlib.sha256(seed.encode()).hexdigest()


def problems_of(inputs: Inputs) -> list[str]:
    """Why this draw cannot be held, in sentences; empty when it can."""
    found = []
    if inputs.count < 1 or inputs.per_object < 1:
        found.append("抽取的对象数和每家的人数都至少为 1")
    if inputs.count > len(inputs.objects):
        found.append(
            f"要抽 {inputs.count} 家，名录库里只有 {len(inputs.objects)} 家，请减少数量或放宽名录条件"
        )
    if any(each.weight < 1 for each in inputs.objects):
        found.append("有对象的权重小于 1，请把权重改为不小于 1 的整数")
    for name, rows in (("检查对象", inputs.objects), ("检查人员", inputs.inspectors)):
        if len({each.id for each in rows}) != len(rows):
            found.append(f"{name}名录里有重复的编号，请核对")
    for each in _ordered(inputs.objects):
        free = sum((person.id, each.id) not in inputs.recusals for person in inputs.inspectors)
        if free < inputs.per_object:
            found.append(
                f"{each.name}除去须回避的只剩 {free} 名检查人员，每家须 {inputs.per_object} 名，请补充人员"
            )
    return found


def draw(
    inputs: Inputs, seed: str, public_value: str = "", replacements: Iterable[Replacement] = ()
) -> list[Pair]:
    """Hold the draw and apply the replacements in their order. Raises DrawError when it cannot be held."""
    if found := problems_of(inputs):
        raise DrawError("；".join(found))
    key = hashlib.sha256("\n".join((ALGORITHM, seed, public_value, inputs.digest())).encode()).digest()
    pot = _ordered(inputs.objects)
    chance = _numbers(key, "objects")
    pairs = [Pair(_take_weighted(pot, chance).id) for _ in range(inputs.count)]
    load = {each.id: 0 for each in inputs.inspectors}
    chance = _numbers(key, "inspectors")
    for pair in pairs:
        _fill(pair, inputs, load, chance)
    gone: dict[str, set[str]] = {}
    for number, each in enumerate(replacements, start=1):
        _replace(each, pairs, pot, inputs, load, gone, _numbers(key, f"replacement:{number}"))
    return pairs


def verify(published: dict[str, Any]) -> list[str]:
    """Recompute a published draw; returns what does not fit, in sentences, empty when everything does.

    ``published`` is the file offered on the public page. Raises DrawError for a file that is no such thing.
    """
    try:
        inputs = Inputs.from_json(published["inputs"])
        seed, value = str(published["seed"]), str(published["public_value"])
        said, digest = str(published["commitment"]), str(published["inputs_digest"])
        replacements = [
            Replacement(row["what"], str(row["out"]), str(row["at_object"]))
            for row in published["replacements"]
        ]
        result = [{"object": row["object"], "inspectors": row["inspectors"]} for row in published["result"]]
    except (KeyError, TypeError) as error:
        raise DrawError(f"这不是公示的抽取材料：缺少{error}，请从公示页面重新下载") from error
    found = []
    if commitment(seed) != said:
        found.append("种子与事先公布的承诺值不符：种子在公布之后被换过")
    if inputs.digest() != digest:
        found.append("名录与事先公布的摘要不符：名录在公布之后被改过")
    if [each.as_json() for each in draw(inputs, seed, value, replacements)] != result:
        found.append("按公布的种子和名录复算，得到的结果与公示的结果不同")
    return found


def _ordered(rows: Iterable[Candidate]) -> list[Candidate]:
    return sorted(rows, key=lambda each: (len(each.id), each.id))


def _numbers(key: bytes, label: str) -> Iterator[int]:
    """128-bit numbers without end: two from every block."""
    block = 0
    while True:
        data = hmac.new(key, f"{label}:{block}".encode(), hashlib.sha256).digest()
        yield int.from_bytes(data[:16], "big")
        yield int.from_bytes(data[16:], "big")
        block += 1


def below(limit: int, chance: Iterator[int]) -> int:
    """A number in 0 … limit−1, each as likely as the others: values beyond the last whole multiple are passed over."""
    end = (1 << 128) // limit * limit
    return next(value for value in chance if value < end) % limit


def _take_weighted(pot: list[Candidate], chance: Iterator[int]) -> Candidate:
    falls_on = below(sum(each.weight for each in pot), chance)
    for place, each in enumerate(pot):
        falls_on -= each.weight
        if falls_on < 0:
            return pot.pop(place)
    raise AssertionError("the number lies below the sum of the weights")


def _fill(
    pair: Pair, inputs: Inputs, load: dict[str, int], chance: Iterator[int], gone: Collection[str] = ()
) -> None:
    """Give an object the inspectors it still lacks."""
    while len(pair.inspectors) < inputs.per_object:
        free = [
            each.id
            for each in _ordered(inputs.inspectors)
            if (each.id, pair.object) not in inputs.recusals
            and each.id not in pair.inspectors
            and each.id not in gone
        ]
        if not free:
            raise DrawError("没有可以替换的检查人员：其余人员须回避或已不能参加，请补充人员后重新组织抽取")
        least = min(load[each] for each in free)
        idle = [each for each in free if load[each] == least]
        chosen = idle[below(len(idle), chance)]
        pair.inspectors.append(chosen)
        load[chosen] += 1


def _replace(
    each: Replacement, pairs: list[Pair], pot: list[Candidate], inputs: Inputs, load: dict[str, int],
    gone: dict[str, set[str]], chance: Iterator[int],
) -> None:  # fmt: skip
    wanted = each.out if each.what == "object" else each.at_object
    pair = next((pair for pair in pairs if pair.object == wanted), None)
    if pair is None:
        raise DrawError(f"要替换的对象（编号 {wanted}）不在抽取结果里，请核对")
    if each.what == "object":
        if not pot:
            raise DrawError("名录里的对象已全部抽中，没有可以替换的，请改为取消这一家")
        for person in pair.inspectors:
            load[person] -= 1
        place = pairs.index(pair)
        pairs[place] = Pair(_take_weighted(pot, chance).id)
        _fill(pairs[place], inputs, load, chance)
        return
    if each.out not in pair.inspectors:
        raise DrawError(f"要替换的人员（编号 {each.out}）没有分到这家对象，请核对")
    # Whoever could not go there does not come back there; elsewhere the person stays.
    gone.setdefault(pair.object, set()).add(each.out)
    pair.inspectors.remove(each.out)
    load[each.out] -= 1
    _fill(pair, inputs, load, chance, gone[pair.object])
