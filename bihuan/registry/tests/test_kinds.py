"""A new installation can register a restaurant at once; an office adds kinds of its own and renames what is shipped."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from bihuan.accounts.models import Organization, Region, User
from bihuan.core.errors import Refused
from bihuan.registry import access, schemas
from bihuan.registry.attributes import Attribute, differences
from bihuan.registry.kinds import ensure_kinds, save_kind
from bihuan.registry.models import EnterpriseKind

from .test_schemas import FUEL, STOCK, published

STATION = {
    "key": "battery_station", "label": "储能电站", "sector": "电力", "keywords": ["储能电站", "储能"], "default_department": None,
    "default_risk": "orange",
}  # fmt: skip


def test_shipped_kinds_are_added_once_and_never_overwritten(db):
    assert ensure_kinds() == 25
    EnterpriseKind.objects.filter(key="restaurant").update(label="餐饮服务")
    assert ensure_kinds() == 0
    assert EnterpriseKind.objects.get(key="restaurant").label == "餐饮服务"
    assert "餐饮企业" in EnterpriseKind.objects.get(key="restaurant").keywords


def test_an_office_adds_a_kind_and_changes_it(world):
    office = world.people.office
    made = save_kind(STATION, by=office)
    assert (made.pk, made.position) == ("battery_station", 3)
    save_kind({"label": "电化学储能电站", "default_risk": "red"}, by=office, kind=made)
    made.refresh_from_db()
    assert (made.label, made.sector, made.default_risk) == ("电化学储能电站", "电力", "red")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "restaurant"}, "已有类型使用"),
        ({"label": "餐饮"}, "已有名为“餐饮”的类型"),
        ({"keywords": ["储能", "充装站"]}, "“充装站”（气瓶充装站）已属于别的类型"),
    ],
)
def test_a_key_a_name_and_a_word_mean_one_kind(world, changes, words):
    with pytest.raises(Refused, match=words):
        save_kind(STATION | changes, by=world.people.office)
    assert EnterpriseKind.objects.count() == 2


@pytest.mark.parametrize("who", ["office_leader", "county_office", "housing", "qingshi_officer", "shop"])
def test_only_the_office_over_everything_defines_kinds(world, who):
    with pytest.raises(PermissionDenied):
        save_kind(STATION, by=getattr(world.people, who))


def test_where_cities_share_an_installation_their_province_defines(world):
    """What one city's office changed would change every other city's forms."""
    province = Region.objects.create(code="53", name="云岭省", short_name="云岭", kind="province")
    Region.objects.filter(pk="5397").update(parent=province)
    assert access.keeps_kinds(world.people.office)
    Region.objects.create(code="5398", name="云海市", short_name="云海", kind="city", parent=province)
    assert not access.keeps_kinds(world.people.office)
    Organization.objects.filter(pk=world.organizations.office.pk).update(region=province)
    assert access.keeps_kinds(User.objects.get(pk=world.people.office.pk))


def test_a_county_reads_what_it_may_not_change(client, world):
    made = published(world.kinds.restaurant, (FUEL, STOCK), by=world.people.office)
    client.force_login(world.people.county_office)
    page = client.get(reverse("registry:kinds")).content.decode()
    assert "由管全部区划的安委办编制" in page
    assert reverse("registry:new_kind") not in page
    assert client.get(reverse("registry:schema", args=[made.pk])).status_code == 200
    kind = reverse("registry:kind", args=["restaurant"])
    assert "起草新版" not in client.get(kind).content.decode()
    for name, args in (("new_kind", ()), ("edit_kind", ("restaurant",))):
        assert client.get(reverse(f"registry:{name}", args=args)).status_code == 403
    assert client.post(reverse("registry:start_schema", args=["restaurant"])).status_code == 403


def test_from_a_new_kind_to_its_form_by_pages(client, world):
    client.force_login(world.people.office)
    url = reverse("registry:new_kind")
    form = STATION | {"keywords": "储能电站、储能", "default_department": ""}
    for key in ("Bad", "new", "1st"):
        assert client.post(url, form | {"key": key}).status_code == 422
    assert client.post(url, form).url == reverse("registry:kind", args=["battery_station"])
    kind = EnterpriseKind.objects.get(pk="battery_station")
    published(kind, (Attribute("capacity", "容量", "number", unit="MWh", minimum=0),), by=world.people.office)
    fields = client.get(reverse("registry:kind_fields"), {"kind": "battery_station"}).content.decode()
    assert "容量（MWh）" in fields
    edit = reverse("registry:edit_kind", args=["battery_station"])
    assert 'value="储能电站"' in client.get(edit).content.decode()
    assert client.post(edit, form | {"label": "餐饮"}).status_code == 422


def test_a_version_is_taken_away_as_the_schema_it_is(client, world):
    made = published(world.kinds.restaurant, (FUEL, STOCK), by=world.people.office)
    client.force_login(world.people.qingshi_officer)
    answer = client.get(reverse("registry:schema_json", args=[made.pk]))
    assert answer["Content-Type"] == "application/schema+json"
    schema = json.loads(answer.content)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["cylinder_stock"]["x-unit"] == "kg"
    assert schema["required"] == ["fuel"]


def test_what_a_draft_changes_is_said_with_what_it_does_to_records(client, world):
    office, shop = world.people.office, world.enterprises.shop
    published(world.kinds.restaurant, (FUEL, STOCK), by=office)
    shop.attributes, shop.attributes_version = {"fuel": "电", "cylinder_stock": 900.0}, 1
    shop.save()
    less = Attribute(
        "fuel", "燃料", "choice", choices=("瓶装液化石油气", "管道天然气", "醇基燃料"), required=True
    )
    area = Attribute("area", "面积", "number", unit="㎡", minimum=1, required=True)
    draft = schemas.start_draft(world.kinds.restaurant, by=office)
    schemas.save_draft(draft, (less, area), by=office, seen=0)
    client.force_login(office)
    page = client.get(reverse("registry:schema", args=[draft.pk])).content.decode()
    for words in (
        "新增“面积（㎡）”（数值，不小于1，必填）", "“燃料”：选项增加醇基燃料，选项去掉电", "不再登记“气瓶存放总重量（kg）”",
        "1家没有填“面积”", "1家“燃料”的原值不合新要求", "1家填过“气瓶存放总重量”，转入新版后不再保留",
    ):  # fmt: skip
        assert words in page


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (STOCK, []),
        (Attribute("cylinder_stock", "存瓶量", "number", unit="kg", minimum=0, maximum=5000), ["“气瓶存放总重量（kg）”：改称“存瓶量（kg）”"]),
        (Attribute("cylinder_stock", "气瓶存放总重量", "integer", unit="kg", minimum=0, maximum=420, required=True),
         ["“气瓶存放总重量（kg）”：由数值改为整数，由不小于0，不大于5000改为不小于0，不大于420，改为必填"]),
    ],
)  # fmt: skip
def test_versions_are_compared_in_words(after, words):
    assert differences((STOCK,), (after,)) == words
