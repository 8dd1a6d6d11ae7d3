"""One visit instead of several (综合查一次, R059): found, proposed, answered, settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import service_user
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties import actions as duties
from bihuan.duties import clock
from bihuan.duties.models import Duty
from bihuan.inspections.burden import counts_this_year
from bihuan.inspections.models import Inspection
from bihuan.registry.models import Enterprise

from .draws import planning_organization
from .due import Owed, bodies, owed_at
from .models import JointShare, JointVisit, PlannedVisit
from .visits import owe

JOINT_DAYS = 30
LEAST_DAYS = 7  # what is overdue is still given a week to agree and go
MOST_SHOWN = 50


@dataclass(frozen=True)
class Candidate:
    """An enterprise several bodies mean to visit within the same weeks, and how often it was visited this year."""

    enterprise: Enterprise
    owed: dict[Organization, list[Owed]]
    visited: int


def candidates(user: User, days: int = JOINT_DAYS) -> list[Candidate]:
    """Enterprises at which something of two or more bodies is due within `days`, most bodies first, then the soonest."""
    due = owed_at(user, timezone.localdate() + dt.timedelta(days=days))
    by_body = {pk: bodies(rows) for pk, rows in due.items()}
    crowded = [pk for pk, owed in by_body.items() if len(owed) > 1]
    proposed = set(
        JointVisit.objects.filter(enterprise__in=crowded, status=JointVisit.Status.PROPOSED).values_list(
            "enterprise", flat=True
        )
    )
    crowded = [pk for pk in crowded if pk not in proposed]
    crowded.sort(key=lambda pk: (-len(by_body[pk]), due[pk][0].due_on or dt.date.max, pk))
    shown = crowded[:MOST_SHOWN]
    enterprises, counts = Enterprise.objects.in_bulk(shown), counts_this_year(shown)
    return [Candidate(enterprises[pk], by_body[pk], counts.get(pk, 0)) for pk in shown]


@dataclass(frozen=True)
class Agreed:
    """A visit several bodies have agreed to make as one."""

    window_from: dt.date
    window_to: dt.date
    bodies: list[str]


def agreed_at(enterprise: Enterprise, on: dt.date) -> list[Agreed]:
    """The joint visits still to be made there, the soonest first: told to the enterprise beforehand (D13, R059)."""
    rows = JointVisit.objects.filter(
        enterprise=enterprise, status=JointVisit.Status.AGREED, window_to__gte=on,
        visits__status=PlannedVisit.Status.PLANNED,
    ).distinct()  # fmt: skip
    found = []
    for joint in rows.order_by("window_from", "pk"):
        shares = joint.shares.filter(
            answer=JointShare.Answer.ACCEPTED, visit__status=PlannedVisit.Status.PLANNED
        )
        names = shares.values_list("organization__short_name", flat=True)
        found.append(Agreed(joint.window_from, joint.window_to, list(names)))
    return found


def partners_of(bodies: Iterable[int]) -> QuerySet[Organization]:
    """The other bodies that agreed to come along on a joint visit one of these still has to make."""
    own = list(bodies)
    waiting = PlannedVisit.objects.filter(organization__in=own, status=PlannedVisit.Status.PLANNED)
    shares = JointShare.objects.filter(
        answer=JointShare.Answer.ACCEPTED,
        joint__in=waiting.exclude(joint=None).values("joint"),
        joint__status=JointVisit.Status.AGREED,
    )
    return Organization.objects.filter(pk__in=shares.values("organization")).exclude(pk__in=own)


def _days(owed: list[Owed], until: dt.date) -> tuple[dt.date, dt.date]:
    """Within which days a body would go for what it owes: those of its planned visit, else from now to the first due."""
    today = timezone.localdate()
    week = today + dt.timedelta(days=LEAST_DAYS)
    for each in owed:
        if each.visit is not None:
            late = each.visit.window_to < today
            return max(each.visit.window_from, today), week if late else each.visit.window_to
    first = min((each.due_on for each in owed if each.due_on), default=until)
    return today, max(first, week)


@transaction.atomic
def propose_joint(enterprise: Enterprise, *, by: User, days: int = JOINT_DAYS) -> JointVisit:
    """Propose that what several bodies have to do there becomes one visit, led by the proposer's organization.

    The days are those all of them have in common, else from the first beginning to the last end. Raises
    PermissionDenied, Refused when fewer than two bodies have anything due there.
    """
    lead = planning_organization(by)
    until = timezone.localdate() + dt.timedelta(days=days)
    owed = bodies(owed_at(by, until, enterprise).get(enterprise.pk, []))
    if len(owed) < 2:
        raise Refused(f"{days} 天内只有不到两个单位要去{enterprise}，不需要合并")
    if JointVisit.objects.filter(enterprise=enterprise, status=JointVisit.Status.PROPOSED).exists():
        raise Refused(f"{enterprise}已有征求意见的合并提议")
    windows = [_days(rows, until) for rows in owed.values()]
    begin, end = max(first for first, _ in windows), min(last for _, last in windows)
    if begin > end:
        begin, end = min(first for first, _ in windows), max(last for _, last in windows)
    joint = JointVisit.objects.create(
        enterprise=enterprise, organization=lead, window_from=begin, window_to=end, by=by, at=timezone.now()
    )
    answer_by = clock.due("joint.answer", timezone.localdate())
    for body, rows in owed.items():
        JointShare.objects.create(
            joint=joint, organization=body, visit=next((each.visit for each in rows if each.visit), None),
            owed=[each.as_json() for each in rows],
        )  # fmt: skip
    duties.open_duties(
        [
            duties.NewDuty(
                kind=Duty.Kind.JOINT_ANSWER, subject=joint, title=f"答复综合查一次：{enterprise}",
                url=reverse("planning:joints"), organization=body, place=enterprise, due_on=answer_by.due_on,
                clock=answer_by.explanation,
            )
            for body in owed
            if body != lead
        ],
        by=by,
    )  # fmt: skip
    record("planning.propose_joint", joint, by=by, summary=f"提议合并 {len(owed)} 个单位对{enterprise}的检查")
    if lead in owed:
        answer_joint(joint, accept=True, reason="", by=by)
    return joint


@transaction.atomic
def answer_joint(joint: JointVisit, *, accept: bool, reason: str, by: User) -> JointVisit:
    """One body's answer. With all answers in, or the days to answer over, those who agreed make one joint visit.

    Raises PermissionDenied for others, IllegalMove when it was answered, ReasonRequired for declining.
    """
    if not by.has_perm(Permission.PLAN_VISITS):
        raise PermissionDenied
    own = joint.shares.filter(organization__in=[post.organization_id for post in by.posts])
    share = own.filter(answer=JointShare.Answer.WAITING).select_related("organization").first()
    if share is None:
        if own.exists():
            raise IllegalMove("本单位已经答复，请刷新页面")
        raise PermissionDenied
    if not JointVisit.objects.filter(pk=joint.pk, status=JointVisit.Status.PROPOSED).exists():
        raise IllegalMove("这份提议已有结果，请刷新页面")
    if not accept and not reason.strip():
        raise ReasonRequired("不合并")
    answer = JointShare.Answer.ACCEPTED if accept else JointShare.Answer.DECLINED
    answered = joint.shares.filter(pk=share.pk, answer=JointShare.Answer.WAITING).update(
        answer=answer, reason=reason.strip()[:200], by=by, at=timezone.now()
    )
    if not answered:
        raise IllegalMove("本单位已经答复，请刷新页面")
    duties.finish_duty(joint, Duty.Kind.JOINT_ANSWER, organization=share.organization, by=by)
    record("planning.answer_joint", joint, by=by, summary=f"{share.organization.short_name}{answer.label}")
    if not joint.shares.filter(answer=JointShare.Answer.WAITING).exists():
        _settle(joint, by=by)
    return joint


def _settle(joint: JointVisit, *, by: User) -> None:
    """Two or more agreed: their visits become one, and whoever had only duties there gets a visit for them."""
    agreed = list(
        joint.shares.filter(answer=JointShare.Answer.ACCEPTED).select_related("visit", "organization")
    )
    # A visit made or cancelled while the others were asked is no longer to be made.
    agreed = [
        share for share in agreed if share.visit is None or share.visit.status == PlannedVisit.Status.PLANNED
    ]
    status = JointVisit.Status.AGREED if len(agreed) >= 2 else JointVisit.Status.DROPPED
    if not JointVisit.objects.filter(pk=joint.pk, status=JointVisit.Status.PROPOSED).update(status=status):
        raise IllegalMove("这份提议已有结果，请刷新页面")
    joint.status = status
    if status == JointVisit.Status.AGREED:
        _keep_ahead(joint)
        for share in agreed:
            _join(joint, share, by=by)
    record("planning.settle_joint", joint, by=by, summary=f"{joint}：{joint.get_status_display()}")


def _keep_ahead(joint: JointVisit) -> None:
    """Days that went by while the bodies were asked are given anew."""
    today = timezone.localdate()
    if joint.window_to < today:
        joint.window_from, joint.window_to = today, today + dt.timedelta(days=LEAST_DAYS)
        joint.save(update_fields=["window_from", "window_to"])


def settle_unanswered(now: dt.datetime) -> int:
    """Settle the proposals whose days to answer are over; returns how many. Those who agreed go together, whoever kept
    silent goes alone, and the enterprise can be proposed again. The worker asks every hour; again it does nothing.
    """
    late = Duty.objects.open().filter(kind=Duty.Kind.JOINT_ANSWER, due_on__lt=timezone.localdate(now))
    subjects = late.values_list("subject", flat=True).distinct()
    keys = {int(subject.rpartition(":")[2]) for subject in subjects}
    settled, by = 0, service_user()
    waiting = JointVisit.objects.filter(pk__in=keys, status=JointVisit.Status.PROPOSED)
    for joint in waiting.select_related("enterprise"):
        try:
            with transaction.atomic():
                duties.finish_duty(joint, Duty.Kind.JOINT_ANSWER, by=by, cancelled=True)
                _settle(joint, by=by)
        except IllegalMove:  # somebody has answered at this moment
            continue
        settled += 1
    return settled


def _join(joint: JointVisit, share: JointShare, *, by: User) -> None:
    place, title = joint.enterprise, f"联合检查：{joint.enterprise}"
    visit = share.visit
    if visit is None:
        visit = PlannedVisit.objects.create(
            enterprise=place, organization=share.organization, kind=Inspection.Kind.JOINT,
            source=PlannedVisit.Source.JOINT, city_id=place.city_id, county_id=place.county_id,
            locality_id=place.locality_id, window_from=joint.window_from, window_to=joint.window_to, joint=joint,
        )  # fmt: skip
        share.visit = visit
        share.save(update_fields=["visit"])
        owe(visit, title, by=by)
        return
    visit.joint, visit.kind = joint, Inspection.Kind.JOINT
    visit.window_from, visit.window_to = joint.window_from, joint.window_to
    visit.save(update_fields=["joint", "kind", "window_from", "window_to"])
    why = {"summary": f"综合查一次，{joint.window_from} 至 {joint.window_to}"}
    if not duties.reschedule_duty(visit, Duty.Kind.VISIT, joint.window_to, why, by=by, title=title):
        owe(visit, title, by=by)
