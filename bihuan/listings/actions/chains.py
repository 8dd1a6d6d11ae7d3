"""Chains of signatures: begun as the rules of the region say on that day, and asked of one body after another."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from ..models import Approval, Listing
from ..policies import chain_for, due
from ..workflow import ApprovalStatus, ChainPurpose
from .owing import owe

_KINDS = {
    ChainPurpose.LIST: Duty.Kind.LISTING_STEP,
    ChainPurpose.EXTEND: Duty.Kind.LISTING_EXTENSION,
    ChainPurpose.DELIST: Duty.Kind.LISTING_STEP,
}


def open_approval(listing: Listing, purpose: str, *, by: User) -> Approval:
    """Begin a chain and ask its first signer. A step of a body there is not, or that another step covers, is left out."""
    steps = _resolved(listing, purpose)
    if not steps:
        raise Refused("审签程序没有可签的步骤，请安委办在挂牌口径页面设定")
    if listing.approvals.filter(status=ApprovalStatus.RUNNING).exists():
        raise IllegalMove(f"{listing.number}有一道审签还没有走完")
    approval = Approval.objects.create(
        listing=listing, purpose=purpose, steps=steps, opened_by=by, opened_at=timezone.now()
    )
    record("listings.approval", approval, by=by, summary=f"{approval}开始，共 {len(steps)} 步")
    ask(approval, by=by)
    return approval


def ask(approval: Approval, *, by: User) -> None:
    """The body whose step it is owes a signature within the days of its rule set."""
    step = approval.current
    if step is None:
        return
    listing = approval.listing
    body = Organization.objects.get(pk=step["organization"])
    key = "extend_decide" if approval.purpose == ChainPurpose.EXTEND else "step"
    start = timezone.localdate(approval.opened_at) if key == "extend_decide" else timezone.localdate()
    derived = due(listing, key, start)
    leader = step["who"] not in ("reporter_officer", "office_officer", "government")
    owe(
        listing, _KINDS[ChainPurpose(approval.purpose)],
        f"{ChainPurpose(approval.purpose).label}·{step['label']}：{listing.title[:70]}", organization=body,
        permission=Permission.APPROVE_LISTING if leader else Permission.MANAGE_LISTINGS, due_on=derived.due_on,
        clock=derived.explanation, by=by,
    )  # fmt: skip


def answered(approval: Approval, *, by: User) -> None:
    """The step that was asked for is signed; its duty ends before the next one is asked."""
    finish_duty(approval.listing, _KINDS[ChainPurpose(approval.purpose)], by=by)


def drop_approval(listing: Listing, purpose: str, *, by: User) -> None:
    """End a chain that has lost its object (an application takes the place of a request for more time)."""
    for approval in listing.approvals.filter(status=ApprovalStatus.RUNNING, purpose=purpose):
        Approval.objects.filter(pk=approval.pk, status=ApprovalStatus.RUNNING).update(
            status=ApprovalStatus.DROPPED
        )
        approval.status = ApprovalStatus.DROPPED
        record("listings.drop", approval, by=by, summary=f"{approval}终止")
        finish_duty(listing, _KINDS[ChainPurpose(purpose)], by=by, cancelled=True)


def _resolved(listing: Listing, purpose: str) -> list[dict[str, Any]]:
    steps = []
    chosen = chain_for(listing, purpose, timezone.localdate())
    everybody = {each.who for each in chosen}
    for each in chosen:
        body = _body(listing, each.who)
        if body is None:
            continue
        if each.who == "reporter_leader" and body == listing.organization and "office_leader" in everybody:
            continue
        if each.who == "department_leader" and body == listing.reporter and "reporter_leader" in everybody:
            continue
        steps.append({"label": each.label, "who": each.who, "organization": body.pk, "name": body.short_name})
    return steps


def _body(listing: Listing, who: str) -> Organization | None:
    if who in ("reporter_officer", "reporter_leader"):
        return listing.reporter
    if who == "department_leader":
        return listing.department
    return listing.organization
