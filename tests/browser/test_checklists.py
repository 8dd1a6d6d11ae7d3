"""The library at the desk, and a measured item on the phone: typed, judged, put right in three taps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from bihuan.accounts.tests.world import World
from bihuan.checklists import actions as library
from bihuan.checklists.models import BookVersion
from bihuan.checklists.storage import book_of
from bihuan.checklists.structure import Section
from bihuan.hazards.models import Hazard
from bihuan.inspections.models import Answer
from bihuan.inspections.tests.test_library_visits import BOOK, FILL, HOSE
from bihuan.registry.models import Plate

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import accompany, attach, sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_book_is_written_compared_and_published(world: World, enter: Enter) -> None:
    version = library.create_book(world.organizations.office, BOOK, sector="gas", by=world.people.office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=world.people.office)
    office = enter("office", DESK)
    office.go("/checklists/")
    office.follow("燃气用户检查表")
    office.heading("燃气用户检查表")
    office.press("起草新版")
    office.ready()
    office.follow("连接软管长度不大于 2 m")
    page = office.ready()
    page.get_by_label("标准值").fill("1.5")
    page.get_by_label("检查内容").fill("连接软管长度不大于 1.5 m")
    office.press("保存")
    office.reads("GAS-USE-01 已保存")
    office.follow("增加检查项")
    page = office.ready()
    page.get_by_label("检查内容").fill("灶具有熄火保护装置")
    office.press("保存")
    office.reads("灶具有熄火保护装置")
    office.press("上移 GAS-USE-05")
    office.ready()
    office.follow("改了什么（2）")
    office.reads("灶具有熄火保护装置")
    expect(page.locator("ins").get_by_text("连接软管长度 不大于 1.5 m")).to_be_visible()
    page.go_back()
    office.press("发布这一版")
    office.reads("第 2 版已发布")
    assert office.overflow() == 0
    second = BookVersion.objects.select_related("book").get(number=2)
    assert second.status == "published"
    assert [item.code for _, item in book_of(second).items()] == [
        "GAS-USE-01", "GAS-USE-02", "GAS-USE-03", "GAS-USE-05", "GAS-USE-04",
    ]  # fmt: skip


def test_a_number_that_fails_is_judged_at_once_and_put_right_in_three_taps(
    world: World, enter: Enter
) -> None:
    version = library.create_book(world.organizations.office, BOOK, sector="gas", by=world.people.office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=world.people.office)
    inspector = enter("inspector", PHONE)
    inspector.go(f"/inspections/walk/?enterprise={world.enterprises.shop.pk}&task=0")
    inspector.reads("燃气用户检查表 3 项")
    assert inspector.overflow() == 0

    hose = question(inspector, 1)
    number = hose.get_by_label("连接软管长度", exact=False)
    number.fill("1.8")
    expect(verdict(hose, "pass")).to_be_checked()
    number.fill("2.4")
    expect(hose.locator("output")).to_have_text("不合格")
    expect(verdict(hose, "fail")).to_be_checked()
    expect(hose.get_by_text("罚款（逾期不改正的）")).to_be_visible()

    # Passing it all the same asks for a reason.
    verdict(hose, "pass").check()
    for no in (2, 4):
        verdict(question(inspector, no), "not_applicable").check()
    inspector.follow("下一步：签字")
    inspector.hears("仍判合格请在备注写明理由")

    # Three taps: failed, a photo, a photo of the mended thing.
    verdict(hose, "fail").check()
    attach(hose, "现场照片", "软管过长")
    attach(hose, "改好后的照片", "软管已截短")
    expect(hose.get_by_role("radio", name="现场已改")).to_be_checked()
    expect(hose.get_by_label("怎么改的")).to_have_value("已当场改正，改后照片附后")
    assert inspector.overflow() == 0

    inspector.follow("下一步：签字")
    sign(inspector, "冯走访签名")
    accompany(inspector, "蒋好味", "店主")
    inspector.press("提交检查")
    inspector.heading("检查已提交")
    kept = Answer.objects.get(position=1)
    assert (kept.verdict, kept.measured) == ("fail", "2.4 m")
    assert Hazard.objects.get().fixed_on_spot


def verdict(question: Locator, value: str) -> Locator:
    """The answer itself: a chosen one carries a tick in its name."""
    return question.locator(f".answers input[value={value}]")


def question(person: Person, no: int) -> Locator:
    """The block of a question."""
    return person.ready().locator(f"[data-bihuan-question][data-no='{no}']")


def test_a_gas_company_checks_a_user_at_the_door(world: World, enter: Enter) -> None:
    version = library.create_book(world.organizations.office, BOOK, sector="gas", by=world.people.office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=world.people.office)
    plate = Plate.objects.create(
        enterprise=world.enterprises.shop, issued_at=timezone.now(), issued_by=world.people.office
    )
    station = enter("station", PHONE)
    station.go(plate.get_absolute_url())
    station.reads("随瓶安检")
    hose = question(station, 1)
    hose.get_by_label("连接软管长度", exact=False).fill("2.4")
    expect(verdict(hose, "fail")).to_be_checked()
    attach(hose, "现场照片", "软管过长")
    hose.get_by_role("radio", name="已告知用户").check()
    for no in (2, 4):
        verdict(question(station, no), "not_applicable").check()
    assert station.overflow() == 0
    station.follow("下一步：签字")
    station.reads("已告知用户")
    station.page.get_by_label("危险没有消除，不供气").check()
    sign(station, "沈平安签名")
    accompany(station, "蒋好味", "店主")
    station.press("提交检查")
    station.heading("云溪区好味来面馆")
    station.reads("待核实")
    station.follow("打印告知书")
    station.heading("用气安全隐患告知书")
    station.reads("截短重装。")
    assert Hazard.objects.get().source == "delivery"


def test_what_the_registry_leaves_out_is_taken_in_with_what_was_answered(world: World, enter: Enter) -> None:
    crane = replace(FILL, kinds=("restaurant",), when="tower_cranes > 0")
    book = replace(BOOK, sections=(Section("GAS-USE", "用户", "use", (HOSE, crane)),))
    version = library.create_book(world.organizations.office, book, sector="gas", by=world.people.office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=world.people.office)
    shop = world.enterprises.shop
    shop.attributes = {"tower_cranes": 0}
    shop.save(update_fields=["attributes"])
    inspector = enter("inspector", PHONE)
    inspector.go(f"/inspections/walk/?enterprise={shop.pk}&task=0")
    verdict(question(inspector, 1), "fail").check()
    question(inspector, 1).get_by_label("问题").fill("软管老化")
    inspector.page.get_by_text("按底册登记的情况，有 1 项没有问").click()
    inspector.follow("把这 1 项也列出来")
    inspector.ready()
    expect(verdict(question(inspector, 1), "fail")).to_be_checked()
    expect(question(inspector, 1).get_by_label("问题")).to_have_value("软管老化")
    expect(question(inspector, 2)).to_be_visible()
