"""Assessments, appeals, sheets and letters: every legal move, in tables (R115-R122, D12)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class Audience(TextChoices):
    """Who is assessed by a sheet."""

    LOCALITIES = "localities", "乡镇街道"
    DEPARTMENTS = "departments", "部门"
    ENTERPRISES = "enterprises", "企业主要负责人"
    OFFICERS = "officers", "检查执法人员"


class Tier(TextChoices):
    """Two tiers of duty with different points (R117)."""

    KEY = "key", "重点监管职责"
    GENERAL = "general", "一般监管职责"


class How(TextChoices):
    """Where the evidence of an item is looked for (R118)."""

    LEDGER = "ledger", "台账计算"
    ARCHIVE = "archive", "查档案"
    WORK = "work", "考工作"
    SCENE = "scene", "看现场"


class ItemKind(TextChoices):
    BASIC = "basic", "基本项"
    PLUS = "plus", "加分项"
    MINUS = "minus", "减分项"
    VETO = "veto", "一票否决"


class SheetStatus(TextChoices):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已审定"
    RETIRED = "retired", "已停用"


class SheetMove(TextChoices):
    PUBLISH = "publish", "审定细则"
    RETIRE = "retire", "停用细则"


class Status(TextChoices):
    DRAFT = "draft", "编排中"
    RUNNING = "running", "考核中"
    SCORED = "scored", "待审定"
    ADOPTED = "adopted", "已审定"
    PUBLISHED = "published", "公布申辩"
    FINAL = "final", "已定稿"
    CANCELLED = "cancelled", "已撤销"


class Move(TextChoices):
    START = "start", "启动考核"
    FREEZE = "freeze", "定格计分"
    RETURN = "return", "退回重算"
    ADOPT = "adopt", "审定结果"
    PUBLISH = "publish", "公布结果"
    FINALIZE = "finalize", "定稿"
    CANCEL = "cancel", "撤销考核"


class AppealStatus(TextChoices):
    PENDING = "pending", "待答复"
    UPHELD = "upheld", "申辩成立"
    REJECTED = "rejected", "申辩不成立"
    WITHDRAWN = "withdrawn", "已撤回"


class AppealMove(TextChoices):
    UPHOLD = "uphold", "采纳申辩"
    REJECT = "reject", "不予采纳"
    WITHDRAW = "withdraw", "撤回申辩"


class LetterKind(TextChoices):
    RESPONSIBILITY = "responsibility", "目标责任书"
    COMMITMENT = "commitment", "责任承诺书"


class LetterStatus(TextChoices):
    ISSUED = "issued", "待下级签订"
    COUNTERSIGN = "countersign", "待上级签订"
    SIGNED = "signed", "已签订"
    WITHDRAWN = "withdrawn", "已收回"


class LetterMove(TextChoices):
    SIGN_LOWER = "sign_lower", "下级签订"
    SIGN_UPPER = "sign_upper", "上级签订"
    WITHDRAW = "withdraw", "收回"


class Decision(TextChoices):
    """What became of a recommendation that followed from the result."""

    PROPOSED = "proposed", "待定"
    ACCEPTED = "accepted", "采纳"
    DECLINED = "declined", "不采纳"


class ReportStatus(TextChoices):
    """The self-report of an enterprise's head on the statutory duties (R124)."""

    OWED = "owed", "待填报"
    SUBMITTED = "submitted", "已提交"
    RETURNED = "returned", "退回补正"
    MISSED = "missed", "逾期未报"


class ReportMove(TextChoices):
    SUBMIT = "submit", "签字提交自评"
    RETURN = "return", "退回补正"
    MISS = "miss", "记为逾期未报"


class ReviewBody(TextChoices):
    """Which body judges an enterprise's head."""

    LOCALITY = "locality", "属地乡镇街道"
    DEPARTMENT = "department", "主管部门"
    OFFICE = "office", "考核单位自己"


class SnapshotKind(TextChoices):
    INTERIM = "interim", "过程计分"
    FINAL = "final", "年度定格"


