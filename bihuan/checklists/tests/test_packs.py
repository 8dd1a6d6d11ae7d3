"""The shipped packs hold: numbers, codes, grounds, and the facts an inspector would check first."""

import datetime as dt
import json
import re
from decimal import Decimal
from importlib.resources import files

import pytest

from bihuan.checklists import packs
from bihuan.checklists.conditions import applies, parse
from bihuan.checklists.structure import InvalidBook
from bihuan.rules import gasusers, hazards

# Kinds the packs speak of; the registry's first list holds a part of them.
KINDS = {
    "restaurant", "gas_pipeline", "lpg_station", "lpg_filling", "delivery_station", "chemical_plant", "chemical_trade",
    "gas_station", "warehouse", "school", "hospital", "market", "construction_site", "workshop", "small_place",
    "boiler_furnace", "entertainment", "hotel", "elderly_home", "high_rise", "dust_factory",
}  # fmt: skip


def test_how_many_items_ship():
    counts = {book.key: sum(1 for _ in book.items()) for book in packs.load_all()}
    assert counts == {"gas": 71, "chemicals": 52, "fire": 48, "construction": 89, "small_places": 48}


def test_item_codes_are_unique_over_all_packs():
    codes = [item.code for book in packs.load_all() for _, item in book.items()]
    assert len(codes) == len(set(codes)) == 308


def test_every_kind_is_known_and_every_item_has_one():
    used = {kind for book in packs.load_all() for _, item in book.items() for kind in item.kinds}
    assert used == KINDS
    assert all(item.kinds for book in packs.load_all() for _, item in book.items())
    shipped = {
        row["key"]
        for row in json.loads(files("bihuan.registry").joinpath("data/kinds.json").read_text("utf-8"))
    }
    assert len(used & shipped) >= 12


def test_packs_name_documents_and_ladders_they_use():
    for key in packs.KEYS:
        pack = json.loads(
            files("bihuan.checklists").joinpath("data", "packs", f"{key}.json").read_text("utf-8")
        )
        rows = [item for section in pack["sections"] for item in section["items"]]
        assert set(pack["documents"]) == {basis["title"] for row in rows for basis in row["basis"]}
        assert set(pack["ladders"]) == set(pack["authorities"]) == {row["ladder"] for row in rows}


def test_criteria_for_operators_are_not_laid_on_users():
    """建城规〔2023〕4号 judges whoever supplies gas; a restaurant that fails an item has no major hazard by it."""
    operators = {"gas_pipeline", "lpg_station", "lpg_filling", "delivery_station", "gas_station"}
    for _, item in packs.load("gas").items():
        if item.criterion_code:
            assert set(item.kinds) <= operators, item.code
    users = [item for section, item in packs.load("gas").items() if section.code == "GAS-USE"]
    assert len(users) == 22
    assert not any(item.criterion_code for item in users)


def test_criteria_stay_in_their_domain_and_in_force():
    """GB 35181-2025 waits to be entered: no fire item may lean on the version it replaced."""
    domains = {
        "gas": "gas",
        "chemicals": "chemicals",
        "construction": "construction",
        "small_places": "industry",
    }
    for key in packs.KEYS:
        for _, item in packs.load(key).items():
            if item.criterion_code:
                criterion = hazards.criterion(item.criterion_code, dt.date(2026, 11, 22))
                assert criterion.domain == domains[key], item.code
    assert not any(item.criterion_code for _, item in packs.load("fire").items())


def test_criteria_for_industry_are_laid_on_industry_alone():
    """应急管理部令第10号 judges factories; a hotel's cesspool is not judged by it."""
    for _, item in packs.load("small_places").items():
        if item.criterion_code:
            assert set(item.kinds) <= {"workshop", "dust_factory"}, item.code


def test_every_criterion_of_the_chemical_standard_has_an_item():
    found = {item.criterion_code for _, item in packs.load("chemicals").items() if item.criterion_code}
    assert found == {f"C{number}" for number in range(1, 21)}


