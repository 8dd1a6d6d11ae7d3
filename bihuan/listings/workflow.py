"""Listed supervision (挂牌督办): every legal move, in tables (R088-R096; 16号令第21、23条).

A listing is reported, signed step by step, ordered in the government's name, put right under its own clocks, examined on
the spot and struck off by the body that listed it, and by no other.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission


class SubjectKind(TextChoices):
    HAZARD = "hazard", "重大隐患"
    ACCIDENT = "accident", "事故查处"
    LOCALITY = "locality", "进展缓慢地方"


class ListingLevel(TextChoices):
    COUNTY = "county", "县级挂牌"
    CITY = "city", "市级挂牌"
    PROVINCE = "province", "省级挂牌"


class ListingStatus(TextChoices):
    DRAFT = "draft", "呈报稿"
    APPROVING = "approving", "审签中"
    RETURNED = "returned", "退回修改"
    LISTED = "listed", "挂牌整改"
    EXAMINING = "examining", "待摘牌审查"
    DELISTING = "delisting", "摘牌审签"
    STRUCK_OFF = "struck_off", "已摘牌"
    WITHDRAWN = "withdrawn", "不予挂牌"


class ListingMove(TextChoices):
    BEGIN = "begin", "起草呈报"
    SUBMIT = "submit", "呈报挂牌"
    RETURN = "return", "退回呈报"
    WITHDRAW = "withdraw", "撤回呈报"
    LIST = "list", "下达挂牌督办"
    FILE_PLAN = "file_plan", "方案备案"
    REPORT = "report", "报告进展"
    EXTEND = "extend", "批准挂牌延期"
    APPLY = "apply", "申请摘牌验收"
    FAIL = "fail", "现场审查不合格"
    PASS = "pass", "现场审查合格"
    RETURN_DELISTING = "return_delisting", "退回重审"
    STRIKE_OFF = "strike_off", "批准摘牌"


class ChainPurpose(TextChoices):
    """What a chain of signatures is for."""

    LIST = "list", "挂牌审签"
    EXTEND = "extend", "延期审签"
    DELIST = "delist", "摘牌审签"


class ApprovalStatus(TextChoices):
    RUNNING = "running", "审签未完"
    PASSED = "passed", "审签通过"
    RETURNED = "returned", "审签退回"
    DROPPED = "dropped", "审签终止"


class ApprovalMove(TextChoices):
    SIGN = "sign", "签署同意"
    PASS = "pass", "末步签署"
    RETURN = "return", "签署退回"
    DROP = "drop", "终止审签"


class RequestStatus(TextChoices):
    """Where a request for more time stands."""

    PENDING = "pending", "待决定"
    APPROVED = "approved", "准予延期"
    REJECTED = "rejected", "不准延期"
    WITHDRAWN = "withdrawn", "申请终止"


class LetterStatus(TextChoices):
    WAITING = "waiting", "待签订"
    HALF = "half", "一方已签"
    SIGNED = "signed", "双方已签"


class LetterMove(TextChoices):
    DRAW_UP = "draw_up", "拟订责任书"
    SIGN_GIVER = "sign_giver", "签发方签字"
    SIGN_RECEIVER = "sign_receiver", "承诺方签字"


class NoticePurpose(TextChoices):
    LISTING = "listing", "挂牌公告"
    DELISTING = "delisting", "摘牌公告"
    EXPOSURE = "exposure", "媒体曝光公告"


# Who makes a move: the body that reports, the body that lists, or whoever must put it right.
REPORTER, OFFICE, OWNER, CHAIN = "reporter", "office", "owner", "chain"


@dataclass(frozen=True)
class Rule:
    """One row of a table. `target` None keeps the status; `side` says whose move it is; CHAIN: the last or any signer."""

    sources: frozenset[str]
    target: str | None
    side: str
    permission: str = ""
    needs_reason: bool = False


def _rule(sources: str | tuple[str, ...], target: str | None, side: str, **more: object) -> Rule:
    where = frozenset(sources if isinstance(sources, tuple) else [sources])
    return Rule(where, target, side, **more)  # type: ignore[arg-type]


_S = ListingStatus
LISTING_RULES: dict[str, Rule] = {
    ListingMove.BEGIN: _rule("", _S.DRAFT, REPORTER, permission=Permission.MANAGE_LISTINGS),
    ListingMove.SUBMIT: _rule(
        (_S.DRAFT, _S.RETURNED), _S.APPROVING, REPORTER, permission=Permission.MANAGE_LISTINGS
    ),
    ListingMove.WITHDRAW: _rule(
        (_S.DRAFT, _S.RETURNED), _S.WITHDRAWN, REPORTER, permission=Permission.MANAGE_LISTINGS, needs_reason=True
    ),
    ListingMove.RETURN: _rule(_S.APPROVING, _S.RETURNED, CHAIN, needs_reason=True),
    ListingMove.LIST: _rule(_S.APPROVING, _S.LISTED, CHAIN),
    ListingMove.FILE_PLAN: _rule(_S.LISTED, None, OWNER),
    ListingMove.REPORT: _rule(_S.LISTED, None, OWNER),
    ListingMove.EXTEND: _rule(_S.LISTED, None, CHAIN),
    ListingMove.APPLY: _rule(_S.LISTED, _S.EXAMINING, OWNER),
    ListingMove.FAIL: _rule(
        _S.EXAMINING, _S.LISTED, OFFICE, permission=Permission.MANAGE_LISTINGS, needs_reason=True
    ),
    ListingMove.PASS: _rule(_S.EXAMINING, _S.DELISTING, OFFICE, permission=Permission.MANAGE_LISTINGS),
    ListingMove.RETURN_DELISTING: _rule(_S.DELISTING, _S.EXAMINING, CHAIN, needs_reason=True),
    ListingMove.STRIKE_OFF: _rule(_S.DELISTING, _S.STRUCK_OFF, CHAIN),
}  # fmt: skip

APPROVAL_RULES: dict[str, Rule] = {
    ApprovalMove.SIGN: _rule(ApprovalStatus.RUNNING, None, CHAIN),
    ApprovalMove.PASS: _rule(ApprovalStatus.RUNNING, ApprovalStatus.PASSED, CHAIN),
    ApprovalMove.RETURN: _rule(ApprovalStatus.RUNNING, ApprovalStatus.RETURNED, CHAIN, needs_reason=True),
    ApprovalMove.DROP: _rule(ApprovalStatus.RUNNING, ApprovalStatus.DROPPED, CHAIN),
}

LETTER_RULES: dict[str, dict[str, str]] = {
    LetterMove.SIGN_GIVER: {LetterStatus.WAITING: LetterStatus.HALF, LetterStatus.HALF: LetterStatus.SIGNED},
    LetterMove.SIGN_RECEIVER: {
        LetterStatus.WAITING: LetterStatus.HALF,
        LetterStatus.HALF: LetterStatus.SIGNED,
    },
}

# Not yet at an end; and those that hang publicly.
OPEN = frozenset(ListingStatus) - {ListingStatus.STRUCK_OFF, ListingStatus.WITHDRAWN}
HANGING = frozenset({ListingStatus.LISTED, ListingStatus.EXAMINING, ListingStatus.DELISTING})
# The work is said to be done; what was put in is told by the application.
FINISHED = frozenset({ListingStatus.EXAMINING, ListingStatus.DELISTING, ListingStatus.STRUCK_OFF})
EDITABLE = frozenset({ListingStatus.DRAFT, ListingStatus.RETURNED})
