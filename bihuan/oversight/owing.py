"""What supervision, meetings and districts owe, by whom and by when; and what the worker opens when a period begins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import service_user
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import chain_of
from bihuan.duties import clock
from bihuan.duties.actions import NewDuty, finish_duty, open_duties, open_duty, reschedule_duty
from bihuan.duties.models import Duty

from .models import (
    District,
    DistrictLead,
    DistrictVisit,
    Meeting,
    MeetingSeries,
    OversightFinding,
    OversightRound,
    OversightVisit,
    Resolution,
    TeamSeat,
)
from .rhythm import Period, period_of
from .workflow import MeetingStatus, RoundStatus

HELD = [MeetingStatus.HELD, MeetingStatus.CONFIRMING, MeetingStatus.CONFIRMED, MeetingStatus.ISSUED]


# --- rounds ----------------------------------------------------------------------------------


def owe_visits(visits: Iterable[OversightVisit], *, by: User) -> None:
    """Every visit of an issued round is owed by the body of the team's leader, on the planned day."""
    rows = list(visits)
    leaders = _leaders(rows)
    open_duties([_visit_duty(each, leaders[each.team_id]) for each in rows if each.team_id in leaders], by=by)


def visit_moved(visit: OversightVisit, *, by: User) -> None:
    """Another team or another day: the duty goes along."""
    finish_duty(visit, Duty.Kind.OVERSIGHT_ROUND, by=by, cancelled=True)
    owe_visits([visit], by=by)


def _leaders(visits: list[OversightVisit]) -> dict[int | None, TeamSeat]:
    rows = TeamSeat.objects.filter(
        team__in={each.team_id for each in visits}, part=TeamSeat.Part.LEADER
    ).select_related("organization", "user")
    return {each.team_id: each for each in rows}


def _visit_duty(visit: OversightVisit, leader: TeamSeat) -> NewDuty:
    post = next((post for post in leader.user.posts if post.organization_id == leader.organization_id), None)
    told = {"summary": f"{visit.round}排定的督导日期 {visit.planned_on}", "source": ""}
    return NewDuty(
        kind=Duty.Kind.OVERSIGHT_ROUND,
        subject=visit,
        title=f"督导{visit.organization.short_name}",
        url=visit.get_absolute_url(),
        organization=leader.organization,
        place=visit,
        post=post,
        due_on=visit.planned_on,
        clock=told,
    )


def plan_settled(office: Organization, *, by: User) -> None:
    """A round of the month is out: the office no longer owes its planning."""
    finish_duty(office, Duty.Kind.OVERSIGHT_ROUND, by=by)


def owe_rounds(now: dt.datetime) -> int:
    """Every office that covers its localities monthly owes this month's round; returns how many duties were opened.

    An office that has ever issued a monthly round keeps the rhythm (R108); run again it does nothing.
    """
    today, by, opened = timezone.localdate(now), service_user(), 0
    month = period_of("month", today)
    monthly = OversightRound.objects.filter(kind=OversightRound.Kind.MONTHLY)
    keeping = monthly.filter(status__in=[RoundStatus.RUNNING, RoundStatus.CLOSED]).values("organization")
    done = monthly.filter(period=month.first).exclude(
        status__in=[RoundStatus.CANCELLED, RoundStatus.PLANNING]
    )
    offices = Organization.objects.current(on=today).filter(pk__in=keeping)
    for office in offices.exclude(pk__in=done.values("organization")).select_related("region"):
        derived = clock.due("oversight.plan", month.first)
        opened += _once(
            Duty.Kind.OVERSIGHT_ROUND, office, office, f"编排并下达{month.words}全覆盖督导",
            "/oversight/", place_of(office.region), derived.due_on, derived.explanation, by,
        )  # fmt: skip
    return opened


# --- findings --------------------------------------------------------------------------------


def owe_finding(finding: OversightFinding, *, by: User) -> None:
    """The body it is about owes the rectification."""
    assert finding.organization is not None
    open_duty(
        kind=Duty.Kind.OVERSIGHT_FINDING, subject=finding,
        title=f"{'上级反馈' if finding.reception_id else '督导'}问题整改：{finding}",
        url=finding.get_absolute_url(), organization=finding.organization, place=finding, due_on=finding.due_on,
        clock=finding.clock, by=by,
    )  # fmt: skip


