"""What the page of one paper shows: who must do what by when first, then what has happened."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.core.markup import cn_date

from . import forms, wording
from .actions import missing, remarks
from .models import Condition, ConditionTransition, Opinion, OpinionTransition, Submission
from .standing import asks, available, condition_moves, handles, opinion_moves
from .workflow import (
    DRAFTS,
    HIDDEN,
    PENDING,
    ConditionMove,
    ConditionStatus,
    Form,
    Move,
    OpinionMove,
    Outcome,
    Status,
)

Wrong = tuple[str, Any] | None
TONES = {
    Status.ANSWERED: "green", Status.NOTED: "green", Status.RETURNED: "red", Status.SIGNING: "orange",
    Status.SENT: "orange", Status.RECEIVED: "blue", Status.HANDLING: "blue", Status.DECIDING: "blue",
}  # fmt: skip
OUTCOME_TONES: dict[str, str] = {Outcome.AGREE: "green", Outcome.CONDITIONAL: "blue", Outcome.REFUSE: "red"}
# Who has the next step, in a sentence; {} is the body.
NEXT = {
    Status.DRAFT: "起草人改好后送{asker}负责人审签",
    Status.SIGNING: "{asker}负责人审签",
    Status.SENT: "{addressee}签收",
    Status.RECEIVED: "{addressee}交给承办人提出拟办意见",
    Status.HANDLING: "{handler}提出拟办意见",
    Status.DECIDING: "{addressee}负责人作出决定、签发批复",
}
# The same for an addressee that does not work here.
NEXT_OUTSIDE = {
    Status.SENT: "把打印件报送{addressee}，签收后在这里登记",
    Status.RECEIVED: "等{addressee}批复，收到后在这里登记",
}
# Acts with a form: key → (title, button, tone)
TITLES: dict[str, tuple[str, str, str]] = {
    Move.SEND_BACK: ("退回修改", "退回修改", "plain"),
    Move.DISCARD: ("作废这份草稿", "作废", "danger"),
    Move.WITHDRAW: ("撤回：不再需要上级答复", "撤回", "danger"),
    Move.URGE: ("催请答复", "催请", "primary"),
    Move.ASSIGN: ("交给承办人", "交办", "primary"),
    Move.CONSULT: ("征求会签意见", "发出征求意见", "plain"),
    Move.EXTEND: ("延长答复期限", "延长", "plain"),
    Move.PROPOSE: ("提出拟办意见", "送领导决定", "primary"),
    Move.REWORK: ("退回重拟", "退回重拟", "plain"),
    Move.RETURN: ("退回，不作批复", "退回", "danger"),
    Move.TELL_RECEIVED: ("登记上级签收", "登记签收", "primary"),
    Move.TELL_NOTED: ("登记上级收悉", "登记收悉", "primary"),
}
FORMS: dict[str, Any] = {
    Move.SEND_BACK: forms.ReasonForm, Move.DISCARD: forms.ReasonForm, Move.WITHDRAW: forms.ReasonForm,
    Move.URGE: forms.ReasonForm, Move.EXTEND: forms.ExtendForm, Move.PROPOSE: forms.ProposeForm,
    Move.REWORK: forms.ReasonForm, Move.RETURN: forms.ReturnForm, Move.TELL_RECEIVED: forms.ToldReceivedForm,
    Move.TELL_NOTED: forms.ToldReceivedForm,
}  # fmt: skip
OF_SUBMISSION: dict[str, Any] = {Move.ASSIGN: forms.AssignForm, Move.CONSULT: forms.ConsultForm}
OPINION_FORMS: dict[str, tuple[str, str, str, Any]] = {
    OpinionMove.GIVE: ("回复会签意见", "提交意见", "primary", forms.OpinionForm),
    OpinionMove.DROP: ("不再征求", "不再征求", "plain", forms.ReasonForm),
}
CONDITION_FORMS: dict[str, tuple[str, str, str, Any]] = {
    ConditionMove.REPORT: ("报告落实情况", "提交", "primary", forms.ReportForm),
    ConditionMove.CONFIRM: ("核实已落实", "核实", "primary", forms.NoteForm),
    ConditionMove.SEND_BACK: ("退回", "退回", "plain", forms.ReasonForm),
    ConditionMove.RELEASE: ("免除这条要求", "免除", "plain", forms.ReasonForm),
}
WITH_FILES = frozenset({OpinionMove.GIVE, ConditionMove.REPORT})


def form_of(key: str, submission: Submission, data: Any = None) -> Any:
    """The form of one act of a paper."""
    if key in OF_SUBMISSION:
        return OF_SUBMISSION[key](data, submission=submission)
    return FORMS[key](data) if key in FORMS else None


def _panel(row: Any, key: str, told: tuple[str, str, str], form: Any, wrong: Wrong) -> dict[str, Any]:
    where = f"{row._meta.model_name}-{row.pk}-{key}"
    bad = wrong is not None and wrong[0] == where
    if bad and wrong is not None:
        form = wrong[1]
    if form is not None:
        form.auto_id = f"id_{where}_%s"
    title, button, tone = told
    return {
        "key": key, "title": title, "button": button, "tone": tone, "form": form, "files": key in WITH_FILES,
        "open": bad or tone == "primary",
    }  # fmt: skip


def shown(submission: Submission, user: User, wrong: Wrong = None, answering: Any = None) -> dict[str, Any]:
    """The context of the page; `wrong` is (which form, the form as it came back), `answering` the form of the answer with
    its rows as they came back."""
    today = timezone.localdate()
    moves = available(user, submission)
    is_draft = submission.status in DRAFTS
    inside, above = asks(user, submission), handles(user, submission)
    opinions = list(submission.opinions.select_related("organization", "asked_by", "given_by"))
    conditions = list(submission.conditions.all())
    for opinion in opinions:
        opinion.submission = submission
    for condition in conditions:
        condition.submission = submission
    lines = list(
        ConditionTransition.objects.filter(condition__in=conditions).select_related("by").order_by("pk")
    )
    kept = files.of_many([*opinions, *lines])
    sees_handling = above or any(
        opinion_moves(user, each) or _in_body(user, each.organization_id) for each in opinions
    )
    names = {
        "asker": submission.organization.short_name, "addressee": _addressee(submission),
        "handler": submission.handler.full_name if submission.handler else _addressee(submission),
    }  # fmt: skip
    preview = None
    if submission.status in HIDDEN:
        preview = wording.content(submission, on=today, signer="")
    return {
        "submission": submission,
        "tone": TONES.get(Status(submission.status), ""),
        "outcome_tone": OUTCOME_TONES.get(submission.outcome, ""),
        "moves": moves,
        "is_draft": is_draft,
        "is_pending": submission.status in PENDING,
        "inside": inside,
        "above": above,
        "missing": missing(submission) if is_draft and inside else [],
        "remarks": remarks(submission) if (is_draft and inside) or above else [],
        "preview": preview,
        "next": _next(submission).format(**names),
        "owed_until": submission.owed_until(),
        "owed_clock": submission.owed_clock(),
        "late": submission.is_late(on=today),
        "late_in": submission.issued_on is not None and submission.issued_on > submission.due_on,
        "may_urge": Move.URGE in moves and submission.is_late(on=today) and submission.urged_on != today,
        "copies": list(submission.copies.select_related("organization")),
        "sees_handling": sees_handling,
        "panels": [
            _panel(submission, key, _title(key, submission), form_of(key, submission), wrong)
            for key in TITLES
            if key in moves and (key != Move.URGE or submission.is_late(on=today))
        ],
        "opinions": [_opinion(each, user, wrong, kept, today) for each in opinions],
        "conditions": [
            _condition(
                each, [line for line in lines if line.condition_id == each.pk], user, wrong, kept, today
            )
            for each in conditions
        ],
        "answer": _answer_form(submission, moves, answering),
        "followed_by": list(submission.followed_by.all()[:5]),
        "may_follow": submission.status == Status.RETURNED and inside,
        "signatures": files.signatures_of(submission),
        "events": _events(submission, opinions, sees_handling=sees_handling),
        "is_request": submission.form == Form.REQUEST,
        "today": today,
    }


def _title(key: str, submission: Submission) -> tuple[str, str, str]:
    """Giving a request to somebody is the next step once; giving it to somebody else stands aside."""
    if key == Move.ASSIGN and submission.status == Status.HANDLING:
        return "改交其他承办人", "改交", "plain"
    return TITLES[key]


def _next(submission: Submission) -> str:
    outside = NEXT_OUTSIDE if submission.is_outside else {}
    status = Status(submission.status)
    return outside.get(status) or NEXT.get(status, "")


def _addressee(submission: Submission) -> str:
    return submission.addressee.short_name if submission.addressee else submission.addressee_name


def _in_body(user: User, organization_id: int) -> bool:
    return any(post.organization_id == organization_id for post in user.posts)


def _answer_form(submission: Submission, moves: list[str], answering: Any) -> dict[str, Any] | None:
    """The form of the answer with rows for its conditions: of the leader, or of the body that enters what came from
    outside."""
    key = next((move for move in (Move.ANSWER, Move.TELL_ANSWER) if move in moves), None)
    if key is None:
        return None
    if answering is not None:
        form, rows = answering
    else:
        outcome = submission.proposed or Outcome.AGREE
        initial = {"outcome": outcome, "text": wording.answer_draft(submission, outcome)}
        kind = forms.AnswerForm if key == Move.ANSWER else forms.ToldAnswerForm
        form = kind(initial=initial if key == Move.ANSWER else {"on": timezone.localdate()})
        rows = [forms.ConditionForm(prefix=f"condition{number}") for number in range(forms.CONDITION_ROWS)]
    return {"key": key, "form": form, "rows": rows, "signs": key == Move.ANSWER}


def _opinion(each: Opinion, user: User, wrong: Wrong, kept: Any, today: Any) -> dict[str, Any]:
    found = kept[chain_of(each)].get("opinion", [])
    return {
        "opinion": each,
        "late": each.status == "asked" and each.due_on < today,
        "files": found,
        "panels": [
            _panel(each, key, OPINION_FORMS[key][:3], OPINION_FORMS[key][3](), wrong)
            for key in opinion_moves(user, each)
        ],
    }


def _condition(
    each: Condition, lines: list[ConditionTransition], user: User, wrong: Wrong, kept: Any, today: Any
) -> dict[str, Any]:
    return {
        "condition": each,
        "open": each.status == ConditionStatus.OPEN,
        "late": each.status == ConditionStatus.OPEN and each.due_on < today,
        "lines": [
            {
                "line": line,
                "what": ConditionMove(line.move).label,
                "photos": files.photo_items(
                    one for one in kept[chain_of(line)].get("evidence", []) if one.is_image
                ),
                "files": [one for one in kept[chain_of(line)].get("evidence", []) if not one.is_image],
            }
            for line in lines
            if line.reason
        ],
        "panels": [
            _panel(each, key, CONDITION_FORMS[key][:3], CONDITION_FORMS[key][3](), wrong)
            for key in condition_moves(user, each)
        ],
    }


# What happens inside the receiving body before it answers; the asking body sees that it is being handled, not by what words.
_INSIDE = frozenset({Move.PROPOSE, Move.REWORK, Move.CONSULT})


def _events(submission: Submission, opinions: list[Opinion], *, sees_handling: bool) -> list[dict[str, Any]]:
    words = dict(Move.choices)
    entries = [
        (
            each.at,
            {
                "at": cn_date(each.at), "what": words.get(each.move, each.move), "who": each.by.full_name,
                "note": each.reason if sees_handling or each.move not in _INSIDE else "",
            },
        )
        for each in submission.transitions.select_related("by")
    ]  # fmt: skip
    said = dict(OpinionMove.choices)
    for line in OpinionTransition.objects.filter(opinion__in=opinions).select_related(
        "by", "opinion__organization"
    ):
        if line.move == OpinionMove.ASK:
            continue
        entries.append(
            (
                line.at,
                {
                    "at": cn_date(line.at),
                    "what": f"{line.opinion.organization.short_name}：{said.get(line.move, line.move)}",
                    "who": line.by.full_name, "note": line.reason if sees_handling else "",
                },
            )
        )  # fmt: skip
    return [entry for _, entry in sorted(entries, key=lambda pair: pair[0])][::-1]
