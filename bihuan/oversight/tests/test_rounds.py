"""A round of supervision from planning to the signed visit, and what is refused on the way (R108)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied

from bihuan.accounts.models import Holding, Post, User
from bihuan.accounts.roles import Role
from bihuan.audit.queries import verify as verify_record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.oversight import actions, owing
from bihuan.oversight.models import OversightFinding, OversightRound, OversightVisit
from bihuan.oversight.queries.coverage import coverage, tally
from bihuan.oversight.workflow import (
    FINDING_RULES,
    MEETING_RULES,
    RESOLUTION_RULES,
    ROUND_RULES,
    VISIT_RULES,
    FindingMove,
    FindingStatus,
    MeetingMove,
    MeetingStatus,
    ResolutionMove,
    ResolutionStatus,
    RoundMove,
    RoundStatus,
    VisitMove,
    VisitStatus,
)
from bihuan.rules import draws

from .factories import (
    answers,
    found,
    handed_over,
    issued,
    make_round,
    month,
    submit,
    today,
    under_way,
    visit_of,
    with_teams,
)

# By hand: (status, move).
LEGAL = {
    "round": {("planning", "issue"), ("running", "close"), ("planning", "cancel"), ("running", "cancel")},
    "visit": {("planned", "reschedule"), ("planned", "submit"), ("planned", "cancel")},
    "finding": {
        ("recorded", "hand_over"), ("rectifying", "reply"), ("replied", "pass"), ("replied", "send_back"),
        ("rectifying", "extend"), ("closed", "reopen"), ("recorded", "withdraw"), ("rectifying", "withdraw"),
        ("recorded", "enter"),
    },
    "meeting": {
        ("draft", "convene"), ("convened", "hold"), ("held", "submit"), ("confirming", "return"),
        ("confirming", "confirm"), ("confirmed", "issue"), ("draft", "cancel"), ("convened", "cancel"),
    },
    "resolution": {
        ("draft", "open"), ("open", "report"), ("reported", "confirm"), ("reported", "send_back"), ("open", "extend"),
        ("open", "cancel"), ("reported", "cancel"), ("draft", "drop"),
    },
}  # fmt: skip
TABLES = [
    ("round", ROUND_RULES, RoundStatus, RoundMove),
    ("visit", VISIT_RULES, VisitStatus, VisitMove),
    ("finding", FINDING_RULES, FindingStatus, FindingMove),
    ("meeting", MEETING_RULES, MeetingStatus, MeetingMove),
    ("resolution", RESOLUTION_RULES, ResolutionStatus, ResolutionMove),
]


@pytest.mark.parametrize(("name", "rules", "statuses", "moves"), TABLES, ids=[row[0] for row in TABLES])
def test_the_tables(name, rules, statuses, moves):
    allowed = {
        (status, move)
        for status in statuses.values
        for move in moves.values
        if move in rules and status in rules[move].sources
    }
    assert allowed == LEGAL[name]


def test_a_monthly_round_covers_every_locality_once(world):
    row = make_round(world)
    assert set(row.visits.values_list("locality", flat=True)) == {"539702001", "539702101", "539721100"}
    assert (row.period, row.status) == (month().first, "planning")
    with pytest.raises(Refused, match="已经编排过"):
        make_round(world)
    with pytest.raises(Refused, match="同一个月"):
        make_round(world, ends_on=month().last + dt.timedelta(days=3))


def test_only_an_office_runs_rounds(world):
    for stranger in (world.people.housing, world.people.qingshi_officer, world.people.office_leader):
        with pytest.raises(PermissionDenied):
            make_round(world, by=stranger)
    row = make_round(world, by=world.people.county_office)
    assert row.visits.count() == 2
    with pytest.raises(PermissionDenied):
        actions.lay_out_round(row, by=world.people.office)


def test_a_special_round_goes_where_it_is_sent(world):
    row = make_round(world, kind="special", localities=[world.organizations.qingshi])
    assert [each.organization.short_name for each in row.visits.all()] == ["青石街道"]
    with pytest.raises(Refused, match="不在本辖区"):
        make_round(world, kind="special", localities=[world.organizations.housing])


def test_people_of_a_team(world):
    row, people = make_round(world), world.people
    with pytest.raises(Refused, match="不能参加督导"):
        actions.compose_team(row, leader=people.inspector, by=people.office)
    team = actions.compose_team(row, leader=people.housing_leader, experts=[people.expert], by=people.office)
    assert team.name == "第一督导组"
    with pytest.raises(Refused, match="只能参加一个组"):
        actions.compose_team(row, leader=people.office_leader, members=[people.expert], by=people.office)
    with pytest.raises(Refused, match="出现一次"):
        actions.compose_team(row, leader=people.market, members=[people.market], by=people.office)
    actions.compose_team(
        row, team=team, leader=people.housing_leader, members=[people.market], by=people.office
    )
    assert [each.user.full_name for each in team.seats.order_by("position")] == ["周为民", "吴正规"]


def test_one_press_lays_out_the_month(world):
    row = with_teams(world)
    assert actions.lay_out_round(row, by=world.people.office) == 3
    visits = list(row.visits.all())
    assert all(each.team_id and row.starts_on <= each.planned_on <= row.ends_on for each in visits)
    loads = [row.visits.filter(team=team).count() for team in row.teams.all()]
    assert sorted(loads) == [1, 2]
    first = {each.locality_id: (each.team_id, each.planned_on) for each in visits}
    actions.lay_out_round(OversightRound.objects.get(pk=row.pk), by=world.people.office)
    assert first == {each.locality_id: (each.team_id, each.planned_on) for each in row.visits.all()}


def test_recusals_are_kept(world):
    row = with_teams(world)
    first = row.teams.get(number=1)
    actions.lay_out_round(row, by=world.people.office)
    for region in (world.regions.qingshi, world.regions.baita):
        actions.recuse(row, world.people.housing, region, "曾在当地任职", by=world.people.office)
    assert not row.visits.filter(team=first, locality__in=["539702001", "539702101"]).exists()
    actions.lay_out_round(OversightRound.objects.get(pk=row.pk), by=world.people.office)
    assert set(row.visits.filter(team=first).values_list("locality", flat=True)) == {"539721100"}
    with pytest.raises(Refused, match="回避"):
        actions.arrange(visit_of(row, world), team=first, planned_on=month().last, by=world.people.office)
    actions.recuse(row, world.people.market, world.regions.qingshi, "亲属任职", by=world.people.office)
    with pytest.raises(Refused, match="青石街道：所有督导组都须回避"):
        actions.lay_out_round(OversightRound.objects.get(pk=row.pk), by=world.people.office)


def test_nobody_supervises_their_own_locality(world):
    row = make_round(world)
    actions.compose_team(row, leader=world.people.qingshi_leader, by=world.people.office)
    with pytest.raises(Refused, match="回避"):
        actions.lay_out_round(row, by=world.people.office)


def test_the_second_press_of_two_windows_is_told(world):
    row = with_teams(world)
    theirs = OversightRound.objects.select_related("organization").get(pk=row.pk)
    actions.lay_out_round(row, by=world.people.office)
    with pytest.raises(IllegalMove, match="刚刚"):
        actions.lay_out_round(theirs, by=world.people.office)


def test_issuing_opens_a_duty_for_each_visit(world):
    row = with_teams(world)
    with pytest.raises(Refused, match="没有排期"):
        actions.issue_round(row, by=world.people.office)
    actions.lay_out_round(row, by=world.people.office)
    actions.issue_round(row, by=world.people.office)
    duties = Duty.objects.filter(kind="oversight_round")
    assert duties.count() == 3
    assert {each.post.title for each in duties} == {"局长", "主任"}
    with pytest.raises(IllegalMove):
        actions.issue_round(row, by=world.people.office)


def test_a_changed_visit_takes_its_duty_along(world):
    row = issued(world)
    visit = visit_of(row, world)
    other = row.teams.exclude(pk=visit.team_id).get()
    with pytest.raises(ReasonRequired):
        actions.arrange(visit, team=other, planned_on=month().last, by=world.people.office)
    actions.arrange(visit, team=other, planned_on=month().last, reason="组长出差", by=world.people.office)
    duty = Duty.objects.open().get(subject=f"oversight.oversightvisit:{visit.pk}")
    assert (duty.due_on, duty.organization) == (month().last, other.seats.get(part="leader").organization)


def test_unannounced_a_locality_sees_nothing_before(world):
    row = issued(world)
    visit = visit_of(row, world)
    street = world.people.qingshi_officer
    assert not OversightVisit.objects.visible_to(street).exists()
    assert not OversightRound.objects.visible_to(street).exists()
    assert OversightVisit.objects.visible_to(world.people.office).count() == 3
    assert set(OversightVisit.objects.visible_to(world.people.expert)) == set(
        row.visits.filter(team__number=1)
    )
    OversightRound.objects.filter(pk=row.pk).update(is_announced=True)
    assert list(OversightVisit.objects.visible_to(street)) == [visit]


def test_the_draw_is_made_once_and_anybody_can_make_it_again(world):
    visit = under_way(world)
    statement = actions.statement(visit)
    assert draws.verify(statement) == []
    assert statement["result"] == [{"object": str(world.enterprises.shop.pk), "inspectors": ["1"]}]
    with pytest.raises(IllegalMove, match="不能重抽"):
        actions.draw_sites(visit_of(visit.round, world), by=world.people.housing)
    pick = visit.picks.get()
    with pytest.raises(Refused, match="全部抽中"):
        actions.replace_site(pick, reason="停业", by=world.people.housing)


def test_a_visit_is_signed_as_one(world):
    visit = under_way(world)
    by = world.people.housing
    with pytest.raises(Refused, match="12 项职责检查没有结论"):
        actions.submit_visit(visit, visited_on=today(), overall="较好", by=by)
    with pytest.raises(Refused, match="写明看到的情况"):
        actions.answer_points(visit, {"lead.study": ("no", "")}, by=by)
    actions.answer_points(visit, answers(visit, report_time="十月报表晚报两天"), by=by)
    with pytest.raises(Refused, match="点位没有结果"):
        actions.submit_visit(visit, visited_on=today(), overall="较好", by=by)
    actions.see_site(visit.picks.get(), result="clean", by=by)
    with pytest.raises(PermissionDenied):
        actions.submit_visit(visit, visited_on=today(), overall="较好", by=world.people.office)
    actions.submit_visit(visit, visited_on=today(), overall="较好", by=by)
    finding = OversightFinding.objects.get()
    assert (finding.code, finding.status, finding.level) == ("report.time", "rectifying", "locality")
    assert "十月报表晚报两天" in finding.description
    assert finding.clock["rule"] == "oversight.finding"
    assert Duty.objects.open().get(kind="oversight_finding").organization == world.organizations.qingshi
    assert not Duty.objects.open().filter(subject=f"oversight.oversightvisit:{visit.pk}").exists()
    assert list(OversightVisit.objects.visible_to(world.people.qingshi_officer)) == [visit]
    with pytest.raises(IllegalMove):
        actions.answer_points(visit_of(visit.round, world), {}, by=by)
    assert verify_record().is_clean


def test_nothing_is_added_to_a_visit_that_was_signed_a_moment_ago(world):
    visit = under_way(world)
    slower = visit_of(visit.round, world)  # as the page of the other member was loaded
    pick = slower.picks.select_related("enterprise", "visit__round__organization").first()
    submit(world, visit)
    by = world.people.housing
    with pytest.raises(IllegalMove):
        actions.see_site(pick, result="shut", note="大门紧锁", by=by)
    with pytest.raises(IllegalMove):
        actions.record_finding(
            slower, level="locality", code="ledger.true", description="台账没有照片",
            organization=world.organizations.qingshi, by=by,
        )  # fmt: skip
    with pytest.raises(IllegalMove):
        actions.answer_points(slower, {"ledger.true": ("no", "没有照片")}, by=by)
    assert not visit.findings.exists()


def test_a_danger_at_a_site_goes_into_the_one_ledger(world):
    finding = found(
        world, level="enterprise", organization=None, enterprise=world.enterprises.shop, code="现场状况",
        description="后厨连接软管长 2.6 米",
    )  # fmt: skip
    hazard = Hazard.objects.get()
    assert (finding.status, finding.hazard, hazard.source) == ("in_ledger", hazard, "oversight")
    assert hazard.found_organization == world.organizations.housing
    assert finding.visit.picks.get().result == "found"
    assert OversightFinding.objects.unfinished().count() == 1
    Hazard.objects.update(status="dismissed", due_on=None)
    assert OversightFinding.objects.closed().count() == 1


def test_what_an_expert_finds_the_office_enters(world):
    finding = found(
        world, level="enterprise", organization=None, enterprise=world.enterprises.shop, code="现场状况",
        description="报警器未通电", by=world.people.expert,
    )  # fmt: skip
    assert (finding.status, finding.hazard) == ("recorded", None)
    with pytest.raises(PermissionDenied):
        actions.enter_ledger(finding, by=world.people.housing)
    hazard = actions.enter_ledger(finding, by=world.people.office)
    assert (hazard.description, finding.status) == ("报警器未通电", "in_ledger")
    with pytest.raises(IllegalMove):
        actions.enter_ledger(finding, by=world.people.office)


def test_a_site_elsewhere_is_not_looked_at(world):
    visit = under_way(world)
    with pytest.raises(Refused, match="不在青石街道"):
        actions.add_site(visit, world.enterprises.station, reason="举报", by=world.people.housing)
    with pytest.raises(Refused, match="已在这次督导"):
        actions.add_site(visit, world.enterprises.shop, reason="举报", by=world.people.housing)
    with pytest.raises(Refused, match="不在这次督导的点位里"):
        actions.record_finding(
            visit, level="enterprise", code="现场状况", description="x", enterprise=world.enterprises.station,
            by=world.people.housing,
        )  # fmt: skip


def test_strangers_write_nothing(world):
    visit = under_way(world)
    for stranger in (world.people.market, world.people.qingshi_officer, world.people.inspectorate):
        with pytest.raises(PermissionDenied):
            actions.answer_points(visit, {}, by=stranger)


def test_coverage_names_who_was_left_out(world):
    visit = under_way(world)
    submit(world, visit)
    rows = {each.body.short_name: each.state for each in coverage(world.people.office, month(), on=today())}
    assert rows["青石街道"] == "done"
    assert set(rows) == {"青石街道", "白塔镇", "河沿镇"}
    others = {each.body.short_name: each.state for each in coverage(world.people.office, month(), on=month().last + dt.timedelta(days=1))}  # fmt: skip
    assert (others["白塔镇"], others["河沿镇"]) == ("late", "late")
    assert tally(coverage(world.people.office, month(), on=today()))["done"] == 1
    with pytest.raises(Refused, match="白塔镇"):
        actions.close_round(visit.round, summary="", by=world.people.office)
    for name in ("baita", "heyan"):
        actions.cancel_visit(
            visit_of(visit.round, world, name), reason="防汛，移到下月", by=world.people.office
        )
    actions.close_round(visit.round, summary="总体较好", by=world.people.office)
    assert not Duty.objects.open().filter(kind="oversight_round").exists()


def test_the_month_is_owed_by_whoever_keeps_the_rhythm(world):
    from django.utils import timezone

    assert owing.owe_rounds(timezone.now()) == 0
    row = issued(world)
    assert owing.owe_rounds(timezone.now()) == 0
    OversightRound.objects.filter(pk=row.pk).update(period=month().first - dt.timedelta(days=30))
    assert (owing.owe_rounds(timezone.now()), owing.owe_rounds(timezone.now())) == (1, 0)
    duty = Duty.objects.open().get(subject=f"accounts.organization:{world.organizations.office.pk}")
    assert duty.clock["rule"] == "oversight.plan"
    OversightRound.objects.filter(pk=row.pk).update(status="closed")
    people = world.people
    nobody = Post.objects.create(
        organization=world.organizations.market, title="局长", role=Role.DEPARTMENT_LEADER
    )
    leader = User.objects.create_user("market_leader", None, full_name="何局长")
    Holding.objects.create(user=leader, post=nobody, from_on=dt.date(2026, 1, 1))
    issued_again = make_round(world)
    actions.compose_team(issued_again, leader=leader, by=people.office)
    actions.lay_out_round(issued_again, by=people.office)
    actions.issue_round(issued_again, by=people.office)
    duty.refresh_from_db()
    assert duty.status == "done"


def test_handed_over_the_street_owes_it(world):
    finding = handed_over(world)
    assert (finding.status, finding.due_on > today()) == ("rectifying", True)
    assert OversightFinding.objects.visible_to(world.people.qingshi_officer).count() == 1
    assert not OversightFinding.objects.visible_to(world.people.outsider).exists()
    assert not OversightFinding.objects.visible_to(world.people.baita_leader).exists()
