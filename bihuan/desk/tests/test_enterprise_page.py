"""The one page of an enterprise: what runs out, in which order things are to be done, figures that open all rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from bihuan.batches import actions as batches
from bihuan.batches.models import BatchObject
from bihuan.batches.tests.factories import a_standard, accepted, notified
from bihuan.campaigns.models import Phase
from bihuan.desk import enterprise as page_module
from bihuan.desk.enterprise import enterprise_page
from bihuan.desk.expiries import expiries
from bihuan.hazards.actions import record_hazard
from bihuan.inspections.tests.factories import make_campaign
from bihuan.pledges.models import StaffCertificate
from bihuan.pledges.tests.factories import fire_form, make_signed
from bihuan.registry.models import Equipment, Permit

ON = dt.date(2026, 11, 22)
D = dt.date.fromisoformat


def certificate(world, kind: str, *, valid_to=None, review_by=None, name="罗守电") -> StaffCertificate:
    now = timezone.now()
    return StaffCertificate.objects.create(
        enterprise=world.enterprises.shop, person_name=name, kind=kind, valid_to=valid_to, review_by=review_by,
        recorded_by=world.people.shop, recorded_at=now, updated_at=now,
    )  # fmt: skip


def test_everything_that_runs_out_stands_in_one_list(world):
    """安全生产许可证 to 2027-03-10: renewal is asked for three months before, by 2026-12-10."""
    shop = world.enterprises.shop
    Permit.objects.create(enterprise=shop, kind="食品经营许可证", number="JY1", valid_to=D("2026-11-20"))
    Permit.objects.create(enterprise=shop, kind="安全生产许可证", number="AQ1", valid_to=D("2027-03-10"))
    Permit.objects.create(enterprise=shop, kind="安全生产标准化证书", number="BZ1", valid_to=D("2028-03-10"))
    Equipment.objects.create(
        enterprise=shop, kind="boiler", number="G1", name="蒸汽锅炉", next_inspection_on=D("2026-11-01")
    )
    Equipment.objects.create(
        enterprise=shop, kind="boiler", number="G2", name="热水锅炉", next_inspection_on=D("2027-02-01")
    )
    certificate(world, "special_operation", review_by=D("2026-12-20"), valid_to=D("2029-12-19"))
    certificate(world, "safety_officer", valid_to=D("2027-11-22"), name="余管理")
    rows = expiries(shop, on=ON)
    assert [(row.state, row.tone, row.day, row.urgent) for row in rows] == [
        ("超期", "red", D("2026-11-01"), True),
        ("过期", "red", D("2026-11-20"), True),
        ("临期", "yellow", D("2026-12-10"), True),
        ("应办", "orange", D("2026-12-20"), True),
    ]
    assert rows[0].warning == "未经检验不得继续使用"
    assert "应在期满前3个月即2026-12-10前申请续期" in rows[2].words


def test_a_permit_its_kind_needs_and_nobody_registered_is_named(world):
    [row] = expiries(world.enterprises.shop, on=ON)
    assert (row.what, row.state, row.tone, row.day, row.urgent) == (
        "食品经营许可证",
        "未登记",
        "orange",
        None,
        False,
    )


def late_hazard(world, days: int, words: str):
    today = timezone.localdate()
    return record_hazard(
        enterprise=world.enterprises.shop, source="inspection", description=words,
        found_on=today - dt.timedelta(days=20), due_on=today + dt.timedelta(days=days), by=world.people.inspector,
        found_organization=world.organizations.qingshi,
    )  # fmt: skip


def test_what_is_late_goes_before_what_is_near_and_what_is_to_be_answered(world):
    gas, today = make_campaign(world), timezone.localdate()
    fire_form()
    late_hazard(world, 2, "软管过长")
    late_hazard(world, -3, "没有报警器")
    notified(world, gas.campaign)
    BatchObject.objects.update(due_on=today - dt.timedelta(days=1))
    certificate(world, "safety_officer", valid_to=today + dt.timedelta(days=20))
    facts = enterprise_page(world.enterprises.shop, world.people.shop, on=today)
    texts = [each.text for each in facts["first"]]
    assert texts[:4] == [
        "没有报警器",
        "燃气专项整治第一批：燃煤锅炉 1 台",
        "软管过长",
        "罗守电安全生产管理人员考核合格证换证",
    ]
    assert texts[-2:] == ["自查：餐饮场所燃气", "签承诺书"]
    assert "签收限期整改（治理）通知书" in texts


@pytest.mark.parametrize(
    ("days", "place", "why"),
    [(20, -2, "自查阶段剩 20 天"), (2, 0, "自查阶段剩 2 天"), (-1, 0, "自查阶段逾期 1 天")],
)
def test_the_phase_of_self_checks_says_by_when(world, days, place, why):
    gas, today = make_campaign(world), timezone.localdate()
    fire_form()
    late_hazard(world, 3, "软管过长")
    ends_on = today + dt.timedelta(days=days)
    Phase.objects.create(campaign=gas.campaign, name="自查自纠阶段", position=1, ends_on=ends_on)
    first = enterprise_page(world.enterprises.shop, world.people.shop, on=today)["first"]
    assert first[place].text == "自查：餐饮场所燃气"
    assert first[place].why.startswith(why)


def test_a_promise_is_asked_for_until_one_stands(world):
    make_campaign(world)
    fire_form()
    today, shop = timezone.localdate(), world.people.shop
    assert enterprise_page(world.enterprises.shop, shop, on=today)["asked_to_promise"]
    make_signed(world)
    assert not enterprise_page(world.enterprises.shop, shop, on=today)["asked_to_promise"]
    station = world.people.station
    assert not enterprise_page(world.enterprises.station, station, on=today)["asked_to_promise"]


def test_figures_count_everything_and_say_what_is_not_shown(world, client, monkeypatch):
    monkeypatch.setattr(page_module, "FIRST", 1)
    late_hazard(world, -3, "没有报警器")
    late_hazard(world, -2, "软管过长")
    client.force_login(world.people.shop)
    assert "还有 1 件" in client.get("/").content.decode()
    monkeypatch.setattr(page_module, "SHOWN", 1)
    assert "全部 2 项，到台账看" in client.get("/").content.decode()


@pytest.mark.parametrize(("status", "words"), [("proposed", "待初审"), ("paid", "已拨付")])
def test_the_enterprise_sees_what_it_is_paid(world, client, status, words):
    campaign = make_campaign(world).campaign
    a_standard(world, campaign)
    member, housing, leader = accepted(world, campaign), world.people.housing, world.people.housing_leader
    subsidy = batches.propose_subsidy(member, quantity=Decimal(1), investment=None, by=housing)
    if status == "paid":
        batches.review(subsidy, by=housing)
        batches.approve(subsidy, by=leader)
        batches.pay(subsidy, paid_on=timezone.localdate(), voucher="P-1", by=housing)
    client.force_login(world.people.shop)
    page = client.get("/").content.decode()
    assert "补贴 15,000.00 元" in page
    assert words in page