def finding_replied(finding: OversightFinding, *, by: User) -> None:
    """The body has answered: whoever found it owes the verification."""
    finish_duty(finding, Duty.Kind.OVERSIGHT_FINDING, by=by)
    open_duty(
        kind=Duty.Kind.OVERSIGHT_VERIFY, subject=finding,
        title=f"核验{'上级反馈' if finding.reception_id else '督导'}问题：{finding}",
        url=finding.get_absolute_url(), organization=finding.found_organization, place=finding,
        clock_rule="oversight.verify", by=by,
    )  # fmt: skip


def finding_judged(finding: OversightFinding, *, passed: bool, by: User) -> None:
    """Verified or sent back."""
    finish_duty(finding, Duty.Kind.OVERSIGHT_VERIFY, by=by)
    if not passed:
        owe_finding(finding, by=by)


def finding_extended(finding: OversightFinding, *, by: User) -> None:
    reschedule_duty(finding, Duty.Kind.OVERSIGHT_FINDING, finding.due_on, finding.clock, by=by)


def finding_settled(finding: OversightFinding, *, by: User) -> None:
    """Nothing is owed of it any more."""
    for kind in (Duty.Kind.OVERSIGHT_FINDING, Duty.Kind.OVERSIGHT_VERIFY):
        finish_duty(finding, kind, by=by, cancelled=True)


# --- meetings --------------------------------------------------------------------------------


def period_held(series: MeetingSeries, period: Period) -> bool:
    """Whether a meeting of the series was held within a period."""
    return Meeting.objects.filter(
        series=series,
        status__in=HELD,
        held_at__date__gte=period.first,
        held_at__date__lte=period.last,
    ).exists()


def owe_meetings(now: dt.datetime) -> int:
    """Every meeting by rhythm that has not been held in this period is owed by its end; returns how many were opened."""
    today, by, opened = timezone.localdate(now), service_user(), 0
    rows = MeetingSeries.objects.filter(is_active=True, starts_on__lte=today).exclude(
        rhythm=MeetingSeries.Rhythm.NONE
    )
    for series in rows.select_related("organization"):
        period = period_of(series.rhythm, today)
        if period_held(series, period):
            meeting_held(series, by=by)
            continue
        told = {
            "summary": f"{series.get_rhythm_display()}召开一次，{period.words}应在 {period.last} 前召开",
            "source": series.basis,
        }
        opened += _once(
            Duty.Kind.MEETING, series, series.organization, f"召开{period.words}{series.name}",
            series.get_absolute_url(), series, period.last, told, by,
        )  # fmt: skip
    return opened


def meeting_held(series: MeetingSeries, *, by: User) -> None:
    """A meeting of the series was held: what was owed of it is done."""
    finish_duty(series, Duty.Kind.MEETING, by=by)


def owe_minutes(meeting: Meeting, *, by: User) -> None:
    """Minutes are to be out some days after the meeting."""
    derived = clock.due("meeting.minutes", timezone.localdate(meeting.held_at))
    _once(
        Duty.Kind.MEETING, meeting, meeting.organization, f"印发会议纪要：{meeting}",
        meeting.get_absolute_url(), meeting, derived.due_on, derived.explanation, by,
    )  # fmt: skip


def minutes_issued(meeting: Meeting, *, by: User) -> None:
    finish_duty(meeting, Duty.Kind.MEETING, by=by)


# --- resolutions -----------------------------------------------------------------------------


def owe_resolution(resolution: Resolution, *, by: User, support: bool = True) -> None:
    """The lead owes the resolution, each supporting body its part."""
    bodies = [(resolution.lead, "")]
    if support:
        bodies += [(each.organization, "配合：") for each in resolution.shares.select_related("organization")]
    for body, words in bodies:
        open_duty(
            kind=Duty.Kind.RESOLUTION, subject=resolution, title=f"{words}{resolution}",
            url=resolution.get_absolute_url(), organization=body, place=resolution, due_on=resolution.due_on,
            clock=resolution.clock, by=by,
        )  # fmt: skip


def resolution_reported(resolution: Resolution, *, by: User) -> None:
    """Told done by the lead: the convening office owes the confirmation; supporting bodies stay on call."""
    finish_duty(resolution, Duty.Kind.RESOLUTION, by=by, organization=resolution.lead)
    office = resolution.meeting.organization
    derived = clock.due("resolution.confirm", timezone.localdate())
    _once(
        Duty.Kind.MEETING, resolution, office, f"确认议定事项办结：{resolution}", resolution.get_absolute_url(),
        resolution, derived.due_on, derived.explanation, by,
    )  # fmt: skip


