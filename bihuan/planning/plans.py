"""Plans of a year and visits no plan foresees: what the staff can reach, what is asked for and approved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Max
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties import actions as duties
from bihuan.duties.models import Duty
from bihuan.inspections.burden import counts_of_kind, over_cap
from bihuan.inspections.kinds import OWN, conducted_by
from bihuan.inspections.models import Inspection
from bihuan.inspections.queries import conductible
from bihuan.registry.models import Enterprise
from bihuan.rules import visitplans as rules
from bihuan.rules.records import UnknownRule
from bihuan.rules.visits import next_visit, visit_rule

from .draws import planning_organization
from .models import PlannedVisit, VisitPlan, VisitRequest
from .visits import open_visits, owe

PURPOSE = "supervision"


# --- the year ---------------------------------------------------------------------------------


def needs_of(user: User, year: int) -> tuple[list[rules.Need], str]:
    """The visits the rules ask for in a year at every object this person may inspect, and what was read."""
    begin = dt.date(year, 1, 1)
    objects = list(conductible(user).values_list("pk", "risk", "kind_id", "locality_id", "created_at"))
    last = dict(
        Inspection.objects.filter(enterprise__in=[row[0] for row in objects])
        .exclude(kind__in=OWN)
        .order_by()
        .values_list("enterprise")
        .annotate(day=Max("inspected_on"))
    )
    found: list[rules.Need] = []
    without = 0
    for pk, risk, kind, area, created in objects:
        try:
            rule = visit_rule(PURPOSE, begin, target=kind, area=area, risk=risk)
        except UnknownRule:
            without += 1
            continue
        known = [last[pk]] if pk in last else []
        due = next_visit(rule, known, since=timezone.localdate(created)).advised_on
        found += rules.needs_of_year(pk, risk, year, due, max(1, rule.months // rule.at_least))
    note = f"{len(objects)} 家对象，按频次规定全年应检查 {len(found)} 次"
    return found, note + (f"；{without} 家没有适用的频次规定，未列入" if without else "")


@transaction.atomic
def make_plan(
    *, year: int, kind: str, inspectors: int, team: int, days: int, visits_a_day: int, by: User
) -> VisitPlan:
    """Work out a year with the staff there is and keep it as a draft with its visits. Raises PermissionDenied, Refused."""
    organization = planning_organization(by)
    today = timezone.localdate()
    if kind not in conducted_by(organization):
        raise Refused(f"{organization.short_name}不开展这类检查，请改选检查类别")
    if not today.year <= year <= today.year + 1:
        raise Refused(f"只能编制 {today.year} 年或 {today.year + 1} 年的计划")
    if team < 1 or inspectors < team:
        raise Refused(f"检查人员 {inspectors} 人，凑不成一组 {team} 人，请核对")
    first_month = today.month if year == today.year else 1
    capacity = rules.Capacity(inspectors, team, days, visits_a_day)
    needs, note = needs_of(by, year)
    made = counts_of_kind({need.object for need in needs}, kind) if year == today.year else {}
    needs, dropped = _within_cap(needs, kind, dt.date(year, 1, 1), made)
    if dropped:
        note += f"；其中 {dropped} 次超过每家每年的次数上限，未列入"
    plan = rules.plan_year(needs, capacity, first_month=first_month)
    row = VisitPlan.objects.create(
        organization=organization, year=year, kind=kind, first_month=first_month, inspectors=inspectors, team=team,
        days=days, visits_a_day=visits_a_day, made_by=by, made_at=timezone.now(),
        figures={
            "note": note,
            "capacity": plan.capacity,
            "a_month": capacity.a_month,
            "needed": len(needs),
            "placed": len(plan.placed),
            "late": plan.late,
            "left": len(plan.left),
            "coverage": rules.coverage(needs, plan),
            "inspectors_needed": rules.inspectors_needed(len(needs), capacity),
        },
    )  # fmt: skip
    _keep_visits(row, plan.placed)
    record(
        "planning.make_plan",
        row,
        by=by,
        summary=f"编制{row}，可检查 {len(plan.placed)} 次，排不下 {len(plan.left)} 次",
    )
    return row


def _within_cap(
    needs: list[rules.Need], kind: str, on: dt.date, made: Mapping[int, int]
) -> tuple[list[rules.Need], int]:
    """The needs an upper limit leaves beside the visits made in the year already, the earliest first, and how many it
    takes away."""
    limit = rules.cap(kind, on)
    if limit is None:
        return needs, 0
    taken = dict(made)
    kept = []
    for need in sorted(needs, key=lambda each: each.month):
        taken[need.object] = taken.get(need.object, 0) + 1
        if taken[need.object] <= limit.per_year:
            kept.append(need)
    return kept, len(needs) - len(kept)


def _keep_visits(plan: VisitPlan, placed: Iterable[tuple[int, int]]) -> None:
    rows = list(placed)
    enterprises = Enterprise.objects.in_bulk({pk for pk, _ in rows})
    PlannedVisit.objects.bulk_create(
        [
            PlannedVisit(
                enterprise=enterprises[pk], organization=plan.organization, kind=plan.kind,
                source=PlannedVisit.Source.PLAN, plan=plan, city_id=enterprises[pk].city_id,
                county_id=enterprises[pk].county_id, locality_id=enterprises[pk].locality_id,
                window_from=dt.date(plan.year, month, 1), window_to=_last_day(plan.year, month),
                # A draft binds nobody: its visits count once it is adopted.
                status=PlannedVisit.Status.CANCELLED, reason="草案",
            )
            for pk, month in rows
        ],
        batch_size=500,
    )  # fmt: skip


def _last_day(year: int, month: int) -> dt.date:
    return dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)


@transaction.atomic
def adopt_plan(plan: VisitPlan, *, by: User) -> VisitPlan:
    """Put a drafted plan in force. Raises PermissionDenied, IllegalMove when it is, Refused when the year has one."""
    if not approves_for(by, plan.organization_id):
        raise PermissionDenied
    if VisitPlan.objects.filter(
        organization=plan.organization_id, year=plan.year, status=VisitPlan.Status.ADOPTED
    ).exists():
        raise Refused(f"{plan.organization.short_name}{plan.year}年已有批准的计划")
    moved = VisitPlan.objects.filter(pk=plan.pk, status=VisitPlan.Status.DRAFT).update(
        status=VisitPlan.Status.ADOPTED, adopted_by=by, adopted_at=timezone.now()
    )
    if not moved:
        raise IllegalMove(f"{plan}已经批准，请刷新页面")
    plan.refresh_from_db()
    plan.visits.filter(reason="草案").update(status=PlannedVisit.Status.PLANNED, reason="")
    record("planning.adopt_plan", plan, by=by, summary=f"批准{plan}")
    open_visits(timezone.now(), plan=plan)
    return plan


def months_of(plan: VisitPlan) -> list[dict[str, Any]]:
    """Each month of a plan: planned and done."""
    rows: dict[int, dict[str, int]] = {}
    for month, status, count in (
        plan.visits.order_by()
        .values_list("window_from__month", "status")
        .annotate(count=Count("pk"))
        .values_list("window_from__month", "status", "count")
    ):
        rows.setdefault(month, {})[status] = count
    return [
        {"month": month, "planned": sum(rows[month].values()), "done": rows[month].get("done", 0)}
        for month in sorted(rows)
    ]


# --- what no plan foresees --------------------------------------------------------------------


def approves_for(user: User, organization_id: int) -> bool:
    """Whether somebody decides for this organization: its leader, or that of the office above."""
    return any(
        post.organization_id == organization_id and Permission.APPROVE_VISIT in ROLES[post.role].permissions
        for post in user.posts
    )


def approving_post(organization: Organization) -> Post | None:
    """The seat that decides on visits of a body, its leader's first; None where there is none."""
    roles = [key for key, role in ROLES.items() if Permission.APPROVE_VISIT in role.permissions]
    rows = Post.objects.filter(organization=organization, role__in=roles, is_active=True).order_by("pk")
    return min(rows, key=lambda post: not post.is_leader, default=None)


