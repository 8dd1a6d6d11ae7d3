"""Assessing risk (安全风险评价): LEC, the risk matrix, risk points; each result says how it came about.

Cut-offs, the side an end point falls on and the wording differ from place to place, so each is a dated
policy chosen by key, and an office may bring its own. A grade of risk is not a grade of hazard.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from bihuan.rules.records import Provenance, UnknownRule, is_in_force, load, provenance
from bihuan.rules.risk import gravest, risk_colour

# What a product of two whole numbers from 1 to 5 can be.
PRODUCTS = frozenset(left * right for left in range(1, 6) for right in range(1, 6))
PARTS: dict[str, str] = {"likelihood": "可能性L", "exposure": "暴露频次E", "consequence": "后果C"}


class AssessmentError(ValueError):
    """Values or a policy that cannot be. ``str()`` is a Chinese sentence with the remedy."""


@dataclass(frozen=True)
class Step:
    """One value of a scale and what it means."""

    value: Decimal
    label: str


@dataclass(frozen=True)
class LecScale(Provenance):
    """The values L, E and C may take; they are chosen from these lists and never typed in."""

    key: str
    label: str
    likelihood: tuple[Step, ...]
    exposure: tuple[Step, ...]
    consequence: tuple[Step, ...]


@dataclass(frozen=True)
class LecPolicy(Provenance):
    """How D becomes a word and a colour.

    ``words`` and ``colours`` are (cut-off, meaning), gravest first, the last from 0. ``inclusive_upper``: a
    D equal to a cut-off belongs to the lower band (160 < D <= 320); else to the upper (160 <= D < 320).
    """

    key: str
    label: str
    inclusive_upper: bool
    default: bool
    words: tuple[tuple[Decimal, str], ...]
    colours: tuple[tuple[Decimal, str], ...]


@dataclass(frozen=True)
class MatrixBand:
    """Products from ``least`` to ``most``, both included."""

    least: int
    most: int
    word: str
    colour: str


@dataclass(frozen=True)
class MatrixPolicy(Provenance):
    """How the product of likelihood and severity becomes a word and a colour."""

    key: str
    label: str
    default: bool
    bands: tuple[MatrixBand, ...]


@dataclass(frozen=True)
class Circumstance(Provenance):
    """A circumstance that makes a risk major whatever the figures say."""

    key: str
    text: str


@dataclass(frozen=True)
class Assessment:
    """A graded risk: the value, the policy's word, the colour, and a JSON-able explanation."""

    method: str
    value: Decimal
    word: str
    colour: str
    explanation: dict[str, Any]

    def sentence(self) -> str:
        """Explain the grade in one Chinese sentence."""
        return sentence(self.explanation)


@cache
def lec_scales() -> tuple[LecScale, ...]:
    """Return every scale of LEC values."""
    return tuple(
        LecScale(
            key=row["key"],
            label=row["label"],
            likelihood=_steps(row["likelihood"]),
            exposure=_steps(row["exposure"]),
            consequence=_steps(row["consequence"]),
            **provenance(row),
        )
        for row in load("assessments")["lec_scales"]
    )


@cache
def lec_policies() -> tuple[LecPolicy, ...]:
    """Return every seeded policy for D."""
    return tuple(map(lec_policy_of, load("assessments")["lec_policies"]))


def lec_policy_of(row: Mapping[str, Any]) -> LecPolicy:
    """Return the policy written as a record: the fields above, cut-offs as text, days as 2026-01-31."""
    return LecPolicy(
        key=row["key"],
        label=row["label"],
        inclusive_upper=row["inclusive_upper"],
        default=row["default"],
        words=tuple((Decimal(each["above"]), each["word"]) for each in row["words"]),
        colours=tuple((Decimal(each["above"]), each["colour"]) for each in row["colours"]),
        **provenance(row),
    )


@cache
def matrix_policies() -> tuple[MatrixPolicy, ...]:
    """Return every seeded policy for the risk matrix."""
    return tuple(map(matrix_policy_of, load("assessments")["matrix_policies"]))


def matrix_policy_of(row: Mapping[str, Any]) -> MatrixPolicy:
    """Return the policy written as a record."""
    return MatrixPolicy(
        key=row["key"],
        label=row["label"],
        default=row["default"],
        bands=tuple(MatrixBand(**band) for band in row["bands"]),
        **provenance(row),
    )


@cache
def circumstances() -> tuple[Circumstance, ...]:
    """Return every circumstance of direct judgement."""
    return tuple(
        Circumstance(key=row["key"], text=row["text"], **provenance(row))
        for row in load("assessments")["direct_major"]
    )


