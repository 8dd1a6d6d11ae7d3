"""A listing of the noodle shop at every stage of its life, brought there by the acts people use."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Holding, Post, User
from bihuan.accounts.roles import Role
from bihuan.accounts.tests.world import World
from bihuan.hazards import actions as hazards
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import SIX_PARTS, make_major
from bihuan.inspections.tests.factories import ink, photo
from bihuan.listings import actions
from bihuan.listings.models import Approval, Listing
from bihuan.listings.workflow import ApprovalStatus

TOLD = {
    "title": "好味来面馆燃气管道被占压",
    "reason": "彩钢棚压在燃气管道上，泄漏后无法及时处置",
    "demand": "拆除彩钢棚并换管，整改期间停用燃气",
    "basis": "城镇燃气管理条例第三十三条",
    "public_text": "好味来面馆燃气管道被彩钢棚占压",
    "place": "青石街道幸福路 1 号后院",
    "person_name": "蒋好味",
    "person_title": "负责人",
    "leader_name": "何分管",
    "leader_title": "副区长",
}
ASSURED = {
    "measures_secured": "拆棚、换管、试压三步，由施工队实施",
    "funds_secured": "八万元已到账",
    "deadline_secured": "六十日内完成，逐周安排",
    "person_secured": "蒋好味负责，冯工到场",
    "contingency_secured": "停气、隔离、备灭火器，已演练",
}


def today() -> dt.date:
    return timezone.localdate()


def later(days: int) -> dt.date:
    return today() + dt.timedelta(days=days)


def county_leader(world: World) -> User:
    """The head of the county's office, whom the world has not."""
    found = User.objects.filter(username="county_leader").first()
    if found is not None:
        return found
    post = Post.objects.create(
        organization=world.organizations.county_office, title="区安委办主任", role=Role.OFFICE_LEADER
    )
    user = User.objects.create_user("county_leader", None, full_name="沈把关")
    Holding.objects.create(user=user, post=post, from_on=dt.date(2026, 1, 1))
    return user


def drafted(
    world: World, *, by: User | None = None, hazard: Hazard | None = None, level: str = "county", **more: Any
) -> Listing:
    subject = actions.subject_of_hazard(hazard or make_major(world))
    return actions.begin_listing(
        subject, level=level, due_on=more.pop("due_on", later(80)), told=TOLD | more, by=by or world.people.housing
    )  # fmt: skip


def running(listing: Listing) -> Approval:
    return Approval.objects.select_related("listing").get(listing=listing, status=ApprovalStatus.RUNNING)


def paper(by: User, **more: Any) -> actions.OnPaper:
    given = {"name": "何分管", "title": "副区长", "signed_on": today(), "scans": (str(photo(by)),)}
    return actions.OnPaper(**(given | more))


def submitted(world: World, **more: Any) -> Listing:
    listing = drafted(world, **more)
    actions.submit_listing(listing, by=more.get("by") or world.people.housing)
    return again(listing)


def again(listing: Listing) -> Listing:
    return Listing.objects.select_related(
        "hazard__enterprise", "organization__region", "owner", "order", "reporter", "department"
    ).get(pk=listing.pk)


def listed(world: World, **more: Any) -> Listing:
    """Signed by the bureau's head, the county office's head and, on paper, the county's government."""
    listing = submitted(world, **more)
    actions.sign_step(running(listing), agreed=True, by=world.people.housing_leader)
    actions.sign_step(running(listing), agreed=True, by=county_leader(world))
    county = world.people.county_office
    actions.sign_step(running(listing), agreed=True, paper=paper(county), by=county)
    return again(listing)


def listed_by_city(world: World, **more: Any) -> Listing:
    """The same by the city: its office's head, and on paper its government."""
    listing = submitted(world, level="city", **more)
    actions.sign_step(running(listing), agreed=True, by=world.people.housing_leader)
    actions.sign_step(running(listing), agreed=True, by=world.people.office_leader)
    office = world.people.office
    actions.sign_step(running(listing), agreed=True, paper=paper(office), by=office)
    return again(listing)


def planned(world: World, **more: Any) -> Listing:
    """The plan filed, and the hazard's own plan approved in the ledger."""
    listing = listed(world, **more)
    shop = world.people.shop
    actions.file_plan(
        listing, words=SIX_PARTS | ASSURED, causes="彩钢棚压在管道上", danger="泄漏可燃，须停气整改", by=shop
    )
    assert listing.hazard is not None
    plan = listing.hazard.major_plans.get(approved=None)
    hazards.review_major_plan(plan, approved=True, opinion="", by=world.people.housing_leader)
    return again(listing)


def applied(world: World, **more: Any) -> Listing:
    listing = planned(world, **more)
    shop = world.people.shop
    actions.apply_for_examination(
        listing, finished_on=today(), text="已拆棚换管，试压合格", photos=[photo(shop)], by=shop
    )
    return again(listing)


EFFECT = {
    "evaluator_kind": "agency", "evaluator": "云溪评价公司", "measures_done": True, "risk_before": "红", "risk_after": "蓝",
    "funds_in_place": True, "staff_informed": True, "no_recurrence": True, "conclusion": "隐患已消除",
}  # fmt: skip


def evaluated(world: World, **more: Any) -> Listing:
    listing = applied(world, **more)
    actions.file_effect_report(listing, **EFFECT, by=world.people.shop)
    return again(listing)


def team(world: World) -> list[actions.Examiner]:
    return [
        actions.Examiner(world.organizations.county_office, "孙知远", "综合股"),
        actions.Examiner(world.organizations.housing, "李建明", "燃气科", ink()),
    ]


def examined(world: World, *, passed: bool = True) -> Listing:
    listing = evaluated(world)
    actions.record_examination(
        listing, examined_on=today(), passed=passed, opinion="现场核实已拆除" if passed else "管道尚未试压",
        team=team(world), by=world.people.county_office,
    )  # fmt: skip
    return again(listing)


def struck_off(world: World) -> Listing:
    listing = examined(world)
    actions.sign_step(running(listing), agreed=True, by=county_leader(world))
    return again(listing)
