"""The base map: outlines out of a file, off a drawing, or around what is known."""

import io

import pytest
from django.core.management import CommandError, call_command

from bihuan.core.errors import Refused
from bihuan.registry.models import Enterprise
from bihuan.rules.coordinates import Crs
from bihuan.zones.models import Misplacement, Outline
from bihuan.zones.outlines import bring_outlines, draw_hulls, from_drawing

from .factories import put
from .shapes import EAST, SQUARE, collection, feature, polygon

pytestmark = pytest.mark.django_db


def test_a_file_names_regions_by_code_or_by_name(world):
    data = collection(feature(polygon(SQUARE), name="539702001"), feature(polygon(EAST), name="白塔镇"))
    assert bring_outlines(data, Crs.CGCS2000) == 2
    assert set(Outline.objects.values_list("region_id", "source")) == {
        ("539702001", "given"), ("539702101", "given"),
    }  # fmt: skip


def test_an_unknown_region_stops_the_whole_file(world):
    data = collection(feature(polygon(SQUARE), name="539702001"), feature(polygon(EAST), name="某某镇"))
    with pytest.raises(Refused, match="“某某镇”没有对应的辖区"):
        bring_outlines(data, Crs.CGCS2000)
    assert not Outline.objects.exists()


def test_a_drawing_is_laid_on_the_ground(world):
    region = world.regions.qingshi
    region.outline = [[0, 0], [100, 0], [100, 50], [0, 50]]
    assert from_drawing([region, world.regions.baita], origin=(103.0, 31.0), step=(0.001, -0.002)) == 1
    ring = Outline.objects.get().geometry["coordinates"][0]
    assert ring[:3] == [[103.0, 31.0], [103.1, 31.0], [103.1, 30.9]]


def test_hulls_around_three_objects_and_never_over_an_outline(world):
    shop = world.enterprises.shop
    put(shop, 103.5, 30.2)
    for number, (x, y) in enumerate([(103.6, 30.2), (103.55, 30.3)]):
        Enterprise.objects.create(
            name=f"第{number}家", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality,
            longitude=x, latitude=y,
        )  # fmt: skip
    assert draw_hulls() == 1
    assert Outline.objects.get().source == "hull"
    Outline.objects.update(source="given")
    assert draw_hulls() == 0


def test_the_command_brings_a_file_and_says_what_lies_elsewhere(world, tmp_path):
    put(world.enterprises.shop, 103.75, 30.25)
    file = tmp_path / "outlines.geojson"
    file.write_bytes(collection(feature(polygon(SQUARE), name="青石街道")))
    said = io.StringIO()
    call_command("outlines", str(file), stdout=said)
    assert "已导入 1 个辖区的轮廓" in said.getvalue()
    assert "坐标不在所属乡镇街道的有 1 处" in said.getvalue()
    assert Misplacement.objects.get().enterprise == world.enterprises.shop


def test_the_command_without_a_file_says_what_it_wants(world, tmp_path):
    with pytest.raises(CommandError, match="--hulls"):
        call_command("outlines")
    with pytest.raises(CommandError):
        call_command("outlines", str(tmp_path / "nothing.geojson"))