def test_the_criteria_of_the_construction_standard_have_items():
    """B11-1 takes two faults at once, B17 is whatever else is grave: no single item decides either."""
    found = {item.criterion_code for _, item in packs.load("construction").items() if item.criterion_code}
    counts = {4: 5, 5: 4, 6: 4, 7: 3, 8: 9, 9: 5, 10: 2, 11: 4, 12: 2, 13: 7, 14: 3, 15: 3}
    printed = {f"B{article}-{number}" for article, last in counts.items() for number in range(1, last + 1)}
    assert found == printed - {"B11-1"} | {"B16"}


def test_conditions_ask_for_what_the_registry_keeps():
    """A condition over an attribute no kind of the item has would never leave anything out."""
    kept = json.loads(files("bihuan.registry").joinpath("data/attributes.json").read_text("utf-8"))["kinds"]
    for book in packs.load_all():
        for _, item in book.items():
            attributes = {each["name"]: each for kind in item.kinds for each in kept.get(kind, [])}
            for part in parse(item.when):
                known = attributes[part.name]
                words = set(part.value.split("、"))
                if known["type"] in ("choice", "choices"):
                    assert words <= set(known["choices"]), item.code
                elif known["type"] == "yes_no":
                    assert words <= {"是", "否"}, item.code
                else:
                    assert known["type"] in ("number", "integer"), item.code


def test_a_site_without_tunnel_or_crane_is_not_asked_about_them():
    site = {"dangerous_works": ["基坑", "脚手架"], "tower_cranes": 0, "lifts": 2}
    asked = {item.code for _, item in packs.load("construction").items() if applies(item.when, site)}
    assert {"CON-PIT-01", "CON-LIF-06", "CON-LIF-12", "CON-SCA-01"} <= asked
    assert not {"CON-TUN-01", "CON-LIF-03", "CON-LIF-13", "CON-FOR-01", "CON-STR-03"} & asked


def test_an_item_is_no_surer_than_its_criterion():
    for book in packs.load_all():
        for _, item in book.items():
            if item.criterion_code and item.verified:
                assert hazards.criterion(item.criterion_code, dt.date(2026, 11, 22)).verified, item.code


@pytest.mark.parametrize(
    ("key", "code", "comparator", "number", "unit"),
    [
        ("gas", "GAS-USE-03", "<=", "2", "m"),
        ("gas", "GAS-USE-07", "<=", "100", "kg"),
        ("gas", "GAS-USE-08", ">=", "2.2", "m"),
        ("gas", "GAS-USE-10", ">=", "0.5", "m"),
        ("gas", "GAS-CYL-01", "<=", "8", "year"),
        ("gas", "GAS-CYL-02", "<", "12", "year"),
        ("gas", "GAS-CYL-03", "<=", "48", "month"),
        ("gas", "GAS-PIP-06", "<", "20", "%LEL"),
        ("chemicals", "CHE-PRO-06", "<=", "25", "%LEL"),
        ("chemicals", "CHE-PRO-07", "<=", "50", "%LEL"),
        ("fire", "FIRE-EVA-03", ">=", "0.8", "m"),
        ("fire", "FIRE-EVA-05", ">=", "2.1", "m"),
        ("construction", "CON-ELE-02", "<=", "30", "mA"),
        ("construction", "CON-FOR-01", "<=", "0.5", "m"),
        ("small_places", "SML-SPA-03", "<=", "30", "min"),
    ],
)
def test_the_numbers_everybody_knows(key, code, comparator, number, unit):
    measure = packs.load(key).find(code).measure
    assert (measure.comparator, measure.number, measure.unit) == (comparator, Decimal(number), unit)


@pytest.mark.parametrize(
    ("rule", "code", "as_rule"),
    [
        ("U4", "GAS-USE-09", "10"),
        ("U5", "GAS-USE-08", "2.2"),
        ("U10", "GAS-USE-17", "5"),
        ("U11", "GAS-USE-03", "2"),
        ("U14", "GAS-USE-06", "24"),
        ("U15", "GAS-USE-21", "60"),
        ("U16", "GAS-USE-22", "36"),
        ("U17", "GAS-USE-10", "0.5"),
    ],
)
def test_the_rules_for_gas_users_and_the_pack_name_the_same_numbers(rule, code, as_rule):
    """The rules count ages in months, the pack in years."""
    [criterion] = [each for each in gasusers.all_gas_criteria() if each.code == rule]
    assert str(criterion.requires[0].value) == as_rule
    measure = packs.load("gas").find(code).measure
    assert measure.number * (12 if measure.unit == "year" else 1) == Decimal(as_rule)


