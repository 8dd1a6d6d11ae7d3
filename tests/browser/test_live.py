"""A page whose live process cannot be reached goes on asking now and then by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .people import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_without_the_live_process_a_page_asks_now_and_then(world, enter, settings, viewport):
    settings.LIVE_URL = "/live/"  # nobody answers there
    office = enter("office", viewport)
    page = office.page
    page.clock.install()
    page.goto(f"{office.base}/")
    expect(page.locator("html")).to_have_attribute("data-live", "polling")
    count = page.locator("[data-bihuan-count=duties]").first
    count.evaluate("each => { each.textContent = '77'; each.hidden = false }")
    with page.expect_request(lambda request: "x-bihuan-background" in request.headers) as asked:
        page.clock.fast_forward(76_000)
    assert asked.value.url == f"{office.base}/"
    expect(count).not_to_have_text("77")
    # The browser itself notes the address that did not answer, and nothing else.
    assert all("404" in problem for problem in office.problems)
    office.problems.clear()
