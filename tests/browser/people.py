"""A person in front of a browser: one context each, the real login page, and a memory of everything that went wrong."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, ViewportSize, expect

from bihuan.accounts.tests.world import PASSWORD

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


class Person:
    """`page` is the tab; `problems` what no page of ours may ever do: script errors, broken answers, calls elsewhere."""

    def __init__(
        self, browser: Browser, base: str, login: str, viewport: ViewportSize, *, scripts: bool = True
    ) -> None:
        self.base, self.login, self.scripts = base, login, scripts
        self.problems: list[str] = []
        is_phone = viewport["width"] < 500
        self.context: BrowserContext = browser.new_context(
            base_url=base, viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai", has_touch=is_phone,
            is_mobile=is_phone, accept_downloads=True, reduced_motion="reduce", java_script_enabled=scripts,
        )  # fmt: skip
        self.context.set_default_timeout(10_000)
        self.context.on("console", self._heard)
        self.context.on("weberror", lambda error: self._note(f"页面出错：{error.error}"))
        self.context.on("response", self._answered)
        self.context.on("request", self._asked)
        self.page: Page = self.context.new_page()

    def _note(self, words: str) -> None:
        self.problems.append(f"{self.login} 在 {self.page.url}：{words}")

    def _heard(self, message: Any) -> None:
        # Chromium takes every answer of 400 and more for an error; a form given back with what is wrong (422) is none.
        if message.type == "error" and "a status of 422 " not in message.text:
            self._note(f"控制台：{message.text}")

    def _answered(self, response: Response) -> None:
        is_form = response.request.resource_type == "document"
        if response.status >= 500 or (response.status == 422 and not is_form):
            self._note(f"{response.request.method} {response.url} 答 {response.status}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self._note(f"向外请求 {request.url}")

    # --- what people do -------------------------------------------------------------------

    def sign_in(self) -> Person:
        """Through the login page, as everybody."""
        self.page.goto("/accounts/login/")
        self.page.get_by_label("用户名").fill(self.login)
        self.page.get_by_label("口令").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page.get_by_role("heading", level=1)).not_to_have_text("登录")
        return self

    def ready(self) -> Page:
        """The page at work: its scripts have taken hold, a press does what it will do for people."""
        if self.scripts:
            self.page.locator("html[data-ready]").wait_for(state="attached")
        return self.page

    def go(self, path: str) -> Page:
        self.page.goto(path)
        return self.ready()

    def press(self, name: str, *, inside: Page | Locator | None = None, exact: bool = True) -> None:
        """Press the button of that name."""
        (inside or self.ready()).get_by_role("button", name=name, exact=exact).click()

    def follow(self, name: str, *, inside: Page | Locator | None = None, exact: bool = True) -> None:
        """Follow the link of that name."""
        (inside or self.ready()).get_by_role("link", name=name, exact=exact).first.click()

    def agree(self, name: str) -> None:
        """Say yes in the dialog that asks whether one is sure."""
        self.press(name, inside=self.page.get_by_role("dialog", name="请确认"))

    def heading(self, words: str) -> None:
        """The page one has arrived at."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(words)
        self.ready()

    def reads(self, words: str) -> None:
        """The page says so, where one can see it."""
        expect(self.page.get_by_role("main").get_by_text(words).filter(visible=True).first).to_be_visible()

    def hears(self, words: str) -> None:
        """The page says so in passing, at its edge."""
        expect(self.page.locator("#toasts").get_by_text(words).first).to_be_visible()

    def is_told(self, words: str) -> None:
        """The answer to what one has just done, at the head of the page."""
        expect(self.page.locator("#messages").get_by_text(words).first).to_be_visible()

    def overflow(self) -> int:
        """How many pixels the page is wider than the screen, once it has arrived."""
        self.page.wait_for_load_state("domcontentloaded")
        return self.ready().evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
