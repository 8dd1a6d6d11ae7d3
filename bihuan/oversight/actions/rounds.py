"""Rounds put together: window, localities, teams, recusals; laid out in one press, edited, issued, closed (R108)."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of, localities_under
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import step
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.rules import draws

from ..models import (
    OversightRound,
    OversightTeam,
    OversightVisit,
    RoundRecusal,
    RoundTransition,
    TeamSeat,
    VisitTransition,
)
from ..owing import owe_visits, plan_settled, visit_moved
from ..rhythm import period_of
from ..schedule import ScheduleError, lay_out
from ..standing import own_office, runs
from ..workflow import ROUND_RULES, VISIT_RULES, RoundMove, RoundStatus, VisitMove, VisitStatus

MOST_DAYS = 100
_RHYTHMS = {OversightRound.Kind.MONTHLY: "month", OversightRound.Kind.QUARTERLY: "quarter"}


@transaction.atomic
def create_round(
    *,
    kind: str,
    starts_on: dt.date,
    ends_on: dt.date,
    by: User,
    title: str = "",
    focus: str = "",
    sites: int = 3,
    per_day: int = 1,
    is_announced: bool = False,
    campaign: Campaign | None = None,
    localities: Iterable[Organization] | None = None,
) -> OversightRound:
    """Begin a round of one's office over all its localities, or those chosen.

    A monthly or quarterly round covers every locality. Raises PermissionDenied, Refused for a second round of the same
    period, dates in the wrong order or nobody to go to.
    """
    office = own_office(by)
    if office is None:
        raise PermissionDenied
    _check_window(kind, starts_on, ends_on)
    everybody = localities_under(office.region_id, on=starts_on)
    chosen = everybody if localities is None else list(localities)
    if kind != OversightRound.Kind.SPECIAL:
        chosen = everybody
    known = {each.pk for each in everybody}
    if not chosen:
        raise Refused("请至少选择一个属地")
    if strange := [each for each in chosen if each.pk not in known]:
        raise Refused(f"“{strange[0]}”不在本辖区，请核对")
    period = period_of(_RHYTHMS.get(OversightRound.Kind(kind), "month"), starts_on)
    place = place_of(office.region)
    words = period.words if kind != OversightRound.Kind.SPECIAL else f"{starts_on.year}年{starts_on.month}月"
    row = OversightRound(
        kind=kind,
        title=title.strip() or f"{words}{OversightRound.Kind(kind).label}",
        organization=office,
        campaign=campaign,
        city_id=place.city_id,
        county_id=place.county_id,
        locality_id=place.locality_id,
        period=period.first,
        starts_on=starts_on,
        ends_on=ends_on,
        focus=focus.strip(),
        sites=sites,
        per_day=per_day,
        is_announced=is_announced,
        seed=secrets.token_hex(32),
        created_by=by,
        created_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(
            f"{period.words}的{row.get_kind_display()}已经编排过了，请在原来的轮次里调整"
        ) from error
    OversightVisit.objects.bulk_create([_visit(row, body) for body in chosen])
    record("oversight.create", row, by=by, summary=f"编排{row}，{len(chosen)} 个属地")
    return row


def _visit(row: OversightRound, body: Organization) -> OversightVisit:
    place, seed = place_of(body.region), secrets.token_hex(32)
    return OversightVisit(
        round=row, organization=body, city_id=place.city_id, county_id=place.county_id,
        locality_id=body.region_id, draw_seed=seed, draw_commitment=draws.commitment(seed),
    )  # fmt: skip


def _check_window(kind: str, starts_on: dt.date, ends_on: dt.date) -> None:
    if ends_on < starts_on:
        raise Refused("结束日期应不早于开始日期，请核对")
    if (ends_on - starts_on).days > MOST_DAYS:
        raise Refused(f"一个轮次最长 {MOST_DAYS} 天，请分几个轮次")
    rhythm = _RHYTHMS.get(OversightRound.Kind(kind))
    if rhythm and ends_on not in period_of(rhythm, starts_on):
        words = "同一个月" if rhythm == "month" else "同一个季度"
        raise Refused(f"{OversightRound.Kind(kind).label}的起止日期应在{words}内，请核对")


@transaction.atomic
def edit_round(
    row: OversightRound,
    *,
    title: str,
    starts_on: dt.date,
    ends_on: dt.date,
    focus: str,
    sites: int,
    per_day: int,
    is_announced: bool,
    by: User,
) -> None:
    """Put a round right while it is planned. Raises PermissionDenied, Refused, IllegalMove."""
    _planning(row, by)
    _check_window(row.kind, starts_on, ends_on)
    rhythm = _RHYTHMS.get(OversightRound.Kind(row.kind))
    if rhythm and row.period != period_of(rhythm, starts_on).first:
        raise Refused("不能改到别的期间，请另外编排一个轮次")
    changed = {
        "title": title.strip() or row.title,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "focus": focus.strip(),
        "sites": sites,
        "per_day": per_day,
        "is_announced": is_announced,
    }
    if not OversightRound.objects.filter(pk=row.pk, status=RoundStatus.PLANNING).update(**changed):
        raise IllegalMove(f"{row}已下达，不能再改")
    for name, value in changed.items():
        setattr(row, name, value)
    record("oversight.edit", row, by=by, summary=f"修改{row}")


def _planning(row: OversightRound, by: User) -> None:
    if not runs(by, row):
        raise PermissionDenied
    if row.status != RoundStatus.PLANNING:
        raise IllegalMove(f"{row}已下达，人员和回避不能再改")


@transaction.atomic
def compose_team(
    row: OversightRound,
    *,
    leader: User,
    members: Sequence[User] = (),
    experts: Sequence[User] = (),
    name: str = "",
    team: OversightTeam | None = None,
    by: User,
) -> OversightTeam:
    """Put a team together, or again; a changed team must be laid out anew.

    Raises PermissionDenied, Refused for somebody who may not record, sits in another team or is named twice.
    """
    _planning(row, by)
    people = [leader, *members, *experts]
    if len({each.pk for each in people}) != len(people):
        raise Refused("同一个人只能在督导组里出现一次，请核对")
    for each in people:
        if not each.is_active or not each.has_perm(Permission.RECORD_OVERSIGHT):
            raise Refused(f"{each.full_name}的岗位不能参加督导，请换人")
    others = TeamSeat.objects.filter(round=row, user__in=people)
    if team is not None:
        others = others.exclude(team=team)
    if taken := others.select_related("user", "team").first():
        raise Refused(f"{taken.user.full_name}已在{taken.team.name}，一个轮次只能参加一个组")
    if team is None:
        last = OversightTeam.objects.filter(round=row).order_by("-number").first()
        number = last.number + 1 if last else 1
        team = OversightTeam(round=row, number=number, name=name.strip() or f"第{_chinese(number)}督导组")
        try:
            with transaction.atomic():
                team.save(force_insert=True)
        except IntegrityError as error:
            raise IllegalMove("刚刚有人组建了一个组，请刷新后再试") from error
    else:
        team.name = name.strip() or team.name
        team.save(update_fields=["name"])
        team.seats.all().delete()
    parts = [
        (TeamSeat.Part.LEADER, [leader]),
        (TeamSeat.Part.MEMBER, members),
        (TeamSeat.Part.EXPERT, experts),
    ]
    seats = [(part, each) for part, group in parts for each in group]
    try:
        with transaction.atomic():
            TeamSeat.objects.bulk_create(
                TeamSeat(team=team, round=row, user=each, organization=_body(each), part=part, position=place)
                for place, (part, each) in enumerate(seats)
            )
    except IntegrityError as error:
        raise IllegalMove("有人刚刚被编入另一个组，请刷新后再选") from error
    record(
        "oversight.team", row, by=by, summary=f"{row}{team}：{'、'.join(each.full_name for each in people)}",
        payload={"team": team.pk, "people": [[part, each.pk] for part, each in seats]},
    )  # fmt: skip
    return team


def _body(user: User) -> Organization:
    body = user.organization
    if body is None:
        raise Refused(f"{user.full_name}今天没有在任的岗位，请换人")
    return body


def _chinese(number: int) -> str:
    words = "零一二三四五六七八九十"
    return words[number] if number <= 10 else str(number)


@transaction.atomic
def remove_team(team: OversightTeam, *, by: User) -> None:
    """Take a team away; its localities wait for another. Raises PermissionDenied, IllegalMove."""
    _planning(team.round, by)
    team.visits.update(team=None, planned_on=None)
    record("oversight.remove_team", team.round, by=by, summary=f"{team.round}撤销{team}")
    team.delete()


@transaction.atomic
def recuse(row: OversightRound, person: User, region: Region, reason: str, *, by: User) -> RoundRecusal:
    """Keep a person away from a locality; the schedule must be laid out anew where they were to go.

    Raises PermissionDenied, ReasonRequired, Refused when it is so already.
    """
    _planning(row, by)
    if not reason.strip():
        raise ReasonRequired("登记回避")
    if not row.visits.filter(locality=region).exists():
        raise Refused(f"{region}不在这个轮次里，请核对")
    try:
        with transaction.atomic():
            kept = RoundRecusal.objects.create(
                round=row, user=person, region=region, reason=reason.strip()[:200], by=by, at=timezone.now()
            )
    except IntegrityError as error:
        raise Refused(f"{person.full_name}对{region}的回避已经登记过了") from error
    teams = TeamSeat.objects.filter(round=row, user=person).values("team")
    row.visits.filter(locality=region, team__in=teams).update(team=None, planned_on=None)
    record("oversight.recuse", kept, by=by, summary=f"{row}：{kept}")
    return kept


def barred(row: OversightRound) -> set[tuple[int, str]]:
    """(team, locality) who must not meet: somebody recused, or somebody of that very locality."""
    seats = list(TeamSeat.objects.filter(round=row).select_related("organization"))
    team_of = {each.user_id: each.team_id for each in seats}
    found = {
        (each.team_id, each.organization.region_id)
        for each in seats
        if each.organization.kind == Organization.Kind.LOCALITY
    }
    for each in row.recusals.all():
        if each.user_id in team_of:
            found.add((team_of[each.user_id], each.region_id))
    return found


def days_of(row: OversightRound, *, since: dt.date | None = None) -> list[dt.date]:
    """The working days of the window by the legal calendar."""
    calendar = clock.calendar()
    first = max(row.starts_on, since) if since else row.starts_on
    return [
        day
        for day in (first + dt.timedelta(days=number) for number in range((row.ends_on - first).days + 1))
        if calendar.is_working(day)
    ]


@transaction.atomic
def lay_out_round(row: OversightRound, *, by: User) -> int:
    """Lay the whole window out in one press: every locality once, recusals kept, teams evenly loaded; returns how many.

    Who goes where comes from the round's seed: pressed again over the same teams it gives the same. What was arranged by
    hand before is laid out anew. Raises PermissionDenied, Refused with what stands in the way, IllegalMove.
    """
    _planning(row, by)
    visits = {each.locality_id: each for each in row.visits.select_related("organization")}
    names = {code: each.organization.short_name for code, each in visits.items()}
    teams = {f"{each.number:03d}": each for each in row.teams.order_by("number")}
    key_of = {each.pk: key for key, each in teams.items()}
    days = days_of(row)
    if not days:
        raise Refused("起止日期内没有工作日，请放宽日期")
    recusals = {(key_of[team], region) for team, region in barred(row) if team in key_of}
    try:
        stops = lay_out(sorted(visits), sorted(teams), days, recusals, row.seed, per_day=row.per_day)
    except ScheduleError as error:
        words = str(error)
        for code, name in names.items():
            words = words.replace(f"{code}：", f"{name}：")
        raise Refused(words) from error
    now = timezone.now()
    if not OversightRound.objects.filter(
        pk=row.pk, status=RoundStatus.PLANNING, laid_out_at=row.laid_out_at
    ).update(laid_out_at=now):
        raise IllegalMove(f"{row}刚刚被别人排过期或者已下达，请刷新后核对")
    row.laid_out_at = now
    changed = []
    for stop in stops:
        visit = visits[stop.locality]
        visit.team, visit.planned_on = teams[stop.team], stop.day
        changed.append(visit)
    OversightVisit.objects.bulk_update(changed, ["team", "planned_on"])
    record(
        "oversight.lay_out", row, by=by, summary=f"{row}排期：{len(teams)} 个组，{len(stops)} 个属地",
        payload={
            "seed": row.seed,
            "stops": [[each.locality, each.team, each.day.isoformat()] for each in stops],
        },
    )  # fmt: skip
    return len(stops)


@transaction.atomic
def arrange(
    visit: OversightVisit, *, team: OversightTeam, planned_on: dt.date, by: User, reason: str = ""
) -> None:
    """Send another team or go on another day; once the round is issued with a reason, and the team is told.

    Raises PermissionDenied, Refused for a recusal or a day outside the window, ReasonRequired, IllegalMove.
    """
    row = visit.round
    if not runs(by, row):
        raise PermissionDenied
    if team.round_id != row.pk:
        raise Refused("所选督导组不在这个轮次里，请重新选择")
    if not row.starts_on <= planned_on <= row.ends_on:
        raise Refused(f"日期应在轮次的起止日期内（{row.starts_on} 至 {row.ends_on}）")
    if (team.pk, visit.locality_id) in barred(row):
        raise Refused(f"{team}有人须回避{visit.organization.short_name}，请换一个组")
    if row.status == RoundStatus.PLANNING:
        changed = {"team": team, "planned_on": planned_on}
        if not OversightVisit.objects.filter(
            pk=visit.pk, status=VisitStatus.PLANNED, team=visit.team_id, planned_on=visit.planned_on
        ).update(**changed):
            raise IllegalMove(f"{visit}刚刚被别人调整，请刷新后核对")
        visit.team, visit.planned_on = team, planned_on
        record("oversight.arrange", visit, by=by, summary=f"{visit}：{team}，{planned_on}")
        return
    if row.status != RoundStatus.RUNNING:
        raise IllegalMove(f"{row}已结束，不能再调整")
    step(
        visit, VisitMove.RESCHEDULE, VISIT_RULES[VisitMove.RESCHEDULE], VisitTransition, by=by, reason=reason,
        changed={"team_id": team.pk, "planned_on": planned_on}, watched=("team_id", "planned_on"),
        act="oversight.reschedule",
    )  # fmt: skip
    visit.team = team
    visit_moved(visit, by=by)
    _tell_team(team, f"{visit.organization.short_name}的督导改为 {planned_on}", visit.get_absolute_url())


@transaction.atomic
def issue_round(row: OversightRound, *, by: User) -> None:
    """Send the teams out: a duty for each visit, a message for everybody; the locality is told only if announced.

    Raises PermissionDenied, Refused while a locality has no team or day, IllegalMove.
    """
    if not runs(by, row):
        raise PermissionDenied
    visits = list(row.visits.select_related("organization", "team", "round"))
    open_ones = [each for each in visits if each.team_id is None or each.planned_on is None]
    if open_ones:
        names = "、".join(each.organization.short_name for each in open_ones[:5])
        raise Refused(f"还有 {len(open_ones)} 个属地没有排期：{names}，请先排期")
    _step_round(row, RoundMove.ISSUE, by=by)
    owe_visits(visits, by=by)
    if row.kind == OversightRound.Kind.MONTHLY:
        plan_settled(row.organization, by=by)
    for team in row.teams.all():
        count = sum(each.team_id == team.pk for each in visits)
        _tell_team(team, f"{row}：{team}督导 {count} 个属地", row.get_absolute_url())
    if row.is_announced:
        for each in visits:
            _tell_body(each.organization, f"{each.planned_on} 督导组到{each.organization.short_name}", each)


@transaction.atomic
def close_round(row: OversightRound, *, summary: str, by: User) -> None:
    """End a round that has been everywhere. Raises PermissionDenied, Refused naming who has not been visited, IllegalMove."""
    if not runs(by, row):
        raise PermissionDenied
    left = list(row.visits.filter(status=VisitStatus.PLANNED).select_related("organization"))
    if left:
        names = "、".join(each.organization.short_name for each in left[:8])
        raise Refused(f"还有 {len(left)} 个属地没有督导：{names}。督导完，或者逐个取消并说明理由，再结束")
    _step_round(row, RoundMove.CLOSE, by=by, changed={"summary": summary.strip()})


@transaction.atomic
def cancel_round(row: OversightRound, *, reason: str, by: User) -> None:
    """Give a round up; what was visited stays. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not runs(by, row):
        raise PermissionDenied
    _step_round(row, RoundMove.CANCEL, by=by, reason=reason)
    for visit in row.visits.filter(status=VisitStatus.PLANNED):
        step(
            visit, VisitMove.CANCEL, VISIT_RULES[VisitMove.CANCEL], VisitTransition, by=by, reason=reason,
            act="oversight.cancel_visit",
        )  # fmt: skip
        finish_duty(visit, Duty.Kind.OVERSIGHT_ROUND, by=by, cancelled=True)


