"""Meetings: convened with an agenda, held with attendance, minutes drafted, confirmed by somebody else, issued (R029)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import LEADER_ROLES, chairs_in, leaders_of, organizations_under
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import step
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import IllegalMove, Overtaken, Refused
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from .. import owing, wording
from ..models import (
    AgendaItem,
    Attendance,
    Meeting,
    MeetingSeries,
    MeetingTransition,
    Resolution,
    SeriesSeat,
)
from ..shipped import shipped_series
from ..standing import may_move_meeting, own_office, runs
from ..workflow import MEETING_RULES, MeetingMove, MeetingStatus
from .resolutions import open_resolutions

MOST_SEATS = 100
MOST_ITEMS = 30


@dataclass(frozen=True)
class Invited:
    """A body with whoever is to come for it."""

    organization: Organization
    name: str = ""
    title: str = ""


@dataclass(frozen=True)
class Item:
    """One item of an agenda."""

    title: str
    presenter: Organization | None = None
    minutes: int = 10
    material: str = ""
    carried: Resolution | None = None


@dataclass(frozen=True)
class Came:
    """What became of one invitation."""

    state: str
    deputy_name: str = ""
    reason: str = ""


# --- the rule that a meeting is held ---------------------------------------------------------


@transaction.atomic
def save_series(
    *,
    name: str,
    kind: str,
    rhythm: str,
    starts_on: dt.date,
    seats: Sequence[Invited],
    by: User,
    chair_name: str = "",
    chair_title: str = "",
    body: str = "",
    basis: str = "",
    campaign: Campaign | None = None,
    is_active: bool = True,
    series: MeetingSeries | None = None,
) -> MeetingSeries:
    """Lay down, or change, a meeting that is held in a rhythm. Raises PermissionDenied, Refused."""
    office = own_office(by)
    if office is None or (series is not None and series.organization_id != office.pk):
        raise PermissionDenied
    if not name.strip():
        raise Refused("请填写会议名称")
    if not 1 <= len(seats) <= MOST_SEATS:
        raise Refused(f"固定参会单位应有 1 到 {MOST_SEATS} 个")
    if len({each.organization.pk for each in seats}) != len(seats):
        raise Refused("同一个单位只列一次，请核对")
    if series is None:
        place = place_of(office.region)
        series = MeetingSeries(
            organization=office, city_id=place.city_id, county_id=place.county_id, locality_id=place.locality_id,
            created_by=by, created_at=timezone.now(),
        )  # fmt: skip
    series.name, series.kind, series.rhythm, series.starts_on = name.strip(), kind, rhythm, starts_on
    series.chair_name, series.chair_title = chair_name.strip(), chair_title.strip()
    series.body, series.basis, series.campaign = body.strip(), basis.strip(), campaign
    series.is_active = is_active
    try:
        with transaction.atomic():
            series.save()
    except IntegrityError as error:
        raise Refused(f"“{name}”已经有了，请修改原来的") from error
    series.seats.all().delete()
    SeriesSeat.objects.bulk_create(
        SeriesSeat(
            series=series, organization=each.organization, name=each.name.strip(), title=each.title.strip(), position=place
        )
        for place, each in enumerate(seats)
    )  # fmt: skip
    record("oversight.series", series, by=by, summary=f"会议制度：{series}")
    if not is_active:
        owing.meeting_held(series, by=by)
    return series


@transaction.atomic
def adopt_series(*, by: User) -> list[MeetingSeries]:
    """Take over the shipped meetings the office has not yet, with the bodies of its area. Raises PermissionDenied."""
    office = own_office(by)
    if office is None:
        raise PermissionDenied
    have = set(MeetingSeries.objects.filter(organization=office).values_list("name", flat=True))
    made = []
    today = timezone.localdate()
    for each in shipped_series(today):
        if each.name in have:
            continue
        bodies = members_of(office, each.seats)
        if bodies:
            made.append(
                save_series(
                    name=each.name, kind=each.kind, rhythm=each.rhythm, starts_on=today.replace(day=1),
                    seats=[Invited(body) for body in bodies], chair_title=each.chair_title, basis=each.basis, by=by,
                )
            )  # fmt: skip
    return made


def members_of(office: Organization, kinds: Iterable[str]) -> list[Organization]:
    """The bodies of an office's own level that belong to a meeting: its departments, the offices below, its localities."""
    code, wanted, found = office.region_id, set(kinds), []
    for body in organizations_under(code, kinds=wanted).exclude(pk=office.pk):
        if body.kind == Organization.Kind.DEPARTMENT and body.region_id != code:
            continue
        found.append(body)
    return found[:MOST_SEATS]


# --- one meeting -----------------------------------------------------------------------------


