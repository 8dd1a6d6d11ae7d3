"""Plans of a year and requests: what the staff can reach, what needs approval, what becomes somebody's duty."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection
from bihuan.inspections.tests.factories import visit
from bihuan.inspections.weighing import found_in
from bihuan.planning import plans
from bihuan.planning.models import PlannedVisit, VisitPlan, VisitRequest
from bihuan.planning.visits import cancel_visit, open_visits
from bihuan.search.actions import refresh
from bihuan.search.models import Kind

from .conftest import planned

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


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
    assert not Duty.objects.filter(kind=Duty.Kind.VISIT).exists()  # its first month has not begun
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


def asked(world, by, cause="other") -> VisitRequest:
    return plans.request_visit(
        world.enterprises.shop, kind="township", cause=cause, reason="换了经营人", window_from=TODAY(),
        window_to=TODAY() + dt.timedelta(days=5), by=by,
    )  # fmt: skip


def test_a_visit_no_plan_foresees_is_approved_by_somebody_else(world, people, clerk, leader):
    row = asked(world, clerk)
    assert row.status == "asked"
    waiting = Duty.objects.open().get(kind=Duty.Kind.VISIT_APPROVAL)
    assert waiting.post.role == "township_leader"
    with pytest.raises(PermissionDenied):
        plans.decide_request(row, approve=True, decision="同意", by=clerk)
    with pytest.raises(ReasonRequired):
        plans.decide_request(row, approve=True, decision=" ", by=leader)
    plans.decide_request(row, approve=True, decision="同意", by=leader)
    assert Duty.objects.open().filter(kind=Duty.Kind.VISIT).count() == 1
    assert not Duty.objects.open().filter(kind=Duty.Kind.VISIT_APPROVAL).exists()
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
        {"user": people.inspector2.pk, "enterprise": shop.name, "reason": "亲属经营"},
    )
    assert answer.status_code == 302
    assert "亲属经营" in client.get(reverse("planning:recusals")).content.decode()


def test_the_enterprise_to_ask_for_is_found_by_name(client, world, people, clerk):
    shop = world.enterprises.shop
    refresh(Kind.ENTERPRISE, [shop.pk])
    client.force_login(clerk)
    asking = f"{reverse('planning:new_request')}?enterprise={shop.pk}"
    for words in (shop.name, "好味来"):
        assert asking in client.get(reverse("planning:requests"), {"q": words}).content.decode()
    assert (
        "能检查的企业里没有" in client.get(reverse("planning:requests"), {"q": "没有这家"}).content.decode()
    )
    client.force_login(people.market)
    assert asking not in client.get(reverse("planning:requests"), {"q": shop.name}).content.decode()


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


def test_visits_made_this_year_count_towards_the_limit(world, people, gas):
    """Twice visited by its department since New Year: no third time, whatever the colour asks for."""
    shop = world.enterprises.shop
    type(shop).objects.exclude(pk=shop.pk).update(status="closed")
    type(shop).objects.filter(pk=shop.pk).update(risk="red")
    for _ in range(2):
        submit_inspection(visit(world, gas, people.housing, kind="department"), by=people.housing)
    Inspection.objects.update(inspected_on=dt.date(TODAY().year, 1, 1))
    plan = plans.make_plan(
        year=TODAY().year, kind="department", inspectors=2, team=2, days=5, visits_a_day=2, by=people.housing
    )
    assert plan.figures["needed"] == 0
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


def test_a_planned_visit_becomes_a_duty_when_its_days_begin(world, people):
    now, street = timezone.now(), world.organizations.qingshi
    begun = planned(world, street, "township")
    later = planned(world, street, "township")
    PlannedVisit.objects.filter(pk=later.pk).update(
        window_from=TODAY() + dt.timedelta(days=1), window_to=TODAY() + dt.timedelta(days=9)
    )
    drawn = planned(world, street, "township")
    PlannedVisit.objects.filter(pk=drawn.pk).update(source="draw")  # has its duty from the draw
    assert open_visits(now) == 1
    duty = Duty.objects.open().get(kind=Duty.Kind.VISIT)
    assert duty.subject == f"planning.plannedvisit:{begun.pk}"
    assert (duty.organization, duty.due_on) == (street, begun.window_to)
    assert open_visits(now) == 0
    assert open_visits(now + dt.timedelta(days=1)) == 1


def test_a_visit_given_up_keeps_its_reason(client, world, people, clerk):
    row = planned(world, world.organizations.qingshi, "township")
    open_visits(timezone.now())
    with pytest.raises(ReasonRequired):
        cancel_visit(row, " ", by=clerk)
    with pytest.raises(PermissionDenied):
        cancel_visit(row, "已停业", by=people.housing)
    client.force_login(clerk)
    address = reverse("planning:visit", args=[row.pk])
    assert "取消这次检查" in client.get(address).content.decode()
    client.post(reverse("planning:cancel_visit", args=[row.pk]), {"reason": "已停业"})
    row.refresh_from_db()
    assert (row.status, row.reason) == ("cancelled", "已停业")
    assert not Duty.objects.open().filter(kind=Duty.Kind.VISIT).exists()
    assert "取消这次检查" not in client.get(address).content.decode()
    with pytest.raises(IllegalMove):
        cancel_visit(row, "再取消", by=clerk)


def test_one_visit_serves_the_draw_and_the_plan_but_not_two_months(world, people, gas, clerk):
    street = world.organizations.qingshi
    first, second, drawn = (planned(world, street, "township", days) for days in (5, 9, 7))
    PlannedVisit.objects.filter(pk=drawn.pk).update(source="draw")
    done = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    states = dict(PlannedVisit.objects.values_list("pk", "status"))
    assert states == {first.pk: "done", second.pk: "planned", drawn.pk: "done"}
    assert set(PlannedVisit.objects.filter(status="done").values_list("inspection", flat=True)) == {done.pk}
