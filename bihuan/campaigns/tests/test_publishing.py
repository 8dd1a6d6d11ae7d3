"""Publishing expands the plan into duties, counted by hand in the small city: 2 departments, 2 towns, 1 street."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from bihuan.audit.models import Event
from bihuan.campaigns import actions
from bihuan.campaigns.models import Assignment, Campaign, CheckItem, PlanDocument, Task
from bihuan.campaigns.queries import tasks_for
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.models import Duty

from .plans import check_off, make_draft

pytestmark = pytest.mark.django_db


def shares(campaign: Campaign, heading: str) -> dict[str, str]:
    found = Assignment.objects.filter(task__campaign=campaign, task__heading=heading)
    return {share.organization.short_name: share.role for share in found.select_related("organization")}


def test_named_units_and_groups_become_shares(campaign):
    assert shares(campaign, "摸清底数") == {"市住建局": "lead", "市市场监管局": "support"}
    assert shares(campaign, "巩固提升阶段") == {"市住建局": "lead", "市市场监管局": "support"}
    assert shares(campaign, "查充装管理") == {
        "市市场监管局": "lead",
        "青石街道": "territorial",
        "白塔镇": "territorial",
        "河沿镇": "territorial",
    }
    assert shares(campaign, "信息报送") == {
        "市安委办": "responsible"
    }  # the plan names nobody: the office has it
    assert Assignment.objects.count() == 2 + 2 + 4 + 4 + 1


def test_every_share_is_a_duty_of_the_default_post(campaign, world):
    duties = Duty.objects.filter(kind="task")
    assert duties.count() == 13
    qingshi = duties.filter(organization=world.organizations.qingshi)
    assert {duty.post for duty in qingshi} == {world.posts["qingshi_officer"]}
    assert {duty.locality_id for duty in qingshi} == {"539702001"}
    market = duties.get(organization=world.organizations.market, title="牵头：查充装管理")
    assert (market.city_id, market.county_id, market.locality_id) == ("5397", None, None)
    assert market.due_on == dt.date(2026, 11, 30)
    # Heyan has no post at all: its duties are open and unheld, never lost.
    assert set(duties.filter(organization=world.organizations.heyan).values_list("post", flat=True)) == {None}


def test_deadlines_are_the_tasks_own_or_inherited(campaign):
    rows = {task.heading: (task.due_on, task.due_source) for task in campaign.tasks.all()}
    assert rows["摸清底数"] == (dt.date(2026, 8, 20), "任务自身")
    assert rows["查充装管理"] == (dt.date(2026, 11, 30), "继承阶段“集中攻坚阶段”")


def test_phases_open_in_order_with_default_gates_and_a_duty_of_the_office(campaign, world):
    first, second = campaign.phases.all()
    assert (first.status, second.status) == ("open", "pending")
    assert {c.metric: c.threshold for c in first.conditions.all()} == {
        "coverage": Decimal(100),
        "rectification": Decimal(95),
        "overdue": Decimal(0),
        "tasks_done": Decimal(100),
    }
    duty = Duty.objects.get(kind="phase")
    assert (duty.organization, duty.due_on) == (world.organizations.office, dt.date(2026, 11, 30))


def test_check_items_become_the_first_version_of_the_checklist(campaign):
    task = Task.objects.get(heading="查违规安装")
    assert task.checklists.get().version == 1
    item = CheckItem.objects.get(checklist__task=task)
    assert (item.text, item.criterion) == ("不得有：餐饮企业连接软管长度超过2米", "长度超过2米")
    assert item.dispositions == ["限期改正", "责令停产停业"]


def test_kinds_targets_and_reports_come_along(campaign):
    assert [kind.key for kind in Task.objects.get(heading="查违规安装").kinds.all()] == ["restaurant"]
    assert list(campaign.targets.values_list("metric", "threshold")) == [
        ("coverage", Decimal(100)),
        ("rectification", Decimal(95)),
    ]
    assert campaign.reporting_rules.get().recurrence == "FREQ=WEEKLY;BYDAY=FR"


def test_title_dates_and_record(campaign, world):
    assert (campaign.title, campaign.short_title) == ("云溪市餐饮燃气安全专项整治", "餐饮燃气安全专项整治")
    assert (campaign.starts_on, campaign.ends_on) == (dt.date(2026, 8, 1), dt.date(2027, 6, 30))
    assert Event.objects.get(act="campaigns.publish").chain == f"campaigns.campaign:{campaign.pk}"


def test_a_second_click_publishes_nothing(world, draft):
    check_off(draft, world)
    stale = PlanDocument.objects.get(pk=draft.pk)
    actions.publish(draft, by=world.people.office)
    with pytest.raises(IllegalMove, match="已经发布"):
        actions.publish(stale, by=world.people.office)
    assert Campaign.objects.count() == 1
    assert Duty.objects.filter(kind="task").count() == 13


def test_the_unseen_is_not_published_and_nothing_is_half_done(world, draft):
    with pytest.raises(Refused, match="还没有人核对"):
        actions.publish(draft, by=world.people.office)
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert not Campaign.objects.exists()
    assert not Duty.objects.exists()


def test_a_published_plan_is_closed_to_edits(campaign, world):
    item = campaign.plan.items.filter(kind="task").first()
    with pytest.raises(IllegalMove, match="已发布"):
        actions.edit_item(item, item.data, version=item.version, by=world.people.office)


def test_only_the_office_of_the_region_publishes(world, draft):
    check_off(draft, world)
    for person in (world.people.county_office, world.people.housing, world.people.qingshi_leader):
        with pytest.raises(PermissionDenied):
            actions.publish(draft, by=person)


def test_tasks_for_each_side(campaign, world):
    assert {task.heading for task in tasks_for(world.people.inspector)} == {"查违规安装", "查充装管理"}
    assert {task.heading for task in tasks_for(world.people.market)} == {
        "摸清底数",
        "巩固提升阶段",
        "查充装管理",
    }
    assert tasks_for(world.people.office).count() == 5
    assert tasks_for(world.people.shop).count() == 0


def test_publishing_takes_the_same_queries_for_thirty_tasks_as_for_three(
    world, django_assert_max_num_queries
):
    """One hundred units of work are still a handful of inserts."""
    many = "\n".join(
        f"{n}.查项目{n}。餐饮企业存在问题的，责令限期改正。（市住房和城乡建设局负责）" for n in range(1, 31)
    )
    text = f"云溪市测试专项整治工作实施方案\n一、主要任务\n（一）排查整治\n{many}\n2026年7月24日\n"
    document = make_draft(world, text)
    check_off(document, world)
    with django_assert_max_num_queries(60):
        campaign = actions.publish(document, by=world.people.office)
    assert campaign.tasks.count() == 30
