"""In the hand and in the sun: targets, contrast, three taps, what is said of every state, exchanging the PIN."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.field.server import Server

from ..conftest import ARGUMENTS
from ..phones import PIN, Phone
from ..things import photo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite]
SHOP = "云溪区好味来面馆"
# Axe's own rules of WCAG A and AA, and contrast of 7:1 for what is read in the sun.
RULES: dict[str, Any] = {"rules": {"color-contrast-enhanced": {"enabled": True}}}
# What is pressed, and how large it is where a thumb meets it. A box stands in its label; hidden things are not pressed.
SMALL = """
() => [...document.querySelectorAll("a, button, input, select, textarea, summary")].map((each) => {
  const target = each.closest("label") ?? each;
  const box = target.getBoundingClientRect();
  const words = (each.getAttribute("aria-label") ?? each.textContent).trim().slice(0, 30);
  const isHidden = !box.width || !each.checkVisibility({ visibilityProperty: true });
  return isHidden || (box.height >= 47.5 && box.width >= 47.5) ? null : `${each.tagName} ${words} ${box.width}×${box.height}`;
}).filter(Boolean)
"""


def complaints(phone: Phone, name: str) -> list[str]:
    """What axe and a thumb would say of the screen, and how much it is wider than 360 pixels."""
    found = [
        f"{name}：{each['id']} {node['target']} {node['html'][:120]}"
        for each in Axe().run(phone.page, options=RULES).response["violations"]
        for node in each["nodes"]
    ]
    found += [f"{name}：太小 {words}" for words in phone.page.evaluate(SMALL)]
    wide = phone.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *([f"{name}：超出 {wide} 像素"] if wide > 0 else [])]


def test_every_screen_is_read_in_the_sun_and_pressed_with_a_thumb(server: Server, phone: Phone) -> None:
    server.do("work")
    phone.first_day()
    page, found = phone.page, []

    def look(name: str, act: Callable[[], Any] | None = None) -> None:
        if act:
            act()
        page.locator("#field-toast").wait_for(state="hidden")
        found.extend(complaints(phone, name))

    look("今天")
    look("设置", lambda: page.get_by_role("link", name="设置").click())
    page.get_by_text("更改 PIN", exact=True).first.click()
    look("设置，更改 PIN")
    page.get_by_role("link", name="返回").click()
    page.get_by_role("link", name=re.compile("计划检查|双随机")).first.click()
    page.get_by_role("button", name=re.compile("检查：")).wait_for()
    look("一家企业")
    page.get_by_role("button", name=re.compile("检查：")).click()
    phone.answer(1, "合格")
    phone.answer(2, "不合格")
    phone.answer(3, "不适用")
    page.locator("#q2").get_by_role("button", name="限期改正").click()
    phone.shoot("#q2", "拍现场", [photo("软管")])
    look("检查")
    page.get_by_role("button", name="下一步：签字").click()
    expect(page.locator(".is-missing").first).to_be_visible()
    page.locator("#field-toast").wait_for(state="hidden")
    look("检查，缺项")
    phone.answer(4, "合格")
    page.locator("#q2").get_by_role("button", name="现场已改").click()
    phone.shoot("#q2", "拍改后", [photo("换管")])
    page.get_by_role("button", name="下一步：签字").click()
    phone.title("签字")
    look("签字")
    page.get_by_role("button", name="返回修改").click()
    phone.context.set_offline(True)
    phone.sign()
    phone.finish()
    look("收发，等待")
    phone.context.set_offline(False)
    phone.arrives()
    look("收发，已送达")
    page.goto(f"{server.base}/field/#/search?q=%E9%9D%A2%E9%A6%86")
    phone.shows("本机已查，已送达")
    look("查找")
    page.reload()
    page.get_by_label("PIN", exact=True).wait_for()
    look("开锁")
    assert found == []


def test_put_right_at_once_in_three_taps(server: Server, phone: Phone) -> None:
    """不合格, a picture before, a picture after: nothing else is asked of the item."""
    phone.first_day()
    phone.begin()
    for position in (1, 3, 4):
        phone.answer(position, "合格")
    phone.answer(2, "不合格")
    phone.shoot("#q2", "拍改前", [photo("改前")])
    phone.shoot("#q2", "拍改后", [photo("改后")])
    expect(phone.page.locator("#q2").get_by_role("button", name="现场已改")).to_have_attribute(
        "aria-pressed", "true"
    )
    phone.page.get_by_role("button", name="下一步：签字").click()
    phone.title("签字")
    phone.shows("现场已改正")


def test_todays_work_leads_to_the_door_and_is_ticked_off_before_it_arrives(
    server: Server, phone: Phone
) -> None:
    server.do("work")
    phone.first_day()
    phone.shows("计划检查 1 家")
    phone.shows("待办 1 件，今天到期 1")
    expect(phone.page.get_by_role("link", name="双随机检查：云溪区好味来面馆")).to_have_attribute(
        "href", re.compile(r"#/enterprise/\d+$")
    )
    phone.shows("还有 1 家没查，共 1 家")
    phone.context.set_offline(True)
    phone.page.get_by_role("link", name=re.compile("双随机 · 派给我")).click()
    phone.page.get_by_role("button", name=re.compile("检查：")).click()
    phone.walk()
    phone.sign()
    # Coming from the plan it is the kind of visit that was planned.
    expect(phone.page.get_by_label("检查类别")).to_have_value("look_back")
    phone.finish()
    expect(phone.page.locator(".net")).to_have_text("无信号，内容存在本机 · 待上传 1 份检查、12 张照片")
    phone.page.get_by_role("link", name="返回").click()
    phone.shows("还有 0 家没查，共 1 家")
    expect(phone.page.get_by_text("计划检查 1 家")).to_have_count(0)


def test_a_notice_is_called_to_mind_until_it_is_handed_over(server: Server, phone: Phone) -> None:
    phone.first_day()
    phone.context.set_offline(True)
    phone.begin()
    for position in (1, 3, 4):
        phone.answer(position, "合格")
    phone.answer(2, "不合格")
    item = phone.page.locator("#q2")
    item.get_by_role("button", name="限期改正").click()
    phone.shoot("#q2", "拍现场", [photo("软管")])
    for label, words in (
        ("整改责任人", "蒋好味"), ("整改措施", "更换软管"), ("应急预案", "关阀撤人"), ("临时管控措施", "停用灶具"),
    ):  # fmt: skip
        item.get_by_label(label, exact=True).fill(words)
    phone.sign()
    phone.shows("届时在“收发”里打开、打印、送达")
    phone.finish()
    phone.context.set_offline(False)
    phone.arrives()
    phone.page.get_by_role("link", name="返回").click()
    phone.shows("文书已编号，待打印送达")
    expect(phone.page.get_by_role("link", name=re.compile("责令限期整改指令书"))).to_have_attribute(
        "href", re.compile(r"^/papers/")
    )
    phone.page.get_by_role("button", name="已打印送达，不再提醒").click()
    expect(phone.page.get_by_text("文书已编号，待打印送达")).to_have_count(0)
    assert server.do("state")["hazards"] == ["rectifying"]


def test_two_phones_at_one_door_both_stay_and_both_say_so(
    server: Server, phone: Phone, chromium: Browser, tmp_path: Any
) -> None:
    other = Phone(chromium, server.base, tmp_path / "other", ARGUMENTS, "inspector2").switch_on()
    try:
        for each in (phone, other):
            each.first_day()
            each.context.set_offline(True)
            each.begin()
            each.walk()
            each.sign()
            each.finish()
        phone.context.set_offline(False)
        phone.arrives()
        other.context.set_offline(False)
        other.arrives()
        other.shows("同一天这家企业还有检查，两次都保留")
        expect(other.page.get_by_role("link", name=re.compile("冯走访"))).to_be_visible()
        # The first one learns of the second with the next sync.
        phone.page.goto(f"{server.base}/field/#/today")
        phone.page.get_by_role("button", name="同步", exact=True).click()
        expect(phone.page.get_by_text(re.compile("已同步|已是最新"))).to_be_visible()
        phone.page.get_by_label("查找企业").fill("好味来")
        phone.page.get_by_role("button", name="查找").click()
        phone.page.get_by_role("link", name=re.compile(SHOP)).click()
        phone.shows("今天已有检查记录。再查也会保留，两次都作数。")
        expect(phone.page.locator(".row strong", has_text="属地检查")).to_have_count(2)
    finally:
        other.die()
    assert len(server.do("state")["visits"]) == 2


def test_the_pin_is_exchanged_and_the_draft_stays(server: Server, phone: Phone) -> None:
    phone.first_day()
    phone.begin()
    phone.answer(1, "合格")
    phone.page.get_by_role("button", name="存草稿").click()
    phone.page.get_by_role("link", name="设置").click()
    phone.page.get_by_text("更改 PIN", exact=True).first.click()

    def exchange(old: str, new: str) -> None:
        phone.page.get_by_label("现在的 PIN").fill(old)
        phone.page.get_by_label("新 PIN（6 至 12 位数字）").fill(new)
        phone.page.get_by_label("再输一次新 PIN").fill(new)
        phone.page.locator("form.pin button").click()

    exchange(PIN, "123456")
    phone.shows("不要用连号或同一个数字")
    exchange("100200", "908172")
    phone.shows("PIN 不正确，还可试 4 次")
    exchange(PIN, "908172")
    phone.shows("PIN 已更改，下次打开用新 PIN")
    phone.die()
    phone.switch_on(offline=True)
    phone.open("908172")
    phone.page.get_by_role("link", name=SHOP).click()
    expect(phone.page.locator("#q1").get_by_role("button", name="合格", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_the_browser_finds_nothing_that_keeps_it_from_being_installed(server: Server, phone: Phone) -> None:
    phone.first_day()
    line = phone.context.new_cdp_session(phone.page)
    assert line.send("Page.getAppManifest")["errors"] == []
    assert line.send("Page.getInstallabilityErrors")["installabilityErrors"] == []


def test_a_page_that_needs_the_network_does_not_lead_away_without_it(server: Server, phone: Phone) -> None:
    server.do("work")
    phone.first_day()
    phone.context.set_offline(True)
    phone.page.get_by_role("link", name="联网时到“待办”页办理").click()
    phone.shows("现在没有信号，联网后再打开")
    phone.title("今天")
    assert len(phone.context.pages) == 1
