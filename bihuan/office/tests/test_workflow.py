"""The legal moves, listed by hand."""

from __future__ import annotations

from bihuan.office.workflow import (
    ACCEPTED_AS,
    AMENDMENT_RULES,
    ANALYSIS_RULES,
    ASKED_RULES,
    CIRCULAR_RULES,
    COMMITMENT_RULES,
    CONDUCT_RULES,
    ITEM_RULES,
    PLAN_RULES,
)


def legal(rules) -> set[tuple[str, str, str]]:
    return {
        (str(source), str(move), str(rule.target or source))
        for move, rule in rules.items()
        for source in rule.sources
    }


def with_reason(rules) -> set[str]:
    return {str(move) for move, rule in rules.items() if rule.needs_reason}


def test_a_plan_is_written_confirmed_checked() -> None:
    assert legal(PLAN_RULES) == {("draft", "confirm", "confirmed"), ("confirmed", "check", "checked")}


def test_an_item_is_told_then_judged() -> None:
    assert legal(ITEM_RULES) == {
        ("draft", "edit", "draft"), ("draft", "remove", "dropped"), ("draft", "open", "open"), ("open", "change", "open"),
        ("open", "drop", "dropped"), ("open", "done", "done"), ("open", "unfinished", "unfinished"),
        ("done", "send_back", "open"), ("unfinished", "send_back", "open"), ("done", "accept", "finished"),
        ("unfinished", "accept", "finished"),
    }  # fmt: skip
    assert {str(key): str(value) for key, value in ACCEPTED_AS.items()} == {
        "done": "finished",
        "unfinished": "left",
    }
    assert with_reason(ITEM_RULES) == {"change", "drop", "send_back"}


def test_a_change_is_agreed_or_not() -> None:
    assert legal(AMENDMENT_RULES) == {("proposed", "approve", "approved"), ("proposed", "refuse", "refused")}
    assert with_reason(AMENDMENT_RULES) == {"refuse"}


def test_a_circular_and_an_analysis_end_once() -> None:
    assert legal(CIRCULAR_RULES) == {
        ("draft", "edit", "draft"), ("draft", "recount", "draft"), ("draft", "issue", "issued"), ("draft", "drop", "dropped"),
    }  # fmt: skip
    assert legal(ANALYSIS_RULES) == {("draft", "recount", "draft"), ("draft", "sign", "signed")}


def test_a_matter_asked_is_never_dropped() -> None:
    assert legal(ASKED_RULES) == {
        ("received", "settle", "closed"), ("received", "hand", "handed"), ("handed", "accept", "accepted"),
        ("handed", "hand_back", "received"), ("received", "answer", "answered"), ("accepted", "answer", "answered"),
        ("answered", "tell", "closed"),
    }  # fmt: skip
    assert with_reason(ASKED_RULES) == {"hand_back"}


def test_a_commitment_is_judged_once() -> None:
    assert legal(COMMITMENT_RULES) == {
        ("draft", "edit", "draft"), ("draft", "publish", "published"), ("published", "judge", "judged"),
        ("published", "withdraw", "withdrawn"),
    }  # fmt: skip


def test_conduct_is_handled_only_after_an_opinion() -> None:
    assert legal(CONDUCT_RULES) == {
        ("clue", "inquire", "inquiring"), ("clue", "dismiss", "dismissed"), ("inquiring", "note", "inquiring"),
        ("inquiring", "reassign", "inquiring"), ("served", "reassign", "served"), ("inquiring", "serve", "served"),
        ("served", "defend", "served"), ("served", "handle", "handled"), ("inquiring", "clear", "cleared"),
        ("served", "clear", "cleared"),
    }  # fmt: skip
    assert with_reason(CONDUCT_RULES) == {"dismiss", "reassign", "handle", "clear"}
