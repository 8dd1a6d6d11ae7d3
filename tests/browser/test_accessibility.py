"""The main pages for everybody: axe finds nothing, and no page is wider than its screen."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.campaigns.models import Campaign, PlanDocument
from bihuan.campaigns.tests.plans import make_campaign, make_draft
from bihuan.checklists import actions as library
from bihuan.checklists.models import BookVersion
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_hazard, make_submitted
from bihuan.inspections.tests.test_library_visits import BOOK

from .conftest import Enter, Hall
from .people import PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTHS = (360, 390, 1920)


@dataclass
class Town:
    """A campaign at work, a plan on the desk, hazards in two states."""

    campaign: Campaign
    draft: PlanDocument
    hazard: Hazard
    world: World
    book: BookVersion
    next_version: BookVersion

    @property
    def walk(self) -> str:
        task = self.campaign.tasks.filter(kinds=self.world.kinds.restaurant, checklists__isnull=False).first()
        assert task
        return f"/inspections/walk/?task={task.pk}&enterprise={self.world.enterprises.shop.pk}"

    @property
    def routine(self) -> str:
        return f"/inspections/walk/?task=0&enterprise={self.world.enterprises.shop.pk}"


@pytest.fixture
def town(world: World) -> Town:
    campaign = make_campaign(world)
    draft = make_draft(world)
    hazard = make_hazard(world, campaign=campaign)
    make_submitted(world)
    office = world.people.office
    book = library.create_book(world.organizations.office, BOOK, sector="gas", by=office)
    book = library.publish(book, effective_from=timezone.localdate(), seen=0, by=office)
    return Town(campaign, draft, hazard, world, book, library.start_draft(book.book, by=office))


def pages_of_the_office(town: Town) -> dict[str, str]:
    return {
        "首页": "/",
        "专项整治": "/campaigns/",
        "一场整治": town.campaign.get_absolute_url(),
        "方案工作台": town.draft.get_absolute_url(),
        "修改任务": f"{town.draft.get_absolute_url()}items/{town.draft.items.filter(kind='task')[0].pk}/",
        "隐患台账": "/hazards/",
        "一项隐患": town.hazard.get_absolute_url(),
        "企业与场所": "/registry/",
        "一家企业": town.world.enterprises.shop.get_absolute_url(),
        "待办": "/duties/",
        "检查表库": "/checklists/",
        "一张检查表": town.book.get_absolute_url(),
        "检查表草稿": f"/checklists/versions/{town.next_version.pk}/editor/",
        "检查项": f"/checklists/versions/{town.next_version.pk}/items/GAS-USE-01/",
        "判定条款覆盖": "/checklists/coverage/",
        "编任务的检查表": f"/campaigns/tasks/{town.campaign.tasks.first().pk}/checklist/assembly/",
    }


def test_axe_finds_nothing(town: Town, hall: Hall, enter: Enter) -> None:
    found = []
    visitor = hall.enter("office")
    visitor.go("/accounts/login/")
    found += violations(visitor, "登录")
    office = visitor.sign_in()
    for name, path in pages_of_the_office(town).items():
        office.go(path)
        found += violations(office, name)
    shop = enter("shop", PHONE)
    found += violations(shop, "企业首页")
    shop.go(town.hazard.get_absolute_url())
    found += violations(shop, "企业看隐患")
    inspector = enter("inspector", PHONE)
    found += violations(inspector, "检查员首页")
    inspector.go(town.walk)
    found += violations(inspector, "检查")
    inspector.page.get_by_role("radio", name="不合格").first.check()
    found += violations(inspector, "检查，有一项不合格")
    inspector.go(town.routine)
    inspector.page.get_by_label("连接软管长度", exact=False).fill("2.4")
    found += violations(inspector, "日常检查，实测不合格")
    assert found == []


def test_no_page_is_wider_than_its_screen(town: Town, hall: Hall, enter: Enter) -> None:
    wide = []
    visitor = hall.enter("office")
    visitor.go("/accounts/login/")
    wide += overflows(visitor, "登录")
    office = visitor.sign_in()
    for name, path in pages_of_the_office(town).items():
        office.go(path)
        wide += overflows(office, name)
    inspector = enter("inspector")
    inspector.go(town.walk)
    inspector.page.get_by_role("radio", name="不合格").first.check()
    wide += overflows(inspector, "检查")
    inspector.go(town.routine)
    inspector.page.get_by_label("连接软管长度", exact=False).fill("2.4")
    wide += overflows(inspector, "日常检查")
    assert wide == []


def violations(person: Person, name: str) -> list[str]:
    """What axe says, one line for each element: page, rule, why, where."""
    answer = Axe().run(person.page).response
    return [
        f"{name}：{each['id']} {each['help']} {node['target']} {node['html'][:160]}"
        for each in answer["violations"]
        for node in each["nodes"]
    ]


def overflows(person: Person, name: str) -> list[str]:
    found = []
    for width in WIDTHS:
        person.page.set_viewport_size({"width": width, "height": 844})
        if (excess := person.overflow()) > 0:
            found.append(f"{name}在 {width} 像素宽时超出 {excess} 像素")
    return found
