"""Plans, matters asked, commitments and conduct at every stage, brought there by the acts people use."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.utils import timezone

from bihuan.accounts.models import Holding, Organization, Post, User
from bihuan.accounts.roles import Role
from bihuan.accounts.tests.world import START, World
from bihuan.office import actions
from bihuan.office.actions.committing import Promise
from bihuan.office.models import AskedMatter, ConductMatter, OfficerCommitment, WorkItem, WorkPlan

MONTH = dt.date(2026, 10, 1)
EARLY, MIDDLE, END, AFTER = (
    dt.date(2026, 10, 2),
    dt.date(2026, 10, 15),
    dt.date(2026, 10, 31),
    dt.date(2026, 11, 4),
)


@contextmanager
def on(day: dt.date, hour: int = 9):
    """Let it be that day."""
    moment = dt.datetime.combine(day, dt.time(hour), tzinfo=timezone.get_default_timezone())
    with mock.patch.object(timezone, "now", return_value=moment):
        yield


def person(login: str, body: Organization, role: str, title: str, name: str = "") -> User:
    post = Post.objects.create(organization=body, title=title, role=role)
    user = User.objects.create_user(login, None, full_name=name or f"{title}{login}")
    Holding.objects.create(user=user, post=post, from_on=START)
    return user


def fresh(user: User) -> User:
    """The person as a new request knows him: what posts he holds is read anew."""
    return User.objects.get(pk=user.pk)


def second_inspector(world: World) -> User:
    return person("inspectorate2", world.organizations.inspectorate, Role.INSPECTORATE, "督查二员", "何督查")


def plan_of(world: World, body: str = "qingshi", month: dt.date = MONTH) -> WorkPlan:
    """A plan of the street (or another body), written, not confirmed."""
    people = world.people
    by = {"qingshi": people.qingshi_officer, "office": people.office, "housing": people.housing}[body]
    return actions.ensure_plan(getattr(world.organizations, body), month, by=by)


def add(world: World, plan: WorkPlan, text: str = "核查餐饮报警器", **changes: Any) -> WorkItem:
    post = world.posts["qingshi_officer"]
    given = {
        "text": text, "target": "逐户登记", "post": post, "due_on": plan.month.replace(day=20),
        "by": world.people.qingshi_officer,
    }  # fmt: skip
    return actions.add_item(plan, **(given | changes))


def confirmed(world: World, *texts: str, month: dt.date = MONTH) -> WorkPlan:
    """The street's plan of a month, confirmed by its leader, with an item of the officer for every text."""
    plan = plan_of(world, month=month)
    for text in texts or ("核查餐饮报警器",):
        add(world, plan, text)
    actions.confirm_plan(plan, by=world.people.qingshi_leader)
    return again(plan)


def again(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def item(plan: WorkPlan, position: int = 1) -> WorkItem:
    return WorkItem.objects.select_related("plan__organization__region", "post", "owner").get(
        plan=plan, position=position
    )


def done(world: World, row: WorkItem) -> WorkItem:
    actions.report_done(row, outcome="已逐户登记", by=world.people.qingshi_officer)
    return again(row)


def unfinished(world: World, row: WorkItem, **changes: Any) -> WorkItem:
    given = {
        "cause": "staff", "cause_words": "两人借调", "remedy": "抽网格员补上", "new_due_on": dt.date(2026, 11, 20),
        "by": world.people.qingshi_officer,
    }  # fmt: skip
    actions.report_unfinished(row, **(given | changes))
    return again(row)


def asked(world: World, **changes: Any) -> AskedMatter:
    given = {
        "channel": "visit", "subject": "咨询报警器补贴", "question": "补贴怎么申请", "asker_name": "胡某来",
        "asker_phone": "19900001234", "by": world.people.qingshi_officer,
    }  # fmt: skip
    return actions.receive(**(given | changes))


def commitment(world: World, **changes: Any) -> OfficerCommitment:
    given = {
        "starts_on": dt.date(2026, 10, 1), "ends_on": dt.date(2026, 10, 31),
        "lines": [Promise("每周带队检查一次", "检查记录四份", dt.date(2026, 10, 31))],
        "by": world.people.qingshi_officer,
    }  # fmt: skip
    return actions.write_commitment(**(given | changes))


def clue(world: World, **changes: Any) -> ConductMatter:
    given = {
        "organization": world.organizations.qingshi, "person": world.people.qingshi_officer, "misconduct": "delay",
        "clue": "三次催办仍不回复", "source": "督查发现", "by": world.people.inspectorate,
    }  # fmt: skip
    return actions.open_matter(**(given | changes))


def inquired(world: World, **changes: Any) -> ConductMatter:
    row = clue(world, **changes)
    actions.inquire(row, inquirer=world.people.inspectorate, by=world.people.inspectorate)
    actions.note_matter(
        row, kind="talk", on=timezone.localdate(), text="本人承认没有及时办理", by=world.people.inspectorate
    )
    return again(row)


def served(world: World, **changes: Any) -> ConductMatter:
    row = inquired(world, **changes)
    actions.serve_opinion(row, finding="三次逾期属实", proposed="remind", by=world.people.inspectorate)
    return again(row)
