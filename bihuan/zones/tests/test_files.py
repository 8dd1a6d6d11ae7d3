"""Areas out of files of others; hostile files are refused in words."""

import contextlib
import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.rules.coordinates import Crs
from bihuan.zones.files import read_areas
from bihuan.zones.geometry import BadGeometry, from_pieces

from .shapes import (
    EAST,
    HOLE,
    SQUARE,
    collection,
    feature,
    kml,
    lying_shapefile,
    polygon,
    shapefile_zip,
    zipped,
)

WANTED = from_pieces([[SQUARE]], Crs.CGCS2000)
HALF = 'PROJCS["CGCS2000_3_Degree_GK_CM_102E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000"]]'
GK = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_102E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",102.0],UNIT["Meter",1.0]]'
)
# A field of half a kilometre by the meridian of 102°, its northern edge on the parallel of 30° (3320113.398 m of arc).
METRES = [
    (500_000, 3_319_613.398),
    (500_500, 3_319_613.398),
    (500_500, 3_320_113.398),
    (500_000, 3_320_113.398),
]
CGCS = 'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000"]]'


def same_area(geometry):
    """Vertices as a set: formats differ in where a ring begins and which way it goes."""
    return {tuple(vertex) for vertex in geometry["coordinates"][0]}


@pytest.mark.parametrize(
    "data",
    [
        collection(feature(polygon(SQUARE), name="禁燃区")),
        json.dumps(feature(polygon(SQUARE), 名称="禁燃区")).encode(),
        b"\xef\xbb\xbf" + collection(feature(polygon(SQUARE), NAME="禁燃区")),
        kml(("禁燃区", SQUARE)),
        zipped(doc__kml=kml(("禁燃区", SQUARE)), **{"images/a.png": b"x"}),
        shapefile_zip(("禁燃区", SQUARE)),
        shapefile_zip(("禁燃区", SQUARE), encoding="gbk", prj=CGCS),
    ],
    ids=["collection", "feature", "bom", "kml", "kmz", "shapefile", "shapefile-gbk"],
)
def test_every_format_brings_the_same_square(data):
    (area,) = read_areas(data, Crs.CGCS2000)
    assert area.name == "禁燃区"
    assert same_area(area.geometry) == same_area(WANTED)


def test_several_areas_keep_their_names_and_holes():
    data = collection(feature(polygon(SQUARE, HOLE), name="甲"), feature(polygon(EAST)))
    first, second = read_areas(data, Crs.CGCS2000)
    assert (first.name, second.name) == ("甲", "区域2")
    assert len(first.geometry["coordinates"]) == 2


@pytest.mark.parametrize(
    "data",
    [
        shapefile_zip(("高新区", METRES), prj=GK),
        collection(feature(polygon(METRES), name="高新区"), crs={"properties": {"name": "EPSG:4543"}}),
        collection(
            feature(polygon([(x + 34_000_000, y) for x, y in METRES]), name="高新区"),
            crs={"properties": {"name": "urn:ogc:def:crs:EPSG::4522"}},
        ),
    ],
    ids=["prj", "code", "with the number of the zone"],
)
def test_metres_of_a_surveying_office_come_home(data):
    (area,) = read_areas(data, Crs.CGCS2000)
    corners = sorted(map(tuple, area.geometry["coordinates"][0][:-1]))
    assert [corners[0], corners[1]] == [(102.0, pytest.approx(29.9954895, abs=1e-6)), (102.0, 30.0)]
    # Half a kilometre along the parallel of 30° is 500 / (6378137 × cos 30° × 1.00084) of a turn.
    assert corners[3] == (pytest.approx(102.0051822, abs=1e-6), pytest.approx(30.0, abs=1e-6))
    assert area.system == "中央经线102°的投影坐标"


def test_points_and_lines_of_a_file_are_passed_over():
    data = collection(
        feature({"type": "Point", "coordinates": [103.5, 30.2]}), feature(polygon(SQUARE), name="面")
    )
    assert [area.name for area in read_areas(data, Crs.CGCS2000)] == ["面"]


def test_the_chosen_system_is_applied_once():
    (area,) = read_areas(kml(("甲", SQUARE)), Crs.GCJ02)
    assert area.geometry == from_pieces([[SQUARE]], Crs.GCJ02)
    assert area.geometry != WANTED


