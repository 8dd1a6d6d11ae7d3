"""Scoring an assessment (考核计分): rules turn what was measured into points, points into a total, totals into grades.

百分制 + 加减分 + 否决 (domain §12, R116-R122): `score = Σ item points + plus − minus`, a veto goes before every grade.
An item to which nothing can be measured leaves the base; the rest is carried up to the full marks, and the result says
so. Everything is Decimal, rounded half up to the hundredth of a point; the same input gives the same result always.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from itertools import pairwise
from typing import Any

from bihuan.rules.records import Provenance, in_force, is_in_force, load, provenance

ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)
FULL = HUNDRED
CENT = Decimal("0.01")

BASIC, PLUS, MINUS, VETO = "basic", "plus", "minus", "veto"
PROPORTIONAL, STEPS, DEDUCT, COUNT, HIGHEST = "proportional", "steps", "deduct", "count", "highest"
RULE_LABELS = {
    PROPORTIONAL: "按比例得分",
    STEPS: "分档得分",
    DEDUCT: "逐件扣分",
    COUNT: "逐件计分",
    HIGHEST: "同项取最高",
}
# Which rules an item of each kind may have: a basic item keeps or loses its points, the others count pieces.
RULES_OF = {
    BASIC: (PROPORTIONAL, STEPS, DEDUCT),
    PLUS: (COUNT, HIGHEST),
    MINUS: (COUNT, HIGHEST),
    VETO: (),
}


class ScoringError(ValueError):
    """A rule or a sheet that cannot score. ``str()`` is a Chinese sentence naming the place."""


def points(value: Decimal) -> Decimal:
    """A number of points as it is kept: to the hundredth, half up."""
    return value.quantize(CENT, ROUND_HALF_UP)


def number(text: object, what: str) -> Decimal:
    """A finite number out of stored or typed text. Raises ScoringError naming `what`."""
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation as error:
        raise ScoringError(f"{what}“{text}”不是数字") from error
    if not value.is_finite() or abs(value) > Decimal(10) ** 9:
        raise ScoringError(f"{what}“{text}”超出范围")
    return value


def plain(value: Decimal) -> str:
    """A number without needless noughts: 12.50 → 12.5, 10 → 10."""
    return f"{value.normalize():f}" if value else "0"


@dataclass(frozen=True)
class Rule:
    """How one item scores.

    proportional: all points at `full`, none at `zero`, in between in proportion; `full` below `zero` for what is
    better small. steps: `steps` are (from, share in percent), the best reached counts; `smaller` turns "from" into
    "up to". deduct: each piece beyond `free` costs `each`, at most `cap`. count: each piece gives (or costs) `each`, at
    most `cap`. highest: the highest of `levels` reached counts, the same thing never twice (同项取最高).
    """

    kind: str
    full: Decimal = HUNDRED
    zero: Decimal = ZERO
    steps: tuple[tuple[Decimal, Decimal], ...] = ()
    smaller: bool = False
    each: Decimal = ZERO
    free: Decimal = ZERO
    cap: Decimal | None = None
    levels: tuple[tuple[str, Decimal], ...] = ()

    def words(self, unit: str = "") -> str:
        """The rule as one sentence, as it is printed on the sheet."""
        match self.kind:
            case "proportional":
                return f"{plain(self.full)}{unit}得满分，{plain(self.zero)}{unit}得零分，之间按比例"
            case "steps":
                sign = "不高于" if self.smaller else "达到"
                return "；".join(f"{sign}{plain(edge)}{unit}得 {plain(share)}%" for edge, share in self.steps)
            case "deduct":
                free = f"超过 {plain(self.free)} 件的部分，" if self.free else ""
                cap = f"，最多扣 {plain(self.cap)} 分" if self.cap is not None else "，扣完为止"
                return f"{free}每件扣 {plain(self.each)} 分{cap}"
            case "count":
                cap = f"，最多 {plain(self.cap)} 分" if self.cap is not None else ""
                return f"每件 {plain(self.each)} 分{cap}"
            case _:
                return (
                    "、".join(f"{label} {plain(given)} 分" for label, given in self.levels) + "，同项取最高"
                )


def rule_of(given: Mapping[str, Any], kind: str = BASIC) -> Rule:
    """Read a stored rule and check that it can score an item of that kind. Raises ScoringError."""
    name = str(given.get("kind", ""))
    if name not in RULES_OF[kind]:
        fitting = "、".join(RULE_LABELS[each] for each in RULES_OF[kind])
        raise ScoringError(f"计分方法应为：{fitting}")
    cap = given.get("cap")
    rule = Rule(
        kind=name,
        full=number(given.get("full", 100), "得满分的值"),
        zero=number(given.get("zero", 0), "得零分的值"),
        steps=tuple((number(edge, "分档的值"), number(share, "分档的得分率")) for edge, share in given.get("steps", ())),
        smaller=bool(given.get("smaller", False)),
        each=number(given.get("each", 0), "每件的分值"),
        free=number(given.get("free", 0), "免扣的件数"),
        cap=None if cap in (None, "") else number(cap, "最多的分值"),
        levels=tuple((str(label), number(score, f"“{label}”的分值")) for label, score in given.get("levels", ())),
    )  # fmt: skip
    _check(rule)
    return rule


def _check(rule: Rule) -> None:
    if rule.kind == PROPORTIONAL and rule.full == rule.zero:
        raise ScoringError("得满分的值和得零分的值不能相同")
    if rule.kind == STEPS:
        if not rule.steps:
            raise ScoringError("分档得分至少要有一档")
        if any(not ZERO <= share <= HUNDRED for _, share in rule.steps):
            raise ScoringError("每一档的得分率应在 0 到 100 之间")
        ordered = sorted(rule.steps, key=lambda step: step[0], reverse=not rule.smaller)
        edges, shares = [edge for edge, _ in ordered], [share for _, share in ordered]
        if len(set(edges)) < len(edges):
            raise ScoringError("两档的值不能相同")
        if shares != sorted(shares, reverse=True):
            raise ScoringError("越好的一档得分率应越高，请核对各档的顺序")
    if rule.kind in {DEDUCT, COUNT} and rule.each <= 0:
        raise ScoringError("每件的分值应大于 0")
    if rule.free < 0 or (rule.cap is not None and rule.cap < 0):
        raise ScoringError("免扣的件数和最多的分值不能为负数")
    if rule.kind == HIGHEST and (not rule.levels or any(score <= 0 for _, score in rule.levels)):
        raise ScoringError("同项取最高至少要有一级，各级分值大于 0")


@dataclass(frozen=True)
class Item:
    """One line of a score sheet as it applies to one tier. `least`: with fewer rows than that it says nothing."""

    key: str
    name: str
    kind: str
    full: Decimal
    rule: Rule | None = None
    least: int = 0
    threshold: Decimal = ONE  # of a veto: from so many pieces on
    unit: str = ""


@dataclass(frozen=True)
class Measured:
    """What was found: a value (a rate in percent or a number of pieces), of how many rows; None: nothing to measure.

    A judged item comes as `share`: the part of its points the assessors gave, in percent; a judged plus or minus item
    as `level`, a judged veto as a value of 0 or 1.
    """

    value: Decimal | None = None
    counted: int = 0
    share: Decimal | None = None
    level: str = ""
    note: str = ""


@dataclass(frozen=True)
class Scored:
    """One item scored: `full` points could be had, `got` were (for plus and minus: given or taken)."""

    item: Item
    full: Decimal
    got: Decimal
    applies: bool
    words: str
    value: Decimal | None = None

    @property
    def lost(self) -> Decimal:
        """Points lost: of a basic item what is missing, of a minus item what is taken."""
        if not self.applies:
            return ZERO
        if self.item.kind == BASIC:
            return self.full - self.got
        return self.got if self.item.kind == MINUS else ZERO

    @property
    def vetoes(self) -> bool:
        return self.item.kind == VETO and self.applies and self.got > 0


def score_item(item: Item, measured: Measured) -> Scored:
    """Score one item and say how. Points never leave 0 to `full` (basic) or 0 to the cap (plus, minus)."""
    if item.kind == VETO:
        hit = measured.value is not None and measured.value >= item.threshold
        words = f"{plain(measured.value or ZERO)} 件，{'达到' if hit else '未达到'}否决条件（{plain(item.threshold)} 件起）"
        return Scored(item, ZERO, ONE if hit else ZERO, measured.value is not None, measured.note or words, measured.value)  # fmt: skip
    if item.kind in {PLUS, MINUS}:
        return _pieces(item, measured)
    if item.full <= 0:
        return Scored(item, ZERO, ZERO, False, "这一层级不考核本项", measured.value)
    if measured.share is not None:
        got = points(item.full * min(max(measured.share, ZERO), HUNDRED) / HUNDRED)
        return Scored(item, item.full, got, True, measured.note or f"评定 {plain(got)} 分")
    if measured.value is None:
        return Scored(item, item.full, ZERO, False, measured.note or "没有可以计算的记录，不计入基数")
    if measured.counted < item.least:
        words = f"只有 {measured.counted} 件，少于 {item.least} 件，不计入基数"
        return Scored(item, item.full, ZERO, False, words, measured.value)
    rule = item.rule
    if rule is None:
        return Scored(item, item.full, ZERO, False, measured.note or "尚未评分，不计入基数", measured.value)
    got, words = _basic(rule, item, measured.value)
    return Scored(item, item.full, got, True, words, measured.value)


def _basic(rule: Rule, item: Item, value: Decimal) -> tuple[Decimal, str]:
    shown = f"{plain(points(value))}{item.unit}"
    if rule.kind == DEDUCT:
        pieces = max(value - rule.free, ZERO)
        taken = pieces * rule.each
        most = item.full if rule.cap is None else min(rule.cap, item.full)
        got = points(item.full - min(taken, most))
        return got, f"{shown}，{rule.words(item.unit)}，扣 {plain(item.full - got)} 分"
    if rule.kind == PROPORTIONAL:
        share = (value - rule.zero) / (rule.full - rule.zero) * HUNDRED
    else:
        reached = [share for edge, share in rule.steps if (value <= edge if rule.smaller else value >= edge)]
        share = max(reached, default=ZERO)
    got = points(item.full * min(max(share, ZERO), HUNDRED) / HUNDRED)
    return got, f"{shown}，{rule.words(item.unit)}，得 {plain(got)} 分"


def _pieces(item: Item, measured: Measured) -> Scored:
    """Plus and minus items: nothing measured is nothing given; `item.full` caps them too when it is set."""
    rule = item.rule
    word = "加" if item.kind == PLUS else "减"
    most = [each for each in (item.full or None, rule.cap if rule else None) if each is not None]
    if rule is not None and rule.kind == HIGHEST:
        got = dict(rule.levels).get(measured.level, ZERO)
    elif rule is None or measured.value is None:
        got = ZERO
    else:
        got = max(measured.value, ZERO) * rule.each
    got = points(min([got, *most]))
    what = measured.level or (f"{plain(measured.value)} 件" if measured.value is not None else "没有记录")
    words = measured.note or f"{what}，{word} {plain(got)} 分"
    return Scored(item, item.full, got, got > 0, words, measured.value)


@dataclass(frozen=True)
class Terms:
    """What a sheet says of totals: grades best first, caps of plus and minus, the grade of a veto, the least base."""

    grades: tuple[tuple[str, Decimal], ...]
    plus_cap: Decimal
    minus_cap: Decimal
    veto_grade: str
    least_base: Decimal = Decimal(60)  # percent of the points that must apply for a unit to be ranked
    full: Decimal = FULL


UNGRADED = "不定等次"


@dataclass(frozen=True)
class Total:
    """A unit's result: `base` points applied, `got` of them were had; `basic` is that carried to the full marks."""

    base: Decimal
    got: Decimal
    basic: Decimal
    plus: Decimal
    minus: Decimal
    score: Decimal
    grade: str
    vetoed: bool
    ranked: bool
    words: str


