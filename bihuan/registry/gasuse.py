"""Places that burn gas, judged by what the record says of them, and when their supplier last checked indoors (R208, R213).

Nothing is assumed: what was not entered leaves its criteria open. A fault here is the user's, never by itself a major
hazard of the company that supplies it.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Length
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.rules.calendar import add_months
from bihuan.rules.gasusers import Judgement, Measured, dispositions, failures, judge
from bihuan.rules.records import UnknownRule
from bihuan.rules.visits import VisitRule, next_visit, visit_rule

from .filters import ExtraFilter
from .models import Enterprise, EnterpriseQuerySet, KindSchema
from .panels import Panel, PanelRow

BOTTLED = "瓶装液化石油气"
PIPED = ("管道天然气", "管道液化石油气")
GAS = (BOTTLED, *PIPED)
FUELS = ("fuel", "canteen_fuel")  # attributes that say what is burnt
CHECKED = "indoor_checked_on"
PURPOSE, TARGET = "gas.indoor", "non_resident"
STATES = {"late": "已超期", "none": "没有记录"}
# What is measured: the attribute it is read from. Numbers, yes or no, days.
_NUMBERS = {
    "stock_kg": "cylinder_stock",
    "hose_length_m": "hose_length",
    "stove_distance_m": "stove_distance",
}
_ANSWERS = {"has_cylinder_room": "cylinder_room", "alarm_fitted": "detector", "alarm_linked": "cutoff_valve"}
_DAYS = {"hose_since": "hose_since", "regulator_since": "regulator_since"}
_TONES = {"serious": "red", "general": "orange"}


def fuel_of(enterprise: Enterprise) -> str:
    """The gas it burns; empty where it burns none or nobody knows."""
    said = [enterprise.attributes.get(name) for name in FUELS]
    return next((str(fuel) for fuel in said if fuel in GAS), "")


def measured_of(enterprise: Enterprise, *, on: dt.date) -> dict[str, Measured]:
    """What the record says, by the keys of `rules.gasusers`; a day to come says nothing."""
    said = enterprise.attributes
    found: dict[str, Measured] = {"bottled_gas": fuel_of(enterprise) == BOTTLED}
    if enterprise.kind_id == "restaurant":
        found["serves_meals"] = True
    for measure, name in _NUMBERS.items():
        if isinstance(value := said.get(name), int | float) and not isinstance(value, bool):
            found[measure] = Decimal(str(value))
    for measure, name in _ANSWERS.items():
        if isinstance(value := said.get(name), bool):
            found[measure] = value
    if isinstance(below := said.get("basement"), bool):
        found["not_underground"] = not below
    for measure, name in _DAYS.items():
        if (day := _day(said.get(name))) is not None and day <= on:
            found[measure] = day
    return found


def judged(enterprise: Enterprise, *, on: dt.date) -> tuple[Judgement, ...]:
    """Every criterion beside what the record says; none for a place without gas."""
    return judge(measured_of(enterprise, on=on), on) if fuel_of(enterprise) else ()


def indoor_standing(enterprise: Enterprise, *, on: dt.date) -> tuple[str, str, str]:
    """(words, tone, explanation) of the supplier's last check indoors, by the frequency that holds there."""
    try:
        rule = visit_rule(PURPOSE, on, target=TARGET, area=enterprise.locality_id)
    except UnknownRule as error:
        return "周期待定", "yellow", str(error)
    checked = _day(enterprise.attributes.get(CHECKED))
    if checked is None or checked > on:
        return "没有记录", "orange", f"{rule.wording}（依据：{rule.source}，{rule.doc_no}{_doubt(rule)}）"
    due = next_visit(rule, [checked], since=checked)
    if due.due_on < on:
        return f"超期{(on - due.due_on).days}天", "red", due.sentence()
    return f"{due.due_on}前", "green", due.sentence()


def _doubt(rule: VisitRule) -> str:
    return "" if rule.verified else "，待核对原文"


def _day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def gas_panel(enterprise: Enterprise, user: User) -> Panel | None:
    """What is wrong by the record, and the supplier's check; nothing for a place without gas."""
    today = timezone.localdate()
    found = judged(enterprise, on=today)
    if not found:
        return None
    words, tone, explanation = indoor_standing(enterprise, on=today)
    rows = [PanelRow("户内安检", words, tone=tone, note=explanation)]
    for each in failures(found):
        rule = each.criterion
        doubt = "" if rule.verified else "，待核对原文"
        note = f"{each.found}。{rule.follows}（{rule.source}，{rule.doc_no}{doubt}）"
        rows.append(
            PanelRow(
                rule.text,
                dispositions()[rule.disposition],
                tone=_TONES.get(rule.severity, "orange"),
                note=note,
            )
        )
    open_ones = sum(each.verdict == "unknown" for each in found)
    passed = sum(each.verdict == "pass" for each in found)
    note = f"另有{open_ones}项底册没有登记，检查时补上" if open_ones else ""
    rows.append(PanelRow("按底册登记判定", f"合格{passed}项", note=note))
    return Panel("用气", rows)


# --- finding those whose check is late -------------------------------------------------------------


def _burning(objects: EnterpriseQuerySet) -> EnterpriseQuerySet:
    """Places of the kinds that are asked for the check, burning gas as far as known."""
    asked = KindSchema.objects.in_force().filter(schema__properties__has_key=CHECKED).values("kind")
    burns = Q(pk__in=())
    for name in FUELS:
        burns |= Q(**{f"attributes__{name}__in": GAS})
    return objects.supervised().filter(burns, kind__in=asked)


def _cut_offs(on: dt.date) -> dict[dt.date, list[str]]:
    """{day: codes of counties} before which a check is out of date; counties without a rule are left out."""
    found: dict[dt.date, list[str]] = {}
    counties = Region.objects.annotate(length=Length("code")).filter(length=6)
    for code in counties.values_list("code", flat=True):
        try:
            rule = visit_rule(PURPOSE, on, target=TARGET, area=code)
        except UnknownRule:
            continue
        found.setdefault(add_months(on, -rule.months), []).append(code)
    return found


def _narrow(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    if value == "none":
        return _burning(objects).exclude(attributes__has_key=CHECKED)
    if value != "late":
        return None
    late = Q(pk__in=())
    for day, counties in _cut_offs(timezone.localdate()).items():
        late |= Q(checked__lt=day.isoformat(), county__in=counties)
    return (
        _burning(objects)
        .filter(attributes__has_key=CHECKED)
        .annotate(checked=Cast(KT(f"attributes__{CHECKED}"), CharField()))  # a plain text, on every database
        .filter(late)
    )


INDOOR = ExtraFilter(
    "indoor",
    "户内安检",
    _narrow,
    lambda value, user: STATES.get(value, ""),
    lambda user: list(STATES.items()),
)
