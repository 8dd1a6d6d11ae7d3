"""Rows that come in bulk read back exactly as rows saved one by one."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from bihuan.accounts.tests.world import make_world
from bihuan.audit.models import Head
from bihuan.core.bulk import Encoded, insert, insert_columns, reserve
from bihuan.registry.models import Contact, Enterprise, EnterpriseChange, Permit

pytestmark = pytest.mark.django_db
AWKWARD = "反斜杠\\ 制表\t换行\n回车\r引号'\" \\N 结束"


@pytest.fixture
def world():
    return make_world()


def test_awkward_values_read_back_as_given(world):
    shop = world.enterprises.shop
    moment = dt.datetime(2026, 11, 21, 8, 30, 15, 123456, tzinfo=dt.UTC)
    changes = [["名称", "旧\\", "新\t\n"], ["备注", "", '"']]
    insert(
        EnterpriseChange,
        ["enterprise_id", "what", "changes", "reason", "by_id", "at"],
        [(shop.pk, "updated", changes, AWKWARD, world.people.office.pk, moment)],
    )
    row = EnterpriseChange.objects.get(what="updated")
    assert (row.changes, row.reason, row.at) == (changes, AWKWARD, moment)
    insert(Contact, ["enterprise_id", "role", "name", "phone"], [(shop.pk, "other", "某", "19900001234")])
    assert Contact.objects.get(name="某").phone == "19900001234"
    insert(Permit, ["enterprise_id", "kind", "number", "valid_to"], [(shop.pk, "证", "1", dt.date(2028, 6, 30)), (shop.pk, "证", "2", None)])  # fmt: skip
    assert list(Permit.objects.filter(kind="证").order_by("number").values_list("valid_to", "issuer")) == [
        (dt.date(2028, 6, 30), ""),
        (None, ""),
    ]


def test_reserved_ids_are_nobody_elses(world):
    shop = world.enterprises.shop
    with transaction.atomic():
        ids = reserve(Permit, 3)
        insert(
            Permit, ["id", "enterprise_id", "kind", "number"], [(pk, shop.pk, "证", str(pk)) for pk in ids]
        )
    later = Permit.objects.create(enterprise=shop, kind="证", number="后来")
    assert list(Permit.objects.filter(kind="证").order_by("pk").values_list("pk", flat=True)) == [
        *ids,
        later.pk,
    ]


def test_many_blocks_and_the_count(world):
    rows = ((f"x.y:{number}", 1, "h") for number in range(4500))
    assert insert(Head, ["chain", "seq", "hash"], rows) == 4500
    assert Head.objects.filter(chain__startswith="x.y:").count() == 4500


def test_what_the_database_refuses_is_an_integrity_error(world):
    shop = world.enterprises.shop
    rows = [(shop.pk, "证", "1"), (shop.pk, "证", "1")]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Permit, ["enterprise_id", "kind", "number"], rows)
    assert not Permit.objects.filter(kind="证").exists()


def test_defaults_are_filled_in(world):
    shop = world.enterprises.shop
    columns = [
        "name",
        "kind_id",
        "city_id",
        "county_id",
        "locality_id",
        "longitude",
        "created_at",
        "updated_at",
    ]
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    insert(
        Enterprise,
        columns,
        [("某店", shop.kind_id, shop.city_id, shop.county_id, shop.locality_id, 102.5, at, at)],
    )
    made = Enterprise.objects.get(name="某店")
    assert (made.risk, made.status, made.credit_code, made.code_unchecked, made.longitude) == (
        "yellow", "operating", None, False, 102.5,
    )  # fmt: skip


def test_columns_read_back_like_rows_and_what_is_the_same_is_said_once(world):
    shop = world.enterprises.shop
    texts = [AWKWARD, "", "平常"]
    insert_columns(Permit, {"number": texts, "valid_to": [None, dt.date(2028, 6, 30), None]}, {"enterprise_id": shop.pk, "kind": "证"})  # fmt: skip
    found = Permit.objects.filter(kind="证", enterprise=shop).order_by("pk").values_list("number", "valid_to")
    assert list(found) == [(AWKWARD, None), ("", dt.date(2028, 6, 30)), ("平常", None)]


def test_ready_json_is_stored_as_it_is(world):
    shop, moment = world.enterprises.shop, dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    text = Encoded('[["备注", "", "引号\\" 反斜杠\\\\ 换行\\n"]]')
    insert(
        EnterpriseChange, ["changes"], [(text,)],
        {"enterprise_id": shop.pk, "what": "updated", "by_id": world.people.office.pk, "at": moment},
    )  # fmt: skip
    assert EnterpriseChange.objects.get(what="updated").changes == [["备注", "", '引号" 反斜杠\\ 换行\n']]


@pytest.mark.parametrize("names", [[], ["云溪'\"{},\\", "NULL"]])
def test_among_many_is_in(world, names):
    shop = world.enterprises.shop
    assert not Enterprise.objects.filter(name__among=names).exists()
    assert Enterprise.objects.get(name__among=[*names, shop.name]) == shop
