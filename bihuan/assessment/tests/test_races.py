"""Two people at once: only one adopts, only one answers, and two answers both count."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from bihuan.accounts.models import User
from bihuan.assessment import actions
from bihuan.assessment.models import Appeal, Assessment, Letter, ScoreChange
from bihuan.core.errors import Refused
from bihuan.core.tests.together import together

from .factories import begin, judge_all, make_letters, publish, unit_of

pytestmark = pytest.mark.django_db(transaction=True)


def refused(*acts) -> list[Exception]:
    """How those that were not done were refused; no other error is one."""
    found = [error for _, error in together(*acts) if error is not None]
    assert all(isinstance(each, Refused) for each in found), found
    return found


def test_only_one_adopts(world) -> None:
    made = begin(world)
    judge_all(made, world)
    actions.freeze(made, by=world.people.office)

    def adopt():
        row = Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)
        return actions.adopt(row, by=User.objects.get(pk=world.people.office_leader.pk))

    assert len(refused(adopt, adopt)) == 1
    assert made.transitions.filter(move="adopt").count() == 1


def test_only_one_answers_an_appeal(world) -> None:
    made = publish(world)
    unit = unit_of(made, "青石街道")
    row = actions.appeal(
        unit, made.sheet.items.get(key="quality"), text="漏看", asked=D(40), by=world.people.qingshi_leader
    )

    def answer(points):
        def act():
            mine = Appeal.objects.select_related("unit__assessment__sheet", "unit__organization", "item").get(
                pk=row.pk
            )
            return actions.uphold(
                mine, granted=D(points), answer="属实", by=User.objects.get(pk=world.people.office_leader.pk)
            )

        return act

    assert len(refused(answer(38), answer(40))) == 1
    change = ScoreChange.objects.get()
    unit.refresh_from_db()
    assert unit.score == (D(95) if change.new == 38 else D(100))  # fmt: skip


def test_a_side_signs_once(world) -> None:
    (letter,) = make_letters(world)

    def sign():
        row = Letter.objects.select_related("form", "upper__region", "lower__region", "post").get(
            pk=letter.pk
        )
        return actions.sign_letter(row, "sign_lower", by=User.objects.get(pk=world.people.qingshi_leader.pk))

    assert len(refused(sign, sign)) == 1
    assert letter.transitions.count() == 1