def total(scored: Iterable[Scored], terms: Terms) -> Total:
    """Sum the items of one unit; veto before grades; too small a base is neither graded nor ranked."""
    rows = list(scored)
    basics = [each for each in rows if each.item.kind == BASIC]
    whole = sum((each.full for each in basics), ZERO)
    base = sum((each.full for each in basics if each.applies), ZERO)
    got = sum((each.got for each in basics if each.applies), ZERO)
    plus = points(min(sum((each.got for each in rows if each.item.kind == PLUS), ZERO), terms.plus_cap))
    minus = points(min(sum((each.got for each in rows if each.item.kind == MINUS), ZERO), terms.minus_cap))
    basic = points(got * terms.full / base) if base else ZERO
    score = max(points(basic + plus - minus), ZERO)
    vetoes = [each.item.name for each in rows if each.vetoes]
    ranked = bool(whole) and base * HUNDRED >= whole * terms.least_base
    lines = [f"应得 {plain(base)} 分，实得 {plain(got)} 分"]
    if base != terms.full and base:
        lines.append(
            f"有 {plain(whole - base)} 分的项目不适用，折算为 {plain(basic)} 分（百分制）"
            if base < whole
            else f"折算为 {plain(basic)} 分（百分制）"
        )
    if plus:
        lines.append(f"加分 {plain(plus)}")
    if minus:
        lines.append(f"减分 {plain(minus)}")
    if vetoes:
        lines.append(f"一票否决：{'、'.join(vetoes)}")
    if not ranked:
        lines.append(f"适用的项目不足 {plain(terms.least_base)}%，不定等次，不参加排名")
    if vetoes:
        grade = terms.veto_grade
    elif not ranked:
        grade = UNGRADED
    else:
        grade = grade_of(score, terms.grades)
    return Total(base, got, basic, plus, minus, score, grade, bool(vetoes), ranked, "；".join(lines))


