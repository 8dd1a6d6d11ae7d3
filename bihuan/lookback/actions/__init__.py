"""What people do when looking back; one verb, one function."""

from .effects import Effect, arrange, cancel_evaluation, repeats_of, score, sign_report
from .judging import judge, reopen_found
from .planning import blind_spots, plan_round
from .recurring import find_recurrences
from .rounds import (
    announce_round,
    bodies_to_hand,
    cancel_round,
    draw_round,
    finish_round,
    hand_checks,
    hand_to_localities,
)
from .visiting import covered, look_at, not_seen, visits_for, warrants

__all__ = [
    "Effect",
    "announce_round",
    "arrange",
    "blind_spots",
    "bodies_to_hand",
    "cancel_evaluation",
    "cancel_round",
    "covered",
    "draw_round",
    "find_recurrences",
    "finish_round",
    "hand_checks",
    "hand_to_localities",
    "judge",
    "look_at",
    "not_seen",
    "plan_round",
    "reopen_found",
    "repeats_of",
    "score",
    "sign_report",
    "visits_for",
    "warrants",
]
