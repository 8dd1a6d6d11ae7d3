"""Chemicals, major-hazard units and risk points: entering them, reckoning them, carrying the gravest colour up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.duties.actions import NewDuty, finish_duty, open_duties, reschedule_duty
from bihuan.duties.models import Duty
from bihuan.rules import assessments, majorhazards
from bihuan.rules.keysupervised import find_key_chemical, find_key_process
from bihuan.rules.lifecycle import file_by, reevaluate_by
from bihuan.rules.records import UnknownRule
from bihuan.rules.risk import gravest, risk_colour

from . import policies
from .access import edit_scope
from .models import (
    Chemical,
    Enterprise,
    EnterpriseChange,
    Guardian,
    MajorUnit,
    RiskAssessment,
    RiskColour,
    RiskPoint,
    RiskProfile,
)
from .noting import note
from .periods import grassroots_of

What = EnterpriseChange.What
CHEMICAL_FIELDS = (
    "premises", "unit", "name", "cas", "state", "categories", "design_maximum", "actual", "place", "is_key", "is_present",
)  # fmt: skip
UNIT_FIELDS = (
    "premises", "name", "kind", "population", "variant", "evaluated_on", "filed_on", "filing_no", "filed_with", "is_active",
)  # fmt: skip
FLAGS = ("重点监管危险化学品", "重点监管危险化工工艺", "重大危险源")
POINT_FIELDS = ("premises", "name", "kind", "place", "outcome", "measures", "responsible", "is_active")


def _may_edit(enterprise: Enterprise, by: User) -> None:
    if not edit_scope(by).covers(enterprise):
        raise PermissionDenied


def _say(enterprise: Enterprise, by: User, summary: str, changes: list[list[str]] | None = None) -> None:
    note(enterprise, What.RISK, by=by, summary=summary, changes=changes or [])


# --- chemicals -------------------------------------------------------------------------------------


@transaction.atomic
def save_chemical(
    enterprise: Enterprise,
    values: Mapping[str, Any],
    *,
    by: User,
    chemical: Chemical | None = None,
    reckoning: bool = True,
) -> Chemical:
    """Enter a chemical or change one; the units it stands and stood in are reckoned anew (R048).

    Without `reckoning` the caller sees to that, once for all the chemicals of a unit.

    What the national lists name is under key supervision whatever was ticked (R042); a place may add to them.

    Raises PermissionDenied, Refused when the unit or premises belongs to somebody else.
    """
    _may_edit(enterprise, by)
    _own(enterprise, values.get("unit"), values.get("premises"))
    is_new = chemical is None
    row = chemical or Chemical(enterprise=enterprise)
    before = row.unit
    for name in CHEMICAL_FIELDS:
        if name in values:
            setattr(row, name, values[name])
    row.is_key = row.is_key or find_key_chemical(row.name, row.cas, timezone.localdate()) is not None
    row.save()
    words = f"{row.name} 设计最大量{_plain(row.design_maximum)}吨{'' if row.is_present else '（已不在库）'}"
    _say(
        enterprise,
        by,
        f"{'登记' if is_new else '修改'}“{enterprise}”的危险化学品",
        [["危险化学品", "", words]],
    )
    if reckoning:
        for unit in {each.pk: each for each in (before, row.unit) if each is not None}.values():
            reckon(unit, by=by)
    return row


def _own(enterprise: Enterprise, *parts: Any) -> None:
    if any(part is not None and part.enterprise_id != enterprise.pk for part in parts):
        raise Refused("所选单元或场所不属于这家企业，请重新选择")


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


# --- major-hazard units ----------------------------------------------------------------------------


@transaction.atomic
def save_unit(
    enterprise: Enterprise,
    values: Mapping[str, Any],
    *,
    by: User,
    unit: MajorUnit | None = None,
    guardians: Sequence[Mapping[str, str]] | None = None,
) -> MajorUnit:
    """Enter a unit or change one, with its three persons, and reckon it (R194).

    `guardians`: {role, name, title, phone} of each; an empty phone keeps the stored one, None leaves all as they are.
    Raises PermissionDenied, Refused for a name already taken or dates that cannot be.
    """
    _may_edit(enterprise, by)
    _own(enterprise, values.get("premises"))
    is_new = unit is None
    row = unit or MajorUnit(enterprise=enterprise)
    for name in UNIT_FIELDS:
        if name in values:
            setattr(row, name, values[name])
    today = timezone.localdate()
    for day, label in ((row.evaluated_on, "安全评估日期"), (row.filed_on, "备案日期")):
        if day is not None and day > today:
            raise Refused(f"{label}不能晚于今天，请核对")
    if row.filed_on and row.evaluated_on and row.filed_on < row.evaluated_on:
        raise Refused("备案日期不能早于安全评估日期，请核对")
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refused(f"本企业已有名为“{row.name}”的单元，请修改原单元或换一个名称") from error
    if guardians is not None:
        _name_guardians(row, guardians)
    _say(
        enterprise,
        by,
        f"{'登记' if is_new else '修改'}“{enterprise}”的单元“{row}”",
        [["重大危险源单元", "", row.name]],
    )
    reckon(row, by=by)
    return row


def _name_guardians(unit: MajorUnit, guardians: Sequence[Mapping[str, str]]) -> None:
    for given in guardians:
        known = unit.guardians.filter(role=given["role"]).first()
        if not given["name"].strip():
            if known is not None:
                known.delete()
            continue
        row = known or Guardian(unit=unit, role=given["role"])
        row.name, row.title = given["name"].strip(), given.get("title", "").strip()
        if given.get("phone"):
            row.phone = given["phone"]
        row.save()


@transaction.atomic
def reckon(unit: MajorUnit, *, by: User, on: dt.date | None = None) -> MajorUnit:
    """Identify and grade a unit by the standard in force, keep every term, and set the clock of its next evaluation.

    What cannot be reckoned is kept as a sentence in `problem`; nothing is guessed.
    """
    day = on or timezone.localdate()
    before = unit.grade, unit.is_major
    substances = tuple(
        majorhazards.Substance(each.name, each.design_maximum, tuple(each.categories))
        for each in unit.chemicals.filter(is_present=True).order_by("id")
    )
    try:
        result = majorhazards.assess_unit(
            majorhazards.Unit(unit.name, unit.kind, substances),  # type: ignore[arg-type]
            population=unit.population,
            on=day,
            variant=unit.variant or None,
        )
    except (majorhazards.MajorHazardError, UnknownRule) as error:
        unit.s = unit.r = ""
        unit.grade, unit.is_major, unit.explanation, unit.problem = None, False, {}, str(error)[:300]
    else:
        unit.s, unit.is_major, unit.grade = majorhazards.shown(result.s), result.is_major, result.grade
        unit.r = "" if result.r is None else majorhazards.shown(result.r)
        unit.explanation, unit.problem = result.explanation, ""
    clock: dict[str, Any] = {}
    unit.reevaluate_by = None
    if unit.is_major and unit.is_active and unit.evaluated_on:
        unit.reevaluate_by, clock = reevaluate_by(unit.evaluated_on)
    unit.save()
    _owe_evaluation(unit, clock, by=by, on=day)
    if before != (unit.grade, unit.is_major):
        _say(unit.enterprise, by, f"“{unit.enterprise}”的单元“{unit}”{standing(unit)}", [["重大危险源", _grade_words(*before), standing(unit)]])  # fmt: skip
    return unit


def standing(unit: MajorUnit) -> str:
    """What the unit is, in words."""
    return (unit.problem and "暂不能辨识") or _grade_words(unit.grade, unit.is_major)


def tone_of(unit: MajorUnit) -> str:
    """The colour of what the unit is: that of its grade, red while it constitutes and is not graded."""
    if not unit.is_major:
        return "yellow" if unit.problem else "green"
    return {1: "red", 2: "orange", 3: "yellow", 4: "blue"}.get(unit.grade or 0, "red")


def _grade_words(grade: int | None, is_major: bool) -> str:
    if not is_major:
        return "不构成重大危险源"
    return f"{'一二三四'[grade - 1]}级重大危险源" if grade else "构成重大危险源，尚未分级"


def _owe_evaluation(unit: MajorUnit, clock: dict[str, Any], *, by: User, on: dt.date) -> None:
    """The next evaluation is owed by the enterprise itself, or by whoever looks after it while it has no account."""
    kind, subject = Duty.Kind.REEVALUATION, chain_of(unit)
    open_ones = Duty.objects.open().filter(subject=subject, kind=kind)
    if unit.reevaluate_by is None:
        finish_duty(unit, kind, by=by, cancelled=True)
        return
    known = open_ones.first()
    if known is not None and known.due_on == unit.reevaluate_by:
        return
    title = f"“{unit.enterprise}”{unit}重大危险源重新评估"
    if known is not None and known.due_on and unit.reevaluate_by > known.due_on:
        finish_duty(unit, kind, by=by)  # evaluated anew: what was owed is done
        known = None
    if known is not None:
        reschedule_duty(unit, kind, unit.reevaluate_by, clock, by=by, title=title)
        return
    enterprise = unit.enterprise
    body: Organization | None = enterprise.organization or grassroots_of(enterprise, on=on)
    if body is not None:
        new = NewDuty(
            kind,
            unit,
            title,
            unit.get_absolute_url(),
            body,
            enterprise,
            due_on=unit.reevaluate_by,
            clock=clock,
        )
        open_duties([new], by=by)


def filing_words(unit: MajorUnit, *, on: dt.date) -> tuple[str, str]:
    """(tone, sentence) of where the filing stands."""
    if not unit.is_major:
        return "", "不构成重大危险源，无须备案"
    if unit.evaluated_on is None:
        return "red", "尚未安全评估"
    last = file_by(unit.evaluated_on)
    if unit.filed_on is None:
        late = on > last
        return ("red" if late else "orange"), f"{'逾期未备案' if late else '待备案'}，应于{last}前备案"
    if unit.filed_on > last:
        return "yellow", f"{unit.filed_on}备案，晚于{last}"
    return "green", f"{unit.filed_on}备案"


# --- risk points -----------------------------------------------------------------------------------


@transaction.atomic
def save_point(
    enterprise: Enterprise, values: Mapping[str, Any], *, by: User, point: RiskPoint | None = None
) -> RiskPoint:
    """Enter a risk point or change one. Raises PermissionDenied, Refused for a name already taken."""
    _may_edit(enterprise, by)
    _own(enterprise, values.get("premises"))
    is_new = point is None
    row = point or RiskPoint(enterprise=enterprise)
    for name in POINT_FIELDS:
        if name in values:
            setattr(row, name, values[name])
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refused(f"本企业已有名为“{row.name}”的风险点，请修改原风险点或换一个名称") from error
    _say(enterprise, by, f"{'登记' if is_new else '修改'}“{enterprise}”的风险点", [["风险点", "", row.name]])
    carry_up(enterprise, by=by)
    return row


@transaction.atomic
def assess(
    point: RiskPoint,
    *,
    danger: str,
    method: str,
    values: Mapping[str, str],
    policy: str,
    direct: Sequence[str],
    by: User,
    on: dt.date,
) -> RiskAssessment:
    """Judge one danger by LEC (`likelihood`, `exposure`, `consequence`) or by the matrix (`likelihood`, `severity`).

    `policy` is the key of the cut-offs, "" those that hold where the enterprise lies; `direct` names circumstances that make it major outright.
    The judgement before stays as history. Raises PermissionDenied, Refused for values no scale holds.
    """
    _may_edit(point.enterprise, by)
    if on > timezone.localdate():
        raise Refused("评价日期不能晚于今天，请核对")
    try:
        result = _judge(method, values, policy, on, place=point.enterprise.locality_id)
        result = assessments.raise_directly(result, list(direct), on)
    except (assessments.AssessmentError, UnknownRule) as error:
        raise Refused(str(error)) from error
    name = danger.strip()[:120]
    RiskAssessment.objects.filter(point=point, danger=name, is_current=True).update(is_current=False)
    made = RiskAssessment.objects.create(
        point=point, danger=name, method=method, values=dict(values), colour=result.colour,
        explanation=result.explanation, on=on, by=by, at=timezone.now(),
    )  # fmt: skip
    _colour(point)
    label = risk_colour(result.colour).label
    _say(point.enterprise, by, f"评价“{point.enterprise}”风险点“{point}”的“{name}”：{label}风险", [["风险评价", "", f"{point} {name} {label}风险"]])  # fmt: skip
    carry_up(point.enterprise, by=by)
    return made


def _judge(
    method: str, values: Mapping[str, str], policy: str, on: dt.date, *, place: str
) -> assessments.Assessment:
    key = policy or None
    if method == RiskAssessment.Method.LEC:
        return assessments.assess_lec(
            values.get("likelihood", ""), values.get("exposure", ""), values.get("consequence", ""),
            policy=policies.lec_policy(place, on, key), scale=assessments.lec_scale(None, on),
        )  # fmt: skip
    numbers = [values.get(name, "") for name in ("likelihood", "severity")]
    if not all(each.isascii() and each.isdecimal() for each in numbers):
        raise Refused("可能性和严重性请从1至5中选择")
    return assessments.assess_matrix(
        int(numbers[0]), int(numbers[1]), policy=policies.matrix_policy(place, on, key)
    )


def _colour(point: RiskPoint) -> None:
    """A point has the colour of its gravest danger."""
    colours = list(point.assessments.filter(is_current=True).values_list("colour", flat=True))
    point.colour = gravest(colours) or ""
    point.save(update_fields=["colour"])


def gravest_colour(enterprise: Enterprise) -> str | None:
    """The gravest colour among an enterprise's risk points in use; None while none is assessed."""
    points = enterprise.risk_points.filter(is_active=True).exclude(colour="")
    return gravest(list(points.values_list("colour", flat=True)))


