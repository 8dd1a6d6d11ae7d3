"""What was measured is judged, and what cannot have been measured is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.checklists.judging import ImpossibleReading, Judgement, Reading, decides, judge, read
from bihuan.checklists.structure import Measure
from bihuan.checklists.tests.books import measures
from bihuan.checklists.units import COUNTED

HOSE = Measure("软管长度", "<=", Decimal(2), "m")


def test_the_sentence_of_the_record():
    assert judge(HOSE, Reading(Decimal("2.3"), "m")) == Judgement(
        False, "实测 2.3 m，标准 不大于 2 m，不合格"
    )
    assert judge(HOSE, Reading(Decimal("1.80"), "m")) == Judgement(True, "实测 1.8 m，标准 不大于 2 m，合格")


@pytest.mark.parametrize(
    ("comparator", "below", "at", "above"),
    [
        ("<=", True, True, False),
        ("<", True, False, False),
        (">=", False, True, True),
        (">", False, False, True),
        ("=", False, True, False),
    ],
)
def test_each_comparator_at_its_bound(comparator, below, at, above):
    measure = Measure("净高", comparator, Decimal("2.2"), "m")
    verdicts = [judge(measure, Reading(Decimal(value), "m")).passed for value in ("2.19", "2.2", "2.21")]
    assert verdicts == [below, at, above]


@pytest.mark.parametrize(
    ("value", "passed"), [("19.4", False), ("19.5", True), ("23.5", True), ("23.6", False)]
)
def test_a_range_holds_both_ends(value, passed):
    oxygen = Measure("氧含量", "between", Decimal("19.5"), "%", Decimal("23.5"))
    assert judge(oxygen, Reading(Decimal(value), "%")).passed is passed


def test_another_unit_of_the_same_quantity_is_converted():
    assert (
        judge(HOSE, Reading(Decimal(230), "cm")).explanation
        == "实测 230 cm（即 2.3 m），标准 不大于 2 m，不合格"
    )
    pressure = Measure("末端压力", ">=", Decimal("0.05"), "MPa")
    assert judge(pressure, Reading(Decimal(50), "kPa")).passed
    third = judge(Measure("间隔", "<=", Decimal(2), "h"), Reading(Decimal(20), "min"))
    assert third.explanation == "实测 20 分钟（即 0.333333 小时），标准 不大于 2 小时，合格"


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (Reading(Decimal(-1), "m"), "实测值 -1 m 是负数，请核对后重新填写"),
        (Reading(Decimal(2), ""), "实测值 2 没有单位，请写明单位"),
        (Reading(Decimal(2), "尺"), "单位“尺”不认识，请用单位表里的单位"),
        (Reading(Decimal("NaN"), "m"), "实测值 NaN 不是一个数，请核对后重新填写"),
        (Reading(Decimal("Infinity"), "m"), "实测值 Infinity 不是一个数，请核对后重新填写"),
        (Reading(Decimal("1E+40"), "m"), "实测值的数字超过18位，请核对后重新填写"),
        (Reading(Decimal("1E-40"), "m"), "实测值的数字超过18位，请核对后重新填写"),
        (Reading(Decimal(2), "kg"), "实测值的单位是“kg”，标准的单位是“m”，不能比较，请重新测量或换算"),
    ],
)
def test_what_no_instrument_shows_is_refused(reading, why):
    with pytest.raises(ImpossibleReading) as caught:
        judge(HOSE, reading)
    assert str(caught.value) == why


def test_people_are_counted_in_whole_numbers_and_shares_end_at_a_hundred():
    with pytest.raises(ImpossibleReading, match="不是整数，而“人”只能一个一个数"):
        judge(Measure("人数", ">=", Decimal(2), "person"), Reading(Decimal("1.5"), "person"))
    with pytest.raises(ImpossibleReading, match="实测值 120% 大于100"):
        judge(Measure("浓度", "<=", Decimal(1), "%"), Reading(Decimal(120), "%"))
    with pytest.raises(ImpossibleReading, match="低于绝对零度"):
        judge(Measure("库温", "<=", Decimal(30), "Cel"), Reading(Decimal(-280), "Cel"))
    assert judge(Measure("库温", "<=", Decimal(30), "Cel"), Reading(Decimal(-18), "Cel")).passed


@pytest.mark.parametrize(
    ("typed", "number", "unit"),
    [
        ("2.3 m", "2.3", "m"), ("230厘米", "230", "cm"), ("１.５ｍ", "1.5", "m"), ("1,200 kg", "1200", "kg"),
        ("15㎡", "15", "m2"), ("-18℃", "-18", "Cel"), ("20%LEL", "20", "%LEL"), ("3.2 Ω", "3.2", "ohm"),
        ("2 人", "2", "person"), ("30mA", "30", "mA"), ("50 N·m", "50", "N.m"),
    ],
)  # fmt: skip
def test_readings_as_people_type_them(typed, number, unit):
    assert read(typed) == Reading(Decimal(number), unit)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "看不出数值"), ("合格", "看不出数值"), ("2,3 m", "单位“,3 m”不认识"), ("2.3", "没有写单位"),
        ("2.3 尺", "单位“尺”不认识"), ("-1 m", "是负数"), ("9" * 40 + " m", "超过18位"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(typed, why):
    with pytest.raises(ImpossibleReading, match=why):
        read(typed)


@given(measures(), st.decimals(0, 100, places=3))
def test_a_bound_and_its_opposite_never_agree(measure, number):
    """不大于 and 大于 part every possible value between them; so do 不小于 and 小于."""
    opposite = {"<=": ">", ">": "<=", "<": ">=", ">=": "<"}.get(measure.comparator)
    if opposite is None:
        return
    if measure.unit in COUNTED:
        number = number.to_integral_value()
    reading = Reading(number, measure.unit)
    other = Measure(measure.label, opposite, measure.number, measure.unit)
    assert judge(measure, reading).passed is not judge(other, reading).passed


@given(measures(), st.decimals(-1000, -1, places=2))
def test_nothing_but_temperature_lies_below_zero(measure, number):
    if measure.unit == "Cel":
        return
    with pytest.raises(ImpossibleReading):
        judge(measure, Reading(number, measure.unit))


@given(st.decimals(0, 100000, places=2))
def test_the_unit_chosen_does_not_change_the_verdict(millimetres):
    in_metres = Reading(millimetres / 1000, "m")
    assert judge(HOSE, Reading(millimetres, "mm")).passed is judge(HOSE, in_metres).passed


@given(measures())
def test_the_bound_itself_is_judged_as_its_words_say(measure):
    holds = judge(measure, Reading(measure.number, measure.unit)).passed
    assert holds is (measure.comparator not in ("<", ">"))


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("连接软管长度不大于 2 m", True),
        ("开关箱漏电动作电流不大于 30 mA", True),
        ("气瓶间单独设置，净高不小于 2.2 m，有防爆电气和报警器", False),
        ("店内灭火器不少于 2 具，压力正常，店主会用", False),
        ("锅炉、压力容器在投用后 30 天内办理使用登记", False),
    ],
)
def test_a_number_settles_an_item_that_asks_for_nothing_else(text, alone):
    assert decides(text) == alone
