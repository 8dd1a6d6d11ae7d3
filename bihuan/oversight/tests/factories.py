"""Rounds, meetings and districts at every stage of their lives, brought there by the acts people use."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.oversight import actions
from bihuan.oversight.models import (
    District,
    DistrictVisit,
    Meeting,
    MeetingSeries,
    OversightFinding,
    OversightRound,
    OversightVisit,
    Resolution,
)
from bihuan.oversight.rhythm import period_of


def today() -> dt.date:
    return timezone.localdate()


def later(days: int) -> dt.date:
    return today() + dt.timedelta(days=days)


def month():
    return period_of("month", today())


def make_round(world: World, **changes: Any) -> OversightRound:
    given = {
        "kind": "monthly", "starts_on": month().first, "ends_on": month().last, "sites": 1, "per_day": 2,
        "focus": "燃气用户排查是否到位", "by": world.people.office,
    }  # fmt: skip
    return actions.create_round(**(given | changes))


def with_teams(world: World, **changes: Any) -> OversightRound:
    row = make_round(world, **changes)
    people = world.people
    actions.compose_team(
        row, leader=people.housing_leader, members=[people.housing], experts=[people.expert], by=people.office
    )
    actions.compose_team(row, leader=people.office_leader, members=[people.market], by=people.office)
    return row


def issued(world: World, **changes: Any) -> OversightRound:
    row = with_teams(world, **changes)
    actions.lay_out_round(row, by=world.people.office)
    actions.issue_round(row, by=world.people.office)
    return OversightRound.objects.get(pk=row.pk)


def visit_of(row: OversightRound, world: World, where: str = "qingshi") -> OversightVisit:
    body = getattr(world.organizations, where)
    return OversightVisit.objects.select_related("round__organization", "team", "organization").get(
        round=row, organization=body
    )


def under_way(world: World, **changes: Any) -> OversightVisit:
    """The visit to Qingshi street, in the hands of the housing bureau's team, its sites drawn."""
    row = issued(world, **changes)
    visit = visit_of(row, world)
    team = row.teams.get(number=1)
    if visit.team_id != team.pk or visit.planned_on != today():
        actions.arrange(visit, team=team, planned_on=today(), reason="人员调整", by=world.people.office)
        visit = visit_of(row, world)
    actions.draw_sites(visit, by=world.people.housing)
    return visit_of(row, world)


def answers(visit: OversightVisit, **wrong: str) -> dict[str, tuple[str, str]]:
    """Every point fulfilled except those named by code (dots written as _), with what was seen."""
    given = {each.code: ("yes", "") for each in actions.ensure_points(visit)}
    for name, note in wrong.items():
        given[name.replace("_", ".")] = ("no", note)
    return given


def found(world: World, **changes: Any) -> OversightFinding:
    """A problem of the street, recorded on the visit and not yet handed over."""
    visit = under_way(world)
    given = {
        "level": "locality", "code": "ledger.true", "description": "隐患台账有三条没有照片", "demand": "补拍并建立复核",
        "organization": world.organizations.qingshi, "by": world.people.housing,
    }  # fmt: skip
    return actions.record_finding(visit, **(given | changes))


def submit(world: World, visit: OversightVisit) -> None:
    for pick in visit.picks.filter(result=""):
        actions.see_site(pick, result="clean", note="管线完好", by=world.people.housing)
    actions.answer_points(visit, answers(visit), by=world.people.housing)
    actions.submit_visit(
        visit, visited_on=today(), overall="总体较好", met="王同心", praise="网格员随身带检查表",
        by=world.people.housing,
    )  # fmt: skip


def handed_over(world: World, **changes: Any) -> OversightFinding:
    """The same, signed and in the hands of the street."""
    finding = found(world, **changes)
    visit = OversightVisit.objects.select_related("round__organization", "organization").get(
        pk=finding.visit_id
    )
    submit(world, visit)
    return again(finding)


def again(finding: OversightFinding) -> OversightFinding:
    return OversightFinding.objects.select_related(
        "organization", "found_organization", "visit__round", "enterprise", "district_visit"
    ).get(pk=finding.pk)


def make_series(world: World, **changes: Any) -> MeetingSeries:
    given = {
        "name": "安委会全体会议", "kind": "committee", "rhythm": "quarter", "starts_on": dt.date(2026, 1, 1),
        "seats": [
            actions.Invited(world.organizations.housing, "周为民", "局长"),
            actions.Invited(world.organizations.market, "吴正规", "科长"),
            actions.Invited(world.organizations.qingshi, "王同心", "主任"),
        ],
        "chair_name": "钱立行", "chair_title": "主任", "by": world.people.office,
    }  # fmt: skip
    return actions.save_series(**(given | changes))


def make_meeting(world: World, **changes: Any) -> Meeting:
    series = changes.pop("series", None) or make_series(world)
    given = {
        "title": "第四季度安委会全体会议", "kind": "committee", "held_at": timezone.now(), "place": "第一会议室",
        "chair_name": "钱立行", "series": series, "items": [actions.Item("三季度形势分析", world.organizations.housing)],
        "by": world.people.office,
    }  # fmt: skip
    return actions.plan_meeting(**(given | changes))


def held(world: World, **changes: Any) -> Meeting:
    """A meeting of three bodies: one came, one sent somebody, one stayed away."""
    meeting = make_meeting(world, **changes)
    actions.convene(meeting, by=world.people.office)
    rows = list(meeting.attendances.order_by("position"))
    states = [actions.Came("present"), actions.Came("deputy", "冯代会", "出差"), actions.Came("absent")]
    actions.hold(
        meeting, {row.pk: came for row, came in zip(rows, states, strict=True)}, by=world.people.office
    )
    return Meeting.objects.select_related("organization", "series").get(pk=meeting.pk)


def minuted(world: World, **changes: Any) -> Meeting:
    """The same with minutes sent for confirmation and one resolution."""
    meeting = held(world, **changes)
    actions.add_resolution(
        meeting, text="月底前完成餐饮用户燃气报警器安装", lead=world.organizations.housing,
        support=[world.organizations.market, world.organizations.qingshi], due_on=later(30), by=world.people.office,
    )  # fmt: skip
    actions.draft_minutes(meeting, text="会议分析了三季度形势。", by=world.people.office)
    actions.submit_minutes(meeting, by=world.people.office)
    return Meeting.objects.select_related("organization", "series").get(pk=meeting.pk)


def published(world: World, **changes: Any) -> Resolution:
    """A resolution whose minutes are out."""
    meeting = minuted(world, **changes)
    actions.confirm_minutes(meeting, by=world.people.office_leader)
    actions.issue_minutes(meeting, by=world.people.office)
    return Resolution.objects.select_related("meeting__organization", "lead").get(meeting=meeting)


def make_district(world: World, *, led: bool = True, **changes: Any) -> District:
    given = {"region": world.regions.qingshi, "by": world.people.office}
    row = actions.create_district(**(given | changes))
    if led:
        actions.assign_lead(
            row, world.posts["office_leader"], from_on=today() - dt.timedelta(days=40), document="云安办〔2026〕3号",
            by=world.people.office,
        )  # fmt: skip
    return row


def walked(world: World, district: District, **changes: Any) -> DistrictVisit:
    given = {
        "client_id": uuid.uuid4(), "visited_on": today(), "place": "幸福路餐饮街", "seen": "四家餐馆都装了报警器",
        "decided": "月底前全部换金属软管", "by": world.people.office_leader,
    }  # fmt: skip
    return actions.record_visit(district, **(given | changes))
