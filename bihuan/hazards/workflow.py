"""The hazard closed loop (隐患闭环): every legal move, in one table.

General hazards walk 整改 → 复查 → 销号. Major hazards take the long path: 治理方案 → 审查 → 整改 → 验收 → 效果评价 → 销号
(安全生产事故隐患排查治理暂行规定 第14、15、18、23条; R076-R080, R097-R100).
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class Level(TextChoices):
    GENERAL = "general", "一般"
    MAJOR = "major", "重大"


class Status(TextChoices):
    REPORTED = "reported", "待核实"
    RECTIFYING = "rectifying", "整改中"
    REINSPECTING = "reinspecting", "待复查"
    PLANNING = "planning", "待报治理方案"
    PLAN_REVIEW = "plan_review", "治理方案待审"
    ACCEPTING = "accepting", "待验收"
    EVALUATING = "evaluating", "待效果评价"
    CLOSED = "closed", "已销号"
    DISMISSED = "dismissed", "不属实"


OPEN = frozenset(Status) - {Status.CLOSED, Status.DISMISSED}
# The enterprise's clock runs only here; waiting for a reviewer is the reviewer's own duty and clock.
RUNNING = frozenset({Status.RECTIFYING, Status.PLANNING, Status.PLAN_REVIEW})
# Where the enterprise has to act next.
TURN = frozenset({Status.RECTIFYING, Status.PLANNING})


class Move(TextChoices):
    REPORT = "report", "登记"
    RECORD = "record", "检查发现"
    SELF_REPORT = "self_report", "企业自查登记"
    IMPORT = "import", "历史导入"
    CONFIRM = "confirm", "核实"
    DISMISS = "dismiss", "认定不属实"
    MERGE = "merge", "并入重复登记"
    GRADE_MAJOR = "grade_major", "认定为重大隐患"
    DOWNGRADE = "downgrade", "撤销重大认定"
    FIX_ON_SPOT = "fix_on_spot", "当场整改销号"
    SUBMIT = "submit", "提交复查"
    SEND_BACK = "send_back", "退回整改"
    CLOSE = "close", "销号"
    REPORT_MAJOR = "report_major", "报重大隐患报告"
    SUBMIT_PLAN = "submit_plan", "报治理方案"
    RETURN_PLAN = "return_plan", "退回治理方案"
    APPROVE_PLAN = "approve_plan", "同意治理方案"
    APPLY_ACCEPTANCE = "apply_acceptance", "申请验收"
    REFUSE_ACCEPTANCE = "refuse_acceptance", "验收不合格"
    ACCEPT = "accept", "验收合格"
    FAIL_EVALUATION = "fail_evaluation", "评价不合格"
    CLOSE_MAJOR = "close_major", "评价合格销号"
    REOPEN = "reopen", "改后反弹重开"
    PLACE_UNDER_SUPERVISION = "place_under_supervision", "挂牌督办"
    LIFT_SUPERVISION = "lift_supervision", "摘牌"
    EXTEND = "extend", "批准延期"
    ASSIGN = "assign", "改派"


@dataclass(frozen=True)
class Rule:
    """One row of the table. `target` None keeps the status; `major_target` replaces it for major hazards.

    `levels` limits a move to general or major hazards; `evidence` names the model whose row must back the move;
    `on_behalf` is the permission with which an authority may act for an enterprise that has no account (代企业督办).
    """

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False
    levels: frozenset[str] = frozenset(Level)
    major_target: str | None = None
    evidence: str = ""
    on_behalf: str = ""


_GENERAL = frozenset({Level.GENERAL})
_MAJOR = frozenset({Level.MAJOR})
_NEW: frozenset[str] = frozenset({""})


def _rule(
    sources: str | frozenset[str] | tuple[str, ...], target: str | None, permission: str, **more: Any
) -> Rule:
    where = (
        sources
        if isinstance(sources, frozenset)
        else frozenset(sources if isinstance(sources, tuple) else [sources])
    )
    return Rule(where, target, permission, **more)


RULES: dict[str, Rule] = {
    # Coming into the ledger.
    Move.REPORT: _rule(_NEW, Status.REPORTED, Permission.REPORT_HAZARD),
    Move.RECORD: _rule(_NEW, Status.RECTIFYING, Permission.CONDUCT_INSPECTION, major_target=Status.PLANNING),
    Move.SELF_REPORT: _rule(_NEW, Status.RECTIFYING, Permission.RECTIFY_HAZARD, major_target=Status.PLANNING),
    Move.IMPORT: _rule(_NEW, None, Permission.IMPORT_HAZARDS),
    # Is it one, and how bad.
    Move.CONFIRM: _rule(
        Status.REPORTED, Status.RECTIFYING, Permission.CONFIRM_HAZARD, major_target=Status.PLANNING
    ),
    Move.DISMISS: _rule(Status.REPORTED, Status.DISMISSED, Permission.CONFIRM_HAZARD, needs_reason=True),
    # Registered twice: one stays with its whole course, the other leads to it and counts no more. A major one never goes.
    Move.MERGE: _rule(
        (Status.REPORTED, Status.RECTIFYING, Status.REINSPECTING), Status.DISMISSED, Permission.CONFIRM_HAZARD,
        needs_reason=True, levels=_GENERAL, evidence="hazard",
    ),
    Move.GRADE_MAJOR: _rule(
        (Status.REPORTED, Status.RECTIFYING, Status.REINSPECTING), Status.PLANNING, Permission.GRADE_HAZARD,
        needs_reason=True, levels=_GENERAL,
    ),
    Move.DOWNGRADE: _rule(
        Status.PLANNING, Status.RECTIFYING, Permission.GRADE_HAZARD, needs_reason=True, levels=_MAJOR
    ),
    # The short path.
    Move.FIX_ON_SPOT: _rule(
        Status.RECTIFYING, Status.CLOSED, Permission.CONDUCT_INSPECTION, levels=_GENERAL, evidence="rectification"
    ),
    Move.SUBMIT: _rule(
        Status.RECTIFYING, Status.REINSPECTING, Permission.RECTIFY_HAZARD, levels=_GENERAL,
        evidence="rectification", on_behalf=Permission.REPORT_HAZARD,
    ),
    Move.SEND_BACK: _rule(
        Status.REINSPECTING, Status.RECTIFYING, Permission.REVIEW_HAZARD, needs_reason=True, levels=_GENERAL,
        evidence="reinspection",
    ),
    Move.CLOSE: _rule(
        Status.REINSPECTING, Status.CLOSED, Permission.REVIEW_HAZARD, levels=_GENERAL, evidence="reinspection"
    ),
    # The long path.
    Move.REPORT_MAJOR: _rule(
        Status.PLANNING, None, Permission.RECTIFY_HAZARD, levels=_MAJOR, evidence="majorreport",
        on_behalf=Permission.REPORT_HAZARD,
    ),
    Move.SUBMIT_PLAN: _rule(
        Status.PLANNING, Status.PLAN_REVIEW, Permission.RECTIFY_HAZARD, levels=_MAJOR, evidence="majorplan",
        on_behalf=Permission.REPORT_HAZARD,
    ),
    Move.RETURN_PLAN: _rule(
        Status.PLAN_REVIEW, Status.PLANNING, Permission.APPROVE_MAJOR_PLAN, needs_reason=True, levels=_MAJOR,
        evidence="majorplan",
    ),
    Move.APPROVE_PLAN: _rule(
        Status.PLAN_REVIEW, Status.RECTIFYING, Permission.APPROVE_MAJOR_PLAN, levels=_MAJOR, evidence="majorplan"
    ),
    Move.APPLY_ACCEPTANCE: _rule(
        Status.RECTIFYING, Status.ACCEPTING, Permission.RECTIFY_HAZARD, levels=_MAJOR, evidence="rectification",
        on_behalf=Permission.REPORT_HAZARD,
    ),
    Move.REFUSE_ACCEPTANCE: _rule(
        Status.ACCEPTING, Status.RECTIFYING, Permission.ACCEPT_MAJOR, needs_reason=True, levels=_MAJOR,
        evidence="acceptance",
    ),
    Move.ACCEPT: _rule(
        Status.ACCEPTING, Status.EVALUATING, Permission.ACCEPT_MAJOR, levels=_MAJOR, evidence="acceptance"
    ),
    Move.FAIL_EVALUATION: _rule(
        Status.EVALUATING, Status.RECTIFYING, Permission.ACCEPT_MAJOR, needs_reason=True, levels=_MAJOR,
        evidence="effectevaluation",
    ),
    Move.CLOSE_MAJOR: _rule(
        Status.EVALUATING, Status.CLOSED, Permission.ACCEPT_MAJOR, levels=_MAJOR, evidence="effectevaluation"
    ),
    # Around both.
    Move.REOPEN: _rule(Status.CLOSED, Status.RECTIFYING, Permission.REOPEN_HAZARD, needs_reason=True),
    Move.PLACE_UNDER_SUPERVISION: _rule(
        (Status.PLANNING, Status.PLAN_REVIEW, Status.RECTIFYING, Status.ACCEPTING), None,
        Permission.SUPERVISE_HAZARD, needs_reason=True, levels=_MAJOR,
    ),
    Move.LIFT_SUPERVISION: _rule(
        Status.CLOSED, None, Permission.SUPERVISE_HAZARD, needs_reason=True, levels=_MAJOR
    ),
    Move.EXTEND: _rule(frozenset(RUNNING), None, Permission.DECIDE_EXTENSION, needs_reason=True, evidence="extension"),
    Move.ASSIGN: _rule(frozenset(OPEN), None, Permission.ASSIGN_HAZARD, needs_reason=True),
}  # fmt: skip

# Judging one's own submission is not judging (R079): these moves are closed to whoever handed in what they judge.
JUDGING = frozenset(
    {
        Move.SEND_BACK, Move.CLOSE, Move.RETURN_PLAN, Move.APPROVE_PLAN, Move.REFUSE_ACCEPTANCE, Move.ACCEPT,
        Move.FAIL_EVALUATION, Move.CLOSE_MAJOR,
    }
)  # fmt: skip


def is_legal(move: str, status: str, level: str) -> bool:
    """Whether the table knows this move for a hazard of that status and level, whoever makes it."""
    rule = RULES[move]
    return status in rule.sources and level in rule.levels


def target_of(move: str, status: str, level: str) -> str:
    """The status a legal move leads to; moves without a target keep the one they start from."""
    rule = RULES[move]
    if level == Level.MAJOR and rule.major_target:
        return rule.major_target
    return rule.target or status


class ExtensionStatus(TextChoices):
    PENDING = "pending", "待审批"
    APPROVED = "approved", "已同意"
    REJECTED = "rejected", "未同意"
    WITHDRAWN = "withdrawn", "已撤回"
