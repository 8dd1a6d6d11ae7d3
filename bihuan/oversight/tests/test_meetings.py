"""A meeting from its invitation to the fulfilled resolution, and the rhythm that reminds of the next."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Holding, Post, User
from bihuan.accounts.roles import Role
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.oversight import actions, owing
from bihuan.oversight.models import Meeting, MeetingSeries, Resolution
from bihuan.oversight.queries.resolutions import resolutions_of, rhythm_of, standing
from bihuan.papers.models import Paper

from .factories import held, later, make_meeting, make_series, minuted, published, today


def test_invited_bodies_see_it_once_it_is_convened(world):
    meeting = make_meeting(world)
    assert [each.organization.short_name for each in meeting.attendances.all()] == [
        "市住建局", "市市场监管局", "青石街道",
    ]  # fmt: skip
    assert not Meeting.objects.visible_to(world.people.housing).exists()
    actions.convene(meeting, by=world.people.office)
    for person in (world.people.housing, world.people.qingshi_leader, world.people.inspectorate):
        assert Meeting.objects.visible_to(person).exists()
    for person in (world.people.baita_leader, world.people.outsider, world.people.shop):
        assert not Meeting.objects.visible_to(person).exists()


def test_a_meeting_needs_an_agenda_and_people(world):
    with pytest.raises(Refused, match="议题"):
        actions.convene(make_meeting(world, items=[]), by=world.people.office)
    with pytest.raises(PermissionDenied):
        make_meeting(world, series=MeetingSeries.objects.get(), by=world.people.county_office)


def test_a_body_sends_somebody_else(world):
    meeting = make_meeting(world)
    actions.convene(meeting, by=world.people.office)
    seat = meeting.attendances.select_related("meeting").get(organization=world.organizations.housing)
    with pytest.raises(PermissionDenied):
        actions.answer_invitation(seat, name="周为民", by=world.people.market)
    with pytest.raises(Refused, match="事由"):
        actions.answer_invitation(seat, name="周为民", deputy_name="李建明", by=world.people.housing)
    actions.answer_invitation(
        seat, name="周为民", deputy_name="李建明", reason="出差", by=world.people.housing
    )
    seat.refresh_from_db()
    assert (seat.state, seat.deputy_name) == ("deputy", "李建明")


def test_a_late_answer_does_not_change_who_came(world):
    meeting = make_meeting(world)
    actions.convene(meeting, by=world.people.office)
    seat = meeting.attendances.select_related("meeting").get(organization=world.organizations.housing)
    came = {each.pk: actions.Came("present") for each in meeting.attendances.all()}
    actions.hold(Meeting.objects.get(pk=meeting.pk), came, by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.answer_invitation(seat, name="周为民", on_leave=True, reason="出差", by=world.people.housing)
    seat.refresh_from_db()
    assert seat.state == "present"


def test_attendance_is_told_for_everybody(world):
    meeting = make_meeting(world)
    actions.convene(meeting, by=world.people.office)
    with pytest.raises(Refused, match="到会情况"):
        actions.hold(meeting, {}, by=world.people.office)
    came = {each.pk: actions.Came("deputy") for each in meeting.attendances.all()}
    with pytest.raises(Refused, match="委托谁参会"):
        actions.hold(meeting, came, by=world.people.office)
    future = make_meeting(
        world, series=MeetingSeries.objects.get(), held_at=timezone.now() + dt.timedelta(days=3)
    )
    actions.convene(future, by=world.people.office)
    with pytest.raises(Refused, match="还没有到"):
        actions.hold(future, {}, by=world.people.office)


def test_minutes_are_confirmed_by_somebody_else(world):
    meeting = minuted(world)
    with pytest.raises(PermissionDenied):
        actions.confirm_minutes(meeting, by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.issue_minutes(meeting, by=world.people.office)
    with pytest.raises(ReasonRequired):
        actions.return_minutes(meeting, reason="", by=world.people.office_leader)
    actions.return_minutes(meeting, reason="补充缺席情况", by=world.people.office_leader)
    actions.draft_minutes(meeting, text="会议分析了形势。青石街道未到会。", by=world.people.office)
    actions.submit_minutes(meeting, by=world.people.office)
    actions.confirm_minutes(meeting, by=world.people.office_leader)
    paper = actions.issue_minutes(meeting, by=world.people.office)
    assert (paper.kind, meeting.status) == (Paper.Kind.MINUTES, "issued")
    printed = str(paper.content)
    for words in ("月底前完成餐饮用户燃气报警器安装", "市住建局", "冯代会", "青石街道"):
        assert words in printed
    with pytest.raises(IllegalMove):
        actions.issue_minutes(Meeting.objects.get(pk=meeting.pk), by=world.people.office)


def test_a_resolution_is_owed_by_lead_and_support(world):
    row = published(world)
    duties = Duty.objects.open().filter(kind="resolution")
    assert {each.organization.short_name for each in duties} == {"市住建局", "市市场监管局", "青石街道"}
    assert {each.due_on for each in duties} == {later(30)}
    assert not Duty.objects.open().filter(kind="meeting").exists()
    actions.tell_progress(row, percent=40, text="已装四成", by=world.people.housing)
    actions.tell_progress(row, percent=70, text="街道已通知到户", by=world.people.qingshi_officer)
    row.refresh_from_db()
    assert row.percent == 40
    with pytest.raises(PermissionDenied):
        actions.tell_progress(row, percent=10, text="x", by=world.people.outsider)


def test_told_done_and_confirmed(world):
    row, office = published(world), world.people.office
    with pytest.raises(PermissionDenied):
        actions.report_done(row, text="装完了", by=world.people.market)
    actions.report_done(row, text="装完了", by=world.people.housing)
    assert Duty.objects.open().get(kind="meeting").clock["rule"] == "resolution.confirm"
    actions.send_back(row, reason="还差两户", by=office)
    assert Duty.objects.open().filter(kind="resolution", organization=world.organizations.housing).exists()
    actions.report_done(row, text="两户也装了", by=world.people.housing)
    actions.confirm_done(row, opinion="抽查属实", by=office)
    row.refresh_from_db()
    assert (row.status, row.done_on) == ("done", today())
    assert not Duty.objects.open().filter(kind__in=["resolution", "meeting"]).exists()


def test_another_day_needs_a_reason(world):
    row, office = published(world), world.people.office
    with pytest.raises(ReasonRequired):
        actions.extend_resolution(row, due_on=later(60), reason="", by=office)
    actions.extend_resolution(row, due_on=later(60), reason="设备到货晚", by=office)
    assert set(Duty.objects.open().filter(kind="resolution").values_list("due_on", flat=True)) == {later(60)}
    actions.cancel_resolution(row, reason="上级另有安排", by=office)
    assert not Duty.objects.open().filter(kind="resolution").exists()


def test_what_is_open_comes_back_on_the_next_agenda(world):
    row = published(world)
    series = MeetingSeries.objects.get()
    following = make_meeting(world, series=series, held_at=timezone.now() + dt.timedelta(days=20))
    first = following.agenda.order_by("position").first()
    assert (first.carried, first.presenter) == (row, world.organizations.housing)
    actions.report_done(row, text="完", by=world.people.housing)
    actions.confirm_done(row, by=world.people.office)
    third = make_meeting(world, series=series, held_at=timezone.now() + dt.timedelta(days=40))
    assert not third.agenda.filter(carried__isnull=False).exists()


def test_a_resolution_taken_back_is_never_printed(world):
    meeting = held(world)
    row = actions.add_resolution(
        meeting, text="写错了的一项", lead=world.organizations.market, by=world.people.office
    )
    assert row.clock["rule"] == "meeting.resolution"
    actions.remove_resolution(row, by=world.people.office)
    actions.draft_minutes(meeting, text="会议研究了工作。", by=world.people.office)
    actions.submit_minutes(meeting, by=world.people.office)
    actions.confirm_minutes(meeting, by=world.people.office_leader)
    assert "写错了的一项" not in str(actions.issue_minutes(meeting, by=world.people.office).content)
    assert not Resolution.objects.visible_to(world.people.market).unfinished().exists()


def test_a_meeting_by_rhythm_is_owed_until_it_is_held(world):
    series = make_series(world)
    assert (owing.owe_meetings(timezone.now()), owing.owe_meetings(timezone.now())) == (1, 0)
    duty = Duty.objects.open().get(kind="meeting")
    quarter = rhythm_of([series], on=today())[0]
    assert (duty.due_on, quarter["held"], quarter["missed"]) == (quarter["period"].last, False, True)
    held(world, series=series)
    assert not Duty.objects.open().filter(subject=f"oversight.meetingseries:{series.pk}").exists()
    assert rhythm_of([series], on=today())[0]["held"]
    assert owing.owe_meetings(timezone.now()) == 0


def test_shipped_meetings_are_taken_over_once(world):
    made = actions.adopt_series(by=world.people.office)
    assert [each.name for each in made] == ["安委会全体会议", "部门联席会议", "工作调度会"]
    assert {each.organization.short_name for each in made[1].seats.all()} == {"市住建局", "市市场监管局"}
    assert actions.adopt_series(by=world.people.office) == []


def test_a_second_leader_may_not_confirm_what_they_drafted(world):
    post = Post.objects.create(
        organization=world.organizations.office, title="副主任", role=Role.OFFICE_LEADER
    )
    both = User.objects.create_user("both", None, full_name="苏兼任")
    Holding.objects.create(user=both, post=post, from_on=dt.date(2026, 1, 1))
    Holding.objects.create(
        user=both, post=world.posts["office"], kind="stand_in", from_on=dt.date(2026, 1, 1)
    )
    meeting = held(world)
    actions.draft_minutes(meeting, text="研究了工作。", by=both)
    actions.submit_minutes(meeting, by=both)
    with pytest.raises(PermissionDenied):
        actions.confirm_minutes(meeting, by=both)
    actions.confirm_minutes(meeting, by=world.people.office_leader)


def test_figures_are_the_rows_they_open(world):
    row = published(world)
    Resolution.objects.filter(pk=row.pk).update(due_on=later(-2))
    on, office = today(), world.people.office
    assert standing(resolutions_of(office, {}, on=on), on=on) == {
        "all": 1, "done": 0, "unfinished": 1, "overdue": 1,
    }  # fmt: skip
    assert list(resolutions_of(office, {"state": "overdue"}, on=on)) == [row]
    assert list(resolutions_of(world.people.market, {"mine": "1"}, on=on)) == [row]
    assert not resolutions_of(world.people.baita_leader, {}, on=on).exists()


def test_two_who_write_the_minutes_lose_nothing(client, world):
    """The second is shown what the first wrote, his own words stay in the form, and he decides."""
    meeting = held(world)
    other = Meeting.objects.get(pk=meeting.pk)
    actions.draft_minutes(other, text="会议听取了住建局汇报。", by=world.people.office)
    client.force_login(world.people.office)
    address = reverse("oversight:meeting_act", args=[meeting.pk, "minutes"])
    answer = client.post(address, {"minutes": "会议通报了三季度情况。", "revision": "0"})
    page = answer.content.decode()
    assert answer.status_code in (200, 409, 422)
    for words in ("会议听取了住建局汇报。", "会议通报了三季度情况。", "您写的没有丢"):
        assert words in page
    assert 'name="revision" value="1"' in page
    meeting.refresh_from_db()
    assert meeting.minutes == "会议听取了住建局汇报。"
    both = {"minutes": "会议听取了住建局汇报，通报了三季度情况。", "revision": "1"}
    assert client.post(address, both).status_code == 302
    meeting.refresh_from_db()
    assert (meeting.minutes, meeting.minutes_revision) == (both["minutes"], 2)
    # Sent twice, it is saved once.
    assert client.post(address, both).status_code == 302
    meeting.refresh_from_db()
    assert meeting.minutes_revision == 2
