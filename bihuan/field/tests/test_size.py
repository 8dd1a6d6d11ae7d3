"""What a sync costs: as many queries for a full street as for an empty one, and few bytes for each enterprise."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bihuan.accounts.models import Holding, Post, User
from bihuan.accounts.roles import Role
from bihuan.campaigns.actions.limiting import limit_task
from bihuan.campaigns.models import Assignment, CheckItem, Checklist
from bihuan.checklists import actions as library
from bihuan.checklists.structure import Book, Item, Section
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_hazard
from bihuan.inspections.models import Coverage, Inspection
from bihuan.registry.models import Contact, Enterprise, Permit, Premises
from bihuan.zones.tests.factories import make_zone, put

from .test_owed import owe, plan

MOST_QUERIES = 40
# 5,000 enterprises in 15 MB, checklists and the app included: of these a third may be the enterprises.
MOST_BYTES = 1000
SYLLABLES = "福满祥和顺兴旺达盛隆裕泰丰润恒源聚鑫宏昌瑞康乐佳美香味园春华秋实"


class Street:
    """A street that grows: every table a sync reads gets more rows with each enterprise."""

    def __init__(self, world, gas) -> None:
        self.world, self.gas, self.chance = world, gas, random.Random(7)
        self.zone = make_zone(world)
        self.hazard = make_hazard(world)
        self.number = 0
        for subject in (self.hazard, gas.campaign):
            owe(world, subject, "待办")

    def word(self, length: int) -> str:
        return "".join(self.chance.choices(SYLLABLES, k=length))

    def grow(self) -> Enterprise:
        """One more enterprise with all that hangs on one: contact, place, permit, two visits, hazard, coverage."""
        self.number += 1
        world, chance = self.world, self.chance
        inspector, shop, now = world.people.inspector, world.enterprises.shop, timezone.now()
        place = {"city": shop.city, "county": shop.county, "locality": shop.locality}
        made = Enterprise.objects.create(
            name=f"青石街道{self.word(4)}小吃店", kind=shop.kind, department=shop.department, **place,
            address=f"青石街道{self.word(2)}路{chance.randrange(1, 400)}号", employees=chance.randrange(1, 40),
            risk=chance.choice(["red", "orange", "yellow", "blue"]),
            longitude=103.55, latitude=30.25,
            attributes={"fuel": "瓶装液化石油气", "cylinder_stock": chance.randrange(9), "area": chance.randrange(12, 600)},
        )  # fmt: skip
        Contact.objects.create(enterprise=made, role="principal", name=self.word(3))
        Premises.objects.create(
            enterprise=made, name=f"{self.word(2)}分店", kind=shop.kind, locality=shop.locality, address=f"{self.word(2)}路"
        )  # fmt: skip
        Permit.objects.create(
            enterprise=made, kind="食品经营许可证", number=f"JY2{chance.randrange(10**12):012d}",
            valid_to=dt.date(2027, 6, 30),
        )  # fmt: skip
        for day in (3, 17):
            visited = Inspection.objects.create(
                client_id=uuid.uuid4(), kind=Inspection.Kind.TOWNSHIP, enterprise=made, organization=inspector.organization,
                **place, started_at=now, finished_at=now, inspected_on=dt.date(2026, 5, day), received_at=now,
                is_clean=True, recorded_by=inspector, submission_hash="x",
            )  # fmt: skip
        Coverage.objects.create(
            task=self.gas.task, enterprise=made, first_inspection=visited, on=visited.inspected_on
        )
        same = {each.attname: getattr(self.hazard, each.attname) for each in Hazard._meta.concrete_fields}
        Hazard.objects.bulk_create(
            [
                Hazard(
                    **same
                    | {"id": None, "enterprise_id": made.pk, "description": f"{self.word(4)}：连接软管老化"}
                )
            ]
        )
        return made

    def busy(self) -> None:
        """One more of all that hangs on a body: task with its checklist, book of the library, duties, visit planned, colleague."""
        world, office, now = self.world, self.world.people.office, timezone.now()
        made = self.grow()
        number = self.number
        task = self.gas.campaign.tasks.create(
            no=str(number), heading=f"任务{number}", text="排查", position=number + 10
        )
        task.kinds.add(world.kinds.restaurant)
        limit_task(task, self.zone, by=office)
        Assignment.objects.create(task=task, organization=world.organizations.qingshi, role="territorial")
        for version in (1, 2):
            checklist = Checklist.objects.create(
                task=task, version=version, created_by=office, created_at=now
            )
            CheckItem.objects.create(
                checklist=checklist, position=1, text="用气场所不在地下", basis="城镇燃气管理条例"
            )
        book = Book(
            f"own{number}", f"本地检查表{number}", 1,
            (Section("OWN-USE", "一", "use", (Item("OWN-USE-01", "气瓶间通风"),)),),
        )  # fmt: skip
        version = library.create_book(world.organizations.office, book, sector="gas", by=office)
        library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
        owe(world, made, f"待办{number}")
        visit = plan(world, world.people.inspector, enterprise=made)
        owe(world, visit, f"检查{number}")
        user = User.objects.create_user(f"colleague{number}", None, full_name=f"同事{number}")
        post = Post.objects.create(
            organization=world.organizations.qingshi, title=f"检查员{number}号", role=Role.INSPECTOR
        )
        Holding.objects.create(user=user, post=post, from_on=dt.date(2026, 1, 1))


@pytest.fixture
def street(world, gas) -> Street:
    put(world.enterprises.shop, 103.55, 30.25)
    return Street(world, gas)


def test_a_fuller_street_costs_not_one_query_more(phone, street):
    street.busy()
    phone.sync()
    with CaptureQueriesContext(connection) as few:
        first = phone.sync()
    for _ in range(6):
        street.busy()
    with CaptureQueriesContext(connection) as many:
        answer = phone.sync()
    for name in ("enterprises", "tasks", "checklists", "duties", "planned", "colleagues"):
        assert len(answer["groups"][name]["rows"]) >= len(first["groups"][name]["rows"]) + 6, name
    assert len(many) == len(few)
    assert len(many) <= MOST_QUERIES


def test_an_enterprise_with_all_that_is_known_of_it_is_a_kilobyte_at_most(phone, street):
    def size() -> int:
        answer = Client().get("/field/sync/", headers=phone.headers | {"Accept-Encoding": "gzip"})
        assert json.loads(gzip.decompress(answer.content))["whole"] is True
        return len(answer.content)

    street.grow()
    before = size()
    for _ in range(60):
        street.grow()
    assert (size() - before) / 60 < MOST_BYTES
