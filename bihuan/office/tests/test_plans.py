"""A month from the first item to the circular, and the quarter's analysis (R251, R252)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import given
from hypothesis import strategies as st

from bihuan.accounts.roles import Role
from bihuan.accounts.tests.world import World
from bihuan.attachments.models import Signature
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.notifications.models import Message
from bihuan.office import actions, counting, wording
from bihuan.office.calendar import last_day, month_of, next_month, next_quarter, previous_month, quarter_of
from bihuan.office.models import PlanningUnit, WorkAmendment, WorkItem, WorkPlan, WorkPlanTransition
from bihuan.office.owing import open_due
from bihuan.office.tests import factories as make
from bihuan.papers.models import Paper
from bihuan.rules.calendar import Calendar

pytestmark = pytest.mark.django_db


# --- months ----------------------------------------------------------------------------------


@given(st.dates(dt.date(2001, 1, 1), dt.date(2099, 12, 31)))
def test_months_and_quarters_follow_one_another(day: dt.date) -> None:
    month, quarter = month_of(day), quarter_of(day)
    assert month.day == quarter.day == 1
    assert month <= day <= last_day(month)
    assert next_month(month) == last_day(month) + dt.timedelta(days=1)
    assert previous_month(next_month(month)) == month
    assert quarter <= month < next_quarter(quarter)
    assert quarter.month in (1, 4, 7, 10)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2027, 12, 1)))
def test_the_clocks_of_a_month_stand_in_order(day: dt.date) -> None:
    from unittest import mock

    with mock.patch("bihuan.duties.clock.calendar", return_value=Calendar({}, published_years=())):
        from bihuan.office.calendar import plan_clocks

        month = month_of(day)
        clocks = plan_clocks(month)
    assert month <= clocks["confirm_due_on"] <= month + dt.timedelta(days=13)
    assert last_day(month) < clocks["report_due_on"] < clocks["check_due_on"]
    assert clocks["check_due_on"] <= last_day(month) + dt.timedelta(days=20)


# --- writing and confirming ------------------------------------------------------------------


def test_the_confirmation_is_owed_within_three_working_days(world: World) -> None:
    with make.on(dt.date(2026, 9, 1)):
        plan = make.plan_of(world, month=dt.date(2026, 9, 1))
    # Tuesday the first is the first of three working days.
    assert plan.confirm_due_on == dt.date(2026, 9, 3)
    assert plan.confirm_clock["days"] == 3
    owed = Duty.objects.get(kind="work_check")
    assert (owed.organization, owed.due_on) == (world.organizations.qingshi, plan.confirm_due_on)
    assert owed.post == world.posts["qingshi_leader"]


def test_everybody_enters_his_own_items_the_leader_all(world: World) -> None:
    with make.on(make.EARLY):
        plan = make.plan_of(world)
        make.add(world, plan)
        with pytest.raises(PermissionDenied):
            make.add(world, plan, post=world.posts["inspector"])
        with pytest.raises(PermissionDenied):
            make.add(world, plan, by=world.people.baita_leader)
        row = make.add(world, plan, post=world.posts["inspector"], by=world.people.qingshi_leader)
    assert row.owner == world.people.inspector


def test_an_item_needs_a_sign_of_being_done_and_a_day_of_the_month(world: World) -> None:
    with make.on(make.EARLY):
        plan = make.plan_of(world)
        for wrong in ({"text": " "}, {"target": ""}, {"due_on": dt.date(2026, 11, 1)}, {"link": "duty-99"}):
            with pytest.raises(Refused):
                make.add(world, plan, **wrong)


def test_confirmed_by_the_leader_only_and_everything_is_owed(world: World) -> None:
    people = world.people
    with make.on(make.EARLY):
        plan = make.plan_of(world)
        with pytest.raises(Refused, match="还没有事项"):
            actions.confirm_plan(plan, by=people.qingshi_leader)
        make.add(world, plan)
        with pytest.raises(PermissionDenied):
            actions.confirm_plan(plan, by=people.qingshi_officer)
        with pytest.raises(PermissionDenied):
            actions.confirm_plan(plan, by=people.office_leader)
        actions.confirm_plan(plan, by=people.qingshi_leader)
        with pytest.raises(IllegalMove):
            actions.confirm_plan(plan, by=people.qingshi_leader)
        with pytest.raises(IllegalMove, match="计划调整"):
            make.add(world, plan)
    row = make.item(plan)
    assert row.status == "open"
    owed = Duty.objects.get(kind="work_item")
    assert (owed.post, owed.due_on) == (world.posts["qingshi_officer"], row.due_on)
    check = Duty.objects.open().get(kind="work_check")
    assert check.due_on == plan.check_due_on
    line = WorkPlanTransition.objects.get(plan=plan, move="confirm")
    assert [each["text"] for each in line.snapshot] == ["核查餐饮报警器"]
    assert Signature.objects.get().subject == f"office.workplantransition:{line.pk}"


def test_what_a_duty_says_is_read_not_typed(world: World) -> None:
    from bihuan.duties.actions import finish_duty, open_duty

    people = world.people
    with make.on(make.EARLY):
        plan = make.plan_of(world)
        subject = world.enterprises.shop
        owed = open_duty(
            kind="visit", subject=subject, title="检查好味来面馆", url="/x/", organization=world.organizations.qingshi,
            place=subject, post=world.posts["qingshi_officer"], due_on=dt.date(2026, 10, 12),
            clock={"summary": "计划"}, by=people.qingshi_officer,
        )  # fmt: skip
        offered = {
            each.key
            for each in actions.planning.suggestions(people.qingshi_officer, plan.organization, plan.month)
        }
        assert f"duty-{owed.pk}" in offered
        (row,) = actions.take_up(plan, [f"duty-{owed.pk}"], by=people.qingshi_officer)
        assert (row.duty, row.due_on) == (owed, owed.due_on)
        with pytest.raises(Refused):
            actions.take_up(plan, [f"duty-{owed.pk}"], by=people.qingshi_officer)
        actions.confirm_plan(plan, by=people.qingshi_leader)
        row = make.item(plan)
        with pytest.raises(Refused, match="待办"):
            actions.report_done(row, outcome="办了", by=people.qingshi_officer)
    with make.on(make.MIDDLE):
        finish_duty(subject, "visit", by=people.qingshi_officer)
        actions.report_done(make.item(plan), by=people.qingshi_officer)
    row = make.item(plan)
    assert (row.status, row.done_on) == ("done", make.MIDDLE)


# --- changes ---------------------------------------------------------------------------------


def test_a_change_takes_effect_when_the_leader_agrees(world: World) -> None:
    people = world.people
    with make.on(make.EARLY):
        plan = make.confirmed(world)
        row = make.item(plan)
        given = {"text": row.text, "target": row.target, "due_on": dt.date(2026, 10, 28)}
        with pytest.raises(ReasonRequired):
            actions.propose_change(row, **given, reason=" ", by=people.qingshi_officer)
        change = actions.propose_change(row, **given, reason="企业停业", by=people.qingshi_officer)
        assert make.item(plan).due_on == dt.date(2026, 10, 20)
        with pytest.raises(IllegalMove):
            actions.propose_drop(row, reason="不做了", by=people.qingshi_officer)
        with pytest.raises(PermissionDenied):
            actions.decide_amendment(change, agreed=True, by=people.qingshi_officer)
        actions.decide_amendment(change, agreed=True, by=people.qingshi_leader)
    assert make.item(plan).due_on == dt.date(2026, 10, 28)
    assert Duty.objects.get(kind="work_item").due_on == dt.date(2026, 10, 28)
    kept = WorkAmendment.objects.get()
    assert (kept.before["due_on"], kept.after["due_on"], kept.reason) == (
        "2026-10-20",
        "2026-10-28",
        "企业停业",
    )


def test_a_refused_change_changes_nothing(world: World) -> None:
    people = world.people
    with make.on(make.EARLY):
        plan = make.confirmed(world)
        change = actions.propose_drop(make.item(plan), reason="不做了", by=people.qingshi_officer)
        with pytest.raises(ReasonRequired):
            actions.decide_amendment(change, agreed=False, by=people.qingshi_leader)
        actions.decide_amendment(change, agreed=False, reason="必须做", by=people.qingshi_leader)
    assert make.item(plan).status == "open"


def test_the_leaders_own_change_is_on_record_as_well(world: World) -> None:
    with make.on(make.EARLY):
        plan = make.confirmed(world)
        actions.propose_addition(
            plan, text="迎接省督查", target="材料备齐", post=world.posts["inspector"], due_on=dt.date(2026, 10, 30),
            reason="上级临时通知", by=world.people.qingshi_leader,
        )  # fmt: skip
    added = make.item(plan, 2)
    assert (added.status, added.added_later, added.owner) == ("open", True, world.people.inspector)
    assert WorkAmendment.objects.get().status == "approved"
    assert Duty.objects.open().filter(kind="work_item").count() == 2


# --- the end of the month --------------------------------------------------------------------


def test_done_needs_evidence(world: World) -> None:
    with make.on(make.MIDDLE):
        plan = make.confirmed(world)
        row = make.item(plan)
        with pytest.raises(Refused, match="佐证"):
            actions.report_done(row, by=world.people.qingshi_officer)
        with pytest.raises(PermissionDenied):
            actions.report_done(row, outcome="办了", by=world.people.inspector)
        make.done(world, row)
    assert not Duty.objects.open().filter(kind="work_item").exists()


@pytest.mark.parametrize(
    "missing",
    [
        {"cause": ""},
        {"cause": "weather"},
        {"cause_words": " "},
        {"remedy": ""},
        {"new_due_on": dt.date(2026, 10, 31)},
    ],
)
def test_unfinished_needs_its_analysis(world: World, missing) -> None:
    with make.on(make.END):
        row = make.item(make.confirmed(world))
        with pytest.raises(Refused):
            make.unfinished(world, row, **missing)
    assert make.again(row).status == "open"


def test_what_is_left_is_carried_with_its_count(world: World) -> None:
    people = world.people
    with make.on(make.END):
        plan = make.confirmed(world)
        row = make.unfinished(world, make.item(plan))
        with pytest.raises(PermissionDenied):
            actions.accept_item(make.item(plan), by=people.qingshi_officer)
        carried = actions.accept_item(make.item(plan), by=people.qingshi_leader)
    assert carried is not None
    assert (carried.plan.month, carried.carries, carried.carried_from, carried.status) == (
        dt.date(2026, 11, 1), 1, row, "draft",
    )  # fmt: skip
    assert make.again(row).status == "left"
    with make.on(dt.date(2026, 11, 2)):
        following = carried.plan
        with pytest.raises(ReasonRequired):
            actions.remove_item(carried, by=people.qingshi_officer)
        actions.confirm_plan(following, by=people.qingshi_leader)
        again = make.unfinished(world, make.item(make.again(following)), new_due_on=dt.date(2026, 12, 10))
        twice = actions.accept_item(make.item(make.again(following)), by=people.qingshi_leader)
    assert twice is not None
    assert (twice.carries, twice.carried_from_id) == (2, again.pk)


def test_what_is_left_enters_a_running_plan_as_owed(world: World) -> None:
    people = world.people
    with make.on(make.END):
        plan = make.confirmed(world)
        make.unfinished(world, make.item(plan))
    with make.on(dt.date(2026, 11, 2)):
        make.confirmed(world, "下月的", month=dt.date(2026, 11, 1))
        carried = actions.accept_item(make.item(plan), by=people.qingshi_leader)
    assert carried is not None
    assert (carried.status, carried.added_later) == ("open", True)
    assert Duty.objects.open().filter(subject=f"office.workitem:{carried.pk}").exists()


def test_sent_back_with_reasons_is_owed_again(world: World) -> None:
    people = world.people
    with make.on(make.MIDDLE):
        plan = make.confirmed(world)
        make.done(world, make.item(plan))
        with pytest.raises(ReasonRequired):
            actions.send_back(make.item(plan), reason="", by=people.qingshi_leader)
        actions.send_back(make.item(plan), reason="没有登记表", by=people.qingshi_leader)
    row = make.item(plan)
    assert (row.status, row.returns) == ("open", 1)
    assert Duty.objects.open().get(kind="work_item").due_on == plan.report_due_on


def test_nobody_checks_what_is_his_own(world: World) -> None:
    people = world.people
    with make.on(make.MIDDLE):
        plan = make.plan_of(world)
        make.add(world, plan, post=world.posts["qingshi_leader"], by=people.qingshi_leader)
        actions.confirm_plan(plan, by=people.qingshi_leader)
        actions.report_done(make.item(plan), outcome="带队检查四次", by=people.qingshi_leader)
        with pytest.raises(PermissionDenied):
            actions.accept_item(make.item(plan), by=people.qingshi_leader)
        actions.accept_item(make.item(plan), by=people.inspectorate)
    assert make.item(plan).status == "finished"


def test_the_month_is_closed_when_everything_is_told_and_judged(world: World) -> None:
    people = world.people
    with make.on(make.MIDDLE):
        plan = make.confirmed(world)
        with pytest.raises(Refused, match="还没有过完"):
            actions.check_plan(plan, by=people.qingshi_leader)
    with make.on(make.END):
        with pytest.raises(Refused, match="没有自查"):
            actions.check_plan(plan, by=people.qingshi_leader)
        make.done(world, make.item(plan))
        with pytest.raises(Refused, match="等您核查"):
            actions.check_plan(plan, by=people.qingshi_leader)
        actions.accept_item(make.item(plan), by=people.qingshi_leader)
        actions.check_plan(plan, opinion="按时完成", by=people.qingshi_leader)
    plan = make.again(plan)
    assert (plan.status, plan.checked_on) == ("checked", make.END)
    assert (
        not Duty.objects.open()
        .filter(kind__in=["work_check", "work_item"], subject__contains=f":{plan.pk}")
        .exists()
    )
    assert Event.objects.filter(act="office.check_plan").exists()


# --- figures and the circular ----------------------------------------------------------------


def october(world: World) -> WorkPlan:
    """Three items of the street: one done late, one left, one silent; the market's office planned nothing."""
    people = world.people
    with make.on(make.EARLY):
        plan = make.confirmed(world, "一", "二", "三")
        actions.arrange_unit(world.organizations.market, from_month=make.MONTH, by=people.office_leader)
    with make.on(make.END):
        make.done(world, make.item(plan, 1))
        actions.accept_item(make.item(plan, 1), by=people.qingshi_leader)
        make.unfinished(world, make.item(plan, 2))
        actions.accept_item(make.item(plan, 2), by=people.qingshi_leader)
    return plan


