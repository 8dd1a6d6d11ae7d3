"""Numeric criteria: subject, comparison, number, unit."""

from decimal import Decimal

import pytest

from bihuan.plans.criteria import decimal_of, find_criteria, symbol_of


def only(text, **options):
    (criterion,) = find_criteria(text, 0, len(text), **options)
    assert criterion.span.of(text) == criterion.text
    return criterion


@pytest.mark.parametrize(
    ("text", "subject", "comparator", "value", "unit"),
    [
        ("连接软管长度超过2米", "连接软管长度", ">", "2", "m"),
        ("存放气瓶总重量超过100kg但未设气瓶间", "存放气瓶总重量", ">", "100", "kg"),
        ("灭火器间距小于0.5m", "灭火器间距", "<", "0.5", "m"),
        ("车间温度高于六十摄氏度", "车间温度", ">", "60", "Cel"),
        ("疏散楼梯净宽不得小于1.1米", "疏散楼梯净宽", ">=", "1.1", "m"),
        ("安全距离不应小于五十米", "安全距离", ">=", "50", "m"),
        ("夹层面积不超过1,500平方米", "夹层面积", "<=", "1500", "m2"),
        ("持证率低于百分之九十五", "持证率", "<", "95", "%"),
        ("协议签订率达到98%以上", "协议签订率", ">=", "98", "%"),
        ("可燃气体浓度超过爆炸下限的25%时", "可燃气体浓度", ">", "25", "%"),
        ("净高应为2.2米", "净高", "=", "2.2", "m"),
        ("从业人员10人以上的企业", "从业人员", ">=", "10", "person"),
        ("三层以上的出租厂房", "出租厂房", ">=", "3", "storey"),
        ("经营面积300㎡（含）以上", "经营面积", ">=", "300", "m2"),
        ("应在24小时内报告", "报告", "<=", "24", "h"),
        ("接到通知后3个工作日内整改", "接到通知后", "<=", "3", "working_day"),
        ("电压±400千伏及以上", "电压", ">=", "400", "kV"),
        ("使用年限超过8年的气瓶", "使用年限", ">", "8", "year"),
        ("配备不少于2名专职安全员", "专职安全员", ">=", "2", "person"),
        ("至少配备1名持证人员", "持证人员", ">=", "1", "person"),
    ],
)
def test_one_bound(text, subject, comparator, value, unit):
    found = only(text)
    assert (found.subject, found.comparator, found.value, found.unit) == (
        subject,
        comparator,
        Decimal(value),
        unit,
    )


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("储存量在100公斤以上500公斤以下的", "100", "500", "kg"),
        ("工作压力0.4～0.8MPa", "0.4", "0.8", "MPa"),
        ("处2万元以上5万元以下罚款", "20000", "50000", "CNY"),
    ],
)
def test_a_range_has_two_ends(text, low, high, unit):
    found = only(text)
    assert (found.comparator, found.value, found.upper, found.unit) == (
        "range",
        Decimal(low),
        Decimal(high),
        unit,
    )


def test_a_recurring_demand_keeps_its_period():
    found = only("每年不少于20学时的安全培训")
    assert (found.subject, found.comparator, found.value, found.unit, found.per) == (
        "安全培训",
        ">=",
        20,
        "class_hour",
        "每年",
    )
    assert only("每个园区至少配备2名安全员").per == "每个园区"


def test_fault_and_demand_are_told_apart():
    assert only("软管长度超过2米").is_fault
    assert not only("软管长度不超过2米").is_fault
    assert not only("疏散门净宽应大于0.8米").is_fault
    assert not only("从业人员10人以上的企业").is_fault
    assert only("存放气瓶10只以上", in_fault=True).is_fault
    assert not only("员工超过30人的企业").is_fault
    assert only("员工超过30人的宿舍未设第二出口", in_fault=True).is_fault


@pytest.mark.parametrize(
    "text",
    [
        "2031年底前完成",
        "三级以上安全生产标准化",
        "用3个月左右时间开展攻坚",
        "每季度末5日内报送",
        "一次死亡3人以上事故",
        "三年内实现全覆盖",
        "一个月内发生事故的县区",
        "9月16日至20日",
        "深化打非治违，两类企业以上率下",
        "第3人以上",
    ],
)
def test_dates_grades_and_counts_of_accidents_are_no_bounds(text):
    assert find_criteria(text, 0, len(text)) == []


def test_several_bounds_come_in_printed_order():
    text = "面积超过200平方米、人数不足三人，且24小时内未整改的"
    assert [(c.comparator, c.value, c.unit) for c in find_criteria(text, 0, len(text))] == [
        (">", 200, "m2"),
        ("<", 3, "person"),
        ("<=", 24, "h"),
    ]


def test_numbers_and_units_as_printed():
    assert decimal_of("1,200.5") == Decimal("1200.5")
    assert decimal_of("一百五十") == 150
    assert decimal_of("两千零五") == 2005
    assert decimal_of("三点五") == Decimal("3.5")
    assert decimal_of("半") == Decimal("0.5")
    assert decimal_of("二十里") is None
    assert (symbol_of("公斤"), symbol_of("千米"), symbol_of("斗")) == ("kg", "km", "")
