"""Small parts of the field app, asked in a real browser: judging, conditions, drafts of older and newer versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def asked(page: Page, live_server) -> Any:
    """`asked("judging", "m.judge(x[0], x[1])", measure, text)` evaluates with the module as `m`."""
    page.goto(f"{live_server.url}/static/js/field/dom.mjs")

    def ask(module: str, words: str, *given: Any) -> Any:
        script = (
            f"async (x) => {{ const m = await import('/static/js/field/{module}.mjs'); return {words}; }}"
        )
        return page.evaluate(script, list(given))

    return ask


HOSE = {"label": "软管长度", "comparator": "<=", "number": "2", "unit": "m", "shown": "m"}


@pytest.mark.parametrize(
    ("measure", "typed", "passed"),
    [
        (HOSE, "2", True),
        (HOSE, "2.0", True),
        (HOSE, "2.000001", False),
        (HOSE, "２.3", False),
        (HOSE | {"comparator": "<", "number": "0.3"}, "0.3", False),
        (HOSE | {"comparator": ">=", "number": "-5"}, "-4.99", True),
        (HOSE | {"comparator": "between", "number": "0.1", "upper": "0.3"}, "0.30", True),
        (HOSE | {"comparator": "between", "number": "0.1", "upper": "0.3"}, "0.301", False),
        (HOSE | {"comparator": "=", "number": "1"}, "1.0", True),
        (HOSE, "两米", None),
    ],
)
def test_a_number_is_judged_exactly(asked, measure, typed, passed):
    assert asked("judging", "m.judge(x[0], x[1]).passed", measure, typed) is passed


def test_the_judgement_says_what_was_measured_and_demanded(asked):
    words = asked("judging", "m.judge(x[0], '2.3').words", HOSE)
    assert words == "实测 2.3 m，标准 不大于 2 m，不合格"


@pytest.mark.parametrize(
    ("condition", "attributes", "applies"),
    [
        ("fuel = 电", {"fuel": "电"}, True),
        ("fuel = 电、煤", {"fuel": "煤"}, True),
        ("fuel = 电", {"fuel": "瓶装液化石油气"}, False),
        ("fuel = 电", {}, True),
        ("fuel = 电；stock > 100", {"fuel": "电", "stock": 100}, False),
        ("basement = 是", {"basement": False}, False),
        ("uses = 烹饪", {"uses": ["烹饪", "采暖"]}, True),
        ("看不懂", {"fuel": "电"}, True),
    ],
)
def test_a_condition_leaves_out_only_what_surely_does_not_apply(asked, condition, attributes, applies):
    assert asked("conditions", "m.applies(x[0], x[1])", condition, attributes) is applies


def test_an_old_draft_is_led_through_every_step(asked):
    steps = "[(d) => { d.words += 'b'; }, (d) => { d.words += 'c'; }]"
    made = asked("migrations", f"m.migrated(x[0], {steps})", {"schema": 1, "words": "a"})
    assert made == {"schema": 3, "words": "abc"}
    assert asked("migrations", f"m.migrated(x[0], {steps})", {"words": "a"})["words"] == "abc"
    assert asked("migrations", f"m.migrated(x[0], {steps})", {"schema": 3, "words": "a"})["words"] == "a"


def test_a_draft_of_a_newer_app_is_refused_and_left_alone(asked):
    words = "(() => { const d = x[0]; try { m.migrated(d, []); } catch (error) { return [error.message, d]; } })()"
    message, draft = asked("migrations", words, {"schema": 9, "words": "a"})
    assert "请更新程序后打开；草稿没有改动" in message
    assert draft == {"schema": 9, "words": "a"}


def test_without_https_it_says_so_and_stores_nothing(chromium, live_server):
    """On a plain address of a closed network browsers have neither encryption nor service workers."""
    context = chromium.new_context()
    context.add_init_script(
        "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined });"
        "Object.defineProperty(window, 'isSecureContext', { get: () => false });"
        "Object.defineProperty(Navigator.prototype, 'serviceWorker', { get: () => undefined });"
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/field/")
    page.get_by_role("heading", name="这里不能离线检查").wait_for()
    assert "请联系系统管理员为本系统配置 https 证书" in page.locator("main").inner_text()
    assert page.evaluate("indexedDB.databases()") == []
    context.close()


def test_what_is_sealed_opens_with_the_same_pin_only(asked):
    words = """(async () => {
      const { vault, key } = await m.makeVault("275913");
      const sealed = await m.sealJson(key, { words: "灶具" });
      const again = await m.unsealKey(vault, "275913");
      const wrong = await m.unsealKey(vault, "275914").catch((error) => error instanceof m.WrongPin);
      return [await m.openJson(again, sealed), wrong, again.extractable];
    })()"""
    assert asked("crypto", words) == [{"words": "灶具"}, True, False]
