"""The field app on a phone profile: 5,000 enterprises taken along at 4 Mbit/s, a checklist of sixty items at 4× CPU throttle.

    python -m bench.field [--rows 5000] [--json FILE]

The processor is held to a quarter of its speed during everything. Measured: the first sync with its sealing, from the
press of the button to the page of today, and what crosses the line for it; the files of the app beside it; a sync with
nothing new; unlocking with the whole copy; a search among all; and how long after the press a checklist of sixty items
can be worked with. Needs Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

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


MEASURES = (
    ("first_sync_seconds", "a phone takes everything along at 4 Mbit/s, seconds", 20.0),
    ("first_sync_megabytes", "what crosses the line for it, app included, MB", 15.0),
    ("checklist_seconds", "a checklist of sixty items ready to be worked with, seconds", 1.0),
)
OTHERS = (
    ("app_megabytes", "the files of the app, MB"),
    ("second_sync_seconds", "a sync with nothing new, seconds"),
    ("second_sync_megabytes", "what crosses the line for it, MB"),
    ("unlock_seconds", "opening with the PIN until today's page, without signal, seconds"),
    ("search_seconds", "a search among all, seconds"),
)
# Everything the service worker keeps, as it came over the line or larger: static files are not packed here.
KEPT = """
async () => {
  let size = 0;
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const key of await cache.keys()) size += (await (await cache.match(key)).arrayBuffer()).byteLength;
  }
  return size;
}
"""


def measure(count: int) -> dict[str, float]:
    """Seconds and megabytes over a registry of `count` enterprises."""
    with tempfile.TemporaryDirectory(prefix="bihuan-field-") as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "data")
        server.do("city")
        server.do("registry", str(count))
        server.start()
        try:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
            phone = Phone(browser, server.base, Path(folder) / "profile", ARGUMENTS).switch_on()
            return _taken_along(phone, count) | _worked_with(phone, count)
        finally:
            server.kill()


def _throttled(phone: Phone, received: list[float]) -> None:
    line = phone.context.new_cdp_session(phone.page)
    line.send("Network.enable")
    line.on(
        "Network.loadingFinished",
        lambda event: received.__setitem__(0, received[0] + event["encodedDataLength"]),
    )
    line.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 60, "downloadThroughput": 4 * MEGABIT, "uploadThroughput": 4 * MEGABIT,
    })  # fmt: skip
    line.send("Emulation.setCPUThrottlingRate", {"rate": 4})


def _taken_along(phone: Phone, count: int) -> dict[str, float]:
    page, received = phone.page, [0.0]
    _throttled(phone, received)
    page.goto(f"{phone.base}/accounts/login/?next=/field/")
    phone.sign_in()
    page.get_by_label("设本机 PIN").fill(PIN)
    page.get_by_label("再输一次").fill(PIN)
    received[0] = 0.0
    began = time.perf_counter()
    page.get_by_role("button", name="设好，开始").click()
    page.get_by_role("heading", name="今天").wait_for(timeout=120_000)
    found = {"first_sync_seconds": time.perf_counter() - began}
    assert f"本机有 {min(count + 1, 5000)} 家企业" in page.locator("main").inner_text()
    synced = received[0] / 1e6
    phone.carried()
    found["app_megabytes"] = page.evaluate(KEPT) / 1e6
    # The page itself loads its files once more beside the service worker.
    found["first_sync_megabytes"] = synced + 2 * found["app_megabytes"]

    received[0] = 0.0
    began = time.perf_counter()
    page.get_by_role("button", name="同步", exact=True).click()
    page.get_by_text("已是最新").wait_for(timeout=60_000)
    return found | {
        "second_sync_seconds": time.perf_counter() - began,
        "second_sync_megabytes": received[0] / 1e6,
    }


def _worked_with(phone: Phone, count: int) -> dict[str, float]:
    page = phone.page
    phone.context.set_offline(True)
    page.reload()
    page.get_by_label("PIN", exact=True).fill(PIN)
    began = time.perf_counter()
    page.get_by_role("button", name="打开").click()
    page.get_by_role("heading", name="今天").wait_for(timeout=120_000)
    found = {"unlock_seconds": time.perf_counter() - began}
    page.goto(f"{phone.base}/field/#/search?q=x")
    page.get_by_role("heading", name="查找企业").wait_for()
    page.evaluate(SEARCH, "第一 小吃")  # the words of all are put together once
    milliseconds, rows = page.evaluate(SEARCH, f"第{count * 4 // 5}号小吃")
    assert rows == 1
    found["search_seconds"] = milliseconds / 1000
    page.locator(".results .row").click()
    page.get_by_role("button", name=re.compile("检查：")).wait_for()
    found["checklist_seconds"] = page.evaluate(INTERACTIVE, ".field-bottom button") / 1000
    phone.die()
    return found


def told(found: dict[str, float], count: int) -> dict[str, Any]:
    """The result as the report takes it."""
    lines = [
        f"{count:,} enterprises with contacts, permits, history, hazards and the shipped checklists.",
        "",
        "| | |",
        "|---|--:|",
    ]
    lines += [f"| {words} | {found[name]:.2f} |" for name, words in OTHERS]
    measures = [
        {"what": words, "target": f"< {limit:g}", "measured": f"{found[name]:.2f}", "met": found[name] < limit,
         "note": f"{count:,} enterprises, processor at a quarter"}
        for name, words, limit in MEASURES
    ]  # fmt: skip
    return {"title": "The field app on a phone", "markdown": "\n".join(lines), "measures": measures}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.field")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = told(measure(options.rows), options.rows)
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write(result["markdown"] + "\n\n")
    for each in result["measures"]:
        sys.stdout.write(
            f"{'met' if each['met'] else 'MISSED'}: {each['what']}: {each['measured']} (target {each['target']})\n"
        )


if __name__ == "__main__":
    main()