def carry_up(enterprise: Enterprise, *, by: User) -> None:
    """An enterprise has the colour of its gravest risk point; without assessed points it keeps what was entered."""
    colour = gravest_colour(enterprise)
    if colour is None or colour == enterprise.risk:
        return
    before = enterprise.get_risk_display()
    now = timezone.now()
    Enterprise.objects.filter(pk=enterprise.pk).update(risk=colour, updated_at=now)
    enterprise.risk, enterprise.updated_at = colour, now
    after = RiskColour(colour).label
    _say(
        enterprise,
        by,
        f"“{enterprise}”的风险等级由{before}改为{after}（风险点中最高一级）",
        [["风险等级", before, after]],
    )


# --- what is said of the whole ---------------------------------------------------------------------


@transaction.atomic
def save_profile(enterprise: Enterprise, values: Mapping[str, Any], *, by: User) -> RiskProfile:
    """Say what 两重点 an enterprise has and how far its standardization is. Raises PermissionDenied."""
    _may_edit(enterprise, by)
    given = dict(values)
    if given.get("processes"):
        given["key_processes"] = True
    row, _ = RiskProfile.objects.update_or_create(enterprise=enterprise, defaults=given)
    _say(
        enterprise,
        by,
        f"修改“{enterprise}”的风险概况",
        [["风险概况", "", flags_words(enterprise) or "无两重点一重大"]],
    )
    return row


