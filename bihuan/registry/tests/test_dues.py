"""Permits and equipment that fall due: one duty each, told in time, ended by what settles it."""

import datetime as dt
import io

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.attachments.imports import begin, start_batch
from bihuan.core.errors import Refused
from bihuan.duties.models import Duty
from bihuan.notifications.models import Message
from bihuan.registry.dues import doubts_of, missing_permits, open_dues, settle_permits, state_of
from bihuan.registry.equipmentimporting import EquipmentImporter
from bihuan.registry.equipping import save_equipment
from bihuan.registry.models import Equipment, Permit
from bihuan.rules.equipment import find_equipment_kind, next_inspection

from .sheets import upload
from .test_views import enter

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(world):
    shop = world.enterprises.shop
    shop.permits.all().delete()
    return shop


@pytest.fixture
def officer(world):
    return world.people.qingshi_officer


def in_days(days):
    return timezone.localdate() + dt.timedelta(days=days)


def permit(shop, days, number="旧证1号", kind="食品经营许可证"):
    return Permit.objects.create(enterprise=shop, kind=kind, number=number, valid_to=in_days(days))


def duties():
    return Duty.objects.filter(kind__in=[Duty.Kind.PERMIT_RENEWAL, Duty.Kind.EQUIPMENT_CHECK])


# --- permits ---------------------------------------------------------------------------------------


def test_nothing_is_owed_until_the_first_reminder(shop):
    permit(shop, 91)
    assert open_dues(timezone.now()) == 0


def test_a_permit_near_its_end_is_owed_once_and_told_once_a_reminder(
    shop, django_capture_on_commit_callbacks
):
    permit(shop, 60)
    with django_capture_on_commit_callbacks(execute=True):
        assert open_dues(timezone.now()) == 1
        assert open_dues(timezone.now()) == 0
    duty = duties().get()
    assert (duty.due_on, duty.organization) == (in_days(60), shop.organization)
    told = Message.objects.filter(category=Message.Category.REMINDER)
    assert told.exists()
    assert told.count() == told.values("recipient").distinct().count()


def test_the_renewed_permit_takes_the_place_and_ends_the_duty(shop, officer):
    old = permit(shop, 20)
    open_dues(timezone.now())
    new = permit(shop, 1800, number="新证2号")
    settle_permits([shop.pk], by=officer)
    old.refresh_from_db()
    assert old.replaced_by == new
    assert duties().get().status == Duty.Status.DONE
    assert open_dues(timezone.now()) == 0


def test_two_permits_that_both_run_on_stay_two(shop, officer):
    first, _ = permit(shop, 800), permit(shop, 1800, number="二店")
    settle_permits([shop.pk], by=officer)
    first.refresh_from_db()
    assert first.replaced_by is None


def test_where_renewal_must_be_asked_for_early_that_day_is_due_until_it_was(shop):
    """安全生产许可证: three months ahead (安全生产许可证条例第九条)."""
    held = Permit.objects.create(
        enterprise=shop, kind="安全生产许可证", number="安1", valid_to=dt.date(2027, 3, 31)
    )
    now = dt.datetime(2026, 12, 10, 9, tzinfo=timezone.get_default_timezone())
    open_dues(now)
    assert duties().get().due_on == dt.date(2026, 12, 31)
    held.applied_on = dt.date(2026, 12, 20)
    held.save()
    open_dues(dt.datetime(2027, 1, 5, 9, tzinfo=timezone.get_default_timezone()))
    assert duties().get().due_on == dt.date(2027, 3, 31)
    assert state_of(held, dt.date(2027, 1, 5)).key == "approaching"


def test_a_closed_place_owes_nothing(shop):
    permit(shop, 20)
    shop.status = "closed"
    shop.save()
    assert open_dues(timezone.now()) == 0


def test_needed_permits_that_are_missing_or_over_are_listed(shop):
    today = timezone.localdate()
    assert [(rule.key, words) for rule, words in missing_permits(shop, today)] == [
        ("food_operation", "未登记")
    ]
    held = permit(shop, -1)
    assert [words for _, words in missing_permits(shop, today)] == ["已过期"]
    held.valid_to = None
    held.save()
    assert missing_permits(shop, today) == []


# --- equipment -------------------------------------------------------------------------------------


def test_the_next_inspection_follows_the_rule_or_the_report(shop, officer):
    values = {"kind": "boiler", "number": "锅1", "last_inspected_on": dt.date(2026, 3, 31)}
    piece = save_equipment(values, by=officer, enterprise=shop)
    assert piece.next_inspection_on == dt.date(2027, 3, 31)
    given = {"next_is_given": True, "next_inspection_on": dt.date(2026, 12, 1)}
    piece = save_equipment(given, by=officer, enterprise=shop, equipment=piece)
    assert piece.next_inspection_on == dt.date(2026, 12, 1)
    with pytest.raises(Refused, match="同种类、同编号"):
        save_equipment({"kind": "boiler", "number": "锅1"}, by=officer, enterprise=shop)


def test_first_inspection_counts_from_the_day_of_use():
    on = dt.date(2026, 11, 1)
    due, why = next_inspection("extinguisher", on, installed_on=dt.date(2024, 1, 10), last_on=None)
    assert (due, why["from"], why["months"]) == (dt.date(2029, 1, 10), "投用", 60)
    assert next_inspection("boiler", on, installed_on=None, last_on=None)[0] is None
    assert find_equipment_kind("燃气报警器") == "gas_detector"