def grade_of(score: Decimal, grades: Sequence[tuple[str, Decimal]]) -> str:
    """The first grade whose cut-off the score reaches; the last one takes the rest."""
    for label, least in grades:
        if score >= least:
            return label
    return grades[-1][0]


def check_terms(terms: Terms) -> None:
    """Raise ScoringError unless grades descend, the last takes everything, and the veto's grade is one of them."""
    cuts = [least for _, least in terms.grades]
    labels = [label for label, _ in terms.grades]
    if len(terms.grades) < 2:
        raise ScoringError("至少要有两个等次")
    if len(set(labels)) < len(labels) or not all(label.strip() for label in labels):
        raise ScoringError("等次名称不能重复，也不能为空")
    if any(a <= b for a, b in pairwise(cuts)):
        raise ScoringError("等次的分数线应从高到低排列，且各不相同")
    if cuts[-1] != 0:
        raise ScoringError("最后一个等次的分数线应为 0，否则有的分数没有等次")
    if cuts[0] > terms.full + terms.plus_cap:
        raise ScoringError("最高等次的分数线超过了能得到的最高分")
    if terms.veto_grade not in labels:
        raise ScoringError(f"一票否决后的等次“{terms.veto_grade}”不在等次之中")
    if terms.plus_cap < 0 or terms.minus_cap < 0:
        raise ScoringError("加分、减分的上限不能为负数")
    if not ZERO <= terms.least_base <= HUNDRED:
        raise ScoringError("参加排名的最低基数应在 0 到 100 之间")


