"""Scoring: bounds, monotony, sums, and that nothing depends on order."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules import scoring
from bihuan.rules.scoring import BASIC, MINUS, PLUS, VETO, Item, Measured, Rule, Terms

TERMS = Terms((("优秀", D(95)), ("良好", D(90)), ("达标", D(80)), ("不达标", D(0))), D(5), D(20), "不达标")
values = st.decimals(min_value=0, max_value=1000, places=2)
weights = st.decimals(min_value=0, max_value=100, places=2)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    kind = draw(st.sampled_from(["proportional", "steps", "deduct"]))
    if kind == "proportional":
        full, zero = draw(st.lists(values, min_size=2, max_size=2, unique=True))
        return Rule(kind, full=full, zero=zero)
    if kind == "steps":
        edges = sorted(draw(st.lists(values, min_size=1, max_size=5, unique=True)), reverse=True)
        shares = sorted(
            draw(st.lists(st.integers(0, 100), min_size=len(edges), max_size=len(edges))), reverse=True
        )
        smaller = draw(st.booleans())
        steps = tuple(zip(sorted(edges) if smaller else edges, (D(share) for share in shares), strict=True))
        return Rule(kind, steps=steps, smaller=smaller)
    cap = draw(st.none() | weights)
    return Rule(kind, each=draw(st.decimals("0.01", 50, places=2)), free=draw(weights), cap=cap)


def better_small(rule: Rule) -> bool:
    return rule.kind == "deduct" or (rule.kind == "proportional" and rule.full < rule.zero) or rule.smaller


@given(rules(), weights, values)
def test_a_basic_item_never_leaves_nought_to_full(rule: Rule, full: D, value: D) -> None:
    scored = scoring.score_item(Item("a", "甲", BASIC, full, rule), Measured(value, 10))
    assert 0 <= scored.got <= full
    assert scored.lost == (full - scored.got if scored.applies else 0)
    assert scored.got == scored.got.quantize(D("0.01"))


@given(rules(), weights, values, values)
def test_better_never_scores_less(rule: Rule, full: D, one: D, other: D) -> None:
    item = Item("a", "甲", BASIC, full, rule)
    low, high = sorted((one, other))
    if better_small(rule):
        low, high = high, low
    got = [scoring.score_item(item, Measured(value, 10)).got for value in (low, high)]
    assert got[0] <= got[1]


@given(st.lists(st.tuples(weights, rules(), values, st.booleans()), max_size=12), st.randoms())
def test_the_total_stays_in_bounds_and_forgets_the_order(rows, random) -> None:
    scored = [
        scoring.score_item(
            Item(str(number), str(number), BASIC, full, rule), Measured(value if known else None, 10)
        )
        for number, (full, rule, value, known) in enumerate(rows)
    ]
    total = scoring.total(scored, TERMS)
    assert 0 <= total.score <= TERMS.full + TERMS.plus_cap
    assert total.got == sum((each.got for each in scored if each.applies), D(0))
    shuffled = list(scored)
    random.shuffle(shuffled)
    again = scoring.total(shuffled, TERMS)
    assert (again.score, again.grade, again.ranked) == (total.score, total.grade, total.ranked)


@given(st.dictionaries(st.integers(), st.none() | weights, max_size=30))
def test_ranks_are_competition_ranks(scores) -> None:
    ranks = scoring.ranks(scores)
    for key, score in scores.items():
        better = sum(
            1 for other in scores.values() if other is not None and score is not None and other > score
        )
        assert ranks[key] == (None if score is None else better + 1)  # fmt: skip


@given(st.lists(weights, min_size=2, max_size=5), weights)
def test_settling_lies_between_what_was_given(shares, tolerance) -> None:
    outcome = scoring.settle(shares, needed=2, tolerance=tolerance)
    if outcome.share is None:
        assert len(shares) == 2
        assert abs(shares[0] - shares[1]) > tolerance
    else:
        assert min(shares) <= outcome.share <= max(shares)
    assert scoring.settle(shares, needed=2, tolerance=tolerance, decided=D(7)).share == 7


def test_examples_by_hand() -> None:
    item = Item("a", "按期整改率", BASIC, D(20), Rule("proportional", full=D(100), zero=D(60)))
    # 90 lies three quarters of the way from 60 to 100.
    assert scoring.score_item(item, Measured(D(90), 8)).got == D("15.00")
    deduct = Item("b", "逾期", BASIC, D(6), Rule("deduct", each=D("0.5"), free=D(2), cap=D(4)))
    assert scoring.score_item(deduct, Measured(D(5), 5)).got == D("4.50")
    assert scoring.score_item(deduct, Measured(D(50), 50)).got == D("2.00")
    steps = Item("c", "分档", BASIC, D(8), Rule("steps", steps=((D(100), D(100)), (D(90), D(70)))))
    assert scoring.score_item(steps, Measured(D(95), 3)).got == D("5.60")
    assert scoring.score_item(steps, Measured(D(89), 3)).got == 0
    few = Item("d", "少", BASIC, D(8), Rule("steps", steps=((D(100), D(100)),)), least=3)
    assert not scoring.score_item(few, Measured(D(0), 2)).applies


def test_what_does_not_apply_leaves_the_base_and_says_so() -> None:
    rule = Rule("proportional", full=D(100), zero=D(0))
    one, two = Item("a", "甲", BASIC, D(60), rule), Item("b", "乙", BASIC, D(40), rule)
    total = scoring.total(
        [scoring.score_item(one, Measured(D(90), 5)), scoring.score_item(two, Measured())], TERMS
    )
    assert (total.base, total.got, total.basic, total.score) == (60, 54, 90, 90)
    assert total.grade == "良好"
    assert "40 分的项目不适用" in total.words
    small = scoring.total(
        [scoring.score_item(two, Measured(D(100), 5)), scoring.score_item(one, Measured())], TERMS
    )
    assert (small.ranked, small.grade) == (False, scoring.UNGRADED)  # fmt: skip


def test_a_veto_goes_before_every_grade() -> None:
    full = scoring.score_item(
        Item("a", "甲", BASIC, D(100), Rule("proportional", full=D(100), zero=D(0))), Measured(D(100), 9)
    )
    veto = scoring.score_item(Item("v", "瞒报", VETO, D(0)), Measured(D(1), 1))
    assert scoring.total([full, veto], TERMS).grade == "不达标"
    none = scoring.score_item(Item("v", "瞒报", VETO, D(0)), Measured(D(0), 1))
    assert scoring.total([full, none], TERMS).grade == "优秀"


def test_plus_and_minus_are_capped() -> None:
    plus = Item("p", "推广", PLUS, D(0), Rule("highest", levels=(("市", D(1)), ("国", D(5)))))
    minus = Item("m", "通报", MINUS, D(0), Rule("count", each=D(2), cap=D(6)))
    assert scoring.score_item(plus, Measured(level="国")).got == 5
    assert scoring.score_item(plus, Measured(level="没听说")).got == 0
    assert scoring.score_item(minus, Measured(D(10), 10)).got == 6


@pytest.mark.parametrize(
    ("grades", "word"),
    [
        ((("优", D(90)), ("差", D(10))), "应为 0"),
        ((("优", D(80)), ("良", D(90)), ("差", D(0))), "从高到低"),
        ((("优", D(80)), ("优", D(0))), "重复"),
        ((("优", D(110)), ("差", D(0))), "最高分"),
    ],
)
def test_terms_that_cannot_grade_are_refused(grades, word) -> None:
    with pytest.raises(scoring.ScoringError, match=word):
        scoring.check_terms(Terms(grades, D(5), D(5), "差"))


def test_weights_must_come_to_the_full_marks() -> None:
    with pytest.raises(scoring.ScoringError, match=r"合计 99\.5 分"):
        scoring.check_weights([Item("a", "甲", BASIC, D("99.5")), Item("p", "加", PLUS, D(3))])


@pytest.mark.parametrize(
    "given_rule",
    [
        {"kind": "proportional", "full": 50, "zero": 50},
        {"kind": "steps", "steps": []},
        {"kind": "steps", "steps": [[90, 50], [80, 70]]},
        {"kind": "deduct", "each": 0},
        {"kind": "proportional", "full": "许多", "zero": 0},
        {"kind": "count", "each": 1},
        {"kind": "proportional", "full": "NaN", "zero": 0},
    ],
)
def test_rules_that_cannot_score_are_refused(given_rule) -> None:
    with pytest.raises(scoring.ScoringError):
        scoring.rule_of(given_rule)


def test_every_shipped_sheet_scores() -> None:
    for sheet in scoring.shipped_sheets():
        for tier in ("key", "general") if sheet.content["has_tiers"] else ("key",):
            items = []
            for row in sheet.content["items"]:
                rule = scoring.rule_of(row["rule"], row["kind"]) if row["rule"] else None
                items.append(Item(row["key"], row["name"], row["kind"], D(str(row["points"][tier])), rule))
            scoring.check_weights(items)
        assert not sheet.verified
        assert sheet.source


def test_what_follows_from_a_result() -> None:
    day = dt.date(2026, 11, 23)
    veto = {each.key for each in scoring.follow(grade="不达标", vetoed=True, rank=5, of=9, on=day)}
    assert veto == {"veto_honours", "veto_promotion", "veto_interview"}
    assert [each.key for each in scoring.follow(grade="优秀", vetoed=False, rank=1, of=9, on=day)] == [
        "commend", "commend_first",
    ]  # fmt: skip
    assert not scoring.follow(grade="良好", vetoed=False, rank=3, of=9, on=day)
