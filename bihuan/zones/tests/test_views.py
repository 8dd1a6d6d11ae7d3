"""The pages of zones and what the map asks, for whom and how often the database is asked."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bihuan.registry.models import Enterprise
from bihuan.zones.models import Outline, Zone, ZoneMembership, ZoneVersion

from .factories import kind, make_zone, put, square
from .shapes import EAST, SQUARE, collection, feature, kml, polygon

pytestmark = pytest.mark.django_db
WINDOW = {"bbox": "103.4,30.1,103.9,30.5", "zoom": "12"}
VERTICES = "\n".join(f"{x}, {y}" for x, y in SQUARE)


@pytest.fixture
def office(client, world):
    client.force_login(world.people.county_office)
    kind()
    return client


def new_zone(**changes):
    sent = {
        "kind": "no_burning", "name": "中心城区禁燃区", "region": "539702", "valid_from": "2026-01-01",
        "vertices": VERTICES, "crs": "cgcs2000", "document": "云溪区通告", "boundary_words": "东起云溪大道，南至滨河南路，西至清风路，北至环城北路",
    }  # fmt: skip
    return sent | changes


def test_a_zone_is_drawn_seen_and_taken_away(office, world):
    answer = office.post(reverse("zones:create"), new_zone())
    zone = Zone.objects.get()
    assert answer.url == zone.get_absolute_url()
    page = office.get(answer.url).text
    for words in ("中心城区禁燃区", "106.8", "云溪区通告", "滨河南路", "现行有效"):
        assert words in page
    file = office.get(reverse("zones:geojson", args=[zone.pk]))
    content = json.loads(file.content)
    assert content["features"][0]["geometry"] == polygon(SQUARE)
    assert "attachment" in file["Content-Disposition"]
    assert "中心城区禁燃区" in office.get(reverse("zones:list")).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vertices": ""}, "还没有画出区域"),
        ({"vertices": "103.5, 30.2\nabc"}, "第2行"),
        ({"vertices": "103.5,30.2\n103.6,30.3\n103.6,30.2\n103.5,30.3"}, "自己与自己相交"),
        ({"valid_from": "0026-01-01"}, "年份不合理"),
        ({"region": "539721"}, "选择"),
        ({"name": "区"}, "至少两个字"),
        ({"crs": "beijing54"}, "选择"),
    ],
)
def test_what_the_form_refuses(office, changes, words):
    answer = office.post(reverse("zones:create"), new_zone(**changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert not Zone.objects.exists()


def test_a_file_takes_the_place_of_vertices(office):
    file = SimpleUploadedFile("禁燃区.kml", kml(("甲", EAST)))
    office.post(reverse("zones:create"), new_zone(vertices="", file=file, crs="gcj02"))
    version = ZoneVersion.objects.get()
    assert (version.source, version.source_name, version.source_crs) == ("file", "禁燃区.kml", "gcj02")
    assert 103.69 < version.west < 103.7


def test_a_file_of_several_areas_is_sent_to_the_import(office):
    data = collection(feature(polygon(SQUARE), name="甲"), feature(polygon(EAST), name="乙"))
    answer = office.post(reverse("zones:create"), new_zone(file=SimpleUploadedFile("a.geojson", data)))
    assert "文件里有2个区域（甲、乙" in answer.text


def importing(data, **changes):
    sent = {"kind": "key_area", "region": "539702", "crs": "cgcs2000", "valid_from": "2026-01-01"}
    return sent | {"file": SimpleUploadedFile("areas.geojson", data)} | changes


def test_several_areas_land_together_or_not_at_all(office):
    both = collection(feature(polygon(SQUARE), name="甲片"), feature(polygon(EAST), name="乙片"))
    assert office.post(reverse("zones:import"), importing(both)).status_code == 302
    assert set(Zone.objects.values_list("name", flat=True)) == {"甲片", "乙片"}
    again = collection(feature(polygon(SQUARE), name="丙片"), feature(polygon(EAST), name="甲片"))
    answer = office.post(reverse("zones:import"), importing(again))
    assert answer.status_code == 422
    assert "已有同名区域，范围与文件不同：甲片" in answer.text
    assert Zone.objects.count() == 2


def test_a_zone_is_drawn_anew_and_ended_on_pages(office, world):
    zone = make_zone(world)
    page = office.get(reverse("zones:revise", args=[zone.pk]))
    assert "103.5000000, 30.2000000" in page.text
    sent = new_zone(reason="道路改线", seen=1, valid_from=timezone.localdate().isoformat())
    assert office.post(reverse("zones:revise", args=[zone.pk]), sent).status_code == 302
    assert zone.versions.count() == 2
    assert office.post(reverse("zones:end", args=[zone.pk]), {"on": "", "reason": ""}).status_code == 422
    today = timezone.localdate().isoformat()
    office.post(reverse("zones:end", args=[zone.pk]), {"on": today, "reason": "废止"})
    assert zone.versions.first().ended_reason == "废止"


def test_who_sees_who_changes(client, world):
    zone = make_zone(world)
    pages = {"zones:detail": 200, "zones:geojson": 200, "zones:revise": 403}
    for who, expected in (
        ("qingshi_officer", pages), ("inspector", pages), ("housing", pages), ("outsider", pages),
        ("inspectorate", pages), ("shop", dict.fromkeys(pages, 404)), ("expert", dict.fromkeys(pages, 403)),
    ):  # fmt: skip
        client.force_login(getattr(world.people, who))
        for page, status in expected.items():
            assert client.get(reverse(page, args=[zone.pk])).status_code == status, (who, page)
    client.force_login(world.people.inspector)
    assert client.get(reverse("zones:create")).status_code == 403
    assert client.get(reverse("zones:import")).status_code == 403


def test_the_list_of_enterprises_and_its_export_are_narrowed_by_zone(office, world):
    put(world.enterprises.shop, 103.55, 30.25)
    zone = make_zone(world)
    page = office.get(reverse("registry:list"), {"zone": zone.pk}).text
    assert "好味来面馆" in page
    assert "平安液化气" not in page
    assert "所在区域" in page
    assert "无此项" in office.get(reverse("registry:list"), {"zone": "999"}).text
    panel = office.get(world.enterprises.shop.get_absolute_url()).text
    assert "中心城区禁燃区" in panel
    nowhere = office.get(reverse("registry:list"), {"place": "none"}).text
    assert "平安液化气" in nowhere
    assert "好味来面馆" not in nowhere


def test_objects_of_a_window_one_by_one(office, world):
    put(world.enterprises.shop, 103.55, 30.25)
    put(world.enterprises.station, 105.0, 30.25)
    answer = office.get(reverse("zones:objects"), WINDOW).json()
    assert answer["total"] == 1
    assert answer["objects"] == [
        {
            "name": "云溪区好味来面馆", "x": 103.55, "y": 30.25, "risk": "yellow", "risk_words": "黄", "kind": "餐饮",
            "status": "", "url": world.enterprises.shop.get_absolute_url(),
        }
    ]  # fmt: skip


def test_a_person_is_shown_their_own_objects_only(client, world):
    put(world.enterprises.shop, 103.55, 30.25)
    put(world.enterprises.station, 103.56, 30.25)
    seen = {}
    for who in ("county_office", "qingshi_officer", "outsider", "housing", "station", "inspectorate"):
        client.force_login(getattr(world.people, who))
        seen[who] = [
            row["name"][2:5] for row in client.get(reverse("zones:objects"), WINDOW).json()["objects"]
        ]
    assert sorted(seen.pop("county_office")) == sorted(seen.pop("inspectorate")) == ["区好味", "平安液"]
    assert seen == {
        "qingshi_officer": ["区好味"], "outsider": ["平安液"], "housing": ["区好味"], "station": ["平安液"],
    }  # fmt: skip


def crowd(world, numbers):
    shop = world.enterprises.shop
    Enterprise.objects.bulk_create(
        Enterprise(
            name=f"第{n}家", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality,
            department=shop.department, longitude=103.5 + n % 20 * 0.01, latitude=30.2 + n // 20 % 20 * 0.01,
            risk="red" if n % 10 == 0 else "blue",
        )
        for n in numbers
    )  # fmt: skip


def test_many_objects_are_counted_in_cells_with_no_more_queries(office, world):
    crowd(world, range(30))
    with CaptureQueriesContext(connection) as few:
        assert len(office.get(reverse("zones:objects"), WINDOW).json()["objects"]) == 30
    crowd(world, range(30, 500))
    with CaptureQueriesContext(connection) as many:
        answer = office.get(reverse("zones:objects"), WINDOW).json()
    assert len(many) <= len(few)
    assert answer["total"] == sum(cell["n"] for cell in answer["cells"]) == 500
    assert answer["objects"] == []
    assert {cell["risk"] for cell in answer["cells"] if "红" in cell["words"]} == {"red"}


def test_zones_of_a_window_in_force(office, world):
    zone = make_zone(world)
    answer = office.get(reverse("zones:zones"), WINDOW).json()
    assert [feature["id"] for feature in answer["features"]] == [zone.pk]
    assert answer["features"][0]["properties"]["tone"] == "red"
    elsewhere = office.get(reverse("zones:zones"), {"bbox": "110,30,111,31", "zoom": "12"}).json()
    assert elsewhere["features"] == []


@pytest.mark.parametrize("bbox", ["", "a,b,c,d", "1,2,3", "104,30,103,31", "nan,30,104,31", "1e400,0,1,1"])
def test_a_window_that_is_none_is_said_to_be(office, bbox):
    for page in ("zones:objects", "zones:zones"):
        answer = office.get(reverse(page), {"bbox": bbox, "zoom": "5"})
        assert answer.status_code == 400
        assert "地图范围" in answer.json()["detail"]


def test_the_base_is_the_outlines_of_ones_city(office, world):
    Outline.objects.create(region=world.regions.qingshi, geometry=square())
    answer = office.get(reverse("zones:base")).json()
    assert [feature["properties"]["name"] for feature in answer["features"]] == ["青石"]


def test_the_map_page_keeps_its_filters_and_names_what_is_missing(office, world):
    make_zone(world)
    page = office.get(reverse("zones:map"), {"risk": "red"}).text
    assert 'data-query="risk=red"' in page
    assert "没有坐标，图上看不到" not in page  # nobody of this colour is without
    assert "2 家没有坐标" in office.get(reverse("zones:map")).text


def test_tiles_only_by_setting(office, world, settings):
    assert "data-tiles" not in office.get(reverse("zones:map")).text
    settings.MAP_TILES = ["https://t{s}.tiles.example/{z}/{x}/{y}?tk=k1"]
    settings.MAP_APPROVAL = "GS（2026）0001号"
    page = office.get(reverse("zones:map")).text
    assert "tiles.example" in page
    assert "GS（2026）0001号" in page


def test_history_stays_on_the_page(office, world):
    put(world.enterprises.shop, 103.55, 30.25)
    zone = make_zone(world)
    today = timezone.localdate()
    ZoneMembership.objects.update(left_on=today, left_by="place")
    page = office.get(zone.get_absolute_url()).text
    assert "曾经在区域内的" in page
    assert "坐标登记或改动" in page
