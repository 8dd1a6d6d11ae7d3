"""Clocks of listed supervision: counted back and forth over holidays, quarter by quarter, by the rule set chosen."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules import listings
from bihuan.rules.calendar import Calendar, add_months
from bihuan.rules.records import UnknownRule, load

D = dt.date.fromisoformat
ON = D("2026-11-22")
CALENDAR = Calendar({}, published_years=())
days = st.dates(D("2025-02-01"), D("2027-12-31"))


def test_every_record_of_every_table_carries_its_provenance():
    tables = load("listings")
    rows = [*tables["sets"], *tables["chains"], *tables["assurances"], *tables["consequences"]]
    rows += [*tables["candidates"], *tables["accident_levels"], *tables["kind_terms"]]
    rows += [term for each in tables["sets"] for term in each["terms"]]
    rows += [part for parts in tables["parts"].values() for part in parts]
    for record in rows:
        assert record["source"].strip()
        assert record["doc_no"].strip()
        assert isinstance(record["verified"], bool)
        assert D(record["effective_from"])


@pytest.mark.parametrize("rule_set", ["national", "ningbo", "qingdao", "hubei"])
def test_every_rule_set_has_every_term(rule_set):
    terms = {each.key: each for each in listings.terms_of(rule_set, ON)}
    assert len(terms) == len(load("listings")["terms"])


@pytest.mark.parametrize(
    ("rule_set", "key", "words"),
    [
        ("ningbo", "extend_before", "15 个工作日"),
        ("ningbo", "progress_months", "每 3 个月至少一次"),
        ("qingdao", "extend_before", "20 个工作日"),
        ("qingdao", "extend_decide", "10 个工作日"),
        ("qingdao", "publish", "5 个工作日"),
        ("qingdao", "report_up", "3 个工作日"),
        ("qingdao", "publish_delisting", "5 个工作日"),
        ("hubei", "examine", "10 个自然日"),
        ("national", "examine", "10 个自然日"),
    ],
)
def test_the_values_the_sources_name(rule_set, key, words):
    assert listings.term(rule_set, key, ON).words == words


def test_an_accident_of_henan_has_sixty_days():
    assert listings.term("national", "complete", ON, kind="accident").number == 60
    assert listings.term("national", "complete", ON).number != 60


def test_what_nobody_laid_down_is_refused():
    for wrong in (("nowhere", "examine"), ("ningbo", "nothing")):
        with pytest.raises(UnknownRule):
            listings.term(*wrong, ON)
    with pytest.raises(UnknownRule):
        listings.rule_set("nowhere", ON)


# By hand: after 2026-09-28 come 29, 30 September, then 8, 9 and the worked Saturday 10 October.
def test_five_working_days_of_publishing_over_the_national_holiday():
    assert listings.due("qingdao", "publish", D("2026-09-28"), CALENDAR).due_on == D("2026-10-10")


def test_ten_natural_days_of_examining_roll_over_the_holiday():
    assert listings.due("hubei", "examine", D("2026-09-23"), CALENDAR).due_on == D("2026-10-08")


# By hand: back from 29 May 2026 fifteen working days are 11-15, 18-22 and 25-29 May; the day before them is the 10th.
def test_fifteen_working_days_before_the_end():
    rule = listings.term("ningbo", "extend_before", ON)
    assert listings.last_day_to_ask(D("2026-05-29"), rule, CALENDAR) == D("2026-05-10")


@given(due_on=days, rule_set=st.sampled_from(["national", "ningbo", "qingdao", "hubei"]))
def test_between_the_last_day_to_ask_and_the_end_lie_exactly_the_days_of_the_rule(due_on, rule_set):
    rule = listings.term(rule_set, "extend_before", ON)
    last = listings.last_day_to_ask(due_on, rule, CALENDAR)
    between = CALENDAR.working_days_between(last, due_on)
    assert between == rule.number
    assert CALENDAR.working_days_between(last + dt.timedelta(days=1), due_on) == rule.number - 1


@given(
    start=days,
    key=st.sampled_from(["examine", "publish", "notice_days", "publish_delisting", "step", "file_plan"]),
)
def test_a_clock_ends_on_a_working_day_never_too_early_and_says_why(start, key):
    term = listings.term("qingdao", key, start)
    found = listings.due("qingdao", key, start, CALENDAR)
    assert CALENDAR.is_working(found.due_on)
    if term.unit == "working":
        assert CALENDAR.working_days_between(start, found.due_on) == term.number
    else:
        assert (found.due_on - start).days >= term.number
        skipped = start + dt.timedelta(days=term.number)
        while skipped < found.due_on:
            assert not CALENDAR.is_working(skipped)
            skipped += dt.timedelta(days=1)
    assert found.explanation["rule"] == f"listing.{key}"
    assert found.explanation["source"] == term.source


@given(
    anchor=st.dates(D("2024-01-01"), D("2026-06-30")),
    months=st.integers(1, 6),
    gaps=st.lists(st.integers(0, 400), max_size=8),
    after=st.integers(0, 900),
)
def test_progress_is_owed_once_in_every_period(anchor, months, gaps, after):
    on = anchor + dt.timedelta(days=after)
    reported = [anchor + dt.timedelta(days=gap) for gap in gaps]
    found = listings.progress(anchor, months, reported, on)
    made = [day for day in reported if day <= on]
    assert found.due_on == add_months(anchor, found.period * months)
    # Whoever reported in the running period owes nothing before its end.
    begins = add_months(anchor, (found.period - 1) * months)
    assert all(day <= begins for day in made)
    for number in found.missed:
        first, last = add_months(anchor, (number - 1) * months), add_months(anchor, number * months)
        assert last < on
        assert not any(first < day <= last or (number == 1 and day == anchor) for day in made)
    # Late means that the period after the last reported one is over, and then it is among those missed.
    assert (found.due_on < on) == (found.period in found.missed)


def test_progress_by_hand():
    anchor = D("2026-01-31")
    assert listings.progress(anchor, 3, [], D("2026-02-01")).due_on == D("2026-04-30")
    assert listings.progress(anchor, 3, [D("2026-04-30")], D("2026-05-01")).due_on == D("2026-07-31")
    late = listings.progress(anchor, 3, [], D("2026-08-01"))
    assert (late.period, late.due_on, late.missed) == (1, D("2026-04-30"), (1, 2))
    told = listings.progress(anchor, 3, [D("2026-08-01")], D("2026-08-02"))
    assert (told.period, told.due_on, told.missed) == (4, D("2027-01-31"), (1, 2))


def test_the_longest_term_is_a_year_in_qingdao():
    assert listings.latest_deadline("qingdao", D("2026-01-10")) == D("2027-01-10")


@pytest.mark.parametrize("level", listings.LEVELS)
@pytest.mark.parametrize("kind", listings.KINDS)
@pytest.mark.parametrize("purpose", listings.PURPOSES)
def test_every_level_signs_every_kind_and_the_end_is_never_the_reporters(level, kind, purpose):
    steps = listings.chain(level, kind, purpose, ON)
    assert not listings.problems_of_chain(steps)
    assert steps[-1].who in ("office_leader", "government")


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "至少"),
        ([listings.Step("", "office_leader")], "没有名称"),
        ([listings.Step("签", "mayor")], "没有选"),
        ([listings.Step("签", "office_leader")] * 2, "只出现一次"),
        ([listings.Step("签", "office_leader"), listings.Step("签", "reporter_leader")], "最后一步"),
        ([listings.Step(f"{n}", "office_leader") for n in range(7)], "最多"),
    ],
)
def test_a_chain_that_cannot_be_signed_is_refused(steps, words):
    assert words in "；".join(listings.problems_of_chain(steps))


def test_an_accident_is_listed_by_the_level_its_grade_says():
    assert listings.level_of_accident("general", ON) == "city"
    assert listings.level_of_accident("larger", ON) == "province"


def test_a_plan_has_six_parts_and_five_assurances():
    for kind in listings.KINDS:
        assert len(listings.plan_parts(kind, ON)) == 6
    assert [part.key for part in listings.assurances(ON)] == [
        "measures_secured", "funds_secured", "deadline_secured", "person_secured", "contingency_secured",
    ]  # fmt: skip
