"""Who answers for what, dated; and what nobody answers for."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.core.errors import Refused
from bihuan.jobs.selections import do_each
from bihuan.registry import responsibilities as r
from bihuan.registry.models import Enterprise, Responsibility

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 2)


@pytest.fixture
def shop(world):
    return world.enterprises.shop


def names(found):
    return [(each.kind, each.people, each.via) for each in found]


def test_a_leader_of_a_street_answers_for_everything_in_it(world, shop):
    by, post = world.people.qingshi_officer, world.posts["qingshi_leader"]
    r.appoint("leader", post, by=by, region=world.regions.qingshi, from_on=DAY)
    assert names(r.answering_for(shop, on=DAY)) == [("leader", "王同心", "青石街道")]
    assert r.answering_for(world.enterprises.station, on=DAY) == []
    assert r.answering_for(shop, on=DAY - dt.timedelta(days=1)) == []


def test_a_leader_of_the_enterprise_goes_before_that_of_the_street(world, shop):
    by = world.people.office
    r.appoint("leader", world.posts["qingshi_leader"], by=by, region=world.regions.qingshi, from_on=DAY)
    r.appoint("leader", world.posts["housing_leader"], by=by, enterprise=shop, from_on=DAY)
    r.appoint("watcher", world.posts["inspector"], by=by, enterprise=shop, from_on=DAY)
    assert names(r.answering_for(shop, on=DAY)) == [("leader", "周为民", ""), ("watcher", "冯走访", "")]


def test_a_successor_ends_the_one_before(world, shop):
    by = world.people.office
    first = r.appoint("watcher", world.posts["inspector"], by=by, enterprise=shop, from_on=DAY)
    with pytest.raises(Refused, match="已是专盯人员"):
        r.appoint("watcher", world.posts["inspector"], by=by, enterprise=shop)
    later = DAY + dt.timedelta(days=9)
    r.appoint("watcher", world.posts["inspector2"], by=by, enterprise=shop, from_on=later)
    first.refresh_from_db()
    assert first.to_on == DAY + dt.timedelta(days=8)
    assert [row.post for row in Responsibility.objects.in_force(on=later)] == [world.posts["inspector2"]]


def test_a_special_period_has_a_name_and_an_end(world, shop):
    by, post = world.people.office, world.posts["inspector"]
    with pytest.raises(Refused, match="什么时期和起止日期"):
        r.appoint("special", post, by=by, enterprise=shop, from_on=DAY)
    r.appoint(
        "special", post, by=by, enterprise=shop, from_on=DAY, to_on=DAY + dt.timedelta(days=7), occasion="停产检修期间"
    )  # fmt: skip
    assert names(r.answering_for(shop, on=DAY)) == [("special", "冯走访", "停产检修期间")]
    assert r.answering_for(shop, on=DAY + dt.timedelta(days=8)) == []


def test_posts_that_cannot_answer_are_refused(world, shop):
    by = world.people.office
    neighbour = Enterprise.objects.create(
        name="邻家小吃", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality
    )
    with pytest.raises(Refused, match="不是领导岗位"):
        r.appoint("leader", world.posts["inspector"], by=by, enterprise=shop)
    with pytest.raises(Refused, match="不在这个辖区"):
        r.appoint("leader", world.posts["baita_leader"], by=by, enterprise=shop)
    with pytest.raises(Refused, match="只设包干领导"):
        r.appoint("watcher", world.posts["inspector"], by=by, region=world.regions.qingshi)
    with pytest.raises(Refused, match="不能负责别的对象"):
        r.appoint("watcher", world.posts["shop"], by=by, enterprise=neighbour)


@pytest.mark.parametrize("who", ["inspector", "shop", "outsider", "inspectorate", "market"])
def test_who_may_not_appoint(world, shop, who):
    with pytest.raises(PermissionDenied):
        r.appoint("watcher", world.posts["inspector"], by=getattr(world.people, who), enterprise=shop)


def test_a_street_may_not_name_the_leader_of_another(world):
    with pytest.raises(PermissionDenied):
        r.appoint(
            "leader", world.posts["baita_leader"], by=world.people.qingshi_officer, region=world.regions.baita
        )


def test_ending_ends_today_at_the_earliest_day_it_held(world, shop):
    by = world.people.office
    row = r.appoint("watcher", world.posts["inspector"], by=by, enterprise=shop)
    r.end_responsibility(row, by=by)
    assert row.to_on == timezone.localdate()
    row.to_on = timezone.localdate() - dt.timedelta(days=1)
    with pytest.raises(Refused, match="已经结束"):
        r.end_responsibility(row, by=by)


def test_what_nobody_answers_for_is_found(world, shop):
    today = timezone.localdate()
    objects = Enterprise.objects.all()
    assert set(r.without(objects, "any", on=today)) == {shop, world.enterprises.station}
    r.appoint("leader", world.posts["qingshi_leader"], by=world.people.office, region=world.regions.qingshi)
    assert list(r.without(objects, "leader", on=today)) == [world.enterprises.station]
    assert list(r.without(objects, "watcher", on=today)) == [
        world.enterprises.station
    ]  # orange; the shop is yellow
    Enterprise.objects.filter(pk=shop.pk).update(department=None)
    assert list(r.without(objects, "department", on=today)) == [shop]
    lacking = {row.pk: r.gaps_of(row) for row in r.with_gaps(objects, on=today)}
    assert lacking == {shop.pk: ["无主管部门"], world.enterprises.station.pk: ["无包干领导", "无专盯人员"]}


def test_many_are_given_a_watcher_at_once(world, shop):
    job = do_each(
        "registry.watcher", [shop.pk, world.enterprises.station.pk], {"post": world.posts["inspector"].pk},
        by=world.people.office,
    )  # fmt: skip
    assert job.message == "办成 1 家，未办成 1 家"
    assert "不在这个辖区" in job.problems[0]["words"]
