"""The checklist of a task, proposed: what its plan orders to check, and what the library knows about such objects.

A pure function of plain values. Plan items come first in the plan's order; library items that say the same are merged
into them, the rest follow by link of the chain, marked. A person decides; every proposal says why it is there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from bihuan.checklists.structure import LINKS, Basis, Book, Disposition, Item, Measure
from bihuan.checklists.units import convert
from bihuan.plans.criteria import find_criteria
from bihuan.plans.model import CheckItem

# A plan's and a library's texts this alike say the same; where their numbers agree too, less is enough. Found on real
# plans: what lies above is the same thing in other words, below is the same subject at most, which a person is told.
SAME_WORDS, SAME_NUMBER, NEAR = 0.4, 0.2, 0.25
# Two books put the same thing in nearly the same words; within one book two items are never the same.
SAME_IN_LIBRARY = 0.6
# A plan says what is wrong (未安装报警器的), the library what must be so (安装报警器): the turns of both are left out.
_TURNS = re.compile(
    r"没有|未按规定|未按要求|按照?规定|不得|不应|不准|严禁|禁止|应当|必须|是否|以及|或者|违规|擅自|超过|不[大小高低]于|[未不无应须的了且和与及或在]"
)
_NOT_A_WORD = re.compile(r"[^\u4e00-\u9fffA-Za-z]+")
_COMPLEMENT = {"<=": ">", ">": "<=", ">=": "<", "<": ">=", "=": "="}
_SIGNS = {"range": "between"}


@dataclass(frozen=True)
class PlanItem:
    """A check item of the plan: what the plan says, its ladder in printed order, and the key its caller knows it by."""

    key: str
    text: str
    dispositions: tuple[str, ...] = ()

    @classmethod
    def of(cls, item: CheckItem, key: str) -> PlanItem:
        return cls(key, item.text, tuple(item.dispositions))


@dataclass(frozen=True)
class Proposal:
    """One line of the proposed checklist.

    ``plan_key`` is "" for a line from the library alone, ``code`` "" for one the library does not know; a line with
    both is a plan item under which the library item was merged. ``book`` is the key of the book ``code`` stands in.
    ``reasons`` are Chinese sentences.
    """

    text: str
    criterion: str
    measure: Measure | None
    dispositions: tuple[Disposition, ...]
    plan_key: str
    code: str
    link: str
    reasons: tuple[str, ...]
    severity: str = "ordinary"
    criterion_code: str = ""
    basis: tuple[Basis, ...] = ()
    similarity: float = 0.0
    book: str = ""

    @property
    def is_from_library(self) -> bool:
        return not self.plan_key


@dataclass(frozen=True)
class _Demand:
    """A number demanded: comparator as the fulfilled side states it."""

    comparator: str
    number: Decimal
    unit: str
    upper: Decimal | None = None

    def equals(self, other: _Demand) -> bool:
        if self.comparator != other.comparator or (self.upper is None) != (other.upper is None):
            return False
        if convert(self.number, self.unit, other.unit) != other.number:
            return False
        return self.upper is None or convert(self.upper, self.unit, other.unit) == other.upper

    def is_comparable(self, other: _Demand) -> bool:
        return convert(Decimal(1), self.unit, other.unit) is not None

    def __str__(self) -> str:
        return Measure("", self.comparator, self.number, self.unit, self.upper).demand


@dataclass
class _Line:
    """A line taken so far, with what it is compared by."""

    grams: frozenset[str]
    demands: tuple[_Demand, ...]
    proposal: Proposal
    reasons: list[str] = field(default_factory=list)
    book: str = ""  # "" for a plan item


def propose(
    plan_items: Sequence[PlanItem],
    books: Iterable[Book],
    kinds: Collection[str],
    *,
    kind_labels: dict[str, str] | None = None,
) -> list[Proposal]:
    """Return the lines of a task's checklist: plan items first, then what the library has for ``kinds``.

    ``books`` are taken in the order given; of two library items that say the same the first stays. Without ``kinds``
    the library adds only what holds for every kind. ``kind_labels`` puts Chinese names into the reasons.
    """
    planned = [_plan_line(item) for item in plan_items]
    library = _library_lines(books, frozenset(kinds), kind_labels or {})
    taken = _pair(planned, library)
    for number, line in enumerate(library):
        if number not in taken:
            for plan in planned:
                _tell_of_likeness(plan, line)
    rest = [line for number, line in enumerate(library) if number not in taken]
    return [replace(line.proposal, reasons=tuple(line.reasons)) for line in (*planned, *rest)]


def similarity(one: str, other: str) -> float:
    """Return how alike two check items are worded, 0 to 1: Jaccard index of their pairs of neighbouring signs."""
    return _jaccard(_grams(one), _grams(other))


def _plan_line(item: PlanItem) -> _Line:
    criteria = find_criteria(item.text, 0, len(item.text), in_fault=True)
    demands = tuple(
        _Demand(
            _COMPLEMENT.get(sign, sign) if each.is_fault else sign,
            each.value,
            each.unit,
            each.upper,
        )
        for each in criteria
        if (sign := _SIGNS.get(each.comparator, each.comparator)) and each.unit
        # What lies outside a range has no comparator of its own.
        if not (each.is_fault and sign == "between")
    )
    proposal = Proposal(
        text=item.text,
        criterion="",
        measure=None,
        dispositions=tuple(Disposition(word) for word in item.dispositions),
        plan_key=item.key,
        code="",
        link="",
        reasons=(),
    )
    return _Line(_grams(item.text), demands, proposal, ["方案要求检查的内容"])


def _library_line(book: Book, link: str, item: Item, kinds: frozenset[str], labels: dict[str, str]) -> _Line:
    concerned = [labels.get(kind, kind) for kind in item.kinds if kind in kinds]
    who = f"适用于{'、'.join(concerned)}" if concerned else "适用于各类对象"
    proposal = Proposal(
        text=item.text,
        criterion=item.criterion,
        measure=item.measure,
        dispositions=item.dispositions,
        plan_key="",
        code=item.code,
        link=link,
        reasons=(),
        severity=item.severity,
        criterion_code=item.criterion_code,
        basis=item.basis,
        book=book.key,
    )
    reasons = [f"检查表库“{book.title}”第{book.version}版，{who}"]
    return _Line(_grams(item.text), _item_demands(item), proposal, reasons, book.key)


def _library_lines(books: Iterable[Book], kinds: frozenset[str], labels: dict[str, str]) -> list[_Line]:
    """What the library has for ``kinds``, by link of the chain; what two books say alike stands once."""
    order = list(LINKS)
    entries = [
        (order.index(section.link), number, place, book, section, item)
        for number, book in enumerate(books)
        for place, (section, item) in enumerate(book.for_kinds(kinds))
    ]
    lines: list[_Line] = []
    for *_, book, section, item in sorted(entries, key=lambda entry: entry[:3]):
        new = _library_line(book, section.link, item, kinds, labels)
        twin = next(
            (line for line in lines if line.book != new.book and _is_same(line, new, SAME_IN_LIBRARY)), None
        )
        if twin is None:
            lines.append(new)
        else:
            twin.reasons.append(f"“{book.title}”的 {item.code} 与它重复（{_why_same(twin, new)}），只列一次")
    return lines


def _pair(planned: list[_Line], library: list[_Line]) -> set[int]:
    """Merge library lines into the plan lines that say the same, one to one, the likest first; return their places."""
    pairs = [
        (not _has_equal_number(plan, line), -_likeness(plan, line), at, number)
        for at, plan in enumerate(planned)
        for number, line in enumerate(library)
        if _is_same(plan, line, SAME_NUMBER if _has_equal_number(plan, line) else SAME_WORDS)
    ]
    merged: set[int] = set()
    taken: set[int] = set()
    for _, _, at, number in sorted(pairs):
        if at in merged or number in taken:
            continue
        merged.add(at)
        taken.add(number)
        plan, line = planned[at], library[number]
        known = line.proposal
        plan.reasons.append(f"与检查表库 {known.code}“{known.text}”重复（{_why_same(plan, line)}），已合并")
        plan.reasons += line.reasons[1:]
        plan.proposal = _merged(plan.proposal, known, _likeness(plan, line))
    return taken


def _why_same(line: _Line, other: _Line) -> str:
    why = f"文字相近{round(_likeness(line, other) * 100)}%"
    return f"{why}，数值标准同为{other.demands[0]}" if _has_equal_number(line, other) else why


def _merged(plan: Proposal, library: Proposal, likeness: float) -> Proposal:
    """The plan's words and ladder, with what the library knows beside them."""
    return replace(
        library,
        text=plan.text,
        dispositions=plan.dispositions or library.dispositions,
        plan_key=plan.plan_key,
        similarity=round(likeness, 3),
    )


