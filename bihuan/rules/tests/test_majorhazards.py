"""Major-hazard units: identification and grading, reckoned by hand from GB 18218-2018."""

import datetime as dt
import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.majorhazards import (
    MajorHazardError,
    Substance,
    Unit,
    assess_unit,
    find_named,
    sentence,
    shown,
    tonnes,
)
from bihuan.rules.majortables import factor_set, factor_sets, variants
from bihuan.rules.records import UnknownRule

D = dt.date.fromisoformat
TODAY = D("2026-11-22")


def unit(*substances, name="1号罐区", kind="storage"):
    return Unit(name, kind, tuple(Substance(n, Decimal(q), tuple(c)) for n, q, c in substances))


def assess(*substances, population=0, on=TODAY, variant=None):
    return assess_unit(unit(*substances), population=population, on=on, variant=variant)


def test_the_worked_example_of_lpg():
    result = assess(("液化石油气", "200", ()), population=60)
    assert result.s == 4
    assert result.is_major
    assert result.r == 9  # 1.5 × (1.5 × 200/50)
    assert result.grade == 4


def test_the_explanation_reads_as_one_sentence():
    text = assess(("液化石油气", "200", ("W2",)), population=60).sentence()
    assert text == (
        "1号罐区（储存单元）：液化石油气200 t÷临界量50 t（表1第52项 液化石油气（含丙烷、丁烷及其混合物））=4；"
        "合计S=4，达到1，构成重大危险源；液化石油气校正系数β=1.5（表4 W2 易燃气体：类别1、2）；"
        "校正系数α=1.5（厂界外500米内60人，表5 50—99人）；R=1.5×（1.5×4）=9，小于10，为四级"
        "（依据：危险化学品重大危险源辨识，GB 18218-2018）"
    )


def test_a_stored_explanation_reads_the_same():
    result = assess(("某剧毒固体", "500", ("J2",)), ("氨", "3.5", ()), population=20)
    assert sentence(json.loads(json.dumps(result.explanation))) == result.sentence()


def test_a_category_taken_by_default_is_said_to_be():
    assert "类别按本系统的默认归类" in assess(("液化石油气", "200", ()), population=60).sentence()


def test_several_substances_add_up():
    # 氯 20/5=4 with beta 4, 氨 15/10=1.5 with beta 2, 甲醇 100/500=0.2 with beta 1: S=5.7, R=2×19.2=38.4
    result = assess(("液氯", "20", ()), ("氨", "15", ()), ("甲醇", "100", ()), population=500)
    assert result.s == Fraction(57, 10)
    assert result.r == Fraction(192, 5)
    assert result.grade == 3


def test_less_than_one_constitutes_nothing():
    result = assess(("汽油", "199.9", ()), population=1000)
    assert (result.is_major, result.r, result.grade) == (False, None, None)
    assert "合计S=0.9995，小于1，不构成重大危险源" in result.sentence()


def test_thirds_that_make_exactly_one():
    # Three times 0.1 t of phosgene against 0.3 t; a decimal 0.3333… three times would miss 1.
    assert assess(*[("光气", "0.1", ())] * 3).is_major


@pytest.mark.parametrize(
    ("population", "alpha"),
    [
        (0, "0.5"),
        (1, "1"),
        (29, "1"),
        (30, "1.2"),
        (49, "1.2"),
        (50, "1.5"),
        (99, "1.5"),
        (100, "2"),
        (9999, "2"),
    ],
)
def test_alpha(population, alpha):
    assert assess(("环己烷", "500", ()), population=population).r == Fraction(alpha)


@pytest.mark.parametrize(
    ("amount", "grade"),
    [
        ("50000", 1),
        ("49999.99", 2),
        ("25000", 2),
        ("24999.99", 3),
        ("5000", 3),
        ("4999.99", 4),
        ("500", 4),
    ],
)
def test_bounds_of_the_grades(amount, grade):
    # 乙酸乙酯: Q 500 t, beta 1; with 20 people alpha is 1, so R is amount/500.
    assert assess(("乙酸乙酯", amount, ()), population=20).grade == grade


