"""Who lay in a zone on any day: the page, its table, and files brought twice."""

import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.registry import places
from bihuan.rules.coordinates import Crs
from bihuan.zones.actions import Drawn, revise_zone
from bihuan.zones.models import Outline, Zone, ZoneMembership, ZoneVersion
from bihuan.zones.tests.test_views import importing

from .factories import kind, make_zone, put, square
from .shapes import EAST, SQUARE, collection, feature, polygon

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client, world):
    client.force_login(world.people.county_office)
    kind()
    return client


@pytest.fixture
def zone(world):
    """The shop lay in it from the tenth to the twentieth of January; the station lies in it since February."""
    put(world.enterprises.shop, 103.1, 30.0)
    zone = make_zone(world, days_ago=400)
    ZoneMembership.objects.all().delete()
    ZoneMembership.objects.create(
        zone=zone, enterprise=world.enterprises.shop, entered_on=dt.date(2026, 1, 10), entered_by="place",
        left_on=dt.date(2026, 1, 20), left_by="place",
    )  # fmt: skip
    ZoneMembership.objects.create(
        zone=zone, enterprise=world.enterprises.station, entered_on=dt.date(2026, 2, 1), entered_by="zone"
    )
    return zone


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?on=2026-01-09", set()),
        ("?on=2026-01-10", {"shop"}),
        ("?on=2026-01-19", {"shop"}),
        ("?on=2026-01-20", set()),
        ("?on=2026-02-01", {"station"}),
        ("", {"station"}),
        ("?which=left", {"shop"}),
        ("?which=ever", {"shop", "station"}),
        ("?which=nonsense", {"station"}),
    ],
)
def test_any_day_can_be_asked_for(office, world, zone, query, wanted):
    page = office.get(reverse("zones:members", args=[zone.pk]) + query)
    listed = {stay.enterprise for stay in page.context["page"].items}
    assert listed == {getattr(world.enterprises, name) for name in wanted}


@pytest.mark.parametrize(
    ("day", "words"), [("2026-13-40", "应写成"), ("0001-01-01", "应写成"), ("2999-01-01", "还没有清点")]
)
def test_a_day_that_cannot_be_is_said_to_be(office, zone, day, words):
    page = office.get(reverse("zones:members", args=[zone.pk]) + f"?on={day}")
    assert words in page.text
    assert page.context["asked"].on == timezone.localdate()


def test_the_table_holds_what_the_page_asks(office, world, zone):
    page = office.get(reverse("zones:members", args=[zone.pk]) + "?on=2026-01-15").text
    assert "第 1 版" in page
    sheet = office.get(reverse("zones:export_members", args=[zone.pk]) + "?which=day&on=2026-01-15")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content)))
    values = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert ["企业", "场所"] in [row[:2] for row in values]
    (line,) = [row for row in values if row[0] == world.enterprises.shop.name]
    assert line[5:] == ["2026-01-10", "坐标登记或改动", "2026-01-20", "坐标登记或改动"]
    assert world.enterprises.station.name not in [row[0] for row in values]


def test_each_reader_sees_their_own(client, world, zone):
    client.force_login(world.people.qingshi_officer)
    page = client.get(reverse("zones:members", args=[zone.pk]) + "?which=ever")
    assert [stay.enterprise for stay in page.context["page"].items] == [world.enterprises.shop]
    client.force_login(world.people.shop)
    assert client.get(reverse("zones:members", args=[zone.pk])).status_code == 404
    client.force_login(world.people.inspector)
    assert client.get(reverse("zones:export_members", args=[zone.pk])).status_code == 403


# --- files brought again -----------------------------------------------------------------------------


BOTH = collection(feature(polygon(SQUARE), name="甲片"), feature(polygon(EAST), name="乙片"))


def test_the_same_file_again_changes_nothing(office, world):
    office.post(reverse("zones:import"), importing(BOTH))
    turned = collection(
        feature(polygon([*EAST[2:], *EAST[:2]]), name="乙片"),
        feature(polygon(list(reversed(SQUARE))), name="甲片"),
    )
    answer = office.post(reverse("zones:import"), importing(turned), follow=True)
    assert "没有变化2个" in answer.text
    assert ZoneVersion.objects.count() == 2


