"""What people do with the registry, asked of the actions themselves."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.jobs.selections import do_each
from bihuan.registry.actions import (
    assign_department,
    change_status,
    open_account,
    reveal_phone,
    save_enterprise,
)
from bihuan.registry.models import Contact, Enterprise, EnterpriseChange

from .sheets import code

pytestmark = pytest.mark.django_db


def values(world, **changes):
    return {
        "name": "新面馆",
        "credit_code": code(1),
        "kind": world.kinds.restaurant,
        "locality": world.regions.qingshi,
        "department": world.organizations.housing,
        "risk": "yellow",
    } | changes


def test_a_new_record_is_recorded_with_its_values(world):
    made = save_enterprise(values(world), by=world.people.qingshi_officer)
    event = Event.objects.get(chain=f"registry.enterprise:{made.pk}")
    assert (event.act, event.actor_name) == ("registry.created", "郑守一")
    assert ["名称", "", "新面馆"] in event.payload["changes"]
    assert made.changes.get().what == "created"


def test_saving_the_same_again_records_nothing(world):
    made = save_enterprise(values(world), by=world.people.qingshi_officer)
    save_enterprise(values(world), by=world.people.qingshi_officer, enterprise=made)
    assert EnterpriseChange.objects.count() == 1


@pytest.mark.parametrize("who", ["inspector", "shop", "sysadmin", "expert", "inspectorate"])
def test_who_may_not_register(world, who):
    with pytest.raises(PermissionDenied):
        save_enterprise(values(world), by=getattr(world.people, who))


def test_a_locality_only_inside_its_region(world):
    by = world.people.qingshi_officer
    with pytest.raises(Refused, match="不在您的管理范围内"):
        save_enterprise(values(world, locality=world.regions.baita), by=by)
    with pytest.raises(PermissionDenied):
        save_enterprise({"remark": "x"}, by=by, enterprise=world.enterprises.station)
    with pytest.raises(Refused, match="不在您的管理范围内"):
        save_enterprise({"locality": world.regions.baita}, by=by, enterprise=world.enterprises.shop)


def test_a_department_only_its_own_line(world):
    by = world.people.housing
    with pytest.raises(Refused, match="不归口本部门"):
        save_enterprise(values(world, department=world.organizations.market), by=by)
    with pytest.raises(Refused, match="不归口本部门"):
        save_enterprise({"department": None}, by=by, enterprise=world.enterprises.shop)
    with pytest.raises(PermissionDenied):
        save_enterprise({"remark": "x"}, by=by, enterprise=world.enterprises.station)


def test_a_department_answers_only_for_places_below_it(world):
    market = world.organizations.market
    market.region = world.regions.linjiang
    market.save()
    with pytest.raises(Refused, match="不管辖青石街道"):
        save_enterprise(values(world, department=market), by=world.people.office)


def test_a_rename_carries_the_account_along(world):
    save_enterprise({"name": "好味来酒家"}, by=world.people.office, enterprise=world.enterprises.shop)
    world.organizations.shop.refresh_from_db()
    assert world.organizations.shop.name == "好味来酒家"


def test_a_name_without_code_is_taken_once_per_locality(world):
    save_enterprise(values(world, credit_code=None), by=world.people.office)
    with pytest.raises(Refused, match="已登记“新面馆”"):
        save_enterprise(values(world, credit_code=None), by=world.people.office)
    elsewhere = values(world, credit_code=None, locality=world.regions.baita)
    assert save_enterprise(elsewhere, by=world.people.office).pk


def test_the_database_itself_keeps_names_without_code_apart(world):
    r = world.regions
    same = {
        "name": "店", "kind": world.kinds.restaurant, "city": r.city, "county": r.yunxi, "locality": r.qingshi,
    }  # fmt: skip
    Enterprise.objects.create(**same)
    with pytest.raises(IntegrityError), transaction.atomic():
        Enterprise.objects.create(**same)


def test_the_database_itself_wants_a_reason_for_a_status(world):
    line = {"enterprise": world.enterprises.shop, "what": "status", "by": world.people.office}
    with pytest.raises(IntegrityError), transaction.atomic():
        EnterpriseChange.objects.create(**line, at="2026-11-21T00:00Z")


def test_status_moves(world):
    shop, by = world.enterprises.shop, world.people.qingshi_officer
    with pytest.raises(ReasonRequired):
        change_status(shop, "idle", by=by, reason=" ")
    change_status(shop, "idle", by=by, reason="装修")
    stale = Enterprise.objects.get(pk=shop.pk)
    change_status(shop, "closed", by=by, reason="注销")
    with pytest.raises(IllegalMove, match="刚被别人改过"):
        change_status(stale, "operating", by=by, reason="复工")
    with pytest.raises(IllegalMove, match="只能改为：在产在营"):
        change_status(shop, "moved", by=by, reason="搬走")
    with pytest.raises(PermissionDenied):
        change_status(shop, "operating", by=world.people.inspector, reason="看见开门")
    assert [line.reason for line in shop.changes.all()] == ["注销", "装修"]


def test_the_account_is_opened_once(world):
    r = world.regions
    shop = Enterprise.objects.create(
        name="店", kind=world.kinds.restaurant, city=r.city, county=r.yunxi, locality=r.qingshi
    )
    with pytest.raises(PermissionDenied):
        open_account(shop, by=world.people.outsider)
    open_account(shop, by=world.people.qingshi_officer)
    with pytest.raises(IllegalMove, match="已经开通"):
        open_account(shop, by=world.people.qingshi_officer)


def test_reveal(world):
    contact = Contact.objects.create(
        enterprise=world.enterprises.shop, role="safety", name="李某某", phone="19900001234"
    )
    with pytest.raises(PermissionDenied):
        reveal_phone(contact, by=world.people.inspector, reason="联系")
    with pytest.raises(PermissionDenied):
        reveal_phone(contact, by=world.people.market, reason="联系")
    assert reveal_phone(contact, by=world.people.housing, reason="联系") == "19900001234"
    assert Event.objects.filter(act="registry.reveal_phone").count() == 1


def test_assigning_many_answers_one_by_one(world):
    office, officer = world.people.office, world.people.qingshi_officer
    shop, station = world.enterprises.shop, world.enterprises.station
    Enterprise.objects.filter(pk=shop.pk).update(department=None)
    with pytest.raises(PermissionDenied):
        assign_department(station, world.organizations.housing, by=officer)
    usual = do_each("registry.assign", [shop.pk, station.pk], {"department": None}, by=office)
    assert usual.message == "办成 0 家，未办成 2 家"
    assert "请直接选一个部门" in usual.problems[0]["words"]
    assert not EnterpriseChange.objects.exists()
    chosen = {"department": world.organizations.market.pk}
    job = do_each("registry.assign", [shop.pk, station.pk], chosen, by=officer)
    assert job.message == "办成 1 家，未办成 1 家"
    assert job.problems == [{"name": str(station.pk), "url": "", "words": "不在您的范围内，或已不存在"}]
    assert EnterpriseChange.objects.get().enterprise == shop


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_register_the_same_code_once(world):
    start = threading.Barrier(8)
    given = values(world)

    def register(_):
        start.wait()
        try:
            save_enterprise(given, by=world.people.qingshi_officer)
        except Refused as error:
            return str(error)
        finally:
            connection.close()
        return "saved"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(register, range(8)))

    assert answers.count("saved") == 1
    assert all("已登记" in answer for answer in answers if answer != "saved")
    made = Enterprise.objects.get(credit_code=code(1))
    assert made.changes.count() == 1
    assert Event.objects.filter(chain=f"registry.enterprise:{made.pk}").count() == 1
