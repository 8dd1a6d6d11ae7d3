"""Registers of units and chemicals over all enterprises, chemicals by table, what makes a chemical a key one."""

import datetime as dt
import io
from decimal import Decimal
from urllib.parse import urlencode

import openpyxl
import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from bihuan.attachments.imports import begin, start_batch
from bihuan.registry import hazardous, risks
from bihuan.registry.chemicalimporting import SPECS, ChemicalImporter
from bihuan.registry.models import Chemical, MajorUnit

from .sheets import upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def station(world):
    return world.enterprises.station


@pytest.fixture
def shop(world):
    return world.enterprises.shop


def tank(enterprise, by, tonnes="200", population=60, name="罐区", **values):
    unit = risks.save_unit(
        enterprise, {"name": name, "kind": "storage", "population": population} | values, by=by
    )
    given = {
        "unit": unit, "name": "液化石油气", "state": "liquid", "categories": [], "design_maximum": Decimal(tonnes),
    }  # fmt: skip
    risks.save_chemical(enterprise, given, by=by)
    return MajorUnit.objects.get(pk=unit.pk)


# --- key chemicals and processes -------------------------------------------------------------------


def test_a_listed_chemical_is_a_key_one_whatever_was_ticked(world, station):
    given = {"name": "液氯", "state": "gas", "design_maximum": Decimal(1), "is_key": False}
    made = risks.save_chemical(station, given, by=world.people.office)
    assert made.is_key
    why = risks.flag_reasons(station, on=timezone.localdate())
    assert why["重点监管危险化学品"] == ["液氯（首批第1项 氯，安监总管三〔2011〕95号，待核对原文）"]
    assert why["重大危险源"] == []


def test_a_place_may_add_to_the_list(world, station):
    given = {"name": "某混合溶剂", "state": "liquid", "design_maximum": Decimal(1), "is_key": True}
    risks.save_chemical(station, given, by=world.people.office)
    assert risks.flag_reasons(station, on=timezone.localdate())["重点监管危险化学品"] == [
        "某混合溶剂（本地增补）"
    ]


def test_processes_are_chosen_from_the_list_and_declare_themselves(client, world, station):
    client.force_login(world.people.office)
    answer = client.post(
        reverse("registry:profile", args=[station.pk]),
        {"processes": ["硝化", "电解（氯碱）"], "standardization": ""},
    )
    assert answer.status_code == 302
    profile = station.risk_profile
    assert (profile.key_processes, profile.processes) == (True, "电解（氯碱）、硝化")
    why = risks.flag_reasons(station, on=timezone.localdate())["重点监管危险化工工艺"]
    assert why[1] == "硝化（首批第4项 硝化工艺，安监总管三〔2009〕116号，待核对原文）"
    page = client.get(reverse("registry:risks", args=[station.pk])).content.decode()
    assert "首批第4项 硝化工艺" in page


def test_attributes_of_the_kind_count_as_declared(world, station):
    station.attributes = {"key_chemicals": True, "key_processes": ["聚合", "自创"]}
    why = risks.flag_reasons(station, on=timezone.localdate())
    assert why["重点监管危险化学品"] == ["企业申报，还没有登记品种"]
    assert why["重点监管危险化工工艺"] == [
        "聚合（首批第14项 聚合工艺，安监总管三〔2009〕116号，待核对原文）",
        "自创（名录外，企业申报）",
    ]


# --- registers -------------------------------------------------------------------------------------


def units(user, **query):
    return [row.name for row in hazardous.units_of(user, QueryDict(urlencode(query))).rows]


