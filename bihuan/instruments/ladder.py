"""What a rung of the duties' ladder drafts: the next paper about a duty, whoever holds it or nobody."""

from __future__ import annotations

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.queries import office_of
from bihuan.audit.actions import chain_of
from bihuan.duties.drafting import Drafter, register_drafter
from bihuan.duties.ladder import Rung
from bihuan.duties.models import Duty, DutyStep

from .actions.drafting import Draft, MatterGiven, draft_instrument
from .models import Instrument
from .sources.duties import OWN
from .types import labels, type_for
from .workflow import DRAFTS, Origin, Status


def register() -> None:
    """Offer the kinds to the ladder; called in `AppConfig.ready`."""
    register_drafter(Drafter(lambda: list(labels().items()), draft_for_duty))


def draft_for_duty(duty: Duty, rung: Rung, step: DutyStep, by: User) -> None:
    """Put a draft before the office that answers for the place, in the sweep's transaction.

    One draft of a kind at a time: while one waits to be signed no second is made. What has been issued about the duty
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
    held = "" if duty.post and not step.note else "，无人承办"
    days = (step.on - duty.due_on).days if duty.due_on else 0
    draft = Draft(
        kind=kind.key,
        title=f"关于{body.short_name}“{duty.title[:40]}”逾期未办结的{kind.label}",
        situation=f"{body.name}承担的“{duty.title}”（{duty.get_kind_display()}）期限 {duty.due_on}，"
        f"截至 {step.on} 已逾期 {days} 天{held}；系统已催办 {duty.steps_taken} 次。",
        demand=f"请立即明确承办人，限期办结，并说明逾期原因。\n{kind.demand}",
        recipients=[body] if body.kind in kind.recipients else [],
        matters=[MatterGiven(chain, f"{duty.title}（期限 {duty.due_on}）", duty.url, body)],
    )
    draft_instrument(draft, organization=issuer, origin=Origin.LADDER, escalated_from=earlier, by=by)


def _issuer(duty: Duty) -> Organization | None:
    """The nearest office over the place; for what the office itself owes, the one above it."""
    office = office_of(duty.locality_id or duty.county_id or duty.city_id)
    if office is None or office.pk != duty.organization_id:
        return office
    parent = Region.objects.filter(pk=office.region_id).values_list("parent_id", flat=True).first()
    above = office_of(parent) if parent else None
    return above if above is not None and above.pk != office.pk else None
