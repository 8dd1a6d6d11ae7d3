"""Hazards in the states tests need, brought there by the same actions people use."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.hazards import actions
from bihuan.hazards.models import Hazard

SIX_PARTS = {
    "goals": "拆除占压管道的彩钢棚",
    "methods": "停气后拆除，换管",
    "funding": "八万元，已列支",
    "staffing": "站长负责，施工队六人",
    "schedule": "六十日内完成",
    "safety": "停气、隔离、备灭火器",
}


def make_hazard(world: World, *, by: Any = None, **fields: Any) -> Hazard:
    """A general hazard found today by the street's inspector in the noodle shop, being rectified."""
    finder = by or world.people.inspector
    given = {
        "enterprise": world.enterprises.shop,
        "source": Hazard.Source.INSPECTION,
        "description": "气瓶间与厨房连通",
        "found_on": timezone.localdate(),
        "by": finder,
        "found_organization": finder.organization,
    }
    return actions.record_hazard(**(given | fields))


def make_submitted(world: World, **fields: Any) -> Hazard:
    """The same, with the shop's rectification handed in."""
    hazard = make_hazard(world, **fields)
    actions.submit_rectification(hazard, text="已砌墙隔开", by=world.people.shop)
    return hazard


def make_closed(world: World, **fields: Any) -> Hazard:
    """The same, reviewed and closed by the street's officer."""
    hazard = make_submitted(world, **fields)
    actions.reinspect(hazard, passed=True, text="现场已隔开", by=world.people.qingshi_officer)
    return hazard


def make_major(world: World, **fields: Any) -> Hazard:
    """A major hazard of the noodle shop, waiting for report and plan."""
    return make_hazard(world, level="major", **fields)


def make_accepting(world: World, **fields: Any) -> Hazard:
    """A major hazard with an approved plan and its rectification handed in."""
    hazard = make_major(world, **fields)
    actions.report_major(
        hazard, causes="彩钢棚压在管道上", danger="泄漏可燃，须停气整改", by=world.people.shop
    )
    plan = actions.submit_major_plan(
        hazard, **SIX_PARTS, due_on=timezone.localdate() + dt.timedelta(days=60), by=world.people.shop
    )
    actions.review_major_plan(plan, approved=True, opinion="", by=world.people.housing_leader)
    hazard.refresh_from_db()
    actions.apply_acceptance(hazard, text="已拆除并换管", by=world.people.shop)
    return hazard
