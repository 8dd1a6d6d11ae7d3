import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.calendar import Calendar, DateOutOfRange
from bihuan.rules.clocks import (
    ClockError,
    ClockRule,
    Due,
    clock_rules,
    days_left,
    due,
    extend,
    last_day_to_ask,
    limit,
    limit_for,
    rule_for,
    state,
)
from bihuan.rules.records import UnknownRule

D = dt.date.fromisoformat


@pytest.fixture(scope="module")
def calendar():
    return Calendar()


def rule(days, unit="natural", *, roll=True):
    return ClockRule(
        "test",
        "试验",
        days,
        unit,
        roll,
        "责令限期整改",
        source="某办法第一条",
        doc_no="某令第1号",
        effective_from=D("2000-01-01"),
        effective_to=None,
        verified=True,
    )


@pytest.mark.parametrize(
    ("days", "unit", "start", "expected"),
    [
        (15, "natural", "2026-11-02", "2026-11-17"),  # Tuesday
        (15, "natural", "2026-11-06", "2026-11-23"),  # 21st is a Saturday
        (10, "natural", "2026-09-23", "2026-10-08"),  # 3 October, inside the holiday
        (10, "natural", "2026-02-04", "2026-02-14"),  # a Saturday that is worked
        (5, "working", "2026-09-28", "2026-10-10"),
        (7, "working", "2026-09-28", "2026-10-13"),
        (3, "working", "2026-02-13", "2026-02-25"),
        (90, "natural", "2026-10-13", "2027-01-11"),
        (0, "natural", "2026-11-02", "2026-11-02"),
        (0, "natural", "2026-10-03", "2026-10-08"),
    ],
)
def test_due(calendar, days, unit, start, expected):
    assert due(rule(days, unit), D(start), calendar).due_on == D(expected)


def test_a_clock_that_does_not_roll_ends_on_the_holiday(calendar):
    assert due(rule(10, roll=False), D("2026-09-23"), calendar).due_on == D("2026-10-03")


def test_sentence_names_event_length_roll_source_and_calendar(calendar):
    answer = due(rule(10), D("2026-09-23"), calendar)
    assert answer.sentence() == (
        "自2026-09-23责令限期整改之日起10个自然日，起算日不计入，届满日2026-10-03遇休息日，"
        "顺延至2026-10-08（依据：某办法第一条，某令第1号；日历：2026年已公布）"
    )
    assert [step["why"] for step in answer.explanation["rolled_over"]] == ["国庆节假期"] * 5


def test_sentence_admits_an_unpublished_year_and_an_own_rule(calendar):
    answer = due(rule_for("hazard.rectify.major", D("2026-10-13")), D("2026-10-13"), calendar)
    assert answer.sentence() == (
        "自2026-10-13下达重大隐患整改指令之日起90个自然日，起算日不计入，至2027-01-11届满"
        "（依据：本系统默认口径，可由本地规则替换；日历：2026年已公布、2027年放假安排尚未公布，暂按周末推算）"
    )


def test_sentence_says_when_the_text_is_unchecked(calendar):
    answer = due(rule_for("hazard.review", D("2026-03-02")), D("2026-03-02"), calendar)
    assert "应急管理部令第18号，待核对原文" in answer.sentence()


def test_explanation_survives_json(calendar):
    answer = due(rule(15), D("2026-11-06"), calendar, [(D("2026-11-09"), D("2026-11-10"), "等待检测报告")])
    again = Due.from_explanation(json.loads(json.dumps(answer.explanation)))
    assert again == answer
    assert again.sentence() == answer.sentence()


def test_days_inside_a_pause_do_not_count(calendar):
    # 15 natural days from 2 November reach the 17th; three paused days make it the 20th.
    pauses = [(D("2026-11-04"), D("2026-11-06"), "等待检测报告")]
    answer = due(rule(15), D("2026-11-02"), calendar, pauses)
    assert answer.due_on == D("2026-11-20")
    assert "2026-11-04至2026-11-06因等待检测报告暂停计时" in answer.sentence()


