"""What a check of a plan says: a finding with its place, and the rule behind it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from bihuan.plans.model import Span

Severity = Literal["error", "warning", "advice"]
SEVERITIES: dict[Severity, str] = {
    "error": "错误（互相矛盾或不可能）",
    "warning": "问题（影响执行）",
    "advice": "建议（规范与文字）",
}
KEY_LENGTH = 60


@dataclass(frozen=True)
class LintRule:
    """A thing worth checking: its Chinese title, why it matters in a sentence or two, and where the demand comes from."""

    title: str
    why: str
    source: str


@dataclass(frozen=True)
class Finding:
    """One defect of a plan at one place.

    `span`: offsets into `plan.source.text`; `proposal`: wording ready to paste; `key`: the code and the quoted words,
    the same after recompiling as long as the quoted words stay, so that a waived finding stays waived.
    """

    code: str
    severity: Severity
    span: Span
    message: str
    why: str
    proposal: str
    key: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {
            "code": self.code,
            "severity": self.severity,
            "span": [self.span.start, self.span.end],
            "message": self.message,
            "why": self.why,
            "proposal": self.proposal,
            "key": self.key,
        }


def key_of(code: str, quote: str) -> str:
    """Return code and quote, width folded and blanks gone: `number.duplicate:2.强化用地保障`."""
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", quote)).casefold()
    return f"{code}:{folded[:KEY_LENGTH]}"
