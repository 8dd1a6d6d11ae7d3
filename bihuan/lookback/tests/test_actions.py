"""A round from its promise to its end; what came back; evaluations; stock and increment."""

import datetime as dt
import itertools
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from bihuan.audit.actions import chain_of
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import outcomes
from bihuan.duties.models import Duty
from bihuan.hazards.actions import reopen
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_closed, make_hazard
from bihuan.lookback import actions, queries
from bihuan.lookback.models import Evaluation, LookbackCheck, LookbackRound, Recurrence
from bihuan.lookback.workflow import CHECK_RULES, EVALUATION_RULES, ROUND_RULES
from bihuan.rules import sampling

from .factories import announced, closed, drawn, first_check, picture

pytestmark = pytest.mark.django_db


def owed(subject):
    rows = Duty.objects.open().filter(subject=chain_of(subject)).select_related("organization")
    return {(duty.kind, duty.organization.short_name) for duty in rows}


def test_legal_moves():
    assert {move: (set(rule.sources), rule.target) for move, rule in ROUND_RULES.items()} == {
        "draw": ({"announced"}, "checking"),
        "finish": ({"checking"}, "finished"),
        "cancel": ({"announced"}, "cancelled"),
    }
    assert {move: (set(rule.sources), rule.target) for move, rule in CHECK_RULES.items()} == {
        "held": ({"waiting"}, "held"),
        "rebounded": ({"waiting"}, "rebounded"),
        "unclear": ({"waiting"}, "unclear"),
        "clean": ({"waiting"}, "clean"),
        "found": ({"waiting"}, "found"),
    }
    assert {move: (set(rule.sources), rule.target) for move, rule in EVALUATION_RULES.items()} == {
        "sign": ({"open"}, "signed"),
        "cancel": ({"open"}, "cancelled"),
    }


def test_who_may_hold_a_round(world):
    closed(world)
    for person in (
        world.people.qingshi_officer,
        world.people.office_leader,
        world.people.inspectorate,
        world.people.shop,
    ):
        with pytest.raises(PermissionDenied):
            announced(world, by=person)
    with pytest.raises(PermissionDenied):
        announced(world, by=world.people.county_office)  # not over the whole city
    assert announced(world, by=world.people.county_office, region=world.regions.yunxi).population == 4
    # A department looks at its own line only.
    assert announced(world, by=world.people.housing).population == 4
    with pytest.raises(Refused, match="没有销号的隐患"):
        announced(world, by=world.people.market)