def test_a_file_draws_known_zones_anew_when_told_to(office, world):
    office.post(reverse("zones:import"), importing(BOTH))
    wider = collection(
        feature(polygon([(103.5, 30.2), (103.65, 30.2), (103.65, 30.3), (103.5, 30.3)]), name="甲片"),
        feature(polygon(EAST), name="乙片"),
        feature(polygon([(103.9, 30.2), (104.0, 30.2), (104.0, 30.3)]), name="丙片"),
    )
    refused = office.post(reverse("zones:import"), importing(wider))
    assert "范围与文件不同：甲片" in refused.text
    again = importing(wider, known="revise", valid_from="2026-06-01")
    assert "请填写调整理由" in office.post(reverse("zones:import"), again).text
    assert Zone.objects.count() == 2
    again = importing(wider, known="revise", valid_from="2026-06-01", reason="规划调整")
    answer = office.post(reverse("zones:import"), again, follow=True)
    assert "新划定1个，调整为新一版1个，没有变化1个" in answer.text
    first, second = ZoneVersion.objects.filter(zone__name="甲片").order_by("number")
    assert (first.valid_to, second.valid_from, second.reason) == (
        dt.date(2026, 5, 31), dt.date(2026, 6, 1), "规划调整",
    )  # fmt: skip


def test_a_day_that_does_not_follow_stops_the_whole_file(office, world):
    office.post(reverse("zones:import"), importing(BOTH))
    other = collection(
        feature(polygon([(103.9, 30.2), (104.0, 30.2), (104.0, 30.3)]), name="丙片"),
        feature(polygon(SQUARE), name="乙片"),
    )
    answer = office.post(
        reverse("zones:import"), importing(other, known="revise", valid_from="2025-01-01", reason="更正")
    )
    assert answer.status_code == 422
    assert "“乙片”：新版的生效日期应晚于2026-01-01" in answer.text
    assert set(Zone.objects.values_list("name", flat=True)) == {"甲片", "乙片"}


def test_what_another_body_drew_is_not_drawn_anew_by_a_file(client, world):
    client.force_login(world.people.county_office)
    kind()
    client.post(reverse("zones:import"), importing(BOTH, region="539702"))
    # The street keeps an area of its own; what the county drew above it is not its to change.
    client.force_login(world.people.housing)
    sent = importing(
        collection(feature(polygon(EAST), name="甲片")),
        known="revise",
        valid_from="2026-06-01",
        reason="更正",
    )
    answer = client.post(reverse("zones:import"), sent)
    assert "由别的单位划定" in answer.text
    assert ZoneVersion.objects.count() == 2


# --- where a place lies -------------------------------------------------------------------------------


def test_the_outlines_say_in_which_township_a_place_lies(world):
    Outline.objects.create(region=world.regions.qingshi, geometry=square())
    Outline.objects.create(region=world.regions.baita, geometry=square(103.7))
    Outline.objects.create(region=world.regions.heyan, geometry=square(104.0), source=Outline.Source.HULL)
    assert places.lies_in(103.55, 30.25) == "539702001"
    assert places.lies_in(103.75, 30.25) == "539702101"
    assert places.lies_in(104.05, 30.25) is None  # a hull proves nothing
    assert places.lies_in(103.65, 30.25) is None
    assert places.lies_in(None, None) is None


def test_the_projection_of_a_file_is_kept_with_the_version(world):
    zone = make_zone(world)
    drawn = Drawn(
        square(103.6),
        timezone.localdate(),
        reason="复测",
        source="file",
        source_name="红线.zip，中央经线102°的投影坐标",
        source_crs=Crs.CGCS2000,
    )
    version = revise_zone(zone, drawn, by=world.people.county_office, seen=1)
    assert version.source_name == "红线.zip，中央经线102°的投影坐标"
