"""Going back after a stop, the next evaluation of a major-hazard unit, and what would change a grade."""

import datetime as dt

import pytest

from bihuan.rules.enterprisegrades import EnterpriseFacts, enterprise_policy, levers
from bihuan.rules.lifecycle import file_by, next_recheck, recheck_days, recheck_rule, reevaluate_by
from bihuan.rules.records import UnknownRule

D = dt.date.fromisoformat
TODAY = D("2026-11-21")


@pytest.mark.parametrize("status", ["idle", "moved", "closed"])
def test_after_a_stop_somebody_goes_back_four_times(status):
    days = [(month, day.isoformat()) for month, day, _ in recheck_days(status, D("2026-08-31"))]
    assert days == [(1, "2026-09-30"), (3, "2026-11-30"), (6, "2027-02-28"), (12, "2027-08-31")]


def test_the_day_explains_itself():
    _, _, clock = recheck_days("idle", D("2026-08-31"))[0]
    assert clock["summary"] == "自2026-08-31起满1个月，至2026-09-30"
    assert clock["source"].endswith("自拟")


def test_nothing_follows_on_working():
    assert recheck_rule("operating", TODAY) is None
    assert recheck_days("operating", TODAY) == []


@pytest.mark.parametrize(
    ("status", "found", "on", "wanted"),
    [
        # Found working in the second month: again with the third, then monthly until twice quiet.
        ("closed", [False, True], "2026-11-10", (3, "2026-12-02")),
        ("closed", [False, True, False], "2026-12-02", (4, "2027-01-02")),
        ("closed", [False, True, False, False], "2027-01-03", None),
        ("closed", [True, False, True], "2027-01-03", (5, "2027-02-02")),
        # The day after tomorrow would be too soon.
        ("idle", [True], "2026-11-30", (4, "2027-01-02")),
        # Still stopped after the year that is laid down: once a year; a closed place is left alone.
        ("idle", [False] * 4, "2027-09-05", (24, "2028-09-02")),
        ("idle", [False] * 5, "2028-09-02", (36, "2029-09-02")),
        ("closed", [False] * 4, "2027-09-05", None),
        ("idle", [False] * 2, "2026-12-01", None),
        ("operating", [], "2026-12-01", None),
    ],
)
def test_what_follows_a_going_back(status, found, on, wanted):
    answer = next_recheck(status, D("2026-09-02"), found, D(on))
    assert (answer and (answer[0], answer[1].isoformat())) == wanted


def test_an_evaluation_holds_three_years_and_is_filed_in_fifteen_days():
    day, clock = reevaluate_by(D("2024-02-29"))
    assert day == D("2027-02-28")
    assert "第40号" in clock["source"]
    assert file_by(D("2026-11-02")) == D("2026-11-17")


def test_before_there_was_a_rule_nothing_is_guessed():
    with pytest.raises(UnknownRule):
        reevaluate_by(D("2011-11-30"))


def test_what_would_change_a_grade_the_greatest_gain_first():
    """100 - 25 red - 15 one open major hazard - 5 unit of grade 4 = 55, D."""
    facts = EnterpriseFacts(gravest_risk="red", open_major_hazards=1, installation_grade=4)
    found = levers(facts, policy=enterprise_policy(None, TODAY))
    assert [(each["text"], each["points"], each["grade"], each["changes"]) for each in found] == [
        ("未销号重大隐患全部销号", 15, "C", True),
        ("最高风险降为较大风险（橙）", 10, "C", True),
        ("不再构成重大危险源", 5, "C", True),
        ("标准化三级达标", 2, "D", False),
    ]


def test_an_accident_that_means_d_passes_with_time():
    facts = EnterpriseFacts(gravest_risk="blue", standardization=1, accidents={"fatal": 2})
    found = levers(facts, policy=enterprise_policy(None, TODAY))
    assert [(each["text"], each["grade"]) for each in found] == [("最近一起事故满12个月且未再发生", "A")]


def test_nothing_is_left_to_do_for_the_best():
    facts = EnterpriseFacts(gravest_risk="blue", standardization=1)
    assert levers(facts, policy=enterprise_policy(None, TODAY)) == []
