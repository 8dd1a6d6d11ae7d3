"""A promise, a self-check and a batch of the noodle shop, for the matrix."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.batches import actions as batches
from bihuan.inspections.tests.factories import GasCampaign, ink, photo, visit
from bihuan.pledges import actions as pledges
from bihuan.pledges.models import FalseClaim, Referral
from bihuan.pledges.tests.factories import fire_form, make_signed


def add_promises(world: World, gas: GasCampaign) -> dict[str, Any]:
    """Build them and return their ids by the names the tables use."""
    shop, housing, today = world.people.shop, world.people.housing, timezone.localdate()
    pledge = make_signed(world)
    claim_line, open_line = pledge.lines.get(role="corrected"), pledge.lines.get(role="uncorrected")
    pledges.judge_line(claim_line, "false", note="仍堆着", photos=[photo(housing)], by=housing)
    pledges.hand_over(FalseClaim.objects.get(), to=world.organizations.housing, by=housing)
    self_check = pledges.submit_self_check(visit(world, gas, shop, "pppp"), image=ink(), by=shop)
    batch = batches.create_batch(
        gas.campaign, name="第一批", demand="换装金属软管", due_on=today + dt.timedelta(days=30), by=housing
    )
    batches.add_objects(batch, [world.enterprises.shop], by=housing)
    batches.issue_notices(batch, by=housing)
    member = batch.members.get()
    batches.apply_for_acceptance(member, finished_on=today, text="已换", by=shop)
    team = [
        batches.TeamMember(world.organizations.housing, housing.full_name),
        batches.TeamMember(world.organizations.market, "吴正规", "", ink()),
    ]
    batches.record_acceptance(
        batch, accepted_on=today, team=team, verdicts=[batches.VerdictGiven(member, "passed")], by=housing
    )
    batches.set_standard(
        gas.campaign, by=housing, name="软管补贴", unit="户", per_unit=Decimal(200), share=None, cap=None,
        on_time_only=True, late_share=Decimal(100), document="云财〔2026〕9号", effective_from=dt.date(2026, 1, 1),
    )  # fmt: skip
    member.refresh_from_db()
    certificate = pledges.save_certificate(
        world.enterprises.shop, person_name="蒋好味", kind="safety_officer", valid_to=today, by=shop
    )
    subsidy = batches.propose_subsidy(member, quantity=Decimal(1), investment=None, by=housing)
    return {
        "pledge": pledge.pk,
        "pledge_line": open_line.pk,
        "pledge_person": pledge.persons.get(key="manager").pk,
        "pledge_form": fire_form().pk,
        "false_claim": FalseClaim.objects.get().pk,
        "referral": Referral.objects.get().pk,
        "self_check": self_check.pk,
        "certificate": certificate.pk,
        "batch": batch.pk,
        "batch_object": member.pk,
        "subsidy": subsidy.pk,
        "gas_campaign": gas.campaign.pk,
    }