def check_weights(items: Iterable[Item], full: Decimal = FULL) -> None:
    """Raise ScoringError unless the points of the basic items come to the full marks exactly."""
    weights = [item.full for item in items if item.kind == BASIC]
    if any(weight < 0 for weight in weights):
        raise ScoringError("分值不能为负数")
    come_to = sum(weights, ZERO)
    if come_to != full:
        raise ScoringError(f"各项分值合计 {plain(come_to)} 分，应为 {plain(full)} 分")


def ranks(scores: Mapping[Any, Decimal | None]) -> dict[Any, int | None]:
    """Competition ranks (1, 1, 3) by score, highest first; None stays without a rank. Equal scores share one."""
    ordered = sorted((score for score in scores.values() if score is not None), reverse=True)
    place: dict[Decimal, int] = {}
    for position, score in enumerate(ordered, start=1):
        place.setdefault(score, position)
    return {key: None if score is None else place[score] for key, score in scores.items()}


WAITING, SETTLED, APART = "waiting", "settled", "apart"


@dataclass(frozen=True)
class Outcome:
    """What assessors came to: the share given in percent, or that more is needed, as a sentence."""

    state: str
    share: Decimal | None
    words: str


def settle(
    given: Sequence[Decimal], *, needed: int, tolerance: Decimal, decided: Decimal | None = None
) -> Outcome:
    """Bring the shares (percent) of several assessors together.

    The office's decision goes before all. Within `tolerance` percentage points the mean counts; further apart a third
    assessor is needed, and then the two nearest to each other count (of equal pairs, the higher). Order of the first
    two does not matter.
    """  # fmt: skip
    if decided is not None:
        return Outcome(SETTLED, decided, f"由考核办核定为 {plain(decided)}%")
    if len(given) < max(needed, 1):
        return Outcome(WAITING, None, f"{len(given)} 人已评，还需 {max(needed, 1) - len(given)} 人")
    if len(given) == 1:
        return Outcome(SETTLED, given[0], "1 人评定")
    if len(given) == 2:
        low, high = sorted(given)
        if high - low > tolerance:
            words = (
                f"两人相差 {plain(high - low)} 个百分点，超过 {plain(tolerance)}，须第三人评定或由考核办核定"
            )
            return Outcome(APART, None, words)
        return Outcome(SETTLED, (low + high) / 2, "两人评定取平均")
    ordered = sorted(given, reverse=True)
    gap, at = min((ordered[index] - ordered[index + 1], index) for index in range(len(ordered) - 1))
    return Outcome(
        SETTLED,
        (ordered[at] + ordered[at + 1]) / 2,
        f"{len(given)} 人评定，取最接近的两个（相差 {plain(gap)} 个百分点）的平均",
    )


