"""Handing a false claim over to whoever may punish it (R073)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.attachments import queries as files
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove
from bihuan.papers.models import Paper

from ..models import FalseClaim
from ..standing import verifying_post
from .referring import refer


@transaction.atomic
def hand_over(claim: FalseClaim, *, to: Organization, by: User) -> Paper:
    """Send a false claim to the enforcing body, with what was found and the photos of it; returns the letter.

    Raises PermissionDenied, Refused, IllegalMove the second time.
    """
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
    said = claim.line.measures or claim.line.interim_measures
    referral = refer(
        claim,
        enterprise=pledge.enterprise,
        place=pledge,
        sender=post.organization,
        to=to,
        facts=[
            ("承诺书编号", pledge.number),
            ("承诺内容", f"{claim.line.place} {claim.line.description}：{said}"),
            ("查明情况", claim.note),
            ("查明日期", claim.found_on.isoformat()),
        ],
        reason="在自查整改中弄虚作假",
        url=pledge.get_absolute_url(),
        photos=[each.pk for each in files.of(claim.line, "verification")],
        by=by,
    )
    assert referral.paper is not None
    FalseClaim.objects.filter(pk=claim.pk).update(paper=referral.paper)
    claim.paper = referral.paper
    record(
        "pledges.hand_over",
        claim,
        by=by,
        summary=f"移送{to.short_name}查处：{claim}",
        payload={"paper": referral.paper.pk, "referral": referral.pk},
    )
    return referral.paper
