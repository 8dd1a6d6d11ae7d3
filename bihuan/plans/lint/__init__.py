"""方案体检: read a compiled plan as a careful, sceptical reviewer would, and say what will not work.

`lint(plan)` returns findings in printed order. Pure Python; every check reads the public model only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

from bihuan.plans.lint import bodies, damage, dating, form, goals, numbering, owners, reporting, terms, timing
from bihuan.plans.lint.catalogue import LINT_RULES
from bihuan.plans.lint.draft import Draft
from bihuan.plans.lint.finding import SEVERITIES, Finding, LintRule, Severity, key_of
from bihuan.plans.model import Plan

__all__ = ["LINT_RULES", "SEVERITIES", "Finding", "LintRule", "Severity", "lint"]

_CHECKS = (
    *numbering.CHECKS,
    *bodies.CHECKS,
    *dating.CHECKS,
    *timing.CHECKS,
    *owners.CHECKS,
    *goals.CHECKS,
    *reporting.CHECKS,
    *damage.CHECKS,
    *terms.CHECKS,
    *form.CHECKS,
)


def lint(plan: Plan, *, today: date | None = None) -> list[Finding]:
    """Return the defects of a plan in printed order.

    `today`: the day a draft without a date would be published; dates before it count as past. Without it a plan
    without a date is not asked whether its dates are past.
    """
    draft = Draft(plan, today)
    found = [finding for check in _CHECKS for finding in check(draft)]
    order = list(SEVERITIES)
    found.sort(key=lambda f: (f.span, order.index(f.severity), f.code))
    seen: Counter[str] = Counter()
    keyed: list[Finding] = []
    for finding in found:
        key = key_of(finding.code, finding.span.of(draft.text))
        seen[key] += 1
        keyed.append(replace(finding, key=key if seen[key] == 1 else f"{key}#{seen[key]}"))
    return keyed