def direct_major(on: dt.date) -> tuple[Circumstance, ...]:
    """Return the circumstances that make a risk major outright on ``on``."""
    return tuple(each for each in circumstances() if is_in_force(each, on))


def lec_scale(key: str | None, on: dt.date) -> LecScale:
    """Return the scale ``key`` in force on ``on``; None is the usual one. Raises UnknownRule."""
    return choose(lec_scales(), key or "standard", on, what="LEC取值表")


def lec_policy(key: str | None, on: dt.date, *, local: Iterable[LecPolicy] = ()) -> LecPolicy:
    """Return the policy for D in force on ``on``; None is the default, local ones go first. Raises UnknownRule."""
    return choose((*local, *lec_policies()), key, on, what="LEC分档口径")


def matrix_policy(key: str | None, on: dt.date, *, local: Iterable[MatrixPolicy] = ()) -> MatrixPolicy:
    """Return the matrix policy in force on ``on``; None is the default, local ones go first. Raises UnknownRule."""
    return choose((*local, *matrix_policies()), key, on, what="风险矩阵切分口径")


def assess_lec(
    likelihood: Decimal | int | str,
    exposure: Decimal | int | str,
    consequence: Decimal | int | str,
    *,
    policy: LecPolicy,
    scale: LecScale,
) -> Assessment:
    """Grade D = L×E×C. Raises AssessmentError on a value the scale does not hold, naming those it does."""
    check_lec_policy(policy)
    given = {"likelihood": likelihood, "exposure": exposure, "consequence": consequence}
    chosen = {part: _pick(value, getattr(scale, part), PARTS[part]) for part, value in given.items()}
    value = chosen["likelihood"].value * chosen["exposure"].value * chosen["consequence"].value
    word, colour = lec_band(value, policy)
    reckoned = "×".join(_figure(step.value) for step in chosen.values())
    meanings = "，".join(f"{PARTS[part]}={_figure(s.value)}（{s.label}）" for part, s in chosen.items())
    explanation = _explanation(
        "LEC", policy, value, word, colour, [meanings, f"D={reckoned}={_figure(value)}，{word}"]
    )
    return Assessment("LEC", value, word, colour, explanation)


