"""A draw from promise to publication: fixed before, recomputable after, replaced with reasons, seen by everybody."""

import datetime as dt
import json

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.audit.verification import verify as verify_record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection
from bihuan.inspections.tests.factories import member, visit
from bihuan.inspections.weighing import found_in
from bihuan.notifications.models import Message
from bihuan.planning import draws
from bihuan.planning.models import Draw, PlannedVisit, Recusal
from bihuan.planning.visits import cancel_visit
from bihuan.registry.models import Enterprise
from bihuan.rules.draws import verify

pytestmark = pytest.mark.django_db


def shops(world, count: int) -> list[Enterprise]:
    return [
        Enterprise.objects.create(
            name=f"青石小店{no}", kind=world.kinds.restaurant, department=world.organizations.housing, city=world.city,
            county=world.regions.yunxi, locality=world.regions.qingshi, risk="yellow",
        )
        for no in range(count)
    ]  # fmt: skip


def announced(people, clerk, count=2, per_object=1, **changes) -> Draw:
    today = timezone.localdate()
    given = {
        "title": "餐饮场所双随机", "kind": "township", "count": count, "per_object": per_object,
        "inspectors": (people.inspector, people.inspector2), "window_from": today,
        "window_to": today + dt.timedelta(days=20),
    }  # fmt: skip
    return draws.announce(draws.Announcement(**(given | changes)), by=clerk)


def test_before_the_draw_only_the_promise_is_public(client, world, people, clerk):
    shops(world, 4)
    draw = announced(people, clerk)
    page = client.get(reverse("planning:public_draw", args=[draw.pk])).content.decode()
    assert draw.commitment in page
    assert draw.seed not in page
    assert "青石小店1" not in page
    file = json.loads(client.get(reverse("planning:public_file", args=[draw.pk])).content)
    assert "seed" not in file
    assert "inputs" not in file


def test_after_the_draw_anybody_can_recompute_it(client, world, people, clerk):
    shops(world, 6)
    draw = draws.hold(announced(people, clerk, count=3), by=clerk)
    file = json.loads(client.get(reverse("planning:public_file", args=[draw.pk])).content)
    assert verify(file) == []
    assert draw.seed in client.get(reverse("planning:public_draw", args=[draw.pk])).content.decode()
    assert verify_record().findings == []


def test_visits_and_the_duty_to_publish_follow(world, people, clerk):
    shops(world, 4)
    draw = draws.hold(announced(people, clerk), by=clerk)
    assert draw.visits.count() == 2
    assert Duty.objects.open().filter(kind=Duty.Kind.VISIT).count() == 2
    assert all(each.inspectors.count() == 1 for each in draw.visits.all())
    publish = Duty.objects.open().get(kind=Duty.Kind.DISCLOSURE)
    # twenty working days after the window: four weeks, less the weekend it may end on
    assert publish.due_on >= draw.window_to + dt.timedelta(days=26)


def test_what_was_announced_is_kept_to(world, people, clerk):
    shops(world, 3)
    draw = announced(people, clerk, count=1, public_source="当日收盘点位")
    with pytest.raises(Refused, match="约定混入公开数“当日收盘点位”"):
        draws.hold(draw, by=clerk)
    draws.hold(draw, public_value="3402.15", by=clerk)
    with pytest.raises(IllegalMove):
        draws.hold(draw, public_value="3402.15", by=clerk)
    other = announced(people, clerk, count=1)
    with pytest.raises(Refused, match="没有约定公开数"):
        draws.hold(other, public_value="1", by=clerk)


def test_nobody_is_sent_where_they_must_not_go(world, people, clerk):
    rows = shops(world, 3)
    for shop in (*rows, world.enterprises.shop):
        Recusal.objects.create(
            organization=world.organizations.qingshi, user=people.inspector2, enterprise=shop, reason="亲属经营",
            by=clerk, at=timezone.now(),
        )  # fmt: skip
    draw = draws.hold(announced(people, clerk, count=3), by=clerk)
    assert {pk for row in draw.result for pk in row["inspectors"]} == {str(people.inspector.pk)}
    with pytest.raises(Refused, match="只剩 1 名检查人员"):
        announced(people, clerk, per_object=2)


def test_a_replacement_is_drawn_from_the_same_seed_and_published(client, world, people, clerk):
    shops(world, 5)
    draw = draws.hold(announced(people, clerk), by=clerk)
    gone = draw.result[0]["object"]
    with pytest.raises(ReasonRequired):
        draws.replace(draw, "object", gone, reason=" ", by=clerk)
    draws.replace(draw, "object", gone, reason="已停业", by=clerk)
    draw.refresh_from_db()
    assert gone not in {row["object"] for row in draw.result}
    assert PlannedVisit.objects.get(enterprise=gone).status == "cancelled"
    assert draw.visits.filter(status="planned").count() == 2
    assert Duty.objects.open().filter(kind=Duty.Kind.VISIT).count() == 2
    file = json.loads(client.get(reverse("planning:public_file", args=[draw.pk])).content)
    assert verify(file) == []
    assert "已停业" in client.get(reverse("planning:public_draw", args=[draw.pk])).content.decode()


