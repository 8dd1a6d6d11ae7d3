"""How often a place must be visited (检查、入户安检频次) and when the next visit falls due, explained.

A rule says: at least N visits within any M months running. 583号令 only says 定期; cities differ, so each
set of values is chosen by key or by division code (R063, R208). 每年 is read as any twelve months running,
which satisfies every calendar year as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from bihuan.rules.calendar import add_months
from bihuan.rules.records import Provenance, UnknownRule, is_in_force, load, provenance
from bihuan.rules.regions import is_within
from bihuan.rules.risk import risk_colour

ANY = "*"


@dataclass(frozen=True)
class VisitRule(Provenance):
    """One version of one frequency.

    ``ruleset`` and ``label``: whose values. ``target``: kind of object, ``*`` for any; ``risk``: colour, empty
    for any; ``area``: division code it holds under, empty for everywhere.
    """

    ruleset: str
    label: str
    purpose: str
    target: str
    risk: str
    area: str
    at_least: int
    months: int

    @property
    def wording(self) -> str:
        """The frequency in words: 每12个月至少2次."""
        return f"每{self.months}个月至少{self.at_least}次"


@dataclass(frozen=True)
class NextVisit:
    """The last day of the next visit, an earlier day that spreads visits evenly, and the explanation."""

    due_on: dt.date
    advised_on: dt.date
    explanation: dict[str, Any]

    def sentence(self) -> str:
        """Explain the day in one Chinese sentence."""
        return sentence(self.explanation)


@cache
def visit_rules() -> tuple[VisitRule, ...]:
    """Return every version of every frequency."""
    names = ("label", "purpose", "risk", "area", "at_least", "months")
    return tuple(
        VisitRule(ruleset=row["set"], target=row["object"], **{n: row[n] for n in names}, **provenance(row))
        for row in load("visits")["visits"]
    )


@cache
def purposes() -> dict[str, str]:
    """Return {key: Chinese label} of what visits are for."""
    return dict(load("visits")["purposes"])


@cache
def targets() -> dict[str, str]:
    """Return {key: Chinese label} of the kinds of objects rules name."""
    return dict(load("visits")["objects"])


def rulesets(purpose: str, on: dt.date) -> dict[str, str]:
    """Return {key: label} of the sets of values that may be chosen for a purpose on ``on``."""
    live = [rule for rule in visit_rules() if rule.purpose == purpose and is_in_force(rule, on)]
    return {rule.ruleset: rule.label for rule in live}


def visit_rule(
    purpose: str,
    on: dt.date,
    *,
    target: str = ANY,
    area: str = "",
    risk: str = "",
    ruleset: str | None = None,
    local: Iterable[VisitRule] = (),
) -> VisitRule:
    """Return how often an object must be visited on ``on``.

    ``ruleset`` chooses a set outright; else the narrowest area holding ``area`` decides, a rule naming the kind
    of object before one for all, one naming the risk before one for any, and ``local`` rules before seeded.
    Raises UnknownRule, naming the sets there are, when none fits or equally fitting ones disagree.
    """
    if risk:
        risk_colour(risk)
    for rules in (tuple(local), visit_rules()):
        fitting = [
            rule
            for rule in rules
            if rule.purpose == purpose
            and is_in_force(rule, on)
            and rule.target in (target, ANY)
            and rule.risk in (risk, "")
            and (rule.ruleset == ruleset if ruleset else is_within(area, rule.area))
        ]
        if fitting:
            best = max(_fit(rule) for rule in fitting)
            first, *others = [rule for rule in fitting if _fit(rule) == best]
            if any((rule.at_least, rule.months) != (first.at_least, first.months) for rule in others):
                keys = "、".join(dict.fromkeys(rule.ruleset for rule in (first, *others)))
                raise UnknownRule(
                    f"{_what(purpose, target)}的频次有几套不同规定（{keys}），请在设置中选定一套"
                )
            return first
    known = "、".join(f"{key}（{label}）" for key, label in rulesets(purpose, on).items()) or "无"
    raise UnknownRule(
        f"没有适用于{_what(purpose, target)}（区划{area or '未填'}、风险{risk or '未评'}）的频次，"
        f"可在设置中选定：{known}"
    )


def next_visit(rule: VisitRule, visits: Iterable[dt.date], *, since: dt.date) -> NextVisit:
    """Return when the next visit falls due, given past visits and the day ``since`` which the rule applies here.

    Several visits on one day are one. With N visits made, the N-th last leaves the window M months later, and
    by then another must have taken place. With fewer, or when that visit lies before ``since``, the window
    begins on ``since``.
    """
    made = sorted(set(visits))
    counted = made[-rule.at_least :] if len(made) >= rule.at_least else []
    start = max(counted[0], since) if counted else since
    due_on = add_months(start, rule.months)
    last = made[-1] if made else since
    step = rule.months // rule.at_least
    spread = add_months(last, step) if step else last + dt.timedelta(days=30 * rule.months // rule.at_least)
    advised_on = min(due_on, spread)
    explanation = {
        "ruleset": rule.ruleset,
        "label": rule.label,
        "purpose": rule.purpose,
        "wording": rule.wording,
        "at_least": rule.at_least,
        "months": rule.months,
        "since": since.isoformat(),
        "counted": [day.isoformat() for day in counted or made],
        "from": start.isoformat(),
        "due_on": due_on.isoformat(),
        "advised_on": advised_on.isoformat(),
        "source": rule.source,
        "doc_no": rule.doc_no,
        "verified": rule.verified,
    }
    return NextVisit(due_on, advised_on, explanation)


def sentence(explanation: dict[str, Any]) -> str:
    """Explain a stored due day in one Chinese sentence."""
    counted, wanted = explanation["counted"], explanation["at_least"]
    if not counted:
        how = f"自{explanation['since']}起还没有去过"
    elif len(counted) < wanted:
        how = f"自{explanation['since']}起已去{len(counted)}次（{'、'.join(counted)}），还差{wanted - len(counted)}次"
    elif wanted == 1:
        how = f"最近一次在{counted[0]}"
    else:
        how = f"最近{wanted}次在{'、'.join(counted)}"
    if counted and explanation["from"] == explanation["since"] > counted[0]:
        how += f"，规定自{explanation['since']}起适用"
    advice = ""
    if explanation["advised_on"] != explanation["due_on"]:
        advice = f"，均匀安排宜在{explanation['advised_on']}前"
    own = "" if explanation["doc_no"] == "自拟" else f"，{explanation['doc_no']}"
    doubt = "" if explanation["doc_no"] == "自拟" or explanation["verified"] else "，待核对原文"
    return (
        f"{explanation['wording']}，{how}，下一次最迟{explanation['due_on']}{advice}"
        f"（依据：{explanation['source']}{own}{doubt}）"
    )


def _fit(rule: VisitRule) -> tuple[int, bool, bool, dt.date]:
    return len(rule.area), rule.target != ANY, bool(rule.risk), rule.effective_from


def _what(purpose: str, target: str) -> str:
    return f"{purposes().get(purpose, purpose)}·{targets().get(target, target)}"
