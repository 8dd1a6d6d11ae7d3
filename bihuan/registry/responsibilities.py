"""Who answers for an object: naming leaders and watchers, and finding what nobody answers for (R027, R036, R044, R047)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.queries import holders_of
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.rules.regions import ancestors, is_within, prefix_range

from .access import edit_scope
from .models import Enterprise, EnterpriseChange, EnterpriseQuerySet, Responsibility
from .noting import note

Kind = Responsibility.Kind
MISSING = {
    "department": "无主管部门",
    "locality": "无属地单位",
    "leader": "无包干领导",
    "watcher": "无专盯人员",
}
UNSETTLED = "乡镇街道待定"  # instead of 无属地单位 where only the county is known
WATCHED_RISKS = ("red", "orange")  # whoever is that dangerous is watched by name (R041)


@dataclass(frozen=True)
class Named:
    """One who answers, for the page of an enterprise: through which area it came, and who sits there today."""

    kind: str
    post: Post
    people: str
    via: str
    row: Responsibility


@transaction.atomic
def appoint(
    kind: str,
    post: Post,
    *,
    by: User,
    enterprise: Enterprise | None = None,
    region: Region | None = None,
    from_on: dt.date | None = None,
    to_on: dt.date | None = None,
    occasion: str = "",
    remark: str = "",
) -> Responsibility:
    """Make a post answer for an enterprise, or for all of an area; who did so before ends the day before.

    Raises PermissionDenied outside the edit scope, Refused for a post that cannot answer there or dates that cannot be.
    """
    scope = edit_scope(by)
    day = from_on or timezone.localdate()
    if enterprise is not None:
        if not scope.covers(enterprise):
            raise PermissionDenied
        place = enterprise.locality_id
    elif region is not None:
        if not any(is_within(region.code, area) for area in scope.areas):
            raise PermissionDenied
        place = region.code
    else:
        raise Refused("请选择企业或片区")
    _fit(kind, post, place, enterprise)
    if kind == Kind.PILOT and not remark.strip():
        raise Refused("属地试点监管须在“说明”里写明依据，如会议纪要的日期和文号")
    if region is not None and kind != Kind.LEADER:
        raise Refused("片区只设包干领导，其他责任请到企业页指定")
    if kind == Kind.SPECIAL and (to_on is None or not occasion.strip()):
        raise Refused("特殊时期责任人须写明是什么时期和起止日期")
    if to_on is not None and to_on < day:
        raise Refused("止日不能早于起日，请核对")
    if kind != Kind.SPECIAL:
        if to_on is not None:
            raise Refused("只有特殊时期责任人设止日，换人时另行指定即可")
        before = Responsibility.objects.filter(
            kind=kind, enterprise=enterprise, region=region, to_on=None
        ).first()
        if before is not None:
            if before.post_id == post.pk:
                raise Refused(f"{post}已是{before.get_kind_display()}，不必重复指定")
            _end(before, day)
    made = Responsibility.objects.create(
        kind=kind, enterprise=enterprise, region=region, post=post, occasion=occasion.strip()[:60], from_on=day,
        to_on=to_on, note=remark.strip()[:200], by=by, at=timezone.now(),
    )  # fmt: skip
    _say(made, by, "")
    return made


def _fit(kind: str, post: Post, place: str, enterprise: Enterprise | None) -> None:
    """Whether the post may answer there: in use, of a body of that place or above it, a leader's where one is asked."""
    body = post.organization
    if not post.is_active:
        raise Refused(f"岗位“{post}”已停用，请改选")
    if kind == Kind.LEADER and not post.is_leader:
        raise Refused(f"“{post}”不是领导岗位，包干领导请从负责人岗位中选")
    own = enterprise is not None and body.pk == enterprise.department_id
    if not own and not (is_within(place, body.region_id) or is_within(body.region_id, place)):
        raise Refused(f"“{post}”不在这个辖区，请改选当地或上级的岗位")
    if body.kind == Organization.Kind.ENTERPRISE and (
        enterprise is None or enterprise.organization_id != body.pk
    ):
        raise Refused("企业的岗位不能负责别的对象")


def _end(row: Responsibility, successor_from: dt.date) -> None:
    """The one before ends the day before; one that began no earlier than that answered for its first day only."""
    row.to_on = max(row.from_on, successor_from - dt.timedelta(days=1))
    row.save(update_fields=["to_on"])


@transaction.atomic
def end_responsibility(row: Responsibility, *, by: User, on: dt.date | None = None) -> None:
    """Somebody no longer answers, from the day after `on`. Raises PermissionDenied, Refused when it ended already."""
    scope = edit_scope(by)
    if row.enterprise is not None:
        allowed = scope.covers(row.enterprise)
    else:
        allowed = any(is_within(str(row.region_id), area) for area in scope.areas)
    if not allowed:
        raise PermissionDenied
    day = on or timezone.localdate()
    if row.to_on is not None and row.to_on < day:
        raise Refused("这项责任已经结束")
    row.to_on = max(row.from_on, day)
    row.save(update_fields=["to_on"])
    _say(row, by, f"止于{row.to_on}")


def _say(row: Responsibility, by: User, end: str) -> None:
    label = row.get_kind_display()
    if row.enterprise is not None:
        words = f"{row.post}{end}"
        note(
            row.enterprise, EnterpriseChange.What.ASSIGNED, by=by, summary=f"“{row.enterprise}”的{label}：{words}",
            changes=[[label, "", f"{words}{f'（{row.occasion}）' if row.occasion else ''}"]],
        )  # fmt: skip
    else:
        assert row.region is not None
        record(
            "registry.responsibility", row, by=by, summary=f"{row.region}的{label}：{row.post}{end}",
            payload={"region": row.region_id, "post": row.post_id, "kind": row.kind},
        )  # fmt: skip


