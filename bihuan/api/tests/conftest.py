"""The stage: a street's noodle shop and snack stall with everything the API can show or move, and callers with tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bihuan.accidents.models import Accident
from bihuan.accidents.tests.factories import reported
from bihuan.accounts.actions.security import token_digest
from bihuan.accounts.models import ApiToken, Holding, Post, User
from bihuan.accounts.roles import Role
from bihuan.accounts.tests.world import START, World
from bihuan.assessment.models import AssessedUnit, Assessment
from bihuan.assessment.tests.factories import publish
from bihuan.campaigns.models import Assignment, Campaign, Checklist, Phase, PlanDocument, Task
from bihuan.duties.models import Duty
from bihuan.hazards import actions
from bihuan.hazards.models import Extension, Hazard
from bihuan.hazards.tests.factories import make_hazard, make_submitted
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection
from bihuan.inspections.tests.factories import GasCampaign, make_campaign, photo, visit
from bihuan.instruments.models import Instrument
from bihuan.instruments.tests.factories import issued
from bihuan.listings.models import Listing
from bihuan.listings.tests.factories import listed
from bihuan.office import actions as office_actions
from bihuan.office.actions.committing import Promise
from bihuan.office.calendar import last_day, month_of
from bihuan.office.models import OfficerCommitment, WorkItem, WorkPlan
from bihuan.oversight.models import OversightFinding, Resolution
from bihuan.oversight.tests.factories import handed_over, published
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise
from bihuan.returns.actions import sign_return
from bihuan.returns.models import Return
from bihuan.returns.tests.factories import make_period, return_of


def token_for(user: User, **changes: Any) -> str:
    """A token of the user's, in its plain form."""
    text = f"bh_{user.username}_{ApiToken.objects.count()}"
    values = {"name": "报表", "expires_on": timezone.localdate() + dt.timedelta(days=30)} | changes
    ApiToken.objects.create(user=user, digest=token_digest(text), **values)
    return text