@transaction.atomic
def plan_meeting(
    *,
    title: str,
    kind: str,
    held_at: dt.datetime,
    place: str,
    chair_name: str,
    by: User,
    chair_title: str = "",
    demand: str = "",
    series: MeetingSeries | None = None,
    campaign: Campaign | None = None,
    invited: Sequence[Invited] | None = None,
    items: Sequence[Item] = (),
) -> Meeting:
    """Prepare a meeting: whom to invite and what to talk about. What the last one of the series left open stands on the
    agenda first. Raises PermissionDenied, Refused."""
    office = own_office(by)
    if office is None or (series is not None and series.organization_id != office.pk):
        raise PermissionDenied
    if not title.strip() or not place.strip() or not chair_name.strip():
        raise Refused("请填写会议名称、地点和主持人")
    where = place_of(office.region)
    meeting = Meeting.objects.create(
        series=series, kind=kind, title=title.strip(), organization=office, campaign=campaign or (series.campaign if series else None),
        city_id=where.city_id, county_id=where.county_id, locality_id=where.locality_id, held_at=held_at,
        place=place.strip(), chair_name=chair_name.strip(), chair_title=chair_title.strip(), demand=demand.strip(),
        created_by=by, created_at=timezone.now(),
    )  # fmt: skip
    seats = invited
    if seats is None:
        seats = (
            [
                Invited(each.organization, each.name, each.title)
                for each in series.seats.select_related("organization")
            ]
            if series
            else []
        )
    _write_seats(meeting, seats)
    _write_agenda(meeting, [*carried_over(meeting), *items])
    record("oversight.plan_meeting", meeting, by=by, summary=f"筹备{meeting}")
    return meeting


def carried_over(meeting: Meeting) -> list[Item]:
    """What earlier meetings of the series decided and is still open, as items of this agenda."""
    if meeting.series_id is None:
        return []
    rows = (
        Resolution.objects.unfinished()
        .filter(meeting__series=meeting.series_id, meeting__held_at__lt=meeting.held_at)
        .exclude(meeting=meeting)
        .select_related("lead", "meeting")
        .order_by("due_on", "pk")
    )
    return [
        Item(f"上次议定事项落实情况：{each.text}"[:200], each.lead, 5, "", each) for each in rows[:MOST_ITEMS]
    ]


@transaction.atomic
def edit_meeting(
    meeting: Meeting,
    *,
    title: str,
    held_at: dt.datetime,
    place: str,
    chair_name: str,
    chair_title: str,
    demand: str,
    invited: Sequence[Invited],
    items: Sequence[Item],
    by: User,
) -> None:
    """Put a meeting right before it is held; whoever was invited is told of another time or place.

    Raises PermissionDenied, Refused, IllegalMove.
    """
    if not runs(by, meeting):
        raise PermissionDenied
    if not title.strip() or not place.strip() or not chair_name.strip():
        raise Refused("请填写会议名称、地点和主持人")
    moved = (meeting.held_at, meeting.place) != (held_at, place.strip())
    changed = {
        "title": title.strip(), "held_at": held_at, "place": place.strip(), "chair_name": chair_name.strip(),
        "chair_title": chair_title.strip(), "demand": demand.strip(),
    }  # fmt: skip
    open_ones = [MeetingStatus.DRAFT, MeetingStatus.CONVENED]
    if not Meeting.objects.filter(pk=meeting.pk, status__in=open_ones).update(**changed):
        raise IllegalMove(f"{meeting}已召开或者取消，不能再改")
    for name, value in changed.items():
        setattr(meeting, name, value)
    _write_seats(meeting, invited)
    meeting.agenda.all().delete()
    _write_agenda(meeting, items)
    record("oversight.edit_meeting", meeting, by=by, summary=f"修改{meeting}")
    if moved and meeting.status == MeetingStatus.CONVENED:
        _tell(meeting, f"会议改期：{meeting}", "moved" + held_at.isoformat())


def _write_seats(meeting: Meeting, invited: Sequence[Invited]) -> None:
    if len({each.organization.pk for each in invited}) != len(invited):
        raise Refused("同一个单位只请一次，请核对")
    if len(invited) > MOST_SEATS:
        raise Refused(f"一次会议最多请 {MOST_SEATS} 个单位")
    meeting.attendances.exclude(organization__in=[each.organization for each in invited]).delete()
    for place, each in enumerate(invited):
        Attendance.objects.update_or_create(
            meeting=meeting, organization=each.organization,
            defaults={"name": each.name.strip(), "title": each.title.strip(), "position": place},
        )  # fmt: skip


