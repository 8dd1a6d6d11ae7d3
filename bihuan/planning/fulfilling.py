"""A visit meets its plan: the planned visit is done, its duty ends; who was not meant to go, or not then, is remarked on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.duties import actions as duties
from bihuan.duties.models import Duty
from bihuan.inspections.kinds import OWN
from bihuan.inspections.models import Inspection, Signal
from bihuan.inspections.weighing import Found

from .models import JointShare, PlannedVisit, Recusal, VisitPlan

_WARRANTS: list[Callable[[Inspection], bool]] = []


def fulfil(inspection: Inspection, *, by: User) -> None:
    """Tick off what was planned there: the first of each cause of this organization, and on a joint visit those of
    every other body that came along (综合查一次, R059).

    Going once for a draw and for the plan of the year is no second visit; one of two months' plans is. A body none of
    whose people were there has not been: its visit stays.
    """
    if inspection.kind in OWN:
        return
    waiting = PlannedVisit.objects.filter(
        enterprise=inspection.enterprise_id,
        status=PlannedVisit.Status.PLANNED,
        window_from__lte=inspection.inspected_on,
    ).order_by("window_to", "id")
    mine = list(waiting.filter(organization=inspection.organization_id))
    done = _first_of_each(mine)
    if inspection.kind == Inspection.Kind.JOINT:
        for body in _who_came_along(inspection, {visit.joint_id for visit in mine if visit.joint_id}):
            done += _first_of_each(waiting.filter(organization=body))
    for visit in done:
        still = PlannedVisit.objects.filter(pk=visit.pk, status=PlannedVisit.Status.PLANNED)
        if not still.update(status=PlannedVisit.Status.DONE, inspection=inspection):
            continue
        duties.finish_duty(visit, Duty.Kind.VISIT, by=by)


def _first_of_each(visits: Iterable[PlannedVisit]) -> list[PlannedVisit]:
    """The first visit of each cause."""
    found: dict[str, PlannedVisit] = {}
    for visit in visits:
        found.setdefault(visit.source, visit)
    return list(found.values())


def _who_came_along(inspection: Inspection, joints: set[int]) -> set[int]:
    """The other bodies that took part: those of the people who signed; where somebody without an account signed, who may
    be from any of them, all that had agreed to come."""
    members = list(inspection.members.select_related("user"))
    bodies = {post.organization_id for each in members if each.user for post in each.user.posts}
    if any(each.user is None for each in members):
        agreed = JointShare.objects.filter(joint__in=joints, answer=JointShare.Answer.ACCEPTED)
        bodies |= set(agreed.values_list("organization", flat=True))
    return bodies - {inspection.organization_id}


def people_amiss(inspection: Inspection) -> Iterator[Found]:
    """Somebody who should stand aside went, or somebody else than those the draw had named."""
    members = {each.user_id: each.name for each in inspection.members.all() if each.user_id}
    aside = Recusal.objects.filter(
        user__in=members, enterprise=inspection.enterprise_id, is_active=True, at__lte=inspection.started_at
    )
    for pk in sorted(set(aside.values_list("user", flat=True))):
        yield Found(Signal.Code.RECUSED, f"{members[pk]}登记了回避这家企业，仍参加了检查")
    drawn = PlannedVisit.objects.filter(inspection=inspection, organization=inspection.organization_id)
    for visit in drawn.exclude(draw=None).select_related("draw").prefetch_related("inspectors"):
        missing = [person for person in visit.inspectors.all() if person.pk not in members]
        if missing:
            names = "、".join(person.full_name for person in missing)
            yield Found(
                Signal.Code.NOT_DRAWN,
                f"双随机抽中的{names}没有参加，去的是{'、'.join(members.values()) or '没有账号的人'}",
                {"url": visit.draw.get_absolute_url() if visit.draw else ""},
            )


def register_warrant(warrants: Callable[[Inspection], bool]) -> None:
    """Let a higher app say that a visit was asked for elsewhere (a look-back, a supervision round)."""
    if warrants not in _WARRANTS:
        _WARRANTS.append(warrants)


def unplanned(inspection: Inspection) -> Iterator[Found]:
    """A visit outside any task, plan, approval and other warrant, of an organization that has a plan to keep to."""
    if inspection.kind in OWN or inspection.task_id is not None:
        return
    if PlannedVisit.objects.filter(inspection=inspection).exists():
        return
    plans = VisitPlan.objects.filter(
        organization=inspection.organization_id,
        year=inspection.inspected_on.year,
        status=VisitPlan.Status.ADOPTED,
        adopted_at__lte=inspection.started_at,
    )
    if plans.exists() and not any(warrants(inspection) for warrants in _WARRANTS):
        yield Found(
            Signal.Code.UNPLANNED,
            "不属于任何任务、双随机或年度计划，也没有计划外检查的批准",
            {"url": reverse("planning:requests")},
        )