@dataclass(frozen=True)
class Moved:
    """One unit before and after a change of weights or cut-offs."""

    key: Any
    score: Decimal
    new_score: Decimal
    rank: int | None
    new_rank: int | None
    grade: str
    new_grade: str

    @property
    def places(self) -> int:
        """Places won (positive) or lost."""
        return 0 if self.rank is None or self.new_rank is None else self.rank - self.new_rank


def compare(
    before: Mapping[Any, Total], after: Mapping[Any, Total], groups: Mapping[Any, str]
) -> list[Moved]:
    """Every unit before and after, ranked within its group; by group, then by the new rank."""
    old, new = ranked_in_groups(before, groups), ranked_in_groups(after, groups)
    moved = [
        Moved(
            key, before[key].score, after[key].score, old[key], new[key], before[key].grade, after[key].grade
        )
        for key in after
        if key in before
    ]
    return sorted(moved, key=lambda each: (groups[each.key], each.new_rank or 10**6, -each.new_score))


def ranked_in_groups(totals: Mapping[Any, Total], groups: Mapping[Any, str]) -> dict[Any, int | None]:
    """Ranks within each group; whoever has too small a base has none."""
    found: dict[Any, int | None] = {}
    for group in set(groups.values()):
        members = {
            key: each.score if each.ranked else None for key, each in totals.items() if groups[key] == group
        }
        found |= ranks(members)
    return found


@dataclass(frozen=True, kw_only=True)
class ShippedSheet(Provenance):
    """A score sheet that comes with the software: a beginning for one's own, never in force by itself."""

    key: str
    title: str
    audience: str
    content: Mapping[str, Any]


@cache
def shipped_sheets() -> tuple[ShippedSheet, ...]:
    """Every shipped version of every sheet."""
    return tuple(
        ShippedSheet(
            key=row["key"], title=row["title"], audience=row["audience"], content=row, **provenance(row)
        )
        for row in load("scoring")["sheets"]
    )


def shipped_sheet(key: str, on: dt.date) -> ShippedSheet:
    """The shipped sheet in force on a day. Raises UnknownRule."""
    return in_force((each for each in shipped_sheets() if each.key == key), on, what=f"考核细则 {key}")


@dataclass(frozen=True, kw_only=True)
class Consequence(Provenance):
    """What follows from a result (R120-R122): when it holds, what is recommended, for how long."""

    key: str
    label: str
    when: str  # vetoed, first, last, worse, grade
    grades: tuple[str, ...]
    months: int | None
    text: str
    audiences: tuple[str, ...] = ()  # for whom; none named: for all


@cache
def consequences() -> tuple[Consequence, ...]:
    """Every shipped consequence."""
    return tuple(
        Consequence(
            key=row["key"],
            label=row["label"],
            when=row["when"],
            grades=tuple(row.get("grades", ())),
            months=row.get("months"),
            text=row["text"],
            audiences=tuple(row.get("audiences", ())),
            **provenance(row),
        )
        for row in load("scoring")["consequences"]
    )


def follow(
    *, grade: str, vetoed: bool, rank: int | None, of: int, on: dt.date, audience: str = "localities"
) -> list[Consequence]:
    """The consequences in force on a day that a result calls for, in their order."""
    held = []
    for each in consequences():
        if each.audiences and audience not in each.audiences:
            continue
        if not (each.effective_from <= on and (each.effective_to is None or on <= each.effective_to)):
            continue
        if (
            (each.when == "vetoed" and vetoed)
            or (each.when == "grade" and grade in each.grades and not vetoed)
            or (each.when == "first" and rank == 1 and not vetoed)
            or (each.when == "last" and rank is not None and of > 2 and rank == of)
        ):
            held.append(each)
    return held


@dataclass(frozen=True, kw_only=True)
class HandMeasure(Provenance):
    """An incentive or a restraint that is proposed by hand, with a reason (激励约束, R126)."""

    key: str
    label: str
    audiences: tuple[str, ...]
    restrains: bool


@cache
def _hand_measures() -> tuple[HandMeasure, ...]:
    return tuple(
        HandMeasure(
            key=row["key"],
            label=row["label"],
            audiences=tuple(row["audiences"]),
            restrains=bool(row["restrains"]),
            **provenance(row),
        )
        for row in load("scoring")["measures_by_hand"]
    )


def hand_measures(audience: str, on: dt.date) -> list[HandMeasure]:
    """What may be proposed by hand for these units on a day, incentives first."""
    rows = [each for each in _hand_measures() if audience in each.audiences and is_in_force(each, on)]
    return sorted(rows, key=lambda each: each.restrains)
