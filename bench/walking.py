"""The checklist page on a slow phone: from the navigation until a press is answered, at a quarter of the processor.

    python -m bench.walking [--rows 9] [--json FILE]

A real `bihuan serve`, the shipped sector packs, Chromium at 390 × 844 with its processor throttled four times. A visit
counts from the navigation (server and loopback included) until the page's scripts have taken hold, and on until the
first answer pressed is on the screen. The page inside the field app is measured by `bench.field`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from bench.serving import ROOT, Service

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SCREEN = {"width": 390, "height": 844}
THROTTLE, TARGET = 4, 1.0  # times slower, seconds
# When the page says that its scripts have taken hold (static/js/app.mjs).
WATCH = """
new MutationObserver((_, observer) => {
  if (!document.documentElement.hasAttribute("data-ready")) return;
  window.readyAt = performance.now();
  observer.disconnect();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-ready"] });
"""
PRESS = """
async () => {
  const began = performance.now();
  document.querySelector("#inspection .answers input[value=fail]").click();
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const navigation = performance.getEntriesByType("navigation")[0];
  return {
    ready: window.readyAt, press: performance.now() - began, answered: navigation.responseEnd,
    kilobytes: navigation.decodedBodySize / 1024, elements: document.querySelectorAll("*").length,
    questions: document.querySelectorAll("[data-bihuan-question]").length,
  };
}
"""


@dataclass(frozen=True)
class Case:
    """One page: who opens it, what it is, and where."""

    name: str
    login: str
    path: str


@dataclass(frozen=True)
class Walked:
    """The visits to one page; seconds, the first one apart: it fetches what later ones have."""

    case: Case
    first: float
    median: float
    worst: float
    server: float
    press: float
    questions: int
    elements: int
    kilobytes: float


def prepare() -> dict[str, Any]:
    """In an empty installation: the invented city, the sector packs, and a site for the longest of them."""
    import django

    django.setup()
    from django.core.management import call_command

    from bihuan.accounts.tests.world import PASSWORD, make_world
    from bihuan.campaigns.models import Checklist
    from bihuan.config import preparation
    from bihuan.registry.models import Enterprise

    call_command("migrate", verbosity=0)
    world = make_world()
    preparation.prepare()  # kinds, sector packs, collected static files
    shop = world.enterprises.shop
    site = Enterprise.objects.create(
        name="青石街道安置房工地", kind_id="construction_site", department=world.organizations.housing, city=shop.city,
        county=shop.county, locality=shop.locality,
    )  # fmt: skip
    lists = {each.book_version.book.key: each.pk for each in Checklist.objects.exclude(book_version=None)}  # type: ignore[union-attr]

    def path(enterprise: Enterprise, key: str) -> str:
        return f"/inspections/walk/?enterprise={enterprise.pk}&list={lists[key]}"

    people = {"检查员": "inspector", "有认定权限": "housing"}
    cases = [
        {"name": f"{words}（{who}）", "login": login, "path": path(place, key)}
        for words, place, key in (("餐饮，城镇燃气", shop, "gas"), ("工地，建筑施工", site, "construction"))
        for who, login in people.items()
    ]
    return {"cases": cases, "password": PASSWORD}


def environment(data: Path) -> dict[str, str]:
    """The product's own, over `data`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("BIHUAN_", "DATABASE_"))}
    return own | {
        "BIHUAN_DATA": str(data), "BIHUAN_LOG_LEVEL": "ERROR", "BIHUAN_LIVE": "0",
        "DJANGO_SETTINGS_MODULE": "bihuan.config.settings", "PYTHONPATH": str(ROOT),
    }  # fmt: skip


def sign_in(context: BrowserContext, base: str, login: str, password: str) -> None:
    """Through the login page, as everybody."""
    page = context.new_page()
    page.goto(f"{base}/accounts/login/")
    page.get_by_label("用户名").fill(login)
    page.get_by_label("口令").fill(password)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    page.close()


def visit(page: Page, url: str) -> dict[str, Any]:
    """Open the page anew and press the first answer; milliseconds."""
    page.goto("about:blank")
    page.goto(url)
    page.locator("html[data-ready]").wait_for(state="attached")
    found: dict[str, Any] = page.evaluate(PRESS)
    return found


def walked(context: BrowserContext, base: str, case: Case, visits: int) -> Walked:
    """A first visit and so many more."""
    page = context.new_page()
    page.add_init_script(WATCH)
    line = context.new_cdp_session(page)
    line.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    took = [visit(page, base + case.path) for _ in range(visits + 1)]
    page.close()
    whole = [(each["ready"] + each["press"]) / 1000 for each in took]
    later = took[1:]
    return Walked(
        case, whole[0], statistics.median(whole[1:]), max(whole[1:]),
        statistics.median(each["answered"] for each in later) / 1000,
        statistics.median(each["press"] for each in later) / 1000,
        took[0]["questions"], took[0]["elements"], took[0]["kilobytes"],
    )  # fmt: skip


def measure(visits: int, port: int) -> list[Walked]:
    """Every case, each person in a browser of their own."""
    with tempfile.TemporaryDirectory(prefix="bihuan-walking-") as folder, sync_playwright() as playwright:
        own = environment(Path(folder))
        made = subprocess.run(
            [sys.executable, "-m", "bench.walking", "--prepare"], cwd=ROOT, env=own, check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        prepared = json.loads(made.stdout.splitlines()[-1])
        service = Service(port, own)
        service.start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            base = f"http://localhost:{port}"
            found = []
            for case in (Case(**each) for each in prepared["cases"]):
                context = browser.new_context(viewport=SCREEN, has_touch=True, is_mobile=True, locale="zh-CN")  # type: ignore[arg-type]
                sign_in(context, base, case.login, prepared["password"])
                found.append(walked(context, base, case, visits))
                context.close()
            return found
        finally:
            browser.close()
            service.stop()


def told(rows: list[Walked]) -> dict[str, Any]:
    """The report of the suite: a table, and the measure the slowest page must meet."""
    lines = [
        f"Chromium {SCREEN['width']} × {SCREEN['height']}, processor throttled {THROTTLE} times, server and loopback "
        "included; from the navigation until the first answer pressed is on the screen.",
        "",
        "| page | questions | elements | KB | first s | median s | slowest s | of it the server s | a press s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {row.case.name} | {row.questions} | {row.elements} | {row.kilobytes:.0f} | {row.first:.2f} | {row.median:.2f} "
            f"| {row.worst:.2f} | {row.server:.2f} | {row.press:.3f} |"
            for row in rows
        ),
    ]
    # One measure for each list: its slower reader.
    lists = {
        row.questions: max(
            (each for each in rows if each.questions == row.questions), key=lambda each: each.median
        )
        for row in rows
    }
    return {
        "title": "The checklist page on a slow phone",
        "markdown": "\n".join(lines),
        "measures": [
            {
                "what": f"checklist page of {questions} items interactive at {THROTTLE}× CPU throttle",
                "target": f"< {TARGET:.0f} s",
                "measured": f"{slower.median:.2f} s",
                "met": slower.median < TARGET,
                "note": slower.case.name,
            }
            for questions, slower in lists.items()
        ],
    }


def main() -> int:
    """Run the measurement; 0 when every page meets the target, or when the report says whether."""
    parser = argparse.ArgumentParser(prog="bench.walking", description=__doc__)
    parser.add_argument("--rows", type=int, default=9, help="visits to each page")
    parser.add_argument("--port", type=int, default=9147)
    parser.add_argument("--json", default="")
    parser.add_argument("--prepare", action="store_true", help="fill an empty installation and end")
    options = parser.parse_args()
    if options.prepare:
        sys.stdout.write(json.dumps(prepare()) + "\n")
        return 0
    result = told(measure(options.rows, options.port))
    if options.json:
        Path(options.json).write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write(result["markdown"] + "\n")
    return 0 if options.json or all(each["met"] for each in result["measures"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
