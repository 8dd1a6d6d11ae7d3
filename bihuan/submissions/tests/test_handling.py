"""Above: received, given out, opinions heard, proposed, decided or returned; below: conditions kept. Two who act at once."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.accounts.tests.world import make_world
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import at_once, outcomes
from bihuan.duties.models import Duty
from bihuan.notifications.models import Message
from bihuan.papers.models import Paper
from bihuan.submissions import actions
from bihuan.submissions.models import Submission

from .factories import (
    answered,
    condition_of,
    consulted,
    deciding,
    fresh,
    handling,
    outside,
    received,
    report,
    sent,
    today,
)


def owed(subject, kind="submission"):
    return Duty.objects.open().filter(kind=kind, subject=f"{subject._meta.label_lower}:{subject.pk}")


def test_the_receipt_of_a_request_begins_the_clock_of_its_answer(world):
    row = received(world)
    assert (row.status, row.receiver_name) == ("received", "赵安和")
    duty = owed(row).get()
    assert (duty.due_on, duty.organization) == (row.answer_due_on, world.organizations.office)
    assert row.answer_clock["event"] == "签收请示"
    assert row.answer_clock["days"] == 10


def test_a_report_is_done_when_it_is_received(world):
    row = sent(world, report(world))
    actions.receive(row, by=world.people.office)
    assert (row.status, row.ended_on) == ("noted", today())
    assert not Duty.objects.open().filter(kind="submission").exists()
    with pytest.raises(IllegalMove):
        actions.receive(row, by=world.people.office)


def test_only_the_addressee_receives(world):
    row = sent(world)
    for user in (world.people.housing, world.people.market, world.people.county_office):
        with pytest.raises(PermissionDenied):
            actions.receive(row, by=user)


def test_given_to_an_officer_the_duty_goes_along(world):
    row = received(world)
    with pytest.raises(Refused, match="承办请示的人"):
        actions.assign(row, officer=world.people.market, by=world.people.office_leader)
    actions.assign(row, officer=world.people.office, note="请抓紧", by=world.people.office_leader)
    assert (row.status, row.handler) == ("handling", world.people.office)
    assert owed(row).get().post == world.posts["office"]


def test_opinions_are_asked_and_each_is_owed(world):
    opinion = consulted(world)
    row = opinion.submission
    assert owed(opinion).get().organization == world.organizations.market
    with pytest.raises(Refused, match="会签意见还没有回复"):
        actions.propose(row, outcome="agree", text="同意", by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.give_opinion(opinion, stance="agree", text="", by=world.people.housing)
    with pytest.raises(Refused, match="理由"):
        actions.give_opinion(opinion, stance="object", text="", by=world.people.market)
    actions.give_opinion(opinion, stance="remarks", text="从安全专项列支", by=world.people.market)
    assert not owed(opinion).exists()
    actions.propose(fresh(row), outcome="agree", text="采纳市监局意见", by=world.people.office)


def test_an_opinion_is_no_longer_waited_for(world):
    opinion = consulted(world)
    with pytest.raises(ReasonRequired):
        actions.drop_opinion(opinion, reason="", by=world.people.office)
    actions.drop_opinion(opinion, reason="电话已答复无意见", by=world.people.office)
    actions.propose(opinion.submission, outcome="agree", text="同意", by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.give_opinion(opinion, stance="agree", text="", by=world.people.market)


def test_one_whose_opinion_is_asked_sees_the_paper(world):
    opinion = consulted(world)
    seen = Submission.objects.visible_to(world.people.market)
    assert list(seen) == [opinion.submission]


def test_the_officer_proposes_and_the_leader_decides(world):
    row = deciding(world)
    assert owed(row, "submission_sign").get().post == world.posts["office_leader"]
    with pytest.raises(PermissionDenied):
        actions.answer(row, outcome="agree", text="同意。", by=world.people.office)
    paper = actions.answer(row, outcome="agree", text="同意。", by=world.people.office_leader)
    row = fresh(row)
    assert (row.status, row.outcome, row.answer_number) == ("answered", "agree", paper.number)
    assert paper.kind == Paper.Kind.ANSWER
    assert row.paper.number in paper.content["blocks"][1]["text"]
    assert not Duty.objects.open().filter(kind__in=["submission", "submission_sign"]).exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"outcome": "maybe", "text": "行"}, "同意还是不同意"),
        ({"outcome": "agree", "text": " "}, "批复内容"),
        ({"outcome": "conditional", "text": "原则同意"}, "至少写一条"),
        ({"outcome": "refuse", "text": "不同意", "conditions": [actions.Asked("做")]}, "不附要求"),
        (
            {"outcome": "agree", "text": "同意", "conditions": [actions.Asked("做", dt.date(2020, 1, 1))]},
            "第 1 条",
        ),
    ],
)
def test_what_an_answer_may_not_be(world, given, words):
    row = deciding(world)
    with pytest.raises(Refused, match=words):
        actions.answer(row, by=world.people.office_leader, **given)
    assert fresh(row).status == "deciding"
    assert not Paper.objects.filter(kind=Paper.Kind.ANSWER).exists()


def test_the_leader_wants_another_proposal(world):
    row = deciding(world)
    actions.rework(row, reason="核实金额", by=world.people.office_leader)
    assert row.status == "handling"
    assert not owed(row, "submission_sign").exists()
    assert owed(row).exists()


def test_conditions_become_duties_of_the_asker_until_they_are_kept(world):
    row = answered(world)
    condition = condition_of(row)
    assert owed(condition).get().organization == world.organizations.housing
    actions.report_condition(condition, text="已拨付 24 万元", by=world.people.housing)
    assert owed(condition).get().organization == world.organizations.office
    actions.send_back_condition(condition, reason="附明细", by=world.people.office)
    assert owed(condition).get().due_on == condition.due_on
    actions.report_condition(condition, text="明细见附件", by=world.people.housing)
    with pytest.raises(PermissionDenied):
        actions.confirm_condition(condition, by=world.people.housing)
    actions.confirm_condition(condition, by=world.people.office)
    assert condition.status == "kept"
    assert not owed(condition).exists()


def test_returned_with_its_ground_and_handed_in_anew(world):
    opinion = consulted(world)
    row = opinion.submission
    with pytest.raises(Refused, match="退回的原因"):
        actions.return_submission(row, ground="", reason="缺", by=world.people.office)
    actions.return_submission(row, ground="incomplete", reason="没有测算", by=world.people.office)
    assert (row.status, row.return_ground, row.ended_on) == ("returned", "incomplete", today())
    opinion.refresh_from_db()
    assert opinion.status == "dropped"
    assert not Duty.objects.open().filter(kind="submission").exists()
    from .factories import given

    again = actions.draft_submission(
        given(world), organization=world.organizations.housing, follows=row, by=world.people.housing
    )
    assert again.follows == row
    with pytest.raises(Refused, match="被退回"):
        actions.draft_submission(
            given(world), organization=world.organizations.housing, follows=again, by=world.people.housing
        )


def test_withdrawn_before_the_answer(world):
    row = handling(world)
    actions.withdraw(row, reason="资金另有渠道", by=world.people.housing_leader)
    assert row.status == "withdrawn"
    assert not Duty.objects.open().filter(kind="submission").exists()


def test_more_time_is_told_and_counted_from_the_old_day(world):
    row = handling(world)
    with pytest.raises(Refused, match="晚于"):
        actions.extend(row, due_on=row.answer_due_on, reason="等数据", by=world.people.office)
    later = row.answer_due_on + dt.timedelta(days=5)
    actions.extend(row, due_on=later, reason="等数据", by=world.people.office)
    assert owed(row).get().due_on == later


def test_pressed_for_only_when_it_is_late_and_once_a_day(world, django_capture_on_commit_callbacks):
    row = received(world)
    with pytest.raises(Refused, match="还没有超过期限"):
        actions.urge(row, reason="急", by=world.people.housing)
    with time_machine.travel(timezone.now() + dt.timedelta(days=40), tick=False):
        row = fresh(row)
        with django_capture_on_commit_callbacks(execute=True):
            actions.urge(row, reason="月底要拨付", by=world.people.housing)
        assert Message.objects.filter(recipient=world.people.office_leader, title__contains="催请").exists()
        with pytest.raises(Refused, match="今天已经催请"):
            actions.urge(row, reason="再催", by=world.people.housing)


def test_what_an_addressee_outside_did_is_entered_here(world):
    row = outside(world)
    assert not owed(row).exists()
    with pytest.raises(PermissionDenied):
        actions.receive(row, by=world.people.office)
    actions.tell_received(row, receiver="省安委办值班室", on=today(), by=world.people.office)
    with pytest.raises(Refused, match="文号"):
        actions.tell_answer(row, outcome="agree", text="同意", number=" ", on=today(), by=world.people.office)
    actions.tell_answer(
        row, outcome="conditional", text="原则同意", number="云岭安办〔2026〕9号", on=today(),
        conditions=[actions.Asked("年底前报送结果")], by=world.people.office,
    )  # fmt: skip
    assert (row.status, row.answer_paper) == ("answered", None)
    condition = condition_of(row)
    actions.report_condition(condition, text="已报", by=world.people.office)
    actions.confirm_condition(condition, by=world.people.office_leader)
    assert condition.status == "kept"


@pytest.mark.django_db(transaction=True)
def test_two_decisions_on_one_request_are_one():
    world = make_world()
    row = deciding(world)
    seen = [fresh(row) for _ in range(3)]
    results = at_once(
        lambda number: actions.answer(
            seen[number], outcome="agree", text="同意。", by=world.people.office_leader
        ),
        3,
    )
    assert [type(error) for _, error in results if error] == [IllegalMove] * 2
    assert Paper.objects.filter(kind=Paper.Kind.ANSWER).count() == 1
    assert fresh(row).transitions.filter(move="answer").count() == 1


@pytest.mark.django_db(transaction=True)
def test_received_and_withdrawn_at_once_leaves_what_fits():
    world = make_world()
    row = sent(world)
    above, below = fresh(row), fresh(row)
    results = outcomes(
        lambda: actions.receive(above, by=world.people.office),
        lambda: actions.withdraw(below, reason="不报了", by=world.people.housing_leader),
    )
    assert results == ["IllegalMove", "done"]
    row = fresh(row)
    assert owed(row).count() == (1 if row.status == "received" else 0)