def test_due_equipment_is_a_duty_that_an_inspection_ends(shop, officer):
    last = timezone.localdate() - dt.timedelta(days=350)
    piece = save_equipment(
        {"kind": "boiler", "number": "锅1", "last_inspected_on": last}, by=officer, enterprise=shop
    )
    assert open_dues(timezone.now()) == 1
    assert open_dues(timezone.now()) == 0
    save_equipment({"last_inspected_on": timezone.localdate()}, by=officer, enterprise=shop, equipment=piece)
    assert duties().get().status == Duty.Status.DONE


def test_scrapped_equipment_owes_nothing(shop, officer):
    last = timezone.localdate() - dt.timedelta(days=400)
    piece = save_equipment(
        {"kind": "boiler", "number": "锅1", "last_inspected_on": last}, by=officer, enterprise=shop
    )
    open_dues(timezone.now())
    save_equipment({"state": Equipment.State.SCRAPPED}, by=officer, enterprise=shop, equipment=piece)
    assert duties().get().status == Duty.Status.CANCELLED
    assert open_dues(timezone.now()) == 0


def test_who_may_enter_equipment(client, world, shop):
    with pytest.raises(PermissionDenied):
        save_equipment({"kind": "boiler", "number": "1"}, by=world.people.inspector, enterprise=shop)
    url = reverse("registry:add_equipment", args=[shop.pk])
    assert enter(client, world.people.outsider).get(url).status_code == 404
    assert enter(client, world.people.inspector).get(url).status_code == 403


def test_the_pages_of_equipment_and_permits(client, world, shop, officer):
    page = enter(client, officer)
    url = reverse("registry:add_equipment", args=[shop.pk])
    sent = {"kind": "boiler", "number": "锅1", "state": "in_use", "last_inspected_on": "2026-03-01"}
    assert page.post(url, sent | {"made_on": "2026-05-01"}).status_code == 422
    assert page.post(url, sent).status_code == 302
    piece = Equipment.objects.get()
    assert "锅1" in page.get(reverse("registry:equipment")).content.decode()
    assert "TSG 11-2020" in page.get(reverse("registry:edit_equipment", args=[piece.pk])).content.decode()
    permit(shop, 20)
    assert "旧证1号" in page.get(reverse("registry:permits")).content.decode()
    assert "旧证1号" not in page.get(reverse("registry:permits"), {"state": "expired"}).content.decode()
    assert "设备" in page.get(shop.get_absolute_url()).content.decode()
    assert enter(client, world.people.outsider).get(reverse("registry:equipment")).status_code == 200
    assert "锅1" not in client.get(reverse("registry:equipment")).content.decode()


def test_equipment_comes_by_table_and_the_same_table_again_changes_nothing(
    world, shop, officer, django_capture_on_commit_callbacks
):
    book = openpyxl.Workbook()
    for row in (
        ["使用单位", "设备种类", "使用登记证号", "检验日期", "下次检验日期"],
        [shop.name, "燃气报警器", "报1", "2026-05-01", ""],
        [shop.name, "锅炉", "锅1", "2026-05-01", "2026-12-31"],
        [shop.name, "飞船", "", "2026-05-01", ""],
        ["没有这家店", "锅炉", "锅9", "", ""],
        [shop.name, "锅炉", "锅1", "", ""],
    ):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)

    def bring():
        batch = start_batch(EquipmentImporter.target, upload(out.getvalue(), "设备.xlsx"), by=officer)
        with django_capture_on_commit_callbacks(execute=True):
            begin(batch, batch.mapping, by=officer)
        batch.refresh_from_db()
        return batch

    batch = bring()
    assert (batch.created, set(batch.errors)) == (2, {"4", "5", "6"})
    assert {column for column, _ in batch.errors["4"]} == {"设备种类", "使用登记证号"}
    assert "底册里没有" in batch.errors["5"][0][1]
    assert "与第3行重复" in batch.errors["6"][0][1]
    ends = dict(shop.equipment.values_list("number", "next_inspection_on"))
    assert ends == {"报1": dt.date(2027, 5, 1), "锅1": dt.date(2026, 12, 31)}
    again = bring()
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)


def test_a_permit_that_cannot_be_right_is_doubted_where_it_is_shown(client, world, shop, officer):
    permit = shop.permits.create(
        kind="燃气经营许可证", number="燃1号", issuing_level="county", valid_from=dt.date(2026, 1, 1),
        valid_to=timezone.localdate() + dt.timedelta(days=40),
    )  # fmt: skip
    lasting = shop.permits.create(
        kind="食品经营许可证", number="食1号", issuing_level="county", valid_from=dt.date(2026, 1, 1),
        valid_to=dt.date(2036, 1, 1),
    )  # fmt: skip
    (words,) = doubts_of(permit, timezone.localdate())
    assert words.startswith("燃气经营许可证由州市级以上燃气主管部门核发，登记为县级发证")
    (words,) = doubts_of(lasting, timezone.localdate())
    assert words.startswith("食品经营许可证有效期为5年，所填2026-01-01至2036-01-01超出")
    client.force_login(officer)
    page = client.get(reverse("registry:permits")).content.decode()
    assert "存疑" in page
    assert "登记为县级发证" in client.get(shop.get_absolute_url()).content.decode()
    narrowed = client.get(
        reverse("registry:permits"), {"state": "all", "kind": "food_operation", "level": "county"}
    )
    assert "食1号" in narrowed.content.decode()
    assert "燃1号" not in narrowed.content.decode()
