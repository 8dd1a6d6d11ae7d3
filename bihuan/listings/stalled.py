"""Why the inquiry into an accident would be listed (R095): no team in time, a report or its approval overdue; and by when
the order should be out (鄂安〔2010〕19号：事发 10 天内)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from bihuan.accidents.models import Accident, Inquiry
from bihuan.accidents.workflow import InquiryStatus
from bihuan.duties import clock
from bihuan.rules import accidents as accident_rules
from bihuan.rules import listings as rules
from bihuan.rules.clocks import Due

from .policies import rule_set_for
from .workflow import SubjectKind


@dataclass(frozen=True)
class Candidate:
    """An accident whose inquiry may be listed: who lists it, by when, and what stands still."""

    accident: Accident
    level: str
    order_due: Due
    reasons: tuple[str, ...]


def candidates(accidents: Iterable[Accident], *, on: dt.date) -> list[Candidate]:
    """The accidents of a page with what speaks for listing them; one question for all inquiries."""
    rows = list(accidents)
    inquiries = {each.accident_id: each for each in Inquiry.objects.filter(accident__in=rows).current()}
    sets = {code: rule_set_for(code, on) for code in {each.city_id for each in rows}}
    calendar = clock.calendar()
    return [
        Candidate(
            each,
            listed_by(each, on),
            rules.due(sets[each.city_id], "order", each.occurred_on, calendar, kind=SubjectKind.ACCIDENT),
            reasons(each, inquiries.get(each.pk), on=on),
        )
        for each in rows
    ]


def listed_by(accident: Accident, on: dt.date) -> str:
    """Whose committee lists it, in words."""
    level = accident_rules.listed_by(accident.grade, on)
    if level == "state":
        return "国务院安委会"
    return f"{accident_rules.level_name(level)}安委会"


def reasons(accident: Accident, inquiry: Inquiry | None, *, on: dt.date) -> tuple[str, ...]:
    """What stands still, in words; nothing while everything is in time."""
    if inquiry is None:
        most = rules.thresholds(on, kind=SubjectKind.ACCIDENT)["team_days"].value
        late = (on - accident.occurred_on).days > most
        return (f"事发超过 {most} 日没有组成调查组",) if late else ()
    if inquiry.status == InquiryStatus.RUNNING and inquiry.paused_since is None and inquiry.due_on < on:
        return (f"调查报告期限 {inquiry.due_on} 已过，没有提交",)
    if (
        inquiry.status == InquiryStatus.SUBMITTED
        and inquiry.approval_due_on is not None
        and inquiry.approval_due_on < on
    ):
        return (f"批复期限 {inquiry.approval_due_on} 已过，没有批复",)
    return ()
