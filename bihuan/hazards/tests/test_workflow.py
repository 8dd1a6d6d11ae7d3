"""The legal moves, written down by hand. A test that reads the table cannot judge it."""

import pytest

from bihuan.accounts.roles import ROLES, Role
from bihuan.hazards.workflow import OPEN, RULES, RUNNING, Level, Move, Status, is_legal, target_of

# status: {general moves → status after}, {major moves → status after}
LEGAL = {
    "": (
        {"report": "reported", "record": "rectifying", "self_report": "rectifying", "import": ""},
        {"report": "reported", "record": "planning", "self_report": "planning", "import": ""},
    ),
    "reported": (
        {"confirm": "rectifying", "dismiss": "dismissed", "merge": "dismissed", "grade_major": "planning", "assign": "reported"},
        {"confirm": "planning", "dismiss": "dismissed", "assign": "reported"},
    ),
    "rectifying": (
        {
            "grade_major": "planning", "fix_on_spot": "closed", "submit": "reinspecting", "extend": "rectifying",
            "assign": "rectifying", "merge": "dismissed",
        },
        {
            "apply_acceptance": "accepting", "place_under_supervision": "rectifying", "extend": "rectifying",
            "assign": "rectifying",
        },
    ),
    "reinspecting": (
        {"grade_major": "planning", "send_back": "rectifying", "close": "closed", "assign": "reinspecting", "merge": "dismissed"},
        {"assign": "reinspecting"},
    ),
    "planning": (
        {"extend": "planning", "assign": "planning"},
        {
            "downgrade": "rectifying", "report_major": "planning", "submit_plan": "plan_review",
            "place_under_supervision": "planning", "extend": "planning", "assign": "planning",
        },
    ),
    "plan_review": (
        {"extend": "plan_review", "assign": "plan_review"},
        {
            "return_plan": "planning", "approve_plan": "rectifying", "place_under_supervision": "plan_review",
            "extend": "plan_review", "assign": "plan_review",
        },
    ),
    "accepting": (
        {"assign": "accepting"},
        {
            "refuse_acceptance": "rectifying", "accept": "evaluating", "place_under_supervision": "accepting",
            "assign": "accepting",
        },
    ),
    "evaluating": (
        {"assign": "evaluating"},
        {"fail_evaluation": "rectifying", "close_major": "closed", "assign": "evaluating"},
    ),
    "closed": (
        {"reopen": "rectifying"},
        {"reopen": "rectifying", "lift_supervision": "closed"},
    ),
    "dismissed": ({}, {}),
}  # fmt: skip


@pytest.mark.parametrize("level", ["general", "major"])
@pytest.mark.parametrize("status", LEGAL)
def test_the_table_is_exactly_this(status, level):
    expected = LEGAL[status][level == "major"]
    actual = {
        move.value: str(target_of(move, status, level)) for move in Move if is_legal(move, status, level)
    }
    assert actual == expected


def test_every_status_and_move_is_in_it():
    assert set(LEGAL) == {"", *Status.values}
    assert set(RULES) == set(Move)
    assert {move for pair in LEGAL.values() for moves in pair for move in moves} == set(Move.values)


@pytest.mark.parametrize(
    ("move", "wanted"),
    [
        ("dismiss", True), ("grade_major", True), ("downgrade", True), ("send_back", True), ("return_plan", True),
        ("refuse_acceptance", True), ("fail_evaluation", True), ("reopen", True), ("place_under_supervision", True),
        ("lift_supervision", True), ("extend", True), ("assign", True),
        ("confirm", False), ("fix_on_spot", False), ("submit", False), ("close", False), ("submit_plan", False),
        ("report_major", False), ("approve_plan", False), ("apply_acceptance", False), ("accept", False),
        ("close_major", False), ("report", False), ("record", False), ("self_report", False), ("import", False),
    ],
)  # fmt: skip
def test_moves_that_go_against_somebody_need_a_reason(move, wanted):
    assert RULES[move].needs_reason is wanted


def test_the_clock_runs_only_in_the_enterprises_hands():
    assert {"rectifying", "planning", "plan_review"} == RUNNING
    assert set(OPEN) == {
        "reported", "rectifying", "reinspecting", "planning", "plan_review", "accepting", "evaluating"
    }  # fmt: skip


@pytest.mark.parametrize("move", ["report", "record", "confirm", "close", "submit", "extend", "assign"])
def test_administrators_and_inspectorate_move_nothing(move):
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.INSPECTORATE, Role.EXPERT):
        assert RULES[move].permission not in ROLES[role].permissions


def test_words_people_see():
    assert Level.MAJOR.label == "重大"
    assert [status.label for status in Status] == [
        "待核实", "整改中", "待复查", "待报治理方案", "治理方案待审", "待验收", "待效果评价", "已销号", "不属实"
    ]  # fmt: skip
