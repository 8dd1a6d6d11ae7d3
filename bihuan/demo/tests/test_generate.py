"""Invented enterprises, plans and drawings: complete, valid, and the same every time."""

import datetime as dt
import io
import re
from collections import Counter

import pytest
from docx import Document
from PIL import Image

from bihuan.demo import plan_documents
from bihuan.demo.generate import enterprises, load, localities, photo

# GB 32100-2015 by hand: the 31 signs and the powers of three modulo 31.
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]


def check_sign(code):
    remainder = sum(SIGNS.index(sign) * weight for sign, weight in zip(code[:17], WEIGHTS, strict=True)) % 31
    return SIGNS[0 if remainder == 0 else 31 - remainder]


@pytest.fixture(scope="module")
def rows():
    return enterprises()


def test_the_hand_check_agrees_with_published_codes():
    for code in ("91330100799655058B", "91110108551385082Q", "91110000802100433B", "9144030071526726XG"):
        assert check_sign(code) == code[17]


def test_400_enterprises_of_twelve_kinds_in_every_locality(rows):
    assert len(rows) == 400
    assert Counter(row["kind"] for row in rows) == {
        "restaurant": 150,
        "gas_pipeline": 4,
        "lpg_station": 22,
        "lpg_filling": 8,
        "delivery_station": 26,
        "chemical_plant": 14,
        "chemical_trade": 30,
        "gas_station": 34,
        "warehouse": 30,
        "school": 34,
        "hospital": 16,
        "market": 32,
    }
    assert {row["locality"] for row in rows} == {region["code"] for region in localities()}


def test_names_and_codes_are_unique_and_codes_valid(rows):
    assert len({row["name"] for row in rows}) == len({row["credit_code"] for row in rows}) == 400
    for row in rows:
        code = row["credit_code"]
        assert len(code) == 18
        assert code[2:8] == row["county"] == row["locality"][:6]
        assert code[17] == check_sign(code)


def test_every_phone_is_invented_and_belongs_to_one_person(rows):
    phones = [contact["phone"] for row in rows for contact in row["contacts"]]
    managers = {person["phone"] for person in load("people")["people"] if person.get("enterprise")}
    assert all(re.fullmatch(r"1990000\d{4}", phone) for phone in phones)
    assert len(set(phones)) == len(phones)
    assert managers <= set(phones)


def test_places_lie_in_the_box_of_their_locality(rows):
    frame = load("regions")["map"]
    outlines = {region["code"]: region["outline"] for region in localities()}
    for row in rows:
        for place in row["premises"]:
            x = (place["longitude"] - frame["longitude_origin"]) / frame["longitude_per_unit"]
            y = (place["latitude"] - frame["latitude_origin"]) / frame["latitude_per_unit"]
            outline = outlines[place["locality"]]
            assert min(p[0] for p in outline) - 0.1 <= x <= max(p[0] for p in outline) + 0.1
            assert min(p[1] for p in outline) - 0.1 <= y <= max(p[1] for p in outline) + 0.1


def test_some_permits_are_over_and_some_nearly(rows):
    today = dt.date(2026, 11, 21)
    ends = [permit["valid_to"] for row in rows for permit in row["permits"] if permit["valid_to"]]
    assert 10 <= sum(end < today for end in ends) <= 60
    assert 20 <= sum(today <= end <= today + dt.timedelta(days=90) for end in ends) <= 90
    assert all(permit["valid_from"] < today for row in rows for permit in row["permits"])


def test_some_enterprises_have_two_places(rows):
    assert {len(row["premises"]) for row in rows} == {1, 2}
    assert 20 <= sum(len(row["premises"]) == 2 for row in rows) <= 80


def test_permits_are_issued_by_offices_that_exist(rows):
    names = {item["name"] for item in load("organizations")["organizations"]}
    assert {permit["issuer"] for row in rows for permit in row["permits"]} <= names


def test_the_cast_runs_a_restaurant_and_a_chemical_plant(rows):
    cast = {row["login"]: (row["kind"], row["locality"], row["status"]) for row in rows if row["login"]}
    assert cast == {
        "qiye": ("restaurant", "539702003", "operating"),
        "huagong": ("chemical_plant", "539771", "operating"),
    }


def test_the_same_seed_gives_the_same_city_and_another_one_another(rows):
    assert enterprises() == rows
    assert enterprises(seed=1) != rows


@pytest.mark.parametrize(
    ("text", "number", "first", "numbered", "attributions"),
    [
        (plan_documents.gas_text, "云安委〔2026〕7号", "2026年8月1日至11月30日", 49, 58),
        (plan_documents.chemicals_text, "云安委〔2026〕9号", "2026年9月15日至10月20日", 15, 22),
    ],
)
def test_plans_have_their_tasks_each_with_its_attribution(text, number, first, numbered, attributions):
    lines = text().splitlines()
    assert number in lines
    assert any(first in line for line in lines)
    assert sum(bool(re.match(r"\d+\.", line)) for line in lines) == numbered
    closing = re.compile(r"（[^（）]*(负责|配合|不再逐项列出)）$|以下均需.*不再逐项列出）$")
    assert sum(bool(closing.search(line)) for line in lines) == attributions


@pytest.mark.parametrize("text", [plan_documents.gas_text, plan_documents.chemicals_text])
def test_plans_hand_the_rest_down_to_the_townships(text):
    assert text().count("以下均需乡镇人民政府、街道办事处和经开区管委会负责，不再逐项列出") == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (plan_documents.gas_docx, plan_documents.gas_text),
        (plan_documents.chemicals_docx, plan_documents.chemicals_text),
    ],
)
def test_the_word_file_says_what_the_text_says(file, text):
    content = file()
    paragraphs = [paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs]
    assert paragraphs == [line for line in text().splitlines() if line]
    assert file() == content


def test_photos_are_jpegs_that_differ_and_repeat():
    first = photo(7, "青石禾香小馆 后厨", before=True)
    image = Image.open(io.BytesIO(first))
    assert (image.format, image.size) == ("JPEG", (640, 480))
    assert photo(7, "青石禾香小馆 后厨", before=True) == first
    assert photo(7, "青石禾香小馆 后厨", before=False) != first
    assert len({photo(seed, "同一说明", before=True) for seed in range(20)}) == 20