def answering_for(enterprise: Enterprise, *, on: dt.date) -> list[Named]:
    """Everybody who answers on that day: named for the enterprise itself, and leaders of its locality and county."""
    near = Q(enterprise=enterprise) | Q(region__in=[enterprise.locality_id, enterprise.county_id])
    rows = Responsibility.objects.in_force(on=on).filter(near).select_related("post__organization", "region")
    own_leader = any(row.enterprise_id and row.kind == Kind.LEADER for row in rows)
    found = []
    for row in sorted(rows, key=lambda row: (Kind.values.index(row.kind), row.region_id or "", row.pk)):
        if row.region_id and own_leader:
            continue
        people = "、".join(user.full_name for user in holders_of(row.post, on)) or "岗位无人"
        via = row.region.name if row.region else row.occasion
        found.append(Named(row.kind, row.post, people, via, row))
    return found


def without(objects: EnterpriseQuerySet, missing: str, *, on: dt.date) -> EnterpriseQuerySet:
    """Those of `objects` that lack one of MISSING, or any of department, locality and leader for "any".

    A locality put in charge on trial stands in for the department that is missing (R036).
    """
    match missing:
        case "department":
            return objects.filter(~_has_pilot(on), department=None)
        case "locality":
            return objects.filter(~_has_locality(on))
        case "leader":
            return objects.filter(~_has_leader(on))
        case "watcher":
            return objects.filter(~_has_watcher(on), risk__in=WATCHED_RISKS)
    return objects.filter(Q(department=None) & ~_has_pilot(on) | Q(~_has_locality(on)) | Q(~_has_leader(on)))


def unsettled(objects: EnterpriseQuerySet) -> EnterpriseQuerySet:
    """Those of `objects` of which only the county is known."""
    return objects.filter(locality__in=Region.objects.filter(kind=Region.Kind.COUNTY).values("pk"))


def with_gaps(objects: EnterpriseQuerySet, *, on: dt.date) -> EnterpriseQuerySet:
    """The same objects with has_locality, has_leader, has_watcher and has_pilot on each."""
    return objects.annotate(
        has_locality=_has_locality(on), has_leader=_has_leader(on), has_watcher=_has_watcher(on),
        has_pilot=_has_pilot(on),
    )  # fmt: skip


def gaps_of(enterprise: Enterprise) -> list[str]:
    """What an object of `with_gaps` lacks, in words."""
    lacking = {
        "department": enterprise.department_id is None and not enterprise.has_pilot,  # type: ignore[attr-defined]
        "locality": not enterprise.has_locality,  # type: ignore[attr-defined]
        "leader": not enterprise.has_leader,  # type: ignore[attr-defined]
        "watcher": enterprise.risk in WATCHED_RISKS and not enterprise.has_watcher,  # type: ignore[attr-defined]
    }
    words = MISSING if enterprise.locality.is_locality else MISSING | {"locality": UNSETTLED}
    return [words[key] for key, lacks in lacking.items() if lacks]


def _has_locality(on: dt.date) -> Exists:
    bodies = Organization.objects.current(on=on).filter(
        kind=Organization.Kind.LOCALITY, region_id=OuterRef("locality_id")
    )
    return Exists(bodies)


def _has_leader(on: dt.date) -> Exists:
    rows = Responsibility.objects.in_force(on=on).filter(kind=Kind.LEADER, post__is_active=True)
    near = Q(enterprise=OuterRef("pk")) | Q(region=OuterRef("locality_id")) | Q(region=OuterRef("county_id"))
    return Exists(rows.filter(near))


def _has_pilot(on: dt.date) -> Exists:
    rows = Responsibility.objects.in_force(on=on).filter(kind=Kind.PILOT, post__is_active=True)
    return Exists(rows.filter(enterprise=OuterRef("pk")))


def pilot_of(enterprise: Enterprise, *, on: dt.date) -> Post | None:
    """The post in charge on trial; None where there is none."""
    row = enterprise.responsibilities.in_force(on=on).filter(kind=Kind.PILOT, post__is_active=True).first()
    return row.post if row is not None else None


def _has_watcher(on: dt.date) -> Exists:
    rows = Responsibility.objects.in_force(on=on).filter(kind=Kind.WATCHER, post__is_active=True)
    return Exists(rows.filter(enterprise=OuterRef("pk")))


def posts_to_name(user: User, *, leaders: bool) -> list[Post]:
    """Posts a person may make answer: of the bodies in one's area and above it, and of one's own department."""
    scope = edit_scope(user)
    near = Q(organization__in=scope.departments)
    for area in scope.areas:
        low, high = prefix_range(area)
        near |= Q(organization__region_id__gte=low, organization__region_id__lt=high)
        near |= Q(organization__region_id__in=ancestors(area))
    posts = Post.objects.filter(near, is_active=True).exclude(
        organization__kind__in=[
            Organization.Kind.ENTERPRISE,
            Organization.Kind.SYSTEM,
            Organization.Kind.EXPERTS,
        ]
    )
    found = posts.select_related("organization").order_by(
        F("organization__region_id"), "organization_id", "id"
    )
    return [post for post in found[:2000] if not leaders or post.is_leader]