def test_a_visit_fulfils_the_draw_and_its_result_is_published(client, world, people, clerk, gas):
    Enterprise.objects.exclude(pk=world.enterprises.shop.pk).update(status="closed")
    draw = draws.hold(announced(people, clerk, count=1), by=clerk)
    with pytest.raises(Refused, match="还有 1 家没有检查"):
        draws.publish(draw, by=clerk)
    submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    planned = draw.visits.get()
    assert planned.status == "done"
    assert not Duty.objects.open().filter(kind=Duty.Kind.VISIT).exists()
    draws.publish(draw, by=clerk)
    assert not Duty.objects.open().filter(kind=Duty.Kind.DISCLOSURE).exists()
    assert "未发现问题" in client.get(reverse("planning:public_draw", args=[draw.pk])).content.decode()


def test_only_those_who_plan_for_the_organization_draw(world, people, clerk):
    shops(world, 3)
    draw = announced(people, clerk)
    for name in ("inspector2", "housing", "office", "shop"):
        with pytest.raises(PermissionDenied):
            draws.hold(draw, by=getattr(people, name))
    with pytest.raises(PermissionDenied):
        announced(people, people.inspector2)


def test_a_draw_that_cannot_be_is_refused(world, people, clerk):
    with pytest.raises(Refused, match="名录库里只有"):
        announced(people, clerk, count=50)
    with pytest.raises(Refused, match="不开展这类检查"):
        announced(people, clerk, kind="department", count=1)
    with pytest.raises(Refused, match="不是青石街道的人员"):
        announced(people, clerk, count=1, inspectors=(people.housing,))


def test_a_cancelled_draw_stays_and_says_why(client, world, people, clerk):
    draw = announced(people, clerk, count=1)
    draws.cancel(draw, "方案调整", by=clerk)
    assert "方案调整" in client.get(reverse("planning:public_draw", args=[draw.pk])).content.decode()


def test_the_pages_lead_from_promise_to_result(client, world, people, clerk):
    shops(world, 4)
    client.force_login(clerk)
    today = timezone.localdate()
    answer = client.post(
        reverse("planning:new_draw"),
        {
            "title": "街道双随机", "kind": "township", "count": 2, "per_object": 1,
            "inspectors": [people.inspector.pk, people.inspector2.pk], "window_from": today.isoformat(),
            "window_to": (today + dt.timedelta(days=9)).isoformat(),
        },
    )  # fmt: skip
    draw = Draw.objects.get()
    assert answer["Location"] == draw.get_absolute_url()
    client.post(reverse("planning:act_on_draw", args=[draw.pk, "hold"]))
    page = client.get(draw.get_absolute_url()).content.decode()
    assert "抽取结果" in page
    assert "换一家" in page
    assert client.get(reverse("planning:draws")).status_code == 200
    assert client.get(reverse("planning:visits")).status_code == 200
    assert client.get(reverse("planning:visit", args=[draw.visits.first().pk])).status_code == 200
    row = draw.visits.first()
    assert "今年已受检" in client.get(reverse("planning:visit", args=[row.pk])).content.decode()


def recused(world, person, by) -> None:
    draws.recuse(world.organizations.qingshi, person, world.enterprises.shop, "亲属经营", by=by)


def only_the_shop(world) -> None:
    Enterprise.objects.exclude(pk=world.enterprises.shop.pk).update(status="closed")


def test_whoever_has_been_visited_enough_is_not_drawn(client, world, people, clerk, gas):
    shops(world, 2)
    for _ in range(4):
        submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    draw = announced(people, clerk, count=2)
    assert {row["name"] for row in draw.inputs["objects"]} == {"青石小店0", "青石小店1"}
    assert draw.conditions["at_cap"] == 1
    page = client.get(reverse("planning:public_draw", args=[draw.pk])).content.decode()
    assert "今年受检已到上限未列入 1 家" in page
    with pytest.raises(Refused, match="另有 1 家今年的检查次数已到上限"):
        announced(people, clerk, count=3)
    other = announced(people, clerk, count=1, kind="unannounced")  # another kind, without a limit
    assert other.conditions["at_cap"] == 0


def test_those_drawn_are_told(world, people, clerk, django_capture_on_commit_callbacks):
    only_the_shop(world)
    draw = announced(people, clerk, count=1)
    with django_capture_on_commit_callbacks(execute=True):
        draws.hold(draw, by=clerk)
    told = Message.objects.get(title__startswith="双随机抽中您")
    assert str(told.recipient_id) == draw.result[0]["inspectors"][0]
    assert "好味来面馆" in told.body