class Caller:
    """A program with a token."""

    def __init__(self, token: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, query: dict[str, Any] | None = None):
        return self.client.get(f"/api/v1{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None, *, key: str = "", multipart: dict[str, Any] | None = None):
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        if multipart is not None:
            return self.client.post(f"/api/v1{path}", multipart, headers=headers)
        raw = body if isinstance(body, bytes | str) or body is None else None
        if raw is None and body is not None:
            return self.client.post(f"/api/v1{path}", body, content_type="application/json", headers=headers)
        return self.client.post(
            f"/api/v1{path}", raw or b"", content_type="application/json", headers=headers
        )


@pytest.fixture
def call(world: World) -> Callable[..., Caller]:
    """`call("office")` is a program of Zhao's; `call(None)` one without a token."""
    known: dict[str, Caller] = {}

    def calling(who: str | None) -> Caller:
        if who is None:
            return Caller()
        if who not in known:
            known[who] = Caller(token_for(getattr(world.people, who)))
        return known[who]

    return calling


@dataclass
class Stage:
    world: World
    gas: GasCampaign
    campaign: Campaign  # of the street itself: the neighbouring town does not see it
    phase: Phase
    task: Task
    checklist: Checklist
    assignment: Assignment
    stall: Enterprise
    inspection: Inspection
    paper: Paper
    rectifying: Hazard
    submitted: Hazard
    on_behalf: Hazard
    extension: Extension
    duty: Duty
    attachment: str
    accident: Accident
    listing: Listing
    finding: OversightFinding
    resolution: Resolution
    record: Return
    assessment: Assessment  # of the street alone
    unit: AssessedUnit
    instrument: Instrument
    work_plan: WorkPlan
    work_item: WorkItem
    promise: OfficerCommitment


def _neighbour(world: World) -> None:
    """The neighbouring town's officer, who may read what an inspector may not, and nothing of the street."""
    post = Post.objects.create(
        organization=world.organizations.baita, title="镇应急办", role=Role.LOCALITY_OFFICER
    )
    world.people.neighbour = User.objects.create_user("neighbour", None, full_name="蒋隔壁")
    Holding.objects.create(user=world.people.neighbour, post=post, from_on=START)


def _signed(world: World) -> Return:
    """The street's return of last month, signed."""
    today = timezone.localdate()
    period = make_period(world, today - dt.timedelta(days=today.day))
    sign_return(return_of(period, world.organizations.qingshi), by=world.people.qingshi_leader, zero=True)
    return return_of(period, world.organizations.qingshi)


def _planned(world: World) -> tuple[WorkPlan, WorkItem, OfficerCommitment]:
    """The street's plan of this month with one item of its officer, confirmed, and what its leader promised in public."""
    people, street, today = world.people, world.organizations.qingshi, timezone.localdate()
    month = month_of(today)
    plan = office_actions.ensure_plan(street, month, by=people.qingshi_officer)
    item = office_actions.add_item(
        plan, text="核查报警器", target="逐户登记", post=world.posts["qingshi_officer"], due_on=last_day(month),
        by=people.qingshi_officer,
    )  # fmt: skip
    office_actions.confirm_plan(plan, by=people.qingshi_leader)
    promise = office_actions.write_commitment(
        starts_on=today, ends_on=last_day(month), lines=[Promise("当日回复来电", "回复率百分之百", last_day(month))],
        by=people.qingshi_leader,
    )  # fmt: skip
    office_actions.publish(promise, by=people.qingshi_leader)
    return plan, item, promise


@pytest.fixture
def stage(world: World) -> Stage:
    gas = make_campaign(world)
    street, people = world.regions.qingshi, world.people
    plan = PlanDocument.objects.create(
        region=street,
        title="青石街道方案",
        text="正文",
        uploaded_by=people.office,
        uploaded_at=timezone.now(),
    )
    campaign = Campaign.objects.create(
        plan=plan, region=street, office=world.organizations.qingshi, title="青石街道夜市用气整治",
        short_title="夜市用气", published_by=people.office, published_at=timezone.now(),
    )  # fmt: skip
    phase = Phase.objects.create(campaign=campaign, name="排查", position=1)
    phase.conditions.create(metric="coverage", threshold=95)
    task = Task.objects.create(
        campaign=campaign, phase=phase, no="一", heading="夜市", text="排查夜市", position=1
    )
    task.kinds.add(world.kinds.restaurant)
    checklist = Checklist.objects.create(
        task=task, version=1, created_by=people.office, created_at=timezone.now()
    )
    checklist.items.create(position=1, text="瓶装气不过夜")
    assignment = Assignment.objects.create(task=task, organization=world.organizations.qingshi, role="lead")
    stall = Enterprise.objects.create(
        name="青石街口小吃摊", kind=world.kinds.restaurant, department=world.organizations.housing,
        city=world.city, county=world.regions.yunxi, locality=street, address="幸福路口",
    )  # fmt: skip
    stall.contacts.create(role="principal", name="许小摊", phone="19900001234")
    stall.premises.create(name="二号摊位", kind=world.kinds.restaurant, locality=street)
    stall.permits.create(kind="食品经营许可证", number="YX-1")
    inspection = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    rectifying = make_hazard(world, enterprise=stall)
    on_behalf = make_hazard(world, enterprise=stall, description="气瓶无固定")
    extension = actions.request_extension(
        on_behalf,
        requested_due_on=on_behalf.due_on + dt.timedelta(days=5),
        reason="等待到货",
        interim_measures="停用气瓶",
        by=people.qingshi_officer,
    )
    paper = Paper.objects.get()
    _neighbour(world)
    assessment = publish(world, units=("qingshi",))
    return Stage(
        world, gas, campaign, phase, task, checklist, assignment, stall, inspection,
        paper, rectifying, make_submitted(world), on_behalf, extension,
        Duty.objects.get(kind=Duty.Kind.EXTENSION), photo(people.inspector),
        reported(world), listed(world), handed_over(world), published(world), _signed(world),
        assessment, assessment.units.get(), issued(world), *_planned(world),
    )  # fmt: skip
