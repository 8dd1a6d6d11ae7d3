"""Fifty phones, each a browser of its own with the app in it, come back into the signal in the same moment."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.field.server import Server

from ..phones import PIN, SIZE, Phone
from ..things import photo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite]
PHONES = 50
SECONDS = 300


class Pocket(Phone):
    """A phone whose storage lives as long as the test, in a browser shared with the others."""

    def __init__(self, browser: Browser, base: str, cookie: dict[str, Any]) -> None:
        self.base = base
        self.context = browser.new_context(
            viewport=SIZE, has_touch=True, is_mobile=True, locale="zh-CN", timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )  # fmt: skip
        self.context.set_default_timeout(60_000)
        self.context.add_cookies([cookie])
        self.page = self.context.new_page()

    def visit_offline(self) -> None:
        """A PIN, the copy, then without signal: a hazard put right at once, with two photos, signed and finished."""
        self.page.goto(f"{self.base}/field/")
        self.page.get_by_label("设本机 PIN").fill(PIN)
        self.page.get_by_label("再输一次").fill(PIN)
        self.page.get_by_role("button", name="设好，开始").click()
        self.title("今天")
        self.context.set_offline(True)
        self.begin()
        for position in (1, 3, 4):
            self.answer(position, "合格")
        self.answer(2, "不合格")
        self.shoot("#q2", "拍改前", [photo("改前")])
        self.shoot("#q2", "拍改后", [photo("改后")])
        self.sign()
        self.finish()
        expect(self.entry("waiting")).to_have_count(1)


def test_fifty_phones_come_back_into_the_signal_at_once(chromium: Browser, server: Server) -> None:
    told = server.do("inspectors", str(PHONES))
    phones = []
    for session in told["sessions"]:
        cookie = {"name": told["cookie"], "value": session, "url": server.base}
        phones.append(Pocket(chromium, server.base, cookie))
        phones[-1].visit_offline()
    assert server.do("state")["visits"] == []
    for phone in phones:
        phone.context.set_offline(False)
    for phone in phones:
        phone.arrives(seconds=SECONDS)
    # All at one door on one day: every visit stays, and whoever came later is told of those before.
    met = sum(phone.page.get_by_text("同一天这家企业还有检查，两次都保留").count() for phone in phones)
    assert met >= PHONES - 1
    for phone in phones:
        phone.context.close()
    assert server.do("state") == {
        "visits": [{"hazard_count": 1, "opinion": ""}] * PHONES,
        "photos": PHONES * 2,
        "linked": PHONES * 2,
        "hazards": ["closed"] * PHONES,
        "papers": PHONES,
        "devices": PHONES,
    }
