"""The invented city: counts, uniqueness, a map without gaps or overlaps, no real telephone."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from bihuan.demo.generate import load, localities

DATA = Path(__file__).parents[1] / "data"
ROLES = {
    "office_officer",
    "office_leader",
    "department_officer",
    "department_leader",
    "township_officer",
    "township_leader",
    "inspector",
    "enterprise_manager",
    "expert",
    "inspectorate",
    "system_admin",
    "security_admin",
    "audit_admin",
}
KINDS = [
    "restaurant",
    "gas_pipeline",
    "lpg_station",
    "lpg_filling",
    "delivery_station",
    "chemical_plant",
    "chemical_trade",
    "gas_station",
    "warehouse",
    "school",
    "hospital",
    "market",
]


def area(outline):
    pairs = zip(outline, outline[1:] + outline[:1], strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2


def covers(outline, x, y):
    """Winding-number test, written apart from the ray casting of the generator."""
    winding = 0
    for (ax, ay), (bx, by) in zip(outline, outline[1:] + outline[:1], strict=True):
        side = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
        if ay <= y < by and side > 0:
            winding += 1
        elif by <= y < ay and side < 0:
            winding -= 1
    return winding != 0


def test_the_city_has_three_counties_24_townships_and_one_zone():
    regions = load("regions")["regions"]
    tiers = [region["tier"] for region in regions]
    assert (tiers.count("city"), tiers.count("district"), tiers.count("county")) == (1, 1, 2)
    assert (tiers.count("street"), tiers.count("town"), tiers.count("township")) == (7, 12, 5)
    assert tiers.count("zone") == 1
    assert len({region["code"] for region in regions}) == len(regions) == 29


def test_township_codes_follow_their_kind_and_parent():
    ranges = {"street": range(1, 100), "town": range(100, 200), "township": range(200, 400)}
    for region in localities():
        if region["tier"] == "zone":
            assert (region["code"], region["parent"], region["administrative"]) == ("539771", "5397", False)
        else:
            assert len(region["code"]) == 9
            assert region["code"][:6] == region["parent"]
            assert int(region["code"][6:]) in ranges[region["tier"]]


def test_the_localities_tile_the_city_without_gap_or_overlap():
    regions = {region["code"]: region for region in load("regions")["regions"]}
    leaves = localities()
    assert sum(area(leaf["outline"]) for leaf in leaves) == pytest.approx(area(regions["5397"]["outline"]))
    for x in range(7, 1000, 23):
        for y in range(11, 720, 23):
            holders = sum(covers(leaf["outline"], x + 0.03, y + 0.07) for leaf in leaves)
            assert holders == covers(regions["5397"]["outline"], x + 0.03, y + 0.07), (x, y)


def test_a_county_is_the_sum_of_its_townships():
    regions = load("regions")["regions"]
    for county in (region for region in regions if region["parent"] == "5397" and region["administrative"]):
        parts = [region for region in regions if region["parent"] == county["code"]]
        assert sum(area(part["outline"]) for part in parts) == pytest.approx(area(county["outline"]))


def test_outlines_stay_on_the_canvas_and_labels_inside():
    for region in load("regions")["regions"]:
        assert all(0 <= x <= 1000 and 0 <= y <= 720 for x, y in region["outline"])
        assert covers(region["outline"], *region["label"])


def test_organizations_are_complete_and_no_alias_is_ambiguous():
    organizations = load("organizations")["organizations"]
    kinds = [organization["kind"] for organization in organizations]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "office": 4,
        "department": 14,
        "locality": 25,
        "inspectorate": 1,
        "experts": 1,
        "system": 1,
    }
    names = [
        name
        for organization in organizations
        for name in {*organization["aliases"], *(entry["name"] for entry in organization["names"])}
    ]
    assert len(names) == len(set(names))
    codes = {region["code"] for region in load("regions")["regions"]}
    assert all(organization["region"] in codes for organization in organizations)


def test_one_department_was_renamed_in_2019():
    emergency = next(item for item in load("organizations")["organizations"] if item["key"] == "yingji")
    assert [entry["name"] for entry in emergency["names"]] == ["云溪市安全生产监督管理局", "云溪市应急管理局"]
    assert emergency["names"][0]["valid_to"] == "2019-03-14"
    assert emergency["names"][1]["valid_from"] == "2019-03-15"


def test_people_are_unique_and_every_role_can_log_in():
    people = load("people")["people"]
    assert len({person["login"] for person in people}) == len(people)
    assert len({person["name"] for person in people}) == len(people)
    assert {person["role"] for person in people} == ROLES
    keys = {organization["key"] for organization in load("organizations")["organizations"]}
    assert all(person["organization"] in keys or person["enterprise"] for person in people)


def test_every_organization_with_duties_has_a_default_post():
    with_default = {person["organization"] for person in load("people")["people"] if person["is_default"]}
    for organization in load("organizations")["organizations"]:
        if organization["kind"] in {"office", "department", "locality"}:
            assert organization["key"] in with_default


@pytest.mark.parametrize(
    ("login", "role", "organization"),
    [
        ("office", "office_officer", "office"),
        ("office_leader", "office_leader", "office"),
        ("zhujian", "department_officer", "zhujian"),
        ("zhujian_leader", "department_leader", "zhujian"),
        ("yingji", "department_officer", "yingji"),
        ("xiaofang", "department_officer", "xiaofang"),
        ("jiedao", "inspector", "locality_539702003"),
        ("jiedao2", "inspector", "locality_539702003"),
        ("jiedao_officer", "township_officer", "locality_539702003"),
        ("jiedao_leader", "township_leader", "locality_539702003"),
        ("zhen", "inspector", "locality_539721100"),
        ("xianan", "office_officer", "county_lanxi"),
        ("qiye", "enterprise_manager", ""),
        ("huagong", "enterprise_manager", ""),
        ("zhuanjia", "expert", "experts"),
        ("ducha", "inspectorate", "inspectorate"),
        ("sysadmin", "system_admin", "system"),
        ("secadmin", "security_admin", "system"),
        ("auditor", "audit_admin", "system"),
    ],
)
def test_the_named_cast(login, role, organization):
    person = next(person for person in load("people")["people"] if person["login"] == login)
    assert (person["role"], person["organization"]) == (role, organization)


def test_inspectors_carry_distinct_certificates():
    numbers = [
        person["certificate_number"] for person in load("people")["people"] if person["role"] == "inspector"
    ]
    assert len(set(numbers)) == len(numbers) == 50


def test_only_the_invented_phone_range_appears_in_the_files():
    for path in DATA.iterdir():
        for digits in re.findall(r"(?<![\d.])1[3-9]\d{9}(?!\d)", path.read_text(encoding="utf-8")):
            assert digits.startswith("1990000"), path.name


def test_kinds_and_their_departments():
    usual = load("kinds")["departments"]
    assert list(usual)[: len(KINDS)] == KINDS
    shipped = {
        row["key"]: row
        for row in json.loads(files("bihuan.registry").joinpath("data/kinds.json").read_text("utf-8"))
    }
    assert set(shipped) - set(usual) == {"elderly_home"}
    departments = {
        item["key"] for item in load("organizations")["organizations"] if item["kind"] == "department"
    }
    assert set(usual.values()) <= departments
    assert all(len(kind["keywords"]) >= 3 for kind in shipped.values())


def test_hazard_texts_for_every_kind():
    hazards = load("hazard_texts")["hazards"]
    assert list(hazards) == KINDS
    for entries in hazards.values():
        assert len(entries) >= 10
        assert len({entry["text"] for entry in entries}) == len(entries)
        for entry in entries:
            low, high = entry["funds"]
            assert 0 <= low < high
            assert entry["basis"]["name"].startswith("《")
            # A major hazard names its criterion and is never done with on the spot.
            assert (entry["level"] == "major") == bool(entry["criterion"])
            assert not (entry["level"] == "major" and entry["fixed_on_spot_possible"])
            assert all(entry[field] for field in ("location", "measures", "interim"))


def test_major_hazards_are_cited_by_the_criterion_they_name():
    titles = {"G": "建城规〔2023〕4号", "C": "安监总管三〔2017〕121号"}
    for entries in load("hazard_texts")["hazards"].values():
        for entry in entries:
            if entry["criterion"]:
                assert titles[entry["criterion"][0]] in entry["basis"]["name"]


def test_checklists_for_every_kind():
    checklists = load("checklists")["checklists"]
    assert list(checklists) == KINDS
    codes = [item["code"] for items in checklists.values() for item in items]
    assert len(codes) == len(set(codes))
    for items in checklists.values():
        assert 8 <= len(items) <= 12
        for item in items:
            assert item["criterion"]
            assert item["disposition"]
            assert item["measure"] is None or item["measure"]["bound"] in {"min", "max"}


def test_send_backs_use_the_reasons_of_the_rules():
    reasons = {
        "photo_mismatch",
        "not_rectified",
        "measures_missing",
        "materials_incomplete",
        "unsigned",
        "other",
    }
    assert {entry["reason"] for entry in load("rectification_texts")["send_backs"]} == reasons
