"""The office's own work: every legal move of a plan, an item, a matter asked, a commitment and a conduct matter."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from bihuan.accounts.permissions import Permission as P


@dataclass(frozen=True)
class Rule:
    """One row of a table; `target` None keeps the status."""

    sources: frozenset[str]
    target: str | None
    permission: str
    needs_reason: bool = False


class PlanStatus(TextChoices):
    DRAFT = "draft", "编制中"
    CONFIRMED = "confirmed", "已确认"
    CHECKED = "checked", "已核查"


class PlanMove(TextChoices):
    OPEN = "open", "开始编制"
    CONFIRM = "confirm", "确认计划"
    CHECK = "check", "完成核查"


PLAN_RULES: dict[str, Rule] = {
    PlanMove.CONFIRM: Rule(frozenset({PlanStatus.DRAFT}), PlanStatus.CONFIRMED, P.CHECK_OFFICE_WORK),
    PlanMove.CHECK: Rule(frozenset({PlanStatus.CONFIRMED}), PlanStatus.CHECKED, P.CHECK_OFFICE_WORK),
}


class ItemStatus(TextChoices):
    DRAFT = "draft", "待确认"
    OPEN = "open", "进行中"
    DONE = "done", "自查完成"
    UNFINISHED = "unfinished", "自查未完成"
    FINISHED = "finished", "已完成"
    LEFT = "left", "未完成"
    DROPPED = "dropped", "已取消"


class ItemMove(TextChoices):
    ADD = "add", "提出事项"
    EDIT = "edit", "修改"
    REMOVE = "remove", "删去"
    OPEN = "open", "列入计划"
    CHANGE = "change", "调整"
    DROP = "drop", "取消"
    DONE = "done", "自查完成"
    UNFINISHED = "unfinished", "自查未完成"
    SEND_BACK = "send_back", "退回重查"
    ACCEPT = "accept", "核查认可"


ITEM_RULES: dict[str, Rule] = {
    ItemMove.EDIT: Rule(frozenset({ItemStatus.DRAFT}), None, P.PLAN_OFFICE_WORK),
    ItemMove.REMOVE: Rule(frozenset({ItemStatus.DRAFT}), ItemStatus.DROPPED, P.PLAN_OFFICE_WORK),
    ItemMove.OPEN: Rule(frozenset({ItemStatus.DRAFT}), ItemStatus.OPEN, P.CHECK_OFFICE_WORK),
    ItemMove.CHANGE: Rule(frozenset({ItemStatus.OPEN}), None, P.CHECK_OFFICE_WORK, needs_reason=True),
    ItemMove.DROP: Rule(
        frozenset({ItemStatus.OPEN}), ItemStatus.DROPPED, P.CHECK_OFFICE_WORK, needs_reason=True
    ),
    ItemMove.DONE: Rule(frozenset({ItemStatus.OPEN}), ItemStatus.DONE, P.PLAN_OFFICE_WORK),
    ItemMove.UNFINISHED: Rule(frozenset({ItemStatus.OPEN}), ItemStatus.UNFINISHED, P.PLAN_OFFICE_WORK),
    ItemMove.SEND_BACK: Rule(
        frozenset({ItemStatus.DONE, ItemStatus.UNFINISHED}),
        ItemStatus.OPEN,
        P.CHECK_OFFICE_WORK,
        needs_reason=True,
    ),
    # Done becomes finished, unfinished becomes left: see actions.checking.
    ItemMove.ACCEPT: Rule(
        frozenset({ItemStatus.DONE, ItemStatus.UNFINISHED}), ItemStatus.FINISHED, P.CHECK_OFFICE_WORK
    ),
}
ACCEPTED_AS = {ItemStatus.DONE: ItemStatus.FINISHED, ItemStatus.UNFINISHED: ItemStatus.LEFT}
# What counts in a month's figures: everything the plan held once confirmed, less what was cancelled for a reason.
COUNTED = (ItemStatus.OPEN, ItemStatus.DONE, ItemStatus.UNFINISHED, ItemStatus.FINISHED, ItemStatus.LEFT)
TO_CHECK = (ItemStatus.DONE, ItemStatus.UNFINISHED)


class AmendmentKind(TextChoices):
    ADD = "add", "增加事项"
    CHANGE = "change", "调整事项"
    DROP = "drop", "取消事项"


class AmendmentStatus(TextChoices):
    PROPOSED = "proposed", "待审定"
    APPROVED = "approved", "已同意"
    REFUSED = "refused", "未同意"


class AmendmentMove(TextChoices):
    PROPOSE = "propose", "提出调整"
    APPROVE = "approve", "同意调整"
    REFUSE = "refuse", "不同意调整"


AMENDMENT_RULES: dict[str, Rule] = {
    AmendmentMove.APPROVE: Rule(
        frozenset({AmendmentStatus.PROPOSED}), AmendmentStatus.APPROVED, P.CHECK_OFFICE_WORK
    ),
    AmendmentMove.REFUSE: Rule(
        frozenset({AmendmentStatus.PROPOSED}), AmendmentStatus.REFUSED, P.CHECK_OFFICE_WORK, needs_reason=True
    ),
}


class CircularStatus(TextChoices):
    DRAFT = "draft", "草稿"
    ISSUED = "issued", "已印发"
    DROPPED = "dropped", "已作废"


class CircularMove(TextChoices):
    DRAFT = "draft", "起草"
    EDIT = "edit", "修改"
    RECOUNT = "recount", "重新取数"
    ISSUE = "issue", "印发"
    DROP = "drop", "作废"


CIRCULAR_RULES: dict[str, Rule] = {
    CircularMove.EDIT: Rule(frozenset({CircularStatus.DRAFT}), None, P.CHECK_OFFICE_WORK),
    CircularMove.RECOUNT: Rule(frozenset({CircularStatus.DRAFT}), None, P.CHECK_OFFICE_WORK),
    CircularMove.ISSUE: Rule(frozenset({CircularStatus.DRAFT}), CircularStatus.ISSUED, P.CHECK_OFFICE_WORK),
    CircularMove.DROP: Rule(
        frozenset({CircularStatus.DRAFT}), CircularStatus.DROPPED, P.CHECK_OFFICE_WORK, needs_reason=True
    ),
}


class AnalysisStatus(TextChoices):
    DRAFT = "draft", "分析中"
    SIGNED = "signed", "已签字"


class AnalysisMove(TextChoices):
    BEGIN = "begin", "开始分析"
    RECOUNT = "recount", "重新取数"
    SIGN = "sign", "签字"


ANALYSIS_RULES: dict[str, Rule] = {
    AnalysisMove.RECOUNT: Rule(frozenset({AnalysisStatus.DRAFT}), None, P.CHECK_OFFICE_WORK),
    AnalysisMove.SIGN: Rule(frozenset({AnalysisStatus.DRAFT}), AnalysisStatus.SIGNED, P.CHECK_OFFICE_WORK),
}


class Holding(TextChoices):
    """Whether a measure decided last time held."""

    WAITING = "waiting", "待评价"
    HELD = "held", "管住了"
    PARTLY = "partly", "部分管住"
    FAILED = "failed", "没有管住"


class AskedStatus(TextChoices):
    RECEIVED = "received", "首问办理中"
    HANDED = "handed", "转办待接收"
    ACCEPTED = "accepted", "承办中"
    ANSWERED = "answered", "待告知"
    CLOSED = "closed", "已告知办结"


class AskedMove(TextChoices):
    RECEIVE = "receive", "首问登记"
    SETTLE = "settle", "当场答复"
    HAND = "hand", "转办"
    ACCEPT = "accept", "接收"
    HAND_BACK = "hand_back", "退回首问人"
    ANSWER = "answer", "办出结果"
    TELL = "tell", "告知来访人"


ASKED_RULES: dict[str, Rule] = {
    AskedMove.SETTLE: Rule(frozenset({AskedStatus.RECEIVED}), AskedStatus.CLOSED, P.PLAN_OFFICE_WORK),
    AskedMove.HAND: Rule(frozenset({AskedStatus.RECEIVED}), AskedStatus.HANDED, P.PLAN_OFFICE_WORK),
    AskedMove.ACCEPT: Rule(frozenset({AskedStatus.HANDED}), AskedStatus.ACCEPTED, P.PLAN_OFFICE_WORK),
    AskedMove.HAND_BACK: Rule(
        frozenset({AskedStatus.HANDED}), AskedStatus.RECEIVED, P.PLAN_OFFICE_WORK, needs_reason=True
    ),
    AskedMove.ANSWER: Rule(
        frozenset({AskedStatus.RECEIVED, AskedStatus.ACCEPTED}), AskedStatus.ANSWERED, P.PLAN_OFFICE_WORK
    ),
    AskedMove.TELL: Rule(frozenset({AskedStatus.ANSWERED}), AskedStatus.CLOSED, P.PLAN_OFFICE_WORK),
}


class CommitmentStatus(TextChoices):
    DRAFT = "draft", "起草中"
    PUBLISHED = "published", "已公开"
    JUDGED = "judged", "已评定"
    WITHDRAWN = "withdrawn", "已撤回"


class CommitmentMove(TextChoices):
    WRITE = "write", "起草"
    EDIT = "edit", "修改"
    PUBLISH = "publish", "公开"
    JUDGE = "judge", "评定"
    WITHDRAW = "withdraw", "撤回"


COMMITMENT_RULES: dict[str, Rule] = {
    CommitmentMove.EDIT: Rule(frozenset({CommitmentStatus.DRAFT}), None, P.PLAN_OFFICE_WORK),
    CommitmentMove.PUBLISH: Rule(
        frozenset({CommitmentStatus.DRAFT}), CommitmentStatus.PUBLISHED, P.PLAN_OFFICE_WORK
    ),
    CommitmentMove.JUDGE: Rule(
        frozenset({CommitmentStatus.PUBLISHED}), CommitmentStatus.JUDGED, P.CHECK_OFFICE_WORK
    ),
    CommitmentMove.WITHDRAW: Rule(
        frozenset({CommitmentStatus.PUBLISHED}),
        CommitmentStatus.WITHDRAWN,
        P.CHECK_OFFICE_WORK,
        needs_reason=True,
    ),
}


class Keeping(TextChoices):
    """What became of one line of a commitment."""

    WAITING = "waiting", "未到期评定"
    KEPT = "kept", "已兑现"
    PARTLY = "partly", "部分兑现"
    BROKEN = "broken", "未兑现"


class ConductStatus(TextChoices):
    CLUE = "clue", "线索待处置"
    INQUIRING = "inquiring", "核查中"
    SERVED = "served", "意见已送达"
    HANDLED = "handled", "已处理"
    CLEARED = "cleared", "查否"
    DISMISSED = "dismissed", "不予核查"


class ConductMove(TextChoices):
    OPEN = "open", "登记线索"
    INQUIRE = "inquire", "开始核查"
    DISMISS = "dismiss", "不予核查"
    NOTE = "note", "记录核查情况"
    REASSIGN = "reassign", "更换核查人"
    SERVE = "serve", "送达核查意见"
    DEFEND = "defend", "申辩"
    HANDLE = "handle", "作出处理"
    CLEAR = "clear", "查否"


CONDUCT_RULES: dict[str, Rule] = {
    ConductMove.INQUIRE: Rule(frozenset({ConductStatus.CLUE}), ConductStatus.INQUIRING, P.INSPECT_CONDUCT),
    ConductMove.DISMISS: Rule(
        frozenset({ConductStatus.CLUE}), ConductStatus.DISMISSED, P.INSPECT_CONDUCT, needs_reason=True
    ),
    ConductMove.NOTE: Rule(frozenset({ConductStatus.INQUIRING}), None, P.INSPECT_CONDUCT),
    ConductMove.REASSIGN: Rule(
        frozenset({ConductStatus.INQUIRING, ConductStatus.SERVED}), None, P.INSPECT_CONDUCT, needs_reason=True
    ),
    ConductMove.SERVE: Rule(frozenset({ConductStatus.INQUIRING}), ConductStatus.SERVED, P.INSPECT_CONDUCT),
    # The person concerned needs no permission to answer what was served on him.
    ConductMove.DEFEND: Rule(frozenset({ConductStatus.SERVED}), None, ""),
    ConductMove.HANDLE: Rule(
        frozenset({ConductStatus.SERVED}), ConductStatus.HANDLED, P.INSPECT_CONDUCT, needs_reason=True
    ),
    ConductMove.CLEAR: Rule(
        frozenset({ConductStatus.INQUIRING, ConductStatus.SERVED}),
        ConductStatus.CLEARED,
        P.INSPECT_CONDUCT,
        needs_reason=True,
    ),
}
CONDUCT_OPEN = (ConductStatus.CLUE, ConductStatus.INQUIRING, ConductStatus.SERVED)


class Misconduct(TextChoices):
    """What is asked about (R260)."""

    WEAK_LEAD = "weak_lead", "领导不力"
    LAX = "lax", "执法不严"
    NEGLECT = "neglect", "失职渎职"
    GRAFT = "graft", "徇私舞弊"
    DELAY = "delay", "推诿拖延"


class Handling(TextChoices):
    """What is done with somebody whose matter was proved."""

    REMIND = "remind", "提醒"
    CRITICIZE = "criticize", "通报"
    TRANSFER = "transfer", "移送监察机关"
