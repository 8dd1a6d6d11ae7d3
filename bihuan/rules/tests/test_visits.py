"""How often a place must be visited: local values and due days counted by hand."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.calendar import add_months
from bihuan.rules.records import UnknownRule
from bihuan.rules.visits import next_visit, purposes, rulesets, targets, visit_rule, visit_rules

D = dt.date.fromisoformat
TODAY = D("2026-11-22")


def indoor(target, **where):
    rule = visit_rule("gas.indoor", TODAY, target=target, **where)
    return rule.at_least, rule.months


@pytest.mark.parametrize(
    ("area", "piped", "bottled", "others"),
    [
        ("", (1, 24), (1, 24), (1, 12)),
        ("539701", (1, 24), (1, 24), (1, 12)),
        ("3701", (1, 24), (1, 24), (1, 12)),
        ("310115", (1, 24), (1, 12), (1, 12)),
        ("4103", (1, 12), (1, 12), (1, 12)),
        ("4117", (1, 12), (1, 12), (2, 12)),
        ("3702", (1, 12), (1, 12), (1, 6)),
        ("370303", (1, 12), (1, 12), (1, 1)),
    ],
)
def test_indoor_checks_by_place(area, piped, bottled, others):
    assert indoor("resident_piped", area=area) == piped
    assert indoor("resident_bottled", area=area) == bottled
    assert indoor("non_resident", area=area) == others


def test_a_set_may_be_chosen_outright():
    assert indoor("non_resident", area="539701", ruleset="zibo") == (1, 1)
    assert rulesets("gas.indoor", TODAY) == {
        "cjj51": "行业标准",
        "jinan": "济南（2014）",
        "shanghai": "上海",
        "luoyang": "洛阳",
        "zhumadian": "驻马店",
        "qingdao": "青岛（2022）",
        "zibo": "淄博（2021）",
    }
    with pytest.raises(UnknownRule, match="可在设置中选定：cjj51（行业标准）"):
        indoor("non_resident", ruleset="beijing")


@pytest.mark.parametrize(("risk", "months"), [("red", 3), ("orange", 6), ("yellow", 12), ("blue", 24)])
def test_graver_risks_are_visited_more_often(risk, months):
    rule = visit_rule("supervision", TODAY, target="restaurant", risk=risk, area="539701")
    assert (rule.at_least, rule.months, rule.doc_no) == (1, months, "自拟")


def test_an_object_without_a_risk_grade_has_no_frequency_by_risk():
    with pytest.raises(UnknownRule, match="风险未评"):
        visit_rule("supervision", TODAY, target="restaurant", area="539701")
    with pytest.raises(UnknownRule, match="purple"):
        visit_rule("supervision", TODAY, risk="purple")


def test_local_rules_go_first():
    seeded = visit_rule("supervision", TODAY, risk="red")
    mine = replace(seeded, ruleset="mine", label="本市", at_least=2, months=1)
    assert visit_rule("supervision", TODAY, risk="red", local=[mine]) is mine
    assert visit_rule("supervision", TODAY, risk="blue", local=[mine]).ruleset == "own"


def test_two_equally_fitting_rules_that_disagree_must_be_chosen_between():
    one = replace(visit_rule("supervision", TODAY, risk="red"), ruleset="one", months=1)
    two = replace(one, ruleset="two", months=2)
    with pytest.raises(UnknownRule, match="有几套不同规定（one、two），请在设置中选定一套"):
        visit_rule("supervision", TODAY, risk="red", local=[one, two])
    assert visit_rule("supervision", TODAY, risk="red", ruleset="two", local=[one, two]) is two


def test_rules_are_dated():
    with pytest.raises(UnknownRule):
        visit_rule("gas.indoor", D("2010-01-01"), target="non_resident")
    assert visit_rule("gas.indoor", D("2020-12-31"), target="non_resident", area="3703").ruleset == "cjj51"


@pytest.fixture(scope="module")
def yearly():
    return visit_rule("gas.indoor", TODAY, target="non_resident")


@pytest.fixture(scope="module")
def twice_a_year():
    return visit_rule("gas.indoor", TODAY, target="non_resident", area="4117")


def test_once_a_year(yearly):
    found = next_visit(yearly, [D("2026-03-10"), D("2025-06-01")], since=D("2020-01-01"))
    assert (found.due_on, found.advised_on) == (D("2027-03-10"), D("2027-03-10"))
    assert found.sentence() == (
        "每12个月至少1次，最近一次在2026-03-10，下一次最迟2027-03-10"
        "（依据：城镇燃气设施运行、维护和抢修安全技术规程，CJJ 51-2016，待核对原文）"
    )


def test_never_visited(yearly):
    found = next_visit(yearly, [], since=D("2026-05-31"))
    assert found.due_on == D("2027-05-31")
    assert "自2026-05-31起还没有去过" in found.sentence()


def test_twice_a_year_counts_from_the_one_before_last(twice_a_year):
    found = next_visit(
        twice_a_year, [D("2025-12-20"), D("2026-02-01"), D("2026-09-15")], since=D("2020-01-01")
    )
    assert found.due_on == D("2027-02-01")  # then 2026-02-01 leaves the twelve months
    assert found.advised_on == D("2027-02-01")  # six months after the last would be 2027-03-15, too late
    assert "最近2次在2026-02-01、2026-09-15" in found.sentence()


def test_the_second_of_two_visits(twice_a_year):
    found = next_visit(twice_a_year, [D("2026-03-01")], since=D("2026-01-01"))
    assert (found.due_on, found.advised_on) == (D("2027-01-01"), D("2026-09-01"))
    assert (
        "已去1次（2026-03-01），还差1次，下一次最迟2027-01-01，均匀安排宜在2026-09-01前" in found.sentence()
    )


def test_two_visits_on_one_day_are_one(twice_a_year):
    day = D("2026-03-01")
    assert next_visit(twice_a_year, [day, day], since=D("2026-01-01")).due_on == D("2027-01-01")


def test_a_rule_does_not_reach_back_before_it_applied(yearly):
    found = next_visit(yearly, [D("2015-03-10")], since=D("2026-01-01"))
    assert found.due_on == D("2027-01-01")
    assert "最近一次在2015-03-10，规定自2026-01-01起适用" in found.sentence()


def test_more_visits_than_months_are_spread_by_days():
    weekly = replace(visit_rule("supervision", TODAY, risk="red"), at_least=4, months=1)
    found = next_visit(weekly, [D("2026-11-02")], since=D("2026-11-01"))
    assert (found.due_on, found.advised_on) == (D("2026-12-01"), D("2026-11-09"))


def test_the_end_of_a_month():
    rule = visit_rule("gas.indoor", TODAY, target="non_resident", area="3703")
    assert next_visit(rule, [D("2026-01-31")], since=D("2025-01-01")).due_on == D("2026-02-28")


days = st.dates(D("2024-01-01"), D("2026-12-31"))


@given(st.integers(1, 4), st.integers(1, 24), st.lists(days, max_size=8), days)
def test_another_visit_never_brings_the_due_day_forward(at_least, months, made, another):
    rule = replace(visit_rule("supervision", TODAY, risk="red"), at_least=at_least, months=months)
    before = next_visit(rule, made, since=D("2024-01-01"))
    after = next_visit(rule, [*made, another], since=D("2024-01-01"))
    assert before.advised_on <= before.due_on <= after.due_on
    assert after.due_on <= add_months(max([*made, another]), months)


def test_words_of_the_data_are_known():
    for rule in visit_rules():
        assert rule.purpose in purposes()
        assert rule.target in targets()