def test_overlapping_pauses_count_once(calendar):
    pauses = [(D("2026-11-04"), D("2026-11-06"), "甲"), (D("2026-11-05"), D("2026-11-06"), "乙")]
    assert due(rule(15), D("2026-11-02"), calendar, pauses).due_on == D("2026-11-20")


def test_a_pause_after_the_end_changes_nothing(calendar):
    answer = due(rule(15), D("2026-11-02"), calendar, [(D("2026-12-01"), D("2026-12-05"), "停电")])
    assert answer.due_on == D("2026-11-17")
    assert answer.explanation["pauses"] == []


@pytest.mark.parametrize(
    ("pause", "words"),
    [
        ((D("2026-11-04"), None, "停产"), "尚未结束"),
        ((D("2026-11-04"), D("2026-11-03"), "停产"), "早于开始日"),
    ],
)
def test_impossible_pauses_are_refused(calendar, pause, words):
    with pytest.raises(ClockError, match=words):
        due(rule(15), D("2026-11-02"), calendar, [pause])


@pytest.mark.parametrize("start", [dt.date(1, 1, 1), dt.date(9999, 12, 31)])
def test_impossible_dates_are_refused(calendar, start):
    with pytest.raises(DateOutOfRange, match="超出可计算范围"):
        due(rule(15), start, calendar)


# --- which version applies -------------------------------------------------------------------


def test_the_rule_in_force_on_the_day_of_the_act_applies():
    assert "第15号" in rule_for("hazard.review", D("2026-01-31")).doc_no
    assert "第18号" in rule_for("hazard.review", D("2026-02-01")).doc_no


def test_before_any_version_nothing_is_guessed():
    with pytest.raises(UnknownRule, match="没有生效的版本"):
        rule_for("hazard.review", D("2007-12-31"))
    with pytest.raises(UnknownRule, match="没有名为"):
        rule_for("hazard.nonsense", D("2026-01-01"))


@pytest.mark.parametrize(
    ("key", "days", "unit"),
    [
        ("hazard.confirm", 2, "working"),
        ("hazard.rectify.general", 15, "natural"),
        ("hazard.rectify.major", 90, "natural"),
        ("hazard.review", 10, "natural"),
        ("extension.decide", 5, "working"),
        ("major.report", 1, "working"),
        ("major.plan", 7, "working"),
        ("major.evaluate", 7, "working"),
        ("major.acceptance", 10, "natural"),
        ("task.accept", 2, "working"),
        ("paper.reply", 5, "working"),
    ],
)
def test_seeded_clocks(key, days, unit):
    found = rule_for(key, D("2026-11-21"))
    assert (found.days, found.unit, found.roll) == (days, unit, True)


# These say themselves which days they count, whatever their length.
SAYS_ITSELF = dict.fromkeys(
    ("draw.publish", "subsidy.decide", "assessment.judge", "assessment.appeal_decide", "letter.sign", "lookback.round",
     "appraisal.report", "appraisal.review", "submission.answer", "office.analysis", "office.asked.complex",
     "office.commitment.judge", "office.conduct.end"),
    "working",
) | dict.fromkeys(
    ("accident.window.short", "return.day", "return.week", "return.month", "return.quarter"), "natural"
)  # fmt: skip


def test_every_clock_has_a_source_and_a_unit_that_fits_its_length():
    for each in clock_rules():
        assert each.source
        assert each.doc_no
        assert each.event
        assert each.unit == SAYS_ITSELF.get(each.key, "working" if each.days < 10 else "natural")


