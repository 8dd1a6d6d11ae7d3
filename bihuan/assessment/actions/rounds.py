"""Arranging an assessment: who is assessed, in which tier, who judges what; starting and calling it off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Holding, Organization, User
from bihuan.accounts.queries import organizations_under
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import NewDuty, finish_duty, open_duties, open_duty
from bihuan.duties.clock import due as clock_due
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.registry.models import Contact, Enterprise

from ..models import AssessedUnit, Assessment, AssessmentTransition, Assessor, Sheet
from ..standing import KINDS, may_move, runs
from ..workflow import RULES, Audience, ItemKind, Move, ReviewBody, SheetStatus, Status, Tier
from .reporting import drop_reports, owe_reports


def check_runs(assessment: Assessment, by: User) -> None:
    """Raise PermissionDenied unless the person arranges this assessment."""
    if not runs(by, assessment.organization_id):
        raise PermissionDenied


@transaction.atomic
def create_assessment(
    sheet: Sheet, *, title: str, year: int, period_from: dt.date, period_to: dt.date, by: User
) -> Assessment:
    """Arrange an assessment by an adopted sheet; tiers and exclusions of the year before are taken over.

    Raises PermissionDenied, Refused for a sheet not adopted, days in the wrong order or no title.
    """
    if not runs(by, sheet.organization_id):
        raise PermissionDenied
    if sheet.status != SheetStatus.PUBLISHED:
        raise Refused(f"{sheet}还没有审定，不能用来考核")
    if period_to < period_from:
        raise Refused("考核期止日早于起日，请核对")
    if (period_to - period_from).days > 800:
        raise Refused("考核期不能超过两年，请核对起止日期")
    if not title.strip():
        raise Refused("请填写考核名称")
    place = place_of(sheet.organization.region)
    assessment = Assessment.objects.create(
        organization=sheet.organization, city_id=place.city_id, county_id=place.county_id,
        locality_id=place.locality_id, sheet=sheet, audience=sheet.audience, title=title.strip()[:120], year=year,
        period_from=period_from, period_to=period_to, made_by=by, made_at=timezone.now(),
    )  # fmt: skip
    record("assessment.create", assessment, by=by, summary=f"编排考核：{assessment}")
    return assessment


def bodies_for(assessment: Assessment, words: str = "") -> list[Organization]:
    """The bodies that could be assessed: of the audience's kind, in the area, not yet in; by name if `words` are given."""
    area = assessment.organization.region_id
    kinds = list(KINDS[Audience(assessment.audience)])
    rows = organizations_under(area, kinds=kinds).select_related("region")
    if Organization.Kind.DEPARTMENT in kinds and assessment.audience == Audience.DEPARTMENTS:
        rows = rows.filter(region=area)
    if assessment.audience != Audience.OFFICERS:
        rows = rows.exclude(pk__in=assessment.units.filter(person=None).values("organization"))
    if words:
        rows = rows.filter(name__icontains=words)
    return list(rows)


@transaction.atomic
def add_units(
    assessment: Assessment,
    bodies: Iterable[Organization],
    *,
    by: User,
    people: Sequence[tuple[User, Organization]] = (),
) -> int:
    """Put units (or single people) in; whoever is in already stays. Returns how many were added.

    Raises PermissionDenied, IllegalMove once it has begun, Refused for a body of another kind or another area.
    """
    check_runs(assessment, by)
    _arranging(assessment)
    allowed = KINDS[Audience(assessment.audience)]
    area = assessment.organization.region_id
    earlier = _earlier_tiers(assessment)
    have: set[tuple[int, int | None]] = set(assessment.units.values_list("organization_id", "person_id"))
    rows = []
    for body, person in [
        *((body, None) for body in bodies),
        *((body, person) for person, body in people),
    ]:
        if body.kind not in allowed or not body.region_id.startswith(area):
            raise Refused(f"{body.name}不在本次考核的对象范围内")
        if (person is None) == (assessment.audience == Audience.OFFICERS):
            raise Refused("人员考核请选择人员，单位考核请选择单位")
        if (body.pk, person.pk if person else None) in have:
            continue
        have.add((body.pk, person.pk if person else None))
        rows.append(
            AssessedUnit(
                assessment=assessment, organization=body, person=person, person_name=person.full_name if person else "",
                tier=earlier.get(body.pk, Tier.KEY) if assessment.sheet.has_tiers else Tier.KEY,
            )
        )  # fmt: skip
    if assessment.audience == Audience.ENTERPRISES:
        assign_reviewers(assessment, rows, ReviewBody.LOCALITY)
    return put_in(assessment, rows, by=by)


