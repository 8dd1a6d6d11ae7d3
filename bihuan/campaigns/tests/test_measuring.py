"""Which check items of a plan are judged by a number, and which stay words."""

from decimal import Decimal

import pytest

from bihuan.campaigns.measuring import measure_in


@pytest.mark.parametrize(
    ("text", "label", "demand"),
    [
        ("不得有：连接软管长度超过2米", "连接软管长度", "不大于 2 m"),
        ("连接软管长度不超过2米", "连接软管长度", "不大于 2 m"),
        ("不得有：气瓶与灶具净距小于0.5米", "气瓶与灶具净距", "不小于 0.5 m"),
        ("疏散通道净宽不小于1.4米", "疏散通道净宽", "不小于 1.4 m"),
        ("不得有：连接软管长度超过2米、私接“三通”或者穿越墙体的", "连接软管长度", "不大于 2 m"),
    ],
)
def test_a_bound_of_a_named_quantity_is_typed(text, label, demand):
    measure = measure_in(text)
    assert (measure.label, measure.demand) == (label, demand)


@pytest.mark.parametrize(
    "text",
    [
        "用气场所安装可燃气体报警器",
        "不得有：存放气瓶总重量超过100kg但未设置专用气瓶间",
        "不得有：从业人员超过100人的企业未设置安全管理机构",
        "软管长度不超过2米，与灶具净距不小于0.5米",
        "每半年至少开展1次应急演练",
        "",
    ],
)
def test_what_a_number_alone_does_not_settle_stays_words(text):
    assert measure_in(text) is None


def test_the_number_is_exact():
    assert measure_in("疏散通道净宽不小于1.4米").number == Decimal("1.4")