def test_the_figures_keep_the_items_behind_them(world: World) -> None:
    plan = october(world)
    figures = counting.count("5397", make.MONTH, make.AFTER)
    units = {unit["name"]: unit for unit in figures["units"]}
    street = units["青石街道"]
    number = {key: len(pks) for key, pks in street["cells"].items()}
    assert number == {
        "all": 3, "finished": 1, "late": 1, "left": 1, "waiting": 0, "silent": 1, "carried": 0, "delayed": 1,
    }  # fmt: skip
    assert street["causes"] == {"staff": [make.item(plan, 2).pk]}
    assert street["confirm"] == "in_time"
    assert units["市市场监管局"]["confirm"] == "missing"
    assert counting.count("539721", make.MONTH, make.AFTER)["units"] == []


def test_the_circular_adds_up_is_numbered_and_opens_its_items(world: World) -> None:
    people = world.people
    plan = october(world)
    with make.on(make.AFTER):
        with pytest.raises(PermissionDenied):
            actions.draft_circular(make.MONTH, by=people.office)
        row = actions.draft_circular(make.MONTH, by=people.inspectorate)
        with pytest.raises(Refused, match="已经起草"):
            actions.draft_circular(make.MONTH, by=people.inspectorate)
        assert wording.verdict_of(row).problems == ()
        paper = actions.issue_circular(row, by=people.inspectorate)
        with pytest.raises(IllegalMove):
            actions.issue_circular(row, by=people.inspectorate)
    words = " ".join(part["text"] for part in row.sections)
    assert "共3项，其中已完成1项，完成率33.3%，尚未办结2项" in words
    assert "写明原因结转下月的1项，已自查待核查的0项，没有自查的1项" in words
    assert "人手不足1项" in words
    assert paper.kind == Paper.Kind.WORK_CIRCULAR
    assert set(paper.addressees.values_list("organization__short_name", flat=True)) == {
        "青石街道",
        "市市场监管局",
    }
    assert Paper.objects.visible_to(people.market).filter(pk=paper.pk).exists()
    left = counting.items_of(people.inspectorate, make.again(row).figures, unit=None, cell="left")
    assert [each.pk for each in left] == [make.item(plan, 2).pk]


