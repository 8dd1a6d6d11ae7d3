"""Objects of a batch and their subsidies: every legal move, in two tables (R019, R098, R101, R236)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class BatchStatus(TextChoices):
    DRAFT = "draft", "编排中"
    ISSUED = "issued", "已下发"
    CLOSED = "closed", "已收口"


class ObjectStatus(TextChoices):
    LISTED = "listed", "待通知"
    NOTIFIED = "notified", "限期整改中"
    APPLIED = "applied", "待联合验收"
    CONDITIONAL = "conditional", "限期补正"
    ACCEPTED = "accepted", "验收合格"
    TRANSFERRED = "transferred", "已移送查处"
    REMOVED = "removed", "移出批次"


class ObjectMove(TextChoices):
    NOTIFY = "notify", "下发通知"
    EXTEND = "extend", "延长批次期限"
    APPLY = "apply", "申请联合验收"
    ACCEPT = "accept", "联合验收合格"
    CONDITION = "condition", "附条件通过"
    REFUSE = "refuse", "联合验收不合格"
    TRANSFER = "transfer", "逾期移送查处"
    REMOVE = "remove", "移出"


class Verdict(TextChoices):
    PASSED = "passed", "验收合格"
    CONDITIONAL = "conditional", "附条件合格"
    FAILED = "failed", "验收不合格"


class Purpose(TextChoices):
    """What special funds are for (R238, R239)."""

    RENOVATION = "renovation", "技术改造"
    TREATMENT = "treatment", "隐患治理"
    ASSESSMENT = "assessment", "风险评估"
    TRAINING = "training", "教育培训"


class SubsidyStatus(TextChoices):
    PROPOSED = "proposed", "待初审"
    REVIEWED = "reviewed", "待审定"
    APPROVED = "approved", "待拨付"
    PAID = "paid", "已拨付"
    REJECTED = "rejected", "不予补贴"


class SubsidyMove(TextChoices):
    REVIEW = "review", "初审通过"
    APPROVE = "approve", "审定通过"
    REJECT = "reject", "退回不予补贴"
    PAY = "pay", "登记拨付"


@dataclass(frozen=True)
class Rule:
    """One row of a table; `target` None keeps the status. `permission` "" means the enterprise or whoever runs the batch."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


OBJECT_RULES: dict[str, Rule] = {
    ObjectMove.NOTIFY: Rule(
        frozenset({ObjectStatus.LISTED}), ObjectStatus.NOTIFIED, Permission.MANAGE_BATCHES
    ),
    ObjectMove.EXTEND: Rule(
        frozenset({ObjectStatus.NOTIFIED, ObjectStatus.CONDITIONAL}),
        None,
        Permission.MANAGE_BATCHES,
        needs_reason=True,
    ),
    ObjectMove.APPLY: Rule(
        frozenset({ObjectStatus.NOTIFIED, ObjectStatus.CONDITIONAL}), ObjectStatus.APPLIED, ""
    ),
    ObjectMove.ACCEPT: Rule(
        frozenset({ObjectStatus.APPLIED}), ObjectStatus.ACCEPTED, Permission.MANAGE_BATCHES
    ),
    ObjectMove.CONDITION: Rule(
        frozenset({ObjectStatus.APPLIED}),
        ObjectStatus.CONDITIONAL,
        Permission.MANAGE_BATCHES,
        needs_reason=True,
    ),
    ObjectMove.REFUSE: Rule(
        frozenset({ObjectStatus.APPLIED}), ObjectStatus.NOTIFIED, Permission.MANAGE_BATCHES, needs_reason=True
    ),
    ObjectMove.TRANSFER: Rule(
        frozenset({ObjectStatus.NOTIFIED, ObjectStatus.CONDITIONAL}),
        ObjectStatus.TRANSFERRED,
        Permission.MANAGE_BATCHES,
    ),
    ObjectMove.REMOVE: Rule(
        frozenset({ObjectStatus.LISTED}), ObjectStatus.REMOVED, Permission.MANAGE_BATCHES, needs_reason=True
    ),
}
SUBSIDY_RULES: dict[str, Rule] = {
    SubsidyMove.REVIEW: Rule(
        frozenset({SubsidyStatus.PROPOSED}), SubsidyStatus.REVIEWED, Permission.REVIEW_SUBSIDY
    ),
    SubsidyMove.APPROVE: Rule(
        frozenset({SubsidyStatus.REVIEWED}), SubsidyStatus.APPROVED, Permission.APPROVE_SUBSIDY
    ),
    SubsidyMove.REJECT: Rule(
        frozenset({SubsidyStatus.PROPOSED, SubsidyStatus.REVIEWED}),
        SubsidyStatus.REJECTED,
        Permission.APPROVE_SUBSIDY,
        needs_reason=True,
    ),
    SubsidyMove.PAY: Rule(frozenset({SubsidyStatus.APPROVED}), SubsidyStatus.PAID, Permission.REVIEW_SUBSIDY),
}
RUNNING = frozenset({ObjectStatus.NOTIFIED, ObjectStatus.CONDITIONAL})
# What is granted or on its way to be: rejected ones cost nothing.
GRANTED = frozenset({SubsidyStatus.APPROVED, SubsidyStatus.PAID})
VERDICT_MOVES = {
    Verdict.PASSED: ObjectMove.ACCEPT,
    Verdict.CONDITIONAL: ObjectMove.CONDITION,
    Verdict.FAILED: ObjectMove.REFUSE,
}
