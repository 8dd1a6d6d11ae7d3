"""An assessment from the sheet to the final notice, an appeal upheld on the way."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.assessment import actions
from bihuan.assessment.computing import basis_for, simulate
from bihuan.assessment.models import Assessment, ItemScore, Judgement, Recommendation, Snapshot, UnitScore
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.hazards.tests.factories import make_closed, make_hazard
from bihuan.papers.models import Paper

from .factories import begin, judge, judge_all, make_assessment, make_sheet, publish, unit_of

pytestmark = pytest.mark.django_db


def late_hazard(world):
    """Overdue by a month in Qingshi street."""
    today = timezone.localdate()
    hazard = make_hazard(world, found_on=today - dt.timedelta(days=60))
    type(hazard).objects.filter(pk=hazard.pk).update(due_on=today - dt.timedelta(days=30))
    return hazard


def test_points_come_from_the_ledger_and_keep_their_rows(world) -> None:
    late = late_hazard(world)
    done = make_closed(world)
    type(done).objects.filter(pk=done.pk).update(
        due_on=timezone.localdate() - dt.timedelta(days=1),
        submitted_on=timezone.localdate() - dt.timedelta(days=2),
        found_on=timezone.localdate() - dt.timedelta(days=9),
    )
    made = begin(world)
    judge_all(made, world, points=30)
    snapshot = actions.take_interim(made, by=world.people.office)
    score = UnitScore.objects.get(snapshot=snapshot, unit=unit_of(made, "青石街道"))
    on_time = score.items.get(item__key="on-time")
    # One of two due hazards was late: half of 60 points.
    assert (on_time.value, on_time.counted, on_time.got, on_time.applies) == (50, 2, 30, True)
    assert [row[0] for row in on_time.behind.rows] == [late.pk]
    assert "没有提交" in on_time.behind.rows[0][1]
    # 30 of 60, 30 of 40, half a point off for the one overdue.
    assert (score.basic, score.minus, score.score, score.grade) == (60, D("0.5"), D("59.5"), "不达标")
    # Baita has no hazard due: 60 points do not apply, 30 of 40 carried up to the hundred.
    baita = UnitScore.objects.get(snapshot=snapshot, unit=unit_of(made, "白塔镇"))
    assert (baita.base, baita.basic, baita.rank, score.rank) == (40, 75, 1, 2)  # fmt: skip


def test_a_frozen_score_does_not_follow_the_ledger(world) -> None:
    late = late_hazard(world)
    made = begin(world)
    first = actions.take_interim(made, by=world.people.office)
    kept = list(
        ItemScore.objects.filter(unit_score__snapshot=first).order_by("pk").values_list("got", "words")
    )
    type(late).objects.filter(pk=late.pk).update(submitted_on=late.found_on)
    second = actions.take_interim(made, by=world.people.office)
    assert kept == list(
        ItemScore.objects.filter(unit_score__snapshot=first).order_by("pk").values_list("got", "words")
    )
    assert first.digest != second.digest
    assert (second.round, second.until) == (2, first.until)  # fmt: skip


def test_same_ledger_same_scores(world) -> None:
    late_hazard(world)
    made = begin(world)
    judge_all(made, world)
    first, second = (actions.take_interim(made, by=world.people.office) for _ in range(2))
    assert first.digest == second.digest


def test_assessors_differ_and_the_office_settles(world) -> None:
    made = begin(world)
    judge(made, world, "housing", "青石街道", 40)
    judge(made, world, "market", "青石街道", 10)
    unit = unit_of(made, "青石街道")
    item = made.sheet.items.get(key="quality")
    assert Duty.objects.open().filter(kind=Duty.Kind.ASSESSMENT_ITEM, organization=world.organizations.office).count() == 1  # fmt: skip
    with pytest.raises(Refused, match="分歧没有核定"):
        actions.freeze(made, by=world.people.office)
    actions.settle(unit, item, points=D(20), how="archive", text="复核档案", by=world.people.office)
    assert not Duty.objects.open().filter(kind=Duty.Kind.ASSESSMENT_ITEM, organization=world.organizations.office).exists()  # fmt: skip
    snapshot = actions.take_interim(made, by=world.people.office)
    score = ItemScore.objects.get(unit_score__snapshot=snapshot, unit_score__unit=unit, item=item)
    assert (score.got, score.share) == (20, 50)


def test_a_third_assessor_counts_with_the_nearest(world) -> None:
    made = begin(world)
    third = actions.name_assessor(made, world.people.county_office, is_third=True, by=world.people.office)
    item = made.sheet.items.get(key="quality")
    with pytest.raises(Refused, match="没有分歧"):
        actions.judge(third, unit_of(made, "青石街道"), item, points=D(30), how="scene", text="看了", by=world.people.county_office)  # fmt: skip
    judge(made, world, "housing", "青石街道", 40)
    judge(made, world, "market", "青石街道", 10)
    judge(made, world, "county_office", "青石街道", 36)
    snapshot = actions.take_interim(made, by=world.people.office)
    score = ItemScore.objects.get(
        unit_score__snapshot=snapshot, unit_score__unit=unit_of(made, "青石街道"), item=item
    )
    assert score.got == 38  # fmt: skip


def test_nobody_judges_the_own_unit_or_for_somebody_else(world) -> None:
    made = make_assessment(world)
    seat = actions.name_assessor(made, world.people.qingshi_officer, by=world.people.office)
    actions.start_assessment(made, by=world.people.office)
    seat.assessment.refresh_from_db()
    item = made.sheet.items.get(key="quality")
    with pytest.raises(PermissionDenied):
        actions.judge(seat, unit_of(made, "青石街道"), item, points=D(40), how="scene", text="很好", by=world.people.qingshi_officer)  # fmt: skip
    with pytest.raises(PermissionDenied):
        actions.judge(seat, unit_of(made, "白塔镇"), item, points=D(40), how="scene", text="很好", by=world.people.housing)  # fmt: skip
    with pytest.raises(Refused, match="满分 40"):
        actions.judge(seat, unit_of(made, "白塔镇"), item, points=D(41), how="scene", text="很好", by=world.people.qingshi_officer)  # fmt: skip
    with pytest.raises(Refused, match="考核方式"):
        actions.judge(seat, unit_of(made, "白塔镇"), item, points=D(4), how="work", text="很好", by=world.people.qingshi_officer)  # fmt: skip


def test_from_freezing_to_the_notice_with_an_appeal_upheld(world, django_capture_on_commit_callbacks) -> None:
    late_hazard(world)
    made = begin(world)
    judge_all(made, world)
    actions.freeze(made, by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.adopt(made, by=world.people.office)
    actions.adopt(made, by=world.people.office_leader)
    with django_capture_on_commit_callbacks(execute=True):
        actions.publish(made, by=world.people.office)
    assert world.people.qingshi_leader.messages.filter(title__contains="考核结果公布").exists()
    unit = unit_of(made, "青石街道")
    item = made.sheet.items.get(key="on-time")
    assert unit.score == D("35.50")  # 0 of 60, 36 of 40, half a point off
    with pytest.raises(PermissionDenied):
        actions.appeal(unit, item, text="企业停业", asked=D(60), by=world.people.baita_leader)
    appeal = actions.appeal(unit, item, text="该企业已停业", asked=D(60), by=world.people.qingshi_leader)
    with pytest.raises(Refused, match="只能申辩一次"):
        actions.appeal(unit, item, text="再说", asked=D(60), by=world.people.qingshi_leader)
    with pytest.raises(Refused, match="申辩期"):
        actions.finalize(made, by=world.people.office)
    duty = Duty.objects.open().get(kind=Duty.Kind.ASSESSMENT_APPEAL)
    assert duty.post == world.posts["office_leader"]
    with pytest.raises(ReasonRequired):
        actions.uphold(appeal, granted=D(60), answer=" ", by=world.people.office_leader)
    change = actions.uphold(
        appeal, granted=D(60), answer="核查属实，该企业停业登记在先", by=world.people.office_leader
    )
    assert (change.old, change.new) == (0, 60)
    unit.refresh_from_db()
    assert (unit.score, unit.grade) == (D("95.50"), "优秀")
    frozen = UnitScore.objects.get(unit=unit, snapshot__kind="final")
    assert (frozen.score, frozen.grade) == (D("35.50"), "不达标")
    with pytest.raises(IllegalMove):
        actions.reject(appeal, answer="又变了", by=world.people.office_leader)
    Assessment.objects.filter(pk=made.pk).update(appeal_by=timezone.localdate() - dt.timedelta(days=1))
    made.refresh_from_db()
    actions.finalize(made, by=world.people.office)
    notice = Paper.objects.get(kind=Paper.Kind.ASSESSMENT_RESULT, recipient=world.organizations.qingshi)
    assert "申辩后由 0 改为 60" in str(notice.content)
    assert Recommendation.objects.filter(unit=unit, key="commend").exists()


def test_a_veto_is_automatic_and_can_be_appealed(world) -> None:
    made = begin(world)
    judge_all(made, world, points=40)
    unit, item = unit_of(made, "青石街道"), made.sheet.items.get(key="conceal")
    actions.settle(unit, item, points=D(1), how="archive", text="举报查实", by=world.people.office)
    actions.freeze(made, by=world.people.office)
    unit.refresh_from_db()
    assert (unit.vetoed, unit.grade, unit.score) == (True, "不达标", 100)
    actions.adopt(made, by=world.people.office_leader)
    actions.publish(made, by=world.people.office)
    unit = unit_of(made, "青石街道")
    appeal = actions.appeal(unit, item, text="非本辖区", asked=D(0), by=world.people.qingshi_leader)
    actions.uphold(appeal, granted=D(0), answer="非本辖区事故", by=world.people.office_leader)
    unit.refresh_from_db()
    assert (unit.vetoed, unit.grade) == (False, "优秀")


def test_sending_back_scores_anew_and_keeps_the_first(world) -> None:
    made = begin(world)
    judge_all(made, world)
    actions.freeze(made, by=world.people.office)
    with pytest.raises(ReasonRequired):
        actions.send_back(made, by=world.people.office_leader, reason="")
    actions.send_back(made, by=world.people.office_leader, reason="河沿镇漏评")
    judge(made, world, "housing", "青石街道", 40)
    actions.freeze(made, by=world.people.office)
    assert Snapshot.objects.filter(assessment=made, kind="final").count() == 2
    assert unit_of(made, "青石街道").score == 95


def test_excluded_units_have_no_rank_and_give_their_reason(world) -> None:
    made = begin(world)
    judge_all(made, world)
    actions.set_unit(unit_of(made, "白塔镇"), tier="key", exclusion="本年新设", by=world.people.office)
    actions.freeze(made, by=world.people.office)
    unit = unit_of(made, "白塔镇")
    assert (unit.rank, unit.exclusion, unit.score) == (None, "本年新设", 90)


def test_nothing_is_arranged_in_what_was_frozen_a_moment_ago(world) -> None:
    made = begin(world)
    judge_all(made, world)
    unit = unit_of(made, "白塔镇")  # as the page of the slower one was loaded
    seat = unit.assessment.assessors.select_related("assessment", "user").first()
    actions.freeze(Assessment.objects.get(pk=made.pk), by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.set_unit(unit, tier="key", exclusion="本年新设", by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.name_assessor(unit.assessment, world.people.expert, by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.dismiss_assessor(seat, by=world.people.office)
    assert unit_of(made, "白塔镇").exclusion == ""


def test_simulation_equals_real_computing(world) -> None:
    late_hazard(world)
    made = begin(world)
    judge_all(made, world, points=30)
    snapshot = actions.take_interim(made, by=world.people.office)
    items = list(made.sheet.items.all())
    basis = basis_for(made.sheet, items)
    assert basis is not None
    same = {each.key: each for each in simulate(basis, items, made.sheet.terms)}
    for score in UnitScore.objects.filter(snapshot=snapshot):
        each = same[score.unit_id]
        assert (each.score, each.new_score, each.rank, each.new_rank) == (
            score.score,
            score.score,
            score.rank,
            score.rank,
        )
        assert each.new_grade == score.grade
    # Other weights: what a version with them really gives, once adopted and run, is what the simulation said.
    draft = actions.revise_sheet(made.sheet, by=world.people.office)
    rows = {item.key: item for item in draft.items.all()}
    weights = {rows["on-time"].pk: (D(20), D(0)), rows["quality"].pk: (D(80), D(0))}
    actions.edit_sheet(draft, by=world.people.office, terms=draft.terms_given, weights=weights)
    drafted = list(draft.items.all())
    told = {each.key: each.new_score for each in simulate(basis_for(draft, drafted), drafted, draft.terms)}
    actions.publish_sheet(draft, by=world.people.office_leader, document="云安〔2026〕9号")
    Assessment.objects.filter(pk=made.pk).update(sheet=draft)
    made = Assessment.objects.get(pk=made.pk)
    for judgement in Judgement.objects.select_related("item"):
        Judgement.objects.filter(pk=judgement.pk).update(item=rows[judgement.item.key].pk)
    real = actions.take_interim(made, by=world.people.office)
    assert {score.unit_id: score.score for score in UnitScore.objects.filter(snapshot=real)} == told  # fmt: skip


def test_a_sheet_is_adopted_whole_and_then_stands_still(world) -> None:
    sheet = make_sheet(world, published=False)
    item = sheet.items.get(key="quality")
    actions.save_item(sheet, item, by=world.people.office, points_key=D(30))
    with pytest.raises(Refused, match="合计 90 分"):
        actions.publish_sheet(sheet, by=world.people.office_leader, document="云安〔2026〕3号")
    actions.save_item(sheet, item, by=world.people.office, points_key=D(40))
    with pytest.raises(PermissionDenied):
        actions.publish_sheet(sheet, by=world.people.office, document="云安〔2026〕3号")
    actions.publish_sheet(sheet, by=world.people.office_leader, document="云安〔2026〕3号")
    with pytest.raises(IllegalMove, match="修订"):
        actions.save_item(sheet, item, by=world.people.office, points_key=D(10))
    draft = actions.revise_sheet(sheet, by=world.people.office)
    actions.publish_sheet(draft, by=world.people.office_leader, document="云安〔2026〕8号")
    sheet.refresh_from_db()
    assert (sheet.status, draft.version) == ("retired", 2)


@pytest.mark.parametrize("key", ["localities", "departments", "enterprises", "officers"])
def test_every_shipped_sheet_can_be_drafted_and_adopted(world, key) -> None:
    sheet = actions.start_sheet(key, by=world.people.office)
    assert sheet.unverified
    assert actions.problems_of(sheet) == []
    actions.publish_sheet(sheet, by=world.people.office_leader, document="云安〔2026〕3号")
    units = {
        "localities": ["qingshi", "baita", "heyan"],
        "departments": ["housing", "market"],
        "enterprises": ["shop", "station"],
    }
    made = actions.create_assessment(
        sheet, title="考核", year=2026, period_from=dt.date(2026, 1, 1), period_to=dt.date(2026, 12, 31), by=world.people.office
    )  # fmt: skip
    if key == "officers":
        people = [(world.people.inspector, world.organizations.qingshi)]
        actions.add_units(made, [], people=people, by=world.people.office)
    else:
        actions.add_units(
            made, [getattr(world.organizations, name) for name in units[key]], by=world.people.office
        )
    late_hazard(world)
    Assessment.objects.filter(pk=made.pk).update(status="running")
    made.refresh_from_db()
    snapshot = actions.take_interim(made, by=world.people.office)
    assert snapshot.scores.count() == made.units.count()


def test_the_worker_scores_each_month_once(world) -> None:
    made = begin(world)
    first = timezone.localdate().replace(day=1)
    assert actions.take_monthly(first) == 1
    assert actions.take_monthly(first) == 0
    assert Snapshot.objects.get(assessment=made).until == first - dt.timedelta(days=1)


def test_queries_do_not_grow_with_the_units(world, django_assert_num_queries) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from bihuan.assessment.computing import compute

    made = begin(world, units=("qingshi",))
    with CaptureQueriesContext(connection) as few:
        compute(made, on=timezone.localdate())
    more = begin(world, sheet=made.sheet, units=("qingshi", "baita", "heyan"), title="另一次")
    with CaptureQueriesContext(connection) as many:
        compute(more, on=timezone.localdate())
    assert len(many) == len(few)


def test_publishing_twice_or_out_of_turn_is_refused(world) -> None:
    made = publish(world)
    for move in (actions.publish, actions.freeze):
        with pytest.raises(IllegalMove):
            move(made, by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.adopt(made, by=world.people.office_leader)
