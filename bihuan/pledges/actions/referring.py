"""A case on its way to whoever may punish it, and back with the result: sent, taken up, sent back, told (R073, R101)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import default_post, holders_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import chain_of, record
from bihuan.audit.moves import step
from bihuan.core.errors import Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.papers.actions import Place, issue_paper
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise

from .. import wording
from ..models import Referral, ReferralTransition
from ..standing import may_refer
from ..workflow import REFERRAL_RULES, Outcome, ReferralMove

ENFORCING = (Organization.Kind.DEPARTMENT, Organization.Kind.OFFICE)
MOST_YUAN = Decimal(10) ** 11


def refer(
    subject: models.Model,
    *,
    enterprise: Enterprise,
    place: Place,
    sender: Organization,
    to: Organization,
    facts: list[tuple[str, object]],
    reason: str,
    url: str,
    photos: Iterable[str | uuid.UUID] = (),
    by: User,
) -> Referral:
    """Hand a case over: the letter, the photos, and a duty to take it up in the inbox of the enforcing body.

    Runs in the transaction of the verb that checked who may. Raises Refused for a body that cannot take it over.
    """
    today = timezone.localdate()
    _check_body(to, today)
    told = [[name, str(value)] for name, value in facts if str(value)]
    referral = Referral.objects.create(
        subject=chain_of(subject),
        url=url,
        enterprise=enterprise,
        city_id=place.city_id,
        county_id=place.county_id,
        locality_id=place.locality_id,
        reason=reason,
        facts=told,
        sender=sender,
        recipient=to,
        sent_by=by,
        sent_at=timezone.now(),
    )
    attach(referral, [str(each) for each in photos if each], "evidence", by=by)
    referral.paper = _letter(referral, subject, place, by)
    referral.save(update_fields=["paper"])
    record(
        "pledges.refer",
        referral,
        by=by,
        summary=f"移送{to.short_name}查处：{referral}",
        payload={"paper": referral.paper.pk, "subject": referral.subject},
    )
    _owe(referral, "enforcement.begin", f"受理移送案件：{referral}", by)
    return referral


def _check_body(to: Organization, on: dt.date) -> None:
    if to.kind not in ENFORCING or not to.is_current(on):
        raise Refused(f"{to.short_name}不能承办查处，请选现有的部门或安委办")


def _letter(referral: Referral, subject: models.Model, place: Place, by: User) -> Paper:
    to = referral.recipient
    return issue_paper(
        Paper.Kind.TRANSFER,
        subject=subject,
        organization=referral.sender,
        recipient=to,
        recipient_name=to.name,
        department=to if to.kind == Organization.Kind.DEPARTMENT else None,
        place=place,
        content=wording.transfer_letter(
            enterprise=referral.enterprise,
            sender=referral.sender.name,
            to=to.name,
            facts=[(name, value) for name, value in referral.facts],
            reason=referral.reason,
            on=timezone.localdate(),
        ),
        by=by,
    )


def _owe(referral: Referral, rule: str, title: str, by: User) -> None:
    open_duty(
        kind=Duty.Kind.ENFORCEMENT,
        subject=referral,
        title=title,
        url=referral.get_absolute_url(),
        organization=referral.recipient,
        place=referral,
        clock_rule=rule,
        start=timezone.localdate(),
        by=by,
    )


def _move(referral: Referral, move: ReferralMove, *, by: User, reason: str = "", **changed: Any) -> None:
    seen = Referral.objects.visible_to(by).filter(pk=referral.pk).exists()
    if not may_refer(by, move, referral) or not seen:
        raise PermissionDenied
    step(
        referral, move, REFERRAL_RULES[move], ReferralTransition, by=by, reason=reason, changed=changed,
        act=f"pledges.referral_{move.value}",
    )  # fmt: skip


@transaction.atomic
def accept_referral(referral: Referral, *, by: User) -> None:
    """Take the case up; the clock of the decision begins. Raises PermissionDenied, IllegalMove."""
    _move(referral, ReferralMove.ACCEPT, by=by, accepted_at=timezone.now())
    finish_duty(referral, Duty.Kind.ENFORCEMENT, by=by)
    _owe(referral, "enforcement.result", f"查处并反馈：{referral}", by)


@transaction.atomic
def return_referral(referral: Referral, *, reason: str, by: User) -> None:
    """Send the case back: not ours, or not enough. The sender is told. Raises ReasonRequired, IllegalMove."""
    _move(referral, ReferralMove.RETURN, by=by, reason=reason)
    finish_duty(referral, Duty.Kind.ENFORCEMENT, by=by)
    transaction.on_commit(partial(_tell_sender, referral.pk, f"退回：{reason.strip()}"))


@transaction.atomic
def resend_referral(referral: Referral, *, to: Organization, reason: str = "", by: User) -> None:
    """Hand a returned case over again, to the same body with more said or to another, with a new letter."""
    _check_body(to, timezone.localdate())
    facts = [*referral.facts, ["补充说明", reason.strip()[:500]]] if reason.strip() else referral.facts
    _move(
        referral,
        ReferralMove.RESEND,
        by=by,
        reason=reason,
        recipient=to,
        facts=facts,
        sent_by=by,
        sent_at=timezone.now(),
        accepted_at=None,
    )
    referral.paper = _letter(referral, referral, referral, by)
    referral.save(update_fields=["paper"])
    _owe(referral, "enforcement.begin", f"受理移送案件：{referral}", by)


@transaction.atomic
def close_referral(
    referral: Referral,
    *,
    outcome: str,
    result: str,
    decided_on: dt.date,
    document: str = "",
    fine: Decimal | None = None,
    photos: Iterable[str | uuid.UUID] = (),
    by: User,
) -> None:
    """Tell what came of it: outcome, words, the decision with its number and fine. Raises Refused, IllegalMove."""
    if outcome not in Outcome.values:
        raise Refused("请选择处理结果")
    if not result.strip():
        raise Refused("请写明查处情况：查明了什么、怎样处理")
    if outcome in {Outcome.PENALTY, Outcome.COERCIVE} and not document.strip():
        raise Refused("处罚和强制措施须填决定文书的文号")
    if fine is not None and not 0 <= fine < MOST_YUAN:
        raise Refused("罚款金额请核对")
    if decided_on > timezone.localdate():
        raise Refused(f"决定日期 {decided_on} 在今天之后，请核对")
    _move(
        referral,
        ReferralMove.CLOSE,
        by=by,
        reason=Outcome(outcome).label,
        outcome=outcome,
        result=result.strip()[:500],
        document=document.strip()[:80],
        fine=fine if outcome == Outcome.PENALTY else None,
        decided_on=decided_on,
        closed_at=timezone.now(),
    )
    attach(referral, [str(each) for each in photos if each], "result", by=by)
    finish_duty(referral, Duty.Kind.ENFORCEMENT, by=by)
    transaction.on_commit(partial(_tell_sender, referral.pk, Outcome(outcome).label))


def _tell_sender(pk: int, words: str) -> None:
    referral = Referral.objects.select_related("sender", "enterprise").get(pk=pk)
    post = default_post(referral.sender)
    if post is None:
        return
    notify(
        holders_of(post, timezone.localdate()),
        category=Message.Category.RESULT,
        title=f"移送案件{referral.get_status_display()}：{referral.enterprise}"[:120],
        body=words[:500],
        url=referral.get_absolute_url(),
        key=f"referral:{referral.pk}:{referral.transitions.count()}",
    )