def test_units_are_found_by_grade_and_by_what_they_lack(world, station, shop):
    """200 t of LPG with 60 people is R = 9, grade 4; 3 000 t with 120 people R = 2×1.5×60 = 180, grade 1."""
    by = world.people.office
    today = timezone.localdate()
    tank(station, by, evaluated_on=today - dt.timedelta(days=3))
    tank(station, by, "3000", 120, name="球罐区")
    tank(shop, by, "1", name="气瓶间")
    risks.save_unit(shop, {"name": "空库", "kind": "storage"}, by=by)
    assert units(by, state="4") == ["罐区"]
    assert units(by, state="1") == ["球罐区"]
    assert units(by, state="none") == ["气瓶间"]
    assert units(by, state="problem") == ["空库"]
    assert units(by, due="unevaluated") == ["球罐区"]
    assert units(by, due="unguarded") == ["球罐区", "罐区"]
    assert units(by, state="9") == []
    counts = hazardous.unit_counts(MajorUnit.objects.all())
    assert (
        counts["units"],
        counts["enterprises"],
        counts["level_1"],
        counts["level_4"],
        counts["problem"],
    ) == (2, 1, 1, 1, 1)
    assert units(world.people.qingshi_officer) == ["空库", "气瓶间"]


def test_a_list_of_units_says_what_is_in_them_and_who_stands_for_them(world, station):
    by = world.people.office
    people = [{"role": "principal", "name": "沈平安", "title": "", "phone": ""}]
    unit = risks.save_unit(
        station, {"name": "罐区", "kind": "storage", "population": 60}, by=by, guardians=people
    )
    risks.save_chemical(
        station, {"unit": unit, "name": "液化石油气", "state": "liquid", "categories": [], "design_maximum": Decimal(200)}, by=by
    )  # fmt: skip
    rows = list(hazardous.units_of(by, QueryDict("")).rows)
    columns = ["enterprise", "chemicals", "r", "standing", "guardians"]
    assert hazardous.UNIT_ROWS.cells(rows, columns) == [
        [station.name, "液化石油气200吨", "9", "四级重大危险源", "主要负责人 沈平安"]
    ]


@pytest.mark.parametrize(
    ("said", "found"), [("光气", True), ("75-44-5", True), ("碳酰氯", True), ("光", False), ("氯化氢", False)]
)
def test_a_chemical_is_found_by_its_other_names(world, station, said, found):
    given = {"name": "碳酰氯", "cas": "75-44-5", "state": "gas", "design_maximum": Decimal("0.5")}
    risks.save_chemical(station, given, by=world.people.office)
    rows = hazardous.chemicals_of(world.people.office, QueryDict(urlencode({"chemical": said}))).rows
    assert rows.exists() is found


def test_amounts_are_summed_by_name(client, world, station, shop):
    by = world.people.office
    for enterprise, name, tonnes in ((station, "甲醇", "10.5"), (shop, "甲醇", "2"), (shop, "机油", "1")):
        risks.save_chemical(
            enterprise, {"name": name, "state": "liquid", "design_maximum": Decimal(tonnes)}, by=by
        )
    rows = Chemical.objects.all()
    assert [
        (row["name"], row["enterprises"], row["tonnes"], row["key"]) for row in hazardous.by_name(rows)
    ] == [
        ("甲醇", 2, Decimal("12.5"), 2),
        ("机油", 1, Decimal("1"), 0),
    ]
    client.force_login(by)
    page = client.get(reverse("registry:chemicals"), {"by": "name"}).content.decode()
    assert "2 家企业、3 条，设计最大量合计 13.5 吨；其中重点监管 2 条" in page
    page = client.get(reverse("registry:chemicals"), {"key": "key"}).content.decode()
    assert "机油" not in page
    client.force_login(world.people.qingshi_officer)
    assert "1 家企业、2 条" in client.get(reverse("registry:chemicals")).content.decode()


def test_the_register_of_units_is_a_page_and_each_is_reckoned_anew_on_demand(client, world, station):
    unit = tank(station, world.people.office)
    MajorUnit.objects.update(r="1", grade=1)
    client.force_login(world.people.office)
    page = client.get(reverse("registry:units")).content.decode()
    assert "一级重大危险源" in page
    assert client.post(reverse("registry:reckon", args=[unit.pk])).url == unit.get_absolute_url()
    unit.refresh_from_db()
    assert (unit.r, unit.grade) == ("9", 4)
    client.force_login(world.people.station)
    assert "罐区" in client.get(reverse("registry:units")).content.decode()
    assert client.post(reverse("registry:reckon", args=[unit.pk])).status_code == 403


