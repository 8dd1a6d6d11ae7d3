"""What people do with a hazard; one verb, one function. Nobody else assigns a hazard's status."""

from ..standing import available_moves, may_move
from .door import move_hazard
from .handling import assign, confirm, dismiss, merge, reopen
from .major import (
    downgrade,
    grade_major,
    lift_old_mark,
    lift_supervision,
    place_under_supervision,
    record_acceptance,
    record_evaluation,
    report_major,
    review_major_plan,
    submit_major_plan,
)
from .recording import fix_on_spot, record_hazard
from .rectifying import (
    apply_acceptance,
    decide_extension,
    extend_ex_officio,
    reinspect,
    request_extension,
    submit_rectification,
    withdraw_extension,
)

__all__ = [
    "apply_acceptance",
    "assign",
    "available_moves",
    "confirm",
    "decide_extension",
    "dismiss",
    "downgrade",
    "extend_ex_officio",
    "fix_on_spot",
    "grade_major",
    "lift_old_mark",
    "lift_supervision",
    "may_move",
    "merge",
    "move_hazard",
    "place_under_supervision",
    "record_acceptance",
    "record_evaluation",
    "record_hazard",
    "reinspect",
    "reopen",
    "report_major",
    "request_extension",
    "review_major_plan",
    "submit_major_plan",
    "submit_rectification",
    "withdraw_extension",
]
