"""A listing begins as a report (呈报): of a major hazard, an accident's investigation, or a slow locality."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accidents.models import Accident
from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import write_line
from bihuan.batches.standing import holds
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level, Move, is_legal
from bihuan.rules import listings as rules

from ..models import Listing, ListingTransition
from ..policies import rule_set_for
from ..standing import may_edit
from ..workflow import ChainPurpose, ListingLevel, ListingMove, SubjectKind
from .approving import sign_step
from .chains import open_approval
from .moving import move_listing, sees

_LENGTHS = {ListingLevel.PROVINCE: 2, ListingLevel.CITY: 4, ListingLevel.COUNTY: 6}
# What the report says in words; everything else follows from the subject.
TOLD = (
    "title", "reason", "demand", "basis", "public_text", "place", "person_name", "person_title", "leader_name",
    "leader_title",
)  # fmt: skip
_NEEDED = {
    "title": "督办事项", "reason": "呈报理由", "demand": "督办要求", "public_text": "公开表述", "place": "场所",
    "person_name": "整改责任人", "person_title": "责任人职务",
}  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """What would be listed, and everything that follows from it."""

    kind: str
    region_code: str
    columns: dict[str, Any]
    title: str
    place: str
    owner_name: str
    due_on: dt.date | None = None


def subject_of_hazard(hazard: Hazard) -> Subject:
    """A major hazard that is not closed. Raises Refused."""
    if hazard.level != Level.MAJOR:
        raise Refused(f"隐患{hazard.number}不是重大隐患，请先在隐患页面认定为重大")
    if not is_legal(Move.PLACE_UNDER_SUPERVISION, hazard.status, hazard.level):
        raise Refused(f"隐患{hazard.number}现为“{hazard.get_status_display()}”，不能挂牌")
    enterprise = hazard.enterprise
    return Subject(
        SubjectKind.HAZARD,
        hazard.locality_id,
        {
            "hazard": hazard, "enterprise": enterprise, "department": hazard.department,
            "owner": enterprise.organization, "city_id": hazard.city_id, "county_id": hazard.county_id,
            "locality_id": hazard.locality_id,
        },
        f"{enterprise.name}{hazard.description}",
        f"{enterprise.address or enterprise.name}{hazard.location}",
        enterprise.name,
        hazard.due_on,
    )  # fmt: skip


def subject_of_accident(accident: Accident, owner: Organization) -> Subject:
    """The investigation of an accident; `owner` is the body that leads it (R095)."""
    return Subject(
        SubjectKind.ACCIDENT,
        accident.place_code,
        {
            "accident": accident, "enterprise": accident.enterprise, "department": accident.department,
            "owner": owner, "city_id": accident.city_id, "county_id": accident.county_id,
            "locality_id": accident.locality_id,
        },
        f"{accident.title}查处",
        accident.place,
        owner.name,
    )  # fmt: skip


def subject_of_locality(region: Region, owner: Organization) -> Subject:
    """A county, township or street that is slow (R096)."""
    where = place_of(region)
    return Subject(
        SubjectKind.LOCALITY,
        region.code,
        {
            "subject_region": region, "owner": owner, "city_id": where.city_id, "county_id": where.county_id,
            "locality_id": where.locality_id,
        },
        f"{region.name}隐患整改进展缓慢",
        region.name,
        owner.name,
    )  # fmt: skip


def listing_body(level: str, region_code: str) -> Organization:
    """The office that lists at a level what lies in a region. Raises Refused when there is none."""
    code = region_code[: _LENGTHS[ListingLevel(level)]]
    body = (
        Organization.objects.current(on=timezone.localdate())
        .filter(kind=Organization.Kind.OFFICE, region_id=code)
        .select_related("region")
        .order_by("pk")
        .first()
    )
    if body is None or len(code) < _LENGTHS[ListingLevel(level)]:
        raise Refused(f"本系统没有能够{ListingLevel(level).label}的安委办，请选别的级别")
    return body


def levels_for(region_code: str) -> list[tuple[str, str]]:
    """The levels somebody in this installation can list at, nearest first, as choices of a form."""
    found = []
    for level, length in sorted(_LENGTHS.items(), key=lambda each: -each[1]):
        try:
            body = listing_body(level, region_code)
        except Refused:
            continue
        if len(region_code) >= length:
            found.append((str(level.value), f"{ListingLevel(level).label}（{body.short_name}）"))
    return found


def reporting_body(user: User) -> Organization | None:
    """The body for which a person reports: that of the first post that may."""
    for post in user.posts:
        if holds(user, Permission.MANAGE_LISTINGS, post.organization_id):
            return post.organization
    return None


@transaction.atomic
def begin_listing(
    subject: Subject, *, level: str, due_on: dt.date, told: dict[str, str], by: User
) -> Listing:
    """Draft the report of a listing. Nothing is public and nothing runs yet.

    Raises PermissionDenied, Refused naming what is missing, IllegalMove when the subject is being listed already.
    """
    reporter = reporting_body(by)
    if reporter is None:
        raise PermissionDenied
    body = listing_body(level, subject.region_code)
    _check_above(subject, level)
    rule_set = rule_set_for(body.region_id, timezone.localdate())
    words = _words(told)
    _check_deadline(due_on, rule_set, subject.kind)
    listing = Listing(
        kind=subject.kind, level=level, organization=body, reporter=reporter, owner_name=subject.owner_name,
        rule_set=rule_set, due_on=due_on, created_by=by, created_at=timezone.now(), **words, **subject.columns,
    )  # fmt: skip
    try:
        with transaction.atomic():
            listing.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这一对象已经在呈报或者挂牌，请到挂牌督办列表查看") from error
    if not sees(by, listing):
        raise PermissionDenied
    write_line(listing, ListingMove.BEGIN, ListingTransition, seen="", by=by)
    return listing


@transaction.atomic
def edit_listing(listing: Listing, *, due_on: dt.date, told: dict[str, str], by: User) -> None:
    """Put the report right before it is sent up, or after it came back. Raises PermissionDenied, Refused, IllegalMove."""
    if not sees(by, listing):
        raise PermissionDenied
    if not may_edit(by, listing):
        if holds(by, Permission.MANAGE_LISTINGS, listing.reporter_id):
            raise IllegalMove(f"{listing.number}已送审，要改请先退回")
        raise PermissionDenied
    words = _words(told)
    _check_deadline(due_on, listing.rule_set, listing.kind)
    changed = {**words, "due_on": due_on}
    before = {
        name: str(getattr(listing, name))
        for name, value in changed.items()
        if getattr(listing, name) != value
    }
    if not Listing.objects.filter(pk=listing.pk, status=listing.status).update(**changed):
        raise IllegalMove("呈报稿的状态已变化，请刷新后重试")
    for name, value in changed.items():
        setattr(listing, name, value)
    record("listings.edit", listing, by=by, summary=f"修改呈报稿：{listing}", payload={"before": before})


@transaction.atomic
def submit_listing(listing: Listing, *, opinion: str = "", by: User) -> None:
    """Send the report up its chain; the first step, the reporting officer's, is signed by sending it.

    Raises PermissionDenied, Refused when the subject can no longer be listed, IllegalMove.
    """
    if listing.hazard is not None:
        listing.hazard.refresh_from_db()
        subject_of_hazard(listing.hazard)
    _check_deadline(listing.due_on, listing.rule_set, listing.kind)
    move_listing(listing, ListingMove.SUBMIT, by=by)
    finish_duty(listing, Duty.Kind.LISTING_STEP, by=by)
    approval = open_approval(listing, ChainPurpose.LIST, by=by)
    step = approval.current
    if step is not None and step["who"] == "reporter_officer":
        sign_step(approval, agreed=True, opinion=opinion.strip() or "呈报挂牌", by=by)


@transaction.atomic
def withdraw_listing(listing: Listing, *, reason: str, by: User) -> None:
    """Take a report back that is not to be followed up."""
    move_listing(listing, ListingMove.WITHDRAW, by=by, reason=reason)
    finish_duty(listing, Duty.Kind.LISTING_STEP, by=by, cancelled=True)


def _words(told: dict[str, str]) -> dict[str, str]:
    words = {name: str(told.get(name, "") or "").strip() for name in TOLD}
    missing = [label for name, label in _NEEDED.items() if not words[name]]
    if missing:
        raise Refused(f"请补写：{'、'.join(missing)}")
    lengths = {name: Listing._meta.get_field(name).max_length for name in TOLD}  # type: ignore[union-attr]
    for name, most in lengths.items():
        if most and len(words[name]) > most:
            raise Refused(f"“{_NEEDED.get(name, name)}”最多 {most} 个字，现有 {len(words[name])} 个")
    return words


def _check_deadline(due_on: dt.date, rule_set: str, kind: str) -> None:
    today = timezone.localdate()
    latest = rules.latest_deadline(rule_set, today, kind=kind)
    if not today < due_on <= latest:
        raise Refused(f"整改期限应在明天至{latest.isoformat()}之间，所填为{due_on.isoformat()}")


def _check_above(subject: Subject, level: str) -> None:
    if subject.kind == SubjectKind.LOCALITY and len(subject.region_code) <= _LENGTHS[ListingLevel(level)]:
        raise Refused("挂牌督办地方的应是它的上级，请选更高的级别")