def test_gas_criteria_for_notified_users():
    found = {item.criterion_code: item.text for _, item in packs.load("gas").items() if item.criterion_code}
    assert {"G9-1", "G9-2", "G9-3", "G9-4"} <= set(found)
    assert found["G9-2"] == "安检发现引入管、立管在卫生间的，已书面告知整改"
    assert set(found) == {
        "G4-1", "G4-2", "G4-3", "G4-4", "G4-5", "G5-1", "G5-2", "G5-3", "G5-4", "G5-5", "G6-1", "G6-2", "G6-3", "G7-1",
        "G7-2", "G7-3", "G8", "G9-1", "G9-2", "G9-3", "G9-4",
    }  # fmt: skip


def test_texts_are_short_and_say_what_must_be_so():
    for book in packs.load_all():
        for _, item in book.items():
            assert len(item.text) <= 60, item.code
            assert not re.match(r"未|没有|无|存在", item.text), item.code
            assert not re.search(r"不得不|不能不|没有未|不是不", item.text), item.code


def test_who_carries_the_ladder_out_is_named():
    """气瓶充装许可 is a matter of special equipment, 用气 of gas: one book, two authorities (R054)."""
    gas = packs.load("gas")
    assert gas.find("GAS-OPS-01").authority == "燃气管理部门"
    assert gas.find("GAS-FIL-01").authority == "市场监督管理部门"
    assert all(item.authority for book in packs.load_all() for _, item in book.items())


def test_an_unknown_pack_is_named_with_the_known_ones():
    with pytest.raises(packs.UnknownPack) as caught:
        packs.load("mining")
    assert (
        str(caught.value)
        == "没有名为“mining”的行业检查表包，可用：gas、chemicals、fire、construction、small_places"
    )


def pack(**changes):
    row = {
        "code": "GAS-USE-01", "text": "软管不大于 2 m", "criterion": "", "method": ["量"], "basis": [{"title": "条例"}],
        "measure": {"label": "软管", "comparator": "<=", "number": "2", "unit": "m"}, "source": "国家标准",
        "verified": True, "ladder": "by", "severity": "serious", "kinds": [], "guidance": "", "proof": "",
    } | changes  # fmt: skip
    section = {"code": "GAS-USE", "title": "用户", "link": "use", "items": [row]}
    return {
        "key": "gas", "title": "燃气", "version": 1, "documents": {"条例": "令1号"}, "ladders": {"by": [{"word": "罚款"}]},
        "authorities": {"by": "燃气管理部门"},
        "sections": [section],
    }  # fmt: skip


def test_a_pack_is_put_together():
    item = packs.read(pack()).find("GAS-USE-01")
    assert item.basis[0].doc_no == "令1号"
    assert item.dispositions[0].word == "罚款"
    assert item.measure.number == 2
    assert item.authority == "燃气管理部门"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"basis": [{"title": "规范"}]}, "依据“规范”不在本包的文件表（documents）里"),
        ({"ladder": "soon"}, "处置阶梯“soon”不在本包的阶梯表（ladders）里"),
        (
            {"measure": {"label": "软管", "comparator": "<=", "number": "两", "unit": "m"}},
            "数值标准不是数，请写成像 2.5 这样的数字",
        ),
        ({"measure": {"label": "软管", "comparator": "<=", "number": "2"}}, "缺少字段“unit”"),
        ({"severity": "huge"}, "严重程度“huge”不认识，可用：minor、ordinary、serious"),
    ],
)
def test_a_broken_pack_is_refused_by_item(changes, why):
    with pytest.raises(InvalidBook) as caught:
        packs.read(pack(**changes))
    assert str(caught.value) == f"检查表“燃气”，“用户”一节，检查项 GAS-USE-01：{why}"
