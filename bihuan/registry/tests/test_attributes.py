"""What may stand in an attribute: the same sentence for a cell and for a field."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from bihuan.registry.attributes import (
    Attribute,
    check_definition,
    from_schema,
    missing,
    shipped_attributes,
    to_schema,
    upgrade,
    validate,
)

STOCK = Attribute("cylinder_stock", "气瓶存放总重量", "number", unit="kg", minimum=0, maximum=5000)
FUEL = Attribute("fuel", "燃料", "choice", choices=("瓶装液化石油气", "管道天然气", "无"), required=True)
GOODS = Attribute("products", "经营品种", "choices", choices=("汽油", "柴油", "氢"))
SEATS = Attribute("seats", "餐位", "integer", unit="个", minimum=0, maximum=200)
DETECTOR = Attribute("detector", "已安装可燃气体探测器", "yes_no")
CHECKED = Attribute("checked_on", "最近检定", "date")
ALL = (STOCK, FUEL, GOODS, SEATS, DETECTOR, CHECKED)


@pytest.mark.parametrize(
    ("attribute", "text", "value"),
    [
        (STOCK, "120", 120.0),
        (STOCK, "１２０ kg", 120.0),
        (STOCK, "1,200.5", 1200.5),
        (STOCK, "不详", None),
        (STOCK, "", None),
        (SEATS, "30个", 30),
        (FUEL, " 管道天然气 ", "管道天然气"),
        (FUEL, "无", "无"),
        (GOODS, "柴油、汽油", ["汽油", "柴油"]),
        (GOODS, "氢；氢", ["氢"]),
        (DETECTOR, "有", True),
        (DETECTOR, "无", False),
        (DETECTOR, "不详", None),
        (CHECKED, "2026年3月1日", "2026-03-01"),
    ],
)
def test_what_people_write_is_understood(attribute, text, value):
    assert attribute.read(text) == value
    assert type(attribute.read(text)) is type(value)


@pytest.mark.parametrize(
    ("attribute", "text", "words"),
    [
        (STOCK, "6000", "超过上限5000"),
        (STOCK, "-1", "小于下限0"),
        (STOCK, "很多", "不是数字"),
        (STOCK, "1e3", "不是数字"),
        (SEATS, "3.5", "不是整数"),
        (FUEL, "煤", "不在可选项中，请填：瓶装液化石油气、管道天然气"),
        (GOODS, "汽油、煤油", "煤油"),
        (DETECTOR, "也许", "请填是或否"),
        (CHECKED, "2026-13-01", "不是真实存在的日期"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(attribute, text, words):
    with pytest.raises(ValidationError, match=words):
        attribute.read(text)


def test_a_schema_keeps_everything_and_its_order():
    assert from_schema(to_schema(ALL)) == ALL
    assert to_schema(ALL)["required"] == ["fuel"]
    assert to_schema(ALL)["properties"]["cylinder_stock"] == {
        "title": "气瓶存放总重量", "type": "number", "x-order": 1, "minimum": 0, "maximum": 5000, "x-unit": "kg",
    }  # fmt: skip


def test_order_survives_a_store_that_forgets_it():
    schema = to_schema(ALL)
    schema["properties"] = dict(sorted(schema["properties"].items()))
    assert from_schema(schema) == ALL


def test_the_published_schema_judges_what_is_stored():
    schema = to_schema(ALL)
    sound = {"fuel": "管道天然气", "cylinder_stock": 10.0, "products": ["汽油"], "detector": False}
    assert validate(schema, sound) == []
    assert validate(schema, {}) == []  # what is missing is told by `missing`
    assert [name for name, _ in validate(schema, {"fuel": "煤", "seats": 1000, "detector": "是"})] == [
        "fuel", "seats", "detector",
    ]  # fmt: skip
    assert validate(schema, {"colour": "red"}) == [("", "属性表里没有：colour")]


def test_what_is_not_in_the_subset_is_refused():
    with pytest.raises(ValidationError, match="不在支持范围"):
        from_schema({"type": "object", "properties": {"a": {"type": "object"}}})
    with pytest.raises(ValidationError, match="不是有效的JSON Schema"):
        from_schema({"type": "object", "properties": {"a": {"type": "texts"}}})


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ((FUEL, FUEL), "代码重复：fuel"),
        ((Attribute("Fuel", "燃料", "text"),), "代码须以小写字母开头"),
        ((Attribute("fuel", "燃料", "choice", choices=("电",)),), "两个以上选项"),
        ((Attribute("fuel", "燃料", "choice", choices=("油/气", "电")),), "选项里不能有"),
        ((Attribute("fuel", "燃料", "text", unit="kg"),), "只有整数和数值"),
        ((Attribute("n", "数", "number", minimum=2, maximum=1),), "下限大于上限"),
    ],
)
def test_attributes_that_cannot_be_asked_so(attributes, words):
    with pytest.raises(ValidationError, match=words):
        check_definition(attributes)


def test_carrying_a_record_to_a_new_version_names_what_goes_and_what_lacks():
    after = (
        Attribute("fuel", "燃料", "choice", choices=("管道天然气", "电"), required=True),
        Attribute("area", "营业面积", "number", unit="㎡", required=True),
        SEATS,
    )
    found = upgrade(ALL, after, {"fuel": "瓶装液化石油气", "seats": 30, "detector": True})
    assert found.kept == {"seats": 30}
    assert [label for label, _ in found.dropped] == ["燃料", "已安装可燃气体探测器"]
    assert [each.name for each in found.missing] == ["fuel", "area"]
    assert missing(after, {"fuel": "电", "area": 1.0}) == []


def test_words_for_people():
    assert STOCK.words(120.0) == "120kg"
    assert STOCK.words(1234567.5) == "1234567.5kg"
    assert DETECTOR.words(False) == "否"
    assert GOODS.words(["汽油", "氢"]) == "汽油、氢"
    assert FUEL.words(None) == ""


def test_every_shipped_kind_can_be_asked():
    shipped = shipped_attributes()
    assert len(shipped) == 25
    for attributes in shipped.values():
        check_definition(attributes)
        assert from_schema(to_schema(attributes)) == attributes
    assert {a.name for a in shipped["restaurant"]} >= {
        "fuel", "cylinder_stock", "detector", "cutoff_valve", "conversion", "hose_length",
    }  # fmt: skip
    assert {a.name for a in shipped["pipeline_section"]} >= {
        "pressure_class", "length", "built_in", "material", "occupied_spots",
    }  # fmt: skip


@given(st.text(max_size=30))
def test_any_text_is_understood_or_refused_in_words(text):
    for attribute in ALL:
        try:
            value = attribute.read(text)
        except ValidationError:
            continue  # anything else would be a crash
        assert value is None or validate(to_schema([attribute]), {attribute.name: value}) == []
        assert value is None or attribute.problem(value) == ""
