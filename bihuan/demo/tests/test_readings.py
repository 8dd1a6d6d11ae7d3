"""Readings of the demo city meet their demand, or miss it, as asked."""

import random
from decimal import Decimal

import pytest

from bihuan.checklists import packs
from bihuan.checklists.judging import judge, read
from bihuan.checklists.structure import Measure
from bihuan.demo.readings import reading


def demands():
    return [item.measure for pack in packs.load_all() for _, item in pack.items() if item.measure]


@pytest.mark.parametrize("passes", [True, False])
def test_every_demand_of_the_packs_can_be_met_and_missed(passes):
    rng = random.Random(1)
    for demand in demands():
        for _ in range(20):
            shown = reading(demand, rng, passes=passes)
            assert judge(demand, read(shown)).passed == passes, (demand, shown)


def test_counted_things_are_whole():
    rng = random.Random(2)
    shown = {reading(Measure("灭火器", ">=", Decimal(2), "piece"), rng, passes=True) for _ in range(30)}
    assert shown <= {"2 个", "3 个", "4 个"}
