"""Versions of a kind's attributes: who edits, what is published for good, and what records make of them."""

import io

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.urls import reverse

from bihuan.core.errors import IllegalMove, Refused
from bihuan.registry import schemas
from bihuan.registry.attributes import Attribute, from_schema
from bihuan.registry.exporting import RegistrySource
from bihuan.registry.filters import RegistryFilter
from bihuan.registry.kinds import ensure_schemas
from bihuan.registry.models import Enterprise, KindSchema, Premises

from .sheets import HEADINGS, code, good_row, run_import
from .test_views import empty_parts, enter, new_form

pytestmark = pytest.mark.django_db

FUEL = Attribute("fuel", "燃料", "choice", choices=("瓶装液化石油气", "管道天然气", "电"), required=True)
STOCK = Attribute(
    "cylinder_stock", "气瓶存放总重量", "number", unit="kg", minimum=0, maximum=5000, group="用气"
)


@pytest.fixture
def office(world):
    return world.people.office


@pytest.fixture
def asked(world, office):
    """Restaurants are asked for their fuel and their cylinders."""
    return published(world.kinds.restaurant, (FUEL, STOCK), by=office)


@pytest.fixture
def shop(world):
    return world.enterprises.shop


def published(kind, attributes, *, by):
    draft = schemas.start_draft(kind, by=by)
    schemas.save_draft(draft, attributes, by=by, seen=0)
    schemas.publish(draft, by=by, seen=1)
    return draft


# --- versions --------------------------------------------------------------------------------------


def test_a_published_version_stands_and_the_next_begins_from_it(world, office, asked):
    draft = schemas.start_draft(world.kinds.restaurant, by=office)
    assert (draft.version, from_schema(draft.schema)) == (2, (FUEL, STOCK))
    assert schemas.in_force(world.kinds.restaurant) == asked
    with pytest.raises(IllegalMove):
        schemas.save_draft(asked, (FUEL,), by=office, seen=asked.revision)
    with pytest.raises(IllegalMove):
        schemas.discard_draft(asked, by=office)
    schemas.discard_draft(draft, by=office)
    assert KindSchema.objects.count() == 1


def test_one_draft_at_a_time(world, office, asked):
    schemas.start_draft(world.kinds.restaurant, by=office)
    with pytest.raises(IllegalMove, match="已有草稿"):
        schemas.start_draft(world.kinds.restaurant, by=office)


def test_whoever_publishes_what_somebody_changed_meanwhile_is_refused(world, office):
    mine = schemas.start_draft(world.kinds.restaurant, by=office)
    theirs = KindSchema.objects.get(pk=mine.pk)
    schemas.save_draft(mine, (FUEL,), by=office, seen=0)
    with pytest.raises(IllegalMove):
        schemas.save_draft(theirs, (STOCK,), by=office, seen=0)
    schemas.publish(mine, by=office, seen=1)
    with pytest.raises(IllegalMove):
        schemas.publish(theirs, by=office, seen=1)
    assert KindSchema.objects.published().count() == 1


def test_nothing_empty_or_unsound_is_published(world, office):
    draft = schemas.start_draft(world.kinds.restaurant, by=office)
    with pytest.raises(Refused, match="空的"):
        schemas.publish(draft, by=office, seen=0)
    with pytest.raises(Refused, match="两个以上选项"):
        schemas.save_draft(draft, (Attribute("a", "甲", "choice", choices=("一",)),), by=office, seen=0)


@pytest.mark.parametrize(
    "who", ["inspector", "qingshi_officer", "housing", "county_office", "shop", "sysadmin"]
)
def test_only_the_office_defines(world, who):
    with pytest.raises(PermissionDenied):
        schemas.start_draft(world.kinds.restaurant, by=getattr(world.people, who))


def test_shipped_versions_come_once_and_an_office_s_own_stays(world, office, asked):
    assert ensure_schemas() == 1  # the filling station; restaurants have their own
    assert ensure_schemas() == 0
    assert schemas.in_force(world.kinds.restaurant) == asked


# --- records ---------------------------------------------------------------------------------------