def _write_agenda(meeting: Meeting, items: Sequence[Item]) -> None:
    kept = [each for each in items if each.title.strip()]
    if len(kept) > MOST_ITEMS * 2:
        raise Refused(f"议题最多 {MOST_ITEMS} 个，请分几次会议")
    AgendaItem.objects.bulk_create(
        AgendaItem(
            meeting=meeting, position=place, title=each.title.strip()[:200], presenter=each.presenter,
            minutes=each.minutes, material=each.material.strip(), carried=each.carried,
        )
        for place, each in enumerate(kept)
    )  # fmt: skip


def _move(
    meeting: Meeting, move: MeetingMove, *, by: User, reason: str = "", changed: dict[str, Any] | None = None
) -> None:
    """The one door of a meeting's status."""
    if not may_move_meeting(by, move, meeting):
        raise PermissionDenied
    step(
        meeting, move, MEETING_RULES[move], MeetingTransition, by=by, reason=reason, changed=changed,
        act=f"oversight.{move.value}_meeting",
    )  # fmt: skip


@transaction.atomic
def convene(meeting: Meeting, *, by: User) -> None:
    """Send the invitations. Raises PermissionDenied, Refused without an agenda or anybody to invite, IllegalMove."""
    if not meeting.agenda.exists():
        raise Refused("还没有议题，请先编议程")
    if not meeting.attendances.exists():
        raise Refused("还没有参会单位，请先选择")
    _move(meeting, MeetingMove.CONVENE, by=by)
    _tell(meeting, f"会议通知：{meeting}", "convened")


def _tell(meeting: Meeting, words: str, matter: str) -> None:
    when = timezone.localtime(meeting.held_at)
    body = f"{when.month}月{when.day}日{when:%H:%M}，{meeting.place}。{meeting.demand}"[:480]
    bodies = meeting.attendances.values_list("organization", flat=True)
    chairs = chairs_in(bodies, timezone.localdate())
    reached = {pk for each in chairs if each.is_default or each.role in LEADER_ROLES for pk in each.people}
    people = User.objects.filter(pk__in=reached)
    transaction.on_commit(
        partial(
            notify, people, category=Message.Category.REMINDER, title=words[:120], body=body,
            url=meeting.get_absolute_url(), key=f"meeting:{meeting.pk}:{matter}"[:120],
        )
    )  # fmt: skip


@transaction.atomic
def answer_invitation(
    attendance: Attendance, *, name: str, title: str = "", deputy_name: str = "", on_leave: bool = False,
    reason: str = "", by: User,
) -> None:  # fmt: skip
    """A body says who comes, who comes instead, or that nobody can. Raises PermissionDenied, Refused, IllegalMove."""
    if not any(post.organization_id == attendance.organization_id for post in by.posts) or not by.has_perm(
        Permission.VIEW_OVERSIGHT
    ):
        raise PermissionDenied
    # Held until the transaction ends: what was recorded of who came is not written over by a late answer.
    if Meeting.objects.select_for_update().get(pk=attendance.meeting_id).status != MeetingStatus.CONVENED:
        raise IllegalMove("会议已召开或者取消，不能再报参会人")
    if (on_leave or deputy_name.strip()) and not reason.strip():
        raise Refused("请假或者委托参会的，请写明事由")
    attendance.name = name.strip()[:60] or attendance.name
    attendance.title = title.strip()[:60] or attendance.title
    state = Attendance.State.INVITED
    if on_leave:
        state = Attendance.State.LEAVE
    elif deputy_name.strip():
        state = Attendance.State.DEPUTY
    attendance.state, attendance.deputy_name = state, deputy_name.strip()[:60]
    attendance.reason = reason.strip()[:200]
    attendance.save(update_fields=["name", "title", "state", "deputy_name", "reason"])
    record(
        "oversight.answer_invitation", attendance.meeting, by=by, summary=f"{attendance}：{attendance.name}"
    )


@transaction.atomic
def hold(meeting: Meeting, came: Mapping[int, Came], *, by: User) -> None:
    """The meeting took place: who came, who sent somebody, who stayed away; `came` is by attendance.

    Raises PermissionDenied, Refused for a deputy without a name or a meeting still to come, IllegalMove.
    """
    now = timezone.now()
    if timezone.localdate(meeting.held_at) > timezone.localdate(now):
        raise Refused("会议还没有到召开的日期，不能登记到会")
    rows = list(meeting.attendances.select_related("organization"))
    for each in rows:
        given = came.get(each.pk)
        if (
            given is None
            or given.state not in Attendance.State.values
            or given.state == Attendance.State.INVITED
        ):
            raise Refused(f"请登记{each.organization.short_name}的到会情况")
        if given.state == Attendance.State.DEPUTY and not given.deputy_name.strip():
            raise Refused(f"{each.organization.short_name}委托谁参会，请填写姓名")
        each.state = given.state
        each.deputy_name = given.deputy_name.strip()[:60] if given.state == Attendance.State.DEPUTY else ""
        each.reason = given.reason.strip()[:200]
    _move(meeting, MeetingMove.HOLD, by=by)
    Attendance.objects.bulk_update(rows, ["state", "deputy_name", "reason"])
    owing.owe_minutes(meeting, by=by)
    if meeting.series is not None:
        owing.meeting_held(meeting.series, by=by)


