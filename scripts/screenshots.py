"""Pictures of a running demo: `python scripts/screenshots.py BASE_URL OUT_DIR [name …]`. Used for the README and for looking."""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bihuan.demo.cast import PASSWORD

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# name: (login, path or link text to follow from a path, full page)
SHOTS: dict[str, tuple[str, str]] = {
    "home": ("office", "/"),
    "campaigns": ("office", "/campaigns/"),
    "campaign": ("office", "/campaigns/1/"),
    "workbench": ("office", "/campaigns/plans/"),
    "ledger": ("office", "/hazards/"),
    "inbox": ("office", "/duties/"),
    "unheld": ("office", "/duties/unheld/"),
    "calendar": ("office", "/duties/calendar/"),
    "ladder": ("office", "/duties/ladder/"),
    "registry": ("office", "/registry/"),
    "inspections": ("office", "/inspections/"),
    "papers": ("office", "/papers/"),
    "department": ("zhujian", "/"),
    "township": ("jiedao", "/"),
    "enterprise": ("qiye", "/"),
}


def sign_in(page: Page, base: str, login: str) -> None:
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=username]", login)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")


def main() -> None:
    base, out, *names = sys.argv[1:]
    Path(out).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for name in names or SHOTS:
            login, path = SHOTS[name] if name in SHOTS else name.split(":", 1)
            for suffix, viewport in (("", DESK), ("-phone", PHONE)):
                context = browser.new_context(viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai")
                page = context.new_page()
                page.on(
                    "console",
                    lambda message, name=name: (
                        sys.stdout.write(f"{name}: {message.type} {message.text}\n")
                        if message.type == "error"
                        else None
                    ),
                )
                sign_in(page, base, login)
                page.goto(f"{base}{path}")
                page.wait_for_load_state("networkidle")
                file = (
                    name if name in SHOTS else (login + path).strip("/").replace("/", "_").replace("?", "_")
                )
                page.screenshot(path=f"{out}/{file}{suffix}.png", full_page=True)
                overflow = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                if overflow > 0:
                    sys.stdout.write(f"{name}{suffix}: {overflow}px wider than the screen\n")
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