def resolution_judged(resolution: Resolution, *, passed: bool, by: User) -> None:
    """Confirmed: everybody is done. Sent back: the lead owes it again, by the day that stands."""
    finish_duty(resolution, Duty.Kind.MEETING, by=by)
    if passed:
        finish_duty(resolution, Duty.Kind.RESOLUTION, by=by)
    else:
        owe_resolution(resolution, by=by, support=False)


def resolution_extended(resolution: Resolution, *, by: User) -> None:
    reschedule_duty(resolution, Duty.Kind.RESOLUTION, resolution.due_on, resolution.clock, by=by)


def resolution_settled(resolution: Resolution, *, by: User) -> None:
    for kind in (Duty.Kind.RESOLUTION, Duty.Kind.MEETING):
        finish_duty(resolution, kind, by=by, cancelled=True)


# --- districts -------------------------------------------------------------------------------


def owe_districts(now: dt.datetime) -> int:
    """Every district that has a leader is visited once a period; returns how many duties were opened.

    A visit missed in an earlier period stays owed, overdue, until it is made. Run again it does nothing.
    """
    today, by = timezone.localdate(now), service_user()
    leads = DistrictLead.objects.in_force(on=today).filter(district__is_active=True)
    return sum(owe_district(each, on=today, by=by) for each in leads.select_related(*_LEAD))


_LEAD = ("district", "post__organization")


def owe_district(lead: DistrictLead, *, on: dt.date, by: User) -> int:
    """Open the duty of this period unless the visit was made; 1 if it was opened."""
    district = lead.district
    period = period_of(district.rhythm, on)
    if visited_in(district, period):
        return 0
    told = {
        "summary": f"{district.get_rhythm_display()}至少走访一次，{period.words}应在 {period.last} 前走访",
        "source": district.basis,
    }
    subject = chain_of(district)
    if Duty.objects.open().filter(subject=subject, kind=Duty.Kind.DISTRICT_VISIT).exists():
        return 0
    open_duty(
        kind=Duty.Kind.DISTRICT_VISIT, subject=district, title=f"包干走访：{district}",
        url=district.get_absolute_url(), organization=lead.post.organization, place=district, post=lead.post,
        due_on=period.last, clock=told, by=by,
    )  # fmt: skip
    return 1


def visited_in(district: District, period: Period) -> bool:
    return DistrictVisit.objects.filter(
        district=district, visited_on__gte=period.first, visited_on__lte=period.last
    ).exists()


def district_visited(district: District, *, by: User) -> None:
    finish_duty(district, Duty.Kind.DISTRICT_VISIT, by=by)


def district_handed_over(district: District, lead: DistrictLead | None, *, by: User) -> None:
    """Another post leads, or none: what is open goes along, with its date."""
    rows = Duty.objects.open().filter(subject=chain_of(district), kind=Duty.Kind.DISTRICT_VISIT)
    due_on, told = rows.values_list("due_on", "clock").first() or (None, {})
    finish_duty(district, Duty.Kind.DISTRICT_VISIT, by=by, cancelled=True)
    if lead is None:
        return
    if due_on is None:
        owe_district(lead, on=timezone.localdate(), by=by)
        return
    open_duty(
        kind=Duty.Kind.DISTRICT_VISIT, subject=district, title=f"包干走访：{district}",
        url=district.get_absolute_url(), organization=lead.post.organization, place=district, post=lead.post,
        due_on=due_on, clock=told, by=by,
    )  # fmt: skip


def open_due(now: dt.datetime) -> int:
    """What the worker brings round: rounds, meetings and visits of districts that have come due."""
    return owe_rounds(now) + owe_meetings(now) + owe_districts(now)


def _once(
    kind: str, subject: Any, body: Organization, title: str, url: str, place: Any, due_on: dt.date,
    told: dict[str, Any], by: User,
) -> int:  # fmt: skip
    """Open one duty unless it is open already; 1 if it was opened."""
    if Duty.objects.open().filter(subject=chain_of(subject), kind=kind, organization=body).exists():
        return 0
    open_duty(
        kind=kind, subject=subject, title=title, url=url, organization=body, place=place, due_on=due_on, clock=told,
        by=by,
    )  # fmt: skip
    return 1
