"""After the inquiry: who is dealt with, what is put right, the four "not let pass", settling, and the look after a year."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import office_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.rules import accidents as rules

from ..models import Accident, AccidentMeasure, Inquiry, NoPassItem
from ..standing import acting, inquires
from ..workflow import (
    AccidentMove,
    AccidentStatus,
    InquiryStatus,
    MeasureKind,
    MeasureMove,
    MeasureStatus,
    Treatment,
)
from .ending import cancel_reports
from .moving import hold_still, move_accident, move_measure


@transaction.atomic
def add_measure(
    inquiry: Inquiry,
    *,
    kind: str,
    text: str,
    organization: Organization,
    by: User,
    treatment: str = Treatment.NONE,
    target: str = "",
    person: str = "",
) -> AccidentMeasure:
    """Write down one recommendation of an inquiry; it is owed once the report is approved.

    Raises PermissionDenied, Refused, IllegalMove when the report is handed in already.
    """
    if inquires(by, inquiry.accident, inquiry.level) is None:
        raise PermissionDenied
    if inquiry.status != InquiryStatus.RUNNING:
        raise IllegalMove(f"调查现为“{inquiry.get_status_display()}”，不能再加建议")
    hold_still(inquiry, {InquiryStatus.RUNNING})
    if not text.strip():
        raise Refused("请写明建议内容")
    if kind in {MeasureKind.PERSON, MeasureKind.UNIT} and (treatment == Treatment.NONE or not target.strip()):
        raise Refused("对责任人员、责任单位的处理，请写明对象和处理方式")
    if kind == MeasureKind.CLOSURE:
        treatment = Treatment.CLOSE
    measure = AccidentMeasure.objects.create(
        accident=inquiry.accident, inquiry=inquiry, kind=kind, treatment=treatment, target=target.strip()[:120],
        person=person.strip()[:60], text=text.strip(), organization=organization, created_by=by,
        created_at=timezone.now(),
    )  # fmt: skip
    record("accidents.measure", measure, by=by, summary=f"{inquiry.accident}：{measure}")
    return measure


def order_measures(inquiry: Inquiry, *, by: User) -> None:
    """Everything the approved report recommends is owed from the day of approval on."""
    for measure in inquiry.measures.filter(status=MeasureStatus.PROPOSED).select_related(
        "organization", "accident"
    ):
        due = clock.due("accident.measure", inquiry.approved_on or timezone.localdate())
        move_measure(
            measure, MeasureMove.ORDER, by=by, checked=True,
            changed={"due_on": due.due_on, "clock": due.explanation},
        )  # fmt: skip
        _owe(measure, by=by)


def _owe(measure: AccidentMeasure, *, by: User) -> None:
    open_duty(
        kind=Duty.Kind.ACCIDENT_FOLLOWUP, subject=measure, title=f"落实{measure}（{measure.accident}）",
        url=measure.get_absolute_url(), organization=measure.organization, place=measure.accident,
        due_on=measure.due_on, clock=measure.clock, by=by,
    )  # fmt: skip


@transaction.atomic
def report_measure(
    measure: AccidentMeasure,
    *,
    result: str,
    document: str = "",
    photos: Iterable[str | uuid.UUID] = (),
    by: User,
) -> None:
    """Whoever owes it says what was done, with proof. Raises PermissionDenied, Refused, IllegalMove."""
    if not result.strip():
        raise Refused("请写明落实情况")
    if measure.kind != MeasureKind.RECTIFY and not document.strip():
        raise Refused("请填写处理文书的文号或者名称")
    line = move_measure(
        measure, MeasureMove.REPORT, by=by, reason=result,
        changed={"result": result.strip(), "document": document.strip()[:120]},
    )  # fmt: skip
    attach(line, [str(each) for each in photos if each], "after", by=by)
    finish_duty(measure, Duty.Kind.ACCIDENT_FOLLOWUP, by=by)
    office = office_of(measure.accident.place_code)
    if office is not None:
        open_duty(
            kind=Duty.Kind.ACCIDENT_FOLLOWUP, subject=measure, title=f"核实{measure}（{measure.accident}）",
            url=measure.get_absolute_url(), organization=office, place=measure.accident,
            clock_rule="hazard.review", by=by,
        )  # fmt: skip


@transaction.atomic
def confirm_measure(measure: AccidentMeasure, *, by: User) -> None:
    """Somebody who manages accidents has seen that it is done."""
    move_measure(measure, MeasureMove.CONFIRM, by=by, changed={"done_on": timezone.localdate()})
    finish_duty(measure, Duty.Kind.ACCIDENT_FOLLOWUP, by=by)


@transaction.atomic
def return_measure(measure: AccidentMeasure, *, reason: str, by: User) -> None:
    """What was reported does not do: it is owed again, by the same day."""
    move_measure(measure, MeasureMove.RETURN, by=by, reason=reason)
    finish_duty(measure, Duty.Kind.ACCIDENT_FOLLOWUP, by=by, cancelled=True)
    _owe(measure, by=by)


@transaction.atomic
def drop_measure(measure: AccidentMeasure, *, reason: str, by: User) -> None:
    """It will not be carried out, for a reason that is kept."""
    move_measure(measure, MeasureMove.DROP, by=by, reason=reason)
    finish_duty(measure, Duty.Kind.ACCIDENT_FOLLOWUP, by=by, cancelled=True)


@transaction.atomic
def meet(item: NoPassItem, *, note: str, met_on: dt.date, by: User) -> None:
    """One of the four is met, and how (R170). Raises PermissionDenied, Refused, IllegalMove once settled."""
    accident = item.accident
    if acting(by, Permission.MANAGE_ACCIDENTS, accident) is None:
        raise PermissionDenied
    if accident.status not in {AccidentStatus.VERIFIED, AccidentStatus.INQUIRY}:
        raise IllegalMove(f"“{accident}”现为“{accident.get_status_display()}”，四不放过不再改动")
    hold_still(accident, {AccidentStatus.VERIFIED, AccidentStatus.INQUIRY})
    if not note.strip():
        raise Refused("请写明落实情况")
    if not accident.occurred_on <= met_on <= timezone.localdate():
        raise Refused("落实日期应在事故发生之后、今天之前，请核对")
    changed = {"is_met": True, "note": note.strip()[:500], "met_on": met_on, "by": by}
    if not NoPassItem.objects.filter(pk=item.pk, is_met=False).update(**changed):
        raise IllegalMove("这一项已经登记落实，请刷新后核对")
    item.refresh_from_db()
    name = next(each["name"] for each in rules.no_pass() if each["key"] == item.key)
    record("accidents.no_pass", item, by=by, summary=f"{accident}：{name}，{item.note}")


@transaction.atomic
def settle(accident: Accident, *, by: User) -> None:
    """Close the case: the report is approved and none of the four is let pass. Within a year somebody looks whether
    what was demanded was done (Work Safety Law, article 86). Raises PermissionDenied, Refused, IllegalMove."""
    inquiry = accident.inquiries.filter(status=InquiryStatus.APPROVED).first()
    if inquiry is None:
        raise Refused("调查报告还没有批复，不能结案")
    open_items = accident.no_pass.filter(is_met=False).count()
    if open_items:
        raise Refused(f"四不放过还有 {open_items} 项没有落实，不能结案")
    move_accident(accident, AccidentMove.SETTLE, by=by)
    cancel_reports(accident, by=by)
    office = office_of(accident.place_code)
    if office is not None and inquiry.approved_on is not None:
        due = clock.due("accident.assess", inquiry.approved_on)
        open_duty(
            kind=Duty.Kind.ACCIDENT_FOLLOWUP, subject=accident, title=f"评估整改落实：{accident}",
            url=accident.get_absolute_url(), organization=office, place=accident, due_on=due.due_on,
            clock=due.explanation, by=by,
        )  # fmt: skip


@transaction.atomic
def assess(
    accident: Accident, *, text: str, assessed_on: dt.date, by: User, published_on: dt.date | None = None
) -> None:
    """Say whether everything was carried out; nothing recommended may be left open. Raises as `settle`."""
    today = timezone.localdate()
    if not text.strip():
        raise Refused("请写明整改措施落实情况和评估结论")
    if not accident.occurred_on <= assessed_on <= today or (published_on and published_on < assessed_on):
        raise Refused("评估日期应在事故发生之后、今天之前，公开日期不早于评估日期，请核对")
    closed = (MeasureStatus.DONE, MeasureStatus.DROPPED)
    left = accident.measures.filter(inquiry__status=InquiryStatus.APPROVED).exclude(status__in=closed).count()
    if left:
        raise Refused(f"还有 {left} 条处理和整改措施没有落实，不能完成评估")
    move_accident(
        accident, AccidentMove.ASSESS, by=by, reason=text,
        changed={"assessment": text.strip(), "assessed_on": assessed_on, "published_on": published_on},
    )  # fmt: skip
    finish_duty(accident, Duty.Kind.ACCIDENT_FOLLOWUP, by=by)