def test_a_wrong_figure_does_not_leave_without_a_reason(world: World) -> None:
    people = world.people
    october(world)
    with make.on(make.AFTER):
        row = actions.draft_circular(make.MONTH, by=people.inspectorate)
        texts = {"general": row.sections[0]["text"].replace("完成率33.3%", "完成率99.9%")}
        actions.edit_circular(row, title=row.title, texts=texts, version=1, by=people.inspectorate)
        with pytest.raises(Refused, match="数字核校"):
            actions.issue_circular(make.again(row), by=people.inspectorate)
        with pytest.raises(Refused, match="他人修改"):
            actions.edit_circular(make.again(row), title="甲", texts={}, version=1, by=people.inspectorate)
        actions.recount_circular(make.again(row), by=people.inspectorate)
        assert "99.9%" in make.again(row).sections[0]["text"]  # what people wrote is not overwritten
        actions.issue_circular(make.again(row), reason="口径不同，见附注", by=people.inspectorate)
    assert make.again(row).verdict["reason"] == "口径不同，见附注"


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 20), st.integers(0, 9), st.integers(0, 9)),
        min_size=1,
        max_size=8,
    )
)
def test_every_circular_the_figures_write_passes_the_figure_check(sizes) -> None:
    from bihuan.office.models import WorkCircular

    counter = iter(range(1, 10_000))
    units = []
    for number, (finished, left, waiting, silent) in enumerate(sizes, start=1):
        cells = {
            "finished": [next(counter) for _ in range(finished)], "left": [next(counter) for _ in range(left)],
            "waiting": [next(counter) for _ in range(waiting)], "silent": [next(counter) for _ in range(silent)],
        }  # fmt: skip
        cells["all"] = [pk for pks in cells.values() for pk in pks]
        cells |= {"late": cells["finished"][:1], "carried": cells["left"][:2], "delayed": cells["silent"]}
        units.append(
            {
                "pk": number, "name": f"第{'一二三四五六七八'[number - 1]}街道", "plan": number, "status": "",
                "confirm": ("in_time", "late", "missing")[number % 3], "check": ("in_time", "late")[number % 2],
                "cells": cells, "causes": {"staff": cells["left"]} if left else {},
            }
        )  # fmt: skip
    figures = {"month": "2026-10-01", "units": units}
    row = WorkCircular(
        title="关于2026年10月工作计划完成情况的通报", figures=figures, sections=wording.sections_of(figures)
    )
    assert wording.verdict_of(row).problems == ()