def put_in(assessment: Assessment, rows: Sequence[AssessedUnit], *, by: User) -> int:
    """Write the units that were gathered. Raises IllegalMove when somebody put one of them in a moment ago."""
    try:
        with transaction.atomic():
            AssessedUnit.objects.bulk_create(rows)
    except IntegrityError as error:
        raise IllegalMove("考核对象刚被别人改过，请刷新后再试") from error
    if rows:
        record("assessment.units", assessment, by=by, summary=f"{assessment}：加入 {len(rows)} 个考核对象")
    return len(rows)


def assign_reviewers(assessment: Assessment, rows: Sequence[AssessedUnit], choice: str) -> None:
    """Say which body judges each enterprise and who heads it: the registry's word, the office where there is no other."""
    firms = {
        each.organization_id: each
        for each in Enterprise.objects.filter(organization__in=[row.organization_id for row in rows])
        .select_related("organization")
        .prefetch_related("contacts")
    }
    streets = {
        each.region_id: each.pk
        for each in organizations_under(
            assessment.organization.region_id, kinds=[Organization.Kind.LOCALITY]
        ).order_by("-pk")
    }
    for row in rows:
        firm = firms.get(row.organization_id)
        if firm is None:
            row.reviewer_id = assessment.organization_id
            continue
        wanted = {
            ReviewBody.LOCALITY: streets.get(firm.locality_id) or firm.department_id,
            ReviewBody.DEPARTMENT: firm.department_id or streets.get(firm.locality_id),
            ReviewBody.OFFICE: None,
        }[ReviewBody(choice)]
        row.reviewer_id = wanted or assessment.organization_id
        heads = {each.role: each.name for each in firm.contacts.all()}
        row.person_name = (
            heads.get(Contact.Role.PRINCIPAL) or heads.get(Contact.Role.LEGAL) or row.person_name
        )


def _earlier_tiers(assessment: Assessment) -> dict[int, str]:
    """In which tier each body was the last time."""
    rows = (
        AssessedUnit.objects.filter(
            assessment__organization=assessment.organization_id,
            assessment__audience=assessment.audience,
            person=None,
        )
        .exclude(assessment=assessment.pk)
        .order_by("assessment__year", "pk")
    )
    return dict(rows.values_list("organization_id", "tier"))


def _now(assessment: Assessment) -> str:
    """The status as it is, held until the transaction ends: nothing is arranged in what was frozen a moment ago."""
    status: str = (
        Assessment.objects.select_for_update().values_list("status", flat=True).get(pk=assessment.pk)
    )
    return status


def _arranging(assessment: Assessment) -> None:
    if _now(assessment) != Status.DRAFT:
        raise IllegalMove(f"{assessment}已经启动，不能再改考核对象")


@transaction.atomic
def set_unit(
    unit: AssessedUnit, *, tier: str, exclusion: str, person_name: str = "", by: User
) -> AssessedUnit:
    """Set tier and exclusion of a unit. An exclusion keeps its reason and shows in the ranking; it may be said until
    the result is frozen."""
    assessment = unit.assessment
    check_runs(assessment, by)
    status = _now(assessment)
    if status not in {Status.DRAFT, Status.RUNNING}:
        raise IllegalMove(f"{assessment}已经定格，不能再改层级和排除")
    if tier not in Tier.values or (tier == Tier.GENERAL and not assessment.sheet.has_tiers):
        raise Refused("请选择层级；本细则不分层级的，只有一层")
    if status == Status.RUNNING and tier != unit.tier:
        raise IllegalMove("考核启动后不能再改层级")
    unit.tier, unit.exclusion = tier, exclusion.strip()[:200]
    if assessment.audience == Audience.ENTERPRISES:
        unit.person_name = person_name.strip()[:60]
    unit.save(update_fields=["tier", "exclusion", "person_name"])
    record("assessment.units", unit, by=by, summary=f"{unit}：{unit.get_tier_display()}{f'，不参加排名：{unit.exclusion}' if unit.exclusion else ''}")  # fmt: skip
    return unit


