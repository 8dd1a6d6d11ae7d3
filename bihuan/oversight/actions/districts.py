"""Leaders' districts: laid out, given to posts from a day on, visited from the phone, handed over (R031)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import holders_of, localities_under
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import place_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.registry.models import Enterprise
from bihuan.registry.models.responsibilities import Responsibility
from bihuan.zones.models import Zone

from .. import owing
from ..models import District, DistrictLead, DistrictVisit
from ..standing import lead_of, leads, own_office, runs
from .visiting import record_on_district

MOST_BACK = 31


@dataclass(frozen=True)
class Seen:
    """One problem a leader names on a visit."""

    level: str
    code: str
    description: str
    demand: str = ""
    organization: Organization | None = None
    enterprise: Enterprise | None = None
    due_on: dt.date | None = None
    photos: Sequence[uuid.UUID | str] = field(default_factory=tuple)


@transaction.atomic
def create_district(
    *,
    by: User,
    region: Region | None = None,
    enterprise: Enterprise | None = None,
    zone: Zone | None = None,
    rhythm: str = District.Rhythm.MONTH,
    name: str = "",
    basis: str = "",
) -> District:
    """Make a locality, an enterprise or a zone a district. Raises PermissionDenied, Refused for none or two of them, one
    outside the area or one that is a district already."""
    office = own_office(by)
    if office is None:
        raise PermissionDenied
    things = [each for each in (region, enterprise, zone) if each is not None]
    if len(things) != 1:
        raise Refused("请在属地、企业、区域里选择一个")
    if rhythm not in District.Rhythm.values:
        raise Refused("请选择走访频次")
    thing = things[0]
    if isinstance(thing, Enterprise):
        place: tuple[str, str | None, str | None] = (thing.city_id, thing.county_id, thing.locality_id)
        inside = Enterprise.objects.visible_to(by).filter(pk=thing.pk).exists()
    else:
        where = thing if isinstance(thing, Region) else thing.region
        spot = place_of(where)
        place = (spot.city_id, spot.county_id, spot.locality_id)
        inside = where.code.startswith(office.region_id)
    if not inside:
        raise Refused(f"“{thing}”不在本辖区，请核对")
    row = District(
        name=name.strip() or str(thing), organization=office, region=region, enterprise=enterprise, zone=zone,
        city_id=place[0], county_id=place[1], locality_id=place[2], rhythm=rhythm, basis=basis.strip(),
        created_by=by, created_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"“{thing}”已经是包干片区") from error
    record("oversight.create_district", row, by=by, summary=f"设立包干片区{row}")
    return row


@transaction.atomic
def lay_out_districts(*, by: User, rhythm: str = District.Rhythm.MONTH, basis: str = "") -> int:
    """Every locality of the office that is no district yet becomes one; those a leader's post already answers for
    (包干领导 in the registry) are led by it at once. Returns how many. Raises PermissionDenied."""
    office = own_office(by)
    if office is None:
        raise PermissionDenied
    have = set(
        District.objects.filter(organization=office, is_active=True, region__isnull=False).values_list(
            "region", flat=True
        )
    )
    today = timezone.localdate()
    named = {
        each.region_id: each
        for each in Responsibility.objects.in_force(on=today)
        .filter(kind=Responsibility.Kind.LEADER, region__isnull=False)
        .select_related("post__organization")
    }
    count = 0
    for body in localities_under(office.region_id):
        if body.region_id in have:
            continue
        row = create_district(region=body.region, rhythm=rhythm, basis=basis, by=by)
        responsible = named.get(body.region_id)
        if responsible is not None and _may_lead(responsible.post):
            assign_lead(row, responsible.post, from_on=today, document="责任落实登记的包干领导", by=by)
        count += 1
    return count


@transaction.atomic
def edit_district(
    district: District, *, name: str, rhythm: str, basis: str, is_active: bool, by: User
) -> None:
    """Put a district right, or close it. Raises PermissionDenied, Refused."""
    if not runs(by, district):
        raise PermissionDenied
    if not name.strip() or rhythm not in District.Rhythm.values:
        raise Refused("请填写名称和走访频次")
    district.name, district.rhythm, district.basis = name.strip(), rhythm, basis.strip()
    district.is_active = is_active
    try:
        with transaction.atomic():
            district.save(update_fields=["name", "rhythm", "basis", "is_active"])
    except IntegrityError as error:
        raise Refused(f"“{district}”已经是包干片区，不能重复启用") from error
    record("oversight.edit_district", district, by=by, summary=f"修改包干片区{district}")
    if not is_active:
        finish_duty(district, Duty.Kind.DISTRICT_VISIT, by=by, cancelled=True)


def _may_lead(post: Post) -> bool:
    return post.is_active and Permission.LEAD_DISTRICT in ROLES[post.role].permissions


@transaction.atomic
def assign_lead(
    district: District,
    post: Post,
    *,
    from_on: dt.date,
    by: User,
    document: str = "",
    reason: str = "",
) -> DistrictLead:
    """Give a district to a post from a day on; the one before ends the day before, what is owed goes along.

    Raises PermissionDenied, Refused, ReasonRequired when somebody else led it, IllegalMove when another was quicker.
    """
    if not runs(by, district):
        raise PermissionDenied
    if not district.is_active:
        raise Refused(f"{district}已停用，请先启用")
    if not _may_lead(post):
        raise Refused(f"“{post}”不是领导岗位，不能包干，请另选")
    today = timezone.localdate()
    if from_on > today or from_on < today - dt.timedelta(days=366):
        raise Refused("包干起始日期应在一年以内、不晚于今天")
    before = district.leads.filter(to_on=None).first()
    if before is not None:
        if before.post_id == post.pk:
            raise Refused(f"{post}已在包干{district}")
        if not reason.strip():
            raise ReasonRequired("调整包干领导")
        if from_on <= before.from_on:
            raise Refused(f"新的起始日期应晚于 {before.from_on}（现任起始日期）")
        if not DistrictLead.objects.filter(pk=before.pk, to_on=None).update(
            to_on=from_on - dt.timedelta(days=1)
        ):
            raise IllegalMove(f"{district}的包干领导刚刚被调整，请刷新后核对")
    try:
        with transaction.atomic():
            row = DistrictLead.objects.create(
                district=district, post=post, from_on=from_on, document=document.strip(), reason=reason.strip(),
                by=by, at=timezone.now(),
            )  # fmt: skip
    except IntegrityError as error:
        raise IllegalMove(f"{district}的包干领导刚刚被调整，请刷新后核对") from error
    words = f"{before.post} → {post}" if before else str(post)
    record("oversight.assign_lead", row, by=by, summary=f"{district}包干：{words}")
    owing.district_handed_over(district, row, by=by)
    people = holders_of(post)
    transaction.on_commit(
        partial(
            notify, people, category=Message.Category.DUTY, title=f"由您包干{district}"[:120],
            body=f"{district.get_rhythm_display()}至少走访一次", url=district.get_absolute_url(), key=f"lead:{row.pk}",
        )
    )  # fmt: skip
    return row


@transaction.atomic
def end_lead(district: District, *, reason: str, by: User) -> None:
    """Nobody leads it from tomorrow on; it stands in red until somebody does. Raises PermissionDenied, ReasonRequired,
    IllegalMove."""
    if not runs(by, district):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("结束包干")
    lead = district.leads.filter(to_on=None).first()
    if lead is None:
        raise IllegalMove(f"{district}现在没有人包干")
    today = timezone.localdate()
    end = max(today - dt.timedelta(days=1), lead.from_on)
    if not DistrictLead.objects.filter(pk=lead.pk, to_on=None).update(to_on=end, reason=reason.strip()[:200]):
        raise IllegalMove(f"{district}的包干领导刚刚被调整，请刷新后核对")
    record("oversight.end_lead", lead, by=by, summary=f"{district}结束包干：{lead.post}，{reason.strip()}")
    owing.district_handed_over(district, None, by=by)


@transaction.atomic
def record_visit(
    district: District,
    *,
    client_id: uuid.UUID,
    visited_on: dt.date,
    place: str,
    seen: str,
    by: User,
    decided: str = "",
    follow_up: str = "",
    companions: str = "",
    enterprise: Enterprise | None = None,
    longitude: float | None = None,
    latitude: float | None = None,
    photos: Iterable[uuid.UUID | str] = (),
    found: Sequence[Seen] = (),
) -> DistrictVisit:
    """A leader was there; what was found is handed over at once. Sent twice with one id it counts once (invariant 7).

    Raises PermissionDenied for whoever does not lead it, Refused.
    """
    known = DistrictVisit.objects.filter(client_id=client_id).first()
    if known is not None:
        if known.by_id != by.pk or known.district_id != district.pk:
            raise Refused("设备编号已被另一次走访使用，请重新登记")
        return known
    today = timezone.localdate()
    lead = lead_of(district, on=today)
    if lead is None or not leads(by, lead):
        raise PermissionDenied
    if not today - dt.timedelta(days=MOST_BACK) <= visited_on <= today:
        raise Refused(f"走访日期应在最近 {MOST_BACK} 天以内，请核对")
    if not place.strip() or not seen.strip():
        raise Refused("请填写地点和看到的情况")
    if (longitude is None) != (latitude is None):
        longitude = latitude = None
    if (
        longitude is not None
        and latitude is not None
        and not (-180 <= longitude <= 180 and -90 <= latitude <= 90)
    ):
        raise Refused("定位的经纬度不对，请重新定位")
    try:
        with transaction.atomic():
            row = DistrictVisit.objects.create(
                client_id=client_id, district=district, lead=lead, enterprise=enterprise, visited_on=visited_on,
                place=place.strip()[:200], longitude=longitude, latitude=latitude, companions=companions.strip()[:200],
                seen=seen.strip(), decided=decided.strip(), follow_up=follow_up.strip(), by=by, at=timezone.now(),
            )  # fmt: skip
    except IntegrityError:
        # The same phone sent it twice at the same moment; the other one has won.
        return DistrictVisit.objects.get(client_id=client_id)
    attach(row, photos, "visit", by=by)
    record("oversight.district_visit", row, by=by, summary=f"包干走访{district}")
    for each in found:
        record_on_district(
            row, level=each.level, code=each.code, description=each.description, demand=each.demand,
            organization=each.organization, enterprise=each.enterprise, due_on=each.due_on, photos=each.photos, by=by,
        )  # fmt: skip
    owing.district_visited(district, by=by)
    return row
