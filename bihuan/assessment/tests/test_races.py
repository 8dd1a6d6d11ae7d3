"""Two people at once: only one adopts, only one answers, and two answers both count."""

from __future__ import annotations

import threading
from decimal import Decimal as D

import pytest
from django.db import connections

from bihuan.accounts.models import User
from bihuan.assessment import actions
from bihuan.assessment.models import Appeal, Assessment, Letter, ScoreChange
from bihuan.core.errors import Refused

from .factories import begin, judge_all, make_letters, publish, unit_of

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts) -> list[object]:
    """Run each in a thread of its own, all at once; what each returned or was refused with."""
    start, results = threading.Barrier(len(acts)), []

    def run(act) -> None:
        try:
            start.wait()
            results.append(act())
        except Refused as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_only_one_adopts(world) -> None:
    made = begin(world)
    judge_all(made, world)
    actions.freeze(made, by=world.people.office)

    def adopt():
        row = Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)
        return actions.adopt(row, by=User.objects.get(pk=world.people.office_leader.pk))

    results = together(adopt, adopt)
    assert sum(isinstance(each, Refused) for each in results) == 1
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

    results = together(answer(38), answer(40))
    assert sum(isinstance(each, Refused) for each in results) == 1
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

    results = together(sign, sign)
    assert sum(isinstance(each, Refused) for each in results) == 1
    assert letter.transitions.count() == 1
