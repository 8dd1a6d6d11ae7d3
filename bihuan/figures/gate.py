"""The check every bulletin passes before it leaves: what does not add up, where it stands and what to do about it.

Text is checked part by part (a part is a section of the paper), so that the place can be named; figures the text takes
from the tables beside it are compared with them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bihuan.figures.check import check_figures
from bihuan.figures.model import KINDS
from bihuan.figures.quantities import find_quantities
from bihuan.figures.sums import shown

_REMEDIES = {
    "sum": "核对各分项和合计，改正写错的一个",
    "rate": "按前面两个数重新计算比率，或者改正其中的数",
    "share": "按部分和总数重新计算占比，或者改正其中的数",
    "change": "按本期和上期的数重新计算增减，或者改正其中的数",
    "base": "核对本期数和增减幅，其中一个写错了",
    "parts_change": "核对各分项和总体的增减幅",
    "rest": "核对总数、已办数和剩余数",
    "part": "分项不能大于总数，核对这两个数",
    "shares": "核对各项占比，合计应为100%",
    "table": "改成表中的数，或者说明是另一个口径",
}
AROUND = 16
# A figure of the whole opens its clause, or follows the word for the whole.
_AFTER = r"(?:^|[，,。；;、（(\n]|全[省市县区镇乡州盟旗]|全街道|辖区|共|其中)%s(?:共|为|达)?$"


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold. `place` is the part and the paragraph, `excerpt` the words around it."""

    kind: str
    place: str
    excerpt: str
    statement: str
    remedy: str

    def to_json(self) -> dict[str, str]:
        """Return the problem as JSON values."""
        return {
            "kind": self.kind, "title": KINDS.get(self.kind, "文字与数表"), "place": self.place,
            "excerpt": self.excerpt, "statement": self.statement, "remedy": self.remedy,
        }  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What the gate found: `problems` stop the paper, `confirmed` relations hold."""

    problems: tuple[Problem, ...]
    confirmed: int

    @property
    def may_leave(self) -> bool:
        return not self.problems


def judge(
    parts: Iterable[tuple[str, str]], figures: Mapping[str, tuple[Decimal, str]] | None = None
) -> Verdict:
    """Check the parts of a paper, each with its heading. `figures` are those of its table: the words a count follows
    (查出隐患) with the number and its unit; a sentence that gives another number for them is a problem."""
    problems: list[Problem] = []
    confirmed = 0
    for heading, text in parts:
        report = check_figures(text)
        confirmed += len(report.confirmed)
        for finding in report.findings:
            problems.append(
                Problem(
                    finding.kind,
                    _place(heading, text, finding.spans[0][0]),
                    _excerpt(text, *finding.spans[0]),
                    finding.statement,
                    _REMEDIES.get(finding.kind, "核对这几个数"),
                )
            )
        for problem, holds in _beside(heading, text, figures or {}):
            confirmed += holds
            if problem is not None:
                problems.append(problem)
    return Verdict(tuple(problems), confirmed)


def _beside(
    heading: str, text: str, figures: Mapping[str, tuple[Decimal, str]]
) -> Iterable[tuple[Problem | None, bool]]:
    """Counts that stand right after the name of a figure of the whole: 全市查出隐患120项, never 青石镇查出隐患30项."""
    longest_first = sorted(figures, key=len, reverse=True)
    for quantity in find_quantities(text):
        before = text[: quantity.start]
        name = next((name for name in longest_first if re.search(_AFTER % re.escape(name), before)), None)
        if name is None or quantity.is_rough:
            continue
        value, unit = figures[name]
        if unit != quantity.text.lstrip("0123456789.,，万亿千 "):
            continue
        if abs(value - quantity.value) <= quantity.step / 2:
            yield None, True
            continue
        yield (
            Problem(
                "table",
                _place(heading, text, quantity.start),
                _excerpt(text, quantity.start, quantity.end),
                f"文中写{name}{quantity.text}，所附数表为{shown(value)}{unit}。",
                _REMEDIES["table"],
            ),
            False,
        )


def _place(heading: str, text: str, at: int) -> str:
    paragraph = text.count("\n", 0, at) + 1
    return f"“{heading}”第{paragraph}段" if "\n" in text.strip("\n") else f"“{heading}”"


def _excerpt(text: str, start: int, end: int) -> str:
    left, right = max(0, start - AROUND), min(len(text), end + 6)
    words = text[left:right].replace("\n", " ")
    return f"{'…' if left else ''}{words}{'…' if right < len(text) else ''}"
