"""Experts look at an enterprise as a whole every three years; all with 两重点一重大 must have been looked at (R043, R191)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.errors import Refused
from bihuan.rules.assessments import AssessmentError
from bihuan.rules.calendar import add_months
from bihuan.rules.enterprisegrades import diagnosis_rule, grade_diagnosis
from bihuan.rules.records import UnknownRule

from . import grading
from .access import edit_scope
from .filters import ExtraFilter
from .keysupervision import meeting
from .models import Diagnosis, Enterprise, EnterpriseChange, EnterpriseQuerySet
from .noting import note

WANTED = ("unit", "chemicals", "processes")  # 两重点一重大
STATES = {"none": "两重点一重大，未做", "late": "已到期", "valid": "有效期内"}


@transaction.atomic
def record_diagnosis(
    enterprise: Enterprise,
    *,
    on: dt.date,
    score: Decimal,
    direct: Sequence[str],
    experts: str,
    institution: str = "",
    conclusion: str = "",
    by: User,
) -> Diagnosis:
    """Keep what experts found; the latest one sets the enterprise's grade. An earlier one is kept as history.

    Raises PermissionDenied, Refused for a day to come, one before the guide, or a score that cannot be.
    """
    if not edit_scope(by).covers(enterprise):
        raise PermissionDenied
    if on > timezone.localdate():
        raise Refused("评估日期不能晚于今天，请核对")
    if not experts.strip():
        raise Refused("请填写参加评估的专家，结论须有人负责")
    try:
        band, account = grade_diagnosis(score, direct, on)
    except (AssessmentError, UnknownRule) as error:
        raise Refused(str(error)) from error
    Enterprise.objects.select_for_update().get(
        pk=enterprise.pk
    )  # one at a time: there is one current diagnosis
    held = Diagnosis.objects.filter(enterprise=enterprise, is_current=True)
    is_latest = not held.filter(on__gt=on).exists()
    if is_latest:
        held.update(is_current=False)
    made = Diagnosis.objects.create(
        enterprise=enterprise, on=on, score=score, direct=list(direct), grade=band.grade, colour=band.colour,
        explanation=account, institution=institution.strip()[:120], experts=experts.strip()[:200],
        conclusion=conclusion.strip()[:500], next_on=add_months(on, diagnosis_rule(on).months),
        is_current=is_latest, by=by, at=timezone.now(),
    )  # fmt: skip
    note(
        enterprise, EnterpriseChange.What.RISK, by=by, reason=made.conclusion,
        summary=f"登记“{enterprise}”{on}的评估诊断：{words_of(made)}", changes=[["评估诊断", "", words_of(made)]],
    )  # fmt: skip
    if is_latest:
        reason = f"{on}评估诊断{words_of(made)}（{account['doc_no']}），专家：{made.experts}"
        grading.override_grade(enterprise, band.grade, reason=reason, by=by)
    return made


def words_of(diagnosis: Diagnosis) -> str:
    """Score and grade, and what decided it whatever the score."""
    score = f"{diagnosis.score:.1f}".removesuffix(".0")
    direct = "；".join(diagnosis.explanation.get("direct", ()))
    return f"{score}分，{f'因{direct}，直接判为' if direct else ''}{diagnosis.grade}级"


def standing(diagnosis: Diagnosis, *, on: dt.date) -> tuple[str, str]:
    """(words, tone) of whether it still holds."""
    if diagnosis.next_on < on:
        return f"已于{diagnosis.next_on}到期", "red"
    return f"{diagnosis.next_on}前重新评估", "green"


def wanted() -> Q:
    """Enterprises that must be looked at: key chemicals, key processes or major-hazard units."""
    return meeting(*WANTED)


def _current() -> QuerySet[Diagnosis]:
    return Diagnosis.objects.filter(enterprise=OuterRef("pk"), is_current=True)


def _narrow(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    today = timezone.localdate()
    match value:
        case "none":
            return objects.filter(wanted()).exclude(Exists(_current()))
        case "late":
            return objects.filter(Exists(_current().filter(next_on__lt=today)))
        case "valid":
            return objects.filter(Exists(_current().filter(next_on__gte=today)))
    return None


def coverage(user: User) -> list[dict[str, object]]:
    """[{key, label, count}]: all supervised that must be looked at, then how they stand (R191)."""
    mine = Enterprise.objects.visible_to(user).supervised().filter(wanted())
    rows: list[dict[str, object]] = [{"key": "", "label": "应评估", "count": mine.count()}]
    for key, label in (("valid", "评估有效"), ("none", "未做评估"), ("late", "评估到期")):
        narrowed = _narrow(mine, key, user)
        assert narrowed is not None
        rows.append({"key": key, "label": label, "count": narrowed.count()})
    return rows


DIAGNOSIS = ExtraFilter(
    "diagnosis", "评估诊断", _narrow, lambda value, user: STATES.get(value, ""), lambda user: list(STATES.items()),
)  # fmt: skip
