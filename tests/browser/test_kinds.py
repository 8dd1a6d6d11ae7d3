"""A kind's attributes from the office's table to the form on a phone: written, published, asked, filled in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bihuan.accounts.tests.world import World
from bihuan.registry.models import Enterprise, KindSchema
from bihuan.registry.schemas import attributes_of

from .conftest import Enter
from .people import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def fill_row(page: Page, number: int, **fields: str) -> None:
    row = page.get_by_role("main").locator("details").nth(number)
    if row.get_attribute("open") is None:
        row.locator("summary").click()
    for name, value in fields.items():
        field = row.locator(f"[name=row-{number}-{name}]")
        if name == "type":
            field.select_option(value)
        elif name == "required":
            field.check()
        else:
            field.fill(value)


def no_wider_than_the_screen(page: Page) -> None:
    page.locator("html[data-ready]").wait_for(state="attached")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.django_db(transaction=True)
def test_the_office_writes_a_schema_and_a_street_fills_it_in(world: World, enter: Enter) -> None:
    page = enter("office", DESK).go("/registry/kinds/restaurant/")
    page.get_by_role("button", name="起草新版").click()
    fill_row(
        page, 0, label="燃料", name="fuel", type="choice", choices="瓶装液化石油气、管道天然气", required="on"
    )
    page.get_by_role("button", name="再加一项").click()
    fill_row(
        page,
        1,
        label="气瓶存放总重量",
        name="cylinder_stock",
        type="number",
        unit="kg",
        minimum="0",
        maximum="5000",
    )
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已保存")).to_be_visible()
    expect(page.get_by_label("气瓶存放总重量（kg）")).to_be_disabled()  # the preview
    no_wider_than_the_screen(page)
    page.get_by_role("button", name="保存并发布").click()
    page.get_by_role("dialog").get_by_role("button", name="发布").click()
    expect(page.get_by_text("已发布").first).to_be_visible()
    assert [each.name for each in attributes_of("restaurant")] == ["fuel", "cylinder_stock"]
    assert KindSchema.objects.published().count() == 1

    phone = enter("qingshi_officer", PHONE).go("/registry/new/")
    phone.get_by_label("名称 必填", exact=True).first.fill("云溪区手机登记面馆")
    phone.locator("select[name=kind]").select_option("restaurant")
    phone.get_by_label("燃料").select_option("管道天然气")
    phone.get_by_label("气瓶存放总重量（kg）").fill("九百")
    no_wider_than_the_screen(phone)
    phone.get_by_role("button", name="保存", exact=True).last.click()
    expect(phone.get_by_text("不是数字").first).to_be_visible()
    phone.get_by_label("气瓶存放总重量（kg）").fill("20")
    phone.get_by_role("button", name="保存", exact=True).last.click()
    expect(phone.get_by_text("20kg").first).to_be_visible()
    no_wider_than_the_screen(phone)
    made = Enterprise.objects.get(name="云溪区手机登记面馆")
    assert made.attributes == {"fuel": "管道天然气", "cylinder_stock": 20.0}
