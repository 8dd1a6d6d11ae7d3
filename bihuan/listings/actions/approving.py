"""Signing one step of a chain, or sending it back with the reason; the last signature carries out what it is for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.actions import attach, sign
from bihuan.attachments.models import Signature
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.rules import listings as rules

from ..models import Approval, ApprovalLine
from ..standing import may_sign
from ..workflow import ApprovalStatus, ChainPurpose, ListingMove
from .chains import answered, ask
from .delisting import strike_off
from .extending import settle_request
from .moving import sees
from .ordering import put_on_list, take_back
from .owing import owe_examination


@dataclass(frozen=True)
class OnPaper:
    """A signature given on paper by somebody without an account (政府领导), recorded with the scan."""

    name: str
    title: str
    signed_on: dt.date
    scans: tuple[str, ...]


@transaction.atomic
def sign_step(
    approval: Approval,
    *,
    agreed: bool,
    opinion: str = "",
    image: str = "",
    paper: OnPaper | None = None,
    by: User,
) -> ApprovalLine:
    """Sign the step that waits, or send the whole back to where it came from.

    Two who press at once: the second gets IllegalMove and nothing of it stays. Raises PermissionDenied for anybody who
    is not the signer of this step, ReasonRequired to send back, Refused for a step signed on paper without its scan.
    """
    listing, step = approval.listing, approval.current
    if step is None:
        raise IllegalMove(f"{approval}已经走完，请刷新后核对")
    if not sees(by, listing):
        raise PermissionDenied
    if not may_sign(by, approval):
        raise PermissionDenied
    if not agreed and not opinion.strip():
        raise ReasonRequired("签署退回")
    is_government = step["who"] == "government"
    if is_government and agreed:
        _check_paper(paper, approval)
    position, is_last = approval.position, approval.is_last
    status = (
        ApprovalStatus.RETURNED
        if not agreed
        else ApprovalStatus.PASSED
        if is_last
        else ApprovalStatus.RUNNING
    )
    # The row is taken first: whoever comes second changes nothing.
    if not Approval.objects.filter(pk=approval.pk, status=ApprovalStatus.RUNNING, position=position).update(
        status=status, position=position + (1 if agreed and not is_last else 0)
    ):
        raise IllegalMove(f"这一步刚刚有人签过，{approval}请刷新后核对")
    approval.status = status
    approval.position = position + (1 if agreed and not is_last else 0)
    now = timezone.now()
    signed_by_hand = paper if is_government and agreed else None
    title = (
        signed_by_hand.title
        if signed_by_hand
        else next((post.title for post in by.posts if post.organization_id == step["organization"]), "")
    )
    line = ApprovalLine(
        approval=approval, position=position, label=step["label"], organization_id=step["organization"], agreed=agreed,
        opinion=opinion.strip()[:500] or "同意", signer_name=signed_by_hand.name.strip() if signed_by_hand else by.full_name,
        signer_title=title.strip(), on_paper=signed_by_hand is not None,
        signed_on=signed_by_hand.signed_on if signed_by_hand else timezone.localdate(now), by=by, at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            line.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这一步刚刚有人签过，请刷新后核对") from error
    summary = f"{approval}·{line.label}{'同意' if agreed else '退回'}：{line.opinion}"
    record("listings.sign" if agreed else "listings.return", line, by=by, summary=summary[:300])
    if signed_by_hand:
        attach(line, signed_by_hand.scans, "document", by=by)
    else:
        sign(
            line, role="approver", signer=by, signer_name=by.full_name, signer_title=title.strip(),
            method=Signature.Method.DRAWN if image else Signature.Method.LOGIN, image=image or None, by=by,
        )  # fmt: skip
    record(
        "listings.approval", approval, by=by, summary=summary[:300],
        payload={"listing": listing.pk, "position": position, "agreed": agreed},
    )  # fmt: skip
    answered(approval, by=by)
    _follow(approval, line, by=by)
    return line


def _follow(approval: Approval, line: ApprovalLine, *, by: User) -> None:
    """What the signature brings about."""
    listing = approval.listing
    if approval.status == ApprovalStatus.RUNNING:
        ask(approval, by=by)
        return
    passed, purpose = approval.status == ApprovalStatus.PASSED, approval.purpose
    if purpose == ChainPurpose.LIST:
        if passed:
            put_on_list(listing, by=by)
        else:
            take_back(listing, ListingMove.RETURN, reason=f"{line.label}：{line.opinion}", by=by)
    elif purpose == ChainPurpose.EXTEND:
        settle_request(approval, approved=passed, opinion=f"{line.label}：{line.opinion}", by=by)
    elif passed:
        strike_off(listing, opinion=f"{line.label}：{line.opinion}", by=by)
    else:
        take_back(listing, ListingMove.RETURN_DELISTING, reason=f"{line.label}：{line.opinion}", by=by)
        owe_examination(listing, timezone.localdate(), by=by)


def _check_paper(paper: OnPaper | None, approval: Approval) -> None:
    signer = rules.SIGNERS["government"]
    if paper is None or not paper.name.strip() or not paper.title.strip():
        raise Refused(f"{signer}：请填写签批领导的姓名和职务")
    if not any(paper.scans):
        raise Refused(f"{signer}：请附签批页的照片或扫描件")
    opened = timezone.localdate(approval.opened_at)
    if not opened <= paper.signed_on <= timezone.localdate():
        raise Refused(f"签批日期应在{opened.isoformat()}至今天之间，所填为{paper.signed_on.isoformat()}")
