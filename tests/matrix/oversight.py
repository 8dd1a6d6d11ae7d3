"""Pages of `oversight`, judged as tests/matrix/pages.py judges the others.

The round, the meeting and the districts are the county office's. The visit to Qingshi street is done and signed by a team
of the county's leader and the expert; another, to Baita town, waits. The district of Qingshi is led by the county's leader.
The county's office also receives a visit of the city, of whose list Qingshi street prepares a line.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bihuan.oversight import actions
from bihuan.oversight.models import Meeting, OversightFinding, OversightRound, OversightVisit, ReceptionLine
from bihuan.oversight.rhythm import period_of

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
oversight:overview            | GET      | list      | OL OO DL DO LL LO EX IS |
oversight:coverage            | GET      | list      | OL OO DL DO LL LO IS |
oversight:export_coverage     | GET POST | list      | OL OO DL DO LL LO IS |
oversight:findings            | GET      | list      | OL OO DL DO LL LO EX IS |
oversight:export_findings     | GET POST | list      | OL OO DL DO LL LO IS |
oversight:recurrent           | GET      | list      | OL OO DL DO LL LO IS |
oversight:create_round        | GET POST | list      | OO                  |
oversight:round               | GET      | street    | OL OO LL LO EX IS   | DL DO
oversight:edit_round          | GET POST | street    | OO                  |
oversight:team                | GET POST | street    | OO                  |
oversight:feedback            | GET      | street    | OL OO LL LO EX IS   | DL DO
oversight:round_act lay_out   | POST     | street    | OO                  |
oversight:arrange             | POST     | street    | OO                  |
oversight:visit               | GET      | street    | OL OO LL LO EX IS   | DL DO
oversight:statement           | GET      | street    | OL OO LL LO EX IS   | DL DO
oversight:visit_act answers   | POST     | street    | OL OO EX            | DL DO
oversight:finding             | GET      | street    | OL OO LL LO EX IS   | DL DO
oversight:finding_act reply   | POST     | street    | LL LO               | DL DO
oversight:finding_act verify  | POST     | street    | OL OO EX            | DL DO
oversight:finding_act extend  | POST     | street    | OO                  | DL DO

oversight:meetings            | GET      | list      | OL OO DL DO LL LO IS |
oversight:create_meeting      | GET POST | list      | OO                  |
oversight:adopt_series        | POST     | list      | OO                  |
oversight:create_series       | GET POST | list      | OO                  |
oversight:series              | GET      | street    | OL OO LL LO IS      | DL DO
oversight:edit_series         | GET POST | street    | OO                  |
oversight:meeting             | GET      | street    | OL OO LL LO IS      | DL DO
oversight:edit_meeting        | GET POST | street    | OO                  |
oversight:meeting_act attend  | POST     | street    | LL LO               | DL DO
oversight:meeting_act hold    | POST     | street    | OO                  | DL DO
oversight:resolutions         | GET      | list      | OL OO DL DO LL LO IS |
oversight:export_resolutions  | GET POST | list      | OL OO DL DO LL LO IS |
oversight:resolution          | GET      | street    | OL OO LL LO IS      | DL DO
oversight:resolution_act progress | POST | street    | LL LO               | DL DO
oversight:resolution_act extend | POST   | street    | OO                  | DL DO

oversight:districts           | GET      | list      | OL OO DL DO LL LO IS |
oversight:create_district     | GET POST | list      | OO                  |
oversight:lay_out_districts   | POST     | list      | OO                  |
oversight:export_districts    | GET POST | list      | OL OO DL DO LL LO IS |
oversight:mine                | GET      | list      | OL DL LL            |
oversight:district            | GET      | street    | OL OO LL LO IS      | DL DO
oversight:district_act assign | POST     | street    | OO                  |
oversight:visit_district      | GET POST | street    | OL                  | DL
oversight:district_visit      | GET      | street    | OL OO LL LO IS      | DL DO

oversight:receptions          | GET      | list      | OL OO DL DO LL LO IS |
oversight:create_reception    | GET POST | list      | OO                  |
oversight:reception           | GET      | street    | OL OO LL LO IS      | DL DO
oversight:edit_reception      | GET POST | street    | OO                  |
oversight:create_line         | GET POST | street    | OO                  |
oversight:import_lines        | GET POST | street    | OO                  |
oversight:import_told         | GET POST | street    | OO                  |
oversight:reception_score     | GET POST | street    | OO                  |
oversight:reception_report    | GET      | street    | OL OO LL LO IS      | DL DO
oversight:reception_report write | POST  | street    | OO                  | DL DO
oversight:reception_report issue | POST  | street    | OL                  | DL DO
oversight:reception_comparison | GET     | street    | OL OO LL LO IS      | DL DO
oversight:export_reception_lines | GET POST | street | OL OO LL LO IS      | DL DO
oversight:reception_act begin | POST     | street    | OO                  | DL DO
oversight:reception_line      | GET      | street    | OL OO LL LO IS      | DL DO
oversight:reception_line_act hand_in | POST | street | LL LO               | DL DO
oversight:reception_line_act accept | POST | street  | OO                  | DL DO
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "oversight:round": {"pk": "oversight_round"},
    "oversight:edit_round": {"pk": "oversight_round"},
    "oversight:team": {"pk": "oversight_round"},
    "oversight:feedback": {"pk": "oversight_round"},
    "oversight:round_act": {"pk": "oversight_round", "key": "="},
    "oversight:arrange": {"pk": "oversight_visit"},
    "oversight:visit": {"pk": "oversight_visit"},
    "oversight:statement": {"pk": "oversight_visit"},
    "oversight:visit_act": {"pk": "oversight_visit", "key": "="},
    "oversight:finding": {"pk": "oversight_finding"},
    "oversight:finding_act": {"pk": "oversight_finding", "key": "="},
    "oversight:series": {"pk": "meeting_series"},
    "oversight:edit_series": {"pk": "meeting_series"},
    "oversight:meeting": {"pk": "meeting"},
    "oversight:edit_meeting": {"pk": "meeting"},
    "oversight:meeting_act": {"pk": "meeting", "key": "="},
    "oversight:resolution": {"pk": "resolution"},
    "oversight:resolution_act": {"pk": "resolution", "key": "="},
    "oversight:district": {"pk": "district"},
    "oversight:district_act": {"pk": "district", "key": "="},
    "oversight:visit_district": {"pk": "district"},
    "oversight:district_visit": {"pk": "district_visit"},
    "oversight:reception": {"pk": "reception"},
    "oversight:edit_reception": {"pk": "reception"},
    "oversight:create_line": {"pk": "reception"},
    "oversight:import_lines": {"pk": "reception"},
    "oversight:import_told": {"pk": "reception"},
    "oversight:reception_score": {"pk": "reception"},
    "oversight:reception_report": {"pk": "reception"},
    "oversight:reception_comparison": {"pk": "reception"},
    "oversight:export_reception_lines": {"pk": "reception"},
    "oversight:reception_act": {"pk": "reception", "key": "="},
    "oversight:reception_line": {"pk": "reception_line"},
    "oversight:reception_line_act": {"pk": "reception_line", "key": "="},
}
QUERIES: dict[str, dict[str, str]] = {}
BODIES: dict[str, dict[str, str]] = {"oversight:reception_report issue": {"issue": "=1"}}
MARKS: dict[str, str] = {}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    world, inside = stage.world, stage.inside
    office, leader, street = inside["OO"], inside["OL"], world.organizations.qingshi
    today = timezone.localdate()
    month = period_of("month", today)
    row = actions.create_round(
        kind="special", title="青石街道专项督导", starts_on=month.first, ends_on=month.last, sites=1,
        localities=[street], by=office,
    )  # fmt: skip
    actions.compose_team(row, leader=leader, experts=[inside["EX"]], by=office)
    actions.lay_out_round(row, by=office)
    actions.issue_round(row, by=office)
    visit = OversightVisit.objects.select_related("round__organization", "team", "organization").get(
        round=row
    )
    actions.draw_sites(visit, by=leader)
    pick = visit.picks.select_related("enterprise", "visit__round__organization").get()
    actions.see_site(pick, result="clean", by=leader)
    given = {each.code: ("yes", "") for each in actions.ensure_points(visit)}
    given["report.time"] = ("no", "晚报两天")
    actions.answer_points(visit, given, by=leader)
    actions.submit_visit(visit, visited_on=today, overall="较好", by=leader)
    finding = OversightFinding.objects.get(visit=visit)
    seats = [actions.Invited(street, "王同心", "主任")]
    series = actions.save_series(
        name="街道调度会", kind="dispatch", rhythm="month", starts_on=month.first, seats=seats, by=office
    )
    items = [actions.Item("近期工作")]
    earlier = actions.plan_meeting(
        title="上次调度会", kind="dispatch", held_at=timezone.now(), place="会议室", chair_name="主任", series=series,
        items=items, by=office,
    )  # fmt: skip
    actions.convene(earlier, by=office)
    actions.hold(earlier, {each.pk: actions.Came("present") for each in earlier.attendances.all()}, by=office)
    resolution = actions.add_resolution(earlier, text="清理占道", lead=street, by=office)
    actions.draft_minutes(earlier, text="研究了工作。", by=office)
    actions.submit_minutes(earlier, by=office)
    actions.confirm_minutes(earlier, by=leader)
    actions.issue_minutes(
        Meeting.objects.select_related("organization", "series").get(pk=earlier.pk), by=office
    )
    meeting = actions.plan_meeting(
        title="本次调度会", kind="dispatch", held_at=timezone.now(), place="会议室", chair_name="主任", series=series,
        items=items, by=office,
    )  # fmt: skip
    actions.convene(meeting, by=office)
    district = actions.create_district(region=world.regions.qingshi, by=office)
    actions.assign_lead(district, leader.posts[0], from_on=today, by=office)
    walked = actions.record_visit(
        district, client_id=uuid.uuid4(), visited_on=today, place="幸福路", seen="四家餐馆", by=leader
    )
    upper = actions.register_reception(
        actions.Notice("迎接市级督查", "市督查组", "云溪市安委办", "city", today, today, today, month.first),
        by=office,
    )
    actions.add_lines(upper, [actions.LineGiven("台账登记")], by=office)
    line = ReceptionLine.objects.get(reception=upper)
    actions.assign_lines(upper, [line], organization=street, due_on=today, by=office)
    return {
        "reception": upper.pk,
        "reception_line": line.pk,
        "oversight_round": OversightRound.objects.get(pk=row.pk).pk,
        "oversight_visit": visit.pk,
        "oversight_finding": finding.pk,
        "meeting_series": series.pk,
        "meeting": meeting.pk,
        "resolution": resolution.pk,
        "district": district.pk,
        "district_visit": walked.pk,
    }