@pytest.mark.parametrize(
    ("data", "crs", "words"),
    [
        (b"", Crs.CGCS2000, "文件是空的"),
        (b"hello", Crs.CGCS2000, "认不出文件格式"),
        (b"{not json", Crs.CGCS2000, "已损坏或不是UTF-8"),
        (b"[" * 100_000, Crs.CGCS2000, "已损坏"),
        (b"[1]", Crs.CGCS2000, "要素集"),
        (collection(feature({"type": "Point", "coordinates": [1, 2]})), Crs.CGCS2000, "没有面"),
        (collection(feature(polygon(SQUARE)), crs={"properties": {"name": "EPSG:4547"}}), Crs.CGCS2000, "不在境内"),
        (collection(feature(polygon(METRES)), crs={"properties": {"name": "EPSG:4546"}}), Crs.GCJ02, "避免重复偏移"),
        (collection(feature(polygon(METRES))), Crs.CGCS2000, "请连同.prj一起导入"),
        (collection(feature({"type": "Polygon", "coordinates": [[[10**400, 3], [1, 2], [3, 4]]]})), Crs.CGCS2000, "不是数字"),
        (shapefile_zip(("甲", METRES), prj=GK.replace("China_2000", "Xian_1980").replace("China_Geodetic_Coordinate_System_2000", "Xian").replace("CGCS2000", "Xian")), Crs.CGCS2000, "由测绘部门转成"),
        (collection(feature(polygon(SQUARE)), crs={"properties": {"name": "EPSG:4490"}}), Crs.GCJ02, "避免重复偏移"),
        (collection(feature(polygon(SQUARE)), crs={"properties": {"name": "Beijing 1954"}}), Crs.CGCS2000, "不能换算"),
        (collection(feature(polygon([(103.5, 30.2), (103.6, 30.3), (103.6, 30.2), (103.5, 30.3)]), name="乙")), Crs.CGCS2000, "第1个区域“乙”：第1块：边界在"),
        (b"<gpx></gpx>", Crs.CGCS2000, "不是KML"),
        (kml(("甲", SQUARE), head='<!DOCTYPE kml [<!ENTITY a "aaaa">]>'), Crs.CGCS2000, "实体定义"),
        (b"<kml><Placemark>", Crs.CGCS2000, "已损坏"),
        (b"PK\x03\x04broken", Crs.CGCS2000, "压缩包已损坏"),
        (zipped(readme__txt=b"x"), Crs.CGCS2000, "没有.kml也没有.shp"),
        (zipped(a__shp=b"x", b__shp=b"y"), Crs.CGCS2000, "2个图层"),
        (zipped(a__shp=b"\x00" * 200), Crs.CGCS2000, "shapefile已损坏"),
        (lying_shapefile(), Crs.CGCS2000, "shapefile已损坏"),
        (shapefile_zip(("甲", SQUARE), prj=HALF), Crs.CGCS2000, "不是以米为单位"),
        (b"\x00\x00\x27\x0a" + b"\x00" * 96, Crs.CGCS2000, "请把同名的"),
        (zipped(doc__kml=b"0" * 200_000_000), Crs.CGCS2000, "异常庞大"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_remedy(data, crs, words):
    with pytest.raises(BadGeometry, match=words):
        read_areas(data, crs)


def test_a_locked_archive_is_refused():
    data = bytearray(zipped(doc__kml=kml(("甲", SQUARE))))
    # The bit that says "encrypted" in both the local and the central header.
    data[6] |= 1
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    with pytest.raises(BadGeometry, match="加了密码"):
        read_areas(bytes(data), Crs.CGCS2000)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"{", b"<kml>", b"PK\x03\x04", b"\x00\x00\x27\x0a"]))
def test_rubbish_is_refused_and_nothing_else(rubbish, head):
    with pytest.raises(BadGeometry):
        read_areas(head + rubbish, Crs.CGCS2000)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_damaged_shapefile_is_read_or_refused(data):
    whole = shapefile_zip(("甲", SQUARE), ("乙", EAST))
    parts = {}
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        for name in archive.namelist():
            content = bytearray(archive.read(name))
            for _ in range(3):
                at = data.draw(st.integers(0, len(content) - 1))
                content[at] = data.draw(st.integers(0, 255))
            parts[name] = bytes(content)
    with contextlib.suppress(BadGeometry):
        read_areas(zipped(**parts), Crs.CGCS2000)
