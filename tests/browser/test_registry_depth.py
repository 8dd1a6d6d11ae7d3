"""The registry in depth, on a desk and on a phone: risks, who answers, a stop, lists, a twin, the plate at the door."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize, expect

from bihuan.accounts.tests.world import World
from bihuan.registry import duplicates
from bihuan.registry.actions import change_status
from bihuan.registry.models import DuplicatePair, Enterprise, Plate, Recheck, SharedList

from .conftest import Enter, Hall
from .people import DESK, PHONE, Person
from .things import photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, f"{person.page.url} 宽出 {person.overflow()} 像素"


@SIZES
def test_risks_are_entered_reckoned_and_graded(enter: Enter, world: World, size: ViewportSize) -> None:
    office, station = enter("office", size), world.enterprises.station
    page = office.go(f"/registry/{station.pk}/units/new/")
    page.get_by_label("单元名称").fill("储罐区")
    page.get_by_label("单元类型").select_option("storage")
    page.get_by_label("厂界外500米内常住人口").fill("60")
    page.get_by_label("主要负责人（包保）").fill("沈平安")
    fits(office)
    office.press("保存")
    office.heading("风险")
    page = office.go(f"/registry/{station.pk}/chemicals/new/")
    page.get_by_label("品名").fill("液化石油气")
    page.get_by_label("形态").select_option("liquid")
    page.get_by_label("设计最大量（吨）").fill("200")
    page.get_by_label("单元", exact=True).select_option(label="储罐区")
    office.press("保存")
    office.reads("四级重大危险源")
    fits(office)
    office.follow("储罐区")
    office.reads("R=1.5×（1.5×4）=9")
    office.reads("包保责任人不全")
    fits(office)
    office.go(f"/registry/{station.pk}/risks/")
    office.press("按现有情况计算")
    office.reads("怎样能改变")
    fits(office)


@SIZES
def test_a_risk_point_is_judged(enter: Enter, world: World, size: ViewportSize) -> None:
    street, shop = enter("qingshi_officer", size), world.enterprises.shop
    page = street.go(f"/registry/{shop.pk}/points/new/")
    page.get_by_role("textbox", name=re.compile("^风险点")).fill("后厨灶台")
    page.get_by_label("风险点类型").select_option("device")
    street.press("保存")
    page = street.go(f"/registry/{shop.pk}/risks/")
    street.follow("后厨灶台")
    page.get_by_role("textbox", name="危险源").fill("软管脱落")
    page.get_by_label("可能性L（LEC法）").select_option("3")
    page.get_by_label("暴露频次E（LEC法）").select_option("6")
    page.get_by_label("后果C（LEC法）").select_option("15")
    street.press("保存评价")
    street.reads("D=3×6×15=270")
    fits(street)


@SIZES
def test_what_nobody_answers_for_is_given_a_leader(enter: Enter, world: World, size: ViewportSize) -> None:
    office = enter("office", size)
    page = office.go("/registry/owners/")
    expect(page.get_by_text("无包干领导").first).to_be_visible()
    fits(office)
    page.get_by_label("选择 云溪区好味来面馆").check()
    page.get_by_label("为", exact=True).select_option(label="青石街道 · 主任")
    office.press("指定")
    expect(page.get_by_role("link", name="云溪区好味来面馆")).to_have_count(0)
    office.go(f"/registry/{world.enterprises.shop.pk}/owners/")
    office.reads("王同心")
    fits(office)


@SIZES
def test_a_stopped_place_is_gone_back_to_and_accepted(enter: Enter, world: World, size: ViewportSize) -> None:
    shop = world.enterprises.shop
    change_status(shop, "idle", by=world.people.office, reason="停业整顿")
    inspector = enter("inspector", size)
    page = inspector.go(Recheck.objects.earliest("due_on").get_absolute_url())
    page.get_by_label("仍停产关闭").check()
    page.locator("input[type=file]").set_input_files(photo("大门紧锁"))
    expect(page.get_by_text("✓ 已上传")).to_be_visible()
    fits(inspector)
    inspector.press("提交复核")
    inspector.reads("仍停产关闭")
    street = enter("qingshi_officer", size)
    page = street.go(f"/registry/{shop.pk}/resumption/")
    page.get_by_label("合格，可以恢复").check()
    page.get_by_label("验收组成员").fill("郑守一、冯走访")
    page.get_by_label("验收意见").fill("气瓶间已改造")
    page.locator("input[type=file]").set_input_files(photo("新气瓶间"))
    expect(page.get_by_text("✓ 已上传")).to_be_visible()
    fits(street)
    street.press("提交验收")
    street.reads("在产在营")


@SIZES
def test_the_five_lists_and_the_booklet(enter: Enter, world: World, size: ViewportSize) -> None:
    office = enter("office", size)
    page = office.go("/registry/lists/")
    office.press("建立五个清单和重点监管清单")
    office.reads("停产企业清单")
    fits(office)
    office.go(SharedList.objects.get(standard="enterprises").get_absolute_url())
    office.reads("云溪区好味来面馆")
    fits(office)
    page = office.go("/registry/lists/booklet/")
    expect(page.get_by_role("heading", name="清单手册")).to_be_visible()
    fits(office)
    page.emulate_media(media="print")
    assert (
        len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) >= 5
    )  # a cover and every list


@SIZES
def test_two_records_become_one(enter: Enter, world: World, size: ViewportSize) -> None:
    shop = world.enterprises.shop
    Enterprise.objects.create(
        name="好味来面馆", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality, address="幸福路1号"
    )  # fmt: skip
    duplicates.keep(duplicates.search_in("5397"), at=timezone.now())
    office = enter("office", size)
    page = office.go("/registry/duplicates/")
    fits(office)
    office.follow(f"{DuplicatePair.objects.get().score}%", exact=False)
    fits(office)
    page.get_by_label("合并理由").fill("同一门面")
    office.press("合并为一家")
    office.agree("合并")
    office.heading("云溪区好味来面馆")
    assert not DuplicatePair.objects.open().exists()


@SIZES
def test_a_plate_is_printed_and_read(enter: Enter, hall: Hall, world: World, size: ViewportSize) -> None:
    shop = world.enterprises.shop
    street = enter("qingshi_officer", size)
    page = street.go(f"/registry/{shop.pk}/plates/")
    street.press("打印码牌")
    expect(page.get_by_text("安全生产监管码")).to_be_visible()
    fits(street)
    plate = Plate.objects.get()
    passer_by = hall.enter("nobody", size)
    passer_by.go(plate.get_absolute_url())
    expect(passer_by.page.get_by_text("发现险情怎么办")).to_be_visible()
    expect(passer_by.page.get_by_text("幸福路")).to_have_count(0)
    fits(passer_by)
    inspector = enter("inspector", size)
    inspector.go(plate.get_absolute_url())
    expect(inspector.page).to_have_url(re.compile(rf"/inspections/walk/\?enterprise={shop.pk}"))
