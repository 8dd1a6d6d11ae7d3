"""The order in the government's name (R088): with the last signature the listing hangs and every clock begins."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.papers.actions import acknowledge, issue_paper
from bihuan.papers.models import Paper, PaperReceipt

from .. import wording
from ..models import Listing, PublicNotice
from ..policies import due
from ..workflow import LISTING_RULES, ListingMove, NoticePurpose
from .letters import draw_up_letters
from .moving import check_may, move_listing, paper_permission
from .owing import (
    owe,
    owe_attending,
    owe_of_owner,
    owe_progress,
    owe_rectifying,
    settle_receipt,
    superior_of,
)


def put_on_list(listing: Listing, *, by: User) -> Paper:
    """Issue the order, hang the hazard in the ledger, and let everything run. In the transaction of the last signature."""
    today = timezone.localdate()
    if listing.due_on <= today:
        raise Refused(f"整改期限 {listing.due_on} 已到，请退回呈报单位改期限后再签")
    plan = due(listing, "file_plan", today)
    paper = issue_paper(
        Paper.Kind.LISTING_ORDER, subject=listing, organization=listing.organization, recipient=listing.owner,
        recipient_name=listing.owner_name, department=listing.department, place=listing,
        content=wording.order(listing, plan_due_on=plan.due_on, on=today), due_on=listing.due_on,
        permission=paper_permission(by), by=by,
    )  # fmt: skip
    move_listing(
        listing, ListingMove.LIST, by=by,
        changed={"listed_on": today, "order": paper, "plan_due_on": plan.due_on},
    )  # fmt: skip
    if listing.hazard is not None:
        listing.hazard.refresh_from_db()
        if not listing.hazard.is_supervised:
            hazards.place_under_supervision(
                listing.hazard, reason=f"{listing.get_level_display()}督办，{paper.number}", by=by
            )
    owe_rectifying(listing, by=by)
    owe_of_owner(listing, Duty.Kind.LISTING_PLAN, "治理方案报备案", plan.due_on, plan.explanation, by=by)
    owe_progress(listing, by=by)
    owe_attending(listing, by=by)
    owe_notice(listing, NoticePurpose.LISTING, by=by)
    draw_up_letters(listing, by=by)
    return paper


def take_back(listing: Listing, move: str, *, reason: str, by: User) -> None:
    """A chain sent it back: the report to whoever reported, the end of it to whoever examined."""
    move_listing(listing, move, by=by, reason=reason)
    if LISTING_RULES[move].target == "returned":
        derived = due(listing, "step", timezone.localdate())
        owe(
            listing, Duty.Kind.LISTING_STEP, f"修改后重新呈报：{listing.title[:70]}", organization=listing.reporter,
            permission=Permission.MANAGE_LISTINGS, due_on=derived.due_on, clock=derived.explanation, by=by,
        )  # fmt: skip


def owe_notice(listing: Listing, purpose: str, *, by: User) -> PublicNotice:
    """The listing body makes it public within its days (青岛：5 个工作日)."""
    key = "publish_delisting" if purpose == NoticePurpose.DELISTING else "publish"
    derived = due(listing, key, timezone.localdate())
    notice = PublicNotice.objects.create(
        listing=listing, purpose=purpose, publish_by=derived.due_on, clock=derived.explanation
    )
    owe(
        listing, Duty.Kind.LISTING_STEP, f"公布{NoticePurpose(purpose).label}：{listing.title[:70]}", subject=notice,
        organization=listing.organization, permission=Permission.MANAGE_LISTINGS, due_on=derived.due_on,
        clock=derived.explanation, by=by,
    )  # fmt: skip
    return notice


@transaction.atomic
def acknowledge_order(listing: Listing, *, by: User) -> PaperReceipt:
    """The owner signs for the order; reports count from that day. Raises PermissionDenied, Refused when done already."""
    if listing.order is None:
        raise Refused("挂牌督办通知书还没有下达")
    receipt = acknowledge(listing.order, by=by)
    listing.order.refresh_from_db()
    settle_receipt(listing, by=by)
    return receipt


@transaction.atomic
def report_up(listing: Listing, *, note: str, by: User) -> None:
    """Record that the listing was reported to the office above (青岛：3 个工作日报市安办). Raises as `move_listing`."""

    check_may(listing, ListingMove.PASS, by)
    superior = superior_of(listing)
    if superior is None:
        raise Refused("本系统没有上级安委办，不需要在这里登记报备")
    if not Listing.objects.filter(pk=listing.pk, reported_up_on=None, listed_on__isnull=False).update(
        reported_up_on=timezone.localdate()
    ):
        raise Refused("还没有挂牌，或者已经登记过报备")
    listing.reported_up_on = timezone.localdate()
    finish_duty(listing, Duty.Kind.LISTING_REPORT, by=by)
    record(
        "listings.report_up", listing, by=by, summary=f"{listing}报{superior.short_name}备案：{note}"[:300]
    )
