"""A gas explosion in the noodle shop at every stage of its record, brought there by the acts people use."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bihuan.accidents import actions
from bihuan.accidents.models import Accident, Inquiry
from bihuan.accounts.tests.world import World
from bihuan.rules.accidents import Toll

TOLD = actions.Told(course="后厨燃气软管脱落，泄漏燃气遇明火爆燃")


def ago(**gap: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(**gap)


def reported(world: World, by: Any = None, **changes: Any) -> Accident:
    """Reported by the shop itself an hour after it happened, within its hour."""
    given: dict[str, Any] = {
        "title": "好味来面馆燃气爆燃事故", "occurred_at": ago(days=3), "known_at": ago(minutes=30),
        "region": world.regions.qingshi, "place": "幸福路 1 号后厨", "kind": "gas", "toll": Toll(1, 2, 0, 0, Decimal("35.5")),
        "told": TOLD, "enterprise": world.enterprises.shop,
    }  # fmt: skip
    return actions.report_accident(by=by or world.people.shop, **(given | changes))


def fresh(accident: Accident) -> Accident:
    return Accident.objects.select_related("enterprise", "campaign", "department").get(pk=accident.pk)


def verified(world: World, **changes: Any) -> Accident:
    accident = reported(world, **changes)
    actions.verify(accident, toll=accident.toll, as_of=timezone.localdate(), by=world.people.county_office)
    return fresh(accident)


def under_inquiry(world: World, **changes: Any) -> Inquiry:
    accident = verified(world, **changes)
    team = [actions.TeamMember("孙知远，股长", "head", world.organizations.county_office)]
    inquiry = actions.begin_inquiry(
        accident, began_on=timezone.localdate(), team=team, by=world.people.county_office
    )
    return Inquiry.objects.select_related("accident__enterprise", "organization").get(pk=inquiry.pk)


def approved(world: World, *, punishing: Any = None, **changes: Any) -> Inquiry:
    """Approved, with a measure the shop owes and a person the market department (or `punishing`) deals with."""
    inquiry = under_inquiry(world, **changes)
    by = world.people.county_office
    actions.add_measure(
        inquiry,
        kind="rectify",
        text="更换全部燃气软管，安装自闭阀",
        organization=world.organizations.shop,
        by=by,
    )
    actions.add_measure(
        inquiry, kind="person", treatment="penalty", target="好味来面馆负责人", person="某某人", text="依法给予罚款",
        organization=punishing or world.organizations.market, by=by,
    )  # fmt: skip
    today = timezone.localdate()
    actions.submit_report(
        inquiry, direct_cause="软管老化脱落", indirect_cause="未按期更换", nature="责任事故", lesson="软管要按期更换",
        submitted_on=today, by=by,
    )  # fmt: skip
    actions.approve_report(inquiry, approved_on=today, document="云区政〔2026〕9号", by=by)
    return Inquiry.objects.select_related("accident__enterprise").get(pk=inquiry.pk)


def settled(world: World) -> Accident:
    accident = fresh(approved(world).accident)
    for item in accident.no_pass.select_related("accident__enterprise"):
        actions.meet(item, note="已落实", met_on=timezone.localdate(), by=world.people.county_office)
    actions.settle(accident, by=world.people.county_office)
    return fresh(accident)