def test_after_a_new_standard_the_outdated_units_are_reckoned_at_once(client, world, station, shop):
    office = world.people.office
    old, new = tank(station, office), tank(shop, office, "1", name="气瓶间")
    MajorUnit.objects.filter(pk=old.pk).update(explanation={"set": "earlier"}, r="1")
    assert list(hazardous.outdated(office, timezone.localdate())) == [old]
    assert not hazardous.outdated(world.people.qingshi_officer, timezone.localdate()).exists()
    client.force_login(office)
    assert "1个单元还是按旧版标准计算的" in client.get(reverse("registry:units")).content.decode()
    assert client.post(reverse("registry:reckon_outdated")).url == reverse("registry:units")
    assert dict(MajorUnit.objects.values_list("pk", "r")) == {old.pk: "9", new.pk: ""}
    assert "旧版标准" not in client.get(reverse("registry:units")).content.decode()


# --- by table --------------------------------------------------------------------------------------


def table(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


HEAD = ["单位名称", "化学品名称", "CAS", "物态", "最大储量", "单元", "单元类型", "储存地点"]


def test_chemicals_come_by_table_with_their_units_and_again_change_nothing(
    world, station, django_capture_on_commit_callbacks
):
    officer = world.people.office
    data = table(
        HEAD,
        [station.name, "液化石油气", "68476-85-7", "液态", "150吨", "罐区", "储存", "1号罐"],
        [station.name, "液化石油气", "68476-85-7", "液态", 50, "罐区", "", "2号罐"],
        [station.name, "液化石油气", "68476-85-7", "液态", 50, "罐区", "", "2号罐"],
        [station.name, "甲醇", "67-56-2", "气体状", "一车", "库房", "", ""],
        ["没有这家", "甲醇", "", "液态", 1, "", "", ""],
    )

    def bring():
        batch = start_batch(ChemicalImporter.target, upload(data, "危化品.xlsx"), by=officer)
        with django_capture_on_commit_callbacks(execute=True):
            begin(batch, batch.mapping, by=officer)
        batch.refresh_from_db()
        return batch

    batch = bring()
    assert (batch.created, set(batch.errors)) == (2, {"4", "5", "6"})
    assert "与第3行重复" in batch.errors["4"][0][1]
    said = "；".join(words for _, words in batch.errors["5"])
    for words in ("形态“气体状”无法识别", "“一车”不是吨数", "校验位不符", "请补填单元类型"):
        assert words in said
    unit = MajorUnit.objects.get()
    assert (unit.name, unit.kind, unit.s, unit.is_major) == ("罐区", "storage", "4", True)
    assert list(station.chemicals.values_list("place", "design_maximum", "is_key")) == [
        ("1号罐", Decimal(150), True),
        ("2号罐", Decimal(50), True),
    ]
    again = bring()
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)


def test_a_changed_amount_is_an_update_and_the_unit_follows(
    world, station, django_capture_on_commit_callbacks
):
    officer = world.people.office
    tank(station, officer, "200")
    data = table(HEAD, [station.name, "液化石油气", "", "液态", 25, "罐区", "", ""])
    batch = start_batch(ChemicalImporter.target, upload(data, "危化品.xlsx"), by=officer)
    with django_capture_on_commit_callbacks(execute=True):
        begin(batch, batch.mapping, by=officer)
    batch.refresh_from_db()
    assert (batch.created, batch.updated) == (0, 1)
    assert MajorUnit.objects.get().s == "0.5"


def test_the_steps_of_the_import_are_pages(client, world):
    client.force_login(world.people.office)
    assert "危险化学品清单" in client.get(reverse("registry:chemical_import")).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("registry:chemical_template")).content))
    assert [cell.value.rstrip("*") for cell in book.active[1]] == [spec.label for spec in SPECS]
    data = table(HEAD, [world.enterprises.shop.name, "甲醇", "", "液态", 1, "", "", ""])
    answer = client.post(reverse("registry:chemical_import"), {"sheet": upload(data, "危化品.xlsx")})
    page = client.get(answer.url).content.decode()
    assert "化学品名称" in page
