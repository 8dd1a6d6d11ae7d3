"""Grade A to D of an enterprise with its colour (企业分级): an explained sum under a dated policy.

No national rule reckons a grade for every enterprise; the shipped policy is our own (自拟) and marked so.
An expert diagnosis (应急〔2018〕19号, for chemical enterprises) is graded by its own bands in ``grade_diagnosis``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any

from bihuan.rules.assessments import AssessmentError, choose
from bihuan.rules.records import Provenance, in_force, load, provenance
from bihuan.rules.risk import risk_colour, risk_colours

ACCIDENTS: dict[str, str] = {
    "injury": "无人死亡的一般事故",
    "fatal": "有人死亡的一般事故",
    "larger": "较大事故",
    "major": "重大以上事故",
}
GRADES = "ABCD"
LEVELS: dict[int, str] = {1: "一级", 2: "二级", 3: "三级", 4: "四级"}


@dataclass(frozen=True)
class ScoreBand:
    """A grade and the least score that reaches it."""

    least: Decimal
    grade: str
    colour: str


@dataclass(frozen=True)
class ScoreBands(Provenance):
    """One version of grades by an expert score. ``months``: when experts come again; ``direct_d``: {key: circumstance}
    of what means D whatever the score."""

    key: str
    label: str
    bands: tuple[ScoreBand, ...]
    months: int
    direct_d: Mapping[str, str]


@dataclass(frozen=True)
class DirectGrade:
    """So many accidents of a kind within twelve months put an enterprise into D whatever its score."""

    accident: str
    least: int
    text: str


@dataclass(frozen=True)
class EnterprisePolicy(Provenance):
    """What each fact weighs: points taken off (negative) or added, from ``start``; then banded."""

    key: str
    label: str
    default: bool
    start: int
    risk: Mapping[str, int]
    installation: Mapping[str, int]
    key_chemicals: int
    key_processes: int
    open_major: int
    open_major_most: int
    standardization: Mapping[str, int]
    accidents: Mapping[str, int]
    direct_d: tuple[DirectGrade, ...]
    bands: tuple[ScoreBand, ...]


@dataclass(frozen=True)
class EnterpriseFacts:
    """What is known of an enterprise on the day.

    ``gravest_risk``: colour of its gravest risk point, None while unassessed. ``installation_grade``: gravest
    grade of its major-hazard units, None for none. ``standardization``: level 1-3, None for none.
    ``accidents``: how many of each kind (injury, fatal, larger, major) in the last twelve months.
    """

    gravest_risk: str | None = None
    installation_grade: int | None = None
    key_chemicals: bool = False
    key_processes: bool = False
    open_major_hazards: int = 0
    standardization: int | None = None
    accidents: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class EnterpriseGrade:
    """Grade A (best) to D, its colour, the score from 0 to 100, and a JSON-able explanation."""

    grade: str
    colour: str
    score: int
    explanation: dict[str, Any]

    def sentence(self) -> str:
        """Explain the grade in one Chinese sentence."""
        return sentence(self.explanation)


@cache
def enterprise_policies() -> tuple[EnterprisePolicy, ...]:
    """Return every seeded policy."""
    return tuple(map(enterprise_policy_of, load("assessments")["enterprise_policies"]))


def enterprise_policy_of(row: Mapping[str, Any]) -> EnterprisePolicy:
    """Return the policy written as a record: the fields above, least scores as text, days as 2026-01-31."""
    plain = ("key", "label", "default", "start", "risk", "installation", "key_chemicals", "key_processes")
    rest = ("open_major", "open_major_most", "standardization", "accidents")
    return EnterprisePolicy(
        **{name: row[name] for name in (*plain, *rest)},
        direct_d=tuple(DirectGrade(**each) for each in row["direct_d"]),
        bands=_bands(row["bands"]),
        **provenance(row),
    )


@cache
def score_bands() -> tuple[ScoreBands, ...]:
    """Return every version of grades by score."""
    return tuple(
        ScoreBands(
            key=row["key"],
            label=row["label"],
            bands=_bands(row["bands"]),
            months=row["months"],
            direct_d={each["key"]: each["text"] for each in row["direct_d"]},
            **provenance(row),
        )
        for row in load("assessments")["score_bands"]
    )


def enterprise_policy(
    key: str | None, on: dt.date, *, local: Iterable[EnterprisePolicy] = ()
) -> EnterprisePolicy:
    """Return the policy in force on ``on``; None is the default, local ones go first. Raises UnknownRule."""
    return choose((*local, *enterprise_policies()), key, on, what="企业分级口径")


def grade_of_score(score: Decimal | int, on: dt.date) -> ScoreBand:
    """Return the grade for an expert diagnosis score of 0 to 100 (应急〔2018〕19号; bonuses may exceed 100).

    Raises AssessmentError on a negative score, UnknownRule before the guide applied.
    """
    rules = diagnosis_rule(on)
    if score < 0:
        raise AssessmentError(f"诊断得分不能是负数，所填为{score}，请核对评估表")
    return next(band for band in rules.bands if score >= band.least)


def diagnosis_rule(on: dt.date) -> ScoreBands:
    """Return the guide by which experts graded on ``on``. Raises UnknownRule."""
    return in_force(score_bands(), on, what="危险化学品企业安全风险评估诊断分级")


def grade_diagnosis(
    score: Decimal | int, direct: Collection[str], on: dt.date
) -> tuple[ScoreBand, dict[str, Any]]:
    """Return the band of an expert diagnosis and a JSON-able account of it; any of ``direct`` means the worst.

    Raises AssessmentError on a negative score or a circumstance the guide does not name, UnknownRule before it.
    """
    rules, band = diagnosis_rule(on), grade_of_score(score, on)
    if unknown := [key for key in direct if key not in rules.direct_d]:
        raise AssessmentError(f"没有名为“{'、'.join(unknown)}”的直接判定情形，请从表中选择")
    found = [text for key, text in rules.direct_d.items() if key in direct]
    if found:
        band = rules.bands[-1]
    account = {
        "score": f"{score}",
        "direct": found,
        "grade": band.grade,
        "colour": band.colour,
        "source": rules.source,
        "doc_no": rules.doc_no,
        "verified": rules.verified,
    }
    return band, account


def grade_enterprise(facts: EnterpriseFacts, *, policy: EnterprisePolicy) -> EnterpriseGrade:
    """Grade an enterprise: start, take off and add, keep within 0 and 100, band; named accidents mean D.

    Raises AssessmentError on facts that cannot be, UnknownRule on a colour that does not exist.
    """
    _check(facts)
    items = list(_items(facts, policy))
    total = policy.start + sum(points for points, _ in items)
    score = max(0, min(100, total))
    band = next(each for each in policy.bands if score >= each.least)
    direct = [each.text for each in policy.direct_d if facts.accidents.get(each.accident, 0) >= each.least]
    if direct:
        band = policy.bands[-1]
    explanation: dict[str, Any] = {
        "policy": policy.key,
        "policy_label": policy.label,
        "start": policy.start,
        "items": [{"points": points, "text": text} for points, text in items],
        "total": total,
        "score": score,
        "direct": direct,
        "grade": band.grade,
        "colour": band.colour,
        "source": policy.source,
        "doc_no": policy.doc_no,
        "verified": policy.verified,
    }
    return EnterpriseGrade(band.grade, band.colour, score, explanation)


def levers(facts: EnterpriseFacts, *, policy: EnterprisePolicy) -> list[dict[str, Any]]:
    """Return what would change the grade, one improvement at a time: {text, points, grade, changes}.

    The improvement that gains most stands first; what gains nothing is left out.
    """
    now = grade_enterprise(facts, policy=policy)
    found = []
    for text, better in _improvements(facts):
        then = grade_enterprise(better, policy=policy)
        gained = then.score - now.score
        if gained > 0 or then.grade != now.grade:
            found.append(
                {"text": text, "points": gained, "grade": then.grade, "changes": then.grade != now.grade}
            )
    return sorted(found, key=lambda each: (-each["points"], each["grade"]))


def _improvements(facts: EnterpriseFacts) -> Iterable[tuple[str, EnterpriseFacts]]:
    """Yield (what is done, the facts afterwards), each of what an enterprise can itself bring about."""
    if facts.open_major_hazards:
        yield "未销号重大隐患全部销号", replace(facts, open_major_hazards=0)
    if facts.gravest_risk is None:
        yield "完成风险评价且最高为一般风险（黄）", replace(facts, gravest_risk="yellow")
    else:
        rank = risk_colour(facts.gravest_risk).rank
        lower = next((each for each in risk_colours() if each.rank == rank + 1), None)
        if lower is not None:
            yield (
                f"最高风险降为{lower.label}风险（{lower.colour_label}）",
                replace(facts, gravest_risk=lower.key),
            )
    if facts.standardization != 1:
        level = 3 if facts.standardization is None else facts.standardization - 1
        yield f"标准化{LEVELS[level]}达标", replace(facts, standardization=level)
    if facts.installation_grade is not None:
        grade = facts.installation_grade + 1 if facts.installation_grade < 4 else None
        words = f"最高重大危险源降为{LEVELS[grade]}" if grade else "不再构成重大危险源"
        yield words, replace(facts, installation_grade=grade)
    if facts.key_chemicals:
        yield "不再涉及重点监管危险化学品", replace(facts, key_chemicals=False)
    if facts.key_processes:
        yield "不再涉及重点监管危险化工工艺", replace(facts, key_processes=False)
    if any(facts.accidents.values()):
        yield "最近一起事故满12个月且未再发生", replace(facts, accidents={})


def lines(explanation: dict[str, Any]) -> list[str]:
    """Return the sum of a stored grade item by item, as Chinese clauses."""
    steps = [f"基准{explanation['start']}分"]
    steps += [f"{item['text']}{_signed(item['points'])}" for item in explanation["items"]]
    score, total = explanation["score"], explanation["total"]
    steps.append(
        f"合计{score}分" if score == total else f"合计{total}分，按{'100分封顶' if total > 100 else '0分'}计"
    )
    return steps


def sentence(explanation: dict[str, Any]) -> str:
    """Explain a stored grade in one Chinese sentence."""
    colour = risk_colour(explanation["colour"]).colour_label
    direct = (
        f"；因{'；'.join(explanation['direct'])}，直接定为{explanation['grade']}级"
        if explanation["direct"]
        else ""
    )
    own = "" if explanation["doc_no"] == "自拟" or explanation["verified"] else "，待核对原文"
    return (
        f"{'，'.join(lines(explanation))}{direct}，{explanation['grade']}级（{colour}）"
        f"（口径：{explanation['policy_label']}，{explanation['source']}{own}）"
    )


def check_enterprise_policy(policy: EnterprisePolicy) -> None:
    """Raise AssessmentError unless the grades run from A down to D, D from 0, each least score below the one before."""
    if [band.grade for band in policy.bands] != list(GRADES) or policy.bands[-1].least != 0:
        raise AssessmentError(f"口径“{policy.label}”的A、B、C、D级得分应依次降低，D级从0分起，请在设置中改正")
    if len({band.least for band in policy.bands}) < len(policy.bands) or policy.bands[0].least > 100:
        raise AssessmentError(f"口径“{policy.label}”的分级得分应在0至100之间且各不相同，请在设置中改正")
    for band in policy.bands:
        risk_colour(band.colour)
    worst = [*policy.risk.values(), *policy.installation.values(), *policy.accidents.values()]
    worst += [policy.key_chemicals, policy.key_processes, policy.open_major, policy.open_major_most]
    if any(points > 0 for points in worst) or any(points < 0 for points in policy.standardization.values()):
        raise AssessmentError(f"口径“{policy.label}”里风险和事故只能扣分，标准化只能加分，请在设置中改正")


def _items(facts: EnterpriseFacts, policy: EnterprisePolicy) -> Iterable[tuple[int, str]]:
    """Yield (points, what for) for every fact that weighs."""
    if facts.gravest_risk is None:
        yield policy.risk["unassessed"], "风险尚未评价"
    else:
        colour = risk_colour(facts.gravest_risk)
        if policy.risk[colour.key]:
            yield policy.risk[colour.key], f"最高风险为{colour.label}（{colour.colour_label}）"
    if facts.installation_grade is not None:
        yield (
            policy.installation[str(facts.installation_grade)],
            f"有{LEVELS[facts.installation_grade]}重大危险源",
        )
    if facts.key_chemicals:
        yield policy.key_chemicals, "涉及重点监管危险化学品"
    if facts.key_processes:
        yield policy.key_processes, "涉及重点监管危险化工工艺"
    if facts.open_major_hazards:
        points = max(policy.open_major * facts.open_major_hazards, policy.open_major_most)
        yield points, f"未销号重大隐患{facts.open_major_hazards}项"
    if facts.standardization is not None:
        yield policy.standardization[str(facts.standardization)], f"标准化{LEVELS[facts.standardization]}达标"
    for kind, label in ACCIDENTS.items():
        if count := facts.accidents.get(kind, 0):
            yield policy.accidents[kind] * count, f"12个月内{label}{count}起"


def _check(facts: EnterpriseFacts) -> None:
    if facts.installation_grade not in (None, 1, 2, 3, 4):
        raise AssessmentError(f"重大危险源级别应为1至4级，所填为{facts.installation_grade}，请核对")
    if facts.standardization not in (None, 1, 2, 3):
        raise AssessmentError(f"标准化等级应为1至3级，所填为{facts.standardization}，请核对")
    unknown = set(facts.accidents) - set(ACCIDENTS)
    if unknown:
        raise AssessmentError(f"没有“{'、'.join(sorted(unknown))}”这类事故，可用：{'、'.join(ACCIDENTS)}")
    if facts.open_major_hazards < 0 or any(count < 0 for count in facts.accidents.values()):
        raise AssessmentError("未销号重大隐患数和事故起数不能是负数，请核对")


def _bands(rows: list[dict[str, str]]) -> tuple[ScoreBand, ...]:
    bands = [ScoreBand(Decimal(row["least"]), row["grade"], row["colour"]) for row in rows]
    return tuple(sorted(bands, key=lambda band: -band.least))


def _signed(points: int) -> str:
    return f"加{points}分" if points >= 0 else f"扣{-points}分"