def test_the_draw_is_what_was_promised_and_anybody_can_repeat_it(world):
    closed(world, 6)
    held = announced(world, margin=Decimal(30))
    assert held.commitment == sampling.commitment(held.seed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT seed FROM lookback_lookbackround")
        assert held.seed not in cursor.fetchone()[0]
    make_closed(world, description="公布以后才销号的")
    assert actions.draw_round(held, by=world.people.office) == held.size
    held.refresh_from_db()
    told = sampling.Inputs.from_json(held.inputs)
    expected = [pk for ids in sampling.draw(told, held.seed, held.public_value).values() for pk in ids]
    assert [
        str(pk) for pk in held.checks.order_by("position").values_list("hazard_id", flat=True)
    ] == expected
    assert owed(held) == {("lookback", "市安委办")}
    with pytest.raises(IllegalMove):
        actions.draw_round(held, by=world.people.office)


def test_a_public_value_is_asked_for(world):
    closed(world)
    held = announced(world, public_value_of="次日收盘指数")
    with pytest.raises(Refused, match="次日收盘指数"):
        actions.draw_round(held, by=world.people.office)
    actions.draw_round(held, by=world.people.office, public_value="3021.55")


def test_only_an_undrawn_round_is_cancelled_with_a_reason(world):
    closed(world)
    held = announced(world)
    with pytest.raises(ReasonRequired):
        actions.cancel_round(held, reason="", by=world.people.office)
    actions.cancel_round(held, reason="范围定错", by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.draw_round(held, by=world.people.office)


def test_found_again_needs_a_photo_and_is_opened_again(world):
    held = drawn(world)
    check = first_check(held)
    today = timezone.localdate()
    with pytest.raises(PermissionDenied):
        actions.judge(check, "held", found="看过", checked_on=today, by=world.people.housing)
    with pytest.raises(Refused, match="现场照片"):
        actions.judge(check, "rebounded", found="又堆了杂物", checked_on=today, by=world.people.office)
    with pytest.raises(Refused, match="现场情况"):
        actions.judge(check, "held", found=" ", checked_on=today, by=world.people.office)
    with pytest.raises(Refused, match="抽查日期"):
        actions.judge(
            check, "held", found="看过", checked_on=today - dt.timedelta(days=1), by=world.people.office
        )
    actions.judge(
        check,
        "rebounded",
        found="又堆了杂物",
        checked_on=today,
        photos=[picture(world)],
        by=world.people.office,
    )
    hazard = Hazard.objects.get(pk=check.hazard_id)
    assert (hazard.status, hazard.round) == ("rectifying", 2)
    assert LookbackCheck.objects.get(pk=check.pk).reopened_at is not None
    with pytest.raises(IllegalMove):
        actions.judge(first_check(held), "held", found="再看", checked_on=today, by=world.people.office)


def test_a_department_finds_and_somebody_else_opens_again(world):
    closed(world)
    held = announced(world, by=world.people.housing)
    actions.draw_round(held, by=world.people.housing)
    check = first_check(held)
    actions.judge(
        check, "rebounded", found="又堆了", checked_on=timezone.localdate(),
        photos=[picture(world, world.people.housing)], by=world.people.housing,
    )  # fmt: skip
    assert Hazard.objects.get(pk=check.hazard_id).status == "closed"
    assert owed(check) == {("lookback", "市住建局")}
    with pytest.raises(PermissionDenied):
        actions.reopen_found(check, by=world.people.housing)
    actions.reopen_found(check, by=world.people.housing_leader)
    assert Hazard.objects.get(pk=check.hazard_id).status == "rectifying"
    assert not owed(check)


def test_nobody_looks_again_at_what_they_closed(world):
    held = drawn(world)
    check = first_check(held)
    LookbackCheck.objects.filter(pk=check.pk).update(closed_by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.judge(
            first_check(held), "held", found="看过", checked_on=timezone.localdate(), by=world.people.office
        )


def test_handing_over_moves_the_duty(world):
    held = drawn(world)
    with pytest.raises(Refused, match="只能交给"):
        actions.hand_checks(held, world.organizations.qingshi, by=world.people.office)
    assert actions.hand_checks(held, world.organizations.county_office, by=world.people.office) == 4
    assert owed(held) == {("lookback", "区安委办")}
    for check in held.checks.select_related("round", "hazard", "organization"):
        actions.judge(
            check, "held", found="没有反弹", checked_on=timezone.localdate(), by=world.people.county_office
        )
    assert not owed(held)


def test_a_round_ends_when_everything_was_looked_at(world):
    held = drawn(world)
    with pytest.raises(Refused, match="还有 4 条"):
        actions.finish_round(held, conclusion="好", by=world.people.office)
    for number, check in enumerate(held.checks.select_related("round", "hazard", "organization")):
        status = "rebounded" if number == 0 else "unclear" if number == 1 else "held"
        photos = [picture(world)] if number == 0 else []
        actions.judge(
            check,
            status,
            found="看过",
            checked_on=timezone.localdate(),
            photos=photos,
            by=world.people.office,
        )
    rows, whole = queries.rates_of(held)
    assert (whole.judged, whole.rebounded, whole.unclear) == (3, 1, 1)
    assert whole.interval.share == pytest.approx(1 / 3)
    assert rows[0].interval.low < 1 / 3 < rows[0].interval.high
    assert queries.by_inspector(held)[0][:3] == ("郑守一", 3, 1)
    actions.finish_round(held, conclusion="总体较好", by=world.people.office)
    assert LookbackRound.objects.get().status == "finished"


@pytest.mark.django_db(transaction=True)
def test_two_people_at_one_check(world):
    held = drawn(world)
    pk = first_check(held).pk
    rows = LookbackCheck.objects.select_related("round", "hazard", "organization")

    def look(status: str):
        row = rows.get(pk=pk)  # both have read it as not yet looked at
        return lambda: actions.judge(
            row, status, found="看过", checked_on=timezone.localdate(), by=world.people.office
        )

    assert outcomes(look("held"), look("unclear")) == ["IllegalMove", "done"]


def test_recurrences_are_found_once_within_the_months(world):
    start = timezone.now()
    make_closed(world, description="灭火器过期", location="后厨")
    with time_machine.travel(start + dt.timedelta(days=100), tick=True):
        again = make_hazard(world, description="灭火器过期", location="后厨")
        make_hazard(world, description="灭火器过期", location="前厅")
        make_hazard(world, description="插座破损", location="后厨")
    with time_machine.travel(start + dt.timedelta(days=480), tick=True):
        make_hazard(world, description="灭火器过期", location="后厨")  # more than twelve months later
        assert actions.find_recurrences(timezone.now()) == 1
        assert actions.find_recurrences(timezone.now()) == 0
    row = Recurrence.objects.get()
    assert (row.hazard_id, row.days, row.months, row.by_item) == (again.pk, 100, 12, False)
    assert row.closed_by == world.people.qingshi_officer
    assert Recurrence.objects.visible_to(world.people.qingshi_officer).exists()
    assert not Recurrence.objects.visible_to(world.people.baita_leader).exists()


def effect(**changes):
    given = {
        "measures_done": 100, "measures_note": "全部完成", "method": "lec",
        "before": {"likelihood": "6", "exposure": "6", "consequence": "15"},
        "after": {"likelihood": "1", "exposure": "6", "consequence": "15"},
        "funds_spent": Decimal(3000), "workers_told": True, "evidence_complete": True, "verdict": "effective",
        "opinion": "风险明显下降",
    }  # fmt: skip
    return actions.Effect(**(given | changes))


def test_an_evaluation_is_signed_as_a_report(world):
    hazard = make_closed(world)
    with pytest.raises(PermissionDenied):
        actions.arrange(hazard, by=world.people.qingshi_officer)
    evaluation = actions.arrange(hazard, by=world.people.office)
    assert owed(evaluation) == {("effect", "市安委办")}
    with pytest.raises(IllegalMove):
        actions.arrange(hazard, by=world.people.housing)
    with pytest.raises(PermissionDenied):
        actions.sign_report(evaluation, effect(), by=world.people.housing)
    with pytest.raises(Refused, match="不能评为"):
        actions.sign_report(evaluation, effect(measures_done=80), by=world.people.office)
    with pytest.raises(Refused, match="风险取值"):
        actions.sign_report(evaluation, effect(after={"likelihood": "7"}), by=world.people.office)
    paper = actions.sign_report(evaluation, effect(), by=world.people.office)
    evaluation = Evaluation.objects.get()
    assert (evaluation.value_before, evaluation.value_after) == (Decimal(540), Decimal(90))
    assert paper.kind == "effect_report"
    assert not owed(evaluation)
    with pytest.raises(IllegalMove):
        actions.sign_report(evaluation, effect(), by=world.people.office)


def test_what_came_back_is_not_effective(world):
    hazard = make_closed(world)
    evaluation = actions.arrange(hazard, by=world.people.office)
    reopen(hazard, reason="反弹", by=world.people.office)
    evaluation = Evaluation.objects.select_related("hazard__enterprise", "organization").get()
    with pytest.raises(Refused, match="不能评为"):
        actions.sign_report(evaluation, effect(), by=world.people.office)
    actions.sign_report(evaluation, effect(verdict="partly"), by=world.people.office)
    assert Evaluation.objects.get().recurrences == 1


def test_stock_adds_up_with_reopened_ones(world):
    today = timezone.localdate()
    start = today - dt.timedelta(days=70)
    with time_machine.travel(timezone.now() - dt.timedelta(days=60), tick=True):
        make_hazard(world)
        hazard = make_closed(world)
        make_hazard(world, by=world.people.outsider, enterprise=world.enterprises.station)
    reopen(hazard, reason="反弹", by=world.people.office)
    make_closed(world)
    months = queries.stock_by_month("5397", start, today)
    for row in months:
        assert row.opening + row.found - row.closed == row.closing
    assert sum(row.found for row in months) == 4
    assert months[0].opening == 0
    assert months[-1].closing == Hazard.objects.open().count() == 3
    for before, after in itertools.pairwise(months):
        assert before.closing == after.opening
    places = {row.region: row for row in queries.stock_by_region("539702", start, today)}
    assert (places["539702001"].closing, places["539702101"].closing) == (2, 1)
