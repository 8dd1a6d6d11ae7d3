"""The workbench in a browser: a long plan by keys alone, two people at one draft, a network that drops."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from bihuan.accounts.tests.world import World
from bihuan.campaigns.models import PlanDocument, PlanItem
from bihuan.campaigns.tests.plans import long_plan, make_colleague, make_draft, task

from .conftest import Enter
from .people import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Five minutes are 300 seconds; a person who reads as well needs two seconds for a key, so 150 keys must do.
KEYS = 150
AT_ONCE = 25


class Keyboard:
    """The keys of one person, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.count += 1

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)
        self.count += len(words)


def open_draft(person: Person, draft: PlanDocument) -> Page:
    page = person.go(draft.get_absolute_url())
    page.locator("[data-bihuan-workbench][data-ready]").wait_for()
    return page


def faulty_plan() -> str:
    """The long plan with a day no calendar has in one of its tasks."""
    return long_plan().replace("2026年9月13日前", "2026年9月31日前", 1)


def lit(page: Page) -> Locator:
    return page.locator("#structure .is-lit").last


def progress(page: Page) -> Locator:
    return page.locator("#progress")


def settle_units(page: Page, keys: Keyboard) -> None:
    """The three names nobody knows: one is not ours, two are told by their first letters and the list."""
    keys.press("j")
    expect(lit(page)).to_have_attribute("data-unit-id", re.compile(r"\d+"))
    keys.press("i")
    expect(progress(page)).to_contain_text("2 个单位未识别")
    for left in ("1 个单位未识别", "单位都已识别"):
        keys.press("u")
        expect(page.locator("input[name=meaning_words]:focus")).to_be_visible()
        keys.type("市市场监管局")
        keys.press("Enter")
        expect(progress(page)).to_contain_text(left)


def focus_is_kept(page: Page) -> None:
    assert page.evaluate("document.activeElement.closest('#structure') !== null"), page.evaluate(
        "document.activeElement.outerHTML.slice(0, 120)"
    )


def test_sixty_tasks_each_looked_at_and_confirmed_by_keys_alone(
    world: World, enter: Enter, request: pytest.FixtureRequest
) -> None:
    draft = make_draft(world, faulty_plan())
    office = enter("office")
    page = open_draft(office, draft)
    keys = Keyboard(page)
    began = time.monotonic()
    settle_units(page, keys)
    for _ in range(200):
        if not page.locator("#structure [data-asks]").count():
            break
        here = lit(page)
        was = here.get_attribute("id")
        keys.press("a" if here.get_attribute("data-finding-id") else "c")
        expect(page.locator(f"#{was}[data-asks]:not(.is-sent)")).to_have_count(0)
        focus_is_kept(page)
    expect(page.get_by_text("全部核对完", exact=True)).to_be_visible()
    request.node.user_properties.append(("keystrokes", keys.count))
    request.node.user_properties.append(("seconds", round(time.monotonic() - began, 1)))
    tasks = draft.items.filter(kind="task")
    assert tasks.count() >= 60
    assert not draft.items.filter(state=PlanItem.State.PROPOSED).exists()
    assert keys.count <= KEYS


def test_sixty_tasks_at_a_few_strokes(world: World, enter: Enter, request: pytest.FixtureRequest) -> None:
    """What the compiler is sure of at one stroke, chapters at one stroke, the error by itself."""
    draft = make_draft(world, faulty_plan())
    office = enter("office")
    page = open_draft(office, draft)
    keys = Keyboard(page)
    settle_units(page, keys)
    page.keyboard.press("A")
    page.get_by_role("dialog", name="请确认").wait_for()
    keys.press("Enter")
    office.hears("已确认")
    keys.press("j")
    for _ in range(60):
        if not page.locator("#structure [data-asks]").count():
            break
        here = lit(page)
        was = here.get_attribute("id")
        keys.press("a" if here.get_attribute("data-finding-id") else "c")
        expect(page.locator(f"#{was}[data-asks]:not(.is-sent)")).to_have_count(0)
    expect(page.get_by_text("全部核对完", exact=True)).to_be_visible()
    request.node.user_properties.append(("keystrokes", keys.count))
    assert keys.count <= 2 * AT_ONCE
    assert not draft.items.filter(state=PlanItem.State.PROPOSED).exists()


