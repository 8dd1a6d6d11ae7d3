"""Major-hazard installations (危险化学品重大危险源): does a unit constitute one, and of which grade, explained.

S is the sum of q/Q over the substances of one unit; S >= 1 constitutes. R is alpha times the sum of
beta*q/Q; grade 1 from 100, 2 from 50, 3 from 10, 4 below (GB 18218-2018 §4; before 2019-03-01
GB 18218-2009 with the factors of 原总局令第40号). q is the design maximum in tonnes. Critical amount Q: by
name before category, the smallest of several categories. Sums are exact fractions, so that a unit at exactly
1, 10, 50 or 100 falls on the right side.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Literal

from bihuan.rules.majortables import FactorSet, GradeBand, NamedSubstance, Variant, factor_set, plain
from bihuan.rules.records import UnknownRule

UnitKind = Literal["production", "storage"]

# A production unit ends at its shut-off valves; a storage unit is a tank farm within its dike, or one
# separate warehouse (GB 18218-2018 §3).
UNIT_KINDS: dict[str, str] = {"production": "生产单元", "storage": "储存单元"}


class MajorHazardError(ValueError):
    """What was reported of a unit cannot be reckoned. ``str()`` is a Chinese sentence with the remedy."""


@dataclass(frozen=True)
class Substance:
    """One substance in a unit: its design maximum in tonnes and, if known, its hazard categories (J1…W11).

    ``categories`` are the symbols by which the safety data sheet classes it; a substance named in table 1
    needs them only for beta.
    """

    name: str
    amount: Decimal
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """One production or storage unit with what it can hold."""

    name: str
    kind: UnitKind
    substances: tuple[Substance, ...]


@dataclass(frozen=True)
class UnitResult:
    """S, R and grade of a unit, with the JSON-able explanation a person can follow on paper.

    ``r`` and ``grade`` are None when the unit constitutes nothing, or while ``missing`` names what must
    still be reported before it can be graded.
    """

    s: Fraction
    is_major: bool
    r: Fraction | None
    grade: int | None
    missing: tuple[str, ...]
    explanation: dict[str, Any]

    def sentence(self) -> str:
        """Explain the result in one Chinese sentence."""
        return sentence(self.explanation)


def tonnes(value: Decimal | int | str, *, of: str) -> Decimal:
    """Return a design maximum in tonnes as a Decimal. Raises MajorHazardError unless it is a number above 0."""
    try:
        amount = Decimal(value)
    except (InvalidOperation, TypeError) as error:
        raise MajorHazardError(f"“{of}”的设计最大量“{value}”不是数字，请填写吨数，如200") from error
    if not amount.is_finite() or amount <= 0:
        raise MajorHazardError(f"“{of}”的设计最大量应大于0吨，所填为{value}，请按设计最大储存量填写")
    return amount


def find_named(text: str, on: dt.date) -> NamedSubstance | None:
    """Return the row of table 1 in force on ``on`` that bears this name, alias or CAS number; None if none.

    Raises MajorHazardError when several rows bear it (硝化棉), naming them.
    """
    return _named(text, factor_set(on))


def assess_unit(unit: Unit, *, population: int | None, on: dt.date, variant: str | None = None) -> UnitResult:
    """Identify and grade ``unit`` by the standard in force on ``on``.

    ``population``: people living within 500 m outside the plant boundary (table 5); None while unknown.
    ``variant``: key of the reading to use where transcriptions of the standard disagree; None is the default.
    Raises MajorHazardError on amounts or categories that cannot be, UnknownRule on an unknown variant or a
    day no standard covers.
    """
    rules = factor_set(on)
    chosen = _variant(rules, variant)
    if unit.kind not in UNIT_KINDS:
        raise UnknownRule(
            f"没有名为“{unit.kind}”的单元类型，可用：production（生产单元）、storage（储存单元）"
        )
    if not unit.substances:
        raise MajorHazardError(f"{unit.name}没有登记危险化学品，请先填写品种和设计最大量")
    if population is not None and population < 0:
        raise MajorHazardError(f"厂区边界外500米内的常住人口不能是负数，所填为{population}")
    terms = [_term(substance, rules) for substance in unit.substances]
    s = sum((term.ratio for term in terms), Fraction(0))
    is_major = s >= 1
    explanation: dict[str, Any] = {
        "unit": unit.name,
        "kind": unit.kind,
        "on": on.isoformat(),
        "set": rules.key,
        "source": rules.source,
        "doc_no": rules.doc_no,
        "terms": [term.explained for term in terms],
        "s": shown(s),
        "is_major": is_major,
        "population": population,
        "alpha": None,
        "r": None,
        "grade": None,
        "missing": [],
        "variant": None,
        "alternatives": [],
        "unverified": [],
    }
    r, band, missing = None, None, list[str]()
    if is_major:
        exposure = None if population is None else rules.exposure_of(population)
        factors = [_factor(term, rules, chosen) for term in terms]
        missing = [reason for reason in (f.missing for f in factors) if reason]
        if exposure is None:
            missing.append("厂区边界外500米内的常住人口")
        for term, factor in zip(terms, factors, strict=True):
            term.explained.update(factor.explained)
        if exposure is not None:
            explanation["alpha"] = {
                "value": str(exposure.factor),
                "row": f"{rules.tables['exposure']} {exposure.label}",
            }
        if exposure is not None and not missing:
            alpha = Fraction(exposure.factor)
            r = _r(alpha, terms, factors)
            band = rules.grade_of(r)
            explanation |= {"r": shown(r), "grade": band.grade, "grade_label": band.label}
            explanation |= {"bounds": _bounds(rules, band)}
            if any(factor.disputed for factor in factors):
                explanation["variant"] = {"key": chosen.key, "label": chosen.label, "note": chosen.note}
                explanation["alternatives"] = _alternatives(alpha, terms, rules, chosen)
        explanation["missing"] = missing
    explanation["unverified"] = _unverified(explanation["terms"])
    return UnitResult(s, is_major, r, band.grade if band else None, tuple(missing), explanation)


def shown(value: Fraction) -> str:
    """Return ``value`` with at most four decimals, cut off and never rounded up: 0.99996 must not read as 1."""
    whole, rest = divmod(value * 10_000 // 1, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def lines(explanation: dict[str, Any]) -> list[str]:
    """Return the steps of a stored result in order: each substance, S, each beta, R, as Chinese clauses."""
    steps = [
        f"{term['name']}{term['amount']} t÷临界量{term['quantity']} t（{term['quantity_row']}）={term['ratio']}"
        for term in explanation["terms"]
    ]
    first, *rest = conclusions(explanation)
    steps.append(first)
    if not explanation["is_major"] or explanation["missing"]:
        return steps + rest
    for term in explanation["terms"]:
        note = f"，{term['factor_note']}" if term["factor_note"] else ""
        steps.append(f"{term['name']}校正系数β={term['factor']}（{term['factor_row']}{note}）")
    steps += rest
    if explanation["variant"]:
        other = "；".join(
            f"{o['label']}时R={o['r']}，为{o['grade_label']}" for o in explanation["alternatives"]
        )
        steps.append(f"各转录件不一致处按“{explanation['variant']['label']}”计算（{other}）")
    return steps


def conclusions(explanation: dict[str, Any]) -> list[str]:
    """Return what follows from the terms of a stored result: S and what it means, then alpha and R, as Chinese clauses."""
    s = explanation["s"]
    if not explanation["is_major"]:
        return [f"合计S={s}，小于1，不构成重大危险源"]
    steps = [f"合计S={s}，达到1，构成重大危险源"]
    if explanation["missing"]:
        return [*steps, f"暂不能分级，还缺：{'、'.join(explanation['missing'])}"]
    alpha = explanation["alpha"]
    inner = "+".join(f"{term['factor']}×{term['ratio']}" for term in explanation["terms"])
    steps.append(f"校正系数α={alpha['value']}（厂界外500米内{explanation['population']}人，{alpha['row']}）")
    steps.append(
        f"R={alpha['value']}×（{inner}）={explanation['r']}，{explanation['bounds']}，为{explanation['grade_label']}"
    )
    return steps


def sentence(explanation: dict[str, Any]) -> str:
    """Explain a stored result in one Chinese sentence, with its source and what is still to be checked."""
    unchecked = explanation["unverified"]
    doubt = f"，待核对原文：{'、'.join(unchecked)}" if unchecked else ""
    return (
        f"{explanation['unit']}（{UNIT_KINDS[explanation['kind']]}）：{'；'.join(lines(explanation))}"
        f"（依据：{explanation['source']}，{explanation['doc_no']}{doubt}）"
    )


@dataclass(frozen=True)
class _Term:
    """One substance with its q/Q; ``explained`` is its line of the explanation, completed by the factor."""

    substance: Substance
    named: NamedSubstance | None
    categories: tuple[str, ...]
    ratio: Fraction
    explained: dict[str, Any]


@dataclass(frozen=True)
class _Factor:
    value: Fraction
    disputed: bool
    missing: str
    explained: dict[str, Any]


def _term(substance: Substance, rules: FactorSet) -> _Term:
    amount = tonnes(substance.amount, of=substance.name)
    categories = tuple(dict.fromkeys(symbol.strip().upper() for symbol in substance.categories))
    for symbol in categories:
        if symbol not in rules.categories:
            raise MajorHazardError(
                f"“{substance.name}”的类别“{symbol}”不在{rules.tables['categories']}中，可用：{'、'.join(rules.categories)}"
            )
    named = _named(substance.name, rules)
    if named is not None:
        quantity, verified = named.quantity, named.verified
        row = f"{rules.tables['names']}第{named.row}项 {named.name}"
    elif categories:
        # 一物多危险性取最低的临界量 (GB 18218-2018 §4.2.2).
        smallest = min((rules.categories[symbol] for symbol in categories), key=lambda each: each.quantity)
        quantity, verified = smallest.quantity, smallest.verified
        row = f"{rules.tables['categories']} {smallest.symbol} {smallest.label}"
    else:
        raise MajorHazardError(_unlisted(substance.name, rules))
    ratio = Fraction(amount) / Fraction(quantity)
    explained = {
        "name": substance.name,
        "amount": f"{amount.normalize():f}",
        "quantity": str(quantity),
        "quantity_row": row,
        "verified": verified,
        "ratio": shown(ratio),
    }
    return _Term(substance, named, categories, ratio, explained)


def _factor(term: _Term, rules: FactorSet, variant: Variant) -> _Factor:
    """Return beta: by the name of a toxic gas, else the largest among the substance's categories."""
    names = {plain(term.substance.name)}
    if term.named is not None:
        names |= term.named.plain_names
    for gas in rules.gases:
        if names & gas.plain_names:
            explained = {
                "factor": str(gas.factor),
                "factor_row": f"{rules.tables['gases']} {gas.name}",
                "factor_note": "",
                "factor_verified": gas.verified,
            }
            return _Factor(Fraction(gas.factor), False, "", explained)
    symbols, note = term.categories, ""
    if not symbols and term.named is not None:
        symbols, note = term.named.categories, rules.categories_note
    if not symbols:
        explained = {"factor": None, "factor_row": "", "factor_note": "", "factor_verified": False}
        return _Factor(Fraction(0), False, f"{term.substance.name}的危险性类别", explained)
    if len(symbols) > 1:
        note = "；".join(filter(None, [note, "有多种类别，取其中最大的β"]))
    values = {s: variant.factors.get(s, rules.categories[s].factor) for s in symbols}
    chosen = max(symbols, key=lambda s: values[s])
    category = rules.categories[chosen]
    explained = {
        "factor": str(values[chosen]),
        "factor_row": f"{rules.tables['factors']} {category.symbol} {category.label}",
        "factor_note": note,
        "factor_verified": variant.verified if chosen in variant.factors else category.verified,
    }
    disputed = any(s in variant.factors for s in symbols)
    return _Factor(Fraction(values[chosen]), disputed, "", explained)


