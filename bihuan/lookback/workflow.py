"""The life of a look-back round, of one check in it, and of an evaluation: every legal move, in tables."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class Target(TextChoices):
    """Of what the sample is drawn: what was put right, or what nobody has looked at (监管盲区, R099)."""

    CLOSED = "closed", "已销号的隐患"
    BLIND = "blind", "监管盲区"


class RoundStatus(TextChoices):
    ANNOUNCED = "announced", "已公布承诺值"
    CHECKING = "checking", "抽查中"
    FINISHED = "finished", "已完成"
    CANCELLED = "cancelled", "已取消"


class RoundMove(TextChoices):
    ANNOUNCE = "announce", "公布承诺值"
    DRAW = "draw", "公布种子，抽取"
    FINISH = "finish", "完成抽查"
    CANCEL = "cancel", "取消"


class CheckStatus(TextChoices):
    WAITING = "waiting", "待抽查"
    HELD = "held", "未反弹"
    REBOUNDED = "rebounded", "已反弹"
    UNCLEAR = "unclear", "无法判断"
    CLEAN = "clean", "未发现隐患"
    FOUND = "found", "发现隐患"


class CheckMove(TextChoices):
    JUDGE = "judge", "抽查"
    REOPEN = "reopen", "重开隐患"
    HAND = "hand", "交办抽查"
    VISIT = "visit", "按检查记录登记"


class Stratify(TextChoices):
    """By what hazards, or places nobody went to, are kept apart."""

    KIND = "kind", "对象类型"
    INSPECTOR = "inspector", "销号人"
    UNIT = "unit", "复查单位"
    RISK = "risk", "企业风险等级"
    LOCALITY = "locality", "乡镇街道"
    DEPARTMENT = "department", "主管部门"
    VISITED = "visited", "检查情况"


STRATA: dict[str, tuple[Stratify, ...]] = {
    Target.CLOSED: (
        Stratify.KIND, Stratify.INSPECTOR, Stratify.UNIT, Stratify.RISK, Stratify.LOCALITY, Stratify.DEPARTMENT,
    ),
    Target.BLIND: (
        Stratify.KIND, Stratify.RISK, Stratify.LOCALITY, Stratify.DEPARTMENT, Stratify.VISITED,
    ),
}  # fmt: skip


class Method(TextChoices):
    PROPORTIONAL = "proportional", "按数量比例"
    NEYMAN = "neyman", "按数量和上轮反弹率（Neyman）"


class EvaluationStatus(TextChoices):
    OPEN = "open", "待评价"
    SIGNED = "signed", "已签发"
    CANCELLED = "cancelled", "已取消"


class EvaluationMove(TextChoices):
    ARRANGE = "arrange", "安排评价"
    SIGN = "sign", "签发评价报告"
    CANCEL = "cancel", "取消评价"


class Verdict(TextChoices):
    EFFECTIVE = "effective", "有效"
    PARTLY = "partly", "部分有效"
    INEFFECTIVE = "ineffective", "无效"


@dataclass(frozen=True)
class Rule:
    """One row of a table; `target` None keeps the status."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


ROUND_RULES: dict[str, Rule] = {
    RoundMove.DRAW: Rule(frozenset({RoundStatus.ANNOUNCED}), RoundStatus.CHECKING, Permission.RUN_LOOKBACK),
    RoundMove.FINISH: Rule(frozenset({RoundStatus.CHECKING}), RoundStatus.FINISHED, Permission.RUN_LOOKBACK),
    RoundMove.CANCEL: Rule(
        frozenset({RoundStatus.ANNOUNCED}), RoundStatus.CANCELLED, Permission.RUN_LOOKBACK, needs_reason=True
    ),
}
CHECK_RULES: dict[str, Rule] = {
    CheckStatus.HELD: Rule(frozenset({CheckStatus.WAITING}), CheckStatus.HELD, Permission.RUN_LOOKBACK),
    CheckStatus.REBOUNDED: Rule(
        frozenset({CheckStatus.WAITING}), CheckStatus.REBOUNDED, Permission.RUN_LOOKBACK
    ),
    CheckStatus.UNCLEAR: Rule(frozenset({CheckStatus.WAITING}), CheckStatus.UNCLEAR, Permission.RUN_LOOKBACK),
    CheckStatus.CLEAN: Rule(
        frozenset({CheckStatus.WAITING}), CheckStatus.CLEAN, Permission.CONDUCT_INSPECTION
    ),
    CheckStatus.FOUND: Rule(
        frozenset({CheckStatus.WAITING}), CheckStatus.FOUND, Permission.CONDUCT_INSPECTION
    ),
}
EVALUATION_RULES: dict[str, Rule] = {
    EvaluationMove.SIGN: Rule(
        frozenset({EvaluationStatus.OPEN}), EvaluationStatus.SIGNED, Permission.RUN_LOOKBACK
    ),
    EvaluationMove.CANCEL: Rule(
        frozenset({EvaluationStatus.OPEN}),
        EvaluationStatus.CANCELLED,
        Permission.RUN_LOOKBACK,
        needs_reason=True,
    ),
}
# What may be said of a hazard that was closed, and of a place nobody had been to.
VERDICTS: dict[str, tuple[CheckStatus, ...]] = {
    Target.CLOSED: (CheckStatus.HELD, CheckStatus.REBOUNDED, CheckStatus.UNCLEAR),
    Target.BLIND: (CheckStatus.CLEAN, CheckStatus.FOUND, CheckStatus.UNCLEAR),
}
JUDGED = frozenset({CheckStatus.HELD, CheckStatus.REBOUNDED, CheckStatus.CLEAN, CheckStatus.FOUND})
HITS = frozenset({CheckStatus.REBOUNDED, CheckStatus.FOUND})
