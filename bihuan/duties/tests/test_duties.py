"""Duties by example: Qingshi street owes the office a task by Friday, and what happens when it does not deliver."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.hooks import loads
from bihuan.accounts.models import Holding, Post
from bihuan.accounts.scope import place_of
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired
from bihuan.core.statements import rows
from bihuan.duties.actions import (
    declare_day,
    finish_duty,
    open_duty,
    reassign_duty,
    reschedule_duty,
)
from bihuan.duties.clock import calendar, due
from bihuan.duties.ladder import Ladders, copy_shipped_ladder
from bihuan.duties.models import Duty, DutyStep, LadderStep
from bihuan.duties.queries import load_of, pressing
from bihuan.duties.reform import follow_posts
from bihuan.duties.rungs import change_rung
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
