"""Records that may be one place: found, told apart for good, made one with everything that hung on them."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.attachments.queries import signatures_of
from bihuan.audit.verification import verify
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.hazards.tests.factories import make_hazard
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.merging import is_as_signed
from bihuan.inspections.models import Coverage, Inspection
from bihuan.inspections.tests.factories import make_campaign, visit
from bihuan.registry import duplicates, likeness, merging
from bihuan.registry.likeness import Known
from bihuan.registry.models import (
    Contact,
    DuplicatePair,
    Enterprise,
    Equipment,
    Merger,
    Permit,
    Plate,
    Premises,
    RiskPoint,
)
from bihuan.search.actions import refresh
from bihuan.search.models import Kind
from bihuan.tally.models import Delta

from .sheets import code

pytestmark = pytest.mark.django_db


def known(pk, name, address="幸福路1号", code="", locality="539702001", phones=()):
    return Known(pk, name, address, code, "539702", locality, frozenset(phones))


PLACES = ["云溪市", "云溪区", "青石街道"]


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("云溪区好味来面馆", "好味来面馆"),
        ("好味来面馆（个体工商户）", "好味来面馆"),
        ("云溪市 宏泰化工 有限责任公司", "宏泰化工"),
        ("ＡＢＣ超市", "ABC超市"),
        ("云溪区", "云溪区"),
    ],
)
def test_what_tells_a_name_from_others(name, bare):
    assert likeness.normal_name(name, PLACES) == bare


def test_addresses_in_one_way_of_writing():
    assert likeness.normal_address("云溪市青石街道幸福路 十一 号楼", PLACES) == "幸福路11号"
    assert (
        likeness.normal_address("幸福路12栋", PLACES)
        == likeness.normal_address("幸福路12号", PLACES)
        == "幸福路12号"
    )


@pytest.mark.parametrize(
    ("left", "right", "least", "most"),
    [
        (known(1, "好味来面馆"), known(2, "云溪区好味来面馆"), 95, 100),
        (known(1, "好味来面馆"), known(2, "好味来面食馆"), 75, 80),
        (
            known(1, "张记小吃", phones=["19900001111"]),
            known(2, "张记特色小吃", phones=["19900001111"]),
            70,
            100,
        ),
        (
            known(1, "甲公司", code="91539702MA6K00027X"),
            known(2, "乙公司", code="91539702MA6K00O27X"),
            99,
            99,
        ),
        (
            known(1, "甲公司", code="91539702MA6K00027X"),
            known(2, "乙公司", code="92539702MA6K000270"),
            85,
            95,
        ),
    ],
)
def test_degrees(left, right, least, most):
    found = likeness.compare(left, right, PLACES)
    assert found is not None
    assert least <= found.score <= most


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (known(1, "好味来面馆"), known(2, "兴隆五金店")),
        (known(1, "好味来面馆", "幸福路1号"), known(2, "好味来烧烤", "工业路9号", locality="539702101")),
    ],
)
def test_what_is_not_alike_is_left_alone(left, right):
    assert likeness.compare(left, right, PLACES) is None
    assert list(likeness.find([left, right], PLACES)) == []


def test_the_search_finds_what_comparing_all_with_all_finds():
    """Blocking loses nothing that the degree asks for: three hundred names, every two compared."""
    names = [
        f"{a}{b}{c}" for a in "福顺祥和鑫" for b in "源盛达兴隆" for c in ("面馆", "超市", "五金店", "火锅店")
    ]
    records = [known(pk, name, f"幸福路{pk % 7}号") for pk, name in enumerate([*names, *names[:20]], start=1)]
    searched = {(each.first, each.second) for each in likeness.find(records)}
    compared = {
        (one.pk, other.pk)
        for at, one in enumerate(records)
        for other in records[at + 1 :]
        if likeness.compare(one, other)
    }
    assert searched == compared
    assert len(compared) >= 20


# --- the queue -------------------------------------------------------------------------------------


@pytest.fixture
def twin(world):
    shop = world.enterprises.shop
    twin = Enterprise.objects.create(
        name="好味来面馆（青石店）", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality,
        address="幸福路1号", remark="门口有码头",
    )  # fmt: skip
    refresh(Kind.ENTERPRISE, [twin.pk])
    return twin


@pytest.fixture
def pair(world, twin):
    assert duplicates.keep(duplicates.search_in("5397"), at=timezone.now()) == 1
    return DuplicatePair.objects.get()


def test_a_pair_is_found_once_and_remembered(world, pair):
    assert (pair.first, pair.status) == (world.enterprises.shop.pk, "open")
    assert pair.score >= 90
    assert duplicates.keep(duplicates.search_in("5397"), at=timezone.now()) == 0
    duplicates.tell_apart(pair, reason="两家分店", by=world.people.office)
    assert duplicates.keep(duplicates.search_in("5397"), at=timezone.now()) == 0
    assert not DuplicatePair.objects.open().exists()
    with pytest.raises(IllegalMove):
        duplicates.tell_apart(pair, reason="两家分店", by=world.people.office)


def test_the_same_phone_is_told_when_the_pair_is_looked_at(world, pair, twin):
    for row in (world.enterprises.shop, twin):
        row.contacts.create(role="legal", name="蒋好味", phone="19900001234")
    Enterprise.objects.filter(pk=twin.pk).update(name="好味来面食店")
    duplicates.weigh_phones([pair])
    assert "电话相同" in pair.reasons
    assert (
        pair.score == 92  # 3 of 4 and 5 pairs shared: 0.67 of 70; 30 for the address, 15 for the phone
    )  # 4 and 5 pairs share 3 of 9 twice: 0.67 of 70, 30 for the address, 15 for the phone; both less


def test_a_search_runs_as_a_job(world, twin):
    from bihuan.jobs.running import run_job

    job = duplicates.start_search(by=world.people.office)
    run_job.func(str(job.pk))
    job.refresh_from_db()
    assert job.message.startswith("新发现 1 对")
    with pytest.raises(PermissionDenied):
        duplicates.start_search(by=world.people.inspector)


@pytest.mark.parametrize("who", ["outsider", "market", "shop", "inspector"])
def test_who_may_not_decide(world, pair, who):
    with pytest.raises(PermissionDenied):
        duplicates.tell_apart(pair, reason="不是", by=getattr(world.people, who))
    with pytest.raises(PermissionDenied):
        merging.merge(pair, world.enterprises.shop, taken={}, reason="是", by=getattr(world.people, who))


# --- merging ---------------------------------------------------------------------------------------


def test_everything_moves_and_the_old_number_leads_on(world, pair, twin):
    by, shop = world.people.office, world.enterprises.shop
    gas = make_campaign(world)
    first = submit_inspection(visit(world, gas, world.people.inspector, "pppp"), by=world.people.inspector)
    Inspection.objects.filter(pk=first.pk).update(enterprise=twin)
    Coverage.objects.update(enterprise=twin, on=dt.date(2026, 1, 2))
    second = submit_inspection(visit(world, gas, world.people.inspector, "pppp"), by=world.people.inspector)
    hazard = make_hazard(world, enterprise=shop)
    shop.contacts.create(role="legal", name="蒋好味")
    twin.contacts.create(role="legal", name="蒋好味", phone="19900001234")
    twin.contacts.create(role="safety", name="钱细心")
    for row in (shop, twin):
        Premises.objects.create(enterprise=row, name="后厨", kind=row.kind, locality=row.locality)
        RiskPoint.objects.create(
            enterprise=row, name="灶台", kind="device", colour="orange" if row == twin else "blue"
        )
        Permit.objects.create(enterprise=row, kind="食品经营许可证", number="1", valid_to=dt.date(2027, 1, 1))
    plate = Plate.objects.create(enterprise=twin, issued_at=timezone.now(), issued_by=by)
    old = twin.pk
    merger = merging.merge(pair, shop, taken={"remark": True}, reason="同一门面", by=by)

    shop.refresh_from_db()
    assert (shop.remark, shop.risk) == ("门口有码头", "orange")
    assert not Enterprise.objects.filter(pk=old).exists()
    assert Contact.objects.get(enterprise=shop, role="legal").phone == "19900001234"
    assert {row.name for row in shop.contacts.all()} == {"蒋好味", "钱细心"}
    assert sorted(row.name for row in shop.premises.all()) == ["后厨", f"后厨（原编号{old}）"]
    assert Permit.objects.get().enterprise == shop
    plate.refresh_from_db()
    assert plate.enterprise == shop
    assert set(shop.inspections.values_list("pk", flat=True)) == {first.pk, second.pk}
    assert Coverage.objects.get().first_inspection == first
    assert Delta.objects.filter(covered=-1, subject=f"inspections.inspection:{second.pk}").exists()
    assert hazard.enterprise == shop
    assert Merger.objects.get(old_id=old) == merger
    assert merger.record["name"] == "好味来面馆（青石店）"
    assert merger.moved["inspections.inspection"] == [first.pk]
    assert DuplicatePair.objects.get().status == "merged"


def test_the_record_stays_proved(world, twin):
    gas = make_campaign(world)
    shop = world.enterprises.shop
    signed = submit_inspection(visit(world, gas, world.people.inspector, "pppp"), by=world.people.inspector)
    make_hazard(world, enterprise=shop)
    pair = DuplicatePair.objects.create(first=shop.pk, second=twin.pk, score=90, found_at=timezone.now())
    Enterprise.objects.filter(pk=shop.pk).update(organization=None)
    merging.merge(pair, twin, taken={"credit_code": True}, reason="同一门面", by=world.people.office)
    signed.refresh_from_db()
    assert signed.enterprise == twin
    assert all(is_as_signed(signed, each.content_hash) for each in signatures_of(signed))
    report = verify()
    assert [
        finding for finding in report.findings if "changed" in finding.kind or "missing" in finding.kind
    ] == []


def test_what_cannot_be_joined_is_said(world, pair):
    by, shop = world.people.office, world.enterprises.shop
    with pytest.raises(ReasonRequired):
        merging.merge(pair, shop, taken={}, reason=" ", by=by)
    with pytest.raises(Refused, match="保留其中一条"):
        merging.merge(pair, world.enterprises.station, taken={}, reason="同", by=by)


def test_two_accounts_in_use_are_for_the_administrator(world, pair, twin):
    Enterprise.objects.filter(pk=world.enterprises.station.pk).update(organization=None)
    Enterprise.objects.filter(pk=twin.pk).update(organization=world.organizations.station)
    with pytest.raises(Refused, match="先由系统管理员合并账号单位"):
        merging.merge(pair, world.enterprises.shop, taken={}, reason="同", by=world.people.office)
    assert DuplicatePair.objects.get().status == "open"


def test_the_account_of_the_one_that_goes_passes_on(world, pair, twin):
    account = world.enterprises.shop.organization
    merging.merge(pair, twin, taken={"credit_code": True}, reason="同", by=world.people.office)
    twin.refresh_from_db()
    assert (twin.organization, twin.credit_code) == (account, "92539702MA6K00019H")


def test_an_import_with_the_old_code_means_the_one_that_stays(world, pair, twin):
    from bihuan.registry.matching import Existing, Key

    Enterprise.objects.filter(pk=twin.pk).update(credit_code=code(5))
    merging.merge(pair, world.enterprises.shop, taken={}, reason="同", by=world.people.office)
    key = Key("谁", "539702001", code(5))
    assert Existing([key]).find(key) == world.enterprises.shop


def test_the_census_counts_by_kind_and_status(world):
    rows = duplicates.census(world.people.office)
    assert [(row.label, row.numbers["total"], row.numbers["operating"]) for row in rows] == [
        ("餐饮", 1, 1),
        ("气瓶充装站", 1, 1),
    ]
    Enterprise.objects.filter(pk=world.enterprises.shop.pk).update(locality="539702", status="closed")
    rows = duplicates.census(world.people.office, "place")
    assert [(row.label, row.note, row.query, row.numbers["closed"]) for row in rows] == [
        ("云溪区", "乡镇街道待定", "region=539702&settled=no", 1),
        ("白塔镇", "云溪区", "region=539702101", 0),
    ]
    assert duplicates.census(world.people.outsider)[0].numbers["total"] == 1
    assert duplicates.census(world.people.sysadmin) == []


def test_a_place_is_taken_whole_and_the_account_follows_the_name(world, pair, twin):
    shop = world.enterprises.shop
    Enterprise.objects.filter(pk=twin.pk).update(longitude=100.1, latitude=25.2)
    merging.merge(
        pair, shop, taken={"longitude": True, "name": True}, reason="同一门面", by=world.people.office
    )
    shop.refresh_from_db()
    assert (shop.name, shop.longitude, shop.latitude) == ("好味来面馆（青石店）", 100.1, 25.2)
    assert shop.organization.name == "好味来面馆（青石店）"


def test_devices_of_the_same_number_both_stay(world, pair, twin):
    shop = world.enterprises.shop
    for row in (shop, twin):
        Equipment.objects.create(enterprise=row, kind="lpg_cylinder", number="A1")
    merging.merge(pair, shop, taken={}, reason="同一门面", by=world.people.office)
    numbers = shop.equipment.order_by("id").values_list("number", flat=True)
    assert list(numbers) == ["A1", f"A1（原编号{twin.pk}）"]