def test_a_form_asks_for_what_the_kind_needs(client, world, asked):
    page = enter(client, world.people.qingshi_officer)
    url = reverse("registry:create")
    assert (
        "气瓶存放总重量（kg）"
        in page.get(reverse("registry:kind_fields"), {"kind": "restaurant"}).content.decode()
    )
    answer = page.post(url, new_form(attributes_of=""))
    assert answer.status_code == 422
    assert "类型已改" in answer.content.decode()
    answer = page.post(url, new_form(attributes_of="restaurant", **{"attr.cylinder_stock": "九百"}))
    assert "燃料须填写" in answer.content.decode()
    assert "不是数字" in answer.content.decode()
    sound = {"attr.fuel": "管道天然气", "attr.cylinder_stock": "20.5"}
    answer = page.post(url, new_form(attributes_of="restaurant", **sound))
    assert answer.status_code == 302
    made = Enterprise.objects.get(credit_code=code(77))
    assert (made.attributes, made.attributes_version) == ({"fuel": "管道天然气", "cylinder_stock": 20.5}, 1)
    detail = page.get(made.get_absolute_url()).content.decode()
    assert "20.5kg" in detail
    assert ["气瓶存放总重量", "", "20.5kg"] in made.changes.get().changes


def test_a_new_version_lists_what_old_records_lack_and_they_are_filled_in(client, world, office, asked, shop):
    shop.attributes, shop.attributes_version = {"fuel": "电", "cylinder_stock": 5.0}, 1
    shop.save()
    assert schemas.needed_upgrade(shop) is None
    area = Attribute("area", "营业面积", "number", unit="㎡", required=True)
    published(world.kinds.restaurant, (FUEL, area), by=office)
    found = schemas.needed_upgrade(shop)
    assert [each.label for each in found.missing] == ["营业面积"]
    assert [label for label, _ in found.dropped] == ["气瓶存放总重量"]
    assert shop in schemas.behind(Enterprise.objects.all())
    page = enter(client, world.people.qingshi_officer)
    url = reverse("registry:attributes", args=[shop.pk])
    assert "还缺：营业面积" in page.get(url).content.decode()
    sent = {"seen": shop.updated_at.isoformat(), "attr.fuel": "电", "attr.area": "80"}
    assert page.post(url, sent).status_code == 302
    assert page.post(url, sent).status_code == 422  # another tab, opened before
    shop.refresh_from_db()
    assert (shop.attributes, shop.attributes_version) == ({"fuel": "电", "area": 80.0}, 2)
    assert shop not in schemas.behind(Enterprise.objects.all())


def test_premises_have_attributes_of_their_own_kind(client, world, asked, shop):
    place = Premises.objects.create(
        enterprise=shop, name="二店", kind=world.kinds.restaurant, locality=shop.locality
    )
    page = enter(client, world.people.qingshi_officer)
    url = reverse("registry:premises_attributes", args=[place.pk])
    assert page.post(url, {"seen": shop.updated_at.isoformat(), "attr.fuel": "电"}).status_code == 302
    place.refresh_from_db()
    assert place.attributes == {"fuel": "电"}
    assert enter(client, world.people.outsider).get(url).status_code == 404
    assert enter(client, world.people.inspector).get(url).status_code == 403


def test_another_kind_takes_the_attributes_away_and_says_so(client, world, asked, shop):
    shop.attributes, shop.attributes_version = {"fuel": "电"}, 1
    shop.save()
    sent = {
        "name": shop.name, "credit_code": "", "kind": "lpg_filling", "risk": shop.risk,
        "locality": shop.locality_id, "department": shop.department_id or "", "attributes_of": "restaurant",
        "seen_at": shop.updated_at.isoformat(),
    }  # fmt: skip
    page = enter(client, world.people.qingshi_officer)
    assert page.post(reverse("registry:edit", args=[shop.pk]), empty_parts() | sent).status_code == 302
    shop.refresh_from_db()
    assert (shop.attributes, shop.attributes_version) == ({}, None)
    assert ["专有属性", "fuel：电", ""] in shop.changes.latest("id").changes


# --- tables ----------------------------------------------------------------------------------------


