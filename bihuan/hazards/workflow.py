"""The hazard closed loop (隐患闭环): every legal move, in one table.

General hazards walk 整改 → 复查 → 销号. Major hazards take the long path: 治理方案 → 审查 → 整改 → 验收 → 效果评价 → 销号
(安全生产事故隐患排查治理暂行规定 第14、15、18、23条; R076-R080, R097-R100).
"""

from dataclasses import dataclass

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


class Move(TextChoices):
    REPORT = "report", "登记"
    RECORD = "record", "检查发现"
    IMPORT = "import", "历史导入"
    CONFIRM = "confirm", "核实"
    DISMISS = "dismiss", "认定不属实"
    GRADE_MAJOR = "grade_major", "认定为重大隐患"
    DOWNGRADE = "downgrade", "撤销重大认定"
    FIX_ON_SPOT = "fix_on_spot", "当场整改销号"
    SUBMIT = "submit", "提交复查"
    SEND_BACK = "send_back", "退回整改"
    CLOSE = "close", "销号"
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
    """`target` None keeps the status; `levels` limits a move to general or major hazards."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False
    levels: frozenset[str] = frozenset(Level)


_GENERAL = frozenset({Level.GENERAL})
_MAJOR = frozenset({Level.MAJOR})
_NEW: frozenset[str] = frozenset({""})

RULES: dict[str, Rule] = {
    Move.REPORT: Rule(_NEW, Status.REPORTED, Permission.REPORT_HAZARD),
    Move.RECORD: Rule(_NEW, Status.RECTIFYING, Permission.CONDUCT_INSPECTION),
    Move.IMPORT: Rule(_NEW, None, Permission.IMPORT_HAZARDS),
    Move.CONFIRM: Rule(frozenset({Status.REPORTED}), Status.RECTIFYING, Permission.CONFIRM_HAZARD),
    Move.DISMISS: Rule(
        frozenset({Status.REPORTED}), Status.DISMISSED, Permission.CONFIRM_HAZARD, needs_reason=True
    ),
    Move.GRADE_MAJOR: Rule(
        frozenset({Status.REPORTED, Status.RECTIFYING, Status.REINSPECTING}),
        Status.PLANNING,
        Permission.GRADE_HAZARD,
        needs_reason=True,
        levels=_GENERAL,
    ),
    Move.DOWNGRADE: Rule(
        frozenset({Status.PLANNING}),
        Status.RECTIFYING,
        Permission.GRADE_HAZARD,
        needs_reason=True,
        levels=_MAJOR,
    ),
    Move.FIX_ON_SPOT: Rule(
        frozenset({Status.RECTIFYING}), Status.CLOSED, Permission.CONDUCT_INSPECTION, levels=_GENERAL
    ),
    Move.SUBMIT: Rule(
        frozenset({Status.RECTIFYING}), Status.REINSPECTING, Permission.RECTIFY_HAZARD, levels=_GENERAL
    ),
    Move.SEND_BACK: Rule(
        frozenset({Status.REINSPECTING}),
        Status.RECTIFYING,
        Permission.REVIEW_HAZARD,
        needs_reason=True,
        levels=_GENERAL,
    ),
    Move.CLOSE: Rule(
        frozenset({Status.REINSPECTING}), Status.CLOSED, Permission.REVIEW_HAZARD, levels=_GENERAL
    ),
    Move.SUBMIT_PLAN: Rule(
        frozenset({Status.PLANNING}), Status.PLAN_REVIEW, Permission.RECTIFY_HAZARD, levels=_MAJOR
    ),
    Move.RETURN_PLAN: Rule(
        frozenset({Status.PLAN_REVIEW}),
        Status.PLANNING,
        Permission.APPROVE_MAJOR_PLAN,
        needs_reason=True,
        levels=_MAJOR,
    ),
    Move.APPROVE_PLAN: Rule(
        frozenset({Status.PLAN_REVIEW}), Status.RECTIFYING, Permission.APPROVE_MAJOR_PLAN, levels=_MAJOR
    ),
    Move.APPLY_ACCEPTANCE: Rule(
        frozenset({Status.RECTIFYING}), Status.ACCEPTING, Permission.RECTIFY_HAZARD, levels=_MAJOR
    ),
    Move.REFUSE_ACCEPTANCE: Rule(
        frozenset({Status.ACCEPTING}),
        Status.RECTIFYING,
        Permission.ACCEPT_MAJOR,
        needs_reason=True,
        levels=_MAJOR,
    ),
    Move.ACCEPT: Rule(
        frozenset({Status.ACCEPTING}), Status.EVALUATING, Permission.ACCEPT_MAJOR, levels=_MAJOR
    ),
    Move.FAIL_EVALUATION: Rule(
        frozenset({Status.EVALUATING}),
        Status.RECTIFYING,
        Permission.ACCEPT_MAJOR,
        needs_reason=True,
        levels=_MAJOR,
    ),
    Move.CLOSE_MAJOR: Rule(
        frozenset({Status.EVALUATING}), Status.CLOSED, Permission.ACCEPT_MAJOR, levels=_MAJOR
    ),
    Move.REOPEN: Rule(
        frozenset({Status.CLOSED}), Status.RECTIFYING, Permission.REOPEN_HAZARD, needs_reason=True
    ),
    Move.PLACE_UNDER_SUPERVISION: Rule(
        frozenset({Status.PLANNING, Status.PLAN_REVIEW, Status.RECTIFYING, Status.ACCEPTING}),
        None,
        Permission.SUPERVISE_HAZARD,
        needs_reason=True,
        levels=_MAJOR,
    ),
    Move.LIFT_SUPERVISION: Rule(
        frozenset({Status.CLOSED}), None, Permission.SUPERVISE_HAZARD, needs_reason=True, levels=_MAJOR
    ),
    Move.EXTEND: Rule(frozenset(RUNNING), None, Permission.DECIDE_EXTENSION, needs_reason=True),
    Move.ASSIGN: Rule(frozenset(OPEN), None, Permission.ASSIGN_HAZARD, needs_reason=True),
}


class ExtensionStatus(TextChoices):
    PENDING = "pending", "待审批"
    APPROVED = "approved", "已同意"
    REJECTED = "rejected", "未同意"
    WITHDRAWN = "withdrawn", "已撤回"
