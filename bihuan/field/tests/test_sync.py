"""What a phone takes along, and that the next answer holds only what differs."""

from __future__ import annotations

import datetime as dt
import gzip
import json

import time_machine
from django.test import Client

from bihuan.field.models import Copy
from bihuan.field.tests.conftest import Phone
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.tests.factories import deadline, visit
from bihuan.registry.models import Enterprise


def rows(answer, name):
    group = answer["groups"][name]
    return [dict(zip(group["columns"], row, strict=True)) for row in group["rows"]]


def test_the_first_answer_is_whole_and_only_of_ones_own_street(phone, world, gas):
    answer = phone.sync()
    assert answer["whole"] is True
    shops = {row["name"]: row for row in rows(answer, "enterprises")}
    assert "云溪区好味来面馆" in shops
    assert "云溪平安液化气充装有限公司" not in shops
    shop = shops["云溪区好味来面馆"]
    assert (shop["tasks"], shop["seen"], shop["visits"], shop["hazards"]) == ([gas.task.pk], [], [], [])
    (checklist,) = rows(answer, "checklists")
    assert [item["position"] for item in checklist["items"]] == [1, 2, 3, 4]
    assert checklist["items"][3]["major"] is True
    assert "major" not in checklist["items"][0]
    assert answer["me"]["name"] == "冯走访"
    assert [row["name"] for row in rows(answer, "colleagues") if not row["expert"]]


def test_with_the_cursor_only_what_changed_travels(phone, world, gas):
    first = phone.sync()
    again = phone.sync(cursor=first["cursor"])
    assert again["whole"] is False
    assert all(not group["rows"] and not group["gone"] for group in again["groups"].values())
    assert again["cursor"] == first["cursor"]
    assert Copy.objects.count() == 1

    Enterprise.objects.filter(pk=world.enterprises.shop.pk).update(address="幸福路 8 号")
    changed = phone.sync(cursor=again["cursor"])
    assert [row["address"] for row in rows(changed, "enterprises")] == ["幸福路 8 号"]
    assert changed["groups"]["checklists"]["rows"] == []

    Enterprise.objects.filter(pk=world.enterprises.shop.pk).update(status="closed")
    closed = phone.sync(cursor=changed["cursor"])
    assert closed["groups"]["enterprises"]["gone"] == [world.enterprises.shop.pk]


def test_a_lost_answer_costs_nothing_an_old_cursor_brings_everything(phone, world, gas):
    first = phone.sync()
    Enterprise.objects.filter(pk=world.enterprises.shop.pk).update(address="幸福路 8 号")
    phone.sync(cursor=first["cursor"])  # never arrived
    assert len(phone.sync(cursor=first["cursor"])["groups"]["enterprises"]["rows"]) == 1
    phone.sync(cursor=first["cursor"])
    assert Copy.objects.count() == 3
    assert phone.sync(cursor=first["cursor"])["whole"] is True


def test_a_cursor_is_good_for_its_phone_and_place_only(phone, people, world, gas):
    first = phone.sync()
    assert Phone(people.inspector).sync(cursor=first["cursor"])["whole"] is True
    assert phone.sync(cursor=first["cursor"], region="539702001")["whole"] is True
    assert phone.sync(cursor="nonsense")["whole"] is True


def test_visits_and_open_hazards_come_along_two_on_one_day_are_two(phone, people, world, gas):
    given = visit(world, gas, people.inspector, "ppfp", findings={3: deadline(people.inspector)})
    submit_inspection(given, by=people.inspector)
    submit_inspection(visit(world, gas, people.inspector2), by=people.inspector2)
    (shop,) = [row for row in rows(phone.sync(), "enterprises") if row["id"] == world.enterprises.shop.pk]
    assert [(kind, count) for _, kind, count, _ in shop["visits"]] == [
        (shop["visits"][0][1], 0),
        (shop["visits"][0][1], 1),
    ]
    assert [each[1] for each in shop["hazards"]] == ["未安装可燃气体探测器和紧急切断阀"]
    assert shop["seen"] == [gas.task.pk]


def test_deadlines_are_worked_out_for_days_without_signal(phone, gas):
    with time_machine.travel(dt.datetime(2026, 8, 12, 2, tzinfo=dt.UTC), tick=False):
        days = phone.sync()["deadlines"]["general"]
    assert next(iter(days)) == "2026-08-05"
    assert list(days)[-1] == "2026-10-11"
    # 15 days by the shipped rule; an extension could add as many as its limit.
    assert days["2026-08-12"][0] == "2026-08-27"
    assert days["2026-08-12"][1] > days["2026-08-12"][0]


def test_no_telephone_number_travels(phone, world, gas):
    world.enterprises.shop.contacts.create(role="principal", name="蒋好味", phone="19900001234")
    text = json.dumps(phone.sync(), ensure_ascii=False)
    assert "蒋好味" in text
    assert "19900001234" not in text


def test_a_permit_that_was_renewed_stays_behind(phone, world, gas):
    shop = world.enterprises.shop
    new = shop.permits.create(kind="食品经营许可证", number="JY2", valid_to=dt.date(2028, 6, 30))
    shop.permits.create(kind="食品经营许可证", number="JY1", valid_to=dt.date(2025, 6, 30), replaced_by=new)
    (told,) = [row for row in rows(phone.sync(), "enterprises") if row["id"] == shop.pk]
    assert told["permits"] == [["食品经营许可证", "JY2", "2028-06-30"]]


def test_the_answer_is_compressed_where_asked(phone, gas):
    answer = Client().get("/field/sync/", headers=phone.headers | {"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.content))["whole"] is True