def assess_matrix(likelihood: int, severity: int, *, policy: MatrixPolicy) -> Assessment:
    """Grade R = L×S, each a whole number from 1 to 5. Raises AssessmentError on any other value."""
    check_matrix_policy(policy)
    for name, value in (("可能性L", likelihood), ("严重性S", severity)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
            raise AssessmentError(f"{name}应为1至5的整数，所填为“{value}”，请按评价表重新选择")
    product = likelihood * severity
    band = matrix_band(product, policy)
    steps = [f"R=L×S={likelihood}×{severity}={product}，{band.least}至{band.most}为{band.word}"]
    explanation = _explanation("LS", policy, Decimal(product), band.word, band.colour, steps)
    return Assessment("LS", Decimal(product), band.word, band.colour, explanation)


def lec_band(value: Decimal, policy: LecPolicy) -> tuple[str, str]:
    """Return (word, colour) of a D under a policy."""
    word = _banded(value, policy.words, policy.inclusive_upper)
    return word, _banded(value, policy.colours, policy.inclusive_upper)


def matrix_band(product: int, policy: MatrixPolicy) -> MatrixBand:
    """Return the band of a legal R under a policy."""
    return next(each for each in policy.bands if each.least <= product <= each.most)


def raise_directly(assessment: Assessment, keys: Sequence[str], on: dt.date) -> Assessment:
    """Return the assessment raised to major (red) by the named circumstances; unchanged for none.

    Raises UnknownRule on a circumstance not in force on ``on``.
    """
    if not keys:
        return assessment
    known = {each.key: each for each in direct_major(on)}
    for key in keys:
        if key not in known:
            raise UnknownRule(f"没有名为“{key}”的直接判定情形，可用：{'、'.join(known)}")
    texts = "；".join(known[key].text for key in keys)
    before = risk_colour(assessment.colour)
    steps = [
        *assessment.explanation["steps"],
        f"计算结果为{before.colour_label}，因{texts}，直接判定为重大风险",
    ]
    explanation = {
        **assessment.explanation,
        "steps": steps,
        "word": "重大风险",
        "colour": "red",
        "direct": list(keys),
    }
    return Assessment(assessment.method, assessment.value, "重大风险", "red", explanation)


def grade_risk_point(hazards: Mapping[str, str]) -> tuple[str | None, str]:
    """Return (colour, sentence) of a risk point: the gravest of {what endangers: its colour}; None for none."""
    colour = gravest(list(hazards.values()))
    if colour is None:
        return None, "风险点内还没有评价过的危险源，请先逐一评价"
    names = "、".join(name for name, each in hazards.items() if each == colour)
    top = risk_colour(colour)
    return colour, f"风险点等级取其中最高一级：{names}为{top.label}风险（{top.colour_label}）"


def sentence(explanation: dict[str, Any]) -> str:
    """Explain a stored assessment in one Chinese sentence with its policy and source."""
    colour = risk_colour(explanation["colour"])
    doubt = "" if explanation["verified"] else "，待核对原文"
    return (
        f"{'；'.join(explanation['steps'])}，{colour.colour_label}色"
        f"（口径：{explanation['policy_label']}，{explanation['source']}{doubt}）"
    )


def check_lec_policy(policy: LecPolicy) -> None:
    """Raise AssessmentError unless cut-offs fall from the gravest to 0 and every colour is known."""
    for bands in (policy.words, policy.colours):
        cuts = [cut for cut, _ in bands]
        if not cuts or cuts[-1] != 0 or any(high <= low for high, low in pairwise(cuts)):
            raise AssessmentError(f"口径“{policy.label}”的分档值应由高到低排列并以0收尾，请在设置中改正")
    _check_falling(policy.label, [colour for _, colour in policy.colours])


def check_matrix_policy(policy: MatrixPolicy) -> None:
    """Raise AssessmentError unless every legal product falls into exactly one band of a known colour."""
    for product in sorted(PRODUCTS):
        fitting = [band for band in policy.bands if band.least <= product <= band.most]
        if len(fitting) != 1:
            fault = "没有归入任何一档" if not fitting else "同时归入几档"
            raise AssessmentError(f"口径“{policy.label}”中R={product}{fault}，请在设置中改正切分")
    falling = sorted(policy.bands, key=lambda band: -band.most)
    _check_falling(policy.label, [band.colour for band in falling])


def _check_falling(label: str, colours: Sequence[str]) -> None:
    """Raise AssessmentError when a higher figure would have a milder colour than a lower one."""
    ranks = [risk_colour(colour).rank for colour in colours]
    if any(high > low for high, low in pairwise(ranks)):
        raise AssessmentError(f"口径“{label}”中分值高的一档颜色反而轻，请在设置中改正")


class Keyed(Protocol):
    """A dated record chosen by key."""

    @property
    def key(self) -> str: ...
    @property
    def effective_from(self) -> dt.date: ...
    @property
    def effective_to(self) -> dt.date | None: ...


K = TypeVar("K", bound=Keyed)


def choose(records: Iterable[K], key: str | None, on: dt.date, *, what: str) -> K:
    """Return the first record of that key in force on ``on``; None means the one marked default.

    Raises UnknownRule naming ``what`` and the keys there are.
    """
    live = [each for each in records if is_in_force(each, on)]
    for each in live:
        if each.key == key or (key is None and getattr(each, "default", False)):
            return each
    keys = "、".join(dict.fromkeys(each.key for each in live))
    raise UnknownRule(f"{what}中没有{on.isoformat()}可用的“{key or '默认'}”，可用：{keys}")


def _steps(rows: list[dict[str, str]]) -> tuple[Step, ...]:
    return tuple(Step(Decimal(row["value"]), row["label"]) for row in rows)


def _pick(value: Decimal | int | str, steps: tuple[Step, ...], what: str) -> Step:
    try:
        wanted = Decimal(value)
    except (InvalidOperation, TypeError):
        wanted = None
    for step in steps:
        if step.value == wanted:
            return step
    allowed = "、".join(_figure(step.value) for step in steps)
    raise AssessmentError(f"{what}不能取“{value}”，只能取{allowed}，请从列表中选择")


def _banded(value: Decimal, bands: tuple[tuple[Decimal, str], ...], inclusive_upper: bool) -> str:
    for cut, meaning in bands[:-1]:
        if value > cut or (value == cut and not inclusive_upper):
            return meaning
    return bands[-1][1]


def _explanation(
    method: str, policy: LecPolicy | MatrixPolicy, value: Decimal, word: str, colour: str, steps: list[str]
) -> dict[str, Any]:
    return {
        "method": method,
        "policy": policy.key,
        "policy_label": policy.label,
        "value": _figure(value),
        "word": word,
        "colour": colour,
        "steps": steps,
        "direct": [],
        "source": policy.source,
        "doc_no": policy.doc_no,
        "verified": policy.verified,
    }


def _figure(value: Decimal) -> str:
    return f"{value.normalize():f}"
