"""Two people at once: only one adopts, only one answers, and two answers both count."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from bihuan.accounts.models import User
from bihuan.assessment import actions
from bihuan.assessment.models import (
    Appeal,
    Assessment,
    FileDraw,
    ItemScore,
    Judgement,
    Letter,
    ScoreChange,
    Sheet,
    SheetItem,
)
from bihuan.core.errors import Refused
from bihuan.core.tests.together import together

from .factories import (
    begin,
    hand_in,
    heads_round,
    judge,
    judge_all,
    judge_head,
    make_letters,
    make_sheet,
    officers_round,
    publish,
    report_of,
    unit_of,
)
from .test_officers import visited

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


def test_a_sheet_is_adopted_once_and_not_while_it_is_edited(world) -> None:
    sheet = make_sheet(world, published=False)
    item = sheet.items.get(key="quality")

    def publish_it():
        row = Sheet.objects.select_related("organization").get(pk=sheet.pk)
        return actions.publish_sheet(
            row, by=User.objects.get(pk=world.people.office_leader.pk), document="云安〔2026〕3号"
        )

    def edit_it():
        row = Sheet.objects.select_related("organization").get(pk=sheet.pk)
        mine = SheetItem.objects.get(pk=item.pk)
        return actions.save_item(
            row, mine, by=User.objects.get(pk=world.people.office.pk), points_key=D(30), points_general=D(30)
        )

    late = refused(publish_it, edit_it)
    sheet.refresh_from_db()
    item.refresh_from_db()
    # Either the edit came first, and the sheet that no longer sums up was not adopted, or it was adopted as it stood.
    assert len(late) == 1
    assert (sheet.status, item.points_key) in {("draft", D(30)), ("published", D(40))}


def test_two_who_adopt_one_sheet_adopt_it_once(world) -> None:
    sheet = make_sheet(world, published=False)

    def publish_it():
        row = Sheet.objects.select_related("organization").get(pk=sheet.pk)
        return actions.publish_sheet(
            row, by=User.objects.get(pk=world.people.office_leader.pk), document="云安〔2026〕3号"
        )

    assert len(refused(publish_it, publish_it)) == 1
    assert sheet.transitions.filter(move="publish").count() == 1


def test_two_words_from_one_seat_are_two_revisions_or_one_is_refused(world) -> None:
    made = heads_round(world)
    hand_in(world, made)

    def word(points):
        def act():
            mine = Assessment.objects.select_related("sheet").get(pk=made.pk)
            return judge_head(mine, world, points=points)

        return act

    late = len(refused(word(30), word(20)))
    revisions = list(Judgement.objects.order_by("revision").values_list("revision", flat=True))
    assert revisions == list(range(1, 3 - late))
    assert len(revisions) >= 1


def test_no_word_is_given_on_what_was_frozen(world) -> None:
    made = begin(world)
    judge_all(made, world, points=30)
    before = Judgement.objects.count()

    def freeze():
        row = Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)
        return actions.freeze(row, by=User.objects.get(pk=world.people.office.pk))

    def word():
        mine = Assessment.objects.select_related("sheet").get(pk=made.pk)
        return judge(mine, world, "housing", "青石街道", 10)

    late = refused(freeze, word)
    scores = ItemScore.objects.filter(unit_score__unit=unit_of(made, "青石街道"), item__key="quality")
    frozen = [score.got for score in scores]
    if Judgement.objects.count() == before:
        assert len(late) == 1
        assert frozen == [30]
    elif late:  # the word came first: 30 and 10 differ too much to freeze
        assert frozen == []
    else:  # the word came first, and the result counts it: their mean
        assert frozen == [20]


def test_a_report_is_signed_once(world) -> None:
    made = heads_round(world)
    report = report_of(made)
    item = made.sheet.items.get(key="quality")
    actions.save_report(
        report, text="", lines={item.pk: actions.LineGiven("有", D(30))}, by=world.people.shop
    )

    def sign():
        return actions.submit_report(report_of(made), by=User.objects.get(pk=world.people.shop.pk))

    assert len(refused(sign, sign)) == 1
    assert report.transitions.count() == 1


def test_files_are_drawn_once(world) -> None:
    visited(world, 2)
    made = officers_round(world)

    def draw():
        row = Assessment.objects.select_related("sheet", "organization").get(pk=made.pk)
        return actions.draw_files(row, per_person=1, by=User.objects.get(pk=world.people.office.pk))

    assert len(refused(draw, draw)) == 1
    assert FileDraw.objects.count() == 1
