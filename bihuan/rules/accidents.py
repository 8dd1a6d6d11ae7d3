"""Accidents (生产安全事故): grades, reporting hours, windows of later changes, escalation, comparison of periods.

Everything that has a number stands in `data/accidents.json` with its document and period (domain §1). "以上" includes
the number, "以下" does not, so a grade begins at its threshold; the highest of deaths, serious injuries and loss counts,
none is converted or added (State Council Order 493, article 3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from .records import Provenance, UnknownRule, in_force, is_in_force, load, provenance

LEVELS = ("county", "city", "province", "state")


@dataclass(frozen=True)
class Toll:
    """What an accident cost: people and 万元. `missing` are not counted as dead until they are found to be."""

    deaths: int = 0
    serious: int = 0
    minor: int = 0
    missing: int = 0
    loss: Decimal = Decimal(0)


@dataclass(frozen=True)
class Grade(Provenance):
    """One grade and where it begins; who inquires, up to whom it is reported, who lists its inquiry."""

    key: str
    name: str
    deaths: int
    serious: int
    loss: int
    inquiry: str
    report_to: str
    listing: str


@dataclass(frozen=True)
class Least(Provenance):
    """A circumstance that makes an accident of at least some grade, whatever its toll."""

    key: str
    name: str
    field: str
    begins: int
    grade: str


@dataclass(frozen=True)
class Graded:
    """A grade with the sentence that explains it."""

    key: str
    name: str
    why: str


@dataclass(frozen=True)
class KindRule:
    """One kind of accident: the group it is summed in, whether it is a production accident, its window."""

    key: str
    name: str
    group: str
    production: bool
    window: str


@dataclass(frozen=True)
class HourRule(Provenance):
    """One time limit in hours."""

    key: str
    name: str
    hours: int
    event: str


@dataclass(frozen=True)
class EscalationRule(Provenance):
    """When an inquiry goes to the next level (提级调查)."""

    key: str
    name: str
    when: Mapping[str, Any]


@dataclass(frozen=True)
class Circumstances:
    """What the escalation rules ask of an accident."""

    grade: str
    kind: str
    deaths: int
    asked: bool = False
    regraded: bool = False
    campaign_escalates: bool = False
    concealed: bool = False
    complex: bool = False
    listed_hazard: bool = False
    earlier_larger: tuple[dt.date, ...] = ()
    warned: tuple[dt.date, ...] = ()


@dataclass(frozen=True)
class RateRule(Provenance):
    """A relative indicator: deaths of a group to a base quantity."""

    key: str
    name: str
    base: str
    unit: str
    per: int
    group: str
    digits: int


@cache
def grades() -> tuple[Grade, ...]:
    """Every version of every grade, lowest first."""
    return tuple(
        Grade(
            key=row["key"], name=row["name"], deaths=row["deaths"], serious=row["serious"], loss=row["loss"],
            inquiry=row["inquiry"], report_to=row["report_to"], listing=row["listing"], **provenance(row),
        )
        for row in load("accidents")["grades"]
    )  # fmt: skip


def grade_rule(key: str, on: dt.date) -> Grade:
    """The version of a grade in force on the day of the accident. Raises UnknownRule."""
    return in_force([grade for grade in grades() if grade.key == key], on, what=key)


@cache
def _leasts() -> tuple[Least, ...]:
    return tuple(
        Least(
            key=row["key"], name=row["name"], field=row["field"], begins=row["from"], grade=row["grade"],
            **provenance(row),
        )
        for row in load("accidents")["least"]
    )  # fmt: skip


def rank(key: str) -> int:
    """Where a grade stands, 0 the lowest. Raises ValueError for an unknown one."""
    return list(dict.fromkeys(grade.key for grade in grades())).index(key)


def grade_of(toll: Toll, on: dt.date, *, explosion: bool = False, moved: int = 0) -> Graded:
    """The grade of an accident of the day `on` with that toll: the highest that any one of its figures reaches.

    `explosion`: of a boiler, pressure vessel or pressure pipe; `moved`: people moved away from a poisonous leak of
    special equipment. Raises UnknownRule for a day before any rule.
    """
    known = [grade for grade in grades() if is_in_force(grade, on)]
    if not known:
        raise UnknownRule(f"规则“事故分级”在{on.isoformat()}没有生效的版本，请在规则库补录该日期适用的版本")
    best, why = known[0], ""
    for grade in known:
        reached = [
            f"{name}{value}{unit}，达到“{least}{unit}以上”"
            for name, value, unit, least in (
                ("死亡", toll.deaths, "人", grade.deaths),
                ("重伤", toll.serious, "人", grade.serious),
                ("直接经济损失", f"{toll.loss.normalize():f}", "万元", grade.loss),
            )
            if least and Decimal(value) >= least
        ]
        if reached:
            best, why = grade, "、".join(reached)
    circumstances = {"explosion": int(explosion), "moved": moved}
    for least in _leasts():
        if not is_in_force(least, on) or circumstances[least.field] < least.begins:
            continue
        if rank(least.grade) > rank(best.key):
            best = in_force([each for each in known if each.key == least.grade], on, what=least.grade)
            why = f"{least.name}（{least.source}）"
    floor = known[1]
    why = why or f"死亡不足{floor.deaths}人、重伤不足{floor.serious}人、直接经济损失不足{floor.loss}万元"
    return Graded(best.key, best.name, f"{why}，为{best.name}")


@cache
def kinds() -> dict[str, KindRule]:
    """The kinds of accidents by key."""
    return {
        row["key"]: KindRule(row["key"], row["name"], row["group"], row["production"], row["window"])
        for row in load("accidents")["kinds"]
    }


def groups() -> dict[str, str]:
    """The groups accidents are summed in, in the order of the bulletins: key and words."""
    return dict(load("accidents")["groups"])


def kinds_of(group: str) -> list[str]:
    """The kinds of one group."""
    return [kind.key for kind in kinds().values() if kind.group == group]


def level_name(level: str) -> str:
    """县级、设区的市级、省级、国务院."""
    return str(load("accidents")["levels"][level])


@cache
def hour_rules() -> tuple[HourRule, ...]:
    return tuple(
        HourRule(key=row["key"], name=row["name"], hours=row["hours"], event=row["event"], **provenance(row))
        for row in load("accidents")["hours"]
    )


def hours_due(key: str, start: dt.datetime, *, on: dt.date) -> tuple[dt.datetime, dict[str, Any]]:
    """When a report is due, counted in hours from `start`, and the explanation. Raises UnknownRule."""
    rule = in_force([each for each in hour_rules() if each.key == key], on, what=key)
    due = start + dt.timedelta(hours=rule.hours)
    doubt = "" if rule.verified else "；未对官方原文核对"
    return due, {
        "hours": rule.hours,
        "summary": f"自{rule.event}（{start:%Y-%m-%d %H:%M}）起 {rule.hours} 小时，至 {due:%Y-%m-%d %H:%M}{doubt}",
        "source": f"{rule.source}，{rule.doc_no}",
    }


@cache
def escalations() -> tuple[EscalationRule, ...]:
    return tuple(
        EscalationRule(key=row["key"], name=row["name"], when=row["when"], **provenance(row))
        for row in load("accidents")["escalation"]
    )


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier; the last of the month where there is no such day."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, last)
        except ValueError:
            continue
    raise ValueError(f"{day} has no day {months} months earlier")


def escalations_of(facts: Circumstances, on: dt.date) -> list[tuple[EscalationRule, str]]:
    """The rules by which an accident of the day `on` goes to the next level, each with what made it apply."""
    found = []
    for rule in escalations():
        if not is_in_force(rule, on):
            continue
        why = _applies(rule.when, facts, on)
        if why:
            found.append((rule, why))
    return found


def _applies(when: Mapping[str, Any], facts: Circumstances, on: dt.date) -> str:
    """What makes the conditions true, all of them together; empty when one is not."""
    said: list[str] = []
    for name, wanted in when.items():
        if name == "grades":
            if facts.grade not in wanted:
                return ""
            said.append(grade_rule(facts.grade, on).name)
        elif name == "kinds":
            if facts.kind not in wanted:
                return ""
            said.append(kinds()[facts.kind].name)
        elif name == "deaths":
            if not wanted[0] <= facts.deaths <= wanted[1]:
                return ""
            said.append(f"死亡{facts.deaths}人")
        elif name in {"earlier_larger_months", "warned_months"}:
            days = facts.earlier_larger if name == "earlier_larger_months" else facts.warned
            since = months_before(on, wanted)
            near = sorted(day for day in days if since <= day <= on)
            if not near:
                return ""
            word = "同一单位较大以上事故" if name == "earlier_larger_months" else "警示通报或约谈"
            said.append(f"{wanted}个月内已有{word}（{near[-1].isoformat()}）")
        else:
            if getattr(facts, name) is not wanted:
                return ""
            said.append(_SAID[name])
    return "；".join(said)


_SAID = {
    "asked": "上级要求提级",
    "regraded": "补报窗口内等级上升",
    "campaign_escalates": "所属行动已打开“活动期强制提级”",
    "concealed": "标明涉嫌瞒报、谎报",
    "complex": "标明案情特别复杂或影响特别大",
    "listed_hazard": "事发单位有挂牌督办的隐患尚未销号",
}


def next_level(level: str) -> str:
    """The level above; the State Council has none."""
    return LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]


def no_pass() -> list[dict[str, str]]:
    """The four "not let pass" (四不放过): key, name and what each asks."""
    return list(load("accidents")["no_pass"])


@cache
def rate_rules() -> tuple[RateRule, ...]:
    """The relative indicators (亿元GDP死亡率 and so on)."""
    return tuple(
        RateRule(
            key=row["key"], name=row["name"], base=row["base"], unit=row["unit"], per=row["per"],
            group=row["group"], digits=row["digits"], **provenance(row),
        )
        for row in load("accidents")["rates"]
    )  # fmt: skip


def change(now: Decimal | int, before: Decimal | int, unit: str) -> str:
    """The change against the same period of last year in the words of bulletins (同比).

    One decimal, half up. Nothing to compare with is no percentage: “增加N起”; equal is “持平”.
    """
    this, last = Decimal(now), Decimal(before)
    if this == last:
        return "持平"
    if last == 0:
        return f"增加{_plain(this)}{unit}"
    percent = change_percent(this, last)
    word = "上升" if this > last else "下降"
    return f"{word}{abs(percent)}%"


def change_percent(now: Decimal | int, before: Decimal | int) -> Decimal:
    """The change in per cent, one decimal. Raises ZeroDivisionError with nothing to compare with."""
    this, last = Decimal(now), Decimal(before)
    if last == 0:
        raise ZeroDivisionError("no percentage of nothing")
    return ((this - last) / last * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


@dataclass(frozen=True)
class Progress:
    """How much of a control number (控制数) is used, and how far that is ahead of the calendar."""

    used: Decimal
    share: Decimal | None
    ahead: Decimal | None


def progress(used: Decimal | int, cap: Decimal | int, month: int) -> Progress:
    """Used share of the year's cap, and its lead over month/12; positive is over the schedule (domain §1.3).

    A cap of zero has no share. Raises ValueError for a month outside 1-12.
    """
    if not 1 <= month <= 12:
        raise ValueError(f"月份应在1至12之间，现为{month}")
    if not cap:
        return Progress(Decimal(used), None, None)
    tenth = Decimal("0.1")
    share = Decimal(used) / Decimal(cap) * 100
    ahead = share - Decimal(month) / 12 * 100
    return Progress(Decimal(used), share.quantize(tenth, ROUND_HALF_UP), ahead.quantize(tenth, ROUND_HALF_UP))


def rate(deaths: int, base: Decimal, rule: RateRule) -> Decimal | None:
    """Deaths per so many units of the base; None without a base."""
    if not base:
        return None
    return (Decimal(deaths) / base * rule.per).quantize(Decimal(1).scaleb(-rule.digits), ROUND_HALF_UP)


def same_period(start: dt.date, end: dt.date, years: int = 1) -> tuple[dt.date, dt.date]:
    """The same days of an earlier year; 29 February becomes 28, and a month's end stays a month's end."""
    if end < start:
        raise ValueError("时段的止早于起")
    first = months_before(start, 12 * years)
    last = months_before(end, 12 * years)
    if (end + dt.timedelta(days=1)).day == 1:
        follow = months_before(end + dt.timedelta(days=1), 12 * years)
        last = follow - dt.timedelta(days=1)
    return first, last


def listed_by(grade: str, on: dt.date) -> str:
    """The level that lists the inquiry of an accident of that grade (查处挂牌督办, R095)."""
    return grade_rule(grade, on).listing


def higher(keys: Iterable[str]) -> str:
    """The highest of several grades."""
    return max(keys, key=rank)
