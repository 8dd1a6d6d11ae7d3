"""Triggers: tried on history, switched on by somebody, fired once; and what the ladder drafts."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from bihuan.accounts.models import Holding
from bihuan.accounts.scope import place_of
from bihuan.accounts.tests.world import make_world
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import at_once
from bihuan.duties.actions import finish_duty, reschedule_duty
from bihuan.duties.models import Duty, DutyStep
from bihuan.duties.rungs import add_rung, adopt_drafting_rungs
from bihuan.duties.sweep import sweep
from bihuan.hazards.tests.factories import make_hazard
from bihuan.instruments import actions
from bihuan.instruments.actions.trials import months_before
from bihuan.instruments.actions.triggering import found_by, period_of
from bihuan.instruments.models import Firing, Instrument, Trial, Trigger
from bihuan.instruments.sources import source_of, sources
from bihuan.instruments.sources.duties import FOREVER, Stretch, overdue_day, unheld_day, vacancies
from bihuan.instruments.workflow import TRIGGER_RULES, TriggerStatus

from .factories import a_version, late_duty, switched_on

START = dt.datetime(2026, 11, 2, 1, tzinfo=dt.UTC)  # a Monday, 09:00 in Yunxi


def on(day: int, month: int = 11) -> dt.datetime:
    return dt.datetime(2026, month, day, 1, tzinfo=dt.UTC)


def test_the_table_of_moves():
    legal = {
        ("off", "change"),
        ("on", "change"),
        ("off", "switch_on"),
        ("on", "switch_on"),
        ("on", "switch_off"),
    }
    assert {
        (status, move)
        for status in TriggerStatus.values
        for move, rule in TRIGGER_RULES.items()
        if status in rule.sources
    } == legal


@pytest.mark.parametrize(
    ("period", "key"),
    [("once", "once"), ("day", "2027-01-01"), ("week", "2026-W53"), ("month", "2027-01"), ("quarter", "2027-Q1"), ("year", "2027")],
)  # fmt: skip
def test_periods(period, key):
    assert period_of(period, dt.date(2027, 1, 1)) == key


def test_months_of_history():
    assert months_before(dt.date(2026, 11, 22), 12) == dt.date(2025, 11, 23)
    assert months_before(dt.date(2026, 3, 31), 1) == dt.date(2026, 3, 1)
    assert months_before(dt.date(2026, 1, 15), 1) == dt.date(2025, 12, 16)


def test_a_version_must_be_tried_before_it_is_switched_on(world):
    version = a_version(world)
    with pytest.raises(Refused, match="还没有试算"):
        actions.switch_on(version, by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.start_trial(version, months=3, by=world.people.qingshi_officer)
    actions.start_trial(version, months=3, by=world.people.office)
    actions.switch_on(version, by=world.people.office)
    trigger = Trigger.objects.get()
    line = trigger.transitions.last()
    assert (trigger.status, line.by, line.running) == ("on", world.people.office, version)
    with pytest.raises(IllegalMove):
        actions.switch_on(version, by=world.people.office)
    with pytest.raises(ReasonRequired):
        actions.switch_off(trigger, reason="", by=world.people.office)


def test_a_changed_version_waits_for_its_own_trial(world):
    version = switched_on(world)
    trigger = Trigger.objects.get()
    setting = actions.Setting(
        source="duty.overdue", parameters={"days": 9}, region=world.regions.city, period="once", audience="organization",
        kind="reminder", document="新文", effective_from=dt.date(2026, 1, 1),
    )  # fmt: skip
    second = actions.change_trigger(trigger, setting, by=world.people.office)
    trigger.refresh_from_db()
    assert (second.number, trigger.running) == (2, version)
    with pytest.raises(Refused):
        actions.switch_on(second, by=world.people.office)


def test_bad_settings_are_named(world):
    with pytest.raises(Refused, match="“天数”应在 0 到 365 之间"):
        a_version(world, parameters={"days": 999})
    with pytest.raises(Refused, match="“天数”请填写整数"):
        a_version(world, parameters={"days": "多"})
    with pytest.raises(Refused, match="本版本没有"):
        a_version(world, source="nothing")
    with pytest.raises(Refused, match="请填写依据"):
        a_version(world, document="")


def test_a_firing_drafts_once_with_the_rows_behind_it(world):
    with time_machine.travel(START, tick=False) as clock:
        switched_on(world)
        late = late_duty(world, due_on=dt.date(2026, 11, 3))
        clock.move_to(on(8))
        assert actions.run_triggers(timezone.now()) == 0  # the fifth day late is not over yet
        clock.move_to(on(9))
        assert actions.run_triggers(timezone.now()) == 1
        assert actions.run_triggers(timezone.now()) == 0
        clock.move_to(on(20))
        assert actions.run_triggers(timezone.now()) == 0
    draft = Instrument.objects.get()
    assert (draft.status, draft.origin, draft.drafted_by) == ("draft", "trigger", world.people.robot)
    assert [each.organization for each in draft.recipients.all()] == [world.organizations.qingshi]
    assert draft.matters.get().subject == f"duties.duty:{late.pk}"
    assert Firing.objects.get().on == dt.date(2026, 11, 8)
    finish_duty(world.enterprises.shop, Duty.Kind.TASK, by=world.people.office)
    assert actions.supervise(timezone.now()) >= 1  # settled before anybody signed: given up
    draft.refresh_from_db()
    assert draft.status == "discarded"


def test_a_trial_tells_the_past_and_not_the_present(world):
    """A duty that was late for a week in the past and is done now; one whose day was put off before it was late."""
    with time_machine.travel(START, tick=False) as clock:
        late_duty(world, due_on=dt.date(2026, 11, 3))
        late_duty(
            world,
            due_on=dt.date(2026, 11, 3),
            subject=world.enterprises.station,
            organization=world.organizations.baita,
        )
        clock.move_to(on(5))
        reschedule_duty(
            world.enterprises.station,
            Duty.Kind.TASK,
            dt.date(2026, 11, 20),
            {"summary": "延期"},
            by=world.people.office,
        )
        clock.move_to(on(12))
        # Late by nine days already; putting it off now does not undo that.
        reschedule_duty(
            world.enterprises.shop,
            Duty.Kind.TASK,
            dt.date(2026, 12, 1),
            {"summary": "延期"},
            by=world.people.office,
        )
        clock.move_to(on(16))
        finish_duty(world.enterprises.shop, Duty.Kind.TASK, by=world.people.office)
        finish_duty(world.enterprises.station, Duty.Kind.TASK, by=world.people.office)
        version = a_version(world)
        trial = actions.start_trial(version, months=1, by=world.people.office)
    assert (trial.state, trial.papers, trial.matters) == (Trial.State.DONE, 1, 1)
    firing = trial.firings.get()
    assert (firing.on, firing.organization, firing.count) == (
        dt.date(2026, 11, 8),
        world.organizations.qingshi,
        1,
    )


@pytest.mark.parametrize(("source", "late"), [("duty.overdue", 3), ("duty.unheld", 0)])
def test_histories_are_read_once_however_many_duties(world, source, late):
    """Asked whether each duty has a history, a database with old statistics reads all histories for each (62 s, was)."""
    with time_machine.travel(START, tick=False) as clock:
        for subject in (world.enterprises.shop, world.enterprises.station, world.city):
            late_duty(world, due_on=dt.date(2026, 11, 3), subject=subject)
        clock.move_to(on(5))
        for subject in (world.enterprises.shop, world.city):
            reschedule_duty(
                subject, Duty.Kind.TASK, dt.date(2026, 11, 20), {"summary": "延期"}, by=world.people.office
            )
        clock.move_to(on(30))
        with CaptureQueriesContext(connection) as asked:
            found = list(
                source_of(source).find(
                    {"days": 3}, world.city.pk, dt.date(2026, 11, 1), dt.date(2026, 11, 29)
                )
            )
    assert len({each.key for each in found}) == late
    assert sum("duties_dutyformer" in each["sql"] for each in asked) == 1


def test_a_trial_finds_what_the_daily_rounds_would_have_fired(world):
    """Twenty days lived through with the trigger on, then tried on the same days: the same firings."""
    plan = [(3, 1, None), (3, 4, 10), (5, 6, 12), (4, 2, 9), (9, 8, None), (2, 3, 8)]  # opened, due, finished
    subjects = [
        world.enterprises.shop,
        world.enterprises.station,
        world.city,
        world.regions.qingshi,
        world.regions.baita,
        world.kinds.restaurant,
    ]
    with time_machine.travel(START, tick=False) as clock:
        version = switched_on(world)
        for day in range(2, 23):
            clock.move_to(on(day))
            actions.run_triggers(timezone.now())
            for (opened, due, finished), subject in zip(plan, subjects, strict=True):
                if day == opened:
                    late_duty(world, due_on=dt.date(2026, 11, due), subject=subject)
                if day == finished:
                    finish_duty(subject, Duty.Kind.TASK, by=world.people.office)
        fired = set(Firing.objects.values_list("matter", "on"))
        tried = {
            (key, matter.on)
            for key, _, matter in found_by(version, dt.date(2026, 11, 2), dt.date(2026, 11, 21))
        }
    assert fired == tried
    # By hand: 1 late on its first day by two, five days at the end of the 6th; 3 due 6 → 11th; 5 due 8 → 13th; the 2nd,
    # 4th and 6th: due 4 → 9th, due 2 finished on the 9th → 7th, due 3 finished on the 8th: at the end of the 8th done.
    assert sorted(on_day.day for _, on_day in fired) == [6, 7, 9, 11, 13]


@pytest.mark.django_db(transaction=True)
def test_rounds_at_once_fire_once():
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        switched_on(world)
        late_duty(world, due_on=dt.date(2026, 11, 3))
        late_duty(
            world,
            due_on=dt.date(2026, 11, 3),
            subject=world.enterprises.station,
            organization=world.organizations.baita,
        )
        clock.move_to(on(9))
        results = at_once(lambda number: actions.run_triggers(timezone.now()), 4)
    assert [error for _, error in results if error] == []
    assert (Instrument.objects.count(), Firing.objects.count()) == (2, 2)
    assert sum(made for made, _ in results) == 2


def test_an_unheld_duty_is_found_from_who_sat_where_when(world):
    with time_machine.travel(START, tick=False) as clock:
        late_duty(world, due_on=dt.date(2026, 12, 30))
        Holding.objects.filter(post=world.posts["qingshi_officer"]).update(to_on=dt.date(2026, 11, 5))
        clock.move_to(on(25))
        version = a_version(world, source="duty.unheld", parameters={"days": 7}, kind="reminder")
        found = found_by(version, dt.date(2026, 11, 1), dt.date(2026, 11, 24))
    # Empty from the 6th; seven days later is the 13th.
    assert [matter.on for _, _, matter in found] == [dt.date(2026, 11, 13)]


@drawn(st.integers(0, 40), st.integers(0, 40), st.integers(0, 20), st.integers(0, 10))
@settings(deadline=None)
def test_the_day_it_became_late_is_the_first_on_which_it_was(first, length, due, days):
    base = dt.date(2026, 1, 1)
    stretch = Stretch(
        base + dt.timedelta(first), base + dt.timedelta(first + length), base + dt.timedelta(due), 1, None
    )
    told = overdue_day(stretch, days)
    looked = [
        day
        for day in (base + dt.timedelta(n) for n in range(120))
        if stretch.first <= day < stretch.end and (day - stretch.due_on).days >= days
    ]
    assert told == (looked[0] if looked else None)


@drawn(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=4),
    st.integers(0, 20),
    st.integers(1, 8),
)
@settings(deadline=None)
def test_the_day_nobody_had_held_it_for_so_long(spans, first, days):
    base = dt.date(2026, 1, 1)
    held = {base + dt.timedelta(begin + n) for begin, length in spans for n in range(length)}
    gaps, day = [], base
    while day < base + dt.timedelta(60):
        if day not in held:
            begin = day
            while day not in held and day < base + dt.timedelta(60):
                day += dt.timedelta(1)
            gaps.append((begin, day if day < base + dt.timedelta(60) else FOREVER))
        day += dt.timedelta(1)
    stretch = Stretch(base + dt.timedelta(first), base + dt.timedelta(50), None, 1, 1)
    told = unheld_day(stretch, gaps, days)
    looked = [
        day
        for day in (base + dt.timedelta(n) for n in range(first, 50))
        if day - dt.timedelta(days) >= stretch.first
        and not any(day - dt.timedelta(n) in held for n in range(days + 1))
    ]
    assert told == (looked[0] if looked else None)


def test_vacancies_of_a_chair(world):
    post = world.posts["qingshi_officer"]
    Holding.objects.filter(post=post).update(from_on=dt.date(2026, 1, 1), to_on=dt.date(2026, 3, 31))
    Holding.objects.create(user=world.people.inspector, post=post, from_on=dt.date(2026, 4, 5))
    gaps = vacancies([post.pk])[post.pk]
    assert gaps == [(dt.date.min, dt.date(2026, 1, 1)), (dt.date(2026, 4, 1), dt.date(2026, 4, 5))]


def test_overdue_hazards_go_to_their_township(world):
    with time_machine.travel(START, tick=False) as clock:
        hazard = make_hazard(world)
        due = hazard.due_on
        clock.move_to(dt.datetime.combine(due + dt.timedelta(days=20), dt.time(1), tzinfo=dt.UTC))
        version = a_version(
            world, source="hazard.overdue", parameters={"days": 15}, audience="locality", period="month"
        )
        trial = actions.start_trial(version, months=2, by=world.people.office)
    firing = trial.firings.get()
    assert (firing.on, firing.organization) == (due + dt.timedelta(days=15), world.organizations.qingshi)


def test_every_shipped_trigger_names_a_known_source_and_is_adopted_once(world):
    keys = {row["source_key"] for row in actions.shipped_triggers()}
    assert keys <= {each.key for each in sources()}
    assert actions.adopt_shipped(world.organizations.office, by=world.people.office) == len(
        actions.shipped_triggers()
    )
    assert actions.adopt_shipped(world.organizations.office, by=world.people.office) == 0
    assert set(Trigger.objects.values_list("status", flat=True)) == {"off"}
    for trigger in Trigger.objects.all():
        trial = actions.start_trial(trigger.versions.get(), months=2, by=world.people.office)
        assert trial.state == Trial.State.DONE
        assert source_of(trigger.versions.get().source).sentence(trigger.versions.get().parameters)


class TestLadder:
    def test_rungs_draft_one_after_the_other_and_again(self, world):
        with time_machine.travel(START, tick=False) as clock:
            adopt_drafting_rungs(by=world.people.office)
            late_duty(world, due_on=dt.date(2026, 11, 3))
            for day in range(3, 30):
                clock.move_to(on(day))
                sweep(timezone.now())
            kinds = list(Instrument.objects.order_by("pk").values_list("kind", "origin"))
            assert kinds == [("reminder", "ladder"), ("supervision", "ladder")]
            assert DutyStep.objects.filter(instrument="draft").count() == 2
            finish_duty(world.enterprises.shop, Duty.Kind.TASK, by=world.people.office)
            actions.supervise(timezone.now())
        assert set(Instrument.objects.values_list("status", flat=True)) == {"discarded"}

    def test_a_duty_nobody_holds_is_pressed_as_well(self, world):
        Holding.objects.filter(post=world.posts["qingshi_officer"]).update(to_on=dt.date(2026, 11, 1))
        with time_machine.travel(START, tick=False) as clock:
            adopt_drafting_rungs(by=world.people.office)
            late_duty(world, due_on=dt.date(2026, 11, 3))
            for day in range(3, 12):
                clock.move_to(on(day))
                sweep(timezone.now())
        draft = Instrument.objects.get()
        assert draft.kind == "supervision"
        assert "无人承办" in draft.situation

    def test_a_pile_of_old_matters_is_one_paper_to_a_body(self, world):
        people, bodies = world.people, world.organizations
        with time_machine.travel(START, tick=False):
            adopt_drafting_rungs(by=people.office)
            subjects = (world.enterprises.shop, world.enterprises.station, bodies.housing, bodies.office)
            for subject in subjects:
                late_duty(world, due_on=START.date() - dt.timedelta(days=25), subject=subject)
            late_duty(
                world, due_on=START.date() - dt.timedelta(days=25), subject=world.enterprises.shop,
                organization=bodies.baita, place=place_of(world.regions.baita),
            )  # fmt: skip
            assert sweep(timezone.now()) == 5
            assert sweep(timezone.now()) == 0
            drafts = {each.recipients.get().organization: each for each in Instrument.objects.all()}
            assert {body: each.matters.count() for body, each in drafts.items()} == {
                bodies.qingshi: 4, bodies.baita: 1,
            }  # fmt: skip
            assert {each.kind for each in drafts.values()} == {"supervision"}
            assert "多项工作" in drafts[bodies.qingshi].title
            assert drafts[bodies.qingshi].situation.count("逾期 25 天") == 4
            # The way back: what is settled before anybody signs is said on the page; all settled, no paper goes out.
            finish_duty(world.enterprises.shop, Duty.Kind.TASK, by=people.office, organization=bodies.qingshi)
            actions.supervise(timezone.now())
            drafts[bodies.qingshi].refresh_from_db()
            assert drafts[bodies.qingshi].status == "draft"
            assert len(actions.unsettled_matters(drafts[bodies.qingshi])) == 3
            for subject in subjects[1:]:
                finish_duty(subject, Duty.Kind.TASK, by=people.office)
            actions.supervise(timezone.now())
            drafts[bodies.qingshi].refresh_from_db()
            assert drafts[bodies.qingshi].status == "discarded"

    def test_a_rung_repeats_every_so_many_days(self, world):
        with time_machine.travel(START, tick=False) as clock:
            add_rung(
                ladder="default", unheld=False, offset_days=20, label="再催", audiences=["holder"], every=10,
                by=world.people.office,
            )  # fmt: skip
            duty = late_duty(world, due_on=dt.date(2026, 11, 3))
            for day in range(1, 31):
                clock.move_to(dt.datetime(2026, 11, 3, 2, tzinfo=dt.UTC) + dt.timedelta(days=day + 14))
                sweep(timezone.now())
            again = DutyStep.objects.filter(duty=duty, offset_days=20).values_list("on", flat=True)
        assert sorted(again) == [dt.date(2026, 11, 23), dt.date(2026, 12, 3), dt.date(2026, 12, 13)]

    def test_what_the_office_itself_owes_is_pressed_by_the_one_above(self, world):
        with time_machine.travel(START, tick=False) as clock:
            adopt_drafting_rungs(by=world.people.office)
            late_duty(
                world, due_on=dt.date(2026, 11, 3), organization=world.organizations.county_office,
                place=place_of(world.regions.yunxi),
            )  # fmt: skip
            late_duty(
                world, due_on=dt.date(2026, 11, 3), organization=world.organizations.office,
                place=place_of(world.regions.city), subject=world.enterprises.station,
            )  # fmt: skip
            for day in range(3, 15):
                clock.move_to(on(day))
                sweep(timezone.now())
        draft = Instrument.objects.get()  # nobody stands over the city office here
        assert draft.organization == world.organizations.office
        assert draft.recipients.get().organization == world.organizations.county_office
