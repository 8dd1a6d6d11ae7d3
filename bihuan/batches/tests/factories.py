"""A batch of the noodle shop at every stage of its life, brought there by the acts people use."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Holding, Post, User
from bihuan.accounts.roles import Role
from bihuan.accounts.tests.world import World
from bihuan.batches import actions
from bihuan.batches.models import Batch, BatchObject, SubsidyStandard
from bihuan.campaigns.models import Campaign
from bihuan.inspections.tests.factories import ink


def today() -> dt.date:
    return timezone.localdate()


def later(days: int) -> dt.date:
    return today() + dt.timedelta(days=days)


def make_batch(world: World, campaign: Campaign, **changes: Any) -> Batch:
    given = {
        "name": "第一批",
        "demand": "拆除燃煤锅炉，改用天然气",
        "due_on": later(30),
        "by": world.people.housing,
    }
    return actions.create_batch(campaign, **(given | changes))


def notified(world: World, campaign: Campaign) -> BatchObject:
    batch = make_batch(world, campaign)
    actions.add_objects(
        batch, [world.enterprises.shop], by=world.people.housing, content="燃煤锅炉 1 台", quantity=Decimal(1)
    )
    actions.issue_notices(batch, by=world.people.housing)
    return BatchObject.objects.select_related("batch__campaign", "enterprise__organization").get()


def team(world: World) -> list[actions.TeamMember]:
    return [
        actions.TeamMember(world.organizations.housing, "李建明", "科长"),
        actions.TeamMember(world.organizations.market, "吴正规", "科员", ink()),
    ]


def applied(world: World, campaign: Campaign) -> BatchObject:
    member = notified(world, campaign)
    actions.apply_for_acceptance(member, finished_on=today(), text="已换燃气锅炉", by=world.people.shop)
    return BatchObject.objects.get(pk=member.pk)


def accepted(world: World, campaign: Campaign) -> BatchObject:
    member = applied(world, campaign)
    actions.record_acceptance(
        member.batch, accepted_on=today(), team=team(world), verdicts=[actions.VerdictGiven(member, "passed")],
        by=world.people.housing,
    )  # fmt: skip
    return BatchObject.objects.get(pk=member.pk)


def a_standard(world: World, campaign: Campaign, **changes: Any) -> SubsidyStandard:
    given = {
        "name": "锅炉改造补贴", "unit": "台", "per_unit": Decimal(20000), "share": None, "cap": Decimal(15000),
        "on_time_only": True, "late_share": Decimal(100), "document": "云财〔2026〕8号", "effective_from": dt.date(2026, 1, 1),
    }  # fmt: skip
    return actions.set_standard(campaign, by=world.people.housing, **(given | changes))


def second_officer(world: World) -> User:
    post = Post.objects.create(
        organization=world.organizations.housing, title="计财科", role=Role.DEPARTMENT_OFFICER
    )
    user = User.objects.create_user("housing2", None, full_name="何经办")
    Holding.objects.create(user=user, post=post, from_on=dt.date(2026, 1, 1))
    return user
