"""Subsidies: reckoned from the standard in force, reviewed, approved by another pair of eyes, paid (R236-R239)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.audit.moves import step
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.rules.records import UnknownRule, in_force
from bihuan.rules.subsidies import reckon

from ..charging import tell_approved, tell_paid
from ..models import BatchObject, Subsidy, SubsidyFund, SubsidyStandard, SubsidyTransition
from ..standing import holds, may_decide
from ..workflow import GRANTED, SUBSIDY_RULES, ObjectStatus, Purpose, SubsidyMove
from .composing import organizer

MOST_YUAN = Decimal(10) ** 11


@transaction.atomic
def set_standard(campaign: Campaign, *, by: User, **fields: Any) -> SubsidyStandard:
    """Register a standard from a day on. The one before of the same purpose ends the day before, if it had no end.

    Raises PermissionDenied, Refused without an amount or for a period that begins before the last one.
    """
    if organizer(by, campaign) is None:
        raise PermissionDenied
    if fields.get("per_unit") is None and fields.get("share") is None:
        raise Refused("请填写单价或按投入的比例，至少一项")
    start: dt.date = fields["effective_from"]
    purpose = fields.get("purpose", Purpose.RENOVATION)
    earlier = SubsidyStandard.objects.filter(campaign=campaign, purpose=purpose, effective_to=None).first()
    if earlier is not None:
        if earlier.effective_from >= start:
            raise Refused(f"已有自 {earlier.effective_from} 起的标准“{earlier}”，新标准应从以后的日期开始")
        SubsidyStandard.objects.filter(pk=earlier.pk).update(effective_to=start - dt.timedelta(days=1))
        earlier.refresh_from_db()
        record(
            "batches.end_standard", earlier, by=by, summary=f"补贴标准“{earlier}”执行至{earlier.effective_to}"
        )
    standard = SubsidyStandard.objects.create(campaign=campaign, made_by=by, made_at=timezone.now(), **fields)
    standard.refresh_from_db()
    record("batches.set_standard", standard, by=by, summary=f"登记补贴标准“{standard}”")
    return standard


def standard_for(campaign: Campaign, on: dt.date, purpose: str) -> SubsidyStandard:
    """The standard for a purpose in force on the day the work was finished. Raises Refused when there is none."""
    standards = list(SubsidyStandard.objects.filter(campaign=campaign, purpose=purpose))
    try:
        return in_force(standards, on, what=f"{campaign}补贴标准")
    except UnknownRule as error:
        raise Refused(
            f"{on} 没有生效的补贴标准（{Purpose(purpose).label}），请先登记标准和依据文件"
        ) from error


@transaction.atomic
def set_fund(campaign: Campaign, *, purpose: str, amount: Decimal, document: str, by: User) -> SubsidyFund:
    """Register money set aside for a purpose (R238); a further document adds to it.

    Raises PermissionDenied, Refused for no money, no document, or a document registered already.
    """
    if organizer(by, campaign) is None:
        raise PermissionDenied
    if purpose not in Purpose.values:
        raise Refused("请选择资金用途")
    if not 0 < amount < MOST_YUAN:
        raise Refused("资金应大于 0 元，且不超过千亿元，请核对")
    if not document.strip():
        raise Refused("请填写下达资金的文件")
    fund = SubsidyFund(
        campaign=campaign, purpose=purpose, amount=amount, document=document.strip()[:200], made_by=by,
        made_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            fund.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"“{fund.document}”的{fund.get_purpose_display()}资金已经登记过，请核对") from error
    fund.refresh_from_db()
    record("batches.set_fund", fund, by=by, summary=f"登记{campaign}专项资金：{fund}")
    return fund


@transaction.atomic
def propose_subsidy(
    member: BatchObject,
    *,
    quantity: Decimal,
    investment: Decimal | None,
    purpose: str = Purpose.RENOVATION,
    photos: Iterable[str | uuid.UUID] = (),
    by: User,
) -> Subsidy:
    """Reckon what an accepted object gets, with every step in words; `photos` are of the bills of its own investment.

    Done in time or not is asked of the deadline of the notice or its extension, never of a condition's. Raises
    PermissionDenied, Refused, IllegalMove.
    """
    if not holds(by, Permission.REVIEW_SUBSIDY, member.batch.organization_id):
        raise PermissionDenied
    member.refresh_from_db()
    if member.status != ObjectStatus.ACCEPTED or member.finished_on is None:
        raise IllegalMove(f"{member.enterprise}还没有验收合格，不能申报补贴")
    standard = standard_for(member.campaign, member.finished_on, purpose)
    try:
        result = reckon(
            standard.terms,
            quantity=quantity,
            investment=investment,
            finished_on=member.finished_on,
            due_on=member.work_due_on or member.due_on,
        )
    except ValueError as error:
        raise Refused(str(error)) from error
    if result.refused:
        raise Refused(result.refused)
    if result.yuan >= MOST_YUAN:
        raise Refused(f"算出的金额 {result.yuan} 元过大，请核对数量和标准")
    if result.yuan <= 0:
        raise Refused("按标准算出的金额为 0，不用申报，请核对数量和投入")
    subsidy = Subsidy(
        member=member,
        standard=standard,
        quantity=quantity,
        investment=investment,
        amount=result.yuan,
        lines=[*result.lines, f"标准：{standard.name}（{standard.document}）"],
        proposed_by=by,
        proposed_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            subsidy.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove(f"{member.enterprise}已经申报过补贴，请刷新后核对") from error
    attach(subsidy, [str(each) for each in photos if each], "voucher", by=by)
    record("batches.propose_subsidy", subsidy, by=by, summary=f"申报{subsidy}")
    open_duty(
        kind=Duty.Kind.SUBSIDY,
        subject=subsidy,
        title=f"审批补贴：{member.enterprise.name} {result.yuan} 元",
        url=member.get_absolute_url(),
        organization=member.batch.organization,
        place=member,
        clock_rule="subsidy.decide",
        by=by,
    )
    return subsidy


@transaction.atomic
def review(subsidy: Subsidy, *, by: User, reason: str = "") -> None:
    """First step (初审)."""
    _move(subsidy, SubsidyMove.REVIEW, by=by, reason=reason, reviewed_by=by, reviewed_at=timezone.now())


@transaction.atomic
def approve(subsidy: Subsidy, *, by: User, reason: str = "") -> None:
    """Second step (审定), by somebody who neither proposed nor reviewed it, within the money set aside.

    Raises Refused when the fund of its purpose does not reach; a purpose without a fund has no ceiling.
    """
    _within_fund(subsidy)
    _move(subsidy, SubsidyMove.APPROVE, by=by, reason=reason, approved_by=by, approved_at=timezone.now())
    tell_approved(subsidy, by)
    finish_duty(subsidy, Duty.Kind.SUBSIDY, by=by)


@transaction.atomic
def reject(subsidy: Subsidy, *, by: User, reason: str) -> None:
    """Pay nothing, and say why."""
    _move(subsidy, SubsidyMove.REJECT, by=by, reason=reason)
    finish_duty(subsidy, Duty.Kind.SUBSIDY, by=by)


def _within_fund(subsidy: Subsidy) -> None:
    """The rows of the fund are held until the approval is written, so that two approvals never spend the same yuan."""
    campaign, purpose = subsidy.standard.campaign_id, subsidy.standard.purpose
    funds = list(SubsidyFund.objects.select_for_update().filter(campaign=campaign, purpose=purpose))
    if not funds:
        return
    granted = Subsidy.objects.filter(
        standard__campaign=campaign, standard__purpose=purpose, status__in=GRANTED
    ).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    left = sum((fund.amount for fund in funds), Decimal(0)) - granted
    if subsidy.amount > left:
        raise Refused(
            f"{Purpose(purpose).label}专项资金只余 {left:.2f} 元，不足 {subsidy.amount:.2f} 元；追加资金后先登记文件，再审定"
        )


def pay(subsidy: Subsidy, *, paid_on: dt.date, voucher: str, by: User) -> None:
    """Record that the money has gone out. A voucher serves once. Raises Refused."""
    if not voucher.strip():
        raise Refused("请填写拨付凭证号")
    if paid_on > timezone.localdate():
        raise Refused(f"拨付日期 {paid_on} 在今天之后，请核对")
    if subsidy.approved_at and paid_on < timezone.localdate(subsidy.approved_at):
        raise Refused("拨付日期早于审定日期，请核对")
    try:
        with transaction.atomic():
            _move(
                subsidy,
                SubsidyMove.PAY,
                by=by,
                reason=voucher,
                paid_on=paid_on,
                voucher=voucher.strip(),
                paid_by=by,
            )
            tell_paid(subsidy, by)
    except IntegrityError as error:
        raise Refused(f"凭证号“{voucher.strip()}”已经用过，请核对") from error


def _move(subsidy: Subsidy, move: SubsidyMove, *, by: User, reason: str, **changed: Any) -> None:
    if not may_decide(by, move, subsidy) or not Subsidy.objects.visible_to(by).filter(pk=subsidy.pk).exists():
        raise PermissionDenied
    step(
        subsidy, move, SUBSIDY_RULES[move], SubsidyTransition, by=by, reason=reason, changed=changed,
        watched=("reviewed_by_id", "proposed_by_id"), act=f"batches.subsidy_{move.value}",
    )  # fmt: skip
