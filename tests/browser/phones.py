"""A phone in a hand: a browser with a profile of its own that can be killed and opened again."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from bihuan.accounts.tests.world import PASSWORD

from .things import photo

PIN = "275913"
SIZE = {"width": 360, "height": 740}
CHROMIUM = "/usr/bin/chromium"


class Phone:
    """`profile` is the phone's storage: it outlives the browser."""

    def __init__(
        self, browser: Browser, base: str, profile: Path, arguments: list[str], login: str = "inspector"
    ) -> None:
        self.browser, self.base, self.profile = browser, base, profile
        self.arguments, self.login = arguments, login
        self.context: BrowserContext
        self.page: Page

    def switch_on(self, *, offline: bool = False) -> Phone:
        self.context = self.browser.browser_type.launch_persistent_context(
            self.profile, executable_path=CHROMIUM, args=self.arguments, viewport=SIZE, has_touch=True, is_mobile=True,
            locale="zh-CN", timezone_id="Asia/Shanghai", accept_downloads=True, reduced_motion="reduce",
        )  # fmt: skip
        self.context.set_default_timeout(20_000)
        self.context.set_offline(offline)
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()
        return self

    def die(self) -> None:
        """kill -9 on every process of this profile: nothing is saved in passing."""
        mark = f"--user-data-dir={self.profile}"
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                except OSError:
                    continue
                if mark in words:
                    os.kill(int(entry.name), signal.SIGKILL)
        time.sleep(0.5)
        for lock in self.profile.glob("Singleton*"):
            lock.unlink(missing_ok=True)

    def asks_for_a_newer_app(self) -> None:
        """As the phone does when it is opened: ask the server until it has given all of it. A line that fails is asked again."""
        deadline = time.monotonic() + 120
        while not self.page.evaluate(
            """navigator.serviceWorker.getRegistration('/field/').then(async (found) => {
                 await found.update().catch(() => null);
                 const coming = found.installing;
                 if (coming) await new Promise((resolve) => {
                   coming.addEventListener('statechange', resolve);
                   setTimeout(resolve, 20000);
                 });
                 return Boolean(found.waiting);
               })"""
        ):
            assert time.monotonic() < deadline, "the server offers no newer app"

    def switch_off(self) -> None:
        self.context.close()

    # --- in and out ----------------------------------------------------------------------

    def first_day(self) -> Phone:
        """Sign in, choose a PIN, take everything along."""
        self.page.goto(f"{self.base}/field/")
        self.page.get_by_role("link", name="登录").click()
        self.sign_in()
        self.page.get_by_label("设本机 PIN").fill(PIN)
        self.page.get_by_label("再输一次").fill(PIN)
        self.page.get_by_role("button", name="设好，开始").click()
        self.title("今天")
        return self.carried()

    def carried(self) -> Phone:
        """Wait until the app says that all of it is on the phone."""
        self.page.locator("html[data-carried]").wait_for(state="attached", timeout=60_000)
        return self

    def sign_in(self) -> None:
        self.page.get_by_label("用户名").fill(self.login)
        self.page.get_by_label("口令").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()

    def open(self, pin: str = PIN) -> Phone:
        self.page.goto(f"{self.base}/field/")
        return self.unlock(pin)

    def unlock(self, pin: str = PIN) -> Phone:
        self.page.get_by_label("PIN", exact=True).fill(pin)
        self.page.get_by_role("button", name="打开").click()
        self.page.locator("html[data-ready]").wait_for(state="attached")
        return self

    def title(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words)

    # --- the work --------------------------------------------------------------------------

    def begin(self) -> None:
        """From today's page to the walk through the noodle shop."""
        self.page.get_by_label("查找企业").fill("好味来")
        self.page.get_by_role("button", name="查找").click()
        self.page.get_by_role("link", name=re.compile("云溪区好味来面馆")).click()
        self.page.get_by_role("button", name=re.compile("检查：")).click()
        expect(self.page.locator("#q4")).to_be_visible()

    def answer(self, position: int, words: str) -> None:
        self.page.locator(f"#q{position}").get_by_role("button", name=words, exact=True).click()

    def shoot(self, place: str, label: str, pictures: list[FilePayload]) -> None:
        row = self.page.locator(f'{place} label:has(input[aria-label="{label}"])').locator("..")
        before = row.locator(".photo").count()
        row.locator("input[type=file]").set_input_files(pictures)
        expect(row.locator(".photo img[src^=blob]")).to_have_count(before + len(pictures))

    def walk(self) -> None:
        """Twelve photos: two of a hose replaced at once, one of a detector, nine of the place."""
        self.answer(1, "合格")
        self.answer(2, "不合格")
        self.shoot("#q2", "拍改前", [photo("改前")])
        self.shoot("#q2", "拍改后", [photo("改后")])
        self.answer(3, "合格")
        self.page.locator("#q3 summary").click()
        self.shoot("#q3", "拍照", [photo("探测器")])
        self.answer(4, "合格")
        self.shoot("#scene", "拍现场照片", [photo(f"现场{number}") for number in range(9)])

    def sign(self) -> None:
        self.page.get_by_role("button", name="下一步：签字").click()
        self.title("签字")
        self.page.get_by_label("以登录身份确认").check()
        self.page.get_by_label("陪同人姓名").fill("蒋好味")
        box = self.page.get_by_label("陪同人签名，在此手写")
        box.scroll_into_view_if_needed()
        area = box.bounding_box()
        assert area
        mouse = self.page.mouse
        mouse.move(area["x"] + 40, area["y"] + 60)
        mouse.down()
        mouse.move(area["x"] + 120, area["y"] + 90, steps=4)
        mouse.move(area["x"] + 200, area["y"] + 50, steps=4)
        mouse.up()

    def finish(self) -> None:
        self.page.get_by_role("button", name="完成检查").click()
        self.title("收发")

    def entry(self, state: str) -> Any:
        return self.page.locator(f'.entry[data-state="{state}"]')

    def arrives(self, *, seconds: int = 60) -> None:
        expect(self.entry("sent")).to_have_count(1, timeout=seconds * 1000)

    def shows(self, words: str, *, seconds: int = 20) -> None:
        expect(self.page.get_by_text(words).filter(visible=True).first).to_be_visible(timeout=seconds * 1000)