def test_going_in_spite_of_a_recusal_is_remarked_on(world, people, clerk, gas):
    recused(world, people.inspector2, clerk)
    Recusal.objects.update(at=timezone.now() - dt.timedelta(days=1))
    went = (member(people.inspector), member(people.inspector2))
    found = found_in(
        submit_inspection(visit(world, gas, people.inspector, members=went), by=people.inspector)
    )
    assert [(each.code, each.words) for each in found] == [
        ("recused", f"{people.inspector2.full_name}登记了回避这家企业，仍参加了检查")
    ]
    alone = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    assert found_in(alone) == []


def test_others_than_those_drawn_are_remarked_on_and_published(client, world, people, clerk, gas):
    only_the_shop(world)
    recused(world, people.inspector, clerk)
    draw = draws.hold(announced(people, clerk, count=1), by=clerk)
    done = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    assert draw.visits.get().inspection == done
    found = {str(each.code): each.words for each in found_in(done)}
    assert found["not_drawn"] == (
        f"双随机抽中的{people.inspector2.full_name}没有参加，去的是{people.inspector.full_name}"
    )
    draws.publish(draw, by=clerk)
    page = client.get(reverse("planning:public_draw", args=[draw.pk])).content.decode()
    assert f"检查人员：{people.inspector.full_name}" in page


def test_those_drawn_who_go_are_not_remarked_on(world, people, clerk, gas):
    only_the_shop(world)
    recused(world, people.inspector2, clerk)
    draws.hold(announced(people, clerk, count=1), by=clerk)
    assert found_in(submit_inspection(visit(world, gas, people.inspector), by=people.inspector)) == []


def test_a_visit_given_up_is_published_with_its_reason_and_stays_so(client, world, people, clerk):
    shops(world, 5)
    draw = draws.hold(announced(people, clerk, count=3), by=clerk)
    first, second, third = draw.visits.order_by("pk")
    cancel_visit(first, "已搬迁", by=clerk)
    draws.replace(draw, "object", str(second.enterprise_id), reason="已停业", by=clerk)
    assert draw.visits.filter(enterprise=first.enterprise_id).count() == 1
    assert draw.visits.filter(status="planned").count() == 2
    for row in draw.visits.filter(status="planned"):
        cancel_visit(row, "灾害天气", by=clerk)
    draws.publish(draw, by=clerk)
    page = client.get(reverse("planning:public_draw", args=[draw.pk])).content.decode()
    assert "未检查：已搬迁" in page
    assert Inspection.objects.count() == 0
    assert third.enterprise_id in {row["visit"].enterprise_id for row in draws.outcome(draw)}


def test_inspectors_declare_themselves(client, world, people, clerk):
    client.force_login(people.inspector2)
    address = reverse("planning:own_recusals")
    shop = world.enterprises.shop
    assert client.get(address).status_code == 200
    assert client.post(address, {"enterprise": "没有这家", "reason": "亲属"}).status_code == 422
    assert client.post(address, {"enterprise": shop.name, "reason": "配偶在该店任职"}).status_code == 302
    row = Recusal.objects.get()
    assert (row.user, row.by, row.organization) == (
        people.inspector2, people.inspector2, world.organizations.qingshi,
    )  # fmt: skip
    page = client.get(address).content.decode()
    assert "配偶在该店任职" in page
    assert reverse("planning:end_recusal", args=[row.pk]) not in page
    client.force_login(people.shop)
    assert client.get(address).status_code == 403
    client.force_login(clerk)
    assert (
        reverse("planning:end_recusal", args=[row.pk])
        in client.get(reverse("planning:recusals")).content.decode()
    )


def test_who_comes_unannounced_says_so_only_afterwards(client, world, people, clerk, gas):
    only_the_shop(world)
    draw = draws.hold(announced(people, clerk, count=1, kind="unannounced"), by=clerk)
    address = reverse("planning:public_draw", args=[draw.pk])
    file = reverse("planning:public_file", args=[draw.pk])
    page = client.get(address).content.decode()
    assert "不事先公布去哪家" in page
    assert "好味来面馆" not in page
    assert draw.seed not in page
    assert "seed" not in json.loads(client.get(file).content)
    client.force_login(clerk)
    assert "好味来面馆" in client.get(draw.get_absolute_url()).content.decode()
    submit_inspection(visit(world, gas, people.inspector, kind="unannounced"), by=people.inspector)
    draws.publish(draw, by=clerk)
    client.logout()
    assert "好味来面馆" in client.get(address).content.decode()
    assert verify(json.loads(client.get(file).content)) == []