def test_a_local_rule_goes_first_while_in_force():
    local = ClockRule(
        "hazard.confirm", "隐患核实", 1, "working", True, "隐患上报", source="云溪市规定", doc_no="云安委〔2026〕1号",
        effective_from=D("2026-01-01"), effective_to=D("2026-06-30"), verified=True,
    )  # fmt: skip
    assert rule_for("hazard.confirm", D("2026-06-30"), local=[local]).days == 1
    assert rule_for("hazard.confirm", D("2026-07-01"), local=[local]).days == 2


def test_limits():
    on = D("2026-11-21")
    assert limit("extension.apply_before", on) == 10
    assert limit("extension.max_count", on) == 2
    assert limit("clock.approaching_days", on) == 3
    assert limit_for("extension.apply_before", D("2020-01-01")).doc_no.endswith("第15号")
    with pytest.raises(UnknownRule):
        limit("nonsense", on)


# --- extensions ------------------------------------------------------------------------------


@pytest.fixture
def running(calendar):
    return due(rule(15), D("2026-11-02"), calendar)  # 17 November


def test_extend_moves_the_date_and_keeps_the_reason(calendar, running):
    longer = extend(
        running, to=D("2026-12-05"), decided_on=D("2026-11-05"), calendar=calendar, reason="设备未到货"
    )
    assert longer.due_on == D("2026-12-07")  # the 5th is a Saturday
    assert longer.explanation["extensions"] == [
        {
            "from": "2026-11-17",
            "asked": "2026-12-05",
            "to": "2026-12-07",
            "decided_on": "2026-11-05",
            "reason": "设备未到货",
        }
    ]
    assert "2026-11-05批准延期至2026-12-07" in longer.sentence()
    assert running.due_on == D("2026-11-17")


def test_an_extension_into_next_year_warns_of_its_calendar(calendar, running):
    first = extend(running, to=D("2026-12-17"), decided_on=D("2026-11-05"), calendar=calendar, reason="甲")
    second = extend(first, to=D("2027-01-14"), decided_on=D("2026-12-01"), calendar=calendar, reason="乙")
    assert "2027年放假安排尚未公布" in second.sentence()
    with pytest.raises(ClockError, match="已延期2次"):
        extend(second, to=D("2027-01-20"), decided_on=D("2027-01-02"), calendar=calendar, reason="丙")


def test_extend_refuses_too_long_and_backwards(calendar, running):
    with pytest.raises(ClockError, match="最晚可延至2026-12-17"):
        extend(running, to=D("2026-12-18"), decided_on=D("2026-11-05"), calendar=calendar, reason="甲")
    with pytest.raises(ClockError, match="应晚于现期限2026-11-17"):
        extend(running, to=D("2026-11-17"), decided_on=D("2026-11-05"), calendar=calendar, reason="甲")


def test_last_day_to_ask():
    assert last_day_to_ask(D("2026-11-17"), D("2026-11-05")) == D("2026-11-07")


# --- how a clock stands ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "expected", "left"),
    [
        ("2026-11-13", "normal", 4),
        ("2026-11-14", "approaching", 3),
        ("2026-11-17", "approaching", 0),
        ("2026-11-18", "overdue", -1),
    ],
)
def test_state(today, expected, left):
    assert state(D("2026-11-17"), D(today)) == expected
    assert days_left(D("2026-11-17"), D(today)) == left


def test_done_and_paused_outrank_the_date():
    assert state(D("2026-11-17"), D("2026-12-01"), done_on=D("2026-11-20")) == "done"
    assert state(D("2026-11-17"), D("2026-12-01"), paused=True) == "paused"
    assert state(None, D("2026-12-01")) == "normal"


@given(
    start=st.dates(D("2018-01-01"), D("2026-06-01")),
    days=st.integers(0, 120),
    unit=st.sampled_from(["natural", "working"]),
)
def test_due_is_a_working_day_never_before_its_count(start, days, unit):
    calendar = Calendar()
    answer = due(rule(days, unit), start, calendar)
    assert calendar.is_working(answer.due_on)
    assert answer.due_on >= start + dt.timedelta(days=days)
