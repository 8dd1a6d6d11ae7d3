"""Chromium for the browser tests: started once, a fresh context for each person, nothing but the live server reachable.

A test fails on any script error, console error, answer of 500 or more and request to elsewhere; a failure leaves
pictures of every open page and says where. A browser that waited in vain for something on a busy machine is asked once
more, and the test is named in the report (RERUN); a wrong value, a broken page or a second miss fails at once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.template import engines
from playwright.sync_api import Browser, Error, ViewportSize, sync_playwright

from .people import DESK, Person

# Playwright's sync API keeps an event loop in this thread; the tests look into the database from it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
]  # fmt: skip

# What a wait that ran out says, and a page that went away under a question.
WAITED_IN_VAIN: list[type[Error] | str] = [Error, r"^AssertionError: (Locator|Page) expected"]

Enter = Callable[..., Person]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=WAITED_IN_VAIN))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Hall:
    """Everybody who came in during one test."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.browser, self.base = browser, base
        self.people: list[Person] = []

    def enter(self, login: str, viewport: ViewportSize = DESK, *, scripts: bool = True) -> Person:
        """A new person at the door, not yet signed in."""
        person = Person(self.browser, self.base, login, viewport, scripts=scripts)
        self.people.append(person)
        return person

    def picture(self) -> list[str]:
        """A picture of every open page; the paths."""
        folder = Path(tempfile.mkdtemp(prefix="bihuan-browser-"))
        paths = []
        for number, person in enumerate(self.people, start=1):
            file = folder / f"{number}-{person.login}.png"
            try:
                person.page.screenshot(path=file, full_page=True)
            except Error:  # a page that crashed or was closed has no picture
                continue
            paths.append(f"{file}  {person.page.url}")
        return paths


@pytest.fixture
def hall(chromium: Browser, live_server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    # Pages as people see them: elsewhere an undefined variable fails the test by an object that an {% if %} takes for true.
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")
    hall = Hall(chromium, live_server.url)
    yield hall
    problems = [problem for person in hall.people for problem in person.problems]
    for person in hall.people:
        person.context.close()
    connections.close_all()
    assert not problems, "\n".join(problems)


@pytest.fixture
def enter(hall: Hall) -> Enter:
    """`enter("office")` is Zhao in front of a signed-in browser; `enter("inspector", PHONE)` Feng with a phone."""
    return lambda login, viewport=DESK: hall.enter(login, viewport).sign_in()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    report = yield
    hall = getattr(item, "funcargs", {}).get("hall")
    if call.when == "call" and report.failed and hall:
        report.sections.append(("pictures", "\n".join(hall.picture())))
    return report
