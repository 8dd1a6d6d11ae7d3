"""Conduct looked into: who sees it, who must keep away, nothing decided before the answer (R127, R260)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.accounts.roles import Role
from bihuan.accounts.tests.world import World
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.office import actions
from bihuan.office.models import ConductMatter
from bihuan.office.signals import signal_of, signals
from bihuan.office.tests import factories as make
from bihuan.papers.models import Paper

pytestmark = pytest.mark.django_db


def test_seen_by_the_inspectorate_and_the_leader_of_the_office_only(world: World) -> None:
    people = world.people
    row = make.clue(world)
    sees = ConductMatter.objects.visible_to
    for who in (people.inspectorate, people.office_leader):
        assert sees(who).contains(row)
    for who in (
        people.office, people.county_office, people.qingshi_leader, people.qingshi_officer, people.inspector,
        people.housing_leader, people.shop, people.expert, people.auditor,
    ):  # fmt: skip
        assert not sees(who).exists(), who


def test_another_countys_leader_does_not_see_it(world: World) -> None:
    near = make.person("near", world.organizations.county_office, Role.OFFICE_LEADER, "区主任")
    row = make.clue(world)
    assert ConductMatter.objects.visible_to(near).contains(row)
    far = make.clue(world, organization=world.organizations.heyan, person=None)
    assert not ConductMatter.objects.visible_to(near).contains(far)


def test_about_oneself_or_ones_own_unit_one_keeps_away(world: World) -> None:
    people, office = world.people, world.organizations.office
    row = make.clue(world, organization=office, person=people.office)
    assert not ConductMatter.objects.visible_to(people.office_leader).contains(row)
    with pytest.raises(PermissionDenied):
        actions.inquire(row, inquirer=people.inspectorate, by=people.office_leader)
    with pytest.raises(Refused, match="回避"):
        actions.inquire(row, inquirer=people.office_leader, by=people.inspectorate)
    with pytest.raises(PermissionDenied):
        make.clue(world, organization=office, person=None, by=people.office_leader)
    with pytest.raises(PermissionDenied):
        make.clue(world, organization=world.organizations.inspectorate, person=people.inspectorate)


def test_the_person_concerned_sees_it_once_served_and_answers_once(world: World) -> None:
    people = world.people
    with make.on(dt.date(2026, 9, 1)):
        row = make.inquired(world)
        mine = ConductMatter.objects.visible_to(people.qingshi_officer)
        assert not mine.exists()
        with pytest.raises(PermissionDenied):
            actions.read_matter(row, by=people.qingshi_officer)
        actions.serve_opinion(row, finding="属实", proposed="remind", by=people.inspectorate)
        row = make.again(row)
        assert mine.all().contains(row)
        assert row.answer_due_on == dt.date(2026, 9, 8)
        with pytest.raises(PermissionDenied):
            actions.defend(row, text="不是我", by=people.qingshi_leader)
        actions.defend(row, text="当时在值守", by=people.qingshi_officer)
        with pytest.raises(IllegalMove):
            actions.defend(make.again(row), text="再说", by=people.qingshi_officer)
    assert make.again(row).answer == "当时在值守"


def test_too_late_to_answer(world: World) -> None:
    with make.on(dt.date(2026, 9, 1)):
        row = make.served(world)
    with make.on(dt.date(2026, 9, 9)), pytest.raises(Refused, match="已经超过"):
        actions.defend(row, text="当时在值守", by=world.people.qingshi_officer)


def test_nothing_is_decided_before_the_answer_nor_by_the_inquirer(world: World) -> None:
    people = world.people
    with make.on(dt.date(2026, 9, 1)):
        row = make.served(world)
        with pytest.raises(PermissionDenied):
            actions.handle_matter(row, handling="remind", reason="属实", by=people.inspectorate)
        with pytest.raises(Refused, match="申辩期"):
            actions.handle_matter(row, handling="remind", reason="属实", by=people.office_leader)
    with make.on(dt.date(2026, 9, 9)):
        with pytest.raises(ReasonRequired):
            actions.handle_matter(row, handling="remind", reason=" ", by=people.office_leader)
        with pytest.raises(Refused):
            actions.handle_matter(row, handling="dismissal", reason="属实", by=people.office_leader)
        actions.handle_matter(row, handling="criticize", reason="逾期属实，未申辩", by=people.office_leader)
        with pytest.raises(IllegalMove):
            actions.clear_matter(make.again(row), reason="不属实", by=people.office_leader)
    row = make.again(row)
    assert (row.status, row.handling, row.ended_on) == ("handled", "criticize", dt.date(2026, 9, 9))
    assert not Duty.objects.open().filter(kind="conduct").exists()


def test_no_opinion_without_an_inquiry(world: World) -> None:
    people = world.people
    row = make.clue(world)
    actions.inquire(row, inquirer=people.inspectorate, by=people.inspectorate)
    with pytest.raises(Refused, match="核查记录"):
        actions.serve_opinion(row, finding="属实", proposed="remind", by=people.inspectorate)
    with pytest.raises(PermissionDenied):
        actions.note_matter(row, kind="talk", on=timezone.localdate(), text="问话", by=people.office_leader)


def test_cleared_and_not_inquired_say_why(world: World) -> None:
    people = world.people
    row = make.inquired(world)
    with pytest.raises(PermissionDenied):
        actions.clear_matter(row, reason="不属实", by=people.inspectorate)
    actions.clear_matter(row, reason="催办没有送达本人", by=people.office_leader)
    assert make.again(row).status == "cleared"
    other = make.clue(world)
    with pytest.raises(ReasonRequired):
        actions.dismiss_matter(other, reason="", by=people.inspectorate)
    actions.dismiss_matter(other, reason="没有具体事实", by=people.inspectorate)
    assert make.again(other).status == "dismissed"


def test_another_inquirer_for_a_reason(world: World) -> None:
    people = world.people
    second = make.second_inspector(world)
    row = make.inquired(world)
    with pytest.raises(ReasonRequired):
        actions.reassign_inquirer(row, inquirer=second, reason="", by=people.inspectorate)
    actions.reassign_inquirer(row, inquirer=second, reason="有亲属关系，回避", by=people.inspectorate)
    with pytest.raises(PermissionDenied):
        actions.serve_opinion(make.again(row), finding="属实", proposed="remind", by=people.inspectorate)


def test_every_reading_is_on_record_and_nothing_names_the_person(world: World) -> None:
    people = world.people
    row = make.served(world)
    actions.read_matter(row, by=people.office_leader)
    kept = Event.objects.get(act="office.read_conduct")
    assert kept.actor_name == people.office_leader.full_name
    name = people.qingshi_officer.full_name
    assert not any(name in str(event.summary) for event in Event.objects.filter(act__endswith="conduct"))
    assert not any(name in duty.title for duty in Duty.objects.filter(kind="conduct"))


def test_the_opinion_is_read_by_those_who_may_see_the_matter(world: World) -> None:
    people = world.people
    row = make.served(world)
    paper = Paper.objects.get(kind="conduct_opinion")
    assert row.opinion == paper
    sees = Paper.objects.visible_to
    for who in (people.inspectorate, people.office_leader, people.qingshi_officer):
        assert sees(who).contains(paper), who
    for who in (people.office, people.county_office, people.qingshi_leader, people.inspector, people.housing):
        assert not sees(who).contains(paper), who
        assert not any(branch.contains(paper) for branch in Paper.objects.visible_branches(who))


# --- signals ---------------------------------------------------------------------------------


def bounce(world: World, times: int) -> None:
    people = world.people
    for _ in range(times):
        row = make.asked(world)
        actions.hand(row, to=world.organizations.housing, reason="燃气", by=people.qingshi_officer)
        actions.hand_back(row, reason="不归我们", by=people.housing)


def test_matters_given_back_again_and_again_are_offered_with_their_rows(world: World) -> None:
    people = world.people
    bounce(world, 1)
    assert signals(people.inspectorate, on=timezone.localdate()) == []
    bounce(world, 1)
    (found,) = signals(people.inspectorate, on=timezone.localdate())
    assert (found.organization, found.count, found.misconduct, len(found.rows)) == (
        world.organizations.housing, 2, "delay", 2,
    )  # fmt: skip
    assert signals(people.qingshi_leader, on=timezone.localdate()) == []
    row = actions.open_matter(
        organization=world.organizations.housing, person=None, misconduct="delay", clue=found.sentence,
        source="系统信号", signal=found.key, rows=found.rows, by=people.inspectorate,
    )  # fmt: skip
    assert signal_of(people.inspectorate, found.key, on=timezone.localdate()) is None
    with pytest.raises(IllegalMove):
        actions.open_matter(
            organization=world.organizations.housing, person=None, misconduct="delay", clue="再立", source="系统信号",
            signal=found.key, by=people.office_leader,
        )  # fmt: skip
    assert row.rows == found.rows


def test_tasks_past_their_day_are_counted_by_body(world: World) -> None:
    from bihuan.accounts.scope import place_of
    from bihuan.duties.actions import open_duty

    street, today = world.organizations.qingshi, timezone.localdate()
    for number, subject in enumerate((world.enterprises.shop, world.enterprises.station)):
        open_duty(
            kind="task", subject=subject, title=f"任务{number}", url="/x/", organization=street,
            place=place_of(street.region), due_on=today - dt.timedelta(days=10), clock={"summary": ""},
            by=world.people.office,
        )  # fmt: skip
    (found,) = signals(world.people.inspectorate, on=today)
    assert (found.organization, found.count, found.misconduct) == (street, 2, "weak_lead")
    assert signals(world.people.inspectorate, on=today + dt.timedelta(days=200)) == []
