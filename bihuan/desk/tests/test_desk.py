"""Home pages answer three questions for each kind of seat; the registry learns of tasks."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.campaigns.models import Campaign, PlanDocument, Task
from bihuan.desk.navigation import navigation, navigation_html
from bihuan.hazards.actions import record_hazard


@pytest.fixture
def task(world):
    plan = PlanDocument.objects.create(
        region=world.city,
        title="燃气专项整治方案",
        text="正文",
        uploaded_by=world.people.office,
        uploaded_at=timezone.now(),
    )
    campaign = Campaign.objects.create(
        plan=plan, region=world.city, office=world.organizations.office, title="云溪市燃气专项整治", short_title="燃气专项整治",
        published_by=world.people.office, published_at=timezone.now(),
    )  # fmt: skip
    task = Task.objects.create(
        campaign=campaign, no="三/1", heading="查餐饮用气", text="查餐饮用气场所。", position=1
    )
    task.kinds.add(world.kinds.restaurant)
    return task


@pytest.fixture
def hazard(world, task):
    return record_hazard(
        enterprise=world.enterprises.shop, task=task, source="inspection", description="软管超过两米",
        found_on=timezone.localdate() - dt.timedelta(days=20), due_on=timezone.localdate() - dt.timedelta(days=2),
        by=world.people.inspector, found_organization=world.organizations.qingshi,
    )  # fmt: skip


SEES = {
    "office": "各乡镇街道和功能区",
    "office_leader": "现在要督的事",
    "county_office": "云溪区安全生产专项整治",
    "housing": "我单位承担的任务",
    "qingshi_officer": "还没查到的对象",
    "inspector": "开始检查",
    "shop": "现在要整改的",
    "expert": "从这里开始",
    "inspectorate": "各主管部门",
}


@pytest.mark.parametrize("login", SEES)
def test_every_seat_has_its_home(client, world, hazard, login):
    client.force_login(getattr(world.people, login))
    page = client.get(reverse("desk:home"))
    assert page.status_code == 200
    assert SEES[login] in page.content.decode()


def test_the_overdue_hazard_counts_for_those_above_it_only(client, world, hazard):
    for login, expected in (
        ("office", "1"),
        ("county_office", "1"),
        ("qingshi_officer", "1"),
        ("housing", "1"),
        ("outsider", "0"),
    ):
        client.force_login(getattr(world.people, login))
        stats = {stat["label"]: stat for stat in client.get(reverse("desk:home")).context["stats"]}
        assert stats["逾期未改"]["figure"] == expected, login


def test_a_figure_opens_exactly_its_rows(client, world, hazard):
    client.force_login(world.people.office)
    stats = {stat["label"]: stat for stat in client.get(reverse("desk:home")).context["stats"]}
    assert "软管超过两米" in client.get(stats["逾期未改"]["url"]).content.decode()
    assert "软管超过两米" not in client.get(stats["整改率"]["url"]).content.decode()


def test_home_of_the_office_costs_the_same_with_more_hazards(
    client, world, task, django_assert_max_num_queries
):
    client.force_login(world.people.office)
    client.get(reverse("desk:home"))
    for number in range(8):
        record_hazard(
            enterprise=world.enterprises.shop, task=task, source="inspection", description=f"第 {number} 项",
            found_on=timezone.localdate(), by=world.people.inspector, found_organization=world.organizations.qingshi,
        )  # fmt: skip
    with django_assert_max_num_queries(45):
        client.get(reverse("desk:home"))


def test_navigation_offers_only_what_the_post_allows(world):
    def labels(user):
        return {entry.label for _, entries in navigation(user.permissions) for entry in entries}

    assert "方案工作台" in labels(world.people.office)
    assert "方案工作台" not in labels(world.people.housing)
    assert labels(world.people.shop) == {
        "首页",
        "待办",
        "消息",
        "后台任务",
        "检查",
        "隐患台账",
        "文书",
        "企业自查",
        "承诺书",
        "挂牌督办",
        "督办文书",
        "收到的督办",
        "事故",
        "考核",
        "责任书",
        "企业与场所",
        "人员证件",
        "工程项目",
        "一张图",
        "区域",
        "岗位权限",
    }
    assert "审计记录" in labels(world.people.auditor)
    assert not labels(world.people.auditor) & {"隐患台账", "企业与场所", "检查"}


def test_the_page_of_an_enterprise_says_which_tasks_cover_it(client, world, task):
    client.force_login(world.people.office)
    covered = client.get(world.enterprises.shop.get_absolute_url()).content.decode()
    assert "查餐饮用气" in covered
    assert "还没查" in covered
    other = client.get(world.enterprises.station.get_absolute_url()).content.decode()
    assert "没有进行中的任务把它列入检查对象" in other


@pytest.mark.parametrize(
    ("query", "found"),
    [("?task={task}", True), ("?unvisited=ever", True), ("?task=999999", False), ("?task=0x1", False)],
)
def test_the_list_filters_by_task_and_absence_of_visits(client, world, task, query, found):
    client.force_login(world.people.office)
    page = client.get(reverse("registry:list") + query.format(task=task.pk)).content.decode()
    assert ("好味来面馆" in page) is found


def test_the_navigation_marks_the_page_and_counts_what_waits(world):
    user = world.people.office
    shown = navigation_html(user, "/hazards/", {"duties:inbox": 3, "notifications:list": 0})
    assert shown.count('aria-current="page"') == 1
    assert re.search(r'href="/hazards/" aria-current="page">', shown)
    assert '<span class="count" data-bihuan-count="duties">3</span>' in shown
    assert '<span class="count" data-bihuan-count="messages" hidden>0</span>' in shown
    # Kept between pages, but not the counts nor the page.
    assert 'data-bihuan-count="duties">4<' in navigation_html(user, "/duties/", {"duties:inbox": 4})
