"""Inquiries: the team and its deadline, report, approval; a higher level that takes over (articles 19-32)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import office_of
from bihuan.audit.actions import chain_of, record
from bihuan.audit.moves import write_line as write_move
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty, reschedule_duty
from bihuan.duties.models import Duty
from bihuan.rules import accidents as rules
from bihuan.rules import clocks

from ..models import Accident, Escalation, Inquiry, InquiryMember, InquiryTransition
from ..queries import escalations_open
from ..standing import acting, inquires, level_of, reachable
from ..workflow import AccidentMove, Grade, InquiryMove, Level
from .ending import withdraw_inquiry
from .following import order_measures
from .moving import move_accident, move_inquiry


@dataclass(frozen=True)
class TeamMember:
    """One of the team of an inquiry."""

    name: str
    role: str
    organization: Organization | None = None


def level_wanted(accident: Accident) -> str:
    """The level that inquires: by grade, or higher where it was decided so."""
    by_grade = rules.grade_rule(accident.grade, accident.occurred_on).inquiry
    taken = accident.escalations.filter(decision=Escalation.Decision.TAKEN).values_list("to_level", flat=True)
    return max([by_grade, *taken], key=rules.LEVELS.index)


@transaction.atomic
def begin_inquiry(
    accident: Accident,
    *,
    began_on: dt.date,
    team: Sequence[TeamMember],
    by: User,
    level: str = "",
    organization: Organization | None = None,
    delegated: bool = False,
) -> Inquiry:
    """Set up the team. The report is due 60 days after the accident, whenever the team was set up (article 29).

    A general accident without casualties may be left to the enterprise (`delegated`, article 19). Raises
    PermissionDenied, Refused for a level too low or a team without head, IllegalMove.
    """
    wanted = level_wanted(accident)
    level = level or wanted
    if rules.LEVELS.index(level) < rules.LEVELS.index(wanted):
        raise Refused(f"{accident.get_grade_display()}应由{rules.level_name(wanted)}组织调查，请核对级别")
    body = inquires(by, accident, level)
    if body is None:
        raise PermissionDenied
    if not accident.occurred_on <= began_on <= timezone.localdate():
        raise Refused("调查组成立日期应在事故发生之后、今天之前，请核对")
    if not any(member.role == InquiryMember.Role.HEAD for member in team):
        raise Refused("请指定调查组组长")
    harmless = accident.grade == Grade.GENERAL and not (accident.deaths or accident.serious or accident.minor)
    if delegated and not harmless:
        raise Refused("只有没有造成人员伤亡的一般事故才能委托事发单位调查")
    move_accident(accident, AccidentMove.INQUIRE, by=by)
    derived = clock.due("accident.inquiry", accident.occurred_on)
    inquiry = Inquiry(
        accident=accident, level=level, organization=organization or body, delegated=delegated, began_on=began_on,
        due_on=derived.due_on, clock=derived.explanation, created_by=by, created_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            inquiry.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove(f"“{accident}”已有调查组在调查，请刷新后核对") from error
    InquiryMember.objects.bulk_create(
        InquiryMember(
            inquiry=inquiry, organization=member.organization, name=member.name.strip()[:60], role=member.role,
            position=position,
        )
        for position, member in enumerate(team, 1)
    )  # fmt: skip
    write_move(inquiry, InquiryMove.BEGIN, InquiryTransition, seen="", by=by, act="accidents.inquiry_begin")
    _owe_report(inquiry, by=by)
    return inquiry


def _owe_report(inquiry: Inquiry, *, by: User) -> None:
    open_duty(
        kind=Duty.Kind.ACCIDENT_INQUIRY, subject=inquiry, title=f"提交调查报告：{inquiry.accident}",
        url=inquiry.get_absolute_url(), organization=inquiry.organization, place=inquiry.accident,
        due_on=inquiry.due_on, clock=inquiry.clock, by=by,
    )  # fmt: skip


@transaction.atomic
def extend_inquiry(inquiry: Inquiry, *, to: dt.date, reason: str, by: User) -> None:
    """Give the team longer, 60 days altogether at most (article 29). Raises PermissionDenied, ReasonRequired, Refused."""
    if not reason.strip():
        raise ReasonRequired(InquiryMove.EXTEND.label)
    if inquiry.paused_since:
        raise Refused("正在技术鉴定，恢复计时后再延长")
    earlier = inquiry.clock["extensions"]
    first = dt.date.fromisoformat(earlier[0]["from"]) if earlier else inquiry.due_on
    most = clocks.limit("accident.inquiry.extension", timezone.localdate())
    if (to - first).days > most:
        last = first + dt.timedelta(days=most)
        raise Refused(f"调查期限合计最多延长 {most} 日，最晚可延至 {last}")
    try:
        moved = clocks.extend(
            clocks.Due.from_explanation(inquiry.clock), to=to, decided_on=timezone.localdate(),
            calendar=clock.calendar(), reason=reason.strip(), max_days_key="accident.inquiry.extension",
        )  # fmt: skip
    except clocks.ClockError as error:
        raise Refused(str(error)) from error
    _set_due(inquiry, moved, InquiryMove.EXTEND, by=by, reason=reason)


def _set_due(
    inquiry: Inquiry, due: clocks.Due, move: str, *, by: User, reason: str = "", **changed: Any
) -> None:
    move_inquiry(
        inquiry, move, by=by, reason=reason,
        changed={"due_on": due.due_on, "clock": due.explanation, **changed},
    )  # fmt: skip
    reschedule_duty(inquiry, Duty.Kind.ACCIDENT_INQUIRY, due.due_on, due.explanation, by=by)


@transaction.atomic
def pause_inquiry(inquiry: Inquiry, *, on: dt.date, reason: str, by: User) -> None:
    """The clock stands still while something is technically examined (article 27). Raises as the others."""
    if inquiry.paused_since:
        raise Refused("已在技术鉴定，计时已经暂停")
    if not inquiry.began_on <= on <= timezone.localdate():
        raise Refused("鉴定开始日期应在调查组成立之后、今天之前，请核对")
    if inquiry.pauses and on <= dt.date.fromisoformat(inquiry.pauses[-1][1]):
        raise Refused(f"上次鉴定到 {inquiry.pauses[-1][1]}，这次应在其后开始")
    move_inquiry(inquiry, InquiryMove.PAUSE, by=by, reason=reason, changed={"paused_since": on})
    _owed(inquiry).update(paused_since=on)


@transaction.atomic
def resume_inquiry(inquiry: Inquiry, *, on: dt.date, by: User) -> None:
    """The examination is over: the deadline moves by the days it took. `on` is its last day."""
    if inquiry.paused_since is None:
        raise Refused("没有暂停计时")
    if not inquiry.paused_since <= on <= timezone.localdate():
        raise Refused("鉴定结束日期应在开始之后、今天之前，请核对")
    pauses = [*inquiry.pauses, [inquiry.paused_since.isoformat(), on.isoformat(), "技术鉴定"]]
    start = inquiry.accident.occurred_on
    stops = [(dt.date.fromisoformat(a), dt.date.fromisoformat(b), why) for a, b, why in pauses]
    calendar = clock.calendar()
    due = clocks.due(clocks.rule_for("accident.inquiry", start), start, calendar, stops)
    for step in inquiry.clock.get("extensions", []):
        added = dt.date.fromisoformat(step["asked"]) - dt.date.fromisoformat(step["from"])
        due = clocks.extend(
            due, to=due.due_on + added, decided_on=dt.date.fromisoformat(step["decided_on"]), calendar=calendar,
            reason=step["reason"], max_days_key="accident.inquiry.extension",
        )  # fmt: skip
    _owed(inquiry).update(paused_since=None)
    _set_due(inquiry, due, InquiryMove.RESUME, by=by, pauses=pauses, paused_since=None)


def _owed(inquiry: Inquiry) -> Any:
    return Duty.objects.open().filter(subject=chain_of(inquiry), kind=Duty.Kind.ACCIDENT_INQUIRY)


@transaction.atomic
def submit_report(
    inquiry: Inquiry,
    *,
    direct_cause: str,
    indirect_cause: str,
    nature: str,
    lesson: str,
    submitted_on: dt.date,
    by: User,
) -> None:
    """Hand in the report: causes, nature, lessons (article 30). Raises PermissionDenied, Refused, IllegalMove."""
    if inquiry.paused_since:
        raise Refused("正在技术鉴定，请先登记鉴定结束")
    if not (direct_cause.strip() and nature.strip()):
        raise Refused("调查报告应写明直接原因和事故性质")
    if not inquiry.began_on <= submitted_on <= timezone.localdate():
        raise Refused("提交日期应在调查组成立之后、今天之前，请核对")
    if not inquiry.measures.exists():
        raise Refused("请先逐条录入处理建议和整改措施，再提交调查报告")
    top = inquiry.accident.grade == Grade.EXTRAORDINARY
    due = clock.due("accident.approval.extraordinary" if top else "accident.approval", submitted_on)
    move_inquiry(
        inquiry, InquiryMove.SUBMIT, by=by,
        changed={
            "direct_cause": direct_cause.strip(), "indirect_cause": indirect_cause.strip(),
            "nature": nature.strip()[:60], "lesson": lesson.strip(), "submitted_on": submitted_on,
            "approval_due_on": due.due_on, "approval_clock": due.explanation,
        },
    )  # fmt: skip
    finish_duty(inquiry, Duty.Kind.ACCIDENT_INQUIRY, by=by)
    open_duty(
        kind=Duty.Kind.ACCIDENT_INQUIRY, subject=inquiry, title=f"批复调查报告：{inquiry.accident}",
        url=inquiry.get_absolute_url(), organization=_approver(inquiry), place=inquiry.accident, due_on=due.due_on,
        clock=due.explanation, by=by,
    )  # fmt: skip


def _approver(inquiry: Inquiry) -> Organization:
    """The office of the government that approves, or whoever leads where there is none."""
    accident = inquiry.accident
    code = {Level.COUNTY: accident.county_id, Level.CITY: accident.city_id}.get(
        Level(inquiry.level), accident.city_id[:2]
    )
    return office_of(code or accident.city_id) or inquiry.organization


@transaction.atomic
def send_back_report(inquiry: Inquiry, *, reason: str, by: User) -> None:
    """Ask the team for more; its deadline stands as it was."""
    move_inquiry(
        inquiry, InquiryMove.SEND_BACK, by=by, reason=reason,
        changed={"submitted_on": None, "approval_due_on": None, "approval_clock": {}},
    )  # fmt: skip
    finish_duty(inquiry, Duty.Kind.ACCIDENT_INQUIRY, by=by, cancelled=True)
    _owe_report(inquiry, by=by)


@transaction.atomic
def approve_report(inquiry: Inquiry, *, approved_on: dt.date, document: str, by: User) -> None:
    """The government has approved the report: everything it recommends is now owed. Raises as the others."""
    if inquiry.submitted_on and not inquiry.submitted_on <= approved_on <= timezone.localdate():
        raise Refused("批复日期应在报告提交之后、今天之前，请核对")
    if not document.strip():
        raise Refused("请填写批复文件的文号或者名称")
    move_inquiry(
        inquiry, InquiryMove.APPROVE, by=by,
        changed={"approved_on": approved_on, "approval_document": document.strip()[:120]},
    )  # fmt: skip
    finish_duty(inquiry, Duty.Kind.ACCIDENT_INQUIRY, by=by)
    order_measures(inquiry, by=by)


@transaction.atomic
def decide_escalation(accident: Accident, rule: str, *, take: bool, by: User, reason: str = "") -> Escalation:
    """Say whether the inquiry goes up by one of the rules that apply (提级); every rule is decided once.

    It is the level above that decides, or the highest office there is. Raises PermissionDenied, ReasonRequired for a
    refusal, Refused for a rule that does not apply.
    """
    applying = {each.key: (each, why) for each, why in escalations_open(accident)}
    if rule not in applying:
        raise Refused("这条提级规则现在不适用，或者已经决定过，请刷新后核对")
    found, why = applying[rule]
    current = level_wanted(accident)
    above = rules.next_level(current)
    body = acting(by, Permission.MANAGE_ACCIDENTS, accident)
    own = level_of(body) if body else None
    if body is None or own is None:
        raise PermissionDenied
    if rules.LEVELS.index(own) < rules.LEVELS.index(reachable(above, accident)):
        raise PermissionDenied
    if not reason.strip() and (not take or rule == "superior"):
        raise ReasonRequired("不提级" if not take else "提级")
    due = clock.due("accident.escalation", timezone.localdate()) if take else None
    decision = Escalation(
        accident=accident, rule=found.key, rule_name=found.name, why=why[:300],
        source=f"{found.source}，{found.doc_no}{'' if found.verified else '，待核对原文'}"[:200],
        decision=Escalation.Decision.TAKEN if take else Escalation.Decision.DECLINED, from_level=current,
        to_level=above if take else current, organization=body, reason=reason.strip()[:500],
        report_due_on=due.due_on if due else None, clock=due.explanation if due else {}, by=by, at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            decision.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这条提级规则刚刚已经决定，请刷新后核对") from error
    record(
        "accidents.escalate",
        decision,
        by=by,
        summary=f"{accident}：{found.name}，{decision.get_decision_display()}",
    )
    if due is not None:
        withdraw_inquiry(accident, reason=f"提级调查：{found.name}", by=by, replaced=True)
        open_duty(
            kind=Duty.Kind.ACCIDENT_INQUIRY, subject=decision, title=f"提级调查初报：{accident}",
            url=accident.get_absolute_url(), organization=body, place=accident, due_on=due.due_on,
            clock=due.explanation, by=by,
        )  # fmt: skip
    return decision


@transaction.atomic
def report_initial(decision: Escalation, *, text: str, by: User) -> None:
    """The first report of an inquiry that went up (初报). Raises PermissionDenied, Refused, IllegalMove."""
    body = acting(by, Permission.MANAGE_ACCIDENTS, decision.accident)
    if body is None or (level := level_of(body)) is None:
        raise PermissionDenied
    if rules.LEVELS.index(level) < rules.LEVELS.index(reachable(decision.to_level, decision.accident)):
        raise PermissionDenied
    if not text.strip():
        raise Refused("请写明初步查明的情况")
    today = timezone.localdate()
    written = Escalation.objects.filter(
        pk=decision.pk, initial_on=None, decision=Escalation.Decision.TAKEN
    ).update(initial_report=text.strip(), initial_on=today)
    if not written:
        raise IllegalMove("已经初报过，或者没有提级，请刷新后核对")
    decision.refresh_from_db()
    record("accidents.initial", decision, by=by, summary=f"{decision.accident}提级调查初报")
    finish_duty(decision, Duty.Kind.ACCIDENT_INQUIRY, by=by)
