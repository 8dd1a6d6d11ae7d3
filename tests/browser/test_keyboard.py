"""A hazard from its registration to its closing without a mouse: Tab, Enter, Space, arrows and typing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from bihuan.accounts.tests.world import PASSWORD, World

from .conftest import Hall
from .people import Person
from .things import photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STOPS = 120  # more would be no way to reach a button
WHAT = "灶具没有熄火保护装置"
# A ring or a shadow on the focused element, on the label around it or on what stands for it beside it.
SEEN = """element => [element, element.parentElement, element.nextElementSibling, element.closest("label")]
    .filter(Boolean).map(each => getComputedStyle(each))
    .some(style => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none")"""


def test_a_hazard_from_registration_to_closing_by_keyboard(world: World, hall: Hall) -> None:
    street, shop = hall.enter("qingshi_officer"), hall.enter("shop")
    sign_in(street)
    the_skip_link_leads_to_the_text(street)
    register(street)
    sign_in(shop)
    hand_in(shop)
    close(street)


def sign_in(person: Person) -> None:
    page = person.go("/accounts/login/")
    go_to(person, page.get_by_label("用户名"))
    page.keyboard.type(person.login)
    go_to(person, page.get_by_label("口令"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="主导航")).to_be_visible()
    person.ready()


def the_skip_link_leads_to_the_text(street: Person) -> None:
    page = street.page
    skip = page.get_by_role("link", name="跳到正文")
    go_to(street, skip)
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def register(street: Person) -> None:
    page = street.page
    follow(street, page.get_by_role("navigation", name="主导航").get_by_role("link", name="隐患台账"))
    follow(street, page.get_by_role("link", name="登记隐患"))
    go_to(street, page.get_by_label("企业名称或信用代码"))
    page.keyboard.type("好味来")
    page.keyboard.press("Enter")
    follow(street, page.get_by_role("link", name="云溪区好味来面馆"))
    go_to(street, page.get_by_label("来源"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("来源")).not_to_have_value("inspection")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("来源")).to_have_value("inspection")
    go_to(street, page.get_by_label("隐患描述"))
    page.keyboard.type(WHAT)
    follow(street, page.get_by_role("button", name="登记", exact=True))
    street.heading(WHAT)


def hand_in(shop: Person) -> None:
    page = shop.page
    # From now on the dialog is caught, well before the key is pressed.
    page.on("filechooser", lambda chooser: None)
    follow(shop, page.get_by_role("link", name=WHAT).first)
    form = page.get_by_role("region", name="提交整改")
    go_to(shop, form.get_by_label("整改情况"))
    page.keyboard.type("换成带熄火保护的灶具")
    go_to(shop, form.locator("input[type=file]"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(photo("新灶具"))
    expect(form.get_by_text("✓ 已上传")).to_be_visible()
    go_to(shop, form.get_by_role("button", name="提交复查"))
    page.keyboard.press("Enter")
    shop.reads("整改已提交，等待复查")


def close(street: Person) -> None:
    page = street.page
    follow(
        street, page.get_by_role("navigation", name="主导航").get_by_role("link", name=re.compile("^待办"))
    )
    follow(street, page.get_by_role("link", name=WHAT).first)
    form = page.get_by_role("region", name="复查", exact=True)
    passed, failed = (form.get_by_role("radio", name=name, exact=True) for name in ("合格", "不合格"))
    go_to(street, passed)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(failed).to_be_checked()
    page.keyboard.press("ArrowUp")
    expect(passed).to_be_checked()
    go_to(street, form.get_by_role("button", name="提交复查结论"))
    page.keyboard.press("Enter")
    street.reads("已销号")


def follow(person: Person, target: Locator) -> None:
    """Reach a link or button and press Enter."""
    before = person.page.url
    go_to(person, target)
    person.page.keyboard.press("Enter")
    person.page.wait_for_url(lambda url: url != before)
    person.ready()


def go_to(person: Person, target: Locator) -> None:
    """Press Tab until the focus is there; it must be reachable, and the focus must show."""
    target.wait_for(state="attached")
    for _ in range(STOPS):
        person.page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert target.evaluate(SEEN), f"看不出焦点在哪里：{where(person.page)}"
            return
    raise AssertionError(f"按 {STOPS} 次 Tab 到不了 {target}，停在 {where(person.page)}")


def where(page: Page) -> str:
    return str(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
