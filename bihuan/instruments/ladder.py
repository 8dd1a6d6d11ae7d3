"""What a rung of the duties' ladder drafts: the next paper about a duty, whoever holds it or nobody."""

from __future__ import annotations

from django.db.models import Count

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.queries import office_of
from bihuan.audit.actions import chain_of
from bihuan.duties.drafting import Drafter, register_drafter
from bihuan.duties.ladder import Rung
from bihuan.duties.models import Duty, DutyStep
from bihuan.duties.sweep import UNHELD

from .actions.drafting import MOST_MATTERS, Draft, MatterGiven, add_matter, draft_instrument
from .models import Instrument
from .sources.duties import OWN
from .types import labels, type_for
from .workflow import DRAFTS, Origin, Status


def register() -> None:
    """Offer the kinds to the ladder; called in `AppConfig.ready`."""
    register_drafter(Drafter(lambda: list(labels().items()), draft_for_duty))


def draft_for_duty(duty: Duty, rung: Rung, step: DutyStep, by: User) -> None:
    """Put a draft before the office that answers for the place, in the sweep's transaction.

    One draft of a kind at a time: while one waits to be signed no second is made, and what a body is late with on one
    day stands in one draft. What has been issued about the duty
    before is what this one escalates from. The papers' own duties have an escalation of their own.
    """
    if duty.kind in OWN:
        return
    issuer = _issuer(duty)
    if issuer is None:
        return
    kind = type_for(rung.drafts, issuer)
    if issuer.kind not in kind.draft_by:
        return
    chain = chain_of(duty)
    about = Instrument.objects.filter(matters__subject=chain, organization=issuer)
    if about.filter(kind=kind.key, status__in=[*DRAFTS, Status.ISSUED]).exists():
        return
    earlier = about.filter(status=Status.ISSUED).order_by("-pk").first()
    body = duty.organization
    held = "，无人承办" if duty.post is None or UNHELD in step.note else ""
    days = (step.on - duty.due_on).days if duty.due_on else 0
    words = (
        f"“{duty.title}”（{duty.get_kind_display()}）期限 {duty.due_on}，截至 {step.on} 已逾期 {days} 天{held}；"
        f"系统已催办 {duty.steps_taken} 次。"
    )
    matter = MatterGiven(chain, f"{duty.title}（期限 {duty.due_on}）", duty.url, body)
    if body.kind in kind.recipients and (waiting := _waiting(issuer, kind.key, body, earlier, step)):
        add_matter(
            waiting, matter, title=f"关于{body.short_name}多项工作逾期未办结的{kind.label}",
            situation=f"{body.name}承担的{words}", by=by,
        )  # fmt: skip
        return
    draft = Draft(
        kind=kind.key,
        title=f"关于{body.short_name}“{duty.title[:40]}”逾期未办结的{kind.label}",
        situation=f"{body.name}承担的{words}",
        demand=f"请立即明确承办人，限期办结，并说明逾期原因。\n{kind.demand}",
        recipients=[body] if body.kind in kind.recipients else [],
        matters=[matter],
    )
    draft_instrument(draft, organization=issuer, origin=Origin.LADDER, escalated_from=earlier, by=by)


def _waiting(
    issuer: Organization, kind: str, body: Organization, earlier: Instrument | None, step: DutyStep
) -> Instrument | None:
    """The draft of the same day to the same body that this matter joins: an imported pile is one paper, not hundreds."""
    drafts = Instrument.objects.filter(
        organization=issuer, kind=kind, origin=Origin.LADDER, status=Status.DRAFT, escalated_from=earlier,
        drafted_at__date=step.on, recipients__organization=body,
    ).annotate(listed=Count("matters", distinct=True), addressed=Count("recipients", distinct=True))  # fmt: skip
    return drafts.filter(listed__lt=MOST_MATTERS, addressed=1).order_by("-pk").first()


def _issuer(duty: Duty) -> Organization | None:
    """The nearest office over the place; for what the office itself owes, the one above it."""
    office = office_of(duty.locality_id or duty.county_id or duty.city_id)
    if office is None or office.pk != duty.organization_id:
        return office
    parent = Region.objects.filter(pk=office.region_id).values_list("parent_id", flat=True).first()
    above = office_of(parent) if parent else None
    return above if above is not None and above.pk != office.pk else None
