"""Who may do what with a paper upward, the opinions asked about it, and the conditions of its answer."""

from __future__ import annotations

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES

from .models import Condition, Opinion, Submission
from .workflow import (
    ABOVE,
    BY_HAND,
    CONDITION_RULES,
    OPINION_RULES,
    PENDING,
    RULES,
    ConditionMove,
    Form,
    Move,
    OpinionMove,
    Status,
)

_REQUESTS_ONLY = frozenset({Move.RECEIVE, Move.TELL_RECEIVED, Move.TELL_ANSWER, Move.URGE})
_REPORTS_ONLY = frozenset({Move.NOTE, Move.TELL_NOTED})


def holds(user: User, permission: str, organization_id: int | None) -> bool:
    """Whether the person holds a permission in a post of that body today."""
    return user.is_active and any(
        post.organization_id == organization_id and permission in ROLES[post.role].permissions
        for post in user.posts
    )


def drafts_for(user: User) -> Organization | None:
    """The body in whose name the person drafts; None for those who draft nothing."""
    if not user.is_active:
        return None
    return next(
        (
            post.organization
            for post in user.posts
            if Permission.DRAFT_SUBMISSION in ROLES[post.role].permissions
        ),
        None,
    )


def asks(user: User, submission: Submission) -> bool:
    """Whether the person works at the paper for the asking body: drafts or signs."""
    return any(
        holds(user, permission, submission.organization_id)
        for permission in (Permission.DRAFT_SUBMISSION, Permission.SIGN_SUBMISSION)
    )


def handles(user: User, submission: Submission) -> bool:
    """Whether the person works at the answer for the receiving body: takes it on or decides."""
    return submission.addressee_id is not None and any(
        holds(user, permission, submission.addressee_id)
        for permission in (Permission.ANSWER_SUBMISSION, Permission.SIGN_SUBMISSION)
    )


def may_move(user: User, move: str, submission: Submission) -> bool:
    """Whether the person may make a move, whatever the state. Nobody signs a draft or decides a proposal of one's own;
    only the officer it was given to proposes; what an addressee outside did is entered by the asking body."""
    permission = RULES[move].permission
    if move in ABOVE:
        if not holds(user, permission, submission.addressee_id) and not (
            move in {Move.ASSIGN, Move.RETURN} and handles(user, submission)
        ):
            return False
        if move in {Move.PROPOSE, Move.CONSULT}:
            return submission.handler_id == user.pk
        return move != Move.ANSWER or submission.handler_id != user.pk
    if move in BY_HAND:
        return submission.is_outside and holds(user, permission, submission.organization_id)
    if move == Move.SIGN and user.pk == submission.drafted_by_id:
        return False
    if move == Move.DISCARD:
        return asks(user, submission)
    return holds(user, permission, submission.organization_id)


def fits(move: str, submission: Submission) -> bool:
    """Whether a move exists for the kind of paper: requests are answered, reports noted."""
    if submission.form == Form.SITUATION:
        return move not in _REQUESTS_ONLY
    return move not in _REPORTS_ONLY


def available(user: User, submission: Submission) -> list[str]:
    """The moves the person may make now."""
    return [
        move
        for move, rule in RULES.items()
        if submission.status in rule.sources and fits(move, submission) and may_move(user, move, submission)
    ]


def may_move_opinion(user: User, move: str, opinion: Opinion) -> bool:
    """Whether the person may make a move of an opinion: the department gives it, the officer drops the question."""
    if move == OpinionMove.GIVE:
        return holds(user, OPINION_RULES[move].permission, opinion.organization_id)
    return opinion.submission.handler_id == user.pk and handles(user, opinion.submission)


def opinion_moves(user: User, opinion: Opinion) -> list[str]:
    """The moves of an opinion the person may make now."""
    if opinion.submission.status != Status.HANDLING:
        return []
    return [
        move
        for move in OpinionMove.values
        if move in OPINION_RULES
        and opinion.status in OPINION_RULES[move].sources
        and may_move_opinion(user, move, opinion)
    ]


def judges_conditions(submission: Submission) -> int | None:
    """The body that says whether conditions are kept: the one that set them, or the asking body for one outside."""
    return submission.addressee_id or submission.organization_id


def may_move_condition(user: User, move: str, condition: Condition) -> bool:
    """Whether the person may make a move of a condition, whatever its state."""
    if move == ConditionMove.REPORT:
        return holds(user, CONDITION_RULES[move].permission, condition.submission.organization_id)
    body = judges_conditions(condition.submission)
    if condition.submission.is_outside:
        return holds(user, Permission.SIGN_SUBMISSION, body)
    return holds(user, CONDITION_RULES[move].permission, body)


def condition_moves(user: User, condition: Condition) -> list[str]:
    """The moves of a condition the person may make now."""
    return [
        move
        for move in ConditionMove.values
        if move in CONDITION_RULES
        and condition.status in CONDITION_RULES[move].sources
        and may_move_condition(user, move, condition)
    ]


__all__ = [
    "PENDING", "asks", "available", "condition_moves", "drafts_for", "fits", "handles", "holds", "judges_conditions",
    "may_move", "may_move_condition", "may_move_opinion", "opinion_moves",
]  # fmt: skip