def test_columns_of_attributes_land_and_bad_cells_say_the_same_as_the_form(
    world, asked, django_capture_on_commit_callbacks
):
    headings = [*HEADINGS, "燃料", "气瓶存放总重量（kg）"]
    rows = [
        [*good_row(1), "电", "0"],
        [*good_row(2), "", "5"],
        [*good_row(3), "煤", "六百"],
        [*good_row(4), "管道天然气", ""],
    ]
    book = openpyxl.Workbook()
    page = book.active
    page.append(headings)
    for row in rows:
        page.append(row)
    data = _bytes(book)
    by = world.people.qingshi_officer
    batch = run_import(data, by=by, run=django_capture_on_commit_callbacks)
    assert (batch.created, {int(number) for number in batch.errors}) == (2, {3, 4})
    assert batch.errors["3"] == [["燃料", "燃料须填写，请补填"]]
    assert {column for column, _ in batch.errors["4"]} == {"燃料", "气瓶存放总重量（kg）"}
    first = Enterprise.objects.get(credit_code=code(1))
    assert (first.attributes, first.attributes_version) == ({"fuel": "电", "cylinder_stock": 0.0}, 1)
    assert ["燃料", "", "电"] in first.changes.get().changes
    again = run_import(data, by=by, run=django_capture_on_commit_callbacks)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)


def test_the_template_of_a_kind_has_its_columns_and_the_import_knows_them(client, world, asked):
    page = enter(client, world.people.qingshi_officer)
    assert "?kind=restaurant" in page.get(reverse("registry:import")).content.decode()
    answer = page.get(reverse("registry:template"), {"kind": "restaurant"})
    headings = [cell.value for cell in openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0][1]]
    assert headings[-2:] == ["燃料*", "气瓶存放总重量（kg）"]


def test_a_list_of_one_kind_is_narrowed_and_taken_away_with_its_attributes(world, office, asked, shop):
    shop.attributes, shop.attributes_version = {"fuel": "电", "cylinder_stock": 5.0}, 1
    shop.save()

    def found(query):
        return set(RegistryFilter(QueryDict(query), office).queryset)

    assert found("kind=restaurant&attr.fuel=电") == {shop}
    assert shop not in found("kind=restaurant&attr.fuel=管道天然气")
    assert shop not in found("kind=restaurant&attr.fuel=unknown")
    assert found("kind=restaurant&attr.fuel=煤") == set()
    source = RegistrySource(office, "kind=restaurant")
    assert [column.label for column in source.columns][-2:] == ["燃料", "气瓶存放总重量（kg）"]
    rows, _ = source.after(source.begin(), 100)
    assert ("电", 5.0) in {row[-2:] for row in rows}
    assert len(RegistrySource(office, "").columns) == 17


# --- the editor ------------------------------------------------------------------------------------


def editor(*rows, seen=0, act="save"):
    sent = {
        "row-TOTAL_FORMS": str(len(rows)),
        "row-INITIAL_FORMS": "0",
        "seen": str(seen),
        "act": act,
        "note": "初版",
    }
    for place, row in enumerate(rows):
        sent |= {f"row-{place}-{name}": value for name, value in row.items()}
    return sent


def test_the_office_writes_a_schema_row_by_row_and_publishes_it(client, world, office):
    page = enter(client, office)
    page.post(reverse("registry:start_schema", args=["restaurant"]))
    draft = KindSchema.objects.get()
    url = reverse("registry:schema", args=[draft.pk])
    bad = {"label": "燃料", "name": "fuel", "type": "choice", "choices": "电"}
    answer = page.post(url, editor(bad))
    assert answer.status_code == 422
    assert "单选和多选须有两个以上选项" in answer.content.decode()
    good = bad | {"choices": "电、管道天然气", "required": "on", "order": "2"}
    seats = {"label": "餐位", "name": "seats", "type": "integer", "unit": "个", "order": "1"}
    assert page.post(url, editor(good, seats)).status_code == 302
    assert "餐位（个）" in page.get(url).content.decode()
    assert page.post(url, editor(good, seats, seen=1, act="publish")).status_code == 302
    names = [each.name for each in schemas.attributes_of("restaurant")]
    assert names == ["seats", "fuel"]
    assert page.get(reverse("registry:kind", args=["restaurant"])).status_code == 200
    assert page.get(reverse("registry:kinds")).status_code == 200
    assert "已发布的版本不能修改" in page.get(url).content.decode()
    assert page.post(url, editor(good, seen=2)).status_code == 302  # refused with a message
    assert len(schemas.attributes_of("restaurant")) == 2


def test_others_read_the_editor_s_page_but_do_not_write(client, world, asked):
    url = reverse("registry:schema", args=[asked.pk])
    page = enter(client, world.people.inspector)
    assert page.get(url).status_code == 200
    assert page.post(url, editor()).status_code == 403
    assert page.post(reverse("registry:start_schema", args=["restaurant"])).status_code == 403


def _bytes(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