@dataclass(frozen=True)
class Rule:
    """One row of a table; `permission` "" means that standing decides (who was assessed, which side signs)."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


RULES: dict[str, Rule] = {
    Move.START: Rule(frozenset({Status.DRAFT}), Status.RUNNING, Permission.RUN_ASSESSMENT),
    Move.FREEZE: Rule(frozenset({Status.RUNNING}), Status.SCORED, Permission.RUN_ASSESSMENT),
    Move.RETURN: Rule(
        frozenset({Status.SCORED}), Status.RUNNING, Permission.ADOPT_ASSESSMENT, needs_reason=True
    ),
    Move.ADOPT: Rule(frozenset({Status.SCORED}), Status.ADOPTED, Permission.ADOPT_ASSESSMENT),
    Move.PUBLISH: Rule(frozenset({Status.ADOPTED}), Status.PUBLISHED, Permission.RUN_ASSESSMENT),
    Move.FINALIZE: Rule(frozenset({Status.PUBLISHED}), Status.FINAL, Permission.RUN_ASSESSMENT),
    Move.CANCEL: Rule(
        frozenset({Status.DRAFT, Status.RUNNING}),
        Status.CANCELLED,
        Permission.RUN_ASSESSMENT,
        needs_reason=True,
    ),
}
SHEET_RULES: dict[str, Rule] = {
    SheetMove.PUBLISH: Rule(
        frozenset({SheetStatus.DRAFT}), SheetStatus.PUBLISHED, Permission.ADOPT_ASSESSMENT
    ),
    SheetMove.RETIRE: Rule(
        frozenset({SheetStatus.PUBLISHED, SheetStatus.DRAFT}),
        SheetStatus.RETIRED,
        Permission.ADOPT_ASSESSMENT,
        needs_reason=True,
    ),
}
APPEAL_RULES: dict[str, Rule] = {
    AppealMove.UPHOLD: Rule(
        frozenset({AppealStatus.PENDING}),
        AppealStatus.UPHELD,
        Permission.ADOPT_ASSESSMENT,
        needs_reason=True,
    ),
    AppealMove.REJECT: Rule(
        frozenset({AppealStatus.PENDING}),
        AppealStatus.REJECTED,
        Permission.ADOPT_ASSESSMENT,
        needs_reason=True,
    ),
    AppealMove.WITHDRAW: Rule(
        frozenset({AppealStatus.PENDING}), AppealStatus.WITHDRAWN, Permission.APPEAL_ASSESSMENT
    ),
}
# The head hands it in; whoever judges it sends it back; what never came is noted when the result is frozen.
REPORT_RULES: dict[str, Rule] = {
    ReportMove.SUBMIT: Rule(
        frozenset({ReportStatus.OWED, ReportStatus.RETURNED}),
        ReportStatus.SUBMITTED,
        Permission.APPEAL_ASSESSMENT,
    ),
    ReportMove.RETURN: Rule(
        frozenset({ReportStatus.SUBMITTED}),
        ReportStatus.RETURNED,
        Permission.REVIEW_APPRAISAL,
        needs_reason=True,
    ),
    ReportMove.MISS: Rule(
        frozenset({ReportStatus.OWED, ReportStatus.RETURNED}), ReportStatus.MISSED, Permission.RUN_ASSESSMENT
    ),
}
LETTER_RULES: dict[str, Rule] = {
    LetterMove.SIGN_LOWER: Rule(frozenset({LetterStatus.ISSUED}), LetterStatus.COUNTERSIGN, ""),
    LetterMove.SIGN_UPPER: Rule(frozenset({LetterStatus.COUNTERSIGN}), LetterStatus.SIGNED, ""),
    LetterMove.WITHDRAW: Rule(
        frozenset({LetterStatus.ISSUED, LetterStatus.COUNTERSIGN}),
        LetterStatus.WITHDRAWN,
        "",
        needs_reason=True,
    ),
}
# While units may see how they stand; before it the sheet is still being arranged.
SEEN_BY_UNITS = frozenset(Status) - {Status.DRAFT, Status.CANCELLED}
# Their results are theirs, their reviewers' and the office's: no ranking is shown to the others.
PRIVATE = frozenset({Audience.ENTERPRISES, Audience.OFFICERS})
# From here on the result is out and stands unless an appeal changes it.
OUT = frozenset({Status.PUBLISHED, Status.FINAL})
