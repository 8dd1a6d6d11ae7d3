"""Leaders' districts: laid out, led, visited, handed over; gaps stand out."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.accounts.models import Holding
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import at_once
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.oversight import actions, owing
from bihuan.oversight.models import District, DistrictVisit, OversightFinding
from bihuan.oversight.queries.districts import own_districts, standings
from bihuan.oversight.rhythm import period_of
from bihuan.registry.models.responsibilities import Responsibility

from .factories import later, make_district, today, walked


def test_a_district_is_one_thing_of_ones_own_area(world):
    office = world.people.office
    with pytest.raises(Refused, match="选择一个"):
        actions.create_district(by=office)
    with pytest.raises(Refused, match="选择一个"):
        actions.create_district(region=world.regions.baita, enterprise=world.enterprises.shop, by=office)
    with pytest.raises(Refused, match="不在本辖区"):
        actions.create_district(region=world.regions.heyan, by=world.people.county_office)
    with pytest.raises(PermissionDenied):
        actions.create_district(region=world.regions.baita, by=world.people.office_leader)
    row = make_district(world, led=False)
    with pytest.raises(Refused, match="已经是"):
        make_district(world, led=False)
    assert (row.name, row.sort) == ("青石街道", "属地")


def test_all_localities_in_one_press_with_known_leaders(world):
    Responsibility.objects.create(
        kind="leader", region=world.regions.baita, post=world.posts["baita_leader"], from_on=dt.date(2026, 1, 1),
        by=world.people.office, at=timezone.now(),
    )  # fmt: skip
    assert actions.lay_out_districts(by=world.people.office) == 3
    assert actions.lay_out_districts(by=world.people.office) == 0
    unled = District.objects.unled(on=today())
    assert set(unled.values_list("name", flat=True)) == {"青石街道", "河沿镇"}
    Holding.objects.filter(post=world.posts["baita_leader"]).update(to_on=later(-1))
    assert District.objects.unled(on=today()).count() == 3
    states = {each.district.name: each.is_unled for each in standings(District.objects.all(), on=today())}
    assert states == {"青石街道": True, "河沿镇": True, "白塔镇": True}


def test_only_a_leading_post_leads(world):
    row = make_district(world, led=False)
    with pytest.raises(Refused, match="不是领导岗位"):
        actions.assign_lead(row, world.posts["office"], from_on=today(), by=world.people.office)
    actions.assign_lead(row, world.posts["office_leader"], from_on=today(), by=world.people.office)
    duty = Duty.objects.open().get(kind="district_visit")
    assert (duty.post, duty.due_on) == (world.posts["office_leader"], period_of("month", today()).last)


def test_a_visit_fulfils_the_period(world):
    row = make_district(world)
    assert owing.owe_districts(timezone.now()) == 0
    with pytest.raises(PermissionDenied):
        walked(world, row, by=world.people.housing_leader)
    made = walked(world, row)
    assert not Duty.objects.open().filter(kind="district_visit").exists()
    assert owing.owe_districts(timezone.now()) == 0
    assert walked(world, row, client_id=made.client_id) == made
    assert DistrictVisit.objects.count() == 1
    with pytest.raises(Refused, match="走访日期"):
        walked(world, row, visited_on=later(1))
    with pytest.raises(Refused, match="走访日期"):
        walked(world, row, visited_on=later(-60))
    [mine] = own_districts(world.people.office_leader, on=today())
    assert mine.is_visited
    assert own_districts(world.people.housing_leader, on=today()) == []


def test_a_visit_of_last_month_does_not_fulfil_this_one(world):
    row = make_district(world)
    walked(world, row)
    DistrictVisit.objects.update(visited_on=period_of("month", today()).first - dt.timedelta(days=1))
    assert owing.owe_districts(timezone.now()) == 1
    assert Duty.objects.open().get(kind="district_visit").due_on == period_of("month", today()).last


def test_what_a_leader_finds_is_handed_over_at_once(world):
    row = make_district(world)
    made = walked(
        world, row, enterprise=world.enterprises.shop,
        found=[
            actions.Seen("locality", "排查整改", "巷口占道经营挡住消防通道", "一周内清理", world.organizations.qingshi, due_on=later(7)),
            actions.Seen("enterprise", "现场状况", "后厨没有报警器", enterprise=world.enterprises.shop),
        ],
    )  # fmt: skip
    street, shop = made.findings.order_by("pk")
    assert (street.status, street.due_on, street.found_organization) == (
        "rectifying",
        later(7),
        world.organizations.office,
    )
    assert (shop.status, Hazard.objects.count()) == ("recorded", 0)
    actions.enter_ledger(OversightFinding.objects.get(pk=shop.pk), by=world.people.office)
    assert Hazard.objects.get().source == "oversight"
    street = OversightFinding.objects.select_related(
        "organization", "found_organization", "district_visit"
    ).get(pk=street.pk)
    actions.reply(street, text="已清理", by=world.people.qingshi_officer)
    actions.verify(street, passed=True, method="on_site", opinion="通了", by=world.people.office_leader)


def test_handing_over_takes_the_open_visit_along(world):
    row, office = make_district(world), world.people.office
    with pytest.raises(ReasonRequired):
        actions.assign_lead(row, world.posts["housing_leader"], from_on=today(), by=office)
    with pytest.raises(Refused, match="已在包干"):
        actions.assign_lead(row, world.posts["office_leader"], from_on=today(), reason="x", by=office)
    actions.assign_lead(row, world.posts["housing_leader"], from_on=today(), reason="领导分工调整", by=office)
    before, after = row.leads.order_by("from_on")
    assert (before.to_on, after.from_on) == (later(-1), today())
    assert Duty.objects.open().get(kind="district_visit").post == world.posts["housing_leader"]
    actions.end_lead(row, reason="退休", by=office)
    assert not Duty.objects.open().filter(kind="district_visit").exists()
    with pytest.raises(IllegalMove):
        actions.end_lead(row, reason="退休", by=office)


def test_who_sees_what(world):
    row = make_district(world)
    for person in (
        world.people.office,
        world.people.qingshi_officer,
        world.people.inspectorate,
        world.people.county_office,
    ):
        assert list(District.objects.visible_to(person)) == [row]
    for person in (world.people.baita_leader, world.people.housing, world.people.shop, world.people.expert):
        assert not District.objects.visible_to(person).exists()
    actions.assign_lead(
        row, world.posts["housing_leader"], from_on=today(), reason="分工", by=world.people.office
    )
    assert list(District.objects.visible_to(world.people.housing_leader)) == [row]


@pytest.mark.django_db(transaction=True)
def test_the_same_phone_twice_at_once_is_one_visit(world):
    row = make_district(world)
    key = uuid.uuid4()
    told = at_once(lambda number: walked(world, row, client_id=key).pk, 2)
    assert [error for _, error in told] == [None, None]
    assert len({pk for pk, _ in told}) == 1
    assert DistrictVisit.objects.count() == 1