def _is_same(line: _Line, other: _Line, least: float) -> bool:
    """Alike enough, and not about two different numbers of one quantity."""
    if _likeness(line, other) < least:
        return False
    return _has_equal_number(line, other) or not _comparable(line, other)


def _comparable(line: _Line, other: _Line) -> tuple[_Demand, _Demand] | None:
    """The first two demands of both that measure the same quantity."""
    return next(((one, two) for one in line.demands for two in other.demands if one.is_comparable(two)), None)


def _has_equal_number(line: _Line, new: _Line) -> bool:
    return any(one.equals(other) for one in line.demands for other in new.demands)


def _tell_of_likeness(plan: _Line, line: _Line) -> None:
    """What is alike but not the same stays twice, and both lines say so: another number, or other words."""
    likeness = _likeness(plan, line)
    if likeness < NEAR:
        return
    why = f"文字相近{round(likeness * 100)}%，没有合并"
    if (pair := _comparable(plan, line)) and not _has_equal_number(plan, line):
        why = f"方案的数值是{pair[0]}，检查表库的是{pair[1]}"
    plan.reasons.append(f"检查表库 {line.proposal.code}“{line.proposal.text}”与它相近，请核对：{why}")
    line.reasons.append(f"与方案的“{plan.proposal.text}”相近，请核对：{why}")


def _likeness(line: _Line, new: _Line) -> float:
    return _jaccard(line.grams, new.grams)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def _item_demands(item: Item) -> tuple[_Demand, ...]:
    if item.measure is None:
        return ()
    measure = item.measure
    return (_Demand(measure.comparator, measure.number, measure.unit, measure.upper),)


@lru_cache(maxsize=8192)
def _grams(text: str) -> frozenset[str]:
    bare = _NOT_A_WORD.sub("", _TURNS.sub("", text))
    return (
        frozenset(bare[at : at + 2] for at in range(len(bare) - 1))
        if len(bare) > 1
        else frozenset({bare} - {""})
    )