def flag_reasons(enterprise: Enterprise, *, on: dt.date) -> dict[str, list[str]]:
    """两重点一重大 (R042), each with what it rests on: lists, units, what was declared. Without reason it does not hold."""
    chemicals = [
        (each.name, find_key_chemical(each.name, each.cas, on))
        for each in enterprise.chemicals.filter(is_key=True, is_present=True).order_by("id")
    ]
    found = {
        FLAGS[0]: [f"{name}（{listed.basis if listed else '本地增补'}）" for name, listed in chemicals],
        FLAGS[1]: [],
        FLAGS[2]: [
            f"{unit}，{standing(unit)}"
            for unit in enterprise.major_units.filter(is_active=True, is_major=True)
        ],
    }
    profile = RiskProfile.objects.filter(enterprise=enterprise).first()
    said = enterprise.attributes
    if not found[FLAGS[0]] and ((profile and profile.key_chemicals) or said.get("key_chemicals") is True):
        found[FLAGS[0]].append("企业申报，还没有登记品种")
    declared = profile.processes.split("、") if profile and profile.processes else []
    filled = said.get("key_processes")
    for name in dict.fromkeys([*declared, *(filled if isinstance(filled, list) else [])]):
        process = find_key_process(name, on)
        found[FLAGS[1]].append(f"{name}（{process.basis if process else '名录外，企业申报'}）")
    if not found[FLAGS[1]] and profile and profile.key_processes:
        found[FLAGS[1]].append("企业申报，没有写明工艺")
    return found


def flags_of(enterprise: Enterprise) -> dict[str, bool]:
    """Which of 两重点一重大 hold today."""
    return {label: bool(why) for label, why in flag_reasons(enterprise, on=timezone.localdate()).items()}


def flags_words(enterprise: Enterprise) -> str:
    return "、".join(label for label, holds in flags_of(enterprise).items() if holds)
