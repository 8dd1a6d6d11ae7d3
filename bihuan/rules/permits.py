"""Permits (许可、登记、备案): who needs which, how long they hold, when renewal must be asked for.

Validity and issuing level differ from place to place; a record for an area goes before the national one.
Own rule (自拟): reminders 90, 60, 30 and 7 days before expiry, and 30 and 7 before the last day for renewal.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from bihuan.rules.calendar import add_months
from bihuan.rules.records import Provenance, UnknownRule, in_force, is_in_force, load, provenance
from bihuan.rules.regions import is_within

PermitStateKey = Literal["valid", "approaching", "renew", "expired"]

STATE_LABELS: dict[str, str] = {"valid": "有效", "approaching": "临期", "renew": "应续", "expired": "过期"}
LEVELS: dict[str, str] = {"province": "省级", "city": "市级", "county": "县级"}
ISSUING: dict[str, str] = {"nation": "国家级"} | LEVELS
RANKS = tuple(ISSUING)  # the highest first


@dataclass(frozen=True)
class PermitRule(Provenance):
    """One version of one kind of permit, nationwide (``area`` empty) or for a division code and all under it.

    ``needed_by``: keys of the kinds of places that need it; ``condition``: only if so, empty for always.
    ``months``: validity, None where not laid down. ``renew_months`` or ``renew_days``: how long before expiry
    renewal must be asked for.
    """

    key: str
    label: str
    aliases: tuple[str, ...]
    area: str
    needed_by: tuple[str, ...]
    condition: str
    months: int | None
    renew_months: int | None
    renew_days: int | None
    issuer_level: str
    issuer: str
    note: str

    def renew_by(self, valid_to: dt.date) -> dt.date | None:
        """Return the last day to ask for renewal of a permit valid until ``valid_to``; None if not laid down."""
        if self.renew_months is not None:
            return add_months(valid_to, -self.renew_months)
        if self.renew_days is not None:
            return valid_to - dt.timedelta(days=self.renew_days)
        return None


@dataclass(frozen=True)
class ReminderRule(Provenance):
    """How many days before expiry, and before the last day for renewal, somebody is reminded."""

    key: str
    expiry: tuple[int, ...]
    renewal: tuple[int, ...]


@dataclass(frozen=True)
class Reminder:
    """One reminder: its day, how many days ahead, of what (expiry or renewal), and which day that is."""

    on: dt.date
    days: int
    of: Literal["expiry", "renewal"]
    target: dt.date

    @property
    def key(self) -> str:
        """A stable name of the reminder, to remember that it was sent."""
        return f"{self.of}.{self.target.isoformat()}.{self.days}"


@dataclass(frozen=True)
class PermitState:
    """How a permit stands on a day, with a JSON-able explanation.

    ``days_left`` counts to expiry: 0 on the last day, negative after, None for a permit without end.
    """

    key: PermitStateKey
    days_left: int | None
    renew_by: dt.date | None
    explanation: dict[str, Any]

    @property
    def label(self) -> str:
        """The state in Chinese: 有效, 临期, 应续, 过期."""
        return STATE_LABELS[self.key]

    def sentence(self) -> str:
        """Explain the state in one Chinese sentence."""
        return sentence(self.explanation)


@cache
def permit_rules() -> tuple[PermitRule, ...]:
    """Return every version of every kind of permit."""
    plain = ("key", "label", "area", "condition", "months", "renew_months", "renew_days")
    return tuple(
        PermitRule(
            **{name: row[name] for name in (*plain, "issuer_level", "issuer", "note")},
            aliases=tuple(row["aliases"]),
            needed_by=tuple(row["needed_by"]),
            **provenance(row),
        )
        for row in load("permits")["permits"]
    )


@cache
def reminder_rules() -> tuple[ReminderRule, ...]:
    """Return every version of the reminder days."""
    return tuple(
        ReminderRule(
            key=row["key"], expiry=tuple(row["expiry"]), renewal=tuple(row["renewal"]), **provenance(row)
        )
        for row in load("permits")["reminders"]
    )


def permit_kinds() -> dict[str, str]:
    """Return {key: Chinese label} of all kinds of permits."""
    return {rule.key: rule.label for rule in permit_rules()}


def find_permit_kind(text: str) -> str | None:
    """Return the key of the kind of permit called so (its label or another common name); None if unknown."""
    wanted = _plain(text)
    for rule in permit_rules():
        if wanted == rule.key or wanted in {_plain(name) for name in (rule.label, *rule.aliases)}:
            return rule.key
    return None


def names_of_kind(key: str) -> list[str]:
    """Return every name by which a kind of permit goes, its label first; none for an unknown key."""
    rules = [rule for rule in permit_rules() if rule.key == key]
    return list(dict.fromkeys(name for rule in rules for name in (rule.label, *rule.aliases)))


def permit_rule(key: str, on: dt.date, *, area: str = "") -> PermitRule:
    """Return the rule for a kind of permit in force on ``on`` at a place with division code ``area``.

    The narrowest area goes before the nation. Raises UnknownRule when there is none.
    """
    mine = [rule for rule in permit_rules() if rule.key == key]
    if not mine:
        raise UnknownRule(f"没有名为“{key}”的许可种类，可用：{'、'.join(permit_kinds())}")
    here = [rule for rule in mine if is_within(area, rule.area) and is_in_force(rule, on)]
    narrowest = max((len(rule.area) for rule in here), default=0)
    here = [rule for rule in here if len(rule.area) == narrowest]
    return in_force(here, on, what=f"{mine[0].label}（区划{area or '全国'}）")


def permits_needed(kind: str, on: dt.date, *, area: str = "") -> tuple[PermitRule, ...]:
    """Return the permits a place of ``kind`` (key of the registry's kinds) needs on ``on``, document order.

    Those with a ``condition`` are needed only if it holds; the person decides.
    """
    keys = dict.fromkeys(rule.key for rule in permit_rules() if is_within(area, rule.area))
    found = []
    for key in keys:
        if any(
            is_in_force(rule, on) and is_within(area, rule.area) for rule in permit_rules() if rule.key == key
        ):
            rule = permit_rule(key, on, area=area)
            if kind in rule.needed_by:
                found.append(rule)
    return tuple(found)


def reminder_rule(on: dt.date) -> ReminderRule:
    """Return the reminder days in force on ``on``. Raises UnknownRule."""
    return in_force(reminder_rules(), on, what="许可到期提醒")


def reminders(valid_to: dt.date, on: dt.date, *, rule: PermitRule | None = None) -> tuple[Reminder, ...]:
    """Return the reminders for a permit valid until ``valid_to``, earliest first, by the days in force on ``on``.

    ``rule`` adds those before the last day for renewal; an unlisted kind of permit (None) has only expiry's.
    """
    days = reminder_rule(on)
    found = [Reminder(valid_to - dt.timedelta(days=n), n, "expiry", valid_to) for n in days.expiry]
    renew_by = rule.renew_by(valid_to) if rule else None
    if renew_by is not None:
        found += [Reminder(renew_by - dt.timedelta(days=n), n, "renewal", renew_by) for n in days.renewal]
    return tuple(sorted(found, key=lambda each: (each.on, each.of)))


def reminders_reached(
    valid_to: dt.date, today: dt.date, *, rule: PermitRule | None = None
) -> tuple[Reminder, ...]:
    """Return the reminders whose day has come by ``today``, earliest first."""
    return tuple(each for each in reminders(valid_to, today, rule=rule) if each.on <= today)


def permit_state(
    valid_to: dt.date | None,
    today: dt.date,
    *,
    rule: PermitRule | None = None,
    applied_on: dt.date | None = None,
) -> PermitState:
    """Return how a permit stands: 有效, 临期 from its first reminder on, 应续 from the last day for renewal on, 过期.

    The last day of validity is not expired. ``applied_on``: renewal has been asked for, so 应续 is 临期.
    None as ``valid_to`` is a permit without end.
    """
    renew_by = rule.renew_by(valid_to) if rule and valid_to else None
    days_left = (valid_to - today).days if valid_to else None
    key: PermitStateKey = "valid"
    if valid_to is not None and today > valid_to:
        key = "expired"
    elif renew_by is not None and today >= renew_by and applied_on is None:
        key = "renew"
    elif valid_to is not None and reminders_reached(valid_to, today, rule=rule):
        key = "approaching"
    explanation = {
        "state": key,
        "today": today.isoformat(),
        "valid_to": valid_to.isoformat() if valid_to else None,
        "days_left": days_left,
        "renew_by": renew_by.isoformat() if renew_by else None,
        "applied_on": applied_on.isoformat() if applied_on else None,
        "label": rule.label if rule else None,
        "ahead": _ahead(rule),
        "source": rule.source if rule else None,
        "doc_no": rule.doc_no if rule else None,
        "verified": rule.verified if rule else None,
    }
    return PermitState(key, days_left, renew_by, explanation)


def doubt_validity(rule: PermitRule, valid_from: dt.date | None, valid_to: dt.date | None) -> str | None:
    """Return a Chinese sentence when the dates of a permit cannot be right, else None.

    A permit of 36 months from 10 May runs to 9 or 10 May; shorter ones exist, longer ones do not.
    """
    if valid_from is None or valid_to is None:
        return None
    if valid_to < valid_from:
        return f"{rule.label}的有效期止{valid_to}早于有效期起{valid_from}，请核对证件"
    if rule.months is not None and valid_to > add_months(valid_from, rule.months):
        return (
            f"{rule.label}有效期为{rule.months // 12}年，所填{valid_from}至{valid_to}超出，"
            f"请核对证件（依据：{rule.source}，{rule.doc_no}）"
        )
    return None


def doubt_level(rule: PermitRule, level: str) -> str | None:
    """Return a Chinese sentence when a permit is said to be issued further down than its rule has it, else None (R163).

    ``level``: nation, province, city, county, or empty for unknown. Tasks handed down make such permits lawful, so
    this is a doubt to be looked into, never a refusal.
    """
    if level not in RANKS or RANKS.index(level) <= RANKS.index(rule.issuer_level):
        return None
    return (
        f"{rule.label}由{rule.issuer}核发，登记为{ISSUING[level]}发证，请核对证件，确属委托下放的在发证机关栏写明"
        f"（依据：{rule.source}，{rule.doc_no}）"
    )


def sentence(explanation: dict[str, Any]) -> str:
    """Explain a stored state in one Chinese sentence, with the rule it follows."""
    label = STATE_LABELS[explanation["state"]]
    if explanation["valid_to"] is None:
        return f"{label}：没有填写到期日，按长期有效处理"
    left = explanation["days_left"]
    when = f"，还有{left}天" if left > 0 else "，今天到期" if left == 0 else f"，已过期{-left}天"
    parts = [f"{label}：有效期至{explanation['valid_to']}{when}"]
    if explanation["renew_by"]:
        parts.append(f"应在期满前{explanation['ahead']}即{explanation['renew_by']}前申请续期")
    if explanation["applied_on"]:
        parts.append(f"已于{explanation['applied_on']}申请续期")
    if not explanation["source"]:
        return "，".join(parts)
    doubt = "" if explanation["verified"] else "，待核对原文"
    return f"{'，'.join(parts)}（依据：{explanation['source']}，{explanation['doc_no']}{doubt}）"


def _ahead(rule: PermitRule | None) -> str | None:
    if rule is None:
        return None
    if rule.renew_months is not None:
        return f"{rule.renew_months}个月"
    return f"{rule.renew_days}日" if rule.renew_days is not None else None


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
