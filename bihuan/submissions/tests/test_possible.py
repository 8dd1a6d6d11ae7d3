"""What may have come to something to be asked or reported: proposed to whoever answers for it, never owed, never late."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_major
from bihuan.projects.models import Project
from bihuan.projects.tests.factories import approved, reserved, started
from bihuan.registry.models import Enterprise, StatusPeriod
from bihuan.submissions import actions
from bihuan.submissions.owing import open_matters
from bihuan.submissions.suggesting import owed, suggestions

from .factories import given, today

pytestmark = pytest.mark.django_db


def day(number: int) -> dt.date:
    return today() + dt.timedelta(days=number)


def found(user, body, key: str):
    return [each for each in suggestions(user, body, on=today()) if each.matter.key == key]


@pytest.fixture
def overdue(world):
    hazard = make_major(world, description="彩钢棚压在燃气管道上")
    Hazard.objects.filter(pk=hazard.pk).update(found_on=day(-3), due_on=day(-3))
    return hazard


def test_a_major_hazard_past_its_deadline_in_a_working_place_may_call_for_a_stop(world, overdue):
    people, there = world.people, world.organizations
    [each] = found(people.housing, there.housing, "stop_work")
    assert each.facts.event_on == day(-2)
    assert each.facts.title == "关于责令云溪区好味来面馆停产停业整顿"
    assert "已逾期 3 天" in each.facts.situation
    assert each.is_possible
    assert not each.is_late(day(30))
    assert found(people.qingshi_officer, there.qingshi, "stop_work") == []  # a street orders no stop
    # The same hazard is still to be listed, which is another matter with a draft of its own.
    assert [each.facts.title for each in found(people.housing, there.housing, "major_listing")] == [
        "关于对云溪区好味来面馆重大隐患挂牌督办"
    ]


def test_it_is_proposed_no_more_once_the_place_is_stopped_or_somebody_decided(world, overdue):
    people, there = world.people, world.organizations
    actions.set_aside(
        "stop_work", f"hazards.hazard:{overdue.pk}", reason="已采取停用措施，风险可控",
        organization=there.housing, by=people.housing,
    )  # fmt: skip
    assert found(people.housing, there.housing, "stop_work") == []
    assert len(found(people.housing, there.housing, "major_listing")) == 1
    second = make_major(world, description="调压箱旁堆放杂物")
    Hazard.objects.filter(pk=second.pk).update(found_on=day(-40), due_on=day(-1))
    assert len(found(people.housing, there.housing, "stop_work")) == 1
    Enterprise.objects.filter(pk=second.enterprise_id).update(status="idle")
    assert found(people.housing, there.housing, "stop_work") == []


def test_what_only_people_can_tell_is_not_owed_and_setting_it_aside_settles_nothing_else(world, overdue):
    people, there = world.people, world.organizations
    assert [each.matter.key for each in owed(people.housing, there.housing, on=today())] == ["major_listing"]
    actions.draft_submission(
        given(world, addressee=there.office), organization=there.housing, by=people.housing
    )
    assert open_matters(timezone.now()) == 1
    actions.set_aside(
        "stop_work",
        f"hazards.hazard:{overdue.pk}",
        reason="风险可控",
        organization=there.housing,
        by=people.housing,
    )
    assert [each.matter.key for each in owed(people.housing, there.housing, on=today())] == ["major_listing"]
    assert open_matters(timezone.now()) == 0  # still open, opened once


def stop(world, number: int, on: dt.date, **changes) -> StatusPeriod:
    shop = world.enterprises.shop
    place = Enterprise.objects.create(
        name=f"青石餐饮{number}店", kind=shop.kind, department=shop.department, city=shop.city, county=shop.county,
        locality=changes.pop("locality", shop.locality), address=f"幸福路 {number} 号", status="idle",
    )  # fmt: skip
    values = {
        "status": "idle",
        "from_on": on,
        "document": f"云停〔2026〕{number}号",
        "reason": "整治",
    } | changes
    return StatusPeriod.objects.create(enterprise=place, by=world.people.housing, at=timezone.now(), **values)


def test_many_places_of_one_street_stopped_within_a_week_are_proposed_once(world):
    people, street = world.people, world.organizations.qingshi
    days = [-12, -6, -5, -3, -1]
    periods = [stop(world, number, day(on)) for number, on in enumerate(days)]
    stop(world, 90, day(-2), document="")  # stopped of its own accord
    stop(world, 91, day(-2), locality=world.regions.baita)
    assert found(people.qingshi_officer, street, "mass_risk") == []  # four within a week
    fifth = stop(world, 5, day(-1))
    [each] = found(people.qingshi_officer, street, "mass_risk")
    assert each.facts.subject == f"registry.statusperiod:{fifth.pk}"
    assert each.facts.event_on == day(-1)
    assert "有 5 家" in each.facts.situation
    assert periods[0].enterprise.name not in each.facts.situation
    stop(world, 6, day(0))
    [same] = found(people.qingshi_officer, street, "mass_risk")
    assert same.facts.subject == each.facts.subject
    assert found(people.baita_leader, world.organizations.baita, "mass_risk") == []


def test_many_households_without_gas_in_a_week_may_be_a_risk(world):
    project = started(world)
    people, bureau = world.people, world.organizations.housing
    assert found(people.housing, bureau, "mass_risk") == []
    for ahead, households, proposed in ((8, 800, 0), (7, 800, 1), (0, 800, 1), (-1, 800, 0), (3, 199, 0)):
        Project.objects.filter(pk=project.pk).update(gas_stop_on=day(ahead), households=households)
        assert len(found(people.housing, bureau, "mass_risk")) == proposed, (ahead, households)


def test_a_project_in_the_pool_without_money_may_be_asked_for(world):
    people, bureau = world.people, world.organizations.housing
    reserved(world, name="储备中的项目")
    project = approved(world)
    [each] = found(people.housing, bureau, "funds")
    assert each.facts.subject == f"projects.project:{project.pk}"
    assert "估算投资 100 万元" in each.facts.situation
    assert "云安办〔2026〕31号" in each.facts.situation
    Project.objects.filter(pk=project.pk).update(status="funded")
    assert found(people.housing, bureau, "funds") == []


def test_the_draft_begins_with_the_words_of_its_matter(client, world, overdue):
    client.force_login(world.people.housing)
    page = client.get(reverse("submissions:suggestions")).content.decode()
    assert "请判断" in page
    assert "仍在生产经营" in page
    [each] = found(world.people.housing, world.organizations.housing, "stop_work")
    draft = client.get(each.draft_url).content.decode()
    assert "关于责令云溪区好味来面馆停产停业整顿的请示" in draft
    about = client.get(reverse("submissions:about"), {"subject": each.facts.subject}).content.decode()
    assert "停产停业等重大执法决定" in about
    assert "重大隐患挂牌督办" in about
