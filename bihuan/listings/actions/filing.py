"""While it is put right: the plan filed, progress reported, leaders' visits and guidance recorded (R092, R093)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.hazards.models import MajorPlan
from bihuan.hazards.workflow import Status
from bihuan.rules import listings as rules
from bihuan.rules.clocks import limit

from ..models import FiledPlan, LeaderVisit, Listing, ProgressReport
from ..standing import is_own, may_visit
from ..workflow import HANGING, ListingMove
from .moving import check_may, move_listing, sees
from .owing import owe_progress, progress_of

PARTS = ("goals", "methods", "funding", "staffing", "schedule", "safety")
ASSURANCES = (
    "measures_secured", "funds_secured", "deadline_secured", "person_secured", "contingency_secured",
)  # fmt: skip
Files = Iterable[UUID | str]


@transaction.atomic
def file_plan(
    listing: Listing,
    *,
    words: Mapping[str, str],
    causes: str = "",
    danger: str = "",
    budget: Decimal | None = None,
    files: Files = (),
    by: User,
) -> FiledPlan:
    """File the rectification plan: six parts and five assurances, none of which may be missing.

    Of a hazard that still waits for its plan it is the same plan: report (现状成因、危害难易) and plan go into the ledger
    with it and are reviewed there. Raises PermissionDenied, Refused naming the part, IllegalMove.
    """
    check_may(listing, ListingMove.FILE_PLAN, by)
    today = timezone.localdate()
    given = {name: str(words.get(name, "") or "").strip() for name in (*PARTS, *ASSURANCES)}
    for part in rules.plan_parts(listing.kind, today):
        if not given[part.key]:
            raise Refused(f"方案六项缺一不可，请补写“{part.label}”")
    for part in rules.assurances(today):
        if not given[part.key]:
            raise Refused(f"“五落实”缺一不可，请补写“{part.label}”")
    major = _plan_of_hazard(listing, given, causes, danger, by=by)
    plan = FiledPlan.objects.create(
        listing=listing, budget=budget, major_plan=major, on_behalf=not is_own(by, listing), by=by, at=timezone.now(),
        **{name: value[:200] if name in ASSURANCES else value for name, value in given.items()},
    )  # fmt: skip
    attach(plan, files, "document", by=by)
    record("listings.plan", plan, by=by, summary=f"{listing}治理方案备案")
    move_listing(listing, ListingMove.FILE_PLAN, by=by)
    finish_duty(listing, Duty.Kind.LISTING_PLAN, by=by)
    return plan


def _plan_of_hazard(
    listing: Listing, given: Mapping[str, str], causes: str, danger: str, *, by: User
) -> MajorPlan | None:
    hazard = listing.hazard
    if hazard is None:
        return None
    hazard.refresh_from_db()
    if hazard.status != Status.PLANNING:
        return hazard.major_plans.order_by("-pk").first()
    if not hazard.major_reports.exists():
        if not causes.strip() or not danger.strip():
            raise Refused("该隐患还没有报重大隐患报告，请一并填写“现状及产生原因”和“危害程度和整改难易”")
        hazards.report_major(hazard, causes=causes, danger=danger, by=by)
    latest = hazard.found_on + dt.timedelta(days=limit("major.rectify.max_days", timezone.localdate()))
    return hazards.submit_major_plan(
        hazard, due_on=min(listing.due_on, latest), by=by, **{name: given[name] for name in PARTS}
    )


@transaction.atomic
def report_progress(
    listing: Listing,
    *,
    percent: int,
    text: str,
    problems: str = "",
    funds_spent: Decimal | None = None,
    photos: Files = (),
    by: User,
) -> ProgressReport:
    """Report how far the work is, with photos of the spot; the next report falls due from here.

    Raises PermissionDenied, Refused without words or photos, IllegalMove when it is no longer being put right.
    """
    check_may(listing, ListingMove.REPORT, by)
    shown = [str(each) for each in photos if each]
    if not text.strip():
        raise Refused("请写明做了什么、进展到哪一步")
    if not 0 <= percent <= 100:
        raise Refused("进度应为 0 至 100 的百分数")
    if not shown:
        raise Refused("进展报告须附现场照片")
    last = listing.progress_reports.order_by("-pk").first()
    if funds_spent is not None and last and last.funds_spent is not None and funds_spent < last.funds_spent:
        raise Refused(f"累计投入不应少于上一期的 {last.funds_spent} 元，请填累计数")
    standing, _ = progress_of(listing, timezone.localdate())
    # A report made early in a period that has begun counts for it; the number is the period it was owed for.
    report = ProgressReport.objects.create(
        listing=listing, period=standing.period, percent=percent, text=text.strip(), problems=problems.strip(),
        funds_spent=funds_spent, due_on=standing.due_on, on_behalf=not is_own(by, listing), by=by, at=timezone.now(),
    )  # fmt: skip
    attach(report, shown, "scene", by=by)
    record("listings.progress", report, by=by, summary=f"{report}")
    move_listing(listing, ListingMove.REPORT, by=by, reason=f"第 {report.period} 期，{percent}%")
    finish_duty(listing, Duty.Kind.LISTING_PROGRESS, by=by)
    owe_progress(listing, by=by)
    return report


@transaction.atomic
def record_visit(
    listing: Listing,
    *,
    kind: str,
    visited_on: dt.date,
    leader_name: str,
    leader_title: str,
    organization: Organization | None,
    found: str,
    demands: str = "",
    photos: Files = (),
    by: User,
) -> LeaderVisit:
    """Record that a leader went there, or that somebody guided the work. Raises PermissionDenied, Refused, IllegalMove."""
    if not may_visit(by, listing) or not sees(by, listing):
        raise PermissionDenied
    if listing.status not in HANGING or listing.listed_on is None:
        raise IllegalMove(f"{listing.number}现为“{listing.get_status_display()}”，挂牌期间才登记督办")
    if not (leader_name.strip() and leader_title.strip() and found.strip()):
        raise Refused("请写明带队人、职务和现场情况")
    if not listing.listed_on <= visited_on <= timezone.localdate():
        raise Refused(f"督办日期应在挂牌日 {listing.listed_on} 至今天之间，所填为 {visited_on}")
    body = organization or (by.main_post.organization if by.main_post else listing.organization)
    visit = LeaderVisit.objects.create(
        listing=listing, kind=kind, visited_on=visited_on, leader_name=leader_name.strip()[:60],
        leader_title=leader_title.strip()[:60], organization=body, found=found.strip(), demands=demands.strip(), by=by,
        at=timezone.now(),
    )  # fmt: skip
    attach(visit, [str(each) for each in photos if each], "scene", by=by)
    record("listings.visit", visit, by=by, summary=f"{listing.number}：{visit}")
    if kind == LeaderVisit.Kind.LEADER:
        finish_duty(listing, Duty.Kind.LISTING_VISIT, by=by)
    return visit
