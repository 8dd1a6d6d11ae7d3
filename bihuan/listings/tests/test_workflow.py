"""The legal moves of a listing, listed by hand."""

import pytest

from bihuan.listings.workflow import LISTING_RULES, ListingMove, ListingStatus

LEGAL = {
    "": {"begin": "draft"},
    "draft": {"submit": "approving", "withdraw": "withdrawn"},
    "approving": {"return": "returned", "list": "listed"},
    "returned": {"submit": "approving", "withdraw": "withdrawn"},
    "listed": {"file_plan": "listed", "report": "listed", "extend": "listed", "apply": "examining"},
    "examining": {"fail": "listed", "pass": "delisting"},
    "delisting": {"return_delisting": "examining", "strike_off": "struck_off"},
    "struck_off": {},
    "withdrawn": {},
}


@pytest.mark.parametrize("status", ["", *ListingStatus.values])
@pytest.mark.parametrize("move", ListingMove.values)
def test_the_table_knows_these_moves_and_no_others(status, move):
    rule = LISTING_RULES[move]
    assert (status in rule.sources) == (move in LEGAL[status])
    if move in LEGAL[status]:
        assert (rule.target or status) == LEGAL[status][move]


@pytest.mark.parametrize("move", ["return", "withdraw", "fail", "return_delisting"])
def test_every_way_back_needs_a_reason(move):
    assert LISTING_RULES[move].needs_reason


def test_only_the_body_that_lists_examines_and_no_owner_ends_it():
    assert {move for move, rule in LISTING_RULES.items() if rule.side == "owner"} == {
        "file_plan", "report", "apply",
    }  # fmt: skip
    assert {move for move, rule in LISTING_RULES.items() if rule.side == "office"} == {"fail", "pass"}
