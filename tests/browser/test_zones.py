"""Drawing a zone at the desk, looking at the map on a phone, taking a place from the map."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from bihuan.accounts.tests.world import World
from bihuan.registry.models import Enterprise
from bihuan.zones.kinds import ensure_zone_kinds
from bihuan.zones.models import Outline, Zone
from bihuan.zones.tests.factories import make_zone, put, square

from .conftest import Enter
from .people import DESK, PHONE
from .test_accessibility import overflows, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def ground(world: World) -> World:
    """Two townships on the base map, a shop in one, a station in the other."""
    ensure_zone_kinds()
    Outline.objects.create(region=world.regions.qingshi, geometry=square(103.5))
    Outline.objects.create(region=world.regions.baita, geometry=square(103.6))
    put(world.enterprises.shop, 103.55, 30.25)
    put(world.enterprises.station, 103.65, 30.25)
    return world


def test_a_zone_is_drawn_at_the_desk_and_seen_on_a_phone(ground: World, enter: Enter) -> None:
    office = enter("county_office", DESK)
    office.go("/zones/new/")
    page = office.ready()
    box = page.locator('[data-part="map"]')
    expect(box.locator("path.base-area")).to_have_count(2)
    page.wait_for_timeout(600)  # the map glides to the city
    frame = box.bounding_box()
    assert frame
    # Round the left half of the picture, where Qingshi street lies.
    for across, down in ((0.1, 0.12), (0.5, 0.12), (0.5, 0.85), (0.1, 0.85)):
        page.mouse.click(frame["x"] + frame["width"] * across, frame["y"] + frame["height"] * down)
        page.wait_for_timeout(350)  # two clicks close together would be one that zooms
    expect(page.get_by_text("1 块，4 个顶点")).to_be_visible()

    # The table says the same and is changed by keyboard.
    page.get_by_text("顶点表（可用键盘修改）").click()
    first = page.get_by_label("第1块第1个顶点的经度")
    first.fill("103.4900000")
    first.press("Tab")
    assert page.get_by_label("顶点", exact=True).input_value().startswith("103.4900000, ")
    page.get_by_role("button", name="删除第1块第4个顶点").click()
    expect(page.get_by_text("1 块，3 个顶点")).to_be_visible()
    page.get_by_role("button", name="退一步").click()
    expect(page.get_by_text("1 块，4 个顶点")).to_be_visible()

    page.get_by_label("名称", exact=False).first.fill("中心城区禁燃区")
    page.get_by_label("四至文字").fill("东起云溪大道，南至滨河南路，西至清风路，北至环城北路")
    office.press("保存")
    office.heading("中心城区禁燃区")
    office.reads("滨河南路")
    zone = Zone.objects.get()
    assert [stay.enterprise for stay in zone.memberships.all()] == [ground.enterprises.shop]
    expect(page.locator("path.zone-path")).to_have_count(1)
    assert office.overflow() == 0

    inspector = enter("inspector", PHONE)
    inspector.go("/zones/map/")
    phone = inspector.ready()
    expect(phone.locator(".map-pin")).to_have_count(1)
    expect(phone.locator("path.zone-path")).to_have_count(1)
    row = phone.get_by_role("list", name="图上的对象").get_by_role("listitem")
    expect(row).to_have_text(re.compile("好味来面馆.*黄色风险"))
    assert inspector.overflow() == 0
    row.get_by_role("link").click()
    inspector.heading("云溪区好味来面馆")
    inspector.reads("中心城区禁燃区")


def test_what_is_cut_out_is_drawn_too(ground: World, enter: Enter) -> None:
    office = enter("county_office", DESK)
    office.go("/zones/new/?name=中心城区禁燃区&kind=no_burning")
    page = office.ready()
    box = page.locator('[data-part="map"]')
    expect(box.locator("path.base-area")).to_have_count(2)
    page.wait_for_timeout(600)  # the map glides to the city
    frame = box.bounding_box()
    assert frame

    def click(*spots: tuple[float, float]) -> None:
        for across, down in spots:
            page.mouse.click(frame["x"] + frame["width"] * across, frame["y"] + frame["height"] * down)
            page.wait_for_timeout(350)  # two clicks close together would be one that zooms

    page.get_by_role("button", name="挖去一块").click()
    expect(page.get_by_text("先画外面的一块")).to_be_visible()
    click((0.1, 0.12), (0.9, 0.12), (0.9, 0.88), (0.1, 0.88))
    page.get_by_role("button", name="挖去一块").click()
    click((0.3, 0.3), (0.36, 0.3), (0.36, 0.4))
    expect(page.get_by_text("1 块，7 个顶点")).to_be_visible()
    assert "挖去" in page.get_by_label("顶点", exact=True).input_value()
    office.press("保存")
    office.heading("中心城区禁燃区")
    assert len(Zone.objects.get().versions.get().geometry["coordinates"]) == 2


def test_a_place_is_taken_from_the_map(ground: World, enter: Enter) -> None:
    officer = enter("qingshi_officer", DESK)
    shop = ground.enterprises.shop
    make_zone(ground, geometry=square(103.5))
    officer.go(f"/registry/{shop.pk}/edit/")
    page = officer.ready()
    page.get_by_role("button", name="在图上取点").click()
    box = page.locator('fieldset [data-part="map"]')
    expect(box).to_be_visible()
    page.wait_for_timeout(500)
    box.click(position={"x": 60, "y": 60})
    expect(page.get_by_text("已在图上取点，保存后生效")).to_be_visible()
    page.get_by_label("放行理由").fill("执照原件如此")
    page.get_by_role("button", name="保存", exact=True).last.click()
    officer.heading("云溪区好味来面馆")
    moved = Enterprise.objects.get(pk=shop.pk)
    assert (moved.longitude, moved.latitude) != (103.55, 30.25)
    assert moved.source_crs == "cgcs2000"


def test_many_objects_are_numbers_until_one_comes_closer(ground: World, enter: Enter) -> None:
    shop = ground.enterprises.shop
    Enterprise.objects.bulk_create(
        Enterprise(
            name=f"第{n}家", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality,
            department=shop.department, longitude=103.5 + n % 30 * 0.002, latitude=30.2 + n // 30 * 0.002,
            risk="red" if n % 7 == 0 else "blue",
        )
        for n in range(600)
    )  # fmt: skip
    office = enter("county_office", DESK)
    office.go("/zones/map/")
    page = office.ready()
    expect(page.get_by_text("图上 602 家，较密，点数字放大")).to_be_visible()
    assert page.locator(".map-cluster").count() > 3
    page.get_by_role("button", name=re.compile("^放大看")).first.click()
    expect(page.get_by_text("图上 602 家")).to_have_count(0)


def test_axe_finds_nothing_on_maps_and_zones(ground: World, enter: Enter) -> None:
    zone = make_zone(ground)
    office = enter("county_office", DESK)
    found = []
    for path in (
        "/zones/",
        "/zones/new/",
        "/zones/import/",
        f"/zones/{zone.pk}/",
        f"/zones/{zone.pk}/members/",
        "/zones/map/",
    ):
        office.go(path)
        office.ready()
        found += violations(office, path)
        found += overflows(office, path)
    assert found == []