# --- units, worker, analysis -----------------------------------------------------------------


def test_the_worker_opens_a_plan_for_every_unit_once(world: World) -> None:
    people = world.people
    with make.on(make.EARLY):
        actions.arrange_unit(
            world.organizations.qingshi, from_month=dt.date(2026, 11, 1), by=people.qingshi_leader
        )
        with pytest.raises(PermissionDenied):
            actions.arrange_unit(world.organizations.baita, from_month=make.MONTH, by=people.qingshi_leader)
        with pytest.raises(Refused):
            actions.arrange_unit(world.organizations.qingshi, from_month=make.MONTH, by=people.office_leader)
    from django.utils import timezone

    with make.on(dt.date(2026, 11, 2)):
        assert open_due(timezone.now()) == 1
        assert open_due(timezone.now()) == 0
        assert WorkPlan.objects.get().month == dt.date(2026, 11, 1)
        actions.release_unit(PlanningUnit.objects.get(), reason="机构合并", by=people.office_leader)
    with make.on(dt.date(2026, 12, 2)):
        assert open_due(timezone.now()) == 0


def test_an_analysis_asks_whether_the_last_measures_held(world: World) -> None:
    people, street = world.people, world.organizations.qingshi
    with make.on(dt.date(2026, 9, 30)):
        plan = make.confirmed(world, "一", "二", month=dt.date(2026, 9, 1))
        for position in (1, 2):
            make.unfinished(world, make.item(plan, position), new_due_on=dt.date(2026, 10, 20))
    with make.on(make.EARLY):
        first = actions.begin_analysis(street, dt.date(2026, 7, 1), by=people.qingshi_officer)
        with pytest.raises(Refused, match="先写分析"):
            actions.sign_analysis(first, by=people.qingshi_leader)
        actions.write_analysis(first, words="借调太多", by=people.qingshi_officer)
        with pytest.raises(Refused, match="人手不足"):
            actions.sign_analysis(first, by=people.qingshi_leader)
        actions.add_measure(
            first,
            cause="staff",
            text="定岗定责",
            target="名单印发",
            due_on=dt.date(2026, 10, 25),
            by=people.qingshi_officer,
        )
        with pytest.raises(PermissionDenied):
            actions.sign_analysis(first, by=people.qingshi_officer)
        (item,) = actions.sign_analysis(first, by=people.qingshi_leader)
    assert (item.plan.month, item.text, item.measure) == (make.MONTH, "定岗定责", first.measures.get())
    with make.on(dt.date(2027, 1, 5)):
        second = actions.begin_analysis(street, dt.date(2026, 10, 1), by=people.qingshi_officer)
        actions.write_analysis(second, words="好转", by=people.qingshi_officer)
        with pytest.raises(Refused, match="没有评价"):
            actions.sign_analysis(second, by=people.qingshi_leader)
        actions.judge_measure(
            second, first.measures.get(), judged="held", words="没有再因人手未完成", by=people.qingshi_officer
        )
        actions.sign_analysis(second, by=people.qingshi_leader)
        with pytest.raises(IllegalMove):
            actions.write_analysis(second, words="再改", by=people.qingshi_officer)
    assert first.measures.get().judged == "held"


