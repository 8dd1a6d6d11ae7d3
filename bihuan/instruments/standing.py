"""Who may do what with a supervision paper, its recipients, commitments and triggers."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES

from .models import Commitment, Instrument, InstrumentRecipient, Trigger
from .workflow import COMMITMENT_RULES, RECIPIENT_RULES, RULES, CommitmentMove, Move, RecipientMove

JUDGING = frozenset({Move.CHECK, Move.RETURN, Move.DISCARD})


def holds(user: User, permission: str, organization_id: int) -> bool:
    """Whether the person holds a permission in a post of that body today."""
    return user.is_active and any(
        post.organization_id == organization_id and permission in ROLES[post.role].permissions
        for post in user.posts
    )


def issues(user: User, instrument: Instrument) -> bool:
    """Whether the person works at the paper for the body that issues it: drafts or signs."""
    return any(
        holds(user, permission, instrument.organization_id)
        for permission in (Permission.DRAFT_INSTRUMENT, Permission.SIGN_INSTRUMENT)
    )


def may_move(user: User, move: str, instrument: Instrument) -> bool:
    """Whether the person may make a move, whatever the state. Nobody checks or signs a draft of one's own."""
    permission = RULES[move].permission
    if not permission:
        return False
    if move in {Move.CHECK, Move.SIGN} and user.pk == instrument.drafted_by_id:
        return False
    if move in JUDGING:
        return issues(user, instrument)
    return holds(user, permission, instrument.organization_id)


def available(user: User, instrument: Instrument) -> list[str]:
    """The moves the person may make now."""
    return [
        move
        for move, rule in RULES.items()
        if instrument.status in rule.sources and may_move(user, move, instrument)
    ]


def is_addressed(user: User, recipient: InstrumentRecipient) -> bool:
    """Whether the person answers for the recipient."""
    return holds(user, Permission.REPLY_INSTRUMENT, recipient.organization_id)


def may_move_recipient(user: User, move: str, recipient: InstrumentRecipient) -> bool:
    """Whether the person may make a move of a recipient, whatever the state."""
    permission = RECIPIENT_RULES[move].permission
    if permission == Permission.REPLY_INSTRUMENT:
        return is_addressed(user, recipient)
    if permission == Permission.DRAFT_INSTRUMENT:
        return issues(user, recipient.instrument)
    return bool(permission) and holds(user, permission, recipient.instrument.organization_id)


def recipient_moves(user: User, recipient: InstrumentRecipient) -> list[str]:
    """The moves of a recipient the person may make now."""
    if recipient.instrument.status != "issued":
        return []
    meets = recipient.instrument.kind == "talk"
    hidden = {RecipientMove.MEET} | ({RecipientMove.REPLY} if meets else set())
    return [
        move
        for move, rule in RECIPIENT_RULES.items()
        if move not in hidden
        and recipient.status in rule.sources
        and may_move_recipient(user, move, recipient)
    ]


def may_move_commitment(user: User, move: str, commitment: Commitment) -> bool:
    """Whether the person may make a move of a commitment, whatever the state."""
    permission = COMMITMENT_RULES[move].permission
    if permission == Permission.REPLY_INSTRUMENT:
        return is_addressed(user, commitment.recipient)
    if permission == Permission.DRAFT_INSTRUMENT:
        return issues(user, commitment.instrument)
    return holds(user, permission, commitment.instrument.organization_id)


def commitment_moves(user: User, commitment: Commitment) -> list[str]:
    """The moves of a commitment the person may make now."""
    if commitment.instrument.status != "issued":
        return []
    return [
        move
        for move in CommitmentMove.values
        if move in COMMITMENT_RULES
        and commitment.status in COMMITMENT_RULES[move].sources
        and may_move_commitment(user, move, commitment)
    ]


def sets(user: User, trigger: Trigger) -> bool:
    """Whether the person may change, try and switch a trigger."""
    return holds(user, Permission.SET_TRIGGERS, trigger.organization_id)
