"""Three months of supervision, meetings and leaders' districts of the demo city, through the real actions."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from typing import Any

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import localities_under
from bihuan.accounts.roles import ROLES
from bihuan.campaigns.models import Campaign
from bihuan.oversight import actions
from bihuan.oversight.models import (
    District,
    Meeting,
    MeetingSeries,
    OversightFinding,
    OversightRound,
    OversightVisit,
    Resolution,
)
from bihuan.oversight.owing import open_due
from bihuan.oversight.rhythm import period_of, previous_period
from bihuan.registry.models import Enterprise

from .city import City
from .generate import load
from .moments import as_of, at_hour

AGENDA = ("今年以来安全生产形势分析", "燃气安全专项整治进展", "下一步重点工作安排")


class Sayings:
    """What people say, from data/oversight_words.json: nothing twice until everything else of its sort has been said."""

    def __init__(self, rng: random.Random) -> None:
        self._words, self._rng = load("oversight_words"), rng
        self._left: dict[str, list[Any]] = {}

    def next(self, sort: str) -> Any:
        """The next of a sort."""
        if not self._left.get(sort):
            self._left[sort] = self._rng.sample(self._words[sort], len(self._words[sort]))
        return self._left[sort].pop()

    def about(self, problem: str) -> dict[str, str]:
        """What belongs to a problem that was written down."""
        return next(each for each in self._words["problems"] if each["text"] == problem)

    def decided(self, text: str) -> dict[str, str]:
        """What belongs to a matter that was resolved."""
        return next(each for each in self._words["decided"] if each["text"] == text)


class Cast:
    """The people of the city, each read once; what they hold does not change while the past is told. And their words."""

    def __init__(self, city: City, rng: random.Random) -> None:
        self.today, self.says = city.today, Sayings(rng)
        self._known: dict[int, User] = {}
        self._posts: dict[int, User | None] = {}
        logins = [user.pk for _, user in sorted(city.users.items())]
        users = User.objects.in_bulk(logins)
        self.everybody = [self._keep(users[pk]) for pk in logins if not users[pk].is_service]

    def _keep(self, user: User) -> User:
        return self._known.setdefault(user.pk, user)

    def person(self, pk: int) -> User:
        """Somebody by number."""
        if pk not in self._known:
            self._keep(User.objects.get(pk=pk))
        return self._known[pk]

    def people(self, permission: str, code: str) -> list[User]:
        """Whoever holds a permission in the bodies of an area, by login: the same order on every load."""
        return [
            user
            for user in self.everybody
            if user.organization is not None
            and user.has_perm(permission)
            and user.organization.region_id.startswith(code)
        ]

    def officer(self) -> User | None:
        """The officer of the office whose area is widest."""
        people = self.people(Permission.MANAGE_OVERSIGHT, "")
        return min(people, key=lambda user: (len(user.organization.region_id), user.username), default=None)  # type: ignore[union-attr]

    def sitting(self, post: Post) -> User | None:
        """Who sits in a post."""
        if post.pk not in self._posts:
            holding = post.holdings.filter(to_on=None).order_by("pk").first()
            self._posts[post.pk] = self.person(holding.user_id) if holding is not None else None
        return self._posts[post.pk]

    def holder(self, body: Organization, permission: str) -> User | None:
        """Somebody of a body who holds a permission."""
        for post in body.posts.filter(is_active=True).order_by("pk"):
            if permission in ROLES[post.role].permissions and (user := self.sitting(post)) is not None:
                return user
        return None


def oversee(city: City, campaign: Campaign) -> None:
    """Three months of rounds, one under way; meetings of a quarter and of every month; districts, two without a leader."""
    rng = random.Random(1181)  # noqa: S311 - invented data, no secret
    cast = Cast(city, rng)
    officer = cast.officer()
    if officer is None:
        return
    office = officer.organization
    assert office is not None
    month = period_of("month", city.today)
    months = [
        previous_period("month", previous_period("month", month)),
        previous_period("month", month),
        month,
    ]
    for number, each in enumerate(months):
        _round(cast, campaign, officer, each.first, number == 2)
    _meetings(cast, officer, office, months)
    _districts(cast, officer, office)
    with as_of(at_hour(city.today, 8)):
        open_due(at_hour(city.today, 8))


def _round(cast: Cast, campaign: Campaign, officer: User, first: dt.date, is_now: bool) -> None:
    office = officer.organization
    assert office is not None
    last = period_of("month", first).last
    begun = first if first <= cast.today else cast.today
    with as_of(at_hour(begun, 9)):
        row = actions.create_round(
            kind="monthly", starts_on=first, ends_on=last, focus="餐饮用户燃气隐患排查是否到位、整改是否闭环",
            sites=2 if is_now else 1, per_day=2, campaign=campaign, by=officer,
        )  # fmt: skip
        pool = [
            each
            for each in cast.people(Permission.RECORD_OVERSIGHT, office.region_id)
            if each.organization is not None
            and each.organization.kind in {Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT}
            and each.pk != officer.pk
        ]
        experts = [
            each
            for each in cast.people(Permission.RECORD_OVERSIGHT, office.region_id)
            if each.organization is not None and each.organization.kind == Organization.Kind.EXPERTS
        ]
        teams = min(3, len(pool))
        for number in range(teams):
            members = pool[number::teams]
            actions.compose_team(
                row, leader=members[0], members=members[1:4], experts=experts[number : number + 1], by=officer
            )
        actions.lay_out_round(row, by=officer)
        actions.issue_round(row, by=officer)
    row = OversightRound.objects.get(pk=row.pk)
    # This month the last planned visits are still to come, and one of the earlier was not made.
    visits = list(
        row.visits.select_related("round__organization", "round__campaign", "team", "organization").order_by(
            "planned_on", "locality_id"
        )
    )
    due = [each for each in visits if each.planned_on is not None and each.planned_on < cast.today]
    if is_now and len(due) > 1:
        due = due[:-1]
    for place, visit in enumerate(due):
        _visit(cast, visit, place, is_now)
    if not is_now:
        with as_of(at_hour(last, 17)):
            actions.close_round(
                OversightRound.objects.select_related("organization").get(pk=row.pk),
                summary=cast.says.next("round_summary"),
                by=officer,
            )


def _visit(cast: Cast, visit: OversightVisit, place: int, is_now: bool) -> None:
    assert visit.team is not None
    assert visit.planned_on is not None
    seat = visit.team.seats.select_related("user").get(part="leader")
    leader = cast.person(seat.user_id)
    with as_of(at_hour(visit.planned_on, 10)):
        if not Enterprise.objects.supervised().filter(locality=visit.locality_id).exists():
            actions.cancel_visit(visit, reason="辖区没有在册对象", by=cast.person(visit.round.created_by_id))
            return
        actions.draw_sites(visit, by=leader)
        problem = cast.says.next("problems") if place % 2 == 0 else None
        if problem:
            actions.record_finding(
                visit, level="locality", code=problem["code"], description=problem["text"], demand=problem["demand"],
                organization=visit.organization, by=leader,
            )  # fmt: skip
        picks = list(
            visit.picks.select_related("enterprise", "visit__round__organization").order_by("position")
        )
        if is_now and place % 6 == 0:
            what, where = cast.says.next("sites")
            actions.record_finding(
                visit, level="enterprise", code="现场状况", description=what, enterprise=picks[0].enterprise, location=where,
                by=leader,
            )  # fmt: skip
            picks = picks[1:]
        for pick in picks:
            actions.see_site(pick, result="clean", note=cast.says.next("clean"), by=leader)
        given = {each.code: ("yes", "") for each in actions.ensure_points(visit)}
        if problem:
            given[problem["code"]] = ("partly", problem["text"])
        actions.answer_points(visit, given, by=leader)
        actions.submit_visit(
            visit, visited_on=visit.planned_on, overall=cast.says.next("overall"),
            met=cast.says.next("met"), praise=cast.says.next("praise") if place % 5 == 1 else "", by=leader,
        )  # fmt: skip
    if place < 12:
        with as_of(at_hour(visit.planned_on, 16)):
            for finding in visit.findings.filter(status="recorded").select_related(
                "enterprise__organization",
                "enterprise__department",
                "visit__round__campaign",
                "found_organization",
            ):
                actions.enter_ledger(finding, location="后厨", by=cast.person(visit.round.created_by_id))
    _answer(cast, visit, place)


def _answer(cast: Cast, visit: OversightVisit, place: int) -> None:
    """Most answers come in time and are verified; some wait, some are late."""
    rows = OversightFinding.objects.select_related("organization", "found_organization", "visit__round")
    for finding in rows.filter(visit=visit, status="rectifying"):
        assert finding.due_on is not None
        assert finding.organization is not None
        on = finding.found_on + dt.timedelta(days=7 + place % 6)
        if on >= cast.today or place % 8 == 6:
            continue
        owner = cast.holder(finding.organization, Permission.REPLY_INSTRUMENT)
        if owner is None:
            continue
        said = cast.says.about(finding.description)
        with as_of(at_hour(on, 15)):
            actions.reply(finding, text=said["reply"], cause=said["cause"], by=owner)
        check = on + dt.timedelta(days=2)
        if check < cast.today:
            with as_of(at_hour(check, 10)):
                actions.verify(
                    OversightFinding.objects.select_related("organization", "found_organization", "visit__round").get(pk=finding.pk),
                    passed=True, method="documents" if place % 2 else "on_site", opinion=said["verified"], by=cast.person(visit.round.created_by_id),
                )  # fmt: skip


def _meetings(cast: Cast, officer: User, office: Organization, months: list) -> None:  # type: ignore[type-arg]
    with as_of(at_hour(months[0].first, 9)):
        actions.adopt_series(by=officer)
    leader = cast.holder(office, Permission.CONFIRM_OVERSIGHT)
    if leader is None:
        return
    dispatch = MeetingSeries.objects.filter(organization=office, kind="dispatch").first()
    committee = MeetingSeries.objects.filter(organization=office, kind="committee").first()
    plan = [(dispatch, each.first + dt.timedelta(days=11), f"{each.words}工作调度会") for each in months]
    plan.append((committee, months[1].first + dt.timedelta(days=5), "安委会全体会议"))
    for number, (series, on, title) in enumerate(sorted(plan, key=lambda row: row[1])):
        if series is None or on > cast.today:
            continue
        _meeting(cast, officer, leader, series, on, title, number)
    if committee is not None:
        with as_of(at_hour(cast.today - dt.timedelta(days=1), 9)):
            coming = actions.plan_meeting(
                title="下一次安委会全体会议", kind="committee", held_at=at_hour(cast.today + dt.timedelta(days=6), 9),
                place="市政府第一会议室", chair_name=leader.full_name, series=committee,
                items=[actions.Item(words) for words in AGENDA], by=officer,
            )  # fmt: skip
            actions.convene(coming, by=officer)


def _meeting(
    cast: Cast, officer: User, leader: User, series: MeetingSeries, on: dt.date, title: str, number: int
) -> None:
    with as_of(at_hour(on - dt.timedelta(days=3), 9)):
        meeting = actions.plan_meeting(
            title=title, kind=series.kind, held_at=at_hour(on, 9), place="市政府第一会议室",
            chair_name=leader.full_name, chair_title="安委办主任", series=series,
            items=[actions.Item(words) for words in AGENDA], by=officer,
        )  # fmt: skip
        actions.convene(meeting, by=officer)
    with as_of(at_hour(on, 11)):
        rows = list(meeting.attendances.order_by("position"))
        came = {}
        for place, each in enumerate(rows):
            state = "absent" if place % 9 == 7 else "deputy" if place % 6 == 4 else "present"
            came[each.pk] = actions.Came(
                state, "分管负责人" if state == "deputy" else "", "外出开会" if state == "deputy" else ""
            )
        actions.hold(meeting, came, by=officer)
        bodies = [
            each.organization
            for each in meeting.attendances.select_related("organization").order_by("position")
            if each.organization.kind == Organization.Kind.DEPARTMENT
        ] or [each.organization for each in meeting.attendances.select_related("organization")]
        for place in range(2):
            lead = bodies[(number + place) % len(bodies)]
            support = [bodies[(number + place + 1) % len(bodies)]]
            actions.add_resolution(
                meeting, text=cast.says.next("decided")["text"], lead=lead, support=support,
                due_on=on + dt.timedelta(days=12 + 14 * place), by=officer,
            )  # fmt: skip
        actions.draft_minutes(meeting, text=cast.says.next("minutes"), by=officer)
        actions.submit_minutes(meeting, by=officer)
    with as_of(at_hour(on + dt.timedelta(days=1), 9)):
        actions.confirm_minutes(Meeting.objects.select_related("organization").get(pk=meeting.pk), by=leader)
        actions.issue_minutes(
            Meeting.objects.select_related("organization", "series").get(pk=meeting.pk), by=officer
        )
    resolved = Resolution.objects.filter(meeting=meeting).select_related("lead", "meeting__organization")
    for place, row in enumerate(resolved.order_by("position")):
        owner = cast.holder(row.lead, Permission.REPLY_INSTRUMENT)
        done = on + dt.timedelta(days=9 + 10 * place)
        if owner is None or done + dt.timedelta(days=2) >= cast.today:
            continue
        said = cast.says.decided(row.text)
        with as_of(at_hour(done, 16)):
            if (number + place) % 3 == 1:  # goes on past its day
                actions.tell_progress(row, percent=60, text=said["progress"], by=owner)
                continue
            actions.report_done(row, text=said["done"], by=owner)
        with as_of(at_hour(done + dt.timedelta(days=1), 10)):
            actions.confirm_done(row, opinion=said["opinion"], by=officer)


def _districts(cast: Cast, officer: User, office: Organization) -> None:
    """Every locality a district; the leaders of departments and localities take them in turn, two are left without."""
    begun = cast.today - dt.timedelta(days=70)
    with as_of(at_hour(begun, 9)):
        actions.lay_out_districts(basis="云安办〔2026〕6号", by=officer)
    posts = _leading(cast, office)
    if not posts:
        return
    rows = list(District.objects.filter(organization=office, is_active=True).order_by("region_id", "pk"))
    for number, district in enumerate(rows):
        if number >= len(rows) - 2:
            continue
        lead = district.leads.filter(to_on=None).select_related("post").first()
        if lead is None:
            with as_of(at_hour(begun, 10)):
                lead = actions.assign_lead(
                    district,
                    posts[number % len(posts)],
                    from_on=begun,
                    document="云安办〔2026〕6号",
                    by=officer,
                )
        person = cast.sitting(lead.post)
        if person is None:
            continue
        for back in (45, 15, 3):
            if (number + back) % 4 == 0 or (back == 3 and number % 2):
                continue
            on = cast.today - dt.timedelta(days=back)
            with as_of(at_hour(on, 16)):
                _walk(cast, district, person, on, number, back)


def _leading(cast: Cast, office: Organization) -> list[Post]:
    rows = Post.objects.filter(
        is_active=True,
        organization__region__code__startswith=office.region_id,
        organization__kind__in=[Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT],
    ).select_related("organization")
    return [
        post
        for post in rows.order_by("organization__region_id", "organization__name", "title")
        if Permission.LEAD_DISTRICT in ROLES[post.role].permissions and cast.sitting(post) is not None
    ]


def _walk(cast: Cast, district: District, person: User, on: dt.date, number: int, back: int) -> None:
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"bihuan-demo:{district.region_id}:{back}")
    found = []
    body = next(
        (each for each in localities_under(district.organization.region_id) if each.region_id == district.region_id), None
    )  # fmt: skip
    if number % 3 == 0 and body is not None:
        problem, demand = cast.says.next("walk_found")
        found.append(actions.Seen("locality", "排查整改", problem, demand, body))
    walk = cast.says.next("walks")
    actions.record_visit(
        district, client_id=key, visited_on=on, place=f"{district.name}沿街商户", seen=walk["seen"],
        decided=walk["decided"], companions=cast.says.next("companions"), found=found, by=person,
    )  # fmt: skip