def test_every_correction_has_its_key(world: World, enter: Enter) -> None:
    draft = make_draft(world)
    office = enter("office")
    page = open_draft(office, draft)
    keys = Keyboard(page)

    def go_to(words: str) -> Locator:
        for _ in range(40):
            keys.press("ArrowDown")
            labels = page.locator("#structure .is-lit").evaluate_all("all => all.map(each => each.ariaLabel)")
            if any(words in label for label in labels):
                return lit(page)
        raise AssertionError(words)

    keys.press("?")
    expect(page.get_by_role("dialog", name="不用鼠标核对")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog", name="不用鼠标核对")).to_be_hidden()

    go_to("摸清底数")
    keys.press("d")
    expect(page.locator("[name=due]:focus")).to_be_visible()
    page.locator("[name=due]").fill("2026-08-25")
    expect(page.locator("#save-state")).to_contain_text("已保存")
    keys.press("Control+Enter")
    expect(page.locator("article", has_text="期限 2026-08-25").first).to_contain_text("已确认")
    keys.press("z")
    office.hears("已撤销：修改")

    go_to("查充装管理")
    keys.press("t")
    expect(page.locator("[data-part=retype]:focus")).to_be_visible()
    keys.press("3")  # 任务 is left out of the list, so the third is 报送
    office.hears("已改为报送")
    keys.press("z")
    office.hears("已撤销：任务改为报送")
    focus_is_kept(page)

    keys.press("s")
    expect(page.locator("[data-part=split-at]:focus")).to_be_visible()
    keys.press("Enter")
    office.hears("已拆成两项")
    focus_is_kept(page)
    keys.press("m")
    office.hears("并入")
    focus_is_kept(page)
    keys.press("x")
    expect(page.locator("article.is-removed").filter(has_text="查充装管理").first).to_be_visible()
    keys.press("z")
    office.hears("已撤销：移除")

    keys.press("o")
    expect(page.locator("#source-text .span:focus")).to_have_count(1)
    keys.press("ArrowRight")
    keys.press("Enter")
    task_now = task(draft, "查充装管理")
    assert task_now.state == "proposed"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_two_people_see_each_other_and_overwrite_nothing(world: World, enter: Enter, size) -> None:
    make_colleague(world)
    draft = make_draft(world)
    item, survey = task(draft, "查充装管理"), task(draft, "摸清底数")
    mine, theirs = enter("office", size), enter("colleague")
    here, there = open_draft(mine, draft), open_draft(theirs, draft)

    # Where the other is, and what the other did, without reloading.
    there.locator(f"#item-{survey.pk} .item-title").click()
    expect(here.locator("#present")).to_contain_text("李同行 正在核对", timeout=20_000)
    there.locator(f"#item-{survey.pk} [data-part=confirm]").click()
    expect(here.locator(f"#item-{survey.pk}")).to_contain_text("李同行确认", timeout=20_000)

    # Both type into one element: the second is told, with both values, and decides.
    here.locator(f"#item-{item.pk} [data-part=edit]").click()
    there.locator(f"#item-{item.pk} [data-part=edit]").click()
    there.locator(f"#item-{item.pk}").get_by_label("任务").fill("查充装站")
    expect(there.locator("#save-state")).to_contain_text("已保存")
    form = here.locator(f"#item-{item.pk}")
    form.get_by_label("任务").fill("查气瓶充装")
    expect(form.get_by_role("alert")).to_contain_text("李同行")
    for words in ("查充装站", "查气瓶充装"):
        expect(form.get_by_role("alert")).to_contain_text(words)
    expect(form.get_by_label("任务")).to_have_value("查气瓶充装")
    form.get_by_role("button", name="用我的").click()
    expect(here.locator("#save-state")).to_contain_text("已保存")
    item.refresh_from_db()
    assert item.data["heading"] == "查气瓶充装"

    # And the other way round: the other takes what stands.
    form = there.locator(f"#item-{item.pk}")
    form.get_by_label("任务").fill("查站")
    expect(form.get_by_role("alert")).to_contain_text("赵安和")
    form.get_by_role("link", name="用对方的").click()
    expect(form.get_by_label("任务")).to_have_value("查气瓶充装")
    assert mine.overflow() <= 0


def test_what_is_typed_while_the_network_is_down_arrives(world: World, enter: Enter) -> None:
    draft = make_draft(world)
    item = task(draft, "查充装管理")
    office = enter("office")
    page = open_draft(office, draft)
    page.locator(f"#item-{item.pk} [data-part=edit]").click()
    form = page.locator(f"#item-{item.pk}")
    address = re.compile(rf"/items/{item.pk}/$")

    def drop(route: Route) -> None:
        route.abort("internetdisconnected") if route.request.method == "POST" else route.continue_()

    page.route(address, drop)
    form.get_by_label("任务").fill("网断时改的")
    expect(page.locator("#save-state")).to_contain_text("未保存：网络不通")
    office.problems.clear()  # the browser itself notes the request that was dropped
    page.unroute(address)
    expect(page.locator("#save-state")).to_contain_text("已保存", timeout=20_000)
    item.refresh_from_db()
    assert item.data["heading"] == "网断时改的"

    # The page goes away while nothing can be sent: the words wait on the device and are sent when it is opened again.
    page.route(address, drop)
    form.get_by_label("任务").fill("关页前改的")
    expect(page.locator("#save-state")).to_contain_text("未保存")
    page.evaluate("navigator.sendBeacon = () => false")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("about:blank")
    page.unroute(address)
    office.problems.clear()
    page.goto(draft.get_absolute_url())
    expect(page.locator("#save-state")).to_contain_text("已保存", timeout=20_000)
    item.refresh_from_db()
    assert item.data["heading"] == "关页前改的"


def test_words_nobody_claimed_become_an_element(world: World, enter: Enter) -> None:
    draft = make_draft(world)
    office = enter("office")
    page = open_draft(office, draft)
    loose = page.locator("#source-text .is-loose").first
    words = loose.inner_text()
    loose.click()
    bar = page.get_by_role("form", name="把选中的原文立为")
    bar.get_by_role("button", name="目标").click()
    expect(page.locator("article.is-editing")).to_be_visible()
    added = draft.items.get(rule="hand")
    assert (added.kind, added.data["text"]) == ("target", words)
    here = page.locator("#source-text .span").filter(has_text=words).first
    expect(here).to_have_class(re.compile("is-claimed"))
