"""Handing a false claim over to whoever may punish it, with a letter and a duty (R073, R101)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import open_duty
from bihuan.duties.models import Duty
from bihuan.papers.actions import Place, issue_paper
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise

from .. import wording
from ..models import FalseClaim
from ..standing import verifying_post

ENFORCING = (Organization.Kind.DEPARTMENT, Organization.Kind.OFFICE)


@transaction.atomic
def hand_over(claim: FalseClaim, *, to: Organization, by: User) -> Paper:
    """Send a false claim to the enforcing body. Raises PermissionDenied, Refused, IllegalMove the second time."""
    pledge = claim.line.pledge
    post = verifying_post(by, pledge)
    if post is None or not FalseClaim.objects.visible_to(by).filter(pk=claim.pk).exists():
        raise PermissionDenied
    now = timezone.now()
    if not FalseClaim.objects.filter(pk=claim.pk, handed_at=None).update(
        handed_to=to, handed_by=by, handed_at=now
    ):
        raise IllegalMove("这条虚假承诺已经移送过，不能重复移送")
    claim.refresh_from_db()
    paper = send_to_enforcement(
        claim,
        enterprise=pledge.enterprise,
        place=pledge,
        sender=post.organization,
        to=to,
        facts=[
            ("承诺书编号", pledge.number),
            (
                "承诺内容",
                f"{claim.line.place} {claim.line.description}：{claim.line.measures or claim.line.interim_measures}",
            ),
            ("查明情况", claim.note),
            ("查明日期", claim.found_on.isoformat()),
        ],
        reason="在自查整改中弄虚作假",
        url=pledge.get_absolute_url(),
        by=by,
    )
    FalseClaim.objects.filter(pk=claim.pk).update(paper=paper)
    claim.paper = paper
    record(
        "pledges.hand_over",
        claim,
        by=by,
        summary=f"移送{to.short_name}查处：{claim}",
        payload={"paper": paper.pk},
    )
    return paper


def send_to_enforcement(
    subject: models.Model,
    *,
    enterprise: Enterprise,
    place: Place,
    sender: Organization,
    to: Organization,
    facts: list[tuple[str, object]],
    reason: str,
    url: str,
    by: User,
) -> Paper:
    """Issue the letter and put the duty into the inbox of the enforcing body. Raises Refused for a body that
    cannot take it over."""
    today = timezone.localdate()
    if to.kind not in ENFORCING or not to.is_current(today):
        raise Refused(f"{to.short_name}不能承办查处，请选现有的部门或安委办")
    paper = issue_paper(
        Paper.Kind.TRANSFER,
        subject=subject,
        organization=sender,
        recipient=to,
        recipient_name=to.name,
        department=to if to.kind == Organization.Kind.DEPARTMENT else None,
        place=place,
        content=wording.transfer_letter(
            enterprise=enterprise, sender=sender.name, to=to.name, facts=facts, reason=reason, on=today
        ),
        by=by,
    )
    open_duty(
        kind=Duty.Kind.ENFORCEMENT,
        subject=subject,
        title=f"依法查处：{enterprise.name}{reason}",
        url=paper.get_absolute_url(),
        organization=to,
        place=place,  # type: ignore[arg-type]
        clock_rule="enforcement.begin",
        start=today,
        by=by,
    )
    return paper