@transaction.atomic
def cancel_visit(visit: OversightVisit, *, reason: str, by: User) -> None:
    """Leave a locality out of a round under way, with the reason on record. Raises PermissionDenied, ReasonRequired,
    IllegalMove."""
    if not runs(by, visit.round):
        raise PermissionDenied
    step(
        visit, VisitMove.CANCEL, VISIT_RULES[VisitMove.CANCEL], VisitTransition, by=by, reason=reason,
        act="oversight.cancel_visit",
    )  # fmt: skip
    finish_duty(visit, Duty.Kind.OVERSIGHT_ROUND, by=by, cancelled=True)


def _step_round(
    row: OversightRound,
    move: RoundMove,
    *,
    by: User,
    reason: str = "",
    changed: dict[str, object] | None = None,
) -> None:
    step(
        row, move, ROUND_RULES[move], RoundTransition, by=by, reason=reason, changed=changed,
        act=f"oversight.{move.value}_round",
    )  # fmt: skip


def _tell_team(team: OversightTeam, words: str, url: str) -> None:
    people = [seat.user for seat in team.seats.select_related("user")]
    transaction.on_commit(partial(notify, people, category=Message.Category.DUTY, title=words, url=url))


def _tell_body(body: Organization, words: str, visit: OversightVisit) -> None:
    post = default_post(body)
    if post is None:
        return
    transaction.on_commit(
        partial(
            notify, holders_of(post), category=Message.Category.REMINDER, title=words,
            url=visit.get_absolute_url(), key=f"oversight:{visit.pk}:told",
        )
    )  # fmt: skip
