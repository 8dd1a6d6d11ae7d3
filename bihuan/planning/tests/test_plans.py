"""Plans of a year, requests, joint visits: what the staff can reach, what needs approval, what becomes one visit."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Holding, Post
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection
from bihuan.inspections.tests.factories import visit
from bihuan.inspections.weighing import found_in
from bihuan.planning import plans
from bihuan.planning.models import JointVisit, PlannedVisit, VisitPlan, VisitRequest

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def seat(user, organization, role):
    post = Post.objects.create(organization=organization, title=role, role=role)
    Holding.objects.create(post=post, user=user, from_on=dt.date(2026, 1, 1))
    return type(user).objects.get(pk=user.pk)


@pytest.fixture
def clerk(world, people):
    return seat(people.inspector, world.organizations.qingshi, "township_officer")


@pytest.fixture
def leader(world, people):
    return seat(people.inspector2, world.organizations.qingshi, "township_leader")


def planned(world, organization, kind, days=10) -> PlannedVisit:
    shop = world.enterprises.shop
    return PlannedVisit.objects.create(
        enterprise=shop, organization=organization, kind=kind, source="plan", city=shop.city, county=shop.county,
        locality=shop.locality, window_from=TODAY(), window_to=TODAY() + dt.timedelta(days=days),
    )  # fmt: skip


def test_a_plan_is_worked_out_adopted_and_shown(client, world, people, clerk, leader):
    plan = plans.make_plan(
        year=TODAY().year + 1, kind="township", inspectors=2, team=2, days=1, visits_a_day=1, by=clerk
    )
    figures = plan.figures
    assert figures["a_month"] == 1
    assert figures["placed"] + figures["left"] == figures["needed"]
    assert not PlannedVisit.objects.filter(status="planned").exists()  # a draft binds nobody
    with pytest.raises(PermissionDenied):
        plans.adopt_plan(plan, by=clerk)
    plans.adopt_plan(plan, by=leader)
    assert PlannedVisit.objects.filter(plan=plan, status="planned").count() == figures["placed"]
    with pytest.raises(Refused, match="已有批准的计划"):
        plans.adopt_plan(plan, by=leader)
    client.force_login(clerk)
    assert "能覆盖到什么程度" in client.get(plan.get_absolute_url()).content.decode()


def test_a_plan_names_what_is_wrong(world, people, clerk):
    given = {
        "year": TODAY().year,
        "kind": "township",
        "inspectors": 2,
        "team": 2,
        "days": 5,
        "visits_a_day": 2,
    }
    with pytest.raises(Refused, match="凑不成一组"):
        plans.make_plan(**(given | {"inspectors": 1}), by=clerk)
    with pytest.raises(Refused, match="只能编制"):
        plans.make_plan(**(given | {"year": 2020}), by=clerk)
    with pytest.raises(PermissionDenied):
        plans.make_plan(**given, by=people.inspector2)


def test_visits_of_the_year_are_shown_with_their_limit(world, people, gas):
    shop = world.enterprises.shop
    for _ in range(2):
        submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    Inspection.objects.filter(pk=Inspection.objects.first().pk).update(kind="self_check")
    rows = plans.visits_this_year(shop)
    assert [(row["label"], row["organization"], row["count"], row["cap"]) for row in rows] == [
        ("属地检查", "青石街道", 1, 4)
    ]
    assert plans.over_cap(shop, "township") == ""
    for _ in range(3):
        submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    assert plans.over_cap(shop, "township") == "今年已有 4 次属地检查，上限 4 次（国办发〔2024〕54号）"


def asked(world, by, cause="other") -> VisitRequest:
    return plans.request_visit(
        world.enterprises.shop, kind="township", cause=cause, reason="换了经营人", window_from=TODAY(),
        window_to=TODAY() + dt.timedelta(days=5), by=by,
    )  # fmt: skip


def test_a_visit_no_plan_foresees_is_approved_by_somebody_else(world, people, clerk, leader):
    row = asked(world, clerk)
    assert row.status == "asked"
    with pytest.raises(PermissionDenied):
        plans.decide_request(row, approve=True, decision="同意", by=clerk)
    with pytest.raises(ReasonRequired):
        plans.decide_request(row, approve=True, decision=" ", by=leader)
    plans.decide_request(row, approve=True, decision="同意", by=leader)
    assert Duty.objects.open().filter(kind=Duty.Kind.VISIT).count() == 1
    with pytest.raises(IllegalMove):
        plans.decide_request(row, approve=False, decision="不同意", by=leader)


def test_after_a_tip_nobody_waits(world, people, clerk):
    row = asked(world, clerk, cause="tip")
    assert (row.status, row.visit.source) == ("approved", "approval")
    assert "免予审批" in row.decision


def test_an_unplanned_visit_is_remarked_on_and_an_approved_one_is_not(world, people, gas, clerk):
    VisitPlan.objects.create(
        organization=world.organizations.qingshi, year=TODAY().year, kind="township", inspectors=2, team=2, days=1,
        visits_a_day=1, status="adopted", made_by=clerk, made_at=timezone.now(),
        adopted_at=timezone.now() - dt.timedelta(days=1),
    )  # fmt: skip
    alone = {"task": None, "checklist": None, "answers": ()}
    first = submit_inspection(visit(world, gas, people.inspector, **alone), by=people.inspector)
    assert [str(each.code) for each in found_in(first)] == ["unplanned"]
    asked(world, clerk, cause="accident")
    second = submit_inspection(visit(world, gas, people.inspector, **alone), by=people.inspector)
    assert "unplanned" not in [str(each.code) for each in found_in(second)]
    assert not Duty.objects.open().filter(kind=Duty.Kind.VISIT).exists()


def test_visits_of_two_agencies_become_one(client, world, people, gas, clerk):
    mine = planned(world, world.organizations.qingshi, "township")
    theirs = planned(world, world.organizations.housing, "department", days=6)
    assert [row["enterprise"] for row in plans.candidates(people.office)] == [world.enterprises.shop]
    joint = plans.propose_joint(world.enterprises.shop, by=clerk)
    assert joint.shares.get(organization=world.organizations.qingshi).answer == "accepted"
    with pytest.raises(ReasonRequired):
        plans.answer_joint(joint, accept=False, reason="", by=people.housing)
    plans.answer_joint(joint, accept=True, reason="", by=people.housing)
    joint.refresh_from_db()
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert joint.status == "agreed"
    assert (mine.kind, theirs.kind, mine.window_to) == ("joint", "joint", TODAY() + dt.timedelta(days=6))
    done = submit_inspection(visit(world, gas, people.inspector, kind="joint"), by=people.inspector)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.inspection, theirs.inspection) == (done, done)


def test_declining_keeps_the_visits_apart(world, people, clerk):
    mine = planned(world, world.organizations.qingshi, "township")
    planned(world, world.organizations.housing, "department")
    joint = plans.propose_joint(world.enterprises.shop, by=clerk)
    with pytest.raises(PermissionDenied):
        plans.answer_joint(joint, accept=True, reason="", by=people.office)
    plans.answer_joint(joint, accept=False, reason="专项取证，不便合并", by=people.housing)
    mine.refresh_from_db()
    assert JointVisit.objects.get().status == "dropped"
    assert (mine.kind, mine.joint) == ("township", None)
    with pytest.raises(IllegalMove):
        plans.answer_joint(joint, accept=True, reason="", by=people.housing)


def test_one_agency_alone_merges_nothing(world, people, clerk):
    planned(world, world.organizations.qingshi, "township")
    with pytest.raises(Refused, match="不需要合并"):
        plans.propose_joint(world.enterprises.shop, by=clerk)


def test_the_pages(client, world, people, clerk, leader):
    planned(world, world.organizations.qingshi, "township")
    planned(world, world.organizations.housing, "department")
    client.force_login(clerk)
    shop = world.enterprises.shop
    form = reverse("planning:new_request") + f"?enterprise={shop.pk}"
    assert "今年已受检" in client.get(form).content.decode()
    answer = client.post(
        form,
        {
            "kind": "township", "cause": "other", "reason": "换了经营人", "window_from": TODAY().isoformat(),
            "window_to": TODAY().isoformat(),
        },
    )  # fmt: skip
    assert answer.status_code == 302
    client.post(reverse("planning:propose"), {"enterprise": shop.pk})
    assert "征求意见" in client.get(reverse("planning:joints")).content.decode()
    row = VisitRequest.objects.get()
    client.force_login(leader)
    assert "审批意见" in client.get(reverse("planning:requests")).content.decode()
    client.post(reverse("planning:decide", args=[row.pk]), {"approve": "0", "decision": "不急"})
    row.refresh_from_db()
    assert (row.status, row.decision) == ("refused", "不急")
    client.force_login(clerk)
    for name in ("visits", "plans", "new_plan", "draws", "new_draw", "recusals"):
        assert client.get(reverse(f"planning:{name}")).status_code == 200
    answer = client.post(
        reverse("planning:recusals"),
        {"user": people.inspector2.pk, "enterprise": str(shop.pk), "reason": "亲属经营"},
    )
    assert answer.status_code == 302
    assert "亲属经营" in client.get(reverse("planning:recusals")).content.decode()


def test_a_plan_keeps_to_the_upper_limit(world, people):
    """A red place asks for a visit every three months; departments may come twice a year."""
    shop = world.enterprises.shop
    type(shop).objects.exclude(pk=shop.pk).update(status="closed")
    type(shop).objects.filter(pk=shop.pk).update(risk="red")
    plan = plans.make_plan(
        year=TODAY().year + 1,
        kind="department",
        inspectors=2,
        team=2,
        days=5,
        visits_a_day=2,
        by=people.housing,
    )
    assert plan.figures["needed"] == 2
    assert "超过每家每年的次数上限，未列入" in plan.figures["note"]


def test_the_enterprise_page_says_who_came_and_who_means_to(client, world, people, gas, clerk):
    planned(world, world.organizations.housing, "department")
    submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    client.force_login(clerk)
    page = client.get(world.enterprises.shop.get_absolute_url()).content.decode()
    assert "今年受检和待检查" in page
    assert "1 次 / 上限 4" in page
    assert "市住建局部门检查" in page
    assert "申请计划外检查" in page
    client.force_login(people.shop)
    assert "今年受检和待检查" not in client.get(world.enterprises.shop.get_absolute_url()).content.decode()