def test_what_one_sees(world: World) -> None:
    with make.on(make.EARLY):
        plan = make.confirmed(world)
    people = world.people
    for who in (
        people.qingshi_officer,
        people.inspector,
        people.county_office,
        people.office,
        people.inspectorate,
    ):
        assert WorkPlan.objects.visible_to(who).contains(plan)
        assert WorkItem.objects.visible_to(who).count() == 1
    for who in (people.baita_leader, people.housing, people.shop, people.expert, people.sysadmin):
        assert not WorkPlan.objects.visible_to(who).exists()


def test_the_owner_hears_of_his_duty(world: World, django_capture_on_commit_callbacks) -> None:
    with make.on(make.EARLY):
        plan = make.plan_of(world)
        make.add(world, plan)
        with django_capture_on_commit_callbacks(execute=True):
            actions.confirm_plan(plan, by=world.people.qingshi_leader)
    assert Message.objects.filter(recipient=world.people.qingshi_officer).exists()


def test_a_stand_in_of_another_body_checks_nothing(world: World) -> None:
    other = make.person("other", world.organizations.baita, Role.LOCALITY_LEADER, "副镇长")
    with make.on(make.MIDDLE):
        plan = make.confirmed(world)
        make.done(world, make.item(plan))
        with pytest.raises(PermissionDenied):
            actions.accept_item(make.item(plan), by=other)