def test_by_name_goes_before_category():
    # 苯 has Q 50 by name; as 高度易燃液体 W5.3 it would be 1000.
    assert assess(("苯", "50", ("W5.3",))).s == 1


def test_the_smallest_of_several_categories_counts():
    result = assess(("某中间体", "20", ("W5.3", "J5", "W11")))
    assert result.s == Fraction(20, 200)  # W11 200 < J5 500 < W5.3 1000


def test_beta_is_the_largest_of_several_categories():
    result = assess(("某有毒易燃气体", "10", ("W2", "J3")), population=10)
    assert result.s == 1  # W2: 10 t
    assert result.r == 2  # J3: 2 > W2: 1.5
    assert "有多种类别，取其中最大的β" in result.sentence()


def test_carbon_monoxide_has_a_beta_by_name_but_its_amount_by_category():
    result = assess(("一氧化碳", "10", ("W2", "J3")), population=10)
    assert (result.s, result.r) == (1, 2)


def test_the_disputed_factor_is_chosen_by_key_and_shows_the_other_reading():
    solid = ("某剧毒固体", "500", ("J2",))
    by_default = assess(solid, population=20)
    assert (by_default.r, by_default.grade) == (10, 3)
    assert assess(solid, population=20, variant="j2-1") == by_default
    stricter = assess(solid, population=20, variant="j2-2")
    assert (stricter.r, stricter.grade) == (20, 3)
    assert "按“J2的β取1”计算（J2的β取2时R=20，为三级）" in by_default.sentence()
    assert "待核对原文：表4 J2" in by_default.sentence()
    with pytest.raises(UnknownRule, match="可用：j2-1、j2-2"):
        assess(solid, population=20, variant="j2-3")


def test_there_is_one_stated_default():
    for entry in factor_sets():
        assert sum(each.default for each in entry.variants) == 1
    assert [(each.key, each.default, each.verified) for each in variants(TODAY)] == [
        ("j2-1", True, False),
        ("j2-2", False, False),
    ]


def test_archives_before_2019_use_the_old_factors():
    last_old, first_new = D("2019-02-28"), D("2019-03-01")
    lpg = ("液化石油气", "200", ())
    assert assess(lpg, population=60, on=last_old).r == 9
    # 硝酸铵 in 2009: 300 t for ≤0.2 % combustibles; since 2019: 50 t.
    nitrate = ("硝酸铵（含可燃物≤0.2%）", "100", ())
    assert assess(nitrate, on=last_old).s == Fraction(1, 3)
    assert assess(nitrate, on=first_new).s == 2
    # A poisonous gas not listed by name: 2; a very poisonous one: 4 (40号令附件1).
    assert assess(("某有毒气体", "100", ("2.3",)), population=20, on=last_old).r == 4
    assert assess(("某剧毒气体", "10", ("2.3-1",)), population=20, on=last_old).r == 8
    with pytest.raises(UnknownRule, match="2011-11-30"):
        assess(lpg, on=D("2011-11-30"))


def test_s_is_known_before_the_rest_is_reported():
    result = assess(("三氧化硫", "75", ()), population=None)
    assert (result.s, result.is_major, result.grade) == (1, True, None)
    assert result.missing == ("三氧化硫的危险性类别", "厂区边界外500米内的常住人口")
    assert "暂不能分级，还缺：三氧化硫的危险性类别、厂区边界外500米内的常住人口" in result.sentence()


@pytest.mark.parametrize(
    ("substance", "message"),
    [
        (("硝酸", "10", ()), "表中只有“硝酸（发红烟的除外，含硝酸＞70%）”"),
        (("某助剂", "10", ()), "请按化学品安全技术说明书补填类别"),
        (("硝化棉", "10", ()), "第39项 硝化纤维素（含乙醇≥25%）"),
        (("某助剂", "10", ("W99",)), "类别“W99”不在表2中"),
        (("汽油", "0", ()), "应大于0吨"),
    ],
)
def test_what_cannot_be_reckoned_says_why(substance, message):
    with pytest.raises(MajorHazardError, match=message):
        assess(substance)


