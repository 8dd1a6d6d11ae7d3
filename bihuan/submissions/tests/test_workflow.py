"""Every legal move, listed by hand: of a paper, of an opinion, of a condition."""

from __future__ import annotations

import pytest

from bihuan.submissions.workflow import (
    CONDITION_RULES,
    OPINION_RULES,
    RULES,
    ConditionMove,
    Move,
    OpinionMove,
)

LEGAL = {
    "edit": {"draft": "draft"},
    "submit": {"draft": "signing"},
    "send_back": {"signing": "draft"},
    "sign": {"signing": "sent"},
    "discard": {"draft": "discarded", "signing": "discarded"},
    "withdraw": {"sent": "withdrawn", "received": "withdrawn", "handling": "withdrawn", "deciding": "withdrawn"},
    "urge": {"sent": "sent", "received": "received", "handling": "handling", "deciding": "deciding"},
    "receive": {"sent": "received"},
    "note": {"sent": "noted"},
    "assign": {"received": "handling", "handling": "handling"},
    "consult": {"handling": "handling"},
    "extend": {"received": "received", "handling": "handling", "deciding": "deciding"},
    "propose": {"handling": "deciding"},
    "rework": {"deciding": "handling"},
    "answer": {"deciding": "answered"},
    "return": {"sent": "returned", "received": "returned", "handling": "returned", "deciding": "returned"},
    "tell_received": {"sent": "received"},
    "tell_noted": {"sent": "noted"},
    "tell_answer": {"sent": "answered", "received": "answered"},
}  # fmt: skip
WITH_REASON = {"send_back", "discard", "withdraw", "urge", "extend", "rework", "return"}


def _legal(rules, move):
    rule = rules[move]
    return {str(source): str(rule.target or source) for source in rule.sources}


@pytest.mark.parametrize("move", [each for each in Move if each != Move.DRAFT])
def test_the_moves_of_a_paper(move):
    assert _legal(RULES, move) == LEGAL[move]
    assert RULES[move].needs_reason is (move in WITH_REASON)


@pytest.mark.parametrize(("move", "legal"), [("give", {"asked": "given"}), ("drop", {"asked": "dropped"})])
def test_the_moves_of_an_opinion(move, legal):
    assert _legal(OPINION_RULES, OpinionMove(move)) == legal


@pytest.mark.parametrize(
    ("move", "legal"),
    [
        ("report", {"open": "reported"}),
        ("confirm", {"reported": "kept"}),
        ("send_back", {"reported": "open"}),
        ("release", {"open": "released", "reported": "released"}),
    ],
)
def test_the_moves_of_a_condition(move, legal):
    assert _legal(CONDITION_RULES, ConditionMove(move)) == legal