@transaction.atomic
def remove_unit(unit: AssessedUnit, *, by: User) -> None:
    """Take a unit out again before it begins."""
    check_runs(unit.assessment, by)
    _arranging(unit.assessment)
    record("assessment.units", unit.assessment, by=by, summary=f"{unit.assessment}：移出{unit}")
    unit.delete()


@transaction.atomic
def name_assessor(
    assessment: Assessment,
    user: User,
    *,
    sections: Sequence[str] = (),
    is_third: bool = False,
    by: User,
) -> Assessor:
    """Name somebody to judge. Raises PermissionDenied, IllegalMove when scores are frozen, Refused for somebody without
    a post or an unknown section."""
    check_runs(assessment, by)
    status = _now(assessment)
    if status not in {Status.DRAFT, Status.RUNNING}:
        raise IllegalMove(f"{assessment}已经定格，不能再指定评分人")
    post = user.main_post
    if post is None or not user.is_active:
        raise Refused(f"{user.full_name}没有在任岗位，不能评分")
    known = set(assessment.sheet.items.filter(measure="").values_list("section", flat=True))
    unknown = [each for each in sections if each not in known]
    if unknown:
        raise Refused(f"细则里没有要人工评定的类别“{unknown[0]}”")
    seat = Assessor(
        assessment=assessment, user=user, organization=post.organization, sections=list(sections), is_third=is_third,
        named_by=by, named_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            seat.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"{user.full_name}已经是评分人") from error
    record("assessment.assessor", assessment, by=by, summary=f"{assessment}：指定{user.full_name}评分")
    if status == Status.RUNNING:
        owe_judging(seat, by=by)
    return seat


@transaction.atomic
def dismiss_assessor(seat: Assessor, *, by: User) -> None:
    """Take a seat back; what was judged from it already keeps counting, so it must have judged nothing."""
    check_runs(seat.assessment, by)
    if _now(seat.assessment) not in {Status.DRAFT, Status.RUNNING}:
        raise IllegalMove(f"{seat.assessment}已经定格，不能再改评分人")
    if seat.judgements.exists():
        raise Refused(f"{seat.name}已经评过分，不能取消；请另外指定人补评")
    if seat.user_id is None:
        raise Refused(f"{seat.name}按属地或主管负责审核，不能取消；请另外指定人补评")
    finish_duty(seat, duty_kind(seat), by=by, cancelled=True)
    record("assessment.assessor", seat.assessment, by=by, summary=f"{seat.assessment}：取消{seat.name}评分")
    seat.delete()


def duty_kind(seat: Assessor) -> Duty.Kind:
    """What a seat owes: a person's judging, or a body's review of the heads assigned to it."""
    return Duty.Kind.ASSESSMENT_ITEM if seat.user_id is not None else Duty.Kind.APPRAISAL


def owe_judging(seat: Assessor, *, by: User) -> None:
    """The seat's duty, by its clock; thirds owe nothing until two differ."""
    if seat.is_third or seat.user is None:
        return
    assessment = seat.assessment
    due = clock_due("assessment.judge", timezone.localdate())
    seat.due_on, seat.clock = due.due_on, due.explanation
    seat.save(update_fields=["due_on", "clock"])
    user = seat.user
    post = next((each for each in user.posts if each.organization_id == seat.organization_id), None)
    open_duty(
        kind=Duty.Kind.ASSESSMENT_ITEM, subject=seat, title=f"评分：{assessment.title}（{user.full_name}）",
        url=f"/assessment/seats/{seat.pk}/", organization=seat.organization, place=place_of(assessment.organization.region),
        post=post, due_on=due.due_on, clock=due.explanation, by=by,
    )  # fmt: skip


@transaction.atomic
def move_assessment(
    assessment: Assessment, move: Move, *, by: User, reason: str = "", **changed: Any
) -> AssessmentTransition:
    """Make one move; the conditions of each are checked by whoever calls."""
    if not may_move(by, move, assessment):
        raise PermissionDenied
    return step(
        assessment, move, RULES[move], AssessmentTransition, by=by, reason=reason, changed=changed, watched=("revision",)
    )  # fmt: skip


