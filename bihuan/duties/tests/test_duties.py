"""Duties by example: Qingshi street owes the office a task by Friday, and what happens when it does not deliver."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bihuan.accounts.hooks import loads
from bihuan.accounts.models import Holding, Post
from bihuan.accounts.scope import place_of
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired
from bihuan.core.statements import rows
from bihuan.duties import sweep as sweeping
from bihuan.duties.actions import (
    NewDuty,
    declare_day,
    finish_duty,
    open_duties,
    open_duty,
    reassign_duty,
    reschedule_duty,
)
from bihuan.duties.clock import calendar, due
from bihuan.duties.ladder import Ladders, Rung, copy_shipped_ladder
from bihuan.duties.models import Duty, DutyStep, LadderStep
from bihuan.duties.queries import load_of, pressing
from bihuan.duties.reform import follow_posts
from bihuan.duties.rungs import add_rung, change_rung
from bihuan.duties.sweep import sweep
from bihuan.duties.terms import terms_of, terms_sql
from bihuan.notifications.models import Message
from bihuan.rules.ladder import all_steps

MONDAY = dt.datetime(2026, 11, 2, 1, 0, tzinfo=dt.UTC)  # 09:00 in Yunxi
DUE = dt.date(2026, 11, 6)


def on(day: int) -> dt.datetime:
    return dt.datetime(2026, 11, day, 1, 0, tzinfo=dt.UTC)


def open_one(world, **changes) -> Duty:
    values = {
        "kind": Duty.Kind.TASK,
        "subject": world.enterprises.shop,
        "title": "排查餐饮用气场所",
        "url": "/campaigns/1/",
        "organization": world.organizations.qingshi,
        "place": place_of(world.regions.qingshi),
        "due_on": DUE,
        "by": world.people.office,
    } | changes
    return open_duty(**values)


@pytest.fixture
def duty(world, django_capture_on_commit_callbacks):
    with time_machine.travel(MONDAY, tick=False), django_capture_on_commit_callbacks(execute=True):
        return open_one(world)


def press(day: int, capture) -> int:
    with time_machine.travel(on(day), tick=False), capture(execute=True):
        return sweep(timezone.now())


def test_a_duty_lands_in_the_inbox_of_the_default_post_and_its_holder_is_told(duty, world):
    assert duty.post == world.posts["qingshi_officer"]
    assert list(Duty.objects.of(world.people.qingshi_officer)) == [duty]
    assert not Duty.objects.of(world.people.outsider).exists()
    assert Message.objects.get(recipient=world.people.qingshi_officer).title == "新待办：排查餐饮用气场所"


def test_the_same_duty_cannot_be_open_twice(duty, world):
    with pytest.raises(IllegalMove, match="已有未办结的“整治任务”"):
        open_one(world)


def test_the_database_itself_refuses_a_second_open_duty(duty):
    duty.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        duty.save(force_insert=True)


def test_the_database_refuses_done_without_a_stamp(duty):
    with pytest.raises(IntegrityError), transaction.atomic():
        Duty.objects.filter(pk=duty.pk).update(status=Duty.Status.DONE)


def test_a_clock_rule_derives_the_day_and_explains_it(world):
    duty = open_one(
        world,
        kind=Duty.Kind.HAZARD_CONFIRM,
        due_on=None,
        clock_rule="hazard.confirm",
        start=dt.date(2026, 9, 30),
    )
    assert duty.due_on == dt.date(2026, 10, 9)  # 1–7 October is the holiday: working days 8 and 9
    assert duty.clock["event"] == "隐患上报"


def test_the_ladder_climbs_remind_urge_report_escalate(duty, world, django_capture_on_commit_callbacks):
    reached = {}
    for day in (2, 3, 4, 6, 7, 9, 13, 14, 21):
        press(day, django_capture_on_commit_callbacks)
        reached[day] = DutyStep.objects.filter(duty=duty).count()
    steps = list(DutyStep.objects.filter(duty=duty).values_list("on", "instrument"))
    assert steps == [
        (dt.date(2026, 11, 3), "remind"),
        (dt.date(2026, 11, 6), "remind"),
        (dt.date(2026, 11, 7), "urge"),
        (dt.date(2026, 11, 13), "report"),
        (dt.date(2026, 11, 21), "escalate"),
    ]
    duty.refresh_from_db()
    assert (duty.steps_taken, duty.next_step_on) == (5, None)
    titles = set(Message.objects.filter(recipient=world.people.county_office).values_list("title", flat=True))
    assert "报专班：排查餐饮用气场所" in titles  # the district office answers for Qingshi
    assert Message.objects.filter(recipient=world.people.office, title="报上级：排查餐饮用气场所").exists()
    assert Message.objects.filter(
        recipient=world.people.qingshi_leader, title="催办：排查餐饮用气场所"
    ).exists()


def test_a_sweep_that_slept_for_a_fortnight_presses_once(duty, django_capture_on_commit_callbacks):
    assert press(20, django_capture_on_commit_callbacks) == 1
    assert DutyStep.objects.get(duty=duty).instrument == "report"
    assert press(20, django_capture_on_commit_callbacks) == 0


def test_nobody_in_the_chair_goes_to_the_leader_and_the_office(
    duty, world, django_capture_on_commit_callbacks
):
    Holding.objects.filter(post=duty.post).update(to_on=dt.date(2026, 11, 2))
    press(7, django_capture_on_commit_callbacks)
    step = DutyStep.objects.get(duty=duty)
    assert step.note == "无人承办"
    assert Message.objects.filter(recipient=world.people.county_office, title__startswith="无人承办").exists()


def test_an_unheld_duty_is_listed_until_somebody_holds_it(duty, world):
    today = dt.date(2026, 11, 3)
    assert not Duty.objects.unheld(on=today).exists()
    Holding.objects.filter(post=duty.post).update(to_on=dt.date(2026, 11, 2))
    assert list(Duty.objects.unheld(on=today)) == [duty]


def test_finishing_stops_the_ladder(duty, world, django_capture_on_commit_callbacks):
    assert finish_duty(world.enterprises.shop, Duty.Kind.TASK, by=world.people.qingshi_officer) == 1
    assert press(7, django_capture_on_commit_callbacks) == 0
    assert finish_duty(world.enterprises.shop, Duty.Kind.TASK, by=world.people.qingshi_officer) == 0


def test_rescheduling_moves_the_next_rung(duty, world):
    with time_machine.travel(on(3), tick=False):
        reschedule_duty(
            world.enterprises.shop, Duty.Kind.TASK, dt.date(2026, 11, 20), {}, by=world.people.office
        )
    duty.refresh_from_db()
    assert (duty.due_on, duty.next_step_on) == (dt.date(2026, 11, 20), dt.date(2026, 11, 17))


def test_reassigning_needs_the_right_person_a_reason_and_an_open_duty(duty, world):
    target = world.posts["inspector"]
    with pytest.raises(PermissionDenied):
        reassign_duty(duty, target, by=world.people.inspector, reason="x")
    with pytest.raises(ReasonRequired):
        reassign_duty(duty, target, by=world.people.qingshi_leader, reason=" ")
    reassign_duty(duty, target, by=world.people.qingshi_leader, reason="经办人外出")
    assert list(Duty.objects.of(world.people.inspector)) == [duty]
    assert Event.objects.get(act="duties.reassign").payload["reason"] == "经办人外出"
    finish_duty(world.enterprises.shop, Duty.Kind.TASK, by=world.people.inspector)
    with pytest.raises(IllegalMove):
        reassign_duty(duty, world.posts["qingshi_officer"], by=world.people.office, reason="改回")


def test_the_office_of_another_district_cannot_reach_the_duty(duty, world):
    stranger = Post.objects.create(
        organization=world.organizations.heyan, title="镇长", role="township_leader"
    )
    Holding.objects.create(user=world.people.robot, post=stranger, from_on=dt.date(2026, 1, 1))
    with pytest.raises(PermissionDenied):
        reassign_duty(duty, stranger, by=world.people.robot, reason="抢活")


def test_overdue_means_the_same_in_the_badge_the_filter_and_the_count(duty, world):
    for day, late in ((dt.date(2026, 11, 6), 0), (dt.date(2026, 11, 7), 1)):
        assert Duty.objects.overdue(on=day).count() == late
        assert load_of(Duty.objects.of(world.people.qingshi_officer), on=day).overdue == late
        assert len(pressing(world.people.office, on=day)) == late


def test_a_declared_day_changes_later_clocks(world):
    friday = dt.date(2026, 11, 6)
    assert due("hazard.confirm", dt.date(2026, 11, 5)).due_on == dt.date(2026, 11, 9)
    declare_day(friday, working=False, note="市政府办通知", by=world.people.office)
    assert due("hazard.confirm", dt.date(2026, 11, 5)).due_on == dt.date(2026, 11, 10)
    assert calendar().describe(friday) == "本地设定的休息日"
    with pytest.raises(PermissionDenied):
        declare_day(friday, working=True, note="x", by=world.people.housing)


def test_an_edited_ladder_replaces_the_shipped_one(world):
    copy_shipped_ladder()
    urge = LadderStep.objects.get(ladder="default", unheld=False, instrument="urge")
    change_rung(urge.pk, offset_days=2, audiences=["office"], by=world.people.office)
    assert [rung.offset_days for rung in Ladders(DUE).rungs("default", held=True)] == [-3, 0, 2, 7, 15]


def late_one(world, capture, *, day: int, due_on: dt.date, **changes) -> Duty:
    with time_machine.travel(on(day), tick=False), capture(execute=True):
        return open_one(world, due_on=due_on, **changes)


@pytest.mark.parametrize(
    ("late", "rung", "following"),
    [
        (1, "urge", dt.date(2026, 11, 25)), (6, "urge", dt.date(2026, 11, 20)), (7, "report", dt.date(2026, 11, 27)),
        (14, "report", dt.date(2026, 11, 20)), (15, "escalate", None), (400, "escalate", None),
    ],
)  # fmt: skip
def test_a_duty_that_begins_late_is_pressed_at_once_by_the_highest_rung_and_goes_on_from_there(
    world, late, rung, following, django_capture_on_commit_callbacks
):
    today = dt.date(2026, 11, 19)
    duty = late_one(world, django_capture_on_commit_callbacks, day=19, due_on=today - dt.timedelta(days=late))
    assert press(19, django_capture_on_commit_callbacks) == 1
    assert press(19, django_capture_on_commit_callbacks) == 0
    step = DutyStep.objects.get(duty=duty)
    assert (step.instrument, step.on) == (rung, today)
    duty.refresh_from_db()
    assert duty.steps_taken == 1
    if following is None:
        assert duty.next_step_on is None
    else:
        assert press((following - dt.timedelta(days=1)).day, django_capture_on_commit_callbacks) == 0
        assert press(following.day, django_capture_on_commit_callbacks) == 1


def test_why_an_old_matter_is_pressed_at_once_stands_with_the_step_and_on_its_page(
    client, world, django_capture_on_commit_callbacks
):
    duty = late_one(world, django_capture_on_commit_callbacks, day=19, due_on=dt.date(2026, 10, 1))
    client.force_login(world.people.office)
    with time_machine.travel(on(19), tick=False):
        page = client.get(reverse("duties:detail", args=[duty.pk])).content.decode()
    assert "产生时已逾期 49 天" in page
    assert "直接按已到的最高一级催一次" in page
    press(19, django_capture_on_commit_callbacks)
    assert DutyStep.objects.get(duty=duty).note == "产生时已逾期 49 天，直接按已到的最高一级办理"


def test_a_matter_that_begins_late_with_an_empty_chair_is_reported_at_once(
    world, django_capture_on_commit_callbacks
):
    Holding.objects.filter(post=world.posts["qingshi_officer"]).update(to_on=dt.date(2026, 11, 2))
    duty = late_one(world, django_capture_on_commit_callbacks, day=19, due_on=dt.date(2026, 11, 18))
    press(19, django_capture_on_commit_callbacks)
    step = DutyStep.objects.get(duty=duty)
    assert step.instrument == "urge"
    assert step.note.startswith("无人承办；")


def test_what_a_person_urged_before_the_sweep_stops_nothing(world, django_capture_on_commit_callbacks):
    first = late_one(world, django_capture_on_commit_callbacks, day=19, due_on=dt.date(2026, 11, 18))
    second = late_one(
        world, django_capture_on_commit_callbacks, day=19, due_on=dt.date(2026, 11, 18),
        subject=world.enterprises.station,
    )  # fmt: skip
    DutyStep.objects.create(
        duty=first,
        instrument="urge",
        offset_days=1,
        on=dt.date(2026, 11, 19),
        at=on(19),
        by=world.people.office,
    )
    assert press(19, django_capture_on_commit_callbacks) == 1
    assert DutyStep.objects.filter(duty=second).count() == 1
    assert DutyStep.objects.filter(duty=first).count() == 1


def test_one_duty_that_cannot_be_pressed_keeps_no_other_from_it(
    world, monkeypatch, django_capture_on_commit_callbacks
):
    first = late_one(world, django_capture_on_commit_callbacks, day=19, due_on=dt.date(2026, 11, 18))
    second = late_one(
        world, django_capture_on_commit_callbacks, day=19, due_on=dt.date(2026, 11, 18),
        subject=world.enterprises.station,
    )  # fmt: skip
    whole = sweeping.record

    def broken(act, row, **rest):
        if row == first:
            raise RuntimeError("a broken row")
        return whole(act, row, **rest)

    monkeypatch.setattr(sweeping, "record", broken)
    with pytest.raises(RuntimeError):
        press(19, django_capture_on_commit_callbacks)
    assert list(DutyStep.objects.values_list("duty", flat=True)) == [second.pk]
    assert Message.objects.filter(
        recipient=world.people.qingshi_officer, title="催办：排查餐饮用气场所"
    ).exists()
    monkeypatch.setattr(sweeping, "record", whole)
    assert press(19, django_capture_on_commit_callbacks) == 1  # the next sweep tries it again


def test_an_imported_pile_is_pressed_in_one_message_a_person(world, django_capture_on_commit_callbacks):
    with time_machine.travel(on(19), tick=False), django_capture_on_commit_callbacks(execute=True):
        open_duties(
            [
                NewDuty(
                    Duty.Kind.TASK, Event(pk=number), f"旧账之{number}", f"/old/{number}/",
                    world.organizations.qingshi, place_of(world.regions.qingshi),
                    due_on=dt.date(2026, 11, 19) - dt.timedelta(days=20 + number),
                )
                for number in range(1, 41)
            ],
            by=world.people.office,
        )  # fmt: skip
    assert press(19, django_capture_on_commit_callbacks) == 40
    assert set(DutyStep.objects.values_list("instrument", flat=True)) == {"escalate"}
    heard = Message.objects.filter(recipient=world.people.county_office, category="escalation")
    [digest] = heard
    assert digest.title == "报上级：40 件待办，最长已逾期 60 天"
    assert "旧账之1" in digest.body
    assert digest.url == reverse("duties:late")
    told = Message.objects.filter(category="escalation").values_list("recipient", flat=True)
    assert len(told) == len(set(told))


def test_a_few_matters_are_told_one_by_one(world, django_capture_on_commit_callbacks):
    for subject in (world.enterprises.shop, world.enterprises.station):
        late_one(
            world, django_capture_on_commit_callbacks, day=19, due_on=dt.date(2026, 11, 18), subject=subject
        )
    press(19, django_capture_on_commit_callbacks)
    urged = Message.objects.filter(recipient=world.people.qingshi_officer, category="urge")
    assert [message.title for message in urged] == ["催办：排查餐饮用气场所"] * 2


def test_a_deadline_moved_into_the_past_is_pressed_at_once(duty, world, django_capture_on_commit_callbacks):
    with time_machine.travel(on(4), tick=False):
        reschedule_duty(
            world.enterprises.shop, Duty.Kind.TASK, dt.date(2026, 10, 18), {}, by=world.people.office
        )
    assert press(4, django_capture_on_commit_callbacks) == 1
    step = DutyStep.objects.get(duty=duty)
    assert (step.instrument, step.note) == ("escalate", "期限调整后已逾期，直接按已到的最高一级办理")


def test_a_new_name_leaves_what_is_due_now_due(world, django_capture_on_commit_callbacks):
    duty = late_one(world, django_capture_on_commit_callbacks, day=19, due_on=dt.date(2026, 10, 1))
    with time_machine.travel(on(19), tick=False):
        reschedule_duty(
            world.enterprises.shop, Duty.Kind.TASK, duty.due_on, {}, by=world.people.office, title="改了名称"
        )
    assert press(19, django_capture_on_commit_callbacks) == 1


def test_a_rung_put_in_reaches_what_had_climbed_all_there_was(
    duty, world, django_capture_on_commit_callbacks
):
    for day in (7, 13, 21):
        press(day, django_capture_on_commit_callbacks)
    duty.refresh_from_db()
    assert duty.next_step_on is None
    with time_machine.travel(on(22), tick=False):
        add_rung(
            ladder="default", unheld=False, offset_days=20, label="再报", audiences=["office"], every=10,
            by=world.people.office,
        )  # fmt: skip
    assert press(25, django_capture_on_commit_callbacks) == 0
    assert press(26, django_capture_on_commit_callbacks) == 1
    duty.refresh_from_db()
    assert duty.next_step_on == dt.date(2026, 12, 6)


RUNGS = st.lists(
    st.tuples(st.integers(-10, 60), st.one_of(st.none(), st.integers(1, 40))), min_size=1, max_size=6,
    unique_by=lambda each: each[0],
)  # fmt: skip


@given(RUNGS, RUNGS, st.integers(1, 300), st.integers(0, 120), st.booleans())
def test_whoever_begins_late_climbs_once_what_a_daily_sweep_from_the_due_day_would_have_reached(
    held, unheld, late, days, is_held
):
    """Against a model that walks day by day: on the first day the highest rung so far, then each on its own day."""
    edited = [
        ("default", state, Rung(offset, "urge", f"{state}{offset}", ("holder",), "", every))
        for state, rungs in ((False, held), (True, unheld))
        for offset, every in rungs
    ]
    ladders = Ladders(DUE, edited)
    opened = DUE + dt.timedelta(days=late)
    mine = held if is_held else unheld

    def climbed_on(day: int) -> set[int]:
        return {
            offset
            for offset, every in mine
            if day == offset or (every and day > offset and (day - offset) % every == 0)
        }

    expected = []
    passed = [(day, max(climbed_on(day))) for day in range(-10, late + 1) if climbed_on(day)]
    if passed:
        expected.append((late, passed[-1][1]))
    expected += [(day, max(climbed_on(day))) for day in range(late + 1, late + days + 1) if climbed_on(day)]

    found = []
    next_on = ladders.first_step_on("default", DUE, on=opened)
    for day in range(late, late + days + 1):
        today = DUE + dt.timedelta(days=day)
        if next_on is None or next_on > today:
            continue
        rung = ladders.reached("default", DUE, since=next_on, on=today, held=is_held)
        next_on = ladders.next_step_on("default", DUE, after=today)
        if rung is not None:
            found.append((day, rung.offset_days))
    assert found == expected


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_press_once():
    from bihuan.accounts.tests.world import make_world

    with time_machine.travel(MONDAY, tick=False):
        duty = open_one(make_world())
    Duty.objects.update(next_step_on=dt.date(2026, 11, 7))

    def one(_: int) -> int:
        try:
            return sweep(on(7))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == 1
    assert DutyStep.objects.filter(duty=duty).count() == 1


class TestPages:
    def test_inbox_shows_own_duties_only(self, client, duty, world):
        client.force_login(world.people.qingshi_officer)
        assert "排查餐饮用气场所" in client.get(reverse("duties:inbox")).content.decode()
        client.force_login(world.people.outsider)
        assert "排查餐饮用气场所" not in client.get(reverse("duties:inbox")).content.decode()

    def test_outsider_404_powerless_403(self, client, duty, world):
        client.force_login(world.people.outsider)
        assert client.get(reverse("duties:detail", args=[duty.pk])).status_code == 404
        assert client.get(reverse("duties:unheld")).status_code == 403
        assert client.post(reverse("duties:calendar_day")).status_code == 403

    def test_reassignment_by_form(self, client, duty, world):
        client.force_login(world.people.office)
        answer = client.post(
            reverse("duties:reassignment", args=[duty.pk]),
            {"post": world.posts["inspector"].pk, "reason": "换人"},
        )
        assert answer.status_code == 302
        duty.refresh_from_db()
        assert duty.post == world.posts["inspector"]

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "胡写"])
    def test_impossible_days_are_explained(self, client, world, day):
        client.force_login(world.people.office)
        answer = client.post(
            reverse("duties:calendar_day"), {"day": day, "working": "1", "note": "x"}, follow=True
        )
        assert answer.status_code == 200
        assert "超出可计算范围" in answer.content.decode() or "请填写日期" in answer.content.decode()

    def test_ladder_and_calendar_read_well(self, client, world):
        client.force_login(world.people.housing)
        assert "逾期 7 天" in client.get(reverse("duties:ladder")).content.decode()
        page = client.get(reverse("duties:calendar"), {"year": 2027}).content.decode()
        assert "2027年放假安排尚未公布，暂按周末推算" in page

    def test_inbox_queries_do_not_grow(self, client, world, django_assert_max_num_queries):
        for number in range(12):
            open_one(
                world,
                kind=Duty.Kind.TASK,
                subject=world.people.office if number == 0 else Post.objects.all()[number],
            )
        client.force_login(world.people.qingshi_officer)
        client.get(reverse("duties:inbox"))
        with django_assert_max_num_queries(14):
            client.get(reverse("duties:inbox"))


class TestReform:
    def test_duties_follow_their_posts_and_nobody_owes_twice(self, world):
        mine = open_one(world)
        twin = open_one(world, subject=world.enterprises.station)
        open_one(world, subject=world.enterprises.station, organization=world.organizations.baita)
        follow_posts(
            world.organizations.qingshi, world.organizations.baita, [world.posts["qingshi_officer"]],
            world.people.sysadmin, "撤街设镇",
        )  # fmt: skip
        mine.refresh_from_db()
        twin.refresh_from_db()
        assert mine.organization == world.organizations.baita
        assert twin.status == Duty.Status.CANCELLED
        event = Event.objects.get(act="duties.reform")
        assert (event.payload["moved"], event.payload["merged"]) == ([mine.pk], [twin.pk])

    def test_the_desk_is_counted_before_a_hand_over(self, world):
        open_one(world)
        post = world.posts["qingshi_officer"]
        assert loads([post.pk, world.posts["inspector"].pk]) == {post.pk: ["1 件待办"]}


def test_what_the_office_enters_about_time_holds_for_the_next_act_in_every_process(world):
    def terms():
        return terms_of(rows("SELECT " + terms_sql(), [])[0][0])

    before = terms()
    assert terms() is before  # the same content is the same object, derived dates kept
    start = dt.date(2026, 11, 2)
    assert before.due("hazard.confirm", start) == due("hazard.confirm", start)
    last = before.due("hazard.confirm", start).due_on
    assert before.next_step_on("default", last, after=start) == Ladders(start).next_step_on(
        "default", last, after=start
    )

    declare_day(last, working=False, note="市政府办通知", by=world.people.office)
    copy_shipped_ladder()
    urge = LadderStep.objects.get(ladder="default", unheld=False, instrument="urge")
    change_rung(urge.pk, offset_days=-5, audiences=["office"], by=world.people.office)
    after = terms()
    assert after.due("hazard.confirm", start) == due("hazard.confirm", start)
    assert after.due("hazard.confirm", start).due_on > last
    assert after.next_step_on("default", dt.date(2026, 11, 9), after=start) == dt.date(2026, 11, 4)


def test_every_shipped_rung_speaks_to_somebody_known():
    told = {name for step in all_steps() for name in step.audience}
    assert told
    assert told <= set(LadderStep.Audience.values)
