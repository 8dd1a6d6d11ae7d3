"""What planning needs on the stage: a signal, a plan, a request, a joint visit, a recusal and a draw of Qingshi street."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.tests.world import World
from bihuan.inspections.models import Inspection, Signal, Weighing
from bihuan.planning import draws, plans
from bihuan.planning.models import JointShare, JointVisit, PlannedVisit, Recusal, VisitPlan


def planning_ids(world: World, inside: dict[str, User], inspection: Inspection) -> dict[str, Any]:
    """The ids by the names the table of pages uses."""
    street, shop, owner = world.organizations.qingshi, world.enterprises.shop, inside["LO"]
    today, now = timezone.localdate(), timezone.now()
    end = today + dt.timedelta(days=20)
    Weighing.objects.create(inspection=inspection, at=now)
    signal = Signal.objects.create(
        inspection=inspection, code="clock", position=1, words="手机时钟比服务器快 2 小时", at=now
    )
    place = {"city": world.city, "county": world.regions.yunxi, "locality": world.regions.qingshi}
    common = {"enterprise": shop, "window_from": today, "window_to": end, **place}
    planned = PlannedVisit.objects.create(organization=street, kind="township", source="plan", **common)
    joint = JointVisit.objects.create(
        enterprise=shop, organization=street, window_from=today, window_to=end, by=owner, at=now
    )
    for body in (street, world.organizations.housing):
        kind = "township" if body == street else "department"
        visit = PlannedVisit.objects.create(organization=body, kind=kind, source="plan", **common)
        JointShare.objects.create(joint=joint, organization=body, visit=visit)
    plan = VisitPlan.objects.create(
        organization=street, year=today.year, kind="township", inspectors=4, team=2, days=8, visits_a_day=3,
        made_by=owner, made_at=now,
        figures={
            "note": "1 家对象", "capacity": 48, "a_month": 48, "needed": 1, "placed": 1, "late": 0, "left": 0,
            "coverage": [{"risk": "yellow", "objects": 1, "reached": 1, "needed": 1, "placed": 1}],
            "inspectors_needed": 2,
        },
    )  # fmt: skip
    request = plans.request_visit(
        shop, kind="township", cause="other", reason="换了经营人", window_from=today, window_to=end, by=owner
    )
    recusal = Recusal.objects.create(
        organization=street,
        user=world.people.inspector2,
        enterprise=shop,
        reason="亲属经营",
        by=owner,
        at=now,
    )
    draw = draws.announce(
        draws.Announcement(
            "青石街道双随机", "township", 1, 1, (world.people.inspector, world.people.inspector2), today, end
        ),
        by=owner,
    )
    return {
        "signal": signal.pk,
        "planned_visit": planned.pk,
        "visit_plan": plan.pk,
        "visit_request": request.pk,
        "joint_visit": joint.pk,
        "recusal": recusal.pk,
        "draw": draw.pk,
    }
