"""The field app on a phone profile: 5,000 enterprises taken along at 4 Mbit/s, a checklist of sixty items at 4× CPU throttle.

    python -m bench.field [ENTERPRISES]

Prints seconds and megabytes of the first sync (what crosses the line, app included), of a delta with nothing new, of a
search among all, and how long after the press the checklist can be worked with. Needs Chromium.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import django
from playwright.sync_api import sync_playwright

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings_test")
django.setup()

from tests.browser.conftest import ARGUMENTS  # noqa: E402 - these know the models
from tests.browser.phones import PIN, Phone  # noqa: E402
from tests.field.server import Server  # noqa: E402

MEGABIT = 1_000_000 / 8
# Time from the press until the page has been drawn and the thread is free again.
INTERACTIVE = """
async (selector) => {
  const began = performance.now();
  document.querySelector(selector).click();
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    if (document.querySelectorAll(".question").length === 60) break;
  }
  document.querySelector("#q1 .answer").click();
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return performance.now() - began;
}
"""
SEARCH = """
async (words) => {
  const input = document.querySelector("input[type=search]");
  const began = performance.now();
  input.value = words;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return [performance.now() - began, document.querySelectorAll(".results .row").length];
}
"""


def main(count: int) -> dict[str, float]:
    """Measure over a registry of `count` enterprises; seconds and megabytes."""
    with tempfile.TemporaryDirectory(prefix="bihuan-field-") as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "data")
        server.do("city")
        server.do("registry", str(count))
        server.start()
        try:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
            return measured(Phone(browser, server.base, Path(folder) / "profile", ARGUMENTS), count)
        finally:
            server.kill()


def measured(phone: Phone, count: int) -> dict[str, float]:
    phone.switch_on()
    page, received = phone.page, [0.0]
    line = phone.context.new_cdp_session(page)
    line.send("Network.enable")
    line.on(
        "Network.loadingFinished",
        lambda event: received.__setitem__(0, received[0] + event["encodedDataLength"]),
    )
    line.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 60, "downloadThroughput": 4 * MEGABIT, "uploadThroughput": 4 * MEGABIT,
    })  # fmt: skip
    line.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(f"{phone.base}/accounts/login/?next=/field/")
    phone.sign_in()
    page.get_by_label("设本机 PIN").fill(PIN)
    page.get_by_label("再输一次").fill(PIN)
    received[0] = 0.0
    began = time.perf_counter()
    page.get_by_role("button", name="设好，开始").click()
    page.get_by_role("heading", name="今天").wait_for(timeout=120_000)
    found = {"first_sync_seconds": time.perf_counter() - began, "first_sync_megabytes": received[0] / 1e6}
    assert f"本机有 {min(count + 1, 5000)} 家企业" in page.locator("main").inner_text()

    received[0] = 0.0
    began = time.perf_counter()
    page.get_by_role("button", name="同步", exact=True).click()
    page.get_by_text("已是最新").wait_for(timeout=60_000)
    found |= {"second_sync_seconds": time.perf_counter() - began, "second_sync_megabytes": received[0] / 1e6}

    page.goto(f"{phone.base}/field/#/search?q=x")
    milliseconds, rows = page.evaluate(SEARCH, "第 4321 号小吃")
    milliseconds, rows = page.evaluate(SEARCH, "第4321号小吃")
    assert rows == 1
    found["search_seconds"] = milliseconds / 1000
    page.locator(".results .row").click()
    page.get_by_role("heading", name="开始检查").wait_for()
    found["checklist_seconds"] = page.evaluate(INTERACTIVE, "section[aria-label='开始检查'] button") / 1000
    phone.die()
    return found


if __name__ == "__main__":
    result = main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
    sys.stdout.write(json.dumps({name: round(value, 3) for name, value in result.items()}, indent=1) + "\n")
