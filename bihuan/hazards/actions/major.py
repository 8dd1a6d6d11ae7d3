"""The long path of a major hazard: report, plan of six parts, acceptance by a team, effect evaluation (R097-R100)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.clock import due
from bihuan.rules.clocks import limit
from bihuan.rules.hazards import criterion
from bihuan.rules.records import UnknownRule

from .. import chains
from ..deadlines import CLOCKS, fixed
from ..models import Acceptance, EffectEvaluation, Hazard, HazardTransition, MajorPlan, MajorReport
from ..standing import may_move
from ..workflow import Level, Move, is_legal
from .door import move_hazard, stale
from .recording import attach_if_any

PLAN_PARTS = {
    "goals": "治理目标和任务", "methods": "采取的方法和措施", "funding": "经费和物资", "staffing": "机构和人员",
    "schedule": "时限和要求", "safety": "安全措施和应急预案",
}  # fmt: skip


def _enter(hazard: Hazard, move: Move, by: User) -> None:
    """Refuse the wrong person and the wrong state before any evidence is written."""
    if not may_move(by, move, hazard):
        raise PermissionDenied
    if not is_legal(move, hazard.status, hazard.level):
        raise IllegalMove(stale(hazard))


def grade_major(hazard: Hazard, *, reason: str, by: User, criterion_code: str = "") -> HazardTransition:
    """Judge a hazard to be major, by a criterion in force today where the trade has one (§ 判定标准)."""
    if criterion_code:
        try:
            found = criterion(criterion_code, timezone.localdate())
        except UnknownRule as error:
            raise Refused(str(error)) from error
        reason = reason.strip() or f"{found.code} {found.text}"
    return move_hazard(
        hazard, Move.GRADE_MAJOR, by=by, reason=reason, changed={"criterion_code": criterion_code}
    )


def downgrade(hazard: Hazard, *, reason: str, by: User) -> HazardTransition:
    """Take back the judgement that a hazard is major; its clock starts anew as a general one."""
    return move_hazard(hazard, Move.DOWNGRADE, by=by, reason=reason)


@transaction.atomic
def report_major(hazard: Hazard, *, causes: str, danger: str, by: User) -> MajorReport:
    """The enterprise reports state and causes, danger and difficulty (16号令14条)."""
    _enter(hazard, Move.REPORT_MAJOR, by)
    if not causes.strip() or not danger.strip():
        raise Refused("重大隐患报告须写明现状及产生原因、危害程度和整改难易")
    report = MajorReport.objects.create(
        hazard=hazard, causes=causes.strip(), danger=danger.strip(), by=by, at=timezone.now()
    )
    move_hazard(hazard, Move.REPORT_MAJOR, by=by, evidence=report)
    return report


@transaction.atomic
def submit_major_plan(
    hazard: Hazard,
    *,
    goals: str,
    methods: str,
    funding: str,
    staffing: str,
    schedule: str,
    safety: str,
    due_on: dt.date,
    by: User,
    files: Iterable[UUID | str] = (),
) -> MajorPlan:
    """Hand in the rectification plan of six parts (16号令15条); the report must have been made before."""
    _enter(hazard, Move.SUBMIT_PLAN, by)
    if not hazard.major_reports.exists():
        raise Refused("请先报送重大隐患报告（现状及产生原因、危害程度和整改难易），再报治理方案")
    parts = dict(zip(PLAN_PARTS, (goals, methods, funding, staffing, schedule, safety), strict=True))
    for name, text in parts.items():
        if not text.strip():
            raise Refused(f"治理方案六项缺一不可，请补写“{PLAN_PARTS[name]}”")
    today = timezone.localdate()
    latest = hazard.found_on + dt.timedelta(days=limit("major.rectify.max_days", today))
    if not today <= due_on <= latest:
        raise Refused(f"治理完成期限应在今天至{latest.isoformat()}之间，所填为{due_on.isoformat()}")
    plan = MajorPlan.objects.create(
        hazard=hazard,
        due_on=due_on,
        by=by,
        at=timezone.now(),
        **{name: text.strip() for name, text in parts.items()},
    )
    attach_if_any(plan, files, "document", by=by)
    move_hazard(hazard, Move.SUBMIT_PLAN, by=by, evidence=plan)
    return plan


@transaction.atomic
def review_major_plan(plan: MajorPlan, *, approved: bool, opinion: str, by: User) -> MajorPlan:
    """Approve the plan, whose date becomes the deadline, or return it with the reason."""
    hazard = plan.hazard
    move = Move.APPROVE_PLAN if approved else Move.RETURN_PLAN
    _enter(hazard, move, by)
    if not approved and not opinion.strip():
        raise ReasonRequired(move.label)
    said = opinion.strip() or "同意按方案治理"
    if not MajorPlan.objects.filter(pk=plan.pk, approved=None).update(
        approved=approved, opinion=said[:500], reviewed_by=by, reviewed_at=timezone.now()
    ):
        raise IllegalMove("该治理方案已经审查过，请核对后重试")
    plan.refresh_from_db()
    changed: dict[str, object] = {}
    if approved and plan.due_on != hazard.due_on:
        start = dt.date.fromisoformat(hazard.clock["start"])
        moved = fixed(due(CLOCKS[Level.MAJOR], start), plan.due_on, "经审查同意的治理方案所定期限")
        changed = {"due_on": moved.due_on, "clock": moved.explanation}
    move_hazard(hazard, move, by=by, reason=said, evidence=plan, changed=changed)
    return plan


@transaction.atomic
def record_acceptance(
    hazard: Hazard, *, team: str, passed: bool, opinion: str, by: User, photos: Iterable[UUID | str] = ()
) -> Acceptance:
    """Record what the acceptance team found on site (R098): on to evaluation, or back to rectification."""
    move = Move.ACCEPT if passed else Move.REFUSE_ACCEPTANCE
    _enter(hazard, move, by)
    if not team.strip():
        raise Refused("请写明验收组成员")
    if not passed and not opinion.strip():
        raise ReasonRequired(move.label)
    accepted = Acceptance.objects.create(
        hazard=hazard,
        round=hazard.round,
        rectification=hazard.rectifications.filter(round=hazard.round).order_by("-pk").first(),
        team=team.strip(),
        passed=passed,
        opinion=opinion.strip() or "验收合格",
        by=by,
        at=timezone.now(),
    )
    attach_if_any(accepted, photos, "scene", by=by)
    move_hazard(hazard, move, by=by, reason="" if passed else accepted.opinion, evidence=accepted)
    return accepted


@transaction.atomic
def record_evaluation(
    hazard: Hazard,
    *,
    evaluator: str,
    measures_done: bool,
    risk_before: str,
    risk_after: str,
    funds_in_place: bool,
    staff_informed: bool,
    conclusion: str,
    passed: bool,
    by: User,
) -> EffectEvaluation:
    """Record whether the treatment worked (R100); a good result closes the hazard.

    It cannot pass while measures are unfinished or the people who work there have not been told.
    """
    move = Move.CLOSE_MAJOR if passed else Move.FAIL_EVALUATION
    _enter(hazard, move, by)
    if not conclusion.strip():
        raise ReasonRequired(move.label)
    if not evaluator.strip():
        raise Refused("请写明评价单位或专家")
    if passed and not measures_done:
        raise Refused("治理措施尚未全部完成，不能评价为合格；请选不合格并写明未完成的措施")
    if passed and not staff_informed:
        raise Refused("尚未向从业人员通报治理情况，不能评价为合格（安全生产法第四十一条）")
    evaluation = EffectEvaluation.objects.create(
        hazard=hazard,
        round=hazard.round,
        evaluator=evaluator.strip(),
        measures_done=measures_done,
        risk_before=risk_before,
        risk_after=risk_after,
        funds_in_place=funds_in_place,
        staff_informed=staff_informed,
        conclusion=conclusion.strip(),
        passed=passed,
        by=by,
        at=timezone.now(),
    )
    move_hazard(hazard, move, by=by, reason=evaluation.conclusion, evidence=evaluation)
    return evaluation


def place_under_supervision(hazard: Hazard, *, reason: str, by: User) -> HazardTransition:
    """Put a major hazard under listed supervision (挂牌督办); called by bihuan.listings when the order is issued."""
    return move_hazard(hazard, Move.PLACE_UNDER_SUPERVISION, by=by, reason=reason)


def lift_old_mark(hazard: Hazard, *, reason: str, by: User) -> HazardTransition:
    """Take off a mark that no listing stands behind: imported, or older than the chain of listings (R088).

    Raises Refused while a listing of it is under way: that ends by examination, signatures and a delisting paper.
    """
    if chains.holds(hazard):
        raise Refused("这项隐患正按挂牌督办程序办理，请在挂牌督办页面申请验收、现场审查、审签后摘牌")
    return lift_supervision(hazard, reason=reason, by=by)


def lift_supervision(hazard: Hazard, *, reason: str, by: User) -> HazardTransition:
    """Take a closed hazard off the list (摘牌); called by bihuan.listings with the delisting paper."""
    return move_hazard(hazard, Move.LIFT_SUPERVISION, by=by, reason=reason)
