"""Prefix sums of deltas against a recount of every day, for histories nobody thought of."""

import datetime as dt
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from bihuan.hazards.deltas import State, changes
from bihuan.hazards.workflow import RUNNING, Move, is_legal, target_of

START = dt.date(2026, 3, 1)
DAYS = 120
METRICS = ("found", "closed", "closed_late", "overdue", "found_major", "closed_major", "overdue_major")


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def state(status, due=None, level="general", closed=None):
    return State(status, level, None if due is None else day(due), None if closed is None else day(closed))


def test_a_new_hazard_promises_to_be_overdue_the_day_after_its_deadline():
    assert changes(None, state("rectifying", due=15), day(0)) == {
        day(0): {"found": 1},
        day(16): {"overdue": 1},
    }


def test_handed_in_in_time_takes_the_promise_back():
    assert changes(state("rectifying", due=15), state("reinspecting", due=15), day(15)) == {
        day(16): {"overdue": -1}
    }


def test_handed_in_late_ends_it_that_day():
    assert changes(state("rectifying", due=15), state("reinspecting", due=15), day(20)) == {
        day(20): {"overdue": -1}
    }


def test_sent_back_after_the_deadline_is_overdue_at_once():
    assert changes(state("reinspecting", due=15), state("rectifying", due=15), day(20)) == {
        day(20): {"overdue": 1}
    }


def test_more_time_moves_the_promise():
    assert changes(state("rectifying", due=15), state("rectifying", due=30), day(5)) == {
        day(16): {"overdue": -1},
        day(31): {"overdue": 1},
    }


def test_more_time_for_what_is_overdue_ends_it_until_the_new_day():
    assert changes(state("rectifying", due=15), state("rectifying", due=30), day(20)) == {
        day(20): {"overdue": -1},
        day(31): {"overdue": 1},
    }


def test_closed_on_the_due_day_is_not_late_the_day_after_is():
    before = state("reinspecting", due=15)
    assert changes(before, state("closed", due=15, closed=15), day(15)) == {day(15): {"closed": 1}}
    assert changes(before, state("closed", due=15, closed=16), day(16)) == {
        day(16): {"closed": 1, "closed_late": 1}
    }


def test_reopening_takes_the_closing_back():
    assert changes(state("closed", due=15, closed=16), state("rectifying", due=45), day(30)) == {
        day(30): {"closed": -1, "closed_late": -1},
        day(46): {"overdue": 1},
    }


def test_grading_moves_the_major_figures():
    assert changes(state("rectifying", due=15), state("planning", due=95, level="major"), day(20)) == {
        day(20): {"overdue": -1, "found_major": 1},
        day(96): {"overdue": 1, "overdue_major": 1},
    }


def test_dismissed_was_never_found():
    assert changes(state("reported"), state("dismissed"), day(3)) == {day(3): {"found": -1}}


def test_what_changes_nothing_says_nothing():
    assert changes(state("reinspecting", due=15), state("reinspecting", due=15), day(3)) == {}


@st.composite
def histories(draw):
    """A legal life of one hazard: [(day, state), …], in order, several acts a day allowed."""
    level = draw(st.sampled_from(["general", "major"]))
    on = draw(st.integers(0, 20))
    move = draw(st.sampled_from([Move.REPORT, Move.RECORD, Move.SELF_REPORT]))
    status = target_of(move, "", level)
    due = None if status == "reported" else on + draw(st.integers(0, 40))
    life = [(on, state(status, due, level))]
    for _ in range(draw(st.integers(0, 9))):
        legal = [each for each in Move if is_legal(each, status, level)]
        if not legal:
            break
        on += draw(st.integers(0, 12))
        move = draw(st.sampled_from(legal))
        status = target_of(move, status, level)
        if move in (Move.CONFIRM, Move.GRADE_MAJOR, Move.DOWNGRADE, Move.REOPEN, Move.APPROVE_PLAN):
            due = on + draw(st.integers(0, 40))
        elif move == Move.EXTEND:
            due += draw(st.integers(1, 30))
        level = {Move.GRADE_MAJOR: "major", Move.DOWNGRADE: "general"}.get(move, level)
        life.append((on, state(status, due, level, closed=on if status == "closed" else None)))
    return life


def recount(life, number):
    """What is true at the end of one day, counted without any delta."""
    known = [each for on, each in life if on <= number]
    if not known:
        return dict.fromkeys(METRICS, 0)
    now = known[-1]
    found = now.status != "dismissed"
    closed = now.status == "closed"
    late = closed and now.due_on is not None and now.closed_on > now.due_on
    overdue = now.status in RUNNING and now.due_on is not None and now.due_on < day(number)
    major = now.level == "major"
    return {
        "found": int(found), "closed": int(closed), "closed_late": int(late), "overdue": int(overdue),
        "found_major": int(found and major), "closed_major": int(closed and major),
        "overdue_major": int(overdue and major),
    }  # fmt: skip


@given(histories())
def test_prefix_sums_equal_the_recount_on_every_day(life):
    written = defaultdict(lambda: dict.fromkeys(METRICS, 0))
    before = None
    for on, after in life:
        for when, metrics in changes(before, after, day(on)).items():
            for metric, amount in metrics.items():
                written[when][metric] += amount
        before = after
    running = dict.fromkeys(METRICS, 0)
    for number in range(DAYS * 2):
        for metric in METRICS:
            running[metric] += written[day(number)][metric]
        # Acts after `number` have not happened then, but what they took back was promised for later days only.
        if number >= life[-1][0]:
            assert running == recount(life, number), number


@given(histories(), st.integers(0, DAYS))
def test_figures_of_any_past_day_stay_what_they_were(life, number):
    """Later acts never change a day that is over."""
    total = dict.fromkeys(METRICS, 0)
    before = None
    for on, after in life:
        for when, metrics in changes(before, after, day(on)).items():
            if when <= day(number):
                for metric, amount in metrics.items():
                    total[metric] += amount
        before = after
    assert total == recount(life, number)
