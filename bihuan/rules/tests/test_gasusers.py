"""Gas users judged by measurements; verdicts by hand."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.plans.criteria import UNITS
from bihuan.rules.gasusers import (
    AGE,
    COMPARATORS,
    BadMeasurement,
    all_gas_criteria,
    dispositions,
    failures,
    gas_criteria,
    judge,
    measures,
    stock_kg,
)

D = dt.date.fromisoformat
TODAY = D("2026-11-22")


def verdicts(*codes, **measured):
    found = {each.criterion.code: each.verdict for each in judge(measured, TODAY)}
    return [found[code] for code in codes]


def said(code, **measured):
    return next(each for each in judge(measured, TODAY) if each.criterion.code == code).sentence()


@pytest.mark.parametrize(
    ("stock", "room", "verdict"),
    [
        ("100", False, "not_applicable"),
        ("100.5", False, "fail"),
        ("105", True, "pass"),
        ("421", False, "fail"),
    ],
)
def test_more_than_100_kg_needs_a_room(stock, room, verdict):
    assert verdicts("U1", stock_kg=stock, has_cylinder_room=room) == [verdict]


@pytest.mark.parametrize(
    ("stock", "verdicts_of_2_3_4"),
    [
        (90, ["not_applicable", "not_applicable", "not_applicable"]),
        (420, ["fail", "not_applicable", "not_applicable"]),
        (421, ["not_applicable", "fail", "fail"]),
    ],
)
def test_420_kg_parts_an_adjoining_room_from_a_building_of_its_own(stock, verdicts_of_2_3_4):
    found = verdicts(
        "U2", "U3", "U4", stock_kg=stock, room_single_storey=False, room_detached=False, room_distance_m="9.9"
    )
    assert found == verdicts_of_2_3_4


def test_ten_metres():
    assert verdicts("U4", stock_kg=500, room_distance_m=10) == ["pass"]


@pytest.mark.parametrize(("height", "verdict"), [("2.19", "fail"), ("2.2", "pass"), (3, "pass")])
def test_height_of_the_room(height, verdict):
    assert verdicts("U5", has_cylinder_room=True, room_height_m=height) == [verdict]


@pytest.mark.parametrize(("length", "verdict"), [("1.2", "pass"), (2, "pass"), ("2.01", "fail")])
def test_length_of_the_hose(length, verdict):
    assert verdicts("U11", hose_length_m=length) == [verdict]


@pytest.mark.parametrize(("distance", "verdict"), [("0.49", "fail"), ("0.5", "pass")])
def test_distance_from_the_stove(distance, verdict):
    assert verdicts("U17", bottled_gas=True, stove_distance_m=distance) == [verdict]


@pytest.mark.parametrize(
    ("key", "code", "last_good", "first_bad"),
    [
        ("hose_since", "U14", "2024-11-22", "2024-11-21"),
        ("regulator_since", "U15", "2021-11-22", "2021-11-21"),
        ("seal_since", "U16", "2023-11-22", "2023-11-21"),
    ],
)
def test_ages(key, code, last_good, first_bad):
    assert verdicts(code, bottled_gas=True, **{key: D(last_good)}) == ["pass"]
    assert verdicts(code, bottled_gas=True, **{key: D(first_bad)}) == ["fail"]


def test_piped_gas_has_nothing_to_do_with_cylinders():
    assert verdicts("U9", "U15", "U17", bottled_gas=False, indoor_50kg=3) == ["not_applicable"] * 3


def test_restaurants_need_an_alarm_that_works():
    assert verdicts("U23", "U24", serves_meals=True, alarm_fitted=False) == ["fail", "not_applicable"]
    assert verdicts("U23", "U24", "U25", serves_meals=True, alarm_fitted=True, alarm_works=False) == [
        "pass",
        "fail",
        "unknown",
    ]


def test_nothing_measured_is_nothing_assumed():
    assert {each.verdict for each in judge({}, TODAY)} == {"unknown"}
    assert said("U1") == "存瓶超过100公斤的设有专用气瓶间：还要测量存瓶总重、设有专用气瓶间"


def test_sentences():
    assert said("U11", hose_length_m="2.6") == (
        "连接软管不超过2米：连接软管长度2.6米，应不超过2米，不合格，立即改正：更换为不超过2米的软管，或改装硬管"
        "（依据：全国城镇燃气安全专项整治的检查要求，安委〔2023〕3号）"
    )
    assert "橡胶软管启用日期2024-11-01，满2年为2026-11-01，已超期21天，不合格" in said(
        "U14", hose_since=D("2024-11-01")
    )
    assert said("U1", stock_kg=50) == "存瓶超过100公斤的设有专用气瓶间：不涉及"
    assert "待核对原文" in said("U21", bottled_gas=True, fixed_regulator=True)


def test_failures_keep_the_order():
    found = failures(judge({"hose_length_m": 3, "hose_no_joint": False, "one_gas_source": True}, TODAY))
    assert [each.criterion.code for each in found] == ["U11", "U12"]


def test_stock_of_cylinders():
    assert stock_kg({"ysp118": 2}) == 100
    assert stock_kg({"ysp35": 7}) == 105
    assert stock_kg({"ysp118": 1, "ysp35": 2, "ysp12": 3}) == 95
    assert stock_kg({}) == 0
    with pytest.raises(BadMeasurement, match="可用：ysp12、ysp35、ysp118"):
        stock_kg({"big": 1})
    with pytest.raises(BadMeasurement, match="50公斤瓶（YSP118）的数量"):
        stock_kg({"ysp118": -1})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("hose_length_m", "两米", "应填数字（米）"),
        ("hose_length_m", -1, "0以上"),
        ("hose_length_m", True, "应填数字"),
        ("hose_length_m", "NaN", "0以上"),
        ("alarm_fitted", "有", "应填是或否"),
        ("hose_since", "2024-11-01", "应填日期"),
        ("hose_since", D("2026-11-23"), "晚于检查日2026-11-22"),
        ("colour", 1, "没有名为“colour”的测量项"),
    ],
)
def test_measurements_are_checked(key, value, message):
    with pytest.raises(BadMeasurement, match=message):
        judge({key: value}, TODAY)


def test_criteria_are_dated():
    assert "U9" not in {each.code for each in gas_criteria(D("2023-05-31"))}
    assert "U9" in {each.code for each in gas_criteria(D("2023-06-01"))}


def test_the_data_speak_of_known_things():
    for each in all_gas_criteria():
        assert each.disposition in dispositions()
        assert each.severity in {"general", "serious"}
        assert each.requires
        for condition in (*each.applies, *each.requires):
            measure = measures()[condition.measure]
            if measure.type == "number":
                assert condition.comparator in COMPARATORS
                assert isinstance(condition.value, Decimal)
            elif measure.type == "day":
                assert condition.comparator == AGE
            else:
                assert (condition.comparator, type(condition.value)) == ("=", bool)
    assert {each.unit for each in measures().values()} - {""} <= set(UNITS)


@given(st.decimals("0", "1000", places=1), st.booleans())
def test_a_stock_is_never_judged_by_two_sizes_at_once(stock, room):
    found = dict(
        zip(
            ("U2", "U3"),
            verdicts("U2", "U3", stock_kg=stock, room_single_storey=room, room_detached=room),
            strict=True,
        )
    )
    assert list(found.values()).count("not_applicable") >= 1