@transaction.atomic
def request_visit(
    enterprise: Enterprise, *, kind: str, cause: str, reason: str, window_from: dt.date, window_to: dt.date, by: User
) -> VisitRequest:  # fmt: skip
    """Ask for a visit no plan foresees; after a tip or an accident it stands approved at once. Raises PermissionDenied, Refused."""
    organization = planning_organization(by)
    if not conductible(by).filter(pk=enterprise.pk).exists():
        raise PermissionDenied
    if kind not in conducted_by(organization):
        raise Refused(f"{organization.short_name}不开展这类检查，请改选检查类别")
    if cause not in VisitRequest.Cause.values:
        raise Refused("请选择起因")
    if not reason.strip():
        raise ReasonRequired("计划外检查")
    if window_from > window_to:
        raise Refused("检查时段的起日晚于止日，请核对")
    row = VisitRequest.objects.create(
        organization=organization, enterprise=enterprise, kind=kind, cause=cause, reason=reason.strip()[:300],
        window_from=window_from, window_to=window_to, over_cap=over_cap(enterprise, kind), by=by, at=timezone.now(),
    )  # fmt: skip
    record("planning.request_visit", row, by=by, summary=f"申请计划外检查：{row}")
    if cause != VisitRequest.Cause.OTHER:
        _approve(row, f"因{row.get_cause_display()}，免予审批", by=by, decided_by=None)
        return row
    duties.open_duty(
        kind=Duty.Kind.VISIT_APPROVAL, subject=row, title=f"审批计划外检查：{row.enterprise}",
        url=reverse("planning:requests"), organization=organization, place=enterprise,
        post=approving_post(organization), clock_rule="visit.approve", by=by,
    )  # fmt: skip
    return row


