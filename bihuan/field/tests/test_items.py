"""What a phone is told of an item: everything the walk shows, nothing that is not so today."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from bihuan.accounts.tests.world import make_world
from bihuan.campaigns.models import CheckItem
from bihuan.checklists import actions as library
from bihuan.checklists.structure import Book, Disposition, Item, Measure, Section
from bihuan.field.copying import _item

pytestmark = pytest.mark.django_db

DEMAND = Measure("净高", ">=", Decimal("2.2"), "m")


@pytest.fixture
def told():
    """The items of a published book as a phone gets them."""
    world = make_world()
    office = world.people.office
    items = (
        Item("GAS-USE-01", "气瓶间净高不小于 2.2 m", measure=DEMAND, guidance="改造。", proof="照片。",
             dispositions=(Disposition("立即改正"), Disposition("罚款", "拒不改正的"))),
        Item("GAS-USE-02", "气瓶间净高不小于 2.2 m，有报警器", measure=DEMAND, severity="serious"),
        Item("GAS-USE-03", "储罐有液位监测", severity="serious", criterion_code="G5-1"),
        # GB 35181-2017 was replaced: its criteria make nothing major today.
        Item("GAS-USE-04", "仓库在城市边缘", severity="serious", criterion_code="F6-1"),
    )  # fmt: skip
    book = Book("users", "用户", 1, (Section("GAS-USE", "用户", "use", items),))
    version = library.create_book(world.organizations.office, book, sector="gas", by=office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
    rows = CheckItem.objects.filter(checklist__book_version=version).order_by("position")
    return [_item(row, dt.date(2026, 11, 22)) for row in rows]


def test_ladder_guidance_and_proof_travel(told):
    assert told[0]["dispositions"] == ["立即改正", "罚款（拒不改正的）"]
    assert (told[0]["guidance"], told[0]["proof"], told[0]["section"]) == ("改造。", "照片。", "用户")


def test_a_good_number_is_a_good_answer_where_nothing_else_is_asked(told):
    assert [row.get("alone") for row in told[:2]] == [True, None]


def test_a_criterion_out_of_force_makes_nothing_major(told):
    assert [(row.get("major"), row.get("criterion_code")) for row in told[2:]] == [
        (True, "G5-1"),
        (None, None),
    ]
