"""A paper of the housing bureau to the city's office, and of Qingshi street, at every stage, by the acts people use."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.submissions import actions
from bihuan.submissions.models import Condition, Opinion, Submission


def today() -> dt.date:
    return timezone.localdate()


def given(world: World, **changes: Any) -> actions.Draft:
    values: dict[str, Any] = {
        "form": "request", "matter": "funds", "title": "关于安排燃气整治专项资金的请示",
        "situation": "全市餐饮场所需加装报警器 120 台。", "opinion": "建议由市级财政补助。",
        "ask": "拟安排专项资金 24 万元，妥否，请批示。", "event_on": today(),
        "addressee": world.organizations.office, "contact": "李建明，办公电话 0871-1234567",
    }  # fmt: skip
    return actions.Draft(**(values | changes))


def drafted(world: World, **changes: Any) -> Submission:
    """The housing bureau's draft, by its officer."""
    return actions.draft_submission(
        given(world, **changes), organization=world.organizations.housing, by=world.people.housing
    )


def report(world: World, **changes: Any) -> Submission:
    """A report of the housing bureau, in draft."""
    values = {
        "form": "situation", "matter": "mass_risk", "title": "关于停气检修引发投诉情况的报告",
        "situation": "某小区停气检修，居民投诉 15 件。", "opinion": "已上门解释。", "ask": "下一步继续做好解释。",
    }  # fmt: skip
    return drafted(world, **(values | changes))


def signing(world: World, submission: Submission | None = None, **changes: Any) -> Submission:
    row = submission or drafted(world, **changes)
    actions.submit_submission(row, by=world.people.housing)
    return row


def sent(world: World, submission: Submission | None = None, **changes: Any) -> Submission:
    row = signing(world, submission, **changes)
    actions.sign_submission(row, revision=row.revision, by=world.people.housing_leader)
    return fresh(row)


def received(world: World, **changes: Any) -> Submission:
    row = sent(world, **changes)
    actions.receive(row, by=world.people.office)
    return row


def handling(world: World, **changes: Any) -> Submission:
    row = received(world, **changes)
    actions.assign(row, officer=world.people.office, by=world.people.office_leader)
    return row


def consulted(world: World, **changes: Any) -> Opinion:
    row = handling(world, **changes)
    return actions.consult(
        row, [world.organizations.market], question="资金从哪里列支", by=world.people.office
    )[0]


def deciding(world: World, **changes: Any) -> Submission:
    row = handling(world, **changes)
    actions.propose(row, outcome="agree", text="情况属实，建议同意。", by=world.people.office)
    return row


def answered(world: World, **changes: Any) -> Submission:
    row = deciding(world, **changes)
    actions.answer(
        row, outcome="conditional", text="原则同意。", by=world.people.office_leader,
        conditions=[actions.Asked("专款专用，月底报使用情况", today() + dt.timedelta(days=20))],
    )  # fmt: skip
    return row


def condition_of(submission: Submission) -> Condition:
    return Condition.objects.select_related("submission__addressee", "submission__organization").get(
        submission=submission
    )


def outside(world: World, **changes: Any) -> Submission:
    """A request of the city's office to the province, which does not work here, signed."""
    row = actions.draft_submission(
        given(world, addressee=None, addressee_name="云岭省安全生产委员会办公室", **changes),
        organization=world.organizations.office, by=world.people.office,
    )  # fmt: skip
    actions.submit_submission(row, by=world.people.office)
    actions.sign_submission(row, revision=row.revision, by=world.people.office_leader)
    return fresh(row)


def fresh(row: Submission) -> Submission:
    """The same as a page reads it."""
    return Submission.objects.select_related(
        "organization__region", "addressee__region", "paper", "handler", "drafted_by"
    ).get(pk=row.pk)
