"""Two people at once: a plan is confirmed once, a matter taken over or given back, a circular numbered once."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from bihuan.accounts.models import User
from bihuan.accounts.roles import Role
from bihuan.core.errors import IllegalMove
from bihuan.duties.models import Duty
from bihuan.office import actions
from bihuan.office.models import AskedMatter, ConductMatter, WorkAmendment, WorkCircular, WorkItem, WorkPlan
from bihuan.office.tests import factories as make
from bihuan.papers.models import Paper

pytestmark = pytest.mark.django_db(transaction=True)


def both(acts) -> list[str]:
    """Run the acts at the same moment, each on a connection of its own; what became of them."""
    ready, found = threading.Barrier(len(acts)), []

    def run(act) -> None:
        try:
            ready.wait(10)
            act()
            found.append("done")
        except IllegalMove:
            found.append("too late")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(found)


def acts(person: User, load, *verbs):
    """Each verb with the person and the row read beforehand, as two open pages have them."""
    rows = [(load(), User.objects.get(pk=person.pk)) for _ in verbs]
    return [
        (lambda verb=verb, row=row, user=user: verb(row, user))
        for verb, (row, user) in zip(verbs, rows, strict=True)
    ]


def plan_row(pk: int):
    return lambda: WorkPlan.objects.select_related("organization__region").get(pk=pk)


def test_two_leaders_confirm_one_does(world):
    deputy = make.person("deputy", world.organizations.qingshi, Role.LOCALITY_LEADER, "副主任")
    with make.on(make.EARLY):
        plan = make.plan_of(world)
        make.add(world, plan)
        first = plan_row(plan.pk)(), User.objects.get(pk=world.people.qingshi_leader.pk)
        second = plan_row(plan.pk)(), User.objects.get(pk=deputy.pk)
        found = both(
            [
                lambda: actions.confirm_plan(first[0], by=first[1]),
                lambda: actions.confirm_plan(second[0], by=second[1]),
            ]
        )
    assert found == ["done", "too late"]
    assert plan.transitions.filter(move="confirm").count() == 1
    assert Duty.objects.open().filter(kind="work_item").count() == 1


def test_an_item_is_added_or_the_plan_confirmed_never_an_item_nobody_owes(world):
    people = world.people
    with make.on(make.EARLY):
        plan = make.plan_of(world)
        make.add(world, plan)
        mine, theirs = plan_row(plan.pk)(), plan_row(plan.pk)()
        officer, leader = (
            User.objects.get(pk=people.qingshi_officer.pk),
            User.objects.get(pk=people.qingshi_leader.pk),
        )
        post = world.posts["qingshi_officer"]
        both(
            [
                lambda: actions.add_item(
                    mine, text="二", target="有", post=post, due_on=make.MIDDLE, by=officer
                ),
                lambda: actions.confirm_plan(theirs, by=leader),
            ]
        )  # fmt: skip
    rows = list(WorkItem.objects.filter(plan=plan))
    assert {row.status for row in rows} == {"open"}
    assert Duty.objects.open().filter(kind="work_item").count() == len(rows)


def test_begun_by_two_it_is_one_plan(world):
    street = world.organizations.qingshi
    first, second = (User.objects.get(pk=world.people.qingshi_officer.pk) for _ in range(2))
    with make.on(make.EARLY):
        found = both(
            [
                lambda: actions.ensure_plan(street, make.MONTH, by=first),
                lambda: actions.ensure_plan(street, make.MONTH, by=second),
            ]
        )
    assert found == ["done", "done"]
    assert WorkPlan.objects.count() == 1


def test_accepted_and_sent_back_at_once_is_one_of_them(world):
    with make.on(make.END):
        plan = make.confirmed(world)
        make.unfinished(world, make.item(plan))
        leader = world.people.qingshi_leader
        found = both(
            acts(
                leader,
                lambda: make.item(plan),
                lambda row, user: actions.accept_item(row, by=user),
                lambda row, user: actions.send_back(row, reason="不实", by=user),
            )
        )
    assert found == ["done", "too late"]
    row = make.item(plan)
    assert (row.status == "left") == WorkItem.objects.filter(carried_from=row).exists()


def test_a_change_is_decided_once(world):
    with make.on(make.EARLY):
        plan = make.confirmed(world)
        change = actions.propose_drop(make.item(plan), reason="不做", by=world.people.qingshi_officer)
        found = both(
            acts(
                world.people.qingshi_leader,
                lambda: WorkAmendment.objects.select_related("plan__organization", "item", "by").get(
                    pk=change.pk
                ),
                lambda row, user: actions.decide_amendment(row, agreed=True, by=user),
                lambda row, user: actions.decide_amendment(row, agreed=False, reason="要做", by=user),
            )
        )
    assert found == ["done", "too late"]
    assert (make.item(plan).status == "dropped") == (make.again(change).status == "approved")


def test_taken_over_or_given_back(world):
    row = make.asked(world)
    actions.hand(row, to=world.organizations.housing, reason="燃气", by=world.people.qingshi_officer)
    found = both(
        acts(
            world.people.housing,
            lambda: AskedMatter.objects.select_related("organization", "handler", "post").get(pk=row.pk),
            lambda each, user: actions.accept(each, by=user),
            lambda each, user: actions.hand_back(each, reason="不归我们", by=user),
        )
    )
    assert found == ["done", "too late"]
    row = make.again(row)
    assert Duty.objects.open().filter(kind="first_asked").count() == 1
    assert Duty.objects.open().get(kind="first_asked").organization_id == row.answering_id


def test_one_number_for_one_circular(world):
    with make.on(make.EARLY):
        make.confirmed(world)
    with make.on(make.AFTER):
        row = actions.draft_circular(make.MONTH, by=world.people.inspectorate)
        found = both(
            acts(
                world.people.inspectorate,
                lambda: WorkCircular.objects.select_related("organization__region").get(pk=row.pk),
                lambda each, user: actions.issue_circular(each, by=user),
                lambda each, user: actions.issue_circular(each, by=user),
            )
        )
    assert found == ["done", "too late"]
    assert Paper.objects.filter(kind="work_circular").count() == 1


def test_one_opinion_and_one_answer(world):
    row = make.inquired(world)

    def load() -> ConductMatter:
        return ConductMatter.objects.select_related("organization", "person", "handler__region").get(
            pk=row.pk
        )

    found = both(
        acts(
            world.people.inspectorate,
            load,
            lambda each, user: actions.serve_opinion(each, finding="属实", proposed="remind", by=user),
            lambda each, user: actions.serve_opinion(each, finding="不大属实", proposed="remind", by=user),
        )
    )
    assert found == ["done", "too late"]
    assert Paper.objects.filter(kind="conduct_opinion").count() == 1
    found = both(
        acts(
            world.people.qingshi_officer,
            load,
            lambda each, user: actions.defend(each, text="一", by=user),
            lambda each, user: actions.defend(each, text="二", by=user),
        )
    )
    assert found == ["done", "too late"]