@transaction.atomic
def draft_minutes(meeting: Meeting, *, text: str, by: User, revision: int | None = None) -> None:
    """Write the minutes; may be done as often as needed until they are sent for confirmation. `revision` is that of the
    text they were written over (that of `meeting` as it was read, without).

    Raises PermissionDenied, IllegalMove, and Overtaken when somebody else saved in between.
    """
    if not runs(by, meeting):
        raise PermissionDenied
    over, words = meeting.minutes_revision if revision is None else revision, text.strip()
    changed = {
        "minutes": words, "drafted_by": by, "minutes_revision": over + 1, "minutes_at": timezone.now(),
    }  # fmt: skip
    rows = Meeting.objects.filter(pk=meeting.pk, status=MeetingStatus.HELD, minutes_revision=over)
    if not rows.update(**changed):
        meeting.refresh_from_db(fields=["status", "minutes", "minutes_revision", "minutes_at", "drafted_by"])
        if meeting.status != MeetingStatus.HELD:
            raise IllegalMove("纪要已送审或者会议还没有召开，不能再改")
        if meeting.minutes == words:
            return  # the same words twice are one saving
        who = meeting.drafted_by.full_name if meeting.drafted_by else ""
        raise Overtaken("这份纪要", who=who, when=meeting.minutes_at, theirs=meeting.minutes)
    for name, value in changed.items():
        setattr(meeting, name, value)
    record("oversight.draft_minutes", meeting, by=by, summary=f"起草{meeting}纪要")


@transaction.atomic
def submit_minutes(meeting: Meeting, *, by: User) -> None:
    """Send the minutes for confirmation. Raises PermissionDenied, Refused while they are empty, IllegalMove."""
    if not meeting.minutes.strip():
        raise Refused("纪要还没有正文，请先起草")
    _move(meeting, MeetingMove.SUBMIT, by=by)
    leaders = leaders_of(meeting.organization)
    transaction.on_commit(
        partial(
            notify, leaders, category=Message.Category.DUTY, title=f"待审定会议纪要：{meeting}"[:120],
            url=meeting.get_absolute_url(),
        )
    )  # fmt: skip


@transaction.atomic
def return_minutes(meeting: Meeting, *, reason: str, by: User) -> None:
    """Send the minutes back to be changed. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(meeting, MeetingMove.RETURN, by=by, reason=reason)


@transaction.atomic
def confirm_minutes(meeting: Meeting, *, by: User) -> None:
    """Confirm the minutes: somebody else than who drafted them. Raises PermissionDenied, IllegalMove."""
    _move(
        meeting, MeetingMove.CONFIRM, by=by,
        changed={"confirmed_by": by, "confirmed_at": timezone.now()},
    )  # fmt: skip


@transaction.atomic
def issue_minutes(meeting: Meeting, *, by: User) -> Paper:
    """Number and issue the minutes; every resolution becomes a duty of its lead and of those who support.

    Raises PermissionDenied, IllegalMove.
    """
    if not may_move_meeting(by, MeetingMove.ISSUE, meeting):
        raise PermissionDenied
    if Meeting.objects.select_for_update().get(pk=meeting.pk).status != MeetingStatus.CONFIRMED:
        raise IllegalMove(f"“{meeting}”的纪要还没有审定，或者已经印发，请刷新后核对")
    rows = list(meeting.attendances.select_related("organization"))
    names = "、".join(each.organization.short_name for each in rows)
    paper = issue_paper(
        Paper.Kind.MINUTES, subject=meeting, organization=meeting.organization,
        recipient_name=names[:110] or meeting.organization.short_name, place=meeting, content=wording.minutes(meeting),
        by=by,
    )  # fmt: skip
    _move(meeting, MeetingMove.ISSUE, by=by, changed={"paper": paper})
    open_resolutions(meeting, by=by)
    owing.minutes_issued(meeting, by=by)
    _tell(meeting, f"会议纪要印发：{meeting}", "issued")
    return paper


@transaction.atomic
def cancel_meeting(meeting: Meeting, *, reason: str, by: User) -> None:
    """Call a meeting off. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    was_out = meeting.status == MeetingStatus.CONVENED
    _move(meeting, MeetingMove.CANCEL, by=by, reason=reason)
    if was_out:
        _tell(meeting, f"会议取消：{meeting}", "cancelled")