@transaction.atomic
def start_assessment(assessment: Assessment, *, by: User) -> AssessmentTransition:
    """Begin: from now on units see how they stand and assessors owe their judgements.

    Raises PermissionDenied, Refused with everything still missing, IllegalMove.
    """
    if not may_move(by, Move.START, assessment):
        raise PermissionDenied
    missing = []
    if not assessment.units.exists():
        missing.append("还没有考核对象")
    seats = list(assessment.assessors.select_related("user", "assessment__sheet"))
    judged = assessment.sheet.items.filter(measure="", kind=ItemKind.BASIC)
    bodies = _reviewing(assessment)
    for section in dict.fromkeys(judged.values_list("section", flat=True)):
        have = sum(1 for seat in seats if seat.judges(section) and not seat.is_third) + bool(bodies)
        if have < assessment.sheet.judges:
            missing.append(f"“{section}”要 {assessment.sheet.judges} 人评分，只指定了 {have} 人")
    if missing:
        raise Refused("；".join(missing))
    line = move_assessment(assessment, Move.START, by=by)
    for seat in seats:
        owe_judging(seat, by=by)
    if assessment.audience == Audience.ENTERPRISES:
        owe_reports(assessment, by=by)
        _seat_bodies(assessment, bodies, by=by)
    return line


def _reviewing(assessment: Assessment) -> list[Organization]:
    """The bodies the units are assigned to; none unless every unit is assigned to one."""
    if assessment.audience != Audience.ENTERPRISES or assessment.units.filter(reviewer=None).exists():
        return []
    return list(
        Organization.objects.filter(pk__in=assessment.units.values("reviewer")).select_related("region").order_by("pk")
    )  # fmt: skip


def _seat_bodies(assessment: Assessment, bodies: Sequence[Organization], *, by: User) -> None:
    """Every reviewing body gets its seat and owes the review once self-reports are due."""
    due = clock_due("appraisal.review", assessment.report_due_on or timezone.localdate())
    seats = Assessor.objects.bulk_create(
        Assessor(
            assessment=assessment, organization=body, due_on=due.due_on, clock=due.explanation, named_by=by,
            named_at=timezone.now(),
        )
        for body in bodies
    )  # fmt: skip
    open_duties(
        [
            NewDuty(
                Duty.Kind.APPRAISAL, seat, f"审核履职自评：{assessment.title}", f"/assessment/seats/{seat.pk}/",
                seat.organization, place_of(seat.organization.region), None, due.due_on, due.explanation,
            )
            for seat in seats
        ],
        by=by,
    )  # fmt: skip


@transaction.atomic
def cancel_assessment(assessment: Assessment, *, by: User, reason: str) -> AssessmentTransition:
    """Call it off with a reason; what was judged stays on record."""
    line = move_assessment(assessment, Move.CANCEL, by=by, reason=reason)
    for seat in assessment.assessors.all():
        finish_duty(seat, duty_kind(seat), by=by, cancelled=True)
    for unit in assessment.units.all():
        finish_duty(unit, Duty.Kind.ASSESSMENT_ITEM, by=by, cancelled=True)
    drop_reports(assessment, by=by)
    return line


def tell_units(assessment_pk: int, title: str, body: str, key: str) -> None:
    """A message to whoever leads the units, and to assessed persons themselves; called after the commit."""
    units = AssessedUnit.objects.filter(assessment=assessment_pk).select_related("organization", "person")
    today = timezone.localdate()
    bodies = {unit.organization_id: unit for unit in units if unit.person_id is None}
    people: dict[int, list[User]] = {}
    rows = Holding.objects.filter(
        post__organization__in=bodies, post__is_active=True, from_on__lte=today, user__is_active=True,
        post__role__in=["department_leader", "township_leader", "enterprise_manager"],
    ).select_related("user", "post")  # fmt: skip
    for row in rows:
        if row.to_on is None or row.to_on >= today:
            people.setdefault(bodies[row.post.organization_id].pk, []).append(row.user)
    for unit in units:
        if unit.person is not None:
            people.setdefault(unit.pk, []).append(unit.person)
    for unit in units:
        if unit.pk in people:
            notify(
                people[unit.pk], category=Message.Category.DUTY, title=title[:120], body=body, url=unit.get_absolute_url(),
                key=f"{key}:{unit.pk}",
            )  # fmt: skip
