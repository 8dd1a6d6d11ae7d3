"""What an object is paid, reckoned by hand."""

import datetime as dt
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.subsidies import Terms, reckon

DUE = dt.date(2026, 10, 31)


def amount(terms, quantity="1", investment=None, finished=DUE):
    spent = D(investment) if investment is not None else None
    return reckon(terms, quantity=D(quantity), investment=spent, finished_on=finished, due_on=DUE)


def test_per_tonne_up_to_the_cap():
    terms = Terms("蒸吨", D(20000), None, D(50000), True)
    assert amount(terms, "2").yuan == D("40000.00")
    paid = amount(terms, "4")
    assert paid.yuan == D("50000.00")
    assert paid.lines == (
        "20000 元/蒸吨 × 4 蒸吨 = 80000 元",
        "超过每户上限，按上限 50000 元",
        "补贴 50000.00 元",
    )


def test_the_smaller_of_unit_price_and_share_of_the_investment():
    terms = Terms("台", D(3000), D(30), None, True)
    assert amount(terms, "2", "10000").yuan == D("3000.00")
    assert amount(terms, "2", "90000").yuan == D("6000.00")


def test_the_due_day_is_on_time_and_the_day_after_is_not():
    terms = Terms("台", D(3000), None, None, True)
    assert amount(terms).yuan == D("3000.00")
    late = amount(terms, finished=DUE + dt.timedelta(days=1))
    assert late.yuan == 0
    assert late.refused == "期限 2026-10-31，2026-11-01 完成，超过期限 1 天；本标准只补贴按期完成的"


def test_a_late_one_may_get_part():
    terms = Terms("台", D(3000), None, None, False, D(50))
    assert amount(terms, finished=DUE + dt.timedelta(days=9)).yuan == D("1500.00")


def test_rounded_once_at_the_end():
    assert amount(Terms("户", None, D("33.33"), None, True), "1", "1000.05").yuan == D("333.32")


@pytest.mark.parametrize(
    ("terms", "quantity", "words"),
    [
        (Terms("台", None, None, None, True), "1", "没有写明"),
        (Terms("台", D(1), None, None, True), "0", "大于 0"),
        (Terms("台", None, D(30), None, True), "1", "实际投入"),
    ],
)
def test_what_cannot_be_reckoned_is_said(terms, quantity, words):
    with pytest.raises(ValueError, match=words):
        amount(terms, quantity)


@given(
    per_unit=st.integers(1, 100_000),
    quantity=st.integers(1, 50),
    cap=st.integers(1, 200_000),
    late=st.integers(0, 400),
)
def test_never_above_the_cap_and_nothing_late_when_on_time_only(per_unit, quantity, cap, late):
    terms = Terms("台", D(per_unit), None, D(cap), True)
    paid = amount(terms, str(quantity), finished=DUE + dt.timedelta(days=late))
    assert paid.yuan == (0 if late else min(per_unit * quantity, cap))
    assert bool(paid.refused) is (late > 0)
