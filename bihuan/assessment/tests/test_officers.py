"""Officers (R126): case files drawn reproducibly, looked through by the form; results for themselves and their leader.
And what leaders' years come to (R125)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bihuan.accounts.models import Holding
from bihuan.assessment import actions
from bihuan.assessment.careers import holdings_for, years_of
from bihuan.assessment.keysets import DamagedKeys, pack, unpack
from bihuan.assessment.measures.firms import periods
from bihuan.assessment.models import AssessedUnit, Assessment, CaseFile, ItemScore
from bihuan.core.errors import IllegalMove, Refused
from bihuan.hazards.tests.factories import make_hazard
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.tests.factories import deadline, make_campaign, member, visit
from bihuan.rules import sampling
from bihuan.rules.filereviews import ReviewError, file_form, share_of
from bihuan.rules.headduties import head_duties, head_duty

from .factories import begin, full_marks, judge_all, officer_of, officers_round, publish, unit_of
from .test_measures import read, unit

pytestmark = pytest.mark.django_db


def visited(world, count: int = 4):
    """Visits to the noodle shop, all by the first inspector, the first with a hazard to be put right by a day."""
    gas, people = make_campaign(world), world.people
    made = []
    for number in range(count):
        findings = {1: deadline(people.inspector)} if number == 0 else {}
        made.append(
            submit_inspection(
                visit(
                    world, gas, people.inspector, "fppp" if number == 0 else "pppp", findings=findings,
                    members=(member(people.inspector), member(people.inspector2)),
                ),
                by=people.inspector,
            )
        )  # fmt: skip
    return made


def test_files_are_drawn_once_and_anybody_can_draw_them_again(world) -> None:
    visited(world)
    made = officers_round(world)
    with pytest.raises(PermissionDenied):
        actions.draw_files(made, per_person=2, by=world.people.qingshi_officer)
    with pytest.raises(Refused, match="1 到 20"):
        actions.draw_files(made, per_person=0, by=world.people.office)
    drawn = actions.draw_files(made, per_person=3, by=world.people.office)
    assert (drawn.population, drawn.files.count()) == (8, 6)
    assert sampling.verify(actions.published(drawn)) == []
    forged = actions.published(drawn) | {"seed": "0" * 64}
    assert sampling.verify(forged)
    with pytest.raises(Refused, match="只抽一次"):
        actions.draw_files(made, per_person=3, by=world.people.office)


def test_a_file_is_reviewed_by_others_line_by_line(world) -> None:
    visited(world, 2)
    made = officers_round(world)
    actions.draw_files(made, per_person=2, by=world.people.office)
    files = list(CaseFile.objects.filter(unit__person=world.people.inspector).select_related("draw__assessment", "unit", "inspection"))  # fmt: skip
    first, second = files
    points, remarks = full_marks(first, basis="5")
    with pytest.raises(Refused, match="写明扣分的情形"):
        actions.review_file(first, points=points, remarks={}, text="较好", by=world.people.housing)
    for name in ("inspector", "inspector2", "qingshi_officer", "market"):
        with pytest.raises(PermissionDenied):
            actions.review_file(
                first, points=points, remarks=remarks, text="较好", by=getattr(world.people, name)
            )
    with pytest.raises(Refused, match="应在 0 到"):
        actions.review_file(
            first, points=points | {"basis": D(99)}, remarks=remarks, text="好", by=world.people.housing
        )
    # 10 of 100 points lost on the basis: 90 per cent; the other file is faultless.
    actions.review_file(first, points=points, remarks=remarks, text="依据不全", by=world.people.housing)
    full, none = full_marks(second)
    actions.review_file(second, points=full, remarks=none, text="齐全", by=world.people.office)
    found = read("officer.files", unit(world.organizations.qingshi, first.unit_id, world.people.inspector.pk))
    assert (found[first.unit_id].value, found[first.unit_id].counted) == (95, 2)
    assert [row[0] for row in found[first.unit_id].rows] == [first.inspection_id]
    # A correction is a further revision, and counts.
    row = actions.review_file(
        first, points=full_marks(first)[0], remarks={}, text="补看齐全", by=world.people.housing
    )
    assert (row.revision, CaseFile.objects.get(pk=first.pk).share) == (2, 100)
    snapshot = actions.take_interim(made, by=world.people.office)
    item = ItemScore.objects.get(
        unit_score__snapshot=snapshot, unit_score__unit=first.unit_id, item__key="on-time"
    )
    assert (item.value, item.got) == (100, 60)


def test_only_who_signed_anything_is_drawn_from(world) -> None:
    made = officers_round(world)
    with pytest.raises(Refused, match="没有案卷可抽"):
        actions.draw_files(made, per_person=2, by=world.people.office)
    with pytest.raises(Refused, match="只有检查执法人员"):
        actions.draw_files(begin(world), per_person=2, by=world.people.office)


def test_the_result_is_for_the_officer_the_leader_and_the_office(world) -> None:
    visited(world, 1)
    made = officers_round(world)
    seat = made.assessors.select_related("assessment__sheet", "user", "organization").get()
    for row in made.units.select_related("organization", "assessment__sheet"):
        actions.judge(seat, row, made.sheet.items.get(key="quality"), points=D(38), how="scene", text="看了", by=world.people.housing)  # fmt: skip
    actions.freeze(made, by=world.people.office)
    actions.adopt(made, by=world.people.office_leader)
    actions.publish(made, by=world.people.office)
    people = world.people

    def seen(user) -> set[str]:
        return set(AssessedUnit.objects.visible_to(user).values_list("person__username", flat=True))

    assert seen(people.inspector) == {"inspector"}
    assert seen(people.inspector2) == {"inspector2"}
    assert seen(people.qingshi_leader) == {"inspector", "inspector2"}
    assert seen(people.qingshi_officer) == set()
    assert seen(people.baita_leader) == set()
    assert seen(people.office) == {"inspector", "inspector2"}
    assert not Assessment.objects.visible_to(people.qingshi_officer).filter(pk=made.pk).exists()
    row = actions.propose(officer_of(made, people.inspector), "suspend", text="", why="案卷造假", until=timezone.localdate(), by=people.office)  # fmt: skip
    assert row.label == "暂停执法"
    # The officer speaks for himself, not his leader for him.
    quality = made.sheet.items.get(key="quality")
    with pytest.raises(PermissionDenied):
        actions.appeal(
            officer_of(made, people.inspector), quality, text="不服", asked=D(40), by=people.qingshi_leader
        )
    actions.appeal(officer_of(made, people.inspector), quality, text="不服", asked=D(40), by=people.inspector)


def test_measures_of_what_officers_did(world) -> None:
    visited(world, 3)
    street, who = world.organizations.qingshi, world.people.inspector.pk
    one = unit(street, 1, who)
    assert read("officer.visits", one)[1].value == 3
    per_visit = read("officer.per_visit", one)[1]
    assert (per_visit.value, per_visit.counted) == (D(1) / 3, 3)
    assert read("officer.finding", one)[1].counted == 3
    # One visit left a hazard to be put right; no order was issued for it.
    papers = read("officer.papers", one)[1]
    assert (papers.counted, papers.value) == (1, 0) or papers.value == 100
    assert read("officer.closed_on_time", one)[1].value is None  # nothing fell due yet


def test_periods_are_whole_months_within_the_days() -> None:
    day = dt.date
    assert list(periods(day(2026, 1, 1), day(2026, 3, 31), 1)) == [
        (day(2026, 1, 1), day(2026, 1, 31)),
        (day(2026, 2, 1), day(2026, 2, 28)),
        (day(2026, 3, 1), day(2026, 3, 31)),
    ]
    assert list(periods(day(2026, 1, 2), day(2026, 3, 30), 1)) == [(day(2026, 2, 1), day(2026, 2, 28))]
    assert list(periods(day(2026, 11, 15), day(2027, 2, 28), 3)) == [(day(2026, 12, 1), day(2027, 2, 28))]
    assert list(periods(day(2026, 5, 2), day(2026, 5, 31), 1)) == []


def test_self_checks_count_the_months_that_have_one(world) -> None:
    shop = unit(world.organizations.shop)
    found = read("enterprise.self_checks", shop, days=100)[1]
    assert found.value == 0
    assert len(found.rows) == found.counted >= 2
    assert "没有自查记录" in found.rows[0][1]


@given(st.lists(st.integers(min_value=0, max_value=10**12)))
def test_keys_come_back_each_once_in_order(keys: list[int]) -> None:
    assert unpack(pack(keys)) == sorted(set(keys))


@given(st.lists(st.text(max_size=20)))
def test_other_keys_come_back_as_text(keys: list[str]) -> None:
    assert unpack(pack(keys)) == sorted(set(keys))


@pytest.mark.parametrize("text", ["!", "1,,2", "=nonsense"])
def test_damaged_keys_are_said_so(text: str) -> None:
    with pytest.raises(DamagedKeys, match="损坏"):
        unpack(text)


def test_runs_are_kept_small() -> None:
    assert len(pack(range(1, 100_001))) < 12
    assert len(pack(range(10**9, 10**9 + 10_000 * 3, 3))) < 10_000 * 2 + 20


def test_the_duties_of_the_head_are_law_since_the_day_they_are() -> None:
    assert [each.number for each in head_duties(dt.date(2026, 1, 1))] == [1, 2, 3, 4, 5, 6, 7]
    assert all(each.verified for each in head_duties(dt.date(2026, 1, 1)))
    assert head_duties(dt.date(2021, 8, 31)) == []
    seventh = head_duty("head-7", dt.date(2021, 9, 1))
    assert seventh is not None
    assert seventh.text == "及时、如实报告生产安全事故"


@given(st.data())
def test_a_review_never_leaves_nought_to_a_hundred(data) -> None:
    lines = list(file_form(dt.date(2026, 1, 1)).lines)
    points = {
        line.key: data.draw(st.decimals(min_value=0, max_value=line.points, places=1)) for line in lines
    }
    assert 0 <= share_of(lines, points) <= 100
    key = lines[0].key
    with pytest.raises(ReviewError):
        share_of(lines, points | {key: lines[0].points + 1})
    with pytest.raises(ReviewError, match="还没有评分"):
        share_of(lines, {k: v for k, v in points.items() if k != key})


def test_a_frozen_figure_opens_the_same_rows_a_year_later(world, client) -> None:
    """Denominators as well: what was counted then, whatever the books say since."""
    from django.urls import reverse

    from bihuan.accounts.tests.world import sign_in

    today = timezone.localdate()
    kept = []
    for number in range(3):
        hazard = make_hazard(world, found_on=today - dt.timedelta(days=60), description=f"隐患之{number}")
        type(hazard).objects.filter(pk=hazard.pk).update(
            due_on=today - dt.timedelta(days=30), submitted_on=today - dt.timedelta(days=31 if number else 1)
        )
        kept.append(hazard)
    made = begin(world)
    judge_all(made, world)
    actions.freeze(made, by=world.people.office)
    score = ItemScore.objects.get(unit_score__unit=unit_of(made, "青石街道"), item__key="on-time")
    assert sorted(unpack(score.behind.whole)) == sorted(each.pk for each in kept)
    with time_machine.travel(timezone.now() + dt.timedelta(days=366), tick=True):
        # A year of other work: one extended far ahead, one dismissed, new ones with dates that would have counted.
        type(kept[0]).objects.filter(pk=kept[0].pk).update(due_on=today + dt.timedelta(days=300))
        type(kept[1]).objects.filter(pk=kept[1].pk).update(status="dismissed")
        other = make_hazard(world, found_on=today - dt.timedelta(days=50), description="后来补登")
        type(other).objects.filter(pk=other.pk).update(due_on=today - dt.timedelta(days=20))
        type(world.people.office).objects.update(password_changed_at=timezone.now())
        page = sign_in(client, world.people.office).get(
            reverse("assessment:rows", args=[score.pk]), {"which": "all"}
        )
        text = page.content.decode()
        for each in kept:
            assert f'href="{each.get_absolute_url()}"' in text
        assert f'href="{other.get_absolute_url()}"' not in text
        assert "计入基数的 3 件" in text


def test_a_leaders_years_say_what_the_body_came_to(world) -> None:
    made = publish(world)
    with time_machine.travel(timezone.now() + dt.timedelta(days=30), tick=True):
        actions.finalize(made, by=world.people.office)
    leader = world.people.qingshi_leader
    held = list(holdings_for(world.people.office).filter(user=leader))
    assert [each.user for each in held] == [leader]
    years = years_of(leader, held, today=timezone.localdate())
    unit_ = unit_of(made, "青石街道")
    assert [row.pk for row in years[0].results] == [unit_.pk]
    assert years[0].vetoes == 0
    # Somebody who led before the period has no part in the result.
    Holding.objects.filter(pk=held[0].pk).update(to_on=held[0].from_on)
    before = years_of(
        leader, holdings_for(world.people.office).filter(user=leader), today=timezone.localdate()
    )
    assert [row.pk for each in before for row in each.results] in ([], [unit_.pk])
    assert set(holdings_for(leader).values_list("user", flat=True)) == {leader.pk}
    assert not holdings_for(world.people.shop).exists()


def test_a_dead_end_is_refused(world) -> None:
    visited(world, 1)
    made = officers_round(world)
    actions.draw_files(made, per_person=1, by=world.people.office)
    file = CaseFile.objects.select_related("draw__assessment", "unit", "inspection").first()
    Assessment.objects.filter(pk=made.pk).update(status="scored")
    points, remarks = full_marks(file)
    with pytest.raises(IllegalMove):
        actions.review_file(file, points=points, remarks=remarks, text="好", by=world.people.housing)
