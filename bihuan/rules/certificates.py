"""Certificates of people (人员证件): how long each kind holds, when it is reviewed, when one must have asked for that.

A certificate may end and may have to be reviewed on the way; whichever comes first is the day that counts.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from bihuan.rules.calendar import add_months
from bihuan.rules.permits import reminder_rule
from bihuan.rules.records import Provenance, UnknownRule, in_force, is_in_force, load, provenance

CertificateStateKey = Literal["valid", "approaching", "apply", "expired"]

STATE_LABELS: dict[str, str] = {"valid": "有效", "approaching": "临期", "apply": "应办", "expired": "过期"}
EVENTS: dict[str, str] = {"review": "复审", "expiry": "换证"}


@dataclass(frozen=True)
class CertificateRule(Provenance):
    """One version of one kind of certificate.

    ``months``: validity from the day of issue, ``review_months``: to the first review; None where not laid down.
    ``ahead_days``: how long before that day one asks for review or renewal.
    """

    key: str
    label: str
    aliases: tuple[str, ...]
    months: int | None
    review_months: int | None
    ahead_days: int | None
    note: str


@dataclass(frozen=True)
class CertificateState:
    """How a certificate stands on a day. ``day``: the next day that counts, None without end; ``event``: what of."""

    key: CertificateStateKey
    day: dt.date | None
    event: Literal["review", "expiry"] | None
    days_left: int | None
    rule: CertificateRule

    @property
    def label(self) -> str:
        """The state in Chinese: 有效, 临期, 应办, 过期."""
        return STATE_LABELS[self.key]

    def sentence(self) -> str:
        """Explain the state in one Chinese sentence, with the rule it follows."""
        if self.day is None or self.event is None or self.days_left is None:
            return "没有填写到期日，按长期有效处理"
        what = "应在" if self.event == "review" else "有效期至"
        tail = "前复审" if self.event == "review" else ""
        if self.days_left < 0:
            when = f"，已过{-self.days_left}天"
        else:
            when = f"，还有{self.days_left}天" if self.days_left else "，就是今天"
        ask = ""
        if self.rule.ahead_days and self.days_left >= 0:
            ask = f"，期满前{self.rule.ahead_days}日内申请{EVENTS[self.event]}"
        doubt = "" if self.rule.verified else "，待核对原文"
        return f"{what}{self.day}{tail}{when}{ask}（依据：{self.rule.source}，{self.rule.doc_no}{doubt}）"


@cache
def certificate_rules() -> tuple[CertificateRule, ...]:
    """Return every version of every kind of certificate."""
    plain = ("key", "label", "months", "review_months", "ahead_days", "note")
    return tuple(
        CertificateRule(
            **{name: row[name] for name in plain}, aliases=tuple(row["aliases"]), **provenance(row)
        )
        for row in load("certificates")["certificates"]
    )


def certificate_kinds(on: dt.date) -> dict[str, str]:
    """Return {key: Chinese label} of the kinds in force on a day, in document order."""
    return {rule.key: rule.label for rule in certificate_rules() if is_in_force(rule, on)}


def certificate_rule(key: str, on: dt.date) -> CertificateRule:
    """Return the rule for a kind in force on ``on``. Raises UnknownRule."""
    mine = [rule for rule in certificate_rules() if rule.key == key]
    if not mine:
        raise UnknownRule(f"没有名为“{key}”的证件种类")
    return in_force(mine, on, what=mine[0].label)


def find_certificate_kind(text: str) -> str | None:
    """Return the key of the kind called so (its label, key or another common name); None if unknown."""
    wanted = _plain(text)
    for rule in certificate_rules():
        if wanted in {_plain(name) for name in (rule.key, rule.label, *rule.aliases)}:
            return rule.key
    return None


def proposed_end(rule: CertificateRule, issued_on: dt.date) -> dt.date | None:
    """The last day of a certificate issued on a day: one day short of so many months; None where not laid down."""
    return add_months(issued_on, rule.months) - dt.timedelta(days=1) if rule.months else None


def proposed_review(rule: CertificateRule, issued_on: dt.date) -> dt.date | None:
    """The last day for the first review of a certificate issued on a day, one day short of so many months as the card
    prints it; None where there is none."""
    return add_months(issued_on, rule.review_months) - dt.timedelta(days=1) if rule.review_months else None


def doubt_certificate(
    rule: CertificateRule, issued_on: dt.date | None, valid_to: dt.date | None, review_by: dt.date | None
) -> str | None:
    """Return a Chinese sentence when the dates cannot be right, else None. Shorter ones exist, longer ones do not."""
    if issued_on and valid_to and valid_to < issued_on:
        return f"有效期止{valid_to}早于发证日期{issued_on}，请核对证件"
    if issued_on and review_by and review_by < issued_on:
        return f"复审日期{review_by}早于发证日期{issued_on}，请核对证件"
    if review_by and valid_to and review_by > valid_to:
        return f"复审日期{review_by}晚于有效期止{valid_to}，不用复审的请留空"
    if issued_on and valid_to and rule.months and valid_to > add_months(issued_on, rule.months):
        return (
            f"{rule.label}有效期为{rule.months // 12}年，所填{issued_on}至{valid_to}超出；"
            "发证日期请填本次有效期的起始日，不是初次领证的日期"
        )
    return None


def certificate_state(
    rule: CertificateRule, today: dt.date, *, valid_to: dt.date | None, review_by: dt.date | None = None
) -> CertificateState:
    """Return how a certificate stands: 临期 from the first reminder on, 应办 once one may ask for it, 过期 after the day.

    The day itself is not past.
    """
    day, event = valid_to, "expiry"
    if review_by is not None and (valid_to is None or review_by <= valid_to):
        day, event = review_by, "review"
    if day is None:
        return CertificateState("valid", None, None, None, rule)
    left = (day - today).days
    key: CertificateStateKey = "valid"
    if left < 0:
        key = "expired"
    elif rule.ahead_days and left <= rule.ahead_days:
        key = "apply"
    elif left <= max(reminder_rule(today).expiry):
        key = "approaching"
    return CertificateState(key, day, "review" if event == "review" else "expiry", left, rule)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
