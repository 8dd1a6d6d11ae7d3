"""What an accident counts as: every change is a new dated line, the present one is copied to the accident."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.rules import accidents as rules
from bihuan.rules.calendar import DateOutOfRange, check_range

from ..models import Accident, AccidentFigure
from ..workflow import AccidentStatus


def set_window(accident: Accident) -> None:
    """Derive until when changes of the casualties are counted: 30 days, 7 for roads and fires (article 13).

    Raises Refused for a day no calendar reaches, or on which no rule of grades was in force yet.
    """
    first = min(grade.effective_from for grade in rules.grades())
    try:
        check_range(accident.occurred_on)
    except DateOutOfRange as error:
        raise Refused(f"发生时间：{error}") from error
    if accident.occurred_on < first:
        raise Refused(
            f"发生时间早于{first.isoformat()}，那时还没有事故分级规定，不能登记；请核对年份是否录错"
        )
    derived = clock.due(rules.kinds()[accident.kind].window, accident.occurred_on)
    accident.window_ends_on, accident.window_clock = derived.due_on, derived.explanation


def write_line(
    accident: Accident, source: str, toll: rules.Toll, *, as_of: dt.date, by: User, note: str = ""
) -> AccidentFigure:
    """Write what the accident counts as from now on, and bring its columns up to it.

    Runs in the transaction of the verb that checked who may. Raises IllegalMove when somebody was quicker.
    """
    now = timezone.now()
    graded = rules.grade_of(toll, accident.occurred_on, explosion=accident.explosion, moved=accident.moved)
    current = AccidentFigure.objects.filter(accident=accident, until=None).first()
    if current is not None:
        now = max(now, current.at + dt.timedelta(microseconds=1))
        if not AccidentFigure.objects.filter(pk=current.pk, until=None).update(until=now):
            raise IllegalMove(f"“{accident}”的数据刚刚有人改过，请刷新后核对")
    line = AccidentFigure.objects.create(
        accident=accident, source=source, as_of=as_of, counts=accident.status != AccidentStatus.DISMISSED,
        occurred_on=accident.occurred_on, city_id=accident.city_id, county_id=accident.county_id,
        locality_id=accident.locality_id, department_id=accident.department_id, kind=accident.kind,
        is_production=accident.is_production, deaths=toll.deaths, serious=toll.serious, minor=toll.minor,
        missing=toll.missing, loss=toll.loss, grade=graded.key, why=graded.why[:300], note=note.strip()[:500],
        by=by, at=now,
    )  # fmt: skip
    changed = {"deaths": toll.deaths, "serious": toll.serious, "minor": toll.minor, "missing": toll.missing,
               "loss": toll.loss, "grade": graded.key}  # fmt: skip
    if current is not None and current.grade != graded.key:
        changed["grade_changed_at"] = now
    Accident.objects.filter(pk=accident.pk).update(**changed)
    for name, value in changed.items():
        setattr(accident, name, value)
    record(
        "accidents.figures", line, by=by,
        summary=f"{accident}：死亡{toll.deaths}人，重伤{toll.serious}人，直接经济损失{toll.loss}万元，{graded.name}",
    )  # fmt: skip
    return line