def test_amounts_are_numbers():
    assert tonnes("12.5", of="汽油") == Decimal("12.5")
    for bad in ("两百", "NaN", "-1", None):
        with pytest.raises(MajorHazardError, match="汽油"):
            tonnes(bad, of="汽油")


def test_units_are_checked():
    with pytest.raises(MajorHazardError, match="没有登记危险化学品"):
        assess()
    with pytest.raises(UnknownRule, match="可用：production"):
        assess_unit(unit(("氨", "1", ()), kind="罐区"), population=0, on=TODAY)
    with pytest.raises(MajorHazardError, match="不能是负数"):
        assess(("氨", "1", ()), population=-1)


def test_names_are_found_by_alias_and_cas():
    assert find_named("LPG", TODAY).row == 52
    assert find_named("７５-４４-５", TODAY).name == "碳酰氯"
    assert find_named("硝酸(发红烟的除外,含硝酸>70%)", TODAY).row == 81
    assert find_named("水", TODAY) is None


def test_the_tables_are_whole():
    rules = factor_set(TODAY)
    assert [each.row for each in rules.names] == list(range(1, 86))
    assert len(rules.categories) == 24
    amounts = {each.name: each.quantity for each in rules.names}
    assert amounts["氨"] == 10
    assert amounts["碳酰氯"] == Decimal("0.3")
    assert amounts["钠"] == 10
    assert {each.name: each.factor for each in rules.gases} == {
        "一氧化碳": 2,
        "二氧化硫": 2,
        "氨": 2,
        "环氧乙烷": 2,
        "氯化氢": 3,
        "溴甲烷": 3,
        "氯": 4,
        "硫化氢": 5,
        "氟化氢": 5,
        "二氧化氮": 10,
        "氰化氢": 10,
        "碳酰氯": 20,
        "磷化氢": 20,
        "异氰酸甲酯": 20,
    }


def test_every_default_category_exists():
    for entry in factor_sets():
        used = {symbol for each in entry.names for symbol in each.categories}
        used |= {symbol for each in entry.variants for symbol in each.factors}
        assert used <= set(entry.categories)


def test_no_two_rows_share_a_full_name_and_plain_names_lead_to_one_row():
    for entry in factor_sets():
        for each in entry.names:
            assert entry.named(each.name) == [each]


def test_figures_are_cut_off_never_rounded_up():
    assert shown(Fraction(999999, 1000000)) == "0.9999"
    assert shown(Fraction(9)) == "9"
    assert shown(Fraction(1, 3)) == "0.3333"


stock = st.tuples(
    st.sampled_from(["氨", "氯", "汽油", "液化石油气", "甲醇", "氢", "硝酸钾"]),
    st.decimals("0.001", "5000", places=3),
    st.just(()),
)


@given(st.lists(stock, min_size=1, max_size=6), st.integers(2, 50))
def test_s_and_r_grow_in_proportion(stocks, times):
    once = assess(*stocks, population=60)
    more = assess(*[(name, amount * times, c) for name, amount, c in stocks], population=60)
    assert more.s == once.s * times
    if once.is_major:
        assert more.r == once.r * times
        assert more.grade <= once.grade


@given(st.lists(stock, min_size=1, max_size=6).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
def test_order_does_not_matter(pair):
    first, second = (assess(*stocks, population=60) for stocks in pair)
    assert (first.s, first.r, first.grade) == (second.s, second.r, second.grade)


@given(stock, st.integers(1, 100))
def test_splitting_a_tank_changes_nothing(one, parts):
    name, amount, _ = one
    halves = (name, amount * parts, ()), (name, amount, ())
    assert assess(*halves).s == assess((name, amount * (parts + 1), ())).s
