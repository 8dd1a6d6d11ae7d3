"""The wall and the morning: a number is opened, the map coloured anew, a late body pressed. On a desk and on a phone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize, expect

from bihuan.accounts.models import LoginSession
from bihuan.accounts.tests.world import World
from bihuan.duties.models import Duty, DutyStep
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_hazard

from .conftest import Enter
from .people import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
WALL: ViewportSize = {"width": 1920, "height": 1080}


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


def late(world: World) -> Hazard:
    """Found a month ago, to be put right five days ago."""
    today = timezone.localdate()
    hazard = make_hazard(world, description="软管老化开裂", found_on=today - dt.timedelta(days=30))
    Hazard.objects.filter(pk=hazard.pk).update(due_on=today - dt.timedelta(days=5))
    Duty.objects.filter(subject=f"hazards.hazard:{hazard.pk}").update(due_on=today - dt.timedelta(days=5))
    return hazard


@pytest.mark.parametrize("size", [WALL, DESK, PHONE], ids=["wall", "desk", "phone"])
def test_the_wall_shows_what_is_late_and_opens_it(world: World, enter: Enter, size: ViewportSize) -> None:
    hazard = late(world)
    office = enter("county_office", size)
    office.go("/room/")
    office.heading("安全生产调度")
    expect(office.page.get_by_text("逾期 5 天").first).to_be_visible()
    fits(office)
    office.follow("整改率", inside=office.page.get_by_role("navigation", name="地图按哪个数字着色"))
    expect(office.page.get_by_role("heading", name="各地整改率")).to_be_visible()
    office.follow("投影")
    expect(office.page.locator("html")).to_have_attribute("data-theme", "projector")
    fits(office)
    if size is WALL:
        # One screen: nothing to scroll from five metres away.
        assert office.ready().evaluate("document.documentElement.scrollHeight <= innerHeight")
    office.follow("软管老化开裂", exact=False)
    office.heading("软管老化开裂")
    office.reads(hazard.number)


def test_the_areas_come_round_and_stop_when_told(world: World, enter: Enter) -> None:
    late(world)
    make_hazard(world, enterprise=world.enterprises.station, description="另一处", by=world.people.outsider)
    office = enter("county_office", WALL)
    office.go("/room/")
    slides = office.page.locator("[data-part=slide]")
    expect(slides).to_have_count(2)
    expect(slides.nth(0)).to_be_visible()
    office.press("下一个区域")
    expect(slides.nth(0)).to_be_hidden()
    expect(slides.nth(1)).to_be_visible()
    # People who asked their system for less motion are not moved along.
    expect(office.page.get_by_role("button", name="继续轮播")).to_be_visible()


def test_a_wall_let_stand_says_when_its_figures_stand_still(
    world: World, enter: Enter, settings: Any
) -> None:
    settings.LIVE_URL = "/live/"  # nobody answers there: the page asks now and then by itself
    late(world)
    office = enter("county_office", WALL)
    office.page.clock.install()
    office.go("/room/?theme=projector")
    office.press("值守")
    office.press("转为值守")
    expect(office.page.get_by_text("值守显示")).to_be_visible()
    expect(office.page.locator("html")).to_have_attribute("data-theme", "projector")
    stale = office.page.locator("[data-part=stale]")
    expect(stale).to_be_hidden()

    office.page.context.set_offline(True)
    office.page.clock.fast_forward("20:00")
    expect(stale).to_contain_text("连不上服务器，数字停在")
    office.page.context.set_offline(False)
    office.page.clock.fast_forward("20:00")
    expect(stale).to_be_hidden()

    LoginSession.objects.update(seen_at=timezone.now() - dt.timedelta(days=1))  # switched off over night
    office.page.clock.fast_forward("20:00")
    expect(stale).to_contain_text("登录已结束")
    office.follow("重新登录")
    expect(office.page.get_by_label("用户名")).to_be_visible()
    # The browser itself notes what did not answer, and nothing else.
    assert all("404" in each or "ERR_INTERNET_DISCONNECTED" in each for each in office.problems)
    office.problems.clear()


@SIZES
def test_the_morning_names_whom_to_press_and_one_press_does_it(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    late(world)
    office = enter("county_office", size)
    office.go("/morning/")
    office.heading("今日要事")
    fits(office)
    row = (
        office.page.get_by_role("row")
        .filter(has_text="最长逾期")
        .or_(office.page.get_by_role("row").filter(has=office.page.get_by_role("button", name="催办")))
    )
    row.get_by_role("button", name="催办").first.click()
    office.reads("已催办")
    office.reads("今天已催")
    assert DutyStep.objects.filter(instrument="urge").count() == 1
    office.follow("全部逾期待办")
    office.heading("逾期待办")
    fits(office)
