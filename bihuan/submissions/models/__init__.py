"""Papers up the levels, how they are handled, and the list of what must be asked or reported."""

from .submissions import Submission, SubmissionCopy, SubmissionTransition, bodies_of  # isort: skip
from .handling import Condition, ConditionTransition, Opinion, OpinionTransition
from .matters import ImportantMatter, SetAside

__all__ = [
    "Condition",
    "ConditionTransition",
    "ImportantMatter",
    "Opinion",
    "OpinionTransition",
    "SetAside",
    "Submission",
    "SubmissionCopy",
    "SubmissionTransition",
    "bodies_of",
]