def _r(alpha: Fraction, terms: Sequence[_Term], factors: Sequence[_Factor]) -> Fraction:
    weighted = (f.value * term.ratio for term, f in zip(terms, factors, strict=True))
    return alpha * sum(weighted, Fraction(0))


def _alternatives(
    alpha: Fraction, terms: Sequence[_Term], rules: FactorSet, chosen: Variant
) -> list[dict[str, Any]]:
    """Return R and grade by the other readings, so that whoever signs sees what hangs on the dispute."""
    found = []
    for other in rules.variants:
        if other.key != chosen.key:
            r = _r(alpha, terms, [_factor(term, rules, other) for term in terms])
            band = rules.grade_of(r)
            found.append({"key": other.key, "label": other.label, "r": shown(r), "grade": band.grade})
            found[-1]["grade_label"] = band.label
    return found


def _bounds(rules: FactorSet, band: GradeBand) -> str:
    upper = min((g.least for g in rules.grades if g.least > band.least), default=None)
    low = f"不小于{band.least:f}" if band.least else ""
    high = f"小于{upper:f}" if upper is not None else ""
    return "、".join(filter(None, [low, high]))


def _named(text: str, rules: FactorSet) -> NamedSubstance | None:
    matches = rules.named(text)
    if len(matches) > 1:
        rows = "；".join(f"第{each.row}项 {each.name}" for each in matches)
        raise MajorHazardError(f"“{text}”在{rules.tables['names']}中有多项：{rows}。请按其中一项的全称填写")
    return matches[0] if matches else None


def _unlisted(name: str, rules: FactorSet) -> str:
    near = [each.name for each in rules.names if each.plain_stem == plain(name)]
    hint = f"（表中只有“{'”“'.join(near)}”，确属这一种的请按全称填写）" if near else ""
    return (
        f"“{name}”不在{rules.tables['names']}中{hint}，也没有填写危险性类别，无法确定临界量，"
        f"请按化学品安全技术说明书补填类别，如{next(iter(rules.categories))}"
    )


def _variant(rules: FactorSet, key: str | None) -> Variant:
    if key is None:
        return next(each for each in rules.variants if each.default)
    for each in rules.variants:
        if each.key == key:
            return each
    keys = "、".join(each.key for each in rules.variants)
    raise UnknownRule(f"{rules.label}没有名为“{key}”的系数取法，可用：{keys}")


def _unverified(terms: list[dict[str, Any]]) -> list[str]:
    rows = [term["quantity_row"] for term in terms if not term["verified"]]
    rows += [term["factor_row"] for term in terms if term.get("factor_row") and not term["factor_verified"]]
    return list(dict.fromkeys(rows))
