"""Grade A to D of an enterprise: what it is reckoned from, and when experts see it otherwise (R043)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.rules.calendar import add_months
from bihuan.rules.enterprisegrades import (
    EnterpriseFacts,
    EnterpriseGrade,
    grade_enterprise,
    levers,
)

from .access import edit_scope
from .models import Enterprise, EnterpriseChange, EnterpriseGrading, PastAccident, RiskProfile
from .noting import note
from .policies import grade_policy
from .risks import flags_of, gravest_colour

OpenMajor = Callable[[Enterprise], int]
_OPEN_MAJOR: dict[str, OpenMajor] = {}


def register_open_major(name: str, count: OpenMajor) -> None:
    """Say how many major hazards of an enterprise are open; called in `AppConfig.ready` of the app that knows."""
    _OPEN_MAJOR[name] = count


def facts_of(enterprise: Enterprise, *, on: dt.date) -> EnterpriseFacts:
    """What is known of an enterprise on the day."""
    profile = RiskProfile.objects.filter(enterprise=enterprise).first()
    flags = flags_of(enterprise)
    units = enterprise.major_units.filter(is_active=True, is_major=True).exclude(grade=None)
    grades = [grade for grade in units.values_list("grade", flat=True) if grade is not None]
    recent = enterprise.past_accidents.filter(on__gt=add_months(on, -12), on__lte=on)
    standard = profile.standardization if profile else None
    if profile and profile.standardized_until and profile.standardized_until < on:
        standard = None
    return EnterpriseFacts(
        gravest_risk=gravest_colour(enterprise),
        installation_grade=min(grades, default=None),
        key_chemicals=flags["重点监管危险化学品"],
        key_processes=flags["重点监管危险化工工艺"],
        open_major_hazards=sum(count(enterprise) for count in _OPEN_MAJOR.values()),
        standardization=standard,
        accidents=dict(Counter(recent.values_list("kind", flat=True))),
    )


def reckoned(enterprise: Enterprise, *, on: dt.date) -> EnterpriseGrade:
    """The grade the facts of the day give by the policy that holds where the enterprise lies."""
    return grade_enterprise(facts_of(enterprise, on=on), policy=grade_policy(enterprise.locality_id, on))


def what_would_change(enterprise: Enterprise, *, on: dt.date) -> list[dict[str, Any]]:
    """One improvement at a time and the grade it leads to."""
    return levers(facts_of(enterprise, on=on), policy=grade_policy(enterprise.locality_id, on))


@transaction.atomic
def regrade(enterprise: Enterprise, *, by: User, on: dt.date | None = None) -> EnterpriseGrading:
    """Keep the grade reckoned from the facts of the day; an experts' adjustment ends with it. Raises PermissionDenied."""
    return _keep(enterprise, "", "", by=by, on=on or timezone.localdate())


def regrade_if_moved(enterprise: Enterprise, *, by: User, on: dt.date | None = None) -> bool:
    """The same where grade or score have changed since, or the cut-offs have; whether they had. Raises PermissionDenied."""
    day = on or timezone.localdate()
    current = EnterpriseGrading.objects.filter(enterprise=enterprise, is_current=True).first()
    if current is not None:
        found = reckoned(enterprise, on=day)
        was = (current.grade, current.score, current.explanation.get("policy"))
        if was == (found.grade, found.score, found.explanation["policy"]):
            return False
    regrade(enterprise, by=by, on=day)
    return True


@transaction.atomic
def override_grade(
    enterprise: Enterprise, grade: str, *, reason: str, by: User, on: dt.date | None = None
) -> EnterpriseGrading:
    """Set another grade than the reckoned one, on the judgement of experts.

    Raises PermissionDenied, ReasonRequired, Refused for a grade there is not.
    """
    if not reason.strip():
        raise ReasonRequired("调整分级")
    return _keep(enterprise, grade, reason.strip(), by=by, on=on or timezone.localdate())


def _keep(enterprise: Enterprise, wanted: str, reason: str, *, by: User, on: dt.date) -> EnterpriseGrading:
    if not edit_scope(by).covers(enterprise):
        raise PermissionDenied
    found = reckoned(enterprise, on=on)
    grade, colour = found.grade, found.colour
    if wanted:
        colours = {band.grade: band.colour for band in grade_policy(enterprise.locality_id, on).bands}
        if wanted not in colours:
            raise Refused(f"分级只有{'、'.join(sorted(colours))}，请重新选择")
        grade, colour = wanted, colours[wanted]
    Enterprise.objects.select_for_update().get(pk=enterprise.pk)  # one at a time: there is one current grade
    before = EnterpriseGrading.objects.filter(enterprise=enterprise, is_current=True).first()
    EnterpriseGrading.objects.filter(enterprise=enterprise, is_current=True).update(is_current=False)
    made = EnterpriseGrading.objects.create(
        enterprise=enterprise, grade=grade, colour=colour, reckoned=found.grade, score=found.score,
        explanation=found.explanation, is_override=bool(wanted), reason=reason[:300], on=on, by=by, at=timezone.now(),
    )  # fmt: skip
    was = f"{before.grade}级" if before else ""
    note(
        enterprise, EnterpriseChange.What.RISK, by=by, reason=reason,
        summary=f"“{enterprise}”{'经专家调整定为' if wanted else '计算分级为'}{grade}级（得分{found.score}）",
        changes=[["企业分级", was, f"{grade}级{'（专家调整）' if wanted else ''}"]],
    )  # fmt: skip
    return made


@transaction.atomic
def record_accident(enterprise: Enterprise, *, kind: str, on: dt.date, words: str, by: User) -> PastAccident:
    """Keep an accident, which weighs in the grade for twelve months. Raises PermissionDenied, Refused."""
    if not edit_scope(by).covers(enterprise):
        raise PermissionDenied
    if on > timezone.localdate():
        raise Refused("事故发生日期不能晚于今天，请核对")
    made = PastAccident.objects.create(
        enterprise=enterprise, kind=kind, on=on, note=words.strip()[:300], by=by, at=timezone.now()
    )
    label = made.get_kind_display()
    note(
        enterprise, EnterpriseChange.What.RISK, by=by, summary=f"登记“{enterprise}”{on}的事故：{label}",
        changes=[["事故记录", "", f"{on} {label}"]],
    )  # fmt: skip
    return made
