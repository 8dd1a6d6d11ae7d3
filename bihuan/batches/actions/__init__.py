"""What people do with batches; one verb, one function."""

from .accepting import TeamMember, VerdictGiven, record_acceptance
from .composing import add_objects, close_batch, create_batch, organizer, propose_batches, remove_object
from .editing import edit_batch, edit_object, may_change
from .handing import hand_over_late
from .moving import move_object
from .notifying import extend_object, issue_notice, issue_notices
from .owing import open_late
from .rectifying import apply_for_acceptance, record_progress
from .subsidizing import approve, pay, propose_subsidy, reject, review, set_fund, set_standard

__all__ = [
    "TeamMember",
    "VerdictGiven",
    "add_objects",
    "apply_for_acceptance",
    "approve",
    "close_batch",
    "create_batch",
    "edit_batch",
    "edit_object",
    "extend_object",
    "hand_over_late",
    "issue_notice",
    "issue_notices",
    "may_change",
    "move_object",
    "open_late",
    "organizer",
    "pay",
    "propose_batches",
    "propose_subsidy",
    "record_acceptance",
    "record_progress",
    "reject",
    "remove_object",
    "review",
    "set_fund",
    "set_standard",
]
