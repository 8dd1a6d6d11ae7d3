"""More time: asked for under the clock of the rule set, decided by a chain, told by a paper (宁波、青岛)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import reschedule_duty
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.hazards.workflow import RUNNING
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper
from bihuan.rules import listings as rules
from bihuan.rules.clocks import limit

from .. import wording
from ..models import Approval, ExtensionRequest, Listing
from ..policies import due, last_day_to_ask
from ..workflow import ChainPurpose, ListingMove, RequestStatus
from .chains import drop_approval, open_approval
from .moving import check_may, move_listing, paper_permission
from .owing import tell


@transaction.atomic
def request_extension(
    listing: Listing, *, to: dt.date, reason: str, interim_measures: str, by: User
) -> ExtensionRequest:
    """Ask for more time. Raises PermissionDenied, Refused when it is too late, too long or asked too often, IllegalMove."""
    check_may(listing, ListingMove.APPLY, by)
    today = timezone.localdate()
    if listing.status not in ("listed",) or listing.listed_on is None:
        raise IllegalMove(f"{listing.number}现为“{listing.get_status_display()}”，不能申请延期")
    if not reason.strip() or not interim_measures.strip():
        raise Refused("请写明延期理由和延期期间的安全措施")
    last = last_day_to_ask(listing, today)
    if today > last:
        raise Refused(f"延期最迟应在 {last} 提出，现已超过，请抓紧整改")
    if to <= listing.due_on:
        raise Refused(f"新期限应晚于现在的期限 {listing.due_on}")
    latest = rules.latest_deadline(listing.rule_set, listing.listed_on, kind=listing.kind)
    if to > latest:
        raise Refused(f"挂牌整改（含延期）最晚至 {latest}，所填为 {to}")
    granted = listing.extensions.filter(status=RequestStatus.APPROVED).count()
    most = limit("extension.max_count", today)
    if granted >= most:
        raise Refused(f"已延期 {granted} 次，达到 {most} 次上限，不能再延期")
    derived = due(listing, "extend_decide", today)
    try:
        with transaction.atomic():
            request = ExtensionRequest.objects.create(
                listing=listing, old_due_on=listing.due_on, requested_due_on=to, reason=reason.strip(),
                interim_measures=interim_measures.strip(), decide_by=derived.due_on, requested_by=by,
                requested_at=timezone.now(),
            )  # fmt: skip
    except IntegrityError as error:
        raise IllegalMove("已有一份延期申请等待决定") from error
    approval = open_approval(listing, ChainPurpose.EXTEND, by=by)
    ExtensionRequest.objects.filter(pk=request.pk).update(approval=approval)
    request.approval = approval
    record("listings.ask_extension", request, by=by, summary=f"{listing}申请延至 {to}")
    return request


def settle_request(approval: Approval, *, approved: bool, opinion: str, by: User) -> None:
    """The chain has decided: the deadline moves or stays, and the owner gets it in writing. Within the last signature."""
    listing, today = approval.listing, timezone.localdate()
    request = approval.extension
    if request.status != RequestStatus.PENDING:
        raise IllegalMove("延期申请已经有了结果，请刷新后核对")
    if approved:
        told = {
            "summary": f"原期限 {request.old_due_on}，{today} 批准延期至 {request.requested_due_on}",
            "source": listing.order.number if listing.order else "",
        }
        move_listing(
            listing, ListingMove.EXTEND, by=by, reason=opinion, changed={"due_on": request.requested_due_on}
        )
        reschedule_duty(listing, Duty.Kind.LISTING_RECTIFY, request.requested_due_on, told, by=by)
        _extend_hazard(listing, request, by=by)
    paper = issue_paper(
        Paper.Kind.LISTING_EXTENSION, subject=listing, organization=listing.organization, recipient=listing.owner,
        recipient_name=listing.owner_name, department=listing.department, place=listing,
        content=wording.extension_reply(request, approved=approved, opinion=opinion, on=today), case_of=listing.order,
        permission=paper_permission(by), by=by,
    )  # fmt: skip
    _close(
        request, RequestStatus.APPROVED if approved else RequestStatus.REJECTED, opinion, by=by, paper=paper
    )
    verdict = f"延至 {request.requested_due_on}" if approved else f"不准延期，仍按 {request.old_due_on} 完成"
    tell(listing, f"挂牌延期批复：{listing.title[:60]}", f"{verdict}。{opinion}")


def _extend_hazard(listing: Listing, request: ExtensionRequest, *, by: User) -> None:
    """The hazard's own deadline follows where it would end before the listing's."""
    hazard = listing.hazard
    if hazard is None:
        return
    hazard.refresh_from_db()
    if hazard.status in RUNNING and hazard.due_on is not None and hazard.due_on < request.requested_due_on:
        hazards.extend_ex_officio(
            hazard, to=request.requested_due_on, reason=f"挂牌督办批准延期：{request.reason[:200]}", by=by
        )


@transaction.atomic
def drop_request(listing: Listing, *, by: User) -> None:
    """Once it is offered for examination there is nothing left to extend."""
    request = listing.extensions.filter(status=RequestStatus.PENDING).first()
    if request is None:
        return
    drop_approval(listing, ChainPurpose.EXTEND, by=by)
    _close(request, RequestStatus.WITHDRAWN, "已提出摘牌验收申请，延期申请终止", by=by)


def _close(request: ExtensionRequest, status: str, opinion: str, *, by: User, **more: Any) -> None:
    changed = {"status": status, "opinion": opinion[:500], "decided_at": timezone.now(), **more}
    if not ExtensionRequest.objects.filter(pk=request.pk, status=RequestStatus.PENDING).update(**changed):
        raise IllegalMove("延期申请已经有了结果，请刷新后核对")
    for name, value in changed.items():
        setattr(request, name, value)
    record(
        "listings.extension",
        request,
        by=by,
        summary=f"{request.listing.number}延期：{request.get_status_display()}",
    )
