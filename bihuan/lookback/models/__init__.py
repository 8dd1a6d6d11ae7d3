"""Everything looking back keeps."""

from .effects import Evaluation, EvaluationTransition, Recurrence, RecurrenceMark
from .rounds import CheckTransition, LookbackCheck, LookbackRound, LookbackStratum, RoundTransition

__all__ = [
    "CheckTransition",
    "Evaluation",
    "EvaluationTransition",
    "LookbackCheck",
    "LookbackRound",
    "LookbackStratum",
    "Recurrence",
    "RecurrenceMark",
    "RoundTransition",
]