@transaction.atomic
def decide_request(row: VisitRequest, *, approve: bool, decision: str, by: User) -> VisitRequest:
    """Approve or refuse. Raises PermissionDenied (nobody decides on their own request), IllegalMove, ReasonRequired."""
    if not approves_for(by, row.organization_id) or row.by_id == by.pk:
        raise PermissionDenied
    if not decision.strip():
        raise ReasonRequired("审批意见")
    if approve:
        _approve(row, decision.strip(), by=by, decided_by=by)
    else:
        _decide(row, VisitRequest.Status.REFUSED, decision.strip(), decided_by=by)
        record("planning.refuse_visit", row, by=by, summary=f"未批准计划外检查：{row}")
    duties.finish_duty(row, Duty.Kind.VISIT_APPROVAL, by=by)
    return row


def _decide(row: VisitRequest, status: str, decision: str, *, decided_by: User | None) -> None:
    """Compare and swap: whoever comes second is told."""
    asked = VisitRequest.objects.filter(pk=row.pk, status=VisitRequest.Status.ASKED)
    moved = asked.update(
        status=status, decision=decision[:200], decided_by=decided_by, decided_at=timezone.now()
    )
    row.refresh_from_db()
    if not moved:
        raise IllegalMove(f"申请已是“{row.get_status_display()}”，请刷新页面")


def _approve(row: VisitRequest, decision: str, *, by: User, decided_by: User | None) -> None:
    _decide(row, VisitRequest.Status.APPROVED, decision, decided_by=decided_by)
    visit = PlannedVisit.objects.create(
        enterprise=row.enterprise, organization=row.organization, kind=row.kind, source=PlannedVisit.Source.APPROVAL,
        city_id=row.enterprise.city_id, county_id=row.enterprise.county_id, locality_id=row.enterprise.locality_id,
        window_from=row.window_from, window_to=row.window_to,
    )  # fmt: skip
    row.visit = visit
    row.save(update_fields=["visit"])
    owe(visit, f"计划外检查：{row.enterprise}", by=by)
    record("planning.approve_visit", row, by=by, summary=f"批准计划外检查：{row}")
