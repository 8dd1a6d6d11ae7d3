"""Support for renovations, households to look after, technical services: who may, what is owed, what stays hidden."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from bihuan.accounts.tests.world import World
from bihuan.audit.models import Event
from bihuan.batches.tests.factories import a_standard, make_batch
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.inspections.tests.factories import make_campaign
from bihuan.projects import actions
from bihuan.projects.models import CareHousehold, ServiceRequest, SupportRequest

from . import factories as made

pytestmark = pytest.mark.django_db


def asked(world: World, **changes) -> SupportRequest:
    campaign = changes.pop("campaign", None) or make_campaign(world).campaign
    given = {
        "title": "后厨燃气改电", "kind": "hazard", "content": "拆除瓶组，改用电灶", "quantity": Decimal(2),
        "investment": Decimal(90000), "start_on": made.today(), "finish_on": made.later(60), "by": world.people.shop,
    }  # fmt: skip
    return actions.apply_for_support(world.enterprises.shop, campaign, **(given | changes))


def test_support_is_reviewed_decided_by_another_and_enters_the_pool(world: World) -> None:
    campaign = make_campaign(world).campaign
    request = asked(world, campaign=campaign)
    assert (
        Duty.objects.open().get(subject=f"projects.supportrequest:{request.pk}").organization.short_name
        == "市住建局"
    )
    with pytest.raises(Refused, match="没有生效的补贴标准"):
        actions.reckon_support(request)
    a_standard(world, campaign, cap=None)
    with pytest.raises(PermissionDenied):
        actions.review_support(request, by=world.people.market)
    actions.review_support(request, by=world.people.housing)
    with pytest.raises(PermissionDenied):
        actions.approve_support(request, approval="文", by=world.people.housing_leader)
    project = actions.approve_support(request, approval="云安办〔2026〕40号", by=world.people.office_leader)
    request.refresh_from_db()
    assert (request.status, request.amount, request.project) == ("approved", Decimal(40000), project)
    assert (project.status, project.owner) == ("approved", world.enterprises.shop)
    assert {each.kind: each.planned for each in project.sources.all()} == {
        "local": Decimal(40000), "enterprise": Decimal(50000),
    }  # fmt: skip
    assert "技改支持 40,000.00 元" in project.support_terms
    with pytest.raises(IllegalMove):
        actions.approve_support(request, approval="文", by=world.people.office_leader)


def test_a_request_sent_back_is_put_right_by_the_enterprise(world: World) -> None:
    request = asked(world)
    with pytest.raises(ReasonRequired):
        actions.return_support(request, reason="", by=world.people.housing)
    actions.return_support(request, reason="缺报价", by=world.people.housing)
    again = {"content": "改用电灶，附报价", "quantity": Decimal(1), "investment": Decimal(50000)}
    with pytest.raises(PermissionDenied):
        actions.refile_support(request, by=world.people.station, **again)
    actions.refile_support(request, by=world.people.shop, **again)
    assert (request.status, request.investment) == ("filed", Decimal(50000))
    assert not SupportRequest.objects.visible_to(world.people.station).exists()
    assert not SupportRequest.objects.visible_to(world.people.baita_leader).exists()


def marked(world: World, about=None, **changes) -> CareHousehold:
    given = {
        "locality": world.regions.qingshi, "name": "某某老人", "address": "幸福路 8 号 1 单元", "phone": "19900000001",
        "kinds": ["elderly"], "benefits": ["cooking"], "visitor": "郑守一", "by": world.people.qingshi_officer,
    }  # fmt: skip
    return actions.mark_household(about or made.reserved(world), **(given | changes))


def test_only_the_street_and_the_lead_department_see_a_household(world: World) -> None:
    household = marked(world)
    seen = {
        name
        for name in vars(world.people)
        if CareHousehold.objects.visible_to(getattr(world.people, name)).exists()
    }
    assert seen == {
        "housing",
        "housing_leader",
        "qingshi_officer",
        "qingshi_leader",
        "inspector",
        "inspector2",
    }
    for person in (world.people.office, world.people.outsider, world.people.shop):
        with pytest.raises(PermissionDenied):
            actions.reveal_household(household, reason="核实", by=person)
    with pytest.raises(ReasonRequired):
        actions.reveal_household(household, reason=" ", by=world.people.inspector)
    shown = actions.reveal_household(household, reason="上门走访", by=world.people.inspector)
    assert shown["姓名"] == "某某老人"
    event = Event.objects.filter(act="projects.care_reveal").get()
    assert "某某老人" not in f"{event.summary}{event.payload}"
    duty = Duty.objects.open().get(subject=f"projects.carehousehold:{household.pk}")
    assert duty.organization == world.organizations.qingshi
    assert "某某老人" not in duty.title


def test_the_visit_is_due_the_day_before_the_gas_stops(world: World) -> None:
    project = made.reserved(world, start_on=made.later(30), gas_stop_on=made.later(12))
    assert marked(world, project).visit_by == made.later(11)


def test_works_begin_before_the_visits_only_with_a_reason(world: World) -> None:
    project = made.funded(world)
    household = marked(world, project)
    with pytest.raises(Refused, match="还有 1 户需要照顾的没有走访"):
        actions.start_works(project, started_on=made.today(), by=world.people.housing)
    actions.visit_household(
        household,
        visited_on=made.today(),
        found="行动不便，已安排送餐",
        help="每日送餐",
        by=world.people.inspector,
    )
    assert (household.status, household.help) == ("visited", "每日送餐")
    actions.start_works(project, started_on=made.today(), by=world.people.housing)
    assert project.status == "started"
    assert not Duty.objects.open().filter(subject=f"projects.carehousehold:{household.pk}").exists()


def test_nobody_is_marked_for_works_that_are_over(world: World) -> None:
    project = made.handed(world, kind="monitoring", kilometres=None)
    actions.put_in_use(project, used_on=made.today(), by=world.people.housing)
    with pytest.raises(IllegalMove, match="已经投用"):
        marked(world, project)


def test_a_household_of_a_batch_and_who_may_not_mark_it(world: World) -> None:
    batch = make_batch(world, make_campaign(world).campaign)
    household = marked(world, batch)
    assert (household.batch, household.department) == (batch, batch.organization)
    with pytest.raises(PermissionDenied):
        marked(world, batch, by=world.people.market)
    with pytest.raises(Refused, match="需要照顾的情形"):
        marked(world, batch, kinds=["unknown"])


def served(world: World, **changes) -> ServiceRequest:
    given = {"kind": "power", "content": "改电灶，增容 20 千瓦", "by": world.people.shop}
    return actions.open_service(world.enterprises.shop, world.organizations.market, **(given | changes))


def test_a_service_is_asked_done_and_confirmed_by_the_object(world: World) -> None:
    service = served(world)
    assert (service.status, Duty.objects.open().get(kind="service").organization) == (
        "requested", world.organizations.market,
    )  # fmt: skip
    with pytest.raises(PermissionDenied):
        actions.accept_service(service, by=world.people.housing)
    actions.accept_service(service, by=world.people.market)
    with pytest.raises(ReasonRequired):
        actions.finish_service(service, result="", by=world.people.market)
    actions.finish_service(service, result="已增容", by=world.people.market)
    assert Duty.objects.open().get(kind="service").organization == world.organizations.shop
    with pytest.raises(PermissionDenied):
        actions.confirm_service(service, by=world.people.market)
    actions.redo_service(service, reason="电表没有换", by=world.people.shop)
    assert (service.status, service.done_on) == ("accepted", None)
    actions.finish_service(service, result="已换表", by=world.people.market)
    actions.confirm_service(service, by=world.people.shop)
    assert (service.status, service.due_on) == ("confirmed", None)
    assert not Duty.objects.open().filter(kind="service").exists()


def test_a_service_offered_waits_for_the_object(world: World) -> None:
    service = actions.open_service(
        world.enterprises.shop,
        world.organizations.housing,
        kind="gas",
        content="免费检查",
        by=world.people.housing,
    )
    assert service.status == "offered"
    with pytest.raises(PermissionDenied):
        actions.accept_service(service, by=world.people.housing)
    actions.decline_service(service, reason="不需要", by=world.people.shop)
    assert service.status == "declined"
    assert not ServiceRequest.objects.visible_to(world.people.station).exists()


def test_the_clock_of_a_service_is_that_of_its_step(world: World) -> None:
    service = served(world)
    assert service.clock["rule"] == "service.accept"
    actions.accept_service(service, by=world.people.market)
    service.refresh_from_db()
    assert service.clock["rule"] == "service.do"
    assert service.due_on is not None
    assert service.due_on > made.today() + dt.timedelta(days=8)
    assert ServiceRequest.objects.overdue(on=service.due_on + dt.timedelta(days=1)).count() == 1
